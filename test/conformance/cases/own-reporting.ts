/** Notifications where no ETS case looks: to the moment, by value, and their end. */
import { CHANGED, CONTENT, DELETED, formatCode, NOT_FOUND } from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import { CON } from "../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, findOption, uintOf } from "../../../protocol/coap/options.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { HOUR, MINUTE, SECOND } from "../../../protocol/time/duration.ts";
import type { Bench, ObservedPath } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_4, C_12, withLifetime } from "../configurations.ts";
import { decodeValues, isSameValue } from "../content.ts";
import { hasObserve, type Uplink } from "../scripted-server.ts";
import { rejectNext } from "./expectations.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const BATTERY = "/3/0/9";
/** How late a change may be told that nothing holds back. */
const AT_ONCE = 2 * SECOND;

const PMIN_TO_THE_MOMENT = clientCase({
  id: "dormouse-notify-pmin",
  title: "A change within pmin is told when pmin is over, one after it at once",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §5.1.2", "LwM2M Core 1.1.1 §6.4.2"],
  configuration: C_4,
  begins: "registered",
  needs: { setsValues: true },
  criteria: {
    held: "the change is told pmin after the notification before, with the latest value",
    prompt: "a change when pmin is over is told at once",
    once: "and nothing else is",
  },
  async procedure(bench) {
    await givenBattery(bench, 80);
    await bench.givenAttributes(BATTERY, "pmin=10", "pmax=3600");
    const observed = await bench.givenObserved(BATTERY);
    const { tolerance } = bench.client;
    await bench.wait(3 * SECOND);
    bench.step("the battery falls to 70, and to 65, within pmin");
    await bench.client.set(BATTERY, 70);
    await bench.wait(2 * SECOND);
    await bench.client.set(BATTERY, 65);
    const due = observed.answer.at + 10 * SECOND;
    const held = await nextValue(bench, "held", observed, due + AT_ONCE + tolerance, 65);
    const isOnTime = held.at >= due - tolerance && held.at <= due + AT_ONCE + tolerance;
    bench.expect("held", isOnTime, `it was told at ${held.at / SECOND} s, due at ${due / SECOND}`);
    await bench.wait(30 * SECOND);
    bench.step("the battery falls to 60");
    const changedAt = bench.now();
    await bench.client.set(BATTERY, 60);
    await nextValue(bench, "prompt", observed, changedAt + AT_ONCE + tolerance, 60);
    await bench.wait(30 * SECOND);
    const more = bench.take("notification", observed.token);
    bench.expect("once", more === undefined, "a notification came without a change");
  },
});

const DEFAULT_PERIODS = clientCase({
  id: "dormouse-notify-defaults",
  title: "Without attributes the defaults of the account hold",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §5.1.2", "LwM2M Core 1.1.1 §E.2"],
  configuration: C_4,
  begins: "registered",
  needs: { resources: ["/1/0/3"], formats: [TEXT] },
  criteria: {
    pmax: "a notification comes every 10 s, the value of /1/0/3",
    written: "after a Write of 30 to /1/0/3, every 30 s",
  },
  async procedure(bench) {
    await givenDefault(bench, 10);
    const observed = await bench.givenObserved(BATTERY);
    await bench.wait(35 * SECOND);
    const before = bench.takeAll("notification", observed.token).length;
    bench.expect("pmax", before === 3, `${before} notifications came in 35 s, not 3`);
    await givenDefault(bench, 30);
    await bench.wait(90 * SECOND);
    const after = bench.takeAll("notification", observed.token).length;
    bench.expect("written", after === 3, `${after} notifications came in 90 s, not 3`);
  },
});

/** Whatever the device's own default was. */
async function givenDefault(bench: Bench, pmax: number): Promise<void> {
  const write = await bench.put("/1/0/3", TEXT, `${pmax}`);
  bench.given(write.code === CHANGED, "the default could not be written");
}

/** Whatever the device's own level was. */
async function givenBattery(bench: Bench, level: number): Promise<void> {
  await bench.client.set(BATTERY, level);
  const { format, payload } = await bench.read(BATTERY);
  const values = decodeValues(format, payload, BATTERY);
  const found = typeof values === "string" ? values : values.get(BATTERY);
  bench.given(found === level, `the battery could not be set to ${level}: it is ${found}`);
}

const THRESHOLDS = clientCase({
  id: "dormouse-notify-thresholds",
  title: "gt and lt tell when the value crosses them, in either direction",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §5.1.2"],
  configuration: C_4,
  begins: "registered",
  needs: { setsValues: true },
  criteria: {
    crossing: "a value that crosses gt or lt, upwards or downwards, is told",
    between: "one that does not is not",
  },
  async procedure(bench) {
    await givenBattery(bench, 80);
    await bench.givenAttributes(BATTERY, "pmin=0", "pmax=86400", "gt=90", "lt=20");
    const observed = await bench.givenObserved(BATTERY);
    bench.step("the battery starts at 80; gt is 90, lt is 20");
    await tellsOnly(
      bench,
      observed,
      ["crossing", "between"],
      [
        [85, false],
        [91, true],
        [95, false],
        [50, true],
        [21, false],
        [19, true],
        [10, false],
        [80, true],
      ],
    );
  },
});

const STEP = clientCase({
  id: "dormouse-notify-step",
  title: "st tells when the value has moved by it since it was told last",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §5.1.2"],
  configuration: C_4,
  begins: "registered",
  needs: { setsValues: true },
  criteria: {
    step: "a value that is st away from the one told last is told",
    less: "one that is nearer is not, however it got there",
  },
  async procedure(bench) {
    await givenBattery(bench, 80);
    await bench.givenAttributes(BATTERY, "pmin=0", "pmax=86400", "st=5");
    const observed = await bench.givenObserved(BATTERY);
    bench.step("the battery starts at 80; st is 5");
    await tellsOnly(
      bench,
      observed,
      ["step", "less"],
      [
        [77, false],
        [83, false],
        [75, true],
        [79, false],
        [80, true],
        [86, true],
      ],
    );
  },
});

const TARGET_DELETED = clientCase({
  id: "dormouse-notify-deleted",
  title: "The deletion of what is observed ends the observation",
  versions: ALL,
  clauses: ["RFC 7641 §3.2", "RFC 7641 §4.2"],
  configuration: C_12,
  begins: "registered",
  criteria: {
    told: "a notification with 4.04 and without the Observe option comes",
    ended: "and is the last",
  },
  async procedure(bench) {
    await bench.givenAttributes("/16/0", "pmax=10");
    const { token } = await bench.givenObserved("/16/0");
    const deleted = await bench.delete("/16/0");
    bench.given(deleted.code === DELETED, "/16/0 could not be deleted");
    const last = await bench.next("notification", bench.now() + AT_ONCE, token);
    const code = last === undefined ? "nothing" : formatCode(last.message.code);
    bench.expect("told", last?.message.code === NOT_FOUND, `${code} came, not 4.04`);
    const isPlain = last !== undefined && !hasObserve(last.message);
    bench.expect("told", isPlain, "it has the Observe option");
    await bench.wait(MINUTE);
    const more = bench.take("notification", token);
    bench.expect("ended", more === undefined, "another notification came");
  },
});

const OBSERVE_AGAIN = clientCase({
  id: "dormouse-observe-again",
  title: "A plain Read does not cancel, and a path can be observed again",
  versions: ALL,
  clauses: ["RFC 7641 §3.1", "RFC 7641 §3.6", "RFC 7641 §4.1"],
  configuration: C_4,
  begins: "registered",
  criteria: {
    kept: "after a Read the notifications go on",
    again: "after a second Observe with a new token they come with the new token",
  },
  async procedure(bench) {
    await bench.givenAttributes(BATTERY, "pmin=0", "pmax=10");
    const first = await bench.givenObserved(BATTERY);
    await bench.read(BATTERY);
    await bench.wait(25 * SECOND);
    const kept = bench.takeAll("notification", first.token).length;
    bench.expect("kept", kept === 2, `${kept} notifications came in 25 s, not 2`);
    bench.step("the server observes again");
    const second = await bench.givenObserved(BATTERY);
    await bench.wait(25 * SECOND);
    const fresh = bench.takeAll("notification", second.token).length;
    bench.expect("again", fresh === 2, `${fresh} notifications came in 25 s, not 2`);
  },
});

const ENDS_WITH_REGISTRATION = clientCase({
  id: "dormouse-observe-register",
  title: "Observations end with the registration",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.3"],
  configuration: withLifetime(C_4, 60),
  begins: "registered",
  criteria: { ended: "after a new Register no notifications of the old registration come" },
  async procedure(bench) {
    const { token } = await bench.givenObserved(BATTERY);
    bench.step("the server forgets the client, which registers again");
    bench.server.isRegistered = false;
    const register = await bench.next("register", bench.now() + 2 * MINUTE);
    bench.given(register !== undefined, "no Register came");
    bench.takeAll("notification");
    await bench.wait(MINUTE);
    const late = bench.take("notification", token);
    bench.expect(
      "ended",
      late === undefined,
      `a notification came at ${(late?.at ?? 0) / SECOND} s`,
    );
  },
});

const CONFIRMABLE_ONCE_A_DAY = clientCase({
  id: "dormouse-notify-confirmable",
  title: "One notification a day is Confirmable",
  versions: ALL,
  clauses: ["RFC 7641 §4.5"],
  configuration: C_4,
  begins: "registered",
  criteria: { daily: "within 24 hours and one pmax a Confirmable notification comes" },
  async procedure(bench) {
    await bench.givenAttributes(BATTERY, "pmax=3600");
    const { token } = await bench.givenObserved(BATTERY);
    await bench.wait(25 * HOUR + MINUTE);
    const notifications = bench.takeAll("notification", token);
    bench.given(notifications.length > 0, "no notification came");
    const isSeen = notifications.some(({ message }) => message.type === CON);
    bench.expect("daily", isSeen, `none of ${notifications.length} was Confirmable`);
  },
});

const RESET_OF_CONFIRMABLE = clientCase({
  id: "dormouse-cancel-reset",
  title: "A Reset cancels, whatever else is observed",
  versions: ALL,
  clauses: ["RFC 7641 §3.6", "LwM2M Core 1.1.1 §6.4.3"],
  configuration: C_4,
  begins: "registered",
  criteria: {
    cancelled: "after the Reset no notification of that path comes",
    again: "it can be observed anew",
  },
  async procedure(bench) {
    await bench.givenAttributes(BATTERY, "pmin=0", "pmax=10");
    const first = await bench.givenObserved(BATTERY);
    await rejectNext(bench, first);
    await bench.wait(MINUTE);
    const late = bench.take("notification");
    bench.expect("cancelled", late === undefined, "a notification came");
    const second = await bench.observe(BATTERY);
    bench.expectCode("again", second.answer, CONTENT);
    await bench.wait(25 * SECOND);
    const count = bench.takeAll("notification", second.token).length;
    bench.expect("again", count === 2, `${count} notifications came in 25 s, not 2`);
  },
});

/** The next notification holds this value; none until `until` fails the criterion. */
async function nextValue<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  { token, path }: ObservedPath,
  until: number,
  wanted: Value,
): Promise<Uplink> {
  const notification = await bench.next("notification", until, token);
  bench.expect(criterion, notification !== undefined, `no notification of ${path} came`);
  const { message } = notification as Uplink;
  const format = findOption(message.options, CONTENT_FORMAT);
  const number = format === undefined ? undefined : uintOf(message.options, CONTENT_FORMAT, 0);
  const values = decodeValues(number, message.payload, path);
  const value = typeof values === "string" ? undefined : values.get(path);
  const why = typeof values === "string" ? values : `it holds ${value}, not ${wanted}`;
  bench.expect(criterion, isSameValue(value, wanted), why);
  return notification as Uplink;
}

/** Sets values one by one, ten seconds apart, and expects a notification for those marked true and no others. */
async function tellsOnly<Criterion extends string>(
  bench: Bench<Criterion>,
  observed: ObservedPath,
  [told, silent]: readonly [Criterion, Criterion],
  changes: readonly (readonly [number, boolean])[],
): Promise<void> {
  for (const [value, isTold] of changes) {
    await bench.client.set(observed.path, value);
    const until = bench.now() + 10 * SECOND;
    if (isTold) await nextValue(bench, told, observed, until, value);
    await bench.wait(until - bench.now());
    const more = bench.take("notification", observed.token);
    bench.expect(silent, more === undefined, `${value} was told, and need not be`);
  }
}

export const OWN_REPORTING_CASES: readonly ConformanceCase[] = [
  PMIN_TO_THE_MOMENT,
  DEFAULT_PERIODS,
  THRESHOLDS,
  STEP,
  TARGET_DELETED,
  OBSERVE_AGAIN,
  ENDS_WITH_REGISTRATION,
  CONFIRMABLE_ONCE_A_DAY,
  RESET_OF_CONFIRMABLE,
];
