/**
 * Syntax that the board's pipeline (TypeScript to ES5, esbuild, terser) does not turn into something that Espruino runs right. What a board
 * lacks in types and globals is the business of `espruino.lib.d.ts`.
 */
import ts from "typescript";

/** Something that a board would not run, or run wrong, at its place in a file. */
export interface SyntaxFault {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

/** Subclassing these is broken on a board: `instanceof` is false, or `super()` fails. */
const NOT_EXTENDABLE = ["Error", "TypeError", "SyntaxError", "Array", "Function", "Promise"];

/** Words that Espruino reserves and TypeScript does not. */
const RESERVED = ["of", "static"];

/** What a board would not run of a file, or run wrong. The file's nodes must know their parents. */
export function syntaxFaults(file: ts.SourceFile): SyntaxFault[] {
  return faultsOf(file, refused);
}

/** What runs, and takes a function of a board where less would do. */
export function syntaxCosts(file: ts.SourceFile): SyntaxFault[] {
  return faultsOf(file, costly);
}

/** In the order of the file. */
function faultsOf(
  file: ts.SourceFile,
  judge: (node: ts.Node) => string | undefined,
): SyntaxFault[] {
  const faults: SyntaxFault[] = [];
  const visit = (node: ts.Node): void => {
    const message = judge(node);
    if (message !== undefined) {
      const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file));
      faults.push({ line: line + 1, column: character + 1, message });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return faults;
}

function costly(node: ts.Node): string | undefined {
  switch (node.kind) {
    case ts.SyntaxKind.EnumDeclaration:
      return "an enum costs a function on a board: use constants";
    case ts.SyntaxKind.ModuleDeclaration:
      // `declare global` and `declare module` leave nothing behind.
      return ts.getCombinedModifierFlags(node as ts.ModuleDeclaration) & ts.ModifierFlags.Ambient
        ? undefined
        : "a namespace costs a function on a board: use a module";
    case ts.SyntaxKind.ClassStaticBlockDeclaration:
      return "a static block costs a function on a board: use a constant of the module";
    default:
      return undefined;
  }
}

/** Why a board would not run this node, judged without its children. */
function refused(node: ts.Node): string | undefined {
  switch (node.kind) {
    case ts.SyntaxKind.PrivateIdentifier:
      return "#private fields become WeakMaps: use TypeScript's `private`";
    case ts.SyntaxKind.LabeledStatement:
      return "labels are a syntax error on a board: move the loop into a function and return";
    case ts.SyntaxKind.AwaitExpression:
    case ts.SyntaxKind.AwaitKeyword:
    case ts.SyntaxKind.AsyncKeyword:
      return "async code does not run on a board: use callbacks";
    case ts.SyntaxKind.YieldExpression:
      return "generators do not run on a board";
    case ts.SyntaxKind.Decorator:
      return "decorators do not run on a board: call the function";
    case ts.SyntaxKind.TaggedTemplateExpression:
      return "tagged templates do not run on a board";
    case ts.SyntaxKind.OmittedExpression:
      return "array holes are a syntax error in code that a board skips: write `undefined`";
    case ts.SyntaxKind.BigIntLiteral:
      return "there is no BigInt on a board: use Integer64";
    case ts.SyntaxKind.AsteriskAsteriskToken:
    case ts.SyntaxKind.AsteriskAsteriskEqualsToken:
      return "`**` becomes Math.pow, which is inexact on a board: multiply";
    case ts.SyntaxKind.ImportKeyword:
      return ts.isCallExpression(node.parent)
        ? "a board has one bundle: import statically"
        : undefined;
    case ts.SyntaxKind.MetaProperty:
      return "neither new.target nor import.meta exists on a board";
    case ts.SyntaxKind.RegularExpressionLiteral:
      return refusedPattern(node.getText());
    default:
      return refusedShape(node);
  }
}

function refusedShape(node: ts.Node): string | undefined {
  if (ts.isCaseClause(node)) {
    const clauses = node.parent.clauses;
    const before = clauses.slice(0, clauses.indexOf(node));
    return before.some(ts.isDefaultClause)
      ? "a `case` after `default` is a syntax error on a board: put `default` last"
      : undefined;
  }
  if (ts.isHeritageClause(node) && node.token === ts.SyntaxKind.ExtendsKeyword) {
    return refusedBase(node);
  }
  if (
    (ts.isFunctionDeclaration(node) ||
      ts.isFunctionExpression(node) ||
      ts.isMethodDeclaration(node)) &&
    node.asteriskToken !== undefined
  ) {
    return "generators do not run on a board";
  }
  if (
    (ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node)) &&
    ts.isIdentifier(node.name) &&
    RESERVED.includes(node.name.text)
  ) {
    return `\`${node.name.text}\` is reserved on a board: choose another name`;
  }
  if (
    ts.isStringLiteralLike(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddleOrTemplateTail(node)
  ) {
    return /[^\0-\xff]/.test(node.text)
      ? "a board without unicode support keeps one byte of this character: use String.fromCharCode"
      : undefined;
  }
  return undefined;
}

function refusedBase(clause: ts.HeritageClause): string | undefined {
  if (!ts.isClassLike(clause.parent)) return undefined;
  const base = clause.types[0].expression;
  if (!ts.isIdentifier(base)) return "a class may only extend a name on a board";
  return NOT_EXTENDABLE.includes(base.text)
    ? `extending ${base.text} is broken on a board: give a plain one a \`code\` field`
    : undefined;
}

/** Espruino's expressions know literals, classes, `+ * ?` after a single item, groups and alternatives, no more. */
function refusedPattern(literal: string): string | undefined {
  const end = literal.lastIndexOf("/");
  const pattern = literal.slice(1, end);
  if (/[^gi]/.test(literal.slice(end + 1))) return "a board knows only the flags g and i";
  const bare = pattern.replace(/\\[^1-9kpPbBu]/g, "x").replace(/\[(?:[^\]/])*\]/g, "x");
  if (/\/|\[/.test(bare)) return "a slash inside a character class ends the expression on a board";
  if (/\\/.test(bare)) return "back references, \\b, \\p and \\u do not work on a board";
  if (/\{/.test(bare)) return "counts such as {2} do not work on a board: repeat the item";
  if (/\)[+*?]/.test(bare)) return "a repeated or optional group matches wrongly on a board";
  if (/[+*?]\?/.test(bare)) return "lazy repetition does not work on a board";
  if (/\(\?[^:]/.test(bare)) return "look-around and named groups do not work on a board";
  return undefined;
}
