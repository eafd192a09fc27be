/**
 * IPSO's sensors, inputs and actuators (3200 to 3348): what their resources imply, by definition alone.
 *
 *     const door = ipsoObject(PRESENCE, { calendar, clock });
 *     door.create(0, { [DIGITAL_INPUT_STATE]: false, [DIGITAL_INPUT_COUNTER]: 0, [DIGITAL_INPUT_COUNTER_RESET]: true });
 *     door.set(0, DIGITAL_INPUT_STATE, true);         // the counter is 1 now
 *
 *   5601/5602, 5801/5802, 5811/5812   follow the value that they are of; 5605 sets them back to it
 *   5501, 5541, 5542                  count how often 5500, 5532, 5533 become true; 5505 sets 5501 to 0
 *   5852, 5854                        seconds since 5850, 5500 or 5548 is on, or off; a written 0 begins anew
 *   5518, 6050                        when the value was measured
 *   5822                              sets cumulated energy to 0
 *   5530                              clears the text of a display
 *   5851, 5548, 5531, 5526, 5504, 5503  are refused outside of their ranges
 *
 * An instance does what the resources imply that it has. What goes on by itself as time goes by has files of its own: timer.ts (3340),
 * digital-input.ts (3200), positioner.ts (3337).
 */
import { NOT_IMPLEMENTED } from "../../protocol/coap/codes.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../protocol/model/object-definition.ts";
import {
  ANALOG_INPUT_CURRENT_VALUE,
  CLEAR_DISPLAY,
  COMPASS_DIRECTION,
  CONTRAST,
  CUMULATIVE_ACTIVE_POWER,
  CUMULATIVE_REACTIVE_POWER,
  CURRENT_POSITION,
  DECREASE_INPUT_STATE,
  DIGITAL_INPUT_COUNTER,
  DIGITAL_INPUT_COUNTER_RESET,
  DIGITAL_INPUT_DEBOUNCE,
  DIGITAL_INPUT_EDGE_SELECTION,
  DIGITAL_INPUT_STATE,
  DIMMER,
  DISPLAY_TEXT,
  DOWN_COUNTER,
  FRACTIONAL_TIMESTAMP,
  INCREASE_INPUT_STATE,
  INSTANTANEOUS_ACTIVE_POWER,
  INSTANTANEOUS_REACTIVE_POWER,
  LEVEL,
  MAX_MEASURED,
  MAX_MEASURED_ACTIVE_POWER,
  MAX_MEASURED_REACTIVE_POWER,
  MIN_MEASURED,
  MIN_MEASURED_ACTIVE_POWER,
  MIN_MEASURED_REACTIVE_POWER,
  MULTI_STATE_INPUT,
  RESET_CUMULATIVE_ENERGY,
  RESET_MIN_MAX,
  SENSOR_VALUE,
  TIMER_MODE,
  TIMESTAMP,
  UP_COUNTER,
  X_VALUE,
} from "../../protocol/model/objects/ipso-resources.ts";
import type { CalendarClock, MonotonicClock } from "../ports.ts";
import { LwM2mObject } from "./lwm2m-object.ts";
import { handleSwitched, isOnTime, onTimeAt, resetOnTime } from "./on-time.ts";

export interface IpsoPorts {
  /** For timestamps. Absent: they stay as the application sets them. */
  readonly calendar?: CalendarClock;
  /** For on and off times, read at each Read. Absent: they stay as the application sets them. */
  readonly clock?: MonotonicClock;
}

/** A value, its smallest and its largest. */
const EXTREMES: readonly (readonly [number, number, number])[] = [
  [SENSOR_VALUE, MIN_MEASURED, MAX_MEASURED],
  [ANALOG_INPUT_CURRENT_VALUE, MIN_MEASURED, MAX_MEASURED],
  [CURRENT_POSITION, MIN_MEASURED, MAX_MEASURED],
  [COMPASS_DIRECTION, MIN_MEASURED, MAX_MEASURED],
  [INSTANTANEOUS_ACTIVE_POWER, MIN_MEASURED_ACTIVE_POWER, MAX_MEASURED_ACTIVE_POWER],
  [INSTANTANEOUS_REACTIVE_POWER, MIN_MEASURED_REACTIVE_POWER, MAX_MEASURED_REACTIVE_POWER],
];

/** A state, and what counts how often it becomes true. */
const COUNTERS: readonly (readonly [number, number])[] = [
  [DIGITAL_INPUT_STATE, DIGITAL_INPUT_COUNTER],
  [INCREASE_INPUT_STATE, UP_COUNTER],
  [DECREASE_INPUT_STATE, DOWN_COUNTER],
];

/** Resources with a range that a server must keep to: id, least, greatest. */
const RANGES: readonly (readonly [number, number, number])[] = [
  [DIMMER, 0, 100],
  [LEVEL, 0, 100],
  [CONTRAST, 0, 100],
  [CURRENT_POSITION, 0, 100],
  [TIMER_MODE, 0, 4],
  [DIGITAL_INPUT_EDGE_SELECTION, 1, 3],
  [DIGITAL_INPUT_DEBOUNCE, 0, 3600000],
];

/** Readings beside those of EXTREMES that have a timestamp. */
const OTHER_READINGS: readonly number[] = [DIGITAL_INPUT_STATE, MULTI_STATE_INPUT, X_VALUE];

/** An object of IPSO's without instances. Its hooks may be set anew, and then call these: `trackIpso`, `executeIpso`, `isInIpsoRange`. */
export function ipsoObject(definition: ObjectDefinition, ports: IpsoPorts): LwM2mObject {
  const object = new LwM2mObject(definition);
  const { calendar, clock } = ports;
  object.isFixed = true;
  object.onCheck = isInIpsoRange;
  object.onExecute = executeIpso;
  object.onChange = function (own, instanceId, resourceId) {
    trackIpso(own, instanceId, resourceId);
    if (calendar !== undefined) stamp(own, instanceId, resourceId, calendar);
    if (clock !== undefined) handleSwitched(own, instanceId, resourceId, clock.now());
  };
  if (clock !== undefined) {
    object.onRead = function (own, instanceId, resourceId) {
      return isOnTime(resourceId) ? onTimeAt(own, instanceId, resourceId, clock.now()) : undefined;
    };
    object.onWrite = function (own, instanceId, resourceId) {
      if (isOnTime(resourceId)) resetOnTime(own, instanceId, resourceId, clock.now());
    };
  }
  return object;
}

/** A value changed: extremes and counters follow. */
export function trackIpso(object: LwM2mObject, instanceId: number, resourceId: number): void {
  const value = object.get(instanceId, resourceId);
  for (let i = 0; i < EXTREMES.length; i++) {
    if (EXTREMES[i][0] !== resourceId || typeof value !== "number") continue;
    const least = object.get(instanceId, EXTREMES[i][1]);
    const greatest = object.get(instanceId, EXTREMES[i][2]);
    if (typeof least === "number" && value < least) object.set(instanceId, EXTREMES[i][1], value);
    if (typeof greatest === "number" && value > greatest) {
      object.set(instanceId, EXTREMES[i][2], value);
    }
  }
  for (let i = 0; i < COUNTERS.length; i++) {
    if (COUNTERS[i][0] !== resourceId || value !== true) continue;
    const count = object.get(instanceId, COUNTERS[i][1]);
    if (typeof count === "number") object.set(instanceId, COUNTERS[i][1], count + 1);
  }
}

export function executeIpso(
  object: LwM2mObject,
  instanceId: number,
  resourceId: number,
): number | undefined {
  if (resourceId === RESET_MIN_MAX) resetExtremes(object, instanceId);
  else if (resourceId === DIGITAL_INPUT_COUNTER_RESET) {
    put(object, instanceId, DIGITAL_INPUT_COUNTER, 0);
  } else if (resourceId === RESET_CUMULATIVE_ENERGY) {
    put(object, instanceId, CUMULATIVE_ACTIVE_POWER, 0);
    put(object, instanceId, CUMULATIVE_REACTIVE_POWER, 0);
    // Of 3331 the value is the energy.
    if (object.get(instanceId, INSTANTANEOUS_ACTIVE_POWER) === undefined) {
      put(object, instanceId, SENSOR_VALUE, 0);
    }
  } else if (resourceId === CLEAR_DISPLAY) put(object, instanceId, DISPLAY_TEXT, "");
  else return NOT_IMPLEMENTED;
  return undefined;
}

export function isInIpsoRange(
  _object: LwM2mObject,
  _instanceId: number,
  resourceId: number,
  value: Value,
): boolean {
  // The time since it was switched can be set back, not to anything else.
  if (isOnTime(resourceId)) return value === 0;
  for (let i = 0; i < RANGES.length; i++) {
    if (RANGES[i][0] !== resourceId) continue;
    return typeof value === "number" && value >= RANGES[i][1] && value <= RANGES[i][2];
  }
  return true;
}

function resetExtremes(object: LwM2mObject, instanceId: number): void {
  for (let i = 0; i < EXTREMES.length; i++) {
    const value = object.get(instanceId, EXTREMES[i][0]);
    if (value === undefined) continue;
    put(object, instanceId, EXTREMES[i][1], value);
    put(object, instanceId, EXTREMES[i][2], value);
  }
}

function stamp(
  object: LwM2mObject,
  instanceId: number,
  resourceId: number,
  calendar: CalendarClock,
): void {
  let isReading = OTHER_READINGS.indexOf(resourceId) >= 0;
  for (let i = 0; i < EXTREMES.length && !isReading; i++) isReading = EXTREMES[i][0] === resourceId;
  if (!isReading) return;
  const seconds = calendar.seconds();
  put(object, instanceId, TIMESTAMP, Math.floor(seconds));
  put(object, instanceId, FRACTIONAL_TIMESTAMP, seconds - Math.floor(seconds));
}

/** Sets what this instance has. */
function put(object: LwM2mObject, instanceId: number, resourceId: number, value: Value): void {
  if (object.get(instanceId, resourceId) !== undefined) object.set(instanceId, resourceId, value);
}
