/**
 * Packages from CoAP servers: a source for `coap:` URIs over a board's datagrams, block by block (RFC 7959 §2.4), each download on a
 * channel of its own. Any CoAP server with block-wise transfer will do; one that gives ETags lets a broken download go on where it was.
 *
 * A driver as loop.ts is one: what arrives waits until the agent is pumped.
 */
import { decodeHex, encodeHex } from "../../protocol/bytes/hex.ts";
import { BlockWiseEndpoint } from "../../protocol/coap/block-wise-endpoint.ts";
import { GET, SERVICE_UNAVAILABLE } from "../../protocol/coap/codes.ts";
import { CHANGED_MEANWHILE, Download, REFUSED } from "../../protocol/coap/download.ts";
import type { CoapSettings, Request, Response } from "../../protocol/coap/exchange.ts";
import { REQUEST_FAILED, RESPONSE_RECEIVED } from "../../protocol/coap/exchange.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import { MAX_AGE, uintOf } from "../../protocol/coap/options.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { SECOND } from "../../protocol/time/duration.ts";
import type { Channel, Datagrams } from "../ports.ts";
import { COAP_PROTOCOL, coapTargetOf } from "./package-uri.ts";
import type { DownloadEvent, DownloadPoint, PackageDownload, PackageSource } from "./ports.ts";
import { CONNECTION_LOST, INVALID_URI, NO_STORAGE } from "./ports.ts";

/** Datagrams that wait for the agent; more are lost, as datagrams are. */
const MAX_WAITING = 8;
/** How often a representation may change under a download before that counts as a broken connection. */
const MAX_CHANGES = 3;
const SMALLEST_BLOCK = 16;
const MAX_BLOCKS = 1048576;
const FIRST_SERVER_ERROR = 0xa0;
/** 4.29 of RFC 8516. */
const TOO_MANY_REQUESTS = 0x9d;

/** @param settings of the endpoints; the block size is what is asked for, at most */
export function coapPackages(datagrams: Datagrams, settings: CoapSettings): PackageSource {
  return {
    protocols: [COAP_PROTOCOL],
    open: function (now, point, wake) {
      const target = coapTargetOf(point.uri);
      if (target === undefined) return undefined;
      const request = { code: GET, options: target.options, payload: NO_BYTES };
      const download = new CoapPackage(request, point, settings);
      download.channel = datagrams.open(target.host, target.port, function (datagram) {
        download.receive(datagram);
        wake();
      });
      download.handleTimeout(now);
      return download;
    },
  };
}

class CoapPackage implements PackageDownload {
  channel: Channel | undefined = undefined;
  private readonly coap: BlockWiseEndpoint;
  private readonly request: Request;
  private readonly blockSize: number;
  private download: Download;
  private waiting: Uint8Array[] = [];
  private events: DownloadEvent[] = [];
  /** Id of the request for the next block; 0 when none is under way. */
  private asked = 0;
  private hasBegun = false;
  private isOver = false;
  private changes = 0;

  constructor(request: Request, point: DownloadPoint, settings: CoapSettings) {
    const tag = point.tag === undefined ? undefined : decodeHex(point.tag);
    this.coap = new BlockWiseEndpoint(settings);
    this.request = request;
    this.blockSize = settings.blockSize;
    const offset = tag === undefined ? 0 : point.offset;
    this.download = new Download(request, blockSizeAt(offset, this.blockSize), offset, tag);
  }

  receive(datagram: Uint8Array): void {
    if (this.waiting.length < MAX_WAITING) this.waiting.push(datagram);
  }

  deadline(): Milliseconds {
    return this.waiting.length > 0 || this.events.length > 0 ? 0 : this.coap.deadline();
  }

  handleTimeout(now: Milliseconds): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (let i = 0; i < waiting.length; i++) this.coap.handleDatagram(now, waiting[i]);
    this.coap.handleTimeout(now);
    let event = this.coap.pollEvent();
    while (event !== undefined) {
      if (event.kind === RESPONSE_RECEIVED && event.id === this.asked) this.take(event.response);
      else if (event.kind === REQUEST_FAILED && event.id === this.asked) this.fail(CONNECTION_LOST);
      event = this.coap.pollEvent();
    }
    if (this.asked === 0 && !this.isOver) this.ask(now);
    let datagram = this.coap.pollTransmit();
    while (datagram !== undefined) {
      if (this.channel !== undefined) this.channel.send(datagram);
      datagram = this.coap.pollTransmit();
    }
  }

  pollEvent(): DownloadEvent | undefined {
    return this.events.shift();
  }

  close(): void {
    this.isOver = true;
    this.waiting = [];
    if (this.channel !== undefined) this.channel.close();
  }

  private ask(now: Milliseconds): void {
    // NUM has 20 bits (RFC 7959 §2.2): a longer package cannot be fetched in such blocks.
    if (this.download.offset >= this.blockSize * MAX_BLOCKS) this.fail(NO_STORAGE);
    else this.asked = this.coap.request(now, this.download.next());
  }

  private take(response: Response): void {
    this.asked = 0;
    const { download } = this;
    const piece = download.take(response);
    if (piece === CHANGED_MEANWHILE) this.beginAnew();
    else if (piece === REFUSED) this.refuse(response);
    else if (typeof piece === "string") this.fail(CONNECTION_LOST);
    else {
      if (!this.hasBegun) {
        const tag = download.etag === undefined ? undefined : encodeHex(download.etag);
        const length = download.size === 0 ? undefined : download.size;
        this.events.push({ kind: "begun", offset: piece.offset, length: length, tag: tag });
      }
      this.hasBegun = true;
      // A copy: what was received is the endpoint's.
      this.events.push({ kind: "bytes", bytes: new Uint8Array(piece.payload) });
      if (piece.isLast) this.events.push({ kind: "ended" });
      this.isOver = piece.isLast;
    }
  }

  /** The server has another representation by now, or cannot go on. */
  private beginAnew(): void {
    this.changes++;
    this.hasBegun = false;
    this.download = new Download(this.request, this.blockSize);
    if (this.changes > MAX_CHANGES) this.fail(CONNECTION_LOST);
  }

  private refuse(response: Response): void {
    const { code } = response;
    if (code >= FIRST_SERVER_ERROR || code === TOO_MANY_REQUESTS) {
      const isBusy = code === SERVICE_UNAVAILABLE || code === TOO_MANY_REQUESTS;
      this.fail(CONNECTION_LOST, isBusy ? uintOf(response.options, MAX_AGE, 0) * SECOND : 0);
    } else if (this.download.offset > 0) this.beginAnew();
    else this.fail(INVALID_URI);
  }

  private fail(fault: number, retryAfter?: Milliseconds): void {
    this.isOver = true;
    this.events.push({ kind: "failed", fault: fault, retryAfter: retryAfter });
  }
}

/** The largest size whose blocks begin at an offset: the server may have smaller ones, and then begins with that one all the same. */
function blockSizeAt(offset: number, largest: number): number {
  let size = largest;
  while (size > SMALLEST_BLOCK && offset % size !== 0) size /= 2;
  return size;
}
