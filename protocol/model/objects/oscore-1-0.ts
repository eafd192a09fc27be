/**
 * OSCORE (21), version 1.0, of LwM2M 1.1.
 */
import { INTEGER, MANDATORY, STRING } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  OSCORE_AEAD_ALGORITHM,
  OSCORE_HMAC_ALGORITHM,
  OSCORE_MASTER_SALT,
  OSCORE_MASTER_SECRET,
  OSCORE_RECIPIENT_ID,
  OSCORE_SENDER_ID,
} from "./oscore.ts";

export const OSCORE_1_0: ObjectDefinition = {
  id: 21,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    OSCORE_MASTER_SECRET, STRING | MANDATORY,
    OSCORE_SENDER_ID, STRING | MANDATORY,
    OSCORE_RECIPIENT_ID, STRING | MANDATORY,
    OSCORE_AEAD_ALGORITHM, INTEGER,
    OSCORE_HMAC_ALGORITHM, INTEGER,
    OSCORE_MASTER_SALT, STRING,
  ]),
};
