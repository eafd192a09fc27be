/**
 * A body that the peer sends us by Block1 (RFC 7959 §2.5), put together until it is whole. One at a time, since the peer's NSTART is 1:
 * the first block of another ends it. `PiecewiseUploads` knows several, and some that are too long to be kept.
 */
import { isMalformed } from "../malformed.ts";
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import type { Block } from "./block.ts";
import { Body, blockOption, decodeBlock, isSameTransfer } from "./block.ts";
import {
  BAD_REQUEST,
  CONTINUE,
  REQUEST_ENTITY_INCOMPLETE,
  REQUEST_ENTITY_TOO_LARGE,
} from "./codes.ts";
import type { CoapSettings, IncomingRequest, Response } from "./exchange.ts";
import { NO_BYTES, NO_OPTIONS } from "./message.ts";
import type { Option } from "./options.ts";
import { BLOCK1, SIZE1, uintOf, uintOption } from "./options.ts";
import type { StreamMessage } from "./stream-framing.ts";

export class Upload {
  protected readonly settings: CoapSettings;
  /** Of a body that stands still. */
  protected readonly lifetime: Milliseconds;
  private body: Body | undefined = undefined;
  private code = 0;
  private options: readonly Option[] = NO_OPTIONS;
  private expiresAt: Milliseconds = NEVER;

  constructor(settings: CoapSettings, lifetime: Milliseconds) {
    this.settings = settings;
    this.lifetime = lifetime;
  }

  deadline(): Milliseconds {
    return this.expiresAt;
  }

  handleTimeout(now: Milliseconds): void {
    if (now >= this.expiresAt) this.clear();
  }

  isReceiving(): boolean {
    return this.body !== undefined;
  }

  /**
   * Takes one block.
   *
   * @returns what the application has to see, the body after its last block; else what to answer
   */
  take(now: Milliseconds, message: StreamMessage, option: Option): Uint8Array | Response {
    const block = decodeBlock(option.value);
    if (isMalformed(block) || (block.more && message.payload.length !== block.size)) {
      return refusal(BAD_REQUEST);
    }
    return this.takeBlock(now, message, block);
  }

  /** The application's response, with what it says of the block that it answers. */
  answer(
    _now: Milliseconds,
    _request: IncomingRequest,
    block1: Option,
    response: Response,
  ): Response {
    return {
      code: response.code,
      options: response.options.concat(block1),
      payload: response.payload,
    };
  }

  /** A block that is none by itself wrong. */
  protected takeBlock(
    now: Milliseconds,
    message: StreamMessage,
    block: Block,
  ): Uint8Array | Response {
    const maxBody = this.settings.maxBody;
    const offset = block.num * block.size;
    if (offset === 0) {
      this.body = new Body(maxBody);
      this.code = message.code;
      this.options = message.options;
    }
    const body = this.body;
    const isOurs = this.code === message.code && isSameTransfer(this.options, message.options);
    if (body === undefined || body.length !== offset || !isOurs) {
      // Its last block came too early: it has failed, and what came of it is not to be joined to the next one.
      if (isOurs && !block.more) this.clear();
      return refusal(REQUEST_ENTITY_INCOMPLETE);
    }
    this.expiresAt = now + this.lifetime;
    if (uintOf(message.options, SIZE1, 0) > maxBody || !body.append(message.payload)) {
      this.clear();
      return refusal(REQUEST_ENTITY_TOO_LARGE, uintOption(SIZE1, maxBody));
    }
    if (block.more) return this.continued(block);
    this.clear();
    return body.whole();
  }

  /** 2.31, in blocks that are not too large for us (§2.3). */
  protected continued(block: Block): Response {
    const size = Math.min(block.size, this.settings.blockSize);
    return refusal(CONTINUE, blockOption(BLOCK1, block.num, true, size));
  }

  private clear(): void {
    this.body = undefined;
    this.options = NO_OPTIONS;
    this.expiresAt = NEVER;
  }
}

/** A response without a body. */
export function refusal(code: number, option?: Option): Response {
  return { code: code, options: option === undefined ? NO_OPTIONS : [option], payload: NO_BYTES };
}
