import { describe, expect, test } from "vitest";
import { etsNumber } from "../../conformance/cases/groups.ts";
import {
  expectedSeconds,
  renderResults,
  runServerCase,
  runServerCases,
  SERVER_CASES,
  type ServerCase,
  serverCase,
} from "../../conformance/index.ts";
import { inProcessServerAdapter } from "./in-process-server.ts";

const RUNNABLE_CASES = SERVER_CASES.filter(({ missing }) => missing === undefined);
/** What a case takes may differ from what it says it does: by so many seconds, or by this part of it. */
const SLACK = 4;
const SLACK_PART = 0.15;

describe("our connector as the server", () => {
  for (const version of ["1.0", "1.1", "1.2"] as const) {
    for (const stated of RUNNABLE_CASES) {
      if (!stated.versions.includes(version)) continue;
      test(`LwM2M ${version}: ${stated.id} ${stated.title}`, async () => {
        const result = await runServerCase(stated, inProcessServerAdapter(), version);
        expect(result.verdict, renderResults([result])).toBe("pass");
        const { lasts = 1 } = stated;
        const off = Math.abs(result.seconds - lasts);
        expect(off, "its `lasts`").toBeLessThanOrEqual(Math.max(SLACK, SLACK_PART * lasts));
      });
    }
  }
});

describe("a run", () => {
  const adapter = inProcessServerAdapter();
  let running = 0;
  let most = 0;

  /** A case that shows how many run with it. */
  function counting(id: string, rest: Partial<ServerCase> = {}): ServerCase {
    return serverCase({
      id,
      title: id,
      versions: ["1.1"],
      clauses: ["RFC 7252 §4.2"],
      criteria: { alone: "nothing else runs" },
      ...rest,
      async procedure(bench) {
        running++;
        most = Math.max(most, running);
        for (let i = 0; i < 20; i++) await Promise.resolve();
        bench.expect("alone", rest.isAlone !== true || running === 1, `${running} cases run`);
        running--;
      },
    });
  }

  const cases = [
    counting("a", { lasts: 2 }),
    counting("b", { isAlone: true, lasts: 5 }),
    counting("c", { lasts: 30 }),
    counting("d"),
    counting("e", { missing: "DTLS", lasts: 500 }),
  ];

  test("of several cases at a time has its results in their order, and leaves some alone", async () => {
    const told: string[] = [];
    most = 0;
    const report = ({ id }: { id: string }) => told.push(id);
    const results = await runServerCases(cases, adapter, "1.1", { parallel: 3, report });
    expect(results.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
      ...["a pass", "b pass", "c pass", "d pass", "e not run"],
    ]);
    expect(most).toBe(3);
    expect(told.at(-1)).toBe("b");
  });

  test("of one case at a time goes through them in their order", async () => {
    const told: string[] = [];
    most = 0;
    await runServerCases(cases, adapter, "1.1", { report: ({ id }) => told.push(id) });
    expect([told.join(), most]).toEqual(["a,b,c,d,e", 1]);
  });

  test("takes as long as its longest case, or as all of them share the time", () => {
    expect(expectedSeconds(cases, 1)).toBe(38);
    expect(expectedSeconds(cases, 2)).toBe(35);
    expect(expectedSeconds(cases.slice(0, 2), 2)).toBe(7);
  });

  test("names its endpoints after the run, so that nothing is left from another", async () => {
    const names: string[] = [];
    const stated = serverCase({
      id: "LightweightM2M-1.1-int-101",
      title: "named",
      versions: ["1.1"],
      clauses: ["RFC 7252 §4.2"],
      criteria: { named: "" },
      async procedure({ endpointName }) {
        names.push(endpointName);
      },
    });
    await runServerCases([stated], adapter, "1.1");
    await runServerCases([stated], adapter, "1.1", { prefix: "conform-1f2e-" });
    expect(names).toEqual(["conform-1.1-int-101", "conform-1f2e-1.1-int-101"]);
  });
});

test("a server that sends without end is stopped, and judged", async () => {
  const adapter = inProcessServerAdapter(() => ({
    fromServer: (datagram) => Array.from({ length: 6000 }, () => datagram),
  }));
  const stated = RUNNABLE_CASES.find(({ id }) => etsNumber(id) === 104) as ServerCase;
  const result = await runServerCase(stated, adapter, "1.1");
  expect([result.verdict, result.criterion]).toEqual(["fail", "bounded"]);
});

/** ETS 1.2, the cases whose criteria judge an LwM2M Server, and those that ask something of one; bootstrap has its own. */
const OF_SERVERS = [
  ...[101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111],
  ...[201, 203, 204, 205, 211, 212, 215, 220, 222, 223, 224, 225, 226, 227, 228, 229, 230],
  ...[231, 232, 233, 234, 235, 236, 237, 241, 256, 257, 260, 261, 264, 266, 280, 281],
  ...[301, 302, 303, 304, 305, 306, 307, 308, 309, 310, 311, 312, 313],
  ...[401, 402, 403, 404, 405, 406, 680, 685],
  ...[751, 755, 756, 760, 770, 771, 772, 773, 774, 775, 776, 777, 778, 779],
  ...[950, 1250, 1350, 1630, 1635],
];

test("every case of the ETS that judges a server is there, in the order of their numbers", () => {
  const numbers = SERVER_CASES.map(({ id }) => etsNumber(id)).filter((one) => one !== undefined);
  expect(numbers).toEqual(OF_SERVERS);
});

test("what cannot be run yet says what it waits for, and how it would go", async () => {
  const planned = SERVER_CASES.filter(({ missing }) => missing !== undefined);
  expect(planned.map(({ id }) => etsNumber(id))).toEqual([401, 402, 403, 404, 405, 406]);
  for (const stated of planned) {
    expect(stated.steps?.length, stated.id).toBeGreaterThan(0);
    const version = stated.versions[0];
    const { verdict, why } = await runServerCase(stated, inProcessServerAdapter(), version);
    expect([verdict, why]).toEqual(["not run", `needs ${stated.missing}`]);
  }
});

test("an ability that the operator lacks leaves cases out by name", async () => {
  const sound = inProcessServerAdapter();
  const abilities = sound.claims.abilities.filter((one) => one !== "composite");
  const adapter = { ...sound, claims: { ...sound.claims, abilities } };
  const stated = SERVER_CASES.find(({ id }) => etsNumber(id) === 280) as ServerCase;
  const { verdict, why } = await runServerCase(stated, adapter, "1.1");
  expect(verdict).toBe("not run");
  expect(why).toContain('has no "composite"');
});
