/** What the subcommands of `dormouse conform` share: which cases run, how long they may take, a person who is asked, and the end of a run that cannot be made. */
import { createInterface } from "node:readline/promises";
import { type Command, Option } from "commander";
import type { ConformanceCase } from "../test/conformance/case.ts";
import { GROUPS, LEVELS, type Level } from "../test/conformance/cases/groups.ts";
import { selectCases } from "../test/conformance/selection.ts";
import { repeated } from "./daemon.ts";

export interface SelectionOptions {
  only: readonly string[];
  except: readonly string[];
  group: readonly string[];
  level?: Level;
}

export const GROUP_HELP = `
Groups:
${GROUPS.map(({ name, title }) => `  ${name.padEnd(20)}${title}`).join("\n")}
`;

export function addSelectionOptions(command: Command): Command {
  return command
    .option(
      "--only <id>",
      "this case: an id, its number, or a part with *; repeatable",
      repeated,
      [],
    )
    .option("--except <id>", "leave this one out, written as for --only; repeatable", repeated, [])
    .option("--group <name>", "this group; repeatable", repeated, [])
    .addOption(
      new Option("--level <level>", "the TestFest's minimum, or up to a version").choices(LEVELS),
    );
}

/** @throws Error fit for the user */
export function selected<C extends Pick<ConformanceCase, "id" | "versions">>(
  cases: readonly C[],
  { only, except, group, level }: SelectionOptions,
): C[] {
  const some = (list: readonly string[]) => (list.length === 0 ? undefined : list);
  const found = selectCases(cases, { only: some(only), except, groups: some(group), level });
  if (found.length === 0) throw new Error("No case is left: choose fewer conditions.");
  return found;
}

export async function askForText(text: string): Promise<string> {
  if (process.stdin.isTTY !== true) {
    // Nobody can press Enter: what was asked is taken to be done by whoever started this.
    console.error(text);
    return "";
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(`\n${text} `);
  } finally {
    terminal.close();
  }
}

export function durationText(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}

/** Ends the process with status 2 and one line when the run cannot be made. */
export function orFail<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    return couldNotRun((error as Error).message);
  }
}

/** Aborts at the first Ctrl-C or request to end, so that what was judged till then is told; a second ends the process at once. */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      console.error("Stopped: what has been judged so far follows.");
      stopping.abort();
    });
  }
  return stopping.signal;
}

export function couldNotRun(message: string): never {
  console.error(message);
  process.exit(2);
}
