/** An HTTP or HTTPS server of the connector, with bounds on everything that a client can make it hold. */
import { constants } from "node:crypto";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer, type Server as SecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { type Milliseconds, SECOND } from "../../protocol/time/duration.ts";
import type { CertifiedKey } from "../certificates/authority.ts";
import type { RestApp } from "../rest/context.ts";
import type { HttpExchange } from "../rest/device-connector/notification-driver.ts";
import type { WebSockets } from "./websocket.ts";

/** For a whole request to arrive, and for its headers alone: slower clients are cut off. */
const REQUEST_TIMEOUT: Milliseconds = 30 * SECOND;
const HEADERS_TIMEOUT: Milliseconds = 10 * SECOND;
const HANDSHAKE_TIMEOUT: Milliseconds = 10 * SECOND;
/** Longer than a long poll, so that pollers keep their connection. */
const KEEP_ALIVE: Milliseconds = 65 * SECOND;
const LONGEST_HEADERS = 16 * 1024;
const MOST_HEADERS = 100;
/** Below the usual limit of 20,000 files per process, with room for callbacks; a waiting poll takes one, at about 12 KB. */
const MOST_CONNECTIONS = 15_500;
/** So many more are told that there is no room; beyond them connections are cut off. */
const SPARE_CONNECTIONS = 500;
/** Connections that the system holds until they are taken: after a restart all pollers come back at once. */
const BACKLOG = 4096;
/** Seconds after which who found no room may come again. */
const COME_AGAIN = "5";
const BOUNDS = {
  requestTimeout: REQUEST_TIMEOUT,
  headersTimeout: HEADERS_TIMEOUT,
  keepAliveTimeout: KEEP_ALIVE,
  maxHeaderSize: LONGEST_HEADERS,
  connectionsCheckingInterval: 5 * SECOND,
};
/** How long answers under way may take when the server stops. */
const CLOSING_PERIOD: Milliseconds = 2 * SECOND;

/** Counts the connections of servers that share the files of one process. */
export class ConnectionCount {
  private readonly most: number;
  private open = 0;
  /** Those for which there is no room. */
  private readonly crowded = new WeakSet<Socket>();

  constructor(most = MOST_CONNECTIONS) {
    this.most = most;
  }

  /** Counts the connections of a server, and cuts off what comes far beyond the most that all servers may have. */
  watch(server: Server | SecureServer): void {
    server.on("connection", (socket: Socket) => {
      if (this.open >= this.most + SPARE_CONNECTIONS) {
        socket.destroy();
        return;
      }
      this.open++;
      if (this.open > this.most) this.crowded.add(socket);
      socket.once("close", () => this.open--);
    });
    // What a secure connection is to the API lies over the one that was counted.
    server.on("secureConnection", (socket: TLSSocket) => {
      if (this.open > this.most) this.crowded.add(socket);
    });
  }

  /** Whether a connection is one too many: it is told so, and ended. */
  isCrowded(socket: Socket): boolean {
    return this.crowded.has(socket);
  }
}

export interface HttpServerSettings {
  readonly connections: ConnectionCount;
  /** Makes it an HTTPS server. */
  readonly tls?: CertifiedKey;
  /** Takes requests for another protocol on their connection; without it they are answered as if they did not ask for that. */
  readonly webSockets?: WebSockets | undefined;
}

type Listener = Parameters<typeof createHttpServer>[1];

export class HttpServer {
  private readonly server: Server | SecureServer;
  /** Beneath TLS. One whose handshake is not over is in none of the server's own lists. */
  private readonly sockets = new Set<Socket>();
  private isClosing = false;

  /** @param answers the API, or what answers in its place */
  constructor(answers: RestApp | Listener, { connections, tls, webSockets }: HttpServerSettings) {
    const options = tls === undefined ? BOUNDS : { ...BOUNDS, ...secureOptions(tls) };
    const createServer = (
      tls === undefined ? createHttpServer : createHttpsServer
    ) as typeof createHttpServer;
    this.server =
      typeof answers === "function"
        ? createServer(options, answers)
        : this.createApiServer(answers as RestApp, createServer, options, connections);
    this.server.maxHeadersCount = MOST_HEADERS;
    connections.watch(this.server);
    if (tls !== undefined) this.watchSockets();
    if (webSockets !== undefined) this.upgradeTo(webSockets);
  }

  /** Uses another certificate for the connections from now on. */
  renew(tls: CertifiedKey): void {
    (this.server as SecureServer).setSecureContext(secureOptions(tls));
  }

  /** Binds the server; returns the port, which the system chooses for 0. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen({ port, host, backlog: BACKLOG }, () => {
        this.server.off("error", reject);
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  /** Takes no more connections, lets answers under way be written for a moment, and ends the rest. */
  close(): Promise<void> {
    this.isClosing = true;
    return new Promise((resolve) => {
      const deadline = setTimeout(() => {
        this.server.closeAllConnections();
        for (const socket of this.sockets) socket.destroy();
      }, CLOSING_PERIOD);
      this.server.close(() => {
        clearTimeout(deadline);
        resolve();
      });
      this.server.closeIdleConnections();
    });
  }

  private upgradeTo(webSockets: WebSockets): void {
    this.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (request.headers.upgrade?.toLowerCase() === "websocket") {
        webSockets.handleUpgrade(request, socket, head);
        return;
      }
      // Some clients offer HTTP/2 with their first request (h2c), whatever it is: it is served as if they had not (RFC 9110 §7.8).
      socket.unshift(Buffer.concat([headWithoutUpgrade(request), head]));
      this.server.emit("connection", socket);
    });
  }

  private watchSockets(): void {
    this.server.on("connection", (socket: Socket) => {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
    });
  }

  private createApiServer(
    app: RestApp,
    createServer: typeof createHttpServer,
    serverOptions: typeof BOUNDS,
    connections: ConnectionCount,
  ): Server {
    return createAdaptorServer({
      fetch: async (request, env) => {
        const { incoming, outgoing } = env as HttpBindings;
        if (connections.isCrowded(incoming.socket)) return noRoom();
        const response = await app.fetch(request, {
          exchange: exchangeOf(outgoing),
          address: incoming.socket.remoteAddress ?? "",
        });
        // Else a client whose poll just ended would poll again on the same connection, and again.
        if (this.isClosing) outgoing.setHeader("connection", "close");
        return response;
      },
      createServer,
      serverOptions,
    }) as Server;
  }
}

/** Of the connection's own headers: they say what this connection is to become. */
const UPGRADE_HEADERS = new Set(["connection", "upgrade", "http2-settings"]);

/** The head of a request once more, for the server to read it again. */
function headWithoutUpgrade({ method, url, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (!UPGRADE_HEADERS.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[i + 1]}`);
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

function noRoom(): Response {
  const headers = { "retry-after": COME_AGAIN, connection: "close" };
  return new Response("Too many connections are open.", { status: 503, headers });
}

/** TLS 1.2 at least; asking for a new handshake on a connection, which costs the asker nothing, is refused. */
function secureOptions({ key, cert }: CertifiedKey) {
  return {
    key,
    cert,
    minVersion: "TLSv1.2" as const,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    handshakeTimeout: HANDSHAKE_TIMEOUT,
  };
}

function exchangeOf(outgoing: HttpBindings["outgoing"] | ServerResponse): HttpExchange {
  return {
    onEnd(listener) {
      let hasEnded = false;
      const end = () => {
        if (hasEnded) return;
        hasEnded = true;
        listener(outgoing.writableFinished);
      };
      if (outgoing.writableFinished || outgoing.destroyed) {
        end();
        return;
      }
      outgoing.once("finish", end);
      outgoing.once("close", end);
    },
  };
}
