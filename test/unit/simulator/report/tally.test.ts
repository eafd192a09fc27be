import { describe, expect, test } from "vitest";
import { Tally } from "../../../../simulator/report/tally.ts";
import { progressLine, progressPanel, reportText } from "../../../../simulator/report/terminal.ts";

function givenTally(): Tally {
  const tally = new Tally();
  Object.assign(tally.counts, { registered: 98, registrations: 99, updates: 1204 });
  Object.assign(tally.counts, { notifications: 7, deregistered: 97, requestsAnswered: 3 });
  Object.assign(tally.counts, { unanswered: 2, neverRegistered: 1 });
  tally.recordError("5.03");
  tally.recordError("4.04", 2);
  for (const latency of [0.4, 0.8, 0.8, 0.9, 1.7, 40, 2300]) tally.latency.record(latency);
  return tally;
}

describe("Tally", () => {
  test("the JSON report has exactly the members that were promised", () => {
    const report = givenTally().report(100, 61500);
    expect(JSON.parse(JSON.stringify(report))).toEqual({
      count: 100,
      registered: 98,
      updates: 1204,
      notifications: 7,
      deregistered: 97,
      lost: 3,
      errors: { "4.04": 2, "5.03": 1 },
      latencyMs: {
        p50: expect.closeTo(0.9, 1),
        p90: expect.any(Number),
        p99: expect.any(Number),
        max: 2300,
      },
      seconds: 61.5,
    });
  });

  test("a run without any answer reports zeros, not NaN", () => {
    const report = new Tally().report(10, 0);
    expect(report.latencyMs).toEqual({ p50: 0, p90: 0, p99: 0, max: 0 });
    expect(report.errors).toEqual({});
  });

  test("the tallies of two processes add up to one", () => {
    const merged = givenTally();
    merged.merge(structuredClone(givenTally().snapshot()));
    expect(merged.report(200, 1000)).toMatchObject({
      registered: 196,
      lost: 6,
      errors: { "4.04": 4, "5.03": 2 },
      latencyMs: { max: 2300 },
    });
    expect(merged.latency.total).toBe(14);
  });
});

describe("text", () => {
  const title = { count: 100, profile: "meter", server: "coap://127.0.0.1:5683" };

  test("the report at the end", () => {
    const tally = givenTally();
    expect(reportText(title, tally, tally.report(100, 61500))).toMatchInlineSnapshot(`
      "Fleet of 100 (meter) at coap://127.0.0.1:5683, 61.5 s

        registered        98 of 100
        registrations     99
        updates           1,204
        notifications     7
        requests answered 3
        de-registered     97
        lost              3 (2 unanswered, 1 refused)
        errors            4.04 x 2, 5.03 x 1

        latency           p50 0.91 ms   p90 2.30 s   p99 2.30 s   max 2.30 s
          up to 0.5 ms    ██████████···················· 1
          up to 1 ms      ██████████████████████████████ 3
          up to 2 ms      ██████████···················· 1
          up to 5 ms      ······························ 0
          up to 10 ms     ······························ 0
          up to 20 ms     ······························ 0
          up to 50 ms     ██████████···················· 1
          up to 100 ms    ······························ 0
          up to 200 ms    ······························ 0
          up to 500 ms    ······························ 0
          up to 1 s       ······························ 0
          up to 2 s       ······························ 0
          up to 5 s       ██████████···················· 1"
    `);
  });

  test("a run without trouble says so", () => {
    const tally = new Tally();
    const text = reportText(title, tally, tally.report(100, 1000));
    expect(text).toMatch(/lost +0\n/);
    expect(text).toMatch(/errors +none\n/);
    expect(text).toContain("no request was answered");
  });

  test("the line for a log", () => {
    expect(progressLine(title, givenTally(), "running", 12400)).toMatchInlineSnapshot(
      `"   12 s running, 98 of 100 registered, 1,204 updates, 7 notifications, 97 de-registered, 3 lost, p99 2.30 s, 4.04 x 2, 5.03 x 1"`,
    );
  });

  test("the panel for a terminal fits into 78 columns", () => {
    const tally = givenTally();
    for (let detail = 10; detail < 32; detail++) tally.recordError(`5.${detail}`);
    for (const line of progressPanel(title, tally, "running", 12400)) {
      expect(line.length).toBeLessThanOrEqual(78);
    }
    const panel = progressPanel(title, givenTally(), "running", 12400);
    for (const line of panel) expect(line.length).toBeLessThanOrEqual(78);
    expect(panel).toMatchInlineSnapshot(`
      [
        "   12 s  running",
        "  █████████████████████████████▏ 97 / 100 de-registered",
        "  updates 1,204   notifications 7   requests answered 3",
        "  latency p50 0.91 ms  p99 2.30 s   lost 3   errors 4.04 x 2, 5.03 x 1",
      ]
    `);
  });
});
