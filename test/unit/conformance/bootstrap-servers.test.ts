import { describe, expect, test } from "vitest";
import { ACCOUNT } from "../../conformance/bootstrap-accounts.ts";
import { endpointNameOf } from "../../conformance/bootstrap-harness.ts";
import {
  BOOTSTRAP_SERVER_CASES,
  renderResults,
  runBootstrapServerCase,
} from "../../conformance/index.ts";
import { configuredBootstrapOperator } from "../../conformance/operators/bootstrap-manual.ts";
import { answering, pathIn, withCode } from "./bootstrap-mutants/mutant.ts";
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

describe("what a Bootstrap-Server cannot be judged by", () => {
  const sound = inProcessBootstrapServerAdapter();
  const caseNamed = (part: string) => BOOTSTRAP_SERVER_CASES.find(({ id }) => id.endsWith(part))!;
  const run = (part: string, adapter = sound) =>
    runBootstrapServerCase(caseNamed(part), adapter, "1.2");

  test("is not run: what its operator lacks, and what needs an LwM2M Server beside it", async () => {
    const claims = { ...sound.claims, abilities: ["configure"] as const };
    expect(await run("int-0", { ...sound, claims })).toMatchObject({
      verdict: "not run",
      why: 'the operator interface of Dormouse connector, in process has no "discover"',
    });
    expect(await run("int-5", { ...sound, hasLwm2mServer: false })).toMatchObject({
      verdict: "not run",
      why: "it needs an LwM2M Server beside the Bootstrap-Server",
    });
    expect(await run("int-10")).toMatchObject({ verdict: "not run", why: "needs EST" });
  });

  test("is not run: what the operator refuses to configure", async () => {
    const refusing = inProcessBootstrapServerAdapter(() => ({
      plan: (plan) => ({ ...plan, values: { "/1/0/0": 1 } }),
    }));
    const { verdict, why } = await run("order", refusing);
    expect([verdict, why]).toEqual([
      "not run",
      expect.stringContaining("/1/0/1: expected a value"),
    ]);
  });

  test("LwM2M Core 1.2.2 §6.1.7.7: is not applicable: packs, to who answers 5.01", async () => {
    const packless = inProcessBootstrapServerAdapter(
      answering((message) => pathIn(message) === "/bspack", withCode(0xa1)),
    );
    for (const part of ["int-12", "pack-stranger", "pack-refusals"]) {
      expect(await run(part, packless)).toMatchObject({
        verdict: "not applicable",
        why: "the server has no Bootstrap-Pack (5.01)",
      });
    }
  });

  test("where everything is configured already is judged by whole accounts, whatever they are", async () => {
    const preset = configuredBootstrapOperator();
    const adapter = { ...sound, claims: preset.claims };
    const prepare = async () => {
      const server = await sound.prepare();
      const { bootstrap } = server;
      const values = { ...ACCOUNT.values, "/1/0/1": 77 };
      await bootstrap.configure(endpointNameOf(caseNamed("again")), { ...ACCOUNT, values });
      return Object.assign(server, { bootstrap: preset });
    };
    expect(await run("again", { ...adapter, prepare })).toMatchObject({ verdict: "pass" });
    expect(await run("blockwise", adapter)).toMatchObject({ verdict: "not run" });
  });
});
