/** What an engine test needs of an engine: run a program, return what it printed. */

export interface Engine {
  /** As the test names it. */
  readonly name: string;
  /** Runs a bundle to its end and returns the lines that it gave to `print`. Rejects when it throws. */
  run(code: string): Promise<string[]>;
}

/** An engine of this machine, or why there is none. */
export interface Candidate<E extends Engine = Engine> {
  readonly name: string;
  readonly engine: E | undefined;
  readonly missing?: string;
}

/** The title of a test on an engine that may be missing. */
export function titled(title: string, candidate: Candidate): string {
  return candidate.missing === undefined ? title : `${title} (${candidate.missing})`;
}

/** True when `ENGINES_REQUIRED`, a comma-separated list of names or their beginnings, has this one: missing is then a failure. */
export function isRequired(name: string): boolean {
  const required = (process.env.ENGINES_REQUIRED ?? "").split(",");
  return required.some((label) => label !== "" && name.startsWith(label));
}
