/** ETS 1.2 cases 950, 1250 and 1350, as far as they judge a server: other servers beside it, and lists and addresses that change. */
import { CHANGED, CREATED, POST, PUT } from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { answered } from "../raw-clients.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import {
  ALL,
  expectDone,
  expectKnown,
  expectOrdered,
  expectToldValues,
  SINCE_1_1,
  tells,
  toldWords,
} from "./server-expectations.ts";

const OMA = "LightweightM2M-1.1-int-";
const UPDATE = "LwM2M Core 1.1.1 §6.2.2";

const TWO_SERVERS_WORTH = serverCase({
  id: `${OMA}950`,
  title: "Registration of a client that has other servers too",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.1"],
  needs: ["list"],
  criteria: {
    created: "Register with two instances of Server in the list is answered by 2.01",
    listed: "the operator sees both",
  },
  async procedure(bench) {
    const list = "</1/0>,</1/1>,</2/0>,</2/1>,</3/0>";
    const answer = await bench.register({ list });
    bench.expect("created", answer?.code === CREATED, answered("Register", answer));
    await expectKnown(bench, "listed", ["/1/0", "/1/1", "/2/0", "/2/1"]);
  },
});

/** As the link that it is, or as the bytes of it where the server does not know object 10. */
const PROFILE_11_1: readonly Value[] = [
  { objectId: 11, objectInstanceId: 1 },
  Uint8Array.of(0, 11, 0, 1),
];
const CELLULAR_LIST = "</1/0>,</3/0>,</10/0>,</11/0>";

const APN = serverCase({
  id: `${OMA}1250`,
  title: "APN configuration",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.6", UPDATE],
  needs: ["create", "execute", "write", "read", "formats", "list"],
  correction:
    "the trigger of an Update is /1/0/8, where resource 7 of Device is printed; no cellular modem is needed to judge the server",
  criteria: {
    create: "the Create of an APN profile that was ordered comes as a POST on /11, and is told",
    trigger: "the Execute of Registration Update Trigger comes as a POST on /1/0/8",
    update: "an Update with the new list is answered by 2.04",
    listed: "the operator sees the new profile",
    enabled: "the Write that enables it comes as a PUT on /11/1/3",
    told: "the list of activated profiles reaches the operator",
  },
  async procedure(bench) {
    await bench.givenRegistered({ list: CELLULAR_LIST });
    bench.client.answer = ({ path }) => (path === "/11" ? { code: CREATED } : undefined);
    const values = { "/11/1/0": "Dormouse", "/11/1/1": "internet.example.com" };
    const create = { kind: "create", path: "/11", values } as const;
    const created = await expectOrdered(bench, "create", create, POST);
    await expectDone(bench, "create", created.orderId);
    const trigger = { kind: "execute", path: "/1/0/8" } as const;
    const triggered = await expectOrdered(bench, "trigger", trigger, POST);
    await bench.ended(triggered.orderId);
    const answer = await bench.update([], `${CELLULAR_LIST},</11/1>`);
    bench.expect("update", answer?.code === CHANGED, answered("Update with a list", answer));
    await expectKnown(bench, "listed", ["/11/0", "/11/1"]);
    const enable = { kind: "write", path: "/11/1/3", value: true, format: TEXT } as const;
    const enabled = await expectOrdered(bench, "enabled", enable, PUT);
    await expectDone(bench, "enabled", enabled.orderId);
    const profile = "/10/0/11/0";
    bench.client.values.set(profile, { objectId: 11, objectInstanceId: 1 });
    const outcome = await bench.carryOut({ kind: "read", path: "/10/0/11" });
    const isTold = PROFILE_11_1.some((one) => outcome && tells(outcome, profile, one));
    bench.expect("told", isTold, toldWords(outcome, profile));
  },
});

const BEARER = serverCase({
  id: `${OMA}1350`,
  title: "Bearer selection",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.3.6", UPDATE],
  needs: ["create", "read"],
  correction: "another port stands for the other bearer: no modem is needed to judge the server",
  criteria: {
    create: "the Create of a bearer selection that was ordered comes as a POST on /13, and is told",
    update: "an Update from the new address is answered by 2.04",
    follows: "a Read that is ordered then comes to the new address, and its value is told",
    back: "so it does at the next change",
  },
  async procedure(bench) {
    await bench.givenRegistered({ list: "</1/0>,</3/0>,</13>" });
    bench.client.answer = ({ path }) => (path === "/13" ? { code: CREATED } : undefined);
    const create = { kind: "create", path: "/13", values: { "/13/0/1": -95 } } as const;
    const created = await expectOrdered(bench, "create", create, POST);
    await expectDone(bench, "create", created.orderId);
    for (const [criterion, bearer] of [
      ["follows", "WLAN"],
      ["back", "cellular"],
    ] as const) {
      bench.step(`the client goes over to ${bearer}`);
      await bench.server.rebind(0);
      const answer = await bench.update();
      bench.expect("update", answer?.code === CHANGED, answered("Update", answer));
      bench.client.values.set("/3/0/16", bearer);
      const orderId = await bench.order({ kind: "read", path: "/3/0/16" });
      await expectToldValues(bench, criterion, orderId, { "/3/0/16": bearer });
    }
  },
});

export const SERVER_CONNECTIVITY_CASES: readonly ServerCase[] = [TWO_SERVERS_WORTH, APN, BEARER];
