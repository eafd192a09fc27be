/**
 * CoAP over a stream with one peer, with bodies in blocks where they are longer than the peer takes at once (RFC 7959, RFC 8323 §6), and
 * bodies of the peer in pieces (pieces.ts).
 *
 * A body goes whole as long as its message is no longer than the peer's Max-Message-Size, nor, when it knows blocks, so long that others
 * would have to wait for it. What to ask next is stream-transfer.ts, what the peer asks for stream-blocks.ts.
 */
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import { asBert, blockLength, PLAIN_MESSAGE } from "./bert.ts";
import { cut } from "./block-wise-server.ts";
import type { IncomingRequest, Response } from "./exchange.ts";
import { NO_BYTES } from "./message.ts";
import type { Option } from "./options.ts";
import { BLOCK1, BLOCK2, findOption } from "./options.ts";
import { exchangeLifetime } from "./parameters.ts";
import { StreamBlockServer, StreamUploads } from "./stream-blocks.ts";
import type { StreamConnection } from "./stream-connection.ts";
import type { StreamExchange } from "./stream-endpoint.ts";
import { StreamEndpoint } from "./stream-endpoint.ts";
import type { StreamMessage } from "./stream-framing.ts";
import { encodeStreamMessage } from "./stream-framing.ts";
import type { Capabilities } from "./stream-signals.ts";
import { MORE, StreamTransfer, WHOLE } from "./stream-transfer.ts";

/** Bytes of the longest message to a peer that knows blocks: 16 of 1024 bytes, with room for options. */
const LONGEST_AT_ONCE = 16896;
/** What the options of a block may add to those of its message, and its length and marker: bytes. */
const BLOCK_OPTIONS = 32;

export class BlockWiseStreamEndpoint extends StreamEndpoint {
  /** Made when the peer first sends or needs a block on this connection. */
  private peerBlocks: StreamBlockServer | undefined = undefined;
  private uploads: StreamUploads | undefined = undefined;

  override handleTimeout(now: Milliseconds): void {
    super.handleTimeout(now);
    if (this.peerBlocks !== undefined) {
      this.peerBlocks.handleTimeout(now);
      this.tellLost();
    }
  }

  override deadline(): Milliseconds {
    const at = super.deadline();
    return this.peerBlocks === undefined ? at : Math.min(at, this.peerBlocks.deadline());
  }

  /** As `StreamEndpoint`'s; a body that comes in blocks counts as well. */
  override isIdle(): boolean {
    return super.isIdle() && (this.uploads === undefined || !this.uploads.isReceiving());
  }

  protected override knowsBlocks(): boolean {
    return true;
  }

  protected override end(connection: StreamConnection, reason: string): void {
    if (this.peerBlocks !== undefined) {
      // What had come of a body comes no more.
      this.peerBlocks.handleTimeout(NEVER);
      this.tellLost();
      this.peerBlocks = this.uploads = undefined;
    }
    super.end(connection, reason);
  }

  private tellLost(): void {
    const uploads = this.uploads;
    let lost = uploads === undefined ? undefined : uploads.pollLost();
    while (uploads !== undefined && lost !== undefined) {
      this.emit(lost);
      lost = uploads.pollLost();
    }
  }

  // What there is room for.

  private capabilities(): Capabilities | undefined {
    return this.connection === undefined ? undefined : this.connection.capabilities;
  }

  /** Both ends have said that they know BERT: libcoap takes the first block of one that has not for a whole body. */
  private takesBert(): boolean {
    const capabilities = this.capabilities();
    const own = this.settings.longestMessage;
    return (
      own !== undefined &&
      own > PLAIN_MESSAGE &&
      capabilities !== undefined &&
      capabilities.blockWise &&
      capabilities.maxMessageSize > PLAIN_MESSAGE
    );
  }

  /** Bytes of a message that are left for payload; below 0 when its options alone are too long. */
  private room(token: Uint8Array, content: Response): number {
    const capabilities = this.capabilities();
    if (capabilities === undefined) return 0;
    const message = {
      code: content.code,
      token: token,
      options: content.options,
      payload: NO_BYTES,
    };
    const longest = capabilities.maxMessageSize;
    const limit = capabilities.blockWise ? Math.min(longest, LONGEST_AT_ONCE) : longest;
    return limit - encodeStreamMessage(message).length - BLOCK_OPTIONS;
  }

  private fits(token: Uint8Array, content: Response): boolean {
    return content.payload.length <= this.room(token, content);
  }

  // Our requests (RFC 7959 §2.4, §2.5 as client).

  /** Sends the request, or the next block of it, or asks for the next block of its response. */
  protected override sendRequest(now: Milliseconds, exchange: StreamExchange): void {
    const request = exchange.request;
    if (exchange.transfer === undefined && !this.fits(exchange.token, request)) {
      this.transferOf(exchange);
    }
    const transfer = exchange.transfer;
    if (transfer === undefined) this.sendPart(now, exchange, request);
    else {
      const room = this.room(exchange.token, request);
      this.sendPart(now, exchange, transfer.next(room, this.takesBert()));
    }
  }

  protected transferOf(exchange: StreamExchange): StreamTransfer {
    let transfer = exchange.transfer;
    if (transfer === undefined) {
      transfer = new StreamTransfer(exchange.request, this.settings.maxBody);
      exchange.transfer = transfer;
    }
    return transfer;
  }

  protected override takeResponse(
    now: Milliseconds,
    exchange: StreamExchange,
    message: StreamMessage,
  ): void {
    const transfer = exchange.transfer;
    if (transfer !== undefined && transfer.movesOn(message)) this.sendRequest(now, exchange);
    else this.takeBody(now, exchange, message);
  }

  /** The response, or one block of it. */
  protected takeBody(now: Milliseconds, exchange: StreamExchange, message: StreamMessage): void {
    const option = findOption(message.options, BLOCK2);
    if (option === undefined || exchange.request.oneBlock === true) {
      this.finish(exchange, message, message.payload);
      return;
    }
    const transfer = this.transferOf(exchange);
    const outcome = transfer.append(message, option);
    if (outcome === MORE) this.sendRequest(now, exchange);
    else if (outcome === WHOLE) {
      this.finish(exchange, transfer.first || message, transfer.received());
    } else this.failExchange(exchange, outcome);
  }

  // The peer's requests (RFC 7959 §2.4, §2.5 as server).

  protected override handleRequest(now: Milliseconds, message: StreamMessage, nth: number): void {
    const plain = {
      code: message.code,
      token: message.token,
      options: asBert(message.options, BLOCK1, false),
      payload: message.payload,
    };
    super.handleRequest(now, plain, nth);
  }

  protected override takeRequest(
    now: Milliseconds,
    request: IncomingRequest,
  ): Uint8Array | Response {
    if (!hasBlock(request.options)) return request.payload;
    const room = this.room(request.token, request);
    return this.blocks().takeOnStream(now, request, room, this.takesBert());
  }

  protected override cutFor(
    now: Milliseconds,
    request: IncomingRequest,
    response: Response,
  ): Response {
    const isWhole = this.fits(request.token, response);
    if (isWhole && !hasBlock(request.options)) return response;
    const room = this.room(request.token, response);
    return this.blocks().cutForStream(now, request, response, room, this.takesBert());
  }

  protected override cutNotification(token: Uint8Array, response: Response): Response {
    if (this.fits(token, response)) return response;
    if (this.peerBlocks !== undefined) this.peerBlocks.forgetRepresentation();
    return cut(response, 0, blockLength(this.room(token, response), false));
  }

  private blocks(): StreamBlockServer {
    if (this.peerBlocks === undefined) {
      const lifetime = exchangeLifetime(this.settings.transmission);
      const capabilities = this.capabilities();
      const longest = capabilities === undefined ? PLAIN_MESSAGE : capabilities.maxMessageSize;
      this.uploads = new StreamUploads(this.settings, lifetime);
      this.peerBlocks = new StreamBlockServer(
        this.uploads,
        // As RFC 7252 §4.6 has it: 128 bytes beside a block.
        blockLength(longest - 128, false),
        lifetime,
      );
    }
    return this.peerBlocks;
  }
}

/** True when a message is part of a block-wise transfer, or may become one. */
function hasBlock(options: readonly Option[]): boolean {
  return findOption(options, BLOCK1) !== undefined || findOption(options, BLOCK2) !== undefined;
}
