/**
 * Bodies that the peer sends us by Block1 (RFC 7959 §2.5): put together until they are whole, or, when their path is claimed
 * (pieces.ts), handed on block by block.
 *
 * What parts one body from another are method and options, Request-Tag among them (RFC 9175 §3.3). Several may be under way, and
 * share `maxBody` bytes: when a block of one has no room, bodies that began earlier give way.
 */
import { isMalformed } from "../malformed.ts";
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import type { Block } from "./block.ts";
import { Body, decodeBlock, isSameTransfer } from "./block.ts";
import { CONTINUE, REQUEST_ENTITY_INCOMPLETE, REQUEST_ENTITY_TOO_LARGE } from "./codes.ts";
import type { CoapEvent, IncomingRequest, PieceClaim, Response } from "./exchange.ts";
import { BODY_LOST } from "./exchange.ts";
import type { Option } from "./options.ts";
import { SIZE1, URI_PATH, uintOf, uintOption } from "./options.ts";
import type { StreamMessage } from "./stream-framing.ts";
import { refusal, Upload } from "./upload.ts";
import { pathOf } from "./uri.ts";

interface BodyUnderWay {
  readonly code: number;
  /** Of its first block. */
  readonly options: readonly Option[];
  /** Undefined: it is put together in `body`. */
  readonly claim: PieceClaim | undefined;
  /** What has come of it; empty when it goes on in pieces. */
  readonly body: Body;
  /** Bytes that have come. */
  length: number;
  expiresAt: Milliseconds;
}

/** Bodies under way at once; the one that began first gives way. */
const MAX_BODIES = 4;

export class PiecewiseUploads extends Upload {
  /** In the order in which they began. */
  private readonly bodies: BodyUnderWay[] = [];
  /** Claimed bodies that ended without their last block, not told yet. */
  private readonly lost: BodyUnderWay[] = [];

  override deadline(): Milliseconds {
    let at = NEVER;
    for (let i = 0; i < this.bodies.length; i++) at = Math.min(at, this.bodies[i].expiresAt);
    return at;
  }

  override handleTimeout(now: Milliseconds): void {
    for (let i = this.bodies.length - 1; i >= 0; i--) {
      if (now >= this.bodies[i].expiresAt) this.drop(i);
    }
  }

  override isReceiving(): boolean {
    return this.bodies.length > 0;
  }

  /** A claimed body that will not be completed. */
  pollLost(): CoapEvent | undefined {
    const body = this.lost.shift();
    if (body === undefined) return undefined;
    return {
      kind: BODY_LOST,
      id: 0,
      code: body.code,
      options: body.options,
      received: body.length,
    };
  }

  /** As `Upload`'s; for a block of a claimed body 2.31 goes on with it, and all else ends it. */
  override answer(
    now: Milliseconds,
    request: IncomingRequest,
    option: Option,
    response: Response,
  ): Response {
    const block = decodeBlock(option.value);
    if (isMalformed(block)) return response;
    const at = this.find(request);
    if (response.code === CONTINUE && block.more) {
      // The time that the application took is not the peer's silence.
      if (at >= 0) this.extend(now, this.bodies[at]);
      return this.continued(block);
    }
    if (at >= 0) this.bodies.splice(at, 1);
    // Refused before its end, Block1 would be heard as advice about the size of blocks (RFC 7959 §2.9.3).
    return block.more ? response : super.answer(now, request, option, response);
  }

  /** As `Upload`'s; also a block of a claimed body is for the application to see. */
  protected override takeBlock(
    now: Milliseconds,
    message: StreamMessage,
    block: Block,
  ): Uint8Array | Response {
    const payload = message.payload;
    const offset = block.num * block.size;
    if (offset === 0) this.begin(message);
    const at = this.find(message);
    const body = this.bodies[at];
    if (body === undefined) return refusal(REQUEST_ENTITY_INCOMPLETE);
    const isRepeated = offset > 0 && offset + payload.length === body.length && block.more;
    if (offset !== body.length && !isRepeated) {
      // With its last block it has failed, and what came of it is not to be joined to the next one.
      if (!block.more) this.drop(at);
      return refusal(REQUEST_ENTITY_INCOMPLETE);
    }
    this.extend(now, body);
    if (isRepeated) return this.continued(block);
    body.length += payload.length;
    if (body.claim !== undefined) return payload;
    if (!this.append(body, message)) {
      return refusal(REQUEST_ENTITY_TOO_LARGE, uintOption(SIZE1, this.settings.maxBody));
    }
    if (block.more) return this.continued(block);
    // Others may have given way to it: it is not where it was.
    this.bodies.splice(this.bodies.indexOf(body), 1);
    return body.body.whole();
  }

  /** A first block: what had come of the same body counts no more. */
  private begin(message: StreamMessage): void {
    const claim = this.claimFor(message);
    const same = this.find(message);
    for (let i = this.bodies.length - 1; i >= 0; i--) {
      // One at a time on a claimed path, also when it comes under another Request-Tag.
      if (i === same || (claim !== undefined && this.bodies[i].claim === claim)) {
        this.bodies.splice(i, 1);
      }
    }
    if (this.bodies.length >= MAX_BODIES) this.drop(0);
    this.bodies.push({
      code: message.code,
      options: message.options,
      claim: claim,
      body: new Body(this.settings.maxBody),
      length: 0,
      expiresAt: NEVER,
    });
  }

  private claimFor(message: StreamMessage): PieceClaim | undefined {
    const claims = this.settings.inPieces;
    if (claims === undefined) return undefined;
    const path = pathOf(message.options, URI_PATH);
    for (let i = 0; i < claims.length; i++) {
      if (claims[i].code === message.code && claims[i].path === path) return claims[i];
    }
    return undefined;
  }

  private extend(now: Milliseconds, body: BodyUnderWay): void {
    const silence = body.claim === undefined ? undefined : body.claim.silence;
    body.expiresAt = now + (silence === undefined ? this.lifetime : silence);
  }

  private find(message: StreamMessage | IncomingRequest): number {
    for (let i = 0; i < this.bodies.length; i++) {
      const body = this.bodies[i];
      if (body.code === message.code && isSameTransfer(body.options, message.options)) return i;
    }
    return -1;
  }

  /** False when the body is, or says that it will be, longer than `maxBody`; it is then dropped. */
  private append(body: BodyUnderWay, message: StreamMessage): boolean {
    const maxBody = this.settings.maxBody;
    const isPossible = Math.max(body.length, uintOf(message.options, SIZE1, 0)) <= maxBody;
    // This one comes first; of the others the newest stay.
    let total = isPossible ? body.length : 0;
    for (let i = this.bodies.length - 1; i >= 0; i--) {
      const each = this.bodies[i];
      if (each.claim !== undefined || (each === body && isPossible)) continue;
      if (each === body || total + each.length > maxBody) this.bodies.splice(i, 1);
      else total += each.length;
    }
    return isPossible && body.body.append(message.payload);
  }

  private drop(at: number): void {
    const body = this.bodies[at];
    this.bodies.splice(at, 1);
    if (body.claim !== undefined) this.lost.push(body);
  }
}
