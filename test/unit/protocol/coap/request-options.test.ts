import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSameTransfer } from "../../../../protocol/coap/block.ts";
import * as codes from "../../../../protocol/coap/codes.ts";
import { ECHO, EchoChallenge, echoOf } from "../../../../protocol/coap/echo.ts";
import {
  isResponseWanted,
  NO_RESPONSE,
  NOT_CLIENT_ERROR,
  NOT_SERVER_ERROR,
  NOT_SUCCESS,
  NOTHING,
  noResponseOption,
} from "../../../../protocol/coap/no-response.ts";
import { uintOption } from "../../../../protocol/coap/options.ts";
import { REQUEST_TAG, RequestTags } from "../../../../protocol/coap/request-tag.ts";
import { proves } from "../../../support/proves.ts";

describe("Echo (RFC 9175 §2)", () => {
  const counting = () => {
    let count = 0;
    return { uint32: () => ++count * 0x01010101 };
  };

  test("a request that repeats the challenge in time is fresh", () => {
    const challenge = new EchoChallenge(counting(), 10_000);
    expect(challenge.isFresh(0, [])).toBe(false);
    const option = challenge.option(0);
    expect(option).toEqual({ number: 252, value: Uint8Array.of(1, 1, 1, 1, 2, 2, 2, 2) });
    expect(challenge.isFresh(9_999, [option])).toBe(true);
    expect(challenge.isFresh(9_999, [uintOption(6, 0), option])).toBe(true);
    expect(challenge.isFresh(10_000, [option])).toBe(false);
  });

  test("another value, or none, is not", () => {
    const challenge = new EchoChallenge(counting(), 10_000);
    expect(challenge.isFresh(0, [{ number: ECHO, value: new Uint8Array(8) }])).toBe(false);
    const { value } = challenge.option(0);
    expect(challenge.isFresh(1, [])).toBe(false);
    expect(challenge.isFresh(1, [{ number: ECHO, value: value.subarray(1) }])).toBe(false);
    expect(challenge.isFresh(1, [{ number: ECHO, value: value.map((byte) => byte ^ 1) }])).toBe(
      false,
    );
  });

  test("a challenge is given again while it is young, then anew", () => {
    const challenge = new EchoChallenge(counting(), 10_000);
    const first = challenge.option(0);
    expect(challenge.option(4_999)).toEqual(first);
    const second = challenge.option(5_000);
    expect(second).not.toEqual(first);
    expect(challenge.isFresh(5_001, [first])).toBe(false);
    expect(challenge.isFresh(14_999, [second])).toBe(true);
  });

  test("RFC 9175 §2.2.1: a value has 1 to 40 bytes", () => {
    const of = (length: number) => echoOf([{ number: ECHO, value: new Uint8Array(length) }]);
    expect([of(0), of(41), echoOf([])]).toEqual([undefined, undefined, undefined]);
    expect(of(1)).toBeDefined();
    expect(of(40)).toBeDefined();
  });
});

describe("Request-Tag (RFC 9175 §3)", () => {
  test("RFC 9175 §3.4: no tag is taken again before its body is over, and the first is no option at all", () => {
    proves("connector", "request-tag");
    const tags = new RequestTags();
    const taken = Array.from({ length: 256 }, () => tags.take(0));
    expect(taken[0]).toEqual([]);
    const options = taken.slice(1).flat();
    expect(new Set(options.map(({ value }) => value.join())).size).toBe(255);
    expect(options.every(({ number, value }) => number === REQUEST_TAG && value.length < 2)).toBe(
      true,
    );
    for (const concluded of [7, 0]) {
      tags.release(taken[concluded], 10);
      expect(tags.take(10)).toEqual(taken[concluded]);
    }
  });

  test("RFC 9175 §3.5.1: the tag of a body that was left behind rests; beyond 256 the one that rested longest is taken", () => {
    const tags = new RequestTags();
    const taken = Array.from({ length: 256 }, () => tags.take(0));
    tags.release(taken[9], 500);
    tags.release(taken[8], 400);
    expect(tags.take(399)).toEqual(taken[8]);
    expect(tags.take(500)).toEqual(taken[9]);
  });

  test("RFC 9175 §3.3: bodies are parted by the list of tags; absent and empty are not the same", () => {
    const tag = (...bytes: number[]) => ({ number: REQUEST_TAG, value: Uint8Array.from(bytes) });
    expect(isSameTransfer([], [tag()])).toBe(false);
    expect(isSameTransfer([tag(1)], [uintOption(6, 1), tag(1)])).toBe(true);
    expect(isSameTransfer([tag(1)], [tag(2)])).toBe(false);
    expect(isSameTransfer([tag(1), tag(2)], [tag(2), tag(1)])).toBe(false);
  });

  test("RFC 7252 §5.4.6: what is no part of the cache key parts nothing: Size1, Echo", () => {
    expect(isSameTransfer([], [uintOption(60, 7), uintOption(ECHO, 1)])).toBe(true);
  });
});

describe("No-Response (RFC 7967 §2.1)", () => {
  const wanted = (value: number) =>
    [codes.CONTENT, codes.NOT_FOUND, codes.INTERNAL_SERVER_ERROR].map((code) =>
      isResponseWanted([noResponseOption(value)], code),
    );

  test.each([
    [0, [true, true, true]],
    [NOT_SUCCESS, [false, true, true]],
    [NOT_CLIENT_ERROR, [true, false, true]],
    [NOT_SERVER_ERROR, [true, true, false]],
    [NOT_CLIENT_ERROR | NOT_SERVER_ERROR, [true, false, false]],
    [NOTHING, [false, false, false]],
    [127, [false, false, false]],
  ])("%d", (value, expected) => {
    expect(wanted(value)).toEqual(expected);
  });

  test("its values are those of the registry", () => {
    expect([NO_RESPONSE, NOTHING]).toEqual([258, 26]);
  });

  test("without it, or with one too long, every response is wanted", () => {
    fc.assert(
      fc.property(fc.nat(255), fc.constantFrom(0, 2, 3), (code, length) => {
        expect(isResponseWanted([uintOption(6, 26)], code)).toBe(true);
        const value = new Uint8Array(length).fill(255);
        expect(isResponseWanted([{ number: NO_RESPONSE, value }], code)).toBe(true);
      }),
    );
  });
});
