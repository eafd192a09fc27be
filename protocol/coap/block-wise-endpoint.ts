/**
 * CoAP over UDP with one peer, with bodies longer than a message (RFC 7959): cut into blocks on their way out, joined on their way in.
 *
 * What to ask next and what is part of which body are the rules of block-wise-client.ts and block-wise-server.ts.
 */
import type { Milliseconds } from "../time/duration.ts";
import type { Exchange } from "./basic-endpoint.ts";
import { BasicEndpoint } from "./basic-endpoint.ts";
import { BlockWiseTransfer, MORE, WHOLE } from "./block-wise-client.ts";
import { BlockWiseServer, cut } from "./block-wise-server.ts";
import type { CoapSettings, IncomingRequest, Response } from "./exchange.ts";
import type { Message } from "./message.ts";
import type { Option } from "./options.ts";
import { BLOCK1, BLOCK2, findOption, unusableCriticalOption } from "./options.ts";
import { Upload } from "./upload.ts";

export class BlockWiseEndpoint extends BasicEndpoint {
  /** Made when the peer first sends or needs a block. */
  private peerBlocks: BlockWiseServer | undefined;

  constructor(settings: CoapSettings) {
    super(settings);
    this.peerBlocks = undefined;
  }

  override handleTimeout(now: Milliseconds): void {
    super.handleTimeout(now);
    if (this.peerBlocks !== undefined) this.peerBlocks.handleTimeout(now);
  }

  override deadline(): Milliseconds {
    const at = super.deadline();
    return this.peerBlocks === undefined ? at : Math.min(at, this.peerBlocks.deadline());
  }

  /** As `BasicEndpoint`'s; a body that comes in blocks counts as well. */
  override isIdle(): boolean {
    return (
      super.isIdle() && (this.peerBlocks === undefined || !this.peerBlocks.upload.isReceiving())
    );
  }

  // Our requests (RFC 7959 §2.4, §2.5 as client).

  /** Sends the request, or the next block of it, or asks for the next block of its response. */
  protected override sendRequest(now: Milliseconds, exchange: Exchange): void {
    const request = exchange.request;
    if (request.payload.length > this.settings.blockSize) this.transferOf(exchange);
    const transfer = exchange.transfer;
    this.sendPart(now, exchange, transfer === undefined ? request : transfer.next());
  }

  /** The next block of a response, under a token of its own: an answer to the block before is then none to this one (RFC 9175 §4.2). */
  private sendMore(now: Milliseconds, exchange: Exchange): void {
    exchange.token = this.nextToken(exchange);
    this.sendRequest(now, exchange);
  }

  protected nextToken(_exchange: Exchange): Uint8Array {
    return this.newToken();
  }

  protected transferOf(exchange: Exchange): BlockWiseTransfer {
    let transfer = exchange.transfer;
    if (transfer === undefined) {
      const settings = this.settings;
      transfer = new BlockWiseTransfer(exchange.request, settings.blockSize, settings.maxBody);
      exchange.transfer = transfer;
    }
    return transfer;
  }

  protected override isLate(exchange: Exchange, message: Message): boolean {
    return exchange.transfer !== undefined && exchange.transfer.isLate(message);
  }

  protected override takeResponse(now: Milliseconds, exchange: Exchange, message: Message): void {
    const transfer = exchange.transfer;
    if (transfer === undefined) this.takeBody(now, exchange, message);
    // All blocks of an upload have one token, by which some servers join them; its answers are told apart by their number.
    else if (transfer.movesOn(message)) this.sendRequest(now, exchange);
    else this.takeBody(now, exchange, message);
  }

  /** The response, or one block of it. */
  protected takeBody(now: Milliseconds, exchange: Exchange, message: Message): void {
    const option = findOption(message.options, BLOCK2);
    if (option === undefined || exchange.request.oneBlock === true) {
      this.finish(exchange, message, message.payload);
      return;
    }
    const transfer = this.transferOf(exchange);
    const outcome = transfer.append(message, option.value);
    if (outcome === MORE) this.sendMore(now, exchange);
    else if (outcome === WHOLE) {
      this.finish(exchange, transfer.first || message, transfer.received());
    } else this.failExchange(exchange, outcome);
  }

  // The peer's requests (RFC 7959 §2.4, §2.5 as server).

  protected override takeRequest(now: Milliseconds, message: Message): Uint8Array | Response {
    return hasBlock(message.options) ? this.blocks().take(now, message) : message.payload;
  }

  protected override cutFor(
    now: Milliseconds,
    request: IncomingRequest,
    response: Response,
  ): Response {
    const isShort = response.payload.length <= this.settings.blockSize;
    if (isShort && !hasBlock(request.options)) return response;
    return this.blocks().cutFor(now, request, response);
  }

  protected override cutNotification(response: Response): Response {
    const blockSize = this.settings.blockSize;
    if (response.payload.length <= blockSize) return response;
    if (this.peerBlocks !== undefined) this.peerBlocks.forgetRepresentation();
    return cut(response, 0, blockSize);
  }

  protected override unusableOption(options: readonly Option[]): number | undefined {
    return unusableCriticalOption(options, true);
  }

  private blocks(): BlockWiseServer {
    if (this.peerBlocks === undefined) {
      const lifetime = this.exchangeLifetime();
      const upload = this.newUpload(lifetime);
      this.peerBlocks = new BlockWiseServer(upload, this.settings.blockSize, lifetime);
    }
    return this.peerBlocks;
  }

  /** What takes the peer's bodies. @param lifetime of one that stands still */
  protected newUpload(lifetime: Milliseconds): Upload {
    return new Upload(this.settings, lifetime);
  }
}

/** True when a message is part of a block-wise transfer, or may become one. */
function hasBlock(options: readonly Option[]): boolean {
  return findOption(options, BLOCK1) !== undefined || findOption(options, BLOCK2) !== undefined;
}
