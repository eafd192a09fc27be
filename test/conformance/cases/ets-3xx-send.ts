/** ETS 1.2 group 300-399: Send. */
import { CHANGED } from "../../../protocol/coap/codes.ts";
import {
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
} from "../../../protocol/coap/content-formats.ts";
import { CONTENT_FORMAT, uintOf } from "../../../protocol/coap/options.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import type { Bench } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { type BaseConfiguration, C_1, configuredValues, withValues } from "../configurations.ts";
import { decodeValues, formatName, formatValue, isSameValue } from "../content.ts";
import type { Uplink } from "../scripted-server.ts";
import { needsResource } from "./expectations.ts";

const SINCE_1_1: readonly Version[] = ["1.1", "1.2"];
const ABSENT = -1;
const CLAUSES = ["LwM2M Core 1.1.1 §6.4.6", "LwM2M Core 1.2.2 §6.4.6", "LwM2M Core 1.1.1 §E.2"];
/** What is absent is muted (LwM2M Core 1.1.1 §E.2). */
const UNMUTED: BaseConfiguration = withValues(C_1, 1, 0, { 23: false });

const SEND = clientCase({
  id: "LightweightM2M-1.1-int-306",
  title: "Send Operation",
  versions: SINCE_1_1,
  clauses: CLAUSES,
  configuration: UNMUTED,
  begins: "registered",
  needs: { features: ["send"], sends: true },
  criteria: {
    request: "a POST on /dp comes",
    format: "in SenML JSON or SenML CBOR, or in LwM2M CBOR since LwM2M 1.2",
    registered: "with values of objects that the client listed, and of no others",
    accepted: "answered by 2.04 it does not come again",
  },
  async procedure(bench) {
    bench.step("the client is told to send /3/0/0");
    await bench.client.report?.(["/3/0/0"]);
    const send = await bench.next("send", bench.now() + bench.pace.prompt);
    if (send === undefined) return bench.expect("request", false, "no POST on /dp came");
    bench.expect("request", true, "");
    const values = expectSent(bench, send, ["format", "registered"]);
    const objects = Object.keys(bench.configuration.objects);
    const stranger = [...values.keys()].find((path) => !objects.includes(path.split("/")[1]));
    bench.expect("registered", stranger === undefined, `${stranger} was sent, which is not listed`);
    await bench.wait(bench.pace.patience);
    const again = bench.take("send") ?? bench.take("repeated");
    bench.expect("accepted", again === undefined, "the Send came again after 2.04");
  },
});

const MUTE_SEND = clientCase({
  id: "LightweightM2M-1.1-int-307",
  title: "Muting Send",
  versions: SINCE_1_1,
  clauses: CLAUSES,
  configuration: UNMUTED,
  begins: "registered",
  needs: { features: ["send"], sends: true, formats: [TEXT] },
  correction: "a PUT of /1/0/23, where a POST is printed",
  criteria: {
    mute: "Writes of /1/0/23 are answered by 2.04",
    muted: "after true nothing is sent",
    unmuted: "after false it is",
  },
  async procedure(bench) {
    needsResource(bench, "/1/0/23");
    bench.step("the server mutes Send");
    bench.expectCode("mute", await bench.put("/1/0/23", TEXT, "1"), CHANGED);
    await bench.client.report?.(["/3/0/0"]);
    const muted = await bench.next("send", bench.now() + bench.pace.prompt);
    bench.expect("muted", muted === undefined, "a Send came");
    bench.step("the server unmutes Send");
    bench.expectCode("mute", await bench.put("/1/0/23", TEXT, "0"), CHANGED);
    await bench.client.report?.(["/3/0/0"]);
    const sent = await bench.next("send", bench.now() + bench.pace.prompt);
    bench.expect("unmuted", sent !== undefined, "no Send came");
  },
});

const SEND_ON_COMMAND = clientCase({
  id: "LightweightM2M-1.1-int-311",
  title: "Send of given resources",
  versions: SINCE_1_1,
  clauses: CLAUSES,
  configuration: UNMUTED,
  begins: "registered",
  needs: { features: ["send"], sends: true },
  criteria: {
    request: "a POST on /dp in SenML JSON or SenML CBOR comes, or in LwM2M CBOR since LwM2M 1.2",
    values: "with the values of /1/0/1 and /3/0/11/0",
  },
  async procedure(bench) {
    const paths = ["/1/0/1", "/3/0/11/0"];
    bench.step("the client is told to send /1/0/1 and /3/0/11/0");
    await bench.client.report?.(paths);
    const send = await bench.next("send", bench.now() + bench.pace.prompt);
    if (send === undefined) return bench.expect("request", false, "no POST on /dp came");
    const values = expectSent(bench, send, ["request", "values"]);
    for (const path of paths) {
      const wanted = configuredValues(bench.configuration, path)[path];
      const found = values.get(path);
      const why = `the Send has ${formatValue(found)} at ${path}, not ${formatValue(wanted)}`;
      bench.expect("values", isSameValue(found, wanted), why);
    }
  },
});

/** The values of a Send, in a format that it may be in. */
function expectSent<Criterion extends string>(
  bench: Bench<Criterion>,
  { message }: Uplink,
  [format, values]: readonly [Criterion, Criterion],
): ReadonlyMap<string, Value> {
  const number = uintOf(message.options, CONTENT_FORMAT, ABSENT);
  const isLwm2mCbor = number === LWM2M_CBOR && bench.version === "1.2";
  const fits = number === SENML_CBOR || number === SENML_JSON || isLwm2mCbor;
  bench.expect(format, fits, `the Send is in ${formatName(number)}`);
  const decoded = decodeValues(number, message.payload, "/");
  const fault = typeof decoded === "string" ? decoded : "";
  bench.expect(values, fault === "", fault);
  return typeof decoded === "string" ? new Map() : decoded;
}

export const SEND_CASES: readonly ConformanceCase[] = [SEND, MUTE_SEND, SEND_ON_COMMAND];
