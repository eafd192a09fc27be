/**
 * The exchange of a case as text: one line per datagram, with the client's time in seconds, and one per step of the procedure.
 */

import { decodeUtf8 } from "../../protocol/bytes/utf8.ts";
import { decodeBlock } from "../../protocol/coap/block.ts";
import { EMPTY, formatCode, isRequest } from "../../protocol/coap/codes.ts";
import { CBOR, OCTET_STREAM, SENML_CBOR, TEXT, TLV } from "../../protocol/coap/content-formats.ts";
import { decodeMessage, LONGEST_TOKEN, type Message } from "../../protocol/coap/message.ts";
import {
  ACCEPT,
  BLOCK1,
  BLOCK2,
  CONTENT_FORMAT,
  findOption,
  LOCATION_PATH,
  OBSERVE,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOf,
} from "../../protocol/coap/options.ts";
import type { StreamMessage } from "../../protocol/coap/stream-framing.ts";
import { ABORT, CSM, PING, PONG, RELEASE } from "../../protocol/coap/stream-signals.ts";
import { pathOf } from "../../protocol/coap/uri.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { SECOND } from "../../protocol/time/duration.ts";
import { formatBytes, formatName } from "./content.ts";

const TYPES = ["CON", "NON", "ACK", "RST"];
/** By code. */
export const METHODS = ["", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH"];
const SIGNALS: Readonly<Record<number, string>> = {
  [CSM]: "CSM",
  [PING]: "Ping",
  [PONG]: "Pong",
  [RELEASE]: "Release",
  [ABORT]: "Abort",
};
const BINARY = [OCTET_STREAM, CBOR, SENML_CBOR, TLV];
const ABSENT = -1;
/** Payload characters or bytes that a line shows. */
const SHOWN_TEXT = 120;
const SHOWN_BYTES = 32;

/** A datagram, or a step when there is none. Described only when somebody looks: most exchanges nobody reads. */
interface Rung {
  readonly at: Milliseconds;
  /** What was done; of a datagram which way it went, and with an x that it was lost on the way. */
  readonly text: string;
  readonly server: number;
  readonly datagram: Uint8Array | undefined;
  /** Of a piece of a stream: what it brought. */
  readonly words?: string;
}

/** A datagram as it went by. */
export interface Packet {
  /** Since the case began. */
  readonly at: Milliseconds;
  readonly isFromClient: boolean;
  /** Number of the harness's server. */
  readonly server: number;
  readonly datagram: Uint8Array;
  /** It did not arrive. */
  readonly isLost: boolean;
  /** It is a piece of a stream. */
  readonly isPiece?: boolean;
}

export class Ladder {
  private readonly rungs: Rung[] = [];
  private readonly hasSeveralServers: boolean;
  private readonly stranger: number;

  /** @param stranger number of what is no server of the client's */
  constructor(hasSeveralServers: boolean, stranger = Number.POSITIVE_INFINITY) {
    this.hasSeveralServers = hasSeveralServers;
    this.stranger = stranger;
  }

  step(at: Milliseconds, text: string): void {
    this.rungs.push({ at, text, server: 0, datagram: undefined });
  }

  sent(at: Milliseconds, server: number, datagram: Uint8Array, isLost = false): void {
    this.rungs.push({ at, text: isLost ? "x-" : "<-", server, datagram });
  }

  arrived(at: Milliseconds, server: number, datagram: Uint8Array, isLost = false): void {
    this.rungs.push({ at, text: isLost ? "-x" : "->", server, datagram });
  }

  /** @param words what the piece brought: only who reads the whole stream can know */
  sentPiece(at: Milliseconds, server: number, piece: Uint8Array, words: string): void {
    this.rungs.push({ at, text: "<-", server, datagram: piece, words });
  }

  /** As `sentPiece`. */
  arrivedPiece(at: Milliseconds, server: number, piece: Uint8Array, words: string): void {
    this.rungs.push({ at, text: "->", server, datagram: piece, words });
  }

  /** What went by, in order; what was lost as well. */
  packets(): Packet[] {
    const packets: Packet[] = [];
    for (const { at, text, server, datagram, words } of this.rungs) {
      if (datagram === undefined) continue;
      const isFromClient = text.startsWith("-");
      const packet = { at, isFromClient, server, datagram, isLost: text.includes("x") };
      packets.push(words === undefined ? packet : { ...packet, isPiece: true });
    }
    return packets;
  }

  toString(): string {
    return this.rungs.map((rung) => this.line(rung)).join("\n");
  }

  private line({ at, text, server, datagram, words }: Rung): string {
    const seconds = (at / SECOND).toFixed(3).padStart(12);
    if (datagram === undefined) return `${seconds} -- ${text}`;
    const what = words ?? describeDatagram(datagram);
    return `${seconds} client ${text} ${this.nameOf(server)}${what}`;
  }

  private nameOf(server: number): string {
    if (server === this.stranger) return "stranger ";
    return this.hasSeveralServers ? `server ${server + 1} ` : "";
  }
}

/** `CON [0x1f2e] POST /rd?ep=...`; for what is no message its fault and bytes. */
export function describeDatagram(datagram: Uint8Array): string {
  const message = decodeMessage(datagram, LONGEST_TOKEN);
  return isMalformed(message)
    ? `${message.fault}: ${formatBytes(datagram)}`
    : describeMessage(message);
}

function describeMessage(message: Message): string {
  const id = `[0x${message.messageId.toString(16).padStart(4, "0")}]`;
  return [TYPES[message.type], id, ...wordsOf(message)].join(" ");
}

/** `POST /rd?ep=...`, `CSM`. */
export function describeStreamMessage(message: StreamMessage): string {
  const signal = SIGNALS[message.code];
  return signal ?? (wordsOf(message).join(" ") || "empty");
}

function wordsOf(message: StreamMessage): string[] {
  const { options, payload } = message;
  const words: string[] = [];
  if (isRequest(message.code)) {
    words.push(METHODS[message.code] ?? formatCode(message.code), targetOf(message));
  } else if (message.code !== EMPTY) words.push(formatCode(message.code));
  const location = pathOf(options, LOCATION_PATH);
  if (location !== "/") words.push(`Location ${location}`);
  const observe = uintOf(options, OBSERVE, ABSENT);
  if (observe !== ABSENT) words.push(`Observe ${observe}`);
  const accept = uintOf(options, ACCEPT, ABSENT);
  if (accept !== ABSENT) words.push(`Accept ${accept}`);
  for (const [name, number] of BLOCKS) {
    const option = findOption(options, number);
    const block = option === undefined ? undefined : decodeBlock(option.value);
    if (block !== undefined && !isMalformed(block)) {
      words.push(`${name} ${block.num}/${block.more ? 1 : 0}/${block.size}`);
    }
  }
  if (payload.length > 0) words.push(describePayload(message));
  return words;
}

const BLOCKS = [
  ["Block1", BLOCK1],
  ["Block2", BLOCK2],
] as const;

/** `/rd?lt=20`. */
export function targetOf(message: StreamMessage): string {
  const queries = textsOf(message.options, URI_QUERY);
  const path = pathOf(message.options, URI_PATH);
  return queries.length === 0 ? path : `${path}?${queries.join("&")}`;
}

function describePayload(message: StreamMessage): string {
  const { payload } = message;
  const format = uintOf(message.options, CONTENT_FORMAT, ABSENT);
  if (BINARY.includes(format)) {
    const more = payload.length > SHOWN_BYTES ? ` ... ${payload.length} bytes` : "";
    return `${formatName(format)} ${formatBytes(payload.subarray(0, SHOWN_BYTES))}${more}`;
  }
  const text = decodeUtf8(payload);
  const name = format === TEXT || format === ABSENT ? "" : `${formatName(format)} `;
  return name + JSON.stringify(text.length > SHOWN_TEXT ? `${text.slice(0, SHOWN_TEXT)}...` : text);
}
