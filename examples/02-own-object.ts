/** An object of one's own: its definition as data, what its resources do as functions. */
import { createNodeDevice, LwM2mObject } from "dormouse-lwm2m/firmware";
import {
  EXECUTE,
  INTEGER,
  MANDATORY,
  NONE,
  type ObjectDefinition,
  READ,
  STRING,
  WRITE,
} from "dormouse-lwm2m/protocol";

const [CUPS_MADE, DISPLAY, BREW] = [0, 1, 2];

const COFFEE_MACHINE: ObjectDefinition = {
  id: 32768,
  version: "1.0",
  multiple: false,
  mandatory: false,
  resources: [
    ...[CUPS_MADE, INTEGER | READ | MANDATORY],
    ...[DISPLAY, STRING | READ | WRITE],
    ...[BREW, NONE | EXECUTE | MANDATORY],
  ],
};

const machine = new LwM2mObject(COFFEE_MACHINE);
machine.create(0, { [CUPS_MADE]: 0, [DISPLAY]: "ready" });
machine.onExecute = (object) => {
  object.set(0, CUPS_MADE, (object.get(0, CUPS_MADE) as number) + 1);
  return undefined;
};
machine.onWrite = (object) => console.log(`The display says: ${object.get(0, DISPLAY)}`);

const server = process.argv[2] ?? "coap://127.0.0.1:5683";
const device = createNodeDevice({ server, endpointName: "kitchen", objects: [machine] });
device.start(({ kind }) => console.log(kind));
process.once("SIGINT", () => device.stop());
