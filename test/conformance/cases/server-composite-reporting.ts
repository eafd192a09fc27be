/** ETS 1.2 cases 304-310: observations of several paths as one, as a server begins and ends them. */
import { CHANGED, CREATED, DELETED, FETCH, PUT } from "../../../protocol/coap/codes.ts";
import { SENML_CBOR } from "../../../protocol/coap/content-formats.ts";
import { CON } from "../../../protocol/coap/message.ts";
import { OBSERVE, textsOf, URI_QUERY, uintOf } from "../../../protocol/coap/options.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { encodeValues } from "../content.ts";
import { answered } from "../raw-clients.ts";
import { pathsIn } from "../scripted-client.ts";
import { SERVER_PROMPT, type ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import type { PathValues } from "../server-under-test.ts";
import { expectPaths } from "./server-composite.ts";
import {
  ABSENT,
  expectDone,
  expectHeard,
  expectOrdered,
  type Ordered,
  ordered,
  SINCE_1_1,
} from "./server-expectations.ts";
import { isRejected, notify } from "./server-observation.ts";
import { DEVICE_VALUES } from "./server-reading.ts";

const OMA = "LightweightM2M-1.1-int-";

const OBSERVED = ["/1/0/1", "/3/0/11/0", "/3/0/16"];
const IDENTITIES: PathValues = {
  "/16/0/0/0": "Host Device ID #0",
  "/16/1/0/0": "Host Device ID #1",
};

/** Orders an Observe-Composite; in words why no FETCH with Observe 0 comes. */
async function observed(bench: ServerBench, paths: readonly string[]): Promise<Ordered | string> {
  const came = await ordered(bench, { kind: "observe-composite", paths });
  if (typeof came === "string") return came;
  const { code, options } = came.request.message;
  const isObserve = code === FETCH && uintOf(options, OBSERVE, ABSENT) === 0;
  return isObserve ? came : "no FETCH with Observe 0 came";
}

/** A client with these values whose operator observes these paths. */
async function givenObserved(
  bench: ServerBench,
  paths: readonly string[],
  values: PathValues,
): Promise<void> {
  for (const [path, value] of Object.entries(values)) bench.client.values.set(path, value);
  await bench.givenRegistered({ list: "</1/0>,</3/0>,</16/0>,</16/1>" });
  const came = await observed(bench, paths);
  if (typeof came === "string") return bench.lack(came);
  await bench.ended(came.orderId);
  bench.takeAll();
}

/** A notification of these values. */
async function notifyValues(bench: ServerBench, sequence: number, values: PathValues) {
  const payload = encodeValues(SENML_CBOR, "/", values);
  return notify(bench, "/", { sequence, type: CON, format: SENML_CBOR, payload });
}

const OBSERVE_COMPOSITE = serverCase({
  id: `${OMA}304`,
  title: "Observe-Composite Operation",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.4.4", "RFC 7641 §3.1"],
  needs: ["observe composite"],
  correction: "the printed Observe 1 would end the observation: 0",
  criteria: {
    request: "the observation that was ordered comes to the client as a FETCH on / with Observe 0",
    paths: `it names ${OBSERVED.join(", ")}`,
    first: "the values of the answer reach the operator",
    notified: "a notification is acknowledged, and its values reach the operator",
  },
  async procedure(bench) {
    for (const [path, value] of Object.entries(DEVICE_VALUES)) bench.client.values.set(path, value);
    await bench.givenRegistered();
    const came = await observed(bench, OBSERVED);
    bench.expect("request", typeof came !== "string", `${came}`);
    const { orderId, request } = came as Ordered;
    expectPaths(bench, "paths", request, OBSERVED);
    await expectDone(bench, "first", orderId);
    await expectHeard(bench, "first", "/3/0/16", "U");
    const answer = await notifyValues(bench, 2, {
      "/1/0/1": 4711,
      "/3/0/11/0": 3,
      "/3/0/16": "UQ",
    });
    const isTaken = answer !== undefined && !isRejected(answer);
    bench.expect("notified", isTaken, answered("the notification", answer));
    await expectHeard(bench, "notified", "/1/0/1", "4711");
    await expectHeard(bench, "notified", "/3/0/16", "UQ");
  },
});

const CANCEL_COMPOSITE = serverCase({
  id: `${OMA}305`,
  title: "Cancel Observation-Composite Operation",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.4.5", "RFC 7641 §3.6"],
  needs: ["observe composite"],
  correction: "a Reset of the next notification cancels as well as a FETCH with Observe 1",
  criteria: {
    cancelled:
      "after a cancellation was ordered a FETCH with Observe 1 comes, or the next notification is reset",
    paths: "the FETCH names the paths that were observed",
    silent: "the operator is told nothing more",
  },
  async procedure(bench) {
    await givenObserved(bench, OBSERVED, DEVICE_VALUES);
    await bench.carryOut({ kind: "cancel-composite", paths: OBSERVED });
    const cancel = await bench.next(
      bench.now() + SERVER_PROMPT,
      ({ message }) => uintOf(message.options, OBSERVE, ABSENT) === 1,
    );
    const named = cancel === undefined ? OBSERVED : pathsIn(cancel.message);
    const isSame = [...named].sort().join() === [...OBSERVED].sort().join();
    bench.expect("paths", isSame, `it names ${named.join(", ") || "no paths"}`);
    const answer = await notifyValues(bench, 9, { "/1/0/1": 9876 });
    const isOver = cancel !== undefined || isRejected(answer);
    bench.expect("cancelled", isOver, "neither Observe 1 nor a Reset came");
    await bench.wait(2 * SECOND);
    const isSilent = !bench.told("/1/0/1").includes("9876");
    bench.expect("silent", isSilent, "the operator was told a value after the cancellation");
  },
});

const WITH_CREATE = serverCase({
  id: `${OMA}308`,
  title: "Observe-Composite and Creating Object Instance",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.4.4", "LwM2M Core 1.1.1 §6.3.6"],
  needs: ["observe composite", "create"],
  criteria: {
    create: "a Create that is ordered meanwhile comes to the client and is told as a success",
    more: "what is new in the notifications from then on reaches the operator",
  },
  async procedure(bench) {
    const { "/16/1/0/0": created, ...before } = IDENTITIES;
    await givenObserved(bench, ["/16/0", "/16/1"], before);
    bench.client.answer = ({ path }) => (path === "/16" ? { code: CREATED } : undefined);
    const outcome = await bench.carryOut({
      kind: "create",
      path: "/16",
      values: { "/16/1/0/0": created },
    });
    bench.expect("create", outcome?.isSuccess === true, "the Create was not told as a success");
    await notifyValues(bench, 3, IDENTITIES);
    await expectHeard(bench, "more", "/16/1/0/0", `${created}`);
  },
});

const WITH_DELETE = serverCase({
  id: `${OMA}309`,
  title: "Observe-Composite and Deleting Object Instance",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.4.4", "LwM2M Core 1.1.1 §6.3.7"],
  needs: ["observe composite", "delete"],
  correction: "Delete is answered by 2.02, where 2.04 is printed",
  criteria: {
    delete: "a Delete that is ordered meanwhile comes to the client and is told as a success",
    less: "notifications without what is gone are acknowledged, and reach the operator",
  },
  async procedure(bench) {
    await givenObserved(bench, ["/16/0", "/16/1"], IDENTITIES);
    bench.client.answer = ({ path }) => (path === "/16/1" ? { code: DELETED } : undefined);
    const outcome = await bench.carryOut({ kind: "delete", path: "/16/1" });
    bench.expect("delete", outcome?.isSuccess === true, "the Delete was not told as a success");
    const answer = await notifyValues(bench, 3, { "/16/0/0/0": "the one that is left" });
    const isTaken = answer !== undefined && !isRejected(answer);
    bench.expect("less", isTaken, answered("the notification", answer));
    await expectHeard(bench, "less", "/16/0/0/0", "the one that is left");
  },
});

const WITH_ATTRIBUTES = serverCase({
  id: `${OMA}310`,
  title: "Observe-Composite and modification of parameter values",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.4.4", "LwM2M Core 1.1.1 §6.3.4"],
  needs: ["observe composite", "write attributes"],
  correction: "the printed Observe 1 would end the observation: 0",
  criteria: {
    attributes: "pmax=5 that is ordered meanwhile comes to the client and is told as a success",
    notified: "the observation goes on",
  },
  async procedure(bench) {
    await givenObserved(bench, ["/1/0/3", "/3/0"], { ...DEVICE_VALUES, "/1/0/3": 10 });
    bench.client.answer = ({ message }) => (message.code === FETCH ? undefined : { code: CHANGED });
    const order = { kind: "write-attributes", path: "/3", attributes: ["pmax=5"] } as const;
    const { orderId, request } = await expectOrdered(bench, "attributes", order, PUT);
    const query = textsOf(request.message.options, URI_QUERY).join("&");
    bench.expect("attributes", query === "pmax=5", `the query is ${query || "empty"}`);
    await expectDone(bench, "attributes", orderId);
    await notifyValues(bench, 3, { "/1/0/3": 10, "/3/0/16": "UT" });
    await expectHeard(bench, "notified", "/3/0/16", "UT");
  },
});

export const SERVER_COMPOSITE_REPORTING_CASES: readonly ServerCase[] = [
  OBSERVE_COMPOSITE,
  CANCEL_COMPOSITE,
  WITH_CREATE,
  WITH_DELETE,
  WITH_ATTRIBUTES,
];
