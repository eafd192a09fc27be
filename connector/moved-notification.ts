/**
 * Recognizes the notification of a device whose address has changed with nothing said of it: a NAT in between has dropped its binding,
 * and the device does not update its registration for it.
 *
 * Without a secure transport nobody can prove who a datagram is from. What can be asked is what an Update from a new address proves as
 * well, that its sender knows a secret of the conversation: the token of a running observation, 8 bytes that were drawn at random. That
 * the notification must be newer than the last one keeps one that was captured from being of use once another has come. Whoever can hold
 * back the device's own datagrams and send in its place is not kept out; that takes DTLS.
 */
import { CoapEndpoint } from "../protocol/coap/coap-endpoint.ts";
import { CONTENT } from "../protocol/coap/codes.ts";
import { decodeMessage } from "../protocol/coap/message.ts";
import { isFresher } from "../protocol/coap/observation.ts";
import { OBSERVE, uintOf } from "../protocol/coap/options.ts";
import { isMalformed } from "../protocol/malformed.ts";
import type { Milliseconds } from "../protocol/time/duration.ts";
import type { Peer } from "./peers.ts";

/** Of tokens that are long enough to be secrets; ours all are. */
const TOKEN_LENGTH = 8;
const HEADER_LENGTH = 4;

/** The token of what may be a notification; undefined for any other datagram. A view of the datagram. */
export function notificationToken(datagram: Uint8Array): Uint8Array | undefined {
  // Version 1, Confirmable or Non-confirmable, a token of 8 bytes, 2.05 (RFC 7252 §3).
  const isToken8 = (datagram[0] & 0xef) === (0x40 | TOKEN_LENGTH);
  if (!isToken8 || datagram[1] !== CONTENT) return undefined;
  if (datagram.length < HEADER_LENGTH + TOKEN_LENGTH) return undefined;
  return datagram.subarray(HEADER_LENGTH, HEADER_LENGTH + TOKEN_LENGTH);
}

/** True when a datagram is a notification that is newer than the last one of this observation. */
export function isNewer(
  now: Milliseconds,
  datagram: Uint8Array,
  { coap }: Peer,
  exchangeId: number,
): boolean {
  // What is observed over a connection is not told by datagrams.
  if (!(coap instanceof CoapEndpoint)) return false;
  const message = decodeMessage(datagram);
  if (isMalformed(message)) return false;
  const sequence = uintOf(message.options, OBSERVE, -1);
  const last = coap.sequenceOf(exchangeId);
  // However long ago the last one was: time alone makes nothing newer here.
  return sequence >= 0 && (last === undefined || isFresher(last, now, sequence, now));
}
