/** The minimal device with a thermometer that is never still. */

import type { AgentFeatures } from "../../../firmware/agent/features.ts";
import { startDevice } from "../../../firmware/boards/espruino/device.ts";
import { readSettings } from "../../../firmware/boards/espruino/settings.ts";
import { ESPRUINO_DATAGRAMS } from "../../../firmware/boards/espruino/udp.ts";
import { addSensor, sensorObject } from "../../../firmware/objects/sensor.ts";
import { BasicEndpoint } from "../../../protocol/coap/basic-endpoint.ts";
import { TEXT_CODEC } from "../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../protocol/content/tlv.ts";
import { SENSOR_VALUE } from "../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";

const INTERVAL = 50;
let value = 0;
const temperature = sensorObject(TEMPERATURE);
addSensor(temperature, 0, value, "Cel");
setInterval(() => {
  value = (value + 1) % 100000;
  temperature.set(0, SENSOR_VALUE, value);
}, INTERVAL);

const FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: (settings) => new BasicEndpoint(settings),
};

const settings = readSettings();
if (settings !== undefined) {
  startDevice(settings, FEATURES, [temperature], () => {}, ESPRUINO_DATAGRAMS);
}
