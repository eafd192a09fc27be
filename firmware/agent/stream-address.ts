/**
 * Where a server is that is reached over TCP: `coap+tcp://host:port` (RFC 8323 §8.1), with the default port of UDP.
 */
import { misuse } from "../objects/misuse.ts";
import type { ServerAddress } from "./server-address.ts";
import { parseServerUri, TCP } from "./server-address.ts";

const DATAGRAM_SCHEME = "coap:";
const STREAM_SCHEME = "coap+tcp:";

/** The last one parsed: a fleet's agents, which all have the same, share it. */
let last: ServerAddress | undefined;

/** Parses a server's URI, over UDP or TCP. Throws `agent/server-uri` for anything else. */
export function parseAddress(uri: string): ServerAddress {
  return uri.indexOf(STREAM_SCHEME) === 0 ? parseStreamUri(uri) : parseServerUri(uri);
}

/** Parses the URI of a server over TCP; a path behind the port is ignored. Throws `agent/server-uri` for anything else. */
export function parseStreamUri(uri: string): ServerAddress {
  if (last !== undefined && last.uri === uri) return last;
  const isStream = uri.indexOf(STREAM_SCHEME) === 0;
  try {
    // But for the scheme both are written alike.
    const alike = isStream ? DATAGRAM_SCHEME + uri.substring(STREAM_SCHEME.length) : "";
    const at = parseServerUri(alike);
    last = { uri: uri, host: at.host, port: at.port, transport: TCP };
    return last;
  } catch (_wrong) {
    throw misuse("agent/server-uri", `"${uri}" is not coap+tcp://HOST[:PORT]`);
  }
}
