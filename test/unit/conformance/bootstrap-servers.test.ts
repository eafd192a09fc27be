import { describe, expect, test } from "vitest";
import {
  BOOTSTRAP_SERVER_CASES,
  renderResults,
  runBootstrapServerCase,
} from "../../conformance/index.ts";
import { inProcessBootstrapServerAdapter } from "./in-process-bootstrap-server.ts";

describe("our connector as the Bootstrap-Server", () => {
  for (const version of ["1.0", "1.1", "1.2"] as const) {
    for (const stated of BOOTSTRAP_SERVER_CASES) {
      if (!stated.versions.includes(version)) continue;
      test(`LwM2M ${version}: ${stated.id} ${stated.title}`, async () => {
        const result = await runBootstrapServerCase(
          stated,
          inProcessBootstrapServerAdapter(),
          version,
        );
        const expected = stated.missing === undefined ? "pass" : "not run";
        expect(result.verdict, renderResults([result])).toBe(expected);
      });
    }
  }
});
