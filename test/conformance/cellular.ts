/** The objects of a cellular modem, of the OMA registry: what cases use of them. No other room has them. */
import {
  BOOLEAN,
  INTEGER,
  MANDATORY,
  MULTIPLE,
  OBJLNK,
  OPAQUE,
  READ,
  STRING,
  WRITE,
} from "../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../protocol/model/object-definition.ts";

/** Of object 10. */
export const ACTIVATED_PROFILES = 11;

/** Cellular Connectivity (10), version 1.1. */
export const CELLULAR: ObjectDefinition = {
  id: 10,
  version: "1.1",
  multiple: false,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: [
    4, INTEGER | READ | WRITE, // PSM Timer
    5, INTEGER | READ | WRITE, // Active Timer
    6, INTEGER | READ, // Serving PLMN Rate Control
    8, OPAQUE | READ | WRITE, // eDRX parameters for WB-S1 mode
    9, OPAQUE | READ | WRITE, // eDRX parameters for NB-S1 mode
    ACTIVATED_PROFILES, OBJLNK | READ | MULTIPLE | MANDATORY,
    13, INTEGER | READ, // Supported Power Saving Modes
    14, INTEGER | READ | WRITE, // Active Power Saving Modes
  ],
};

/** APN Connection Profile (11). */
export const APN_PROFILE: ObjectDefinition = {
  id: 11,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: [
    0, STRING | READ | WRITE | MANDATORY, // Profile name
    1, STRING | READ | WRITE, // APN
    3, BOOLEAN | READ | WRITE, // Enable status
    4, INTEGER | READ | WRITE | MANDATORY, // Authentication Type
  ],
};

/** Bearer Selection (13). */
export const BEARER_SELECTION: ObjectDefinition = {
  id: 13,
  version: "1.0",
  multiple: false,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: [
    0, INTEGER | READ | WRITE | MULTIPLE, // Preferred Communications Bearer
    1, INTEGER | READ | WRITE, // Acceptable RSSI (GSM)
  ],
};
