/** What no published suite asks of a server about payloads: those that are wrong, in answers and in notifications, in every format. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  GET,
  NOT_FOUND,
  POST,
} from "../../../protocol/coap/codes.ts";
import {
  CBOR,
  LWM2M_CBOR,
  LWM2M_JSON,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../protocol/coap/content-formats.ts";
import { CONTENT_FORMAT, uintOf, uintOption } from "../../../protocol/coap/options.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import type { Version } from "../case.ts";
import { bytesOf, encodeValues, formatName } from "../content.ts";
import { answered } from "../raw-clients.ts";
import { contentIn } from "../scripted-client.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import {
  ABSENT,
  ALL,
  expectCode,
  expectHeard,
  ONLY_1_2,
  SINCE_1_1,
  tells,
  toldWords,
} from "./server-expectations.ts";
import { givenObserved, notify, OBSERVED } from "./server-observation.ts";
import { expectReadable } from "./server-own-messages.ts";

interface BadPayload {
  readonly what: string;
  readonly payload: Uint8Array;
}

/** What is no content of /3/0, or none that a reader may believe, each with a value that must not be told as it stands. */
const BAD: ReadonlyMap<number, readonly BadPayload[]> = new Map([
  [
    TLV,
    [
      { what: "a value cut short", payload: bytesOf("C8 00 14 4F 70 65 6E") },
      { what: "a header cut short", payload: bytesOf("C8 00") },
      { what: "a length beyond the end", payload: bytesOf("D8 00 FF FF FF 41") },
      { what: "another instance within this one", payload: bytesOf("06 63 C3 00 42 61 64") },
      { what: "bytes that are nothing", payload: bytesOf("FF FF FF FF") },
    ],
  ],
  [
    LWM2M_JSON,
    [
      { what: "half of it", payload: encodeUtf8('{"bn":"/3/0/","e":[{"n":"0","sv":"Bad"') },
      { what: "an array", payload: encodeUtf8('[{"n":"0","sv":"Bad"}]') },
      { what: "no values", payload: encodeUtf8('{"bn":"/3/0/","e":{"n":"0","sv":"Bad"}}') },
    ],
  ],
  [
    SENML_JSON,
    [
      { what: "half of it", payload: encodeUtf8('[{"bn":"/3/0/","n":"0","vs":"Bad"') },
      { what: "an object", payload: encodeUtf8('{"bn":"/3/0/","n":"0","vs":"Bad"}') },
      { what: "another place", payload: encodeUtf8('[{"n":"/1/0/0","vs":"Bad"}]') },
      { what: "a name that is no path", payload: encodeUtf8('[{"n":"manufacturer","vs":"Bad"}]') },
      { what: "two values in one", payload: encodeUtf8('[{"n":"/3/0/0","vs":"Bad","v":1}]') },
      {
        what: "a label that must be known",
        payload: encodeUtf8('[{"n":"/3/0/0","vs":"Bad","x_":1}]'),
      },
    ],
  ],
  [
    SENML_CBOR,
    [
      { what: "half of it", payload: bytesOf("81 A2 00 66 2F 33 2F 30 2F 30 03 63 42") },
      { what: "a map", payload: bytesOf("A2 00 66 2F 33 2F 30 2F 30 03 63 42 61 64") },
      { what: "a count beyond the end", payload: bytesOf("9B 7F FF FF FF FF FF FF FF") },
      {
        what: "text that is not UTF-8",
        payload: bytesOf("81 A2 00 66 2F 33 2F 30 2F 30 03 62 C3 28"),
      },
      { what: "nesting without end", payload: new Uint8Array(900).fill(0x81) },
    ],
  ],
  [
    LWM2M_CBOR,
    [
      { what: "half of it", payload: bytesOf("A1 03 A1 00 A1 00 63 42") },
      { what: "an array", payload: bytesOf("83 03 00 00") },
      { what: "another object", payload: bytesOf("A1 01 A1 00 A1 00 63 42 61 64") },
      {
        what: "an id beyond 16 bits",
        payload: bytesOf("A1 03 A1 00 A1 1A 00 01 11 70 63 42 61 64"),
      },
      { what: "nesting without end", payload: new Uint8Array(900).fill(0xa1) },
    ],
  ],
]);

/** Formats of an instance that a version has. */
const FORMATS: Readonly<Record<Version, readonly number[]>> = {
  "1.0": [TLV, LWM2M_JSON],
  "1.1": [TLV, SENML_JSON, SENML_CBOR],
  "1.2": [TLV, SENML_JSON, SENML_CBOR, LWM2M_CBOR],
};

const MALFORMED_ANSWERS = serverCase({
  id: "dormouse-server-malformed-answers",
  title: "Answers whose payload is not what they say",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.1", "LwM2M Core 1.1.1 §7.4"],
  needs: ["read"],
  criteria: {
    ended: "each Read ends in finite time",
    untold: "no value of such a payload is told as that of /3/0/0",
    unharmed: "a right answer after that is told",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    for (const format of FORMATS[bench.version]) {
      for (const { what, payload } of BAD.get(format) ?? []) {
        bench.step(`the client answers in ${formatName(format)} with ${what}`);
        bench.client.answer = ({ message }) =>
          message.code === GET ? contentIn(format, payload) : undefined;
        const outcome = await bench.carryOut({ kind: "read", path: "/3/0" });
        const words = `${formatName(format)} with ${what}: ${toldWords(outcome, "/3/0/0")}`;
        bench.expect("ended", outcome !== undefined, words);
        // Who passes payloads on as they are tells no value.
        const isTold = outcome?.values !== undefined && tells(outcome, "/3/0/0", "Bad");
        bench.expect("untold", !isTold, words);
      }
    }
    await expectReadable(bench, "unharmed");
  },
});

/** What may stand in a Send although it is no content of /3/0. */
const RIGHT_IN_SENDS = ["another place", "another object"];

const MALFORMED_SENDS = serverCase({
  id: "dormouse-server-malformed-sends",
  title: "Sends whose payload is not what they say",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.4.6", "LwM2M Core 1.1.1 §7.4"],
  needs: ["send"],
  criteria: {
    refused: "each is answered by 4.00, or by 4.04 where what it names is nothing",
    untold: "no value of it is told",
    unharmed: "a right one after that is answered by 2.04",
  },
  async procedure(bench) {
    bench.client.values.set("/3/0/0", "Open Mobile Alliance");
    await bench.givenRegistered();
    await bench.carryOut({ kind: "listen", path: "/3/0/0" });
    const send = (format: number, payload: Uint8Array) =>
      bench.request(POST, "/dp", { format, payload });
    for (const format of FORMATS[bench.version].filter((one) => one !== TLV)) {
      for (const { what, payload } of BAD.get(format) ?? []) {
        if (RIGHT_IN_SENDS.includes(what)) continue;
        const asked = `a Send in ${formatName(format)} with ${what}`;
        const answer = await send(format, payload);
        expectCode(bench, "refused", answer, [BAD_REQUEST, NOT_FOUND], asked);
      }
    }
    await bench.wait(SECOND);
    const isTold = bench.told("/3/0/0").some((one) => one.includes("Bad"));
    bench.expect("untold", !isTold, "the operator was told a value");
    const right = await send(SENML_CBOR, encodeValues(SENML_CBOR, "/", { "/3/0/0": "Good" }));
    expectCode(bench, "unharmed", right, [CHANGED], "a right Send");
  },
});

const MALFORMED_TEXTS: readonly (readonly [what: string, format: number, payload: Uint8Array])[] = [
  ["text that is no number", TEXT, encodeUtf8("66.5 degrees")],
  ["an empty text", TEXT, new Uint8Array(0)],
  ["text that is not UTF-8", TEXT, bytesOf("C3 28 36 36")],
  ["CBOR cut short", CBOR, bytesOf("FB 40 50")],
  ["a map in CBOR", CBOR, bytesOf("A1 01 18 42")],
  ["a format that nobody knows", 65000, encodeUtf8("66.5")],
];

const MALFORMED_NOTIFICATIONS = serverCase({
  id: "dormouse-server-malformed-notifications",
  title: "Notifications whose payload is not what they say",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.1", "RFC 7641 §4.2"],
  needs: ["observe"],
  criteria: {
    finite: "each is acknowledged, or rejected",
    untold: "no value 66.5 is told of them",
    goes: "a right notification after that is acknowledged and told, or the observation was rejected before",
  },
  async procedure(bench) {
    await givenObserved(bench);
    let sequence = 1;
    let isOver = false;
    for (const [what, format, payload] of MALFORMED_TEXTS) {
      if ((format === CBOR && bench.version === "1.0") || isOver) continue;
      const answer = await notify(bench, OBSERVED, { sequence: ++sequence, format, payload });
      bench.expect("finite", answer !== undefined, answered(`a notification of ${what}`, answer));
      isOver = answer?.code === 0 && answer.type === 3;
    }
    await bench.wait(SECOND);
    bench.expect("untold", !bench.told(OBSERVED).includes("66.5"), "the operator was told 66.5");
    if (isOver) {
      bench.note("a notification that cannot be read ends the observation");
      return bench.expect("goes", true, "");
    }
    await notify(bench, OBSERVED, { sequence: ++sequence, payload: "27.5" });
    await expectHeard(bench, "goes", OBSERVED, "27.5");
  },
});

/** A case of notifications of an instance in each of some formats. */
function notifiedIn(
  id: string,
  title: string,
  versions: readonly Version[],
  formats: readonly number[],
) {
  const instance = "/3/0";
  return serverCase({
    id,
    title,
    versions,
    clauses: ["LwM2M Core 1.1.1 §6.4.1", "LwM2M Core 1.1.1 §7.4"],
    needs: ["observe"],
    criteria: {
      observe: "the observation of an instance that was ordered comes as a GET with Observe 0",
      told: `notifications in ${formats.map(formatName).join(", in ")} reach the operator`,
    },
    async procedure(bench) {
      bench.client.values.set("/3/0/0", "Open Mobile Alliance");
      await bench.givenRegistered();
      await bench.carryOut({ kind: "observe", path: instance });
      const isObserved = bench.client.observed.has(instance);
      bench.expect("observe", isObserved, "no GET with Observe 0 came to the client");
      for (const [i, format] of formats.entries()) {
        const text = `Manufacturer ${i}`;
        const payload = encodeValues(format, instance, { "/3/0/0": text });
        await notify(bench, instance, { sequence: 2 + i, format, payload });
        await expectHeard(bench, "told", "/3/0/0", text);
      }
    },
  });
}

const WRONG_SUCCESS = serverCase({
  id: "dormouse-server-wrong-success",
  title: "A success that the operation does not have",
  versions: ALL,
  clauses: ["LwM2M Transport 1.1.1 §6.4.5", "RFC 7252 §5.9.1"],
  needs: ["read", "write"],
  criteria: {
    read: "a Read that is answered by 2.04 without content brings the operator no value",
    ended: "it ends in finite time, and so does a Write that is answered by 2.05",
    unharmed: "another Read is answered",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    bench.client.answer = () => ({ code: 0x44 });
    const read = await bench.carryOut({ kind: "read", path: "/3/0/0" });
    const hasValue = read?.isSuccess === true && (read.value ?? "") !== "";
    bench.expect("read", !hasValue, toldWords(read));
    bench.client.answer = () => contentIn(TEXT, encodeUtf8("no answer to a Write"));
    const write = await bench.carryOut({ kind: "write", path: "/1/0/1", value: 60 });
    const isEnded = read !== undefined && write !== undefined;
    bench.expect("ended", isEnded, toldWords(isEnded ? write : undefined));
    if (write?.isSuccess) bench.note("a Write that is answered by 2.05 is told as a success");
    await expectReadable(bench, "unharmed");
  },
});

const UNKNOWN_CODES = serverCase({
  id: "dormouse-server-unknown-codes",
  title: "Answers with codes that nobody knows",
  versions: ALL,
  clauses: ["RFC 7252 §5.9", "RFC 7252 §3"],
  needs: ["read"],
  criteria: {
    told: "4.31 and 5.31 are told as failures, like 4.00 and 5.00",
    unharmed: "another Read is answered",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    for (const code of [0x9f, 0xbf]) {
      bench.client.answer = ({ message }) => (message.code === GET ? { code } : undefined);
      const outcome = await bench.carryOut({ kind: "read", path: "/3/0/0" });
      bench.expect("told", outcome?.isSuccess === false, toldWords(outcome));
    }
    await expectReadable(bench, "unharmed");
  },
});

const EMPTY_VALUES = serverCase({
  id: "dormouse-server-empty-values",
  title: "Values of no bytes",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §7.4"],
  needs: ["read", "write"],
  criteria: {
    read: "an empty text that is read is told as a success",
    write: "one that is written comes to the client as a PUT with a Content-Format",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    bench.client.answer = ({ message }) =>
      message.code === GET
        ? { code: CONTENT, options: [uintOption(CONTENT_FORMAT, TEXT)] }
        : undefined;
    const read = await bench.carryOut({ kind: "read", path: "/3/0/0" });
    bench.expect("read", read?.isSuccess === true, toldWords(read));
    await bench.order({ kind: "write", path: "/3/0/15", value: "" });
    const write = await bench.next(bench.now() + 5 * SECOND, ({ path }) => path === "/3/0/15");
    const { message } = bench.expectFound("write", write, "no PUT on /3/0/15 came");
    const format = uintOf(message.options, CONTENT_FORMAT, ABSENT);
    bench.expect("write", format !== ABSENT, "it has none, as Write-Attributes have");
  },
});

export const SERVER_OWN_CONTENT_CASES: readonly ServerCase[] = [
  MALFORMED_ANSWERS,
  MALFORMED_SENDS,
  MALFORMED_NOTIFICATIONS,
  notifiedIn(
    "dormouse-server-notify-formats",
    "Notifications in every format of LwM2M 1.1",
    SINCE_1_1,
    [TLV, SENML_JSON, SENML_CBOR],
  ),
  notifiedIn("dormouse-server-notify-lwm2m-cbor", "Notifications in LwM2M CBOR", ONLY_1_2, [
    LWM2M_CBOR,
  ]),
  WRONG_SUCCESS,
  UNKNOWN_CODES,
  EMPTY_VALUES,
];
