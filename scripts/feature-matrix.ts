/**
 * docs/features.md, made from the catalogue of features and the tests that say what they show.
 *
 *   npx tsx scripts/feature-matrix.ts            writes it
 *   npx tsx scripts/feature-matrix.ts --check    fails when it is stale, a test that shows something names no clause, or nothing
 *                                                shows a feature on a side where the catalogue gives no reason for that
 */
import { readFileSync, writeFileSync } from "node:fs";
import ts from "typescript";
import { FEATURES, type Feature, type Side } from "../test/support/features.ts";
import { isMain, type Refusal, report, repositorySources, type Source } from "./support/sources.ts";

const PAGE = "docs/features.md";
const CATALOGUE = "test/support/features.ts";
const COMMAND = "npx tsx scripts/feature-matrix.ts";

const SIDES: readonly Side[] = ["device", "connector", "bootstrap-server"];

/** A clause, or a document that is cited whole. */
const CITES = /§|Appendix|LwM2M (Gateway|Software Management) \d/;

/** A test that shows something. */
export interface Proof {
  readonly side: string;
  readonly feature: string;
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** Its name, behind those of the `describe`s around it. */
  readonly title: string;
}

/** Every `proves(...)` in these files. */
export function proofsIn(sources: readonly Source[]): Proof[] {
  return sources.filter(({ text }) => text.includes("proves(")).flatMap(proofsOf);
}

function proofsOf({ path, text }: Source): Proof[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const proofs: Proof[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === "proves") {
      const [side, ...features] = node.arguments.map(textOf);
      const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const title = titleAround(node);
      for (const feature of features) proofs.push({ side, feature, path, line, title });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return proofs;
}

/** The names of the test and the `describe`s that a node stands in. */
function titleAround(node: ts.Node): string {
  const titles: string[] = [];
  for (let at: ts.Node = node.parent; at !== undefined; at = at.parent) {
    if (ts.isCallExpression(at) && /^(test|it|describe)\b/.test(at.expression.getText())) {
      titles.unshift(at.arguments.length > 0 ? textOf(at.arguments[0]) : "");
    }
  }
  return titles.join(": ");
}

/** What a string says, with the expressions of a template as they are written. */
function textOf(node: ts.Node): string {
  if (ts.isStringLiteralLike(node)) return node.text;
  return node.getText().replace(/^`|`$/g, "");
}

/** Tests that show something and name no clause. */
export function namelessProofs(proofs: readonly Proof[]): Refusal[] {
  return proofs
    .filter(({ title }) => !CITES.test(title))
    .map(({ path, line, title }) => ({
      path,
      line,
      message: `"${title}" shows a feature and names no clause, as in "RFC 7252 §4.2: ..."`,
    }));
}

/** Features that nothing shows, without a reason; and reasons that a test belies. */
export function missingProofs(proofs: readonly Proof[], features = FEATURES): Refusal[] {
  return [...features.values()].flatMap((group) =>
    [...group].flatMap(([id, feature]) =>
      SIDES.flatMap((side) => faultOf(proofsOn(side, id, proofs).length, side, feature)).map(
        (fault) => ({ path: CATALOGUE, line: 1, message: `${id}: ${fault}` }),
      ),
    ),
  );
}

function faultOf(shown: number, side: Side, { sides, absent }: Feature): string[] {
  if (absent[side] !== undefined && !sides.includes(side)) {
    return [`does not concern the ${side}, and says why it is absent there`];
  }
  if (absent[side] !== undefined && shown > 0) {
    return [`said to be absent on the ${side}, and shown by a test`];
  }
  if (absent[side] === undefined && shown === 0 && sides.includes(side)) {
    return [`no test shows it on the ${side}, and the catalogue does not say why (absent)`];
  }
  return [];
}

function proofsOn(side: Side, id: string, proofs: readonly Proof[]): Proof[] {
  return proofs.filter((proof) => proof.feature === id && proof.side === side);
}

/** The page. */
export function featurePage(proofs: readonly Proof[]): string {
  const groups = [...FEATURES].map(([group, features]) => {
    const rows = [...features].map(([id, feature]) => rowOf(id, feature, proofs));
    return [
      `## ${group}`,
      "",
      "| feature | clause | since | device | connector | bootstrap server |",
      "| --- | --- | --- | --- | --- | --- |",
      ...rows,
    ].join("\n");
  });
  return `# Features, and the tests that show them

Made by \`${COMMAND}\` from \`test/support/features.ts\` and the tests; not written by hand. A number leads to a test that shows the
feature on that side; a dash says that the feature does not concern it, words say why it is not there. \`npm test\` runs them all.

${groups.join("\n\n")}
`;
}

function rowOf(id: string, feature: Feature, proofs: readonly Proof[]): string {
  const { title, clause, since, sides, absent } = feature;
  const cells = SIDES.map((side) => {
    const found = proofsOn(side, id, proofs);
    if (found.length > 0) return linksTo(found);
    return sides.includes(side) ? (absent[side] ?? "*no test*") : "-";
  });
  return `| ${title} | ${clause} | ${since} | ${cells.join(" | ")} |`;
}

/** One link per file. */
function linksTo(proofs: readonly Proof[]): string {
  const paths = [...new Set(proofs.map(({ path }) => path))].sort();
  return paths.map((path, i) => `[${i + 1}](../${path})`).join(" ");
}

if (isMain(import.meta.filename)) {
  const proofs = proofsIn(repositorySources());
  const page = featurePage(proofs);
  const refusals = namelessProofs(proofs);
  if (process.argv.includes("--check")) refusals.push(...missingProofs(proofs));
  if (!process.argv.includes("--check")) writeFileSync(PAGE, page);
  else if (readFileSync(PAGE, "utf8") !== page) {
    refusals.push({ path: PAGE, line: 1, message: `stale: run ${COMMAND}` });
  }
  report(refusals);
}
