/** What no published suite asks of a server about options that nobody knows, in requests and in answers. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  BAD_OPTION,
  CHANGED,
  CONTENT,
  GET,
  isSuccess,
  POST,
  PROXYING_NOT_SUPPORTED,
} from "../../../protocol/coap/codes.ts";
import { ACK, NON, RST } from "../../../protocol/coap/message.ts";
import { PROXY_URI, textOption } from "../../../protocol/coap/options.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { bytesOf } from "../content.ts";
import { answered } from "../raw-clients.ts";
import { emptyOf } from "../scripted-client.ts";
import { SERVER_PROMPT, type ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { separate } from "./server-coap-asking.ts";
import { ALL, expectToldValues, toldWords } from "./server-expectations.ts";

const MANUFACTURER = "/3/0/0";

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

export const SERVER_OWN_OPTION_CASES: readonly ServerCase[] = [OPTIONS, CRITICAL_ANSWER];
