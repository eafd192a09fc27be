import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHex, encodeHex } from "../../../../protocol/bytes/hex.ts";
import { decodeUtf8, encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import {
  coapFrame,
  type Frame,
  FrameReader,
  textFrame,
} from "../../../../protocol/coap/slipmux.ts";

/** Everything that a reader finds in these bytes. */
function framesIn(bytes: Uint8Array, longest = 1280): Frame[] {
  return read(new FrameReader(longest), bytes);
}

function read(reader: FrameReader, bytes: Uint8Array): Frame[] {
  reader.push(bytes);
  const frames: Frame[] = [];
  for (let frame = reader.poll(); frame !== undefined; frame = reader.poll()) frames.push(frame);
  return frames;
}

describe("Slipmux frames", () => {
  // Examples of the Rust implementation of the draft, crate slipmux.
  test("RFC 1662 Appendix C.2: a CoAP message carries its checksum, low byte first", () => {
    expect(encodeHex(coapFrame(decodeHex("40010000") as Uint8Array))).toBe("c0a940010000bc38c0");
    const frame = decodeHex("c0a948656c6c6f20576f726c642149ffc0") as Uint8Array;
    expect(framesIn(frame).map(({ bytes }) => decodeUtf8(bytes))).toEqual(["Hello World!"]);
  });

  test("a text for people has none", () => {
    const frame = textFrame(encodeUtf8("Hello World!"));
    expect(encodeHex(frame)).toBe(`c00a${encodeHex(encodeUtf8("Hello World!"))}c0`);
    expect(framesIn(frame)).toEqual([{ isCoap: false, bytes: encodeUtf8("Hello World!") }]);
  });

  test("END and ESCAPE inside a frame are escaped", () => {
    expect(encodeHex(textFrame(Uint8Array.of(0xc0, 0xdb, 0xdc)))).toBe("c00adbdcdbdddcc0");
  });

  test("what no frame is, is passed over: a prompt, an IP packet, empty frames, a frame without its first END", () => {
    const noise = encodeUtf8("Espruino 2v24\r\n>");
    const packet = Uint8Array.of(0xc0, 0x45, 0, 0, 20, 0xc0);
    const message = Uint8Array.of(0x40, 1, 2, 3);
    const line = [...noise, ...packet, 0xc0, 0xc0, ...coapFrame(message)];
    const found = framesIn(Uint8Array.from(line));
    expect(found).toEqual([{ isCoap: true, bytes: message }]);
    expect(framesIn(coapFrame(message).subarray(1))).toEqual(found);
  });

  test("a message with any byte changed is dropped and counted, and the next one is whole", () => {
    const message = Uint8Array.of(0x41, 1, 0xc0, 0xdb, 7);
    const frame = coapFrame(message);
    for (let at = 2; at < frame.length - 1; at++) {
      const reader = new FrameReader(64);
      const spoilt = new Uint8Array(frame);
      spoilt[at] ^= 1;
      const messages = read(reader, Uint8Array.from([...spoilt, ...frame]));
      expect(messages).toEqual([{ isCoap: true, bytes: message }]);
      expect(reader.spoilt).toBeGreaterThanOrEqual(1);
    }
  });

  test("a frame that is too long is dropped, a line that brings no END costs no memory", () => {
    const reader = new FrameReader(8);
    expect(read(reader, coapFrame(new Uint8Array(9)))).toEqual([]);
    expect(reader.spoilt).toBe(1);
    expect(read(reader, new Uint8Array(100_000))).toEqual([]);
    expect(read(reader, coapFrame(new Uint8Array(8)))).toHaveLength(1);
  });

  test("nobody reads: the last 16 frames are kept", () => {
    const reader = new FrameReader(8);
    for (let i = 0; i < 20; i++) reader.push(coapFrame(Uint8Array.of(i)));
    expect(read(reader, new Uint8Array(0)).map(({ bytes }) => bytes[0])).toEqual(
      Array.from({ length: 16 }, (_, i) => i + 4),
    );
  });

  test("any messages in any pieces arrive as they were sent", () => {
    const messages = fc.array(fc.uint8Array({ minLength: 1, maxLength: 64 }), { maxLength: 10 });
    fc.assert(
      fc.property(messages, fc.integer({ min: 1, max: 20 }), (sent, piece) => {
        const line = Uint8Array.from(sent.flatMap((message) => [...coapFrame(message)]));
        const reader = new FrameReader(64);
        const found: Frame[] = [];
        for (let at = 0; at < line.length; at += piece) {
          found.push(...read(reader, line.subarray(at, at + piece)));
        }
        expect(found.map(({ bytes }) => bytes)).toEqual(sent);
        expect(reader.spoilt).toBe(0);
      }),
    );
  });

  test("no bytes whatever make it throw", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void framesIn(bytes, 16)));
  });
});
