import { defineConfig } from "vitest/config";

/** `npm run interop`: real peers, real sockets, real time. One file at a time: they share the machine with JVMs. */
export default defineConfig({
  test: {
    include: ["test/interop/**/*.test.ts"],
    globalSetup: "test/interop/support/prepare.ts",
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
