/**
 * Connectivity Statistics (7), version 1.0 of LwM2M Core 1.1.1 §E.8. What the device has sent and
 * received.
 */
import { EXECUTE, INTEGER, MANDATORY, NONE, READ, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";

export const STATISTICS_SMS_TX_COUNTER = 0;
export const STATISTICS_SMS_RX_COUNTER = 1;
export const STATISTICS_TX_DATA = 2;
export const STATISTICS_RX_DATA = 3;
export const STATISTICS_MAX_MESSAGE_SIZE = 4;
export const STATISTICS_AVERAGE_MESSAGE_SIZE = 5;
export const STATISTICS_START = 6;
export const STATISTICS_STOP = 7;
export const STATISTICS_COLLECTION_PERIOD = 8;

export const CONNECTIVITY_STATISTICS: ObjectDefinition = {
  id: 7,
  version: "1.0",
  multiple: false,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    STATISTICS_SMS_TX_COUNTER, INTEGER | READ,
    STATISTICS_SMS_RX_COUNTER, INTEGER | READ,
    STATISTICS_TX_DATA, INTEGER | READ,
    STATISTICS_RX_DATA, INTEGER | READ,
    STATISTICS_MAX_MESSAGE_SIZE, INTEGER | READ,
    STATISTICS_AVERAGE_MESSAGE_SIZE, INTEGER | READ,
    STATISTICS_START, NONE | EXECUTE | MANDATORY,
    STATISTICS_STOP, NONE | EXECUTE | MANDATORY,
    STATISTICS_COLLECTION_PERIOD, INTEGER | READ | WRITE,
  ]),
};
