/** What no published suite asks of a server about how registrations end, and begin again. */
import { CHANGED, CREATED, DELETED, NOT_FOUND, POST } from "../../../protocol/coap/codes.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { answered } from "../raw-clients.ts";
import type { ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { ALL, expectKnown, expectUnknown, isUnlisted, ONLY_1_2 } from "./server-expectations.ts";
import { EXPIRY_GRACE } from "./server-registration.ts";

const REGISTER = "LwM2M Core 1.1.1 §6.2.1";
const UPDATE = "LwM2M Core 1.1.1 §6.2.2";

const REGISTERED_TWICE = serverCase({
  id: "dormouse-server-register-again",
  title: "A client that registers anew has one registration",
  versions: ALL,
  clauses: [REGISTER],
  needs: ["list"],
  criteria: {
    created: "the second Register is answered by 2.01",
    replaced: "its list takes the place of the first one",
    location: "its location is good, and the first one is the same or is not any more",
  },
  async procedure(bench) {
    await bench.givenRegistered({ list: "</1/0>,</3/0>,</3303/0>" });
    const former = bench.location;
    const answer = await bench.register({ list: "</1/0>,</3/0>,</3304/0>" });
    bench.expect("created", answer?.code === CREATED, answered("the second Register", answer));
    await expectKnown(bench, "replaced", ["/3304/0"]);
    await expectUnknown(bench, "replaced", ["/3303/0"]);
    const update = await bench.update();
    bench.expect("location", update?.code === CHANGED, answered("Update", update));
    if (former === bench.location) return;
    const late = await bench.request(POST, former);
    bench.expect("location", late?.code === NOT_FOUND, answered("an Update of the first", late));
  },
});

const FROM_ELSEWHERE = serverCase({
  id: "dormouse-server-register-elsewhere",
  title: "A client that registers anew from another address is reached there",
  versions: ALL,
  clauses: [REGISTER],
  needs: ["read"],
  criteria: {
    created: "Register from the other address is answered by 2.01",
    follows: "a Read that is ordered then comes there, and its value is told",
    former: "nothing comes to the address of before",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const client = bench.addClient();
    bench.clients[client].values.set("/3/0/0", "Elsewhere Ltd.");
    const answer = await bench.register({ client });
    bench.expect("created", answer?.code === CREATED, answered("Register", answer));
    const outcome = await bench.carryOut({ kind: "read", path: "/3/0/0" });
    const asked = bench.takeAll().filter(({ path }) => path === "/3/0/0");
    const isThere = asked.some((one) => one.client === client);
    const isTold = outcome?.value === "Elsewhere Ltd.";
    bench.expect("follows", isThere && isTold, "no Read came there, or its value was not told");
    const isFormer = asked.some((one) => one.client === 0);
    bench.expect("former", !isFormer, "it came to the former address as well");
  },
});

const PENDING_ENDS = serverCase({
  id: "dormouse-server-deregister-pending",
  title: "What was ordered of a client that has gone ends",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.3"],
  needs: ["read", "list"],
  criteria: {
    deleted: "De-register in the middle of a Read is answered by 2.02",
    told: "the operator is told that the Read has failed",
    after: "what is ordered after that fails in finite time",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    bench.client.answer = () => "silence";
    const orderId = await bench.order({ kind: "read", path: "/3/0/0" });
    const read = await bench.next(bench.now() + 5 * SECOND);
    bench.given(read !== undefined, "no Read came");
    const answer = await bench.deregister();
    bench.expect("deleted", answer?.code === DELETED, answered("De-register", answer));
    const outcome = await bench.ended(orderId);
    bench.expect("told", outcome?.isSuccess === false, `the operator was told ${outcome?.words}`);
    const late = await bench.carryOut({ kind: "read", path: "/3/0/0" });
    bench.expect("after", late?.isSuccess === false, `the operator was told ${late?.words}`);
  },
});

const EXPIRY = serverCase({
  id: "dormouse-server-expiry",
  title: "A registration lasts as long as it says",
  versions: ALL,
  clauses: [REGISTER, UPDATE],
  needs: ["list"],
  lasts: 100,
  criteria: {
    kept: "a client with lt=30 is listed for 29 s after each Register and Update",
    dropped: "it is dropped within MAX_TRANSMIT_WAIT after its lifetime",
    unknown: "an Update after that is answered by 4.04",
    again: "Register after that is answered by 2.01",
  },
  async procedure(bench) {
    await bench.givenRegistered({ query: bench.usualQuery(30) });
    await expectListedAfter(bench, 29);
    await bench.givenUpdated();
    await expectListedAfter(bench, 29);
    const until = bench.now() + SECOND + EXPIRY_GRACE;
    const isGone = await bench.waitFor(async () => (await bench.known()) === undefined, until);
    bench.expect("dropped", isGone, "the client is still listed long after its lifetime of 30 s");
    const late = await bench.update();
    bench.expect("unknown", late?.code === NOT_FOUND, answered("an Update after that", late));
    const again = await bench.register();
    bench.expect("again", again?.code === CREATED, answered("Register", again));
  },
});

async function expectListedAfter(bench: ServerBench<"kept">, seconds: number): Promise<void> {
  await bench.wait(seconds * SECOND - bench.server.tolerance);
  const isKept = (await bench.known()) !== undefined;
  bench.expect("kept", isKept, `the client was dropped within ${seconds} s`);
}

const ENDLESS = serverCase({
  id: "dormouse-server-endless-lifetime",
  title: "A lifetime of 0 has no end",
  versions: ONLY_1_2,
  clauses: ["LwM2M Core 1.2.2 §E.2", "LwM2M Core 1.2.2 §6.2.1"],
  needs: ["list"],
  lasts: 104,
  criteria: {
    created: "Register with lt=0 is answered by 2.01",
    kept: "the client is not dropped",
    deleted: "and can de-register",
  },
  async procedure(bench) {
    const answer = await bench.register({ query: bench.usualQuery(0) });
    bench.expect("created", answer?.code === CREATED, answered("Register with lt=0", answer));
    await bench.wait(EXPIRY_GRACE + SECOND);
    const isKept = (await bench.known()) !== undefined;
    bench.expect("kept", isKept, "the client was dropped");
    const end = await bench.deregister();
    bench.expect("deleted", end?.code === DELETED, answered("De-register", end));
    bench.expect("deleted", await isUnlisted(bench), "the client is still listed");
  },
});

export const SERVER_OWN_LIFETIME_CASES: readonly ServerCase[] = [
  REGISTERED_TWICE,
  FROM_ELSEWHERE,
  PENDING_ENDS,
  EXPIRY,
  ENDLESS,
];
