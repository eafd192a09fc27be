/** ETS 1.2 groups 100-199 and 900-999, as far as they judge a server. */
import {
  CHANGED,
  CREATED,
  DELETED,
  formatCode,
  NOT_FOUND,
  POST,
} from "../../../protocol/coap/codes.ts";
import type { Message } from "../../../protocol/coap/message.ts";
import { LOCATION_PATH, textsOf, URI_QUERY } from "../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION, maxTransmitWait } from "../../../protocol/coap/parameters.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { SERVER_PROMPT, type ServerBench, textOf } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";

const ALL = ["1.0", "1.1", "1.2"] as const;
/** How long a server may keep a client beyond its lifetime: it may be retransmitting (RFC 7252 §4.8.2). */
const EXPIRY_GRACE = maxTransmitWait(DEFAULT_TRANSMISSION) + 10 * SECOND;
/** Long enough for a device in queue mode to be taken to sleep. */
const ASLEEP_AFTER = maxTransmitWait(DEFAULT_TRANSMISSION) + 5 * SECOND;

const INITIAL_REGISTRATION = serverCase({
  id: "LightweightM2M-1.1-int-101",
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
    const client = await known(bench);
    bench.expect("listed", client !== undefined, "the operator does not see the client");
    const missing = ["/1/0", "/3/0"].find((path) => client?.paths?.includes(path) === false);
    bench.expect("listed", missing === undefined, `the operator does not see ${missing}`);
  },
});

const REGISTRATION_UPDATE = serverCase({
  id: "LightweightM2M-1.1-int-102",
  title: "Registration Update",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.2"],
  needs: ["list", "write"],
  criteria: {
    write: "the Write that was ordered comes to the client",
    update: "an Update with the new lifetime is answered by 2.04",
    kept: "the client stays registered while it updates in time",
    dropped: "it is dropped when it does not",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    await expectLifetimeWritten(bench, "write", 20);
    const answer = await bench.update(["lt=20"]);
    bench.expect("update", answer?.code === CHANGED, answered("Update with lt=20", answer));
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
  id: "LightweightM2M-1.1-int-103",
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
    bench.step("the operator orders Execute of Disable");
    const orderId = await bench.order({ kind: "execute", path: "/1/0/4" });
    const execute = await bench.next(bench.now() + SERVER_PROMPT, ({ path }) => path === "/1/0/4");
    bench.expect("execute", execute?.message.code === POST, "no POST on /1/0/4 came");
    await bench.ended(orderId);
    const answer = await bench.deregister();
    bench.expect("deleted", answer?.code === DELETED, answered("De-register", answer));
    bench.expect("gone", await isUnlisted(bench), "the client is still listed");
    const late = await bench.update();
    bench.expect("unknown", late?.code === NOT_FOUND, answered("an Update after that", late));
  },
});

const UPDATE_TRIGGER = serverCase({
  id: "LightweightM2M-1.1-int-104",
  title: "Registration Update Trigger",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.2"],
  needs: ["list", "execute"],
  criteria: {
    execute: "the Execute that was ordered comes to the client as a POST on /1/0/8",
    update: "an Update without parameters is answered by 2.04",
    kept: "and keeps the client registered beyond the first lifetime",
  },
  async procedure(bench) {
    await bench.givenRegistered({ query: ["lt=20", `lwm2m=${bench.version}`, "b=U"] });
    await bench.wait(12 * SECOND);
    bench.step("the operator orders Execute of Registration Update Trigger");
    const orderId = await bench.order({ kind: "execute", path: "/1/0/8" });
    const execute = await bench.next(bench.now() + SERVER_PROMPT, ({ path }) => path === "/1/0/8");
    bench.expect("execute", execute?.message.code === POST, "no POST on /1/0/8 came");
    await bench.ended(orderId);
    const answer = await bench.update();
    bench.expect("update", answer?.code === CHANGED, answered("Update", answer));
    await bench.wait(15 * SECOND);
    const isKept = (await bench.known()) !== undefined;
    bench.expect("kept", isKept, "the client was dropped although it had sent an Update");
  },
});

const DISCARDED_UPDATE = serverCase({
  id: "LightweightM2M-1.1-int-105",
  title: "Discarded Register Update",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.2"],
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
  id: "LightweightM2M-1.1-int-107",
  title: "Extending the lifetime of a registration",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.2"],
  needs: ["list", "write"],
  criteria: {
    write: "the Write that was ordered comes to the client",
    update: "an Update with the longer lifetime is answered by 2.04",
    kept: "the client is registered for the longer lifetime",
  },
  async procedure(bench) {
    await bench.givenRegistered({ query: ["lt=20", `lwm2m=${bench.version}`, "b=U"] });
    await expectLifetimeWritten(bench, "write", 300);
    const answer = await bench.update(["lt=300"]);
    bench.expect("update", answer?.code === CHANGED, answered("Update with lt=300", answer));
    await bench.wait(20 * SECOND + EXPIRY_GRACE);
    const isKept = (await bench.known()) !== undefined;
    bench.expect("kept", isKept, "the client was dropped after its former lifetime");
  },
});

const QUEUE_MODE_ON = serverCase({
  id: "LightweightM2M-1.1-int-108",
  title: "Turn on Queue Mode",
  versions: ["1.1", "1.2"],
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
  id: "LightweightM2M-1.1-int-109",
  title: "Behavior in Queue Mode",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.5"],
  needs: ["read"],
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
    bench.step("the operator orders a Read of /3/0/0");
    const orderId = await bench.order({ kind: "read", path: "/3/0/0" });
    const early = await bench.next(bench.now() + 20 * SECOND);
    bench.expect("held", early === undefined, `${early?.path} was asked of a client that sleeps`);
    await bench.givenUpdated();
    const read = await bench.next(bench.now() + SERVER_PROMPT, ({ path }) => path === "/3/0/0");
    bench.expect("delivered", read !== undefined, "no Read came after the Update");
    const outcome = await bench.ended(orderId);
    const words = `the operator was told ${outcome?.words}, "${outcome?.value}"`;
    bench.expect("told", outcome?.value === "Sleeper Inc.", words);
  },
});

const TWO_SERVERS_WORTH = serverCase({
  id: "LightweightM2M-1.1-int-950",
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
    const client = await known(bench);
    const missing = ["/1/0", "/1/1", "/2/0"].find(
      (path) => client?.paths?.includes(path) === false,
    );
    const why = `the operator does not see ${missing}`;
    bench.expect("listed", client !== undefined && missing === undefined, why);
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
  TWO_SERVERS_WORTH,
];

/** `Register was answered by 4.00`. */
export function answered(asked: string, answer: Message | undefined): string {
  return `${asked} was answered by ${answer === undefined ? "nothing" : formatCode(answer.code)}`;
}

/** The client as the operator sees it; a moment may pass until it does. */
export async function known(bench: ServerBench) {
  await bench.waitFor(async () => (await bench.known()) !== undefined, bench.now() + SERVER_PROMPT);
  return bench.known();
}

/** Whether the operator does not see the client, or stops to within a moment. */
export function isUnlisted(bench: ServerBench): Promise<boolean> {
  const until = bench.now() + SERVER_PROMPT;
  return bench.waitFor(async () => (await bench.known()) === undefined, until);
}

/** The query of a Register in queue mode. */
export function queueModeQuery({ version }: ServerBench): string[] {
  const binding = version === "1.0" ? ["b=UQ"] : ["b=U", "Q"];
  return ["lt=600", `lwm2m=${version}`, ...binding];
}

/** Orders a Write of /1/0/1 and judges that it comes, alone or within its instance. */
async function expectLifetimeWritten<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  seconds: number,
): Promise<void> {
  bench.step(`the operator orders a Write of ${seconds} to /1/0/1`);
  const orderId = await bench.order({ kind: "write", path: "/1/0/1", value: seconds });
  const write = await bench.next(bench.now() + SERVER_PROMPT, ({ path }) =>
    path.startsWith("/1/0"),
  );
  const asked =
    write === undefined ? "nothing" : `${write.path} ${textsOf(write.message.options, URI_QUERY)}`;
  bench.expect(criterion, write !== undefined, `no Write came, but ${asked}`);
  if (write?.path === "/1/0/1") {
    const isText = textOf(write.message) === `${seconds}`;
    const isOther = write.message.payload.length > 0;
    bench.expect(criterion, isText || isOther, "the Write carries no value");
  }
  await bench.ended(orderId);
}

/** The Location-Path of an answer. */
export function locationOf(answer: Message | undefined): string {
  return answer === undefined ? "" : pathOf(answer.options, LOCATION_PATH);
}
