/**
 * One request of ours on its way through blocks on a stream (RFC 7959 §2.4, §2.5, with BERT of RFC 8323 §6): how much of its payload the
 * peer has taken by Block1, and how much of the response has come by Block2. Decides what to ask next; sends nothing.
 */
import { BERT_UNIT, blockLength, decodeStreamBlock, isFull, streamBlockOption } from "./bert.ts";
import { Body, hasSameTag, withoutPerBlock } from "./block.ts";
import { CONTINUE, FETCH, REQUEST_ENTITY_TOO_LARGE } from "./codes.ts";
import type { Failure, Request, Response } from "./exchange.ts";
import { BODY_INCOMPLETE, BODY_TOO_LARGE } from "./exchange.ts";
import { NO_BYTES, NO_OPTIONS } from "./message.ts";
import type { Option } from "./options.ts";
import { BLOCK1, BLOCK2, findOption, SIZE1, uintOption } from "./options.ts";
import type { StreamMessage } from "./stream-framing.ts";

/** What became of a response: its next block is to be asked for, or it is whole; else why it failed. */
export const MORE = 1;
export const WHOLE = 2;

export class StreamTransfer {
  /** The response that began the body; its code and options stand for the whole. */
  first: StreamMessage | undefined = undefined;
  private readonly request: Request;
  private readonly limit: number;
  /** What block numbers count in. It never grows, so that what was sent is a multiple of it. */
  private unit = BERT_UNIT;
  /** The peer has not asked for less. */
  private takesBert = true;
  /** Bytes of the request's payload that the peer has taken, and that it is being sent. */
  private sent = 0;
  private underWay = 0;
  private body: Body | undefined = undefined;

  /** @param limit longest response body to assemble, bytes */
  constructor(request: Request, limit: number) {
    this.request = request;
    this.limit = limit;
  }

  isFetching(): boolean {
    return this.body !== undefined;
  }

  /** The response's body so far, as a view. */
  received(): Uint8Array {
    return this.body === undefined ? NO_BYTES : this.body.whole();
  }

  /**
   * What to send next: the payload's next block, or the question for the response's next.
   *
   * @param room bytes that a message has for payload
   * @param takesBert whether both ends have said so
   */
  next(room: number, takesBert: boolean): Response {
    const request = this.request;
    const isBert = takesBert && this.takesBert;
    if (this.body !== undefined) return this.question(this.body, room, isBert);
    const length = blockLength(room, isBert);
    if (length < this.unit) this.unit = length;
    const start = this.sent;
    const end = Math.min(start + (isBert ? length : this.unit), request.payload.length);
    this.underWay = end - start;
    const more = end < request.payload.length;
    const options = request.options.concat(
      streamBlockOption(BLOCK1, start / this.unit, more, this.unit, this.underWay > BERT_UNIT),
      start === 0 ? uintOption(SIZE1, request.payload.length) : NO_OPTIONS,
    );
    return { code: request.code, options: options, payload: request.payload.subarray(start, end) };
  }

  private question(body: Body, room: number, isBert: boolean): Response {
    const { code, options, payload } = this.request;
    const asked = withoutPerBlock(options);
    asked.push(streamBlockOption(BLOCK2, body.length / this.unit, false, this.unit, isBert));
    // A FETCH is what its payload asks for: with it, the peer can answer again when what it had kept is not what there is (RFC 8132 §2).
    const repeats = code === FETCH && payload.length <= room;
    return { code: code, options: asked, payload: repeats ? payload : NO_BYTES };
  }

  /** Block1: true when the response only moved our upload on, so that `next` has more to send. */
  movesOn(message: StreamMessage): boolean {
    const option = findOption(message.options, BLOCK1);
    if (option === undefined || this.body !== undefined) return false;
    const block = decodeStreamBlock(option.value);
    if (block.num !== this.sent / this.unit) return false;
    const isSmaller = !block.isBert && block.size < this.underWay;
    const isWhole = this.sent + this.underWay === this.request.payload.length;
    if (message.code === CONTINUE && !isWhole) this.sent += this.underWay;
    else if (message.code !== REQUEST_ENTITY_TOO_LARGE || !isSmaller || this.sent > 0) return false;
    if (!block.isBert) this.takesBert = false;
    this.unit = Math.min(this.unit, block.size);
    return true;
  }

  /**
   * Block2: appends one block of the response.
   *
   * @param option its Block2
   */
  append(message: StreamMessage, option: Option): typeof MORE | typeof WHOLE | Failure {
    const block = decodeStreamBlock(option.value);
    if (this.body === undefined || this.first === undefined) {
      this.body = new Body(this.limit);
      this.first = message;
    }
    const isInOrder = block.num * block.size === this.body.length;
    const isAll = !block.more || isFull(block, message.payload.length);
    if (!isInOrder || !isAll || !hasSameTag(this.first.options, message.options)) {
      return BODY_INCOMPLETE;
    }
    if (!this.body.append(message.payload)) return BODY_TOO_LARGE;
    this.unit = block.size;
    this.takesBert = block.isBert;
    return block.more ? MORE : WHOLE;
  }
}
