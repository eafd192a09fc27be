/** Notification attributes: what is refused, what is taken at which level, what holds below, and whose they are. */
import { BAD_REQUEST, CHANGED, GET } from "../../../protocol/coap/codes.ts";
import { attributeOf } from "../../../protocol/coap/link-format.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { type BaseConfiguration, C_4, C_14 } from "../configurations.ts";
import { formatBytes } from "../content.ts";
import {
  ALLOWED_ROWS,
  type Allowed,
  BATTERY,
  BEFORE,
  EVALUATION_ROWS,
  INSTANCE,
  OBJECT,
  REFUSED_ROWS,
  VOLTAGE,
} from "./attribute-table.ts";
import { expectAttributes } from "./expectations.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const CLAUSES = ["LwM2M Core 1.1.1 §5.1.2", "LwM2M Core 1.1.1 §6.3.4", "LwM2M Core 1.2.2 §7.3.2"];

const REFUSED = clientCase({
  id: "dormouse-attributes-refused",
  title: "Attributes that contradict, or are none, are refused whole",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_4,
  begins: "registered",
  criteria: {
    contradiction: "lt not below gt, a step too wide, in one request or with what is set: 4.00",
    number: "what is no number, or none that the attribute can have: 4.00",
    level: "gt, lt and st where there is no number, edge where there is no boolean: 4.00",
    name: "unknown names, and properties, which are not for servers to write: 4.00",
    unchanged: "and Discover shows what it showed before, also where one of several was wrong",
  },
  async procedure(bench) {
    await bench.givenAttributes(BATTERY, ...BEFORE);
    for (const { criterion, path, query, since } of REFUSED_ROWS) {
      if (since !== undefined && bench.version < since) continue;
      const before = await bench.discover(path);
      const answer = await bench.writeAttributes(path, query);
      bench.expectCode(criterion, answer, BAD_REQUEST);
      const after = await bench.discover(path);
      const isSame = formatBytes(before.payload) === formatBytes(after.payload);
      bench.expect("unchanged", isSame, `${was(answer)}, and Discover of ${path} is another`);
    }
  },
});

const OVERFLOW = clientCase({
  id: "dormouse-attributes-overflow",
  title: "A number that is too large is refused, or kept as it is",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_4,
  begins: "registered",
  criteria: {
    whole:
      "a pmin or pmax of 2^32, of 2^64 and of 40 digits is refused by 4.00, or shown as it was written",
    decimal: "so is a gt of 400 digits and one of 1e999",
    managed: "the client is managed as before",
  },
  async procedure(bench) {
    const wholes = ["4294967296", "18446744073709551616", "9".repeat(40)];
    for (const query of wholes.flatMap((value) => [`pmin=${value}`, `pmax=${value}`])) {
      await expectKeptOrRefused(bench, "whole", query);
    }
    for (const query of [`gt=${"9".repeat(200)}`, "gt=1e999"]) {
      await expectKeptOrRefused(bench, "decimal", query);
    }
    const links = bench.expectLinks("managed", await bench.discover(BATTERY));
    bench.expect("managed", links.has(BATTERY), `${BATTERY} is not listed`);
  },
});

async function expectKeptOrRefused<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  query: string,
): Promise<void> {
  const answer = await bench.writeAttributes(BATTERY, [query]);
  if (answer.code === BAD_REQUEST) return bench.expect(criterion, true, "");
  bench.expectCode(criterion, answer, CHANGED);
  const [name, value] = query.split("=");
  const links = bench.expectLinks(criterion, await bench.discover(BATTERY));
  expectAttributes(bench, criterion, links, BATTERY, { [name]: Number(value) });
  await bench.givenAttributes(BATTERY, name);
}

/** Each of the rows is taken, shown at its own level, and unset again. */
async function expectTaken(
  bench: Bench<"set" | "shown" | "unset">,
  rows: readonly Allowed[],
): Promise<void> {
  for (const { name, value, paths, since } of rows) {
    for (const path of bench.version < since ? [] : paths) {
      const query = `${name}=${value}`;
      bench.expectCode("set", await bench.writeAttributes(path, [query]), CHANGED);
      const links = bench.expectLinks("shown", await bench.discover(path));
      expectAttributes(bench, "shown", links, path, { [name]: value });
      bench.expectCode("unset", await bench.writeAttributes(path, [name]), CHANGED);
      const link = bench.expectLinks("unset", await bench.discover(path)).get(path);
      const isGone = link !== undefined && attributeOf(link, name) === undefined;
      bench.expect("unset", isGone, `${path} still has ${name}`);
    }
  }
}

const TAKEN_CRITERIA = {
  set: "each attribute is taken at every level that it is for",
  shown: "Discover of that level shows it",
  unset: "its name alone unsets it",
};

const TAKEN = clientCase({
  id: "dormouse-attributes-levels",
  title: "Each attribute is taken at every level that it is for",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_4,
  begins: "registered",
  criteria: TAKEN_CRITERIA,
  procedure: (bench) => expectTaken(bench, ALLOWED_ROWS),
});

const TAKEN_EVALUATION = clientCase({
  id: "dormouse-attributes-evaluation",
  title: "epmin and epmax are taken at every level",
  versions: ["1.1", "1.2"],
  clauses: CLAUSES,
  configuration: C_4,
  begins: "registered",
  needs: { features: ["evaluation periods"] },
  criteria: TAKEN_CRITERIA,
  procedure: (bench) => expectTaken(bench, EVALUATION_ROWS),
});

/** What is set, and what then holds for the observed path. In order: each row changes what the ones before left. */
const INHERITED: readonly (readonly [
  path: string,
  query: string,
  observed: string,
  seconds: number,
  since?: Version,
])[] = [
  [OBJECT, "pmax=40", BATTERY, 40],
  [INSTANCE, "pmax=30", BATTERY, 30],
  [BATTERY, "pmax=20", BATTERY, 20],
  [BATTERY, "pmin=12", BATTERY, 20],
  [BATTERY, "pmax=8", BATTERY, 0],
  [BATTERY, "pmax", BATTERY, 30],
  [INSTANCE, "pmax", BATTERY, 40],
  [`${VOLTAGE}/0`, "pmax=15", `${VOLTAGE}/0`, 15, "1.1"],
  [VOLTAGE, "pmax=25", `${VOLTAGE}/0`, 15, "1.1"],
  [`${VOLTAGE}/0`, "pmax", `${VOLTAGE}/0`, 25, "1.1"],
  [BATTERY, "pmax=14", INSTANCE, 40, "1.2"],
  [OBJECT, "pmax", INSTANCE, 10],
];

const INHERITANCE = clientCase({
  id: "dormouse-attributes-inheritance",
  title: "The nearest level at or above what is observed decides, also when it is unset",
  versions: ALL,
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §6.4.2", "LwM2M Core 1.1.1 §E.2"],
  configuration: C_4,
  begins: "registered",
  criteria: {
    nearest:
      "notifications come every pmax of the nearest level that has one, else every 10 s of /1/0/3",
    ignored: "a pmax below pmin is refused by 4.00, or brings no notification",
  },
  async procedure(bench) {
    for (const [path, query, observed, seconds, since] of INHERITED) {
      if (since !== undefined && bench.version < since) continue;
      const answer = await bench.writeAttributes(path, [query]);
      if (seconds === 0) {
        const isTaken = answer.code === CHANGED || answer.code === BAD_REQUEST;
        bench.expect("ignored", isTaken, was(answer));
        if (answer.code === CHANGED) await expectSilence(bench, observed);
        continue;
      }
      bench.given(answer.code === CHANGED, `${was(answer)}, not by 2.04`);
      await expectPace(bench, "nearest", observed, seconds, `after ${query} at ${path}`);
    }
  },
});

/** While a pmax of 8 is below its pmin of 12: 30 and 40 of the levels above hold, or nothing does. */
async function expectSilence(bench: Bench<"ignored">, path: string): Promise<void> {
  const { token, tokenBytes } = await bench.givenObserved(path);
  await bench.wait(25 * SECOND);
  const came = bench.takeAll("notification", token).length;
  bench.expect("ignored", came === 0, `${came} notifications came though pmax is below pmin`);
  await bench.ask({ method: GET, path, observe: 1, token: tokenBytes });
}

/** Two notifications come, each after these seconds. */
async function expectPace<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  path: string,
  seconds: number,
  because: string,
  server = 0,
): Promise<void> {
  const { token, tokenBytes, answer } = await bench.observe(path, [], server);
  bench.given(answer.code >> 5 === 2, `${was(answer)}, not by 2.05`);
  let before = answer.at;
  for (const _ of ["first", "second"]) {
    const { tolerance } = bench.client;
    const latest = before + seconds * SECOND + SECOND + tolerance;
    const notification = await bench.next("notification", latest, token);
    const after = ((notification?.at ?? Number.NaN) - before) / SECOND;
    const isOnTime = after >= seconds - tolerance / SECOND;
    const why = `${because} a notification of ${path} came after ${after} s, not ${seconds} s`;
    bench.expect(criterion, isOnTime, why);
    before = notification?.at ?? before;
  }
  await bench.ask({ method: GET, path, observe: 1, token: tokenBytes }, server);
}

const TWO_SERVERS: BaseConfiguration = {
  ...C_14,
  name: "C.14 with the power sources of C.4",
  objects: { ...C_14.objects, 3: C_4.objects[3] },
};

const PER_SERVER = clientCase({
  id: "dormouse-attributes-servers",
  title: "Each server has attributes of its own",
  versions: ALL,
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §6.3.2"],
  configuration: TWO_SERVERS,
  begins: "registered",
  criteria: {
    shown: "Discover shows a server its own attributes and none of the other's",
    pace: "notifications keep to those of the server that observes",
    apart: "what one unsets the other keeps",
  },
  async procedure(bench) {
    await bench.givenAttributes(BATTERY, "pmax=10", "st=5");
    const other = await bench.writeAttributes(BATTERY, ["pmax=25", "gt=90"], 1);
    bench.given(other.code === CHANGED, `${was(other)}, not by 2.04`);
    for (const [server, has, lacks] of [
      [0, { pmax: 10, st: 5 }, "gt"],
      [1, { pmax: 25, gt: 90 }, "st"],
    ] as const) {
      const links = bench.expectLinks("shown", await bench.discover(BATTERY, [], server));
      expectAttributes(bench, "shown", links, BATTERY, has);
      const link = links.get(BATTERY);
      const isOwn = link !== undefined && attributeOf(link, lacks) === undefined;
      bench.expect("shown", isOwn, `server ${server + 1} is shown ${lacks}, which is the other's`);
    }
    for (const [server, seconds] of [
      [0, 10],
      [1, 25],
    ]) {
      const who = `to server ${server + 1}`;
      await expectPace(bench, "pace", BATTERY, seconds, who, server);
    }
    bench.step("the second server unsets what it has set");
    bench.expectCode("apart", await bench.writeAttributes(BATTERY, ["pmax", "gt"], 1), CHANGED);
    const links = bench.expectLinks("apart", await bench.discover(BATTERY));
    expectAttributes(bench, "apart", links, BATTERY, { pmax: 10, st: 5 });
  },
});

export const OWN_ATTRIBUTE_CASES: readonly ConformanceCase[] = [
  REFUSED,
  OVERFLOW,
  TAKEN,
  TAKEN_EVALUATION,
  INHERITANCE,
  PER_SERVER,
];
