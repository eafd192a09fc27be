/** A device that sleeps: queue mode, and named resources beside the LwM2M objects, as mbed devices have them. */
import { createNodeDevice } from "dormouse-lwm2m/firmware";
import { NamedResource } from "dormouse-lwm2m/protocol";

const led = new NamedResource("/led/1/state", { type: "5850", observable: true, value: "0" });
led.onWrite = (_, value) => {
  console.log(`The LED is ${value === "1" ? "on" : "off"}.`);
  return true;
};

const device = createNodeDevice({
  server: process.argv[2] ?? "coap://127.0.0.1:5683",
  endpointName: "sleeper",
  endpointType: "Light",
  // Wakes for an Update every half minute, then listens for two seconds. What was asked meanwhile waits at the server.
  lifetime: 60,
  queueMode: true,
  awakeFor: 2000,
  resources: [led],
});
device.start((event) => console.log(event.kind));
process.once("SIGINT", () => device.stop());
