/** The ports of the REST API: HTTP, and HTTPS beside it or in its place. */
import { HOUR, type Milliseconds } from "../../protocol/time/duration.ts";
import type { CertifiedKey } from "../certificates/authority.ts";
import type { RestApp } from "../rest/context.ts";
import { ConnectionCount, HttpServer } from "./http-server.ts";
import { redirectListener } from "./https-redirect.ts";
import type { TlsSource } from "./tls-credentials.ts";
import { type Listeners, WebSockets } from "./websocket.ts";

export interface HttpSideSettings {
  readonly app: RestApp;
  readonly host: string;
  /** 0 takes any free port. */
  readonly httpPort: number;
  readonly https: HttpsPort | undefined;
  /** Those who listen by WebSocket; without it none are taken. */
  readonly listeners?: Listeners;
  /** Takes one line for the operator. */
  readonly log: (line: string) => void;
}

export interface HttpsPort {
  /** 0 takes any free port. */
  readonly port: number;
  readonly source: TlsSource;
  /** HTTP answers with where to find the same on HTTPS, and with nothing else. */
  readonly redirectHttp: boolean;
}

/** How often it is looked whether the certificate was renewed. */
const RENEWAL_INTERVAL: Milliseconds = HOUR;

export class HttpSide {
  httpPort = 0;
  /** Undefined without HTTPS. */
  httpsPort: number | undefined;
  private readonly settings: HttpSideSettings;
  private readonly connections = new ConnectionCount();
  private readonly servers: HttpServer[] = [];
  private readonly webSockets: WebSockets | undefined;
  private renewal: NodeJS.Timeout | undefined;

  /**
   * Listens. Rejects with the system's error, `side` ("http" or "https") added to it, when a port cannot be bound, and with that of the
   * certificate's source when there is no certificate to use.
   */
  static async open(settings: HttpSideSettings): Promise<HttpSide> {
    const side = new HttpSide(settings);
    try {
      await side.listen();
      return side;
    } catch (error) {
      await side.close();
      throw error;
    }
  }

  private constructor(settings: HttpSideSettings) {
    this.settings = settings;
    const { app, listeners } = settings;
    this.webSockets = listeners && new WebSockets(app, listeners);
  }

  /** Takes no more connections, lets answers under way be written for a moment, and ends the rest. */
  async close(): Promise<void> {
    clearInterval(this.renewal);
    await Promise.all(this.servers.map((server) => server.close()));
    this.webSockets?.close();
  }

  private async listen(): Promise<void> {
    const { app, httpPort, https } = this.settings;
    if (https !== undefined) this.httpsPort = await this.listenSecurely(https);
    const answers =
      https?.redirectHttp && this.httpsPort !== undefined ? redirectListener(this.httpsPort) : app;
    const server = new HttpServer(answers, {
      connections: this.connections,
      webSockets: answers === app ? this.webSockets : undefined,
    });
    this.httpPort = await this.bind(server, httpPort, "http");
  }

  private async listenSecurely({ port, source }: HttpsPort): Promise<number> {
    const { app, log } = this.settings;
    let tls = await source.current(Date.now());
    const server = new HttpServer(app, {
      connections: this.connections,
      tls,
      webSockets: this.webSockets,
    });
    const bound = await this.bind(server, port, "https");
    const renew = (found: CertifiedKey) => {
      if (found.cert === tls.cert && found.key === tls.key) return;
      server.renew(found);
      tls = found;
      log("The certificate of the HTTPS port was renewed.");
    };
    this.renewal = setInterval(() => {
      // The one in use is good for some time still.
      source.current(Date.now()).then(renew, (error: Error) => {
        log(`The certificate of the HTTPS port was not renewed: ${error.message}`);
      });
    }, RENEWAL_INTERVAL).unref();
    return bound;
  }

  private async bind(server: HttpServer, port: number, side: "http" | "https"): Promise<number> {
    try {
      const bound = await server.listen(this.settings.host, port);
      this.servers.push(server);
      return bound;
    } catch (error) {
      throw Object.assign(error as Error, { side });
    }
  }
}
