/**
 * A device on a battery: off between its contacts where the board can be (ESP32), else with its radio off. It joins its Wi-Fi, sends its
 * Update and what is due, answers what has waited for it, and sleeps; what it has to know then is in its Storage. Before each sleep it prints
 * its account: awake, radio on, asleep, wake-ups a day.
 *
 * Beside what every program reads, `dormouse.json` has `"ssid"` and `"password"` of the network, `"time"`, an SNTP server for boards whose
 * clock was never set, and `"awake"`, seconds to listen after the last message, 5 unless it says otherwise.
 */
import { BOARD_FEATURES } from "../../agent/board-features.ts";
import { readSettings } from "./settings.ts";
import { startSleeper } from "./sleeping-device.ts";

const settings = readSettings();
if (settings !== undefined) startSleeper(settings, BOARD_FEATURES, [], function () {});
