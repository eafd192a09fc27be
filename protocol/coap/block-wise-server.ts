/**
 * The peer's requests on their way through blocks (RFC 7959): a body that it sends us by Block1 (upload.ts, §2.5), and a response
 * that it fetches by Block2 (§2.4). Of responses the last long one is kept, since the peer's NSTART is 1, for EXCHANGE_LIFETIME.
 */
import { equalBytes } from "../bytes/equal.ts";
import type { Malformed } from "../malformed.ts";
import { isMalformed } from "../malformed.ts";
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import type { Block } from "./block.ts";
import { blockOption, decodeBlock, entityTag, isSameTransfer } from "./block.ts";
import { BAD_REQUEST, FETCH, GET, isSuccess, REQUEST_ENTITY_INCOMPLETE } from "./codes.ts";
import type { IncomingRequest, Response } from "./exchange.ts";
import { NO_BYTES, NO_OPTIONS } from "./message.ts";
import type { Option } from "./options.ts";
import { BLOCK1, BLOCK2, ETAG, findOption, SIZE2, uintOption } from "./options.ts";
import type { StreamMessage } from "./stream-framing.ts";
import type { Upload } from "./upload.ts";
import { refusal } from "./upload.ts";

export class BlockWiseServer {
  readonly upload: Upload;
  private readonly blockSize: number;
  private readonly lifetime: Milliseconds;
  protected served: Response | undefined = undefined;
  private servedCode = 0;
  private servedOptions: readonly Option[] = NO_OPTIONS;
  /** The body of the request that it answered. */
  private servedFor: Uint8Array = NO_BYTES;
  private servedExpiresAt: Milliseconds = NEVER;

  constructor(upload: Upload, blockSize: number, lifetime: Milliseconds) {
    this.upload = upload;
    this.blockSize = blockSize;
    this.lifetime = lifetime;
  }

  deadline(): Milliseconds {
    return Math.min(this.upload.deadline(), this.servedExpiresAt);
  }

  handleTimeout(now: Milliseconds): void {
    this.upload.handleTimeout(now);
    if (now >= this.servedExpiresAt) this.dropServed();
  }

  /**
   * Takes a request with a Block1 or a Block2 option.
   *
   * @returns the body, or a piece of it, when the application has to see the request; else what to answer: 2.31 while the body is
   * incomplete, a later block of the response that is kept, or an error
   */
  take(now: Milliseconds, message: StreamMessage): Uint8Array | Response {
    const block1 = findOption(message.options, BLOCK1);
    const body = block1 === undefined ? message.payload : this.upload.take(now, message, block1);
    const wanted = blockWanted(message.options, this.blockSize);
    if (!(body instanceof Uint8Array)) return body;
    if (isMalformed(wanted)) return refusal(BAD_REQUEST);
    if (wanted.num === 0) return body;
    const served = this.find(now, message, body);
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
      // The tag is found once, not for each block.
      content = withTag(response);
      // What goes wrong at a later block may be well at the next try.
      if (wanted.num === 0 || isSuccess(response.code)) {
        this.served = content;
        this.servedFor = request.payload;
        this.servedCode = request.code;
        this.servedOptions = request.options;
        this.servedExpiresAt = now + this.lifetime;
      }
      content = cut(content, wanted.num, wanted.size);
    }
    const block1 = findOption(request.options, BLOCK1);
    return block1 === undefined ? content : this.upload.answer(now, request, block1, content);
  }

  /** The response that this request asks a later block of, if it is still kept. */
  private find(now: Milliseconds, message: StreamMessage, body: Uint8Array): Response | undefined {
    if (this.served === undefined || this.servedCode !== message.code) return undefined;
    // A FETCH may repeat what it asks for; then it has to be the same.
    if (body.length > 0 && !equalBytes(body, this.servedFor)) return undefined;
    if (!isSameTransfer(this.servedOptions, message.options)) return undefined;
    this.servedExpiresAt = now + this.lifetime;
    return this.served;
  }

  /** A newer state is on its way to the peer: its later blocks must be read afresh, not from the state before. */
  forgetRepresentation(): void {
    if (this.servedCode === GET || this.servedCode === FETCH) this.dropServed();
  }

  private dropServed(): void {
    this.served = undefined;
    this.servedFor = NO_BYTES;
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
  const tagged = withTag(response).options;
  const options = tagged.concat(blockOption(BLOCK2, num, end < body.length, size));
  if (num === 0) options.push(uintOption(SIZE2, body.length));
  return { code: response.code, options: options, payload: body.subarray(start, end) };
}

/** The response with an ETag, its own or one that changes with the body. */
function withTag(response: Response): Response {
  const body = response.payload;
  if (findOption(response.options, ETAG) !== undefined) return response;
  const tag = { number: ETAG, value: entityTag(body) };
  return { code: response.code, options: response.options.concat(tag), payload: body };
}
