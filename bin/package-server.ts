/**
 * A CoAP server of packages, which devices pull block by block (RFC 7959 §2.4). It keeps nothing of whoever asks: each request is answered from
 * the file alone, so that a fleet costs it no memory, and a lost answer is asked for again.
 */
import { randomInt } from "node:crypto";
import { UdpSocket } from "../connector/adapters/udp.ts";
import { NODE_CRYPTO } from "../host/node-crypto.ts";
import { decodeBlock } from "../protocol/coap/block.ts";
import { cut } from "../protocol/coap/block-wise-server.ts";
import {
  BAD_OPTION,
  BAD_REQUEST,
  CONTENT,
  EMPTY,
  GET,
  isRequest,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
} from "../protocol/coap/codes.ts";
import { OCTET_STREAM } from "../protocol/coap/content-formats.ts";
import type { Response } from "../protocol/coap/exchange.ts";
import type { Message } from "../protocol/coap/message.ts";
import {
  ACK,
  CON,
  decodeMessage,
  encodeEmpty,
  encodeMessage,
  NO_BYTES,
  NO_OPTIONS,
  NON,
  RST,
} from "../protocol/coap/message.ts";
import type { Option } from "../protocol/coap/options.ts";
import {
  ACCEPT,
  BLOCK2,
  CONTENT_FORMAT,
  ETAG,
  findOption,
  URI_HOST,
  URI_PATH,
  URI_PORT,
  URI_QUERY,
  uintOption,
} from "../protocol/coap/options.ts";
import { pathOf } from "../protocol/coap/uri.ts";
import { isMalformed } from "../protocol/malformed.ts";

/** Bytes of a block, when nobody asks for smaller ones: what fits a datagram that no network cuts. */
const BLOCK_SIZE = 512;
/** An ETag has 8 bytes at most (RFC 7252 §5.10.6). */
const TAG_LENGTH = 8;
/** Those that a GET of a file may have; another critical one is 4.02 (RFC 7252 §5.4.1). */
const KNOWN_OPTIONS: readonly number[] = [URI_HOST, URI_PORT, URI_PATH, URI_QUERY, ACCEPT, BLOCK2];

/** What somebody reads: the first block, or the last. */
export interface Reading {
  readonly path: string;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** A file, and what tells it from others. */
export interface ServedFile {
  readonly bytes: Uint8Array;
  readonly tag: Option;
}

export function servedFile(bytes: Uint8Array): ServedFile {
  const value = NODE_CRYPTO.sha256(bytes).slice(0, TAG_LENGTH);
  return { bytes, tag: { number: ETAG, value } };
}

export interface Answer {
  readonly datagram: Uint8Array;
  readonly reading: Reading | undefined;
}

/** @param files by path, `/meter.pkg`. @returns undefined for what has no answer */
export function answerTo(
  datagram: Uint8Array,
  files: ReadonlyMap<string, ServedFile>,
): Answer | undefined {
  const message = decodeMessage(datagram);
  if (isMalformed(message) || message.type === ACK || message.type === RST) return undefined;
  if (message.code === EMPTY || !isRequest(message.code)) {
    // A CoAP ping (RFC 7252 §4.3).
    if (message.type !== CON) return undefined;
    return { datagram: encodeEmpty(RST, message.messageId), reading: undefined };
  }
  const path = pathOf(message.options, URI_PATH);
  const { code, options, payload } = responseTo(message, files.get(path));
  const isPiggybacked = message.type === CON;
  const answer = {
    type: isPiggybacked ? ACK : NON,
    code,
    messageId: isPiggybacked ? message.messageId : randomInt(0x10000),
    token: message.token,
    options,
    payload,
  };
  return { datagram: encodeMessage(answer), reading: readingOf(path, code, options) };
}

function responseTo({ code, options }: Message, file: ServedFile | undefined): Response {
  const isCritical = ({ number }: Option) => (number & 1) === 1;
  const unknown = options.some((one) => isCritical(one) && !KNOWN_OPTIONS.includes(one.number));
  if (unknown) return refusal(BAD_OPTION);
  if (file === undefined) return refusal(NOT_FOUND);
  if (code !== GET) return refusal(METHOD_NOT_ALLOWED);
  const block = decodeBlock(findOption(options, BLOCK2)?.value ?? NO_BYTES);
  if (isMalformed(block)) return refusal(BAD_REQUEST);
  const hasAsked = findOption(options, BLOCK2) !== undefined;
  const size = Math.min(hasAsked ? block.size : BLOCK_SIZE, BLOCK_SIZE);
  const num = Math.floor((block.num * block.size) / size);
  const format = uintOption(CONTENT_FORMAT, OCTET_STREAM);
  return cut({ code: CONTENT, options: [format, file.tag], payload: file.bytes }, num, size);
}

function refusal(code: number): Response {
  return { code, options: NO_OPTIONS, payload: NO_BYTES };
}

function readingOf(path: string, code: number, options: readonly Option[]): Reading | undefined {
  const option = findOption(options, BLOCK2);
  const block = option === undefined ? undefined : decodeBlock(option.value);
  if (code !== CONTENT || block === undefined || isMalformed(block)) return undefined;
  return { path, isFirst: block.num === 0, isLast: !block.more };
}

/** Serves these files on a port until it is closed. Rejects with the system's error. */
export function servePackages(
  host: string,
  port: number,
  files: ReadonlyMap<string, ServedFile>,
  onReading: (address: string, reading: Reading) => void,
): Promise<UdpSocket> {
  let socket: UdpSocket | undefined;
  const opened = UdpSocket.open({
    host,
    port,
    onDatagram: (address, datagram) => {
      const answer = answerTo(datagram, files);
      if (answer === undefined) return;
      socket?.send(address, answer.datagram);
      if (answer.reading !== undefined) onReading(address, answer.reading);
    },
    onError: () => {},
  });
  return opened.then((bound) => {
    socket = bound;
    return bound;
  });
}
