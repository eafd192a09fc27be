/**
 * Numbers in the place of their names. A board looks a name up each time it meets it and keeps a variable for it; `terser` leaves
 * the constants of a module alone, because a function above them might be called before they are set.
 */
import { type AnyNode, parse } from "acorn";
import { children } from "./board-faults.ts";

/** Replaces the names of the outermost variables of a program in ES5 that are numbers or booleans and stay what they are. */
export function inlineConstants(code: string): string {
  const program = parse(code, { ecmaVersion: 5 }) as AnyNode;
  const constants = constantsOf(program);
  let inlined = "";
  let copied = 0;
  const visit = (node: AnyNode, parent: AnyNode): void => {
    const value = node.type === "Identifier" ? constants.get(node.name) : undefined;
    if (value !== undefined && isReference(node, parent)) {
      inlined += `${code.slice(copied, node.start)}(${value})`;
      copied = node.end;
    }
    for (const child of children(node)) visit(child, node);
  };
  visit(program, program);
  return inlined + code.slice(copied);
}

function constantsOf(program: AnyNode): Map<string, number | boolean> {
  const constants = new Map<string, number | boolean>();
  if (program.type !== "Program") return constants;
  for (const statement of program.body) {
    if (statement.type !== "VariableDeclaration") continue;
    for (const { id, init } of statement.declarations) {
      const value =
        id.type === "Identifier" && init != null ? constantValue(init, constants) : undefined;
      if (id.type === "Identifier" && value !== undefined) constants.set(id.name, value);
    }
  }
  const seen = new Set<string>();
  const visit = (node: AnyNode): void => {
    for (const name of boundNames(node)) {
      // A second declaration is another variable of that name, or another value.
      if (seen.has(name)) constants.delete(name);
      seen.add(name);
    }
    for (const child of children(node)) visit(child);
  };
  visit(program);
  return constants;
}

/** The names that a node declares or gives a value to. */
function boundNames(node: AnyNode): string[] {
  const targets: (AnyNode | null | undefined)[] = [];
  if (node.type === "VariableDeclarator") targets.push(node.id);
  else if (node.type === "AssignmentExpression") targets.push(node.left);
  else if (node.type === "UpdateExpression") targets.push(node.argument);
  else if (node.type === "ForInStatement") targets.push(node.left);
  else if (node.type === "CatchClause") targets.push(node.param);
  else if (node.type === "FunctionDeclaration" || node.type === "FunctionExpression") {
    targets.push(node.id, ...node.params);
  }
  return targets.flatMap((target) => (target?.type === "Identifier" ? [target.name] : []));
}

/** What an expression of numbers, booleans and constants known so far comes to. */
function constantValue(
  node: AnyNode,
  known: ReadonlyMap<string, number | boolean>,
): number | boolean | undefined {
  if (node.type === "Literal") {
    return typeof node.value === "number" || typeof node.value === "boolean"
      ? node.value
      : undefined;
  }
  if (node.type === "Identifier") return known.get(node.name);
  if (node.type === "UnaryExpression" && node.operator === "-") {
    const value = constantValue(node.argument, known);
    return typeof value === "number" ? -value : undefined;
  }
  if (node.type !== "BinaryExpression") return undefined;
  const left = constantValue(node.left, known);
  const right = constantValue(node.right, known);
  if (typeof left !== "number" || typeof right !== "number") return undefined;
  switch (node.operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "|":
      return left | right;
    case "<<":
      return left << right;
    default:
      return undefined;
  }
}

/** False for names of properties and of what is declared. */
function isReference(node: AnyNode, parent: AnyNode): boolean {
  if (parent.type === "MemberExpression") return parent.computed || parent.object === node;
  if (parent.type === "Property") return parent.value === node;
  return parent.type !== "VariableDeclarator" || parent.init === node;
}
