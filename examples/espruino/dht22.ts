/** A thermometer (3303) and a hygrometer (3304): a DHT22 on pin D4, measured every 10 s. A measurement that fails leaves the last one. */
import {
  ESPRUINO_DATAGRAMS,
  measureDht22,
  readSettings,
  startDevice,
} from "dormouse-lwm2m/boards/espruino";
import { addSensor, BOARD_FEATURES, sensorObject } from "dormouse-lwm2m/firmware";
import { HUMIDITY, SENSOR_VALUE, TEMPERATURE } from "dormouse-lwm2m/protocol";

declare const D4: Pin;

const temperature = sensorObject(TEMPERATURE);
const humidity = sensorObject(HUMIDITY);

function measure(): void {
  measureDht22(D4, (climate) => {
    if (climate === undefined) {
      print("The sensor does not answer.");
      return;
    }
    temperature.set(0, SENSOR_VALUE, climate.temperature);
    humidity.set(0, SENSOR_VALUE, climate.humidity);
  });
}

// The device begins when there is something to report.
measureDht22(D4, (climate) => {
  addSensor(temperature, 0, climate === undefined ? 0 : climate.temperature, "Cel");
  addSensor(humidity, 0, climate === undefined ? 0 : climate.humidity, "%RH");
  const settings = readSettings();
  if (settings === undefined) return;
  startDevice(settings, BOARD_FEATURES, [temperature, humidity], measure, ESPRUINO_DATAGRAMS);
});
