/**
 * When an observation is due by all its attributes (LwM2M Core 1.2.2 §7.3.2): what `Observation` knows, and
 *
 * - **Evaluation.** A change is evaluated at once, or when the last evaluation is epmin old. Every epmax what is observed is read and
 *   evaluated though nobody said that it changed. Without epmax that is done every pmin for what `onRead` supplies and gt, lt, st or
 *   edge watches. A notification is an evaluation too: it tells a value.
 * - **Crossings** of gt and lt and steps of st are counted from the value notified last, edges from the value evaluated last.
 * - **Liveness.** A day after the last Confirmable notification another is due, whatever changed (RFC 7641 §4.5); pmin holds for it too.
 *
 * Readings are compared here, by rules that are features.ts's; who stores notifications and sends them is reporting-observers.ts.
 */
import { equalBytes } from "../../../protocol/bytes/equal.ts";
import { isSuccess } from "../../../protocol/coap/codes.ts";
import type { Attributes } from "../../../protocol/model/attributes.ts";
import type { Entry, ObjectLink } from "../../../protocol/model/data-types.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { isWithin } from "../../../protocol/model/path.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { NEVER, SECOND } from "../../../protocol/time/duration.ts";
import type { AttributeRules } from "../features.ts";
import type { Content } from "../management/content.ts";
import type { Reading } from "./notification.ts";
import { LONGEST_WITHOUT_CONFIRMATION, Observation } from "./notification.ts";
import { isSame } from "./notification-attributes.ts";
import type { Observers } from "./observers.ts";

/** Tells whether what is read now, beside what was told and evaluated last, has to be reported. */
export type Comparison = (
  observers: Observers,
  rules: AttributeRules | undefined,
  observation: ReportingObservation,
  content: Content,
) => boolean;

export class ReportingObservation extends Observation {
  /** How the feature whose `subject` this is compares; undefined: by payload where nothing finer is told. */
  compare: Comparison | undefined = undefined;
  /** Confirmable notifications in a row that nobody acknowledged. */
  losses = 0;
  /** Its end has been stored, and waits to be told. */
  hasEnded = false;
  /** A change waits for its evaluation. */
  private hasChanged = false;
  private evaluatedAt: Milliseconds = 0;
  /** What the last evaluation saw: a reading, or the payload where there is none and epmax wants it compared. */
  private seen: Reading = undefined;

  /** The attributes that hold. */
  holding(): Attributes {
    return this.attributes;
  }

  /** What the observer was told last. */
  told(): Reading {
    return this.last;
  }

  /** What the last evaluation saw. */
  evaluated(): Reading {
    return this.seen;
  }

  override handleChange(reading: Reading, rules: AttributeRules | undefined): void {
    if (this.isEvaluatedLater()) this.hasChanged = true;
    else this.compareWith(reading, rules);
  }

  /** True when changes wait for an evaluation. */
  isEvaluatedLater(): boolean {
    return this.attributes.epmin !== undefined || this.attributes.epmax !== undefined;
  }

  /** Something is different, and has to be reported if it is not for an evaluation to tell. */
  handleNews(): void {
    if (this.isEvaluatedLater()) this.hasChanged = true;
    else this.isDue = true;
  }

  /** Of several places one has been looked at. */
  handleSeen(place: Path, entries: readonly Entry[]): void {
    const seen = this.seen;
    if (!Array.isArray(seen)) return;
    this.seen = (seen as Entry[])
      .filter(function (entry) {
        return !isWithin(entry.path, place);
      })
      .concat(entries);
  }

  /** When what is observed has to be looked at next; at once when in the past. @param isSupplied true when only a read shows its value */
  evaluationDeadline(isSupplied: boolean): Milliseconds {
    const { epmin, epmax } = this.attributes;
    if (this.hasEnded) return NEVER;
    let at = NEVER;
    if (epmax !== undefined && epmax > 0) at = this.evaluatedAt + epmax * SECOND;
    else if (isSupplied && this.pmin > 0 && this.hasCondition()) at = this.evaluatedAt + this.pmin;
    if (this.hasChanged) at = Math.min(at, this.evaluatedAt + (epmin || 0) * SECOND);
    return at;
  }

  private hasCondition(): boolean {
    const { gt, lt, st, edge } = this.attributes;
    return gt !== undefined || lt !== undefined || st !== undefined || edge !== undefined;
  }

  /** Looks at what is observed, which reads like this now. */
  evaluate(
    now: Milliseconds,
    observers: Observers,
    rules: AttributeRules | undefined,
    content: Content,
  ): void {
    if (!isSuccess(content.code)) this.expire();
    else if (this.compare !== undefined) {
      if (this.compare(observers, rules, this, content)) this.isDue = true;
      this.seen = content.reading;
    } else if (content.reading !== undefined) this.compareWith(content.reading, rules);
    else {
      const seen = this.seen;
      const isSame = seen instanceof Uint8Array && equalBytes(seen, content.payload);
      if (this.hasChanged || (seen !== undefined && !isSame)) this.isDue = true;
      this.seen = content.payload;
    }
    this.hasChanged = false;
    this.evaluatedAt = now;
  }

  private compareWith(reading: Reading, rules: AttributeRules | undefined): void {
    const isNews =
      reading === undefined ||
      isNotableReading(rules, this.attributes, this.last, this.seen, reading);
    if (isNews) this.isDue = true;
    this.seen = reading;
  }

  /** When a notification is due for what is observed: a change or pmax. */
  reportDeadline(): Milliseconds {
    return this.hasEnded ? NEVER : super.deadline();
  }

  override deadline(): Milliseconds {
    const liveness = Math.max(
      this.lastAt + this.pmin,
      this.lastConfirmedAt + LONGEST_WITHOUT_CONFIRMATION,
    );
    return Math.min(this.reportDeadline(), liveness);
  }

  /** The observer was sent this, or it was stored for it. */
  handleNotified(now: Milliseconds, content: Content, confirmable: boolean): void {
    this.handleSent(now, content.reading, confirmable);
    if (content.reading === undefined && this.attributes.epmax !== undefined) {
      this.seen = content.payload;
    }
  }

  override handleSent(now: Milliseconds, reading: Reading, confirmable: boolean): void {
    super.handleSent(now, reading, confirmable);
    this.hasChanged = false;
    this.evaluatedAt = now;
    this.seen = reading;
  }

  /** What has to be kept of its periods. */
  ages(now: Milliseconds): { age: Milliseconds; sinceConfirmed: Milliseconds; isDue: boolean } {
    return {
      age: now - this.lastAt,
      sinceConfirmed: now - this.lastConfirmedAt,
      isDue: this.isDue || this.hasChanged,
    };
  }

  /** Goes on where it was before a reboot. */
  resume(
    now: Milliseconds,
    lastAt: Milliseconds,
    confirmedAt: Milliseconds,
    isDue: boolean,
    told: Reading,
  ): void {
    this.handleSent(now, told, true);
    this.lastAt = lastAt;
    this.lastConfirmedAt = confirmedAt;
    this.isDue = isDue;
  }

  /** The observer was not told after all: the present value is due. */
  handleUntold(): void {
    this.isDue = true;
  }

  /** The observer was sent what had been stored for it: the periods begin anew. */
  handleReleased(now: Milliseconds): void {
    this.lastAt = now;
    this.lastConfirmedAt = now;
  }
}

/**
 * True when a value, or one of several instances, has to be reported.
 *
 * @param told in the last notification: what numbers are measured from
 * @param seen at the last evaluation: what edges are measured from
 */
export function isNotableReading(
  rules: AttributeRules | undefined,
  attributes: Attributes,
  told: Reading,
  seen: Reading,
  reading: Reading,
): boolean {
  if (!Array.isArray(reading)) return isNotableValue(rules, attributes, told, seen, reading);
  if (!Array.isArray(told) || told.length !== reading.length) return true;
  const isSeen = Array.isArray(seen) && seen.length === reading.length;
  for (let i = 0; i < reading.length; i++) {
    if (!isSame(reading[i].path, told[i].path)) return true;
    const before = isSeen ? seen[i].value : told[i].value;
    if (isNotableValue(rules, attributes, told[i].value, before, reading[i].value)) return true;
  }
  return false;
}

function isNotableValue(
  rules: AttributeRules | undefined,
  attributes: Attributes,
  told: Reading,
  seen: Reading,
  reading: Reading,
): boolean {
  const hasEdge = attributes.edge !== undefined && typeof reading === "boolean";
  const from = hasEdge && typeof seen === "boolean" ? seen : told;
  if (reading !== undefined && isSameValue(reading, from)) return false;
  return rules === undefined || rules.isNotable(attributes, from, reading);
}

/** Values that `onRead` supplies may be made anew at each read. */
function isSameValue(a: Reading, b: Reading): boolean {
  if (a === b) return true;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b);
  if (typeof a !== "object" || typeof b !== "object") return false;
  const link = a as ObjectLink;
  const other = b as ObjectLink;
  return link.objectId === other.objectId && link.objectInstanceId === other.objectInstanceId;
}
