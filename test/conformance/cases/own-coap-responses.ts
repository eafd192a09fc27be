/** The client as a CoAP client: what it makes of the answers to its Register, and what it does when there are none. */
import { SERVICE_UNAVAILABLE } from "../../../protocol/coap/codes.ts";
import { ACK, CON, NON, RST } from "../../../protocol/coap/message.ts";
import {
  LOCATION_QUERY,
  MAX_AGE,
  type Option,
  textOption,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { MINUTE, SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, MAX_TRANSMIT_WAIT } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_1 } from "../configurations.ts";
import { bytesOf } from "../content.ts";
import type { Uplink } from "../scripted-server.ts";
import {
  ALL,
  bytesWith,
  emptyMessage,
  expectRegistered,
  givenRegister,
  givenUplink,
  isEmptyAck,
  outcomeOf,
  reactionTo,
  separateAnswer,
} from "./coap-exchanges.ts";

/** Options that no client knows. */
const CRITICAL: Option = { number: 65001, value: bytesOf("01") };
const ELECTIVE: Option = { number: 65000, value: bytesOf("01") };
/** By then a client that is not registered has tried again, whatever it waits for. */
const RETRIED = 10 * MINUTE;

const CRITICAL_RESPONSE = clientCase({
  id: "dormouse-coap-critical-response",
  title: "A response with an unknown critical option is rejected",
  versions: ALL,
  clauses: ["RFC 7252 §5.4.1", "RFC 7252 §4.2"],
  configuration: C_1,
  begins: "off",
  criteria: {
    piggybacked: "2.01 with option 65001 in the ACK is not taken: Register comes again",
    separate: "in a Confirmable message of its own it gets a Reset",
    registered: "without the option it is taken",
  },
  async procedure(bench) {
    const register = await givenRegister(bench);
    const response = separateAnswer(bench, register, ACK, [CRITICAL]);
    notRegistered(bench);
    await bench.send({ ...response, messageId: register.message.messageId });
    const again = await nextAttempt(bench);
    bench.expect("piggybacked", again !== undefined, "Register did not come again in 10 minutes");
    bench.step("the same comes in a message of its own");
    const other = separateAnswer(bench, again ?? register, CON, [CRITICAL]);
    notRegistered(bench);
    const came = await reactionTo(bench, bytesWith(other, {}));
    bench.expect("separate", came?.type === RST, `${outcomeOf(came)} came, not a Reset`);
    bench.step("the server answers as it should");
    bench.server.answer = undefined;
    const isTaken = await waitForRegistration(bench);
    bench.expect("registered", isTaken, "Register did not come again in 10 minutes");
    await bench.wait(bench.pace.prompt);
    await expectRegistered(bench, "registered");
  },
});

const ELECTIVE_RESPONSE = clientCase({
  id: "dormouse-coap-elective-response",
  title: "Elective options of a response that are not understood are ignored",
  versions: ALL,
  clauses: ["RFC 7252 §5.4.1", "RFC 7252 §5.10.7"],
  configuration: C_1,
  begins: "off",
  criteria: { taken: "2.01 with option 65000 and a Location-Query is taken" },
  async procedure(bench) {
    bench.server.answer = ({ kind }) => {
      if (kind !== "register") return undefined;
      const { code, options = [] } = bench.server.admit();
      return { code, options: [...options, textOption(LOCATION_QUERY, "a=1"), ELECTIVE] };
    };
    bench.step("the client is switched on");
    await bench.client.start();
    const isAnswered = await waitForRegistration(bench);
    bench.given(isAnswered, "no Register came");
    await bench.wait(bench.client.tolerance);
    await expectRegistered(bench, "taken");
  },
});

const NON_RESPONSE = clientCase({
  id: "dormouse-coap-non-response",
  title: "A Confirmable request may be answered in a Non-confirmable message",
  versions: ALL,
  clauses: ["RFC 7252 §5.2.3"],
  configuration: C_1,
  begins: "off",
  criteria: {
    taken: "2.01 in a Non-confirmable message after an empty ACK is taken",
    unacknowledged: "and not acknowledged",
  },
  async procedure(bench) {
    const register = await givenRegister(bench);
    await bench.send(emptyMessage(ACK, register.message.messageId));
    const came = await reactionTo(bench, bytesWith(separateAnswer(bench, register, NON), {}));
    const isAcknowledged = came !== undefined && isEmptyAck(came);
    bench.expect("unacknowledged", !isAcknowledged, "an ACK came for it");
    await expectRegistered(bench, "taken");
  },
});

const OTHER_TOKEN = clientCase({
  id: "dormouse-coap-token-mismatch",
  title: "A response in the ACK has to have the token too",
  versions: ALL,
  clauses: ["RFC 7252 §5.3.2"],
  configuration: C_1,
  begins: "off",
  criteria: {
    rejected: "2.01 in the ACK with another token is not taken: Register comes again",
    registered: "and is taken with its token",
  },
  async procedure(bench) {
    const register = await givenRegister(bench);
    const response = separateAnswer(bench, register, ACK);
    notRegistered(bench);
    const { messageId } = register.message;
    await bench.send({ ...response, messageId, token: bytesOf("0B AD") });
    const again = await nextAttempt(bench);
    bench.expect("rejected", again !== undefined, "Register did not come again in 10 minutes");
    bench.server.answer = undefined;
    const isTaken = await waitForRegistration(bench);
    bench.expect("registered", isTaken, "Register did not come again in 10 minutes");
    await bench.wait(bench.pace.prompt);
    await expectRegistered(bench, "registered");
  },
});

const MAX_RETRANSMIT = clientCase({
  id: "dormouse-coap-max-retransmit",
  title: "A request that nobody answers is given up",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.8.2", "RFC 7252 §4.4"],
  configuration: C_1,
  begins: "off",
  criteria: {
    bounded: "Register comes at most five times under one Message ID, within 93 s",
    fresh: "and then under another",
  },
  async procedure(bench) {
    const { message } = await givenRegister(bench);
    const ofFirst = ({ message: one }: Uplink) => one.messageId === message.messageId;
    await bench.wait(MAX_TRANSMIT_WAIT);
    const { length } = bench.takeAll("repeated").filter(ofFirst);
    bench.expect("bounded", length <= 4, `it came ${length + 1} times`);
    const next = bench.take("register") ?? (await nextAttempt(bench));
    if (next === undefined) return bench.given(false, "Register did not come again in 10 minutes");
    bench.expect("fresh", !ofFirst(next), "the Message ID is that of the first Register");
  },
});

const BUSY = clientCase({
  id: "dormouse-coap-max-age",
  title: "A server that is busy is left alone for as long as it says",
  versions: ALL,
  clauses: ["RFC 7252 §5.9.3.4", "RFC 7252 §5.10.5"],
  configuration: C_1,
  begins: "off",
  criteria: {
    waits: "after 5.03 with Max-Age 150 no Register comes for 150 s",
    again: "and then one does",
  },
  async procedure(bench) {
    bench.step("the client is switched on; the server answers 5.03");
    let refusals = 0;
    bench.server.answer = ({ kind }) =>
      kind === "register" && ++refusals === 1
        ? { code: SERVICE_UNAVAILABLE, options: [uintOption(MAX_AGE, 150)] }
        : undefined;
    await bench.client.start();
    const { at } = await givenUplink(bench, "register", bench.pace.patience);
    const again = await bench.next("register", at + RETRIED);
    const wait = ((again?.at ?? at + RETRIED) - at) / SECOND;
    const isPatient = wait >= 150 - bench.client.tolerance / SECOND;
    bench.expect("waits", isPatient, `Register came again after ${wait} s`);
    bench.expect("again", again !== undefined, "Register did not come again in 10 minutes");
  },
});

/** What the server sent is no registration. */
function notRegistered(bench: Bench): void {
  bench.server.isRegistered = false;
  bench.server.answer = ({ kind }) => (kind === "register" ? "silence" : undefined);
}

/** The Register that comes next: repeated, or a new one. */
async function nextAttempt(bench: Bench): Promise<Uplink | undefined> {
  const until = bench.now() + RETRIED;
  for (;;) {
    const came = bench.take("register") ?? bench.take("repeated");
    if (came !== undefined || !(await bench.takeIn(until))) return came;
  }
}

/** False when no Register came that the server took. */
async function waitForRegistration(bench: Bench): Promise<boolean> {
  const until = bench.now() + RETRIED;
  while (!bench.server.isRegistered && (await bench.takeIn(until)));
  return bench.server.isRegistered;
}

export const OWN_COAP_RESPONSE_CASES: readonly ConformanceCase[] = [
  CRITICAL_RESPONSE,
  ELECTIVE_RESPONSE,
  NON_RESPONSE,
  OTHER_TOKEN,
  MAX_RETRANSMIT,
  BUSY,
];
