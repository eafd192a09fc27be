/**
 * Unpredictable numbers on Node, drawn from the system in batches.
 */
import { getRandomValues } from "node:crypto";
import type { Random } from "../../../protocol/ports.ts";

const BATCH = 256;
const batch = new Uint32Array(BATCH);
let used = BATCH;

export const NODE_RANDOM: Random = {
  uint32() {
    if (used === BATCH) {
      getRandomValues(batch);
      used = 0;
    }
    return batch[used++];
  },
};
