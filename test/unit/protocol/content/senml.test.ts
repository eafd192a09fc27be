import { Encoder } from "cbor-x";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeBase64Url } from "../../../../protocol/bytes/base64.ts";
import { decodeHex, encodeHex } from "../../../../protocol/bytes/hex.ts";
import type { ContentCodec } from "../../../../protocol/content/content-codec.ts";
import { type SenmlPack, VALUES } from "../../../../protocol/content/senml.ts";
import { readSenmlCbor, SENML_CBOR_CODEC } from "../../../../protocol/content/senml-cbor.ts";
import { readSenmlJson, SENML_JSON_CODEC } from "../../../../protocol/content/senml-json.ts";
import { isMalformed, type Malformed } from "../../../../protocol/malformed.ts";
import {
  BOOLEAN,
  type Entry,
  FLOAT,
  INTEGER,
  NONE,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  UNSIGNED,
  type Value,
} from "../../../../protocol/model/data-types.ts";
import { DEVICE } from "../../../../protocol/model/objects/device.ts";
import { type Path, parsePath } from "../../../../protocol/model/path.ts";
import {
  baseAndEntries,
  definitionOf,
  mutated,
  nothingDefined,
  TYPES,
} from "../../../support/entries.ts";
import { readVectors } from "../../../support/vectors.ts";

type Json = Record<string, unknown>;

interface Vectors {
  cbor_labels: Record<string, number>;
  vectors: { id: string; json: Json[]; resolved: Json[]; [cbor: `cbor${string}`]: string }[];
  lwm2m: { id: string; title: string; json?: Json[]; cbor: string }[];
  traps: { title: string; json: Json[] }[];
}

const VECTORS = readVectors<Vectors>("senml-vectors.json");

const utf8 = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const bytesOf = (hex: string) => decodeHex(hex.replaceAll(" ", "")) as Uint8Array;

const encoder = new Encoder({ mapsAsObjects: false, useRecords: false, tagUint8Array: false });

/** A pack in CBOR, made by cbor-x. */
function cborOf(json: Json[]): Uint8Array {
  const records = json.map(
    (record) =>
      new Map(
        Object.entries(record).map(([label, value]) => [
          VECTORS.cbor_labels[label] ?? label,
          label === "vd" ? Buffer.from(value as string, "base64url") : value,
        ]),
      ),
  );
  return new Uint8Array(encoder.encode(records));
}

/** Records as the vectors spell them, units left out. */
function resolved(pack: SenmlPack | Malformed): unknown {
  if (isMalformed(pack)) return pack;
  return pack.records.map(({ name, value, time }) => ({
    n: name,
    value: value instanceof Uint8Array ? encodeBase64Url(value) : value,
    t: time,
  }));
}

const spelled = (records: Json[]) =>
  records.map(({ n, v, vs, vb, vd, t }) => ({ n, value: v ?? vs ?? vb ?? vd, t }));

describe("senml: the examples of RFC 8428", () => {
  test.each(VECTORS.vectors)("$id resolves from JSON", ({ json, resolved: records }) => {
    expect(resolved(readSenmlJson(utf8(JSON.stringify(json)), VALUES))).toEqual(spelled(records));
    expect(resolved(readSenmlJson(utf8(JSON.stringify(json, null, "\t")), VALUES))).toEqual(
      spelled(records),
    );
  });

  test.each(VECTORS.vectors)("$id resolves from CBOR", (vector) => {
    expect(resolved(readSenmlCbor(bytesOf(vector.cbor_from_json), VALUES))).toEqual(
      spelled(vector.resolved),
    );
  });

  test("RFC 8428 §6: the dump in the RFC resolves", () => {
    const vector = VECTORS.vectors.find((each) => each.cbor_in_rfc !== undefined);
    const pack = readSenmlCbor(bytesOf(vector?.cbor_in_rfc ?? ""), VALUES);
    expect(resolved(pack)).toEqual(spelled(vector?.resolved ?? []));
  });
});

describe("senml: LwM2M", () => {
  const [device, opaque, timestamped] = VECTORS.lwm2m;
  const deviceOnly = (objectId: number) => (objectId === 3 ? DEVICE : undefined);

  test(device.title, () => {
    const json = JSON.stringify(device.json);
    const entries = SENML_JSON_CODEC.decode(utf8(json), [3, 0], deviceOnly) as Entry[];
    expect(entries).toHaveLength(16);
    expect(entries[13]).toEqual({ path: [3, 0, 13], type: TIME, value: 1367491215 });
    expect(SENML_CBOR_CODEC.decode(bytesOf(device.cbor), [3, 0], deviceOnly)).toEqual(entries);
    expect(textOf(SENML_JSON_CODEC.encode([3, 0], entries))).toBe(json);
    expect(encodeHex(SENML_CBOR_CODEC.encode([3, 0], entries) as Uint8Array)).toBe(device.cbor);
  });

  test(opaque.title, () => {
    const entries = [{ path: [0, 0, 3], type: OPAQUE, value: bytesOf("abcdef") }];
    const json = JSON.stringify(opaque.json);
    expect(SENML_CBOR_CODEC.decode(bytesOf(opaque.cbor), [0, 0, 3], nothingDefined)).toEqual(
      entries,
    );
    expect(SENML_JSON_CODEC.decode(utf8(json), [0, 0, 3], nothingDefined)).toEqual(entries);
    expect(encodeHex(SENML_CBOR_CODEC.encode([0, 0, 3], entries) as Uint8Array)).toBe(opaque.cbor);
    expect(textOf(SENML_JSON_CODEC.encode([0, 0, 3], entries))).toBe(json);
  });

  test(timestamped.title, () => {
    expect(SENML_CBOR_CODEC.decode(bytesOf(timestamped.cbor), [0, 0], nothingDefined)).toEqual([
      { path: [0, 0, 0], type: STRING, value: "SampleString", time: 500000004 },
      { path: [0, 0, 1], type: BOOLEAN, value: false, time: 500000005 },
      { path: [0, 0, 2], type: INTEGER, value: 456, time: 500000006 },
    ]);
  });

  test("a base time is written where it changes, and no more", () => {
    const path = [42, 0, 40];
    const entries = [1000000000, 1000000000, 1000000000.5].map((time, i) => ({
      path,
      type: FLOAT,
      value: i,
      time,
    }));
    expect(textOf(SENML_JSON_CODEC.encode(path, entries))).toBe(
      '[{"bn":"/42/0/40","bt":1000000000,"v":0},{"v":1},{"bt":1000000000.5,"v":2}]',
    );
  });
});

/** What both spellings must do, each asked in its own. */
describe.each<[string, ContentCodec, (json: Json[]) => Uint8Array]>([
  ["json", SENML_JSON_CODEC, (json) => utf8(JSON.stringify(json))],
  ["cbor", SENML_CBOR_CODEC, cborOf],
])("senml-%s", (_, codec, spell) => {
  /** Reads records of object 42 at `base`. */
  const read = (base: string, ...json: Json[]) =>
    codec.decode(spell(json), parsePath(base) as Path, definitionOf);
  const at = (path: string) => parsePath(path) as Path;

  test("names are joined before they are read", () => {
    const expected = [{ path: [42, 0, 20], type: INTEGER, value: 5 }];
    expect(read("/42", { bn: "/42/0/20", v: 5 })).toEqual(expected);
    expect(read("/42", { n: "/42/0/20", v: 5 })).toEqual(expected);
    expect(read("/42", { bn: "/4", n: "2/0/20", v: 5 })).toEqual(expected);
    expect(read("/42/0/20", { bn: "/42/0/2", n: "0", v: 5 })).toEqual(expected);
  });

  test("a base holds until the next", () => {
    expect(
      read(
        "/42",
        { bn: "/42/1/", n: "20", v: 1 },
        { n: "40", v: 2 },
        { bn: "/42/2/", n: "20", v: 3 },
      ),
    ).toMatchObject([{ path: [42, 1, 20] }, { path: [42, 1, 40] }, { path: [42, 2, 20] }]);
  });

  test("RFC 8428 §4.5.3: times add up", () => {
    const times = (...json: Json[]) =>
      (read("/42/0/40", ...json) as Entry[]).map(({ time }) => time);
    const bn = "/42/0/40";
    expect(times({ bn, v: 1, bt: 268500000 }, { v: 2, t: -5 }, { v: 3, t: 0.5 })).toEqual([
      268500000, 268499995, 268500000.5,
    ]);
    expect(times({ bn, v: 1 }, { v: 1, t: -5 })).toEqual([undefined, -5]);
  });

  test("RFC 8428 §4.1: a base value is added to numbers", () => {
    const values = (...json: Json[]) =>
      (read("/42/0", { bn: "/42/0/", bv: 100 }, ...json) as Entry[]).map(({ value }) => value);
    expect(values({ n: "20", v: 5 }, { n: "40", v: 0.5 }, { n: "10", vs: "x" })).toEqual([
      105,
      100.5,
      "x",
    ]);
    expect(read("/42/0", { bn: "/42/0/20", bv: 0.5, v: 5 })).toMatchObject({
      fault: "content/value-not-of-type",
    });
  });

  test("the definition says what a number or text is", () => {
    const value = (path: string, json: Json) => {
      const entries = read(path, { n: path, ...json });
      return isMalformed(entries) ? entries.fault : entries[0].value;
    };
    expect(value("/42/0/40", { v: 5 })).toBe(5);
    expect(value("/42/0/20", { v: 1.638435e9 })).toBe(1638435000);
    expect(value("/42/0/80", { vlo: "66:1" })).toEqual({ objectId: 66, objectInstanceId: 1 });
    expect(value("/42/0/90", { vs: "</3>" })).toBe("</3>");
    expect(value("/42/0/60", { vd: "q83v" })).toEqual(bytesOf("abcdef"));
    for (const [path, json] of [
      ["/42/0/20", { v: 5.5 }],
      ["/42/0/20", { vs: "5" }],
      ["/42/0/20", { vb: true }],
      ["/42/0/30", { v: -5 }],
      ["/42/0/10", { v: 5 }],
      ["/42/0/10", { vd: "q83v" }],
      ["/42/0/50", { v: 1 }],
      ["/42/0/60", { vs: "q83v" }],
      ["/42/0/80", { vs: "none" }],
    ] as const) {
      expect(value(path, json)).toBe("content/value-not-of-type");
    }
  });

  test("what nothing defines has the type that it shows", () => {
    const json = [
      { bn: "/7/0/", n: "1", v: 5 },
      { n: "2", v: 5.5 },
      { n: "3", vs: "a" },
      { n: "4", vb: true },
      { n: "5", vd: "q83v" },
      { n: "6", vlo: "1:2" },
    ];
    const entries = codec.decode(spell(json), [7, 0], nothingDefined) as Entry[];
    expect(entries.map(({ type }) => type)).toEqual([
      INTEGER,
      FLOAT,
      STRING,
      BOOLEAN,
      OPAQUE,
      OBJLNK,
    ]);
  });

  test.each<[string, string, Json[]]>([
    ["two values", "content/senml-two-values", [{ n: "/42/0/20", v: 1, vs: "x" }]],
    ["no value", "content/senml-without-value", [{ n: "/42/0/20" }]],
    ["only a sum", "content/senml-without-value", [{ n: "/42/0/20", s: 5 }]],
    ["only a time", "content/senml-without-value", [{ bn: "/42/0/20", t: 5 }]],
    ["no name", "content/senml-without-name", [{ v: 1 }]],
    ["version 11", "content/senml-version", [{ bver: 11, n: "/42/0/20", v: 1 }]],
    ["a version in words", "content/senml-version", [{ bver: "5", n: "/42/0/20", v: 1 }]],
    ["an unknown must", "content/senml-label", [{ n: "/42/0/20", v: 1, foo_: 1 }]],
    ["a name that is a number", "content/senml-name", [{ n: 5, v: 1 }]],
    ["a base name that is a number", "content/senml-name", [{ bn: 5, v: 1 }]],
    ["a name that is no path", "content/senml-name", [{ n: "temperature", v: 1 }]],
    ["a name with a blank", "content/senml-name", [{ n: "/42/0/2 0", v: 1 }]],
    ["a name above resources", "content/senml-name", [{ n: "/42/0", v: 1 }]],
    ["a name below resource instances", "content/senml-name", [{ n: "/42/0/1000/1/1", v: 1 }]],
    ["an instance of a single resource", "content/senml-name", [{ n: "/42/0/20/0", v: 1 }]],
    ["a multiple resource at once", "content/senml-name", [{ n: "/42/0/2000", v: 1 }]],
    ["the reserved id", "content/id-reserved", [{ n: "/42/0/65535", v: 1 }]],
    ["another instance", "content/outside-base", [{ n: "/42/1/20", v: 1 }]],
    ["text for v", "content/senml-value", [{ n: "/42/0/20", v: "1" }]],
    ["a number for vs", "content/senml-value", [{ n: "/42/0/10", vs: 1 }]],
    ["a number for vb", "content/senml-value", [{ n: "/42/0/50", vb: 1 }]],
    ["a number for vlo", "content/senml-value", [{ n: "/42/0/80", vlo: 1 }]],
    ["half a link for vlo", "content/senml-value", [{ n: "/42/0/80", vlo: "66" }]],
    ["text for a time", "content/senml-time", [{ n: "/42/0/20", v: 1, t: "now" }]],
    ["text for a base time", "content/senml-time", [{ n: "/42/0/20", v: 1, bt: "now" }]],
    ["text for a base value", "content/senml-value", [{ n: "/42/0/20", v: 1, bv: "1" }]],
  ])("%s is refused", (_title, fault, json) => {
    expect(read("/42/0", ...json)).toMatchObject({ fault });
  });

  const TRAPS: Record<string, string | number> = {
    "bver higher than supported must be refused": "content/senml-version",
    "two values in one record": "content/senml-two-values",
    "record with no value and no sum": "content/senml-without-value",
    "unknown label ending in underscore must be understood or the pack refused":
      "content/senml-label",
    "unknown label without underscore is ignored": 1,
    "empty resolved name": "content/senml-without-name",
    "name starting with a character that is not alphanumeric": "content/senml-name",
    "name with a character outside A-Z a-z 0-9 - : . / _": "content/senml-name",
    "negative and relative time": 1,
    "integer beyond 2^53": 1,
  };

  test.each(VECTORS.traps)("RFC 8428 §4: $title", ({ title, json }) => {
    // The rows' names are no LwM2M paths; a plain "a" stands for one.
    const records = json.map((record) => (record.n === "a" ? { ...record, n: "/7/0/1" } : record));
    const entries = codec.decode(spell(records), [], nothingDefined);
    expect(isMalformed(entries) ? entries.fault : entries.length).toBe(TRAPS[title]);
  });

  test("units, sums, update times, unknown labels and records of bases only are passed over", () => {
    const expected = [{ path: [42, 0, 20], type: INTEGER, value: 1 }];
    const noise = { u: "Cel", bu: "Cel", s: 1, bs: 1, ut: 1, foo: [1, { a: [] }], bar: "x" };
    expect(read("/42", { bver: 10, bn: "/42/0/" }, { n: "20", ...noise, v: 1 })).toEqual(expected);
    expect(read("/42", { bu: "Cel" }, { n: "/42/0/20", v: 1 })).toEqual(expected);
  });

  test("no records, and no bytes, are no entries", () => {
    expect(read("/42")).toEqual([]);
    expect(codec.decode(new Uint8Array(0), [42], definitionOf)).toEqual([]);
  });

  test("what is empty cannot be said and is left out", () => {
    const entries = [
      { path: [42, 0, 1000], type: STRING, value: undefined },
      { path: [42, 0, 20], type: INTEGER, value: 1 },
      { path: [42, 1], type: NONE, value: undefined },
    ];
    const bytes = codec.encode([42], entries) as Uint8Array;
    expect(codec.decode(bytes, [42], definitionOf)).toEqual([entries[1]]);
    const nothing = codec.encode([42], [entries[0]]) as Uint8Array;
    expect(codec.decode(nothing, [42], definitionOf)).toEqual([]);
  });

  test("the root is a base as well", () => {
    const entries = [
      { path: [42, 0, 20], type: INTEGER, value: 1 },
      { path: [7, 0, 1], type: STRING, value: "a" },
    ];
    const bytes = codec.encode([], entries) as Uint8Array;
    expect(codec.decode(bytes, [], definitionOf)).toEqual(entries);
  });

  test("a pack of more records than anyone sends is refused", () => {
    const json = Array.from({ length: 5000 }, () => ({ v: 1 }) as Json);
    json[0].bn = "/42/0/20";
    expect(read("/42", ...json)).toMatchObject({ fault: "content/too-many-entries" });
  });

  test("entries read back as they were written, times too", () => {
    const time = fc.option(
      fc.oneof(
        fc.integer({ min: 1, max: 2 ** 33 }),
        fc.double({ min: 1, max: 2 ** 33, noNaN: true }),
      ),
      { nil: undefined },
    );
    fc.assert(
      fc.property(baseAndEntries, time, ({ base, entries }, when) => {
        const timed = entries.map((entry) => ({ ...entry, time: when }));
        const bytes = codec.encode(base, timed) as Uint8Array;
        expect(codec.decode(bytes, base, definitionOf)).toEqual(timed.map(withoutNegativeZero));
      }),
      { numRuns: 500 },
    );
  });

  /** JSON text may lose the sign of zero. */
  function withoutNegativeZero(entry: Entry): Entry {
    return Object.is(entry.value, -0) && codec === SENML_JSON_CODEC
      ? { ...entry, value: 0 as Value }
      : entry;
  }

  test("no bytes make the decoder throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 48 }), (bytes) => {
        codec.decode(bytes, [42], definitionOf);
      }),
      { numRuns: 10_000 },
    );
  });

  test("no change to good bytes makes the decoder throw, and what it takes it can write", () => {
    const seeds = [
      ...VECTORS.lwm2m.flatMap(({ json }) => (json === undefined ? [] : [spell(json)])),
      spell([
        { bn: "/42/0/", n: "40", v: -12.5e-3, bt: 1.5, t: -2 },
        { n: "80", vlo: "1:2" },
      ]),
      spell([{ n: "/42/0/1000/7", vs: 'é\u0001"\\ü', foo: { a: [1, null, { b: [] }] } }]),
    ];
    const bases = fc.constantFrom<Path>([], [3], [3, 0], [42], [42, 0]);
    fc.assert(
      fc.property(mutated(seeds), bases, (bytes, base) => {
        const entries = codec.decode(bytes, base, definitionOf);
        if (isMalformed(entries)) return;
        const again = codec.encode(base, entries);
        if (again === undefined) return;
        const read2 = codec.decode(again, base, nothingDefined);
        expect(isMalformed(read2) ? read2 : read2.length).toBe(entries.length);
      }),
      { numRuns: 10_000 },
    );
  });

  test.each(TYPES)("every spelling of type %d keeps its path", (type) => {
    const path = at(`/42/7/${1000 * type}/65534`);
    const samples: Record<number, Value> = {
      [BOOLEAN]: true,
      [FLOAT]: 1.5,
      [OPAQUE]: bytesOf("00ff"),
      [OBJLNK]: { objectId: 0, objectInstanceId: 65535 },
      [INTEGER]: -1,
      [UNSIGNED]: 1,
      [TIME]: 1,
    };
    const entries = [{ path, type, value: samples[type] ?? "text" }];
    for (const base of [path, path.slice(0, 3), path.slice(0, 2), path.slice(0, 1), []]) {
      const bytes = codec.encode(base, entries) as Uint8Array;
      expect(codec.decode(bytes, base, definitionOf)).toEqual(entries);
    }
  });
});

describe("senml-json: the spelling", () => {
  const read = (text: string) => resolved(readSenmlJson(utf8(text), VALUES));
  const value = (text: string) => {
    const pack = readSenmlJson(utf8(`[{"n":"/42/0/10",${text}}]`), VALUES);
    return isMalformed(pack) ? pack.fault : pack.records[0].value;
  };

  test.each([
    ['"vs":"\\u00e9\\u20AC\\ud83d\\ude00"', "é€😀"],
    ['"vs":"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'],
    ['"vs":"é€😀"', "é€😀"],
    ['"vs":"\\u0000"', "\u0000"],
    ['"\\u0076s":"a"', "a"],
    ['"v":-0', 0],
    ['"v":1E3', 1000],
    ['"v":9007199254740991', 9007199254740991],
    ['"v":9007199254740993', bytesOf("0020000000000001")],
    ['"v":18446744073709551615', new Uint8Array(8).fill(255)],
    ['"v":18446744073709551616', 2 ** 64],
    ['"v":-9223372036854775808', bytesOf("8000000000000000")],
  ])("%s is read", (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  test.each([
    '"vs":"a',
    '"vs":"\\x"',
    '"vs":"\\u12g4"',
    '"vs":"\\u12"',
    '"vs":"\\ud83d"',
    '"vs":"\\ud83d\\u0041"',
    '"vs":"\\ude00"',
    '"vs":"\u0001"',
    '"vs":"\\',
    '"v":',
    '"v":tru',
    '"vb":truE',
    '"v":1e999',
    '"v":-',
    "v:1",
    '"v" 1',
    '"v":1,',
    '"foo":[1,2,"v":1',
    `"foo":${"[".repeat(50)}${"]".repeat(50)},"v":1`,
    `"foo":${"[".repeat(100_000)}`,
    `"foo":${'{"a":'.repeat(50)}1${"}".repeat(50)},"v":1`,
    '"foo":{1:2},"v":1',
  ])("%.40s is refused", (text) => {
    expect(value(text)).toBe("content/json");
  });

  test.each([
    "{",
    "[",
    "[{",
    "[{}",
    "[{},",
    "[{},]",
    "[] []",
    "{}",
    "5",
    "[5]",
    '["a"]',
    "[[]]",
  ])("%s is no pack", (text) => {
    expect(isMalformed(readSenmlJson(utf8(text), VALUES))).toBe(true);
  });

  test("a label twice in a record is refused", () => {
    expect(value('"v":1,"v":2')).toBe("content/senml-label-twice");
    expect(value('"n":"x","v":2')).toBe("content/senml-label-twice");
  });

  test("bytes that are not UTF-8 are refused", () => {
    const bytes = utf8('[{"n":"/42/0/10","vs":"?"}]');
    bytes[bytes.indexOf(63)] = 0xff;
    expect(readSenmlJson(bytes, VALUES)).toMatchObject({ fault: "content/json" });
  });

  test("any text is written so that JSON.parse reads it back", () => {
    const path = [42, 0, 10];
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 50 }), (text) => {
        const bytes = SENML_JSON_CODEC.encode(path, [{ path, type: STRING, value: text }]);
        expect(JSON.parse(textOf(bytes))).toEqual([{ bn: "/42/0/10", vs: text }]);
      }),
      { numRuns: 1000 },
    );
  });

  test("a float without end has no JSON", () => {
    const path = [42, 0, 40];
    for (const end of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(SENML_JSON_CODEC.encode(path, [{ path, type: FLOAT, value: end }])).toBeUndefined();
    }
    // The failed attempt leaves nothing behind.
    const bytes = SENML_JSON_CODEC.encode(path, [{ path, type: FLOAT, value: 1 }]);
    expect(textOf(bytes)).toBe('[{"bn":"/42/0/40","v":1}]');
  });

  test("we read what JSON.stringify writes, whatever stands beside", () => {
    const number = fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value));
    const record = fc.record({ n: fc.string({ minLength: 1 }), x: fc.jsonValue(), v: number });
    fc.assert(
      fc.property(fc.array(record), (records) => {
        expect(read(JSON.stringify(records))).toEqual(
          records.map(({ n, v }) => ({ n, value: v === 0 ? 0 : v, t: undefined })),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe("senml-cbor: the spelling", () => {
  const read = (hex: string) => resolved(readSenmlCbor(bytesOf(hex), VALUES));
  const expected = [{ n: "/42/0/20", value: 5, t: undefined }];
  const name = "682f34322f302f3230";

  test.each([
    ["definite", `81 a2 00 ${name} 02 05`],
    ["indefinite", `9f bf 00 ${name} 02 05 ff ff`],
    ["a name in pieces", "81 a2 00 7f 64 2f34322f 64 302f3230 ff 02 05"],
    ["labels longer than needed", `81 a2 1800 ${name} 190002 05`],
    ["unknown numbers", `81 a4 00 ${name} 1864 82 01 a1 05 f6 3863 5f 41 00 ff 02 05`],
  ])("%s is read", (_, hex) => {
    expect(read(hex)).toEqual(expected);
  });

  test.each([
    ["a map for a pack", "a0"],
    ["a number for a record", "81 05"],
    ["a cut array", "82 a0"],
    ["an array without end", "9f a0"],
    ["a map without end", "81 bf"],
    ["a map cut at a value", `81 a2 00 ${name} 02`],
    ["an array for a label", `81 a2 00 ${name} 80 05`],
    ["a float for a label", `81 a3 00 ${name} 02 05 fb3ff8000000000000`],
    ["an array for a value", `81 a2 00 ${name} 02 80`],
    ["null for a value", `81 a2 00 ${name} 02 f6`],
    ["what nests too deep", `81 a3 00 ${name} 02 05 63666f6f ${"81".repeat(50)} 01`],
    ["nests without end", `81 a3 00 ${name} 02 05 63666f6f ${"9f".repeat(50)}`],
    ["bytes behind the pack", "80 00"],
    ["more records than bytes", "9b 00ffffffffffffff"],
    ["more fields than bytes", "81 bb 00ffffffffffffff"],
    ["a label twice", `81 a3 00 ${name} 02 05 02 05`],
  ])("%s is refused", (_, hex) => {
    expect(isMalformed(readSenmlCbor(bytesOf(hex), VALUES))).toBe(true);
  });

  test("cbor-x reads what we write", () => {
    fc.assert(
      fc.property(baseAndEntries, ({ base, entries }) => {
        const bytes = SENML_CBOR_CODEC.encode(base, entries) as Uint8Array;
        const records = encoder.decode(bytes) as Map<number | string, unknown>[];
        expect(records).toHaveLength(entries.length);
        const bn = records[0].get(-2) as string;
        for (const [i, record] of records.entries()) {
          expect(parsePath(bn + (record.get(0) ?? ""))).toEqual(entries[i].path);
        }
      }),
      { numRuns: 300 },
    );
  });
});
