/**
 * A body of the peer in pieces: what is too long to be kept whole, such as a firmware image, is handed to the application block by
 * block as Block1 brings it (RFC 7959 §2.5).
 *
 * The owner of an endpoint (`PiecewiseEndpoint`, `CoapEndpoint`) claims a path in its settings, once for all endpoints that share them:
 *
 *     const settings = { ...usual, inPieces: [{ code: PUT, path: "/5/0/0", silence: 93000 }] };
 *
 * From then on each block of such a body is a request of its own, in order and exactly once, and each is answered once with
 * `respond`, now or when the flash has taken it: until then the peer waits, and is told so by an empty ACK.
 *
 *     if (event.kind === REQUEST_RECEIVED) {
 *       const piece = pieceOf(event.request);            // undefined: the body came in one message, and is whole
 *       if (piece === undefined) answer(store(event.request.payload));
 *       else if (piece.size > FLASH) answer({ code: REQUEST_ENTITY_TOO_LARGE, options: [uintOption(SIZE1, FLASH)], payload: NO_BYTES });
 *       else {
 *         if (piece.offset === 0) flash.erase();         // the peer begins, or begins again
 *         flash.write(piece.offset, event.request.payload);
 *         answer(piece.isLast ? CHANGED : CONTINUE);     // 2.31 asks for the next piece, all else ends the body
 *       }
 *     } else if (event.kind === BODY_LOST) update.fail(CONNECTION_LOST);
 *
 * For firmware update (object 5) that means: an image never lies in memory; 4.13 goes out at the first block when Size1 is too
 * large, 4.08, 4.00 or 5.00 at any later one; /5/0/3 becomes 1 at offset 0 and 2 after the last; and BODY_LOST is result 4,
 * connection lost. A request that answers all it gets synchronously, as an agent's operations do, needs no more than `pieceOf`.
 *
 * What the endpoint does alone: a block that is not the next is answered with 4.08, the one just taken again with 2.31. There is one
 * body at a time on a claimed path. `maxBody` does not apply.
 */
import { isMalformed } from "../malformed.ts";
import { decodeBlock } from "./block.ts";
import type { IncomingRequest } from "./exchange.ts";
import { BLOCK1, findOption, SIZE1, uintOf } from "./options.ts";

/** Where the payload of a request lies in the body that it is a piece of. */
export interface Piece {
  /** Of its first byte. 0 begins a body, and ends what had come before. */
  readonly offset: number;
  readonly isLast: boolean;
  /** Bytes of the whole body, as the peer announces it, with the first piece as a rule; 0 when it does not (RFC 7959 §4). */
  readonly size: number;
}

/** Which piece a request on a claimed path is; undefined when its body came in one message without Block1. */
export function pieceOf(request: IncomingRequest): Piece | undefined {
  const option = findOption(request.options, BLOCK1);
  if (option === undefined) return undefined;
  const block = decodeBlock(option.value);
  if (isMalformed(block)) return undefined;
  return {
    offset: block.num * block.size,
    isLast: !block.more,
    size: uintOf(request.options, SIZE1, 0),
  };
}
