/**
 * application/link-format (40): lists of links with attributes (RFC 6690 §2), as registrations and
 * Discover carry them.
 *
 *   </3/0>;ver=1.1,</led/1/state>;rt="5850";obs
 *
 * Read liberally: blanks around separators, quotes or none around any value, unknown and repeated
 * attributes. Within quotes a backslash escapes the next character, commas and semicolons separate
 * nothing.
 */
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";

export interface Link {
  /** What stands between the angle brackets. */
  uri: string;
  attributes: LinkAttribute[];
}

export interface LinkAttribute {
  name: string;
  /** Without quotes and escapes; undefined for an attribute without "=". */
  value: string | undefined;
}

/** Characters; a longer list is a fault. */
export const MAX_LINK_TEXT = 65536;
export const MAX_LINKS = 1000;
const MAX_ATTRIBUTES = 32;

const SOURCE = "RFC 6690 §2";

const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const SEMICOLON = 59;
const LESS = 60;
const EQUALS = 61;
const BACKSLASH = 92;

/** Reads a list of links; the empty text is the empty list. */
export function decodeLinks(text: string): Link[] | Malformed {
  const links: Link[] = [];
  const length = text.length;
  if (length > MAX_LINK_TEXT) return malformed("coap/link-format-too-long", length, SOURCE);
  let at = skipBlanks(text, 0);
  while (at < length) {
    if (text.charCodeAt(at) !== LESS) return malformed("coap/link-without-uri", at, SOURCE);
    const close = text.indexOf(">", at);
    if (close < 0) return malformed("coap/link-uri-open", at, SOURCE);
    if (links.length === MAX_LINKS) return malformed("coap/link-format-too-many", at, SOURCE);
    const link: Link = { uri: text.slice(at + 1, close), attributes: [] };
    links.push(link);
    at = skipBlanks(text, close + 1);
    while (text.charCodeAt(at) === SEMICOLON) {
      at = decodeAttribute(text, skipBlanks(text, at + 1), link.attributes);
      if (at < 0) return malformed("coap/link-attribute", -at - 1, SOURCE);
      at = skipBlanks(text, at);
    }
    if (at < length) {
      if (text.charCodeAt(at) !== COMMA) return malformed("coap/link-separator", at, SOURCE);
      at = skipBlanks(text, at + 1);
      if (at === length) return malformed("coap/link-missing", at, SOURCE);
    }
  }
  return links;
}

/**
 * Reads one attribute that starts at `start` onto `attributes`; where it ends, or -1 - index of the
 * fault.
 */
function decodeAttribute(text: string, start: number, attributes: LinkAttribute[]): number {
  let at = endOfToken(text, start, EQUALS);
  if (at === start || attributes.length === MAX_ATTRIBUTES) return -1 - at;
  const attribute: LinkAttribute = { name: text.slice(start, at), value: undefined };
  attributes.push(attribute);
  if (text.charCodeAt(at) !== EQUALS) return at;
  at++;
  if (text.charCodeAt(at) === QUOTE) {
    const end = closingQuote(text, at + 1);
    if (end < 0) return -1 - at;
    const quoted = text.slice(at + 1, end);
    attribute.value = quoted.indexOf("\\") < 0 ? quoted : unescapeQuoted(quoted);
    return end + 1;
  }
  const end = endOfToken(text, at, 0);
  attribute.value = text.slice(at, end);
  return end;
}

/**
 * Index of the first character from `from` on that cannot stand in a token (RFC 6690 §2 ptoken), or
 * is `stop`.
 */
function endOfToken(text: string, from: number, stop: number): number {
  let at = from;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (unit <= SPACE || unit === QUOTE || unit === COMMA || unit === SEMICOLON) break;
    if (unit === BACKSLASH || unit === stop) break;
    at++;
  }
  return at;
}

/** Index of the first quote from `from` on that no backslash escapes, or -1. */
function closingQuote(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) return i;
    if (unit === BACKSLASH) i++;
  }
  return -1;
}

function unescapeQuoted(quoted: string): string {
  let text = "";
  for (let i = 0; i < quoted.length; i++) {
    if (quoted.charCodeAt(i) === BACKSLASH) i++;
    text += quoted.charAt(i);
  }
  return text;
}

/** Index of the first character from `from` on that is no space, tab or line end. */
function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (unit !== SPACE && unit !== 9 && unit !== 10 && unit !== 13) break;
    at++;
  }
  return at;
}

/**
 * Writes links. Values are quoted unless they are numbers; `rt` and `if` always are, as peers
 * expect them.
 */
export function encodeLinks(links: readonly Link[]): string {
  let text = "";
  for (let i = 0; i < links.length; i++) {
    const link = links[i];
    const uri = link.uri.indexOf(">") < 0 ? link.uri : link.uri.split(">").join("%3E");
    text += i === 0 ? `<${uri}>` : `,<${uri}>`;
    for (let k = 0; k < link.attributes.length; k++) {
      text += linkAttribute(link.attributes[k].name, link.attributes[k].value);
    }
  }
  return text;
}

/** Writes one attribute with the semicolon before it, quoted as in `encodeLinks`. */
export function linkAttribute(name: string, value: string | undefined): string {
  if (value === undefined) return `;${name}`;
  const isBare = name !== "rt" && name !== "if" && isNumeric(value);
  return isBare ? `;${name}=${value}` : `;${name}="${escapeQuoted(value)}"`;
}

/** True for digits with signs and points among them, which need no quotes: numbers, versions. */
function isNumeric(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if ((unit < 48 || unit > 57) && unit !== 43 && unit !== 45 && unit !== 46) return false;
  }
  return value.length > 0;
}

function escapeQuoted(value: string): string {
  if (value.indexOf('"') < 0 && value.indexOf("\\") < 0) return value;
  let text = "";
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit === QUOTE || unit === BACKSLASH) text += "\\";
    text += value.charAt(i);
  }
  return text;
}

/**
 * The value of a link's first attribute of this name, "" for one without value, undefined when
 * there is none.
 */
export function attributeOf(link: Link, name: string): string | undefined {
  const attributes = link.attributes;
  for (let i = 0; i < attributes.length; i++) {
    if (attributes[i].name === name) return attributes[i].value || "";
  }
  return undefined;
}
