/** Refuses syntax in portable code that a board would not run right: `firmware/flash/check/board-syntax.ts` says which. */
import ts from "typescript";
import { syntaxCosts, syntaxFaults } from "../firmware/flash/check/board-syntax.ts";
import {
  isMain,
  isPortable,
  type Refusal,
  report,
  repositorySources,
  type Source,
} from "./support/sources.ts";

/** The refusals in these files; files that are not portable are passed over. */
export function boardSyntaxRefusals(sources: readonly Source[]): Refusal[] {
  return sources
    .filter(({ path }) => isPortable(path))
    .flatMap(({ path, text }) => {
      const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
      const faults = [...syntaxFaults(file), ...syntaxCosts(file)];
      return faults.map(({ line, message }) => ({ path, line, message }));
    });
}

if (isMain(import.meta.filename)) report(boardSyntaxRefusals(repositorySources()));
