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
import type { Answer, Bench, Question } from "./bench.ts";
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

/** A body on its way up in blocks, of which a case may leave some out, repeat or mix them up. Heeds the size that the client asks for. */
export class BlockTransfer {
  /** Where the next block begins. */
  at = 0;
  size: number;
  private readonly bench: Bench;
  private readonly question: Question;
  private readonly body: Uint8Array;
  private readonly server: number;

  /** @param size of blocks: 16..1024, a power of two */
  constructor(bench: Bench, question: Question, body: Uint8Array, size: number, server = 0) {
    this.bench = bench;
    this.question = question;
    this.body = body;
    this.size = size;
    this.server = server;
  }

  /** True when the next block is the last. */
  get isLast(): boolean {
    return this.at + this.size >= this.body.length;
  }

  get isOver(): boolean {
    return this.at >= this.body.length;
  }

  /** The request with the next block. */
  part(): Question {
    const block = blockOption(BLOCK1, this.at / this.size, !this.isLast, this.size);
    const payload = this.body.subarray(this.at, this.at + this.size);
    return { ...this.question, payload, options: [...(this.question.options ?? []), block] };
  }

  async next(): Promise<Answer> {
    const answer = await this.bench.ask(this.part(), this.server);
    this.skip();
    this.size = Math.min(this.size, blockOf(answer, BLOCK1)?.size ?? this.size);
    return answer;
  }

  /** As if the next block had been sent. */
  skip(): void {
    this.at += this.size;
  }

  /** The blocks that are left, until one is answered otherwise than by 2.31. */
  async rest(): Promise<Answer> {
    for (;;) {
      const { isLast } = this;
      const answer = await this.next();
      if (isLast || answer.code !== CONTINUE) return answer;
    }
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

/** The outcome of a transfer whose blocks have two ETags (RFC 7959 §2.4). */
export const OTHER_REPRESENTATION = "a block of another representation";

/** What is wrong with a block that came after another; a client that never comes to an end must not keep the harness. */
export function faultOfBlock(answer: Answer, before: Block, first: Answer): string | undefined {
  const [tag, wanted] = [etagOf(answer.options), etagOf(first.options)];
  if (tag !== "" && wanted !== "" && tag !== wanted) return OTHER_REPRESENTATION;
  const block = blockOf(answer, BLOCK2);
  const offset = (before.num + 1) * before.size;
  if (block === undefined || block.num * block.size !== offset) {
    return `block ${block?.num ?? "of no number"} after block ${before.num}`;
  }
  return offset > LONGEST_BODY ? `more than ${LONGEST_BODY} bytes` : undefined;
}
