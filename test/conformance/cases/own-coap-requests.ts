/** What a client does with requests that CoAP has rules for and no plugtest looks at: options, methods, blocks. */
import { blockOption } from "../../../protocol/coap/block.ts";
import {
  BAD_OPTION,
  BAD_REQUEST,
  CONTENT,
  formatCode,
  GET,
  METHOD_NOT_ALLOWED,
  PROXYING_NOT_SUPPORTED,
  PUT,
  REQUEST_ENTITY_INCOMPLETE,
} from "../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { NON } from "../../../protocol/coap/message.ts";
import {
  ACCEPT,
  BLOCK1,
  MAX_AGE,
  type Option,
  PROXY_SCHEME,
  PROXY_URI,
  textOption,
  URI_HOST,
  URI_PORT,
  uintOption,
} from "../../../protocol/coap/options.ts";
import type { Bench } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_1, C_15 } from "../configurations.ts";
import { bytesOf, encodeValues } from "../content.ts";
import { givenLongPath, LONG_PATH } from "./coap-blocks.ts";
import { ALL, BINDING, bytesWith, expectRejected, outcomeOf } from "./coap-exchanges.ts";

/** Options that no client knows. */
const CRITICAL: Option = { number: 65001, value: bytesOf("01") };
const ELECTIVE: Option = { number: 65000, value: bytesOf("01") };
/** Methods that are not assigned. */
const NO_METHODS = [0x08, 0x1f];

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
    non: "a Non-confirmable one with option 65001 by nothing or a Reset",
  },
  async procedure(bench) {
    await expectAnswer(bench, "critical", [CRITICAL], [BAD_OPTION]);
    await expectAnswer(bench, "elective", [ELECTIVE], [CONTENT]);
    const read = bench.compose({ method: GET, path: BINDING, options: [CRITICAL] });
    await expectRejected(bench, "non", bytesWith(read, { type: NON }));
  },
});

const OPTION_RULES = clientCase({
  id: "dormouse-coap-option-rules",
  title: "Options that are too long, too short or there too often are as good as unknown",
  versions: ALL,
  clauses: ["RFC 7252 §5.4.3", "RFC 7252 §5.4.5", "RFC 7252 §5.10"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    length: "an Accept of three bytes and a Uri-Host of none, critical ones, are answered by 4.02",
    repeated: "so is a second Accept",
    elective: "a Max-Age of five bytes is ignored, and so is one that is not",
  },
  async procedure(bench) {
    await expectAnswer(
      bench,
      "length",
      [{ number: ACCEPT, value: bytesOf("00 00 00") }],
      [BAD_OPTION],
    );
    await expectAnswer(bench, "length", [textOption(URI_HOST, "")], [BAD_OPTION]);
    const twice = [uintOption(ACCEPT, TEXT), uintOption(ACCEPT, TLV)];
    await expectAnswer(bench, "repeated", twice, [BAD_OPTION]);
    const long = { number: MAX_AGE, value: bytesOf("01 02 03 04 05") };
    await expectAnswer(bench, "elective", [long], [CONTENT]);
    await expectAnswer(bench, "elective", [uintOption(MAX_AGE, 60)], [CONTENT]);
  },
});

const HOST = clientCase({
  id: "dormouse-coap-uri-host",
  title: "Uri-Host and Uri-Port are understood",
  versions: ALL,
  clauses: ["RFC 7252 §5.10.1"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    understood: "a Read under another name is not answered by 4.02: by 2.05, 4.04 or 5.05",
  },
  async procedure(bench) {
    const answers = [CONTENT, 0x84, PROXYING_NOT_SUPPORTED];
    const host = textOption(URI_HOST, "another.example");
    await expectAnswer(bench, "understood", [host], answers);
    await expectAnswer(bench, "understood", [host, uintOption(URI_PORT, 61616)], answers);
  },
});

const PROXY = clientCase({
  id: "dormouse-coap-proxy",
  title: "A client is no proxy, and says so",
  versions: ALL,
  clauses: ["RFC 7252 §5.10.2"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    uri: "a request with Proxy-Uri is answered by 5.05",
    scheme: "so is one with Proxy-Scheme",
  },
  async procedure(bench) {
    const uri = textOption(PROXY_URI, "coap://another.example/3/0/16");
    const bare = bench.compose({ method: GET, path: "/", options: [uri] });
    const answer = await bench.exchange(bare);
    const why = `${outcomeOf(answer)} came, not 5.05`;
    bench.expect("uri", answer?.code === PROXYING_NOT_SUPPORTED, why);
    const scheme = textOption(PROXY_SCHEME, "http");
    await expectAnswer(bench, "scheme", [scheme], [PROXYING_NOT_SUPPORTED]);
  },
});

const METHODS = clientCase({
  id: "dormouse-coap-methods",
  title: "Unknown methods are not allowed",
  versions: ALL,
  clauses: ["RFC 7252 §5.8"],
  configuration: C_1,
  begins: "registered",
  criteria: { refused: "requests with the codes 0.08 and 0.31 are answered by 4.05" },
  async procedure(bench) {
    for (const method of NO_METHODS) {
      const answer = await bench.exchange(bench.compose({ method, path: BINDING }));
      const why = `${outcomeOf(answer)} came for ${formatCode(method)}, not 4.05`;
      bench.expect("refused", answer?.code === METHOD_NOT_ALLOWED, why);
    }
  },
});

const BLOCKS = clientCase({
  id: "dormouse-coap-block-rules",
  title: "Blocks that make no body are refused",
  versions: ALL,
  clauses: ["RFC 7959 §2.2", "RFC 7959 §2.5", "RFC 7959 §2.9.2"],
  configuration: C_15,
  begins: "registered",
  needs: { features: ["block-wise"], formats: [TLV] },
  criteria: {
    reserved: "the reserved size, exponent 7, is answered by 4.00",
    incomplete: "a block 1 without a block 0 before it by 4.08",
  },
  async procedure(bench) {
    await givenLongPath(bench);
    const payload = encodeValues(TLV, LONG_PATH, { [`${LONG_PATH}/0`]: bytesOf("01 02 03") });
    const write = { method: PUT, path: LONG_PATH, format: TLV, payload };
    const sized = { ...write, options: [{ number: BLOCK1, value: bytesOf("07") }] };
    const first = await bench.exchange(bench.compose(sized));
    bench.expect("reserved", first?.code === BAD_REQUEST, `${outcomeOf(first)} came, not 4.00`);
    const later = { ...write, options: [blockOption(BLOCK1, 1, false, 64)] };
    const second = await bench.exchange(bench.compose(later));
    const isRefused = second?.code === REQUEST_ENTITY_INCOMPLETE;
    bench.expect("incomplete", isRefused, `${outcomeOf(second)} came, not 4.08`);
  },
});

/** A criterion: a Confirmable Read with these options is answered by one of these codes. */
async function expectAnswer<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  options: readonly Option[],
  codes: readonly number[],
): Promise<void> {
  const answer = await bench.exchange(bench.compose({ method: GET, path: BINDING, options }));
  const wanted = codes.map(formatCode).join(" or ");
  const names = options.map(({ number }) => number).join(" and ");
  const why = `${outcomeOf(answer)} came for option ${names}, not ${wanted}`;
  bench.expect(criterion, answer !== undefined && codes.includes(answer.code), why);
}

export const OWN_COAP_REQUEST_CASES: readonly ConformanceCase[] = [
  OPTIONS,
  OPTION_RULES,
  HOST,
  PROXY,
  METHODS,
  BLOCKS,
];
