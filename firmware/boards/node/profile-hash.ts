/**
 * A Profile ID over the whole list of objects (LwM2M Core 1.2.2 §6.2.1): the first 32 bits of its SHA-256, suite 6 of RFC 6920 §9.4.
 */
import { createHash } from "node:crypto";

const DIGITS = 8;

/** For `hashProfile` of an agent's configuration. */
export function sha256Profile(list: string): string {
  return `6:${createHash("sha256").update(list).digest("hex").slice(0, DIGITS)}`;
}
