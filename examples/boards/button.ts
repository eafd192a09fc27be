/** A push button (3347) between pin D0 and ground: its state and how often it was pressed, told at once to whoever observes it. */
import { BOARD_FEATURES } from "../../firmware/agent/board-features.ts";
import { startDevice } from "../../firmware/boards/espruino/device.ts";
import { readSettings } from "../../firmware/boards/espruino/settings.ts";
import { ESPRUINO_DATAGRAMS } from "../../firmware/boards/espruino/udp.ts";
import { LwM2mObject } from "../../firmware/objects/lwm2m-object.ts";
import {
  DIGITAL_INPUT_COUNTER,
  DIGITAL_INPUT_STATE,
} from "../../protocol/model/objects/ipso-resources.ts";
import { PUSH_BUTTON } from "../../protocol/model/objects/push-button.ts";

declare const D0: Pin;

/** Contacts bounce for some milliseconds. */
const DEBOUNCE = 25;

const button = new LwM2mObject(PUSH_BUTTON);
button.isFixed = true;
button.create(0, { [DIGITAL_INPUT_STATE]: false, [DIGITAL_INPUT_COUNTER]: 0 });

let presses = 0;
pinMode(D0, "input_pullup");
setWatch(
  (edge) => {
    const isPressed = !edge.state;
    if (isPressed) button.set(0, DIGITAL_INPUT_COUNTER, ++presses);
    button.set(0, DIGITAL_INPUT_STATE, isPressed);
  },
  D0,
  { repeat: true, edge: "both", debounce: DEBOUNCE },
);

const settings = readSettings();
if (settings !== undefined) {
  startDevice(settings, BOARD_FEATURES, [button], () => {}, ESPRUINO_DATAGRAMS);
}
