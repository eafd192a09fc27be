/**
 * Unpredictable numbers on Espruino: the chip's own generator, and the time, since some chips have none and begin alike at each boot. A
 * Register with the Message ID of the one before the reboot would be taken for its duplicate.
 */
import type { Random } from "../../../protocol/ports.ts";

export const ESPRUINO_RANDOM: Random = {
  uint32: function () {
    return (E.hwRand() + Math.floor((getTime() * 1e6) % 4294967296)) >>> 0;
  },
};
