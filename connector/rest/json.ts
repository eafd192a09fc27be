/** Reading JSON that strangers send: bounded in depth, and without the member names that reach into JavaScript's objects. */

/** Why a text was not taken, as a sentence for its sender. */
export interface JsonRefusal {
  readonly refusal: string;
}

export interface ParsedJson {
  readonly value: unknown;
}

const DEEPEST = 32;
const FORBIDDEN_MEMBERS = new Set(["__proto__", "constructor", "prototype"]);

/** Parses a JSON text (RFC 8259). */
export function parseJson(text: string): ParsedJson | JsonRefusal {
  // Before JSON.parse: it takes a million brackets, and whatever walks its result afterwards overflows the stack.
  if (depthOf(text) > DEEPEST) return { refusal: `The JSON is nested deeper than ${DEEPEST}.` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { refusal: "The body is not valid JSON." };
  }
  return hasForbiddenMember(value)
    ? { refusal: "The JSON has a member name that is not allowed." }
    : { value };
}

export function isJsonRefusal(parsed: ParsedJson | JsonRefusal): parsed is JsonRefusal {
  return "refusal" in parsed;
}

/** The deepest nesting of brackets outside strings. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (isString) {
      if (character === "\\") i++;
      else if (character === '"') isString = false;
    } else if (character === '"') {
      isString = true;
    } else if (character === "[" || character === "{") {
      depth++;
      if (depth > deepest) deepest = depth;
    } else if (character === "]" || character === "}") {
      depth--;
    }
  }
  return deepest;
}

function hasForbiddenMember(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(hasForbiddenMember);
  for (const [name, member] of Object.entries(value)) {
    if (FORBIDDEN_MEMBERS.has(name) || hasForbiddenMember(member)) return true;
  }
  return false;
}
