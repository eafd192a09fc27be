/** What no published suite asks of a server about queue mode: when it sends, in which order, and what becomes of what it cannot deliver. */
import { CHANGED, POST } from "../../../protocol/coap/codes.ts";
import { SENML_CBOR } from "../../../protocol/coap/content-formats.ts";
import { DEFAULT_TRANSMISSION, maxTransmitWait } from "../../../protocol/coap/parameters.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { encodeValues, formatBytes } from "../content.ts";
import { answered } from "../raw-clients.ts";
import { SERVER_PROMPT, type ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import {
  ALL,
  expectHeard,
  expectToldValues,
  queueModeQuery,
  SINCE_1_1,
  toldWords,
} from "./server-expectations.ts";
import { isRejected, notify, OBSERVED, OBSERVED_LIST, observeAgain } from "./server-observation.ts";
import { ASLEEP_AFTER } from "./server-registration.ts";

const QUEUE_MODE = "LwM2M Core 1.1.1 §6.5";
const MAX_TRANSMIT_WAIT = maxTransmitWait(DEFAULT_TRANSMISSION);
const PATHS = ["/3/0/0", "/3/0/1", "/3/0/2"];

/** Registers a client in queue mode. */
async function givenQueued(bench: ServerBench, list?: string): Promise<void> {
  for (const path of PATHS) bench.client.values.set(path, `value of ${path}`);
  await bench.givenRegistered({ query: queueModeQuery(bench), list });
}

/** Lets the client sleep: what comes from here on comes too early. */
async function fallAsleep(bench: ServerBench): Promise<void> {
  bench.step("the client goes to sleep");
  await bench.wait(ASLEEP_AFTER);
  bench.takeAll();
}

/** Orders Reads of three resources. */
async function orderReads(bench: ServerBench): Promise<string[]> {
  const orders: string[] = [];
  for (const path of PATHS) orders.push(await bench.order({ kind: "read", path }));
  return orders;
}

const AWAKE = serverCase({
  id: "dormouse-server-queue-awake",
  title: "A client in queue mode that listens is asked at once",
  versions: ALL,
  clauses: [QUEUE_MODE],
  needs: ["read"],
  lasts: 142,
  criteria: {
    registered: "a Read that is ordered within MAX_TRANSMIT_WAIT after Register comes at once",
    updated: "so does one within that time after an Update",
    answered:
      "and one within that time after the client's last answer, or it waits for the next Update",
  },
  async procedure(bench) {
    await givenQueued(bench);
    const isAsked = async (path: string) => {
      await bench.order({ kind: "read", path });
      return (
        (await bench.next(bench.now() + SERVER_PROMPT, (one) => one.path === path)) !== undefined
      );
    };
    const almost = MAX_TRANSMIT_WAIT - 20 * SECOND;
    await bench.wait(almost);
    bench.expect("registered", await isAsked(PATHS[0]), "no Read came after Register");
    await bench.givenUpdated();
    await bench.wait(30 * SECOND);
    bench.expect("updated", await isAsked(PATHS[1]), "no Read came after the Update");
    await bench.wait(30 * SECOND);
    const isAwake = await isAsked(PATHS[2]);
    if (!isAwake) await bench.givenUpdated();
    const isLater = isAwake || (await bench.next(bench.now() + SERVER_PROMPT)) !== undefined;
    bench.expect("answered", isLater, "no Read came after the answer, nor after an Update");
  },
});

const IN_ORDER = serverCase({
  id: "dormouse-server-queue-order",
  title: "What waits for a client in queue mode comes in its order, one at a time",
  versions: ALL,
  clauses: [QUEUE_MODE, "RFC 7252 §4.7"],
  needs: ["read"],
  lasts: 104,
  criteria: {
    held: "while the client sleeps nothing comes",
    order: "after its Update what was ordered comes, what was ordered first at first",
    single: "one request at a time",
    told: "every value reaches the operator",
  },
  async procedure(bench) {
    await givenQueued(bench);
    await fallAsleep(bench);
    const orders = await orderReads(bench);
    const early = await bench.next(bench.now() + 5 * SECOND);
    bench.expect("held", early === undefined, `${early?.path} was asked of a client that sleeps`);
    let isHolding = true;
    bench.client.answer = () => (isHolding ? "silence" : undefined);
    await bench.givenUpdated();
    await bench.wait(SECOND);
    const first = bench.takeAll();
    bench.expect("order", first.length > 0, "nothing came after the Update");
    const tokens = new Set(first.map(({ message }) => formatBytes(message.token)));
    bench.expect("single", tokens.size === 1, `${tokens.size} requests are under way at once`);
    isHolding = false;
    bench.client.forgetAnswers();
    for (const [i, orderId] of orders.entries()) {
      await expectToldValues(bench, "told", orderId, { [PATHS[i]]: `value of ${PATHS[i]}` });
    }
    const asked = [...first, ...bench.takeAll()].map(({ path }) => path);
    const inOrder = asked.filter((path, i) => asked.indexOf(path) === i).join();
    bench.expect("order", inOrder === PATHS.join(), `they came as ${inOrder}`);
  },
});

const FELL_ASLEEP_EARLY = serverCase({
  id: "dormouse-server-queue-early-sleep",
  title: "A client in queue mode that sleeps earlier than it was taken to",
  versions: ALL,
  clauses: [QUEUE_MODE],
  needs: ["read"],
  lasts: 110,
  criteria: {
    finite:
      "the operator is told that the Read has failed, or the Read comes again after the next Update",
    delivered: "in the second case its value is told",
    after: "a Read that is ordered after the Update is answered",
  },
  async procedure(bench) {
    await givenQueued(bench);
    bench.client.answer = () => "silence";
    const orderId = await bench.order({ kind: "read", path: PATHS[0] });
    await bench.wait(ASLEEP_AFTER);
    bench.takeAll();
    bench.client.answer = undefined;
    bench.client.forgetAnswers();
    const early = await bench.ended(orderId, 0);
    await bench.givenUpdated();
    const outcome = await bench.ended(orderId, early === undefined ? 30 * SECOND : 0);
    bench.expect("finite", outcome !== undefined, "the operator was told nothing");
    const isTold = outcome?.isSuccess === false || outcome?.value === `value of ${PATHS[0]}`;
    bench.expect("delivered", isTold, toldWords(outcome));
    bench.note(
      `a Read that a sleeping client misses is ${outcome?.isSuccess ? "sent again" : "given up"}`,
    );
    const late = await bench.order({ kind: "read", path: PATHS[1] });
    await expectToldValues(bench, "after", late, { [PATHS[1]]: `value of ${PATHS[1]}` });
  },
});

const TURNED_OFF = serverCase({
  id: "dormouse-server-queue-off",
  title: "A client that leaves queue mode is asked at any time",
  versions: SINCE_1_1,
  clauses: [QUEUE_MODE, "LwM2M Core 1.1.1 §6.2.2"],
  needs: ["read"],
  lasts: 196,
  criteria: {
    held: "a Read that is ordered while the client sleeps is held",
    delivered: "it comes after an Update with b=U",
    always: "from then on a Read comes at once, however long the client has been silent",
  },
  async procedure(bench) {
    await givenQueued(bench);
    await fallAsleep(bench);
    const orderId = await bench.order({ kind: "read", path: PATHS[0] });
    const early = await bench.next(bench.now() + SECOND);
    bench.expect("held", early === undefined, `${early?.path} was asked of a client that sleeps`);
    await bench.givenUpdated(["b=U"]);
    await expectToldValues(bench, "delivered", orderId, { [PATHS[0]]: `value of ${PATHS[0]}` });
    await bench.wait(ASLEEP_AFTER);
    const late = await bench.order({ kind: "read", path: PATHS[1] });
    await expectToldValues(bench, "always", late, { [PATHS[1]]: `value of ${PATHS[1]}` });
  },
});

const NOTIFIED_ASLEEP = serverCase({
  id: "dormouse-server-queue-notify",
  title: "A client in queue mode that wakes to notify",
  versions: ALL,
  clauses: [QUEUE_MODE, "RFC 7641 §3.5"],
  needs: ["observe", "read"],
  lasts: 100,
  criteria: {
    taken: "its notification is acknowledged, and told",
    delivered: "a Read that waits for it comes then, or after the next Update",
  },
  async procedure(bench) {
    bench.client.values.set(OBSERVED, 20.5);
    await givenQueued(bench, OBSERVED_LIST);
    bench.given(await observeAgain(bench), "no GET with Observe 0 came to the client");
    await fallAsleep(bench);
    const orderId = await bench.order({ kind: "read", path: PATHS[0] });
    const answer = await notify(bench, OBSERVED, { sequence: 2, payload: "21.5" });
    const isTaken = answer !== undefined && !isRejected(answer);
    bench.expect("taken", isTaken, answered("the notification", answer));
    await expectHeard(bench, "taken", OBSERVED, "21.5");
    await expectDelivered(bench, orderId, "notification");
  },
});

const SENT_ASLEEP = serverCase({
  id: "dormouse-server-queue-send",
  title: "A client in queue mode that wakes to send",
  versions: SINCE_1_1,
  clauses: [QUEUE_MODE, "LwM2M Core 1.1.1 §6.4.6"],
  needs: ["send", "read"],
  lasts: 100,
  criteria: {
    taken: "its Send is answered by 2.04, and told",
    delivered: "a Read that waits for it comes then, or after the next Update",
  },
  async procedure(bench) {
    bench.client.values.set(OBSERVED, 20.5);
    await givenQueued(bench, OBSERVED_LIST);
    await bench.carryOut({ kind: "listen", path: OBSERVED });
    await fallAsleep(bench);
    const orderId = await bench.order({ kind: "read", path: PATHS[0] });
    const payload = encodeValues(SENML_CBOR, "/", { [OBSERVED]: 21.5 });
    const answer = await bench.request(POST, "/dp", { format: SENML_CBOR, payload });
    bench.expect("taken", answer?.code === CHANGED, answered("the Send", answer));
    await expectHeard(bench, "taken", OBSERVED, "21.5");
    await expectDelivered(bench, orderId, "Send");
  },
});

/** A criterion: a Read that waits is carried out now, or after an Update. */
async function expectDelivered(
  bench: ServerBench<"delivered">,
  orderId: string,
  what: string,
): Promise<void> {
  const woken = await bench.ended(orderId, SERVER_PROMPT);
  const words = woken === undefined ? "does not wake" : "wakes";
  bench.note(`a ${what} ${words} a client in queue mode`);
  if (woken === undefined) await bench.givenUpdated();
  await expectToldValues(bench, "delivered", orderId, { [PATHS[0]]: `value of ${PATHS[0]}` });
}

const EXPIRED = serverCase({
  id: "dormouse-server-queue-expired",
  title: "What waits for a client in queue mode that never comes back",
  versions: ALL,
  clauses: [QUEUE_MODE, "LwM2M Core 1.1.1 §6.2.1"],
  needs: ["read", "list"],
  lasts: 180,
  criteria: {
    held: "a Read that is ordered while the client sleeps is held",
    dropped: "the client is dropped when its lifetime is over",
    told: "and the operator is told that the Read has failed",
  },
  async procedure(bench) {
    for (const path of PATHS) bench.client.values.set(path, `value of ${path}`);
    await bench.givenRegistered({ query: queueModeQuery(bench, 130) });
    await fallAsleep(bench);
    const orderId = await bench.order({ kind: "read", path: PATHS[0] });
    const early = await bench.next(bench.now() + SECOND);
    bench.expect("held", early === undefined, `${early?.path} was asked of a client that sleeps`);
    const until = bench.now() + 32 * SECOND + MAX_TRANSMIT_WAIT + 10 * SECOND;
    const isGone = await bench.waitFor(async () => (await bench.known()) === undefined, until);
    bench.expect("dropped", isGone, "the client is still listed long after its lifetime of 130 s");
    const outcome = await bench.ended(orderId, SERVER_PROMPT);
    bench.expect("told", outcome?.isSuccess === false, toldWords(outcome));
  },
});

export const SERVER_OWN_QUEUE_MODE_CASES: readonly ServerCase[] = [
  AWAKE,
  IN_ORDER,
  FELL_ASLEEP_EARLY,
  TURNED_OFF,
  NOTIFIED_ASLEEP,
  SENT_ASLEEP,
  EXPIRED,
];
