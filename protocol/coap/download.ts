/**
 * A representation of the peer read block by block (RFC 7959 §2.4): what is too long to be kept whole, such as a firmware image.
 *
 * The reader sets the pace. `next` is the request for the block at `offset`; whoever drives sends it over an endpoint with blocks, hands
 * the response to `take`, and asks again when it has room. To pause is not to ask; to stop is to forget the download.
 *
 *     const download = new Download({ code: GET, options: pathOptions(URI_PATH, "/fw.bin"), payload: NO_BYTES }, 512);
 *     let asked = coap.request(now, download.next());
 *     ...
 *     if (event.kind === RESPONSE_RECEIVED && event.id === asked) {
 *       const piece = download.take(event.response);
 *       if (typeof piece === "string") stop(piece);                // CHANGED_MEANWHILE, REFUSED or BAD_RESPONSE
 *       else {
 *         flash.write(piece.offset, piece.payload);
 *         if (piece.isLast) install();
 *         else asked = coap.request(now, download.next());         // or later
 *       }
 *     } else if (event.kind === REQUEST_FAILED && event.id === asked) retryLater();  // the same `next` again: nothing is lost
 *
 * For firmware update (object 5, pull): keep `offset` and `etag` with what has been written; after a restart `new Download(request,
 * 512, offset, etag)` goes on where it was. A server whose file is another by now answers with another ETag: `take` gives
 * CHANGED_MEANWHILE and not one byte of it, and a new download from 0 is the way on. Without ETags nothing can be compared; the check
 * of the whole image has to find it.
 */
import { equalBytes } from "../bytes/equal.ts";
import { isMalformed } from "../malformed.ts";
import { blockOption, decodeBlock } from "./block.ts";
import { isSuccess } from "./codes.ts";
import type { Request, Response } from "./exchange.ts";
import { BAD_RESPONSE } from "./exchange.ts";
import type { Option } from "./options.ts";
import { BLOCK2, ETAG, findOption, SIZE2, uintOf } from "./options.ts";

/** The representation is another than the one that the bytes before are of. */
export const CHANGED_MEANWHILE = "changed-meanwhile";
/** The response is an error; its code says which. */
export const REFUSED = "refused";

/** The next bytes of a representation. */
export interface DownloadedPiece {
  readonly offset: number;
  /** A view of the response's; may be empty only when it is the last. */
  readonly payload: Uint8Array;
  readonly isLast: boolean;
}

/** NUM has 20 bits (RFC 7959 §2.2). */
const HIGHEST_BLOCK = 1048575;

export class Download {
  /** Bytes that have been handed out: where the next piece begins. */
  offset: number;
  /** Of the representation; undefined while unknown, or when the server gives none. */
  etag: Uint8Array | undefined;
  /** Bytes of the whole representation as the server says; 0 when it has not. */
  size = 0;
  private readonly request: Request;
  private blockSize: number;
  /** False until the first answer: then an ETag that is absent is one that differs. */
  private isTagKnown: boolean;

  /**
   * @param request a GET or FETCH without Block2
   * @param blockSize 16..1024, a power of two; the server may choose less
   * @param offset where to go on; any, not only a multiple of the block size
   * @param etag of what was read so far, in bytes of the caller's own
   */
  constructor(request: Request, blockSize: number, offset?: number, etag?: Uint8Array) {
    this.request = request;
    this.blockSize = blockSize;
    this.offset = offset === undefined ? 0 : offset;
    this.etag = etag;
    this.isTagKnown = etag !== undefined;
  }

  /** The request for the next piece; the same again until its response was taken. Throws `coap/body-too-long` beyond 2^20 blocks. */
  next(): Request {
    const request = this.request;
    const num = Math.floor(this.offset / this.blockSize);
    if (num > HIGHEST_BLOCK) {
      const error = new Error("coap/body-too-long: block " + num);
      (error as { code?: string }).code = "coap/body-too-long";
      throw error;
    }
    return {
      code: request.code,
      options: request.options.concat(blockOption(BLOCK2, num, false, this.blockSize)),
      payload: request.payload,
      confirmable: request.confirmable !== false,
      oneBlock: true,
    };
  }

  /** The bytes that a response to `next` brings, or why it brings none; `next` then is the same as before. */
  take(
    response: Response,
  ): DownloadedPiece | typeof CHANGED_MEANWHILE | typeof REFUSED | typeof BAD_RESPONSE {
    if (!isSuccess(response.code)) return REFUSED;
    const option = findOption(response.options, BLOCK2);
    // Without Block2 the whole is there.
    const block =
      option === undefined ? { num: 0, more: false, size: 16 } : decodeBlock(option.value);
    if (isMalformed(block)) return BAD_RESPONSE;
    const payload = response.payload;
    const start = block.num * block.size;
    const skipped = this.offset - start;
    if (block.more && payload.length !== block.size) return BAD_RESPONSE;
    // What a server sends in larger blocks than it was asked for, or from elsewhere, is not what was asked for.
    if (skipped < 0 || (option !== undefined && block.size > this.blockSize)) return BAD_RESPONSE;
    if (!this.isSameTag(findOption(response.options, ETAG))) return CHANGED_MEANWHILE;
    // It ends before what was read already.
    if (skipped > payload.length) return block.more ? BAD_RESPONSE : CHANGED_MEANWHILE;
    if (block.more && skipped === payload.length) return BAD_RESPONSE;
    this.size = uintOf(response.options, SIZE2, this.size);
    this.blockSize = Math.min(this.blockSize, block.size);
    const offset = this.offset;
    this.offset = start + payload.length;
    return { offset: offset, payload: payload.subarray(skipped), isLast: !block.more };
  }

  private isSameTag(option: Option | undefined): boolean {
    const etag = this.etag;
    if (!this.isTagKnown) {
      this.isTagKnown = true;
      // A copy: the response's bytes are of a datagram that need not stay.
      if (option !== undefined) this.etag = new Uint8Array(option.value);
      return true;
    }
    if (etag === undefined || option === undefined) return etag === option;
    return equalBytes(etag, option.value);
  }
}
