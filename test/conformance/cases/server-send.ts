/** ETS 1.2 cases of Send as far as they judge a server, and what no suite asks of one: who may send what, and what is told of it. */

import { decodeUtf8, encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CHANGED,
  formatCode,
  GET,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PUT,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../protocol/coap/codes.ts";
import {
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../protocol/coap/content-formats.ts";
import { ACK, type Message, NON } from "../../../protocol/coap/message.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import type { Version } from "../case.ts";
import { bytesOf, encodeValues, formatName } from "../content.ts";
import { answered } from "../raw-clients.ts";
import type { ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import type { PathValues } from "../server-under-test.ts";
import {
  expectCode,
  expectDone,
  expectHeard,
  expectOrdered,
  expectWritten,
  ONLY_1_2,
  SINCE_1_1,
} from "./server-expectations.ts";
import { OBSERVED, OBSERVED_LIST } from "./server-observation.ts";

const OMA = "LightweightM2M-1.1-int-";
const SEND = "LwM2M Core 1.1.1 §6.4.6";

/** Registers a client with a temperature of whose Sends the operator wants to be told. */
async function givenListening(bench: ServerBench, paths = [OBSERVED]): Promise<void> {
  bench.client.values.set(OBSERVED, 20.5);
  bench.client.values.set("/1/0/1", 300);
  bench.client.values.set("/3/0/11/0", 0);
  await bench.givenRegistered({ list: OBSERVED_LIST });
  for (const path of paths) {
    const outcome = await bench.carryOut({ kind: "listen", path });
    bench.given(outcome?.isSuccess === true, `the operator cannot hear of ${path}`);
  }
  bench.takeAll();
}

/** What the client sends, as a request. */
function sending(bench: ServerBench, format: number, values: PathValues, client = 0): Message {
  const payload = encodeValues(format, "/", values);
  return bench.compose(POST, "/dp", { format, payload, client });
}

/** A case of a client that sends a value in each of some formats. */
function sendIn(
  id: string,
  title: string,
  versions: readonly Version[],
  formats: readonly number[],
): ServerCase {
  return serverCase({
    id,
    title,
    versions,
    clauses: [SEND],
    needs: ["send"],
    criteria: {
      changed: `a Send in ${formats.map(formatName).join(", and one in ")} is answered by 2.04`,
      told: "its value reaches the operator",
    },
    async procedure(bench) {
      await givenListening(bench);
      for (const [i, format] of formats.entries()) {
        const value = 31.5 + i;
        const answer = await bench.exchange(sending(bench, format, { [OBSERVED]: value }));
        expectCode(bench, "changed", answer, [CHANGED], `a Send in ${formatName(format)}`);
        await expectHeard(bench, "told", OBSERVED, `${value}`);
      }
    },
  });
}

const SENDS = sendIn(`${OMA}306`, "Send", SINCE_1_1, [SENML_CBOR, SENML_JSON]);
const SENDS_1_2 = sendIn("dormouse-server-send-lwm2m-cbor", "Send in LwM2M CBOR", ONLY_1_2, [
  LWM2M_CBOR,
]);

const MUTE_SEND = serverCase({
  id: `${OMA}307`,
  title: "Mute Send",
  versions: SINCE_1_1,
  clauses: [SEND, "LwM2M Core 1.1.1 §E.2"],
  needs: ["send", "write"],
  correction: "the Writes of Mute Send are printed as POST: PUT",
  criteria: {
    mute: "Writes of true and of false that were ordered come to the client as a PUT on /1/0/23",
    value: "with those values",
    changed: "a Send after that is answered by 2.04",
    told: "and its value reaches the operator",
  },
  async procedure(bench) {
    await givenListening(bench);
    for (const value of [true, false]) {
      const order = { kind: "write", path: "/1/0/23", value } as const;
      const done = await expectOrdered(bench, "mute", order, PUT);
      const any = [TEXT, TLV, 60, SENML_JSON, SENML_CBOR, LWM2M_CBOR];
      expectWritten(bench, ["value", "value"], done, { "/1/0/23": value }, any);
      await expectDone(bench, "mute", done.orderId);
    }
    const answer = await bench.exchange(sending(bench, SENML_CBOR, { [OBSERVED]: 41.5 }));
    expectCode(bench, "changed", answer, [CHANGED], "the Send");
    await expectHeard(bench, "told", OBSERVED, "41.5");
  },
});

const SEND_ON_COMMAND = serverCase({
  id: `${OMA}311`,
  title: "Send command",
  versions: SINCE_1_1,
  clauses: [SEND],
  needs: ["send"],
  criteria: {
    changed: "a Send of /1/0/1 and /3/0/11/0 is answered by 2.04",
    told: "both values reach the operator",
  },
  async procedure(bench) {
    await givenListening(bench, ["/1/0/1", "/3/0/11"]);
    const values = { "/1/0/1": 86399, "/3/0/11/0": 8 };
    const answer = await bench.exchange(sending(bench, SENML_CBOR, values));
    expectCode(bench, "changed", answer, [CHANGED], "the Send");
    await expectHeard(bench, "told", "/1/0/1", "86399");
    const hasError = () => ["/3/0/11/0", "/3/0/11"].some((at) => bench.told(at).includes("8"));
    const isTold = await bench.waitFor(hasError, bench.now() + 5 * SECOND);
    bench.expect("told", isTold, "of /3/0/11/0 the operator was not told 8");
  },
});

interface BadSend {
  readonly what: string;
  readonly format: number | undefined;
  readonly payload: Uint8Array;
  readonly codes: readonly number[];
}

/** 66.5 as what no Send may be. */
const BAD_SENDS: readonly BadSend[] = [
  {
    what: "text",
    format: TEXT,
    payload: encodeUtf8("66.5"),
    codes: [UNSUPPORTED_CONTENT_FORMAT, BAD_REQUEST],
  },
  {
    what: "TLV",
    format: TLV,
    payload: bytesOf("E8 16 44 0C 64 42 85 00 00"),
    codes: [UNSUPPORTED_CONTENT_FORMAT, BAD_REQUEST],
  },
  {
    what: "no Content-Format",
    format: undefined,
    payload: encodeValues(SENML_CBOR, "/", { [OBSERVED]: 66.5 }),
    codes: [UNSUPPORTED_CONTENT_FORMAT, BAD_REQUEST],
  },
  { what: "no payload", format: SENML_CBOR, payload: new Uint8Array(0), codes: [BAD_REQUEST] },
  {
    what: "CBOR cut short",
    format: SENML_CBOR,
    payload: bytesOf("81 A2 00 6C 2F 33 33 30 33"),
    codes: [BAD_REQUEST],
  },
  {
    what: "JSON that is none",
    format: SENML_JSON,
    payload: encodeUtf8('[{"n":"/3303/0/5700","v":66.5'),
    codes: [BAD_REQUEST],
  },
  {
    what: "a name that is no path",
    format: SENML_JSON,
    payload: encodeUtf8('[{"n":"temperature","v":66.5}]'),
    codes: [BAD_REQUEST, NOT_FOUND],
  },
  {
    what: "a value of an object that is not registered",
    format: SENML_JSON,
    payload: encodeUtf8('[{"n":"/3304/0/5700","v":66.5}]'),
    codes: [NOT_FOUND, BAD_REQUEST],
  },
];

const SEND_REFUSED = serverCase({
  id: "dormouse-server-send-refused",
  title: "A Send that is wrong is refused, and nobody is told of it",
  versions: SINCE_1_1,
  clauses: [SEND, "LwM2M Transport 1.1.1 §6.4.4"],
  needs: ["send"],
  criteria: {
    refused:
      "each is answered by 4.00, or where it is about the format or the path by 4.15 or 4.04",
    untold: "the operator is told nothing",
    unharmed: "a right one after that is answered by 2.04",
  },
  async procedure(bench) {
    await givenListening(bench);
    for (const { what, format, payload, codes } of BAD_SENDS) {
      bench.step(`the client sends ${what}`);
      const answer = await bench.request(POST, "/dp", { format, payload });
      expectCode(bench, "refused", answer, codes, `a Send of ${what}`);
    }
    await bench.wait(SECOND);
    const isTold = bench.told(OBSERVED).includes("66.5") || bench.told("/3304/0/5700").length > 0;
    bench.expect("untold", !isTold, "the operator was told 66.5");
    const answer = await bench.exchange(sending(bench, SENML_CBOR, { [OBSERVED]: 32.5 }));
    expectCode(bench, "unharmed", answer, [CHANGED], "a right Send");
  },
});

const SEND_OF_STRANGERS = serverCase({
  id: "dormouse-server-send-stranger",
  title: "A Send of whoever is not registered is refused",
  versions: SINCE_1_1,
  clauses: [SEND],
  needs: ["send"],
  criteria: {
    stranger: "of an address that never registered it is answered by 4.04 or 4.00",
    former: "so is that of a client that has de-registered",
    untold: "the operator is told nothing",
  },
  async procedure(bench) {
    await givenListening(bench);
    const stranger = bench.addClient();
    const values = { [OBSERVED]: 66.5 };
    const answer = await bench.exchange(sending(bench, SENML_CBOR, values, stranger), stranger);
    expectCode(bench, "stranger", answer, [NOT_FOUND, BAD_REQUEST], "the Send");
    await bench.givenDeregistered();
    const late = await bench.exchange(sending(bench, SENML_CBOR, values));
    expectCode(bench, "former", late, [NOT_FOUND, BAD_REQUEST], "the Send after De-register");
    await bench.wait(SECOND);
    bench.expect("untold", !bench.told(OBSERVED).includes("66.5"), "the operator was told 66.5");
  },
});

const SEND_METHODS = serverCase({
  id: "dormouse-server-send-methods",
  title: "Send is a POST; Non-confirmable ones are taken",
  versions: SINCE_1_1,
  clauses: [SEND, "RFC 7252 §5.2.3", "RFC 7252 §5.8"],
  needs: ["send"],
  criteria: {
    methods: "GET and PUT of /dp are answered by 4.05 or 4.04",
    "non-confirmable":
      "a Non-confirmable Send is answered in a CON or NON message with its token, or not at all",
    told: "its value reaches the operator",
  },
  async procedure(bench) {
    await givenListening(bench);
    for (const method of [GET, PUT]) {
      const answer = await bench.request(method, "/dp");
      const asked = `method ${formatCode(method)} of /dp`;
      expectCode(bench, "methods", answer, [METHOD_NOT_ALLOWED, NOT_FOUND], asked);
    }
    const message = { ...sending(bench, SENML_CBOR, { [OBSERVED]: 33.5 }), type: NON };
    const answer = await bench.exchange(message);
    const isRight = answer === undefined || (answer.type !== ACK && answer.code === CHANGED);
    bench.expect("non-confirmable", isRight, answered("the Send", answer));
    await expectHeard(bench, "told", OBSERVED, "33.5");
  },
});

const SEND_WITH_TIMES = serverCase({
  id: "dormouse-server-send-times",
  title: "Values of the past are told in the order of their times",
  versions: SINCE_1_1,
  clauses: [SEND, "RFC 8428 §4.5.3"],
  needs: ["send"],
  criteria: {
    changed: "a Send of three values with times is answered by 2.04",
    latest: "the latest of them reaches the operator, and an older one never after it",
  },
  async procedure(bench) {
    await givenListening(bench);
    const records = [{ bn: OBSERVED, t: -20, v: 51.5 }, { v: 53.5 }, { t: -10, v: 52.5 }];
    const payload = encodeUtf8(JSON.stringify(records));
    const answer = await bench.request(POST, "/dp", { format: SENML_JSON, payload });
    expectCode(bench, "changed", answer, [CHANGED], `a Send of ${decodeUtf8(payload)}`);
    await expectHeard(bench, "latest", OBSERVED, "53.5");
    const told = bench.told(OBSERVED);
    const isLast = told[told.length - 1] === "53.5";
    bench.expect("latest", isLast, `after 53.5 the operator was told ${told[told.length - 1]}`);
  },
});

export const SERVER_SEND_CASES: readonly ServerCase[] = [
  SENDS,
  MUTE_SEND,
  SEND_ON_COMMAND,
  SENDS_1_2,
  SEND_REFUSED,
  SEND_OF_STRANGERS,
  SEND_METHODS,
  SEND_WITH_TIMES,
];
