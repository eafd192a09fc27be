/** TD_COAP_CORE_09-12 and 15-17: tokens, separate responses, and both over a network that loses datagrams. */
import { CONTENT, CREATED, GET, POST } from "../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { ACK, CON, type Message, NO_BYTES, NON, RST } from "../../../protocol/coap/message.ts";
import { LOCATION_PATH } from "../../../protocol/coap/options.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import { MINUTE, type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import type { Bench } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_1, C_12 } from "../configurations.ts";
import { bytesOf, encodeValues, formatBytes } from "../content.ts";
import type { Uplink } from "../scripted-server.ts";
import {
  ALL,
  BINDING,
  bytesWith,
  countOfPortfolios,
  emptyMessage,
  expectRegistered,
  givenRegister,
  isEmptyAck,
  outcomeOf,
  reactionTo,
  separateAnswer,
  transact,
} from "./coap-exchanges.ts";

/** ACK_TIMEOUT * ACK_RANDOM_FACTOR, and a little. */
const FIRST_TIMEOUT = 4 * SECOND;

const SEPARATE = clientCase({
  id: "TD_COAP_CORE_09",
  title: "A separate response is acknowledged",
  versions: ALL,
  clauses: ["RFC 7252 §5.2.2", "RFC 7252 §4.2"],
  configuration: C_1,
  begins: "off",
  correction:
    "the client's Register is what is answered separately; its own separate responses are in dormouse-coap-separate",
  criteria: {
    waits: "after an empty ACK the client does not repeat its request",
    acknowledged: "the response is acknowledged by an empty ACK with its Message ID",
    taken: "and is taken as if it had come in the ACK",
  },
  async procedure(bench) {
    const register = await givenRegister(bench);
    await bench.send(emptyMessage(ACK, register.message.messageId));
    await bench.wait(2 * firstTimeout(bench));
    const again = bench.take("repeated") ?? bench.take("register");
    bench.expect("waits", again === undefined, "Register came again after an empty ACK");
    bench.step("the server answers, in a message of its own");
    const response = separateAnswer(bench, register, CON);
    const came = await reactionTo(bench, bytesWith(response, {}));
    const isOurs = came !== undefined && isEmptyAck(came) && came.messageId === response.messageId;
    bench.expect("acknowledged", isOurs, `${outcomeOf(came)} came, not its empty ACK`);
    await expectRegistered(bench, "taken");
  },
});

const TOKENS = clientCase({
  id: "TD_COAP_CORE_10",
  title: "Tokens of every length are echoed",
  versions: ALL,
  clauses: ["RFC 7252 §5.3.1", "RFC 7252 §5.2.1"],
  configuration: C_1,
  begins: "registered",
  criteria: { echoed: "responses carry the token of their request, 1 to 8 bytes" },
  async procedure(bench) {
    for (let length = 1; length <= 8; length++) {
      const token = bytesOf("A0 A1 A2 A3 A4 A5 A6 A7").subarray(0, length);
      const answer = await bench.ask({ method: GET, path: BINDING, accept: TEXT, token });
      bench.expectCode("echoed", answer, CONTENT);
    }
  },
});

const SEPARATE_TOKEN = clientCase({
  id: "TD_COAP_CORE_11",
  title: "A separate response belongs to the request with its token",
  versions: ALL,
  clauses: ["RFC 7252 §5.3.2", "RFC 7252 §5.2.2"],
  configuration: C_1,
  begins: "off",
  correction: "the client's Register is what is answered; first by a response to no request",
  criteria: {
    rejected: "a Confirmable response with another token gets a Reset",
    matched: "the one with the request's token is acknowledged, and taken",
  },
  async procedure(bench) {
    const register = await givenRegister(bench);
    await bench.send(emptyMessage(ACK, register.message.messageId));
    const response = separateAnswer(bench, register, CON);
    const other = { token: bytesOf("0B AD"), messageId: bench.server.messageId() };
    const stray = await reactionTo(bench, bytesWith(response, other));
    const why = `${outcomeOf(stray)} came for another token, not a Reset`;
    bench.expect("rejected", stray?.type === RST, why);
    const came = await reactionTo(bench, bytesWith(response, {}));
    const isTaken = came !== undefined && isEmptyAck(came);
    bench.expect("matched", isTaken, `${outcomeOf(came)} came, not an empty ACK`);
    await expectRegistered(bench, "matched");
  },
});

const NO_TOKEN = clientCase({
  id: "TD_COAP_CORE_12",
  title: "An empty token is echoed",
  versions: ALL,
  clauses: ["RFC 7252 §5.3.1"],
  configuration: C_1,
  begins: "registered",
  criteria: { echoed: "the response to a request without a token has none" },
  async procedure(bench) {
    const answer = await bench.ask({ method: GET, path: BINDING, accept: TEXT, token: NO_BYTES });
    bench.expectCode("echoed", answer, CONTENT);
  },
});

const LOSSY = clientCase({
  id: "TD_COAP_CORE_15",
  title: "What is lost is sent again, and carried out once",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.5"],
  configuration: C_12,
  begins: "registered",
  needs: { formats: [TLV] },
  correction:
    "the client's Update whose answer is lost, and a Create whose answer is lost: carried out twice it would make two instances",
  criteria: {
    repeated: "an Update whose answer is lost comes again, under its Message ID and token",
    settled: "and when that is answered no more",
    duplicate: "a Create whose answer is lost is answered alike when it is repeated",
    once: "and has made one instance",
  },
  async procedure(bench) {
    await loseAnswerToUpdate(bench);
    await loseAnswerToCreate(bench);
  },
});

async function loseAnswerToUpdate(bench: Bench<"repeated" | "settled">): Promise<void> {
  bench.step("the answer to the client's Update is lost");
  let losses = 0;
  const trigger = bench.compose({ method: POST, path: "/1/0/8" });
  bench.loses = (message, isFromClient) =>
    !isFromClient && message.type === ACK && !isEmptyAck(message) && ++losses === 1;
  bench.given((await bench.exchange(trigger)) !== undefined, "Execute /1/0/8 was not answered");
  const update = await bench.next("update", bench.now() + bench.pace.prompt);
  bench.given(update !== undefined, "no Update came");
  const again = await bench.next("repeated", bench.now() + firstTimeout(bench));
  bench.expect("repeated", again !== undefined, "the Update was not repeated");
  const isSame = again?.token === update?.token;
  bench.expect("repeated", isSame, `it was repeated with the token ${again?.token}`);
  await bench.wait(MINUTE);
  const more = bench.take("repeated") ?? bench.take("update");
  bench.expect("settled", more === undefined, "it came once more");
}

async function loseAnswerToCreate(bench: Bench<"duplicate" | "once">): Promise<void> {
  bench.step("the answer to a Create is lost");
  const payload = encodeValues(TLV, "/16/0", { "/16/0/0/0": "once" });
  const create = bench.compose({ method: POST, path: "/16", format: TLV, payload });
  const lost: Message[] = [];
  bench.loses = (message, isFromClient) => {
    const isLost = isFromClient && message.messageId === create.messageId && lost.length === 0;
    if (isLost) lost.push(message);
    return isLost;
  };
  const second = await bench.exchange(create);
  bench.given(lost[0]?.code === CREATED, `Create /16 was answered by ${outcomeOf(lost[0])}`);
  const why = `first ${wordsOf(lost[0])} came, then ${wordsOf(second)}`;
  bench.expect("duplicate", wordsOf(second) === wordsOf(lost[0]), why);
  const made = await countOfPortfolios(bench, "once");
  bench.given(made > 0, "what was created cannot be read");
  bench.expect("once", made === 1, `it made ${made} instances`);
}

/** What a repetition must not change. */
function wordsOf(message: Message | undefined): string {
  if (message === undefined) return outcomeOf(message);
  const { options, payload } = message;
  return `${outcomeOf(message)} ${pathOf(options, LOCATION_PATH)} ${formatBytes(payload)}`.trim();
}

const LOSSY_SEPARATE = clientCase({
  id: "TD_COAP_CORE_16",
  title: "A separate response over a network that loses datagrams",
  versions: ALL,
  clauses: ["RFC 7252 §5.2.2", "RFC 7252 §4.2", "RFC 7252 §4.5"],
  configuration: C_1,
  begins: "off",
  correction:
    "the client's Register is what is answered separately; a Reset to the repeated response is taken as well, as §5.3.2 has it",
  criteria: {
    repeated: "when the empty ACK is lost Register comes again",
    stopped: "and no more once the response has come",
    again: "the response that comes again, since its ACK was lost, gets an ACK or a Reset again",
    once: "and does not make the client register again",
  },
  async procedure(bench) {
    const register = await givenRegister(bench);
    bench.step("the empty ACK is lost");
    bench.loses = (message, isFromClient) => !isFromClient && isEmptyAck(message);
    await bench.send(emptyMessage(ACK, register.message.messageId));
    const again = await nextRepetition(bench, register, firstTimeout(bench));
    bench.expect("repeated", again !== undefined, "Register did not come again");
    await bench.wait(bench.client.tolerance);
    bench.takeAll("repeated");
    bench.step("the response comes; its ACK is lost");
    bench.loses = (message, isFromClient) => isFromClient && isEmptyAck(message);
    const response = separateAnswer(bench, register, CON);
    await bench.send(response);
    const more = await nextRepetition(bench, register, MINUTE);
    bench.expect("stopped", more === undefined, "Register came once more");
    bench.loses = undefined;
    const came = await reactionTo(bench, bytesWith(response, {}));
    const isAnswered = came !== undefined && (isEmptyAck(came) || came.type === RST);
    bench.expect("again", isAnswered, `${outcomeOf(came)} came for the repeated response`);
    await bench.wait(MINUTE);
    const anew = bench.take("register");
    bench.expect("once", anew === undefined, "the client registered again");
    await expectRegistered(bench, "once");
  },
});

/** The next that comes again of a request, within this time. */
async function nextRepetition(
  bench: Bench,
  { message }: Uplink,
  patience: number,
): Promise<Uplink | undefined> {
  const until = bench.now() + patience;
  for (;;) {
    const again = await bench.next("repeated", until);
    if (again === undefined || again.message.messageId === message.messageId) return again;
  }
}

const SEPARATE_NON = clientCase({
  id: "TD_COAP_CORE_17",
  title: "A Non-confirmable GET that is not answered at once",
  versions: ALL,
  clauses: ["RFC 7252 §5.2.2", "RFC 7252 §5.2.3"],
  configuration: C_1,
  begins: "registered",
  needs: { features: ["separate responses"], paths: ["separate"] },
  criteria: {
    unacknowledged: "no ACK comes",
    answered: "but a 2.05, in a NON or CON message with the request's token",
  },
  async procedure(bench) {
    const path = bench.paths.separate ?? "";
    const request = { ...bench.compose({ method: GET, path }), type: NON };
    const { response, acknowledgement } = await transact(bench, request);
    bench.expect("unacknowledged", acknowledgement === undefined, "it was acknowledged");
    const why = `${outcomeOf(response)} came, not 2.05`;
    bench.expect("answered", response?.code === CONTENT, why);
  },
});

/** By then a message that nobody acknowledged is repeated; a slow device may have a longer ACK_TIMEOUT. */
function firstTimeout({ client, pace }: Bench): Milliseconds {
  return Math.max(FIRST_TIMEOUT, pace.prompt) + client.tolerance;
}

export const CORE_EXCHANGE_CASES: readonly ConformanceCase[] = [
  SEPARATE,
  TOKENS,
  SEPARATE_TOKEN,
  NO_TOKEN,
  LOSSY,
  LOSSY_SEPARATE,
  SEPARATE_NON,
];
