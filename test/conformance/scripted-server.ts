/**
 * One server of the harness, for management or bootstrap, in bare messages: it takes registrations, acknowledges notifications and repeats its answers
 * to repeated requests, unless the case at hand says otherwise. It keeps no time and judges nothing.
 *
 * Built on messages and not on our CoAP endpoint, so that a case can forge, withhold and repeat, and so that an error in our own
 * message layer cannot hide itself.
 */
import { Body, decodeBlock } from "../../protocol/coap/block.ts";
import {
  CHANGED,
  CONTINUE,
  CREATED,
  DELETE,
  DELETED,
  EMPTY,
  GET,
  isRequest,
  NOT_FOUND,
  POST,
  REQUEST_ENTITY_TOO_LARGE,
} from "../../protocol/coap/codes.ts";
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
  BLOCK1,
  findOption,
  LOCATION_PATH,
  OBSERVE,
  type Option,
  URI_PATH,
} from "../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION, exchangeLifetime } from "../../protocol/coap/parameters.ts";
import { pathOf, pathOptions } from "../../protocol/coap/uri.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { formatBytes } from "./content.ts";

/** What the client sends of its own accord. "repeated": a request that came before, under the same Message ID. */
export type UplinkKind =
  | "register"
  | "update"
  | "deregister"
  | "send"
  | "bootstrap"
  | "pack"
  | "request"
  | "notification"
  | "repeated";

export interface Uplink {
  readonly kind: UplinkKind;
  readonly at: Milliseconds;
  readonly server: number;
  /** A body that came in blocks is whole. */
  readonly message: Message;
  /** Hexadecimal. */
  readonly token: string;
}

export interface Reply {
  readonly code: number;
  readonly options?: readonly Option[];
  readonly payload?: Uint8Array;
}

/** What a server of the harness is there for. */
export type ServerRole = "management" | "bootstrap";

/** What taking a message in leads to. */
export interface Reaction {
  readonly uplink: Uplink | undefined;
  /** Part of an exchange that the server began: an answer, an empty ACK, a Reset. */
  readonly response: Message | undefined;
  readonly replies: readonly Message[];
}

interface Memory {
  readonly at: Milliseconds;
  readonly replies: readonly Message[];
}

const LONGEST_LIST = 65536;
const EXCHANGE_LIFETIME = exchangeLifetime(DEFAULT_TRANSMISSION);
const NOTHING: Reaction = { uplink: undefined, response: undefined, replies: [] };

/** Behind which Message ID those of a server begin. @param messageIds the same of the first server */
export function firstMessageId(server: number, messageIds: number): number {
  return (messageIds + 0x1000 * (server + 1)) & 0xffff;
}

export class ScriptedServer {
  /** As sent in the answer to Register: with more segments than most servers use. */
  location = "";
  /** False: the client's next Update gets 4.04. */
  isRegistered = false;
  /** Answers instead of the usual ones; "silence" withholds the answer, undefined leaves it to the usual one. */
  answer: ((uplink: Uplink) => Reply | "silence" | undefined) | undefined = undefined;
  /** Tokens, hexadecimal, whose notifications get a Reset. */
  readonly rejected = new Set<string>();
  /** Tokens of requests that wait for their answer. */
  readonly waiting = new Set<string>();
  /** Tokens of observations, which outlive their first answer. */
  readonly observations = new Set<string>();
  private readonly server: number;
  private readonly role: ServerRole;
  private messageIds: number;
  private tokens = 0;
  private registrations = 0;
  /** By Message ID: what messages of the client got. */
  private readonly answered = new Map<number, Memory>();
  private body: Body | undefined = undefined;

  /**
   * @param server its number among the harness's servers
   * @param messageIds behind which Message ID they begin, of the first server
   */
  constructor(server: number, role: ServerRole, messageIds: number) {
    this.server = server;
    this.role = role;
    this.messageIds = firstMessageId(server, messageIds);
  }

  /** A Message ID not used before in this case. */
  messageId(): number {
    this.messageIds = (this.messageIds + 1) & 0xffff;
    return this.messageIds;
  }

  /** A fresh token of four bytes. */
  token(): Uint8Array {
    const number = ++this.tokens;
    return Uint8Array.from([0xd0 + this.server, number >> 8, number, 0x5a]);
  }

  /** Takes the client as registered. Returns what its Register is to be answered with. */
  admit(): Reply {
    this.isRegistered = true;
    this.location = `/rd/s${this.server + 1}/5a3f-${++this.registrations}`;
    return { code: CREATED, options: pathOptions(LOCATION_PATH, this.location) };
  }

  handle(at: Milliseconds, message: Message): Reaction {
    if (isRequest(message.code)) return this.handleRequest(at, message);
    if (message.code === EMPTY || message.type === ACK) {
      return { ...NOTHING, response: message };
    }
    const token = formatBytes(message.token);
    if (this.waiting.has(token)) {
      const replies = message.type === CON ? [empty(ACK, message)] : [];
      return { ...NOTHING, response: message, replies };
    }
    const repeated = this.repeated(at, message);
    if (repeated !== undefined) return repeated;
    const uplink = this.uplink("notification", at, message);
    const isWanted = this.observations.has(token) && !this.rejected.has(token);
    let replies: readonly Message[] = [];
    if (!isWanted) replies = [empty(RST, message)];
    else if (message.type === CON && this.answer?.(uplink) !== "silence") {
      replies = [empty(ACK, message)];
    }
    this.remember(at, message, replies);
    return { ...NOTHING, uplink, replies };
  }

  private handleRequest(at: Milliseconds, message: Message): Reaction {
    const repeated = this.repeated(at, message);
    if (repeated !== undefined) return repeated;
    const gathered = this.gather(message);
    let uplink: Uplink | undefined;
    let reply: Reply | "silence" | undefined = gathered.reply;
    if (reply === undefined) {
      const whole = { ...message, payload: gathered.payload };
      uplink = this.uplink(this.kindOf(whole), at, whole);
      reply = this.answer?.(uplink) ?? this.usualReply(uplink);
    }
    const replies = reply === "silence" ? [] : [this.response(message, reply)];
    this.remember(at, message, replies);
    return { ...NOTHING, uplink, replies };
  }

  /** A message that came before gets what it got then (RFC 7252 §4.5). */
  private repeated(at: Milliseconds, message: Message): Reaction | undefined {
    const before = this.answered.get(message.messageId);
    if (before === undefined || at - before.at > EXCHANGE_LIFETIME) return undefined;
    return { ...NOTHING, uplink: this.uplink("repeated", at, message), replies: before.replies };
  }

  private remember(at: Milliseconds, message: Message, replies: readonly Message[]): void {
    this.answered.set(message.messageId, { at, replies });
  }

  /** Collects a body that comes in blocks (RFC 7959 §2.5). */
  private gather(message: Message): { payload: Uint8Array; reply: Reply | undefined } {
    const option = findOption(message.options, BLOCK1);
    const block = option === undefined ? undefined : decodeBlock(option.value);
    if (block === undefined || option === undefined || isMalformed(block)) {
      return { payload: message.payload, reply: undefined };
    }
    if (block.num === 0 || this.body === undefined) this.body = new Body(LONGEST_LIST);
    if (!this.body.append(message.payload)) {
      return { payload: NO_BYTES, reply: { code: REQUEST_ENTITY_TOO_LARGE } };
    }
    if (block.more) return { payload: NO_BYTES, reply: { code: CONTINUE } };
    const payload = this.body.whole();
    this.body = undefined;
    return { payload, reply: undefined };
  }

  private kindOf(message: Message): UplinkKind {
    const path = pathOf(message.options, URI_PATH);
    if (this.role === "bootstrap") {
      if (message.code === POST && path === "/bs") return "bootstrap";
      return message.code === GET && path === "/bspack" ? "pack" : "request";
    }
    if (message.code === POST && path === "/rd") return "register";
    if (message.code === POST && path === "/dp") return "send";
    if (path === this.location && message.code === POST) return "update";
    if (path === this.location && message.code === DELETE) return "deregister";
    return "request";
  }

  private usualReply(uplink: Uplink): Reply {
    switch (uplink.kind) {
      case "register":
        return this.admit();
      case "bootstrap":
        return { code: CHANGED };
      case "update":
      case "send":
        return { code: this.isRegistered ? CHANGED : NOT_FOUND };
      case "deregister":
        if (!this.isRegistered) return { code: NOT_FOUND };
        this.isRegistered = false;
        return { code: DELETED };
      default:
        return { code: NOT_FOUND };
    }
  }

  private response(request: Message, reply: Reply): Message {
    const isConfirmable = request.type === CON;
    const block1 = findOption(request.options, BLOCK1);
    const { options = NO_OPTIONS, payload = NO_BYTES } = reply;
    return {
      type: isConfirmable ? ACK : NON,
      code: reply.code,
      messageId: isConfirmable ? request.messageId : this.messageId(),
      token: request.token,
      options: block1 === undefined ? options : [...options, block1],
      payload,
    };
  }

  private uplink(kind: UplinkKind, at: Milliseconds, message: Message): Uplink {
    return { kind, at, server: this.server, message, token: formatBytes(message.token) };
  }
}

function empty(type: number, message: Message): Message {
  return {
    type,
    code: EMPTY,
    messageId: message.messageId,
    token: NO_BYTES,
    options: NO_OPTIONS,
    payload: NO_BYTES,
  };
}

/** True for an answer that begins an observation, and for a notification that says it is one. */
export function hasObserve({ options }: Pick<Message, "options">): boolean {
  return findOption(options, OBSERVE) !== undefined;
}
