/** TD_COAP_OBS_01, 02, 05 and 11: notifications in Confirmable and Non-confirmable messages, and what loss does to them. */
import { CONTENT, formatCode } from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import { CON } from "../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, uintOf } from "../../../protocol/coap/options.ts";
import { MINUTE, SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, MAX_TRANSMIT_WAIT, type ObservedPath, was } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_1, withNotifications } from "../configurations.ts";
import { formatName } from "../content.ts";
import type { Uplink } from "../scripted-server.ts";
import { ALL, givenUplink, isEmptyAck } from "./coap-exchanges.ts";
import {
  askForMode,
  givenLifetime,
  givenLifetimeObserved,
  givenPeriod,
  LIFETIME,
  PERIODIC,
  THREE_PERIODS,
  valueIn,
} from "./coap-observing.ts";
import { expectObserved, expectSequence } from "./expectations.ts";

const ACK_TIMEOUT = 2 * SECOND;
/** A notification, whether for the first time or again. */
const TRANSMISSIONS = ["notification", "repeated"] as const;

const CONFIRMABLE = clientCase({
  id: "TD_COAP_OBS_01",
  title: "Notifications in Confirmable messages",
  versions: ALL,
  clauses: ["RFC 7641 §4.2", "RFC 7641 §4.4", "RFC 7641 §4.5"],
  configuration: withNotifications(C_1, "confirmable"),
  begins: "registered",
  needs: { features: ["confirmable notifications"] },
  correction: "in LwM2M 1.2 the server asks for them as well, by the attribute con",
  criteria: {
    observed: "the answer is 2.05 with Observe and a Content-Format",
    confirmable: "notifications come, and are Confirmable",
    alike: "they are 2.05 in that Content-Format",
    sequence: "and numbered in order",
  },
  async procedure(bench) {
    const [observed, notifications] = await observePeriodic(bench, "con=1");
    const wrong = notifications.find(({ message }) => message.type !== CON);
    bench.expect("confirmable", notifications.length > 0, "no notification came");
    bench.expect("confirmable", wrong === undefined, "one is not Confirmable");
    expectAlike(bench, "alike", observed, notifications);
    expectSequence(bench, "sequence", observed, notifications);
  },
});

const NON_CONFIRMABLE = clientCase({
  id: "TD_COAP_OBS_02",
  title: "Notifications in Non-confirmable messages",
  versions: ALL,
  clauses: ["RFC 7641 §4.2", "RFC 7641 §4.4", "RFC 7641 §4.5"],
  configuration: withNotifications(C_1, "non-confirmable"),
  begins: "registered",
  needs: { features: ["non-confirmable notifications"] },
  correction:
    "the Observe is Confirmable, as LwM2M has it; one notification may be, since one a day has to be",
  criteria: {
    observed: "the answer is 2.05 with Observe and a Content-Format",
    "non-confirmable": "notifications come, and are Non-confirmable, all but one",
    alike: "they are 2.05 in that Content-Format",
    sequence: "and numbered in order",
  },
  async procedure(bench) {
    const [observed, notifications] = await observePeriodic(bench, "con=0");
    const confirmable = notifications.filter(({ message }) => message.type === CON).length;
    const isMostly = notifications.length > 1 && confirmable <= 1;
    const why = `${confirmable} of ${notifications.length} notifications are Confirmable`;
    bench.expect("non-confirmable", isMostly, why);
    expectAlike(bench, "alike", observed, notifications);
    expectSequence(bench, "sequence", observed, notifications);
  },
});

async function observePeriodic(
  bench: Bench<"observed">,
  mode: string,
): Promise<[ObservedPath, Uplink[]]> {
  await askForMode(bench, PERIODIC, mode);
  await bench.givenAttributes(PERIODIC, "pmin=0", "pmax=10");
  const observed = await expectObserved(bench, "observed", PERIODIC);
  const hasFormat = observed.answer.format !== undefined;
  bench.expect("observed", hasFormat, `${was(observed.answer)} without a Content-Format`);
  await bench.wait(THREE_PERIODS);
  return [observed, bench.takeAll("notification", observed.token)];
}

/** 2.05, in the format of the answer that began it. */
function expectAlike<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  { answer }: ObservedPath,
  notifications: readonly Uplink[],
): void {
  for (const { message } of notifications) {
    const format = uintOf(message.options, CONTENT_FORMAT, -1);
    const isAlike = message.code === CONTENT && format === answer.format;
    const why = `${formatCode(message.code)} in ${formatName(format)} came, not 2.05 in ${formatName(answer.format)}`;
    bench.expect(criterion, isAlike, why);
  }
}

const OBSERVER_OFF = clientCase({
  id: "TD_COAP_OBS_05",
  title: "An observer that is switched off is given up",
  versions: ALL,
  clauses: ["RFC 7641 §4.5", "RFC 7252 §4.2"],
  configuration: withNotifications(C_1, "confirmable"),
  begins: "registered",
  needs: { features: ["confirmable notifications"] },
  correction:
    "the server answers nothing any more, not even an Update by which the client asks for it",
  criteria: {
    repeated: "a Confirmable notification that nobody acknowledges comes again, not within 2 s",
    ended: "after 93 s, MAX_TRANSMIT_WAIT, no more notifications come",
  },
  async procedure(bench) {
    const { token } = await givenPeriod(bench, "con=1");
    bench.step("the server is switched off");
    bench.server.answer = () => "silence";
    const first = await givenUplink(bench, "notification", MINUTE);
    bench.given(first.message.type === CON, "the notification is not Confirmable");
    await bench.wait(MAX_TRANSMIT_WAIT);
    const sent = [first, ...bench.takeAll(TRANSMISSIONS, token)];
    bench.expect("repeated", sent.length > 1, "it did not come again");
    const shortest = ACK_TIMEOUT - bench.client.tolerance;
    const hasty = sent.find(({ at, message }, i) => {
      const ofSame = (one: Uplink) => one.message.messageId === message.messageId;
      const before = sent.slice(0, i).findLast(ofSame);
      return before !== undefined && at - before.at < shortest;
    });
    bench.expect("repeated", hasty === undefined, `it came again at ${hasty?.at} ms, in a hurry`);
    await bench.wait(5 * MINUTE);
    const late = bench.takeAll(TRANSMISSIONS, token);
    const why = `${late.length} more came, the first at ${(late[0]?.at ?? 0) / SECOND} s`;
    bench.expect("ended", late.length === 0, why);
  },
});

const LOSSY = clientCase({
  id: "TD_COAP_OBS_11",
  title: "Of what changes while a notification is not acknowledged the latest is told",
  versions: ALL,
  clauses: ["RFC 7641 §4.5", "RFC 7641 §4.5.2", "RFC 7641 §1.3"],
  configuration: withNotifications(C_1, "confirmable"),
  begins: "registered",
  needs: { features: ["confirmable notifications"] },
  correction: "the lifetime, /1/0/1, is written three times while the network loses the ACKs",
  criteria: {
    one: "no two notifications are under way at a time: none comes again once a later one has come",
    latest: "when ACKs get through the last to come tells the last value",
  },
  async procedure(bench) {
    await askForMode(bench, LIFETIME, "con=1");
    const { token } = await givenLifetimeObserved(bench);
    bench.step("the network loses the ACKs of the server");
    bench.loses = (message, isFromClient) => !isFromClient && isEmptyAck(message);
    for (const value of [40000, 50000, 60000]) {
      await givenLifetime(bench, TEXT, value);
      await bench.wait(4 * SECOND);
    }
    bench.step("the network loses nothing any more");
    bench.loses = undefined;
    await bench.wait(MINUTE);
    const sent = bench.takeAll(TRANSMISSIONS, token);
    const isCon = sent.length > 0 && sent.every(({ message }) => message.type === CON);
    bench.given(isCon, "no notification came, or one that is not Confirmable");
    const returned = sent.find(({ message }, i) => hasReturned(sent, i, message.messageId));
    const why = `[${returned?.message.messageId}] came again after another notification`;
    bench.expect("one", returned === undefined, why);
    const last = valueIn(sent[sent.length - 1].message);
    bench.expect("latest", last === "60000", `the last to come tells ${last}, not 60000`);
  },
});

/** True for a message that was there before the one before it. */
function hasReturned(sent: readonly Uplink[], at: number, messageId: number): boolean {
  const before = sent.findIndex(({ message }) => message.messageId === messageId);
  return sent.slice(before, at).some(({ message }) => message.messageId !== messageId);
}

export const OBSERVE_DELIVERY_CASES: readonly ConformanceCase[] = [
  CONFIRMABLE,
  NON_CONFIRMABLE,
  OBSERVER_OFF,
  LOSSY,
];
