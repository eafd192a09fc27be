/** What a bundle costs a board, judged from its text. The interpreter measures it; this estimates it where none is at hand. */
import { type AnyNode, parse } from "acorn";
import { children, eachNode } from "./board-faults.ts";

export interface BoardCost {
  /** Functions in the text, those inside others included. */
  readonly functions: number;
  /**
   * Variables in use once it has loaded from flash, of the 1,700 to 16,000 that boards have. An estimate of the program alone:
   * what it makes when it runs comes on top.
   */
  readonly estimatedVariables: number;
}

/**
 * Fitted to what Espruino 2v29 (32-bit, 5,000 variables) uses after loading the protocol core, within 3 %. The text itself stays
 * in flash. A method costs more than twice what a function costs.
 */
const PER_FUNCTION = 4;
const PER_METHOD = 6;
const PER_PARAMETER = 1;
const PER_VARIABLE = 1;

export function costOf(code: string): BoardCost {
  const program = parse(code, { ecmaVersion: 5 }) as AnyNode;
  let functions = 0;
  let variables = 0;
  eachNode(program, (node) => {
    if (node.type === "FunctionDeclaration" || node.type === "FunctionExpression") {
      functions++;
      variables += PER_FUNCTION + PER_PARAMETER * node.params.length;
    } else if (
      node.type === "AssignmentExpression" &&
      node.left.type === "MemberExpression" &&
      node.right.type === "FunctionExpression"
    ) {
      variables += PER_METHOD;
    }
  });
  return { functions, estimatedVariables: variables + PER_VARIABLE * outermostVariables(program) };
}

/** How many variables the function around the whole bundle declares: they live as long as the program. */
function outermostVariables(program: AnyNode): number {
  let found = 0;
  let inside = 0;
  const visit = (node: AnyNode): void => {
    const isFunction = node.type === "FunctionDeclaration" || node.type === "FunctionExpression";
    if (isFunction) inside++;
    if (node.type === "VariableDeclarator" && inside === 1) found++;
    for (const child of children(node)) visit(child);
    if (isFunction) inside--;
  };
  visit(program);
  return found;
}
