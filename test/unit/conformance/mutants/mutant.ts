/** How mutants are made: which message is meant, and what becomes of it. */
import { decodeUtf8, encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import {
  EMPTY,
  isRequest,
  isResponse,
  isSuccess,
  POST,
  PUT,
} from "../../../../protocol/coap/codes.ts";
import { ACK, type Message, NO_BYTES } from "../../../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  OBSERVE,
  type Option,
  textOption,
  URI_PATH,
  URI_QUERY,
  uintOf,
} from "../../../../protocol/coap/options.ts";
import { pathOf } from "../../../../protocol/coap/uri.ts";
import type { ClientAdapter } from "../../../conformance/index.ts";
import { capableAdapter } from "../capable-client.ts";
import { type Tamper, tamperedAdapter } from "../tampered-client.ts";

export interface Mutant {
  /** What the client does wrong: "it ..." */
  readonly name: string;
  /** `case criterion` that must fail. */
  readonly caughtBy: readonly string[];
  readonly adapter: ClientAdapter;
  /** What the adapter's clients do to messages, where that is all that is wrong with them. */
  readonly tamper?: () => Tamper;
}

export const OMA = "LightweightM2M-1.1-int-";

export function mutant(name: string, caughtBy: readonly string[], tamper: () => Tamper): Mutant {
  return { name, caughtBy, adapter: tamperedAdapter(capableAdapter(), tamper), tamper };
}

// What a message is about.

export const pathIn = (message: Message) => pathOf(message.options, URI_PATH);
export const formatIn = (message: Message) => uintOf(message.options, CONTENT_FORMAT, -1);
export const isRegister = (message: Message) => message.code === POST && pathIn(message) === "/rd";
export const isUpdate = (message: Message) =>
  message.code === POST && pathIn(message).startsWith("/rd/");
/** A response in a message of its own. */
export const isSeparate = (message: Message) => isResponse(message.code) && message.type !== ACK;
/** Of a client: it says so, or is the error that ends an observation. */
export const isNotification = (message: Message) =>
  isSeparate(message) && (has(OBSERVE)(message) || !isSuccess(message.code));
export const isEmptyAck = ({ type, code }: Message) => type === ACK && code === EMPTY;
export const has = (number: number) => (message: Message) =>
  message.options.some((option) => option.number === number);
export const hasContent = (message: Message) =>
  message.payload.length > 0 && formatIn(message) !== -1;
export const isWrite = (message: Message) =>
  (message.code === PUT || (message.code === POST && pathIn(message).split("/").length > 2)) &&
  hasContent(message);
export const isWriteAttributes = (message: Message) =>
  message.code === PUT && formatIn(message) === -1 && message.payload.length === 0;
export const isExecute = (message: Message) =>
  message.code === POST && formatIn(message) === -1 && pathIn(message).split("/").length === 4;

// How it is changed.

export function without(
  message: Message,
  number: number,
  matching?: (option: Option) => boolean,
): Message {
  const options = message.options.filter(
    (option) => option.number !== number || !(matching?.(option) ?? true),
  );
  return { ...message, options };
}

export function withoutQuery(message: Message, pattern: RegExp): Message {
  return without(message, URI_QUERY, ({ value }) => pattern.test(decodeUtf8(value)));
}

export function withQuery(message: Message, query: string): Message {
  return { ...message, options: [...message.options, textOption(URI_QUERY, query)] };
}

/** A SenML CBOR payload with one more record, an integer under this name. */
export function withRecord(message: Message, name: string): Message {
  const { payload } = message;
  const isLong = payload[0] === 0x98;
  const count = (isLong ? payload[1] : payload[0] & 0x1f) + 1;
  const records = payload.subarray(isLong ? 2 : 1);
  // A base name of its own, which is empty: { -2: "", 0: name, 2: 1 }.
  const more = [0xa3, 0x21, 0x60, 0x00, 0x60 + name.length, ...encodeUtf8(name), 0x02, 0x01];
  return { ...message, payload: Uint8Array.from([0x98, count, ...records, ...more]) };
}

export function withPayload(message: Message, change: (text: string) => string): Message {
  return { ...message, payload: encodeUtf8(change(decodeUtf8(message.payload))) };
}

export function acknowledged(message: Message, code: number): Message {
  const { messageId, token } = message;
  return { type: ACK, code, messageId, token, options: [], payload: NO_BYTES };
}

/** The client says `code` and does nothing. */
export function pretending(matching: (message: Message) => boolean, code: number): () => Tamper {
  return () => ({
    toClient: (message, answer) => {
      if (!matching(message)) return message;
      answer(acknowledged(message, code));
      return undefined;
    },
  });
}

/** Changes the answer to some of the server's requests. */
export function answering(
  matching: (message: Message) => boolean,
  change: (message: Message) => Message | undefined,
): () => Tamper {
  return () => {
    const asked: number[] = [];
    return {
      toClient: (message) => {
        if (isRequest(message.code) && matching(message)) asked.push(message.messageId);
        return message;
      },
      fromClient: (message) =>
        message.type === ACK && asked.includes(message.messageId) ? change(message) : message,
    };
  };
}

/** Changes what the client gets to see. */
export function hearing(change: (message: Message) => Message | undefined): () => Tamper {
  return () => ({ toClient: change });
}

/** Changes what the client says. */
export function saying(change: (message: Message) => Message | undefined): () => Tamper {
  return () => ({ fromClient: change });
}

export const instead =
  (matching: (message: Message) => boolean, changed: (message: Message) => Message) =>
  (message: Message) =>
    matching(message) ? changed(message) : message;
export const dropping = (matching: (message: Message) => boolean) => (message: Message) =>
  matching(message) ? undefined : message;

export function withPath(message: Message, path: string): Message {
  const segments = path.slice(1).split("/");
  const others = message.options.filter(({ number }) => number !== URI_PATH);
  return { ...message, options: [...others, ...segments.map((s) => textOption(URI_PATH, s))] };
}
