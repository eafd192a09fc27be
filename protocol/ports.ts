/**
 * What the protocol needs from its host, as one-method interfaces. All synchronous: a promise never begins below a facade.
 */

/** A source of unpredictable numbers: tokens and initial Message IDs come from it (RFC 7252 §5.3.1, §4.4). */
export interface Random {
  /** A uniform integer in [0, 2^32), unpredictable to a peer. */
  uint32(): number;
}
