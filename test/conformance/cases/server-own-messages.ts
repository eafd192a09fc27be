/** What no published suite asks of a server about messages: those that are lost, come twice, late, in another order, or from elsewhere. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { CONTENT } from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import { ACK, type Message, RST } from "../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, uintOption } from "../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { formatBytes } from "../content.ts";
import { answered } from "../raw-clients.ts";
import { type Downlink, emptyOf } from "../scripted-client.ts";
import { ORDER_PATIENCE, type ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { givenUnanswered, separate } from "./server-coap-asking.ts";
import { ALL, expectToldValues, toldWords } from "./server-expectations.ts";

const MANUFACTURER = "/3/0/0";

/** A piggybacked answer. */
function piggybacked({ message }: Downlink, text: string, token = message.token): Message {
  return {
    type: ACK,
    code: CONTENT,
    messageId: message.messageId,
    token,
    options: [uintOption(CONTENT_FORMAT, TEXT)],
    payload: encodeUtf8(text),
  };
}

const RETRANSMISSION = serverCase({
  id: "dormouse-server-retransmission",
  title: "A request that is not answered is retransmitted",
  versions: ALL,
  clauses: ["RFC 7252 §4.2"],
  needs: ["read"],
  lasts: 100,
  criteria: {
    again: "the request comes again under the same Message ID and token",
    spaced: "after 2 to 3 s, and then after twice as long",
    bounded: "five times at most",
    told: "the operator is told that there was no answer",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    bench.client.answer = () => "silence";
    const orderId = await bench.order({ kind: "read", path: MANUFACTURER });
    const copies: Downlink[] = [];
    const until = bench.now() + 100 * SECOND;
    for (;;) {
      const copy = await bench.next(until, ({ path }) => path === MANUFACTURER);
      if (copy === undefined) break;
      copies.push(copy);
    }
    bench.expect("again", copies.length >= 2, `the request came ${copies.length} times`);
    const [first] = copies;
    const other = copies.find((copy) => !copy.isRepeated && copy !== first);
    bench.expect("again", other === undefined, "it came under another Message ID");
    const slack = bench.server.tolerance / SECOND;
    for (let i = 1; i < Math.min(copies.length, 4); i++) {
      const gap = (copies[i].at - copies[i - 1].at) / SECOND;
      const factor = 2 ** (i - 1);
      const isSpaced = gap >= 2 * factor - slack && gap <= 3 * factor + slack;
      const why = `copy ${i + 1} came ${gap.toFixed(1)} s after the one before`;
      bench.expect("spaced", isSpaced, why);
    }
    const most = DEFAULT_TRANSMISSION.maxRetransmit + 1;
    bench.expect("bounded", copies.length <= most, `the request came ${copies.length} times`);
    const outcome = await bench.ended(orderId);
    bench.expect("told", outcome?.isSuccess === false, toldWords(outcome));
  },
});

const LOST_REQUEST = serverCase({
  id: "dormouse-server-lost-request",
  title: "A request of which the first copies are lost is answered in the end",
  versions: ALL,
  clauses: ["RFC 7252 §4.2"],
  needs: ["read"],
  lasts: 17,
  criteria: {
    told: "the answer to the third copy reaches the operator",
    stops: "and no further copy comes",
  },
  async procedure(bench) {
    const { orderId, request } = await givenUnanswered(bench);
    for (let i = 0; i < 2; i++) {
      const copy = await bench.next(bench.now() + 10 * SECOND);
      bench.given(copy?.isRepeated === true, "no copy of the request came");
    }
    await bench.send(piggybacked(request, "At Last Ltd."));
    await expectToldValues(bench, "told", orderId, { [MANUFACTURER]: "At Last Ltd." });
    const more = await bench.next(bench.now() + 10 * SECOND);
    bench.expect("stops", more === undefined, "the request came again after its answer");
  },
});

const REORDERED_RESPONSE = serverCase({
  id: "dormouse-server-response-first",
  title: "A separate response that overtakes its acknowledgement",
  versions: ALL,
  clauses: ["RFC 7252 §5.2.2"],
  needs: ["read"],
  criteria: {
    acknowledged: "the response is acknowledged",
    told: "its value reaches the operator",
    unharmed: "the acknowledgement that comes after it does no harm: another Read is answered",
  },
  async procedure(bench) {
    const { orderId, request } = await givenUnanswered(bench);
    const answer = await bench.reaction(separate(bench, request, "Hasty Ltd."));
    bench.expect("acknowledged", answer?.type === ACK, answered("the response", answer));
    await expectToldValues(bench, "told", orderId, { [MANUFACTURER]: "Hasty Ltd." });
    await bench.send(emptyOf(ACK, request.message));
    await expectReadable(bench, "unharmed");
  },
});

/** A criterion: a Read is carried out as ever. */
export async function expectReadable<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
): Promise<void> {
  bench.client.answer = undefined;
  bench.client.forgetAnswers();
  bench.client.values.set("/3/0/1", "Still Here");
  const orderId = await bench.order({ kind: "read", path: "/3/0/1" });
  await expectToldValues(bench, criterion, orderId, { "/3/0/1": "Still Here" });
}

const FOREIGN_ANSWERS = serverCase({
  id: "dormouse-server-foreign-answers",
  title: "What is no answer to a request is not taken for one",
  versions: ALL,
  clauses: ["RFC 7252 §5.3.2", "RFC 7252 §4.2"],
  needs: ["read"],
  criteria: {
    token: "an acknowledgement with the Message ID and another token brings no value",
    address: "neither does a right answer from another address",
    told: "the client's own answer reaches the operator, if the request still waits for it",
  },
  async procedure(bench) {
    const { orderId, request } = await givenUnanswered(bench);
    const stranger = bench.addClient();
    await bench.send(piggybacked(request, "Spoofed Ltd."), stranger);
    const early = await bench.ended(orderId, SECOND);
    bench.expect("address", early === undefined, toldWords(early));
    const own = bench.client.token();
    await bench.send(piggybacked(request, "Mistaken Ltd.", own));
    const mistaken = await bench.ended(orderId, SECOND);
    const isMistaken = mistaken?.value?.includes("Mistaken") === true;
    bench.expect("token", !isMistaken, toldWords(mistaken));
    await bench.send(separate(bench, request, "Own Ltd."));
    const outcome = await bench.ended(orderId);
    const isOwn = outcome?.value === "Own Ltd." || outcome?.isSuccess === false;
    bench.expect("told", isOwn, toldWords(outcome));
  },
});

const RESET_REQUEST = serverCase({
  id: "dormouse-server-request-reset",
  title: "A request that is reset has failed at once",
  versions: ALL,
  clauses: ["RFC 7252 §4.2"],
  needs: ["read"],
  lasts: 9,
  criteria: {
    told: "the operator is told of the failure",
    stops: "the request does not come again",
    unharmed: "another Read is answered",
  },
  async procedure(bench) {
    const { orderId, request } = await givenUnanswered(bench);
    await bench.send(emptyOf(RST, request.message));
    const outcome = await bench.ended(orderId);
    bench.expect("told", outcome?.isSuccess === false, toldWords(outcome));
    const more = await bench.next(bench.now() + 8 * SECOND, ({ isRepeated }) => isRepeated);
    bench.expect("stops", more === undefined, "the request came again");
    await expectReadable(bench, "unharmed");
  },
});

const TOO_LATE = serverCase({
  id: "dormouse-server-late-response",
  title: "A response that comes after the operator was told of the failure",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §5.3.2"],
  needs: ["read"],
  lasts: 72,
  criteria: {
    given: "the operator is told of the failure in finite time",
    rejected: "the response is reset, acknowledged or ignored",
    unmixed: "the value of a later Read is that of its own answer",
  },
  async procedure(bench) {
    const { orderId, request } = await givenUnanswered(bench);
    const outcome = await bench.ended(orderId, ORDER_PATIENCE + 30 * SECOND);
    bench.expect("given", outcome?.isSuccess === false, toldWords(outcome));
    await bench.wait(SECOND);
    const answer = await bench.reaction(separate(bench, request, "Too Late Ltd."));
    const isRight = answer === undefined || answer.code === 0;
    bench.expect("rejected", isRight, answered("the response", answer));
    await expectReadable(bench, "unmixed");
  },
});

const ONE_AT_A_TIME = serverCase({
  id: "dormouse-server-nstart",
  title: "One request is under way at a time",
  versions: ALL,
  clauses: ["RFC 7252 §4.7"],
  needs: ["read"],
  criteria: {
    single: "while a request is not answered no other Confirmable one comes",
    all: "all that was ordered comes in the end",
  },
  async procedure(bench) {
    const paths = ["/3/0/0", "/3/0/1", "/3/0/2"];
    for (const path of paths) bench.client.values.set(path, path);
    await bench.givenRegistered();
    let isHolding = true;
    bench.client.answer = () => (isHolding ? "silence" : undefined);
    const orders: string[] = [];
    for (const path of paths) orders.push(await bench.order({ kind: "read", path }));
    await bench.wait(SECOND);
    const tokens = new Set(bench.takeAll().map(({ message }) => formatBytes(message.token)));
    bench.given(tokens.size > 0, "no request came");
    bench.expect("single", tokens.size === 1, `${tokens.size} requests are under way at once`);
    isHolding = false;
    bench.client.forgetAnswers();
    for (const [i, orderId] of orders.entries()) {
      const outcome = await bench.ended(orderId);
      bench.expect("all", outcome?.isSuccess === true, `of ${paths[i]} ${toldWords(outcome)}`);
    }
  },
});

export const SERVER_OWN_MESSAGE_CASES: readonly ServerCase[] = [
  RETRANSMISSION,
  LOST_REQUEST,
  REORDERED_RESPONSE,
  FOREIGN_ANSWERS,
  RESET_REQUEST,
  TOO_LATE,
  ONE_AT_A_TIME,
];
