/**
 * Sends clients from HTTP to HTTPS: 301 with path and query kept, whatever the method.
 *
 * One request is refused instead. An `access_token` in its query has just gone over the network in the clear, and a redirect would carry it
 * on and make that habit work: 403 says so at the first attempt.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isIPv6 } from "node:net";

const LONGEST_HOST = 255;
const DEFAULT_PORT = 443;
const CREDENTIAL = "access_token";

/** What of a request decides where it is sent. */
export interface RedirectedRequest {
  /** The request target: `/path?query`, or absolute as for a proxy. */
  readonly target: string;
  /** The Host header. */
  readonly host: string | undefined;
  /** The address that the request came to, for when Host says nothing that can be used. */
  readonly localAddress: string;
}

/** Where a request is to go; undefined when it carries a credential in its query. */
export function httpsLocation(request: RedirectedRequest, httpsPort: number): string | undefined {
  const target = pathAndQuery(request.target);
  const query = target.indexOf("?");
  if (query >= 0 && new URLSearchParams(target.slice(query)).has(CREDENTIAL)) return undefined;
  const host = hostNameOf(request.host) ?? urlHost(request.localAddress);
  const port = httpsPort === DEFAULT_PORT ? "" : `:${httpsPort}`;
  return `https://${host}${port}${target}`;
}

/** Answers every request on an HTTP server. */
export function redirectListener(httpsPort: number) {
  return (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const location = httpsLocation(
      {
        target: incoming.url ?? "/",
        host: incoming.headers.host,
        localAddress: incoming.socket.localAddress ?? "",
      },
      httpsPort,
    );
    // Whatever body is still to come is not waited for.
    const headers = { connection: "close", "cache-control": "no-store" };
    if (location === undefined) {
      outgoing.writeHead(403, { ...headers, "content-type": "text/plain; charset=UTF-8" });
      outgoing.end(
        "A credential in the URL is taken over HTTPS only; this one was sent in the clear.",
      );
      return;
    }
    outgoing.writeHead(301, { ...headers, location, "content-length": "0" }).end();
  };
}

/** The address of an IP as a URL has it; an IPv4 address that came over IPv6 as itself. */
function urlHost(address: string): string {
  const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
  return isIPv6(plain) ? `[${plain}]` : plain;
}

/** In ASCII: the server hands on bytes as they came. */
function pathAndQuery(target: string): string {
  let path = target;
  if (!target.startsWith("/")) {
    const absolute = parsed(target);
    path = absolute === undefined ? "/" : `${absolute.pathname}${absolute.search}`;
  }
  let ascii = "";
  for (const character of path) {
    const code = character.charCodeAt(0);
    ascii += code > 32 && code < 127 ? character : `%${code.toString(16).padStart(2, "0")}`;
  }
  return ascii;
}

/** The host of a Host header without its port; undefined for what is no host. */
function hostNameOf(header: string | undefined): string | undefined {
  if (header === undefined || header === "" || header.length > LONGEST_HOST) return undefined;
  if (/[^A-Za-z0-9.:_[\]-]/.test(header)) return undefined;
  return parsed(`http://${header}`)?.hostname;
}

function parsed(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}
