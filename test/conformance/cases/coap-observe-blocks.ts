/** TD_COAP_OBS_13 and 14: observations of what is longer than a message (RFC 7959 §2.6). */
import { CONTENT, formatCode, GET } from "../../../protocol/coap/codes.ts";
import { TLV } from "../../../protocol/coap/content-formats.ts";
import { BLOCK2 } from "../../../protocol/coap/options.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { type Answer, type Bench, type ObservedPath, was } from "../bench.ts";
import { blockOf, LARGEST_BLOCK } from "../block-wise.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_15 } from "../configurations.ts";
import { decodeValues, isSameValue } from "../content.ts";
import { hasObserve, type Uplink } from "../scripted-server.ts";
import { givenWritten, LONG, LONG_PATH, longValue } from "./coap-blocks.ts";
import { ALL } from "./coap-exchanges.ts";

const NEEDS = { features: ["block-wise"], formats: [TLV] } as const;
const SHORT = 8;
/** How long the fetching of the rest may take beyond what the client's pace is. */
const FETCHING = 30 * SECOND;

const LARGE = clientCase({
  id: "TD_COAP_OBS_13",
  title: "A notification that is longer than a message is its first block",
  versions: ALL,
  clauses: ["RFC 7959 §2.6", "RFC 7959 §3.4", "RFC 7641 §4.2"],
  configuration: C_15,
  begins: "registered",
  needs: NEEDS,
  correction: `${LONG_PATH}, to which ${LONG} bytes are written`,
  criteria: {
    observed: "the answer is block 0, with Observe, and with its further blocks what was written",
    notified: "so is the notification of what is written then",
  },
  async procedure(bench) {
    const before = longValue(LONG, 1);
    await givenWritten(bench, before);
    const observed = await observeLong(bench, "observed");
    expectCut(bench, "observed", observed.answer);
    expectValue(bench, "observed", observed.answer, before);
    const after = longValue(LONG, 2);
    const told = await nextOf(bench, "notified", observed, after);
    expectCut(bench, "notified", told.message);
    bench.expect("notified", hasObserve(told.message), "it has no Observe option");
  },
});

const VARYING = clientCase({
  id: "TD_COAP_OBS_14",
  title: "Notifications of varying length go in blocks when they have to",
  versions: ALL,
  clauses: ["RFC 7959 §2.6", "RFC 7641 §4.2"],
  configuration: C_15,
  begins: "registered",
  needs: NEEDS,
  correction: `${LONG_PATH}, to which few and ${LONG} bytes are written in turn`,
  criteria: {
    short: "a short value is told in one message",
    long: "a long one in blocks, of which the first has Observe",
    again: "and a short one after it in one message again",
  },
  async procedure(bench) {
    await givenWritten(bench, longValue(SHORT, 1));
    const observed = await observeLong(bench, "short");
    const first = await nextOf(bench, "short", observed, longValue(SHORT, 2));
    expectWhole(bench, "short", first);
    const long = await nextOf(bench, "long", observed, longValue(LONG, 3));
    expectCut(bench, "long", long.message);
    bench.expect("long", hasObserve(long.message), "it has no Observe option");
    const last = await nextOf(bench, "again", observed, longValue(SHORT, 4));
    expectWhole(bench, "again", last);
  },
});

async function observeLong<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
): Promise<ObservedPath> {
  const observed = await bench.observeBy({ method: GET, path: LONG_PATH, accept: TLV });
  bench.expectCode(criterion, observed.answer, CONTENT);
  const why = `${was(observed.answer)} without Observe`;
  bench.expect(criterion, hasObserve(observed.answer), why);
  return observed;
}

/** A criterion: what is written is told, whole. */
async function nextOf<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  { token, answer }: ObservedPath,
  value: Uint8Array,
): Promise<Uplink> {
  await givenWritten(bench, value);
  const until = bench.now() + bench.pace.prompt + FETCHING;
  const told = await bench.next("notification", until, token);
  bench.expect(criterion, told !== undefined, `no notification of ${LONG_PATH} came`);
  const { message } = told as Uplink;
  const isContent = message.code === CONTENT;
  bench.expect(criterion, isContent, `${formatCode(message.code)} came, not 2.05`);
  expectValue(bench, criterion, { ...answer, payload: message.payload }, value);
  return told as Uplink;
}

function expectValue<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  { format, payload, path }: Answer,
  wanted: Uint8Array,
): void {
  const values = decodeValues(format, payload, path);
  const value = typeof values === "string" ? undefined : values.get(`${LONG_PATH}/0`);
  const why = `what was told, ${payload.length} bytes, is not what was written`;
  bench.expect(criterion, isSameValue(value, wanted), typeof values === "string" ? values : why);
}

/** A criterion: it is block 0, and there are others. */
function expectCut<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  part: Parameters<typeof blockOf>[0],
): void {
  const block = blockOf(part, BLOCK2);
  const isFirst = block?.num === 0 && block.more && block.size <= LARGEST_BLOCK;
  bench.expect(criterion, isFirst, "it is not block 0 with more to follow");
}

/** A criterion: it is all in one message; by a client with tiny blocks, in as few as it can. */
function expectWhole<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  { message }: Uplink,
): void {
  const block = blockOf(message, BLOCK2);
  const isWhole = block === undefined || !block.more;
  bench.expect(criterion, isWhole, "it says that more follows");
}

export const OBSERVE_BLOCK_CASES: readonly ConformanceCase[] = [LARGE, VARYING];
