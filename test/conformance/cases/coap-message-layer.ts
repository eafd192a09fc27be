/** The client as a CoAP server, after ETSI's CoAP#4 plugtest cases, on the paths every LwM2M client has. */
import {
  BAD_OPTION,
  CONTENT,
  CREATED,
  EMPTY,
  formatCode,
  GET,
  POST,
} from "../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { ACK, type Message, NON, RST } from "../../../protocol/coap/message.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import type { Bench } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_1, C_12 } from "../configurations.ts";
import { bytesOf, encodeValues } from "../content.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const MODEL = "/3/0/1";

const TOKENS = clientCase({
  id: "TD_COAP_CORE_10",
  title: "Tokens of every length are echoed",
  versions: ALL,
  clauses: ["RFC 7252 §5.3.1", "RFC 7252 §5.2.1"],
  configuration: C_1,
  begins: "registered",
  correction: "with the empty token of TD_COAP_CORE_12",
  criteria: { echoed: "responses carry the token of their request, 0 to 8 bytes" },
  async procedure(bench) {
    for (let length = 0; length <= 8; length++) {
      const token = bytesOf("A0 A1 A2 A3 A4 A5 A6 A7").subarray(0, length);
      const answer = await bench.ask({ method: GET, path: MODEL, accept: TEXT, token });
      bench.expectCode("echoed", answer, CONTENT);
    }
  },
});

const PING = clientCase({
  id: "TD_COAP_CORE_31",
  title: "An empty Confirmable message is answered by a Reset",
  versions: ALL,
  clauses: ["RFC 7252 §4.3"],
  configuration: C_1,
  begins: "registered",
  criteria: { reset: "the Reset has the message's Message ID" },
  async procedure(bench) {
    const ping = { ...bench.compose({ method: EMPTY, path: "/" }), token: new Uint8Array(0) };
    await bench.send(ping);
    const came = await responseBy(bench, ping);
    const what = came === undefined ? "nothing" : `a message of type ${came.type}`;
    bench.expect("reset", came?.type === RST, `${what} came, not a Reset`);
  },
});

const DUPLICATE = clientCase({
  id: "TD_COAP_CORE_15",
  title: "A request that comes twice is carried out once and answered twice alike",
  versions: ALL,
  clauses: ["RFC 7252 §4.5"],
  configuration: C_12,
  begins: "registered",
  needs: { formats: [TLV] },
  correction: "a Create, which cannot be carried out twice with the same answer",
  criteria: {
    first: "the Create is answered by 2.01",
    second: "its duplicate gets the same answer",
  },
  async procedure(bench) {
    const payload = encodeValues(TLV, "/16", { "/16/3/0/0": "once" });
    const create = bench.compose({ method: POST, path: "/16", format: TLV, payload });
    const first = await bench.exchange(create);
    const code = first === undefined ? "nothing" : formatCode(first.code);
    bench.expect("first", first?.code === CREATED, `${code} came, not 2.01`);
    bench.step("the same datagram comes again");
    const second = await bench.exchange(create);
    const again = second === undefined ? "nothing" : formatCode(second.code);
    bench.expect("second", second?.code === CREATED, `${again} came, not 2.01`);
  },
});

const NON_CONFIRMABLE = clientCase({
  id: "TD_COAP_CORE_05",
  title: "A Non-confirmable GET is answered in a message of its own",
  versions: ALL,
  clauses: ["RFC 7252 §5.2.3", "RFC 7252 §4.3"],
  configuration: C_1,
  begins: "registered",
  criteria: { answered: "a 2.05 with the token comes in a CON or NON message, and no ACK" },
  async procedure(bench) {
    const request = bench.compose({ method: GET, path: MODEL, accept: TEXT });
    const answer = await bench.exchange({ ...request, type: NON });
    const what = answer === undefined ? "nothing" : formatCode(answer.code);
    bench.expect("answered", answer?.code === CONTENT, `${what} came, not 2.05`);
    bench.expect("answered", answer?.type !== ACK, "it was acknowledged");
  },
});

const OPTIONS = clientCase({
  id: "dormouse-coap-options",
  title: "Unknown critical options are refused, unknown elective ones ignored",
  versions: ALL,
  clauses: ["RFC 7252 §5.4.1"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    critical: "a request with option 65001 is answered by 4.02",
    elective: "one with option 65000 as if it were not there",
  },
  async procedure(bench) {
    const withOption = async (number: number) => {
      const request = bench.compose({ method: GET, path: MODEL, accept: TEXT });
      const options = [...request.options, { number, value: bytesOf("01") }];
      const answer = await bench.exchange({ ...request, options });
      return answer?.code ?? EMPTY;
    };
    const critical = await withOption(65001);
    bench.expect("critical", critical === BAD_OPTION, `the answer is ${formatCode(critical)}`);
    const elective = await withOption(65000);
    bench.expect("elective", elective === CONTENT, `the answer is ${formatCode(elective)}`);
  },
});

const MALFORMED = clientCase({
  id: "dormouse-coap-malformed",
  title: "Malformed datagrams are rejected and do no harm",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.3", "RFC 7252 §3"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    rejected: "each is answered by nothing or a Reset",
    unharmed: "the client answers as before",
  },
  async procedure(bench) {
    for (const hex of [
      "", // nothing at all
      "40 01 12", // a header cut short
      "80 01 12 01", // version 2
      "49 01 12 02 01 02 03 04 05 06 07 08 09", // a token of nine bytes
      "40 01 12 03 FF", // a payload marker and no payload
      "40 01 12 04 F1 01", // a reserved option delta
      "40 01 12 05 B5 33", // an option cut short
      "40 00 12 06 FF 01", // an empty message that is not
      "40 21 12 07", // a reserved code class
    ]) {
      await bench.sendBytes(bytesOf(hex));
      await bench.wait(SECOND);
      const came = bench.response();
      const isRejected = came === undefined || came.type === RST;
      bench.expect("rejected", isRejected, `${hex || "nothing"} was answered by ${came?.code}`);
    }
    bench.expectCode("unharmed", await bench.read(MODEL), CONTENT);
  },
});

/** The ACK or Reset to a message. */
async function responseBy(bench: Bench, message: Message): Promise<Message | undefined> {
  const until = bench.now() + bench.pace.prompt;
  for (;;) {
    const came = bench.response();
    if (came?.messageId === message.messageId) return came;
    if (came === undefined && !(await bench.takeIn(until))) return undefined;
  }
}

export const MESSAGE_LAYER_CASES: readonly ConformanceCase[] = [
  NON_CONFIRMABLE,
  TOKENS,
  DUPLICATE,
  PING,
  OPTIONS,
  MALFORMED,
];
