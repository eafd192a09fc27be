/**
 * How the core names who it converses with: `192.0.2.1:40001` over UDP, `tcp:192.0.2.1:40001#6f2a81c0` over a connection. What stands behind
 * the `#` is another for each connection: whoever comes from an address is not taken for who came from it before.
 */

const STREAM = "tcp:";

/** @param serial unlike that of any other connection, also of those before a restart */
export function streamAddress(host: string, port: number, serial: string): string {
  return `${STREAM}${host}:${port}#${serial}`;
}

export function isStreamAddress(peer: string): boolean {
  return peer.startsWith(STREAM);
}

/** The transport address alone, for people: `192.0.2.1:40001`. */
export function transportAddress(peer: string): string {
  return isStreamAddress(peer) ? peer.slice(STREAM.length).split("#", 1)[0] : peer;
}
