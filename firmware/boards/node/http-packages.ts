/**
 * Packages from HTTP servers: a source for `http:` and `https:` URIs (RFC 9110). A broken download goes on by Range and If-Range, where
 * the server gave a strong entity tag; certificates are checked against the authorities of Node, or those given.
 *
 * Where a device may fetch from is for who runs it to say: a server that manages it names the URI, and `allows` is asked of each one,
 * redirects too. Without it a device behind a firewall can be made to ask what only it can reach.
 */
import { type ClientRequest, get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet } from "node:https";
import { NEVER } from "../../../protocol/time/duration.ts";
import { HTTP_PROTOCOL, HTTPS_PROTOCOL } from "../../update/package-uri.ts";
import type {
  DownloadEvent,
  DownloadPoint,
  PackageDownload,
  PackageSource,
} from "../../update/ports.ts";
import { CONNECTION_LOST, INVALID_URI, UNSUPPORTED_TYPE } from "../../update/ports.ts";

export interface HttpPackagesOptions {
  /** May the device ask there? Asked of each URI before a connection is made. Default: anywhere. */
  readonly allows?: (uri: URL) => boolean;
  /** Certificates, PEM, instead of the authorities that Node trusts. */
  readonly ca?: string | readonly string[];
  /** Milliseconds without a byte after which a connection counts as lost. Default 60,000. */
  readonly silence?: number;
}

const USUAL_SILENCE = 60_000;
const MAX_REDIRECTS = 5;
/** Bytes that wait for the agent before the server is made to wait. */
const MAX_WAITING = 256 * 1024;
const LONGEST_TAG = 256;

const REDIRECTS = [301, 302, 303, 307, 308];
/** Worth another try. */
const BUSY = [408, 425, 429];

export function httpPackages(options: HttpPackagesOptions = {}): PackageSource {
  return {
    protocols: [HTTP_PROTOCOL, HTTPS_PROTOCOL],
    open: (_now, point, wake) => {
      if (!URL.canParse(point.uri)) return undefined;
      const uri = new URL(point.uri);
      // Names and passwords have no place in a URI that can be read at /5/0/1.
      if (uri.username !== "" || uri.password !== "") return undefined;
      const download = new HttpPackage(point, options, wake);
      download.ask(uri);
      return download;
    },
  };
}

class HttpPackage implements PackageDownload {
  private readonly options: HttpPackagesOptions;
  private readonly wake: () => void;
  private readonly point: DownloadPoint;
  private readonly events: DownloadEvent[] = [];
  private request: ClientRequest | undefined;
  private response: IncomingMessage | undefined;
  private waiting = 0;
  private redirects = 0;
  private isRanged: boolean;
  private isOver = false;

  constructor(point: DownloadPoint, options: HttpPackagesOptions, wake: () => void) {
    this.point = point;
    this.options = options;
    this.wake = wake;
    this.isRanged = point.offset > 0 && isStrong(point.tag);
  }

  ask(uri: URL): void {
    if (!["http:", "https:"].includes(uri.protocol) || this.options.allows?.(uri) === false) {
      this.fail(INVALID_URI);
      return;
    }
    const { offset, tag } = this.point;
    const headers: Record<string, string> = { "accept-encoding": "identity", connection: "close" };
    if (this.isRanged) {
      headers["range"] = `bytes=${offset}-`;
      headers["if-range"] = tag ?? "";
    }
    const { credentials } = this.point;
    // In the clear, or to whom the server has sent us, a password is not told.
    if (credentials !== undefined && uri.protocol === "https:" && this.redirects === 0) {
      const text = Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64");
      headers["authorization"] = `Basic ${text}`;
    }
    const ca = this.options.ca === undefined ? {} : { ca: [this.options.ca].flat() };
    const settings = { headers, timeout: this.options.silence ?? USUAL_SILENCE };
    const request =
      uri.protocol === "https:" ? httpsGet(uri, { ...settings, ...ca }) : httpGet(uri, settings);
    this.request = request;
    request.on("response", (response) => this.take(uri, response));
    request.on("timeout", () => request.destroy(new Error("silent")));
    request.on("error", () => {
      if (this.request === request) this.fail(CONNECTION_LOST);
    });
  }

  handleTimeout(): void {}

  deadline(): number {
    return this.events.length > 0 ? 0 : NEVER;
  }

  pollEvent(): DownloadEvent | undefined {
    const event = this.events.shift();
    if (event?.kind === "bytes") {
      this.waiting -= event.bytes.length;
      if (this.waiting <= MAX_WAITING / 2) this.response?.resume();
    }
    return event;
  }

  close(): void {
    this.isOver = true;
    this.drop();
  }

  private take(uri: URL, response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    const location = response.headers.location;
    if (REDIRECTS.includes(status) && location !== undefined) this.redirect(uri, location);
    else if (status === 200) this.begin(response, 0, response.headers["content-length"]);
    else if (status === 206) this.goOn(response);
    // What was to go on is not there any more, or was whole: only the whole answer tells.
    else if (status === 416 && this.isRanged) this.askAnew(uri);
    else if (status >= 500 || BUSY.includes(status)) {
      this.fail(CONNECTION_LOST, retryAfter(response.headers["retry-after"]));
    } else this.fail(INVALID_URI);
  }

  private redirect(from: URL, location: string): void {
    this.drop();
    const isDowngrade = (to: URL) => from.protocol === "https:" && to.protocol !== "https:";
    const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
    if (to === undefined || ++this.redirects > MAX_REDIRECTS || isDowngrade(to)) {
      this.fail(INVALID_URI);
    } else this.ask(to);
  }

  private askAnew(uri: URL): void {
    this.drop();
    this.isRanged = false;
    this.ask(uri);
  }

  /** 206: from the byte that was asked for, else it is of no use. */
  private goOn(response: IncomingMessage): void {
    const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers["content-range"] ?? "");
    if (range === null || Number(range[1]) !== this.point.offset || !this.isRanged) {
      this.fail(CONNECTION_LOST);
    } else this.begin(response, this.point.offset, range[3] === "*" ? undefined : range[3]);
  }

  private begin(response: IncomingMessage, offset: number, length: string | undefined): void {
    const encoding = response.headers["content-encoding"] ?? "identity";
    if (encoding !== "identity") {
      this.fail(UNSUPPORTED_TYPE);
      return;
    }
    const { etag } = response.headers;
    const tag = isStrong(etag) ? etag : undefined;
    const bytes = Number(length ?? Number.NaN);
    const known = Number.isSafeInteger(bytes) ? bytes : undefined;
    this.response = response;
    this.push({ kind: "begun", offset, length: known, tag });
    response.on("data", (chunk: Buffer) => this.takeBytes(response, chunk));
    response.on("end", () => {
      if (!response.complete) this.fail(CONNECTION_LOST);
      else if (!this.isOver) {
        this.isOver = true;
        this.push({ kind: "ended" });
      }
    });
    response.on("error", () => this.fail(CONNECTION_LOST));
  }

  private takeBytes(response: IncomingMessage, chunk: Buffer): void {
    if (this.isOver) return;
    this.waiting += chunk.length;
    if (this.waiting > MAX_WAITING) response.pause();
    this.push({ kind: "bytes", bytes: new Uint8Array(chunk) });
  }

  private push(event: DownloadEvent): void {
    this.events.push(event);
    this.wake();
  }

  private fail(fault: number, retryAfterMs?: number): void {
    if (this.isOver) return;
    this.isOver = true;
    this.drop();
    this.push({
      kind: "failed",
      fault,
      ...(retryAfterMs === undefined ? {} : { retryAfter: retryAfterMs }),
    });
  }

  private drop(): void {
    const { request } = this;
    this.request = undefined;
    request?.destroy();
  }
}

/** Weak entity tags do not say that bytes are the same (RFC 9110 §8.8.1). */
function isStrong(tag: string | undefined): boolean {
  return tag !== undefined && /^"[!#-~]*"$/.test(tag) && tag.length <= LONGEST_TAG;
}

/** Milliseconds; of a date nothing is made, the usual delay will do. */
function retryAfter(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined;
}
