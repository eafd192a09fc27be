/**
 * What a device is told beside its program: the file `dormouse.json` of its board's Storage, which `dormouse flash --server ...` writes.
 *
 *     {"endpoint":"board-1","server":"coap://192.168.1.10","lifetime":3600,"queue":true}
 */
import type { DeviceSettings } from "./device.ts";

const FILE = "dormouse.json";

/** All that the file has; undefined when it is missing or unreadable. */
export function readSettingsFile(): unknown {
  // Not JSON.parse: what writeJSON wrote has no quotes around names.
  return require("Storage").readJSON(FILE, true);
}

/** The settings of this board's file; undefined, with a word on the console, when there are none or no server among them. */
export function readSettings(): DeviceSettings | undefined {
  const file = readSettingsFile() as DeviceSettings | undefined;
  if (file !== undefined && file["server"] !== undefined) return file;
  print(FILE + (file === undefined ? " is missing or unreadable." : " names no server."));
  return undefined;
}
