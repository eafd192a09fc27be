/**
 * When an observation is due (LwM2M Core 1.1.1 §5.1.2, RFC 7641): pmin, pmax, gt, lt, st of one observed path.
 *
 * - A change is reported at once, or if the last notification is younger than pmin exactly when it becomes pmin old. Once a
 *   change has to be reported it stays so, though the value may return before pmin is over.
 * - Without a change one notification is due every pmax. pmax 0, and pmax below pmin, count as absent.
 * - With gt, lt or st a numeric value has to be reported only when it has crossed gt or lt in either direction, or moved
 *   by st or more, since the value reported last; of a resource with instances, when one of them has. Any one of the
 *   three suffices. A value equal to gt is not above it, one equal
 *   to lt not below it.
 *
 * Knows neither formats nor messages.
 */
import { equalBytes } from "../../protocol/bytes/equal.ts";
import type { Attributes } from "../../protocol/model/attributes.ts";
import { NO_ATTRIBUTES } from "../../protocol/model/attributes.ts";
import type { Entry, Value } from "../../protocol/model/data-types.ts";
import type { Path } from "../../protocol/model/path.ts";
import { isWithin } from "../../protocol/model/path.ts";
import type { NamedResource } from "../../protocol/resources/named-resource.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { HOUR, NEVER, SECOND } from "../../protocol/time/duration.ts";

/** What a notification says of a resource: its value, or the entries of its instances. Undefined at the levels above. */
export type Reading = Value | readonly Entry[] | undefined;

/** At least one notification in this time is Confirmable, so that an observer that is gone is noticed (RFC 7641 §4.5). */
const LONGEST_WITHOUT_CONFIRMATION: Milliseconds = 24 * HOUR;

export class Observation {
  readonly token: Uint8Array;
  /** What is observed; empty for a named resource. */
  readonly path: Path;
  readonly resource: NamedResource | undefined;
  /** The Content-Format of all its notifications. */
  readonly format: number;
  /** From the Observe's own query. */
  readonly own: Attributes;
  private pmin: Milliseconds = 0;
  private pmax: Milliseconds = NEVER;
  private attributes: Attributes = NO_ATTRIBUTES;
  /** A change has to be reported, as soon as pmin allows. */
  private isDue = false;
  private lastAt: Milliseconds = 0;
  private lastConfirmedAt: Milliseconds = 0;
  private last: Reading = undefined;

  constructor(
    token: Uint8Array,
    path: Path,
    resource: NamedResource | undefined,
    format: number,
    own: Attributes,
  ) {
    // A copy: the original is a view of the whole datagram, and would keep it.
    this.token = new Uint8Array(token);
    this.path = path;
    this.resource = resource;
    this.format = format;
    this.own = own;
  }

  /** True for an older observation under the same token, or of the same in the same format (RFC 7641 §3.1, §4.1). */
  replaces(older: Observation): boolean {
    if (equalBytes(older.token, this.token)) return true;
    if (older.format !== this.format || older.resource !== this.resource) return false;
    return older.path.length === this.path.length && isWithin(older.path, this.path);
  }

  setAttributes(attributes: Attributes): void {
    const pmin = attributes.pmin === undefined ? 0 : attributes.pmin;
    const pmax = attributes.pmax === undefined ? 0 : attributes.pmax;
    this.attributes = attributes;
    this.pmin = pmin * SECOND;
    this.pmax = pmax === 0 || pmax < pmin ? NEVER : pmax * SECOND;
  }

  /** What is observed now reads like this. */
  handleChange(reading: Reading): void {
    const last = this.last;
    if (!Array.isArray(reading) || !Array.isArray(last) || reading.length !== last.length) {
      if (this.isNotable(last, reading)) this.isDue = true;
      return;
    }
    for (let i = 0; i < reading.length; i++) {
      const isAnother = reading[i].path[3] !== last[i].path[3];
      if (isAnother || this.isNotable(last[i].value, reading[i].value)) this.isDue = true;
    }
  }

  private isNotable(last: Reading, reading: Reading): boolean {
    if (reading !== undefined && reading === last) return false;
    const gt = this.attributes.gt;
    const lt = this.attributes.lt;
    const st = this.attributes.st;
    if (typeof reading !== "number" || typeof last !== "number") return true;
    if (gt === undefined && lt === undefined && st === undefined) return true;
    if (gt !== undefined && last > gt !== reading > gt) return true;
    if (lt !== undefined && last < lt !== reading < lt) return true;
    return st !== undefined && (reading - last >= st || last - reading >= st);
  }

  /** What is observed is gone: a notification is due whatever the attributes say. */
  expire(): void {
    this.isDue = true;
    this.pmin = 0;
  }

  /** When the next notification must go out, on present knowledge. In the past: at once. */
  deadline(): Milliseconds {
    return this.lastAt + (this.isDue ? this.pmin : this.pmax);
  }

  /** True when the next notification has to be Confirmable, whatever the agent prefers. */
  isConfirmationDue(now: Milliseconds): boolean {
    return now - this.lastConfirmedAt >= LONGEST_WITHOUT_CONFIRMATION;
  }

  /** The observer was sent this. */
  handleSent(now: Milliseconds, reading: Reading, confirmable: boolean): void {
    this.isDue = false;
    this.lastAt = now;
    this.last = reading;
    if (confirmable) this.lastConfirmedAt = now;
  }
}
