/**
 * MQTT Server (24), version 1.0 of LwM2M Core 1.2.2 §E.11. How a broker is spoken to.
 */
import { BOOLEAN, MANDATORY, OPAQUE, READ, STRING, UNSIGNED, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";

export const MQTT_SERVER_WILL_RETAIN = 0;
export const MQTT_SERVER_WILL_TOPIC = 1;
export const MQTT_SERVER_WILL_MESSAGE = 2;
export const MQTT_SERVER_CLEAN_SESSION = 3;
export const MQTT_SERVER_WILL_QOS = 4;
export const MQTT_SERVER_KEEP_ALIVE = 5;
export const MQTT_SERVER_CLIENT_IDENTIFIER = 6;
export const MQTT_SERVER_USER_NAME = 7;
export const MQTT_SERVER_PASSWORD = 8;

export const MQTT_SERVER: ObjectDefinition = {
  id: 24,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    MQTT_SERVER_WILL_RETAIN, BOOLEAN | READ | WRITE,
    MQTT_SERVER_WILL_TOPIC, STRING | READ | WRITE,
    MQTT_SERVER_WILL_MESSAGE, STRING | READ | WRITE,
    MQTT_SERVER_CLEAN_SESSION, BOOLEAN | READ | WRITE,
    MQTT_SERVER_WILL_QOS, UNSIGNED | READ | WRITE,
    MQTT_SERVER_KEEP_ALIVE, UNSIGNED | READ | WRITE,
    MQTT_SERVER_CLIENT_IDENTIFIER, STRING | READ | WRITE | MANDATORY,
    MQTT_SERVER_USER_NAME, STRING | READ | WRITE,
    MQTT_SERVER_PASSWORD, OPAQUE | READ | WRITE,
  ]),
};
