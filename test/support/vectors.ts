/** The golden bytes in test/vectors. */
import { readFileSync } from "node:fs";

export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8")) as T;
}

/** A payload as a specification or a peer's test prints it, with the values that it holds by path. */
export interface PrintedPayload {
  title: string;
  source: string;
  base: string;
  values: Record<string, string | number | boolean>;
}
