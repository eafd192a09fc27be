/** What no published suite asks of a Bootstrap-Server: loss, late answers, silence, forged answers. */
import { CHANGED } from "../../../protocol/coap/codes.ts";
import { ACK, CON, NO_BYTES, NO_OPTIONS, RST } from "../../../protocol/coap/message.ts";
import {
  DEFAULT_TRANSMISSION,
  exchangeLifetime,
  maxTransmitWait,
} from "../../../protocol/coap/parameters.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { ACCOUNT } from "../bootstrap-accounts.ts";
import {
  type BootstrapBench,
  describe,
  idOf,
  isFinish,
  isWrite,
  nameOf,
} from "../bootstrap-bench.ts";
import type { Heard } from "../bootstrap-client.ts";
import { type BootstrapServerCase, bootstrapServerCase } from "../bootstrap-harness.ts";
import { formatBytes } from "../content.ts";
import { type Downlink, emptyOf } from "../scripted-client.ts";
import {
  expectAccount,
  expectFinished,
  expectRequestTaken,
} from "./bootstrap-server-expectations.ts";

const ALL = ["1.0", "1.1", "1.2"] as const;
/** Until a server gives a request up, and a little. */
const GIVING_UP = maxTransmitWait(DEFAULT_TRANSMISSION) + 5 * SECOND;
const MOST_COPIES = DEFAULT_TRANSMISSION.maxRetransmit + 1;
/** Between the copies of a request, at most: ACK_TIMEOUT times ACK_RANDOM_FACTOR, and a little. */
const REPEATED_WITHIN = 5 * SECOND;

const RETRANSMISSION = bootstrapServerCase({
  id: "dormouse-bootstrap-retransmission",
  title: "Each request that gets lost is sent again",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.8"],
  criteria: {
    again: "each comes again, with Message ID, token and payload as before",
    spaced: "after 2 to 3 s",
    complete: "and the bootstrap is carried through",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    bench.step("the first copy of each request gets lost");
    const seen = new Set<string>();
    bench.client.loses = (message) => {
      const isFirst = !seen.has(`${message.messageId}`);
      seen.add(`${message.messageId}`);
      return isFirst;
    };
    await bench.givenBegun();
    const session = await bench.follow(REPEATED_WITHIN);
    const finished = session.isFinished ? await bench.nextRequest(REPEATED_WITHIN) : undefined;
    for (const [first, second] of copiesOf(bench.client.heard)) {
      const name = nameOf(first);
      bench.expect("again", second !== undefined, `${name} did not come again`);
      if (second === undefined) continue;
      const isSame = sameness(first) === sameness(second);
      bench.expect("again", isSame, `${name} came again as another message`);
      const gap = second.at - first.at;
      const { tolerance } = bench.server;
      const isSpaced = gap >= 2 * SECOND - tolerance && gap <= 3 * SECOND + tolerance;
      bench.expect("spaced", isSpaced, `${name} came again after ${gap / SECOND} s`);
    }
    const isWhole = finished !== undefined && isFinish(finished);
    bench.expect("complete", isWhole, `it came to ${describe(session)}`);
    expectAccount(bench, "complete", session, ACCOUNT);
  },
});

/** Each message with its second copy. */
function copiesOf(heard: readonly Heard[]): [Heard, Heard | undefined][] {
  const byId = new Map<number, Heard[]>();
  for (const one of heard) {
    const { messageId } = one.message;
    byId.set(messageId, [...(byId.get(messageId) ?? []), one]);
  }
  return [...byId.values()].map(([first, second]) => [first, second]);
}

function sameness({ message, path }: Heard): string {
  return `${idOf(message)} ${message.code} ${path} ${formatBytes(message.payload)}`;
}

const SILENCE = bootstrapServerCase({
  id: "dormouse-bootstrap-silence",
  title: "A client that falls silent is given up",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "LwM2M Core 1.1.1 §6.1.7"],
  criteria: {
    bounded: "a request that is not answered comes five times at most",
    stops: "and nothing comes after it, Finish neither",
    again: "a client that asks anew is bootstrapped",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    await bench.givenBegun();
    const first = await bench.nextRequest();
    bench.given(first !== undefined, "no request came");
    bench.step("the client falls silent");
    bench.client.loses = () => true;
    await bench.wait(GIVING_UP);
    const unanswered = bench.takeAll().filter((one) => idOf(one.message) !== idOf(first!.message));
    bench.given(unanswered.length > 0, "no request came that could be left unanswered");
    const ids = new Set(unanswered.map(({ message }) => idOf(message)));
    const count = unanswered.length;
    bench.expect("bounded", count <= MOST_COPIES * ids.size, `${count} copies came`);
    const names = unanswered.map((one) => nameOf(one)).join(", ");
    bench.expect("stops", ids.size <= 1, `it went on without an answer: ${names}`);
    const more = await bench.unexpected(exchangeLifetime(DEFAULT_TRANSMISSION) - GIVING_UP);
    bench.expect("stops", more === undefined, more === undefined ? "" : `${nameOf(more)} came`);
    bench.client.loses = undefined;
    await expectRequestTaken(bench, "again");
    await expectFinished(bench, "again", await bench.follow());
  },
});

const SEPARATE = bootstrapServerCase({
  id: "dormouse-bootstrap-separate",
  title: "An answer in a message of its own is taken and acknowledged",
  versions: ALL,
  clauses: ["RFC 7252 §5.2.2"],
  criteria: {
    patient: "after an empty acknowledgement the request does not come again",
    acknowledged: "the separate response is acknowledged",
    onward: "and the bootstrap goes on to Finish",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    bench.client.special = (downlink) => (isWrite(downlink) ? "silence" : undefined);
    await bench.givenBegun();
    const write = await nextWrite(bench);
    await bench.send(emptyOf(ACK, write.message));
    const copy = await bench.next(bench.now() + 8 * SECOND);
    bench.expect("patient", copy === undefined, copy === undefined ? "" : `${nameOf(copy)} came`);
    bench.client.special = undefined;
    const { code } = bench.client.obey(write);
    bench.given(code === CHANGED, "the client itself does not take the Write");
    const messageId = bench.client.messageId();
    const { token } = write.message;
    await bench.send({ type: CON, code, messageId, token, options: NO_OPTIONS, payload: NO_BYTES });
    const isHeard = await isAnswered(bench, ACK, messageId);
    bench.expect("acknowledged", isHeard, "the separate response was not acknowledged");
    await expectFinished(bench, "onward", await bench.follow());
  },
});

const FORGED = bootstrapServerCase({
  id: "dormouse-bootstrap-forged",
  title: "Only the client's own answer to its own request counts",
  versions: ALL,
  clauses: ["RFC 7252 §5.3.2", "RFC 7252 §5.3.1", "RFC 7252 §4.2"],
  criteria: {
    source: "an answer from another address moves nothing",
    token: "an answer with another token moves nothing",
    rejected: "and it is not acknowledged",
    onward: "the client's answer does",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    bench.client.special = (downlink) => (isWrite(downlink) ? "silence" : undefined);
    await bench.givenBegun();
    const write = await nextWrite(bench);
    const { messageId, token } = write.message;
    const answer = {
      type: ACK,
      code: CHANGED,
      messageId,
      token,
      options: NO_OPTIONS,
      payload: NO_BYTES,
    };
    const stranger = bench.addClient();
    bench.step("another address answers in the client's name");
    await bench.send(answer, stranger);
    await expectUnmoved(bench, "source");
    bench.step("the client's address answers something that nobody asked");
    const otherToken = new Uint8Array([...token, 0x77]).subarray(0, 8);
    const wrong =
      token.length === 0 ? new Uint8Array([0x77]) : otherToken.map((byte) => byte ^ 0xff);
    const ownId = bench.client.messageId();
    await bench.send({ ...answer, type: CON, messageId: ownId, token: wrong });
    await expectUnmoved(bench, "token");
    const isTaken = await isAnswered(bench, ACK, ownId);
    bench.expect("rejected", !isTaken, "an answer to nothing was acknowledged");
    bench.client.special = undefined;
    await bench.reply(write, bench.client.obey(write));
    await expectFinished(bench, "onward", await bench.follow());
  },
});

/** A criterion: the server does not go on to another request, for a moment shorter than any retransmission timeout. */
async function expectUnmoved<Criterion extends string>(
  bench: BootstrapBench<Criterion>,
  criterion: Criterion,
): Promise<void> {
  const next = await bench.nextRequest(SECOND / 2);
  const words = next === undefined ? "" : `it went on with ${nameOf(next)}`;
  bench.expect(criterion, next === undefined, words);
}

/** The first Write of a bootstrap: what the criteria are about. */
async function nextWrite(bench: BootstrapBench): Promise<Downlink> {
  for (;;) {
    const request = await bench.nextRequest();
    bench.given(request !== undefined, "no Write came");
    if (isWrite(request!)) return request!;
  }
}

/** Whether an empty message of a type came in answer to a message of the client's, within a moment. */
async function isAnswered(
  bench: BootstrapBench,
  type: number,
  messageId: number,
): Promise<boolean> {
  return bench.waitFor(
    () => {
      for (let came = bench.response(); came !== undefined; came = bench.response()) {
        if (came.messageId === messageId && (came.type === type || came.type === RST)) {
          return came.type === type;
        }
      }
      return false;
    },
    bench.now() + SECOND / 2,
  );
}

export const BOOTSTRAP_SERVER_MESSAGE_CASES: readonly BootstrapServerCase[] = [
  RETRANSMISSION,
  SEPARATE,
  FORGED,
  SILENCE,
];
