/**
 * Order of notifications (RFC 7641 §3.4): which of two is the newer, though UDP may swap them.
 */
import type { Milliseconds } from "../time/duration.ts";

const HALF_OF_SEQUENCE_SPACE = 8388608; // 2^23
/** Sequence numbers are not compared over a longer time than this. */
const REORDERING_SPAN: Milliseconds = 128000;

/** True when the notification with `sequence`, arriving `now`, is newer than the last one taken. */
export function isFresher(
  lastSequence: number,
  lastAt: Milliseconds,
  sequence: number,
  now: Milliseconds,
): boolean {
  return (
    (lastSequence < sequence && sequence - lastSequence < HALF_OF_SEQUENCE_SPACE) ||
    (lastSequence > sequence && lastSequence - sequence > HALF_OF_SEQUENCE_SPACE) ||
    now > lastAt + REORDERING_SPAN
  );
}
