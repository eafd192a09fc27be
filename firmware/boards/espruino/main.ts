/**
 * A device on Espruino with room to spare: objects 1, 3 and, where the chip measures it, 3303, in text and TLV, with blocks and
 * attributes. `minimal.ts` is the one without.
 */
import { BlockWiseEndpoint } from "../../../protocol/coap/block-wise-endpoint.ts";
import { TEXT_CODEC } from "../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../protocol/content/tlv.ts";
import { SENSOR_VALUE } from "../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";
import type { AgentFeatures } from "../../agent/features.ts";
import { NOTIFICATION_ATTRIBUTES } from "../../agent/reporting/notification-attributes.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../objects/sensor.ts";
import type { DeviceSettings } from "./device.ts";
import { readSettings, SETTINGS_FILE, startDevice } from "./device.ts";
import { ESPRUINO_DATAGRAMS } from "./udp.ts";

const FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: function (settings) {
    return new BlockWiseEndpoint(settings);
  },
  attributes: NOTIFICATION_ATTRIBUTES,
};

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
  startDevice(settings, FEATURES, objects, refresh, ESPRUINO_DATAGRAMS);
}

const file = readSettings() as DeviceSettings | undefined;
if (file === undefined) print(SETTINGS_FILE, "is missing or unreadable.");
else start(file);
