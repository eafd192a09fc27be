/** Bodies block by block, each of which is judged; where only the whole counts the bench joins them by itself. */
import { blockOption } from "../../../protocol/coap/block.ts";
import { CHANGED, CONTENT, formatCode, PUT } from "../../../protocol/coap/codes.ts";
import { TLV } from "../../../protocol/coap/content-formats.ts";
import { type Message, NO_BYTES } from "../../../protocol/coap/message.ts";
import { BLOCK1, BLOCK2, CONTENT_FORMAT, uintOf } from "../../../protocol/coap/options.ts";
import { type Answer, type Bench, type Question, was } from "../bench.ts";
import { blockOf, LONGEST_BODY } from "../block-wise.ts";
import { encodeValues } from "../content.ts";
import { outcomeOf } from "./coap-exchanges.ts";

/** Binary App Data, of which a server may write as much as it likes. */
export const LONG_PATH = "/19/1/0";
/** Longer than any message should be (RFC 7252 §4.6). */
export const LONG = 1500;

/** Bytes that say where in the body they belong. */
export function longValue(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + seed + (i >> 8)) & 255);
}

/** What is long is there to be written. */
export async function givenLongPath(bench: Bench): Promise<void> {
  const read = await bench.read(LONG_PATH, TLV);
  bench.given(read.code === CONTENT, `${was(read)}, not by 2.05`);
}

/** Writes the value, in as few blocks as it takes. */
export async function givenWritten(bench: Bench, value: Uint8Array): Promise<void> {
  const payload = encodeValues(TLV, LONG_PATH, { [`${LONG_PATH}/0`]: value });
  const written = await bench.ask({ method: PUT, path: LONG_PATH, format: TLV, payload });
  bench.given(written.code === CHANGED, `${LONG_PATH} could not be written: ${written.outcome}`);
}

/** Asks for one block of a response. */
export function askForBlocks(
  bench: Bench,
  question: Question,
  num: number,
  size: number,
): Promise<Message | undefined> {
  const options = [...(question.options ?? []), blockOption(BLOCK2, num, false, size)];
  return bench.exchange(bench.compose({ ...question, options }));
}

/**
 * Criteria: `first` is block 0, and each further block comes as it is asked for.
 *
 * @param size of the further blocks; smaller ones of the client's are taken
 * @returns the whole body
 */
export async function expectBlocks<Criterion extends string>(
  bench: Bench<Criterion>,
  [firstOne, further]: readonly [Criterion, Criterion],
  question: Question,
  first: Message | undefined,
  size: number,
): Promise<Uint8Array> {
  let came = first;
  let block = expectBlock(bench, firstOne, came, 0);
  bench.expect(firstOne, block.more, "block 0 does not say that more follows");
  const wanted = Math.min(size, block.size);
  const parts = [...(came?.payload ?? NO_BYTES)];
  while (block.more) {
    bench.expect(further, parts.length < LONGEST_BODY, `after ${parts.length} bytes more follows`);
    const num = parts.length / wanted;
    came = await askForBlocks(bench, question, num, wanted);
    block = expectBlock(bench, further, came, num);
    const isSame = block.size === wanted;
    bench.expect(further, isSame, `block ${num} is of ${block.size} bytes, not ${wanted}`);
    parts.push(...(came?.payload ?? NO_BYTES));
  }
  return Uint8Array.from(parts);
}

/** A criterion: 2.05 with this block, which is full unless it is the last. */
function expectBlock<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  came: Message | undefined,
  num: number,
): { readonly more: boolean; readonly size: number } {
  const why = `${outcomeOf(came)} came for block ${num}, not 2.05`;
  bench.expect(criterion, came?.code === CONTENT, why);
  const block = came === undefined ? undefined : blockOf(came, BLOCK2);
  const isThis = block?.num === num;
  bench.expect(criterion, isThis, `block ${block?.num ?? "of no number"} came, not ${num}`);
  const length = came?.payload.length ?? 0;
  const { more = false, size = 0 } = block ?? {};
  const isFull = more ? length === size : length <= size;
  bench.expect(criterion, isFull, `block ${num} of ${size} bytes has ${length}`);
  return { more, size };
}

/** What was put together, as the answer to one Read. */
export function contentAnswer(path: string, first: Message | undefined, body: Uint8Array): Answer {
  const options = first?.options ?? [];
  const format = uintOf(options, CONTENT_FORMAT, -1);
  return {
    asked: `GET ${path}`,
    path,
    code: CONTENT,
    outcome: "2.05",
    options,
    format: format < 0 ? undefined : format,
    payload: body,
    at: 0,
  };
}

/**
 * Sends a body in blocks, smaller ones where the client asks for them. A criterion: each but the last is answered with
 * one of these codes and its Block1.
 *
 * @returns the answer to the last
 */
export async function sendInBlocks<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  question: Question,
  codes: readonly number[],
  largest = 64,
): Promise<Message | undefined> {
  const { payload = NO_BYTES, options = [] } = question;
  const token = bench.server.token();
  let size = largest;
  for (let from = 0; ; ) {
    const more = from + size < payload.length;
    const num = from / size;
    const part = {
      ...question,
      token,
      options: [...options, blockOption(BLOCK1, num, more, size)],
      payload: payload.subarray(from, from + size),
    };
    const came = await bench.exchange(bench.compose(part));
    if (!more) return came;
    const isTaken = came !== undefined && codes.includes(came.code);
    const why = `${outcomeOf(came)} came for block ${num}, not ${codes.map(formatCode).join(" or ")}`;
    bench.expect(criterion, isTaken, why);
    const block = came === undefined ? undefined : blockOf(came, BLOCK1);
    const isThis = block?.num === num && block.size <= size;
    bench.expect(criterion, isThis, `the answer to block ${num} has no Block1 of it`);
    from += size;
    size = block?.size ?? size;
  }
}
