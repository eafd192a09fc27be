/**
 * The shadows of devices: what each one reported last, and what it is wanted to be. What is wanted is written to the device when it can be
 * reached, one value at a time, and is kept until then.
 *
 *   application -> change -> PUT path -> device -> 2.04 -> reported
 *   notifications and reads of whoever asked for them -> reported
 *
 * A value is written once. It is written again when the device registers anew and does not report it, and when it is wanted differently;
 * not when the device reports something else by itself, or connector and device would fight over a knob that somebody has turned.
 *
 * A shadow begins when somebody cares for it (a claim, a use of the PUBLIC_KEY): devices without one cost nothing here. A sans-I/O
 * machine.
 */
import { CONTENT, PUT } from "../../protocol/coap/codes.ts";
import { HOUR, MINUTE, type Milliseconds, NEVER, SECOND } from "../../protocol/time/duration.ts";
import type { DeviceRecord } from "../access/model.ts";
import type { ConnectorEvent, Devices, NotificationEvent, ResponseEvent } from "../contract.ts";
import { contentFormatOfLink, linkAt, standingOf, UNLISTED } from "../notifications/resources.ts";
import type { Registration } from "../registry/registration.ts";
import type { Journal, Table } from "../store/store.ts";
import type { Json } from "./json.ts";
import { contentOf, type ResourceValues, valuesIn } from "./resource-values.ts";
import { isSameValue, type ReportedValue, Shadow, type ShadowRow } from "./shadow.ts";
import { flatten, type StateRefusal } from "./state-tree.ts";
import type { ValueHistory } from "./value-history.ts";

interface StoredValue extends ReportedValue {
  readonly deviceId: number;
  readonly path: string;
}

const MOST_SHADOWS = 100_000;
const MOST_REPORTED = 500;
/** A longer value is not kept; bytes of JSON. */
const LONGEST_VALUE = 2048;
/** Values that one change may hold. */
const MOST_CHANGED = 200;
/** How long a write may wait for a device that sleeps; then it is asked for again. */
const WRITE_EXPIRY: Milliseconds = 24 * HOUR;
const FIRST_RETRY: Milliseconds = 30 * SECOND;
const LONGEST_RETRY: Milliseconds = 15 * MINUTE;
/** Statuses of a device that is away or busy. */
const PASSING_FAILURES = new Set([410, 429, 502, 503, 504]);

export class Shadows {
  private readonly devices: Devices;
  private readonly recordOf: (endpointName: string) => DeviceRecord | undefined;
  private readonly history: ValueHistory;
  private readonly rows: Table<ShadowRow>;
  private readonly values: Table<StoredValue>;
  private readonly byName = new Map<string, Shadow>();
  private readonly byWrite = new Map<string, Shadow>();
  /** Those that wait to try again. */
  private readonly waiting = new Set<Shadow>();
  private sweeping: Iterator<string> | undefined;

  /**
   * @param devices the devices' side, restored from the same store already
   * @param recordOf the device on record under a name
   */
  constructor(
    store: Journal,
    devices: Devices,
    history: ValueHistory,
    recordOf: (endpointName: string) => DeviceRecord | undefined,
  ) {
    this.devices = devices;
    this.history = history;
    this.recordOf = recordOf;
    this.rows = store.table("shadows");
    this.values = store.table("shadow-values");
    this.restore();
  }

  get size(): number {
    return this.byName.size;
  }

  /** The shadow of a device, if it has one. To be read only. */
  of(endpointName: string): Shadow | undefined {
    const shadow = this.byName.get(endpointName);
    if (shadow === undefined || shadow.isOf(this.recordOf(endpointName))) return shadow;
    this.forget(shadow);
    return undefined;
  }

  /** The shadow of a device, begun if need be; undefined when there are too many. */
  begin(device: DeviceRecord): Shadow | undefined {
    const begun = this.of(device.endpointName);
    if (begun !== undefined || this.byName.size >= MOST_SHADOWS) return begun;
    const shadow = new Shadow(device.id, device.domainId, device.endpointName);
    this.byName.set(device.endpointName, shadow);
    this.keep(shadow);
    return shadow;
  }

  /** Wants a device to be as a nested state says, in part; null removes. Nothing is changed when it is refused. */
  change(now: Milliseconds, shadow: Shadow, state: Json): StateRefusal | undefined {
    const values = flatten(state, MOST_CHANGED);
    if ("refusal" in values) return values;
    const refusal = shadow.want(values);
    if (refusal !== undefined) return { refusal };
    shadow.failures = 0;
    shadow.retryAt = now;
    this.keep(shadow);
    this.write(now, shadow);
    return undefined;
  }

  /** Names the paths whose values are to be kept as they change, in place of those before; observing them is the caller's. */
  watch(shadow: Shadow, paths: readonly string[]): void {
    shadow.watched = paths;
    this.keep(shadow);
  }

  /**
   * Takes what happened on the devices' side.
   *
   * @returns the device whose shadow shows something else now
   */
  handleEvent(now: Milliseconds, calendarNow: number, event: ConnectorEvent): Shadow | undefined {
    switch (event.kind) {
      case "registration":
      case "update":
        this.handleSign(now, event.registration, event.kind === "registration");
        return undefined;
      case "response": {
        const written = this.byWrite.get(event.id);
        if (written !== undefined) return this.handleWritten(now, calendarNow, written, event);
        return event.code === CONTENT ? this.handleValues(calendarNow, event) : undefined;
      }
      case "notification":
        return this.handleValues(calendarNow, event);
      default:
        return undefined;
    }
  }

  handleTimeout(now: Milliseconds): void {
    for (const shadow of this.waiting) if (shadow.retryAt <= now) this.write(now, shadow);
  }

  deadline(): Milliseconds {
    let at: Milliseconds = NEVER;
    for (const shadow of this.waiting) at = Math.min(at, shadow.retryAt);
    return at;
  }

  /** Looks over the next few shadows, and forgets those whose devices are not on record any more. */
  sweep(count: number): void {
    for (let i = 0; i < count; i++) {
      const next = this.sweeping?.next();
      if (next === undefined || next.done) {
        this.sweeping = this.byName.keys();
        return;
      }
      this.of(next.value);
    }
  }

  private handleSign(now: Milliseconds, registration: Registration, isAnew: boolean): void {
    const shadow = this.of(registration.endpointName);
    if (shadow === undefined) return;
    shadow.failures = 0;
    shadow.retryAt = now;
    if (isAnew && shadow.handleRegistration()) this.keep(shadow);
    this.write(now, shadow);
  }

  private handleValues(
    calendarNow: number,
    event: NotificationEvent | ResponseEvent,
  ): Shadow | undefined {
    const shadow = this.of(event.endpointName);
    if (shadow === undefined) return undefined;
    const values = valuesIn(event.path, event.payload, event.contentFormat);
    return this.report(calendarNow, shadow, values) ? shadow : undefined;
  }

  private handleWritten(
    now: Milliseconds,
    calendarNow: number,
    shadow: Shadow,
    event: ResponseEvent,
  ): Shadow | undefined {
    const write = shadow.pending;
    this.byWrite.delete(event.id);
    shadow.pending = undefined;
    if (write === undefined || !shadow.isOf(this.recordOf(shadow.endpointName))) return undefined;
    const desired = shadow.desired.get(write.path);
    // Wanted differently meanwhile, or no more: what this came to says nothing about that.
    const isCurrent = desired !== undefined && isSameValue(write.path, desired.value, write.value);
    if (event.status < 400) {
      shadow.failures = 0;
      if (isCurrent) shadow.desired.set(write.path, { ...desired, progress: "written" });
      this.report(calendarNow, shadow, [[write.path, write.value]]);
    } else if (PASSING_FAILURES.has(event.status)) {
      shadow.retryAt = now + Math.min(FIRST_RETRY * 2 ** shadow.failures++, LONGEST_RETRY);
    } else if (isCurrent) {
      const reason = event.error ?? `The device answered ${event.status}`;
      shadow.desired.set(write.path, { ...desired, progress: "refused", reason });
    }
    this.keep(shadow);
    this.write(now, shadow);
    return shadow;
  }

  /** Sends the first wanted value that the device can be told, if none is under way. */
  private write(now: Milliseconds, shadow: Shadow): void {
    this.waiting.delete(shadow);
    if (shadow.pending !== undefined) return;
    const registration = this.devices.registration(shadow.endpointName);
    const next = registration && nextWrite(registration, shadow);
    if (next === undefined) return;
    if (now < shadow.retryAt) {
      this.waiting.add(shadow);
      return;
    }
    const { path, value, payload, contentFormat } = next;
    const submission = this.devices.submit(shadow.endpointName, {
      method: PUT,
      path,
      payload,
      contentFormat,
      confirmable: true,
      expiresIn: WRITE_EXPIRY,
    });
    if ("refusal" in submission) {
      shadow.retryAt = now + FIRST_RETRY;
      this.waiting.add(shadow);
      return;
    }
    shadow.pending = { id: submission.id, path, value };
    this.byWrite.set(submission.id, shadow);
    this.keep(shadow);
  }

  /** Takes values as the device's own; true when any is another than before. */
  private report(calendarNow: number, shadow: Shadow, values: ResourceValues): boolean {
    let isChanged = false;
    for (const [path, value] of values) {
      const json = JSON.stringify(value);
      if (Buffer.byteLength(json) > LONGEST_VALUE) continue;
      const former = shadow.reported.get(path);
      if (former === undefined || JSON.stringify(former.value) !== json) isChanged = true;
      const reported = { value, at: calendarNow };
      // Anew at the end: the value that was not heard of for longest stands in front.
      shadow.reported.delete(path);
      shadow.reported.set(path, reported);
      this.values.put(valueKey(shadow, path), { ...reported, deviceId: shadow.deviceId, path });
      this.history.append(shadow.deviceId, { at: calendarNow, path, value });
      if (shadow.reported.size > MOST_REPORTED) this.dropOldest(shadow);
    }
    return isChanged;
  }

  private dropOldest(shadow: Shadow): void {
    for (const path of shadow.reported.keys()) {
      shadow.reported.delete(path);
      this.values.remove(valueKey(shadow, path));
      return;
    }
  }

  private keep(shadow: Shadow): void {
    this.rows.put(shadow.endpointName, shadow.row());
  }

  private forget(shadow: Shadow): void {
    this.byName.delete(shadow.endpointName);
    this.waiting.delete(shadow);
    if (shadow.pending !== undefined) this.byWrite.delete(shadow.pending.id);
    this.rows.remove(shadow.endpointName);
    for (const path of shadow.reported.keys()) this.values.remove(valueKey(shadow, path));
    this.history.forget(shadow.deviceId);
  }

  private restore(): void {
    const awaited = new Set(this.devices.pendingIds());
    const byDevice = new Map<number, Shadow>();
    for (const [, row] of this.rows.entries()) {
      const shadow = Shadow.of(row);
      this.byName.set(shadow.endpointName, shadow);
      byDevice.set(shadow.deviceId, shadow);
      if (shadow.pending !== undefined && awaited.has(shadow.pending.id)) {
        this.byWrite.set(shadow.pending.id, shadow);
      } else {
        shadow.pending = undefined;
        this.waiting.add(shadow);
      }
    }
    const stored = [...this.values.entries()].map(([, value]) => value);
    stored.sort((one, other) => one.at - other.at);
    for (const { deviceId, path, value, at } of stored) {
      byDevice.get(deviceId)?.reported.set(path, { value, at });
    }
  }
}

function nextWrite(registration: Registration, shadow: Shadow) {
  for (const [path, { value, progress }] of shadow.desired) {
    if (progress !== "wanted" || standingOf(registration, path) === UNLISTED) continue;
    const link = linkAt(registration, path);
    const content = contentOf(path, value, link && contentFormatOfLink(link));
    if (content !== undefined) return { path, value, ...content };
  }
  return undefined;
}

function valueKey(shadow: Shadow, path: string): string {
  return `${shadow.deviceId} ${path}`;
}
