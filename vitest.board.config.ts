import { defineConfig } from "vitest/config";

/**
 * `npm run test:board`: the board's programs on real interpreters, which `ESPRUINO_BINS` names. Real sockets, real time; one file at a time,
 * since speed is measured.
 */
export default defineConfig({
  test: {
    include: ["test/board/**/*.test.ts"],
    globalSetup: "test/board/support/prepare.ts",
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
