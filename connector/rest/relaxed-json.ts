/**
 * JSON with line ends inside its strings, which JSON does not allow (RFC 8259 §7) and which the sample of mbed Device Connector for
 * certificates has nevertheless: people paste a PEM into the quotes as it is. For that route alone.
 *
 * As little else is let through as can be: a member that is there twice is refused, where JSON.parse would take the last one.
 */
import { type JsonRefusal, type ParsedJson, parseJson } from "./json.ts";

const ESCAPED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Parses a JSON text whose strings may hold LF, CR and TAB as they are. */
export function parseRelaxedJson(text: string): ParsedJson | JsonRefusal {
  let strict = "";
  const members = new Set<string>();
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    const character = text[at];
    if (character !== '"') {
      if (character === "{" || character === "[") depth++;
      else if (character === "}" || character === "]") depth--;
      strict += character;
      at++;
      continue;
    }
    const end = stringEnd(text, at);
    const string = escaped(text.slice(at, end));
    strict += string;
    at = end;
    if (depth !== 1 || !isMemberName(text, end)) continue;
    // By what it says, not by how it is written: "domain" is "d\u006fmain" too.
    const name = parseJson(string);
    const written = "value" in name ? String(name.value) : string;
    if (members.has(written)) return { refusal: "The JSON has a member twice." };
    members.add(written);
  }
  return parseJson(strict);
}

/** Behind the closing quote of the string that begins at `at`; the end of the text when there is none. */
function stringEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

function escaped(string: string): string {
  let result = "";
  for (const character of string) result += ESCAPED[character] ?? character;
  return result;
}

/** Whether a colon follows. */
function isMemberName(text: string, end: number): boolean {
  for (let i = end; i < text.length; i++) {
    if (text[i] === ":") return true;
    if (!" \n\r\t".includes(text[i])) return false;
  }
  return false;
}
