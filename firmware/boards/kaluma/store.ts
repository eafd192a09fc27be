/**
 * Memory that outlives a power cut, on Kaluma: files of its LittleFS, which replaces a file whole or not at all. Not its `storage`, whose
 * values are texts of at most 253 bytes with their keys.
 */
import { equalBytes } from "../../../protocol/bytes/equal.ts";
import type { Store } from "../../ports.ts";

export const KALUMA_STORE: Store = {
  read: function (name) {
    const files = require("fs");
    const path = pathOf(name);
    try {
      return files.exists(path) ? files.readFile(path) : undefined;
    } catch (_) {
      return undefined;
    }
  },
  write: function (name, bytes) {
    const former = KALUMA_STORE.read(name);
    // Flash wears with every write.
    if (former !== undefined && equalBytes(former, bytes)) return true;
    try {
      require("fs").writeFile(pathOf(name), bytes);
    } catch (_) {
      return false;
    }
    const written = KALUMA_STORE.read(name);
    return written !== undefined && equalBytes(written, bytes);
  },
  remove: function (name) {
    try {
      require("fs").unlink(pathOf(name));
    } catch (_) {
      // There is none.
    }
  },
};

function pathOf(name: string): string {
  return `/${name}`;
}
