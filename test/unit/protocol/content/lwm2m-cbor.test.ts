import { Encoder } from "cbor-x";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHex, encodeHex } from "../../../../protocol/bytes/hex.ts";
import { LWM2M_CBOR_CODEC } from "../../../../protocol/content/lwm2m-cbor.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import {
  type Entry,
  INTEGER,
  NONE,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  UNSIGNED,
} from "../../../../protocol/model/data-types.ts";
import { ACCESS_CONTROL } from "../../../../protocol/model/objects/access-control.ts";
import { DEVICE } from "../../../../protocol/model/objects/device.ts";
import { SERVER } from "../../../../protocol/model/objects/server.ts";
import { type Path, parsePath } from "../../../../protocol/model/path.ts";
import {
  baseAndEntries,
  definitionOf,
  mutated,
  nothingDefined,
  valuesByPath,
} from "../../../support/entries.ts";
import { type PrintedPayload, readVectors } from "../../../support/vectors.ts";

const { encode, decode } = LWM2M_CBOR_CODEC;

interface Vectors {
  lwm2m_cbor: (PrintedPayload & { hex: string; written: boolean })[];
  gateway_cbor: { title: string; hex: string };
}

const VECTORS = readVectors<Vectors>("lwm2m-formats-vectors.json");

const bytesOf = (hex: string) => decodeHex(hex.replaceAll(" ", "")) as Uint8Array;
const at = (path: string) => parsePath(path) as Path;
const core = (id: number) => [SERVER, ACCESS_CONTROL, DEVICE].find((object) => object.id === id);

describe("lwm2m-cbor: payloads that LwM2M Core 1.2.2 prints", () => {
  test.each(VECTORS.lwm2m_cbor)("$source: $title is read", ({ base, hex, values }) => {
    expect(valuesByPath(decode(bytesOf(hex), at(base), core))).toEqual(values);
  });

  test.each(VECTORS.lwm2m_cbor.filter(({ written }) => written))("$source: $title is written so", ({
    base,
    hex,
  }) => {
    const entries = decode(bytesOf(hex), at(base), core) as Entry[];
    expect(encodeHex(encode(at(base), entries) as Uint8Array)).toBe(hex);
  });
});

describe("lwm2m-cbor: how ids are grouped", () => {
  const entries = [
    { path: [3, 0, 6, 0], type: INTEGER, value: 1, time: undefined },
    { path: [3, 0, 6, 1], type: INTEGER, value: 5, time: undefined },
  ];

  test.each([
    ["a key per level", "a1 03 a1 00 a1 06 a2 00 01 01 05"],
    ["lists of one id", "a1 81 03 a1 81 00 a1 81 06 a2 81 00 01 81 01 05"],
    ["a list below an id", "a1 03 a1 82 00 06 a2 00 01 01 05"],
    ["a key per value", "a2 84 03 00 06 00 01 84 03 00 06 01 05"],
    ["one resource under two keys", "a2 84 03 00 06 00 01 83 03 00 06 a1 01 05"],
    ["maps without length", "bf 03 bf 00 bf 06 bf 00 01 01 05 ff ff ff ff"],
    ["lists without length", "bf 9f 03 00 06 ff a2 00 01 01 05 ff"],
    ["ids longer than needed", "a1 83 18 03 19 00 00 1a 00 00 00 06 a2 00 01 01 05"],
  ])("%s", (_title, hex) => {
    expect(decode(bytesOf(hex), [3], core)).toEqual(entries);
  });

  test("keys of several objects go down to where each branches", () => {
    const mixed: Entry[] = [
      { path: [3, 0, 9], type: INTEGER, value: 100 },
      { path: [1, 0, 1], type: INTEGER, value: 86400 },
      { path: [1, 1, 1], type: INTEGER, value: 300 },
    ];
    expect(encodeHex(encode([], mixed) as Uint8Array)).toBe(
      "a283030009186401a200a1011a0001518001a10119012c",
    );
  });

  test("what is empty is an empty map", () => {
    const empty: Entry[] = [
      { path: [3, 0, 6], type: INTEGER, value: undefined, time: undefined },
      { path: [1, 0], type: NONE, value: undefined, time: undefined },
    ];
    const bytes = encode([], empty) as Uint8Array;
    expect(encodeHex(bytes)).toBe("a283030006a0820100a0");
    expect(decode(bytes, [], core)).toEqual(empty);
    expect(encodeHex(encode([3], []) as Uint8Array)).toBe("a0");
  });

  test.each(["a0", "bfff", "", "a1 03 a0"])("%j has no entries", (hex) => {
    expect(decode(bytesOf(hex), [3], core)).toEqual([]);
  });

  test("LwM2M Core 1.2.2 §6.3.6: only a Create may leave the instance open", () => {
    const hex = "a1 83 02 19 ff ff 00 05";
    expect(decode(bytesOf(hex), [2], core)).toMatchObject([{ path: [2, 65535, 0], value: 5 }]);
    expect(decode(bytesOf(hex), [], core)).toMatchObject({ fault: "content/id-reserved" });
    const resource = "a1 83 02 00 19 ff ff 05";
    expect(decode(bytesOf(resource), [2], core)).toMatchObject({ fault: "content/id-reserved" });
  });
});

describe("lwm2m-cbor: values", () => {
  const value = (path: string, hex: string) => {
    const entries = decode(bytesOf(hex), at(path), definitionOf);
    return isMalformed(entries) ? entries.fault : entries[0]?.value;
  };
  /** A value in object 42, which has a resource 10 times its type. */
  const of = (type: number, hex: string) =>
    value(
      `/42/0/${type * 10}`,
      `a1 83 18 2a 00 18 ${(type * 10).toString(16).padStart(2, "0")} ${hex}`,
    );

  test("LwM2M Core 1.2.2 Appendix C: times are integers, or dates, or tagged", () => {
    expect(of(TIME, "1a5182428f")).toBe(1367491215);
    expect(of(TIME, "c11a5182428f")).toBe(1367491215);
    expect(of(TIME, "c074323031332d30352d30325431303a34303a31355a")).toBe(1367491215);
    expect(of(TIME, "20")).toBe(-1);
    expect(of(TIME, "c063616263")).toBe("content/cbor-item");
    expect(of(TIME, "63616263")).toBe("content/value-not-of-type");
  });

  test("object links are text, integers keep 64 bits", () => {
    expect(of(OBJLNK, "63333a30")).toEqual({ objectId: 3, objectInstanceId: 0 });
    expect(of(UNSIGNED, "1bffffffffffffffff")).toEqual(bytesOf("ffffffffffffffff"));
    expect(of(INTEGER, "3b7fffffffffffffff")).toEqual(bytesOf("8000000000000000"));
    expect(of(INTEGER, "3bffffffffffffffff")).toBe("content/cbor-item");
  });

  test("a bignum is no value, not even bytes", () => {
    expect(of(INTEGER, "c24101")).toBe("content/cbor-item");
    expect(of(OPAQUE, "c24101")).toBe("content/cbor-item");
  });

  test("null stands for what can only be executed, and for nothing else", () => {
    expect(decode(bytesOf("a183030004f6"), [3, 0, 4], core)).toEqual([]);
    expect(of(STRING, "f6")).toBe("content/value-not-of-type");
    expect(of(STRING, "f7")).toBe("content/cbor-item");
  });

  test("what has a time cannot be written", () => {
    const entries = [{ path: [42, 0, 20], type: INTEGER, value: 1, time: 5 }];
    expect(encode([42], entries)).toBeUndefined();
  });
});

describe("lwm2m-cbor: what is refused", () => {
  test.each([
    ["a list", "content/lwm2m-cbor-map", "81 00"],
    ["a number", "content/lwm2m-cbor-map", "05"],
    ["null", "content/lwm2m-cbor-map", "f6"],
    ["a float for an id", "content/lwm2m-cbor-key", "a1 f9 3c00 05"],
    ["a negative id", "content/lwm2m-cbor-key", "a1 20 05"],
    ["bytes for an id", "content/lwm2m-cbor-key", "a1 41 03 05"],
    ["text for an id", "content/lwm2m-cbor-key", "a1 63 643031 a1 03 a1 00 a1 00 05"],
    ["text among ids", "content/lwm2m-cbor-key", "a1 83 03 61 30 00 05"],
    ["text below ids", "content/lwm2m-cbor-key", "a1 03 a1 61 30 a1 00 05"],
    ["no ids", "content/lwm2m-cbor-key", "a1 80 a0"],
    ["no ids, without length", "content/lwm2m-cbor-key", "a1 9f ff a0"],
    ["an id above 65535", "content/lwm2m-cbor-key", "a1 83 03 00 1a 00010000 05"],
    ["five ids", "content/lwm2m-cbor-key", "a1 85 03 00 06 00 00 05"],
    ["a fifth level", "content/lwm2m-cbor-level", "a1 84 03 00 06 00 a1 00 05"],
    ["a value at an instance", "content/lwm2m-cbor-level", "a1 82 03 00 05"],
    ["a value at an object", "content/lwm2m-cbor-level", "a1 03 05"],
    ["an instance of a single resource", "content/lwm2m-cbor-level", "a1 84 03 00 09 00 05"],
    ["a multiple resource at once", "content/lwm2m-cbor-level", "a1 83 03 00 06 05"],
    ["a single resource that is empty", "content/lwm2m-cbor-level", "a1 83 03 00 09 a0"],
    ["a cut key", "content/lwm2m-cbor-key", "a1 83 03 00"],
    ["a cut text", "content/cbor-item", "a1 83 03 00 00 74 4f 70"],
    ["a map without end", "content/lwm2m-cbor-key", "bf 83 03 00 09 05"],
    ["too few members", "content/lwm2m-cbor-key", "a2 83 03 00 09 05"],
    ["a key without value", "content/cbor-item", "bf 83 03 00 09 ff"],
    ["a list for a value", "content/cbor-item", "a1 83 03 00 09 81 05"],
    ["a reserved head", "content/cbor-item", "a1 83 03 00 09 1c"],
    ["a break for a key", "content/lwm2m-cbor-key", "a1 ff"],
    ["an id without length", "content/lwm2m-cbor-key", "a1 83 03 00 1f 05"],
    ["text that is not UTF-8", "content/cbor-item", "a1 83 03 00 00 62 c328"],
    ["bytes behind the map", "content/cbor-item", "a1 83 03 00 09 05 00"],
    ["another object", "content/outside-base", "a1 83 01 00 01 05"],
    ["an empty other object", "content/outside-base", "a1 01 a0"],
    ["the same twice", "content/lwm2m-cbor-duplicate", "a2 83 03 00 09 05 83 03 00 09 06"],
    ["the same in two groupings", "content/lwm2m-cbor-duplicate", "a2 83030009 05 03 a100a10906"],
    [
      "the same again later",
      "content/lwm2m-cbor-duplicate",
      "a3 83 03 00 09 05 83 03 00 0a 05 83 03 00 09 06",
    ],
    [
      "an empty instance that has a value",
      "content/lwm2m-cbor-duplicate",
      "a2 82 03 00 a0 83 03 00 09 05",
    ],
    [
      "a value whose instance is empty",
      "content/lwm2m-cbor-duplicate",
      "a2 83 03 00 09 05 82 03 00 a0",
    ],
  ])("%s", (_title, fault, hex) => {
    expect(decode(bytesOf(hex), [3], core)).toMatchObject({ fault });
  });
});

describe("lwm2m-cbor: behind a gateway", () => {
  const [first] = [bytesOf("a1 83 63 643031 03 00 a2 00 61 41 09 18 64")];

  test("a prefix stands first in keys and is wanted there", () => {
    const entries = decode(first, [3, 0], core, "/d01");
    expect(entries).toBeInstanceOf(Array);
    expect(valuesByPath(entries)).toEqual({ "/3/0/0": "A", "/3/0/9": 100 });
    const bytes = encode([3, 0], entries as Entry[], "/d01") as Uint8Array;
    expect(encodeHex(bytes)).toBe(encodeHex(first));
    expect(decode(first, [3, 0], core)).toMatchObject({ fault: "content/lwm2m-cbor-key" });
    expect(decode(first, [3, 0], core, "/d02")).toMatchObject({ fault: "content/lwm2m-cbor-key" });
  });

  test("a prefix may be a key of its own", () => {
    const bare = bytesOf("a1 63 643031 a1 03 a1 00 a1 00 61 41");
    expect(valuesByPath(decode(bare, [3], core, "/d01"))).toEqual({ "/3/0/0": "A" });
  });

  test("without it a key is another device's", () => {
    const bytes = bytesOf("a1 83 03 00 09 05");
    expect(decode(bytes, [3], core, "/d01")).toMatchObject({ fault: "content/lwm2m-cbor-key" });
    const two = bytesOf(VECTORS.gateway_cbor.hex);
    expect(decode(two, [3], core, "/d01")).toMatchObject({ fault: "content/lwm2m-cbor-key" });
  });
});

describe("lwm2m-cbor: properties", () => {
  test("entries read back as they were written", () => {
    fc.assert(
      fc.property(baseAndEntries, ({ base, entries }) => {
        const bytes = encode(base, entries) as Uint8Array;
        expect(decode(bytes, base, definitionOf)).toEqual(entries);
      }),
      { numRuns: 500 },
    );
  });

  test("nested maps that cbor-x writes are read", () => {
    const encoder = new Encoder({ mapsAsObjects: false, useRecords: false, tagUint8Array: false });
    fc.assert(
      fc.property(baseAndEntries, ({ base, entries }) => {
        const root = new Map<number, unknown>();
        for (const { path, value } of entries.filter(({ type }) => type === STRING)) {
          let level = root;
          for (const id of path.slice(0, -1)) {
            if (!level.has(id)) level.set(id, new Map());
            level = level.get(id) as Map<number, unknown>;
          }
          level.set(path[path.length - 1], value);
        }
        const texts = entries.filter(({ type }) => type === STRING);
        const read = decode(new Uint8Array(encoder.encode(root)), base, definitionOf);
        expect(read).toEqual(texts);
      }),
      { numRuns: 200 },
    );
  });

  test("no bytes make the decoder throw, and what it takes it can write", () => {
    const seeds = VECTORS.lwm2m_cbor.map(({ hex }) => bytesOf(hex));
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 48 }), mutated(seeds));
    fc.assert(
      fc.property(bytes, fc.constantFrom<Path>([], [3], [3, 0], [1], [2]), (input, base) => {
        const entries = decode(input, base, core);
        if (isMalformed(entries)) return;
        const again = encode(base, entries) as Uint8Array;
        expect(decode(again, [], nothingDefined)).toBeDefined();
      }),
      { numRuns: 10_000 },
    );
  });

  test("a payload of more values than anyone sends is refused", () => {
    const many = new Map(Array.from({ length: 5000 }, (_, id) => [id, 1]));
    const encoder = new Encoder({ mapsAsObjects: false, useRecords: false });
    const bytes = new Uint8Array(encoder.encode(new Map([[7, new Map([[0, many]])]])));
    expect(decode(bytes, [7], nothingDefined)).toMatchObject({
      fault: "content/too-many-entries",
    });
  });
});
