/** ETS 1.2 cases 680, 685, 1630 and 1635: Create and Delete, as a server asks them; and refusals of every operation. */
import {
  CHANGED,
  CREATED,
  DELETE,
  METHOD_NOT_ALLOWED,
  POST,
} from "../../../protocol/coap/codes.ts";
import { SENML_CBOR, SENML_JSON, TLV } from "../../../protocol/coap/content-formats.ts";
import { LOCATION_PATH } from "../../../protocol/coap/options.ts";
import { pathOptions } from "../../../protocol/coap/uri.ts";
import type { Version } from "../case.ts";
import { answered } from "../raw-clients.ts";
import type { ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import {
  ALL,
  expectDone,
  expectKnown,
  expectOrdered,
  expectRefusalTold,
  expectUnknown,
  expectWritten,
  type Ordered,
  toldWords,
} from "./server-expectations.ts";

const OMA = "LightweightM2M-1.1-int-";
const TREES: Readonly<Record<Version, readonly number[]>> = {
  "1.0": [TLV],
  "1.1": [TLV, SENML_JSON, SENML_CBOR],
  "1.2": [TLV, SENML_JSON, SENML_CBOR],
};

const IDENTITIES = { "/16/1/0/0": "Host Device ID #1", "/16/1/0/1": "Model #1" };

/** A criterion: a Create comes with the instance that was ordered. */
async function expectCreateOrdered(bench: ServerBench<"request" | "values">): Promise<Ordered> {
  bench.client.answer = ({ path, message }) =>
    path === "/16" && message.code === POST
      ? { code: CREATED, options: pathOptions(LOCATION_PATH, "/16/1") }
      : undefined;
  const order = { kind: "create", path: "/16", values: IDENTITIES } as const;
  const came = await expectOrdered(bench, "request", order, POST);
  expectWritten(bench, ["values", "values"], came, IDENTITIES, TREES[bench.version]);
  return came;
}

const CREATE_PORTFOLIO = serverCase({
  id: `${OMA}1630`,
  title: "Create Portfolio Object Instance",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.6", "LwM2M Core 1.1.1 §6.2.2"],
  needs: ["create", "list"],
  criteria: {
    request: "the Create that was ordered comes to the client as a POST on /16",
    values: "with the instance and the values that were ordered, in a format that holds both",
    told: "its success reaches the operator",
    listed: "after an Update with the new list the operator sees the instance",
  },
  async procedure(bench) {
    await bench.givenRegistered({ list: "</1/0>,</3/0>,</16/0>" });
    const { orderId } = await expectCreateOrdered(bench);
    await expectDone(bench, "told", orderId);
    const answer = await bench.update([], "</1/0>,</3/0>,</16/0>,</16/1>");
    bench.expect("listed", answer?.code === CHANGED, answered("Update with a list", answer));
    await expectKnown(bench, "listed", ["/16/0", "/16/1"]);
  },
});

const DELETE_PORTFOLIO = serverCase({
  id: `${OMA}1635`,
  title: "Delete all Portfolio Object Instances",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.7"],
  needs: ["delete", "list"],
  correction: "Delete is answered by 2.02, where 2.04 is printed",
  criteria: {
    request: "each Delete that was ordered comes to the client as a DELETE on its instance",
    told: "its success reaches the operator",
    unlisted: "after an Update with the new list the operator does not see the instances",
  },
  async procedure(bench) {
    await bench.givenRegistered({ list: "</1/0>,</3/0>,</16/0>,</16/1>" });
    for (const path of ["/16/0", "/16/1"]) {
      const order = { kind: "delete", path } as const;
      const { orderId } = await expectOrdered(bench, "request", order, DELETE);
      await expectDone(bench, "told", orderId);
    }
    const answer = await bench.update([], "</1/0>,</3/0>,</16>");
    bench.expect("unlisted", answer?.code === CHANGED, answered("Update with a list", answer));
    await expectUnknown(bench, "unlisted", ["/16/0", "/16/1"]);
  },
});

const CREATE_REFUSED = serverCase({
  id: `${OMA}680`,
  title: "Create on Device Object",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.6"],
  needs: ["create"],
  criteria: {
    request: "the Create that was ordered comes to the client as a POST on /3",
    told: "the operator is told that it is refused",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    bench.client.answer = () => ({ code: METHOD_NOT_ALLOWED });
    const order = { kind: "create", path: "/3", values: { "/3/1/0": "Twin" } } as const;
    const { orderId } = await expectOrdered(bench, "request", order, POST);
    await expectRefusalTold(bench, "told", orderId);
  },
});

const DELETE_REFUSED = serverCase({
  id: `${OMA}685`,
  title: "Delete on Device Object",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.7"],
  needs: ["delete", "list"],
  criteria: {
    request: "the Delete that was ordered comes to the client as a DELETE on /3/0",
    told: "the operator is told that it is refused",
    kept: "and goes on to see the instance",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    bench.client.answer = () => ({ code: METHOD_NOT_ALLOWED });
    const order = { kind: "delete", path: "/3/0" } as const;
    const { orderId } = await expectOrdered(bench, "request", order, DELETE);
    await expectRefusalTold(bench, "told", orderId);
    await expectKnown(bench, "kept", ["/3/0"]);
  },
});

const DISCOVER_REFUSED = serverCase({
  id: "dormouse-server-refused-operations",
  title: "Refusals of every operation reach the operator",
  versions: ALL,
  clauses: ["LwM2M Transport 1.1.1 §6.4.5"],
  needs: ["discover", "execute", "create", "delete", "write"],
  criteria: { told: "each is told as one" },
  async procedure(bench) {
    await bench.givenRegistered({ list: "</1/0>,</3/0>,</16/0>" });
    bench.client.answer = () => ({ code: METHOD_NOT_ALLOWED });
    for (const order of [
      { kind: "discover", path: "/3" },
      { kind: "execute", path: "/3/0/0" },
      { kind: "create", path: "/16", values: IDENTITIES },
      { kind: "delete", path: "/16/0" },
      { kind: "write", path: "/3/0/15", value: "Europe/Paris" },
    ] as const) {
      const outcome = await bench.carryOut(order);
      const why = `a refused ${order.kind}: ${toldWords(outcome)}`;
      bench.expect("told", outcome?.isSuccess === false, why);
    }
  },
});

export const SERVER_CREATE_DELETE_CASES: readonly ServerCase[] = [
  CREATE_REFUSED,
  DELETE_REFUSED,
  CREATE_PORTFOLIO,
  DELETE_PORTFOLIO,
  DISCOVER_REFUSED,
];
