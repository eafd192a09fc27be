import { describe, expect, test } from "vitest";
import { blockOption } from "../../../protocol/coap/block.ts";
import {
  CONTENT,
  CONTINUE,
  FETCH,
  GET,
  PUT,
  REQUEST_ENTITY_TOO_LARGE,
} from "../../../protocol/coap/codes.ts";
import { CON, type Message } from "../../../protocol/coap/message.ts";
import { BLOCK1, BLOCK2, ETAG, findOption, type Option } from "../../../protocol/coap/options.ts";
import { blockIn, RawTransfers, type Taken } from "../../conformance/raw-transfers.ts";

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => i & 0xff);

function message(code: number, options: readonly Option[] = [], payload = bytes(0)): Message {
  return { type: CON, code, messageId: 1, token: bytes(1), options, payload };
}

function wholeOf(taken: Taken): Uint8Array {
  return "whole" in taken ? taken.whole.payload : bytes(0);
}

describe("RFC 7959 §2.5: a body that comes in blocks", () => {
  test("is joined, each block but the last answered by 2.31", () => {
    const transfers = new RawTransfers();
    const body = bytes(40);
    const block = (num: number, more: boolean) =>
      message(PUT, [blockOption(BLOCK1, num, more, 16)], body.subarray(num * 16, num * 16 + 16));
    expect(transfers.take(block(0, true))).toMatchObject({ next: { code: CONTINUE } });
    expect(transfers.take(block(1, true))).toMatchObject({ next: { code: CONTINUE } });
    expect(wholeOf(transfers.take(block(2, false)))).toEqual(body);
    expect(transfers.came.map(({ num }) => num)).toEqual([0, 1, 2]);
  });

  test("is asked for in the size that the client has, and refused as the case says", () => {
    const transfers = new RawTransfers();
    transfers.largest = 32;
    const first = message(PUT, [blockOption(BLOCK1, 0, true, 64)], bytes(64));
    const taken = transfers.take(first);
    const answer = "next" in taken && taken.next !== "silence" ? taken.next : undefined;
    expect(blockIn(answer?.options ?? [], BLOCK1)).toEqual({ num: 0, more: true, size: 32 });
    transfers.refuse = ({ size }) => (size > 32 ? { code: REQUEST_ENTITY_TOO_LARGE } : "silence");
    expect(transfers.take(first)).toEqual({ next: { code: REQUEST_ENTITY_TOO_LARGE } });
  });
});

describe("RFC 7959 §2.4: an answer that goes in blocks", () => {
  const answer = { code: CONTENT, payload: bytes(100) };

  test("is whole when it is short", () => {
    expect(new RawTransfers().cut(message(GET), answer)).toBe(answer);
  });

  test("is cut to the client's size, with an ETag, and goes on where it is asked to", () => {
    const transfers = new RawTransfers();
    transfers.largest = 64;
    const first = transfers.cut(message(GET), answer);
    expect(blockIn(first.options ?? [], BLOCK2)).toEqual({ num: 0, more: true, size: 64 });
    expect(findOption(first.options ?? [], ETAG)).toBeDefined();
    const asking = message(GET, [blockOption(BLOCK2, 1, false, 64)]);
    const second = transfers.cut(asking, answer);
    expect(blockIn(second.options ?? [], BLOCK2)).toEqual({ num: 1, more: false, size: 64 });
    expect(second.payload).toEqual(bytes(100).subarray(64));
    expect(transfers.asked).toEqual([{ num: 1, more: false, size: 64 }]);
  });

  test("may become smaller halfway", () => {
    const transfers = new RawTransfers();
    transfers.largest = 16;
    const asking = message(GET, [blockOption(BLOCK2, 1, false, 64)]);
    const { options = [], payload } = transfers.cut(asking, answer);
    expect(blockIn(options, BLOCK2)).toEqual({ num: 4, more: true, size: 16 });
    expect(payload).toEqual(bytes(100).subarray(64, 80));
  });
});

test("RFC 7959 §2.7: a FETCH for a later block stands for the one before it", () => {
  const transfers = new RawTransfers();
  transfers.take(message(FETCH, [], bytes(5)));
  const later = message(FETCH, [blockOption(BLOCK2, 1, false, 64)]);
  expect(wholeOf(transfers.take(later))).toEqual(bytes(5));
});
