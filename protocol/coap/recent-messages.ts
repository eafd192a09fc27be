/**
 * Deduplication: the Message IDs that the peer used lately, each with what we answered (RFC 7252 §4.5).
 *
 * A ring, bounded in count and bytes: entries age out after EXCHANGE_LIFETIME, or when newer ones need their place. It has no
 * deadline: an entry that is past its time is dropped at the next message, so that a sleeping device need not wake for it.
 */
import type { Milliseconds } from "../time/duration.ts";

interface RecentMessage {
  messageId: number;
  expiresAt: Milliseconds;
  /** What to send again for a duplicate; undefined: stay silent. */
  reply: Uint8Array | undefined;
}

/** Replies kept for one peer, bytes; when they grow beyond it the oldest are dropped and their duplicates met with silence. */
const MAX_REPLY_BYTES = 8192;

export class RecentMessages {
  private readonly capacity: number;
  private readonly memory: Milliseconds;
  /** Oldest first. */
  private readonly ring: RecentMessage[] = [];
  private replyBytes = 0;

  constructor(capacity: number, lifetime: Milliseconds) {
    this.capacity = capacity;
    this.memory = lifetime;
  }

  /** True when the Message ID is a duplicate; `replyTo` then tells what was answered. */
  has(now: Milliseconds, messageId: number): boolean {
    while (this.ring.length > 0 && this.ring[0].expiresAt <= now) this.dropOldest();
    return this.find(messageId) !== undefined;
  }

  replyTo(messageId: number): Uint8Array | undefined {
    const entry = this.find(messageId);
    return entry === undefined ? undefined : entry.reply;
  }

  /** Remembers a new Message ID, not answered yet. */
  add(now: Milliseconds, messageId: number): void {
    if (this.ring.length >= this.capacity) this.dropOldest();
    this.ring.push({ messageId: messageId, expiresAt: now + this.memory, reply: undefined });
  }

  /** Remembers what was answered; the last answer counts (an empty ACK gives way to nothing, a response to itself). */
  answer(messageId: number, reply: Uint8Array): void {
    const entry = this.find(messageId);
    if (entry === undefined) return;
    if (entry.reply !== undefined) this.replyBytes -= entry.reply.length;
    entry.reply = reply;
    this.replyBytes += reply.length;
    let i = 0;
    while (this.replyBytes > MAX_REPLY_BYTES && i < this.ring.length - 1) this.forget(i++);
  }

  private forget(at: number): void {
    const { reply } = this.ring[at];
    if (reply !== undefined) this.replyBytes -= reply.length;
    this.ring[at].reply = undefined;
  }

  /** Newest first: a duplicate usually follows closely. */
  private find(messageId: number): RecentMessage | undefined {
    const ring = this.ring;
    for (let i = ring.length - 1; i >= 0; i--) if (ring[i].messageId === messageId) return ring[i];
    return undefined;
  }

  private dropOldest(): void {
    if (this.ring.length > 0) this.forget(0);
    this.ring.shift();
  }
}
