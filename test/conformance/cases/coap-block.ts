/** TD_COAP_BLOCK_01-06: bodies longer than a message, on their way up and down (RFC 7959, RFC 8132). */
import { blockOption } from "../../../protocol/coap/block.ts";
import {
  CHANGED,
  CONTENT,
  CONTINUE,
  CREATED,
  FETCH,
  formatCode,
  GET,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { SENML_CBOR, TLV } from "../../../protocol/coap/content-formats.ts";
import type { Message } from "../../../protocol/coap/message.ts";
import { BLOCK1, BLOCK2, LOCATION_PATH } from "../../../protocol/coap/options.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import { SENML_ETCH_CBOR_PATHS } from "../../../protocol/content/senml-cbor-etch.ts";
import type { Bench } from "../bench.ts";
import { blockOf, LARGEST_BLOCK } from "../block-wise.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { COMPOSITE_NEEDS } from "../composite.ts";
import { C_1, C_12, C_15, configuredValues, pathOfText } from "../configurations.ts";
import { encodeValues } from "../content.ts";
import {
  askForBlocks,
  contentAnswer,
  expectBlocks,
  givenLongPath,
  givenWritten,
  LONG,
  LONG_PATH,
  longValue,
  sendInBlocks,
} from "./coap-blocks.ts";
import { ALL, outcomeOf } from "./coap-exchanges.ts";

const SINCE_1_1: readonly Version[] = ["1.1", "1.2"];
const DEVICE = "/3/0";
/** Few paths are longer than that. */
const SMALL = 32;
const BLOCK_WISE = { features: ["block-wise"] } as const;
const WITH_TLV = { ...BLOCK_WISE, formats: [TLV] } as const;

/** BLOCK_01 and 06 differ in the size that is asked for. */
function earlyNegotiation(number: string, size: number): ConformanceCase {
  return clientCase({
    id: `TD_COAP_BLOCK_${number}`,
    title: `A GET that asks for blocks of ${size} bytes gets them`,
    versions: ALL,
    clauses: ["RFC 7959 §2.4", "RFC 7959 §2.3", "RFC 7959 §2.2"],
    configuration: C_1,
    begins: "registered",
    needs: BLOCK_WISE,
    correction: `a Read of ${DEVICE}`,
    criteria: {
      first: `block 0, ${size} bytes or less and full, says that more follows`,
      further: "so does each block that is asked for but the last, in the same size",
      whole: "joined they are the values of the device",
    },
    async procedure(bench) {
      const question = { method: GET, path: DEVICE };
      const { length } = (await bench.ask(question)).payload;
      bench.applies(length > size, `its ${DEVICE} has ${length} bytes, which is one block`);
      const first = await askForBlocks(bench, question, 0, size);
      const joined = await expectBlocks(bench, ["first", "further"], question, first, size);
      const answer = contentAnswer(DEVICE, first, joined);
      bench.expectValues("whole", answer, configuredValues(bench.configuration, DEVICE));
    },
  });
}

const LATE_NEGOTIATION = clientCase({
  id: "TD_COAP_BLOCK_02",
  title: "A GET that asks for no blocks gets the first, and smaller ones from there",
  versions: ALL,
  clauses: ["RFC 7959 §2.4", "RFC 7959 §2.3", "RFC 7959 §2.2"],
  configuration: C_15,
  begins: "registered",
  needs: WITH_TLV,
  correction: `a Read of ${LONG_PATH}, after ${LONG} bytes were written to it`,
  criteria: {
    first: "the answer is block 0, full, and says that more follows",
    further: "the blocks that are asked for from there on are of the smaller size",
    whole: "joined they are what was written",
  },
  async procedure(bench) {
    const value = longValue(LONG, 1);
    await givenWritten(bench, value);
    const question = { method: GET, path: LONG_PATH, accept: TLV };
    const first = await bench.exchange(bench.compose(question));
    const block = first === undefined ? undefined : blockOf(first, BLOCK2);
    const isCut = first?.code !== CONTENT || first.payload.length <= LARGEST_BLOCK || block?.more;
    bench.applies(isCut === true, `the client sends ${first?.payload.length} bytes in one message`);
    const smaller = Math.min(64, block?.size ?? 64);
    const joined = await expectBlocks(bench, ["first", "further"], question, first, smaller);
    const answer = contentAnswer(LONG_PATH, first, joined);
    bench.expectValues("whole", answer, { [`${LONG_PATH}/0`]: value });
  },
});

const UPLOAD = clientCase({
  id: "TD_COAP_BLOCK_03",
  title: "A PUT in blocks is carried out when the last is there",
  versions: ALL,
  clauses: ["RFC 7959 §2.5", "RFC 7959 §2.3", "RFC 7959 §2.9.1"],
  configuration: C_15,
  begins: "registered",
  needs: WITH_TLV,
  correction: `a Write of 300 bytes to ${LONG_PATH}, in blocks of 64`,
  criteria: {
    continued: "each block but the last is answered by 2.31 (2.04 without more), with its Block1",
    changed: "the last by 2.04, with its Block1",
    whole: "the value is what was written, whole",
  },
  async procedure(bench) {
    await givenLongPath(bench);
    const value = longValue(300, 3);
    const payload = encodeValues(TLV, LONG_PATH, { [`${LONG_PATH}/0`]: value });
    const question = { method: PUT, path: LONG_PATH, format: TLV, payload };
    const last = await sendInBlocks(bench, "continued", question, [CONTINUE, CHANGED]);
    expectLast(bench, "changed", last, CHANGED);
    bench.expectValues("whole", await bench.read(LONG_PATH, TLV), { [`${LONG_PATH}/0`]: value });
  },
});

const CREATION = clientCase({
  id: "TD_COAP_BLOCK_04",
  title: "A POST in blocks makes one resource",
  versions: ALL,
  clauses: ["RFC 7959 §2.5", "RFC 7959 §2.3", "RFC 7959 §2.9.1"],
  configuration: C_12,
  begins: "registered",
  needs: WITH_TLV,
  correction: "a Create of an instance of object 16 with 300 bytes of text, in blocks of 64",
  criteria: {
    continued: "each block but the last is answered by 2.31, with its Block1",
    created: "the last by 2.01, with its Block1 and the location",
    whole: "the instance there has the values, whole",
  },
  async procedure(bench) {
    const text = "a portfolio that is longer than a block ".repeat(8);
    const payload = encodeValues(TLV, "/16/0", { "/16/0/0/0": text });
    const question = { method: POST, path: "/16", format: TLV, payload };
    const last = await sendInBlocks(bench, "continued", question, [CONTINUE]);
    expectLast(bench, "created", last, CREATED);
    const path = pathOf(last?.options ?? [], LOCATION_PATH);
    bench.expect("created", /^\/16\/\d+$/.test(path), `the Location is ${path}`);
    bench.expectValues("whole", await bench.read(path, TLV), { [`${path}/0/0`]: text });
  },
});

const BOTH_WAYS = clientCase({
  id: "TD_COAP_BLOCK_05",
  title: "A request in blocks is answered in blocks",
  versions: SINCE_1_1,
  clauses: ["RFC 7959 §2.7", "RFC 7959 §3.3", "RFC 8132 §2.5"],
  configuration: C_1,
  begins: "registered",
  needs: { ...COMPOSITE_NEEDS, features: [...COMPOSITE_NEEDS.features, "block-wise"] },
  correction: "a Read-Composite: LwM2M has no POST that is answered with content",
  criteria: {
    continued: "each block of the FETCH but the last is answered by 2.31, with its Block1",
    first:
      "the last by 2.05 with both, Block1 and block 0 of the answer, full and with more to follow",
    further: "each further block of the answer comes as it is asked for",
    whole: "joined they are the values of the device",
  },
  async procedure(bench) {
    const paths = Object.keys(configuredValues(bench.configuration, DEVICE)).map(pathOfText);
    const payload = SENML_ETCH_CBOR_PATHS.encode(paths);
    const fetch = { method: FETCH, path: "/", accept: SENML_CBOR, format: SENML_CBOR, payload };
    const asked = { ...fetch, options: [blockOption(BLOCK2, 0, false, SMALL)] };
    const first = await sendInBlocks(bench, "continued", asked, [CONTINUE], SMALL);
    expectLast(bench, "first", first, CONTENT);
    // The answer is asked for without the body that it answers (RFC 7959 §3.3).
    const question = { ...fetch, payload: undefined };
    const joined = await expectBlocks(bench, ["first", "further"], question, first, SMALL);
    const answer = contentAnswer("/", first, joined);
    bench.expectValues("whole", answer, configuredValues(bench.configuration, DEVICE));
  },
});

/** A criterion: the last block of a body is answered by this code, and the answer says which block it answers. */
function expectLast<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  last: Message | undefined,
  code: number,
): void {
  const why = `${outcomeOf(last)} came for the last block, not ${formatCode(code)}`;
  bench.expect(criterion, last?.code === code, why);
  const block = last === undefined ? undefined : blockOf(last, BLOCK1);
  const isLast = block !== undefined && !block.more;
  bench.expect(criterion, isLast, "it has no Block1 of the last block");
}

export const BLOCK_CASES: readonly ConformanceCase[] = [
  earlyNegotiation("01", 64),
  LATE_NEGOTIATION,
  UPLOAD,
  CREATION,
  BOTH_WAYS,
  earlyNegotiation("06", 16),
];
