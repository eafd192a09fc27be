/** One device's shadow: what it reported last, what it is wanted to be, and which of that it has been told. */

import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { DeviceRecord } from "../access/model.ts";
import type { Json } from "./json.ts";
import { textOf } from "./resource-values.ts";
import { isBelow } from "./state-tree.ts";

/** How far a wanted value has come. */
export type Progress =
  /** Not written yet. */
  | "wanted"
  /** The device has confirmed it. What it reports later does not make it wanted again: it may have been changed on the device. */
  | "written"
  /** The device does not want it. */
  | "refused";

export interface DesiredValue {
  readonly value: Json;
  readonly progress: Progress;
  /** One line why, of what was refused. */
  readonly reason?: string | undefined;
}

export interface ReportedValue {
  readonly value: Json;
  /** Calendar milliseconds. */
  readonly at: number;
}

/** The write that is under way: one at a time. */
export interface PendingWrite {
  readonly id: string;
  readonly path: string;
  readonly value: Json;
}

/** As it is stored. What is reported has rows of its own. */
export interface ShadowRow {
  readonly deviceId: number;
  readonly domainId: string;
  readonly endpointName: string;
  readonly desired: readonly (readonly [path: string, desired: DesiredValue])[];
  readonly pending: PendingWrite | undefined;
  readonly watched: readonly string[];
}

/** Paths that a shadow may watch. */
export const MOST_WATCHED = 20;
export const MOST_DESIRED = 200;
/** Bytes of JSON. */
const MOST_DESIRED_BYTES = 16 * 1024;

export class Shadow {
  readonly deviceId: number;
  readonly domainId: string;
  readonly endpointName: string;
  desired = new Map<string, DesiredValue>();
  readonly reported = new Map<string, ReportedValue>();
  pending: PendingWrite | undefined;
  /** Paths whose values the device is asked to tell of as they change. */
  watched: readonly string[] = [];
  /** Writes that came to nothing one after another, and when the next may be tried. */
  failures = 0;
  retryAt: Milliseconds = 0;

  constructor(deviceId: number, domainId: string, endpointName: string) {
    this.deviceId = deviceId;
    this.domainId = domainId;
    this.endpointName = endpointName;
  }

  static of(row: ShadowRow): Shadow {
    const shadow = new Shadow(row.deviceId, row.domainId, row.endpointName);
    shadow.desired = new Map(row.desired);
    shadow.pending = row.pending;
    shadow.watched = row.watched;
    return shadow;
  }

  row(): ShadowRow {
    const { deviceId, domainId, endpointName, pending, watched } = this;
    return { deviceId, domainId, endpointName, desired: [...this.desired], pending, watched };
  }

  /** Whether it is this device's, and not of one that had its name before or another owner. */
  isOf(device: DeviceRecord | undefined): boolean {
    return device?.id === this.deviceId && device.domainId === this.domainId;
  }

  /** Wants what a state says: a value replaces what is at, above and below its path, null removes it. A sentence when that is too much. */
  want(state: ReadonlyMap<string, Json>): string | undefined {
    const desired = new Map(this.desired);
    for (const [path, value] of state) {
      const former = desired.get(path);
      for (const other of [...desired.keys()]) {
        if (other === path || isBelow(other, path) || isBelow(path, other)) desired.delete(other);
      }
      if (value === null) continue;
      const isSame = former !== undefined && isSameValue(path, former.value, value);
      desired.set(
        path,
        isSame && former.progress === "written" && this.shows(path, value)
          ? former
          : { value, progress: this.shows(path, value) ? "written" : "wanted" },
      );
    }
    if (desired.size > MOST_DESIRED) return `A device can be wanted ${MOST_DESIRED} values.`;
    const bytes = Buffer.byteLength(
      JSON.stringify([...desired].map(([path, { value }]) => [path, value])),
    );
    if (bytes > MOST_DESIRED_BYTES)
      return `What is wanted is longer than ${MOST_DESIRED_BYTES} bytes.`;
    this.desired = desired;
    return undefined;
  }

  /** The wanted values that are not what the device reports. */
  delta(): [path: string, value: Json][] {
    const differing: [string, Json][] = [];
    for (const [path, { value }] of this.desired) {
      if (!this.shows(path, value)) differing.push([path, value]);
    }
    return differing;
  }

  /** The device has begun anew: what it was told may be lost, and what it refused it may take now. */
  handleRegistration(): boolean {
    let isChanged = false;
    for (const [path, { value, progress }] of this.desired) {
      if (progress === "wanted" || (progress === "written" && this.shows(path, value))) continue;
      this.desired.set(path, { value, progress: "wanted" });
      isChanged = true;
    }
    return isChanged;
  }

  /** Whether the device reports this value at this path. */
  private shows(path: string, value: Json): boolean {
    const reported = this.reported.get(path);
    return reported !== undefined && isSameValue(path, reported.value, value);
  }
}

/** Whether two values are the same to a device. */
export function isSameValue(path: string, one: Json, other: Json): boolean {
  if (one === other) return true;
  const text = textOf(path, one);
  if (text !== undefined) return text === textOf(path, other);
  return JSON.stringify(one) === JSON.stringify(other);
}
