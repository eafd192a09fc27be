/** When a client registers, and tries again, as the account says: /1/x/13 to /1/x/20, measured. */
import { CREATED, FORBIDDEN, INTERNAL_SERVER_ERROR } from "../../../protocol/coap/codes.ts";
import { TLV } from "../../../protocol/coap/content-formats.ts";
import { CON, type Message, NO_BYTES } from "../../../protocol/coap/message.ts";
import { LOCATION_PATH } from "../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION, maxTransmitSpan } from "../../../protocol/coap/parameters.ts";
import { pathOptions } from "../../../protocol/coap/uri.ts";
import { HOUR, MINUTE, type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, MAX_TRANSMIT_WAIT } from "../bench.ts";
import { givenBootstrapped } from "../bootstrapping.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import {
  type BaseConfiguration,
  C_1,
  C_1_BOOTSTRAP,
  C_14,
  type Values,
  withValues,
} from "../configurations.ts";
import type { Uplink } from "../scripted-server.ts";

const SINCE_1_1: readonly Version[] = ["1.1", "1.2"];
const CLAUSES = ["LwM2M Core 1.1.1 §6.2.1.1", "LwM2M Core 1.1.1 §E.2"];
/** How late a timer of whole seconds may be. */
const TICK: Milliseconds = SECOND;

/** Resources of an account as paths, for `needs`. */
const resources = (values: Values) => Object.keys(values).map((id) => `/1/0/${id}`);

/** Refuses every Register at this server, as one that cannot at the moment. */
function refuse(bench: Bench, server = 0, code: number = INTERNAL_SERVER_ERROR): void {
  bench.servers[server].answer = ({ kind }) => (kind === "register" ? { code } : undefined);
}

/** The next Registers come after these pauses, each counted from the one before. */
async function expectPauses<Criterion extends string>(
  bench: Bench<Criterion>,
  first: Uplink,
  pauses: readonly (readonly [Criterion, seconds: number])[],
): Promise<Uplink> {
  const { tolerance } = bench.client;
  let before = first;
  for (const [criterion, seconds] of pauses) {
    const until = before.at + seconds * SECOND + TICK + tolerance;
    const next = await bench.next("register", until);
    const after = ((next?.at ?? Number.NaN) - before.at) / SECOND;
    const isOnTime = after >= seconds - tolerance / SECOND;
    const why = `Register came ${after} s after the one before, and was due after ${seconds} s`;
    bench.expect(criterion, isOnTime, next === undefined ? `none came within ${seconds} s` : why);
    before = next ?? before;
  }
  return before;
}

async function givenFirst(bench: Bench): Promise<Uplink> {
  await bench.client.start();
  const first = await bench.next("register", bench.pace.patience);
  bench.given(first !== undefined, "no Register came");
  return first as Uplink;
}

const TIMERS: Values = { 17: 3, 18: 10, 19: 300, 20: 2 };

const RETRIES = clientCase({
  id: "dormouse-retry-timers",
  title: "A refused Register is tried again as the account says",
  versions: SINCE_1_1,
  clauses: CLAUSES,
  configuration: withValues(C_1, 1, 0, TIMERS),
  begins: "off",
  needs: { resources: resources(TIMERS) },
  criteria: {
    "back-off":
      "with a timer of 10 s the second attempt comes after 10 s, the third after 20 s more",
    delay: "with a count of 3 the next comes after the sequence delay of 300 s",
    sequence: "the second sequence is like the first",
    accepted: "once it is accepted, Register does not come again",
  },
  async procedure(bench) {
    refuse(bench);
    const first = await givenFirst(bench);
    await expectPauses(bench, first, [
      ["back-off", 10],
      ["back-off", 20],
      ["delay", 300],
      ["sequence", 10],
    ]);
    bench.step("the server takes the last attempt");
    bench.server.answer = undefined;
    const last = await bench.next(
      "register",
      bench.now() + 20 * SECOND + TICK + bench.client.tolerance,
    );
    bench.expect("sequence", last !== undefined, "the third attempt of the sequence did not come");
    await bench.wait(HOUR);
    bench.expect("accepted", bench.take("register") === undefined, "Register came after 2.01");
  },
});

const DEFAULTS = clientCase({
  id: "dormouse-retry-defaults",
  title: "Without settings the standard's hold",
  versions: SINCE_1_1,
  clauses: CLAUSES,
  configuration: C_1,
  begins: "off",
  criteria: {
    "back-off": "attempts come after 60, 120, 240 and 480 s",
    count: "after the fifth there is none for at least the 960 s that a sixth would take",
  },
  async procedure(bench) {
    refuse(bench);
    const first = await givenFirst(bench);
    const pauses = [60, 120, 240, 480].map((seconds) => ["back-off", seconds] as const);
    await expectPauses(bench, first, pauses);
    const sixth = await bench.next("register", bench.now() + 961 * SECOND);
    bench.expect("count", sixth === undefined, `a sixth came at ${(sixth?.at ?? 0) / SECOND} s`);
  },
});

const SHORT: Values = { 17: 2, 18: 10, 19: 100, 20: 2 };

const UNANSWERED = clientCase({
  id: "dormouse-retry-unanswered",
  title: "A Register that nobody answers is one attempt, with all its copies",
  versions: SINCE_1_1,
  clauses: [...CLAUSES, "RFC 7252 §4.2"],
  configuration: withValues(C_1, 1, 0, SHORT),
  begins: "off",
  needs: { resources: resources(SHORT) },
  criteria: {
    attempt:
      "the second attempt comes 10 s after the first has been given up, which took 45 to 93 s",
    delay: "the third after the sequence delay of 100 s instead",
  },
  async procedure(bench) {
    bench.server.answer = () => "silence";
    let before = await givenFirst(bench);
    for (const [criterion, pause] of [
      ["attempt", 10],
      ["delay", 100],
    ] as const) {
      const { tolerance } = bench.client;
      const latest = before.at + MAX_TRANSMIT_WAIT + pause * SECOND + TICK + tolerance;
      const next = await bench.next("register", latest);
      const after = (next?.at ?? Number.NaN) - before.at;
      const earliest = maxTransmitSpan(DEFAULT_TRANSMISSION) + pause * SECOND - tolerance;
      const why = `Register came ${after / SECOND} s after the one before`;
      bench.expect(criterion, after >= earliest, why);
      before = next ?? before;
    }
  },
});

const FAILING: Values = { 16: true, 17: 2, 18: 10, 19: 60, 20: 2 };

const BOOTSTRAP = clientCase({
  id: "dormouse-retry-bootstrap",
  title: "When all sequences have failed the bootstrap server is asked",
  versions: SINCE_1_1,
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §6.1.3.3"],
  configuration: withValues(C_1_BOOTSTRAP, 1, 0, FAILING),
  begins: "off",
  needs: { features: ["bootstrap"], formats: [TLV], resources: resources(FAILING) },
  criteria: {
    sequences: "two sequences of two attempts are made, 10 s apart, with 60 s between them",
    request: "then a Bootstrap-Request comes, and not before",
    register: "and once an account is written, a Register",
  },
  async procedure(bench) {
    refuse(bench);
    const first = await givenFirst(bench);
    const last = await expectPauses(bench, first, [
      ["sequences", 10],
      ["sequences", 60],
      ["sequences", 10],
    ]);
    const early = bench.take("bootstrap") ?? bench.take("pack");
    const isEarly = early !== undefined && early.at < last.at;
    bench.expect("request", !isEarly, "a Bootstrap-Request came before the last attempt");
    const until = bench.now() + bench.pace.patience;
    const request = await bench.next("bootstrap", until);
    bench.expect("request", request !== undefined, "no Bootstrap-Request came");
    bench.server.answer = undefined;
    await givenBootstrapped(bench, { format: TLV });
    const register = await bench.next("register", bench.now() + bench.pace.patience);
    bench.expect("register", register !== undefined, "no Register came after Finish");
  },
});

const KEEPING: Values = { ...FAILING, 16: false };

const NO_BOOTSTRAP = clientCase({
  id: "dormouse-retry-no-bootstrap",
  title: "Unless the account forbids it",
  versions: SINCE_1_1,
  clauses: CLAUSES,
  configuration: withValues(C_1_BOOTSTRAP, 1, 0, KEEPING),
  begins: "off",
  needs: { features: ["bootstrap"], resources: resources(KEEPING) },
  criteria: { silent: "with /1/0/16 false no Bootstrap-Request comes within an hour of failing" },
  async procedure(bench) {
    refuse(bench);
    await givenFirst(bench);
    await bench.wait(HOUR);
    const asked = bench.take("bootstrap") ?? bench.take("pack");
    const when = (asked?.at ?? 0) / SECOND;
    bench.expect("silent", asked === undefined, `a Bootstrap-Request came at ${when} s`);
  },
});

/** Two servers with settings of their own. */
function twoServers(name: string, first: Values, second: Values): BaseConfiguration {
  return { ...withValues(withValues(C_14, 1, 0, first), 1, 1, second), name: `C.14 with ${name}` };
}

const ORDER = clientCase({
  id: "dormouse-registration-order",
  title: "Servers are registered with in the order of their priorities",
  versions: SINCE_1_1,
  clauses: CLAUSES,
  configuration: twoServers("priorities, the second server's first", { 13: 2 }, { 13: 1 }),
  begins: "off",
  needs: { resources: ["/1/0/13", "/1/1/13"] },
  criteria: {
    first: "the server with the lower number is registered with first",
    waits: "while it does not answer, nothing goes to the other",
    next: "once it has answered, the other's turn comes at once",
  },
  async procedure(bench) {
    bench.servers[1].answer = () => "silence";
    await bench.client.start();
    const first = await bench.next("register", bench.pace.patience);
    const which = first === undefined ? "none came" : `it came to server ${first.server + 1}`;
    bench.expect("first", first?.server === 1, `of Registers, ${which}`);
    await bench.wait(bench.pace.prompt);
    const other = bench.take("register");
    bench.expect("waits", other === undefined, "a Register came to server 1 meanwhile");
    bench.step("the second server answers, in a message of its own");
    await bench.send(createdLate(bench, first as Uplink), 1);
    const next = await bench.next("register", bench.now() + bench.pace.prompt);
    bench.expect("next", next?.server === 0, "no Register came to server 1");
  },
});

/** 2.01 to a Register that had no answer. */
function createdLate(bench: Bench, { message, server }: Uplink): Message {
  return {
    type: CON,
    code: CREATED,
    messageId: bench.servers[server].messageId(),
    token: message.token,
    options: pathOptions(LOCATION_PATH, "/rd/late"),
    payload: NO_BYTES,
  };
}

const DELAY = clientCase({
  id: "dormouse-registration-delay",
  title: "The Initial Registration Delay is waited for",
  versions: SINCE_1_1,
  clauses: CLAUSES,
  configuration: twoServers("a delay of 30 s at the second", { 14: 0 }, { 14: 30 }),
  begins: "off",
  needs: { resources: ["/1/0/14", "/1/1/14"] },
  criteria: { delay: "the second server's Register comes 30 s after the first server's" },
  async procedure(bench) {
    const first = await givenFirst(bench);
    bench.given(first.server === 0, "the first Register came to the second server");
    const { tolerance } = bench.client;
    const second = await bench.next("register", first.at + 30 * SECOND + TICK + tolerance);
    const after = (second?.at ?? Number.NaN) - first.at;
    const isOnTime = second?.server === 1 && after >= 30 * SECOND - tolerance;
    bench.expect("delay", isOnTime, `it came ${after / SECOND} s after the first server's`);
  },
});

const ONE_ATTEMPT: Values = { 17: 1, 18: 10, 19: 86400, 20: 1 };

/** The first server, whose turn comes first, refuses; what becomes of the second? */
function failingFirst(blocks: boolean): ConformanceCase {
  const words = blocks ? "blocks" : "does not block";
  return clientCase({
    id: blocks ? "dormouse-registration-block" : "dormouse-registration-pass",
    title: `A server that fails ${words} those after it, as its account says`,
    versions: SINCE_1_1,
    clauses: CLAUSES,
    configuration: twoServers(
      `a first that ${words}`,
      { ...ONE_ATTEMPT, 13: 1, 15: blocks },
      { 13: 2 },
    ),
    begins: "off",
    needs: { resources: [13, 15, 17, 18, 19, 20].map((id) => `/1/0/${id}`) },
    criteria: {
      first: "the first server is registered with first",
      second: blocks
        ? "after it has refused, nothing goes to the second for ten minutes"
        : "after it has refused, the second is registered with",
    },
    async procedure(bench) {
      refuse(bench, 0, FORBIDDEN);
      await bench.client.start();
      const first = await bench.next("register", bench.pace.patience);
      bench.expect("first", first?.server === 0, "no Register came to server 1 first");
      const second = await nextAt(bench, 1, bench.now() + 10 * MINUTE);
      const came = second === undefined ? "no Register came to server 2" : "it came to server 2";
      bench.expect("second", (second === undefined) === blocks, came);
    },
  });
}

async function nextAt(bench: Bench, server: number, until: Milliseconds) {
  for (;;) {
    const register = await bench.next("register", until);
    if (register === undefined || register.server === server) return register;
  }
}

export const OWN_RETRY_CASES: readonly ConformanceCase[] = [
  RETRIES,
  DEFAULTS,
  UNANSWERED,
  BOOTSTRAP,
  NO_BOOTSTRAP,
  ORDER,
  DELAY,
  failingFirst(true),
  failingFirst(false),
];
