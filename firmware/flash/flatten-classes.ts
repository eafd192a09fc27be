/**
 * Classes without the function that TypeScript puts around each of them.
 *
 *     var Body = (function () { function Body2(limit) {…} Body2.prototype.whole = function () {…}; return Body2; })();
 *
 * becomes the three statements in a row. A board keeps with each function the list of the scopes around it; one scope is kept as it
 * is, of two a list is made for every function, which is 3 variables for each method of a program.
 */
import { type AnyNode, type FunctionExpression, parse } from "acorn";

/** Flattens the classes among the outermost statements of a program in ES5; all other text stays. */
export function flattenClasses(code: string): string {
  const program = parse(code, { ecmaVersion: 5 });
  let flat = "";
  let copied = 0;
  for (const statement of program.body) {
    const found = classOf(statement);
    if (found === undefined) continue;
    const { name, wrapper, inner } = found;
    const body = wrapper.body.body;
    const last = body[body.length - 1];
    flat += code.slice(copied, statement.start);
    flat += code.slice(wrapper.body.start + 1, last.start);
    flat += `var ${name} = ${inner};`;
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
  const isClass = body.every(
    (part) =>
      part === last ||
      (part.type === "FunctionDeclaration" && part.id.name === inner) ||
      isMemberOf(inner, part),
  );
  return isClass ? { name: id.name, inner, wrapper } : undefined;
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
