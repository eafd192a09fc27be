/**
 * What values the resources of a device had, and when: the newest ones of each device, and of all devices no more than memory allows.
 */
import type { Journal, Table } from "../store/store.ts";
import type { Json } from "./json.ts";

export interface HistoryEntry {
  /** Calendar milliseconds. */
  readonly at: number;
  readonly path: string;
  readonly value: Json;
}

interface StoredEntry extends HistoryEntry {
  readonly deviceId: number;
  readonly sequence: number;
}

export interface HistoryLimits {
  readonly perDevice: number;
  readonly total: number;
}

export const HISTORY_LIMITS: HistoryLimits = { perDevice: 500, total: 200_000 };

export class ValueHistory {
  private readonly limits: HistoryLimits;
  private readonly table: Table<StoredEntry>;
  /** In the order of their sequence, the oldest first. */
  private readonly all = new Map<number, StoredEntry>();
  private readonly ofDevice = new Map<number, Map<number, StoredEntry>>();
  private lastSequence = 0;
  /** No entry has a lower number. */
  private oldest = 0;

  constructor(store: Journal, limits: HistoryLimits = HISTORY_LIMITS) {
    this.limits = limits;
    this.table = store.table("value-history");
    const stored = [...this.table.entries()].map(([, entry]) => entry);
    stored.sort((one, other) => one.sequence - other.sequence);
    for (const entry of stored) this.file(entry);
    this.oldest = stored.length > 0 ? stored[0].sequence : 1;
  }

  get size(): number {
    return this.all.size;
  }

  append(deviceId: number, entry: HistoryEntry): void {
    const stored = { ...entry, deviceId, sequence: this.lastSequence + 1 };
    this.file(stored);
    this.table.put(`${stored.sequence}`, stored);
    const ofDevice = this.ofDevice.get(deviceId);
    if (ofDevice !== undefined && ofDevice.size > this.limits.perDevice) this.dropFirst(ofDevice);
    if (this.all.size > this.limits.total) this.dropOldest();
  }

  /** The entries of a device, the oldest first. */
  of(deviceId: number): Iterable<HistoryEntry> {
    return this.ofDevice.get(deviceId)?.values() ?? [];
  }

  forget(deviceId: number): void {
    for (const entry of [...(this.ofDevice.get(deviceId)?.values() ?? [])]) this.drop(entry);
  }

  private file(entry: StoredEntry): void {
    this.lastSequence = entry.sequence;
    this.all.set(entry.sequence, entry);
    let ofDevice = this.ofDevice.get(entry.deviceId);
    if (ofDevice === undefined) {
      ofDevice = new Map();
      this.ofDevice.set(entry.deviceId, ofDevice);
    }
    ofDevice.set(entry.sequence, entry);
  }

  /** By number: a large Map looks long for its first entry among those that were deleted before it. */
  private dropOldest(): void {
    let entry = this.all.get(this.oldest);
    while (entry === undefined) entry = this.all.get(++this.oldest);
    this.drop(entry);
  }

  private dropFirst(entries: Map<number, StoredEntry>): void {
    for (const entry of entries.values()) {
      this.drop(entry);
      return;
    }
  }

  private drop(entry: StoredEntry): void {
    this.all.delete(entry.sequence);
    this.table.remove(`${entry.sequence}`);
    const ofDevice = this.ofDevice.get(entry.deviceId);
    ofDevice?.delete(entry.sequence);
    if (ofDevice?.size === 0) this.ofDevice.delete(entry.deviceId);
  }
}
