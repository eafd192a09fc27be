/**
 * Faults without words: `malformed("coap/option-truncated", start, "RFC 7252 §3.1")` becomes `malformed("", start)`. Where the application
 * does not read them nobody does, and they are a fortieth of a board's program.
 */
import { type AnyNode, parse } from "acorn";
import { eachNode } from "./board-faults.ts";

/** The names that an application would read them by. */
export const FAULT_NAMES: readonly string[] = ["fault", "source"];

/** Takes the words from all calls of `malformed` in a program in ES5. */
export function silenceFaults(code: string): string {
  let silent = "";
  let copied = 0;
  eachNode(parse(code, { ecmaVersion: 5 }) as AnyNode, (node) => {
    if (node.type !== "CallExpression" || node.callee.type !== "Identifier") return;
    const [fault, at, source] = node.arguments;
    if (node.callee.name !== "malformed" || fault?.type !== "Literal" || source === undefined) {
      return;
    }
    silent += `${code.slice(copied, fault.start)}"", ${code.slice(at.start, at.end)}`;
    copied = source.end;
  });
  return silent + code.slice(copied);
}
