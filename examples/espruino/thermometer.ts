/**
 * A thermometer on an ESP32: an analog sensor (TMP36) at pin D36 as object 3303, beside the least that is a device.
 *
 *     npx dormouse build examples/espruino/thermometer.ts --board esp32
 *     npx dormouse flash examples/espruino/thermometer.ts --board esp32 --port /dev/ttyUSB0 --server coap://192.168.1.10
 */
import { ESPRUINO_DATAGRAMS, readSettings, startDevice } from "dormouse-lwm2m/boards/espruino";
import { type AgentFeatures, addSensor, sensorObject } from "dormouse-lwm2m/firmware";
import {
  BasicEndpoint,
  SENSOR_VALUE,
  TEMPERATURE,
  TEXT_CODEC,
  TLV_CODEC,
} from "dormouse-lwm2m/protocol";

/** What this device can do is what is named here; nothing else is in its bundle. */
const FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: (settings) => new BasicEndpoint(settings),
};

/** The TMP36 gives 0.5 V at 0 degrees and 10 mV more for each. */
function measured(): number {
  return Math.round((analogRead(D36) * 3.3 - 0.5) * 1000) / 10;
}

const temperature = sensorObject(TEMPERATURE);
addSensor(temperature, 0, measured(), "Cel");

function refresh(): void {
  temperature.set(0, SENSOR_VALUE, measured());
}

const settings = readSettings();
if (settings !== undefined) {
  startDevice(settings, FEATURES, [temperature], refresh, ESPRUINO_DATAGRAMS);
}
