/**
 * A fleet's run as text: the lines of its progress and the report at its end.
 */
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { LatencyHistogram } from "./latency-histogram.ts";
import type { FleetReport, Tally } from "./tally.ts";

/** What a run is, for its headings. */
export interface RunTitle {
  readonly count: number;
  readonly profile: string;
  readonly server: string;
}

const BAR_WIDTH = 30;
const PANEL_WIDTH = 78;
/** Upper edges of the report's latency rows, ms. */
const ROWS: readonly Milliseconds[] = [
  0.5,
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  1000,
  2000,
  5000,
  10000,
  30000,
  100000,
  Infinity,
];

/** One line that says where a run stands, for a log or a pipe. */
export function progressLine(title: RunTitle, tally: Tally, phase: string, elapsed: Milliseconds) {
  const { counts } = tally;
  const parts = [
    `${seconds(elapsed).padStart(7)} ${phase}`,
    `${whole(counts.registered)} of ${whole(title.count)} registered`,
    `${whole(counts.updates)} updates`,
    `${whole(counts.notifications)} notifications`,
  ];
  if (counts.deregistered > 0) parts.push(`${whole(counts.deregistered)} de-registered`);
  parts.push(`${whole(tally.lost())} lost`, `p99 ${milliseconds(tally.latency.percentile(0.99))}`);
  const errors = errorList(tally.errors);
  if (errors !== "") parts.push(errors);
  return parts.join(", ");
}

/** A few lines for a terminal that can redraw them, none longer than `PANEL_WIDTH`: a line that wraps could not be redrawn. */
export function progressPanel(
  title: RunTitle,
  tally: Tally,
  phase: string,
  elapsed: Milliseconds,
): string[] {
  const { counts, latency } = tally;
  const leaving = counts.deregistered > 0;
  const done = leaving ? counts.deregistered : counts.registered;
  const lines = [
    `${seconds(elapsed).padStart(7)}  ${phase}`,
    `  ${bar(done / title.count)} ${whole(done)} / ${whole(title.count)} ${leaving ? "de-registered" : "registered"}`,
    `  updates ${whole(counts.updates)}   notifications ${whole(counts.notifications)}   requests answered ${whole(counts.requestsAnswered)}`,
    `  latency p50 ${milliseconds(latency.percentile(0.5))}  p99 ${milliseconds(latency.percentile(0.99))}   lost ${whole(tally.lost())}   errors ${errorList(tally.errors) || "none"}`,
  ];
  return lines.map((line) => line.slice(0, PANEL_WIDTH));
}

/** The report at the end of a run: counts, errors by code, latency percentiles and their distribution. */
export function reportText(title: RunTitle, tally: Tally, report: FleetReport): string {
  const { counts } = tally;
  const rows: [string, string][] = [
    ["registered", `${whole(report.registered)} of ${whole(report.count)}`],
    ["registrations", whole(counts.registrations)],
    ["updates", whole(report.updates)],
    ["notifications", whole(report.notifications)],
    ["requests answered", whole(counts.requestsAnswered)],
    ["de-registered", whole(report.deregistered)],
    ["lost", lostText(tally)],
    ["errors", errorList(report.errors) || "none"],
  ];
  if (report.energy !== undefined) {
    const { radioOnSecondsPerDay, wakeUpsPerDay } = report.energy;
    rows.push([
      "radio on",
      `${whole(radioOnSecondsPerDay)} s a day, ${whole(wakeUpsPerDay)} wake-ups`,
    ]);
  }
  if (counts.missedAsleep > 0) rows.push(["missed asleep", whole(counts.missedAsleep)]);
  if (counts.refused > 0) rows.push(["refused", whole(counts.refused)]);
  const lines = [
    `Fleet of ${whole(title.count)} (${title.profile}) at ${title.server}, ${report.seconds.toFixed(1)} s`,
    "",
    ...rows.map(([name, value]) => `  ${name.padEnd(18)}${value}`),
    "",
    ...latencyLines(tally.latency),
  ];
  return lines.join("\n");
}

function latencyLines(latency: LatencyHistogram): string[] {
  if (latency.total === 0) return ["  no request was answered"];
  const lines = [
    `  latency           p50 ${milliseconds(latency.percentile(0.5))}   p90 ${milliseconds(latency.percentile(0.9))}   p99 ${milliseconds(latency.percentile(0.99))}   max ${milliseconds(latency.max)}`,
  ];
  let low = 0;
  const rows: { edge: Milliseconds; count: number }[] = [];
  for (const edge of ROWS) {
    rows.push({ edge, count: latency.countBetween(low, edge) });
    low = edge;
  }
  while (rows.length > 1 && rows[0].count === 0) rows.shift();
  while (rows.length > 1 && rows[rows.length - 1].count === 0) rows.pop();
  const most = Math.max(...rows.map((row) => row.count));
  for (const { edge, count } of rows) {
    const label = edge >= 1000 ? `${edge / 1000} s` : `${edge} ms`;
    lines.push(
      `    ${(edge === Infinity ? "more" : `up to ${label}`).padEnd(16)}${bar(count / most)} ${whole(count)}`,
    );
  }
  return lines;
}

function lostText(tally: Tally): string {
  const { unanswered, neverRegistered } = tally.counts;
  if (tally.lost() === 0) return "0";
  const causes: string[] = [];
  if (unanswered > 0) causes.push(`${whole(unanswered)} unanswered`);
  if (neverRegistered > 0) causes.push(`${whole(neverRegistered)} refused`);
  return `${whole(tally.lost())} (${causes.join(", ")})`;
}

function errorList(errors: Readonly<Record<string, number>>): string {
  return Object.keys(errors)
    .sort()
    .map((code) => `${code} x ${whole(errors[code])}`)
    .join(", ");
}

/** A bar of `BAR_WIDTH` columns, `share` (0..1) of it filled; anything above nothing shows at least a sliver. */
function bar(share: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share || 0)) * BAR_WIDTH * 8);
  const shown = share > 0 && eighths === 0 ? 1 : eighths;
  const filled = "█".repeat(shown >> 3) + ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][shown & 7];
  return filled.padEnd(BAR_WIDTH, "·");
}

function whole(count: number): string {
  return count.toLocaleString("en-US");
}

function seconds(elapsed: Milliseconds): string {
  return `${(elapsed / 1000).toFixed(0)} s`;
}

/** A latency with about three significant digits: `0.84 ms`, `12.3 ms`, `3.10 s`. */
function milliseconds(latency: Milliseconds): string {
  if (latency >= 1000) return `${(latency / 1000).toFixed(latency >= 10000 ? 1 : 2)} s`;
  return `${latency.toFixed(latency >= 100 ? 0 : latency >= 10 ? 1 : 2)} ms`;
}
