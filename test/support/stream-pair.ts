/**
 * Two CoAP endpoints joined by a stream (RFC 8323), in virtual time. The client connects when it has something to send; `breakConnection`
 * cuts what there is. The ladder has one line for each message that crossed the wire.
 */

import { decodeUtf8 } from "../../protocol/bytes/utf8.ts";
import { decodeStreamBlock } from "../../protocol/coap/bert.ts";
import { CoapStreamEndpoint } from "../../protocol/coap/coap-stream-endpoint.ts";
import { formatCode } from "../../protocol/coap/codes.ts";
import type { CoapEvent, CoapSettings } from "../../protocol/coap/exchange.ts";
import { BLOCK1, BLOCK2, OBSERVE } from "../../protocol/coap/options.ts";
import type { StreamEndpoint } from "../../protocol/coap/stream-endpoint.ts";
import { StreamDecoder, type StreamMessage } from "../../protocol/coap/stream-framing.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import { coapSettings, countingRandom } from "./coap-pair.ts";

export interface StreamPairOptions {
  /** One way, ms; default 10. */
  readonly latency?: number;
  readonly client?: Partial<CoapSettings>;
  readonly server?: Partial<CoapSettings>;
  readonly makeClient?: (settings: CoapSettings) => StreamEndpoint;
  readonly makeServer?: (settings: CoapSettings) => StreamEndpoint;
  /** How the bytes of one write arrive: the lengths of the pieces, again and again. Default: as they were written. */
  readonly pieces?: readonly number[];
  /** False: nobody listens. */
  readonly listens?: boolean;
}

interface Flight {
  readonly at: number;
  readonly toServer: boolean;
  /** None: the end of the stream. */
  readonly bytes: Uint8Array;
  readonly connection: number;
}

const LONGEST = 1 << 24;

export class StreamPair<Client extends StreamEndpoint = CoapStreamEndpoint> {
  now = 0;
  readonly client: Client;
  readonly server: CoapStreamEndpoint;
  readonly clientEvents: CoapEvent[] = [];
  readonly serverEvents: CoapEvent[] = [];
  /** Called for each event of the server; the application under test. */
  onServerEvent: (event: CoapEvent) => void = () => {};
  onClientEvent: (event: CoapEvent) => void = () => {};
  readonly ladder: string[] = [];
  listens: boolean;
  /** How many there have been. */
  connections = 0;
  private isConnected = false;
  private flights: Flight[] = [];
  private readonly options: StreamPairOptions;
  private readers = [new StreamDecoder(LONGEST, 65804), new StreamDecoder(LONGEST, 65804)];

  constructor(options: StreamPairOptions = {}) {
    this.options = options;
    this.listens = options.listens ?? true;
    const make = (settings: CoapSettings) => new CoapStreamEndpoint(settings);
    const { makeClient = make, makeServer = make } = options;
    const client = coapSettings({ random: countingRandom(1), ...options.client });
    const server = coapSettings({ random: countingRandom(0x100), ...options.server });
    this.client = makeClient(client) as unknown as Client;
    this.server = makeServer(server) as unknown as CoapStreamEndpoint;
  }

  /** Delivers and times out until nothing is left to do, or `until` is reached. */
  drive(until = Infinity): this {
    for (let step = 0; step < 200_000; step++) {
      this.flush();
      const arrival = this.flights.reduce((at, flight) => Math.min(at, flight.at), Infinity);
      const next = Math.min(arrival, this.client.deadline(), this.server.deadline());
      if (next > until || next === Infinity) {
        if (until !== Infinity) this.now = Math.max(this.now, until);
        return this;
      }
      this.now = Math.max(this.now, next);
      const due = this.flights.findIndex((flight) => flight.at <= this.now);
      if (due >= 0) this.deliver(this.flights.splice(due, 1)[0]);
      this.client.handleTimeout(this.now);
      this.server.handleTimeout(this.now);
    }
    throw new Error("the pair does not come to rest");
  }

  /** Cuts the connection: what is on its way is lost, both ends are told. */
  breakConnection(): void {
    this.flush();
    this.disconnect();
    this.ladder.push(`${this.now} --X--`);
    this.client.handleEnd("broken");
    this.server.handleEnd("broken");
  }

  private disconnect(): void {
    this.flights = [];
    this.isConnected = false;
    this.readers = [new StreamDecoder(LONGEST, 65804), new StreamDecoder(LONGEST, 65804)];
  }

  private deliver({ toServer, bytes, connection }: Flight): void {
    if (connection !== this.connections) return;
    if (bytes.length > 0) {
      (toServer ? this.server : this.client).handleBytes(this.now, bytes);
      return;
    }
    this.disconnect();
    (toServer ? this.server : this.client).handleEnd("closed by the peer");
  }

  private flush(): void {
    for (let event = this.client.pollEvent(); event; event = this.client.pollEvent()) {
      this.clientEvents.push(event);
      this.onClientEvent(event);
    }
    for (let event = this.server.pollEvent(); event; event = this.server.pollEvent()) {
      this.serverEvents.push(event);
      this.onServerEvent(event);
    }
    for (let sent = this.client.pollTransmit(); sent; sent = this.client.pollTransmit()) {
      this.launch(sent, true);
    }
    for (let sent = this.server.pollTransmit(); sent; sent = this.server.pollTransmit()) {
      this.launch(sent, false);
    }
  }

  private launch(bytes: Uint8Array, toServer: boolean): void {
    const arrow = toServer ? "--->" : "<---";
    if (!this.isConnected && bytes.length > 0 && toServer) {
      if (!this.listens) {
        this.ladder.push(`${this.now} ---| refused`);
        this.client.handleEnd("refused");
        this.flush();
        return;
      }
      this.isConnected = true;
      this.connections++;
      this.server.handleOpened(this.now);
    }
    if (!this.isConnected) return;
    if (bytes.length === 0) this.ladder.push(`${this.now} ${arrow} end`);
    for (const words of this.read(bytes, toServer))
      this.ladder.push(`${this.now} ${arrow} ${words}`);
    const at = this.now + (this.options.latency ?? 10);
    for (const piece of this.cut(bytes)) {
      this.flights.push({ at, toServer, bytes: piece, connection: this.connections });
    }
  }

  private cut(bytes: Uint8Array): Uint8Array[] {
    const { pieces } = this.options;
    if (pieces === undefined || bytes.length === 0) return [bytes];
    const cut: Uint8Array[] = [];
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const length = pieces[i % pieces.length];
      cut.push(bytes.slice(at, at + length));
      at += length;
    }
    return cut;
  }

  private read(bytes: Uint8Array, toServer: boolean): string[] {
    const reader = this.readers[toServer ? 1 : 0];
    reader.push(bytes);
    const lines: string[] = [];
    for (let next = reader.poll(); next !== undefined; next = reader.poll()) {
      if (isMalformed(next)) return [...lines, next.fault];
      lines.push(describeMessage(next));
    }
    return lines;
  }
}

const SIGNALS = ["", "CSM", "Ping", "Pong", "Release", "Abort"];

/** `CSM 2=8704 4`, `0.01 [2] 2:3/0/BERT`, `2.05 [2] observe 5 (5 B)`: code, token, and what of Observe, Block and payload there is. */
export function describeMessage({ code, token, options, payload }: StreamMessage): string {
  const isSignal = code >> 5 === 7;
  const parts = [isSignal ? (SIGNALS[code & 31] ?? formatCode(code)) : formatCode(code)];
  // Tokens of tests count up.
  if (token.length > 0) parts.push(`[${token.at(-1)}]`);
  for (const { number, value } of options) {
    if (isSignal) {
      const text = value.length === 0 ? "" : `=${value.reduce((sum, byte) => sum * 256 + byte, 0)}`;
      parts.push(`${number}${text}`);
    } else if (number === OBSERVE) parts.push(`observe ${value.at(-1) ?? 0}`);
    else if (number === BLOCK1 || number === BLOCK2) {
      const { num, more, size, isBert } = decodeStreamBlock(value);
      const size_ = isBert ? "BERT" : String(size);
      parts.push(`${number === BLOCK1 ? 1 : 2}:${num}/${more ? 1 : 0}/${size_}`);
    }
  }
  if (isSignal && payload.length > 0) parts.push(JSON.stringify(decodeUtf8(payload)));
  else if (payload.length > 0) parts.push(`(${payload.length} B)`);
  return parts.join(" ");
}
