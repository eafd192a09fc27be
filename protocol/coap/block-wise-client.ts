/**
 * One request of ours on its way through blocks (RFC 7959): how much of its payload the peer has taken by Block1 (§2.5), and how
 * much of the response has come by Block2 (§2.4). Decides what to ask next; sends nothing.
 */
import { isMalformed } from "../malformed.ts";
import { Body, blockOption, decodeBlock, hasSameTag, withoutPerBlock } from "./block.ts";
import { CONTINUE, FETCH, REQUEST_ENTITY_TOO_LARGE } from "./codes.ts";
import type { Failure, Request, Response } from "./exchange.ts";
import type { Message } from "./message.ts";
import { NO_BYTES, NO_OPTIONS } from "./message.ts";
import { BLOCK1, BLOCK2, findOption, SIZE1, uintOption } from "./options.ts";

/** What became of a response: its next block is to be asked for, or it is whole; else why it failed. */
export const MORE = 1;
export const WHOLE = 2;

export class BlockWiseTransfer {
  /** The response that began the body; its code and options stand for the whole. */
  first: Message | undefined = undefined;
  private readonly request: Request;
  private readonly limit: number;
  private blockSize: number;
  /** Bytes of the request's payload that the peer has taken. */
  private sent = 0;
  private body: Body | undefined = undefined;
  /** Our payload goes up once more, so that the peer knows what the rest of its response is to. */
  private isRepeating = false;

  /** @param limit longest response body to assemble, bytes */
  constructor(request: Request, blockSize: number, limit: number) {
    this.request = request;
    this.blockSize = blockSize;
    this.limit = limit;
  }

  isFetching(): boolean {
    return this.body !== undefined;
  }

  /** The response's body so far, as a view. */
  received(): Uint8Array {
    return this.body === undefined ? NO_BYTES : this.body.whole();
  }

  /** What to send next: the payload's next block, or the question for the response's next. */
  next(): Response {
    const request = this.request;
    const size = this.blockSize;
    if (this.body !== undefined && !this.isRepeating) {
      const options = withoutPerBlock(request.options);
      options.push(blockOption(BLOCK2, this.body.length / size, false, size));
      // A FETCH is what its payload asks for: with it, the peer can answer again when what it had kept is not what there is (RFC 8132 §2).
      const repeats = request.code === FETCH && request.payload.length <= size;
      return {
        code: request.code,
        options: options,
        payload: repeats ? request.payload : NO_BYTES,
      };
    }
    const start = this.sent;
    const end = Math.min(start + size, request.payload.length);
    const options = request.options.concat(
      blockOption(BLOCK1, start / size, end < request.payload.length, size),
      start === 0 ? uintOption(SIZE1, request.payload.length) : NO_OPTIONS,
      this.body === undefined
        ? NO_OPTIONS
        : blockOption(BLOCK2, this.body.length / size, false, size),
    );
    return { code: request.code, options: options, payload: request.payload.subarray(start, end) };
  }

  /** Block1: true for an answer to a block before the one that is under way, which came late under the token that all share. */
  isLate(message: Message): boolean {
    const option = message.code === CONTINUE ? findOption(message.options, BLOCK1) : undefined;
    const block = option === undefined ? undefined : decodeBlock(option.value);
    return block !== undefined && !isMalformed(block) && block.num < this.sent / this.blockSize;
  }

  /** Block1: true when the response only moved our upload on, so that `next` has more to send. */
  movesOn(message: Message): boolean {
    const option = findOption(message.options, BLOCK1);
    if (option === undefined || (this.body !== undefined && !this.isRepeating)) return false;
    const block = decodeBlock(option.value);
    if (isMalformed(block)) return false;
    const isSmaller = block.size < this.blockSize;
    if (block.num !== this.sent / this.blockSize) return false;
    if (message.code === CONTINUE && this.sent + this.blockSize < this.request.payload.length) {
      this.sent += this.blockSize;
      // A smaller size counts from here on: what was sent is a multiple of it (§2.3).
      if (isSmaller) this.blockSize = block.size;
      return true;
    }
    if (message.code === REQUEST_ENTITY_TOO_LARGE && isSmaller && this.sent === 0) {
      this.blockSize = block.size;
      return true;
    }
    return false;
  }

  /**
   * Block2: appends one block of the response.
   *
   * @param value of its Block2 option
   */
  append(message: Message, value: Uint8Array): typeof MORE | typeof WHOLE | Failure {
    const block = decodeBlock(value);
    if (isMalformed(block)) return "bad-response";
    if (this.body === undefined || this.first === undefined) {
      this.body = new Body(this.limit);
      this.first = message;
      // The rest of a notification: what it is to is too long to be told in one message (RFC 8132 §2.4, §2.5).
      const length = this.request.payload.length;
      this.isRepeating = this.request.code === FETCH && this.sent === 0 && length > block.size;
    } else this.isRepeating = false;
    const isInOrder = block.num * block.size === this.body.length;
    const isFull = !block.more || message.payload.length === block.size;
    if (!isInOrder || !isFull || !hasSameTag(this.first.options, message.options)) {
      return "body-incomplete";
    }
    if (!this.body.append(message.payload)) return "body-too-large";
    this.blockSize = block.size;
    return block.more ? MORE : WHOLE;
  }
}
