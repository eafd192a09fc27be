import { defineConfig } from "vitest/config";

/** `npm test`: everything that needs nothing but Node. Real peers are in `vitest.interop.config.ts`. */
export default defineConfig({
  test: {
    passWithNoTests: false,
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // Left to itself vitest keeps one of two cores idle.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          // Modules are loaded once for all files: what is global, a test puts back.
          isolate: false,
        },
      },
      {
        test: {
          name: "whole",
          include: ["test/{engine,e2e,examples}/**/*.test.ts"],
          globalSetup: "test/support/build.ts",
          // They wait for processes half of their time.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
