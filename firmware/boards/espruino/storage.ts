/**
 * Files of the board's Storage as an update needs them (../../update/slots.ts). What is read of a file is read where it lies: on boards
 * whose flash is mapped into memory, all that have a network, a digest of 100 KB takes no more than its 32 bytes.
 */
import type { FlashFiles } from "../../update/ports.ts";
import { sha256OfText } from "./crypto.ts";

/** Of a file, before its content. */
const HEADER_LENGTH = 32;

const storage = require("Storage");

/** Storage throws when it is full, and where something is written already. */
function write(name: string, bytes: Uint8Array, offset: number, size: number): boolean {
  try {
    return storage.write(name, bytes, offset, size);
  } catch (_error) {
    return false;
  }
}

export const ESPRUINO_FILES: FlashFiles = {
  size: function (name) {
    const text = storage.read(name);
    return text === undefined ? undefined : text.length;
  },
  read: function (name, offset, length) {
    // Of 0 bytes Storage would read all.
    const text = length > 0 ? storage.read(name, offset, length) : undefined;
    return text === undefined ? new Uint8Array(0) : E.toUint8Array(text);
  },
  create: function (name, bytes, size) {
    return write(name, bytes, 0, size);
  },
  write: function (name, bytes, offset) {
    return write(name, bytes, offset, 0);
  },
  erase: function (name) {
    storage.erase(name);
  },
  digest: function (name, offset, length) {
    const text = storage.read(name, offset, length);
    return text === undefined ? undefined : sha256OfText(text);
  },
  free: function () {
    return storage.getFree() - HEADER_LENGTH;
  },
};
