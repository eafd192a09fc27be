import { readFileSync } from "node:fs";
import { generate, parse } from "coap-packet";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatCode } from "../../../../protocol/coap/codes.ts";
import { decodeMessage, encodeMessage, type Message } from "../../../../protocol/coap/message.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";

interface Vectors {
  vectors: {
    id: string;
    title: string;
    hex: string;
    parsed: {
      type: string;
      code: string;
      mid: number;
      token: string;
      options: [string, string][];
      payload: string;
    };
  }[];
  malformed: { title: string; hex: string; expect: string }[];
}

const vectors = JSON.parse(
  readFileSync(new URL("../../../vectors/coap-vectors.json", import.meta.url), "utf8"),
) as Vectors;
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (array: Uint8Array) => Buffer.from(array).toString("hex");
const TYPES = ["CON", "NON", "ACK", "RST"];

function decoded(datagram: Uint8Array): Message {
  const message = decodeMessage(datagram);
  if (isMalformed(message)) throw new Error(message.fault);
  return message;
}

describe("RFC 7252 Appendix A", () => {
  test.each(vectors.vectors)("$id: $title", ({ hex: datagram, parsed }) => {
    const message = decoded(bytes(datagram));
    expect(TYPES[message.type]).toBe(parsed.type);
    expect(formatCode(message.code)).toBe(parsed.code);
    expect(message.messageId).toBe(parsed.mid);
    expect(hex(message.token)).toBe(parsed.token);
    expect(message.options.map((o) => [o.number, Buffer.from(o.value).toString()])).toEqual(
      parsed.options.map(([name, value]) => [name === "Uri-Path" ? 11 : -1, value]),
    );
    expect(Buffer.from(message.payload).toString()).toBe(parsed.payload);
    expect(hex(encodeMessage(message))).toBe(datagram);
  });
});

describe("message format errors (RFC 7252 §3)", () => {
  const faults: Record<string, string> = {
    "empty datagram": "coap/header-truncated",
    "1 byte": "coap/header-truncated",
    "3 bytes": "coap/header-truncated",
    "version 0": "coap/version-unknown",
    "version 2": "coap/version-unknown",
    "TKL 9": "coap/token-length-reserved",
    "TKL 15": "coap/token-length-reserved",
    "TKL 8, only 2 token bytes": "coap/token-truncated",
    "TKL 13 (RFC 8974 extended) with no extension byte": "coap/token-length-reserved",
    "payload marker, no payload": "coap/payload-empty",
    "option delta 15 that is not the marker": "coap/option-nibble-reserved",
    "option length 15": "coap/option-nibble-reserved",
    "option length 13, extension missing": "coap/option-truncated",
    "option length 14, one extension byte of two": "coap/option-truncated",
    "option length 14 with ffff: 65804 bytes": "coap/option-truncated",
    "option delta sum above 65535": "coap/option-number-too-high",
    "option value longer than the datagram": "coap/option-truncated",
    "empty message (0.00) with token": "coap/empty-message-not-empty",
    "empty message with bytes after header": "coap/empty-message-not-empty",
    "code class 1": "coap/code-class-reserved",
    "code class 7 (7.01, TCP signal) over UDP": "coap/code-class-reserved",
  };
  test.each(Object.entries(faults))("%s is %s", (title, fault) => {
    const row = vectors.malformed.find((each) => each.title === title);
    expect(row).toBeDefined();
    expect(decodeMessage(bytes(row?.hex ?? ""))).toMatchObject({ fault });
  });

  test("every malformed row is either a fault here or handled by the endpoint (coap-endpoint.test.ts)", () => {
    const accepted = vectors.malformed.filter((row) => !isMalformed(decodeMessage(bytes(row.hex))));
    expect(vectors.malformed).toHaveLength(35);
    expect(accepted.map((row) => row.title).filter((title) => title in faults)).toEqual([]);
  });
});

test.each([
  9, 12, 13, 268, 269, 1000,
])("RFC 8974 §2.1: a token of %d bytes is for receivers that take it", (length) => {
  const token = Uint8Array.from({ length }, (_, i) => i);
  const sent = { type: 0, code: 1, messageId: 7, token, options: [], payload: bytes("ff00") };
  const datagram = encodeMessage(sent);
  expect(decodeMessage(datagram, length)).toEqual(sent);
  expect(decodeMessage(datagram, 65804)).toEqual(sent);
  expect(decodeMessage(datagram, length - 1)).toMatchObject({
    fault: length === 9 ? "coap/token-length-reserved" : "coap/token-too-long",
  });
  expect(decodeMessage(datagram)).toMatchObject({ fault: "coap/token-length-reserved" });
  for (let cut = 4; cut < length; cut++) {
    expect(isMalformed(decodeMessage(datagram.subarray(0, cut), 65804))).toBe(true);
  }
});

const arbitraryMessage = fc.record({
  type: fc.integer({ min: 0, max: 3 }),
  code: fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 0x41, 0x44, 0x45, 0x5f, 0x80, 0x84, 0xa0, 0xa5),
  messageId: fc.integer({ min: 0, max: 65535 }),
  token: fc.uint8Array({ maxLength: 8 }),
  options: fc.array(
    fc.record({
      number: fc.oneof(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 0, max: 65535 })),
      value: fc.oneof(
        fc.uint8Array({ maxLength: 20 }),
        fc.uint8Array({ minLength: 260, maxLength: 300 }),
      ),
    }),
    { maxLength: 12 },
  ),
  payload: fc.uint8Array({ maxLength: 64 }),
});

describe("properties", () => {
  test("what is encoded decodes to itself, options in ascending order", () => {
    fc.assert(
      fc.property(arbitraryMessage, (message) => {
        const sorted = message.options
          .map((option, i) => ({ option, i }))
          .sort((a, b) => a.option.number - b.option.number || a.i - b.i)
          .map(({ option }) => option);
        expect(decoded(encodeMessage(message))).toEqual({ ...message, options: sorted });
      }),
      { numRuns: 2000 },
    );
  });

  test("coap-packet reads what we write, and we read what it writes", () => {
    fc.assert(
      fc.property(arbitraryMessage, (message) => {
        const theirs = parse(Buffer.from(encodeMessage(message)));
        expect(theirs.messageId).toBe(message.messageId);
        expect(hex(theirs.token)).toBe(hex(message.token));
        expect(hex(theirs.payload)).toBe(hex(message.payload));
        expect(hex(generate(theirs, 65535))).toBe(hex(encodeMessage(message)));
      }),
      { numRuns: 500 },
    );
  });

  test("no bytes make the decoder throw, and what it accepts encodes to the same length or shorter", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (datagram, plausible) => {
        if (plausible && datagram.length > 1) datagram[0] = 0x40 | (datagram[0] & 0x38);
        const message = decodeMessage(datagram);
        if (isMalformed(message)) return;
        expect(encodeMessage(message).length).toBeLessThanOrEqual(datagram.length);
      }),
      { numRuns: 20000 },
    );
  });
});
