/**
 * A device on Kaluma with what its heap has room for: bodies in blocks and attributes of observations beside what `minimal.ts` does.
 */
import { BOARD_FEATURES } from "../../agent/board-features.ts";
import { startDevice } from "./device.ts";
import { readSettings } from "./settings.ts";

const settings = readSettings();
if (settings !== undefined) startDevice(settings, BOARD_FEATURES, [], function () {});
