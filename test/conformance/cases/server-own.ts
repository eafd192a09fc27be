/** What no published suite asks of a server: loss, repetition, odd and hostile input, other addresses. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { blockOption } from "../../../protocol/coap/block.ts";
import {
  BAD_REQUEST,
  CONTENT,
  CONTINUE,
  CREATED,
  EMPTY,
  formatCode,
  isSuccess,
  NOT_FOUND,
  POST,
  PRECONDITION_FAILED,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT } from "../../../protocol/coap/content-formats.ts";
import {
  ACK,
  CON,
  encodeMessage,
  type Message,
  NO_BYTES,
  NO_OPTIONS,
} from "../../../protocol/coap/message.ts";
import { BLOCK1, CONTENT_FORMAT, URI_PATH, uintOption } from "../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { pathOptions, queryOptions } from "../../../protocol/coap/uri.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { formatBytes } from "../content.ts";
import type { Downlink } from "../scripted-client.ts";
import { SERVER_PROMPT, type ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { answered, known, locationOf } from "./server-registration.ts";

const ALL = ["1.0", "1.1", "1.2"] as const;

const REPEATED_REGISTER = serverCase({
  id: "dormouse-server-duplicate",
  title: "A Register that comes twice is carried out once and answered twice alike",
  versions: ALL,
  clauses: ["RFC 7252 §4.2"],
  criteria: {
    same: "the second copy gets the answer of the first, with the same Location-Path",
    valid: "the location is good afterwards",
  },
  async procedure(bench) {
    const message = register(bench);
    const first = await bench.exchange(message);
    bench.given(first?.code === CREATED, answered("Register", first));
    bench.step("the network brings a second copy");
    const second = await bench.exchange(message);
    bench.expect("same", second?.code === CREATED, answered("the second copy", second));
    const isSame = locationOf(first) === locationOf(second);
    const words = `${locationOf(first)} and ${locationOf(second)}`;
    bench.expect("same", isSame, `the copies were given two locations: ${words}`);
    bench.location = locationOf(first);
    const update = await bench.update();
    bench.expect("valid", isSuccess(update?.code ?? 0), answered("Update", update));
  },
});

const RETRANSMISSION = serverCase({
  id: "dormouse-server-retransmission",
  title: "A request that is not answered is retransmitted",
  versions: ALL,
  clauses: ["RFC 7252 §4.2"],
  needs: ["read"],
  criteria: {
    again: "the request comes again under the same Message ID and token",
    spaced: "after 2 to 3 s, and then after twice as long",
    bounded: "five times at most",
    told: "the operator is told that there was no answer",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    bench.client.answer = () => "silence";
    const orderId = await bench.order({ kind: "read", path: "/3/0/0" });
    const copies: Downlink[] = [];
    const until = bench.now() + 100 * SECOND;
    for (;;) {
      const copy = await bench.next(until, ({ path }) => path === "/3/0/0");
      if (copy === undefined) break;
      copies.push(copy);
    }
    bench.expect("again", copies.length >= 2, `the request came ${copies.length} times`);
    const [first] = copies;
    const other = copies.find((copy) => !copy.isRepeated && copy !== first);
    bench.expect("again", other === undefined, "it came under another Message ID");
    const tolerance = bench.server.tolerance;
    for (let i = 1; i < Math.min(copies.length, 4); i++) {
      const gap = (copies[i].at - copies[i - 1].at) / SECOND;
      const factor = 2 ** (i - 1);
      const slack = tolerance / SECOND;
      const isSpaced = gap >= 2 * factor - slack && gap <= 3 * factor + slack;
      bench.expect(
        "spaced",
        isSpaced,
        `copy ${i + 1} came ${gap.toFixed(1)} s after the one before`,
      );
    }
    const most = DEFAULT_TRANSMISSION.maxRetransmit + 1;
    bench.expect("bounded", copies.length <= most, `the request came ${copies.length} times`);
    const outcome = await bench.ended(orderId);
    bench.expect("told", outcome?.isSuccess === false, `the operator was told ${outcome?.words}`);
  },
});

const SEPARATE_RESPONSE = serverCase({
  id: "dormouse-server-separate",
  title: "An answer in a message of its own is taken and acknowledged",
  versions: ALL,
  clauses: ["RFC 7252 §5.2.2"],
  needs: ["read"],
  criteria: {
    patient: "after an empty acknowledgement the request does not come again",
    acknowledged: "the separate response is acknowledged",
    told: "its value reaches the operator",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    bench.client.answer = () => "silence";
    const orderId = await bench.order({ kind: "read", path: "/3/0/0" });
    const read = await bench.next(bench.now() + SERVER_PROMPT, ({ path }) => path === "/3/0/0");
    bench.given(read !== undefined, "no GET on /3/0/0 came");
    if (read === undefined) return;
    await bench.send(empty(ACK, read.message.messageId));
    const copy = await bench.next(bench.now() + 8 * SECOND);
    bench.expect("patient", copy === undefined, "the request came again");
    const response: Message = {
      type: CON,
      code: CONTENT,
      messageId: bench.client.messageId(),
      token: read.message.token,
      options: [uintOption(CONTENT_FORMAT, TEXT)],
      payload: encodeUtf8("Late Ltd."),
    };
    await bench.send(response);
    const isAcknowledged = await bench.waitFor(() => {
      for (let came = bench.response(); came !== undefined; came = bench.response()) {
        if (came.type === ACK && came.messageId === response.messageId) return true;
      }
      return false;
    }, bench.now() + SERVER_PROMPT);
    bench.expect("acknowledged", isAcknowledged, "the separate response was not acknowledged");
    const outcome = await bench.ended(orderId);
    const isTold = outcome?.value?.includes("Late Ltd.") === true;
    bench.expect("told", isTold, `the operator was told ${outcome?.words}, "${outcome?.value}"`);
  },
});

const BLOCKWISE_REGISTER = serverCase({
  id: "dormouse-server-blockwise-register",
  title: "A list that comes in blocks is joined",
  versions: ALL,
  clauses: ["RFC 7959 §2.5", "LwM2M Transport 1.1.1 §6.1"],
  needs: ["list"],
  criteria: {
    continued: "each block but the last is answered by 2.31",
    created: "the last one by 2.01",
    whole: "the operator sees what the first and the last block listed",
  },
  async procedure(bench) {
    const links = Array.from({ length: 20 }, (_, i) => `</3303/${i}>`).join(",");
    const list = encodeUtf8(`</1/0>,</3/0>,${links}`);
    const size = 64;
    const count = Math.ceil(list.length / size);
    bench.step(`the client registers with a list in ${count} blocks of ${size} bytes`);
    let answer: Message | undefined;
    for (let num = 0; num < count; num++) {
      const message = register(bench);
      const more = num < count - 1;
      const options = [...message.options, blockOption(BLOCK1, num, more, size)];
      const payload = list.subarray(num * size, (num + 1) * size);
      answer = await bench.exchange({ ...message, options, payload });
      if (more) {
        const isContinued = answer?.code === CONTINUE;
        bench.expect("continued", isContinued, answered(`block ${num}`, answer));
      }
    }
    bench.expect("created", answer?.code === CREATED, answered("the last block", answer));
    bench.location = locationOf(answer);
    const client = await known(bench);
    const missing = ["/1/0", "/3303/19"].find((path) => client?.paths?.includes(path) === false);
    const isWhole = client !== undefined && missing === undefined;
    bench.expect("whole", isWhole, `the operator does not see ${missing ?? "the client"}`);
  },
});

/** What is wrong with a Register, and how it may be refused. */
const BAD_REGISTERS: readonly [what: string, query: readonly string[], codes: readonly number[]][] =
  [
    ["no endpoint name", ["lt=300"], [BAD_REQUEST, PRECONDITION_FAILED]],
    ["a lifetime that is no number", ["lt=soon"], [BAD_REQUEST]],
    ["a negative lifetime", ["lt=-1"], [BAD_REQUEST]],
    ["a version that does not exist", ["lt=300", "lwm2m=9.9"], [PRECONDITION_FAILED, BAD_REQUEST]],
  ];

const BAD_REGISTER = serverCase({
  id: "dormouse-server-bad-register",
  title: "A Register that is wrong is refused with a code that says so",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.1", "LwM2M Transport 1.1.1 §6.4.3"],
  criteria: { refused: "each is answered by 4.00 or, where a version or a name is missed, 4.12" },
  async procedure(bench) {
    for (const [what, query, codes] of BAD_REGISTERS) {
      bench.step(`Register with ${what}`);
      const hasName = what !== "no endpoint name";
      const parameters = hasName ? [`ep=${bench.endpointName}`, ...query] : query;
      const list = encodeUtf8("</1/0>,</3/0>");
      const answer = await bench.request(POST, "/rd", parameters, list, LINK_FORMAT);
      const isRefused = answer !== undefined && codes.includes(answer.code);
      bench.expect("refused", isRefused, answered(`Register with ${what}`, answer));
    }
  },
});

const UNKNOWN_LOCATION = serverCase({
  id: "dormouse-server-unknown-location",
  title: "Whoever does not know a location learns nothing",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.2", "RFC 7252 §5.9.2"],
  needs: ["list"],
  criteria: {
    update: "Update on a location that does not exist is answered by 4.04",
    deregister: "so is De-register",
    unharmed: "and who is registered stays so",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const stranger = bench.addClient();
    const update = await bench.request(POST, "/rd/doesnotexist", [], NO_BYTES, undefined, stranger);
    bench.expect("update", update?.code === NOT_FOUND, answered("Update", update));
    const removal = await bench.request(4, "/rd/doesnotexist", [], NO_BYTES, undefined, stranger);
    bench.expect("deregister", removal?.code === NOT_FOUND, answered("De-register", removal));
    const isThere = (await bench.known()) !== undefined;
    bench.expect("unharmed", isThere, "the registered client is gone");
  },
});

const REGISTERED_TWICE = serverCase({
  id: "dormouse-server-register-again",
  title: "A client that registers anew has one registration",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.1"],
  needs: ["list"],
  criteria: {
    created: "the second Register is answered by 2.01",
    replaced: "its list takes the place of the first one",
  },
  async procedure(bench) {
    await bench.givenRegistered({ list: "</1/0>,</3/0>,</3303/0>" });
    const answer = await bench.register({ list: "</1/0>,</3/0>,</3304/0>" });
    bench.expect("created", answer?.code === CREATED, answered("the second Register", answer));
    const client = await known(bench);
    const { paths } = client ?? {};
    const isNew = paths === undefined || paths.includes("/3304/0");
    const isOld = paths?.includes("/3303/0") === true;
    bench.expect("replaced", client !== undefined && isNew && !isOld, `the operator sees ${paths}`);
  },
});

const MOVED = serverCase({
  id: "dormouse-server-address-change",
  title: "Requests follow a client to its new address",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.2"],
  needs: ["read"],
  criteria: { follows: "after an Update from another address the Read comes there" },
  async procedure(bench) {
    bench.client.values.set("/3/0/0", "Nomad");
    await bench.givenRegistered();
    bench.step("a NAT forgets the client: its next datagrams come from another port");
    await bench.server.rebind(0);
    await bench.givenUpdated();
    const outcome = await bench.carryOut({ kind: "read", path: "/3/0/0" });
    const words = `the operator was told ${outcome?.words}, "${outcome?.value}"`;
    bench.expect("follows", outcome?.value === "Nomad", words);
  },
});

/** Datagrams that are no CoAP messages, or forbidden ones (RFC 7252 §3, §4.2, §5.4.1). */
export const MALFORMED: readonly [what: string, hex: string][] = [
  ["nothing", ""],
  ["one byte", "40"],
  ["a header cut short", "400112"],
  ["version 0", "00010001"],
  ["a token length of 15", "4f010002112233445566778899aabbccddeeff"],
  ["a token cut short", "48010003112233"],
  ["an option cut short", "40010004b4746573"],
  ["an option delta of 15", "40010005f0"],
  ["an option length of 15", "400100060f"],
  ["a payload marker without a payload", "40010007ff"],
  ["an empty message with a token", "4100000811"],
  ["a reserved code class", "40200009"],
];

const HOSTILE = serverCase({
  id: "dormouse-server-malformed",
  title: "Malformed datagrams are ignored or rejected, and do no harm",
  versions: ALL,
  clauses: ["RFC 7252 §3", "RFC 7252 §4.2"],
  criteria: {
    rejected: "none gets anything but a Reset, an error, or nothing",
    small: "no answer to a stranger is more than three times as long as what it answers",
    unharmed: "the server goes on serving",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const stranger = bench.addClient();
    for (const [what, hex] of MALFORMED) {
      bench.step(what);
      const datagram = new Uint8Array(Buffer.from(hex, "hex"));
      await bench.sendBytes(datagram, stranger);
      await bench.wait(SECOND / 4);
      for (let came = bench.response(stranger); came; came = bench.response(stranger)) {
        const isRefusal = came.code === EMPTY || !isSuccess(came.code);
        bench.expect("rejected", isRefusal, `${what} was answered by ${formatCode(came.code)}`);
        const length = encodeMessage(came).length;
        const isSmall = length <= Math.max(4, 3 * datagram.length);
        bench.expect("small", isSmall, `${what}, ${datagram.length} bytes, got ${length} bytes`);
      }
      bench.expect("rejected", true, "");
      bench.expect("small", true, "");
    }
    const update = await bench.update();
    bench.expect("unharmed", isSuccess(update?.code ?? 0), answered("Update", update));
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
      const words = `of ${paths[i]} the operator was told ${outcome?.words}`;
      bench.expect("all", outcome?.isSuccess === true, words);
    }
  },
});

export const SERVER_OWN_CASES: readonly ServerCase[] = [
  REPEATED_REGISTER,
  REGISTERED_TWICE,
  BAD_REGISTER,
  BLOCKWISE_REGISTER,
  UNKNOWN_LOCATION,
  MOVED,
  RETRANSMISSION,
  SEPARATE_RESPONSE,
  ONE_AT_A_TIME,
  HOSTILE,
];

function register(bench: ServerBench): Message {
  const query = [`ep=${bench.endpointName}`, "lt=300", `lwm2m=${bench.version}`, "b=U"];
  return {
    type: CON,
    code: POST,
    messageId: bench.client.messageId(),
    token: bench.client.token(),
    options: [
      ...pathOptions(URI_PATH, "/rd"),
      uintOption(CONTENT_FORMAT, LINK_FORMAT),
      ...queryOptions(query),
    ],
    payload: encodeUtf8("</1/0>,</3/0>"),
  };
}

function empty(type: number, messageId: number): Message {
  return { type, code: EMPTY, messageId, token: NO_BYTES, options: NO_OPTIONS, payload: NO_BYTES };
}
