/** The server as an observer, after ETSI's CoAP#4 plugtest cases and RFC 7641: what it makes of notifications, and of those that go astray. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { blockOption } from "../../../protocol/coap/block.ts";
import { CHANGED, GET, NOT_ACCEPTABLE, NOT_FOUND, PUT } from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import { ACK, NON, RST } from "../../../protocol/coap/message.ts";
import {
  BLOCK2,
  ETAG,
  MAX_AGE,
  OBSERVE,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { bytesOf, formatBytes } from "../content.ts";
import { answered } from "../raw-clients.ts";
import { blockIn } from "../raw-transfers.ts";
import { contentIn } from "../scripted-client.ts";
import type { ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import {
  ABSENT,
  ALL,
  expectHeard,
  expectOrdered,
  expectToldValues,
} from "./server-expectations.ts";
import {
  givenObserved,
  isRejected,
  nextObserve,
  notification,
  notify,
  OBSERVED,
} from "./server-observation.ts";

/** A case of a few notifications of one type. */
function notified(number: string, type: number): ServerCase {
  const isNon = type === NON;
  return serverCase({
    id: `TD_COAP_OBS_${number}`,
    title: `Notifications in ${isNon ? "Non-confirmable" : "Confirmable"} messages`,
    versions: ALL,
    clauses: ["RFC 7641 §3.2", "RFC 7641 §3.4"],
    needs: ["observe"],
    lasts: isNon ? 6 : undefined,
    criteria: {
      taken: isNon ? "none of them is rejected" : "each is acknowledged",
      told: "each reaches the operator, in their order",
    },
    async procedure(bench) {
      await givenObserved(bench);
      const values = ["21.5", "22.5", "23.5"];
      for (const [i, payload] of values.entries()) {
        const answer = await notify(bench, OBSERVED, { sequence: 2 + i, payload, type });
        const isTaken = isNon ? !isRejected(answer) : answer?.type === ACK;
        bench.expect("taken", isTaken, answered("a notification", answer));
        await expectHeard(bench, "told", OBSERVED, payload);
      }
      const told = bench.told(OBSERVED).filter((one) => values.includes(one));
      bench.expect("told", told.join() === values.join(), `the operator was told ${told.join()}`);
    },
  });
}

const STALE = serverCase({
  id: "TD_COAP_OBS_04",
  title: "An observation whose last value is too old",
  versions: ALL,
  clauses: ["RFC 7641 §3.3.1"],
  needs: ["observe"],
  lasts: 13,
  correction: "to register interest anew is allowed and not demanded; what comes then is judged",
  criteria: {
    same: "if the server asks again after Max-Age, it does under the token of the observation",
    told: "a notification after that is acknowledged and reaches the operator",
  },
  async procedure(bench) {
    await givenObserved(bench);
    const token = formatBytes(bench.client.observed.get(OBSERVED) ?? bytesOf(""));
    const options = [uintOption(MAX_AGE, 3)];
    await notify(bench, OBSERVED, { sequence: 2, payload: "21.5", options });
    const again = await nextObserve(bench, OBSERVED, 10 * SECOND);
    if (again !== undefined) bench.note("the server asks again when Max-Age has passed");
    const isSame = again === undefined || again.token === token;
    bench.expect("same", isSame, `it asks again under the token ${again?.token}`);
    const answer = await notify(bench, OBSERVED, { sequence: 3, payload: "22.5" });
    bench.expect("told", answer?.type === ACK, answered("the notification", answer));
    await expectHeard(bench, "told", OBSERVED, "22.5");
  },
});

/** A case of an observation that the client ends with an error. */
function ended(number: string, title: string, code: number, words: string): ServerCase {
  return serverCase({
    id: `TD_COAP_OBS_${number}`,
    title,
    versions: ALL,
    clauses: ["RFC 7641 §3.2", "RFC 7641 §4.2"],
    needs: ["observe"],
    criteria: {
      acknowledged: `a notification of ${words} without an Observe option is acknowledged`,
      over: "a later one under the same token is rejected by a Reset",
      untold: "and reaches nobody",
    },
    async procedure(bench) {
      await givenObserved(bench);
      const token = bench.client.observed.get(OBSERVED);
      // Who observes on asks again, which is answered with the error as well.
      bench.client.answer = ({ path }) => (path === OBSERVED ? { code } : undefined);
      const last = await notify(bench, OBSERVED, { sequence: undefined, code });
      bench.expect("acknowledged", last?.type === ACK, answered("the notification", last));
      const late = await notify(bench, OBSERVED, { sequence: 9, payload: "66.5", token });
      bench.expect("over", late?.type === RST, answered("the notification after it", late));
      await bench.wait(SECOND);
      const isTold = bench.told(OBSERVED).includes("66.5");
      bench.expect("untold", !isTold, "the operator was told 66.5");
    },
  });
}

const CHANGED_BY_WRITE = serverCase({
  id: "TD_COAP_OBS_09",
  title: "A Write of what is observed",
  versions: ALL,
  clauses: ["RFC 7641 §4.2"],
  needs: ["observe", "write"],
  criteria: {
    write: "the Write that was ordered comes to the client as a PUT",
    taken: "the notification that follows from it, before the Write is answered, is acknowledged",
    told: "its value reaches the operator",
    done: "and the success of the Write as well",
  },
  async procedure(bench) {
    const path = "/1/0/1";
    bench.client.values.set(path, 300);
    await bench.givenRegistered();
    await bench.carryOut({ kind: "observe", path });
    bench.given(bench.client.observed.has(path), "no GET with Observe 0 came");
    bench.takeAll();
    bench.client.answer = ({ message }) => (message.code === PUT ? "silence" : undefined);
    const order = { kind: "write", path, value: 301 } as const;
    const { orderId, request } = await expectOrdered(bench, "write", order, PUT);
    const answer = await notify(bench, path, { sequence: 2, payload: "301" });
    bench.expect("taken", answer?.type === ACK, answered("the notification", answer));
    await expectHeard(bench, "told", path, "301");
    const { messageId, token } = request.message;
    const payload = new Uint8Array(0);
    await bench.send({ type: ACK, code: CHANGED, messageId, token, options: [], payload });
    const outcome = await bench.ended(orderId);
    bench.expect("done", outcome?.isSuccess === true, "the Write was not told as a success");
  },
});

const PLAIN_READ = serverCase({
  id: "TD_COAP_OBS_10",
  title: "A Read of what is observed does not end the observation",
  versions: ALL,
  clauses: ["RFC 7641 §3.1", "RFC 7641 §3.6"],
  needs: ["observe", "read"],
  criteria: {
    plain: "the Read that was ordered comes as a GET without an Observe option",
    token: "under another token than the observation's",
    told: "its value reaches the operator",
    goes: "a notification after it is acknowledged and reaches the operator",
  },
  async procedure(bench) {
    await givenObserved(bench);
    const token = formatBytes(bench.client.observed.get(OBSERVED) ?? bytesOf(""));
    bench.client.values.set(OBSERVED, 25.5);
    const order = { kind: "read", path: OBSERVED } as const;
    const { orderId, request } = await expectOrdered(bench, "plain", order, GET);
    const observe = uintOf(request.message.options, OBSERVE, ABSENT);
    bench.expect("plain", observe === ABSENT, `it has Observe ${observe}`);
    bench.expect("token", request.token !== token, "it has the token of the observation");
    await expectToldValues(bench, "told", orderId, { [OBSERVED]: 25.5 });
    const answer = await notify(bench, OBSERVED, { sequence: 2, payload: "26.5" });
    bench.expect("goes", answer?.type === ACK, answered("the notification", answer));
    await expectHeard(bench, "goes", OBSERVED, "26.5");
  },
});

const LOSSY = serverCase({
  id: "TD_COAP_OBS_11",
  title: "A notification whose acknowledgement is lost comes again",
  versions: ALL,
  clauses: ["RFC 7641 §4.5", "RFC 7252 §4.2"],
  needs: ["observe"],
  criteria: {
    again: "each copy is acknowledged",
    once: "the operator is told once",
    newer: "a newer notification is acknowledged and told",
  },
  async procedure(bench) {
    await givenObserved(bench);
    const message = notification(bench, OBSERVED, { sequence: 2, payload: "21.5" });
    for (let i = 0; i < 3; i++) {
      const answer = await bench.reaction(message);
      bench.expect("again", answer?.type === ACK, answered("a copy", answer));
    }
    await bench.wait(SECOND);
    const count = bench.told(OBSERVED).filter((one) => one === "21.5").length;
    bench.expect("once", count === 1, `the operator was told 21.5 ${count} times`);
    const answer = await notify(bench, OBSERVED, { sequence: 3, payload: "22.5" });
    bench.expect("newer", answer?.type === ACK, answered("the notification", answer));
    await expectHeard(bench, "newer", OBSERVED, "22.5");
  },
});

const LONG_TEXTS = ["first", "second"].map((word) => `${word} state `.repeat(60));
const LARGE_PATH = "/3/0/17";

/** A case of notifications that are cut: the rest of each is fetched. */
function large(number: string, title: string, lengths: readonly number[]): ServerCase {
  return serverCase({
    id: `TD_COAP_OBS_${number}`,
    title,
    versions: ALL,
    clauses: ["RFC 7959 §2.6", "RFC 7641 §3.4"],
    needs: ["observe"],
    criteria: {
      fetched: "the rest of each is asked for by GETs with Block2 and without Observe",
      told: "each reaches the operator whole",
    },
    async procedure(bench) {
      bench.client.values.set(LARGE_PATH, "small");
      bench.client.transfers.largest = 128;
      await bench.givenRegistered();
      await bench.carryOut({ kind: "observe", path: LARGE_PATH });
      bench.given(bench.client.observed.has(LARGE_PATH), "no GET with Observe 0 came");
      bench.takeAll();
      for (const [i, length] of lengths.entries()) {
        const text = LONG_TEXTS[i % 2].slice(0, length);
        await notifyInBlocks(bench, text, 2 + i);
        await expectHeard(bench, "told", LARGE_PATH, text);
      }
      const rest = bench.takeAll().filter(({ path }) => path === LARGE_PATH);
      const isPlain = rest.every(
        ({ message }) =>
          message.code === GET && uintOf(message.options, OBSERVE, ABSENT) === ABSENT,
      );
      bench.expect("fetched", rest.length > 0 && isPlain, "they did not come so");
      const isLater = rest.every(({ message }) => (blockIn(message.options, BLOCK2)?.num ?? 0) > 0);
      bench.expect("fetched", isLater, "the first block was asked for once more");
    },
  });
}

/** A notification with the first block of a text; the rest can be fetched. */
async function notifyInBlocks(bench: ServerBench, text: string, sequence: number): Promise<void> {
  const { largest } = bench.client.transfers;
  const bytes = encodeUtf8(text);
  const tag = { number: ETAG, value: bytesOf(sequence.toString(16).padStart(2, "0")) };
  bench.client.answer = ({ path, message }) =>
    path === LARGE_PATH && message.code === GET ? contentIn(TEXT, bytes, [tag]) : undefined;
  const isCut = bytes.length > largest;
  const options = isCut ? [tag, blockOption(BLOCK2, 0, true, largest)] : [tag];
  const payload = bytes.subarray(0, largest);
  await notify(bench, LARGE_PATH, { sequence, payload, options });
}

const GONE = serverCase({
  id: "TD_COAP_OBS_05",
  title: "A client that is switched off is not observed any more",
  versions: ALL,
  clauses: ["RFC 7641 §3.6", "LwM2M Core 1.1.1 §6.2.3"],
  needs: ["observe"],
  correction:
    "the one that gives up is the observed one; of a server it is judged that De-register ends observations",
  criteria: {
    rejected: "a notification of a client that has de-registered is rejected, or ignored",
    untold: "and reaches nobody",
  },
  async procedure(bench) {
    await givenObserved(bench);
    const token = bench.client.observed.get(OBSERVED);
    await bench.givenDeregistered();
    const answer = await notify(bench, OBSERVED, { sequence: 5, payload: "66.5", token });
    const isRejectedOrIgnored = answer === undefined || isRejected(answer);
    bench.expect("rejected", isRejectedOrIgnored, answered("the notification", answer));
    await bench.wait(SECOND);
    const isTold = bench.told(OBSERVED).includes("66.5");
    bench.expect("untold", !isTold, "the operator was told 66.5");
  },
});

export const SERVER_COAP_OBSERVING_CASES: readonly ServerCase[] = [
  notified("01", 0),
  notified("02", NON),
  STALE,
  GONE,
  ended("07", "What is observed is deleted", NOT_FOUND, "4.04"),
  ended("08", "What is observed would change its format", NOT_ACCEPTABLE, "4.06"),
  CHANGED_BY_WRITE,
  PLAIN_READ,
  LOSSY,
  large("13", "Notifications in blocks", [500, 700, 600]),
  large("14", "Notifications that are short, long and short again", [500, 20, 600, 30]),
];
