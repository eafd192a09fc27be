/**
 * A light (3311) on pin D2 that blinks every half second while a server has it on, and reports for how many seconds it was.
 *
 *     npx dormouse flash examples/espruino/blink-and-report.ts --board esp32 --port /dev/ttyUSB0
 */
import { ESPRUINO_DATAGRAMS, readSettings, startDevice } from "dormouse-lwm2m/boards/espruino";
import { BOARD_FEATURES, LwM2mObject } from "dormouse-lwm2m/firmware";
import { LIGHT_CONTROL, ON_OFF, ON_TIME } from "dormouse-lwm2m/protocol";

declare const D2: Pin;

const HALF_SECOND = 500;
const light = new LwM2mObject(LIGHT_CONTROL);
light.isFixed = true;
light.create(0, { [ON_OFF]: true, [ON_TIME]: 0 });

let isLit = false;
let halves = 0;
setInterval(() => {
  const isOn = light.get(0, ON_OFF) === true;
  isLit = isOn && !isLit;
  digitalWrite(D2, isLit);
  if (isOn) halves++;
}, HALF_SECOND);

/** Each 10 s, not each half second: a report costs more than a blink. */
function report(): void {
  light.set(0, ON_TIME, Math.floor(halves / 2));
}

const settings = readSettings();
if (settings !== undefined) {
  startDevice(settings, BOARD_FEATURES, [light], report, ESPRUINO_DATAGRAMS);
}
