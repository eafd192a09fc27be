/** ETS 1.2 group 751-779, Firmware Update. The images are the device's own: the profile names them. */
import { CHANGED, METHOD_NOT_ALLOWED } from "../../../protocol/coap/codes.ts";
import { OCTET_STREAM, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { was } from "../bench.ts";
import { putBlockWise } from "../block-wise.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import type { FirmwareItem } from "../client-under-test.ts";
import { C_8 } from "../configurations.ts";
import { decodeValues, formatValue } from "../content.ts";
import {
  DOWNLOADED,
  expectPushed,
  expectReset,
  expectState,
  expectUri,
  givenPushed,
  IDLE,
  NUL,
  stateWhen,
  UPDATE_PERIOD,
  versionOf,
} from "../firmware.ts";
import { expectObserved } from "./expectations.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const CLAUSES = ["LwM2M Core 1.1.1 §E.6", "LwM2M Core 1.1.1 §6.3.3"];
const NEEDS = { features: ["firmware update"], formats: [TLV] } as const;

const READ = clientCase({
  id: "LightweightM2M-1.1-int-751",
  title: "Firmware Update Object: Read",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.1", "LwM2M Core 1.1.1 §E.6"],
  configuration: C_8,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    idle: "/5/0 is read as TLV with state 0 and result 0",
    delivery: "with 8 and 9, how packages come",
    hidden: "and without the package",
  },
  async procedure(bench) {
    const answer = await bench.read("/5/0", TLV);
    const wanted = { "/5/0/3": IDLE, "/5/0/5": 0 };
    const values = bench.expectValues("idle", answer, wanted, TLV);
    const hasDelivery = values.has("/5/0/9") && [...values.keys()].some(isProtocol);
    bench.expect("delivery", hasDelivery, `${was(answer)} without 8 or 9`);
    bench.expect("hidden", !values.has("/5/0/0"), `${was(answer)} with the package`);
  },
});

const isProtocol = (path: string) => path.startsWith("/5/0/8/");

const PUSH = clientCase({
  id: "LightweightM2M-1.1-int-755",
  title: "Firmware Update Object: Setting the package (push)",
  versions: ALL,
  clauses: [...CLAUSES, "RFC 7959 §2.5"],
  configuration: C_8,
  begins: "registered",
  needs: { ...NEEDS, firmware: ["image"] },
  criteria: {
    reset: "a package of one NUL is answered by 2.04 and leads to state 0, result 0",
    push: "the image, in blocks, is answered by 2.31 and last by 2.04",
    downloaded: "state 2 and result 0 follow",
  },
  async procedure(bench) {
    await expectReset(bench, "reset");
    await expectPushed(bench, "push", "image");
    await expectState(bench, "downloaded", DOWNLOADED, 0);
  },
});

const URI = clientCase({
  id: "LightweightM2M-1.1-int-756",
  title: "Firmware Update Object: Setting the package URI (pull)",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_8,
  begins: "registered",
  needs: { ...NEEDS, firmware: ["uri"] },
  correction: "the reset is an empty URI in resource 1, where resource 0 is printed",
  criteria: {
    reset: "an empty package URI is answered by 2.04 and leads to state 0, result 0",
    uri: "the package URI is answered by 2.04",
    downloaded: "state 2 and result 0 follow",
  },
  async procedure(bench) {
    bench.expectCode("reset", await bench.put("/5/0/1", TEXT, ""), CHANGED);
    await expectState(bench, "reset", IDLE, 0);
    await expectUri(bench, "uri", `${bench.firmware.uri}`);
    await expectState(bench, "downloaded", DOWNLOADED, 0);
  },
});

const OBSERVE_STATE = clientCase({
  id: "LightweightM2M-1.1-int-760",
  title: "Firmware Update Object: Observe",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.2", "LwM2M Core 1.1.1 §E.6"],
  configuration: C_8,
  begins: "registered",
  needs: { ...NEEDS, firmware: ["image"] },
  criteria: {
    observe: "Observe of /5/0/3 is answered by 2.05 with state 0",
    notified: "once the image is there a notification says state 2",
  },
  async procedure(bench) {
    const observed = await expectObserved(bench, "observe", "/5/0/3");
    bench.expectValues("observe", observed.answer, { "/5/0/3": IDLE });
    await givenPushed(bench, "image");
    const until = bench.now() + UPDATE_PERIOD;
    let last: Value | undefined;
    while (last !== DOWNLOADED) {
      const notification = await bench.next("notification", until, observed.token);
      const why = `no notification of state 2 came; the last state was ${formatValue(last)}`;
      bench.expect("notified", notification !== undefined, why);
      if (notification === undefined) return;
      const { payload } = notification.message;
      const values = decodeValues(observed.answer.format, payload, "/5/0/3");
      last = typeof values === "string" ? undefined : values.get("/5/0/3");
    }
  },
});

/** Int-770 and 771: the whole way, with the image pushed or pulled. */
function successCase(number: 770 | 771): ConformanceCase {
  const isPush = number === 770;
  return clientCase({
    id: `LightweightM2M-1.1-int-${number}`,
    title: `Firmware Update: success by ${isPush ? "push" : "pull"}`,
    versions: ALL,
    clauses: [...CLAUSES, "LwM2M Core 1.1.1 §6.3.5"],
    configuration: C_8,
    begins: "registered",
    needs: { ...NEEDS, firmware: [isPush ? "image" : "uri"] },
    correction: "the preconditions of 770 and 771 are swapped in print",
    criteria: {
      delivered: "the package is taken, and state 2, result 0 reached",
      update: "Execute of /5/0/2 is answered by 2.04",
      result: "in the end the state is 0 and the result 1",
      version: "and /3/0/3 has another value than before",
    },
    async procedure(bench) {
      const before = await versionOf(bench);
      if (isPush) {
        await expectReset(bench, "delivered");
        await expectPushed(bench, "delivered", "image");
      } else await expectUri(bench, "delivered", `${bench.firmware.uri}`);
      await expectState(bench, "delivered", DOWNLOADED, 0);
      bench.expectCode("update", await bench.execute("/5/0/2"), CHANGED);
      await expectState(bench, "result", IDLE, 1);
      const after = await versionOf(bench);
      bench.expect("version", after !== before, `/3/0/3 is ${formatValue(after)} as before`);
    },
  });
}

const NOTHING_DOWNLOADED = clientCase({
  id: "LightweightM2M-1.1-int-772",
  title: "Firmware Update: error, nothing was downloaded",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_8,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    refused: "Execute of /5/0/2 in state 0 is answered by 4.05",
    unchanged: "state and result are as before",
  },
  async procedure(bench) {
    bench.expectCode("refused", await bench.execute("/5/0/2"), METHOD_NOT_ALLOWED);
    const wanted = { "/5/0/3": IDLE, "/5/0/5": 0 };
    bench.expectValues("unchanged", await bench.read("/5/0", TLV), wanted);
  },
});

interface Failure {
  readonly number: number;
  readonly title: string;
  readonly item: FirmwareItem;
  /** In the end; 0 unless given. */
  readonly state?: number;
  readonly result: number;
  readonly correction?: string;
}

/** A package that comes to nothing: the device says why in the result. */
export function failureCase(failure: Failure): ConformanceCase {
  const { number, title, item, state = IDLE, result, correction } = failure;
  return clientCase({
    id: `LightweightM2M-1.1-int-${number}`,
    title: `Firmware Update: error, ${title}`,
    versions: ALL,
    clauses: CLAUSES,
    configuration: C_8,
    begins: "registered",
    needs: { ...NEEDS, firmware: [item] },
    correction,
    criteria: { result: `the state is ${state} in the end, and the result ${result}` },
    async procedure(bench) {
      const given = bench.firmware[item];
      if (typeof given === "string") await bench.put("/5/0/1", TEXT, given);
      // The last block may be answered by an error of its own.
      else await putBlockWise(bench, "/5/0/0", OCTET_STREAM, given ?? NUL);
      await expectState(bench, "result", state, result);
    },
  });
}

const BAD_URI = clientCase({
  id: "LightweightM2M-1.1-int-778",
  title: "Firmware Update: error, invalid URI",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_8,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    write: "a Write of a URI that leads nowhere is answered by 2.04",
    result: "the state is 0, and the result 7",
  },
  async procedure(bench) {
    await expectUri(bench, "write", "coap://[::bad/image");
    await expectState(bench, "result", IDLE, 7);
  },
});

const INSTALL = clientCase({
  id: "LightweightM2M-1.1-int-779",
  title: "Firmware Update: error, the image does not install",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_8,
  begins: "registered",
  needs: { ...NEEDS, firmware: ["failing"] },
  criteria: {
    update: "Execute of /5/0/2 is answered by 2.04",
    result: "the result is 8, and the state 2 or 0",
    version: "/3/0/3 is as before",
  },
  async procedure(bench) {
    const before = await versionOf(bench);
    await givenPushed(bench, "failing");
    await stateWhen(bench, (state) => state === DOWNLOADED);
    bench.expectCode("update", await bench.execute("/5/0/2"), CHANGED);
    const { result, state } = await stateWhen(bench, (_, result) => result !== 0);
    const holds = result === 8 && (state === DOWNLOADED || state === IDLE);
    bench.expect("result", holds, `state ${state}, result ${result}`);
    const after = await versionOf(bench);
    bench.expect("version", after === before, `/3/0/3 is ${formatValue(after)} now`);
  },
});

export const FIRMWARE_CASES: readonly ConformanceCase[] = [
  READ,
  PUSH,
  URI,
  OBSERVE_STATE,
  successCase(770),
  successCase(771),
  NOTHING_DOWNLOADED,
  failureCase({ number: 773, title: "not enough storage", item: "tooLarge", result: 2 }),
  failureCase({
    number: 774,
    title: "out of memory",
    item: "tooLargeForMemory",
    result: 3,
    correction: "result 3, where 2 is printed",
  }),
  failureCase({ number: 775, title: "connection lost", item: "haltingUri", result: 4 }),
  failureCase({ number: 776, title: "integrity check failed", item: "corrupt", result: 5 }),
  failureCase({
    number: 777,
    title: "unsupported package type",
    item: "wrongType",
    result: 6,
    correction: "the state is 0 in the end, where 1 is printed",
  }),
  BAD_URI,
  INSTALL,
];
