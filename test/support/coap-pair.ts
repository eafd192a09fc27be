/**
 * Two CoAP endpoints joined by a wire, in virtual time. `drive` jumps from deadline to deadline; the transcript is the ladder
 * diagram of what crossed the wire.
 */

import { decodeBlock } from "../../protocol/coap/block.ts";
import type { CoapEvent, CoapSettings } from "../../protocol/coap/coap-endpoint.ts";
import { CoapEndpoint } from "../../protocol/coap/coap-endpoint.ts";
import { formatCode } from "../../protocol/coap/codes.ts";
import { CON, decodeMessage } from "../../protocol/coap/message.ts";
import { BLOCK1, BLOCK2, findOption, OBSERVE, uintOf } from "../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION } from "../../protocol/coap/parameters.ts";
import { Q_BLOCK1, Q_BLOCK2 } from "../../protocol/coap/q-block.ts";
import { isMalformed } from "../../protocol/malformed.ts";

/** Deterministic: tokens and Message IDs count up, the ACK timeout has no spread. */
export function countingRandom(seed = 0): { uint32(): number } {
  let next = seed;
  return { uint32: () => next++ };
}

export function coapSettings(changes: Partial<CoapSettings> = {}): CoapSettings {
  return {
    random: countingRandom(),
    transmission: DEFAULT_TRANSMISSION,
    blockSize: 1024,
    maxBody: 65536,
    rememberedMessages: 16,
    maxRequests: 4,
    ...changes,
  };
}

/** What happens to the nth datagram of a direction: times at which copies arrive, none when lost. */
export type Fate = (nth: number, datagram: Uint8Array) => readonly number[];

export interface PairOptions {
  readonly latency?: number;
  readonly clientFate?: Fate;
  readonly serverFate?: Fate;
  readonly client?: Partial<CoapSettings>;
  readonly server?: Partial<CoapSettings>;
  readonly makeClient?: (settings: CoapSettings) => CoapEndpoint;
  readonly makeServer?: (settings: CoapSettings) => CoapEndpoint;
}

interface Flight {
  at: number;
  toServer: boolean;
  datagram: Uint8Array;
}

export class CoapPair {
  now = 0;
  readonly client: CoapEndpoint;
  readonly server: CoapEndpoint;
  readonly clientEvents: CoapEvent[] = [];
  /** Called for each event of the server; the application under test. */
  onServerEvent: (event: CoapEvent) => void = () => {};
  readonly ladder: string[] = [];
  private readonly flights: Flight[] = [];
  private readonly options: PairOptions;
  private sentByClient = 0;
  private sentByServer = 0;

  constructor(options: PairOptions = {}) {
    this.options = options;
    const make = (settings: CoapSettings) => new CoapEndpoint(settings);
    const { makeClient = make, makeServer = make } = options;
    this.client = makeClient(coapSettings({ random: countingRandom(1), ...options.client }));
    this.server = makeServer(coapSettings({ random: countingRandom(0x100), ...options.server }));
  }

  /** Delivers and times out until nothing is left to do, or `until` is reached. */
  drive(until = Infinity): void {
    for (let step = 0; step < 100000; step++) {
      this.flush();
      const arrival = this.flights.reduce((at, flight) => Math.min(at, flight.at), Infinity);
      const next = Math.min(arrival, this.client.deadline(), this.server.deadline());
      if (next > until || next === Infinity) {
        if (until !== Infinity) this.now = Math.max(this.now, until);
        return;
      }
      this.now = Math.max(this.now, next);
      const due = this.flights.findIndex((flight) => flight.at <= this.now);
      if (due >= 0) {
        const flight = this.flights.splice(due, 1)[0];
        (flight.toServer ? this.server : this.client).handleDatagram(this.now, flight.datagram);
      }
      this.client.handleTimeout(this.now);
      this.server.handleTimeout(this.now);
    }
    throw new Error("the pair does not come to rest");
  }

  private flush(): void {
    for (let event = this.client.pollEvent(); event; event = this.client.pollEvent()) {
      this.clientEvents.push(event);
    }
    for (let event = this.server.pollEvent(); event; event = this.server.pollEvent()) {
      this.onServerEvent(event);
    }
    for (let sent = this.client.pollTransmit(); sent; sent = this.client.pollTransmit()) {
      this.launch(sent, true, this.options.clientFate, this.sentByClient++);
    }
    for (let sent = this.server.pollTransmit(); sent; sent = this.server.pollTransmit()) {
      this.launch(sent, false, this.options.serverFate, this.sentByServer++);
    }
  }

  private launch(
    datagram: Uint8Array,
    toServer: boolean,
    fate: Fate | undefined,
    nth: number,
  ): void {
    const delays = fate === undefined ? [0] : fate(nth, datagram);
    const arrow = toServer
      ? delays.length === 0
        ? "--X "
        : "--->"
      : delays.length === 0
        ? " X--"
        : "<---";
    this.ladder.push(`${this.now} ${arrow} ${describe(datagram)}`);
    for (const delay of delays) {
      this.flights.push({
        at: this.now + (this.options.latency ?? 10) + delay,
        toServer,
        datagram,
      });
    }
  }
}

/** `CON [7] 0.03 1:0/1/128`: type, Message ID, code and what of Observe and Block there is. */
export function describe(datagram: Uint8Array): string {
  const message = decodeMessage(datagram);
  if (isMalformed(message)) return message.fault;
  const parts = [
    ["CON", "NON", "ACK", "RST"][message.type],
    `[${message.messageId}]`,
    message.code === 0 ? "" : formatCode(message.code),
  ];
  const observe = uintOf(message.options, OBSERVE, -1);
  if (observe >= 0) parts.push(`observe ${observe}`);
  for (const [name, number] of [
    ["1", BLOCK1],
    ["2", BLOCK2],
    ["Q1", Q_BLOCK1],
    ["Q2", Q_BLOCK2],
  ] as const) {
    const option = findOption(message.options, number);
    if (option === undefined) continue;
    const block = decodeBlock(option.value);
    if (!isMalformed(block)) parts.push(`${name}:${block.num}/${block.more ? 1 : 0}/${block.size}`);
  }
  if (message.type === CON || message.payload.length > 0) {
    if (message.payload.length > 0) parts.push(`(${message.payload.length} B)`);
  }
  return parts.filter((part) => part !== "").join(" ");
}
