/**
 * OSCORE (21), version 2.0 of LwM2M Core 1.2.2 §E.9. The secrets of end-to-end security. No server
 * may touch it except in bootstrap.
 */
import { INTEGER, MANDATORY, OPAQUE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";

export const OSCORE_MASTER_SECRET = 0;
export const OSCORE_SENDER_ID = 1;
export const OSCORE_RECIPIENT_ID = 2;
export const OSCORE_AEAD_ALGORITHM = 3;
export const OSCORE_HMAC_ALGORITHM = 4;
export const OSCORE_MASTER_SALT = 5;
export const OSCORE_ID_CONTEXT = 6;

export const OSCORE: ObjectDefinition = {
  id: 21,
  version: "2.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    OSCORE_MASTER_SECRET, OPAQUE | MANDATORY,
    OSCORE_SENDER_ID, OPAQUE | MANDATORY,
    OSCORE_RECIPIENT_ID, OPAQUE | MANDATORY,
    OSCORE_AEAD_ALGORITHM, INTEGER,
    OSCORE_HMAC_ALGORITHM, INTEGER,
    OSCORE_MASTER_SALT, OPAQUE,
    OSCORE_ID_CONTEXT, OPAQUE,
  ]),
};
