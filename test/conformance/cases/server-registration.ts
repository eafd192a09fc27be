/** ETS 1.2 group 100-109, as far as it judges a server. */
import { CHANGED, CREATED, DELETED, NOT_FOUND, POST, PUT } from "../../../protocol/coap/codes.ts";
import { DEFAULT_TRANSMISSION, maxTransmitWait } from "../../../protocol/coap/parameters.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { answered } from "../raw-clients.ts";
import { SERVER_PROMPT, type ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import {
  ALL,
  expectKnown,
  expectOrdered,
  isUnlisted,
  known,
  queueModeQuery,
  SINCE_1_1,
  toldWords,
} from "./server-expectations.ts";
import { expectLifetimeTaken } from "./server-writing.ts";

const OMA = "LightweightM2M-1.1-int-";
const UPDATE = "LwM2M Core 1.1.1 §6.2.2";
/** How long a server may keep a client beyond its lifetime: it may be retransmitting (RFC 7252 §4.8.2). */
export const EXPIRY_GRACE = maxTransmitWait(DEFAULT_TRANSMISSION) + 10 * SECOND;
/** Long enough for a device in queue mode to be taken to sleep. */
export const ASLEEP_AFTER = maxTransmitWait(DEFAULT_TRANSMISSION) + 5 * SECOND;

const INITIAL_REGISTRATION = serverCase({
  id: `${OMA}101`,
  title: "Initial Registration",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.1"],
  needs: ["list"],
  criteria: {
    created: "Register is answered by 2.01",
    location: "with a Location-Path below /rd",
    listed: "the operator sees the client with the objects that it listed",
  },
  async procedure(bench) {
    bench.step("the client registers");
    const answer = await bench.register();
    bench.expect("created", answer?.code === CREATED, answered("Register", answer));
    const segments = bench.location.split("/").filter((segment) => segment !== "");
    const isBelow = segments[0] === "rd" && segments.length >= 2;
    bench.expect("location", isBelow, `Location-Path is ${bench.location}`);
    await expectKnown(bench, "listed", ["/1/0", "/3/0"]);
  },
});

const REGISTRATION_UPDATE = serverCase({
  id: `${OMA}102`,
  title: "Registration Update",
  versions: ALL,
  clauses: [UPDATE],
  needs: ["list", "write"],
  lasts: 90,
  criteria: {
    write: "the Write that was ordered comes to the client",
    update: "an Update with the new lifetime is answered by 2.04",
    kept: "the client stays registered while it updates in time",
    dropped: "it is dropped when it does not",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    await expectLifetimeWritten(bench, "write", 20);
    await expectLifetimeTaken(bench, "update", 20);
    await bench.wait(15 * SECOND);
    await bench.givenUpdated();
    await bench.wait(15 * SECOND);
    const isKept = (await bench.known()) !== undefined;
    bench.expect("kept", isKept, "the client was dropped 15 s after an Update with lt=20");
    bench.step("the client falls silent");
    const until = bench.now() + 5 * SECOND + EXPIRY_GRACE;
    const isGone = await bench.waitFor(async () => (await bench.known()) === undefined, until);
    bench.expect("dropped", isGone, "the client is still listed long after its lifetime of 20 s");
  },
});

const DEREGISTRATION = serverCase({
  id: `${OMA}103`,
  title: "Deregistration",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.3"],
  needs: ["list", "execute"],
  criteria: {
    execute: "the Execute that was ordered comes to the client as a POST on /1/0/4",
    deleted: "De-register is answered by 2.02",
    gone: "the operator does not see the client any more",
    unknown: "an Update on the former location is answered by 4.04",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const order = { kind: "execute", path: "/1/0/4" } as const;
    const { orderId } = await expectOrdered(bench, "execute", order, POST);
    await bench.ended(orderId);
    const answer = await bench.deregister();
    bench.expect("deleted", answer?.code === DELETED, answered("De-register", answer));
    bench.expect("gone", await isUnlisted(bench), "the client is still listed");
    const late = await bench.update();
    bench.expect("unknown", late?.code === NOT_FOUND, answered("an Update after that", late));
  },
});

const UPDATE_TRIGGER = serverCase({
  id: `${OMA}104`,
  title: "Registration Update Trigger",
  versions: ALL,
  clauses: [UPDATE],
  needs: ["list", "execute"],
  lasts: 27,
  criteria: {
    execute: "the Execute that was ordered comes to the client as a POST on /1/0/8",
    update: "an Update without parameters is answered by 2.04",
    kept: "and keeps the client registered beyond the first lifetime",
  },
  async procedure(bench) {
    await bench.givenRegistered({ query: bench.usualQuery(20) });
    await bench.wait(12 * SECOND);
    const order = { kind: "execute", path: "/1/0/8" } as const;
    const { orderId } = await expectOrdered(bench, "execute", order, POST);
    await bench.ended(orderId);
    const answer = await bench.update();
    bench.expect("update", answer?.code === CHANGED, answered("Update", answer));
    await bench.wait(15 * SECOND);
    const isKept = (await bench.known()) !== undefined;
    bench.expect("kept", isKept, "the client was dropped although it had sent an Update");
  },
});

const DISCARDED_UPDATE = serverCase({
  id: `${OMA}105`,
  title: "Discarded Register Update",
  versions: ALL,
  clauses: [UPDATE],
  criteria: {
    refused: "an Update on a location that is not known any more is answered by 4.04",
    again: "Register after that is answered by 2.01",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    bench.step("somebody de-registers the client behind its back");
    await bench.givenDeregistered();
    const answer = await bench.update();
    bench.expect("refused", answer?.code === NOT_FOUND, answered("Update", answer));
    const again = await bench.register();
    bench.expect("again", again?.code === CREATED, answered("Register", again));
  },
});

const EXTENDED_LIFETIME = serverCase({
  id: `${OMA}107`,
  title: "Extending the lifetime of a registration",
  versions: ALL,
  clauses: [UPDATE],
  needs: ["list", "write"],
  lasts: 123,
  criteria: {
    write: "the Write that was ordered comes to the client",
    update: "an Update with the longer lifetime is answered by 2.04",
    kept: "the client is registered for the longer lifetime",
  },
  async procedure(bench) {
    await bench.givenRegistered({ query: bench.usualQuery(20) });
    await expectLifetimeWritten(bench, "write", 300);
    await expectLifetimeTaken(bench, "update", 300);
    await bench.wait(20 * SECOND + EXPIRY_GRACE);
    const isKept = (await bench.known()) !== undefined;
    bench.expect("kept", isKept, "the client was dropped after its former lifetime");
  },
});

const QUEUE_MODE_ON = serverCase({
  id: `${OMA}108`,
  title: "Turn on Queue Mode",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.5"],
  needs: ["queue mode"],
  criteria: {
    created: "Register with b=U and Q is answered by 2.01",
    shown: "the operator sees that the client is in queue mode",
  },
  async procedure(bench) {
    const answer = await bench.register({ query: queueModeQuery(bench) });
    bench.expect("created", answer?.code === CREATED, answered("Register", answer));
    const client = await known(bench);
    bench.expect("shown", client?.queueMode === true, "the operator sees no queue mode");
  },
});

const QUEUE_MODE = serverCase({
  id: `${OMA}109`,
  title: "Behavior in Queue Mode",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.5"],
  needs: ["read"],
  lasts: 118,
  correction: "the ETS prints the change of the lifetime as a POST; nothing of it is needed here",
  criteria: {
    held: "a Read that is ordered while the client sleeps is not sent",
    delivered: "it is sent when the client has sent an Update",
    told: "its value reaches the operator",
  },
  async procedure(bench) {
    bench.client.values.set("/3/0/0", "Sleeper Inc.");
    await bench.givenRegistered({ query: queueModeQuery(bench) });
    await bench.wait(ASLEEP_AFTER);
    bench.takeAll();
    const orderId = await bench.order({ kind: "read", path: "/3/0/0" });
    const early = await bench.next(bench.now() + 20 * SECOND);
    bench.expect("held", early === undefined, `${early?.path} was asked of a client that sleeps`);
    await bench.givenUpdated();
    const read = await bench.next(bench.now() + SERVER_PROMPT, ({ path }) => path === "/3/0/0");
    bench.expect("delivered", read !== undefined, "no Read came after the Update");
    const outcome = await bench.ended(orderId);
    bench.expect("told", outcome?.value === "Sleeper Inc.", toldWords(outcome));
  },
});

export const SERVER_REGISTRATION_CASES: readonly ServerCase[] = [
  INITIAL_REGISTRATION,
  REGISTRATION_UPDATE,
  DEREGISTRATION,
  UPDATE_TRIGGER,
  DISCARDED_UPDATE,
  EXTENDED_LIFETIME,
  QUEUE_MODE_ON,
  QUEUE_MODE,
];

/** Orders a Write of /1/0/1 and judges that it comes. */
async function expectLifetimeWritten<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  seconds: number,
): Promise<void> {
  const order = { kind: "write", path: "/1/0/1", value: seconds } as const;
  const { orderId, request } = await expectOrdered(bench, criterion, order, PUT);
  const isSaid = request.message.payload.length > 0;
  bench.expect(criterion, isSaid, "the Write carries no value");
  await bench.ended(orderId);
}
