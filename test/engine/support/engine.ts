/** What an engine test needs of an engine: run a program, return what it printed. */

export interface Engine {
  /** As the test names it. */
  readonly name: string;
  /** Runs a bundle to its end and returns the lines that it gave to `print`. Rejects when it throws. */
  run(code: string): Promise<string[]>;
}

/** An engine of this machine, or why there is none. */
export interface Candidate {
  readonly name: string;
  readonly engine: Engine | undefined;
  readonly missing?: string;
}
