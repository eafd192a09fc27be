/**
 * Unpredictable numbers on Espruino: the chip's own generator.
 */
import type { Random } from "../../../protocol/ports.ts";

export const ESPRUINO_RANDOM: Random = {
  uint32: function () {
    return E.hwRand() >>> 0;
  },
};
