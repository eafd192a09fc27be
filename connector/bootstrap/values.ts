/**
 * Values of a bootstrap configuration: JSON as its author writes it, made what the resource's definition asks for (LwM2M Core 1.1.1
 * Appendix C), for one device.
 *
 * Texts may name the device as `{endpoint}`. Bytes are written as `{"hex"}`, `{"base64"}`, `{"text"}` or `{"pem"}`, or as `{"generate": n}`:
 * n bytes that each device has for itself.
 */
import { decodeBase64 } from "../../protocol/bytes/base64.ts";
import { decodeHex } from "../../protocol/bytes/hex.ts";
import { encodeUtf8 } from "../../protocol/bytes/utf8.ts";
import {
  BOOLEAN,
  CORELNK,
  FLOAT,
  INTEGER,
  isValueOf,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  UNSIGNED,
  type Value,
} from "../../protocol/model/data-types.ts";
import { parseInteger } from "../../protocol/model/decimal.ts";
import { parseObjectLink } from "../../protocol/model/object-link.ts";
import { formatPath, type Path } from "../../protocol/model/path.ts";
import { refusal } from "../access/domains.ts";
import { LONGEST_GENERATED } from "./document.ts";

/** What values need to know of the device that they are for. */
export interface Filling {
  readonly endpointName: string;
  /** Bytes that this device has for itself at this place: the same each time. */
  generate(place: string, length: number, version: number): Uint8Array;
  /** The JSON that was sealed at this place; undefined when it cannot be opened. */
  unseal(place: string, sealed: string): unknown;
}

/** Bytes; longer values do not fit what a device takes in bootstrap. */
const LONGEST_VALUE = 16_384;

/** What a JSON value must be for each type, for people. */
const FORMS: ReadonlyMap<number, string> = new Map([
  [STRING, "a string"],
  [CORELNK, "a string of links"],
  [INTEGER, "a whole number, or a string of its digits"],
  [UNSIGNED, "a whole number that is not negative, or a string of its digits"],
  [TIME, "a whole number of seconds since 1970"],
  [FLOAT, "a number"],
  [BOOLEAN, "true or false"],
  [OBJLNK, 'a string of two ids, as "21:0"'],
  [
    OPAQUE,
    'bytes: {"hex": "00ff"}, {"base64": "AP8="}, {"text": "..."}, {"pem": "-----BEGIN ..."} or {"generate": 16}',
  ],
]);

/**
 * Reads the value of a resource or a resource instance.
 *
 * @param type of its definition
 * @throws Error with code `access/bad-value` that names the path and what was expected
 */
export function readValue(type: number, json: unknown, path: Path, filling: Filling): Value {
  const at = formatPath(path);
  const sealed = sealedIn(json);
  if (sealed !== undefined) return readValue(type, filling.unseal(at, sealed), path, filling);
  const value =
    type === OPAQUE ? bytesOf(json, at, filling) : plainValue(type, json, at, filling.endpointName);
  if (value === undefined || !isValueOf(type, value)) throw bad(at, `expected ${FORMS.get(type)}`);
  if (value instanceof Uint8Array || typeof value === "string") {
    if (value.length > LONGEST_VALUE) throw bad(at, `expected at most ${LONGEST_VALUE} bytes`);
  }
  return value;
}

/** The text of a sealed value. */
export function sealedIn(json: unknown): string | undefined {
  if (typeof json !== "object" || json === null || !("sealed" in json)) return undefined;
  return typeof json.sealed === "string" ? json.sealed : undefined;
}

function plainValue(type: number, json: unknown, at: string, name: string): Value | undefined {
  switch (type) {
    case STRING:
    case CORELNK:
      return typeof json === "string" ? fill(json, at, name) : undefined;
    case INTEGER:
    case UNSIGNED:
    case TIME:
      if (typeof json === "string") return parseInteger(json, type === UNSIGNED);
      return typeof json === "number" ? json : undefined;
    case FLOAT:
      return typeof json === "number" ? json : undefined;
    case BOOLEAN:
      return typeof json === "boolean" ? json : undefined;
    case OBJLNK:
      return typeof json === "string" ? parseObjectLink(json) : undefined;
    default:
      return undefined;
  }
}

function bytesOf(json: unknown, at: string, filling: Filling): Uint8Array | undefined {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  const form = json as Readonly<Record<string, unknown>>;
  const names = Object.keys(form);
  if (names.includes("secret")) {
    throw bad(at, "there is no secret here to keep; expected the value itself");
  }
  if (names[0] === "generate") {
    const { generate: length, version = 0, ...more } = form;
    if (!isCount(length, 1, LONGEST_GENERATED) || !isCount(version, 0, 1e9) || hasAny(more)) {
      throw bad(at, `expected {"generate": 1 to ${LONGEST_GENERATED}, "version": 0 to 1000000000}`);
    }
    return filling.generate(at, length, version);
  }
  const text = names.length === 1 ? form[names[0]] : undefined;
  if (typeof text !== "string") return undefined;
  switch (names[0]) {
    case "hex":
      return decodeHex(text);
    case "base64":
      return decodeBase64(text);
    case "text":
      return encodeUtf8(fill(text, at, filling.endpointName));
    case "pem":
      return decodePem(text);
    default:
      return undefined;
  }
}

/** The first block of a PEM text (RFC 7468). */
function decodePem(text: string): Uint8Array | undefined {
  const block = /-----BEGIN [A-Z0-9 ]+-----([A-Za-z0-9+/=\s]+)-----END [A-Z0-9 ]+-----/.exec(text);
  return block === null ? undefined : decodeBase64(block[1].replace(/\s/g, ""));
}

/** A text with the device's name where it says `{endpoint}`. @throws Error with code `access/bad-value` for any other name in braces */
export function fill(text: string, at: string, endpointName: string): string {
  return text.replace(/\{([^{}]*)\}/g, (_whole, name: string) => {
    // What stands in the braces is not repeated: the text may be a secret.
    if (name !== "endpoint") throw bad(at, "a name in braces is not known; expected {endpoint}");
    return endpointName;
  });
}

function isCount(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function hasAny(members: object): boolean {
  return Object.keys(members).length > 0;
}

export function bad(at: string, what: string): Error {
  return refusal("access/bad-value", `${at}: ${what}.`);
}
