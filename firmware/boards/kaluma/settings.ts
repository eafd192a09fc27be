/**
 * What a device is told beside its program: the file `/dormouse.json`, which `kaluma put dormouse.json /dormouse.json` writes.
 *
 *     {"endpoint":"board-1","server":"coap://192.168.1.10","lifetime":3600,"queue":true}
 */
import { decodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import type { DeviceSettings } from "../../agent/device-configuration.ts";
import { KALUMA_STORE } from "./store.ts";

const FILE = "dormouse.json";

/** The settings of this board's file; undefined, with a word on the console, when there are none or no server among them. */
export function readSettings(): DeviceSettings | undefined {
  const file = readSettingsFile() as DeviceSettings | undefined;
  if (file && file["server"] !== undefined) return file;
  console.log(`/${FILE}${file ? " names no server." : " is missing or unreadable."}`);
  return undefined;
}

function readSettingsFile(): unknown {
  const bytes = KALUMA_STORE.read(FILE);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(decodeUtf8(bytes));
  } catch (_) {
    return undefined;
  }
}
