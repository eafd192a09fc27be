/** TD_COAP_OBS_04, 06-10 and 12: how an observation goes on, and what ends it (RFC 7641). OBS_03 does not exist. */
import {
  CONTENT,
  DELETED,
  formatCode,
  GET,
  NOT_ACCEPTABLE,
  NOT_FOUND,
} from "../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { CONTENT_FORMAT, uintOf } from "../../../protocol/coap/options.ts";
import { MINUTE, SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, was } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_1, C_12 } from "../configurations.ts";
import { formatName } from "../content.ts";
import { hasObserve, type Uplink } from "../scripted-server.ts";
import { ALL, outcomeOf } from "./coap-exchanges.ts";
import {
  givenLifetime,
  givenLifetimeObserved,
  givenPeriod,
  LIFETIME,
  PERIODIC,
  THREE_PERIODS,
  valueIn,
} from "./coap-observing.ts";
import { rejectNext } from "./expectations.ts";

const RENEWED = clientCase({
  id: "TD_COAP_OBS_04",
  title: "An observation is renewed by an Observe with its token",
  versions: ALL,
  clauses: ["RFC 7641 §4.1", "RFC 7641 §3.3.1"],
  configuration: C_1,
  begins: "registered",
  correction:
    "it is LwM2M servers that observe, and renew when they hear nothing: judged is who is renewed with",
  criteria: {
    renewed: "the second Observe is answered by 2.05 with Observe",
    once: "notifications go on, each of them once",
  },
  async procedure(bench) {
    const { tokenBytes, token } = await givenPeriod(bench);
    await bench.wait(15 * SECOND);
    bench.step("the server observes once more, under the same token");
    const again = await bench.ask({ method: GET, path: PERIODIC, observe: 0, token: tokenBytes });
    bench.expectCode("renewed", again, CONTENT);
    const isObserved = hasObserve(again);
    bench.expect("renewed", isObserved, `${was(again)} without Observe`);
    bench.takeAll("notification");
    await bench.wait(THREE_PERIODS);
    const count = bench.takeAll("notification", token).length;
    const isOnce = count >= 2 && count <= 4;
    bench.expect("once", isOnce, `${count} notifications came in 35 s, one is due every 10 s`);
  },
});

const RESET = clientCase({
  id: "TD_COAP_OBS_06",
  title: "A Reset to a notification ends the observation",
  versions: ALL,
  clauses: ["RFC 7641 §3.6", "RFC 7641 §4.5"],
  configuration: C_1,
  begins: "registered",
  criteria: { ended: "no more notifications come" },
  async procedure(bench) {
    const observed = await givenPeriod(bench);
    await rejectNext(bench, observed);
    await bench.wait(MINUTE);
    const late = bench.take("notification", observed.token);
    bench.expect("ended", late === undefined, "another notification came");
  },
});

const TARGET_DELETED = clientCase({
  id: "TD_COAP_OBS_07",
  title: "The deletion of what is observed is told, and ends the observation",
  versions: ALL,
  clauses: ["RFC 7641 §3.2", "RFC 7641 §4.2"],
  configuration: C_12,
  begins: "registered",
  correction: "a Delete of /16/0 while /16/0/0 is observed; RFC 7641 leaves its type open",
  criteria: {
    told: "a notification with 4.04 and without Observe comes",
    ended: "and is the last",
  },
  async procedure(bench) {
    await bench.givenAttributes("/16/0/0", "pmin=0", "pmax=10");
    const { token } = await bench.givenObserved("/16/0/0");
    const deleted = await bench.delete("/16/0");
    bench.given(deleted.code === DELETED, "/16/0 could not be deleted");
    const last = await bench.next("notification", bench.now() + bench.pace.prompt, token);
    const why = `${outcomeOf(last?.message)} came, not 4.04`;
    bench.expect("told", last?.message.code === NOT_FOUND, why);
    const isPlain = last !== undefined && !hasObserve(last.message);
    bench.expect("told", isPlain, "it has the Observe option");
    await bench.wait(MINUTE);
    const more = bench.take("notification", token);
    bench.expect("ended", more === undefined, "another notification came");
  },
});

const FORMAT_KEPT = clientCase({
  id: "TD_COAP_OBS_08",
  title: "The format of notifications does not change",
  versions: ALL,
  clauses: ["RFC 7641 §4.2"],
  configuration: C_1,
  begins: "registered",
  needs: { formats: [TEXT, TLV] },
  correction:
    "a value of LwM2M can be had in its format for as long as it is there; a Write in another tries to change it. 4.06 is taken",
  criteria: {
    text: "observed in text and written in TLV, the value is told in text, or 4.06 ends the observation",
    tlv: "observed in TLV and written in text, in TLV, or so",
  },
  async procedure(bench) {
    await expectFormatKept(bench, "text", [TEXT, TLV], 40000);
    await expectFormatKept(bench, "tlv", [TLV, TEXT], 50000);
  },
});

async function expectFormatKept<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  [observedIn, writtenIn]: readonly [number, number],
  value: number,
): Promise<void> {
  const observed = await bench.observeBy({ method: GET, path: LIFETIME, accept: observedIn });
  const { answer, token, tokenBytes } = observed;
  const isSo = hasObserve(answer) && answer.format === observedIn;
  bench.given(isSo, `${was(answer)}, not observed in ${formatName(observedIn)}`);
  await givenLifetime(bench, writtenIn, value);
  const told = await bench.next("notification", bench.now() + bench.pace.prompt, token);
  bench.expect(criterion, told !== undefined, `no notification of ${LIFETIME} came`);
  const { code, options } = (told as Uplink).message;
  const format = uintOf(options, CONTENT_FORMAT, -1);
  const isKept = code === CONTENT && format === observedIn;
  const isEnded = code === NOT_ACCEPTABLE && !hasObserve((told as Uplink).message);
  const why = `${formatCode(code)} in ${formatName(format)} came, not in ${formatName(observedIn)}`;
  bench.expect(criterion, isKept || isEnded, why);
  await bench.ask({
    method: GET,
    path: LIFETIME,
    accept: observedIn,
    observe: 1,
    token: tokenBytes,
  });
}

const UPDATED = clientCase({
  id: "TD_COAP_OBS_09",
  title: "A Write of what is observed is told",
  versions: ALL,
  clauses: ["RFC 7641 §4.2", "RFC 7641 §1.3"],
  configuration: C_1,
  begins: "registered",
  correction: "a Write of the lifetime, /1/0/1",
  criteria: { told: "notifications come with what was written, in the same Content-Format" },
  async procedure(bench) {
    const observed = await givenLifetimeObserved(bench);
    for (const value of [40000, 50000]) {
      await givenLifetime(bench, TEXT, value);
      const told = await bench.next(
        "notification",
        bench.now() + bench.pace.prompt,
        observed.token,
      );
      const what = told === undefined ? "nothing" : valueIn(told.message);
      bench.expect("told", what === `${value}`, `${what} was told, not ${value}`);
    }
  },
});

const READ_BETWEEN = clientCase({
  id: "TD_COAP_OBS_10",
  title: "A GET without Observe does not end the observation",
  versions: ALL,
  clauses: ["RFC 7641 §3.6", "RFC 7641 §4.1"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    plain: "it is answered by 2.05 without Observe",
    kept: "and the notifications go on",
  },
  async procedure(bench) {
    const { token } = await givenPeriod(bench);
    await bench.wait(15 * SECOND);
    const read = await bench.read(PERIODIC);
    bench.expectCode("plain", read, CONTENT);
    bench.expect("plain", !hasObserve(read), `${was(read)} with Observe`);
    bench.takeAll("notification");
    await bench.wait(THREE_PERIODS);
    const count = bench.takeAll("notification", token).length;
    bench.expect("kept", count >= 2, `${count} notifications came in 35 s, one is due every 10 s`);
  },
});

const CANCELLED = clientCase({
  id: "TD_COAP_OBS_12",
  title: "A GET with Observe 1 ends the observation",
  versions: ALL,
  clauses: ["RFC 7641 §3.6", "RFC 7641 §4.1"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    answered: "it is answered by 2.05 without Observe",
    ended: "and no more notifications come",
  },
  async procedure(bench) {
    const { token, tokenBytes } = await givenPeriod(bench);
    await bench.wait(15 * SECOND);
    const end = await bench.ask({ method: GET, path: PERIODIC, observe: 1, token: tokenBytes });
    bench.expectCode("answered", end, CONTENT);
    bench.expect("answered", !hasObserve(end), `${was(end)} with Observe`);
    bench.takeAll("notification");
    await bench.wait(MINUTE);
    const late = bench.take("notification", token);
    bench.expect("ended", late === undefined, "another notification came");
  },
});

export const OBSERVE_CASES: readonly ConformanceCase[] = [
  RENEWED,
  RESET,
  TARGET_DELETED,
  FORMAT_KEPT,
  UPDATED,
  READ_BETWEEN,
  CANCELLED,
];
