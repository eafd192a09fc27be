/** Every content format on values at the borders of their types, both ways, and on bytes that are none. */
import { ALL_CODECS } from "../../../firmware/agent/all-codecs.ts";
import { decodeLinks, encodeLinks } from "../../../protocol/coap/link-format.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import {
  BOOLEAN,
  type Entry,
  FLOAT,
  INTEGER,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  UNSIGNED,
  type Value,
} from "../../../protocol/model/data-types.ts";
import { TEST_OBJECT_1_1 } from "../../../protocol/model/objects/test-object-1-1.ts";
import {
  TEST_BOOLEAN,
  TEST_FLOAT,
  TEST_INTEGER,
  TEST_MULTIPLE_INTEGER,
  TEST_MULTIPLE_STRING,
  TEST_OBJLNK,
  TEST_OPAQUE,
  TEST_STRING,
  TEST_TIME,
  TEST_UNSIGNED,
} from "../../../protocol/model/objects/test-resources.ts";
import { formatPath, type Path } from "../../../protocol/model/path.ts";

declare function print(line: string): void;

const definitionOf = (objectId: number) =>
  objectId === TEST_OBJECT_1_1.id ? TEST_OBJECT_1_1 : undefined;

function at(resourceId: number, type: number, value: Value): Entry {
  return { path: [TEST_OBJECT_1_1.id, 0, resourceId], type: type, value: value, time: undefined };
}

function bytes(...values: number[]): Uint8Array {
  return new Uint8Array(values);
}

/** 2^63 - 1, -2^63 and 2^64 - 1 as Integer64. */
const LARGEST = bytes(0x7f, 255, 255, 255, 255, 255, 255, 255);
const SMALLEST = bytes(0x80, 0, 0, 0, 0, 0, 0, 0);
const LARGEST_UNSIGNED = bytes(255, 255, 255, 255, 255, 255, 255, 255);

const ONE_EACH: Entry[] = [
  at(TEST_STRING, STRING, 'quoted "text" \\ and\ttab'),
  at(TEST_INTEGER, INTEGER, -32769),
  at(TEST_UNSIGNED, UNSIGNED, 4294967295),
  at(TEST_FLOAT, FLOAT, -273.25),
  at(TEST_BOOLEAN, BOOLEAN, true),
  at(TEST_OPAQUE, OPAQUE, bytes(0, 127, 128, 255)),
  at(TEST_TIME, TIME, 1700000000),
  at(TEST_OBJLNK, OBJLNK, { objectId: 3303, objectInstanceId: 65535 }),
];

const INTEGERS = [0, 1, -1, 127, 128, -128, -129, 32767, 32768, -32768, 2147483647, 2147483648];
const LARGE_INTEGERS: Value[] = [-2147483649, 4294967296, 9007199254740991, LARGEST, SMALLEST];
const FLOATS = [0, 1.5, -0.25, 21.5, 0.1, 1000000, 16777217, 3.0000001];

/** Encodes with every format, then decodes what that gave. */
function bothWays(base: Path, entries: readonly Entry[]): void {
  for (const codec of ALL_CODECS) {
    const encoded = codec.encode(base, entries);
    print(`${codec.format} ${formatPath(base)} ${encoded === undefined ? "cannot" : hex(encoded)}`);
    if (encoded !== undefined) printDecoded(codec.format, base, encoded);
  }
}

function printDecoded(format: number, base: Path, payload: Uint8Array): void {
  for (const codec of ALL_CODECS) {
    if (codec.format !== format) continue;
    const decoded = codec.decode(payload, base, definitionOf);
    if (isMalformed(decoded)) {
      print(`  ${decoded.fault} at ${decoded.at}`);
      continue;
    }
    for (const { path, type, value } of decoded) {
      print(`  ${formatPath(path)} ${type} ${value === undefined ? "nothing" : show(value)}`);
    }
  }
}

function show(value: Value): string {
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value === "object") return `${value.objectId}:${value.objectInstanceId}`;
  return typeof value === "string" ? `"${value}"` : String(value);
}

function hex(of8: Uint8Array): string {
  let text = "";
  for (let i = 0; i < of8.length; i++) text += (of8[i] < 16 ? "0" : "") + of8[i].toString(16);
  return text;
}

function fromHex(text: string): Uint8Array {
  const result = new Uint8Array(text.length / 2);
  for (let i = 0; i < result.length; i++) {
    result[i] = parseInt(text.substring(2 * i, 2 * i + 2), 16);
  }
  return result;
}

bothWays([TEST_OBJECT_1_1.id, 0], ONE_EACH);
bothWays([TEST_OBJECT_1_1.id, 0, TEST_STRING], [ONE_EACH[0]]);
bothWays([TEST_OBJECT_1_1.id, 0, TEST_UNSIGNED], [at(TEST_UNSIGNED, UNSIGNED, LARGEST_UNSIGNED)]);
for (const value of INTEGERS) {
  bothWays([TEST_OBJECT_1_1.id, 0, TEST_INTEGER], [at(TEST_INTEGER, INTEGER, value)]);
}
for (const value of LARGE_INTEGERS) {
  bothWays([TEST_OBJECT_1_1.id, 0, TEST_INTEGER], [at(TEST_INTEGER, INTEGER, value)]);
}
for (const value of FLOATS) {
  bothWays([TEST_OBJECT_1_1.id, 0, TEST_FLOAT], [at(TEST_FLOAT, FLOAT, value)]);
}
bothWays(
  [TEST_OBJECT_1_1.id],
  [
    { path: [TEST_OBJECT_1_1.id, 1, TEST_MULTIPLE_INTEGER, 0], type: INTEGER, value: 7 },
    { path: [TEST_OBJECT_1_1.id, 1, TEST_MULTIPLE_INTEGER, 300], type: INTEGER, value: -7 },
    { path: [TEST_OBJECT_1_1.id, 2, TEST_MULTIPLE_STRING, 1], type: STRING, value: "one" },
  ],
);

print("# not what they claim to be");
const STRAY = [
  "",
  "ff",
  "c1",
  "08",
  "5b7b",
  "9f",
  "81a1",
  "bf",
  "31203",
  "e2",
  "fb7ff0",
  "c800ff41",
];
for (const codec of ALL_CODECS) {
  for (const stray of STRAY) {
    print(`${codec.format} ${stray}`);
    printDecoded(codec.format, [TEST_OBJECT_1_1.id, 0, TEST_INTEGER], fromHex(stray));
  }
}

print("# links");
const LISTS = [
  '</>;rt="oma.lwm2m";ct="60 110 112",</1/0>,</3303/0>;ver=1.1,</led/1/state>;rt="5850";obs',
  '</a>;title="with \\"quotes\\", and ;"',
  "</a",
  "<>;",
];
for (const list of LISTS) {
  const links = decodeLinks(list);
  if (isMalformed(links)) print(`${links.fault} at ${links.at}`);
  else {
    for (const { uri, attributes } of links) {
      print(
        `${uri} ${attributes.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`)).join("|")}`,
      );
    }
    print(encodeLinks(links));
  }
}
