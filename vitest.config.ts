import { defineConfig } from "vitest/config";

/** `npm test`: everything that needs nothing but Node. Real peers are in `vitest.interop.config.ts`. */
export default defineConfig({
  test: {
    include: ["test/{unit,engine,e2e,examples,conformance}/**/*.test.ts"],
    passWithNoTests: false,
    // Left to itself vitest keeps one of two cores idle.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
