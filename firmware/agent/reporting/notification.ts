/**
 * When an observation is due (LwM2M Core 1.1.1 §5.1.2, RFC 7641).
 *
 * - A change is reported at once, or if the last notification is younger than pmin exactly when it becomes pmin old. Once a
 *   change has to be reported it stays so, though the value may return before pmin is over.
 * - Without a change one notification is due every pmax. pmax 0, and pmax below pmin, count as absent.
 * - Which changes have to be reported is for the attributes to say (features.ts); of a resource with instances, one suffices.
 *
 * Knows neither formats nor messages.
 */
import { equalBytes } from "../../../protocol/bytes/equal.ts";
import type { Attributes } from "../../../protocol/model/attributes.ts";
import { NO_ATTRIBUTES } from "../../../protocol/model/attributes.ts";
import type { Entry, Value } from "../../../protocol/model/data-types.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { isWithin } from "../../../protocol/model/path.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { HOUR, NEVER, SECOND } from "../../../protocol/time/duration.ts";
import type { AttributeRules } from "../features.ts";
import type { Content } from "../management/content.ts";
import { contentAt } from "../management/content.ts";
import type { ServerLink } from "../server-link.ts";

/** What a notification says of a resource: its value, or the entries of its instances. Undefined at the levels above. */
export type Reading = Value | readonly Entry[] | undefined;

/** At least one notification in this time is Confirmable, so that an observer that is gone is noticed (RFC 7641 §4.5). */
export const LONGEST_WITHOUT_CONFIRMATION: Milliseconds = 24 * HOUR;

export class Observation {
  readonly token: Uint8Array;
  /** What is observed; empty where `subject` says it. */
  readonly path: Path;
  /** The Content-Format of all its notifications. */
  readonly format: number;
  /** From the Observe's own query. */
  readonly own: Attributes;
  /** What a feature lets servers observe, where that is not one path. */
  subject: unknown = undefined;
  /** Reads what is observed; for a subject the feature's own. */
  read: (link: ServerLink, observation: Observation) => Content = readPath;
  protected pmin: Milliseconds = 0;
  protected pmax: Milliseconds = NEVER;
  protected attributes: Attributes = NO_ATTRIBUTES;
  // What is kept over a reboot (kept/board-state.ts).
  /** A change has to be reported, as soon as pmin allows. */
  isDue = false;
  lastAt: Milliseconds = 0;
  lastConfirmedAt: Milliseconds = 0;
  last: Reading = undefined;

  constructor(token: Uint8Array, path: Path, format: number, own: Attributes) {
    // A copy: the original is a view of the whole datagram, and would keep it.
    this.token = new Uint8Array(token);
    this.path = path;
    this.format = format;
    this.own = own;
  }

  /** True for an older observation under the same token, or of the same in the same format (RFC 7641 §3.1, §4.1). */
  replaces(older: Observation): boolean {
    if (equalBytes(older.token, this.token)) return true;
    if (older.format !== this.format || older.subject !== this.subject) return false;
    return older.path.length === this.path.length && isWithin(older.path, this.path);
  }

  setAttributes(attributes: Attributes): void {
    const pmin = attributes.pmin === undefined ? 0 : attributes.pmin;
    const pmax = attributes.pmax === undefined ? 0 : attributes.pmax;
    this.attributes = attributes;
    this.pmin = pmin * SECOND;
    this.pmax = pmax === 0 || pmax < pmin ? NEVER : pmax * SECOND;
  }

  /** What is observed now reads like this. @param rules undefined: whatever is not as it was has to be reported */
  handleChange(reading: Reading, rules: AttributeRules | undefined): void {
    const last = this.last;
    if (!Array.isArray(reading) || !Array.isArray(last) || reading.length !== last.length) {
      if (this.isNotable(last, reading, rules)) this.isDue = true;
      return;
    }
    for (let i = 0; i < reading.length; i++) {
      const isAnother = reading[i].path[3] !== last[i].path[3];
      if (isAnother || this.isNotable(last[i].value, reading[i].value, rules)) this.isDue = true;
    }
  }

  protected isNotable(last: Reading, reading: Reading, rules: AttributeRules | undefined): boolean {
    if (reading !== undefined && reading === last) return false;
    return rules === undefined || rules.isNotable(this.attributes, last, reading);
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

function readPath(link: ServerLink, observation: Observation): Content {
  return contentAt(link, observation.path, observation.format);
}
