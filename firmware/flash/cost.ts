/** What a bundle costs a board, judged from its text. The interpreter measures it; this estimates it where none is at hand. */
import { type AnyNode, type Function as FunctionNode, parse } from "acorn";
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
 * What the interpreter keeps for a value, in variables of 13 bytes: within 3 % of what Espruino 2v29 (32-bit, 5,000 variables) uses
 * after loading the CoAP endpoint or the agent, within 9 % for the codecs. The text itself stays in flash.
 */
const PER_NAME = 1;
/** The function, where its text is (2), and the scope that it was made in. */
const PER_FUNCTION = 4;
const PER_PARAMETER = 1;
const PER_TEXT = 2;
const PER_OBJECT = 1;
/** With its name; made when a function is first used as a class. */
const PER_PROTOTYPE = 3;
/** Anything that is made by a call, such as a typed array, whose numbers it holds beside. */
const PER_RESULT = 5;
const PER_ELEMENT = 0.2;
/** Characters that fit into a name itself, and into each variable that continues it. */
const SHORT_NAME = 4;
const NAME_PART = 8;

/** Judges a bundle: one function, called where it stands, around the program. */
export function costOf(code: string): BoardCost {
  const program = parse(code, { ecmaVersion: 5 }) as AnyNode;
  let functions = 0;
  let outermost: FunctionNode | undefined;
  eachNode(program, (node) => {
    if (node.type !== "FunctionDeclaration" && node.type !== "FunctionExpression") return;
    functions++;
    outermost ??= node;
  });
  const body = outermost === undefined ? program : (outermost.body as AnyNode);
  const classes = new Set<string>();
  for (const node of children(body)) {
    const name = className(node);
    if (name !== undefined) classes.add(name);
  }
  const estimated = costOfPart(body) + PER_PROTOTYPE * classes.size;
  return { functions, estimatedVariables: Math.round(estimated) };
}

/** Which class a statement `Name.prototype.method = …` belongs to. */
function className(statement: AnyNode): string | undefined {
  if (statement.type !== "ExpressionStatement") return undefined;
  const { expression } = statement;
  if (expression.type !== "AssignmentExpression") return undefined;
  const { left } = expression;
  if (left.type !== "MemberExpression" || left.object.type !== "MemberExpression") return undefined;
  const { object } = left.object;
  return object.type === "Identifier" ? object.name : undefined;
}

/** What a part of a program keeps when it has run once. What is inside of functions comes and goes with their calls. */
function costOfPart(node: AnyNode): number {
  switch (node.type) {
    case "FunctionDeclaration":
      return costOfName(node.id?.name ?? "") + costOfValue(node);
    case "VariableDeclarator":
      return node.id.type === "Identifier" ? costOfName(node.id.name) + costOfValue(node.init) : 0;
    case "AssignmentExpression":
      return node.left.type === "MemberExpression"
        ? costOfKey(node.left.property) + costOfValue(node.right)
        : costOfValue(node.right);
    case "FunctionExpression":
      return 0;
    // The methods that `__extends` is given.
    case "ObjectExpression":
      return costOfValue(node);
    default:
      return children(node).reduce((sum, child) => sum + costOfPart(child), 0);
  }
}

function costOfValue(node: AnyNode | null | undefined): number {
  switch (node?.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
      return PER_FUNCTION + PER_PARAMETER * node.params.length;
    case "Literal":
      return typeof node.value === "string" ? PER_TEXT : 0;
    case "ArrayExpression":
      return node.elements.reduce(
        (sum, element) => sum + PER_NAME + costOfValue(element),
        PER_OBJECT,
      );
    case "ObjectExpression":
      return node.properties.reduce(
        (sum, property) =>
          property.type === "Property"
            ? sum + costOfKey(property.key) + costOfValue(property.value)
            : sum,
        PER_OBJECT,
      );
    case "CallExpression":
    case "NewExpression": {
      const [given] = node.arguments;
      return (
        PER_RESULT + (given?.type === "ArrayExpression" ? PER_ELEMENT * given.elements.length : 0)
      );
    }
    default:
      return 0;
  }
}

function costOfKey(key: AnyNode): number {
  return key.type === "Identifier" ? costOfName(key.name) : PER_NAME;
}

function costOfName(name: string): number {
  return PER_NAME + Math.ceil(Math.max(0, name.length - SHORT_NAME) / NAME_PART);
}
