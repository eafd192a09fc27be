/**
 * CoapEndpoints on a real socket and the real clock: one per peer port, all on 127.0.0.1. The driver of the suites here, as a
 * board, the fleet and the connector have theirs.
 */
import { randomInt } from "node:crypto";
import type { Socket } from "node:dgram";
import { createSocket } from "node:dgram";
import type {
  CoapSettings,
  IncomingRequest,
  Request,
  Response,
} from "../../../protocol/coap/coap-endpoint.ts";
import {
  CoapEndpoint,
  OBSERVER_GONE,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../protocol/coap/coap-endpoint.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { NEVER } from "../../../protocol/time/duration.ts";
import type { CapturedDatagram } from "./capture.ts";
import { EventLog } from "./event-log.ts";

export const LOOPBACK = "127.0.0.1";

const SETTINGS: CoapSettings = {
  random: { uint32: () => randomInt(2 ** 32) },
  transmission: DEFAULT_TRANSMISSION,
  blockSize: 1024,
  maxBody: 65_536,
  rememberedMessages: 32,
  maxRequests: 16,
};

/** An observer of a resource that the socket serves. */
export interface Observer {
  notify(response: Response, confirmable: boolean): void;
}

export interface Asked {
  readonly request: IncomingRequest;
  readonly observer: Observer;
  answer(response: Response): void;
}

type Serve = (asked: Asked) => void;

interface SocketOptions {
  readonly serve?: Serve;
  readonly settings?: Partial<CoapSettings>;
  readonly make?: (settings: CoapSettings) => CoapEndpoint;
}

export interface Observation {
  readonly id: number;
  readonly peerPort: number;
  readonly notifications: EventLog<Response>;
}

interface Peer {
  readonly endpoint: CoapEndpoint;
  readonly waiting: Map<number, { resolve: (r: Response) => void; reject: (e: Error) => void }>;
  readonly observations: Map<number, EventLog<Response>>;
  alarm: NodeJS.Timeout | undefined;
}

export class CoapSocket {
  readonly port: number;
  /** Every datagram in and out, for a capture file. */
  readonly datagrams: CapturedDatagram[] = [];
  /** Tokens, in hex, of observers that are gone. */
  readonly observersGone = new EventLog<string>();
  private readonly socket: Socket;
  private readonly settings: CoapSettings;
  private readonly serve: Serve | undefined;
  private readonly make: (settings: CoapSettings) => CoapEndpoint;
  private readonly peers = new Map<number, Peer>();

  private constructor(socket: Socket, settings: CoapSettings, options: SocketOptions) {
    const { serve, make = (given) => new CoapEndpoint(given) } = options;
    this.make = make;
    this.socket = socket;
    this.port = socket.address().port;
    this.settings = settings;
    this.serve = serve;
    socket.on("message", (datagram, from) => {
      this.datagrams.push({ at: Date.now(), from: from.port, to: this.port, bytes: datagram });
      const peer = this.peer(from.port);
      peer.endpoint.handleDatagram(performance.now(), datagram);
      this.pump(from.port, peer);
    });
  }

  static async open(options: SocketOptions = {}): Promise<CoapSocket> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
    return new CoapSocket(socket, { ...SETTINGS, ...options.settings }, options);
  }

  close(): void {
    for (const peer of this.peers.values()) clearTimeout(peer.alarm);
    this.socket.close();
  }

  /** The response to a request. Rejects with the endpoint's failure. */
  request(peerPort: number, request: Request): Promise<Response> {
    const peer = this.peer(peerPort);
    const id = peer.endpoint.request(performance.now(), request);
    const response = new Promise<Response>((resolve, reject) => {
      peer.waiting.set(id, { resolve, reject });
    });
    this.pump(peerPort, peer);
    return response;
  }

  /** Sends a request with Observe 0; the first response is the first notification. */
  observe(peerPort: number, request: Request): Observation {
    const peer = this.peer(peerPort);
    const id = peer.endpoint.request(performance.now(), request);
    const notifications = new EventLog<Response>();
    peer.observations.set(id, notifications);
    this.pump(peerPort, peer);
    return { id, peerPort, notifications };
  }

  cancel(observation: Observation): void {
    const peer = this.peer(observation.peerPort);
    peer.endpoint.cancelObservation(performance.now(), observation.id);
    this.pump(observation.peerPort, peer);
  }

  /** Forgets an observation, so that the next notification is answered with RST. */
  forget(observation: Observation): void {
    this.peer(observation.peerPort).endpoint.forget(observation.id);
  }

  private peer(port: number): Peer {
    let peer = this.peers.get(port);
    if (peer === undefined) {
      peer = {
        endpoint: this.make(this.settings),
        waiting: new Map(),
        observations: new Map(),
        alarm: undefined,
      };
      this.peers.set(port, peer);
    }
    return peer;
  }

  private pump(port: number, peer: Peer): void {
    const { endpoint } = peer;
    for (let event = endpoint.pollEvent(); event !== undefined; event = endpoint.pollEvent()) {
      if (event.kind === REQUEST_RECEIVED) this.handleRequest(port, peer, event.request);
      else if (event.kind === OBSERVER_GONE) {
        this.observersGone.add(Buffer.from(event.token).toString("hex"));
      } else if (event.kind === RESPONSE_RECEIVED) {
        peer.observations.get(event.id)?.add(event.response);
        peer.waiting.get(event.id)?.resolve(event.response);
        peer.waiting.delete(event.id);
      } else if (event.kind === REQUEST_FAILED) {
        peer.waiting.get(event.id)?.reject(new Error(event.failure));
        peer.waiting.delete(event.id);
      }
    }
    for (let bytes = endpoint.pollTransmit(); bytes; bytes = endpoint.pollTransmit()) {
      this.datagrams.push({ at: Date.now(), from: this.port, to: port, bytes });
      this.socket.send(bytes, port, LOOPBACK);
    }
    clearTimeout(peer.alarm);
    const deadline = endpoint.deadline();
    if (deadline === NEVER) return;
    peer.alarm = setTimeout(
      () => {
        endpoint.handleTimeout(performance.now());
        this.pump(port, peer);
      },
      Math.max(1, deadline - performance.now()),
    );
  }

  private handleRequest(port: number, peer: Peer, request: IncomingRequest): void {
    const { endpoint } = peer;
    this.serve?.({
      request,
      observer: {
        notify: (response, confirmable) => {
          endpoint.notify(performance.now(), request.token, response, confirmable);
          this.pump(port, peer);
        },
      },
      answer: (response) => {
        endpoint.respond(performance.now(), request, response);
        this.pump(port, peer);
      },
    });
  }
}
