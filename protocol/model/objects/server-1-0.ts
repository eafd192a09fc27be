/**
 * LwM2M Server (1), version 1.0, of LwM2M 1.0.
 */
import { BOOLEAN, EXECUTE, INTEGER, MANDATORY, NONE, READ, STRING, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  SERVER_BINDING,
  SERVER_DEFAULT_PMAX,
  SERVER_DEFAULT_PMIN,
  SERVER_DISABLE,
  SERVER_DISABLE_TIMEOUT,
  SERVER_LIFETIME,
  SERVER_SHORT_SERVER_ID,
  SERVER_STORE_NOTIFICATIONS,
  SERVER_UPDATE_TRIGGER,
} from "./server.ts";

export const SERVER_1_0: ObjectDefinition = {
  id: 1,
  version: "1.0",
  multiple: true,
  mandatory: true,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    SERVER_SHORT_SERVER_ID, INTEGER | READ | MANDATORY,
    SERVER_LIFETIME, INTEGER | READ | WRITE | MANDATORY,
    SERVER_DEFAULT_PMIN, INTEGER | READ | WRITE,
    SERVER_DEFAULT_PMAX, INTEGER | READ | WRITE,
    SERVER_DISABLE, NONE | EXECUTE,
    SERVER_DISABLE_TIMEOUT, INTEGER | READ | WRITE,
    SERVER_STORE_NOTIFICATIONS, BOOLEAN | READ | WRITE | MANDATORY,
    SERVER_BINDING, STRING | READ | WRITE | MANDATORY,
    SERVER_UPDATE_TRIGGER, NONE | EXECUTE | MANDATORY,
  ]),
};
