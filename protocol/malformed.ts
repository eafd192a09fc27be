/**
 * What a decoder returns when the peer's bytes are not what they claim to be.
 *
 * Decoders are total: no bytes make them throw. The peer's fault is a value, never an exception.
 */

export interface Malformed {
  /** What was wrong, as `room/kebab-case`, for example `coap/option-truncated`. */
  readonly fault: string;
  /** Byte (or character) offset in the input at which it showed. */
  readonly at: number;
  /** The clause that was broken, for example `RFC 7252 §3.1`. */
  readonly source: string;
}

/** Builds a fault value. */
export function malformed(fault: string, at: number, source: string): Malformed {
  return { fault: fault, at: at, source: source };
}

/** Tells a decoder's fault from its result. */
export function isMalformed(result: unknown): result is Malformed {
  return typeof result === "object" && result !== null && (result as Malformed).fault !== undefined;
}
