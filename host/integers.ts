/** 64-bit integers of the model as bigint, which Node has and boards have not. */
import type { Integer64 } from "../protocol/model/data-types.ts";
import { UNSIGNED } from "../protocol/model/data-types.ts";
import { formatInteger, parseInteger } from "../protocol/model/decimal.ts";

/** @param type INTEGER, TIME or UNSIGNED, which says how the bytes are meant */
export function toBigInt(value: number | Integer64, type: number): bigint {
  return BigInt(formatInteger(value, type === UNSIGNED));
}

/** @throws Error with `code` "RANGE" when the value does not fit the type's 64 bits */
export function fromBigInt(value: bigint, type: number): number | Integer64 {
  const integer = parseInteger(value.toString(), type === UNSIGNED);
  if (integer !== undefined) return integer;
  throw Object.assign(new Error(`${value} does not fit 64 bits`), { code: "RANGE" });
}
