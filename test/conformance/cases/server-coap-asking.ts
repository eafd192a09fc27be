/** The server as a CoAP client, after ETSI's CoAP#4 plugtest cases: answers that come late, separately or twice. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { CONTENT } from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import { ACK, CON, type Message, NON, RST } from "../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, uintOption } from "../../../protocol/coap/options.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { bytesOf } from "../content.ts";
import { answered } from "../raw-clients.ts";
import { type Downlink, emptyOf } from "../scripted-client.ts";
import { SERVER_PROMPT, type ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { ALL, expectToldValues, givenOrdered, toldWords } from "./server-expectations.ts";

const MANUFACTURER = "/3/0/0";

/** A response in a message of its own. */
export function separate(
  bench: ServerBench,
  { message }: Downlink,
  text: string,
  type: number = CON,
): Message {
  return {
    type,
    code: CONTENT,
    messageId: bench.client.messageId(),
    token: message.token,
    options: [uintOption(CONTENT_FORMAT, TEXT)],
    payload: encodeUtf8(text),
  };
}

/** Orders a Read that the client does not answer; the request. */
export async function givenUnanswered(
  bench: ServerBench,
): Promise<{ readonly orderId: string; readonly request: Downlink }> {
  await bench.givenRegistered();
  bench.client.answer = () => "silence";
  return givenOrdered(bench, { kind: "read", path: MANUFACTURER });
}

const SEPARATE_RESPONSE = serverCase({
  id: "TD_COAP_CORE_09",
  title: "An answer in a message of its own is taken and acknowledged",
  versions: ALL,
  clauses: ["RFC 7252 §5.2.2"],
  needs: ["read"],
  lasts: 8,
  criteria: {
    patient: "after an empty acknowledgement the request does not come again",
    acknowledged: "the separate response is acknowledged",
    told: "its value reaches the operator",
  },
  async procedure(bench) {
    const { orderId, request } = await givenUnanswered(bench);
    await bench.send(emptyOf(ACK, request.message));
    const copy = await bench.next(bench.now() + 8 * SECOND);
    bench.expect("patient", copy === undefined, "the request came again");
    const answer = await bench.reaction(separate(bench, request, "Late Ltd."));
    bench.expect("acknowledged", answer?.type === ACK, answered("the response", answer));
    await expectToldValues(bench, "told", orderId, { [MANUFACTURER]: "Late Ltd." });
  },
});

const SEPARATE_TOKEN = serverCase({
  id: "TD_COAP_CORE_11",
  title: "A separate response is known by its token",
  versions: ALL,
  clauses: ["RFC 7252 §5.3.2", "RFC 7252 §5.2.2"],
  needs: ["read"],
  criteria: {
    other: "a separate response with another token is not taken for the answer",
    own: "one with the token of the request is",
  },
  async procedure(bench) {
    const { orderId, request } = await givenUnanswered(bench);
    await bench.send(emptyOf(ACK, request.message));
    const token = request.message.token.map((byte) => byte ^ 0x55);
    const other = token.length === 0 ? bytesOf("77") : token;
    await bench.reaction({ ...separate(bench, request, "Another Ltd."), token: other });
    const early = await bench.ended(orderId, 2 * SECOND);
    bench.expect("other", early === undefined, toldWords(early));
    await bench.reaction(separate(bench, request, "Own Ltd."));
    await expectToldValues(bench, "own", orderId, { [MANUFACTURER]: "Own Ltd." });
  },
});

const LOSSY_SEPARATE = serverCase({
  id: "TD_COAP_CORE_16",
  title: "Separate responses where messages are lost",
  versions: ALL,
  clauses: ["RFC 7252 §5.2.2", "RFC 7252 §4.2"],
  needs: ["read"],
  lasts: 10,
  criteria: {
    again: "the request comes again under its Message ID when its acknowledgement is lost",
    stops: "and not after the response, which is as good as one",
    acknowledged: "a response whose acknowledgement is lost is acknowledged again",
    told: "its value reaches the operator",
  },
  async procedure(bench) {
    const { orderId, request } = await givenUnanswered(bench);
    bench.step("the acknowledgement is lost");
    const copy = await bench.next(bench.now() + SERVER_PROMPT);
    bench.expect("again", copy?.isRepeated === true, "no copy of the request came");
    const response = separate(bench, request, "Late Ltd.");
    const first = await bench.reaction(response);
    bench.expect("acknowledged", first?.type === ACK, answered("the response", first));
    bench.step("its acknowledgement is lost");
    const second = await bench.reaction(response);
    bench.expect("acknowledged", second?.type === ACK, answered("the copy", second));
    await expectToldValues(bench, "told", orderId, { [MANUFACTURER]: "Late Ltd." });
    const more = await bench.next(bench.now() + 8 * SECOND);
    bench.expect("stops", more === undefined, "the request came again after its response");
  },
});

const NON_RESPONSE = serverCase({
  id: "TD_COAP_CORE_17",
  title: "A separate response in a Non-confirmable message",
  versions: ALL,
  clauses: ["RFC 7252 §5.2.2"],
  needs: ["read"],
  criteria: {
    unrejected: "it is not rejected",
    told: "its value reaches the operator",
  },
  async procedure(bench) {
    const { orderId, request } = await givenUnanswered(bench);
    await bench.send(emptyOf(ACK, request.message));
    const answer = await bench.reaction(separate(bench, request, "Casual Ltd.", NON));
    bench.expect("unrejected", answer?.type !== RST, "it was reset");
    await expectToldValues(bench, "told", orderId, { [MANUFACTURER]: "Casual Ltd." });
  },
});

export const SERVER_COAP_ASKING_CASES: readonly ServerCase[] = [
  SEPARATE_RESPONSE,
  SEPARATE_TOKEN,
  LOSSY_SEPARATE,
  NON_RESPONSE,
];
