/** What no published suite asks of a server about messages: those that are lost, come twice, late, in another order, or from elsewhere. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  BAD_OPTION,
  CHANGED,
  CONTENT,
  CREATED,
  DELETE,
  DELETED,
  GET,
  isSuccess,
  POST,
  PROXYING_NOT_SUPPORTED,
} from "../../../protocol/coap/codes.ts";
import { SENML_CBOR, TEXT } from "../../../protocol/coap/content-formats.ts";
import { ACK, encodeMessage, type Message, NON, RST } from "../../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  LOCATION_PATH,
  PROXY_URI,
  textOption,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { bytesOf, encodeValues, formatBytes } from "../content.ts";
import { answered, codeWords } from "../raw-clients.ts";
import { type Downlink, emptyOf } from "../scripted-client.ts";
import { ORDER_PATIENCE, SERVER_PROMPT, type ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { givenUnanswered, separate } from "./server-coap-asking.ts";
import {
  ALL,
  expectHeard,
  expectToldValues,
  isUnlisted,
  SINCE_1_1,
  toldWords,
} from "./server-expectations.ts";
import { OBSERVED, OBSERVED_LIST } from "./server-observation.ts";

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

// What clients send twice.

const REPEATED_REGISTER = serverCase({
  id: "dormouse-server-duplicate",
  title: "A Register that comes twice is carried out once and answered twice alike",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.5"],
  criteria: {
    same: "the second copy gets the answer of the first, with the same Location-Path",
    valid: "the location is good afterwards",
  },
  async procedure(bench) {
    const message = bench.registration();
    const first = bench.takeLocation(await bench.exchange(message));
    bench.given(first?.code === CREATED, answered("Register", first));
    bench.step("the network brings a second copy");
    const second = await bench.exchange(message);
    bench.expect("same", second?.code === CREATED, answered("the second copy", second));
    const locations = [first, second].map((one) => pathOf(one?.options ?? [], LOCATION_PATH));
    const isSame = locations[0] === locations[1];
    bench.expect("same", isSame, `the copies were given ${locations.join(" and ")}`);
    const update = await bench.update();
    bench.expect("valid", isSuccess(update?.code ?? 0), answered("Update", update));
  },
});

const REPEATED_OTHERS = serverCase({
  id: "dormouse-server-duplicates",
  title: "Update and De-register that come twice are answered twice alike",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.5"],
  criteria: {
    update: "both copies of an Update get the same answer",
    deregister: "so do both of a De-register: 2.02, although the location is no more",
    refusal: "and both of an Update that is refused",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    for (const [criterion, message, code] of [
      ["update", bench.compose(POST, bench.location, { query: ["lt=200"] }), CHANGED],
      ["deregister", bench.compose(DELETE, bench.location), DELETED],
      ["refusal", bench.compose(POST, bench.location), undefined],
    ] as const) {
      const first = bench.givenFound(await bench.exchange(message), `no answer to ${criterion}`);
      bench.given(code === undefined || first.code === code, answered(criterion, first));
      const second = bench.expectFound(criterion, await bench.exchange(message), "nothing came");
      const isSame = formatBytes(encodeMessage(first)) === formatBytes(encodeMessage(second));
      bench.expect(criterion, isSame, `${codeWords(first)}, then ${codeWords(second)} came`);
    }
  },
});

const REPEATED_SEND = serverCase({
  id: "dormouse-server-duplicate-send",
  title: "A Send that comes twice is told once",
  versions: SINCE_1_1,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.5", "LwM2M Core 1.1.1 §6.4.6"],
  needs: ["send"],
  criteria: {
    same: "both copies get the same answer",
    once: "its value reaches the operator once",
  },
  async procedure(bench) {
    bench.client.values.set(OBSERVED, 20.5);
    await bench.givenRegistered({ list: OBSERVED_LIST });
    await bench.carryOut({ kind: "listen", path: OBSERVED });
    const payload = encodeValues(SENML_CBOR, "/", { [OBSERVED]: 45.5 });
    const message = bench.compose(POST, "/dp", { format: SENML_CBOR, payload });
    const first = await bench.exchange(message);
    bench.given(first?.code === CHANGED, answered("Send", first));
    const second = await bench.exchange(message);
    bench.expect("same", second?.code === CHANGED, answered("the copy", second));
    await expectHeard(bench, "once", OBSERVED, "45.5");
    await bench.wait(SECOND);
    const count = bench.told(OBSERVED).filter((one) => one === "45.5").length;
    bench.expect("once", count === 1, `the operator was told 45.5 ${count} times`);
  },
});

const LATE_REGISTER = serverCase({
  id: "dormouse-server-late-register",
  title: "A copy of a Register that comes after De-register does not bring the client back",
  versions: ALL,
  clauses: ["RFC 7252 §4.5", "RFC 7252 §4.8.2"],
  needs: ["list"],
  criteria: { gone: "the operator does not see the client" },
  async procedure(bench) {
    const message = bench.registration();
    const answer = bench.takeLocation(await bench.exchange(message));
    bench.given(answer?.code === CREATED, answered("Register", answer));
    await bench.givenUpdated();
    await bench.givenDeregistered();
    bench.step("the network brings a copy of the Register that it had held back");
    await bench.exchange(message);
    await bench.wait(SECOND);
    bench.expect("gone", await isUnlisted(bench), "the operator sees the client again");
  },
});

// What the server asks, and what may become of it.

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

// Options.

const OPTIONS = serverCase({
  id: "dormouse-server-options",
  title: "Unknown critical options are refused, unknown elective ones ignored",
  versions: ALL,
  clauses: ["RFC 7252 §5.4.1", "RFC 7252 §5.10.2"],
  lasts: 5,
  criteria: {
    critical: "an Update with option 65001 is answered by 4.02",
    elective: "one with option 65000 by 2.04, as if it were not there",
    proxy: "one with Proxy-Uri by 5.05",
    ignored: "a Non-confirmable one with option 65001 is not answered by a success",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const withOption = (number: number, type = 0) => {
      const options = [{ number, value: bytesOf("01") }];
      return bench.request(POST, bench.location, { options, type });
    };
    const critical = await withOption(65001);
    bench.expect("critical", critical?.code === BAD_OPTION, answered("option 65001", critical));
    const elective = await withOption(65000);
    bench.expect("elective", elective?.code === CHANGED, answered("option 65000", elective));
    const options = [textOption(PROXY_URI, "coap://192.0.2.1/rd")];
    const proxy = await bench.request(POST, bench.location, { options });
    const isRefused = proxy?.code === PROXYING_NOT_SUPPORTED;
    bench.expect("proxy", isRefused, answered("Proxy-Uri", proxy));
    const message = bench.compose(POST, bench.location, {
      options: [{ number: 65001, value: bytesOf("01") }],
      type: NON,
    });
    const answer = await bench.exchange(message);
    const isDone = answer !== undefined && isSuccess(answer.code);
    bench.expect("ignored", !isDone, answered("a Non-confirmable one", answer));
  },
});

const CRITICAL_ANSWER = serverCase({
  id: "dormouse-server-answer-options",
  title: "An answer with a critical option that nobody knows is no answer",
  versions: ALL,
  clauses: ["RFC 7252 §5.4.1"],
  needs: ["read"],
  criteria: {
    piggybacked: "the operator is not told the value of such an acknowledgement",
    separate: "nor that of a separate response, which is reset or ignored",
    elective: "an unknown elective option does not matter",
  },
  async procedure(bench) {
    bench.client.values.set(MANUFACTURER, "Elective Ltd.");
    await bench.givenRegistered();
    const unknown = { number: 65001, value: bytesOf("01") };
    bench.client.answer = ({ message }) =>
      message.code !== GET
        ? undefined
        : { code: CONTENT, options: [unknown], payload: encodeUtf8("Critical Ltd.") };
    const outcome = await bench.carryOut({ kind: "read", path: MANUFACTURER });
    const isTold = outcome?.value?.includes("Critical") === true;
    bench.expect("piggybacked", !isTold, toldWords(outcome));
    await expectSeparateIgnored(bench, unknown);
    const elective = { number: 65000, value: bytesOf("01") };
    bench.client.answer = ({ path }) => {
      const { options = [], ...rest } = bench.client.read(path);
      return { ...rest, options: [...options, elective] };
    };
    bench.client.forgetAnswers();
    const orderId = await bench.order({ kind: "read", path: MANUFACTURER });
    await expectToldValues(bench, "elective", orderId, { [MANUFACTURER]: "Elective Ltd." });
  },
});

async function expectSeparateIgnored(
  bench: ServerBench<"separate">,
  unknown: { readonly number: number; readonly value: Uint8Array },
): Promise<void> {
  bench.client.answer = () => "silence";
  const orderId = await bench.order({ kind: "read", path: "/3/0/1" });
  const read = await bench.next(bench.now() + SERVER_PROMPT, ({ path }) => path === "/3/0/1");
  const request = bench.givenFound(read, "no GET on /3/0/1 came");
  await bench.send(emptyOf(ACK, request.message));
  const response = separate(bench, request, "Critical Ltd.");
  const options = [...response.options, unknown];
  const answer = await bench.reaction({ ...response, options });
  const isIgnored = answer === undefined || answer.type === RST;
  bench.expect("separate", isIgnored, answered("the response", answer));
  const outcome = await bench.ended(orderId, 2 * SECOND);
  const isTold = outcome?.value?.includes("Critical") === true;
  bench.expect("separate", !isTold, toldWords(outcome));
  // Let go of what may still wait.
  await bench.reaction(separate(bench, request, "Own Ltd."));
  await bench.ended(orderId);
}

export const SERVER_OWN_MESSAGE_CASES: readonly ServerCase[] = [
  REPEATED_REGISTER,
  REPEATED_OTHERS,
  REPEATED_SEND,
  LATE_REGISTER,
  RETRANSMISSION,
  LOST_REQUEST,
  REORDERED_RESPONSE,
  FOREIGN_ANSWERS,
  RESET_REQUEST,
  TOO_LATE,
  ONE_AT_A_TIME,
  OPTIONS,
  CRITICAL_ANSWER,
];
