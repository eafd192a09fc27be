/**
 * Memory that outlives a power cut, on Espruino: files of its Storage. Flash wears with every write, so that what is there already is not
 * written again.
 */
import type { Store } from "../../ports.ts";

export const ESPRUINO_STORE: Store = {
  read: function (name) {
    const text = require("Storage").read(name);
    return text === undefined ? undefined : E.toUint8Array(text);
  },
  write: function (name, bytes) {
    const storage = require("Storage");
    const text = E.toString(bytes);
    if (storage.read(name) === text) return true;
    // A record of nothing could not be told from none.
    if (bytes.length === 0) return false;
    try {
      return storage.write(name, text) && storage.read(name) === text;
    } catch (_) {
      // The Storage is full.
      return false;
    }
  },
  remove: function (name) {
    require("Storage").erase(name);
  },
};
