/** What no published suite asks of a server about observations: order, strangers, and the life of a registration. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { CONTENT, GET } from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import { ACK } from "../../../protocol/coap/message.ts";
import { OBSERVE, uintOf } from "../../../protocol/coap/options.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { bytesOf, formatBytes } from "../content.ts";
import { answered } from "../raw-clients.ts";
import { contentIn } from "../scripted-client.ts";
import { SERVER_PROMPT } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { ABSENT, ALL, expectHeard, hears } from "./server-expectations.ts";
import {
  givenNotified,
  givenObserved,
  isRejected,
  nextObserve,
  notify,
  OBSERVED,
  OBSERVED_LIST,
} from "./server-observation.ts";

const REORDERED = serverCase({
  id: "dormouse-server-reordered",
  title: "Notifications that come in another order do not turn time back",
  versions: ALL,
  clauses: ["RFC 7641 §3.4"],
  needs: ["observe"],
  criteria: {
    newest: "an older notification that comes late is not told as the newest value",
    acknowledged: "it is acknowledged all the same",
    wrapped: "one whose number has gone round from 16777215 to 0 is newer",
  },
  async procedure(bench) {
    await givenObserved(bench);
    await givenNotified(bench, 12, "31.5");
    const late = await notify(bench, OBSERVED, { sequence: 11, payload: "30.5" });
    bench.expect("acknowledged", late?.type === ACK, answered("the late notification", late));
    await bench.wait(2 * SECOND);
    const told = bench.told(OBSERVED);
    const isNewest = told[told.length - 1] === "31.5";
    bench.expect("newest", isNewest, `after 31.5 the operator was told ${told[told.length - 1]}`);
    // Half of the numbers lie ahead of any one.
    await givenNotified(bench, 8_000_000, "33.5");
    await givenNotified(bench, 16_000_000, "34.5");
    await givenNotified(bench, 16_777_215, "35.5");
    await notify(bench, OBSERVED, { sequence: 0, payload: "36.5" });
    const isWrapped = await hears(bench, OBSERVED, "36.5");
    bench.expect("wrapped", isWrapped, "the operator was not told 36.5");
  },
});

const UNKNOWN_TOKEN = serverCase({
  id: "dormouse-server-unknown-token",
  title: "A notification that nobody asked for is rejected",
  versions: ALL,
  clauses: ["RFC 7641 §3.6", "RFC 7252 §4.2"],
  needs: ["observe"],
  criteria: {
    rejected:
      "a Confirmable notification with an unknown token is answered by a Reset, or not at all",
    stranger:
      "so is one with the right token from an address that never registered, or it is taken",
    unheard: "the value of the first reaches nobody",
  },
  async procedure(bench) {
    await givenObserved(bench);
    const own = bench.client.observed.get(OBSERVED);
    const token = bytesOf("DE AD BE EF");
    const answer = await notify(bench, OBSERVED, { sequence: 4, payload: "66.5", token });
    const isRefused = answer === undefined || isRejected(answer);
    bench.expect("rejected", isRefused, "it was acknowledged");
    await bench.wait(2 * SECOND);
    const isUnheard = !bench.told(OBSERVED).includes("66.5");
    bench.expect("unheard", isUnheard, "the operator was told its value");
    const client = bench.addClient();
    const said = { sequence: 5, payload: "77.5", token: own, client };
    const other = await notify(bench, OBSERVED, said);
    const isTaken = other?.type === ACK;
    const isHeard = isTaken && (await hears(bench, OBSERVED, "77.5"));
    if (isHeard)
      bench.note("a notification with the token of an observation is taken from any address");
    const isAcknowledgedOnly = isTaken && !isHeard;
    bench.expect("stranger", !isAcknowledgedOnly, "it was acknowledged, and told nobody");
  },
});

const RE_REGISTERED = serverCase({
  id: "dormouse-server-observation-register",
  title: "Observations end when the client registers anew",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.1", "RFC 7641 §3.6"],
  needs: ["observe"],
  criteria: {
    over: "a notification under the token of before is not told after the client has registered anew",
    anew: "a server that observes on asks again, with Observe 0",
    told: "and is told under the new token",
  },
  async procedure(bench) {
    await givenObserved(bench);
    const former = bench.client.observed.get(OBSERVED);
    bench.client.observed.clear();
    await bench.givenRegistered({ list: OBSERVED_LIST });
    const again = await nextObserve(bench, OBSERVED, 3 * SECOND);
    const isOwn = again?.token !== formatBytes(former ?? bytesOf(""));
    const late = await notify(bench, OBSERVED, { sequence: 8, payload: "66.5", token: former });
    await bench.wait(SECOND);
    const isTold = bench.told(OBSERVED).includes("66.5");
    bench.expect("over", !isTold || !isOwn, `it was told, ${answered("the notification", late)}`);
    if (again === undefined) {
      bench.note("the observation is over: the operator has to observe again");
      await bench.carryOut({ kind: "observe", path: OBSERVED });
    } else bench.note("the server observes again of its own accord");
    const isAsked = bench.client.observed.has(OBSERVED);
    bench.expect("anew", isAsked, "no GET with Observe 0 came");
    await notify(bench, OBSERVED, { sequence: 2, payload: "28.5" });
    await expectHeard(bench, "told", OBSERVED, "28.5");
  },
});

const UPDATED = serverCase({
  id: "dormouse-server-observation-update",
  title: "Observations go on over an Update",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.1", "LwM2M Core 1.1.1 §6.2.2"],
  needs: ["observe"],
  criteria: {
    updated: "after an Update a notification is acknowledged and reaches the operator",
    moved:
      "one from the address that an Update came from is told, or rejected, or ignored: not acknowledged and lost",
  },
  async procedure(bench) {
    await givenObserved(bench);
    await bench.givenUpdated();
    const answer = await notify(bench, OBSERVED, { sequence: 2, payload: "21.5" });
    bench.expect("updated", answer?.type === ACK, answered("the notification", answer));
    await expectHeard(bench, "updated", OBSERVED, "21.5");
    bench.step("the client comes from another port, and updates");
    await bench.server.rebind(0);
    await bench.givenUpdated();
    await bench.wait(SECOND);
    const moved = await notify(bench, OBSERVED, { sequence: 3, payload: "22.5" });
    const isTold = await hears(bench, OBSERVED, "22.5");
    bench.expect("moved", isTold || moved?.type !== ACK, "it was acknowledged, and told nobody");
    if (!isTold) bench.note("an observation does not follow its client to another address");
  },
});

const UNOBSERVABLE = serverCase({
  id: "dormouse-server-not-observable",
  title: "A client that does not observe answers without the Observe option",
  versions: ALL,
  clauses: ["RFC 7641 §3.1", "RFC 7641 §4.1"],
  needs: ["observe"],
  lasts: 5,
  criteria: {
    ended: "the order ends in finite time",
    rejected: "a notification under the token of the request is not told",
  },
  async procedure(bench) {
    await bench.givenRegistered({ list: OBSERVED_LIST });
    let token = bytesOf("");
    bench.client.answer = ({ path, message }) => {
      if (path !== OBSERVED || message.code !== GET) return undefined;
      if (uintOf(message.options, OBSERVE, ABSENT) === 0) token = message.token;
      return contentIn(TEXT, encodeUtf8("20.5"));
    };
    const outcome = await bench.carryOut({ kind: "observe", path: OBSERVED });
    bench.expect("ended", outcome !== undefined, "the operator was told nothing");
    await notify(bench, OBSERVED, { sequence: 2, payload: "66.5", token, code: CONTENT });
    await bench.wait(SERVER_PROMPT);
    const isTold = bench.told(OBSERVED).includes("66.5");
    bench.expect("rejected", !isTold, "the operator was told 66.5");
  },
});

export const SERVER_OWN_OBSERVATION_CASES: readonly ServerCase[] = [
  REORDERED,
  UNKNOWN_TOKEN,
  RE_REGISTERED,
  UPDATED,
  UNOBSERVABLE,
];
