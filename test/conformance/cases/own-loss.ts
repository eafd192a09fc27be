/** Requests that are lost, repeated, late or out of order: the server's, and of the client's those of registration and Send. */
import {
  CHANGED,
  CONTENT,
  CREATED,
  DELETE,
  DELETED,
  EMPTY,
  formatCode,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { CON, type Message, NO_BYTES, NON, RST } from "../../../protocol/coap/message.ts";
import { LOCATION_PATH } from "../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION, exchangeLifetime } from "../../../protocol/coap/parameters.ts";
import { pathOptions } from "../../../protocol/coap/uri.ts";
import { HOUR, MINUTE, type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, MAX_TRANSMIT_WAIT, type Question, was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_3, C_12 } from "../configurations.ts";
import { encodeValues, formatBytes } from "../content.ts";
import type { Uplink } from "../scripted-server.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const PMIN = "/1/0/2";
/** Longer than a client remembers Message IDs. */
const FORGOTTEN: Milliseconds = exchangeLifetime(DEFAULT_TRANSMISSION) + 5 * SECOND;
const DAY: Milliseconds = 24 * HOUR + MINUTE;

const identity = (path: string, at: string, text: string) =>
  encodeValues(TLV, path, { [at]: text });

/** One of each method, so that carrying it out twice would be answered otherwise, or would show. */
const DUPLICATED: readonly (readonly [string, Question, number])[] = [
  ["Write", { method: PUT, path: PMIN, format: TEXT, payload: Uint8Array.of(0x37) }, CHANGED],
  [
    "partial Write",
    { method: POST, path: "/16/0", format: TLV, payload: identity("/16/0", "/16/0/0/0", "a") },
    CHANGED,
  ],
  ["Write-Attributes", { method: PUT, path: "/3/0", query: ["pmin=5"] }, CHANGED],
  [
    "Create",
    { method: POST, path: "/16", format: TLV, payload: identity("/16", "/16/3/0/0", "b") },
    CREATED,
  ],
  ["Delete", { method: DELETE, path: "/16/3" }, DELETED],
  ["Execute", { method: POST, path: "/1/0/8" }, CHANGED],
];

const DUPLICATES = clientCase({
  id: "dormouse-duplicate-requests",
  title: "Every kind of request that comes twice is carried out once",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.5"],
  configuration: C_12,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    first: "each request is answered by its success code",
    same: "its duplicate, after its answer was lost, gets the same answer",
    once: "an Execute of the Update trigger that came twice is followed by one Update",
  },
  async procedure(bench) {
    for (const [name, question, code] of DUPLICATED) {
      bench.step(`${name}, whose answer is lost and which comes again`);
      // What came before may be told in an Update.
      await bench.wait(bench.pace.prompt);
      bench.takeAll("update");
      const message = bench.compose(question);
      const first = await bench.exchange(message);
      bench.expect("first", first?.code === code, `${name} was answered by ${outcomeOf(first)}`);
      await bench.wait(3 * SECOND);
      const second = await bench.exchange(message);
      const why = `the duplicate of ${name} was answered by ${outcomeOf(second)}`;
      bench.expect("same", second?.code === code, why);
      bench.expect("same", isSameAnswer(first, second), `${why}, with other content`);
    }
    await bench.wait(bench.pace.prompt);
    const updates = bench.takeAll("update").length;
    bench.expect("once", updates === 1, `${updates} Updates followed the Execute`);
  },
});

const LATE = clientCase({
  id: "dormouse-duplicate-late",
  title: "A late duplicate does not undo what came after the original",
  versions: ALL,
  clauses: ["RFC 7252 §4.4", "RFC 7252 §4.5", "RFC 7252 §4.8.2"],
  configuration: C_3,
  begins: "registered",
  criteria: {
    answered: "the duplicate of a Write, after a newer Write, is answered as the original was",
    unchanged: "the newer value stays",
    non: "the same holds for Non-confirmable Writes",
    order: "a request whose Message ID is lower than the one before is carried out all the same",
    anew: "and one with a Message ID that was used more than EXCHANGE_LIFETIME ago",
  },
  async procedure(bench) {
    const write = (value: number, type: number = CON): Message => {
      const payload = new TextEncoder().encode(`${value}`);
      return { ...bench.compose({ method: PUT, path: PMIN, format: TEXT, payload }), type };
    };
    const older = write(7);
    for (const message of [older, write(9)]) await givenChanged(bench, message);
    bench.step("the first Write comes again");
    const again = await bench.exchange(older);
    const outcome = outcomeOf(again);
    bench.expect("answered", again?.code === CHANGED, `it was answered by ${outcome}, not 2.04`);
    bench.expectValues("unchanged", await bench.read(PMIN), { [PMIN]: 9 });
    bench.step("two Non-confirmable Writes, of which the first comes again");
    const first = write(11, NON);
    for (const message of [first, write(12, NON)]) await givenChanged(bench, message);
    await bench.send(first);
    await bench.wait(bench.pace.prompt);
    bench.expectValues("non", await bench.read(PMIN), { [PMIN]: 12 });
    bench.step("two Writes that overtook each other");
    const [lower, higher] = [write(21), write(22)];
    for (const message of [higher, lower]) await givenChanged(bench, message);
    bench.expectValues("order", await bench.read(PMIN), { [PMIN]: 21 });
    bench.step("the Message ID of the first Write is used again");
    await bench.wait(FORGOTTEN);
    await bench.exchange({ ...write(31), messageId: older.messageId });
    bench.expectValues("anew", await bench.read(PMIN), { [PMIN]: 31 });
  },
});

const LOST_CREATED = clientCase({
  id: "dormouse-loss-created",
  title: "A client whose 2.01 is lost has one registration",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.5", "LwM2M Core 1.1.1 §6.2.1"],
  configuration: C_3,
  begins: "off",
  criteria: {
    repeated: "the Register comes again under its Message ID",
    once: "and under no other, though the 2.01 comes twice then",
    location: "an Update goes to the location of that 2.01",
    stale: "and still does when another 2.01 comes late, with another location",
  },
  async procedure(bench) {
    let created: Message | undefined;
    bench.losesReply = (reply) => {
      const isLost = created === undefined && reply.code === CREATED;
      if (isLost) created = reply;
      return isLost;
    };
    bench.step("the client is switched on; the first 2.01 is lost");
    await bench.client.start();
    const register = await bench.next("register", bench.pace.patience);
    if (register === undefined) return bench.given(false, "no Register came");
    const again = await bench.next("repeated", bench.now() + 4 * SECOND + bench.client.tolerance);
    bench.expect("repeated", again !== undefined, "the Register did not come again");
    if (created === undefined) return bench.given(false, "no 2.01 was sent");
    bench.step("the 2.01 comes twice");
    await bench.send(created);
    await bench.wait(MINUTE);
    const other = bench.take("register");
    bench.expect("once", other === undefined, "another Register came");
    await expectUpdate(bench, "location");
    bench.step("a 2.01 to the same Register comes late, and says another location");
    await bench.send({
      type: CON,
      code: CREATED,
      messageId: bench.server.messageId(),
      token: register.message.token,
      options: pathOptions(LOCATION_PATH, "/rd/other"),
      payload: NO_BYTES,
    });
    await bench.wait(bench.pace.prompt);
    await expectUpdate(bench, "stale");
  },
});

/** A request of the client's whose answers are lost, and how it comes to send one. */
interface Unanswered {
  readonly name: string;
  readonly kind: "update" | "deregister" | "send";
  readonly versions: readonly Version[];
  readonly clause: string;
  readonly needs?: ConformanceCase["needs"];
  provoke(bench: Bench): Promise<void>;
  /** Criterion `back` in words. */
  readonly back: string;
  /** Whether it is so, once the server answers again. */
  comesBack(bench: Bench): Promise<boolean>;
}

/** What RFC 7252 §4.2 says of it, and that the client is there afterwards. */
function unansweredCase(stated: Unanswered): ConformanceCase {
  const { name, kind, versions, needs, clause, back } = stated;
  return clientCase({
    id: `dormouse-loss-${kind}`,
    title: `${name} that is lost comes again, and is given up in the end`,
    versions,
    clauses: ["RFC 7252 §4.2", "RFC 7252 §4.8.2", clause],
    configuration: C_3,
    begins: "registered",
    needs,
    criteria: {
      once: "when its answer is lost, and the next copy answered, no more copies and no other such request come",
      repeated:
        "while nobody answers, copies come no sooner than 2 s after it, then each time after twice the time before",
      few: "no more than four of them",
      back,
    },
    async procedure(bench) {
      bench.step("its first answer is lost");
      let hasLost = false;
      bench.losesReply = (reply) => {
        const isFirst = !hasLost && reply.code !== EMPTY;
        hasLost ||= isFirst;
        return isFirst;
      };
      await givenProvoked(bench, stated);
      await bench.wait(MAX_TRANSMIT_WAIT);
      const copies = bench.takeAll("repeated").length;
      const others = bench.takeAll(kind).length;
      const why = `${copies} copies and ${others} other ${kind} requests came`;
      bench.expect("once", copies === 1 && others === 0, why);
      if (kind === "deregister") await givenReturn(bench);
      bench.step("nobody answers");
      bench.server.answer = () => "silence";
      const first = await givenProvoked(bench, stated);
      await bench.wait(MAX_TRANSMIT_WAIT);
      expectCopies(bench, first);
      bench.step("the server answers again");
      bench.server.answer = undefined;
      for (const left of ["update", "register", "repeated"] as const) bench.takeAll(left);
      bench.expect("back", await stated.comesBack(bench), `not so: ${back}`);
    },
  });
}

async function givenProvoked(bench: Bench, { kind, provoke }: Unanswered): Promise<Uplink> {
  await provoke(bench);
  const first = await bench.next(kind, bench.now() + bench.pace.prompt);
  bench.given(first !== undefined, `no ${kind} came`);
  return first as Uplink;
}

/** Of a request that nobody answered. */
function expectCopies(bench: Bench<"repeated" | "few">, { at, message }: Uplink): void {
  const { tolerance } = bench.client;
  const copies = bench
    .takeAll("repeated")
    .filter((one) => one.message.messageId === message.messageId);
  let before = at;
  let gap = 0;
  bench.expect("repeated", copies.length > 0, "no copy came");
  for (const copy of copies) {
    const after = copy.at - before;
    const isOnTime =
      gap === 0 ? after >= 2 * SECOND - tolerance : Math.abs(after - 2 * gap) <= 1 + 2 * tolerance;
    const why = `a copy came ${after / SECOND} s after the one before, which came after ${gap / SECOND} s`;
    bench.expect("repeated", isOnTime, why);
    gap = after;
    before = copy.at;
  }
  const most = DEFAULT_TRANSMISSION.maxRetransmit;
  bench.expect("few", copies.length <= most, `${copies.length} copies came`);
}

const AWAY_SECONDS = 300;

/** Disable, for a time that is written first. */
async function disable(bench: Bench): Promise<void> {
  const write = await bench.put("/1/0/5", TEXT, `${AWAY_SECONDS}`);
  bench.given(write.code === CHANGED, `${was(write)}, not by 2.04`);
  await bench.execute("/1/0/4");
}

async function comesAnew(bench: Bench, within: Milliseconds): Promise<boolean> {
  const until = bench.now() + within;
  bench.server.isRegistered = false;
  while (!bench.server.isRegistered && (await bench.takeIn(until)));
  return bench.server.isRegistered;
}

/** It registers again when its time away is over. */
async function givenReturn(bench: Bench): Promise<void> {
  const within = AWAY_SECONDS * SECOND + bench.pace.patience;
  bench.given(await comesAnew(bench, within), "the client did not register again");
  await bench.wait(bench.pace.prompt);
}

const UPDATE_LOST = unansweredCase({
  name: "An Update",
  kind: "update",
  versions: ALL,
  clause: "LwM2M Core 1.1.1 §6.2.2",
  provoke: async (bench) => void (await bench.execute("/1/0/8")),
  back: "once the server answers again, an Update or Register comes within a day, and the client is managed",
  async comesBack(bench) {
    const until = bench.now() + DAY;
    let came: Uplink | undefined;
    while (came === undefined && (await bench.takeIn(until))) {
      came = bench.take("update") ?? bench.take("register");
    }
    await bench.wait(bench.pace.prompt);
    return came !== undefined && (await bench.read("/1/0/0")).code === CONTENT;
  },
});

const DEREGISTER_LOST = unansweredCase({
  name: "A De-register",
  kind: "deregister",
  versions: ALL,
  clause: "LwM2M Core 1.1.1 §6.2.3",
  needs: { features: ["disable"] },
  provoke: disable,
  back: "the client stays away for its Disable Timeout all the same, then registers",
  comesBack: (bench) => comesAnew(bench, AWAY_SECONDS * SECOND + bench.pace.patience),
});

const SEND_LOST = unansweredCase({
  name: "A Send",
  kind: "send",
  versions: ["1.1", "1.2"],
  clause: "LwM2M Core 1.1.1 §6.4.6",
  needs: { features: ["send"], sends: true },
  provoke: async (bench) => {
    const unmute = await bench.put("/1/0/23", TEXT, "0");
    bench.given(unmute.code === CHANGED, `${was(unmute)}, not by 2.04`);
    await bench.client.report?.(["/3/0/0"]);
  },
  back: "the next Send comes, under a Message ID of its own",
  async comesBack(bench) {
    bench.takeAll("send");
    await bench.client.report?.(["/3/0/1"]);
    return (await bench.next("send", bench.now() + DAY)) !== undefined;
  },
});

async function givenChanged(bench: Bench, message: Message): Promise<void> {
  const came = await bench.exchange(message);
  bench.given(came?.code === CHANGED, `a Write was answered by ${outcomeOf(came)}, not by 2.04`);
}

/** The Update trigger is followed by an Update to the present location. */
async function expectUpdate<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
): Promise<void> {
  const execute = await bench.execute("/1/0/8");
  bench.given(execute.code === CHANGED, `${was(execute)}, not by 2.04`);
  const update = await bench.next("update", bench.now() + bench.pace.prompt);
  bench.expect(criterion, update !== undefined, `no Update came to ${bench.server.location}`);
}

function outcomeOf(message: Message | undefined): string {
  if (message === undefined) return "nothing";
  return message.type === RST ? "a Reset" : formatCode(message.code);
}

function isSameAnswer(left: Message | undefined, right: Message | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  const optionsOf = ({ options }: Message) =>
    options.map(({ number, value }) => `${number}: ${formatBytes(value)}`).join();
  const isSamePayload = formatBytes(left.payload) === formatBytes(right.payload);
  return isSamePayload && optionsOf(left) === optionsOf(right);
}

export const OWN_LOSS_CASES: readonly ConformanceCase[] = [
  DUPLICATES,
  LATE,
  LOST_CREATED,
  UPDATE_LOST,
  DEREGISTER_LOST,
  SEND_LOST,
];
