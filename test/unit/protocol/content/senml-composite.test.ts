import { Encoder } from "cbor-x";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHex, encodeHex } from "../../../../protocol/bytes/hex.ts";
import type { ContentCodec, PathsCodec } from "../../../../protocol/content/content-codec.ts";
import { SENML_CBOR_CODEC } from "../../../../protocol/content/senml-cbor.ts";
import {
  SENML_ETCH_CBOR_CODEC,
  SENML_ETCH_CBOR_PATHS,
} from "../../../../protocol/content/senml-cbor-etch.ts";
import { SENML_JSON_CODEC } from "../../../../protocol/content/senml-json.ts";
import {
  SENML_ETCH_JSON_CODEC,
  SENML_ETCH_JSON_PATHS,
} from "../../../../protocol/content/senml-json-etch.ts";
import { type Entry, INTEGER, STRING, TIME } from "../../../../protocol/model/data-types.ts";
import { DEVICE } from "../../../../protocol/model/objects/device.ts";
import { formatPath, type Path, parsePath } from "../../../../protocol/model/path.ts";
import {
  baseAndEntries,
  definitionOf,
  mutated,
  nothingDefined,
  valuesByPath,
} from "../../../support/entries.ts";
import { type PrintedPayload, readVectors } from "../../../support/vectors.ts";

type Json = Record<string, unknown>;

interface Vectors {
  senml_paths: { title: string; source: string; json: Json[]; paths: string[] }[];
  senml_values: (PrintedPayload & { json: Json[] })[];
  senml_prefixed: (PrintedPayload & { json: Json[]; prefix: string })[];
  senml_history: { title: string; base: string; json: Json[]; times: [number, number][] };
}

const VECTORS = readVectors<Vectors>("lwm2m-formats-vectors.json");
const LABELS: Record<string, number> = { bn: -2, bt: -3, bu: -4, n: 0, u: 1, v: 2, vs: 3, vb: 4 };
const encoder = new Encoder({ mapsAsObjects: false, useRecords: false, tagUint8Array: false });

const at = (path: string) => parsePath(path) as Path;
const jsonOf = (records: Json[]) => new TextEncoder().encode(JSON.stringify(records));
const cborOf = (records: Json[]) =>
  new Uint8Array(
    encoder.encode(
      records.map(
        (record) =>
          new Map(
            Object.entries(record).map(([label, value]) => [
              label === "t" ? 6 : (LABELS[label] ?? label),
              value,
            ]),
          ),
      ),
    ),
  );

const BOTH: [string, ContentCodec, ContentCodec, PathsCodec, (records: Json[]) => Uint8Array][] = [
  ["json", SENML_JSON_CODEC, SENML_ETCH_JSON_CODEC, SENML_ETCH_JSON_PATHS, jsonOf],
  ["cbor", SENML_CBOR_CODEC, SENML_ETCH_CBOR_CODEC, SENML_ETCH_CBOR_PATHS, cborOf],
];

describe.each(BOTH)("senml-%s for composites", (name, plain, changes, paths, spell) => {
  const read = (records: Json[], prefix?: string) => paths.decode(spell(records), prefix);

  test("LwM2M Core 1.2.2 §7.5: the formats have their numbers", () => {
    const [number, etch] = name === "json" ? [110, 320] : [112, 322];
    expect([plain.format, changes.format, paths.format]).toEqual([number, etch, etch]);
  });

  test.each(VECTORS.senml_paths)("$source: $title", ({ json, paths: expected }) => {
    const decoded = read(json) as Path[];
    expect(decoded.map(formatPath)).toEqual(expected);
    expect(paths.decode(paths.encode(decoded))).toEqual(decoded);
  });

  test.each(VECTORS.senml_values)("$source: $title", ({ base, json, values }) => {
    expect(valuesByPath(plain.decode(spell(json), at(base), nothingDefined))).toEqual(values);
    expect(valuesByPath(changes.decode(spell(json), at(base), nothingDefined))).toEqual(values);
  });

  test.each(VECTORS.senml_prefixed)("$source: $title", ({ base, json, prefix, values }) => {
    const entries = plain.decode(spell(json), at(base), nothingDefined, prefix) as Entry[];
    expect(valuesByPath(entries)).toEqual(values);
    const written = plain.encode(at(base), entries, prefix) as Uint8Array;
    expect(plain.decode(written, at(base), nothingDefined, prefix)).toEqual(entries);
    expect(plain.decode(written, at(base), nothingDefined)).toMatchObject({
      fault: "content/senml-name",
    });
    expect(plain.decode(written, at(base), nothingDefined, "/other")).toMatchObject({
      fault: "content/senml-name",
    });
  });

  test("notifications stored while offline have their times, and keep them", () => {
    const { base, json, times } = VECTORS.senml_history;
    const entries = plain.decode(spell(json), at(base), nothingDefined) as Entry[];
    expect(entries.map(({ value, time }) => [value, time])).toEqual(times);
    const again = plain.encode(at(base), entries) as Uint8Array;
    expect(plain.decode(again, at(base), nothingDefined)).toEqual(entries);
  });

  test("RFC 8790 §3.1: what is no name, time or unit is refused among paths", () => {
    const fine = [{ bn: "/3/", bt: 5, bu: "Cel", n: "0", t: 1, u: "V" }];
    expect(read(fine)).toEqual([[3, 0]]);
    for (const field of [{ v: 1 }, { vs: "a" }, { vb: true }, { s: 1 }, { foo: 1 }, { bver: 10 }]) {
      expect(read([{ n: "/3", ...field }])).toMatchObject({ fault: "content/senml-field" });
    }
    expect(read([{ n: "/3", v: null }])).toMatchObject({ fault: "content/senml-value" });
    expect(read([{ t: 1 }])).toMatchObject({ fault: "content/senml-without-name" });
  });

  test("RFC 8790 §3.1: a base name alone is a path too", () => {
    expect(read([{ bn: "/3/0/" }, { n: "9" }])).toEqual([
      [3, 0],
      [3, 0, 9],
    ]);
  });

  test("paths that are none are refused", () => {
    for (const path of ["3", "/3//0", "/a", "/1/2/3/4/5", "/65536"]) {
      expect(read([{ n: path }])).toMatchObject({ fault: "content/senml-name" });
    }
    expect(read([{ n: "/65535" }])).toMatchObject({ fault: "content/id-reserved" });
    // The gateway specification prints this one: a slash too many makes an empty segment.
    expect(read([{ bn: "/d01/3/0/", n: "/9" }], "/d01")).toMatchObject({
      fault: "content/senml-name",
    });
  });

  test("LwM2M Transport 1.2.2 §6.4.1: paths stand behind the alternate path", () => {
    const list: Path[] = [[], [3], [3, 0, 11, 2]];
    const bytes = paths.encode(list, "/lwm2m");
    expect(paths.decode(bytes, "/lwm2m")).toEqual(list);
    expect(read([{ n: "/lwm2m" }, { n: "/lwm2m/3" }], "/lwm2m")).toEqual([[], [3]]);
    expect(read([{ n: "/lwm2m3" }], "/lwm2m")).toMatchObject({ fault: "content/senml-name" });
    expect(paths.decode(bytes)).toMatchObject({ fault: "content/senml-name" });
  });

  test("RFC 8790 §3.2: null removes a resource instance, and nothing else", () => {
    const entries: Entry[] = [
      { path: [42, 0, 20], type: INTEGER, value: 1, time: undefined },
      { path: [42, 0, 1000, 7], type: STRING, value: undefined, time: undefined },
      { path: [42, 0, 1000, 8], type: STRING, value: "x", time: undefined },
    ];
    const json = [
      { bn: "/42/0/", n: "20", v: 1 },
      { n: "1000/7", v: null },
      { n: "1000/8", vs: "x" },
    ];
    expect(changes.decode(spell(json), [], definitionOf)).toEqual(entries);
    const written = changes.encode([42, 0], entries) as Uint8Array;
    expect(changes.decode(written, [], definitionOf)).toEqual(entries);
    expect(plain.decode(written, [], definitionOf)).toMatchObject({ fault: "content/senml-value" });
    for (const path of ["/42/0/20", "/42/0/1000"]) {
      expect(isRefused(changes.decode(spell([{ n: path, v: null }]), [], definitionOf))).toBe(true);
    }
    const twice = spell([{ n: "/42/0/1000/7", v: null, vs: "x" }]);
    expect(changes.decode(twice, [], definitionOf)).toMatchObject({
      fault: "content/senml-two-values",
    });
    const text = spell([{ n: "/42/0/1000/7", vs: null }]);
    expect(isRefused(changes.decode(text, [], definitionOf))).toBe(true);
  });

  test("RFC 8790 §5: an unknown field is passed over among changes, also one that ends in _", () => {
    const records = (label: string) => spell([{ n: "/42/0/20", v: 1, [label]: [2, { a: "b" }] }]);
    const expected = [{ path: [42, 0, 20], type: INTEGER, value: 1, time: undefined }];
    for (const label of ["zz", "zz_"]) {
      expect(changes.decode(records(label), [], definitionOf)).toEqual(expected);
    }
    expect(plain.decode(records("zz"), [], definitionOf)).toEqual(expected);
    expect(plain.decode(records("zz_"), [], definitionOf)).toMatchObject({
      fault: "content/senml-label",
    });
  });

  test("each record is read as its own resource is defined", () => {
    const records = [
      { n: "/42/0/10", vs: "a" },
      { n: "/3/0/10", v: 5 },
      { n: "/3/0/13", v: 6 },
      { n: "/7/0/13", v: 7 },
      { n: "/42/1/13", v: 8 },
    ];
    const both = (id: number) => (id === 3 ? DEVICE : definitionOf(id));
    const entries = plain.decode(spell(records), [], both) as Entry[];
    expect(entries.map(({ type }) => type)).toEqual([STRING, INTEGER, TIME, INTEGER, INTEGER]);
    const wrong = [records[0], { n: "/3/0/10", vs: "a" }];
    expect(plain.decode(spell(wrong), [], both)).toMatchObject({
      fault: "content/value-not-of-type",
    });
  });

  test("a value that is missing is no null", () => {
    expect(changes.decode(spell([{ n: "/42/0/1000/7" }]), [], definitionOf)).toMatchObject({
      fault: "content/senml-without-value",
    });
  });

  test("changes read back as they were written, whatever stands before them", () => {
    const prefixes = fc.constantFrom(undefined, "/lwm2m", "/d01", '/a"b');
    fc.assert(
      fc.property(baseAndEntries, prefixes, ({ base, entries }, prefix) => {
        const bytes = changes.encode(base, entries, prefix) as Uint8Array;
        const expected = entries.map((entry) =>
          Object.is(entry.value, -0) && name === "json" ? { ...entry, value: 0 } : entry,
        );
        expect(changes.decode(bytes, base, definitionOf, prefix)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test("no bytes make either decoder throw", () => {
    const seeds = VECTORS.senml_paths.map(({ json }) => spell(json));
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 48 }), mutated(seeds));
    fc.assert(
      fc.property(bytes, (input) => {
        const list = paths.decode(input);
        if (Array.isArray(list)) expect(paths.decode(paths.encode(list))).toEqual(list);
        changes.decode(input, [], definitionOf);
      }),
      { numRuns: 5000 },
    );
  });
});

const isRefused = (entries: unknown) => !Array.isArray(entries);

describe("senml-etch: the spelling", () => {
  test("in JSON", () => {
    const bytes = SENML_ETCH_JSON_PATHS.encode([[3, 0], []]);
    expect(new TextDecoder().decode(bytes)).toBe('[{"n":"/3/0"},{"n":"/"}]');
    const removal = [{ path: [42, 0, 1000, 7], type: STRING, value: undefined }];
    expect(new TextDecoder().decode(SENML_ETCH_JSON_CODEC.encode([42, 0, 1000, 7], removal))).toBe(
      '[{"bn":"/42/0/1000/7","v":null}]',
    );
  });

  test("in CBOR", () => {
    expect(encodeHex(SENML_ETCH_CBOR_PATHS.encode([[3, 0], []]))).toBe("82a100642f332f30a100612f");
    const half = decodeHex("81a2006a2f34322f302f34302f3102f93e00") as Uint8Array;
    expect(SENML_CBOR_CODEC.decode(half, [], nothingDefined)).toMatchObject([{ value: 1.5 }]);
  });
});
