/** What LwM2M 1.1 and 1.2 added to notifications: evaluation periods, edge, con, hqmax, parameters of an Observe; and storing. */
import { BAD_REQUEST, CHANGED, CONTENT, GET } from "../../../protocol/coap/codes.ts";
import { SENML_JSON, TEXT } from "../../../protocol/coap/content-formats.ts";
import { CON, NON } from "../../../protocol/coap/message.ts";
import { OBSERVE, uintOf } from "../../../protocol/coap/options.ts";
import { HOUR, MINUTE, SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, type ObservedPath, was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_3, C_4, withValues } from "../configurations.ts";
import { formatBytes } from "../content.ts";
import type { Uplink } from "../scripted-server.ts";
import { NO_SEQUENCE } from "./expectations.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const SINCE_1_2: readonly Version[] = ["1.2"];
const CLAUSES = ["LwM2M Core 1.2.2 §7.3.2", "LwM2M Core 1.2.2 §6.4.2"];
const BATTERY = "/3/0/9";
const VOLTAGE = "/3/0/7";
const STORING = "/1/0/6";

/** With edge, what a boolean becomes, second by second, and whether that is told. */
const EDGES: readonly (readonly [edge: number, steps: readonly (readonly [boolean, boolean])[]])[] =
  [
    [
      1,
      [
        [true, true],
        [false, false],
        [true, true],
        [true, false],
        [false, false],
      ],
    ],
    [
      0,
      [
        [true, false],
        [false, true],
        [true, false],
        [false, true],
        [false, false],
      ],
    ],
  ];

const EDGE = clientCase({
  id: "dormouse-notify-edge",
  title: "edge tells one direction of a boolean",
  versions: SINCE_1_2,
  clauses: CLAUSES,
  configuration: C_3,
  begins: "registered",
  criteria: {
    rising: "with edge=1 a change to true is told, and with edge=0 one to false",
    falling: "one in the other direction is not, nor a Write of the same value",
    held: "within pmin the edge is told when it is over",
  },
  async procedure(bench) {
    for (const [edge, steps] of EDGES) {
      await bench.givenAttributes(STORING, "pmin=0", "pmax=3600", `edge=${edge}`);
      const { token, tokenBytes } = await bench.givenObserved(STORING);
      for (const [value, isTold] of steps) {
        await write(bench, STORING, value ? "1" : "0");
        await bench.wait(5 * SECOND);
        const came = bench.takeAll("notification", token).length;
        const why = `with edge=${edge} ${came} notifications came of ${value}`;
        bench.expect(isTold ? "rising" : "falling", came === (isTold ? 1 : 0), why);
      }
      await bench.ask({ method: GET, path: STORING, observe: 1, token: tokenBytes });
    }
    await bench.givenAttributes(STORING, "pmin=10", "edge=1");
    const { answer, token } = await bench.givenObserved(STORING);
    await bench.wait(2 * SECOND);
    await write(bench, STORING, "1");
    const until = answer.at + 11 * SECOND + bench.client.tolerance;
    const late = await bench.next("notification", until, token);
    const second = ((late?.at ?? Number.NaN) - answer.at) / SECOND;
    const isOnTime = second >= 10 - bench.client.tolerance / SECOND;
    bench.expect("held", isOnTime, `it came at second ${second}, and was due at second 10`);
  },
});

async function write(bench: Bench, path: string, text: string): Promise<void> {
  const answer = await bench.put(path, TEXT, text);
  bench.given(answer.code === CHANGED, `${was(answer)}, not by 2.04`);
}

/** All notifications of a path within this time, of which there have to be some. */
async function notifications(
  bench: Bench,
  { token }: ObservedPath,
  seconds: number,
): Promise<readonly Uplink[]> {
  await bench.wait(seconds * SECOND);
  const came = bench.takeAll("notification", token);
  bench.given(came.length > 0, "no notification came");
  return came;
}

const CONFIRMABLE = clientCase({
  id: "dormouse-notify-con",
  title: "con makes notifications Confirmable",
  versions: SINCE_1_2,
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §E.2"],
  configuration: C_4,
  begins: "registered",
  needs: { resources: ["/1/0/26"] },
  criteria: {
    attribute: "with con=1 at what is observed every notification is Confirmable",
    part: "so is one of an instance when con=1 is set for one of its resources",
    inherited: "and one of a resource when it is set for its instance",
    account: "and with /1/0/26 at 1, where no con is set",
    unset: "with /1/0/26 at 0 and con unset they are Non-confirmable again",
  },
  async procedure(bench) {
    const expectType = async (criterion: Criterion, path: string, type: number) => {
      const observed = await bench.givenObserved(path);
      const came = await notifications(bench, observed, 25);
      const odd = came.find(({ message }) => message.type !== type);
      const wanted = type === CON ? "Confirmable" : "Non-confirmable";
      bench.expect(criterion, odd === undefined, `one of ${path} was not ${wanted}`);
      await bench.ask({ method: GET, path, observe: 1, token: observed.tokenBytes });
    };
    await bench.givenAttributes("/3/0", "pmin=0", "pmax=10");
    await bench.givenAttributes(BATTERY, "con=1");
    await expectType("attribute", BATTERY, CON);
    await expectType("part", "/3/0", CON);
    await bench.givenAttributes(BATTERY, "con");
    await bench.givenAttributes("/3/0", "con=1");
    await expectType("inherited", VOLTAGE, CON);
    await bench.givenAttributes("/3/0", "con");
    await write(bench, "/1/0/26", "1");
    await expectType("account", BATTERY, CON);
    await write(bench, "/1/0/26", "0");
    await expectType("unset", BATTERY, NON);
  },
});
type Criterion = "attribute" | "part" | "inherited" | "account" | "unset";

const EVALUATION = clientCase({
  id: "dormouse-notify-evaluation",
  title: "A change is evaluated within epmax",
  versions: ["1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §5.1.2", ...CLAUSES],
  configuration: C_4,
  begins: "registered",
  needs: { setsValues: true, features: ["evaluation periods"] },
  criteria: {
    "in-time": "with epmin=5 and epmax=10 a change is told within 10 s",
    held: "and not before a pmin of 20 s is over",
  },
  async procedure(bench) {
    const watch = async (criterion: "in-time" | "held", pmin: number, value: number) => {
      await bench.givenAttributes(BATTERY, `pmin=${pmin}`, "pmax=3600", "epmin=5", "epmax=10");
      const { answer, token, tokenBytes } = await bench.givenObserved(BATTERY);
      await bench.wait(2 * SECOND);
      const changedAt = bench.now();
      await bench.client.set(BATTERY, value);
      const due = Math.max(answer.at + pmin * SECOND, changedAt);
      const { tolerance } = bench.client;
      const latest = due + 11 * SECOND + tolerance;
      const told = await bench.next("notification", latest, token);
      const after = (told?.at ?? Number.NaN) - answer.at;
      const isInTime = after >= pmin * SECOND - tolerance;
      bench.expect(criterion, isInTime, `it was told at second ${after / SECOND}`);
      await bench.ask({ method: GET, path: BATTERY, observe: 1, token: tokenBytes });
    };
    await watch("in-time", 0, 70);
    await watch("held", 20, 60);
  },
});

const PARAMETERS = clientCase({
  id: "dormouse-observe-parameters",
  title: "Parameters of an Observe are for that observation alone",
  versions: SINCE_1_2,
  clauses: ["LwM2M Core 1.2.2 §6.4.1", "LwM2M Transport 1.2.2 §6.4.5"],
  configuration: C_4,
  begins: "registered",
  needs: { features: ["observe parameters"] },
  criteria: {
    own: "notifications keep to pmax=10 of the Observe, where pmax=60 is attached",
    hidden: "Discover shows what is attached, and none of them",
    refused: "parameters that contradict each other, or are none, are answered by 4.00",
    unobserved: "and nothing is observed then",
  },
  async procedure(bench) {
    await bench.givenAttributes(BATTERY, "pmin=0", "pmax=60");
    const before = await bench.discover(BATTERY);
    const observed = await bench.observe(BATTERY, ["pmin=0", "pmax=10"]);
    bench.expectCode("own", observed.answer, CONTENT);
    const came = await notifications(bench, observed, 35);
    bench.expect("own", came.length === 3, `${came.length} notifications came in 35 s, not 3`);
    const after = await bench.discover(BATTERY);
    const isSame = formatBytes(before.payload) === formatBytes(after.payload);
    bench.expect("hidden", isSame, "Discover shows other attributes than were attached");
    for (const query of [["gt=20", "lt=80"], ["lt=10", "gt=30", "st=10"], ["pmax=x"], ["foo=1"]]) {
      const { answer } = await bench.observe(VOLTAGE, query);
      bench.expectCode("refused", answer, BAD_REQUEST);
      const hasOption = uintOf(answer.options, OBSERVE, NO_SEQUENCE) !== NO_SEQUENCE;
      bench.expect("unobserved", !hasOption, `${was(answer)} with the Observe option`);
    }
    bench.takeAll("notification", observed.token);
    await bench.wait(65 * SECOND);
    const more = bench.takeAll("notification").filter(({ token }) => token !== observed.token);
    bench.expect("unobserved", more.length === 0, "a notification came that nobody asked for");
  },
});

/** What the battery does while the server does not answer. */
const AWAY_LEVELS = [70, 60, 50, 40];

/**
 * The server is not heard of, from the Update trigger on; the battery changes; then it answers again.
 *
 * @returns what the client told of the observation, meanwhile and afterwards
 */
async function toldOver(
  bench: Bench,
  observed: ObservedPath,
): Promise<{ readonly during: readonly Uplink[]; readonly after: readonly Uplink[] }> {
  bench.step("the server is not heard of any more");
  await bench.execute("/1/0/8");
  bench.server.answer = () => "silence";
  // Until the client notices.
  await bench.wait(2 * MINUTE);
  for (const level of AWAY_LEVELS) {
    await bench.client.set(BATTERY, level);
    await bench.wait(20 * SECOND);
  }
  bench.step("the server is back");
  for (const kind of ["update", "register", "repeated"] as const) bench.takeAll(kind);
  const during = bench.takeAll("notification", observed.token);
  bench.server.answer = undefined;
  const until = bench.now() + 25 * HOUR;
  let update: Uplink | undefined;
  while (update === undefined && (await bench.takeIn(until))) {
    update = bench.take("update");
    bench.given(bench.take("register") === undefined, "it registered anew: nothing is observed");
  }
  bench.given(update !== undefined, "no Update came");
  await bench.wait(2 * MINUTE);
  return { during, after: bench.takeAll("notification", observed.token) };
}

const textIn = ({ message }: Uplink) => new TextDecoder().decode(message.payload);

const STORED = clientCase({
  id: "dormouse-notify-stored",
  title: "What was to be told while the server was away is told afterwards",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §E.2", "LwM2M Core 1.2.2 §E.2"],
  configuration: withValues(C_4, 1, 0, { 6: true }),
  begins: "registered",
  needs: { setsValues: true },
  criteria: {
    all: "with /1/0/6 true every value is told in the end",
    order: "the older ones first",
  },
  async procedure(bench) {
    await bench.givenAttributes(BATTERY, "pmin=0", "pmax=86400");
    const observed = await bench.observeBy({ method: GET, path: BATTERY, accept: TEXT });
    const { during, after } = await toldOver(bench, observed);
    const told = [...during, ...after].map(textIn);
    const missing = AWAY_LEVELS.find((level) => !told.includes(`${level}`));
    bench.expect("all", missing === undefined, `${missing} was never told; ${told} were`);
    const places = AWAY_LEVELS.map((level) => told.indexOf(`${level}`));
    const isInOrder = places.every((place, i) => i === 0 || place > places[i - 1]);
    bench.expect("order", isInOrder, `they were told in the order ${told}`);
  },
});

const NOT_STORED = clientCase({
  id: "dormouse-notify-not-stored",
  title: "Unless the account forbids it",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §E.2"],
  configuration: withValues(C_4, 1, 0, { 6: false }),
  begins: "registered",
  needs: { setsValues: true },
  criteria: { newest: "with /1/0/6 false nothing but the newest value is told afterwards" },
  async procedure(bench) {
    await bench.givenAttributes(BATTERY, "pmin=0", "pmax=86400");
    const observed = await bench.observeBy({ method: GET, path: BATTERY, accept: TEXT });
    const { after } = await toldOver(bench, observed);
    const old = after.map(textIn).find((text) => text !== `${AWAY_LEVELS.at(-1)}`);
    bench.expect("newest", old === undefined, `${old} was told, which was not the newest`);
  },
});

/** One record of SenML JSON, as far as it matters here. */
interface HistoryRecord {
  readonly v?: number;
  readonly t?: number;
  readonly bt?: number;
}

const HISTORY = clientCase({
  id: "dormouse-notify-hqmax",
  title: "hqmax says how many values are kept",
  versions: SINCE_1_2,
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §7.5.6", "RFC 8428 §4.5.3"],
  configuration: withValues(C_4, 1, 0, { 6: true }),
  begins: "registered",
  needs: { setsValues: true, formats: [SENML_JSON] },
  criteria: {
    limit: "with hqmax=2 the two newest values of four are told, and no older one",
    times: "each with its time, the older first, 20 s apart",
  },
  async procedure(bench) {
    await bench.givenAttributes(BATTERY, "pmin=0", "pmax=86400", "hqmax=2");
    const observed = await bench.observeBy({ method: GET, path: BATTERY, accept: SENML_JSON });
    const { during, after } = await toldOver(bench, observed);
    bench.given(during.length === 0, "it told of values while the server was away");
    const samples = after.flatMap(samplesIn);
    const levels = samples.map(({ level }) => level);
    const newest = AWAY_LEVELS.slice(-2);
    const isLimited = levels.every((level) => newest.includes(level));
    const isWhole = newest.every((level) => levels.includes(level));
    bench.expect("limit", isLimited && isWhole, `${levels} were told, not ${newest}`);
    const [older, newer] = newest.map((level) => samples.find((one) => one.level === level));
    const apart = (newer?.seconds ?? Number.NaN) - (older?.seconds ?? Number.NaN);
    const { tolerance } = bench.client;
    const isApart = Math.abs(apart - 20) <= 1 + tolerance / SECOND;
    bench.expect("times", isApart, `their times are ${apart} s apart`);
  },
});

/** Levels with their times in a notification in SenML JSON. */
function samplesIn(uplink: Uplink): { readonly level: number; readonly seconds: number }[] {
  let base = 0;
  try {
    return (JSON.parse(textIn(uplink)) as HistoryRecord[]).map(({ v, t = 0, bt }) => {
      base = bt ?? base;
      return { level: v ?? Number.NaN, seconds: base + t };
    });
  } catch {
    return [];
  }
}

export const OWN_REPORTING_MODE_CASES: readonly ConformanceCase[] = [
  EVALUATION,
  EDGE,
  CONFIRMABLE,
  PARAMETERS,
  STORED,
  NOT_STORED,
  HISTORY,
];
