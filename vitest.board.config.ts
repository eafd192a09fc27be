import { defineConfig } from "vitest/config";

/**
 * `npm run test:board`: the board's programs on real interpreters, which `ESPRUINO_BINS` names. Real sockets, real time; one file at a time,
 * since speed is measured.
 */
export default defineConfig({
  test: {
    // What else has interpreters as candidates is part of a board's life: its updates, and its cryptography.
    include: ["test/board/**/*.test.ts", "test/engine/{espruino-update,crypto}.test.ts"],
    globalSetup: ["test/support/build.ts", "test/board/support/prepare.ts"],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
