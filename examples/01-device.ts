/**
 * A thermometer: this machine with a temperature sensor beside its own objects.
 *
 *     npm start                                      (in one terminal)
 *     npx tsx examples/01-device.ts                  (in another)
 */
import { addSensor, createNodeDevice, sensorObject } from "dormouse-lwm2m/firmware";
import { SENSOR_VALUE, TEMPERATURE } from "dormouse-lwm2m/protocol";

const temperature = sensorObject(TEMPERATURE);
addSensor(temperature, 0, 21.5, "Cel");

const device = createNodeDevice({
  server: process.argv[2] ?? "coap://127.0.0.1:5683",
  endpointName: "thermometer",
  lifetime: 300,
  objects: [temperature],
  refresh: () => temperature.set(0, SENSOR_VALUE, 21.5 + Math.sin(Date.now() / 60_000)),
});

device.start((event) => {
  if (event.kind === "request") console.log(event.operation, event.path);
  else console.log(event.kind);
});
process.once("SIGINT", () => device.stop());
