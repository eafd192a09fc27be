/**
 * What it costs to read and write messages and their content, against npm libraries in the same process. Rounds of ours and
 * theirs alternate, so that what else the machine does hits both; the medians are compared.
 */
import { Decoder, Encoder } from "cbor-x";
import { generate, parse } from "coap-packet";
import { CREATED, POST } from "../../protocol/coap/codes.ts";
import { decodeLinks } from "../../protocol/coap/link-format.ts";
import type { Message } from "../../protocol/coap/message.ts";
import { ACK, CON, decodeMessage, encodeMessage } from "../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  LOCATION_PATH,
  URI_PATH,
  uintOption,
} from "../../protocol/coap/options.ts";
import { pathOptions, queryOptions } from "../../protocol/coap/uri.ts";
import { SENML_CBOR_CODEC } from "../../protocol/content/senml-cbor.ts";
import { TLV_CODEC } from "../../protocol/content/tlv.ts";
import type { Entry } from "../../protocol/model/data-types.ts";
import { FLOAT, INTEGER, STRING } from "../../protocol/model/data-types.ts";
import { DEVICE } from "../../protocol/model/objects/device.ts";
import { TEMPERATURE } from "../../protocol/model/objects/temperature.ts";
import type { Measurement, Report } from "./bench-report.ts";
import { median } from "./bench-report.ts";

const LINKS =
  '</>;rt="oma.lwm2m";ct="60 110 112 11542",</1/0>,</3/0>,</4/0>,</5/0>,</6/0>,</7/0>,</3303/0>,</3303/1>';

const REGISTRATION: Message = {
  type: CON,
  code: POST,
  messageId: 0x1234,
  token: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  options: [
    ...pathOptions(URI_PATH, "/rd"),
    uintOption(CONTENT_FORMAT, 40),
    ...queryOptions(["ep=urn:dev:mac:0024befffe804ff1", "lt=86400", "lwm2m=1.1", "b=U"]),
  ],
  payload: new TextEncoder().encode(LINKS),
};
const REGISTRATION_ANSWER: Message = {
  type: ACK,
  code: CREATED,
  messageId: 0x1234,
  token: REGISTRATION.token,
  options: pathOptions(LOCATION_PATH, "/rd/5a3f09c2d1"),
  payload: new Uint8Array(0),
};

const TEN_READINGS: readonly Entry[] = Array.from({ length: 10 }, (_, at) => ({
  path: [3303, at, 5700],
  type: FLOAT,
  value: 20.5 + at / 4,
}));
/** The same as TEN_READINGS in SenML labels: base name -2, name 0, value 2 (SenML RFC 8428 §6). */
const TEN_RECORDS = TEN_READINGS.map((entry, at) => {
  const record = new Map<number, unknown>(at === 0 ? [[-2, "/3303"]] : []);
  return record.set(0, `/${at}/5700`).set(2, entry.value);
});

const DEVICE_ENTRIES: readonly Entry[] = [
  { path: [3, 0, 0], type: STRING, value: "Open Mobile Alliance" },
  { path: [3, 0, 1], type: STRING, value: "Lightweight M2M Client" },
  { path: [3, 0, 2], type: STRING, value: "345000123" },
  { path: [3, 0, 3], type: STRING, value: "1.0" },
  { path: [3, 0, 9], type: INTEGER, value: 100 },
  { path: [3, 0, 10], type: INTEGER, value: 15 },
];

export function benchCodec(short: boolean): Report {
  const compare = comparison(short ? 7 : 31, short ? 10 : 30);
  // As a socket gives them.
  const registration = Buffer.from(encodeMessage(REGISTRATION));
  const answer = Buffer.from(encodeMessage(REGISTRATION_ANSWER));
  const registrationPacket = parse(registration);
  const answerPacket = parse(answer);
  const cborEncoder = new Encoder({
    useRecords: false,
    mapsAsObjects: false,
    tagUint8Array: false,
    variableMapSize: true,
  });
  const cborDecoder = new Decoder({ useRecords: false, mapsAsObjects: false });
  const records = cborEncoder.encode(TEN_RECORDS);
  const senml = given(SENML_CBOR_CODEC.encode([3303], TEN_READINGS));
  const tlv = given(TLV_CODEC.encode([3, 0], DEVICE_ENTRIES));
  const json = JSON.stringify(DEVICE_ENTRIES);
  const definitionOf = (id: number) => (id === 3 ? DEVICE : id === 3303 ? TEMPERATURE : undefined);
  const size = registration.length;

  return {
    title: "Codecs, per message",
    measurements: [
      compare(`decode a registration (${size} bytes)`, "coap-packet", 1, {
        ours: () => decodeMessage(registration),
        theirs: () => parse(registration),
      }),
      compare("encode a registration", "coap-packet", 1, {
        ours: () => encodeMessage(REGISTRATION),
        theirs: () => generate(registrationPacket),
      }),
      compare("decode its answer", "coap-packet", 1, {
        ours: () => decodeMessage(answer),
        theirs: () => parse(answer),
      }),
      compare("encode its answer", "coap-packet", 1, {
        ours: () => encodeMessage(REGISTRATION_ANSWER),
        theirs: () => generate(answerPacket),
      }),
      compare("decode its 9 links", "JSON.parse of as many", undefined, {
        ours: () => decodeLinks(LINKS),
        theirs: () => JSON.parse(LINKS_AS_JSON),
      }),
      compare("encode 10 readings as SenML CBOR", "cbor-x", undefined, {
        ours: () => SENML_CBOR_CODEC.encode([3303], TEN_READINGS),
        theirs: () => cborEncoder.encode(TEN_RECORDS),
      }),
      compare("decode 10 readings from SenML CBOR", "cbor-x", undefined, {
        ours: () => SENML_CBOR_CODEC.decode(senml, [3303], definitionOf),
        theirs: () => cborDecoder.decode(records),
      }),
      compare("encode /3/0 as TLV", "JSON.stringify", undefined, {
        ours: () => TLV_CODEC.encode([3, 0], DEVICE_ENTRIES),
        theirs: () => JSON.stringify(DEVICE_ENTRIES),
      }),
      compare("decode /3/0 from TLV", "JSON.parse", undefined, {
        ours: () => TLV_CODEC.decode(tlv, [3, 0], definitionOf),
        theirs: () => JSON.parse(json),
      }),
    ],
  };
}

const LINKS_AS_JSON = JSON.stringify(
  LINKS.split(",").map((link) => ({ uri: link.split(";")[0], attributes: [] })),
);

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a codec refused the benchmark's own values");
  return value;
}

/** Keeps results alive, so that no call can be optimized away. */
let kept: unknown;

function comparison(rounds: number, roundMs: number) {
  return (
    what: string,
    against: string,
    goal: number | undefined,
    { ours, theirs }: { ours: () => unknown; theirs: () => unknown },
  ): Measurement => {
    const ourCalls = callsIn(ours, roundMs);
    const theirCalls = callsIn(theirs, roundMs);
    const ourCosts: number[] = [];
    const theirCosts: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ourCosts.push(cpuPerCall(ours, ourCalls));
      theirCosts.push(cpuPerCall(theirs, theirCalls));
    }
    return {
      what,
      unit: "us CPU",
      ours: median(ourCosts),
      against,
      theirs: median(theirCosts),
      goal,
    };
  };
}

/** How many calls take about so long, found by doubling, which also warms the compiler. */
function callsIn(work: () => unknown, milliseconds: number): number {
  let calls = 1_000;
  while (cpuPerCall(work, calls) * calls < milliseconds * 1_000) calls *= 2;
  return calls;
}

/** Microseconds of CPU, of all threads of the process. */
function cpuPerCall(work: () => unknown, calls: number): number {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call++) kept = work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / calls;
}

export function keptResult(): unknown {
  return kept;
}
