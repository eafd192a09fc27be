/**
 * LwM2M COSE (23), version 1.0 of LwM2M Core 1.2.2 §E.10. The key that wraps messages over MQTT.
 */
import { INTEGER, MANDATORY, STRING } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";

export const COSE_KID = 0;
export const COSE_AEAD_ALGORITHM = 1;
export const COSE_KEY = 2;

export const COSE: ObjectDefinition = {
  id: 23,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    COSE_KID, STRING | MANDATORY,
    COSE_AEAD_ALGORITHM, INTEGER | MANDATORY,
    COSE_KEY, STRING | MANDATORY,
  ]),
};
