/** What a report says of a run besides its results. */
import type { CaseResult } from "../case.ts";

export interface RunReport {
  /** What was judged, in the words of its adapter. */
  readonly subject: string;
  readonly role: "client" | "server";
  /** Name and version of the harness. */
  readonly harness: string;
  /** When it began, calendar milliseconds. */
  readonly startedAt: number;
  readonly results: readonly CaseResult[];
}
