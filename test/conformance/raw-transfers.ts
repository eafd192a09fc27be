/**
 * How a raw client takes and gives bodies in blocks (RFC 7959): by the book unless the case at hand says otherwise. What came and what was
 * asked for is kept, for the case to judge.
 */
import {
  type Block,
  Body,
  blockOption,
  decodeBlock,
  entityTag,
} from "../../protocol/coap/block.ts";
import { CONTINUE, FETCH } from "../../protocol/coap/codes.ts";
import type { Message } from "../../protocol/coap/message.ts";
import { BLOCK1, BLOCK2, ETAG, findOption, type Option } from "../../protocol/coap/options.ts";
import { isMalformed } from "../../protocol/malformed.ts";

export interface Answer {
  readonly code: number;
  readonly options?: readonly Option[];
  readonly payload?: Uint8Array;
}

/** What becomes of a message that may carry a block of a body. */
export type Taken =
  /** The whole request, with the body so far joined. */
  | { readonly whole: Message }
  /** There is more to come: what to answer meanwhile. */
  | { readonly next: Answer | "silence" };

const LONGEST_BODY = 1 << 20;
const LARGEST_BLOCK = 1024;

export class RawTransfers {
  /** The largest block that the client gives or takes, 16..1024, a power of two. */
  largest = LARGEST_BLOCK;
  /** Answers a block of a body instead of the usual 2.31, or not at all; undefined leaves it to that. */
  refuse: ((block: Block) => Answer | "silence" | undefined) | undefined = undefined;
  /** Blocks that have come, repeated ones not among them. */
  readonly came: Block[] = [];
  /** Blocks that were asked for, num and size. */
  readonly asked: Block[] = [];
  private body: Body | undefined = undefined;
  /** The last FETCH, whole. */
  private fetched: Message | undefined = undefined;

  /** Takes a request that came, by Block1 perhaps (RFC 7959 §2.5). */
  take(message: Message): Taken {
    const block = blockIn(message.options, BLOCK1);
    if (block === undefined) return { whole: this.repeated(message) };
    this.came.push(block);
    const refused = this.refuse?.(block);
    if (refused !== undefined) return { next: refused };
    if (block.num === 0 || this.body === undefined) this.body = new Body(LONGEST_BODY);
    this.body.append(message.payload);
    if (block.more) return { next: { code: CONTINUE, options: [this.taken(block)] } };
    const whole = { ...message, payload: this.body.whole() };
    this.body = undefined;
    this.fetched = whole;
    return { whole };
  }

  /** A request for a later block of an answer need not say again what it is the answer to (RFC 7959 §2.7). */
  private repeated(message: Message): Message {
    if (message.code !== FETCH) return message;
    const isLater = (blockIn(message.options, BLOCK2)?.num ?? 0) > 0;
    if (!isLater || message.payload.length > 0 || this.fetched === undefined) {
      this.fetched = message;
      return message;
    }
    const { payload, options } = this.fetched;
    const block2 = message.options.filter(({ number }) => number === BLOCK2);
    const others = options.filter(({ number }) => number !== BLOCK1 && number !== BLOCK2);
    return { ...message, payload, options: [...others, ...block2] };
  }

  /** The answer, of which a long body is cut: to the block that is asked for, or to the first (RFC 7959 §2.4). */
  cut(request: Message, answer: Answer): Answer {
    const { payload, options = [] } = answer;
    const asked = blockIn(request.options, BLOCK2);
    if (asked !== undefined) this.asked.push(asked);
    const size = Math.min(this.largest, asked?.size ?? LARGEST_BLOCK);
    if (payload === undefined || findOption(options, BLOCK2) !== undefined) return answer;
    if (payload.length <= size && (asked?.num ?? 0) === 0) return answer;
    const from = (asked?.num ?? 0) * (asked?.size ?? size);
    const more = from + size < payload.length;
    const tag = { number: ETAG, value: entityTag(payload) };
    const hasTag = findOption(options, ETAG) !== undefined;
    const block = blockOption(BLOCK2, from / size, more, size);
    return {
      ...answer,
      options: hasTag ? [...options, block] : [...options, tag, block],
      payload: payload.subarray(from, from + size),
    };
  }

  /** Block1 of the answer to the last block of a body; undefined for a request without one. */
  taken(block: Block): Option {
    return blockOption(BLOCK1, block.num, block.more, Math.min(block.size, this.largest));
  }
}

/** What a block option says; undefined when there is none that can be read. */
export function blockIn(options: readonly Option[], number: number): Block | undefined {
  const option = findOption(options, number);
  const block = option === undefined ? undefined : decodeBlock(option.value);
  return block === undefined || isMalformed(block) ? undefined : block;
}
