/**
 * The arguments of an Execute, as its text payload (LwM2M Core 1.2.2 §6.3.5).
 *
 *     arglist = arg *( "," arg )      arg = DIGIT / DIGIT "=" "'" *CHAR "'"
 *
 *     5       2='10.3'       7,0='https://www.omaspecworks.org'
 */
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";

export interface ExecuteArgument {
  /** 0..9, each at most once. */
  readonly digit: number;
  /** Undefined for a digit alone, which is not the same as an empty value. */
  readonly value: string | undefined;
}

const SOURCE = "LwM2M Core 1.2.2 §6.3.5";

const SPACE = 32;
const DOUBLE_QUOTE = 34;
const QUOTE = 39;
const COMMA = 44;
const EQUALS = 61;
const BACKSLASH = 92;
const TILDE = 126;

/** Reads arguments; the empty text has none. Blanks in values, which the grammar lacks, are taken. */
export function parseArguments(text: string): ExecuteArgument[] | Malformed {
  const list: ExecuteArgument[] = [];
  let seen = 0;
  let at = 0;
  while (at < text.length) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return malformed("lwm2m/argument-digit", at, SOURCE);
    if (((seen >> digit) & 1) === 1) return malformed("lwm2m/argument-repeated", at, SOURCE);
    seen |= 1 << digit;
    at++;
    let value: string | undefined;
    if (text.charCodeAt(at) === EQUALS) {
      const end = endOfValue(text, at + 1);
      if (end < 0) return malformed("lwm2m/argument-value", at, SOURCE);
      value = text.substring(at + 2, end);
      at = end + 1;
    }
    list.push({ digit: digit, value: value });
    if (at === text.length) return list;
    if (text.charCodeAt(at) !== COMMA || at + 1 === text.length) {
      return malformed("lwm2m/argument-separator", at, SOURCE);
    }
    at++;
  }
  return list;
}

/** Index of the quote that ends the value which begins with one at `from`; -1 when it is not so. */
function endOfValue(text: string, from: number): number {
  if (text.charCodeAt(from) !== QUOTE) return -1;
  for (let i = from + 1; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) return i;
    if (!isPlain(unit)) return -1;
  }
  return -1;
}

function isPlain(unit: number): boolean {
  return unit >= SPACE && unit <= TILDE && unit !== DOUBLE_QUOTE && unit !== BACKSLASH;
}

/**
 * Writes arguments; undefined when a value has characters that no value may have: quotes, a
 * backslash, or others than printable ASCII; or when a digit is none, or there twice.
 */
export function formatArguments(list: readonly ExecuteArgument[]): string | undefined {
  let text = "";
  let seen = 0;
  for (let i = 0; i < list.length; i++) {
    const digit = list[i].digit;
    const value = list[i].value;
    if (!(digit >= 0 && digit <= 9 && Math.floor(digit) === digit)) return undefined;
    if (((seen >> digit) & 1) === 1) return undefined;
    seen |= 1 << digit;
    text += `${i === 0 ? "" : ","}${digit}`;
    if (value === undefined) continue;
    for (let k = 0; k < value.length; k++) {
      const unit = value.charCodeAt(k);
      if (!isPlain(unit) || unit === QUOTE) return undefined;
    }
    text += `='${value}'`;
  }
  return text;
}
