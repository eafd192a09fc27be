/** How broken Bootstrap-Servers are made: which message is meant, and what becomes of it. */
import { isRequest, POST } from "../../../../protocol/coap/codes.ts";
import {
  ACK,
  CON,
  decodeMessage,
  encodeMessage,
  type Message,
  NO_BYTES,
  NO_OPTIONS,
} from "../../../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../../../../protocol/coap/uri.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import type { Value } from "../../../../protocol/model/data-types.ts";
import { decodeValues, encodeValues } from "../../../conformance/content.ts";
import type { BootstrapPlan, BootstrapServerAdapter } from "../../../conformance/index.ts";
import {
  type BootstrapTamper,
  inProcessBootstrapServerAdapter,
  type Sent,
} from "../in-process-bootstrap-server.ts";

export interface BootstrapServerMutant {
  /** What the server does wrong: "it ..." */
  readonly name: string;
  /** `case criterion` that must fail. */
  readonly caughtBy: readonly string[];
  readonly adapter: BootstrapServerAdapter;
}

export const OMA = "LightweightM2M-1.1-int-";
export const OWN = "dormouse-bootstrap-";

export function mutant(
  name: string,
  caughtBy: readonly string[],
  tamper: () => BootstrapTamper,
): BootstrapServerMutant {
  return { name, caughtBy, adapter: inProcessBootstrapServerAdapter(tamper) };
}

// What a message is about.

export const pathIn = (message: Message) => pathOf(message.options, URI_PATH);
export const queryOf = (message: Message) => textsOf(message.options, URI_QUERY);
export const asks =
  (code: number, path?: string) =>
  (message: Message): boolean =>
    message.code === code && (path === undefined || pathIn(message) === path);
/** Of a client's messages, Bootstrap-Request; of a server's, Finish. */
export const isOnBs = asks(POST, "/bs");
export const isAnswer = (message: Message) => message.type === ACK && !isRequest(message.code);

// How it is changed.

export const withCode = (code: number) => (message: Message) => ({ ...message, code });
export const withoutOption = (number: number) => (message: Message) => ({
  ...message,
  options: message.options.filter((option) => option.number !== number),
});
export const instead =
  (matches: (message: Message) => boolean, change: (message: Message) => Message | undefined) =>
  (message: Message): Message | undefined =>
    matches(message) ? change(message) : message;

export function withPath(message: Message, path: string): Message {
  const others = message.options.filter(({ number }) => number !== URI_PATH);
  const options = [...others, ...pathOptions(URI_PATH, path)];
  return { ...message, options: options.sort((one, other) => one.number - other.number) };
}

let lastMessageId = 0x9000;

/** Another message of the server's, Confirmable, with Message ID and token of its own. */
export function another(code: number, path: string, payload = NO_BYTES, format?: number): Message {
  const messageId = lastMessageId++ & 0xffff;
  const token = new Uint8Array([0x6d, messageId >> 8, messageId & 0xff]);
  const content = format === undefined ? NO_OPTIONS : [uintOption(CONTENT_FORMAT, format)];
  const options = [...pathOptions(URI_PATH, path), ...content];
  return { type: CON, code, messageId, token, options, payload };
}

type Said = Message | readonly Message[] | undefined;

/** Changes messages of the server's. */
export function saying(change: (message: Message, client: number) => Said): () => BootstrapTamper {
  return () => ({ fromServer: (sent) => said(sent, change) });
}

/** What a server says instead. What is no message stays. */
export function said(
  { client, datagram }: Sent,
  change: (message: Message, client: number) => Said,
): readonly Sent[] {
  const message = decodeMessage(datagram);
  if (isMalformed(message)) return [{ client, datagram }];
  const changed = change(message, client);
  if (changed === undefined) return [];
  const messages = "code" in changed ? [changed] : changed;
  return messages.map((each) => ({
    client,
    datagram: each === message ? datagram : encodeMessage(each),
  }));
}

/** The server takes messages of clients for others. */
export function hearing(change: (message: Message) => Message | undefined): () => BootstrapTamper {
  return () => ({ toServer: (arriving) => heard(arriving, change) });
}

export function heard(
  arriving: Sent,
  change: (message: Message) => Message | undefined,
): Sent | undefined {
  const message = decodeMessage(arriving.datagram);
  if (isMalformed(message)) return arriving;
  const changed = change(message);
  if (changed === message) return arriving;
  return changed && { ...arriving, datagram: encodeMessage(changed) };
}

/** Changes the answers of the server to some requests of clients. */
export function answering(
  asked: (message: Message) => boolean,
  change: (message: Message) => Said,
): () => BootstrapTamper {
  return () => {
    const ids = new Set<string>();
    return {
      toServer: (arriving) =>
        heard(arriving, (message) => {
          if (isRequest(message.code) && asked(message)) {
            ids.add(`${arriving.client} ${message.messageId}`);
          }
          return message;
        }),
      fromServer: (sent) =>
        said(sent, (message) => {
          const isMeant = isAnswer(message) && ids.has(`${sent.client} ${message.messageId}`);
          return isMeant ? change(message) : message;
        }),
    };
  };
}

/** Changes what the server is configured to give. */
export function configured(change: (plan: BootstrapPlan) => BootstrapPlan): () => BootstrapTamper {
  return () => ({ plan: change });
}

/** Changes what the server writes, value by value. */
export function writing(
  change: (values: Record<string, Value>) => Record<string, Value>,
): () => BootstrapTamper {
  return saying((message) => {
    const format = uintOf(message.options, CONTENT_FORMAT, -1);
    if (message.code !== 3 || format < 0) return message;
    const path = pathIn(message);
    const values = decodeValues(format, message.payload, path);
    if (typeof values === "string") return message;
    const changed = change(Object.fromEntries(values));
    return { ...message, payload: encodeValues(format, path, changed) };
  });
}
