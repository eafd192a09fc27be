/**
 * Sends to one server (LwM2M Core 1.2.2 §6.4.6, since LwM2M 1.1): what waits, what comes next, and what becomes of it. Decides; the
 * link asks `poll` when it may send, and reports the outcome.
 *
 *   outcome                  what follows
 *   2.xx                     sent
 *   4.13                     both halves, each by itself; of a single value: failed
 *   4.29, 5.03               again, not before Max-Age
 *   5.xx, no response        again, after 60 s, then 120 s, and so on
 *   4.xx, or the fifth time  failed, with the code
 *   Mute Send is not false   muted: dropped
 *
 * One is under way at a time, in the order in which they were asked for. Non-confirmable ones are sent once and not asked after.
 */
import {
  isSuccess,
  REQUEST_ENTITY_TOO_LARGE,
  SERVICE_UNAVAILABLE,
} from "../../../protocol/coap/codes.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { HOUR, MINUTE, NEVER } from "../../../protocol/time/duration.ts";
import type { Sample } from "./samples.ts";
import { bytesOf } from "./samples.ts";

export interface SendOptions {
  /** Only to the server with this Short Server ID; absent: to every server. */
  readonly shortServerId?: number;
  /** 110 SenML JSON, 112 SenML CBOR or 11544 LwM2M CBOR; absent: the first of 112, 110, 11544 that the agent has. */
  readonly format?: number;
  /** False: Non-confirmable, since LwM2M 1.2.1. */
  readonly confirmable?: boolean;
  /** Queue mode: false waits for the next time that the device is awake; else it wakes for it. */
  readonly wakes?: boolean;
}

/** One Send, or a part of one that was too long. */
export interface PendingSend {
  readonly job: SendJob;
  readonly samples: readonly Sample[];
}

export interface SendJob {
  readonly id: number;
  readonly options: SendOptions;
  /** Parts without an outcome. */
  parts: number;
  /** The code that a part failed with; 0 while none did. */
  failure: number;
  failed: boolean;
}

/** A Send that is over. `code` is the response's; 0 when there was none. */
export interface SendOutcome {
  readonly kind: "sent" | "send-failed" | "send-muted";
  readonly id: number;
  readonly code: number;
}

/** Of one server; further ones fail at once. */
const MAX_PARTS = 32;
const MAX_BYTES = 65536;
const MAX_ATTEMPTS = 5;
const TOO_MANY_REQUESTS = 0x9d;
const NO_PARTS: readonly PendingSend[] = [];

export class SendQueue {
  private waiting: readonly PendingSend[] = NO_PARTS;
  private bytes = 0;
  private attempts = 0;
  private notBefore: Milliseconds = 0;

  /** When the next may go out; in the past: at once. */
  deadline(): Milliseconds {
    return this.waiting.length === 0 ? NEVER : this.notBefore;
  }

  /** True when one that waits is worth waking for. */
  wakes(): boolean {
    for (let i = 0; i < this.waiting.length; i++) {
      if (this.waiting[i].job.options.wakes !== false) return true;
    }
    return false;
  }

  /** Puts one at the end; false when there is no room. */
  add(id: number, samples: readonly Sample[], options: SendOptions): boolean {
    const bytes = bytesOf(samples);
    if (this.waiting.length >= MAX_PARTS || this.bytes + bytes > MAX_BYTES) return false;
    const job = { id: id, options: options, parts: 1, failure: 0, failed: false };
    this.waiting = this.waiting.concat({ job: job, samples: samples });
    this.bytes += bytes;
    return true;
  }

  /** The link has no room for a request before this moment. */
  postpone(until: Milliseconds): void {
    this.notBefore = until;
  }

  /** The next; it stays until its outcome. */
  next(now: Milliseconds): PendingSend | undefined {
    return now < this.notBefore ? undefined : this.waiting[0];
  }

  /** Too long for one message: its halves take the place of the first. False when it is a single value. */
  split(): boolean {
    const { job, samples } = this.waiting[0];
    if (samples.length < 2) return false;
    const half = samples.length >> 1;
    const halves: PendingSend[] = [
      { job: job, samples: samples.slice(0, half) },
      { job: job, samples: samples.slice(half) },
    ];
    job.parts++;
    this.attempts = 0;
    this.waiting = halves.concat(this.waiting.slice(1));
    return true;
  }

  /** The first is over: with this outcome, unless other parts of it follow. */
  finish(kind: SendOutcome["kind"], code: number): SendOutcome | undefined {
    const { job, samples } = this.waiting[0];
    this.waiting = this.waiting.slice(1);
    this.bytes -= bytesOf(samples);
    this.attempts = 0;
    this.notBefore = 0;
    job.parts--;
    if (kind !== "sent") {
      job.failed = true;
      job.failure = code;
    }
    if (job.parts > 0 && kind !== "send-muted") return undefined;
    if (job.parts > 0) return this.dropRest(job);
    if (kind === "send-muted" || !job.failed) return { kind: kind, id: job.id, code: code };
    return { kind: "send-failed", id: job.id, code: job.failure };
  }

  /** The server muted it half-way. */
  private dropRest(job: SendJob): SendOutcome {
    this.waiting = this.waiting.filter(function (part) {
      return part.job !== job;
    });
    this.bytes = 0;
    for (let i = 0; i < this.waiting.length; i++) this.bytes += bytesOf(this.waiting[i].samples);
    return { kind: "send-muted", id: job.id, code: 0 };
  }

  /**
   * The first was answered, or was not.
   *
   * @param code the response's; 0 when there was none
   * @param maxAge how long the server asked to be left alone, 0 when it did not
   * @returns its outcome, when it is over
   */
  handleOutcome(now: Milliseconds, code: number, maxAge: Milliseconds): SendOutcome | undefined {
    if (code !== 0 && isSuccess(code)) return this.finish("sent", code);
    if (code === REQUEST_ENTITY_TOO_LARGE && this.split()) return undefined;
    const isBusy = code === SERVICE_UNAVAILABLE || code === TOO_MANY_REQUESTS;
    this.attempts++;
    if (this.attempts === MAX_ATTEMPTS || (code >> 5 === 4 && !isBusy)) {
      return this.finish("send-failed", code);
    }
    const wait = Math.min(MINUTE * (1 << (this.attempts - 1)), HOUR);
    this.notBefore = now + (isBusy ? Math.max(Math.min(maxAge, HOUR), wait) : wait);
    return undefined;
  }
}
