/**
 * The WebSockets of the REST API (RFC 6455). A request for one goes through the routes like any other, and is refused by them like any
 * other; a route that takes it leaves word of who listens. Frames go out only: what a client sends is read and dropped.
 */
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { type Milliseconds, SECOND } from "../../protocol/time/duration.ts";
import type { RestApp } from "../rest/context.ts";
import type { Listener, NotifySocket } from "../rest/customers/notify-listeners.ts";

/** Where those who listen are kept. */
export interface Listeners {
  add(listener: Listener): void;
  /** Its socket has ended. */
  remove(listener: Listener): void;
}

/** Bytes that may wait to be sent to one client. */
const MOST_UNSENT = 256 * 1024;
/** Bytes of a message that a client may send; there is nothing to say. */
const LONGEST_MESSAGE = 4096;
/** A client that has not answered one ping when the next is due is gone. */
const PING_INTERVAL: Milliseconds = 30 * SECOND;
/** For the client to end the connection too, after it was hung up on. */
const CLOSING_PERIOD: Milliseconds = SECOND;

export class WebSockets {
  private readonly app: RestApp;
  private readonly listeners: Listeners;
  private readonly server = new WebSocketServer({
    noServer: true,
    maxPayload: LONGEST_MESSAGE,
    perMessageDeflate: false,
    clientTracking: false,
  });
  private readonly open = new Set<OpenSocket>();
  private readonly pinging: NodeJS.Timeout;

  constructor(app: RestApp, listeners: Listeners) {
    this.app = app;
    this.listeners = listeners;
    this.pinging = setInterval(() => this.ping(), PING_INTERVAL).unref();
  }

  /** A request for a WebSocket on its connection, from the server's "upgrade". */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A connection that is lost says so with an error that nobody else takes here.
    socket.on("error", () => socket.destroy());
    this.admit(request, socket, head).catch(() => socket.destroy());
  }

  /** Stops pinging, and ends what is still open without waiting. */
  close(): void {
    clearInterval(this.pinging);
    for (const { webSocket } of this.open) webSocket.terminate();
  }

  private async admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    let admitted: Omit<Listener, "socket"> | undefined;
    if (request.method !== "GET") {
      await answer(socket, new Response("A WebSocket is asked for by GET.", { status: 400 }));
      return;
    }
    const upgrade = (listener: Omit<Listener, "socket">) => {
      admitted = listener;
    };
    const response = await this.app.fetch(asRequest(request), {
      exchange: { onEnd: (listener) => socket.once("close", () => listener(false)) },
      address: request.socket.remoteAddress ?? "",
      upgrade,
    });
    if (admitted === undefined) {
      await answer(socket, response);
      return;
    }
    const whoListens = admitted;
    this.server.handleUpgrade(request, socket, head, (webSocket) => {
      this.take(whoListens, webSocket);
    });
  }

  private take(whoListens: Omit<Listener, "socket">, webSocket: WebSocket): void {
    const socket = new OpenSocket(webSocket);
    const listener: Listener = { ...whoListens, socket };
    this.open.add(socket);
    webSocket.on("close", () => {
      this.open.delete(socket);
      this.listeners.remove(listener);
    });
    this.listeners.add(listener);
  }

  private ping(): void {
    for (const socket of this.open) socket.ping();
  }
}

class OpenSocket implements NotifySocket {
  readonly webSocket: WebSocket;
  private isAlive = true;

  constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    webSocket.on("pong", () => {
      this.isAlive = true;
    });
    // A frame against the protocol: ws closes after it has told.
    webSocket.on("error", () => {});
  }

  send(frame: string): boolean {
    if (this.webSocket.bufferedAmount + frame.length > MOST_UNSENT) return false;
    this.webSocket.send(frame);
    return true;
  }

  close(code: number, reason: string): void {
    // Behind what it does not take, it would not get the word either.
    if (this.webSocket.bufferedAmount > 0) {
      this.webSocket.terminate();
      return;
    }
    this.webSocket.close(code, reason);
    setTimeout(() => this.webSocket.terminate(), CLOSING_PERIOD).unref();
  }

  ping(): void {
    if (!this.isAlive) {
      this.webSocket.terminate();
      return;
    }
    this.isAlive = false;
    this.webSocket.ping();
  }
}

/** The request as the routes take it. Headers that came twice stay two, joined. */
function asRequest(incoming: IncomingMessage): Request {
  const headers = new Headers();
  const { rawHeaders } = incoming;
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i], rawHeaders[i + 1]);
  const target = incoming.url ?? "/";
  // The absolute form is a URL already.
  const url = target.startsWith("/") ? `http://connector.invalid${target}` : target;
  return new Request(url, { headers });
}

/** Writes an answer to a connection that stays without a WebSocket, and ends it. */
async function answer(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const lines = [`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ""}`];
  for (const [name, value] of response.headers) {
    if (name !== "content-length" && name !== "connection") lines.push(`${name}: ${value}`);
  }
  lines.push(`content-length: ${body.length}`, "connection: close", "", "");
  socket.end(Buffer.concat([Buffer.from(lines.join("\r\n"), "latin1"), body]));
}
