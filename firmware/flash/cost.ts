/** What a bundle costs a board, judged from its text. The interpreter measures it; this estimates it where none is at hand. */
import { type AnyNode, parse } from "acorn";
import { eachNode } from "./board-faults.ts";

export interface BoardCost {
  /** Functions in the text, those inside others included. */
  readonly functions: number;
  /** Variables in use after loading from flash, of the 1,700 to 16,000 that boards have; an estimate. */
  readonly estimatedVariables: number;
}

export function costOf(code: string): BoardCost {
  let functions = 0;
  let parameters = 0;
  eachNode(parse(code, { ecmaVersion: 5 }) as AnyNode, (node) => {
    if (node.type !== "FunctionDeclaration" && node.type !== "FunctionExpression") return;
    functions++;
    parameters += node.params.length;
  });
  return { functions, estimatedVariables: functions * 7 + parameters };
}
