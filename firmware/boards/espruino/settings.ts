/**
 * What a device is told beside its program: the file `dormouse.json` of its board's Storage, which `dormouse flash --server ...` writes.
 */
import type { DeviceSettings } from "./device.ts";

const FILE = "dormouse.json";

/** `{"endpoint":"board-1","server":"coap://192.168.1.10","lifetime":3600,"queue":true}`, all optional but the server. */
interface SettingsFile {
  readonly endpoint?: string;
  readonly server?: string;
  readonly lifetime?: number;
  readonly queue?: boolean;
}

/** The settings of this board's file; undefined, with a word on the console, when there are none or no server among them. */
export function readSettings(): DeviceSettings | undefined {
  // Not JSON.parse: what writeJSON wrote has no quotes around names.
  const file = require("Storage").readJSON(FILE, true) as SettingsFile | undefined;
  if (file === undefined || file.server === undefined) {
    print(FILE + (file === undefined ? " is missing or unreadable." : " names no server."));
    return undefined;
  }
  return {
    endpointName: file.endpoint,
    server: file.server,
    lifetime: file.lifetime,
    queueMode: file.queue === true,
  };
}
