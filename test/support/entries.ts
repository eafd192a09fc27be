/**
 * Random trees of values for the content formats: an object of every data type, single and
 * multiple.
 */
import fc from "fast-check";
import { isMalformed, type Malformed } from "../../protocol/malformed.ts";
import {
  BOOLEAN,
  CORELNK,
  type Entry,
  FLOAT,
  INTEGER,
  type Integer64,
  MULTIPLE,
  OBJLNK,
  type ObjectLink,
  OPAQUE,
  READ,
  STRING,
  TIME,
  UNSIGNED,
  type Value,
  WRITE,
} from "../../protocol/model/data-types.ts";
import { parseInteger } from "../../protocol/model/decimal.ts";
import type { ObjectDefinition } from "../../protocol/model/object-definition.ts";
import { formatObjectLink } from "../../protocol/model/object-link.ts";
import { formatPath, type Path } from "../../protocol/model/path.ts";

export const TYPES = [STRING, INTEGER, UNSIGNED, FLOAT, BOOLEAN, OPAQUE, TIME, OBJLNK, CORELNK];

/** Object 42: resource 10 x type is single, 1000 x type multiple. */
export const SAMPLE: ObjectDefinition = {
  id: 42,
  version: "1.0",
  multiple: true,
  mandatory: false,
  resources: [
    ...TYPES.flatMap((type) => [10 * type, type | READ | WRITE]),
    ...TYPES.flatMap((type) => [1000 * type, type | READ | WRITE | MULTIPLE]),
  ],
};

export const definitionOf = (objectId: number): ObjectDefinition | undefined =>
  objectId === SAMPLE.id ? SAMPLE : undefined;

export const nothingDefined = (): undefined => undefined;

const integer = (least: bigint, most: bigint, unsigned: boolean): fc.Arbitrary<Value> =>
  fc.bigInt(least, most).map((value) => parseInteger(value.toString(), unsigned) as Integer64);

/** Any value of a data type. */
export function anyValueOf(type: number): fc.Arbitrary<Value> {
  switch (type) {
    case INTEGER:
    case TIME:
      return fc.oneof(
        fc.integer(),
        fc.constantFrom(0, 127, 128, -128, -129, 32767, 32768, -32768, -32769, 2 ** 31, -(2 ** 31)),
        integer(-(2n ** 63n), 2n ** 63n - 1n, false),
      );
    case UNSIGNED:
      return fc.oneof(
        fc.nat(),
        fc.constantFrom(255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32),
        integer(0n, 2n ** 64n - 1n, true),
      );
    case FLOAT:
      return fc.oneof(
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      );
    case BOOLEAN:
      return fc.boolean();
    case OPAQUE:
      return fc.uint8Array({ maxLength: 300 });
    case OBJLNK:
      return fc.record({
        objectId: fc.integer({ min: 0, max: 65535 }),
        objectInstanceId: fc.integer({ min: 0, max: 65535 }),
      });
    default:
      return fc.oneof(
        fc.string({ unit: "binary", maxLength: 40 }),
        fc.string({ maxLength: 300 }),
        fc.constant(""),
      );
  }
}

/** One value and its type. */
export const typedValue = fc
  .constantFrom(...TYPES)
  .chain((type) => anyValueOf(type).map((value) => ({ type, value })));

/** Sorted ids without duplicates. */
const ids = (most: number) =>
  fc
    .uniqueArray(fc.integer({ min: 0, max: 65534 }), { minLength: 1, maxLength: most })
    .map((list) => list.sort((a, b) => a - b));

function resourceEntries(instance: Path, type: number, isMultiple: boolean) {
  if (!isMultiple) {
    const path = [...instance, 10 * type];
    return anyValueOf(type).map((value): Entry[] => [{ path, type, value, time: undefined }]);
  }
  return ids(4).chain((list) =>
    fc.tuple(...list.map(() => anyValueOf(type))).map((values) =>
      values.map((value, i): Entry => {
        return { path: [...instance, 1000 * type, list[i]], type, value, time: undefined };
      }),
    ),
  );
}

/** The resources of one instance, in tree order. */
export const instanceEntries = (instance: Path): fc.Arbitrary<Entry[]> =>
  fc
    .uniqueArray(fc.record({ type: fc.constantFrom(...TYPES), isMultiple: fc.boolean() }), {
      selector: (resource) => resource.type * (resource.isMultiple ? 1000 : 10),
      minLength: 1,
      maxLength: 6,
    })
    .map((list) =>
      list.sort(
        (a, b) => a.type * (a.isMultiple ? 1000 : 10) - b.type * (b.isMultiple ? 1000 : 10),
      ),
    )
    .chain((list) =>
      fc
        .tuple(...list.map(({ type, isMultiple }) => resourceEntries(instance, type, isMultiple)))
        .map((entries) => entries.flat()),
    );

/**
 * A base path and entries at or below it: an object, an instance, a resource, or a resource
 * instance of object 42.
 */
export const baseAndEntries: fc.Arbitrary<{ base: Path; entries: Entry[] }> = fc.oneof(
  ids(3).chain((list) =>
    fc
      .tuple(...list.map((id) => instanceEntries([42, id])))
      .map((instances) => ({ base: [42], entries: instances.flat() })),
  ),
  instanceEntries([42, 7]).map((entries) => ({ base: [42, 7], entries })),
  fc
    .record({ type: fc.constantFrom(...TYPES), isMultiple: fc.boolean() })
    .chain(({ type, isMultiple }) =>
      resourceEntries([42, 7], type, isMultiple).map((entries) => ({
        base: entries[0].path.slice(0, 3),
        entries,
      })),
    ),
  fc.constantFrom(...TYPES).chain((type) =>
    resourceEntries([42, 7], type, true).map((entries) => ({
      base: entries[0].path,
      entries: entries.slice(0, 1),
    })),
  ),
);

/** What was decoded as values by path, as vectors print them: object links as text; or the fault. */
export function valuesByPath(entries: Entry[] | Malformed): unknown {
  if (isMalformed(entries)) return entries;
  return Object.fromEntries(
    entries.map(({ path, type, value }) => [
      formatPath(path),
      type === OBJLNK ? formatObjectLink(value as ObjectLink) : value,
    ]),
  );
}

/** Bytes that once were right: cut, changed, repeated. */
export function mutated(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(),
    to: fc.nat(255),
    kind: fc.constantFrom("set", "cut", "insert", "remove", "repeat"),
  });
  return fc
    .record({
      seed: fc.constantFrom(...seeds),
      changes: fc.array(change, { minLength: 1, maxLength: 4 }),
    })
    .map(({ seed, changes }) => {
      let bytes = [...seed];
      for (const { at, to, kind } of changes) {
        const index = bytes.length === 0 ? 0 : at % bytes.length;
        if (kind === "set") bytes[index] = to;
        else if (kind === "cut") bytes = bytes.slice(0, index);
        else if (kind === "insert") bytes.splice(index, 0, to);
        else if (kind === "remove") bytes.splice(index, 1);
        else bytes = bytes.slice(0, index).concat(bytes);
      }
      return Uint8Array.from(bytes);
    });
}
