/**
 * The behaviour that sensors of the IPSO kind share (3303 Temperature, 3304 Humidity, ...): the smallest and largest value
 * measured, and their reset.
 */
import type { Value } from "../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../protocol/model/object-definition.ts";
import {
  MAX_MEASURED,
  MIN_MEASURED,
  RESET_MIN_MAX,
  SENSOR_UNITS,
  SENSOR_VALUE,
} from "../../protocol/model/objects/ipso-resources.ts";
import { LwM2mObject } from "./lwm2m-object.ts";

/** A sensor object without instances. Servers cannot make or remove any: sensors are hardware. */
export function sensorObject(definition: ObjectDefinition): LwM2mObject {
  const object = new LwM2mObject(definition);
  object.isFixed = true;
  object.onChange = track;
  object.onExecute = reset;
  return object;
}

/** Adds an instance that has measured `value` once. `units` as in SenML, for example "Cel" (RFC 8428 §12.1). */
export function addSensor(
  object: LwM2mObject,
  instanceId: number,
  value: number,
  units: string,
): void {
  object.create(instanceId, {
    [MIN_MEASURED]: value,
    [MAX_MEASURED]: value,
    [RESET_MIN_MAX]: true,
    [SENSOR_VALUE]: value,
    [SENSOR_UNITS]: units,
  });
}

function track(object: LwM2mObject, instanceId: number, resourceId: number): void {
  if (resourceId !== SENSOR_VALUE) return;
  const value = object.get(instanceId, SENSOR_VALUE) as number;
  const least = object.get(instanceId, MIN_MEASURED) as number | undefined;
  const greatest = object.get(instanceId, MAX_MEASURED) as number | undefined;
  if (least !== undefined && value < least) object.set(instanceId, MIN_MEASURED, value);
  if (greatest !== undefined && value > greatest) object.set(instanceId, MAX_MEASURED, value);
}

function reset(object: LwM2mObject, instanceId: number, resourceId: number): undefined {
  if (resourceId !== RESET_MIN_MAX) return;
  const value = object.get(instanceId, SENSOR_VALUE) as Value;
  object.set(instanceId, MIN_MEASURED, value);
  object.set(instanceId, MAX_MEASURED, value);
}
