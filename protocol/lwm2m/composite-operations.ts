/**
 * Operations on several places of the tree at once, which are asked of its root (LwM2M Core 1.2.2
 * §6.3.8, §6.3.9, §6.4.4, §6.4.5, since LwM2M 1.1). Beside operations.ts, whose numbers these
 * continue, so that a device without them does not carry them.
 */
import { FETCH, IPATCH } from "../coap/codes.ts";
import type { Option } from "../coap/options.ts";
import { OBSERVE, uintOf } from "../coap/options.ts";
import { NO_OPERATION } from "./operations.ts";

export const READ_COMPOSITE = 10;
export const OBSERVE_COMPOSITE = 11;
export const CANCEL_COMPOSITE = 12;
export const WRITE_COMPOSITE = 13;

/** For people, from READ_COMPOSITE on. */
export const COMPOSITE_NAMES: readonly string[] = [
  "Read-Composite",
  "Observe-Composite",
  "Cancel-Composite",
  "Write-Composite",
];

const ABSENT = -1;

/** The operation that a request on the root asks for, or NO_OPERATION. */
export function compositeOperationOf(method: number, options: readonly Option[]): number {
  if (method === IPATCH) return WRITE_COMPOSITE;
  if (method !== FETCH) return NO_OPERATION;
  switch (uintOf(options, OBSERVE, ABSENT)) {
    case 0:
      return OBSERVE_COMPOSITE;
    case 1:
      return CANCEL_COMPOSITE;
    default:
      return READ_COMPOSITE;
  }
}
