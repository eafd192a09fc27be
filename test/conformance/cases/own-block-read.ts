/** Bodies that the client gives out in blocks (object 19), asked for out of order, twice, and while they change. */
import { blockOption } from "../../../protocol/coap/block.ts";
import { CHANGED, CONTENT, GET } from "../../../protocol/coap/codes.ts";
import { TLV } from "../../../protocol/coap/content-formats.ts";
import { ACCEPT, BLOCK2, uintOption } from "../../../protocol/coap/options.ts";
import { type Answer, type Bench, was } from "../bench.ts";
import { blockOf, etagOf } from "../block-wise.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_15, withValues } from "../configurations.ts";
import { encodeValues, formatBytes } from "../content.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const CONTAINER = "/19/0/0";
const LENGTH = 300;
const SIZE = 64;

const body = (seed: number) =>
  Uint8Array.from({ length: LENGTH }, (_, i) => (i * 7 + seed * 31 + (i >> 4)) & 0xff);
const packed = (seed: number) => encodeValues(TLV, CONTAINER, { [`${CONTAINER}/0`]: body(seed) });

/** One block, by an exchange of its own. */
async function blockAt(bench: Bench, num: number, size: number): Promise<Answer & Sent> {
  const options = [uintOption(ACCEPT, TLV), blockOption(BLOCK2, num, false, size)];
  const message = bench.compose({ method: GET, path: CONTAINER, options });
  const came = await bench.exchange(message);
  bench.given(came?.code === CONTENT, `block ${num} of ${CONTAINER} was not answered by 2.05`);
  const { code = 0, options: had = [], payload = new Uint8Array(0) } = came ?? {};
  const asked = `GET of block ${num}`;
  const answer = { asked, path: CONTAINER, code, outcome: "2.05", options: had, payload };
  return { ...answer, format: TLV, at: bench.now(), message };
}

interface Sent {
  readonly message: Parameters<Bench["exchange"]>[0];
}

const RANDOM_ACCESS = clientCase({
  id: "dormouse-block-read",
  title:
    "Blocks of an answer are the same in whatever order, and however often, they are asked for",
  versions: ALL,
  clauses: ["RFC 7959 §2.2", "RFC 7959 §2.4", "RFC 7252 §4.5", "RFC 7252 §5.10.6"],
  configuration: withValues(C_15, 19, 0, { 0: [body(1)] }),
  begins: "registered",
  needs: { features: ["block-wise"], formats: [TLV] },
  criteria: {
    size: "a GET that asks for blocks of 64 bytes gets the first, of 64 bytes or fewer",
    order: "the others, asked for from the last to the first, fit together",
    duplicate: "one whose answer was lost is answered alike",
    version: "a block of another version of the value does not have the ETag of the one before",
  },
  async procedure(bench) {
    const first = await blockAt(bench, 0, SIZE);
    const block = blockOf(first, BLOCK2);
    const holds = block?.num === 0 && block.more && block.size <= SIZE;
    const isWhole = holds && first.payload.length === block.size;
    bench.expect("size", isWhole, `${was(first)} with ${first.payload.length} bytes`);
    const size = block?.size ?? SIZE;
    const whole = packed(1);
    const sliceOf = (of: Uint8Array, num: number) =>
      formatBytes(of.subarray(num * size, (num + 1) * size));
    for (let num = Math.ceil(whole.length / size) - 1; num >= 0; num--) {
      const { payload } = await blockAt(bench, num, size);
      const isFitting = formatBytes(payload) === sliceOf(whole, num);
      bench.expect("order", isFitting, `block ${num} does not fit into the value`);
    }
    bench.step("an answer is lost, and its request comes again");
    const lost = await blockAt(bench, 1, size);
    const again = await bench.exchange(lost.message);
    const isAlike = formatBytes(again?.payload ?? new Uint8Array(0)) === formatBytes(lost.payload);
    bench.expect("duplicate", isAlike, "the same request got another block");
    bench.step("the value changes between two blocks");
    const before = await blockAt(bench, 0, size);
    const write = await bench.put(CONTAINER, TLV, packed(2));
    bench.given(write.code === CHANGED, `${was(write)}, not by 2.04`);
    const after = await blockAt(bench, 1, size);
    const isOld = formatBytes(after.payload) === sliceOf(whole, 1);
    const [older, newer] = [etagOf(before.options), etagOf(after.options)];
    const why = `block 1 is of the newer value, and has the ETag ${older} of the older one`;
    bench.expect("version", isOld || older === "" || older !== newer, why);
  },
});

export const OWN_BLOCK_READ_CASES: readonly ConformanceCase[] = [RANDOM_ACCESS];
