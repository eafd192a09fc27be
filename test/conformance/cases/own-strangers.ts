/**
 * What comes from elsewhere: requests and answers from a port that is none of the client's servers', and what a client can be made to
 * send to somebody who asked for nothing (RFC 7252 §11.3).
 */
import {
  CHANGED,
  CREATED,
  DELETE,
  EMPTY,
  FETCH,
  formatCode,
  GET,
  isSuccess,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT } from "../../../protocol/coap/content-formats.ts";
import {
  ACK,
  CON,
  type Message,
  NO_BYTES,
  NO_OPTIONS,
  NON,
  RST,
} from "../../../protocol/coap/message.ts";
import { LOCATION_PATH } from "../../../protocol/coap/options.ts";
import { pathOptions } from "../../../protocol/coap/uri.ts";
import { MINUTE, SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, type Question, was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_3, C_4, configuredValues, strangerOf } from "../configurations.ts";
import { bytesOf } from "../content.ts";
import type { Uplink } from "../scripted-server.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const PMIN = "/1/0/2";
/** Bytes to somebody whose address is not verified, for each of theirs. */
const MOST_AMPLIFICATION = 3;

const text = (value: string) => ({ format: TEXT, payload: new TextEncoder().encode(value) });

const ASKED: readonly Question[] = [
  { method: GET, path: "/3" },
  { method: GET, path: "/3", accept: LINK_FORMAT },
  { method: GET, path: PMIN, observe: 0 },
  { method: GET, path: "/" },
  { method: GET, path: "/.well-known/core" },
  { method: FETCH, path: "/" },
  { method: PUT, path: PMIN, ...text("99") },
  { method: PUT, path: PMIN, query: ["pmax=1"] },
  { method: POST, path: "/1/0/8" },
  { method: POST, path: "/bs" },
  { method: DELETE, path: "/1/0" },
];

/** What went by between the client and one port of the harness. */
function traffic({ ladder }: Bench, server: number) {
  const own = ladder.packets().filter((packet) => packet.server === server);
  const bytes = (isFromClient: boolean) =>
    own
      .filter((packet) => packet.isFromClient === isFromClient)
      .reduce((sum, { datagram }) => sum + datagram.length, 0);
  const answers = own.filter(({ isFromClient }) => isFromClient).length;
  return { toClient: bytes(false), fromClient: bytes(true), answers };
}

const REQUESTS = clientCase({
  id: "dormouse-stranger-requests",
  title: "Requests from elsewhere are not carried out, and get little or no answer",
  versions: ALL,
  clauses: [
    "LwM2M Transport 1.2.2 §5.1",
    "LwM2M Core 1.2.2 §8.2",
    "RFC 7252 §11.3",
    "RFC 9175 §2.4",
  ],
  configuration: C_3,
  begins: "registered",
  needs: { stranger: true },
  criteria: {
    refused: "no request from another port is answered by success",
    unchanged: "nothing is written, executed or deleted by one",
    unobserved: "no notification goes there",
    small: "all that goes there is no more than three times what came from there",
  },
  async procedure(bench) {
    const stranger = strangerOf(bench.configuration);
    bench.stranger.answer = () => "silence";
    for (const question of ASKED) {
      for (const type of [CON, NON]) {
        const message = { ...bench.compose(question, stranger), type };
        await bench.send(message, stranger);
        const came = await answerTo(bench, message, stranger);
        const isRefused = came === undefined || came.type === RST || !isSuccess(came.code);
        const why = `it was answered by ${came === undefined ? "" : formatCode(came.code)}`;
        bench.expect("refused", isRefused, why);
      }
    }
    await bench.wait(bench.pace.prompt);
    bench.expect("unchanged", bench.take("update") === undefined, "an Update came");
    bench.expect("unchanged", bench.take("bootstrap") === undefined, "a Bootstrap-Request came");
    const before = configuredValues(bench.configuration, "/1/0");
    bench.expectValues("unchanged", await bench.read("/1/0"), before);
    bench.step("what the stranger would observe changes");
    const { answers } = traffic(bench, stranger);
    const write = await bench.put(PMIN, TEXT, "5");
    bench.given(write.code === CHANGED, `${was(write)}, not by 2.04`);
    await bench.wait(MINUTE);
    const { answers: more, toClient, fromClient } = traffic(bench, stranger);
    bench.expect(
      "unobserved",
      more === answers,
      `${more - answers} datagrams went to the stranger`,
    );
    const why = `${fromClient} bytes went to the stranger for ${toClient} of its own`;
    bench.expect("small", fromClient <= MOST_AMPLIFICATION * toClient, why);
  },
});

/** The answer to a message at another port, if one comes. */
async function answerTo(
  bench: Bench,
  { messageId, token }: Message,
  server: number,
): Promise<Message | undefined> {
  const until = bench.now() + SECOND;
  const mine = token.join();
  for (;;) {
    const came = bench.response(server);
    if (came !== undefined && (came.messageId === messageId || came.token.join() === mine)) {
      return came;
    }
    const separate = bench.take("notification");
    if (separate?.message.token.join() === mine) return separate.message;
    if (came === undefined && !(await bench.takeIn(until))) return undefined;
  }
}

/** As the client's server would answer, from elsewhere. */
function forged({ messageId, token }: Message, code: number, location?: string): Message {
  const options = location === undefined ? [] : pathOptions(LOCATION_PATH, location);
  return { type: ACK, code, messageId, token, options, payload: NO_BYTES };
}

const ANSWERS = clientCase({
  id: "dormouse-stranger-answers",
  title: "Answers from elsewhere are not taken for the server's",
  versions: ALL,
  clauses: ["RFC 7252 §5.3.2", "RFC 7252 §4.2", "RFC 7641 §3.6"],
  configuration: C_4,
  begins: "off",
  needs: { stranger: true },
  criteria: {
    register: "a Register that another port has answered goes on being repeated",
    location: "and Updates go where the server says",
    update: "so does an Update",
    reset: "a Reset from another port does not end an observation",
  },
  async procedure(bench) {
    const stranger = strangerOf(bench.configuration);
    bench.server.answer = () => "silence";
    await bench.client.start();
    const register = await bench.next("register", bench.pace.patience);
    if (register === undefined) return bench.given(false, "no Register came");
    bench.step("another port answers in the server's stead");
    await bench.send(forged(register.message, CREATED, "/rd/other"), stranger);
    await expectCopy(bench, "register", register);
    bench.server.answer = undefined;
    bench.server.isRegistered = true;
    bench.server.location = "/rd/s1";
    await bench.send(forged(register.message, CREATED, "/rd/s1"));
    await bench.wait(bench.pace.prompt);
    const execute = await bench.execute("/1/0/8");
    bench.given(execute.code === CHANGED, `${was(execute)}, not by 2.04`);
    const first = await bench.next("update", bench.now() + bench.pace.prompt);
    bench.expect("location", first !== undefined, "no Update came to the server's location");
    bench.step("the server is silent again, and the other port answers an Update");
    await bench.execute("/1/0/8");
    bench.server.answer = () => "silence";
    const update = await bench.next("update", bench.now() + bench.pace.prompt);
    if (update === undefined) return bench.given(false, "no second Update came");
    await bench.send(forged(update.message, CHANGED), stranger);
    await expectCopy(bench, "update", update);
    bench.server.answer = undefined;
    await bench.send(forged(update.message, CHANGED));
    await expectObservationKept(bench, stranger);
  },
});

async function expectCopy<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  { message }: Uplink,
): Promise<void> {
  const until = bench.now() + 10 * SECOND + bench.client.tolerance;
  const copy = await bench.next("repeated", until);
  const isCopy = copy?.message.messageId === message.messageId;
  bench.expect(criterion, isCopy, "it was not repeated any more");
}

async function expectObservationKept(bench: Bench<"reset">, stranger: number): Promise<void> {
  await bench.givenAttributes("/3/0/9", "pmin=0", "pmax=10");
  const { token } = await bench.givenObserved("/3/0/9");
  const until = bench.now() + 11 * SECOND + bench.client.tolerance;
  const notification = await bench.next("notification", until, token);
  if (notification === undefined) return bench.given(false, "no notification came");
  bench.step("another port rejects the notification");
  const { messageId } = notification.message;
  const reset = { type: RST, code: EMPTY, messageId, token: NO_BYTES };
  await bench.send({ ...reset, options: NO_OPTIONS, payload: NO_BYTES }, stranger);
  await bench.wait(25 * SECOND);
  const more = bench.takeAll("notification", token).length;
  bench.expect("reset", more >= 2, `${more} notifications came in 25 s afterwards`);
}

/** Bytes that are no request, by what may answer them. */
const NOISE: readonly (readonly [criterion: "silent" | "pings" | "malformed", hex: string])[] = [
  ["silent", "70 00"], // a Reset to nothing
  ["silent", "60 00"], // an ACK to nothing
  ["silent", "60 45"], // a piggybacked 2.05 that nobody asked for
  ["pings", "40 00"], // an empty Confirmable message
  ["malformed", "49 01"], // a token that is too long
  ["malformed", "40 21"], // a reserved class
  ["malformed", "40 C1"],
  ["malformed", "50 45"], // a Non-confirmable response that nobody asked for
  ["malformed", "40 45"], // a Confirmable one
];
const TIMES = 20;

const NOISE_CASE = clientCase({
  id: "dormouse-noise",
  title: "Messages that ask for nothing are not answered by more than they are",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.3", "RFC 7252 §11.3"],
  configuration: C_3,
  begins: "registered",
  criteria: {
    silent: "Resets and acknowledgements to nothing get no answer at all",
    pings: "each ping gets one Reset at most, of four bytes",
    malformed: "so does each message that is none, or a response to nothing",
    unharmed: "and the client is registered, observed and managed as before",
  },
  async procedure(bench) {
    const { token } = await bench.givenObserved("/1/0/2");
    bench.takeAll("notification", token);
    let messageId = 0x7000;
    for (const [criterion, hex] of NOISE) {
      const { answers } = traffic(bench, 0);
      for (let i = 0; i < TIMES; i++) {
        const id = (++messageId).toString(16);
        await bench.sendBytes(bytesOf(`${hex} ${id}`));
      }
      // Notifications that are due meanwhile are none of these answers.
      await bench.wait(SECOND);
      const due = bench.takeAll("notification", token).length;
      const came = traffic(bench, 0).answers - answers - due;
      const most = criterion === "silent" ? 0 : TIMES;
      bench.expect(
        criterion,
        came <= most,
        `${TIMES} times ${hex} were answered by ${came} datagrams`,
      );
      for (let one = bench.response(); one !== undefined; one = bench.response()) {
        const isShort = one.type === RST && one.payload.length === 0;
        bench.expect(criterion, isShort, `${hex} was answered by ${formatCode(one.code)}`);
      }
    }
    const write = await bench.put("/1/0/2", TEXT, "0");
    bench.expectCode("unharmed", write, CHANGED);
    const notification = await bench.next("notification", bench.now() + 11 * SECOND, token);
    bench.expect("unharmed", notification !== undefined, "the observation is over");
  },
});

export const OWN_STRANGER_CASES: readonly ConformanceCase[] = [REQUESTS, ANSWERS, NOISE_CASE];
