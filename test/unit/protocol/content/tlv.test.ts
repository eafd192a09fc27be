import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHex, encodeHex } from "../../../../protocol/bytes/hex.ts";
import { TLV_CODEC } from "../../../../protocol/content/tlv.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import {
  BOOLEAN,
  type Entry,
  FLOAT,
  INTEGER,
  MULTIPLE,
  NONE,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  UNSIGNED,
  type Value,
} from "../../../../protocol/model/data-types.ts";
import { formatInteger } from "../../../../protocol/model/decimal.ts";
import { formatObjectLink } from "../../../../protocol/model/object-link.ts";
import { ACCESS_CONTROL } from "../../../../protocol/model/objects/access-control.ts";
import { DEVICE } from "../../../../protocol/model/objects/device.ts";
import { SERVER } from "../../../../protocol/model/objects/server.ts";
import { formatPath, type Path, parsePath } from "../../../../protocol/model/path.ts";
import {
  baseAndEntries,
  mutated,
  nothingDefined,
  definitionOf as sampleDefinitionOf,
} from "../../../support/entries.ts";
import { readVectors } from "../../../support/vectors.ts";

interface Vectors {
  vectors: { id: string; path?: string; hex: string; values: Record<string, unknown> }[];
  header_vectors: { title: string; header: string; value_id: number; length: number }[];
  scalar_vectors: { title: string; hex: string; value: number | string }[];
  malformed: { title: string; hex: string }[];
}

const VECTORS = readVectors<Vectors>("tlv-vectors.json");
const EXAMPLES = VECTORS.vectors.filter((vector) => vector.path !== undefined);

/** The objects of the examples; 65 and 66 are the specification's own inventions. */
const OBJECTS = [
  SERVER,
  ACCESS_CONTROL,
  DEVICE,
  object(65, [0, OBJLNK | MULTIPLE, 1, STRING, 2, INTEGER]),
  object(66, [0, STRING, 1, STRING, 2, OBJLNK]),
  object(9, [1, INTEGER, 2, FLOAT, 3, UNSIGNED, 4, TIME, 5, BOOLEAN, 6, OPAQUE | MULTIPLE]),
];

function object(id: number, resources: number[]) {
  return { id, version: "1.0", multiple: true, mandatory: false, resources };
}

const definitionOf = (objectId: number) => OBJECTS.find((each) => each.id === objectId);

const bytesOf = (hex: string) => decodeHex(hex.replaceAll(" ", "")) as Uint8Array;

function decode(hex: string, base: string) {
  return TLV_CODEC.decode(bytesOf(hex), parsePath(base) as Path, definitionOf);
}

function encode(base: string, entries: readonly Entry[]): string {
  return encodeHex(TLV_CODEC.encode(parsePath(base) as Path, entries) as Uint8Array);
}

function entry(path: string, type: number, value: Value | undefined): Entry {
  return { path: parsePath(path) as Path, type, value, time: undefined };
}

/** As the vectors spell values. */
function spelled({ type, value }: Entry): unknown {
  if (type === OBJLNK) return { objlnk: formatObjectLink(value as never) };
  return value;
}

describe("tlv: the specification's examples", () => {
  test.each(EXAMPLES)("$id decodes", ({ path, hex, values }) => {
    const entries = decode(hex, path as string) as Entry[];
    const prefix = `${path}/`;
    const read = entries.map((each) => [formatPath(each.path).slice(prefix.length), spelled(each)]);
    expect(Object.fromEntries(read)).toEqual(values);
    expect(entries).toHaveLength(Object.keys(values).length);
  });

  test.each(EXAMPLES)("$id encodes to the same bytes", ({ path, hex }) => {
    expect(encode(path as string, decode(hex, path as string) as Entry[])).toBe(hex);
  });
});

describe("tlv: headers", () => {
  test.each(VECTORS.header_vectors)("$title", ({ header, value_id, length }) => {
    const value = new Uint8Array(length).fill(7);
    const written = TLV_CODEC.encode([9, 0], [entry(`/9/0/${value_id}`, OPAQUE, value)]);
    expect(encodeHex(written as Uint8Array)).toBe(header + "07".repeat(length));
    const read = TLV_CODEC.decode(written as Uint8Array, [9, 0], nothingDefined);
    expect(read).toEqual([entry(`/9/0/${value_id}`, OPAQUE, value)]);
  });

  test("the lengths that fit three bits, one byte and two bytes change exactly there", () => {
    const headerOf = (length: number) =>
      encode("/9/0/6", [entry("/9/0/6", OPAQUE, new Uint8Array(length))]).slice(0, -2 * length);
    expect(headerOf(1)).toBe("c106");
    expect(headerOf(7)).toBe("c706");
    expect(headerOf(8)).toBe("c80608");
    expect(headerOf(255)).toBe("c806ff");
    expect(headerOf(256)).toBe("d0060100");
    expect(headerOf(65535)).toBe("d006ffff");
    expect(headerOf(65536)).toBe("d806010000");
  });

  test("LwM2M Core 1.1.1 §7.4.4: the short length counts for nothing beside a long one", () => {
    expect(decode("cf 01 01 2a", "/9/0")).toEqual([entry("/9/0/1", INTEGER, 42)]);
  });
});

describe("tlv: values", () => {
  test.each(VECTORS.scalar_vectors)("$title", ({ title, hex, value }) => {
    const type = /float|double/.test(title) ? FLOAT : /objlnk/.test(title) ? OBJLNK : INTEGER;
    const definition = object(7, [1, type]);
    const entries = TLV_CODEC.decode(bytesOf(hex), [7, 0, 1], () => definition) as Entry[];
    const read = entries[0].value;
    if (type === OBJLNK) expect(formatObjectLink(read as never)).toBe(value);
    else if (type === FLOAT) expect(read).toBe(value);
    else expect(formatInteger(read as number, false)).toBe(String(value));
    expect(encodeHex(TLV_CODEC.encode([7, 0, 1], entries) as Uint8Array)).toBe(hex);
  });

  test.each([
    ["integer of 3 bytes", "/9/0/1", "c3 01 000001"],
    ["integer of no bytes", "/9/0/1", "c0 01"],
    ["float of 3 bytes", "/9/0/2", "c3 02 000001"],
    ["float of 2 bytes", "/9/0/2", "c2 02 0001"],
    ["unsigned of 5 bytes", "/9/0/3", "c5 03 0000000001"],
    ["time of 6 bytes", "/9/0/4", "c6 04 000000000001"],
    ["boolean of 2 bytes", "/9/0/5", "c2 05 0001"],
    ["boolean 2", "/9/0/5", "c1 05 02"],
    ["text that is not UTF-8", "/66/0/0", "c1 00 ff"],
    ["object link of 2 bytes", "/66/0/2", "c2 02 0001"],
  ])("a(n) %s is refused", (_, base, hex) => {
    expect(decode(hex, base)).toMatchObject({ fault: "content/value-not-of-type" });
  });

  test("an unsigned integer has no sign", () => {
    expect(decode("c1 03 c8", "/9/0")).toEqual([entry("/9/0/3", UNSIGNED, 200)]);
    expect(encode("/9/0", [entry("/9/0/3", UNSIGNED, 200)])).toBe("c103c8");
    expect(encode("/9/0", [entry("/9/0/1", INTEGER, 200)])).toBe("c20100c8");
  });
});

describe("tlv: nesting", () => {
  test("LwM2M Core 1.1.1 §7.4.4: an empty multiple resource is a header alone", () => {
    expect(encode("/9/0", [entry("/9/0/6", OPAQUE, undefined)])).toBe("8006");
    expect(decode("80 06", "/9/0")).toEqual([entry("/9/0/6", OPAQUE, undefined)]);
  });

  test("an instance without resources is a header alone", () => {
    expect(encode("/9", [entry("/9/3", NONE, undefined)])).toBe("0003");
    expect(decode("00 03", "/9")).toEqual([entry("/9/3", NONE, undefined)]);
  });

  test("no bytes are no entries, and the other way round", () => {
    expect(decode("", "/9")).toEqual([]);
    expect(encode("/9", [])).toBe("");
  });

  test("a resource instance is addressed with its own header, or within its resource", () => {
    const one = [entry("/9/0/6/5", OPAQUE, bytesOf("aabb"))];
    expect(encode("/9/0/6/5", one)).toBe("4205aabb");
    expect(decode("42 05 aabb", "/9/0/6/5")).toEqual(one);
    expect(decode("84 06 42 05 aabb", "/9/0/6/5")).toEqual(one);
    expect(encode("/9/0/6", one)).toBe("84064205aabb");
    expect(decode("42 05 aabb", "/9/0/6")).toEqual(one);
  });

  test("an instance may come within its instance header", () => {
    expect(decode("03 00 c1 01 2a", "/9/0")).toEqual([entry("/9/0/1", INTEGER, 42)]);
  });

  test("LwM2M Core 1.1.1 §6.3.6: resources for an object are an instance without id", () => {
    expect(decode("c1 01 2a", "/9")).toEqual([entry("/9/65535/1", INTEGER, 42)]);
  });

  test.each([
    ["another resource", "/9/0/1", "c1 02 2a"],
    ["another instance", "/9/0", "03 01 c1 01 2a"],
    ["another resource instance", "/9/0/6/5", "41 04 2a"],
  ])("%s than the one addressed is refused", (_, base, hex) => {
    expect(decode(hex, base)).toMatchObject({ fault: "content/outside-base" });
  });

  test.each([
    ["a single value for a multiple resource", "/9/0", "c1 06 2a"],
    ["instances of a single resource", "/9/0", "83 01 41 00 2a"],
    ["a resource beside instances", "/9", "03 00 c1 01 2a c1 01 2a"],
    ["a resource instance beside resources", "/9/0", "c1 01 2a 41 00 2a"],
    ["a resource instance for an instance", "/9/0", "41 00 2a"],
    ["an instance within an instance", "/9", "02 00 00 00"],
    ["a resource within a multiple resource", "/9/0", "83 06 c1 00 2a"],
  ])("%s is refused", (_, base, hex) => {
    expect(decode(hex, base)).toMatchObject({ fault: "content/tlv-kind" });
  });

  test.each([
    ["resource", "/9/0", "c1 01 2a c1 01 2b"],
    ["resource, others between", "/9/0", "c1 01 2a c1 03 01 c1 01 2b"],
    ["instance", "/9", "03 00 c1 01 2a 03 00 c1 01 2a"],
    ["resource instance", "/9/0", "86 06 41 01 2a 41 01 2b"],
  ])("the same %s twice is refused", (_, base, hex) => {
    expect(decode(hex, base)).toMatchObject({ fault: "content/tlv-duplicate" });
  });

  test("ids may come in any order", () => {
    expect(decode("c1 03 01 c1 01 2a", "/9/0")).toHaveLength(2);
  });

  test("the reserved id is refused", () => {
    expect(decode("e1 ffff 2a", "/9/0")).toMatchObject({ fault: "content/id-reserved" });
  });

  test("what nothing defines is bytes, as deep as its kinds say", () => {
    const bytes = bytesOf("c1 63 2a 84 64 42 07 aabb");
    expect(TLV_CODEC.decode(bytes, [77, 0], nothingDefined)).toEqual([
      entry("/77/0/99", OPAQUE, bytesOf("2a")),
      entry("/77/0/100/7", OPAQUE, bytesOf("aabb")),
    ]);
  });

  test("the root has no TLV", () => {
    expect(TLV_CODEC.encode([], [])).toBeUndefined();
    expect(isMalformed(TLV_CODEC.decode(bytesOf("c1012a"), [], definitionOf))).toBe(true);
  });
});

describe("tlv: nonsense", () => {
  test.each(VECTORS.malformed)("$title", ({ hex }) => {
    const definition = object(9, [0, FLOAT, 1, INTEGER]);
    expect(isMalformed(TLV_CODEC.decode(bytesOf(hex), [9], () => definition))).toBe(true);
  });

  test("a payload of more entries than anyone sends is refused, quickly", () => {
    // 30,000 resources in descending order, the worst case for finding duplicates.
    const bytes = new Uint8Array(90_000);
    for (let i = 0; i < 30_000; i++)
      bytes.set([0xe0, (30_000 - i) >> 8, (30_000 - i) & 255], 3 * i);
    expect(TLV_CODEC.decode(bytes, [9, 0], nothingDefined)).toMatchObject({
      fault: "content/too-many-entries",
    });
  });

  const bases = fc.constantFrom<Path>(
    [],
    [42],
    [42, 7],
    [42, 7, 10],
    [42, 7, 1000],
    [42, 7, 1000, 1],
  );

  test("no bytes make the decoder throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bases, (bytes, base) => {
        TLV_CODEC.decode(bytes, base, sampleDefinitionOf);
      }),
      { numRuns: 10_000 },
    );
  });

  test("no change to good bytes makes the decoder throw, and what it takes it can write", () => {
    const seeds = EXAMPLES.map(({ hex }) => bytesOf(hex));
    fc.assert(
      fc.property(
        mutated(seeds),
        fc.constantFrom<Path>([3], [3, 0], [2], [65, 0]),
        (bytes, base) => {
          const entries = TLV_CODEC.decode(bytes, base, definitionOf);
          if (isMalformed(entries)) return;
          const again = TLV_CODEC.encode(base, entries) as Uint8Array;
          if (entries.some(({ path }) => path.includes(65535))) return;
          expect(TLV_CODEC.decode(again, base, definitionOf)).toEqual(entries);
        },
      ),
      // An instance without resources, in its own wrapper.
      { numRuns: 10_000, examples: [[Uint8Array.from([8, 0, 0]), [65, 0]]] },
    );
  });
});

test("tlv: entries read back as they were written", () => {
  fc.assert(
    fc.property(baseAndEntries, ({ base, entries }) => {
      const bytes = TLV_CODEC.encode(base, entries) as Uint8Array;
      expect(TLV_CODEC.decode(bytes, base, sampleDefinitionOf)).toEqual(entries);
    }),
    { numRuns: 1000 },
  );
});
