/** An observation on the raw client's side: how cases begin one, and what they notify. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { CONTENT, GET } from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import { CON, type Message, NO_BYTES, RST } from "../../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  OBSERVE,
  type Option,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { SERVER_PROMPT, type ServerBench } from "../server-bench.ts";
import { ABSENT, hears } from "./server-expectations.ts";

/** A temperature, which is observed unless a case says otherwise. */
export const OBSERVED = "/3303/0/5700";
export const OBSERVED_LIST = "</1/0>,</3/0>,</3303/0>";

export interface Notification {
  /** Of the Observe option; undefined leaves it out. */
  readonly sequence: number | undefined;
  readonly type?: number;
  readonly code?: number;
  readonly format?: number;
  readonly payload?: Uint8Array | string;
  readonly options?: readonly Option[];
  /** That of the observation unless it says so. */
  readonly token?: Uint8Array;
  readonly client?: number;
}

/** A notification of what is observed at a path, to send. */
export function notification(bench: ServerBench, path: string, said: Notification): Message {
  const { sequence, type = CON, code = CONTENT, format = TEXT, options = [], client = 0 } = said;
  const { payload = "" } = said;
  const bytes = typeof payload === "string" ? encodeUtf8(payload) : payload;
  const all = [...options];
  if (sequence !== undefined) all.push(uintOption(OBSERVE, sequence));
  if (bytes.length > 0) all.push(uintOption(CONTENT_FORMAT, format));
  return {
    type,
    code,
    messageId: bench.clients[client].messageId(),
    token: said.token ?? bench.client.observed.get(path) ?? NO_BYTES,
    options: all.sort((one, other) => one.number - other.number),
    payload: bytes,
  };
}

/** Sends a notification; what answered it, an acknowledgement or a Reset, undefined when nothing did. */
export function notify(
  bench: ServerBench,
  path: string,
  said: Notification,
): Promise<Message | undefined> {
  return bench.reaction(notification(bench, path, said), said.client);
}

export function isRejected(answer: Message | undefined): boolean {
  return answer?.type === RST;
}

/** Registers a client with a temperature, and has the operator observe it; whether the client was asked to. */
export async function observe(bench: ServerBench, list = OBSERVED_LIST): Promise<boolean> {
  bench.client.values.set(OBSERVED, 20.5);
  await bench.givenRegistered({ list });
  return observeAgain(bench);
}

/** Has the operator observe the temperature of a client that is registered. */
export async function observeAgain(bench: ServerBench): Promise<boolean> {
  await bench.carryOut({ kind: "observe", path: OBSERVED });
  bench.takeAll();
  return bench.client.observed.has(OBSERVED);
}

/** As `observe`, where what is judged comes later. */
export async function givenObserved(bench: ServerBench, list?: string): Promise<void> {
  bench.given(await observe(bench, list), "no GET with Observe 0 came to the client");
}

/** What other criteria build on: the operator was told a value that was notified. */
export async function givenNotified(
  bench: ServerBench,
  sequence: number,
  payload: string,
): Promise<void> {
  await notify(bench, OBSERVED, { sequence, payload });
  bench.given(await hears(bench, OBSERVED, payload), `the operator was not told ${payload}`);
}

/** The next request of the server's that begins an observation of a path. */
export function nextObserve(bench: ServerBench, path = OBSERVED, patience = SERVER_PROMPT) {
  return bench.next(
    bench.now() + patience,
    ({ message, path: at }) =>
      at === path && message.code === GET && uintOf(message.options, OBSERVE, ABSENT) === 0,
  );
}

/** The next request of the server's that ends one. */
export function nextCancel(bench: ServerBench, patience = SERVER_PROMPT) {
  return bench.next(
    bench.now() + patience,
    ({ message }) => uintOf(message.options, OBSERVE, ABSENT) === 1,
  );
}
