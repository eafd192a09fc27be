/** A push button (3347) between pin D0 and ground: its state and how often it was pressed, told at once to whoever observes it. */
import { ESPRUINO_DATAGRAMS, readSettings, startDevice } from "dormouse-lwm2m/boards/espruino";
import { BOARD_FEATURES, LwM2mObject } from "dormouse-lwm2m/firmware";
import { DIGITAL_INPUT_COUNTER, DIGITAL_INPUT_STATE, PUSH_BUTTON } from "dormouse-lwm2m/protocol";

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
