/**
 * Portfolio (16), version 1.0 of the OMA registry. Who a device belongs to, in the words of its
 * owners.
 */
import {
  EXECUTE,
  INTEGER,
  MANDATORY,
  MULTIPLE,
  NONE,
  OPAQUE,
  READ,
  STRING,
  WRITE,
} from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";

export const PORTFOLIO_IDENTITY = 0;
export const PORTFOLIO_GET_AUTH_DATA = 1;
export const PORTFOLIO_AUTH_DATA = 2;
export const PORTFOLIO_AUTH_STATUS = 3;

export const PORTFOLIO: ObjectDefinition = {
  id: 16,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    PORTFOLIO_IDENTITY, STRING | READ | WRITE | MULTIPLE | MANDATORY,
    PORTFOLIO_GET_AUTH_DATA, NONE | EXECUTE,
    PORTFOLIO_AUTH_DATA, OPAQUE | READ | MULTIPLE,
    PORTFOLIO_AUTH_STATUS, INTEGER | READ,
  ]),
};
