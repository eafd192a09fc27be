import { Encoder } from "cbor-x";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Damage, encodeBatch, readBatch } from "../../../../connector/store/journal-batch.ts";
import type { Changes } from "../../../../connector/store/live-table.ts";

type Read = [table: string, key: string, value: unknown];

function read(batch: Buffer): { records: Read[]; damages: Damage[] } {
  const records: Read[] = [];
  const damages = readBatch(batch, (table, key, value) => records.push([table, key, value]));
  return { records, damages };
}

function flipped(batch: Buffer, bit: number): Buffer {
  const copy = Buffer.from(batch);
  copy[bit >> 3] ^= 1 << (bit & 7);
  return copy;
}

const CHANGES: Changes = {
  "access-keys": ["one", { name: "gateway", digest: "00ff" }, "two", undefined],
  rows: [
    "",
    { n: -1, at: 1.5, list: [null, true, false] },
    "Straße",
    { bytes: new Uint8Array([0, 255]) },
  ],
};
const NAMES = ["one", "two", "", "Straße"];

test("a batch is read as it was written", () => {
  const { records, damages } = read(encodeBatch(CHANGES));
  expect(damages).toEqual([]);
  expect(records.map(([table, key]) => `${table}/${key}`)).toEqual([
    "access-keys/one",
    "access-keys/two",
    "rows/",
    "rows/Straße",
  ]);
  expect(records[0][2]).toEqual({ name: "gateway", digest: "00ff" });
  expect(records[1][2]).toBeUndefined();
  expect(records[2][2]).toEqual({ n: -1, at: 1.5, list: [null, true, false] });
});

test("whatever single bit is flipped, at most its own record is lost, and never silently", () => {
  const batch = encodeBatch(CHANGES);
  const whole = read(batch).records;
  const lostTo = new Set<string>();
  for (let bit = 0; bit < 8 * batch.length; bit++) {
    const { records, damages } = read(flipped(batch, bit));
    expect(damages.length).toBe(1);
    const kept = new Set(records.map(([, key]) => key));
    const lost = NAMES.filter((key) => !kept.has(key));
    expect(lost.length).toBe(damages[0].isLoss ? 1 : 0);
    expect(records).toEqual(whole.filter(([, key]) => key !== lost[0]));
    if (lost.length > 0) lostTo.add(lost[0]);
  }
  expect(lostTo).toEqual(new Set(NAMES));
});

test("a damaged record is named when the damage is not in its name", () => {
  const batch = encodeBatch({ channels: ["the key", { url: "http://127.0.0.1/" }] });
  const at = batch.indexOf("http:");
  expect(read(flipped(batch, 8 * at)).damages[0].what).toBe(
    'record 1 of 1, table "channels", key "the key"',
  );
});

test("both directories damaged lose the batch, and it is said", () => {
  const batch = encodeBatch(CHANGES);
  const { records, damages } = read(flipped(flipped(batch, 40), 8 * batch.length - 1));
  expect(records).toEqual([]);
  expect(damages.map(({ isLoss, bytes }) => [isLoss, bytes.length])).toEqual([
    [true, batch.length],
  ]);
});

test("no bytes make reading throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      expect(read(Buffer.from(bytes)).damages.every((damage) => damage.isLoss)).toBe(true);
    }),
  );
  const batch = encodeBatch(CHANGES);
  for (let cut = 0; cut < batch.length; cut++) {
    expect(read(batch.subarray(0, cut)).damages.length).toBe(1);
  }
});

test("an empty batch is a batch", () => {
  expect(read(encodeBatch({}))).toEqual({ records: [], damages: [] });
});

test("any value comes back as a library for CBOR would bring it back", () => {
  const library = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false });
  const value = fc.letrec((again) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.string({ unit: "grapheme", maxLength: 300 }),
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(again("any"), { maxLength: 30 }),
      fc.dictionary(
        fc.string().filter((name) => name !== "__proto__"),
        again("any"),
        { noNullPrototype: true },
      ),
    ),
  })).any;
  fc.assert(
    fc.property(fc.string(), value, (key, row) => {
      const [[, readKey, readRow]] = read(encodeBatch({ rows: [key, row] })).records;
      expect(readKey).toBe(key);
      expect(readRow).toEqual(library.decode(library.encode(row)));
    }),
  );
});

test("text at the borders of CBOR's lengths comes back, of one byte and of more", () => {
  for (const length of [0, 23, 24, 199, 200, 201, 255, 256, 65535, 65536, 200_000]) {
    for (const text of ["a".repeat(length), "ß".repeat(length)]) {
      const [[, , row]] = read(encodeBatch({ rows: ["a", [text, length]] })).records;
      expect(row).toEqual([text, length]);
    }
  }
});
