/** Something in a program that its board cannot have, at its place in the program's own source. */
export interface Refusal {
  /** As the command was given it, or from the current folder. */
  readonly file: string;
  /** From 1; 1 where the fault is of the file as a whole. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

/** `my-device.ts:12:7: there is no Map on a board: ...` */
export function refusalLine({ file, line, column, message }: Refusal): string {
  return `${file}:${line}:${column}: ${message}`;
}

/** In the order of files as they were met, then of lines; each once. */
export function sorted(refusals: readonly Refusal[]): Refusal[] {
  const files = [...new Set(refusals.map(({ file }) => file))];
  const unique = new Map(refusals.map((refusal) => [refusalLine(refusal), refusal]));
  return [...unique.values()].sort(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
