import { defineConfig } from "vitest/config";
import { OperationsReporter } from "./test/interop/support/operations-reporter.ts";

/** `npm run interop`: real peers, real sockets, real time. One file at a time: they share the machine with JVMs. */
export default defineConfig({
  test: {
    include: ["test/interop/**/*.test.ts"],
    globalSetup: "test/interop/support/prepare.ts",
    reporters: ["default", new OperationsReporter()],
    // By which the list of operations finds a test in its source.
    includeTaskLocation: true,
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
