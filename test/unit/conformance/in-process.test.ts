import { describe, expect, test } from "vitest";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { SeededRandom } from "../../../simulator/random.ts";
import {
  type CaseResult,
  CLIENT_CASES,
  inProcessAdapter,
  runCase,
  runCases,
  type Version,
} from "../../conformance/index.ts";
import { KNOWN_FAULTS } from "./known-faults.ts";

const VERSIONS: readonly Version[] = ["1.0", "1.1", "1.2"];

/** What the agent does not claim; once it can, it is taken out. */
const LACKING: readonly string[] = [
  "separate responses",
  "etag",
  "if-none-match",
  "location query",
  "link filters",
];
/** What it shows itself not to have. */
const NOT_SHOWN: readonly string[] = ["the client has no link with ct=40"];

/** `case criterion: why` of what is neither pass nor about another version. */
function troubles(results: readonly CaseResult[]): string[] {
  return results
    .filter(({ verdict }) => verdict === "fail" || verdict === "inconclusive")
    .map(({ id, criterion, verdict, why }) => `${id} ${criterion ?? verdict}: ${why}`);
}

describe.each(VERSIONS)("LwM2M %s: our agent", (version) => {
  test.each(CLIENT_CASES)("$id $title", async (stated) => {
    const { verdict, criterion, why, ladder } = await runCase(stated, inProcessAdapter(), version);
    const known = KNOWN_FAULTS.find((fault) => fault.startsWith(`${stated.id} `));
    if (known !== undefined && verdict !== "not applicable") {
      expect(`${stated.id} ${criterion}`).toBe(known);
    } else if (verdict === "not applicable") {
      // Nothing is left out but for its version, and for what the agent is known to lack.
      const isLacking = LACKING.some((words) => why === `the client does not claim ${words}`);
      if (!isLacking && !NOT_SHOWN.includes(why))
        expect(stated.versions, why).not.toContain(version);
    } else if (stated.needs?.missing !== undefined) {
      expect(`${verdict}: ${why}`).toBe(`not run: needs ${stated.needs.missing}`);
    } else {
      expect(verdict, `${why}\n${ladder}`).toBe("pass");
    }
  });
});

test("two runs are the same, bit for bit", async () => {
  const first = await runCases(CLIENT_CASES, inProcessAdapter(), "1.2");
  const second = await runCases(CLIENT_CASES, inProcessAdapter(), "1.2");
  expect(second.map(({ ladder }) => ladder)).toEqual(first.map(({ ladder }) => ladder));
});

test("verdicts do not depend on tokens, Message IDs and timeouts", async () => {
  const usual = troubles(await runCases(CLIENT_CASES, inProcessAdapter(), "1.2"));
  for (const seed of [2, 3, 4]) {
    const results = await runCases(CLIENT_CASES, inProcessAdapter({ seed }), "1.2");
    expect(troubles(results)).toEqual(usual);
  }
});

test("RFC 7959: a client that sends lists and values in blocks of 16 bytes gets the same verdicts", async () => {
  const settings = {
    random: new SeededRandom(1),
    transmission: DEFAULT_TRANSMISSION,
    blockSize: 16,
    maxBody: 65536,
    rememberedMessages: 32,
    maxRequests: 4,
  };
  // A notification of several places is longer than that, and the harness does not fetch the rest of one.
  const cases = CLIENT_CASES.filter(({ id }) => !/-int-30[489]$/.test(id));
  const usual = troubles(await runCases(cases, inProcessAdapter(), "1.2"));
  const adapter = inProcessAdapter({ agent: { settings } });
  const results = await runCases(cases, adapter, "1.2");
  expect(troubles(results)).toEqual(usual);
  const registered = results.find(({ id }) => id === "LightweightM2M-1.1-int-101");
  expect(registered?.ladder).toContain("Block1 1/1/16");
});

test("cases have ids of their own, cite what they prove, and name criteria", () => {
  const ids = CLIENT_CASES.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, clauses, criteria, versions } of CLIENT_CASES) {
    expect(id).toMatch(/^(LightweightM2M-1\.[12]-int-\d+|TD_COAP_[A-Z]+_\d+|dormouse-[a-z-]+)$/);
    expect(clauses.length).toBeGreaterThan(0);
    expect(Object.keys(criteria).length).toBeGreaterThan(0);
    expect(versions.length).toBeGreaterThan(0);
  }
});
