/**
 * What a server may ask of a device (LwM2M Core 1.1.1 §6.2-6.4, LwM2M Transport 1.1.1 §6.4): ONE table of operation <-> method,
 * legal path depths, what tells operations of one method apart, and the codes that may answer. The agent dispatches from it;
 * servers and the conformance harness judge answers by it.
 *
 * Depth 1 is an object, 2 an object instance, 3 a resource, 4 a resource instance.
 */
import * as coap from "../coap/codes.ts";
import { LINK_FORMAT, TEXT } from "../coap/content-formats.ts";
import type { Option } from "../coap/options.ts";
import { ACCEPT, CONTENT_FORMAT, OBSERVE, uintOf } from "../coap/options.ts";

export const DISCOVER = 0;
export const START_OBSERVE = 1;
export const CANCEL_OBSERVE = 2;
export const READ = 3;
export const WRITE_REPLACE = 4;
export const WRITE_ATTRIBUTES = 5;
export const CREATE = 6;
export const EXECUTE = 7;
export const WRITE_UPDATE = 8;
export const DELETE = 9;
/** The method is not for a path of this depth (4.05). */
export const NO_OPERATION = -1;

/** For people, by operation. */
export const OPERATION_NAMES: readonly string[] = [
  "Discover",
  "Observe",
  "Cancel",
  "Read",
  "Write",
  "Write-Attributes",
  "Create",
  "Execute",
  "Write-Partial",
  "Delete",
];

// What a request must show beside method and depth.
const ANY = 0;
const ACCEPTS_LINKS = 1;
const OBSERVE_0 = 2;
const OBSERVE_1 = 3;
const CONTENT = 4;
const NO_CONTENT = 5;
const ARGUMENTS = 6;

// Client errors beyond 4.00, 4.01, 4.04 and 4.05, which are legal for all: bit n for 4.n. So are all of 5.xx.
const BASIC = 0b110011;
const ACCEPT_REFUSED = 1 << 6;
const FORMAT_REFUSED = 1 << 15;
const BODY_REFUSED = (1 << 8) | (1 << 13);

const METHOD = 0;
const DEPTHS = 1;
const SIGN = 2;
const SUCCESS = 3;
const ERRORS = 4;
const COLUMNS = 5;

/** One row per operation, in the order of the constants above; the first that fits a request wins. Depths: bit d for depth d. */
// biome-ignore format: a table
const TABLE = new Uint16Array([
  coap.GET,    0b01110, ACCEPTS_LINKS, coap.CONTENT, BASIC,
  coap.GET,    0b11110, OBSERVE_0,     coap.CONTENT, BASIC | ACCEPT_REFUSED,
  coap.GET,    0b11110, OBSERVE_1,     coap.CONTENT, BASIC | ACCEPT_REFUSED,
  coap.GET,    0b11110, ANY,           coap.CONTENT, BASIC | ACCEPT_REFUSED,
  coap.PUT,    0b11100, CONTENT,       coap.CHANGED, BASIC | ACCEPT_REFUSED | BODY_REFUSED | FORMAT_REFUSED,
  coap.PUT,    0b11110, NO_CONTENT,    coap.CHANGED, BASIC,
  coap.POST,   0b00010, ANY,           coap.CREATED, BASIC | ACCEPT_REFUSED | BODY_REFUSED | FORMAT_REFUSED,
  coap.POST,   0b01000, ARGUMENTS,     coap.CHANGED, BASIC | BODY_REFUSED,
  coap.POST,   0b01100, CONTENT,       coap.CHANGED, BASIC | ACCEPT_REFUSED | BODY_REFUSED | FORMAT_REFUSED,
  coap.DELETE, 0b10100, ANY,           coap.DELETED, BASIC,
]);

const ABSENT = -1;

/** The operation that a request on a path of this depth asks for, or NO_OPERATION. */
export function operationOf(
  method: number,
  depth: number,
  options: readonly Option[],
  payload: Uint8Array,
): number {
  const format = uintOf(options, CONTENT_FORMAT, ABSENT);
  const hasContent = format !== ABSENT || payload.length > 0;
  for (let row = 0; row < TABLE.length; row += COLUMNS) {
    if (TABLE[row + METHOD] !== method || (TABLE[row + DEPTHS] & (1 << depth)) === 0) continue;
    const sign = TABLE[row + SIGN];
    if (
      sign === ANY ||
      (sign === ACCEPTS_LINKS && uintOf(options, ACCEPT, ABSENT) === LINK_FORMAT) ||
      (sign === OBSERVE_0 && uintOf(options, OBSERVE, ABSENT) === 0) ||
      (sign === OBSERVE_1 && uintOf(options, OBSERVE, ABSENT) === 1) ||
      (sign === CONTENT && hasContent) ||
      (sign === NO_CONTENT && !hasContent) ||
      (sign === ARGUMENTS && (format === ABSENT || format === TEXT))
    ) {
      return row / COLUMNS;
    }
  }
  return NO_OPERATION;
}

/** True when the table allows this code as the answer to an operation; 2.31 answers all blocks of a body but the last. */
export function isLegalAnswer(operation: number, code: number): boolean {
  const row = operation * COLUMNS;
  const codeClass = code >> 5;
  if (codeClass === 5 || code === TABLE[row + SUCCESS]) return true;
  if (code === coap.CONTINUE) return (TABLE[row + ERRORS] & BODY_REFUSED) !== 0;
  return codeClass === 4 && (code & 31) < 16 && ((TABLE[row + ERRORS] >> (code & 31)) & 1) === 1;
}
