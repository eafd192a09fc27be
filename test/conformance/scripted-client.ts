/**
 * One LwM2M client of the harness, in bare messages: a few resources that can be read, written, executed and observed, unless the case at hand
 * says otherwise. It keeps no time and judges nothing.
 *
 * Built on messages and not on our agent, so that a case can forge, withhold and repeat, and so that an error of ours cannot hide itself.
 */
import { Body, decodeBlock } from "../../protocol/coap/block.ts";
import {
  CHANGED,
  CONTENT,
  CONTINUE,
  CREATED,
  DELETE,
  DELETED,
  EMPTY,
  GET,
  isRequest,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PUT,
} from "../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../protocol/coap/content-formats.ts";
import {
  ACK,
  CON,
  type Message,
  NO_BYTES,
  NO_OPTIONS,
  NON,
  RST,
} from "../../protocol/coap/message.ts";
import {
  ACCEPT,
  BLOCK1,
  CONTENT_FORMAT,
  findOption,
  OBSERVE,
  type Option,
  URI_PATH,
  uintOf,
  uintOption,
} from "../../protocol/coap/options.ts";
import { pathOf } from "../../protocol/coap/uri.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { encodeValues, formatBytes } from "./content.ts";

/** What the server asks of the client. */
export interface Downlink {
  readonly at: Milliseconds;
  /** The raw client that it came to. */
  readonly client: number;
  /** A body that came in blocks is whole. */
  readonly message: Message;
  readonly path: string;
  /** Hexadecimal. */
  readonly token: string;
  /** It came before, under the same Message ID. */
  readonly isRepeated: boolean;
}

export interface Answer {
  readonly code: number;
  readonly options?: readonly Option[];
  readonly payload?: Uint8Array;
}

export interface ClientReaction {
  readonly downlink: Downlink | undefined;
  /** Part of an exchange that the client began: an answer, an empty ACK, a Reset. */
  readonly response: Message | undefined;
  readonly replies: readonly Message[];
}

const NOTHING: ClientReaction = { downlink: undefined, response: undefined, replies: [] };
const LONGEST_BODY = 65536;
const ABSENT = -1;

export class ScriptedClient {
  /** Answers instead of the usual ones; "silence" withholds the answer, undefined leaves it to the usual one. */
  answer: ((downlink: Downlink) => Answer | "silence" | undefined) | undefined = undefined;
  /** What can be read, by path of a resource. */
  readonly values = new Map<string, Value>();
  /** Tokens of observations, by path. */
  readonly observed = new Map<string, Uint8Array>();
  /** Tokens, hexadecimal, of requests that wait for their answer. */
  readonly waiting = new Set<string>();
  private readonly client: number;
  private messageIds: number;
  private tokens = 0;
  private readonly answered = new Map<number, readonly Message[]>();
  private body: Body | undefined = undefined;

  /** @param client its number among the harness's clients */
  constructor(client: number) {
    this.client = client;
    this.messageIds = 0x2000 * (client + 1) + Math.floor(client);
  }

  /** A Message ID not used before in this case. */
  messageId(): number {
    this.messageIds = (this.messageIds + 1) & 0xffff;
    return this.messageIds;
  }

  /** A fresh token of four bytes. */
  token(): Uint8Array {
    const number = ++this.tokens;
    return new Uint8Array([0xc0 + this.client, 0x5a, number >> 8, number & 0xff]);
  }

  /** Takes in what came from the server. */
  handle(at: Milliseconds, message: Message): ClientReaction {
    if (!isRequest(message.code)) return this.handleResponse(message);
    const before = this.answered.get(message.messageId);
    // A block that comes again is no other block.
    const { whole, next } = before === undefined ? this.assemble(message) : {};
    const path = pathOf(message.options, URI_PATH);
    const downlink: Downlink = {
      at,
      client: this.client,
      message: whole ?? message,
      path,
      token: formatBytes(message.token),
      isRepeated: before !== undefined,
    };
    if (before !== undefined) return { downlink, response: undefined, replies: before };
    const reply = next ?? this.answerTo(downlink);
    const replies = reply === "silence" ? [] : [this.response(message, reply)];
    this.answered.set(message.messageId, replies);
    return { downlink: next === undefined ? downlink : undefined, response: undefined, replies };
  }

  /** Requests that were met with silence are new when they come again. */
  forgetAnswers(): void {
    this.answered.clear();
  }

  /** The answer to a Read. */
  read(path: string, accept: number): Answer {
    const isResource = path.split("/").length > 3;
    const values: Record<string, Value> = {};
    for (const [at, value] of this.values) {
      if (at === path || at.startsWith(`${path}/`)) values[at] = value;
    }
    if (Object.keys(values).length === 0) return { code: NOT_FOUND };
    const usual = isResource ? TEXT : TLV;
    const format = accept === ABSENT ? usual : accept;
    let payload: Uint8Array;
    try {
      payload = encodeValues(format, path, values);
    } catch {
      return this.read(path, usual);
    }
    return { code: CONTENT, options: [uintOption(CONTENT_FORMAT, format)], payload };
  }

  private handleResponse(message: Message): ClientReaction {
    const isOurs = this.waiting.has(formatBytes(message.token));
    const acknowledgement =
      message.type === CON && message.code !== EMPTY ? [emptyOf(ACK, message)] : [];
    if (message.type === ACK || message.type === RST || isOurs) {
      return { downlink: undefined, response: message, replies: acknowledgement };
    }
    // Nobody asked: a CoAP ping, or an answer that came too late.
    return message.type === CON ? { ...NOTHING, replies: [emptyOf(RST, message)] } : NOTHING;
  }

  /** Joins a body that comes in blocks; `next` answers all but the last one. */
  private assemble(message: Message): { whole?: Message; next?: Answer } {
    const option = findOption(message.options, BLOCK1);
    const block = option === undefined ? undefined : decodeBlock(option.value);
    if (option === undefined || block === undefined || isMalformed(block)) return {};
    if (block.num === 0 || this.body === undefined) this.body = new Body(LONGEST_BODY);
    this.body.append(message.payload);
    if (block.more) return { next: { code: CONTINUE } };
    const whole = { ...message, payload: this.body.whole() };
    this.body = undefined;
    return { whole };
  }

  private answerTo(downlink: Downlink): Answer | "silence" {
    const said = this.answer?.(downlink);
    if (said !== undefined) return said;
    const { message, path } = downlink;
    switch (message.code) {
      case GET:
        return this.answerGet(message, path);
      case PUT:
        return { code: CHANGED };
      case POST:
        return { code: path.split("/").length === 2 ? CREATED : CHANGED };
      case DELETE:
        return { code: DELETED };
      default:
        return { code: METHOD_NOT_ALLOWED };
    }
  }

  private answerGet(message: Message, path: string): Answer {
    const answer = this.read(path, uintOf(message.options, ACCEPT, ABSENT));
    const observe = uintOf(message.options, OBSERVE, ABSENT);
    if (observe === 1) this.observed.delete(path);
    if (observe !== 0 || answer.code !== CONTENT) return answer;
    this.observed.set(path, message.token);
    return { ...answer, options: [uintOption(OBSERVE, 1), ...(answer.options ?? NO_OPTIONS)] };
  }

  private response(request: Message, { code, options, payload }: Answer): Message {
    const isConfirmable = request.type === CON;
    const block1 = findOption(request.options, BLOCK1);
    const all = block1 === undefined ? (options ?? NO_OPTIONS) : [...(options ?? []), block1];
    return {
      type: isConfirmable ? ACK : NON,
      code,
      messageId: isConfirmable ? request.messageId : this.messageId(),
      token: request.token,
      options: [...all].sort((one, other) => one.number - other.number),
      payload: payload ?? NO_BYTES,
    };
  }
}

export function emptyOf(type: number, message: Message): Message {
  const { messageId } = message;
  return { type, code: EMPTY, messageId, token: NO_BYTES, options: NO_OPTIONS, payload: NO_BYTES };
}
