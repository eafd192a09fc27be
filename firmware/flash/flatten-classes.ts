/**
 * Classes without the function that TypeScript puts around each of them.
 *
 *     var Body = (function () { function Body2(limit) {…} Body2.prototype.whole = function () {…}; return Body2; })();
 *
 * becomes
 *
 *     function Body2(limit) {…} Body2.prototype = { whole: function () {…} }; var Body = Body2;
 *
 * A board keeps with each function the list of the scopes around it; one scope is kept as it is, of two a list is made for every
 * function, which is 3 variables for each method of a program. And one literal is shorter than many assignments.
 */
import { type AnyNode, type FunctionExpression, parse } from "acorn";

/** Flattens the classes among the outermost statements of a program in ES5; all other text stays. */
export function flattenClasses(code: string): string {
  const program = parse(code, { ecmaVersion: 5 });
  const textOf = (node: AnyNode): string => code.slice(node.start, node.end);
  let flat = "";
  let copied = 0;
  for (const statement of program.body) {
    const found = classOf(statement);
    if (found === undefined) continue;
    const { name, wrapper, inner } = found;
    const methods: string[] = [];
    const others: string[] = [];
    for (const part of wrapper.body.body.slice(0, -1)) {
      const method = methodOf(part);
      if (method === undefined) others.push(textOf(part));
      else methods.push(`${method.name}: ${textOf(method.value)}`);
    }
    const prototype = methods.length === 0 ? "" : `${inner}.prototype = { ${methods.join(", ")} };`;
    // The constructor comes first, and what is beside the methods may need them.
    flat += `${code.slice(copied, statement.start)}${others[0]} ${prototype}`;
    flat += `${others.slice(1).join(" ")} var ${name} = ${inner};`;
    copied = statement.end;
  }
  return flat + code.slice(copied);
}

interface WrappedClass {
  /** What the class is called outside. */
  readonly name: string;
  /** What it is called inside. */
  readonly inner: string;
  readonly wrapper: FunctionExpression;
}

/** The class that a statement defines, if it does nothing else and extends nothing. */
function classOf(statement: AnyNode): WrappedClass | undefined {
  if (statement.type !== "VariableDeclaration" || statement.declarations.length !== 1) return;
  const [{ id, init }] = statement.declarations;
  if (id.type !== "Identifier" || init?.type !== "CallExpression") return;
  const wrapper = init.callee;
  if (wrapper.type !== "FunctionExpression" || init.arguments.length > 0) return;
  const body = wrapper.body.body;
  const last = body[body.length - 1];
  if (last?.type !== "ReturnStatement" || last.argument?.type !== "Identifier") return;
  const inner = last.argument.name;
  if (body[0].type !== "FunctionDeclaration") return;
  const isClass = body.every(
    (part) =>
      part === last ||
      (part.type === "FunctionDeclaration" && part.id.name === inner) ||
      isMemberOf(inner, part),
  );
  return isClass ? { name: id.name, inner, wrapper } : undefined;
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
