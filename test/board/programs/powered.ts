/** A device with blocks and attributes, as `main.ts`, and two sources of power, which the cases of reporting observe. */
import { BOARD_FEATURES } from "../../../firmware/agent/board-features.ts";
import { startDevice } from "../../../firmware/boards/espruino/device.ts";
import { readSettings } from "../../../firmware/boards/espruino/settings.ts";
import { ESPRUINO_DATAGRAMS } from "../../../firmware/boards/espruino/udp.ts";
import {
  DEVICE,
  DEVICE_AVAILABLE_POWER_SOURCES,
  DEVICE_BATTERY_LEVEL,
  DEVICE_POWER_SOURCE_CURRENT,
  DEVICE_POWER_SOURCE_VOLTAGE,
} from "../../../protocol/model/objects/device.ts";

const settings = readSettings();
if (settings !== undefined) {
  const agent = startDevice(settings, BOARD_FEATURES, [], () => {}, ESPRUINO_DATAGRAMS);
  const device = agent.object(DEVICE.id);
  if (device !== undefined) {
    device.set(0, DEVICE_AVAILABLE_POWER_SOURCES, [1, 2]);
    device.set(0, DEVICE_POWER_SOURCE_VOLTAGE, [3800, 5000]);
    device.set(0, DEVICE_POWER_SOURCE_CURRENT, [125, 900]);
    device.set(0, DEVICE_BATTERY_LEVEL, 80);
  }
}
