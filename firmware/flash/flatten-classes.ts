/**
 * Classes without the function that TypeScript puts around each of them.
 *
 *     var Body = (function () { function Body2(limit) {…} Body2.prototype.whole = function () {…}; return Body2; })();
 *
 * becomes
 *
 *     function Body(limit) {…} Body.prototype = { whole: function () {…} };
 *
 * and a class with a base
 *
 *     function Body(limit) {…} __extends(Body, Part, { whole: function () {…} });
 *
 * A board keeps with each function the list of the scopes around it; one scope is kept as it is, of two a list is made for every
 * function, which is 3 variables for each method of a program. And one literal is shorter than many assignments.
 */
import { type AnyNode, type FunctionExpression, parse } from "acorn";
import { children } from "./board-faults.ts";

/** Flattens the classes among the outermost statements of a program in ES5; all other text stays. */
export function flattenClasses(code: string): string {
  const program = parse(code, { ecmaVersion: 5 });
  let flat = "";
  let copied = 0;
  for (const statement of program.body) {
    const found = classOf(statement);
    if (found === undefined) continue;
    const { name, parts, names, base } = found;
    const textOf = (node: AnyNode): string => renamed(code, node, names);
    const methods: string[] = [];
    const others: string[] = [];
    for (const part of parts) {
      const method = methodOf(part);
      if (method === undefined) others.push(textOf(part));
      else methods.push(`${method.name}: ${withoutThis(textOf(method.value))}`);
    }
    const literal = `{ ${methods.join(", ")} }`;
    const own = methods.length === 0 ? "" : `${name}.prototype = ${literal};`;
    const prototype = base === undefined ? own : `__extends(${name}, ${base}, ${literal});`;
    // The constructor comes first, and what is beside the methods may need them.
    flat += `${code.slice(copied, statement.start)}${others[0]} ${prototype}`;
    flat += others.slice(1).join(" ");
    copied = statement.end;
  }
  return flat + code.slice(copied);
}

/** From so many on, a variable for `this` makes a function shorter. */
const MANY = 4;
const SELF = "self$";

/** A function in which a variable, whose name will be one letter, stands for `this`. */
function withoutThis(text: string): string {
  const program = parse(`(${text})`, { ecmaVersion: 5 }) as AnyNode;
  const places: number[] = [];
  let depth = 0;
  const visit = (node: AnyNode): void => {
    const isFunction = node.type === "FunctionExpression" || node.type === "FunctionDeclaration";
    if (isFunction) depth++;
    // What a function inside calls `this` is another.
    if (node.type === "ThisExpression" && depth === 1) places.push(node.start - 1);
    for (const child of children(node)) visit(child);
    if (isFunction) depth--;
  };
  visit(program);
  if (places.length < MANY) return text;
  const body = text.indexOf("{") + 1;
  let short = `${text.slice(0, body)} var ${SELF} = this;`;
  let copied = body;
  for (const place of places) {
    short += text.slice(copied, place) + SELF;
    copied = place + "this".length;
  }
  return short + text.slice(copied);
}

/** The text of a node, with what a class and its base are called inside replaced by what they are called outside. */
function renamed(code: string, node: AnyNode, names: ReadonlyMap<string, string>): string {
  let text = "";
  let copied = node.start;
  const visit = (part: AnyNode, parent: AnyNode): void => {
    const isKey =
      (parent.type === "MemberExpression" && parent.property === part && !parent.computed) ||
      (parent.type === "Property" && parent.key === part);
    const name = part.type === "Identifier" && !isKey ? names.get(part.name) : undefined;
    if (name !== undefined) {
      text += code.slice(copied, part.start) + name;
      copied = part.end;
    }
    for (const child of children(part)) visit(child, part);
  };
  visit(node, node);
  return text + code.slice(copied, node.end);
}

interface WrappedClass {
  /** What the class is called outside. */
  readonly name: string;
  /** What its base is called outside, where it has one. */
  readonly base: string | undefined;
  /** The constructor, then what makes it a class. */
  readonly parts: readonly AnyNode[];
  /** From what is said inside to what is said outside. */
  readonly names: ReadonlyMap<string, string>;
}

/** The class that a statement defines, if it does nothing else. */
function classOf(statement: AnyNode): WrappedClass | undefined {
  if (statement.type !== "VariableDeclaration" || statement.declarations.length !== 1) return;
  const [{ id, init }] = statement.declarations;
  if (id.type !== "Identifier" || init?.type !== "CallExpression") return;
  const wrapper = init.callee;
  if (wrapper.type !== "FunctionExpression") return;
  const body = wrapper.body.body;
  const last = body[body.length - 1];
  if (last?.type !== "ReturnStatement" || last.argument?.type !== "Identifier") return;
  const inner = last.argument.name;
  const names = new Map([[inner, id.name]]);
  const extension = extensionOf(wrapper, init.arguments as AnyNode[]);
  if (extension === undefined) return;
  if (extension.base !== undefined) names.set(extension.inside, extension.base);
  const parts = body.slice(extension.base === undefined ? 0 : 1, -1);
  if (parts[0]?.type !== "FunctionDeclaration") return;
  const isClass = parts.every(
    (part) =>
      (part.type === "FunctionDeclaration" && part.id.name === inner) || isMemberOf(inner, part),
  );
  return isClass ? { name: id.name, base: extension.base, parts, names } : undefined;
}

/**
 * What the wrapper of a class takes as its base: nothing, or one name that its first statement, `__extends(Body2, _super);`, extends.
 * Undefined for any other function.
 */
function extensionOf(
  wrapper: FunctionExpression,
  given: readonly AnyNode[],
): { inside: string; base: string | undefined } | undefined {
  const [inside] = wrapper.params;
  const [base] = given;
  if (inside === undefined && base === undefined) return { inside: "", base: undefined };
  if (wrapper.params.length !== 1 || given.length !== 1) return undefined;
  if (inside.type !== "Identifier" || base.type !== "Identifier") return undefined;
  const [first] = wrapper.body.body;
  const call = first?.type === "ExpressionStatement" ? first.expression : undefined;
  const isExtension =
    call?.type === "CallExpression" &&
    call.callee.type === "Identifier" &&
    call.callee.name === "__extends";
  return isExtension ? { inside: inside.name, base: base.name } : undefined;
}

/** The method that `Body2.prototype.whole = function () {…};` defines. */
function methodOf(statement: AnyNode): { name: string; value: AnyNode } | undefined {
  if (statement.type !== "ExpressionStatement") return undefined;
  const { expression } = statement;
  if (expression.type !== "AssignmentExpression") return undefined;
  const { left, right } = expression;
  if (left.type !== "MemberExpression" || left.computed || left.property.type !== "Identifier") {
    return undefined;
  }
  const isMethod = left.object.type === "MemberExpression" && right.type === "FunctionExpression";
  return isMethod ? { name: left.property.name, value: right } : undefined;
}

/** `Body2.prototype.whole = …;`, `Body2.LIMIT = …;` or `Object.defineProperty(Body2.prototype, …);` */
function isMemberOf(name: string, statement: AnyNode): boolean {
  if (statement.type !== "ExpressionStatement") return false;
  const { expression } = statement;
  let target: AnyNode = expression;
  if (expression.type === "AssignmentExpression") target = expression.left;
  else if (expression.type === "CallExpression" && expression.arguments.length > 0) {
    target = expression.arguments[0];
  }
  while (target.type === "MemberExpression") target = target.object;
  return target.type === "Identifier" && target.name === name;
}
