/**
 * Notifications for a server that cannot be reached, kept until it can (LwM2M Core 1.2.2 §E.2, /1/x/6; §7.3.2, hqmax): in order, the
 * oldest dropped when there are too many or they are too long. What they hold is what would have been sent, with its time.
 *
 * In a format that can tell times those of one observation go out together, as many as fit into a message; in any other one by one.
 */
import { isSuccess } from "../../../protocol/coap/codes.ts";
import { LWM2M_JSON, SENML_CBOR, SENML_JSON } from "../../../protocol/coap/content-formats.ts";
import type { ContentCodec } from "../../../protocol/content/content-codec.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { Entry } from "../../../protocol/model/data-types.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { formatPath } from "../../../protocol/model/path.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import type { ServerLink } from "../server-link.ts";
import type { ReportingObservation } from "./reporting-observation.ts";

/** Of one server. */
const MAX_STORED = 64;
const MAX_STORED_BYTES = 16384;
/** Below it a SenML time is relative to now (RFC 8428 §4.5.3). */
const FIRST_ABSOLUTE_TIME = 268435456;
const NO_NOTIFICATIONS: readonly StoredNotification[] = [];

export interface StoredNotification {
  readonly observation: ReportingObservation;
  readonly at: Milliseconds;
  /** 2.05, or the error that ends its observation. */
  readonly code: number;
  readonly payload: Uint8Array;
  readonly maxAge: number;
}

/** How many samples of one place are kept; undefined: as many as there is room for. */
export type HistoryLimit = (path: Path) => number | undefined;

export class StoredNotifications {
  /** Those that were given up for later ones, or with their observation. */
  dropped = 0;
  private kept: readonly StoredNotification[] = NO_NOTIFICATIONS;
  private bytes = 0;

  all(): readonly StoredNotification[] {
    return this.kept;
  }

  first(): StoredNotification | undefined {
    return this.kept[0];
  }

  has(observation: ReportingObservation): boolean {
    return this.countOf(observation) > 0;
  }

  /** Keeps one more. @param limit how many of its observation may be kept, at least 1 */
  add(notification: StoredNotification, limit: number): void {
    while (this.countOf(notification.observation) >= limit) {
      this.drop(this.indexOf(notification.observation));
    }
    this.kept = this.kept.concat(notification);
    this.bytes += notification.payload.length;
    while (this.kept.length > MAX_STORED || this.bytes > MAX_STORED_BYTES) this.drop(0);
  }

  /** Puts back what was taken and did not arrive. */
  restore(notifications: readonly StoredNotification[]): void {
    this.kept = notifications.concat(this.kept);
    for (let i = 0; i < notifications.length; i++) this.bytes += notifications[i].payload.length;
    while (this.kept.length > MAX_STORED || this.bytes > MAX_STORED_BYTES) this.drop(0);
  }

  /** Takes the oldest notifications of one observation. */
  take(observation: ReportingObservation, count: number): readonly StoredNotification[] {
    const taken: StoredNotification[] = [];
    const kept: StoredNotification[] = [];
    for (let i = 0; i < this.kept.length; i++) {
      const each = this.kept[i];
      const isTaken = each.observation === observation && taken.length < count;
      if (isTaken) this.bytes -= each.payload.length;
      (isTaken ? taken : kept).push(each);
    }
    this.kept = kept;
    return taken;
  }

  /** How many of an observation tell a value: all but the error that ends it. */
  goodOf(observation: ReportingObservation): number {
    let count = 0;
    for (let i = 0; i < this.kept.length; i++) {
      if (this.kept[i].observation === observation && isSuccess(this.kept[i].code)) count++;
    }
    return count;
  }

  /** The oldest of one observation. */
  peek(observation: ReportingObservation, count: number): readonly StoredNotification[] {
    return this.kept
      .filter(function (each) {
        return each.observation === observation;
      })
      .slice(0, count);
  }

  /** Drops all that is not of these observations: others have ended. */
  retain(observations: readonly ReportingObservation[]): void {
    for (let i = this.kept.length - 1; i >= 0; i--) {
      if (observations.indexOf(this.kept[i].observation) < 0) this.drop(i);
    }
  }

  private drop(at: number): void {
    this.bytes -= this.kept[at].payload.length;
    this.kept = this.kept.slice(0, at).concat(this.kept.slice(at + 1));
    this.dropped++;
  }

  private countOf(observation: ReportingObservation): number {
    let count = 0;
    for (let i = 0; i < this.kept.length; i++) {
      if (this.kept[i].observation === observation) count++;
    }
    return count;
  }

  private indexOf(observation: ReportingObservation): number {
    let at = 0;
    while (this.kept[at].observation !== observation) at++;
    return at;
  }
}

/** True for formats that say when a value was so. */
export function tellsTimes(format: number): boolean {
  return format === SENML_JSON || format === SENML_CBOR || format === LWM2M_JSON;
}

/**
 * One payload of several notifications of an observation, each value with its time.
 *
 * @param limit for how many samples of each place there is room
 * @returns undefined when the format cannot
 */
export function historyOf(
  link: ServerLink,
  notifications: readonly StoredNotification[],
  timeOf: (at: Milliseconds) => number,
  limit: HistoryLimit,
): Uint8Array | undefined {
  const { format, path } = notifications[0].observation;
  const codec = codecOf(link.formats(), format);
  const samples: Entry[] = [];
  const counts: { [path: string]: number | undefined } = {};
  if (codec === undefined || !tellsTimes(format)) return undefined;
  // The newest first: it is the oldest that there is no room for.
  for (let i = notifications.length - 1; i >= 0; i--) {
    const time = timeOf(notifications[i].at);
    if (!isSuccess(notifications[i].code)) return undefined;
    const entries = codec.decode(notifications[i].payload, path, function (objectId) {
      const object = link.agent.object(objectId);
      return object === undefined ? undefined : object.definition;
    });
    if (isMalformed(entries)) return undefined;
    for (let k = entries.length - 1; k >= 0; k--) {
      const entry = entries[k];
      const name = formatPath(entry.path);
      const count = (counts[name] || 0) + 1;
      const most = limit(entry.path);
      counts[name] = count;
      if (most !== undefined && count > most) continue;
      samples.push({ path: entry.path, type: entry.type, value: entry.value, time: time });
    }
  }
  return codec.encode(path, samples.reverse());
}

function codecOf(codecs: readonly ContentCodec[], format: number): ContentCodec | undefined {
  for (let i = 0; i < codecs.length; i++) if (codecs[i].format === format) return codecs[i];
  return undefined;
}

/**
 * The SenML time of an instant (RFC 8428 §4.5.3): seconds since 1970 where the calendar is set, else seconds before now, negative.
 *
 * @param calendar seconds since 1970, now; undefined without a clock
 */
export function senmlTime(
  now: Milliseconds,
  calendar: number | undefined,
  at: Milliseconds,
): number {
  const ago = (at - now) / SECOND;
  const isSet = calendar !== undefined && calendar >= FIRST_ABSOLUTE_TIME;
  return Math.round(((isSet ? calendar : 0) + ago) * 1000) / 1000;
}
