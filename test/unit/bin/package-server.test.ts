/** The CoAP server of `dormouse package serve`, datagram by datagram. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { answerTo, type Reading, servedFile } from "../../../bin/package-server.ts";
import { blockOption } from "../../../protocol/coap/block.ts";
import { BlockWiseEndpoint } from "../../../protocol/coap/block-wise-endpoint.ts";
import { formatCode, GET, PUT } from "../../../protocol/coap/codes.ts";
import { Download } from "../../../protocol/coap/download.ts";
import { REQUEST_FAILED, RESPONSE_RECEIVED } from "../../../protocol/coap/exchange.ts";
import {
  CON,
  decodeMessage,
  encodeEmpty,
  encodeMessage,
  NO_BYTES,
  NON,
  RST,
} from "../../../protocol/coap/message.ts";
import { BLOCK2, type Option, URI_PATH, uintOption } from "../../../protocol/coap/options.ts";
import { pathOptions } from "../../../protocol/coap/uri.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { coapSettings, countingRandom } from "../../support/coap-pair.ts";
import { packageOf } from "../../support/update-ports.ts";

const FILE = packageOf(5000);
const FILES = new Map([["/app.pkg", servedFile(FILE)]]);

function request(code: number, path: string, more: readonly Option[] = [], type = CON): Uint8Array {
  const options = [...pathOptions(URI_PATH, path), ...more];
  return encodeMessage({
    type,
    code,
    messageId: 7,
    token: Uint8Array.of(1),
    options,
    payload: NO_BYTES,
  });
}

function codeOf(datagram: Uint8Array): string {
  const answer = answerTo(datagram, FILES);
  if (answer === undefined) return "nothing";
  const message = decodeMessage(answer.datagram);
  return isMalformed(message) ? message.fault : formatCode(message.code);
}

/** Reads a file with our own client. */
function download(blockSize: number, offset = 0, tag?: Uint8Array) {
  const client = new BlockWiseEndpoint(coapSettings({ random: countingRandom(1), blockSize }));
  const path = { code: GET, options: pathOptions(URI_PATH, "/app.pkg"), payload: NO_BYTES };
  const file = new Download(path, blockSize, offset, tag);
  const readings: Reading[] = [];
  const bytes: number[] = [];
  for (let isLast = false; !isLast; ) {
    client.request(0, file.next());
    for (let sent = client.pollTransmit(); sent; sent = client.pollTransmit()) {
      const answer = answerTo(sent, FILES);
      if (answer?.reading !== undefined) readings.push(answer.reading);
      if (answer !== undefined) client.handleDatagram(0, answer.datagram);
    }
    for (let event = client.pollEvent(); event; event = client.pollEvent()) {
      if (event.kind === REQUEST_FAILED) throw new Error("no answer");
      if (event.kind !== RESPONSE_RECEIVED) continue;
      const piece = file.take(event.response);
      if (typeof piece === "string") throw new Error(piece);
      bytes.push(...piece.payload);
      isLast = piece.isLast;
    }
  }
  return { bytes: Uint8Array.from(bytes), readings, file };
}

test.each([
  16, 64, 512, 1024,
])("RFC 7959 §2.4: a file is read in blocks of %i bytes, or of 512", (size) => {
  const { bytes, readings, file } = download(size);
  expect(bytes).toEqual(FILE);
  expect(file.size).toBe(FILE.length);
  expect(readings.filter(({ isFirst }) => isFirst)).toHaveLength(1);
  expect(readings.filter(({ isLast }) => isLast)).toHaveLength(1);
  expect(readings).toHaveLength(Math.ceil(FILE.length / Math.min(size, 512)));
});

test("RFC 7959 §2.4: a read goes on where it was, by its ETag", () => {
  const { file } = download(512);
  expect(download(512, 1003, file.etag).bytes).toEqual(FILE.subarray(1003));
  expect(() => download(512, 1003, Uint8Array.of(1))).toThrow("changed-meanwhile");
});

test.each([
  ["another path", request(GET, "/app"), "4.04"],
  ["another method", request(PUT, "/app.pkg"), "4.05"],
  ["a critical option that is not known", request(GET, "/app.pkg", [uintOption(9, 1)]), "4.02"],
  [
    "a block beyond the end",
    request(GET, "/app.pkg", [blockOption(BLOCK2, 500, false, 512)]),
    "4.00",
  ],
  ["a block of size 7", request(GET, "/app.pkg", [uintOption(BLOCK2, 7)]), "4.00"],
  ["an answer", request(0x45, "/app.pkg"), "0.00"],
  ["a ping", encodeEmpty(CON, 7), "0.00"],
  ["an empty NON", encodeEmpty(NON, 7), "nothing"],
  ["a reset", encodeEmpty(RST, 7), "nothing"],
  ["what is no message", Uint8Array.of(1, 2, 3), "nothing"],
])("RFC 7252 §5.4.1: %s is answered", (_what, datagram, code) => {
  expect(codeOf(datagram)).toBe(code);
});

test("RFC 7252 §4.3: a NON is answered by a NON, with the request's token", () => {
  const answer = answerTo(request(GET, "/app.pkg", [], NON), FILES);
  const message = decodeMessage(answer?.datagram ?? NO_BYTES);
  expect(message).toMatchObject({ type: NON, token: Uint8Array.of(1) });
});

test("no bytes make it throw, nor answer with more than a block", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const answer = answerTo(bytes, FILES);
      expect(answer?.datagram.length ?? 0).toBeLessThan(600);
    }),
  );
});
