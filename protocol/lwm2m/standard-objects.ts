/**
 * Every object that ships with a definition, in all its versions: for servers, simulators and tests.
 * A board imports the single definitions that it needs.
 */
import type { DefinitionOf, ObjectDefinition } from "../model/object-definition.ts";
import { ACCESS_CONTROL } from "../model/objects/access-control.ts";
import { ACCESS_CONTROL_1_1 } from "../model/objects/access-control-1-1.ts";
import { BINARY_APP_DATA_CONTAINER } from "../model/objects/binary-app-data.ts";
import { CONNECTIVITY_MONITORING } from "../model/objects/connectivity-monitoring.ts";
import { CONNECTIVITY_MONITORING_1_0 } from "../model/objects/connectivity-monitoring-1-0.ts";
import { CONNECTIVITY_MONITORING_1_3 } from "../model/objects/connectivity-monitoring-1-3.ts";
import { CONNECTIVITY_STATISTICS } from "../model/objects/connectivity-statistics.ts";
import { COSE } from "../model/objects/cose.ts";
import { DEVICE } from "../model/objects/device.ts";
import { DEVICE_1_0 } from "../model/objects/device-1-0.ts";
import { DEVICE_1_2 } from "../model/objects/device-1-2.ts";
import { EVENT_LOG } from "../model/objects/event-log.ts";
import { FIRMWARE_UPDATE } from "../model/objects/firmware-update.ts";
import { FIRMWARE_UPDATE_1_1 } from "../model/objects/firmware-update-1-1.ts";
import { FIRMWARE_UPDATE_1_2 } from "../model/objects/firmware-update-1-2.ts";
import { GATEWAY } from "../model/objects/gateway.ts";
import { GATEWAY_1_0 } from "../model/objects/gateway-1-0.ts";
import { GATEWAY_ROUTING } from "../model/objects/gateway-routing.ts";
import * as ipso from "../model/objects/ipso.ts";
import { LOCATION } from "../model/objects/location.ts";
import { LOCK_AND_WIPE } from "../model/objects/lock-and-wipe.ts";
import { MQTT_SERVER } from "../model/objects/mqtt-server.ts";
import { OSCORE } from "../model/objects/oscore.ts";
import { OSCORE_1_0 } from "../model/objects/oscore-1-0.ts";
import { PORTFOLIO } from "../model/objects/portfolio.ts";
import { SECURITY } from "../model/objects/security.ts";
import { SECURITY_1_0 } from "../model/objects/security-1-0.ts";
import { SECURITY_1_2 } from "../model/objects/security-1-2.ts";
import { SERVER } from "../model/objects/server.ts";
import { SERVER_1_0 } from "../model/objects/server-1-0.ts";
import { SERVER_1_2 } from "../model/objects/server-1-2.ts";
import { SOFTWARE_MANAGEMENT } from "../model/objects/software-management.ts";
import { TEST_OBJECT_1_0 } from "../model/objects/test-object-1-0.ts";
import { TEST_OBJECT_1_1 } from "../model/objects/test-object-1-1.ts";
import { impliedObjectVersion } from "./versions.ts";

/** By id, then version, both ascending. */
export const STANDARD_OBJECTS: readonly ObjectDefinition[] = [
  SECURITY_1_0,
  SECURITY,
  SECURITY_1_2,
  SERVER_1_0,
  SERVER,
  SERVER_1_2,
  ACCESS_CONTROL,
  ACCESS_CONTROL_1_1,
  DEVICE_1_0,
  DEVICE,
  DEVICE_1_2,
  CONNECTIVITY_MONITORING_1_0,
  CONNECTIVITY_MONITORING,
  CONNECTIVITY_MONITORING_1_3,
  FIRMWARE_UPDATE,
  FIRMWARE_UPDATE_1_1,
  FIRMWARE_UPDATE_1_2,
  LOCATION,
  CONNECTIVITY_STATISTICS,
  LOCK_AND_WIPE,
  SOFTWARE_MANAGEMENT,
  PORTFOLIO,
  BINARY_APP_DATA_CONTAINER,
  EVENT_LOG,
  OSCORE_1_0,
  OSCORE,
  COSE,
  MQTT_SERVER,
  GATEWAY_1_0,
  GATEWAY,
  GATEWAY_ROUTING,
  ...Object.values(ipso).sort((a, b) => a.id - b.id),
  TEST_OBJECT_1_0,
  TEST_OBJECT_1_1,
];

const BY_VERSION: { [idAndVersion: string]: ObjectDefinition } = {};
const NEWEST: { [id: number]: ObjectDefinition } = {};
for (let i = 0; i < STANDARD_OBJECTS.length; i++) {
  const object = STANDARD_OBJECTS[i];
  BY_VERSION[`${object.id}/${object.version}`] = object;
  NEWEST[object.id] = object;
}

/** An object in one version; undefined when that does not ship. */
export function standardObject(id: number, version: string): ObjectDefinition | undefined {
  return BY_VERSION[`${id}/${version}`];
}

/**
 * The definitions that a device of an enabler version has when it says no versions of its own: of
 * objects that the enabler does not define, the newest.
 *
 * @param enabler `1.0`, `1.1` or `1.2`
 */
export function standardDefinitions(enabler: string): DefinitionOf {
  return (id) => BY_VERSION[`${id}/${impliedObjectVersion(enabler, id)}`] || NEWEST[id];
}
