/**
 * Retransmission of one Confirmable message to one peer (RFC 7252 §4.2).
 *
 * Everything that decides when a message is sent again lives here. It reads no clock and rolls no dice: time and randomness
 * come in as arguments.
 */
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import type { TransmissionParameters } from "./parameters.ts";

export class Retransmission {
  private readonly parameters: TransmissionParameters;
  private attempts = 0;
  private interval: Milliseconds = 0;
  private dueAt: Milliseconds = NEVER;

  constructor(parameters: TransmissionParameters) {
    this.parameters = parameters;
  }

  /** The message was sent for the first time. @param fraction uniform in [0, 1): the initial timeout's spread */
  start(now: Milliseconds, fraction: number): void {
    const spread = (this.parameters.ackRandomFactor - 1) * fraction;
    this.attempts = 0;
    this.interval = Math.floor(this.parameters.ackTimeout * (1 + spread));
    this.dueAt = now + this.interval;
  }

  /** It was acknowledged, reset, or given up. */
  stop(): void {
    this.dueAt = NEVER;
  }

  /** Call when due. True: send again, the interval has doubled. False: MAX_RETRANSMIT is used up, it has timed out. */
  isToBeRepeated(now: Milliseconds): boolean {
    if (this.attempts === this.parameters.maxRetransmit) {
      this.dueAt = NEVER;
      return false;
    }
    this.attempts++;
    this.interval *= 2;
    this.dueAt = now + this.interval;
    return true;
  }

  deadline(): Milliseconds {
    return this.dueAt;
  }
}
