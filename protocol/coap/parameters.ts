/**
 * Transmission parameters and the times derived from them (RFC 7252 §4.8). Durations in milliseconds.
 */
import type { Milliseconds } from "../time/duration.ts";

export interface TransmissionParameters {
  /** ACK_TIMEOUT. */
  readonly ackTimeout: Milliseconds;
  /** ACK_RANDOM_FACTOR, at least 1. */
  readonly ackRandomFactor: number;
  /** MAX_RETRANSMIT, a count. */
  readonly maxRetransmit: number;
}

/** The defaults of RFC 7252 §4.8. Cellular links raise `ackTimeout` to 4-15 s, LoRaWAN to 300 s. */
export const DEFAULT_TRANSMISSION: TransmissionParameters = {
  ackTimeout: 2000,
  ackRandomFactor: 1.5,
  maxRetransmit: 4,
};

/** MAX_LATENCY (§4.8.2): the longest a datagram may take from sender to receiver. */
export const MAX_LATENCY: Milliseconds = 100000;

/** MAX_TRANSMIT_SPAN (§4.8.2): from the first transmission of a CON to its last; 45 s by default. */
export function maxTransmitSpan(parameters: TransmissionParameters): Milliseconds {
  return parameters.ackTimeout * ((1 << parameters.maxRetransmit) - 1) * parameters.ackRandomFactor;
}

/** MAX_TRANSMIT_WAIT (§4.8.2): from the first transmission of a CON to giving up; 93 s by default. */
export function maxTransmitWait(parameters: TransmissionParameters): Milliseconds {
  return parameters.ackTimeout * ((2 << parameters.maxRetransmit) - 1) * parameters.ackRandomFactor;
}

/** EXCHANGE_LIFETIME (§4.8.2): how long a Message ID stays in use; 247 s by default. */
export function exchangeLifetime(parameters: TransmissionParameters): Milliseconds {
  return maxTransmitSpan(parameters) + 2 * MAX_LATENCY + parameters.ackTimeout;
}
