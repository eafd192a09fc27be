/** How broken servers are made: which message is meant, and what becomes of it. */
import { DELETE, GET, isRequest, isResponse, POST } from "../../../../protocol/coap/codes.ts";
import {
  ACK,
  decodeMessage,
  encodeMessage,
  type Message,
} from "../../../../protocol/coap/message.ts";
import {
  BLOCK1,
  findOption,
  OBSERVE,
  type Option,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOf,
} from "../../../../protocol/coap/options.ts";
import { pathOf } from "../../../../protocol/coap/uri.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import type { ServerAdapter } from "../../../conformance/index.ts";
import { inProcessServerAdapter, type Say, type ServerTamper } from "../in-process-server.ts";

export interface ServerMutant {
  /** What the server does wrong: "it ..." */
  readonly name: string;
  /** `case criterion` that must fail. */
  readonly caughtBy: readonly string[];
  readonly adapter: ServerAdapter;
}

export const OMA = "LightweightM2M-1.1-int-";
export const OMA_1_2 = "LightweightM2M-1.2-int-";
export const OWN = "dormouse-server-";
export const COAP = "TD_COAP_";

export function mutant(
  name: string,
  caughtBy: readonly string[],
  tamper: () => ServerTamper,
): ServerMutant {
  return { name, caughtBy, adapter: inProcessServerAdapter(tamper) };
}

// What a message is about.

type Matching = (message: Message) => boolean;

export const pathIn = (message: Message) => pathOf(message.options, URI_PATH);
export const queryIn = (message: Message) => textsOf(message.options, URI_QUERY);
export const observeIn = (message: Message) => uintOf(message.options, OBSERVE, -1);
export const isBlock1 = (message: Message) => findOption(message.options, BLOCK1) !== undefined;
export const asks =
  (code: number, path?: string): Matching =>
  (message) =>
    message.code === code && (path === undefined || pathIn(message) === path);
export const isRegister = asks(POST, "/rd");
export const isUpdate: Matching = (message) =>
  message.code === POST && pathIn(message).startsWith("/rd/");
export const isDeregister: Matching = (message) =>
  message.code === DELETE && pathIn(message).startsWith("/rd/");
export const isSend = asks(POST, "/dp");
export const isObserve: Matching = (message) => message.code === GET && observeIn(message) === 0;
export const isNotification: Matching = (message) =>
  message.type !== ACK && isResponse(message.code) && observeIn(message) >= 0;
export const isSeparate: Matching = (message) =>
  message.type !== ACK && isResponse(message.code) && observeIn(message) < 0;

// How it is changed.

type Change = (message: Message) => Message | undefined;
type Saying = (message: Message) => Message | readonly Message[] | undefined;

export const instead =
  (matches: Matching, change: Change): Change =>
  (message) =>
    matches(message) ? change(message) : message;
export const dropping =
  (matches: Matching): Change =>
  (message) =>
    matches(message) ? undefined : message;
export const withCode =
  (code: number) =>
  (message: Message): Message => ({ ...message, code });
export const withoutOption =
  (number: number, matches: (option: Option) => boolean = () => true) =>
  (message: Message): Message => ({
    ...message,
    options: message.options.filter((option) => option.number !== number || !matches(option)),
  });
export const withOption = (message: Message, option: Option): Message => ({
  ...message,
  options: [...withoutOption(option.number)(message).options, option].sort(
    (one, other) => one.number - other.number,
  ),
});
/** Parameters of the query that do not match are left. */
export const withoutQuery =
  (pattern: RegExp) =>
  (message: Message): Message =>
    withoutOption(URI_QUERY, ({ value }) => pattern.test(Buffer.from(value).toString()))(message);

/** What a broken server does to messages; malformed datagrams pass. */
export interface MessageTamper extends Omit<ServerTamper, "fromServer" | "toServer"> {
  fromServer?(
    message: Message,
    client: number,
    say: (message: Message, client?: number) => void,
  ): Message | readonly Message[] | undefined;
  toServer?(
    message: Message,
    client: number,
    say: (message: Message, client?: number) => void,
  ): Message | undefined;
}

export function tampering(tamper: MessageTamper): ServerTamper {
  const { fromServer, toServer, ...rest } = tamper;
  const saying =
    (client: number, say: Say) =>
    (message: Message, to = client) =>
      say(encodeMessage(message), to);
  return {
    ...rest,
    fromServer: (datagram, client, say) => {
      const message = decodeMessage(datagram);
      if (fromServer === undefined || isMalformed(message)) return datagram;
      const changed = fromServer(message, client, saying(client, say));
      if (changed === undefined) return undefined;
      return "code" in changed ? encodeMessage(changed) : changed.map(encodeMessage);
    },
    toServer: (datagram, client, say) => {
      const message = decodeMessage(datagram);
      if (toServer === undefined || isMalformed(message)) return datagram;
      const changed = toServer(message, client, saying(client, say));
      return changed === undefined ? undefined : encodeMessage(changed);
    },
  };
}

/** Changes messages of the server's. */
export function saying(change: Saying): () => ServerTamper {
  return () => tampering({ fromServer: change });
}

/** The server takes messages of clients for others. */
export function hearing(change: Change): () => ServerTamper {
  return () => tampering({ toServer: change });
}

/** Changes the answer that the server gives to some requests of clients. */
export function answering(asked: Matching, change: Saying): () => ServerTamper {
  return () => {
    const ids = new Set<number>();
    return tampering({
      toServer: (message) => {
        if (isRequest(message.code) && asked(message)) ids.add(message.messageId);
        return message;
      },
      fromServer: (message) =>
        message.type === ACK && ids.has(message.messageId) ? change(message) : message,
    });
  };
}
