import { XMLParser, XMLValidator } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import {
  badgeOf,
  type CaseResult,
  compare,
  htmlReport,
  jsonReport,
  junitReport,
  type RunReport,
  renderComparison,
} from "../../../conformance/index.ts";

function result(changes: Partial<CaseResult>): CaseResult {
  return {
    id: "LightweightM2M-1.1-int-101",
    title: "Initial Registration",
    version: "1.1",
    verdict: "pass",
    why: "all 2 criteria hold",
    criterion: undefined,
    clauses: ["LwM2M Core 1.1.1 §6.2.1"],
    criteria: { request: "it registers", list: "it lists <objects> & instances" },
    correction: undefined,
    ladder: "0.000 client -> CON POST /rd",
    packets: [
      {
        at: 0,
        isFromClient: true,
        server: 0,
        datagram: Uint8Array.of(0x40, 2, 0, 1),
        isLost: false,
      },
    ],
    seconds: 1.5,
    ...changes,
  };
}

function run(...results: CaseResult[]): RunReport {
  return {
    subject: `Sensor <4711> & "friends"`,
    role: "client",
    harness: "Dormouse conformance harness 0.0.0",
    startedAt: Date.UTC(2026, 10, 22, 10, 30),
    results,
  };
}

const FAILED = result({
  id: "dormouse-coap-options",
  verdict: "fail",
  criterion: "list",
  why: `it says "</1>" & \u0000 more`,
});
const OPEN = result({ id: "TD_COAP_CORE_31", verdict: "inconclusive", why: "no answer" });
const SKIPPED = result({ id: "LightweightM2M-1.1-int-108", verdict: "not applicable", why: "no" });

describe("the JSON report", () => {
  test("has the members that programs rely on", () => {
    const report = JSON.parse(JSON.stringify(jsonReport(run(result({}), FAILED, OPEN, SKIPPED))));
    expect(report.summary).toEqual({
      pass: 1,
      fail: 1,
      inconclusive: 1,
      notApplicable: 1,
      notRun: 0,
    });
    expect(report.startedAt).toBe("2026-11-22T10:30:00.000Z");
    expect(report.cases[1]).toMatchObject({
      id: "dormouse-coap-options",
      title: "Initial Registration",
      verdict: "fail",
      criterion: "list",
    });
  });
});

describe("the JUnit report", () => {
  const xml = junitReport(run(result({}), FAILED, OPEN, SKIPPED));

  test("is well-formed whatever the texts hold", () => {
    expect(XMLValidator.validate(xml)).toBe(true);
    expect(xml).not.toContain("\u0000");
  });

  test("counts fail as failure, inconclusive as error, the rest as skipped", () => {
    const parsed = new XMLParser({ ignoreAttributes: false }).parse(xml);
    const suite = parsed.testsuites.testsuite;
    expect(suite["@_tests"]).toBe("4");
    expect(suite["@_failures"]).toBe("1");
    expect(suite["@_errors"]).toBe("1");
    expect(suite["@_skipped"]).toBe("1");
    const [passed, failed, open, skipped] = suite.testcase;
    expect(Object.keys(passed).filter((name) => !name.startsWith("@"))).toEqual([]);
    expect(failed.failure["@_message"]).toContain("list: it says");
    expect(open.error["@_type"]).toBe("inconclusive");
    expect(skipped.skipped["@_message"]).toContain("not applicable");
  });
});

describe("the HTML report", () => {
  const html = htmlReport(run(result({}), FAILED, OPEN, SKIPPED), { remark: "For <Acme>" });

  test("escapes every text it was given", () => {
    expect(html).toContain("Sensor &lt;4711&gt; &amp; &quot;friends&quot;");
    expect(html).toContain("For &lt;Acme&gt;");
    expect(html).toContain("it lists &lt;objects&gt; &amp; instances");
    expect(html).not.toContain("<4711>");
    expect(html).not.toContain("<Acme>");
  });

  test("opens what failed, and asks nobody for anything", () => {
    expect(html).toMatch(/<details class="fail"[^>]* open>/);
    expect(html).toMatch(/<details class="pass"[^>]*"[^>]*>(?!.* open)/);
    expect(html).not.toMatch(/<script|<link|src=|href="http/);
  });

  test("holds the packets, to be saved and opened", () => {
    const [, base64] = /href="data:application\/octet-stream;base64,([^"]+)"/.exec(html) ?? [];
    const capture = Buffer.from(base64, "base64");
    expect(capture.readUInt32LE(0)).toBe(0x0a0d0d0a);
    expect(capture.includes(Buffer.from([0x40, 2, 0, 1]))).toBe(true);
  });
});

describe("the badge", () => {
  test("is green only when every applicable case passed", () => {
    expect(badgeOf([result({}), SKIPPED])).toContain("#2b7a3d");
    expect(badgeOf([result({}), SKIPPED])).toContain("1 of 1");
    expect(badgeOf([result({}), OPEN])).toContain("#8a6d1a");
    expect(badgeOf([result({}), FAILED])).toContain("#a3302a");
    expect(badgeOf([])).not.toContain("#2b7a3d");
    expect(XMLValidator.validate(badgeOf([result({})], "a & <b>"))).toBe(true);
  });
});

describe("a baseline", () => {
  const earlier = jsonReport(run(result({}), FAILED, OPEN));

  test("that nothing differs from is no news", () => {
    expect(renderComparison(compare(earlier, [result({}), FAILED, OPEN]))).toBe("as the baseline");
  });

  test("tells what got worse, what got better, and what is missing", () => {
    const now = [
      result({ verdict: "inconclusive" }),
      { ...FAILED, verdict: "pass" as const },
      SKIPPED,
    ];
    const { worse, better, gone, other } = compare(earlier, now);
    expect(worse).toEqual([
      { id: "LightweightM2M-1.1-int-101", before: "pass", now: "inconclusive" },
    ]);
    expect(better).toEqual([{ id: "dormouse-coap-options", before: "fail", now: "pass" }]);
    expect(other).toEqual([
      { id: "LightweightM2M-1.1-int-108", before: "absent", now: "not applicable" },
    ]);
    expect(gone).toEqual(["TD_COAP_CORE_31 (1.1)"]);
  });

  test("knows a case by its id and its version", () => {
    const { better, other } = compare(earlier, [result({ version: "1.2" })]);
    expect(other).toHaveLength(0);
    expect(better).toEqual([{ id: "LightweightM2M-1.1-int-101", before: "absent", now: "pass" }]);
  });
});
