/** Answers of the client's server that come late, in messages of their own, or never (RFC 7252 §5.2.2). */
import { CHANGED, CONTENT, EMPTY } from "../../../protocol/coap/codes.ts";
import {
  ACK,
  CON,
  type Message,
  NO_BYTES,
  NO_OPTIONS,
  NON,
} from "../../../protocol/coap/message.ts";
import { HOUR, MINUTE, SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_3 } from "../configurations.ts";
import type { Uplink } from "../scripted-server.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];

/** The Update that follows the trigger, and that the server leaves without answer. */
async function givenUpdate(bench: Bench): Promise<Uplink> {
  bench.server.answer = undefined;
  const execute = await bench.execute("/1/0/8");
  bench.given(execute.code === CHANGED, `${was(execute)}, not by 2.04`);
  bench.server.answer = () => "silence";
  const update = await bench.next("update", bench.now() + bench.pace.prompt);
  bench.given(update !== undefined, "no Update came");
  return update as Uplink;
}

function acknowledgement({ message }: Uplink): Message {
  const { messageId } = message;
  return {
    type: ACK,
    code: EMPTY,
    messageId,
    token: NO_BYTES,
    options: NO_OPTIONS,
    payload: NO_BYTES,
  };
}

function separate(bench: Bench, { message }: Uplink, type: number): Message {
  const messageId = bench.server.messageId();
  return {
    type,
    code: CHANGED,
    messageId,
    token: message.token,
    options: NO_OPTIONS,
    payload: NO_BYTES,
  };
}

/** Whether the client acknowledges this message. */
async function isAcknowledged(bench: Bench, { messageId }: Message): Promise<boolean> {
  const until = bench.now() + bench.pace.prompt;
  for (;;) {
    const came = bench.response();
    if (came?.messageId === messageId) return came.type === ACK && came.code === EMPTY;
    if (came === undefined && !(await bench.takeIn(until))) return false;
  }
}

/** Nothing more comes of an Update that was answered. */
async function expectSettled<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
): Promise<void> {
  await bench.wait(2 * MINUTE);
  const copies = bench.takeAll("repeated").length;
  const others = bench.takeAll("update").length + bench.takeAll("register").length;
  const why = `${copies} copies and ${others} other requests came`;
  bench.expect(criterion, copies + others === 0, why);
}

const SEPARATE = clientCase({
  id: "dormouse-late-answer",
  title: "An answer that comes after its acknowledgement, or before it, is taken",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §5.2.2", "RFC 7252 §4.5"],
  configuration: C_3,
  begins: "registered",
  criteria: {
    patient: "once it is acknowledged an Update is not repeated, though its answer takes 40 s",
    acknowledged: "the answer, Confirmable, is acknowledged, and so is its duplicate",
    settled: "after it no other Update comes",
    "non-confirmable": "the same holds for a Non-confirmable answer",
    overtaken: "and for an answer that comes without an acknowledgement before it",
  },
  async procedure(bench) {
    const first = await givenUpdate(bench);
    await bench.send(acknowledgement(first));
    await bench.wait(40 * SECOND);
    const copies = bench.takeAll("repeated").length;
    bench.expect("patient", copies === 0, `${copies} copies came after the acknowledgement`);
    const answer = separate(bench, first, CON);
    for (const name of ["answer", "duplicate"]) {
      await bench.send(answer);
      const isTaken = await isAcknowledged(bench, answer);
      bench.expect("acknowledged", isTaken, `the ${name} was not acknowledged`);
    }
    await expectSettled(bench, "settled");
    const second = await givenUpdate(bench);
    await bench.send(acknowledgement(second));
    await bench.send(separate(bench, second, NON));
    await expectSettled(bench, "non-confirmable");
    const third = await givenUpdate(bench);
    await bench.send(separate(bench, third, CON));
    await expectSettled(bench, "overtaken");
  },
});

const NEVER = clientCase({
  id: "dormouse-late-never",
  title: "A client whose Update was acknowledged and never answered does not wait for ever",
  versions: ALL,
  clauses: ["RFC 7252 §5.2.2", "LwM2M Core 1.1.1 §6.2.2"],
  configuration: C_3,
  begins: "registered",
  criteria: {
    back: "within a day another Update or a Register comes",
    managed: "and once that is answered, the client is managed",
  },
  async procedure(bench) {
    const update = await givenUpdate(bench);
    await bench.send(acknowledgement(update));
    await bench.wait(MINUTE);
    bench.step("the server answers again, but not that");
    bench.server.answer = undefined;
    const until = bench.now() + 24 * HOUR;
    let came: Uplink | undefined;
    while (came === undefined && (await bench.takeIn(until))) {
      came = bench.take("update") ?? bench.take("register");
    }
    bench.expect("back", came !== undefined, "nothing came");
    await bench.wait(bench.pace.prompt);
    bench.expectCode("managed", await bench.read("/1/0/0"), CONTENT);
  },
});

export const OWN_LATE_ANSWER_CASES: readonly ConformanceCase[] = [SEPARATE, NEVER];
