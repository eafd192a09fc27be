import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHex, encodeHex } from "../../../../protocol/bytes/hex.ts";
import { formatCode } from "../../../../protocol/coap/codes.ts";
import { NO_BYTES, NO_OPTIONS } from "../../../../protocol/coap/message.ts";
import {
  encodeStreamMessage,
  StreamDecoder,
  type StreamMessage,
} from "../../../../protocol/coap/stream-framing.ts";
import {
  ABORT,
  abort,
  alternativesOf,
  BASE_CAPABILITIES,
  badOptionOf,
  capabilitiesAfter,
  criticalSignalOption,
  csm,
  hasCustody,
  holdOffOf,
  isSignal,
  ping,
  pong,
  release,
} from "../../../../protocol/coap/stream-signals.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";

const bytesOf = (hex: string) => decodeHex(hex.replaceAll(" ", "")) as Uint8Array;
const LARGE = 200_000;

/** Everything that a decoder makes of some bytes, a fault last. */
function decoded(pieces: readonly Uint8Array[], longest = LARGE, longestToken = 65804) {
  const decoder = new StreamDecoder(longest, longestToken);
  const results: unknown[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    for (let next = decoder.poll(); next !== undefined; next = decoder.poll()) {
      results.push(next);
      if (isMalformed(next)) return results;
    }
  }
  return results;
}

const message = (payload: number, token = NO_BYTES): StreamMessage => ({
  code: 0x45,
  token,
  options: NO_OPTIONS,
  payload: new Uint8Array(payload),
});

describe("stream framing", () => {
  test("RFC 8323 §3.2: a message without options and payload", () => {
    const first = { code: 0x43, token: bytesOf("7f"), options: [], payload: NO_BYTES };
    expect(encodeHex(encodeStreamMessage(first))).toBe("01437f");
    expect(decoded([bytesOf("01 43 7f")])).toEqual([first]);
  });

  test("RFC 8323 §3.2: lengths in 0, 1, 2 and 4 bytes", () => {
    const heads = [11, 12, 267, 268, 65803, 65804].map((payload) =>
      encodeHex(encodeStreamMessage(message(payload)).subarray(0, 7)),
    );
    // One byte of the length is the payload's marker.
    expect(heads).toEqual([
      "c045ff00000000",
      "d00045ff000000",
      "d0ff45ff000000",
      "e0000045ff0000",
      "e0ffff45ff0000",
      "f00000000045ff",
    ]);
    for (const payload of [0, 11, 12, 267, 268, 65803, 65804]) {
      expect(decoded([encodeStreamMessage(message(payload))])).toEqual([message(payload)]);
    }
  });

  test("RFC 8974 §2.1: tokens longer than 8 bytes, between ends that agreed on them", () => {
    for (const length of [9, 12, 13, 268, 269, 300]) {
      const bytes = encodeStreamMessage(message(1, new Uint8Array(length)));
      expect(decoded([bytes])).toEqual([message(1, new Uint8Array(length))]);
      expect(decoded([bytes], LARGE, 8)).toMatchObject([{ fault: "coap/token-length-reserved" }]);
      expect(isMalformed(decoded([bytes], LARGE, length - 1)[0])).toBe(true);
    }
  });

  test("messages arrive in any pieces", () => {
    const stream = fc.array(
      fc.record({
        code: fc.constantFrom(0, 1, 5, 0x45, 0xa0, 0xe1, 0xe2),
        token: fc.uint8Array({ maxLength: 8 }),
        options: fc
          .array(fc.record({ number: fc.nat(300), value: fc.uint8Array({ maxLength: 300 }) }), {
            maxLength: 3,
          })
          .map((options) => options.sort((a, b) => a.number - b.number)),
        payload: fc.uint8Array({ maxLength: 300 }),
      }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 50 }), (messages, piece) => {
        const bytes = messages.flatMap((each) => [...encodeStreamMessage(each)]);
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += piece) {
          pieces.push(Uint8Array.from(bytes.slice(at, at + piece)));
        }
        expect(decoded(pieces)).toEqual(messages);
      }),
    );
  });

  test("a message longer than announced is refused as soon as its length is known", () => {
    expect(decoded([bytesOf("f0 ffffffff 45")], 1152)).toMatchObject([
      { fault: "coap/message-too-long" },
    ]);
    expect(decoded([encodeStreamMessage(message(1148))], 1152)).toHaveLength(1);
    expect(decoded([encodeStreamMessage(message(1149))], 1152)).toMatchObject([
      { fault: "coap/message-too-long" },
    ]);
  });

  test.each([
    ["a token field of 15", "0f 45", "coap/token-length-reserved"],
    ["an option cut by the length", "10 45 b5", "coap/option-truncated"],
    ["a marker without payload", "10 45 ff", "coap/payload-empty"],
  ])("%s is a fault, and stays one", (_title, hex, fault) => {
    const decoder = new StreamDecoder(LARGE, 8);
    decoder.push(bytesOf(hex));
    expect(decoder.poll()).toMatchObject({ fault });
    decoder.push(bytesOf("01 43 7f"));
    expect(decoder.poll()).toMatchObject({ fault });
  });

  test("no bytes make it throw", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
        decoded(pieces, 64, 8);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("stream signals", () => {
  const overWire = (signal: StreamMessage) =>
    decoded([encodeStreamMessage(signal)])[0] as StreamMessage;

  test("RFC 8323 §5.3: capabilities are what was said, and stay until said anew", () => {
    const said = { maxMessageSize: 100_000, blockWise: true, maxTokenLength: 32 };
    const first = capabilitiesAfter(BASE_CAPABILITIES, overWire(csm(said)));
    expect(first).toEqual(said);
    expect(capabilitiesAfter(first, overWire(csm(BASE_CAPABILITIES)))).toEqual(said);
    expect(encodeHex(encodeStreamMessage(csm(BASE_CAPABILITIES)))).toBe("00e1");
  });

  test("RFC 8974 §2.2.1: token lengths below 8 are ignored, above 65804 are 65804", () => {
    const longest = (value: string) =>
      capabilitiesAfter(BASE_CAPABILITIES, {
        ...csm(BASE_CAPABILITIES),
        options: [{ number: 6, value: bytesOf(value) }],
      }).maxTokenLength;
    expect([longest("07"), longest("09"), longest("ffffff"), longest("00000009")]).toEqual([
      8, 9, 65804, 8,
    ]);
  });

  test("RFC 8323 §5.4: a Pong has its Ping's token, and custody only where asked for", () => {
    const plain = overWire(ping(bytesOf("42"), false));
    const anxious = overWire(ping(bytesOf("43"), true));
    expect([hasCustody(plain), hasCustody(anxious)]).toEqual([false, true]);
    expect(overWire(pong(anxious, true))).toMatchObject({ code: 0xe3, token: bytesOf("43") });
    expect(hasCustody(pong(anxious, true))).toBe(true);
    expect(hasCustody(pong(anxious, false))).toBe(false);
    expect(hasCustody(pong(plain, true))).toBe(false);
  });

  test("RFC 8323 §5.5: a Release may send the other end elsewhere, and away for a while", () => {
    const received = overWire(release(["a.example:5683", "b.example"], 300));
    expect(alternativesOf(received)).toEqual(["a.example:5683", "b.example"]);
    expect(holdOffOf(received)).toBe(300);
    expect(holdOffOf(overWire(release([], undefined)))).toBe(0);
  });

  test("RFC 8323 §5.6: an Abort may name a bad option, and says why", () => {
    const received = overWire(abort(1, "option 1"));
    expect([received.code, badOptionOf(received)]).toEqual([ABORT, 1]);
    expect(new TextDecoder().decode(received.payload)).toBe("option 1");
    expect(badOptionOf(overWire(abort(undefined, "")))).toBe(0);
  });

  test("RFC 8323 §5.2: critical options are told", () => {
    const options = [2, 4, 7, 9].map((number) => ({ number, value: NO_BYTES }));
    expect(criticalSignalOption({ ...csm(BASE_CAPABILITIES), options })).toBe(7);
    expect(criticalSignalOption(csm(BASE_CAPABILITIES))).toBeUndefined();
  });

  test("signals are class 7", () => {
    expect([0xe1, 0xe5, 0x45, 0xa0, 1].map(isSignal)).toEqual([true, true, false, false, false]);
    expect(formatCode(0xe1)).toBe("7.01");
  });
});
