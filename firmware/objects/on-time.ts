/**
 * On Time (5852) and Off Time (5854): seconds since something was switched on, or off. They are read off a clock, not counted: nothing
 * has to happen while time goes by.
 */
import {
  DIGITAL_INPUT_STATE,
  LEVEL,
  OFF_TIME,
  ON_OFF,
  ON_TIME,
} from "../../protocol/model/objects/ipso-resources.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { NEVER, SECOND } from "../../protocol/time/duration.ts";
import type { LwM2mObject, ObjectMachine } from "./lwm2m-object.ts";
import { IdTable } from "./lwm2m-object.ts";

/** Since when an instance is on, or off; since when its times are counted from, when a server has set them back. */
interface Switched {
  isOn: boolean;
  onSince: Milliseconds;
  offSince: Milliseconds;
}

/** The instances of one object that were switched. It has nothing to do by itself. */
class Switches implements ObjectMachine {
  readonly table: IdTable<Switched> = new IdTable();

  handleTimeout(): void {}

  deadline(): Milliseconds {
    return NEVER;
  }
}

export function isOnTime(resourceId: number): boolean {
  return resourceId === ON_TIME || resourceId === OFF_TIME;
}

/** A value changed: it may have been switched. */
export function handleSwitched(
  object: LwM2mObject,
  instanceId: number,
  resourceId: number,
  now: Milliseconds,
): void {
  const hasTimes =
    object.get(instanceId, ON_TIME) !== undefined || object.get(instanceId, OFF_TIME) !== undefined;
  if (!hasTimes || resourceId !== switchOf(object, instanceId)) return;
  const switched = switchedOf(object, instanceId, now);
  const isOn = isSwitchedOn(object, instanceId);
  if (switched.isOn === isOn) return;
  switched.isOn = isOn;
  if (isOn) switched.onSince = now;
  else switched.offSince = now;
}

/** Seconds; 0 of the one that it is not. */
export function onTimeAt(
  object: LwM2mObject,
  instanceId: number,
  resourceId: number,
  now: Milliseconds,
): number {
  const { isOn, onSince, offSince } = switchedOf(object, instanceId, now);
  if (isOn !== (resourceId === ON_TIME)) return 0;
  return Math.floor((now - (isOn ? onSince : offSince)) / SECOND);
}

/** Counts from now on. */
export function resetOnTime(
  object: LwM2mObject,
  instanceId: number,
  resourceId: number,
  now: Milliseconds,
): void {
  const switched = switchedOf(object, instanceId, now);
  if (resourceId === ON_TIME) switched.onSince = now;
  else switched.offSince = now;
}

/** What switches an instance: On/Off, an input, or a dimmer's level. */
function switchOf(object: LwM2mObject, instanceId: number): number {
  if (object.get(instanceId, ON_OFF) !== undefined) return ON_OFF;
  return object.get(instanceId, DIGITAL_INPUT_STATE) !== undefined ? DIGITAL_INPUT_STATE : LEVEL;
}

function isSwitchedOn(object: LwM2mObject, instanceId: number): boolean {
  const value = object.get(instanceId, switchOf(object, instanceId));
  return value === true || (typeof value === "number" && value > 0);
}

/** Where nobody looked before, the time is counted from the first look. */
function switchedOf(object: LwM2mObject, instanceId: number, now: Milliseconds): Switched {
  if (object.machine === undefined) object.machine = new Switches();
  const { table } = object.machine as Switches;
  let switched = table.get(instanceId);
  if (switched === undefined) {
    switched = { isOn: isSwitchedOn(object, instanceId), onSince: now, offSince: now };
    table.put(instanceId, switched);
  }
  return switched;
}
