/** Unpredictable numbers from the operating system, drawn in bulk. */
import { randomFillSync } from "node:crypto";
import type { Random } from "../../protocol/ports.ts";

const NUMBERS = 1024;

export function systemRandom(): Random {
  const pool = new Uint32Array(NUMBERS);
  let used = NUMBERS;
  return {
    uint32() {
      if (used === NUMBERS) {
        randomFillSync(pool);
        used = 0;
      }
      const number = pool[used];
      pool[used++] = 0;
      return number;
    },
  };
}
