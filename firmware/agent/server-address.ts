/**
 * Where a server is: `coap://host:port` (RFC 7252 §6.1).
 */

import { misuse } from "../objects/misuse.ts";

export interface ServerAddress {
  readonly uri: string;
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** How it is reached, as the letter of a binding (LwM2M Core 1.2.2 §6.2.1.2): UDP, or TCP (stream-address.ts). */
  readonly transport: string;
}

export const UDP = "U";
export const TCP = "T";

const SCHEME = "coap://";
const DEFAULT_PORT = 5683;
const HIGHEST_PORT = 65535;

/** The last one parsed: a fleet's agents, which all have the same, share it. */
let last: ServerAddress | undefined;

/** Parses a server's URI; a path behind the port is ignored. Throws `agent/server-uri` for anything else. */
export function parseServerUri(uri: string): ServerAddress {
  if (last !== undefined && last.uri === uri) return last;
  const authority = uri.substring(SCHEME.length).split("/")[0];
  const closing = authority.indexOf("]");
  const colon = authority.indexOf(":", closing < 0 ? 0 : closing);
  const name = colon < 0 ? authority : authority.substring(0, colon);
  const port = colon < 0 ? DEFAULT_PORT : +authority.substring(colon + 1);
  const host = closing < 0 ? name : name.substring(1, closing);
  const isPort = port % 1 === 0 && port > 0 && port <= HIGHEST_PORT;
  if (uri.indexOf(SCHEME) !== 0 || host === "" || !isPort) {
    throw misuse("agent/server-uri", `"${uri}" is not coap://HOST[:PORT]`);
  }
  last = { uri: uri, host: host, port: port, transport: UDP };
  return last;
}
