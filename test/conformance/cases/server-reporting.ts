/** ETS 1.2 group 300-319, as far as it judges a server: observations of one path. */

import { GET, PUT } from "../../../protocol/coap/codes.ts";
import { TLV } from "../../../protocol/coap/content-formats.ts";
import { NON } from "../../../protocol/coap/message.ts";
import { OBSERVE, textsOf, URI_QUERY, uintOf } from "../../../protocol/coap/options.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { encodeValues } from "../content.ts";
import { answered } from "../raw-clients.ts";
import type { ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import {
  ABSENT,
  ALL,
  expectDone,
  expectHeard,
  expectOrdered,
  ONLY_1_2,
} from "./server-expectations.ts";
import {
  givenObserved,
  isRejected,
  nextCancel,
  notify,
  OBSERVED,
  observe,
} from "./server-observation.ts";

const OMA = "LightweightM2M-1.1-int-";

const OBSERVE_AND_NOTIFY = serverCase({
  id: `${OMA}301`,
  title: "Observation and Notification of parameter values",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.1", "RFC 7641 §3.1"],
  needs: ["observe"],
  correction: "of a temperature; the attributes are those of int-260 and int-261",
  criteria: {
    observe: "the observation that was ordered comes to the client as a GET with Observe 0",
    first: "the value of the answer reaches the operator",
    confirmable: "a Confirmable notification is acknowledged, and its value reaches the operator",
    "non-confirmable": "so does that of a Non-confirmable one, which is not rejected",
  },
  async procedure(bench) {
    bench.expect("observe", await observe(bench), "no GET with Observe 0 came to the client");
    await expectHeard(bench, "first", OBSERVED, "20.5");
    const answer = await notify(bench, OBSERVED, { sequence: 2, payload: "21.5" });
    const isTaken = answer !== undefined && !isRejected(answer);
    bench.expect("confirmable", isTaken, answered("the notification", answer));
    await expectHeard(bench, "confirmable", OBSERVED, "21.5");
    const other = await notify(bench, OBSERVED, { sequence: 3, payload: "22.5", type: NON });
    bench.expect("non-confirmable", !isRejected(other), "the notification was reset");
    await expectHeard(bench, "non-confirmable", OBSERVED, "22.5");
  },
});

const CANCEL_BY_RESET = serverCase({
  id: `${OMA}302`,
  title: "Cancel Observations using Reset",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.3", "RFC 7641 §3.6"],
  needs: ["observe"],
  correction:
    "a server may end an observation by Observe 1 as well: the client does not hear that, and notifies",
  criteria: {
    confirmable:
      "after a cancellation was ordered a Confirmable notification is answered by a Reset",
    "non-confirmable": "of another resource so is a Non-confirmable one",
    silent: "the operator is told nothing more",
  },
  async procedure(bench) {
    const other = "/3303/1/5700";
    bench.client.values.set(other, 30.5);
    await givenObserved(bench, "</1/0>,</3/0>,</3303/0>,</3303/1>");
    await bench.carryOut({ kind: "observe", path: other });
    bench.given(bench.client.observed.has(other), "no GET with Observe 0 came for the other");
    const tokens = new Map(bench.client.observed);
    for (const [criterion, path, type] of [
      ["confirmable", OBSERVED, 0],
      ["non-confirmable", other, NON],
    ] as const) {
      await bench.carryOut({ kind: "cancel", path });
      await bench.wait(SECOND);
      const token = tokens.get(path);
      const answer = await notify(bench, path, { sequence: 9, payload: "99.5", type, token });
      bench.expect(criterion, isRejected(answer), answered("the notification", answer));
    }
    await bench.wait(2 * SECOND);
    const told = [...bench.told(OBSERVED), ...bench.told(other)];
    const isSilent = !told.includes("99.5");
    bench.expect("silent", isSilent, "the operator was told a value after the cancellation");
  },
});

const CANCEL_BY_OBSERVE = serverCase({
  id: `${OMA}303`,
  title: "Cancel observations using Observe with Cancel parameter",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.3", "RFC 7641 §3.6"],
  needs: ["observe"],
  correction:
    "either way of cancelling is right: a GET with Observe 1 on what was observed, or a Reset of the next notification",
  criteria: {
    cancelled:
      "after a cancellation was ordered a GET with Observe 1 comes, or the next notification is reset",
    same: "the GET is for the path that was observed, under the token of the observation",
    silent: "the operator is told nothing more",
  },
  async procedure(bench) {
    await givenObserved(bench);
    const token = bench.client.observed.get(OBSERVED) ?? new Uint8Array(0);
    await bench.carryOut({ kind: "cancel", path: OBSERVED });
    const cancel = await nextCancel(bench);
    const isSame =
      cancel === undefined ||
      (cancel.path === OBSERVED && Buffer.from(cancel.message.token).equals(token));
    bench.expect("same", isSame, `it is for ${cancel?.path}, with token ${cancel?.token}`);
    await bench.wait(SECOND);
    const answer = await notify(bench, OBSERVED, { sequence: 9, payload: "99.5", token });
    const isOver = cancel !== undefined || isRejected(answer);
    bench.expect("cancelled", isOver, "neither Observe 1 nor a Reset came");
    await bench.wait(2 * SECOND);
    const isSilent = !bench.told(OBSERVED).includes("99.5");
    bench.expect("silent", isSilent, "the operator was told a value after the cancellation");
  },
});

const POWER = "/3/0/7";

/** A criterion: an observation that is ordered comes with these attributes in its query. */
async function expectObservedWith(
  bench: ServerBench<"request" | "parameters" | "notified">,
  attributes: readonly string[],
): Promise<void> {
  bench.client.values.set(`${POWER}/0`, 3800);
  const order = { kind: "observe", path: POWER, attributes } as const;
  const { orderId, request } = await expectOrdered(bench, "request", order, GET);
  const { options } = request.message;
  const isObserve = uintOf(options, OBSERVE, ABSENT) === 0;
  bench.expect("request", isObserve, "it has no Observe 0");
  const query = textsOf(options, URI_QUERY);
  const isSame = [...query].sort().join() === [...attributes].sort().join();
  bench.expect("parameters", isSame, `its query is ${query.join("&") || "empty"}`);
  await expectDone(bench, "request", orderId);
  const payload = encodeValues(TLV, POWER, { [`${POWER}/0`]: 3801 });
  await notify(bench, POWER, { sequence: 2, format: TLV, payload });
  await expectHeard(bench, "notified", `${POWER}/0`, "3801");
}

const WITH_PARAMETERS = serverCase({
  id: "LightweightM2M-1.2-int-312",
  title: "Observation with attributes as parameters",
  versions: ONLY_1_2,
  clauses: ["LwM2M Core 1.2.2 §6.4.1"],
  needs: ["observe parameters"],
  criteria: {
    request: "the observation that was ordered comes to the client as a GET with Observe 0",
    parameters: "with pmin=5 and pmax=15 as its query",
    notified: "what is notified reaches the operator",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    await expectObservedWith(bench, ["pmin=5", "pmax=15"]);
  },
});

const PARAMETERS_OVERRIDE = serverCase({
  id: "LightweightM2M-1.2-int-313",
  title: "Parameters of an observation beside attributes that are attached",
  versions: ONLY_1_2,
  clauses: ["LwM2M Core 1.2.2 §6.4.1", "LwM2M Core 1.2.2 §6.3.4"],
  needs: ["observe parameters", "write attributes"],
  criteria: {
    attached: "pmax=60 that is ordered comes to the client by Write-Attributes",
    request: "the observation that was ordered comes as a GET with Observe 0",
    parameters: "with pmax=10 as its query",
    notified: "what is notified reaches the operator",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const order = { kind: "write-attributes", path: POWER, attributes: ["pmax=60"] } as const;
    const { orderId, request } = await expectOrdered(bench, "attached", order, PUT);
    const query = textsOf(request.message.options, URI_QUERY);
    bench.expect("attached", query.join() === "pmax=60", `its query is ${query.join("&")}`);
    await expectDone(bench, "attached", orderId);
    await expectObservedWith(bench as ServerBench<never>, ["pmax=10"]);
  },
});

export const SERVER_REPORTING_CASES: readonly ServerCase[] = [
  OBSERVE_AND_NOTIFY,
  CANCEL_BY_RESET,
  CANCEL_BY_OBSERVE,
  WITH_PARAMETERS,
  PARAMETERS_OVERRIDE,
];
