/**
 * Device (3): the device itself, its clock and its power.
 */
import {
  DEVICE,
  DEVICE_BINDINGS,
  DEVICE_CURRENT_TIME,
  DEVICE_ERROR_CODE,
  DEVICE_FACTORY_RESET,
  DEVICE_REBOOT,
  DEVICE_RESET_ERROR_CODE,
} from "../../protocol/model/objects/device.ts";
import type { CalendarClock, Power } from "../ports.ts";
import type { ResourceValues } from "./lwm2m-object.ts";
import { LwM2mObject } from "./lwm2m-object.ts";

/** /3/0/11 when there is none. */
const NO_ERROR = 0;

/**
 * Object 3 with its one instance. Reboot, factory reset and the clock are the board's; error codes start as "no error" and
 * `Reset Error Code` brings that back.
 *
 * @param values what this device can tell of itself, by resource id
 */
export function deviceObject(
  calendar: CalendarClock,
  power: Power,
  values: ResourceValues,
): LwM2mObject {
  const object = new LwM2mObject(DEVICE);
  const all: { [resourceId: number]: ResourceValues[number] } = {
    [DEVICE_FACTORY_RESET]: true,
    [DEVICE_ERROR_CODE]: [NO_ERROR],
    [DEVICE_RESET_ERROR_CODE]: true,
    [DEVICE_CURRENT_TIME]: 0,
    [DEVICE_BINDINGS]: "U",
  };
  for (const resourceId in values) all[resourceId] = values[resourceId];
  object.create(0, all);
  object.onRead = function (_object, _instanceId, resourceId) {
    return resourceId === DEVICE_CURRENT_TIME ? Math.floor(calendar.seconds()) : undefined;
  };
  object.onWrite = function (device, instanceId, resourceId) {
    if (resourceId !== DEVICE_CURRENT_TIME) return;
    calendar.setSeconds(device.get(instanceId, resourceId) as number);
  };
  object.onExecute = function (device, _instanceId, resourceId) {
    if (resourceId === DEVICE_REBOOT) power.reboot();
    else if (resourceId === DEVICE_FACTORY_RESET) power.factoryReset();
    else if (resourceId === DEVICE_RESET_ERROR_CODE) device.set(0, DEVICE_ERROR_CODE, [NO_ERROR]);
    return undefined;
  };
  return object;
}
