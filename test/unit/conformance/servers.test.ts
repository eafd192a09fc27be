import { describe, expect, test } from "vitest";
import { renderResults, runServerCase, SERVER_CASES } from "../../conformance/index.ts";
import { inProcessServerAdapter } from "./in-process-server.ts";

describe("our connector as the server", () => {
  for (const version of ["1.0", "1.1", "1.2"] as const) {
    for (const stated of SERVER_CASES) {
      if (!stated.versions.includes(version)) continue;
      test(`LwM2M ${version}: ${stated.id} ${stated.title}`, async () => {
        const result = await runServerCase(stated, inProcessServerAdapter(), version);
        expect(result.verdict, renderResults([result])).toBe("pass");
      });
    }
  }
});
