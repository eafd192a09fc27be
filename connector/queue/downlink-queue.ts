/**
 * The requests that wait for one device: a sans-I/O machine that a program can also use without the rest of the connector.
 *
 *            submit             next, handleSent         handleAnswered, handleFailed
 *     (new) --------> WAITING ------------------> SENT ------------------------------> ended
 *                      |   ^                       |
 *                      |   +-----------------------+
 *                      |     handleReturned; handleUnanswered of a device that comes back, where twice is like once
 *                      +--> ended: expired, superseded, cancelled, gone
 *
 * - One request is SENT at a time (NSTART = 1, RFC 7252 §4.7): those of a higher class first, within a class in the order of acceptance.
 * - A device in queue mode is sent something only while it listens: until `awakeFor` after its last Update, or after any message of it. One
 *   that connects by itself (TCP) is sent nothing without a connection.
 * - Every accepted request ends exactly once, and `pollEnded` tells how (`Outcome` in contract.ts), also across a restart: each has a row
 *   in the journal from its acceptance to its end.
 * - What the device may have executed is not sent again, unless executing it twice is like once.
 *
 * After any call drain `pollEnded`, then send what is `next`, then arm an alarm on `deadline()`.
 */
import { type Milliseconds, NEVER } from "../../protocol/time/duration.ts";
import type { Outcome, QueuedRequest } from "../contract.ts";
import type { Table } from "../store/store.ts";
import { type DownlinkRow, PRIORITIES, type QueueEntry } from "./queue-entry.ts";
import { supersededBy } from "./superseding.ts";

export interface QueueSettings {
  /** Requests that may wait for one device. */
  readonly maxQueued: number;
  /** Bytes that the requests to all devices may carry together. */
  readonly maxQueuedBytes: number;
  /** How long a device in queue mode listens after its last message. */
  readonly awakeFor: Milliseconds;
  /** What wakes a device in queue mode in our eyes: any message of it, or only Register and Update. */
  readonly wakesBy: "any-message" | "update";
}

/** What the queues of all devices share. */
export interface QueueSurroundings {
  readonly settings: QueueSettings;
  readonly downlinks: Table<DownlinkRow>;
  /** Bytes of all requests that have no outcome yet. */
  queuedBytes: number;
}

/** Whose queue it is. */
export interface QueuedDevice {
  readonly endpointName: string;
  readonly queueMode: boolean;
  /** False while a device that connects by itself, over TCP, has no connection; absent where there are none. */
  readonly isConnected?: boolean;
  /** When it last showed that it listens; -NEVER when it has not, or has been found asleep since. */
  heardAt: Milliseconds;
}

/** A request has its outcome. */
export interface Ended<E> {
  readonly entry: E;
  readonly outcome: Outcome;
}

/** Whether a device listens: always while it is connected, or in queue mode for so long after its last message. */
export function isListening(
  device: QueuedDevice,
  now: Milliseconds,
  awakeFor: Milliseconds,
): boolean {
  if (device.isConnected === false) return false;
  return !device.queueMode || now < device.heardAt + awakeFor;
}

export class DownlinkQueue<E extends QueueEntry = QueueEntry> {
  readonly device: QueuedDevice;
  private readonly shared: QueueSurroundings;
  /** In the order in which they will be sent. */
  private readonly waiting: E[] = [];
  private sent: E | undefined = undefined;
  private sentAt: Milliseconds = 0;
  private readonly ended: Ended<E>[] = [];

  constructor(shared: QueueSurroundings, device: QueuedDevice) {
    this.shared = shared;
    this.device = device;
  }

  // How things are.

  /** The request under way. */
  get underWay(): E | undefined {
    return this.sent;
  }

  /** True when nothing waits, is under way, or has ended untold. */
  isIdle(): boolean {
    return this.waiting.length === 0 && this.sent === undefined && this.ended.length === 0;
  }

  isAwake(now: Milliseconds): boolean {
    return isListening(this.device, now, this.shared.settings.awakeFor);
  }

  /** What has no outcome yet, in the order of sending. */
  list(): QueuedRequest[] {
    const requests = this.waiting.map((entry) => shown(entry, "waiting"));
    return this.sent === undefined ? requests : [shown(this.sent, "sent"), ...requests];
  }

  /** The request to send now; undefined while one is under way, and while the device does not listen. */
  next(now: Milliseconds): E | undefined {
    return this.sent === undefined && this.isAwake(now) ? this.waiting[0] : undefined;
  }

  /** When the first of the waiting requests expires. */
  deadline(): Milliseconds {
    let at: Milliseconds = NEVER;
    for (const { expiresAt } of this.waiting) at = Math.min(at, expiresAt);
    return at;
  }

  // What the application wants.

  /**
   * Takes a request. One that it supersedes ends.
   *
   * @returns false, with nothing changed, when there is no room for it
   */
  submit(entry: E): boolean {
    const { settings, downlinks } = this.shared;
    const classmates = this.waiting.filter(({ priority }) => priority === entry.priority);
    const superseded = supersededBy(classmates, entry.request);
    const freed = superseded === undefined ? 0 : 1;
    const bytes = this.shared.queuedBytes - (superseded?.bytes ?? 0) + entry.bytes;
    if (this.waiting.length - freed >= settings.maxQueued) return false;
    if (bytes > settings.maxQueuedBytes) return false;
    if (superseded !== undefined) this.endWaiting(superseded, "superseded");
    downlinks.put(entry.id, entry.row(this.device.endpointName));
    this.enter(entry);
    return true;
  }

  /** Takes back a request. Whoever sent it, forgets its exchange. False when there is none of this id. */
  cancel(id: string): boolean {
    if (this.sent?.id === id) {
      this.endSent("cancelled");
      return true;
    }
    const entry = this.waiting.find((each) => each.id === id);
    if (entry !== undefined) this.endWaiting(entry, "cancelled");
    return entry !== undefined;
  }

  /**
   * Takes up what an earlier run accepted, in the order of `sequence`.
   *
   * @param isSent the row's: the device may have executed what must not be executed twice
   */
  restore(entry: E, isSent: boolean): void {
    this.enter(entry);
    if (isSent) this.endWaiting(entry, "interrupted");
  }

  // What the world does.

  /** Something came from the device: Register or Update, or any other message. */
  handleMessage(now: Milliseconds, kind: "update" | "other"): void {
    if (kind === "other" && this.shared.settings.wakesBy === "update") return;
    this.device.heardAt = now;
  }

  /** What was `next` is on its way. */
  handleSent(now: Milliseconds): void {
    const next = this.next(now);
    if (next === undefined) return;
    this.waiting.shift();
    this.sent = next;
    this.sentAt = now;
    next.wasSent = true;
    if (!next.isIdempotent()) {
      this.shared.downlinks.put(next.id, next.row(this.device.endpointName));
    }
  }

  /** What is `next` cannot be sent as the registration is now. */
  handleRefused(now: Milliseconds): void {
    const next = this.next(now);
    if (next !== undefined) this.endWaiting(next, "not-allowed");
  }

  /**
   * A request sent at that time was not answered. A device in queue mode that has said nothing since is asleep.
   *
   * @returns true when nothing came since
   */
  handleSilence(sentAt: Milliseconds): boolean {
    if (this.device.heardAt > sentAt) return false;
    this.device.heardAt = -NEVER;
    return true;
  }

  /** The request under way has its answer, or one that its operation does not have. */
  handleAnswered(outcome: "answered" | "illegal-answer" = "answered"): void {
    this.endSent(outcome);
  }

  /** The device rejected the request under way, or answered with what cannot be read. */
  handleFailed(): void {
    this.endSent("failed");
  }

  /** Nothing came back, however often the request under way was repeated. */
  handleUnanswered(now: Milliseconds): void {
    const { sent } = this;
    if (sent === undefined) return;
    this.handleSilence(this.sentAt);
    const comesBack = this.device.queueMode || this.device.isConnected === false;
    const isLater = comesBack && sent.isIdempotent() && now < sent.expiresAt;
    if (isLater) this.handleReturned();
    else this.endSent("unanswered");
  }

  /** The request under way is to be sent once more: in another format, or to another address. */
  handleReturned(): void {
    const { sent } = this;
    if (sent === undefined) return;
    this.sent = undefined;
    this.insert(sent, this.firstOf(sent));
  }

  /** The registration has ended, and with it everything that was wanted of the device. */
  handleGone(): void {
    this.endSent("gone");
    while (this.waiting.length > 0) this.endWaiting(this.waiting[0], "gone");
  }

  /** Call when `deadline()` has passed; harmless when it has not. */
  handleTimeout(now: Milliseconds): void {
    for (const entry of this.waiting.filter(({ expiresAt }) => expiresAt <= now)) {
      this.endWaiting(entry, "expired");
    }
  }

  // What comes out.

  /** The next outcome to tell. */
  pollEnded(): Ended<E> | undefined {
    return this.ended.shift();
  }

  private enter(entry: E): void {
    this.shared.queuedBytes += entry.bytes;
    this.insert(entry, this.endOf(entry));
  }

  private insert(entry: E, at: number): void {
    this.waiting.splice(at, 0, entry);
  }

  /** Behind all of its class and of those before it. */
  private endOf(entry: E): number {
    const rank = rankOf(entry);
    const at = this.waiting.findIndex((each) => rankOf(each) > rank);
    return at < 0 ? this.waiting.length : at;
  }

  /** Before all of its class. */
  private firstOf(entry: E): number {
    const rank = rankOf(entry);
    const at = this.waiting.findIndex((each) => rankOf(each) >= rank);
    return at < 0 ? this.waiting.length : at;
  }

  private endSent(outcome: Outcome): void {
    const { sent } = this;
    if (sent === undefined) return;
    this.sent = undefined;
    this.finish(sent, outcome);
  }

  private endWaiting(entry: E, outcome: Outcome): void {
    this.waiting.splice(this.waiting.indexOf(entry), 1);
    this.finish(entry, outcome);
  }

  private finish(entry: E, outcome: Outcome): void {
    this.shared.queuedBytes -= entry.bytes;
    this.shared.downlinks.remove(entry.id);
    this.ended.push({ entry, outcome });
  }
}

function rankOf(entry: QueueEntry): number {
  return PRIORITIES.indexOf(entry.priority);
}

function shown(entry: QueueEntry, state: QueuedRequest["state"]): QueuedRequest {
  const { id, priority, bytes, expiresAt } = entry;
  const { method, path, paths, query } = entry.request;
  return { id, method, path, paths, query, priority, bytes, state, expiresAt };
}
