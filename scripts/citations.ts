/**
 * Refuses citations of clauses that do not exist. The grammar is `RFC 7252 §4.2`, `RFC 8949 Appendix D` and
 * `LwM2M Core 1.1.1 §6.2.1`; more clauses may follow (`RFC 7641 §3.4, §4.5`), and a bare `§4.2` belongs to the document that
 * was named last in its file.
 *
 * `standards.json` lists the clauses of each document. A document or clause that is missing there is looked up, then added.
 */

import standards from "./standards.json" with { type: "json" };
import { isMain, type Refusal, report, repositorySources, type Source } from "./support/sources.ts";

const CLAUSES = new Map(
  Object.entries(standards).map(([document, clauses]) => [document, new Set(clauses.split(" "))]),
);

/** A document, or a clause of the document before it. Comments are wrapped where they please, so a name may span lines. */
const CITATION =
  /\b(RFC[\s*/]+\d{3,5}|LwM2M[\s*/]+(?:Core|Transport|Gateway)[\s*/]+\d\.\d(?:\.\d)?)\b|(?:§|\bAppendix[\s*/]+)([A-Z](?:\.\d+)*\b|\d+(?:\.\d+)*)/g;

/** The clauses in these files that their documents do not have. */
export function citationRefusals(sources: readonly Source[]): Refusal[] {
  return sources.flatMap(({ path, text }) => {
    const refusals: Refusal[] = [];
    let document: string | undefined;
    for (const found of text.matchAll(CITATION)) {
      const clause = found[2];
      if (clause === undefined) {
        document = found[1].replace(/[\s*/]+/g, " ");
        continue;
      }
      const message = refused(document, clause);
      if (message === undefined) continue;
      refusals.push({ path, line: text.slice(0, found.index).split("\n").length, message });
    }
    return refusals;
  });
}

function refused(document: string | undefined, clause: string): string | undefined {
  if (document === undefined)
    return `§${clause} of which document? Name it before, as \`RFC 7252 §4.2\``;
  const clauses = CLAUSES.get(document);
  if (clauses === undefined)
    return `${document} is not in scripts/standards.json: look §${clause} up and add it`;
  if (clauses.has(clause)) return undefined;
  return `${document} has no §${clause}, as far as scripts/standards.json knows`;
}

if (isMain(import.meta.filename)) report(citationRefusals(repositorySources()));
