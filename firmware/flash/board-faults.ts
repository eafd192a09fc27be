/**
 * What Espruino would refuse in a bundle, found by reading it: anything beyond ES5, the few ES5 forms that its parser lacks, and
 * code that uses a name at load before the statement that defines it has run. Espruino hoists neither functions nor variables.
 *
 * The load is followed statement by statement, into every function that is called by name or in place. Calls of methods are
 * not followed: the interpreter in `test/engine` has the last word.
 */
import { type AnyNode, type Function as FunctionNode, type Node, parse } from "acorn";

/** A function value and the scope that it was made in. */
interface Closure {
  readonly node: FunctionNode;
  readonly scope: Scope;
}

interface Scope {
  readonly parent: Scope | undefined;
  readonly names: Map<string, Name>;
  /** What the function that this scope belongs to returns, as far as it is a function. */
  returned: Closure | undefined;
}

interface Name {
  /** Its `var` or `function` statement has run. */
  declared: boolean;
  /** It has a value. */
  assigned: boolean;
  /** A class whose `prototype = {…}` has not run: an instance would have no methods. */
  lacksPrototype: boolean;
  value: Closure | undefined;
}

export interface BoardFault {
  readonly sentence: string;
  /** The index of the character in the code where it is. */
  readonly at: number;
}

/** One sentence per fault with the code around it; empty when a board would load the bundle. */
export function boardFaults(code: string): string[] {
  const told = findBoardFaults(code).map(({ sentence, at }) => `${sentence}: ${around(code, at)}`);
  return [...new Set(told)];
}

/** What a board would refuse of a bundle, in the order in which it would meet it. */
export function findBoardFaults(code: string): BoardFault[] {
  let program: AnyNode;
  try {
    program = parse(code, { ecmaVersion: 5, sourceType: "script" });
  } catch (error) {
    const at = (error as { pos?: number }).pos ?? 0;
    return [{ sentence: `not ES5: ${(error as Error).message}`, at }];
  }
  const faults: BoardFault[] = [];
  const fault = (node: Node, sentence: string) => {
    faults.push({ sentence, at: node.start });
  };
  eachNode(program, (node) => {
    const sentence = unparsable(node);
    if (sentence !== undefined) fault(node, sentence);
  });
  new Load(fault).run(program);
  return faults;
}

function around(code: string, at: number): string {
  return code.slice(Math.max(0, at - 20), at + 60).replaceAll("\n", " ");
}

/** The ES5 forms that Espruino's parser gets wrong. */
function unparsable(node: AnyNode): string | undefined {
  switch (node.type) {
    case "LabeledStatement":
      return "a label";
    case "WithStatement":
      return "`with`";
    case "ArrayExpression":
      return node.elements.includes(null) ? "an array with a hole" : undefined;
    case "SwitchStatement":
      return node.cases.slice(0, -1).some((branch) => branch.test === null)
        ? "`default` before another case"
        : undefined;
    case "ForStatement":
      return node.init != null && leftmost(node.init).type === "FunctionExpression"
        ? "a function as the first word of `for (`"
        : undefined;
    case "ExpressionStatement": {
      const first = leftmost(node.expression);
      // After `case x:` and after a block that was skipped, a board reads such a literal as "".
      return first.type === "Literal" && typeof first.value === "string"
        ? "a statement that begins with a string"
        : undefined;
    }
    case "BinaryExpression":
      return node.operator === "/" ? keywordAtEnd(node.left) : undefined;
    case "VariableDeclarator":
      return reserved(node.id);
    case "FunctionDeclaration":
    case "FunctionExpression":
      return [node.id, ...node.params].map(reserved).find((sentence) => sentence !== undefined);
    default:
      return undefined;
  }
}

/** After these a board takes `/` for the beginning of a regular expression, even where they name a property: `wait.in / 4`. */
const RESERVED_WORDS =
  "break case catch class const continue debugger default delete do else extends finally for function if in instanceof let new of " +
  "return static super switch this throw try typeof var void while";
export const KEYWORDS: readonly string[] = RESERVED_WORDS.split(" ");

/** An expression whose last word is a property named like a keyword. */
function keywordAtEnd(node: AnyNode): string | undefined {
  if (node.type === "BinaryExpression") return keywordAtEnd(node.right);
  if (node.type !== "MemberExpression" || node.computed) return undefined;
  const { property } = node;
  const isKeyword = property.type === "Identifier" && KEYWORDS.includes(property.name);
  return isKeyword ? "a division after a property named like a keyword" : undefined;
}

function reserved(name: AnyNode | null | undefined): string | undefined {
  const isReserved = name?.type === "Identifier" && (name.name === "of" || name.name === "static");
  return isReserved ? "a reserved word as a name" : undefined;
}

/** The part of an expression that its text begins with. */
function leftmost(node: AnyNode): AnyNode {
  switch (node.type) {
    case "SequenceExpression":
      return leftmost(node.expressions[0]);
    case "CallExpression":
      return leftmost(node.callee);
    case "MemberExpression":
      return leftmost(node.object);
    case "ConditionalExpression":
      return leftmost(node.test);
    case "AssignmentExpression":
    case "BinaryExpression":
    case "LogicalExpression":
      return leftmost(node.left);
    default:
      return node;
  }
}

/** Follows what a board executes while it loads a program. */
class Load {
  private readonly fault: (node: Node, sentence: string) => void;
  private readonly entered = new Set<FunctionNode>();

  constructor(fault: (node: Node, sentence: string) => void) {
    this.fault = fault;
  }

  run(program: AnyNode): void {
    const scope = newScope(undefined, program);
    this.visit(program, scope);
  }

  /** Executes a node in order; the result is what it evaluates to, as far as it is a function. */
  private visit(node: AnyNode, scope: Scope): Closure | undefined {
    switch (node.type) {
      case "FunctionDeclaration": {
        const closure: Closure = { node: node as FunctionNode, scope };
        const name = scope.names.get(node.id?.name ?? "");
        if (name !== undefined) define(name, closure);
        return undefined;
      }
      case "FunctionExpression":
        return { node, scope };
      case "VariableDeclarator": {
        const name = node.id.type === "Identifier" ? scope.names.get(node.id.name) : undefined;
        if (name !== undefined) name.declared = true;
        if (node.init == null) return undefined;
        const value = this.visit(node.init, scope);
        if (name !== undefined) define(name, value);
        return undefined;
      }
      case "AssignmentExpression":
        return this.assign(node.left, this.visit(node.right, scope), scope);
      case "Identifier":
        return this.read(node, scope, false);
      case "ForInStatement": {
        const target =
          node.left.type === "VariableDeclaration" ? node.left.declarations[0].id : node.left;
        this.visit(node.left, scope);
        this.visit(node.right, scope);
        this.assign(target, undefined, scope);
        this.visit(node.body, scope);
        return undefined;
      }
      case "UnaryExpression":
        if (node.operator === "typeof" && node.argument.type === "Identifier") return undefined;
        return this.visitChildren(node, scope);
      case "MemberExpression":
        this.use(node.object, scope);
        if (node.computed) this.visit(node.property as AnyNode, scope);
        return undefined;
      case "Property":
        this.visit(node.value, scope);
        return undefined;
      case "NewExpression":
      case "CallExpression":
        return this.call(node.callee, node.arguments, scope);
      case "ReturnStatement":
        if (node.argument != null) scope.returned = this.visit(node.argument, scope);
        return undefined;
      case "SequenceExpression": {
        let last: Closure | undefined;
        for (const expression of node.expressions) last = this.visit(expression, scope);
        return last;
      }
      case "CatchClause": {
        const inner: Scope = { parent: scope, names: new Map(), returned: undefined };
        if (node.param?.type === "Identifier") {
          inner.names.set(node.param.name, newName(true));
        }
        this.visit(node.body, inner);
        return undefined;
      }
      default:
        return this.visitChildren(node, scope);
    }
  }

  private visitChildren(node: AnyNode, scope: Scope): undefined {
    for (const child of children(node)) this.visit(child, scope);
    return undefined;
  }

  private assign(target: AnyNode, value: Closure | undefined, scope: Scope): Closure | undefined {
    if (target.type !== "Identifier") {
      const name = lookUp(classOf(target) ?? "", scope);
      if (name !== undefined) name.lacksPrototype = false;
      this.visit(target, scope);
      return value;
    }
    const name = lookUp(target.name, scope);
    if (name !== undefined) {
      if (!name.declared)
        this.fault(target, `assigns ${target.name} before its declaration has run`);
      define(name, value);
    }
    return value;
  }

  /** Visits a node whose value must be there: it is called, or a member of it is taken. */
  private use(node: AnyNode, scope: Scope): Closure | undefined {
    return node.type === "Identifier" ? this.read(node, scope, true) : this.visit(node, scope);
  }

  private read(
    node: AnyNode & { name: string },
    scope: Scope,
    needed: boolean,
  ): Closure | undefined {
    const name = lookUp(node.name, scope);
    if (name === undefined) return undefined;
    if (!name.declared || (needed && (!name.assigned || name.lacksPrototype))) {
      this.fault(node, `uses ${node.name} at load before it is defined`);
    }
    return name.value;
  }

  private call(callee: AnyNode, given: readonly AnyNode[], scope: Scope): Closure | undefined {
    const called = this.use(callee, scope);
    const inPlace = callee.type === "FunctionExpression";
    for (const argument of given) {
      const value = inPlace ? this.use(argument, scope) : this.visit(argument, scope);
      // A function given to a function is taken to be called by it.
      if (value !== undefined && argument.type === "FunctionExpression") this.enter(value);
    }
    return called === undefined ? undefined : this.enter(called);
  }

  private enter(closure: Closure): Closure | undefined {
    if (this.entered.has(closure.node)) return undefined;
    this.entered.add(closure.node);
    const scope = newScope(closure.scope, closure.node as AnyNode);
    this.visit(closure.node.body, scope);
    return scope.returned;
  }
}

function define(name: Name, value: Closure | undefined): void {
  name.declared = true;
  name.assigned = true;
  name.value = value;
}

function lookUp(name: string, scope: Scope): Name | undefined {
  for (let s: Scope | undefined = scope; s !== undefined; s = s.parent) {
    const found = s.names.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `Body` of `Body.prototype`. */
function classOf(node: AnyNode): string | undefined {
  if (node.type !== "MemberExpression" || node.object.type !== "Identifier") return undefined;
  const { property } = node;
  return property.type === "Identifier" && property.name === "prototype"
    ? node.object.name
    : undefined;
}

function newName(ready: boolean): Name {
  return { declared: ready, assigned: ready, lacksPrototype: false, value: undefined };
}

/** The names of a function or program: parameters have values, what its statements declare has none yet. */
function newScope(parent: Scope | undefined, owner: AnyNode): Scope {
  const names = new Map<string, Name>();
  const declare = (name: string, ready: boolean) => names.set(name, newName(ready));
  const collect = (node: AnyNode): void => {
    if (node.type === "FunctionDeclaration") declare(node.id?.name ?? "", false);
    if (node.type === "VariableDeclarator" && node.id.type === "Identifier") {
      declare(node.id.name, false);
    }
    if (node.type !== "FunctionDeclaration" && node.type !== "FunctionExpression") {
      for (const child of children(node)) collect(child);
    }
  };
  if (owner.type === "Program") {
    for (const statement of owner.body) collect(statement);
  }
  if (owner.type === "FunctionDeclaration" || owner.type === "FunctionExpression") {
    collect(owner.body);
    declare("arguments", true);
    if (owner.type === "FunctionExpression" && owner.id != null) declare(owner.id.name, true);
    for (const parameter of owner.params) {
      if (parameter.type === "Identifier") declare(parameter.name, true);
    }
  }
  const body = owner.type === "Program" ? owner : (owner as { body?: AnyNode }).body;
  for (const statement of body?.type === "BlockStatement" ? body.body : []) {
    if (statement.type !== "ExpressionStatement") continue;
    const { expression } = statement;
    if (expression.type !== "AssignmentExpression") continue;
    const ofClass = expression.right.type === "ObjectExpression" ? classOf(expression.left) : "";
    const name = names.get(ofClass ?? "");
    if (name !== undefined) name.lacksPrototype = true;
  }
  return { parent, names, returned: undefined };
}

/** Calls `visit` for a node and everything in it, outermost first. */
export function eachNode(node: AnyNode, visit: (node: AnyNode) => void): void {
  visit(node);
  for (const child of children(node)) eachNode(child, visit);
}

/** The nodes directly inside, in source order. */
export function children(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  for (const value of Object.values(node) as unknown[]) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item === "object" && item !== null && "type" in item) found.push(item as AnyNode);
    }
  }
  return found.sort((a, b) => a.start - b.start);
}
