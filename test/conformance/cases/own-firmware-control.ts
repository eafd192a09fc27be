/** Firmware Update beyond push and download: what is told of it, and what takes it back or puts it off. */
import { CHANGED, METHOD_NOT_ALLOWED } from "../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, type ObservedPath, was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_8, withValues } from "../configurations.ts";
import { decodeValues } from "../content.ts";
import {
  DOWNLOADED,
  DOWNLOADING,
  expectNow,
  expectPushed,
  expectState,
  givenDownloaded,
  givenHalfPushed,
  givenPushed,
  IDLE,
  RESULT,
  STATE,
  stateNow,
  stateWhen,
  UPDATE,
} from "../firmware.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const CLAUSES = ["LwM2M Core 1.1.1 §E.6", "LwM2M Core 1.2.2 §E.6.1"];
const NEEDS = { features: ["firmware update"], formats: [TLV] } as const;
const CANCEL = "/5/0/10";

const NOTIFIED = clientCase({
  id: "dormouse-firmware-notified",
  title: "State and result are told as they change",
  versions: ALL,
  clauses: [...CLAUSES, "LwM2M Core 1.1.1 §6.4.2"],
  configuration: C_8,
  begins: "registered",
  needs: { ...NEEDS, firmware: ["failing"] },
  criteria: {
    states:
      "whoever observes /5/0/3 is told of state 2 after the push, and of no state that cannot follow the one before",
    result: "whoever observes /5/0/5 is told of result 8 when the image does not install",
  },
  async procedure(bench) {
    for (const path of [STATE, RESULT]) await bench.givenAttributes(path, "pmin=0", "pmax=86400");
    const state = await bench.givenObserved(STATE);
    const result = await bench.givenObserved(RESULT);
    await givenPushed(bench, "failing");
    await stateWhen(bench, (now) => now === DOWNLOADED);
    await bench.execute(UPDATE);
    await stateWhen(bench, (_, now) => now !== 0);
    await bench.wait(bench.pace.prompt);
    const states = toldOf(bench, state);
    bench.expect("states", states.includes(DOWNLOADED), `the states told were ${states}`);
    const isPath = states.every((one, i) => FOLLOWS[states[i - 1] ?? IDLE].includes(one));
    bench.expect("states", isPath, `the states told were ${states}`);
    const results = toldOf(bench, result);
    bench.expect("result", results.at(-1) === 8, `the results told were ${results}`);
  },
});

/** By state: which may be told next, others between them having passed untold. */
const FOLLOWS: Readonly<Record<number, readonly number[]>> = {
  0: [0, 1, 2, 3],
  1: [0, 1, 2, 3],
  2: [0, 2, 3],
  3: [0, 2, 3],
};

function toldOf(bench: Bench, { token, path, answer }: ObservedPath): number[] {
  return bench.takeAll("notification", token).map(({ message }) => {
    const values = decodeValues(answer.format, message.payload, path);
    const value: Value | undefined = typeof values === "string" ? undefined : values.get(path);
    return Number(value);
  });
}

/** Severity optional, and a minute in which the user may put it off. */
const DEFERRED = {
  ...withValues(C_8, 5, 0, { 11: 2, 13: 60 }),
  name: "C.8 with version 1.1 of object 5",
};

const CANCELLED = clientCase({
  id: "dormouse-firmware-cancel",
  title: "Firmware Update: cancelled",
  versions: ["1.1", "1.2"],
  clauses: ["LwM2M Core 1.2.2 §E.6", "LwM2M Core 1.2.2 §E.6.1"],
  configuration: DEFERRED,
  begins: "registered",
  needs: { features: ["firmware update", "firmware cancel"], formats: [TLV], firmware: ["image"] },
  criteria: {
    downloaded: "in state 2 Cancel is answered by 2.04 and leads to state 0, result 10",
    downloading:
      "so in the middle of a push, where that is state 1, and the next block is refused then",
    gone: "Update is answered by 4.05 then",
    again: "and a push leads to state 2, result 0",
  },
  async procedure(bench) {
    await givenDownloaded(bench);
    bench.expectCode("downloaded", await bench.execute(CANCEL), CHANGED);
    await expectState(bench, "downloaded", IDLE, 10);
    bench.expectCode("gone", await bench.execute(UPDATE), METHOD_NOT_ALLOWED);
    const transfer = await givenHalfPushed(bench);
    const { state } = await stateNow(bench);
    const cancel = await bench.execute(CANCEL);
    if (state === DOWNLOADING) {
      bench.expectCode("downloading", cancel, CHANGED);
      await expectState(bench, "downloading", IDLE, 10);
      const next = await transfer.next();
      bench.expect("downloading", next.code >> 5 === 4, `${was(next)}: the push went on`);
    } else bench.expect("downloading", state === IDLE, `the state is ${state}`);
    await expectPushed(bench, "again", "image");
    await expectState(bench, "again", DOWNLOADED, 0);
  },
});

const PUT_OFF = clientCase({
  id: "dormouse-firmware-defer",
  title: "Firmware Update: deferred",
  versions: ["1.1", "1.2"],
  clauses: ["LwM2M Core 1.2.2 §E.6", "LwM2M Core 1.2.2 §E.6.1"],
  configuration: DEFERRED,
  begins: "registered",
  needs: {
    features: ["firmware update", "firmware deferral"],
    formats: [TLV],
    firmware: ["image"],
  },
  criteria: {
    deferred: "with severity 2 and a defer period of 60 s an Update leads to state 2, result 11",
    waits: "and it is so as long as the period is not over",
    proceeds: "when it is, the update is installed: state 0, result 1",
    cancelled: "one that is deferred can be cancelled: state 0, result 10",
    critical: "one of severity 0 is not deferred",
  },
  async procedure(bench) {
    await givenDownloaded(bench);
    const executed = await bench.execute(UPDATE);
    bench.expectCode("deferred", executed, CHANGED);
    await expectNow(bench, "deferred", DOWNLOADED, 11);
    bench.expectCode("cancelled", await bench.execute(CANCEL), CHANGED);
    await expectState(bench, "cancelled", IDLE, 10);
    await givenDownloaded(bench);
    await bench.execute(UPDATE);
    await bench.wait(55 * SECOND);
    await expectNow(bench, "waits", DOWNLOADED, 11);
    await bench.wait(10 * SECOND);
    await expectState(bench, "proceeds", IDLE, 1);
    const severity = await bench.put("/5/0/11", TEXT, "0");
    bench.given(severity.code === CHANGED, `${was(severity)}, not by 2.04`);
    await givenDownloaded(bench);
    await bench.execute(UPDATE);
    const { result } = await stateWhen(bench, (_, now) => now !== 0);
    bench.expect("critical", result === 1, `the result is ${result}`);
  },
});

export const OWN_FIRMWARE_CONTROL_CASES: readonly ConformanceCase[] = [
  NOTIFIED,
  CANCELLED,
  PUT_OFF,
];
