/** What a benchmark says: costs of ours beside those of something else, measured in the same run, and their ratio. */

export interface Measurement {
  /** What was done, for example `decode a registration`. */
  readonly what: string;
  /** Of `unit`; smaller is better. */
  readonly ours: number;
  readonly unit: "us CPU" | "KB" | "MB" | "ms" | "s";
  /** What ours is measured against, and its cost; undefined where there is nothing of the kind. */
  readonly against: string | undefined;
  readonly theirs: number | undefined;
  /** The highest ratio, or without a rival the highest cost, that the project is content with. */
  readonly goal: number | undefined;
}

/** One benchmark: a title and its measurements. */
export interface Report {
  readonly title: string;
  readonly measurements: readonly Measurement[];
}

/** A table for each. */
export function printReports(reports: readonly Report[]): void {
  for (const { title, measurements } of reports) {
    console.log(`\n${title}`);
    const rows = measurements.map(cells);
    const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column].length)));
    for (const row of rows) {
      const columns = row.map((cell, at) =>
        at === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[at] ?? 0),
      );
      console.log(`  ${columns.join("  ")}`);
    }
  }
}

function cells({ what, ours, unit, against, theirs, goal }: Measurement): string[] {
  const ratio = theirs === undefined ? undefined : ours / theirs;
  const measured = ratio ?? ours;
  const verdict = goal === undefined ? "" : measured <= goal ? "within" : "MISSES";
  return [
    what,
    `${digits(ours)} ${unit}`,
    theirs === undefined ? "" : `${against} ${digits(theirs)}`,
    ratio === undefined ? "" : `x ${ratio.toFixed(2)}`,
    goal === undefined ? "" : `${verdict} ${ratio === undefined ? "" : "x "}${goal.toFixed(2)}`,
  ];
}

function digits(cost: number): string {
  return cost >= 100 ? cost.toFixed(0) : cost >= 1 ? cost.toFixed(2) : cost.toFixed(3);
}

/** The middle one; of an even number the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
