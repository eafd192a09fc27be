/**
 * What a client answers at each level of its tree, by method (LwM2M Transport 1.2.2 §6.4.4, §6.7): the operations where there are some,
 * refusals everywhere else. Where the standard leaves a choice, all that can be defended is listed.
 *
 * 4.05 is for what is there and does not have the operation, and for paths that break the rules of LwM2M Core 1.2.2 §7.4; 4.04 for what
 * is not there; 4.00 for what cannot be understood. All rows but those of success leave the client as it was, and these nearly so.
 */
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  DELETE,
  FETCH,
  GET,
  IPATCH,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  NOT_FOUND,
  PATCH,
  POST,
  PUT,
  UNAUTHORIZED,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import type { Version } from "../case.ts";

export type Level = "root" | "object" | "instance" | "resource" | "resource-instance" | "deeper";

export interface PathRow {
  readonly level: Level;
  /** What the server asks, in the words of LwM2M or CoAP. */
  readonly asks: string;
  readonly method: number;
  readonly path: string;
  readonly query?: string;
  readonly accept?: number;
  readonly observe?: number;
  /** A payload of text, or of values as TLV. */
  readonly text?: string;
  readonly values?: Readonly<Record<string, Value>>;
  readonly answers: readonly number[];
  readonly since?: Version;
}

const REFUSED = [METHOD_NOT_ALLOWED];
/** A way of asking that there is not, and what it would ask for may not be there either. */
const NO_WAY = [METHOD_NOT_ALLOWED, NOT_FOUND];
const NO_PLACE = [METHOD_NOT_ALLOWED, NOT_FOUND, BAD_REQUEST];
const NOT_OF_ONE_VALUE = [BAD_REQUEST, UNSUPPORTED_CONTENT_FORMAT, METHOD_NOT_ALLOWED];

type Asking = Omit<PathRow, "level" | "path" | "answers">;

const READ: Asking = { asks: "Read", method: GET };
const OBSERVE: Asking = { asks: "Observe", method: GET, observe: 0 };
const DISCOVER: Asking = { asks: "Discover", method: GET, accept: LINK_FORMAT };
const WRITE: Asking = { asks: "Write", method: PUT, text: "1" };
const PARTIAL: Asking = { asks: "partial Write", method: POST, values: {} };
const ATTRIBUTES: Asking = { asks: "Write-Attributes", method: PUT, query: "pmin=1" };
const EXECUTE: Asking = { asks: "Execute", method: POST };
const REMOVE: Asking = { asks: "Delete", method: DELETE };
/** Methods that LwM2M has for the root alone, or not at all: 4.05 by RFC 7252 §5.8, 8 and 31 included, which nobody has defined. */
const FOREIGN: readonly Asking[] = [
  { asks: "FETCH", method: FETCH },
  { asks: "PATCH", method: PATCH },
  { asks: "iPATCH", method: IPATCH },
  { asks: "method 0.08", method: 8 },
  { asks: "method 0.31", method: 31 },
];

const at =
  (level: Level, path: string) =>
  (asking: Asking, answers: readonly number[], since?: Version): PathRow => ({
    ...asking,
    level,
    path,
    answers,
    since,
  });

const root = at("root", "/");
const object = at("object", "/3");
const manyObject = at("object", "/16");
const noObject = at("object", "/32000");
const instance = at("instance", "/3/0");
const noInstance = at("instance", "/3/7");
const text = at("resource", "/3/0/1");
const number = at("resource", "/1/0/2");
const executable = at("resource", "/3/0/4");
const trigger = at("resource", "/1/0/8");
const multiple = at("resource", "/16/0/0");
const noResource = at("resource", "/3/0/32000");
const item = at("resource-instance", "/16/0/0/0");
const noItem = at("resource-instance", "/16/0/0/77");
const itemOfSingle = at("resource-instance", "/3/0/1/0");
const deeper = at("deeper", "/16/0/0/0/0");
const muchDeeper = at("deeper", "/3/0/1/0/0/0");

export const PATH_ROWS: readonly PathRow[] = [
  root(READ, NO_WAY),
  root(WRITE, NO_WAY),
  root(EXECUTE, NO_WAY),
  root(REMOVE, NO_WAY),
  root({ asks: "PATCH", method: PATCH }, NO_WAY),

  object(READ, [CONTENT]),
  object(OBSERVE, [CONTENT]),
  object(DISCOVER, [CONTENT]),
  object(ATTRIBUTES, [CHANGED]),
  object({ asks: "Write", method: PUT, values: { "/3/0/14": "+01:00" } }, [
    ...REFUSED,
    BAD_REQUEST,
  ]),
  object({ asks: "Create", method: POST, values: { "/3/1/14": "+01:00" } }, [
    ...REFUSED,
    BAD_REQUEST,
  ]),
  object(REMOVE, [...REFUSED, BAD_REQUEST]),
  ...FOREIGN.map((asking) => object(asking, REFUSED)),
  manyObject(REMOVE, [...REFUSED, BAD_REQUEST]),
  manyObject({ asks: "Create in text", method: POST, text: "1" }, NOT_OF_ONE_VALUE),
  noObject(READ, [NOT_FOUND]),
  noObject(OBSERVE, [NOT_FOUND]),
  noObject(DISCOVER, [NOT_FOUND]),
  noObject(ATTRIBUTES, [NOT_FOUND]),
  noObject(PARTIAL, [NOT_FOUND]),
  noObject(REMOVE, NO_WAY),

  instance(READ, [CONTENT]),
  instance(OBSERVE, [CONTENT]),
  instance(DISCOVER, [CONTENT]),
  instance(ATTRIBUTES, [CHANGED]),
  instance(EXECUTE, REFUSED),
  instance(REMOVE, REFUSED),
  instance({ ...WRITE, asks: "Write in text" }, NOT_OF_ONE_VALUE),
  instance({ asks: "partial Write in text", method: POST, text: "1" }, NOT_OF_ONE_VALUE),
  instance({ ...READ, asks: "Read in text", accept: TEXT }, [NOT_ACCEPTABLE]),
  ...FOREIGN.map((asking) => instance(asking, REFUSED)),
  noInstance(READ, [NOT_FOUND]),
  noInstance(OBSERVE, [NOT_FOUND]),
  noInstance(DISCOVER, [NOT_FOUND]),
  noInstance(ATTRIBUTES, [NOT_FOUND]),
  noInstance({ asks: "Write", method: PUT, values: {} }, [NOT_FOUND]),
  noInstance(PARTIAL, [NOT_FOUND]),
  noInstance(EXECUTE, NO_WAY),
  noInstance(REMOVE, NO_WAY),

  text(READ, [CONTENT]),
  text(OBSERVE, [CONTENT]),
  text(DISCOVER, [CONTENT]),
  text(ATTRIBUTES, [CHANGED]),
  text(WRITE, REFUSED),
  text(EXECUTE, REFUSED),
  text(REMOVE, REFUSED),
  ...FOREIGN.map((asking) => text(asking, REFUSED)),
  number(WRITE, [CHANGED]),
  number({ asks: "partial Write", method: POST, values: { "/1/0/2": 1 } }, REFUSED, "1.1"),
  number(REMOVE, REFUSED),
  executable(READ, REFUSED),
  executable(OBSERVE, REFUSED),
  executable(DISCOVER, [CONTENT]),
  executable(WRITE, REFUSED),
  executable(ATTRIBUTES, [...REFUSED, BAD_REQUEST]),
  executable(REMOVE, REFUSED),
  trigger(EXECUTE, [CHANGED]),
  multiple({ ...READ, asks: "Read in text", accept: TEXT }, [NOT_ACCEPTABLE]),
  multiple({ ...WRITE, asks: "Write in text" }, NOT_OF_ONE_VALUE),
  multiple(EXECUTE, REFUSED),
  multiple(REMOVE, REFUSED),
  noResource(READ, [NOT_FOUND]),
  noResource(OBSERVE, [NOT_FOUND]),
  noResource(DISCOVER, [NOT_FOUND]),
  noResource(WRITE, [NOT_FOUND]),
  noResource(ATTRIBUTES, [NOT_FOUND]),
  noResource(EXECUTE, NO_WAY),
  noResource(REMOVE, NO_WAY),

  item(READ, [CONTENT], "1.1"),
  item(OBSERVE, [CONTENT], "1.1"),
  item(ATTRIBUTES, [CHANGED], "1.1"),
  item({ ...WRITE, text: "Host Device ID #0" }, [CHANGED], "1.1"),
  item({ asks: "partial Write", method: POST, values: { "/16/0/0/0": "a" } }, NO_PLACE, "1.1"),
  item(EXECUTE, NO_PLACE, "1.1"),
  ...FOREIGN.map((asking) => item(asking, REFUSED, "1.1")),
  noItem(READ, [NOT_FOUND], "1.1"),
  noItem(OBSERVE, [NOT_FOUND], "1.1"),
  noItem(ATTRIBUTES, [NOT_FOUND], "1.1"),
  noItem(REMOVE, NO_WAY, "1.1"),
  itemOfSingle(READ, NO_PLACE),
  itemOfSingle(OBSERVE, NO_PLACE),
  itemOfSingle(ATTRIBUTES, NO_PLACE),
  itemOfSingle(WRITE, NO_PLACE),
  itemOfSingle(EXECUTE, NO_PLACE),
  itemOfSingle(REMOVE, NO_PLACE),

  ...[deeper, muchDeeper].flatMap((place) =>
    [READ, OBSERVE, DISCOVER, WRITE, ATTRIBUTES, EXECUTE, REMOVE, ...FOREIGN].map((asking) =>
      place(asking, NO_PLACE),
    ),
  ),
];

/** Operations on objects that no server may touch: every one is 4.01; where the client has none of them, 4.04 will do. */
export function hiddenRows(objectId: number): readonly PathRow[] {
  const answers = objectId === 0 ? [UNAUTHORIZED] : [UNAUTHORIZED, NOT_FOUND];
  const hidden = (level: Level, below: string) => at(level, `/${objectId}${below}`);
  const levels = [hidden("object", ""), hidden("instance", "/0"), hidden("resource", "/0/0")];
  return [
    ...levels.flatMap((place) =>
      [READ, OBSERVE, DISCOVER, ATTRIBUTES].map((asking) => place(asking, answers)),
    ),
    levels[0]({ asks: "Create", method: POST, values: {} }, answers),
    levels[1]({ asks: "Write", method: PUT, values: {} }, answers),
    levels[1](PARTIAL, answers),
    levels[1](REMOVE, answers),
    levels[2](WRITE, answers),
    levels[2](EXECUTE, answers),
  ];
}

/** Ids that cannot be: 65535 is reserved (4.05), what does not fit into 16 bits is none. */
export function reservedRows(): readonly PathRow[] {
  const reserved = [
    at("object", "/65535"),
    at("instance", "/3/65535"),
    at("resource", "/3/0/65535"),
    at("resource-instance", "/16/0/0/65535"),
  ];
  return reserved.flatMap((place, depth) => [
    place(READ, depth === 0 ? NO_WAY : REFUSED),
    ...[OBSERVE, ATTRIBUTES].map((asking) => place(asking, NO_PLACE)),
    ...(depth === 0 ? [] : [place(WRITE, NO_PLACE), place(REMOVE, NO_PLACE)]),
  ]);
}

/** Of a row with values. */
export const ROW_FORMAT = TLV;

/** Spellings that name nothing, by their segments: each would be /3/0/1, or /1/0/2, to a client that reads numbers carelessly. */
export const MISSPELLED: readonly (readonly string[])[] = [
  ["three", "0", "1"],
  ["3", "zero", "1"],
  ["3", "0", "one"],
  ["+3", "0", "1"],
  ["-3", "0", "1"],
  ["3 ", "0", "1"],
  [" 3", "0", "1"],
  ["0x3", "0", "1"],
  ["3.0", "0", "1"],
  ["3e0", "0", "1"],
  ["3;a", "0", "1"],
  ["\uff13", "0", "1"],
  ["65539", "0", "1"],
  ["3", "65536", "1"],
  ["3", "0", "65537"],
  ["4294967299", "0", "1"],
  ["18446744073709551619", "0", "1"],
  ["3", "", "1"],
  ["", "3", "0", "1"],
  ["3", "0", "1", "", ""],
  ["3", "0", "1", "a"],
  [".", "3", "0", "1"],
  ["3", "..", "3", "0", "1"],
];

/** Spellings that some clients forgive: they may be refused, or be what they look like. */
export const FORGIVABLE: readonly (readonly string[])[] = [
  ["03", "0", "1"],
  ["3", "00", "1"],
  ["3", "0", "001"],
  ["3", "0", "1", ""],
  ["3/0/1"],
];
