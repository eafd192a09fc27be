/**
 * Unpredictable numbers on Kaluma: the chip's own noise. `Math.random` is the C library's, which begins alike at each boot.
 */
import type { Random } from "../../../protocol/ports.ts";

/** Hexadecimal digits of 32 bits. */
const DIGITS = 8;

export const KALUMA_RANDOM: Random = {
  uint32: function () {
    const digits = require("rp2").randomBigInt().toString(16);
    return parseInt(digits.slice(Math.max(digits.length - DIGITS, 0)), 16);
  },
};
