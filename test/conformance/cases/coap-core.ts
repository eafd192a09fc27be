/** TD_COAP_CORE_01-08 and 31: one request by each method, Confirmable and Non-confirmable, and a ping. */
import { decodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  CHANGED,
  CONTENT,
  DELETE,
  DELETED,
  EMPTY,
  formatCode,
  GET,
  NOT_FOUND,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import { ACK, type Message, NO_BYTES, NON, RST } from "../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, findOption } from "../../../protocol/coap/options.ts";
import { type Bench, type Question, was } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { type BaseConfiguration, C_1, C_12 } from "../configurations.ts";
import { bytesOf, formatBytes } from "../content.ts";
import { ALL, BINDING, bytesWith, outcomeOf, reactionTo, transact } from "./coap-exchanges.ts";

/** What a server asks by one method, where the plugtest has /test. */
interface Asked {
  readonly method: string;
  readonly clause: string;
  readonly configuration: BaseConfiguration;
  readonly operation: string;
  readonly question: Question;
  readonly code: number;
  readonly done: string;
  /** What is not as it should be afterwards. */
  fault(bench: Bench, response: Message): Promise<string | undefined>;
}

const LIFETIME = "43200";

/** In the order of the descriptions. */
const ASKED: readonly Asked[] = [
  {
    method: "GET",
    clause: "RFC 7252 §5.8.1",
    configuration: C_1,
    operation: `a Read of ${BINDING}`,
    question: { method: GET, path: BINDING },
    code: CONTENT,
    done: "with a payload and its Content-Format",
    async fault(_bench, { payload, options }) {
      if (payload.length === 0) return "it has no payload";
      const hasFormat = findOption(options, CONTENT_FORMAT) !== undefined;
      return hasFormat ? undefined : "it has no Content-Format";
    },
  },
  {
    method: "DELETE",
    clause: "RFC 7252 §5.8.4",
    configuration: C_12,
    operation: "a Delete of /16/0",
    question: { method: DELETE, path: "/16/0" },
    code: DELETED,
    done: "and the instance is gone",
    async fault(bench) {
      const read = await bench.read("/16/0");
      return read.code === NOT_FOUND ? undefined : was(read);
    },
  },
  {
    method: "PUT",
    clause: "RFC 7252 §5.8.3",
    configuration: C_1,
    operation: "a Write of the lifetime, /1/0/1",
    question: { method: PUT, path: "/1/0/1", format: TEXT, payload: bytesOf("34 33 32 30 30") },
    code: CHANGED,
    done: "and the value is what was written",
    async fault(bench) {
      const { payload } = await bench.read("/1/0/1", TEXT);
      const text = decodeUtf8(payload);
      return text === LIFETIME ? undefined : `the value is ${JSON.stringify(text)}`;
    },
  },
  {
    method: "POST",
    clause: "RFC 7252 §5.8.2",
    configuration: C_1,
    operation: "an Execute of the Registration Update Trigger, /1/0/8",
    question: { method: POST, path: "/1/0/8" },
    code: CHANGED,
    done: "and an Update comes",
    async fault(bench) {
      const update = await bench.next("update", bench.now() + bench.pace.prompt);
      return update === undefined ? "no Update came" : undefined;
    },
  },
];

function confirmable(asked: Asked, i: number): ConformanceCase {
  const { method, clause, configuration, operation, question, code } = asked;
  return clientCase({
    id: `TD_COAP_CORE_0${i + 1}`,
    title: `A Confirmable ${method} is acknowledged and answered`,
    versions: ALL,
    clauses: [clause, "RFC 7252 §5.2.1", "RFC 7252 §5.3.2"],
    configuration,
    begins: "registered",
    correction: `${operation}; a response of its own after an empty ACK is taken as well`,
    criteria: {
      answered: `by ${formatCode(code)}`,
      matched: "an ACK has the request's Message ID, and the response its token",
      done: asked.done,
    },
    async procedure(bench) {
      const request = bench.compose(question);
      const { response, acknowledgement } = await transact(bench, request);
      const why = `${outcomeOf(response)} came, not ${formatCode(code)}`;
      bench.expect("answered", response?.code === code, why);
      bench.expect("matched", acknowledgement !== undefined, "no ACK has its Message ID");
      const token = formatBytes(response?.token ?? NO_BYTES);
      const isSame = token === formatBytes(request.token);
      bench.expect("matched", isSame, `the response has the token ${token}`);
      await expectDone(bench, asked, response as Message);
    },
  });
}

function nonConfirmable(asked: Asked, i: number): ConformanceCase {
  const { method, clause, configuration, operation, question, code } = asked;
  return clientCase({
    id: `TD_COAP_CORE_0${i + ASKED.length + 1}`,
    title: `A Non-confirmable ${method} is answered in a message of its own`,
    versions: ALL,
    clauses: [clause, "RFC 7252 §5.2.3", "RFC 7252 §4.3"],
    configuration,
    begins: "registered",
    correction: `${operation}; a Confirmable response is taken as well, since RFC 7252 only says SHOULD`,
    criteria: {
      answered: `by ${formatCode(code)}, with the request's token`,
      own: "in a CON or NON message, and nothing is acknowledged",
      done: asked.done,
    },
    async procedure(bench) {
      const request = { ...bench.compose(question), type: NON };
      const { response, acknowledgement } = await transact(bench, request);
      const why = `${outcomeOf(response)} came, not ${formatCode(code)}`;
      bench.expect("answered", response?.code === code, why);
      bench.expect("own", acknowledgement === undefined, "it was acknowledged");
      bench.expect("own", response?.type !== ACK, "the response is an ACK");
      await expectDone(bench, asked, response as Message);
    },
  });
}

async function expectDone(bench: Bench<"done">, asked: Asked, response: Message): Promise<void> {
  const fault = await asked.fault(bench, response);
  bench.expect("done", fault === undefined, fault ?? "");
}

const PING = clientCase({
  id: "TD_COAP_CORE_31",
  title: "An empty Confirmable message is answered by a Reset",
  versions: ALL,
  clauses: ["RFC 7252 §4.3", "RFC 7252 §4.2"],
  configuration: C_1,
  begins: "registered",
  criteria: { reset: "the Reset has the message's Message ID, and is empty" },
  async procedure(bench) {
    const ping = bench.compose({ method: EMPTY, path: "/" });
    const came = await reactionTo(bench, bytesWith(ping, { token: NO_BYTES }));
    const isReset = came?.type === RST && came.code === EMPTY;
    const isOurs = came?.messageId === ping.messageId;
    bench.expect("reset", isReset && isOurs, `${outcomeOf(came)} came, not its Reset`);
  },
});

export const CORE_METHOD_CASES: readonly ConformanceCase[] = [
  ...ASKED.map(confirmable),
  ...ASKED.map(nonConfirmable),
  PING,
];
