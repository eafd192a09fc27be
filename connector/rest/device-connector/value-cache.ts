/**
 * The last values of resources, for as long as their Max-Age says that they are fresh (RFC 7252 §5.6.1).
 *
 * Bounded in count and bytes; the value kept longest without being replaced goes first.
 */
import { type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";

export interface CachedValue {
  readonly payload: Uint8Array;
  readonly contentFormat: number | undefined;
  readonly freshUntil: Milliseconds;
}

interface CachedEntry extends CachedValue {
  readonly endpointName: string;
  readonly path: string;
}

const MOST_VALUES = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;
/** A larger value is not worth its room. */
const LONGEST_VALUE = 64 * 1024;
/** Longer than this nothing counts as fresh. */
const LONGEST_MAX_AGE = 3 * 24 * 3600;

export class ValueCache {
  private readonly byEndpoint = new Map<string, Map<string, CachedEntry>>();
  /** All entries, the one stored first in front. */
  private readonly byAge = new Set<CachedEntry>();
  private bytes = 0;

  get size(): number {
    return this.byAge.size;
  }

  /** The value of a resource, if there is a fresh one. */
  get(now: Milliseconds, endpointName: string, path: string): CachedValue | undefined {
    const entry = this.byEndpoint.get(endpointName)?.get(path);
    if (entry === undefined) return undefined;
    if (now < entry.freshUntil) return entry;
    this.remove(entry);
    return undefined;
  }

  /** Keeps a value that was just received; one with a Max-Age of 0 only replaces what there was. */
  put(
    now: Milliseconds,
    endpointName: string,
    path: string,
    payload: Uint8Array,
    contentFormat: number | undefined,
    maxAgeSeconds: number,
  ): void {
    const replaced = this.byEndpoint.get(endpointName)?.get(path);
    if (replaced !== undefined) this.remove(replaced);
    if (maxAgeSeconds <= 0 || payload.length > LONGEST_VALUE) return;
    const entry: CachedEntry = {
      endpointName,
      path,
      payload,
      contentFormat,
      freshUntil: now + Math.min(maxAgeSeconds, LONGEST_MAX_AGE) * SECOND,
    };
    let ofEndpoint = this.byEndpoint.get(endpointName);
    if (ofEndpoint === undefined) {
      ofEndpoint = new Map();
      this.byEndpoint.set(endpointName, ofEndpoint);
    }
    ofEndpoint.set(path, entry);
    this.byAge.add(entry);
    this.bytes += payload.length;
    for (const oldest of this.byAge) {
      if (this.byAge.size <= MOST_VALUES && this.bytes <= MOST_BYTES) break;
      this.remove(oldest);
    }
  }

  /** Forgets the values that a change at this path can have made wrong: its own, those below and those that contain it. */
  forgetAround(endpointName: string, path: string): void {
    for (const entry of this.byEndpoint.get(endpointName)?.values() ?? []) {
      if (isAtOrBelow(entry.path, path) || isAtOrBelow(path, entry.path)) this.remove(entry);
    }
  }

  forgetEndpoint(endpointName: string): void {
    for (const entry of this.byEndpoint.get(endpointName)?.values() ?? []) this.remove(entry);
  }

  private remove(entry: CachedEntry): void {
    if (!this.byAge.delete(entry)) return;
    this.bytes -= entry.payload.length;
    const ofEndpoint = this.byEndpoint.get(entry.endpointName);
    ofEndpoint?.delete(entry.path);
    if (ofEndpoint?.size === 0) this.byEndpoint.delete(entry.endpointName);
  }
}

function isAtOrBelow(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`);
}
