import { Decoder } from "cbor-x";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHex, encodeHex } from "../../../../protocol/bytes/hex.ts";
import {
  BlockSet,
  decodeMissingBlocks,
  encodeMissingBlocks,
} from "../../../../protocol/coap/q-block.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";

const MOST = 1048576;

describe("missing blocks (RFC 9177 §5)", () => {
  test("are CBOR integers one after the other", () => {
    const numbers = [1, 9, 10, 23, 24, 255, 256, 65535, 65536, MOST - 1];
    const bytes = encodeMissingBlocks(numbers, 100);
    expect(encodeHex(bytes)).toBe("01090a17181818ff19010019ffff1a000100001a000fffff");
    expect(decodeMissingBlocks(bytes, MOST)).toEqual(numbers);
  });

  test("as many as fit", () => {
    expect(encodeHex(encodeMissingBlocks([1, 2, 300, 4], 4))).toBe("0102");
    expect(encodeMissingBlocks([1], 0)).toHaveLength(0);
  });

  test("a duplicate is dropped", () => {
    expect(decodeMissingBlocks(Uint8Array.of(5, 1, 5, 0x18, 1), 10)).toEqual([5, 1]);
  });

  test.each([
    ["20", "coap/missing-block-not-a-number"],
    ["1b0000000000000001", "coap/missing-block-not-a-number"],
    ["6131", "coap/missing-block-not-a-number"],
    ["18", "coap/missing-blocks-truncated"],
    ["1901", "coap/missing-blocks-truncated"],
    ["010a", "coap/missing-block-unknown"],
    ["1affffffff", "coap/missing-block-unknown"],
  ])("%s is %s", (hex, fault) => {
    expect(decodeMissingBlocks(decodeHex(hex) as Uint8Array, 10)).toMatchObject({ fault });
  });

  test("cbor-x reads what is written, and no bytes make the decoder throw", () => {
    const numbers = fc.uniqueArray(fc.nat(MOST - 1));
    fc.assert(
      fc.property(numbers, fc.uint8Array(), (list, bytes) => {
        const written = encodeMissingBlocks(list, 10_000);
        expect(list.length === 0 ? [] : new Decoder().decodeMultiple(written)).toEqual(list);
        expect(decodeMissingBlocks(written, MOST)).toEqual(list);
        const read = decodeMissingBlocks(bytes, 100);
        if (!isMalformed(read)) expect(new Set(read).size).toBe(read.length);
      }),
    );
  });
});

describe("blocks that arrive in any order", () => {
  test("are known, counted, and what lacks is told", () => {
    const set = new BlockSet(MOST);
    expect([9, 0, 3, 9].map((number) => set.add(number))).toEqual([true, true, true, false]);
    expect([set.size, set.end, set.has(3), set.has(4), set.has(5000)]).toEqual([
      3,
      10,
      true,
      false,
      false,
    ]);
    expect(set.missing(set.end, 100)).toEqual([1, 2, 4, 5, 6, 7, 8]);
    expect(set.missing(12, 3)).toEqual([1, 2, 4]);
    expect(set.missing(12, 100)).toContain(11);
  });

  test("none beyond the last is taken", () => {
    const set = new BlockSet(8);
    expect([set.add(7), set.add(8), set.end]).toEqual([true, false, 8]);
    expect(new BlockSet(2 ** 30).add(2 ** 20)).toBe(false);
  });

  test("agree with a set of numbers", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200)), (numbers) => {
        const set = new BlockSet(200);
        const model = new Set<number>();
        for (const number of numbers) {
          const isNew = number < 200 && !model.has(number);
          expect(set.add(number)).toBe(isNew);
          if (isNew) model.add(number);
        }
        expect(set.size).toBe(model.size);
        const all = Array.from({ length: 200 }, (_, number) => number);
        expect(set.missing(200, 200)).toEqual(all.filter((number) => !model.has(number)));
      }),
    );
  });
});
