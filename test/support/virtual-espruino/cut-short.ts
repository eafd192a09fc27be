/**
 * A program that can be cut short at any step, as a memory error does on a board: before each call, each object or array that is made and
 * each assignment it counts, and what ends it there no `catch` of it sees.
 */
import { type AnyNode, parse } from "acorn";
import { children } from "../../../firmware/flash/board-faults.ts";

const STEPS = [
  "CallExpression",
  "NewExpression",
  "ObjectExpression",
  "ArrayExpression",
  "AssignmentExpression",
];

/** @param code ES5 */
export function cuttable(code: string): string {
  const program = parse(code, { ecmaVersion: 5 }) as AnyNode;
  const insertions: { at: number; text: string; isEnd: boolean }[] = [];
  const visit = (node: AnyNode): void => {
    if (STEPS.includes(node.type)) {
      insertions.push({ at: node.start, text: "($step(),", isEnd: false });
      for (const child of children(node)) visit(child);
      insertions.push({ at: node.end, text: ")", isEnd: true });
      return;
    }
    if (node.type === "CatchClause" && node.param?.type === "Identifier") {
      const text = `if($uncatchable(${node.param.name}))throw ${node.param.name};`;
      insertions.push({ at: node.body.start + 1, text, isEnd: false });
    }
    for (const child of children(node)) visit(child);
  };
  visit(program);
  // At one place what ends comes before what begins; otherwise in the order in which they were met.
  const order = insertions.map((insertion, nth) => ({ ...insertion, nth }));
  order.sort((a, b) => a.at - b.at || Number(b.isEnd) - Number(a.isEnd) || a.nth - b.nth);
  let cut = "";
  let copied = 0;
  for (const { at, text } of order) {
    cut += code.slice(copied, at) + text;
    copied = at;
  }
  return cut + code.slice(copied);
}
