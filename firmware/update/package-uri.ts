/**
 * Package URIs: which protocol they ask for, and where a `coap:` one leads (RFC 3986 §3, RFC 7252 §6.1).
 */
import type { Option } from "../../protocol/coap/options.ts";
import { textOption, URI_HOST, URI_PATH, URI_QUERY } from "../../protocol/coap/options.ts";

/** By the values of /5/0/8 (LwM2M Core 1.2.2 §E.6). */
export const SCHEMES: readonly string[] = [
  "coap",
  "coaps",
  "http",
  "https",
  "coap+tcp",
  "coaps+tcp",
];
export const COAP_PROTOCOL = 0;
export const HTTP_PROTOCOL = 2;
export const HTTPS_PROTOCOL = 3;

/** /5/0/1 and /9/x/3 hold so many bytes. */
export const LONGEST_URI = 255;
const DEFAULT_PORT = 5683;
const HIGHEST_PORT = 65535;

/** Number of a scheme that LwM2M does not number. */
export const OTHER_PROTOCOL = -1;

/** The protocol of a URI, OTHER_PROTOCOL for a scheme without a number, undefined for what is no absolute URI with an authority. */
export function protocolOf(uri: string): number | undefined {
  const colon = uri.indexOf(":");
  if (colon < 1 || !/^[A-Za-z][A-Za-z0-9+.-]*$/.test(uri.substring(0, colon))) return undefined;
  if (!/^[!-~]+$/.test(uri)) return undefined;
  const protocol = SCHEMES.indexOf(uri.substring(0, colon).toLowerCase());
  if (protocol < 0) return OTHER_PROTOCOL;
  return uri.substring(colon, colon + 3) === "://" && uri.length > colon + 3 ? protocol : undefined;
}

/** Where a CoAP server is, and what to ask it for. */
export interface CoapTarget {
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Uri-Host where the host is a name, Uri-Path and Uri-Query. */
  readonly options: readonly Option[];
}

/** Reads a `coap://` URI (RFC 7252 §6.4); undefined when it leads nowhere. */
export function coapTargetOf(uri: string): CoapTarget | undefined {
  if (protocolOf(uri) !== COAP_PROTOCOL || uri.indexOf("#") >= 0) return undefined;
  const rest = uri.substring("coap://".length);
  const end = firstOf(rest, "/?");
  const authority = rest.substring(0, end);
  const closing = authority.indexOf("]");
  const isLiteral = authority.charAt(0) === "[";
  if (isLiteral !== closing > 0 || authority.indexOf("@") >= 0) return undefined;
  const colon = authority.indexOf(":", isLiteral ? closing : 0);
  const name = colon < 0 ? authority : authority.substring(0, colon);
  const digits = colon < 0 ? "" : authority.substring(colon + 1);
  const port = digits === "" ? DEFAULT_PORT : +digits;
  if (!/^[0-9]*$/.test(digits) || port < 1 || port > HIGHEST_PORT) return undefined;
  const host = isLiteral ? name.substring(1, name.length - 1) : decoded(name);
  const isHost = isLiteral ? /^[0-9A-Fa-f:.]+$/.test(host || "") : !!host;
  if (host === undefined || !isHost) return undefined;
  const options: Option[] = [];
  if (!isLiteral && !/^[0-9.]+$/.test(host)) options.push(textOption(URI_HOST, host.toLowerCase()));
  const isWhole = addTarget(options, rest.substring(end));
  return isWhole ? { host: host, port: port, options: options } : undefined;
}

/** Adds Uri-Path and Uri-Query; false for a percent sign without its digits. */
function addTarget(options: Option[], target: string): boolean {
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.substring(0, question);
  const segments = path === "" || path === "/" ? [] : path.substring(1).split("/");
  const queries = question < 0 ? [] : target.substring(question + 1).split("&");
  for (let i = 0; i < segments.length + queries.length; i++) {
    const isPath = i < segments.length;
    const text = decoded(isPath ? segments[i] : queries[i - segments.length]);
    if (text === undefined) return false;
    options.push(textOption(isPath ? URI_PATH : URI_QUERY, text));
  }
  return true;
}

/** Without percent-encoding; undefined where that is broken, or hides what is not ASCII: on a board such a text would be another. */
function decoded(text: string): string | undefined {
  let plain = "";
  for (let i = 0; i < text.length; i++) {
    if (text.charAt(i) !== "%") {
      plain += text.charAt(i);
      continue;
    }
    const digits = text.substring(i + 1, i + 3);
    const code = /^[0-9A-Fa-f][0-9A-Fa-f]$/.test(digits) ? parseInt(digits, 16) : 255;
    if (code > 126) return undefined;
    plain += String.fromCharCode(code);
    i += 2;
  }
  return plain;
}

/** Index of the first of some characters; the length when there is none. */
function firstOf(text: string, characters: string): number {
  let i = 0;
  while (i < text.length && characters.indexOf(text.charAt(i)) < 0) i++;
  return i;
}
