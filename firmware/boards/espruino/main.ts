/**
 * A device on Espruino with room to spare: objects 1, 3 and, where the chip measures it, 3303, in text and TLV, with blocks and
 * attributes. `minimal.ts` is the one without.
 */
import { SENSOR_VALUE } from "../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";
import { BOARD_FEATURES } from "../../agent/board-features.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../objects/sensor.ts";
import type { DeviceSettings } from "./device.ts";
import { startDevice } from "./device.ts";
import { readSettings } from "./settings.ts";
import { ESPRUINO_DATAGRAMS } from "./udp.ts";

function start(settings: DeviceSettings): void {
  const objects: LwM2mObject[] = [];
  const measure = E.getTemperature;
  if (measure !== undefined) {
    const temperature = sensorObject(TEMPERATURE);
    addSensor(temperature, 0, measure(), "Cel");
    objects.push(temperature);
  }
  function refresh(): void {
    if (measure !== undefined) objects[0].set(0, SENSOR_VALUE, measure());
  }
  startDevice(settings, BOARD_FEATURES, objects, refresh, ESPRUINO_DATAGRAMS);
}

const settings = readSettings();
if (settings !== undefined) start(settings);
