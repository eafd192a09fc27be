/** What cases about CoAP itself share: one message and what comes back, and a Register that is answered in unusual ways. */
import { CONTENT, EMPTY, formatCode } from "../../../protocol/coap/codes.ts";
import { ACK, encodeMessage, type Message, NO_BYTES, RST } from "../../../protocol/coap/message.ts";
import { BLOCK1, findOption, type Option } from "../../../protocol/coap/options.ts";
import { MINUTE } from "../../../protocol/time/duration.ts";
import type { Bench } from "../bench.ts";
import type { Version } from "../case.ts";
import { decodeValues, formatBytes } from "../content.ts";
import { Ended } from "../judging.ts";
import type { Uplink, UplinkKind } from "../scripted-server.ts";

/** CoAP is the same in all versions of LwM2M. */
export const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
/** A text that every client has: the plugtest's /test. */
export const BINDING = "/3/0/16";

/** What a message of the server's led to. */
export interface Transaction {
  /** With the request's token, or in its ACK. */
  readonly response: Message | undefined;
  /** An ACK with the request's Message ID, empty or with the response. */
  readonly acknowledgement: Message | undefined;
}

export async function transact(bench: Bench, request: Message): Promise<Transaction> {
  const heard: Message[] = [];
  const response = await bench.exchange(request, 0, heard);
  const acknowledgement = heard.find(
    ({ type, messageId }) => type === ACK && messageId === request.messageId,
  );
  return { response, acknowledgement };
}

/** The first that comes in answer to a datagram, which need not be a message; undefined when nothing does. */
export async function reactionTo(
  bench: Bench,
  datagram: Uint8Array,
  server = 0,
): Promise<Message | undefined> {
  while (bench.response(server) !== undefined);
  bench.takeAll("notification");
  await bench.sendBytes(datagram, server);
  const until = bench.now() + bench.pace.prompt;
  for (;;) {
    // To the scripted server a response that nobody asked for is a notification.
    const came = bench.response(server) ?? bench.take("notification")?.message;
    if (came !== undefined || !(await bench.takeIn(until))) return came;
  }
}

/** A criterion: the datagram is rejected by a Reset with its Message ID (RFC 7252 §4.2). */
export async function expectReset<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  datagram: Uint8Array,
): Promise<void> {
  const came = await reactionTo(bench, datagram);
  const messageId = (datagram[2] << 8) | datagram[3];
  const isReset = came?.type === RST && came.code === EMPTY && came.messageId === messageId;
  const why = `${formatBytes(datagram)} was answered by ${outcomeOf(came)}, not by its Reset`;
  bench.expect(criterion, isReset, why);
}

/** A criterion: the datagram is rejected, by nothing or by a Reset (RFC 7252 §4.3). */
export async function expectRejected<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  datagram: Uint8Array,
): Promise<void> {
  const came = await reactionTo(bench, datagram);
  const isRejected = came === undefined || came.type === RST;
  const why = `${formatBytes(datagram) || "nothing"} was answered by ${outcomeOf(came)}`;
  bench.expect(criterion, isRejected, why);
}

/** A criterion: nothing at all comes back. */
export async function expectSilence<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  datagram: Uint8Array,
): Promise<void> {
  const came = await reactionTo(bench, datagram);
  const why = `${formatBytes(datagram)} was answered by ${outcomeOf(came)}, not by nothing`;
  bench.expect(criterion, came === undefined, why);
}

/** For sentences: `2.05`, `a Reset`. */
export function outcomeOf(message: Message | undefined): string {
  if (message === undefined) return "nothing";
  if (message.type === RST) return "a Reset";
  return message.code === EMPTY ? "an empty ACK" : formatCode(message.code);
}

/** A message with another payload, token or type, as bytes. */
export function bytesWith(message: Message, changes: Partial<Message>): Uint8Array {
  return encodeMessage({ ...message, ...changes });
}

export function emptyMessage(type: number, messageId: number): Message {
  return { type, code: EMPTY, messageId, token: NO_BYTES, options: [], payload: NO_BYTES };
}

// A Register whose answer the case gives by itself.

/** The client is switched on, and its Register gets no answer. */
export async function givenRegister(bench: Bench): Promise<Uplink> {
  bench.step("the client is switched on; its Register is not answered yet");
  bench.server.answer = ({ kind }) => (kind === "register" ? "silence" : undefined);
  await bench.client.start();
  return givenUplink(bench, "register", bench.pace.patience);
}

/** The next of this kind, where what is judged comes later. */
export async function givenUplink(
  bench: Bench,
  kind: UplinkKind,
  patience: number,
): Promise<Uplink> {
  const uplink = await bench.next(kind, bench.now() + patience);
  if (uplink === undefined) throw new Ended("inconclusive", `no ${kind} came`, undefined);
  return uplink;
}

/** 2.01 in a message of its own, with what the server says beside the location. The server then takes the client as registered. */
export function separateAnswer(
  bench: Bench,
  { message }: Uplink,
  type: number,
  more: readonly Option[] = [],
): Message {
  const { code, options = [] } = bench.server.admit();
  const block1 = findOption(message.options, BLOCK1);
  bench.server.answer = undefined;
  return {
    type,
    code,
    messageId: bench.server.messageId(),
    token: message.token,
    options: [...options, ...more, ...(block1 === undefined ? [] : [block1])],
    payload: NO_BYTES,
  };
}

/**
 * A criterion: the client knows itself registered. It does what the server asks and updates; a client that does not update when it
 * should is taken at its word, and must not register again within a minute.
 */
export async function expectRegistered<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
): Promise<void> {
  bench.takeAll("register");
  bench.expectCode(criterion, await bench.read(BINDING), CONTENT);
  if ((await triggeredUpdate(bench)) !== undefined) return;
  await bench.wait(MINUTE);
  const register = bench.take("register");
  bench.expect(criterion, register === undefined, "the client registered again");
}

/** The Update that the server has the client send; undefined when none came. */
export async function triggeredUpdate(bench: Bench): Promise<Uplink | undefined> {
  await bench.execute("/1/0/8");
  return bench.next("update", bench.now() + bench.pace.prompt);
}

/** As `triggeredUpdate`, where what is judged comes later. */
export async function givenUpdate(bench: Bench): Promise<Uplink> {
  await bench.execute("/1/0/8");
  return givenUplink(bench, "update", bench.pace.prompt);
}

/** How many instances of object 16 have this text as an identity. */
export async function countOfPortfolios(bench: Bench, identity: string): Promise<number> {
  const { code, format, payload } = await bench.read("/16");
  const values = code === CONTENT ? decodeValues(format, payload, "/16") : "";
  const all = typeof values === "string" ? [] : [...values.values()];
  return all.filter((value) => value === identity).length;
}

/** True for an acknowledgement without a response. */
export function isEmptyAck({ type, code }: Message): boolean {
  return type === ACK && code === EMPTY;
}
