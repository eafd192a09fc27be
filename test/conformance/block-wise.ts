/** Bodies that the harness's servers send in blocks (RFC 7959 §2.5), and what blocks say. */

import { type Block, blockOption, decodeBlock } from "../../protocol/coap/block.ts";
import { CONTINUE, PUT } from "../../protocol/coap/codes.ts";
import type { Message } from "../../protocol/coap/message.ts";
import {
  BLOCK1,
  BLOCK2,
  ETAG,
  findOption,
  type Option,
  uintOption,
} from "../../protocol/coap/options.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Answer, Bench } from "./bench.ts";
import { formatBytes } from "./content.ts";

export interface BlockWiseAnswer {
  /** To all blocks but the last that was sent. */
  readonly between: readonly Answer[];
  readonly last: Answer;
}

export const LARGEST_BLOCK = 1024;
/** What the harness puts together; no client of LwM2M has that much to say. */
export const LONGEST_BODY = 1 << 20;

/** Writes a body, one block after the other, until all are sent or one is refused. The client may ask for smaller blocks. */
export async function putBlockWise(
  bench: Bench,
  path: string,
  format: number,
  body: Uint8Array,
): Promise<BlockWiseAnswer> {
  const between: Answer[] = [];
  let size = LARGEST_BLOCK;
  let from = 0;
  for (;;) {
    const more = from + size < body.length;
    const szx = Math.log2(size) - 4;
    const block = ((from / size) << 4) | (more ? 8 : 0) | szx;
    const options = body.length > LARGEST_BLOCK ? [uintOption(BLOCK1, block)] : [];
    const payload = body.subarray(from, from + size);
    const answer = await bench.ask({ method: PUT, path, format, payload, options });
    if (!more || answer.code !== CONTINUE) return { between, last: answer };
    between.push(answer);
    from += size;
    size = Math.min(size, blockOf(answer, BLOCK1)?.size ?? size);
  }
}

/** The block of which the payload is one, by BLOCK1 or BLOCK2. */
export function blockOf(
  part: { readonly options: readonly Option[] },
  number: number,
): Block | undefined {
  const option = findOption(part.options, number);
  const block = option === undefined ? undefined : decodeBlock(option.value);
  return block === undefined || isMalformed(block) ? undefined : block;
}

/** The message itself when one is enough. */
export function lastBlock(message: Message, size: number): Message {
  const { payload, options } = message;
  if (payload.length <= size) return message;
  const num = Math.ceil(payload.length / size) - 1;
  return {
    ...message,
    options: [...options, blockOption(BLOCK1, num, false, size)],
    payload: payload.subarray(num * size),
  };
}

export function etagOf(options: readonly Option[]): string {
  const etag = findOption(options, ETAG);
  return etag === undefined ? "" : formatBytes(etag.value);
}

/** What is wrong with a block that came after another; a client that never comes to an end must not keep the harness. */
export function faultOfBlock(answer: Answer, before: Block, first: Answer): string | undefined {
  const [tag, wanted] = [etagOf(answer.options), etagOf(first.options)];
  if (tag !== "" && wanted !== "" && tag !== wanted) return "a block of another representation";
  const block = blockOf(answer, BLOCK2);
  const offset = (before.num + 1) * before.size;
  if (block === undefined || block.num * block.size !== offset) {
    return `block ${block?.num ?? "of no number"} after block ${before.num}`;
  }
  return offset > LONGEST_BODY ? `more than ${LONGEST_BODY} bytes` : undefined;
}
