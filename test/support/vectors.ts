/** The golden bytes in test/vectors. */
import { readFileSync } from "node:fs";

export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8")) as T;
}
