import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHex } from "../../../../protocol/bytes/hex.ts";
import {
  LWM2M_JSON_1543_CODEC,
  LWM2M_JSON_CODEC,
} from "../../../../protocol/content/lwm2m-json.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import {
  type Entry,
  FLOAT,
  INTEGER,
  OPAQUE,
  STRING,
} from "../../../../protocol/model/data-types.ts";
import { DEVICE } from "../../../../protocol/model/objects/device.ts";
import { type Path, parsePath } from "../../../../protocol/model/path.ts";
import {
  baseAndEntries,
  definitionOf,
  mutated,
  nothingDefined,
  valuesByPath,
} from "../../../support/entries.ts";
import { type PrintedPayload, readVectors } from "../../../support/vectors.ts";

const { encode, decode } = LWM2M_JSON_CODEC;

interface Printed {
  title: string;
  base: string;
  json: unknown;
}

interface Vectors {
  lwm2m_json: (PrintedPayload & { json: unknown; written: boolean })[];
  lwm2m_json_times: Printed & { times: [number, number][] };
  lwm2m_json_written: Printed;
  lwm2m_json_refused: { base: string; json: unknown; fault: string }[];
}

const VECTORS = readVectors<Vectors>("lwm2m-formats-vectors.json");

const utf8 = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const at = (path: string) => parsePath(path) as Path;
const core = (id: number) => (id === 3 ? DEVICE : undefined);
const read = (base: string, json: unknown, prefix?: string) =>
  decode(utf8(JSON.stringify(json)), at(base), definitionOf, prefix);

describe("lwm2m-json: payloads that others print", () => {
  test.each(VECTORS.lwm2m_json)("$source: $title is read", ({ base, json, values }) => {
    expect(valuesByPath(decode(utf8(JSON.stringify(json)), at(base), core))).toEqual(values);
  });

  test.each(VECTORS.lwm2m_json.filter(({ written }) => written))("$source: $title is written so", ({
    base,
    json,
  }) => {
    const text = JSON.stringify(json);
    const entries = decode(utf8(text), at(base), core) as Entry[];
    expect(textOf(encode(at(base), entries))).toBe(text);
  });

  test("times are relative to a base that may come last", () => {
    const { base, json, times } = VECTORS.lwm2m_json_times;
    const entries = read(base, json) as Entry[];
    expect(entries.map(({ value, time }) => [value, time])).toEqual(times);
  });

  test("times are written with each value", () => {
    const { base, json } = VECTORS.lwm2m_json_written;
    const entries = read(base, json) as Entry[];
    expect(textOf(encode(at(base), entries))).toBe(JSON.stringify(json));
  });

  test.each(VECTORS.lwm2m_json_refused)("$json is refused", ({ base, json, fault }) => {
    expect(decode(utf8(JSON.stringify(json)), at(base), core)).toMatchObject({ fault });
  });
});

describe("lwm2m-json: names", () => {
  test("without a base name they are relative to what was asked for", () => {
    const expected = [{ path: [42, 0, 20], type: INTEGER, value: 5 }];
    expect(read("/42/0", { e: [{ n: "20", v: 5 }] })).toEqual(expected);
    expect(read("/42/0/20", { e: [{ v: 5 }] })).toEqual(expected);
    expect(read("/42/0", { e: [{ n: "/42/0/20", v: 5 }] })).toEqual(expected);
    expect(read("/42/0/20", { bn: "/42/0/20/", e: [{ v: 5 }] })).toEqual(expected);
  });

  test("an alternate path stands before them, in both directions", () => {
    const json = { bn: "/lwm2m/42/0/", e: [{ n: "20", v: 5 }] };
    const entries = read("/42/0", json, "/lwm2m") as Entry[];
    expect(entries).toEqual([{ path: [42, 0, 20], type: INTEGER, value: 5 }]);
    expect(textOf(encode([42, 0], entries, "/lwm2m"))).toBe(JSON.stringify(json));
    expect(read("/42/0", { e: [{ n: "20", v: 5 }] }, "/lwm2m")).toEqual(entries);
    expect(read("/42/0", { bn: "/42/0/", e: [{ n: "20", v: 5 }] }, "/lwm2m")).toMatchObject({
      fault: "content/senml-name",
    });
  });
});

describe("lwm2m-json: values", () => {
  test("bytes are base64, padded or not, where bytes are expected", () => {
    const expected = [{ path: [42, 0, 60], type: OPAQUE, value: decodeHex("0102030405") }];
    expect(read("/42/0", { bn: "/42/0/", e: [{ n: "60", sv: "AQIDBAU=" }] })).toEqual(expected);
    expect(read("/42/0", { bn: "/42/0/", e: [{ n: "60", sv: "AQIDBAU" }] })).toEqual(expected);
    expect(read("/42/0", { bn: "/42/0/", e: [{ n: "60", sv: "?" }] })).toMatchObject({
      fault: "content/value-not-of-type",
    });
  });

  test("64-bit integers stay exact", () => {
    const json = '{"bn":"/42/0/","e":[{"n":"20","v":-9223372036854775808}]}';
    const entries = decode(utf8(json), [42, 0], definitionOf) as Entry[];
    expect(entries[0].value).toEqual(decodeHex("8000000000000000"));
    expect(textOf(encode([42, 0], entries))).toBe(json);
  });

  test.each([
    "-3369459364383401500",
    "3369459364383401500",
    "9007199254740993",
    "-9223372036854775808",
    "18446744073709551615",
  ])("a float written without a point is the nearest double: %s", (text) => {
    const entries = decode(
      utf8(`{"bn":"/42/0/","e":[{"n":"40","v":${text}}]}`),
      [42, 0],
      definitionOf,
    );
    expect(entries).toMatchObject([{ type: FLOAT, value: Number(text) }]);
  });

  test("what nothing defines has the type that it shows", () => {
    const json = {
      bn: "/7/0/",
      e: [
        { n: "1", v: 5 },
        { n: "2", v: 5.5 },
        { n: "3", sv: "a" },
      ],
    };
    const entries = decode(utf8(JSON.stringify(json)), [7, 0], nothingDefined) as Entry[];
    expect(entries.map(({ type }) => type)).toEqual([INTEGER, FLOAT, STRING]);
  });

  test("a float that is not finite cannot be written", () => {
    expect(encode([7], [{ path: [7, 0, 1], type: FLOAT, value: Infinity }])).toBeUndefined();
  });

  test("no instances are no entries, and so are no bytes", () => {
    expect(textOf(encode([2], []))).toBe('{"bn":"/2","e":[]}');
    expect(decode(utf8('{"bn":"/2/","e":[]}'), [2], core)).toEqual([]);
    expect(decode(new Uint8Array(0), [2], core)).toEqual([]);
  });
});

describe("lwm2m-json: what is refused", () => {
  test.each([
    ["a list", "content/json", "[]"],
    ["half an object", "content/json", '{"e":[]'],
    ["something behind it", "content/json", '{"e":[]}x'],
    ["entries that are no list", "content/json", '{"e":{}}'],
    ["entries twice", "content/json", '{"e":[],"e":[]}'],
    ["a base name that is a number", "content/json-name", '{"bn":1,"e":[]}'],
    ["a name that is a number", "content/json-name", '{"e":[{"n":1,"v":1}]}'],
    ["a base time in words", "content/json-time", '{"bt":"now","e":[]}'],
    ["a base time of null", "content/json-time", '{"bt":null,"e":[]}'],
    ["a time in words", "content/json-time", '{"e":[{"n":"20","v":1,"t":"now"}]}'],
    ["two values", "content/json-two-values", '{"e":[{"n":"20","v":1,"sv":"a"}]}'],
    ["text for v", "content/json-value", '{"e":[{"n":"20","v":"1"}]}'],
    ["a number for bv", "content/json-value", '{"e":[{"n":"50","bv":1}]}'],
    ["a number for sv", "content/json-value", '{"e":[{"n":"10","sv":1}]}'],
    ["half a link for ov", "content/json-value", '{"e":[{"n":"80","ov":"66"}]}'],
    ["null", "content/json-value", '{"e":[{"n":"20","v":null}]}'],
    ["an empty entry", "content/json", '{"e":[{}]}'],
    ["another instance", "content/outside-base", '{"e":[{"n":"/42/1/20","v":1}]}'],
    ["a name that is no path", "content/senml-name", '{"e":[{"n":"speed","v":1}]}'],
  ])("%s", (_title, fault, text) => {
    expect(decode(utf8(text), [42, 0], definitionOf)).toMatchObject({ fault });
  });

  test("members that nobody knows are passed over", () => {
    const text = '{"bver":[1,{"a":2}],"e":[{"u":"Cel","n":"20","v":1}],"x":null}';
    expect(decode(utf8(text), [42, 0], definitionOf)).toHaveLength(1);
  });
});

describe("lwm2m-json: properties", () => {
  test("the number from before its registration means the same", () => {
    expect(LWM2M_JSON_1543_CODEC).toEqual({ ...LWM2M_JSON_CODEC, format: 1543 });
  });

  test("entries read back as they were written", () => {
    fc.assert(
      fc.property(baseAndEntries, ({ base, entries }) => {
        const bytes = encode(base, entries) as Uint8Array;
        const expected = entries.map((entry) =>
          Object.is(entry.value, -0) ? { ...entry, value: 0 } : entry,
        );
        expect(decode(bytes, base, definitionOf)).toEqual(expected);
        expect(() => JSON.parse(textOf(bytes))).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  test("no bytes make the decoder throw", () => {
    const seeds = VECTORS.lwm2m_json.map(({ json }) => utf8(JSON.stringify(json)));
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 48 }), mutated(seeds));
    fc.assert(
      fc.property(bytes, fc.constantFrom<Path>([], [3], [3, 0]), (input, base) => {
        const entries = decode(input, base, core);
        if (!isMalformed(entries)) expect(encode(base, entries)).toBeInstanceOf(Uint8Array);
      }),
      { numRuns: 10_000 },
    );
  });
});
