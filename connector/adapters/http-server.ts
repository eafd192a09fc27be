/** The HTTP side of the connector: a server with bounds on everything that a client can make it hold. */
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { type Milliseconds, SECOND } from "../../protocol/time/duration.ts";
import type { RestApp } from "../rest/context.ts";
import type { HttpExchange } from "../rest/notification-driver.ts";

/** For a whole request to arrive, and for its headers alone: slower clients are cut off. */
const REQUEST_TIMEOUT: Milliseconds = 30 * SECOND;
const HEADERS_TIMEOUT: Milliseconds = 10 * SECOND;
/** Longer than a long poll, so that pollers keep their connection. */
const KEEP_ALIVE: Milliseconds = 65 * SECOND;
const LONGEST_HEADERS = 16 * 1024;
const MOST_HEADERS = 100;
/** Below the usual limit of 20,000 files per process; a waiting poll takes one, at about 12 KB. */
const MOST_CONNECTIONS = 15_000;
/** How long answers under way may take when the server stops. */
const CLOSING_PERIOD: Milliseconds = 2 * SECOND;

export class HttpServer {
  private readonly server: Server;
  private isClosing = false;

  constructor(app: RestApp) {
    this.server = createAdaptorServer({
      fetch: async (request, env) => {
        const { incoming, outgoing } = env as HttpBindings;
        const response = await app.fetch(request, {
          exchange: exchangeOf(outgoing),
          address: incoming.socket.remoteAddress ?? "",
        });
        // Else a client whose poll just ended would poll again on the same connection, and again.
        if (this.isClosing) outgoing.setHeader("connection", "close");
        return response;
      },
      serverOptions: {
        requestTimeout: REQUEST_TIMEOUT,
        headersTimeout: HEADERS_TIMEOUT,
        keepAliveTimeout: KEEP_ALIVE,
        maxHeaderSize: LONGEST_HEADERS,
        connectionsCheckingInterval: 5 * SECOND,
      },
    }) as Server;
    this.server.maxHeadersCount = MOST_HEADERS;
    this.server.maxConnections = MOST_CONNECTIONS;
  }

  /** Binds the server; returns the port, which the system chooses for 0. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, host, () => {
        this.server.off("error", reject);
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  /** Takes no more connections, lets answers under way be written for a moment, and ends the rest. */
  close(): Promise<void> {
    this.isClosing = true;
    return new Promise((resolve) => {
      const deadline = setTimeout(() => this.server.closeAllConnections(), CLOSING_PERIOD);
      this.server.close(() => {
        clearTimeout(deadline);
        resolve();
      });
      this.server.closeIdleConnections();
    });
  }
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
