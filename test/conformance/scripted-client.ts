/**
 * One LwM2M client of the harness, in bare messages: a few resources that can be read, written, executed and observed, unless the case at hand
 * says otherwise. It keeps no time and judges nothing.
 *
 * Built on messages and not on our agent, so that a case can forge, withhold and repeat, and so that an error of ours cannot hide itself.
 */
import {
  CHANGED,
  CONTENT,
  CREATED,
  DELETE,
  DELETED,
  EMPTY,
  FETCH,
  GET,
  IPATCH,
  isRequest,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PUT,
} from "../../protocol/coap/codes.ts";
import {
  SENML_CBOR,
  SENML_ETCH_JSON,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../protocol/coap/content-formats.ts";
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
  MAX_AGE,
  OBSERVE,
  type Option,
  URI_PATH,
  uintOf,
  uintOption,
} from "../../protocol/coap/options.ts";
import { pathOf } from "../../protocol/coap/uri.ts";
import { SENML_ETCH_CBOR_PATHS } from "../../protocol/content/senml-cbor-etch.ts";
import { SENML_ETCH_JSON_PATHS } from "../../protocol/content/senml-json-etch.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import { formatPath } from "../../protocol/model/path.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { encodeValues, formatBytes } from "./content.ts";
import { type Answer, blockIn, RawTransfers } from "./raw-transfers.ts";

export type { Answer } from "./raw-transfers.ts";

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

export interface ClientReaction {
  readonly downlink: Downlink | undefined;
  /** Part of an exchange that the client began: an answer, an empty ACK, a Reset. */
  readonly response: Message | undefined;
  readonly replies: readonly Message[];
}

const NOTHING: ClientReaction = { downlink: undefined, response: undefined, replies: [] };
const ABSENT = -1;

export class ScriptedClient {
  /** Answers instead of the usual ones; "silence" withholds the answer, undefined leaves it to the usual one. */
  answer: ((downlink: Downlink) => Answer | "silence" | undefined) | undefined = undefined;
  /** What can be read, by path of a resource or of a resource instance. */
  readonly values = new Map<string, Value>();
  /** Tokens of observations, by path; of a composite by "/". */
  readonly observed = new Map<string, Uint8Array>();
  /** Tokens, hexadecimal, of requests that wait for their answer. */
  readonly waiting = new Set<string>();
  /** Bodies in blocks. */
  readonly transfers = new RawTransfers();
  /** How often each answer goes out, as if the network doubled it. */
  copies = 1;
  private readonly client: number;
  private messageIds: number;
  private tokens = 0;
  private readonly answered = new Map<number, readonly Message[]>();

  /**
   * @param client its number among the harness's clients
   * @param messageIds behind which Message ID they begin, of the first client
   */
  constructor(client: number, messageIds = 0) {
    this.client = client;
    this.messageIds = (messageIds + 0x2000 * (client + 1) + Math.floor(client)) & 0xffff;
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
    const taken = before === undefined ? this.transfers.take(message) : { whole: message };
    const downlink: Downlink = {
      at,
      client: this.client,
      message: "whole" in taken ? taken.whole : message,
      path: pathOf(message.options, URI_PATH),
      token: formatBytes(message.token),
      isRepeated: before !== undefined,
    };
    if (before !== undefined) return { downlink, response: undefined, replies: before };
    const reply = "next" in taken ? taken.next : this.answerTo(downlink);
    const replies: Message[] = [];
    if (reply !== "silence") {
      const response = this.response(message, reply);
      for (let i = 0; i < this.copies; i++) replies.push(response);
    }
    this.answered.set(message.messageId, replies);
    return { downlink: "next" in taken ? undefined : downlink, response: undefined, replies };
  }

  /** Requests that were met with silence are new when they come again. */
  forgetAnswers(): void {
    this.answered.clear();
  }

  /** The answer to a Read. */
  read(path: string, accept: number = ABSENT): Answer {
    const isResource = path.split("/").length > 3;
    const values: Record<string, Value> = {};
    for (const [at, value] of this.values) if (isWithin(at, path)) values[at] = value;
    if (Object.keys(values).length === 0) return { code: NOT_FOUND };
    const usual = isResource && values[path] !== undefined ? TEXT : TLV;
    const format = accept === ABSENT ? usual : accept;
    try {
      return contentIn(format, encodeValues(format, path, values));
    } catch {
      return contentIn(usual, encodeValues(usual, path, values));
    }
  }

  /** The answer to a Read-Composite of these paths: what is there of them. */
  readComposite(paths: readonly string[], format: number = SENML_CBOR): Answer {
    const values: Record<string, Value> = {};
    for (const [at, value] of this.values) {
      if (paths.some((path) => isWithin(at, path))) values[at] = value;
    }
    return contentIn(format, encodeValues(format, "/", values));
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

  private answerTo(downlink: Downlink): Answer | "silence" {
    const said = this.answer?.(downlink);
    if (said !== undefined) return said;
    const { message, path } = downlink;
    switch (message.code) {
      case GET:
        return this.observing(message, path, this.read(path, acceptOf(message)));
      case FETCH:
        return this.answerFetch(message);
      case PUT:
      case IPATCH:
        return { code: CHANGED };
      case POST:
        return { code: path.split("/").length === 2 ? CREATED : CHANGED };
      case DELETE:
        return { code: DELETED };
      default:
        return { code: METHOD_NOT_ALLOWED };
    }
  }

  private answerFetch(message: Message): Answer {
    const accept = acceptOf(message);
    const format = accept === ABSENT ? SENML_CBOR : accept;
    return this.observing(message, "/", this.readComposite(pathsIn(message), format));
  }

  /** An answer to what may begin or end an observation. */
  private observing(message: Message, path: string, answer: Answer): Answer {
    const observe = uintOf(message.options, OBSERVE, ABSENT);
    if (observe === 1) this.observed.delete(path);
    if (observe !== 0 || answer.code !== CONTENT) return answer;
    this.observed.set(path, message.token);
    return { ...answer, options: [uintOption(OBSERVE, 1), ...(answer.options ?? NO_OPTIONS)] };
  }

  private response(request: Message, answer: Answer): Message {
    const isConfirmable = request.type === CON;
    const { code, options = NO_OPTIONS, payload } = this.transfers.cut(request, answer);
    const block1 = blockIn(request.options, BLOCK1);
    const isSaid = block1 === undefined || findOption(options, BLOCK1) !== undefined;
    const all = isSaid ? [...options] : [...options, this.transfers.taken(block1)];
    return {
      type: isConfirmable ? ACK : NON,
      code,
      messageId: isConfirmable ? request.messageId : this.messageId(),
      token: request.token,
      options: all.sort((one, other) => one.number - other.number),
      payload: payload ?? NO_BYTES,
    };
  }
}

/** 2.05 with a payload that nobody may keep, so that each order is asked of the client. */
export function contentIn(
  format: number,
  payload: Uint8Array,
  options: readonly Option[] = [],
): Answer {
  const all = [...options, uintOption(CONTENT_FORMAT, format), uintOption(MAX_AGE, 0)];
  return { code: CONTENT, options: all, payload };
}

/** The paths that a composite names; none when they cannot be read. */
export function pathsIn({ options, payload }: Message): string[] {
  const format = uintOf(options, CONTENT_FORMAT, ABSENT);
  const isJson = format === SENML_JSON || format === SENML_ETCH_JSON;
  const paths = (isJson ? SENML_ETCH_JSON_PATHS : SENML_ETCH_CBOR_PATHS).decode(payload);
  return isMalformed(paths)
    ? []
    : paths.map((path) => (path.length === 0 ? "/" : formatPath(path)));
}

/** The format that an answer is wanted in; -1 when the request says none. */
export function acceptOf(message: Message): number {
  return uintOf(message.options, ACCEPT, ABSENT);
}

export function emptyOf(type: number, { messageId }: Pick<Message, "messageId">): Message {
  return { type, code: EMPTY, messageId, token: NO_BYTES, options: NO_OPTIONS, payload: NO_BYTES };
}

function isWithin(at: string, path: string): boolean {
  return path === "/" || at === path || at.startsWith(`${path}/`);
}
