/**
 * Firmware Update (5) as an object: what servers write and execute goes to the machine of firmware/update/firmware-update.ts, which
 * shows its state here.
 *
 *     const update = firmwareUpdateObject(FIRMWARE_UPDATE_1_1, { staging, installer, sources: [coapPackages(board)] });
 *
 * A package that comes in pieces never lies in memory: claim its path in the CoAP settings (`PACKAGE_CLAIMS`).
 */
import { BAD_REQUEST, CHANGED, NOT_IMPLEMENTED } from "../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../protocol/model/object-definition.ts";
import { resourceFlags } from "../../protocol/model/object-definition.ts";
import {
  FIRMWARE_DELIVERY_METHOD,
  FIRMWARE_PACKAGE,
  FIRMWARE_PACKAGE_URI,
  FIRMWARE_PROTOCOLS,
  FIRMWARE_START,
  FIRMWARE_STATE,
  FIRMWARE_UPDATE_RESULT,
} from "../../protocol/model/objects/firmware-update.ts";
import {
  FIRMWARE_CANCEL,
  FIRMWARE_MAXIMUM_DEFER_PERIOD,
  FIRMWARE_SEVERITY,
} from "../../protocol/model/objects/firmware-update-1-1.ts";
import { FIRMWARE_AUTOMATIC_UPGRADE_AT_DOWNLOAD } from "../../protocol/model/objects/firmware-update-1-2.ts";
import type { UpdateSettings } from "../update/firmware-update.ts";
import { FirmwareUpdate, isReset } from "../update/firmware-update.ts";
import { LONGEST_URI } from "../update/package-uri.ts";
import type { PackageSource, UpdatePorts } from "../update/ports.ts";
import type { ResourceValues } from "./lwm2m-object.ts";
import { LwM2mObject } from "./lwm2m-object.ts";

/** /5/0/9. */
const PUSH_ONLY = 1;
const PUSH_AND_PULL = 2;
/** /5/0/11: mandatory is the default. */
const USUAL_SEVERITY = 1;
const HIGHEST_SEVERITY = 2;

/** Object 5 of one device, which takes up what was under way before a restart. */
export function firmwareUpdateObject(
  definition: ObjectDefinition,
  ports: UpdatePorts,
  settings: UpdateSettings = {},
): LwM2mObject {
  const object = firmwareUpdateKind(definition, ports.sources, () => ports, settings);
  firmwareUpdateOf(object);
  return object;
}

/**
 * Object 5 of a kind of device, for `twinOf`: each twin gets its ports when a server first writes or executes there.
 *
 * @param sources of all of them, for /5/0/8
 */
export function firmwareUpdateKind(
  definition: ObjectDefinition,
  sources: readonly PackageSource[] | undefined,
  portsOf: (object: LwM2mObject) => UpdatePorts,
  settings: UpdateSettings = {},
): LwM2mObject {
  const object = new LwM2mObject(definition);
  object.create(0, firstValues(definition, sources));
  function machine(own: LwM2mObject): FirmwareUpdate {
    if (own.machine === undefined) own.machine = new FirmwareUpdate(own, portsOf(own), settings);
    return own.machine as FirmwareUpdate;
  }
  object.onCheck = function (own, _instanceId, resourceId, value) {
    return verdictOn(machine(own), resourceId, value);
  };
  object.onWrite = function (own, _instanceId, resourceId) {
    take(machine(own), own, resourceId);
  };
  object.onExecute = function (own, _instanceId, resourceId) {
    const code = execute(machine(own), resourceId);
    return code === CHANGED ? undefined : code;
  };
  object.packages = function (own) {
    return machine(own);
  };
  return object;
}

/** The machine of an object 5; makes it where a twin has none yet. */
export function firmwareUpdateOf(object: LwM2mObject): FirmwareUpdate {
  return (object.packages as (own: LwM2mObject) => FirmwareUpdate)(object);
}

function firstValues(
  definition: ObjectDefinition,
  sources: readonly PackageSource[] | undefined,
): ResourceValues {
  let protocols: number[] = [];
  for (let i = 0; sources !== undefined && i < sources.length; i++) {
    protocols = protocols.concat(sources[i].protocols);
  }
  const values: { [resourceId: number]: ResourceValues[number] } = {
    [FIRMWARE_PACKAGE]: NO_BYTES,
    [FIRMWARE_PACKAGE_URI]: "",
    [FIRMWARE_STATE]: 0,
    [FIRMWARE_UPDATE_RESULT]: 0,
    [FIRMWARE_DELIVERY_METHOD]: protocols.length === 0 ? PUSH_ONLY : PUSH_AND_PULL,
  };
  if (protocols.length > 0) values[FIRMWARE_PROTOCOLS] = protocols;
  if (resourceFlags(definition, FIRMWARE_CANCEL) !== 0) {
    values[FIRMWARE_CANCEL] = true;
    values[FIRMWARE_SEVERITY] = USUAL_SEVERITY;
    values[FIRMWARE_MAXIMUM_DEFER_PERIOD] = 0;
  }
  if (resourceFlags(definition, FIRMWARE_AUTOMATIC_UPGRADE_AT_DOWNLOAD) !== 0) {
    values[FIRMWARE_AUTOMATIC_UPGRADE_AT_DOWNLOAD] = false;
  }
  return values;
}

function verdictOn(update: FirmwareUpdate, resourceId: number, value: Value): number {
  switch (resourceId) {
    case FIRMWARE_PACKAGE:
      return update.mayWrite(isReset(value as Uint8Array));
    case FIRMWARE_PACKAGE_URI:
      if ((value as string).length > LONGEST_URI) return BAD_REQUEST;
      return update.mayWrite(value === "");
    case FIRMWARE_SEVERITY:
      return (value as number) >= 0 && (value as number) <= HIGHEST_SEVERITY
        ? CHANGED
        : BAD_REQUEST;
    default:
      return CHANGED;
  }
}

function take(update: FirmwareUpdate, object: LwM2mObject, resourceId: number): void {
  const value = object.get(0, resourceId);
  if (resourceId === FIRMWARE_PACKAGE) {
    // Not to be read, and not to be kept.
    object.set(0, FIRMWARE_PACKAGE, NO_BYTES);
    update.writePackage(value as Uint8Array);
  } else if (resourceId === FIRMWARE_PACKAGE_URI) update.writeUri(value as string);
  else update.handleSettings();
}

function execute(update: FirmwareUpdate, resourceId: number): number {
  if (resourceId === FIRMWARE_START) return update.update();
  return resourceId === FIRMWARE_CANCEL ? update.cancel() : NOT_IMPLEMENTED;
}
