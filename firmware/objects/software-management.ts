/**
 * Software Management (9) as an object: an instance per package of software, each with its machine (firmware/update/software-package.ts).
 *
 *     const software = softwareManagementObject((instanceId) => portsOf(instanceId));
 *     addSoftware(software, 0);
 */
import { BAD_REQUEST, CHANGED, NOT_IMPLEMENTED } from "../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import {
  SOFTWARE_ACTIVATE,
  SOFTWARE_ACTIVATION_STATE,
  SOFTWARE_DEACTIVATE,
  SOFTWARE_INSTALL,
  SOFTWARE_MANAGEMENT,
  SOFTWARE_PACKAGE,
  SOFTWARE_PACKAGE_NAME,
  SOFTWARE_PACKAGE_URI,
  SOFTWARE_PACKAGE_VERSION,
  SOFTWARE_PASSWORD,
  SOFTWARE_UNINSTALL,
  SOFTWARE_UPDATE_RESULT,
  SOFTWARE_UPDATE_STATE,
  SOFTWARE_UPDATE_SUPPORTED_OBJECTS,
  SOFTWARE_USER_NAME,
} from "../../protocol/model/objects/software-management.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { NEVER } from "../../protocol/time/duration.ts";
import type { UpdateSettings } from "../update/firmware-update.ts";
import { LONGEST_URI } from "../update/package-uri.ts";
import type { SoftwarePorts } from "../update/software-package.ts";
import { SoftwarePackage } from "../update/software-package.ts";
import type { ObjectMachine } from "./lwm2m-object.ts";
import { IdTable, LwM2mObject } from "./lwm2m-object.ts";

/** Object 9 without instances; the application adds one for each package that the device has room for. */
export function softwareManagementObject(
  portsOf: (instanceId: number) => SoftwarePorts,
  settings: UpdateSettings = {},
): LwM2mObject {
  const object = new LwM2mObject(SOFTWARE_MANAGEMENT);
  object.isFixed = true;
  function machine(own: LwM2mObject, instanceId: number): SoftwarePackage {
    if (own.machine === undefined) own.machine = new Packages();
    const { table } = own.machine as Packages;
    let one = table.get(instanceId);
    if (one === undefined) {
      one = new SoftwarePackage(own, instanceId, portsOf(instanceId), settings);
      table.put(instanceId, one);
    }
    return one;
  }
  object.onCheck = function (own, instanceId, resourceId, value) {
    if (resourceId === SOFTWARE_PACKAGE) return machine(own, instanceId).mayWrite(false);
    if (resourceId !== SOFTWARE_PACKAGE_URI) return true;
    if ((value as string).length > LONGEST_URI) return BAD_REQUEST;
    return machine(own, instanceId).mayWrite(false);
  };
  object.onWrite = function (own, instanceId, resourceId) {
    const value = own.get(instanceId, resourceId);
    if (resourceId === SOFTWARE_PACKAGE) {
      own.set(instanceId, SOFTWARE_PACKAGE, NO_BYTES);
      machine(own, instanceId).writePackage(value as Uint8Array);
    } else if (resourceId === SOFTWARE_PACKAGE_URI) {
      machine(own, instanceId).writeUri(value as string);
    }
  };
  object.onExecute = function (own, instanceId, resourceId, text) {
    const code = execute(machine(own, instanceId), resourceId, text);
    return code === CHANGED ? undefined : code;
  };
  object.packages = machine;
  return object;
}

/** Adds room for a package; takes up what was there before a restart. */
export function addSoftware(object: LwM2mObject, instanceId: number): void {
  object.create(instanceId, {
    [SOFTWARE_PACKAGE_NAME]: "",
    [SOFTWARE_PACKAGE_VERSION]: "",
    [SOFTWARE_PACKAGE]: NO_BYTES,
    [SOFTWARE_PACKAGE_URI]: "",
    [SOFTWARE_UPDATE_STATE]: 0,
    [SOFTWARE_UPDATE_SUPPORTED_OBJECTS]: false,
    [SOFTWARE_UPDATE_RESULT]: 0,
    [SOFTWARE_ACTIVATION_STATE]: false,
    [SOFTWARE_USER_NAME]: "",
    [SOFTWARE_PASSWORD]: "",
  });
  if (object.packages !== undefined) object.packages(object, instanceId);
}

function execute(software: SoftwarePackage, resourceId: number, text: string): number {
  switch (resourceId) {
    case SOFTWARE_INSTALL:
      return software.install();
    case SOFTWARE_UNINSTALL:
      return software.uninstall(text);
    case SOFTWARE_ACTIVATE:
      return software.activate(true);
    case SOFTWARE_DEACTIVATE:
      return software.activate(false);
    default:
      return NOT_IMPLEMENTED;
  }
}

class Packages implements ObjectMachine {
  readonly table: IdTable<SoftwarePackage> = new IdTable();

  deadline(): Milliseconds {
    let at = NEVER;
    const { items } = this.table;
    for (let i = 0; i < items.length; i++) at = Math.min(at, items[i].deadline());
    return at;
  }

  handleTimeout(now: Milliseconds): void {
    const { items } = this.table;
    for (let i = 0; i < items.length; i++) {
      if (now >= items[i].deadline()) items[i].handleTimeout(now);
    }
  }
}
