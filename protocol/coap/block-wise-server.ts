/**
 * The peer's requests on their way through blocks (RFC 7959): a body that it sends us by Block1 (§2.5), and a response that it
 * fetches by Block2 (§2.4). One of each at a time, since the peer's NSTART is 1; both are forgotten after EXCHANGE_LIFETIME.
 */
import type { Malformed } from "../malformed.ts";
import { isMalformed } from "../malformed.ts";
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import type { Block } from "./block.ts";
import { Body, blockOption, decodeBlock, entityTag, isSameTransfer } from "./block.ts";
import {
  BAD_REQUEST,
  CONTINUE,
  FETCH,
  GET,
  isSuccess,
  REQUEST_ENTITY_INCOMPLETE,
  REQUEST_ENTITY_TOO_LARGE,
} from "./codes.ts";
import type { IncomingRequest, Response } from "./exchange.ts";
import type { Message } from "./message.ts";
import { NO_BYTES, NO_OPTIONS } from "./message.ts";
import type { Option } from "./options.ts";
import { BLOCK1, BLOCK2, ETAG, findOption, SIZE1, SIZE2, uintOf, uintOption } from "./options.ts";

export class BlockWiseServer {
  private readonly blockSize: number;
  private readonly maxBody: number;
  private readonly lifetime: Milliseconds;
  private upload: Body | undefined = undefined;
  private uploadCode = 0;
  private uploadOptions: readonly Option[] = NO_OPTIONS;
  private uploadExpiresAt: Milliseconds = NEVER;
  private served: Response | undefined = undefined;
  private servedCode = 0;
  private servedOptions: readonly Option[] = NO_OPTIONS;
  private servedExpiresAt: Milliseconds = NEVER;

  constructor(blockSize: number, maxBody: number, lifetime: Milliseconds) {
    this.blockSize = blockSize;
    this.maxBody = maxBody;
    this.lifetime = lifetime;
  }

  deadline(): Milliseconds {
    return Math.min(this.uploadExpiresAt, this.servedExpiresAt);
  }

  handleTimeout(now: Milliseconds): void {
    if (now >= this.uploadExpiresAt) this.dropUpload();
    if (now >= this.servedExpiresAt) this.dropServed();
  }

  isReceiving(): boolean {
    return this.upload !== undefined;
  }

  /**
   * Takes a request with a Block1 or a Block2 option.
   *
   * @returns the whole body when the application has to see the request; else what to answer: 2.31 while the body is incomplete, a later
   * block of the response that is kept, or an error
   */
  take(now: Milliseconds, message: Message): Uint8Array | Response {
    const block1 = findOption(message.options, BLOCK1);
    const body = block1 === undefined ? message.payload : this.takeBlock(now, message, block1);
    const wanted = blockWanted(message.options, this.blockSize);
    if (!(body instanceof Uint8Array)) return body;
    if (isMalformed(wanted)) return refusal(BAD_REQUEST);
    if (wanted.num === 0) return body;
    const served = this.find(now, message);
    if (served !== undefined) return cut(served, wanted.num, wanted.size);
    // Only what changes nothing may be run again for the sake of a later block, and a FETCH only with what it asks for (RFC 8132 §2).
    const canRepeat = message.code === GET || (message.code === FETCH && body.length > 0);
    return canRepeat ? body : refusal(REQUEST_ENTITY_INCOMPLETE);
  }

  /** The block of a response that its request asks for, the first unless it says otherwise. The whole is kept for later blocks. */
  cutFor(now: Milliseconds, request: IncomingRequest, response: Response): Response {
    const wanted = blockWanted(request.options, this.blockSize);
    let content = response;
    if (!isMalformed(wanted) && (wanted.num > 0 || response.payload.length > wanted.size)) {
      if (wanted.num === 0) {
        this.served = response;
        this.servedCode = request.code;
        this.servedOptions = request.options;
        this.servedExpiresAt = now + this.lifetime;
      }
      content = cut(response, wanted.num, wanted.size);
    }
    const block1 = findOption(request.options, BLOCK1);
    if (block1 === undefined) return content;
    return {
      code: content.code,
      options: content.options.concat(block1),
      payload: content.payload,
    };
  }

  /** Takes one block of a body: the body after its last one; before that, what to answer. */
  private takeBlock(now: Milliseconds, message: Message, option: Option): Uint8Array | Response {
    const block = decodeBlock(option.value);
    if (isMalformed(block) || (block.more && message.payload.length !== block.size)) {
      return refusal(BAD_REQUEST);
    }
    const offset = block.num * block.size;
    if (offset === 0) {
      this.upload = new Body(this.maxBody);
      this.uploadCode = message.code;
      this.uploadOptions = message.options;
    }
    const upload = this.upload;
    if (
      upload === undefined ||
      upload.length !== offset ||
      this.uploadCode !== message.code ||
      !isSameTransfer(this.uploadOptions, message.options)
    ) {
      return refusal(REQUEST_ENTITY_INCOMPLETE);
    }
    this.uploadExpiresAt = now + this.lifetime;
    const announced = uintOf(message.options, SIZE1, 0);
    if (announced > this.maxBody || !upload.append(message.payload)) {
      this.dropUpload();
      return refusal(REQUEST_ENTITY_TOO_LARGE, uintOption(SIZE1, this.maxBody));
    }
    if (block.more) {
      const size = Math.min(block.size, this.blockSize);
      return refusal(CONTINUE, blockOption(BLOCK1, block.num, true, size));
    }
    this.dropUpload();
    return upload.whole();
  }

  /** The response that this request asks a later block of, if it is still kept. */
  private find(now: Milliseconds, message: Message): Response | undefined {
    if (this.served === undefined || this.servedCode !== message.code) return undefined;
    if (!isSameTransfer(this.servedOptions, message.options)) return undefined;
    this.servedExpiresAt = now + this.lifetime;
    return this.served;
  }

  /** A newer state is on its way to the peer: its later blocks must be read afresh, not from the state before. */
  forgetRepresentation(): void {
    if (this.servedCode === GET || this.servedCode === FETCH) this.dropServed();
  }

  private dropUpload(): void {
    this.upload = undefined;
    this.uploadOptions = NO_OPTIONS;
    this.uploadExpiresAt = NEVER;
  }

  private dropServed(): void {
    this.served = undefined;
    this.servedOptions = NO_OPTIONS;
    this.servedExpiresAt = NEVER;
  }
}

/** Which block of the response a request asks for, in blocks of at most `blockSize` bytes. */
function blockWanted(options: readonly Option[], blockSize: number): Block | Malformed {
  const option = findOption(options, BLOCK2);
  if (option === undefined) return { num: 0, more: false, size: blockSize };
  const block = decodeBlock(option.value);
  if (isMalformed(block) || block.size <= blockSize) return block;
  return { num: (block.num * block.size) / blockSize, more: false, size: blockSize };
}

/** One block of a response, with Block2, ETag and, on the first, Size2. A block past the end is 4.00. */
export function cut(response: Response, num: number, size: number): Response {
  const start = num * size;
  const body = response.payload;
  if (start >= body.length && num > 0) {
    return isSuccess(response.code) ? refusal(BAD_REQUEST) : response;
  }
  const end = Math.min(start + size, body.length);
  const options = response.options.concat(blockOption(BLOCK2, num, end < body.length, size));
  if (findOption(options, ETAG) === undefined) {
    options.push({ number: ETAG, value: entityTag(body) });
  }
  if (num === 0) options.push(uintOption(SIZE2, body.length));
  return { code: response.code, options: options, payload: body.subarray(start, end) };
}

/** A response without a body. */
export function refusal(code: number, option?: Option): Response {
  return { code: code, options: option === undefined ? NO_OPTIONS : [option], payload: NO_BYTES };
}
