/**
 * The server as a CoAP server, after ETSI's CoAP#4 plugtest cases, on the paths that every LwM2M server has: /rd, a location, and
 * /.well-known/core where there is one.
 */

import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  CREATED,
  DELETE,
  DELETED,
  GET,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { ACK, encodeMessage, type Message, NON, RST } from "../../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  LOCATION_PATH,
  textOption,
  textsOf,
  URI_PATH,
  uintOf,
} from "../../../protocol/coap/options.ts";
import { bytesOf, formatBytes } from "../content.ts";
import { answered, codeWords } from "../raw-clients.ts";
import type { ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { CORE, coreOf } from "./server-coap-links.ts";
import { ABSENT, ALL, expectCode, expectKnown } from "./server-expectations.ts";

const PIGGYBACKED = ["RFC 7252 §5.2.1", "RFC 7252 §5.8"];
const SEPARATE = ["RFC 7252 §5.2.3", "RFC 7252 §4.3"];
const NO_NON = "LwM2M has it in Confirmable messages only: a server may refuse it by 4.00";
const NO_PUT =
  "no resource of an LwM2M server takes a PUT: a method that is not allowed is answered by 4.05, or 4.04";

/** A criterion: the answer to a Confirmable message came in its acknowledgement, or later in a message of its own with its token. */
function expectPiggybacked<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  request: Message,
  answer: Message | undefined,
): void {
  const isOwn = answer !== undefined && formatBytes(answer.token) === formatBytes(request.token);
  bench.expect(criterion, isOwn, `${codeWords(answer)} came with another token`);
  const isRight = answer?.type !== ACK || answer.messageId === request.messageId;
  bench.expect(criterion, isRight, "the acknowledgement has another Message ID");
}

interface Method {
  readonly number: string;
  readonly title: string;
  readonly method: number;
  readonly path: (bench: ServerBench) => string;
  readonly codes: readonly number[];
  readonly correction?: string;
  /** Whether LwM2M has it in Confirmable messages only, so that a server may refuse it in others. */
  readonly isConfirmable?: boolean;
}

const METHODS: readonly Method[] = [
  {
    number: "01",
    title: "GET",
    method: GET,
    path: () => CORE,
    codes: [CONTENT],
  },
  {
    number: "02",
    title: "DELETE",
    method: DELETE,
    path: ({ location }) => location,
    codes: [DELETED],
    isConfirmable: true,
  },
  {
    number: "03",
    title: "PUT",
    method: PUT,
    path: () => "/rd",
    codes: [METHOD_NOT_ALLOWED, NOT_FOUND],
    correction: NO_PUT,
  },
  {
    number: "04",
    title: "POST",
    method: POST,
    path: ({ location }) => location,
    codes: [CHANGED],
    isConfirmable: true,
  },
];

/** A case of one method, Confirmable or not. */
function methodCase(stated: Method, type: number): ServerCase {
  const { number, title, method, path, isConfirmable } = stated;
  const isNon = type === NON;
  const mayRefuse = isNon && isConfirmable === true;
  const codes = mayRefuse ? [...stated.codes, BAD_REQUEST] : stated.codes;
  const correction = mayRefuse ? NO_NON : stated.correction;
  const name = isNon ? `0${Number(number) + 4}` : number;
  return serverCase({
    id: `TD_COAP_CORE_${name}`,
    title: `${title} in a ${isNon ? "Non-confirmable" : "Confirmable"} message`,
    versions: ALL,
    clauses: isNon ? SEPARATE : PIGGYBACKED,
    correction,
    criteria: {
      code: `it is answered with the code that the method has there${mayRefuse ? ", or by 4.00" : ""}`,
      message: isNon
        ? "in a CON or NON message with its token, and with no ACK"
        : "with its token, in its acknowledgement or in a message of its own",
      ...(method === GET && { format: "the answer says the Content-Format of its payload" }),
    },
    async procedure(bench: ServerBench) {
      await bench.givenRegistered();
      if (method === GET) await coreOf(bench);
      const request = bench.compose(method, path(bench), { type });
      const answer = await bench.exchange(request);
      expectCode(bench, "code", answer, codes, `${title} of ${path(bench)}`);
      if (isNon) bench.expect("message", answer?.type !== ACK, "it was acknowledged");
      else expectPiggybacked(bench, "message", request, answer);
      if (method !== GET) return;
      const format = uintOf(answer?.options ?? [], CONTENT_FORMAT, ABSENT);
      const isSaid = answer?.payload.length === 0 || format !== ABSENT;
      bench.expect("format", isSaid, "the payload has no Content-Format");
    },
  });
}

const TOKENS = serverCase({
  id: "TD_COAP_CORE_10",
  title: "Tokens of every length are echoed",
  versions: ALL,
  clauses: ["RFC 7252 §5.3.1", "RFC 7252 §5.2.1"],
  criteria: { echoed: "responses carry the token of their request, 1 to 8 bytes" },
  async procedure(bench) {
    await bench.givenRegistered();
    for (let length = 1; length <= 8; length++) await expectEchoed(bench, length);
  },
});

const EMPTY_TOKEN = serverCase({
  id: "TD_COAP_CORE_12",
  title: "A token of no bytes is echoed",
  versions: ALL,
  clauses: ["RFC 7252 §5.3.1"],
  criteria: { echoed: "the response has none either" },
  async procedure(bench) {
    await bench.givenRegistered();
    await expectEchoed(bench, 0);
  },
});

async function expectEchoed(bench: ServerBench<"echoed">, length: number): Promise<void> {
  const token = bytesOf("A0 A1 A2 A3 A4 A5 A6 A7").subarray(0, length);
  const answer = await bench.exchange({ ...bench.compose(POST, bench.location), token });
  expectCode(bench, "echoed", answer, [CHANGED], `an Update with a token of ${length} bytes`);
}

const PATH_SEGMENTS = serverCase({
  id: "TD_COAP_CORE_13",
  title: "Uri-Path options are segments",
  versions: ALL,
  clauses: ["RFC 7252 §5.10.1"],
  criteria: {
    segments: "an Update with one Uri-Path option for each segment is answered by 2.04",
    whole: "with all of the path in one option it is answered by 4.04, or 4.00 or 4.05",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const answer = await bench.update();
    expectCode(bench, "segments", answer, [CHANGED], "the Update");
    const request = bench.compose(POST, "/");
    const options = [textOption(URI_PATH, bench.location.slice(1))];
    const whole = await bench.exchange({ ...request, options });
    const codes = [NOT_FOUND, BAD_REQUEST, METHOD_NOT_ALLOWED];
    expectCode(bench, "whole", whole, codes, "the Update in one option");
  },
});

const QUERY_PARAMETERS = serverCase({
  id: "TD_COAP_CORE_14",
  title: "Uri-Query options are parameters",
  versions: ALL,
  needs: ["list"],
  clauses: ["RFC 7252 §5.10.1", "LwM2M Transport 1.1.1 §6.4.3"],
  criteria: {
    whole:
      "a Register with all parameters in one option, joined by &, is of no client with this name",
    several: "one with an option for each of them is: it is answered by 2.01, and listed",
  },
  async procedure(bench) {
    const query = bench.usualQuery();
    const joined = [`ep=${bench.endpointName}&${query.join("&")}`];
    const whole = await bench.register({ query: joined });
    const isListed = (await bench.known()) !== undefined;
    bench.expect("whole", !isListed, `${answered("it", whole)}, and the client is listed`);
    if (whole?.code === CREATED) await bench.deregister();
    const answer = await bench.register({ query });
    expectCode(bench, "several", answer, [CREATED], "Register");
    await expectKnown(bench, "several", []);
  },
});

const DUPLICATE = serverCase({
  id: "TD_COAP_CORE_15",
  title: "A request whose answer is lost comes again, and is answered alike",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.5"],
  correction: "as the one that is asked; dormouse-server-retransmission is the other half",
  criteria: { same: "the second answer is the first one, byte for byte" },
  async procedure(bench) {
    await bench.givenRegistered();
    const request = bench.compose(POST, bench.location);
    const first = bench.givenFound(await bench.exchange(request), "Update was not answered");
    bench.step("the answer is lost, and the client repeats itself");
    const second = bench.expectFound("same", await bench.exchange(request), "nothing came");
    const isSame = formatBytes(encodeMessage(first)) === formatBytes(encodeMessage(second));
    bench.expect("same", isSame, `${codeWords(first)}, then ${codeWords(second)} came`);
  },
});

const LOCATION = serverCase({
  id: "TD_COAP_CORE_18",
  title: "A Location-Path of several options",
  versions: ALL,
  clauses: ["RFC 7252 §5.10.7", "LwM2M Core 1.1.1 §6.2.1"],
  criteria: {
    options: "Register is answered by 2.01 with one Location-Path option for each segment",
    valid: "an Update to exactly these segments is answered by 2.04",
  },
  async procedure(bench) {
    const answer = await bench.register();
    expectCode(bench, "options", answer, [CREATED], "Register");
    const segments = textsOf(answer?.options ?? [], LOCATION_PATH);
    const words = `Location-Path is ${segments.map((one) => `"${one}"`).join(", ") || "absent"}`;
    const isSplit = segments.length >= 2 && segments.every((one) => !one.includes("/"));
    bench.expect("options", isSplit, words);
    const request = bench.compose(POST, "/");
    const options = segments.map((one) => textOption(URI_PATH, one));
    const update = await bench.exchange({ ...request, options });
    expectCode(bench, "valid", update, [CHANGED], "the Update");
  },
});

const PING = serverCase({
  id: "TD_COAP_CORE_31",
  title: "An empty Confirmable message is answered by a Reset",
  versions: ALL,
  clauses: ["RFC 7252 §4.3"],
  criteria: {
    reset: "the Reset has the message's Message ID",
    stranger: "so has the one to an address that never registered",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const stranger = bench.addClient();
    for (const [criterion, client] of [
      ["reset", 0],
      ["stranger", stranger],
    ] as const) {
      const token = new Uint8Array(0);
      const ping = { ...bench.compose(0, "/", { client }), token };
      const answer = await bench.reaction(ping, client, 5000);
      bench.expect(criterion, answer?.type === RST, answered("the ping", answer));
    }
  },
});

export const SERVER_COAP_SERVING_CASES: readonly ServerCase[] = [
  ...METHODS.map((one) => methodCase(one, 0)),
  ...METHODS.map((one) => methodCase(one, NON)),
  TOKENS,
  EMPTY_TOKEN,
  PATH_SEGMENTS,
  QUERY_PARAMETERS,
  DUPLICATE,
  LOCATION,
  PING,
];
