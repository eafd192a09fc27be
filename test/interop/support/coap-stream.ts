/**
 * CoAP over TCP (RFC 8323) on real sockets and the real clock: a connection to a server, and a server with those of its clients. All on
 * 127.0.0.1. The driver of the suites here, as a board and the connector have theirs.
 */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { CoapStreamEndpoint } from "../../../protocol/coap/coap-stream-endpoint.ts";
import type { CoapSettings, Request, Response } from "../../../protocol/coap/exchange.ts";
import {
  OBSERVER_GONE,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../protocol/coap/exchange.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { StreamDecoder } from "../../../protocol/coap/stream-framing.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { NEVER } from "../../../protocol/time/duration.ts";
import { describeMessage } from "../../support/stream-pair.ts";
import type { Asked } from "./coap-socket.ts";
import { EventLog } from "./event-log.ts";

const LOOPBACK = "127.0.0.1";
const LONGEST = 1 << 24;

const SETTINGS: CoapSettings = {
  random: { uint32: () => randomInt(2 ** 32) },
  transmission: DEFAULT_TRANSMISSION,
  blockSize: 1024,
  maxBody: 65_536,
  rememberedMessages: 32,
  maxRequests: 16,
  longestMessage: 8_704,
};

interface StreamOptions {
  /** Answers what the peer asks for. */
  readonly serve?: (asked: Asked) => void;
  readonly settings?: Partial<CoapSettings>;
}

export interface StreamObservation {
  readonly id: number;
  readonly notifications: EventLog<Response>;
}

/** One connection. */
export class CoapStream {
  /** A line for each message, ours with `--->`, as test/support/stream-pair.ts describes them. */
  readonly ladder: string[] = [];
  private readonly socket: Socket;
  private readonly endpoint: CoapStreamEndpoint;
  private readonly serve: StreamOptions["serve"];
  private readonly waiting = new Map<
    number,
    { resolve: (response: Response) => void; reject: (error: Error) => void }
  >();
  private readonly observations = new Map<number, EventLog<Response>>();
  private readonly sent = new StreamDecoder(LONGEST, LONGEST);
  private readonly received = new StreamDecoder(LONGEST, LONGEST);
  private alarm: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: StreamOptions, isAccepted: boolean) {
    this.socket = socket;
    this.serve = options.serve;
    this.endpoint = new CoapStreamEndpoint({ ...SETTINGS, ...options.settings });
    socket.on("data", (bytes) => {
      this.note("<---", this.received, bytes);
      this.endpoint.handleBytes(performance.now(), bytes);
      this.pump();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.endpoint.handleEnd("closed");
      this.pump();
      clearTimeout(this.alarm);
    });
    if (isAccepted) {
      this.endpoint.handleOpened(performance.now());
      this.pump();
    }
  }

  static async connect(port: number, options: StreamOptions = {}): Promise<CoapStream> {
    const socket = connect({ host: LOOPBACK, port, noDelay: true });
    await once(socket, "connect");
    return new CoapStream(socket, options, false);
  }

  /** The response to a request. Rejects with the endpoint's failure. */
  request(request: Request): Promise<Response> {
    const id = this.endpoint.request(performance.now(), request);
    const response = new Promise<Response>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
    });
    this.pump();
    return response;
  }

  /** Sends a request with Observe 0; the first response is the first notification. */
  observe(request: Request): StreamObservation {
    const id = this.endpoint.request(performance.now(), request);
    const notifications = new EventLog<Response>();
    this.observations.set(id, notifications);
    this.pump();
    return { id, notifications };
  }

  cancel({ id }: StreamObservation): void {
    this.endpoint.cancelObservation(performance.now(), id);
    this.pump();
  }

  /** Closes it, and waits until it is closed. */
  disconnect(): Promise<unknown> {
    const closed = once(this.socket, "close");
    this.endpoint.disconnect();
    this.pump();
    return closed;
  }

  close(): void {
    clearTimeout(this.alarm);
    this.socket.destroy();
  }

  private pump(): void {
    const { endpoint, socket } = this;
    for (let event = endpoint.pollEvent(); event !== undefined; event = endpoint.pollEvent()) {
      if (event.kind === REQUEST_RECEIVED) {
        const { request } = event;
        this.serve?.({
          request,
          observer: {
            notify: (response) => {
              endpoint.notify(performance.now(), request.token, response, false);
              this.pump();
            },
          },
          answer: (response) => {
            endpoint.respond(performance.now(), request, response);
            this.pump();
          },
        });
      } else if (event.kind === RESPONSE_RECEIVED) {
        this.observations.get(event.id)?.add(event.response);
        this.waiting.get(event.id)?.resolve(event.response);
      } else if (event.kind === REQUEST_FAILED) {
        this.waiting.get(event.id)?.reject(new Error(event.failure));
      } else if (event.kind === OBSERVER_GONE) this.ladder.push("observer gone");
    }
    for (let bytes = endpoint.pollTransmit(); bytes; bytes = endpoint.pollTransmit()) {
      this.note("--->", this.sent, bytes);
      if (bytes.length === 0) socket.end();
      else socket.write(bytes);
    }
    clearTimeout(this.alarm);
    const deadline = endpoint.deadline();
    if (deadline === NEVER) return;
    this.alarm = setTimeout(
      () => {
        endpoint.handleTimeout(performance.now());
        this.pump();
      },
      Math.max(1, deadline - performance.now()),
    );
  }

  private note(arrow: string, decoder: StreamDecoder, bytes: Uint8Array): void {
    if (bytes.length === 0) {
      this.ladder.push(`${arrow} end`);
      return;
    }
    decoder.push(bytes);
    for (let next = decoder.poll(); next !== undefined; next = decoder.poll()) {
      this.ladder.push(`${arrow} ${isMalformed(next) ? next.fault : describeMessage(next)}`);
    }
  }
}

/** A port where clients connect. */
export class CoapStreamServer {
  readonly port: number;
  /** All that came, in order. */
  readonly connections: CoapStream[] = [];
  private readonly server: Server;

  private constructor(server: Server, options: StreamOptions) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (socket) => {
      this.connections.push(new CoapStream(socket, options, true));
    });
  }

  static async listen(options: StreamOptions): Promise<CoapStreamServer> {
    const server = createServer({ noDelay: true });
    server.listen(0, LOOPBACK);
    await once(server, "listening");
    return new CoapStreamServer(server, options);
  }

  close(): void {
    this.server.close();
    for (const connection of this.connections) connection.close();
  }
}
