/**
 * LwM2M Server (1): an instance per server account, made by the agent. What servers write and execute there takes effect through
 * the listener.
 */
import type { Value } from "../../protocol/model/data-types.ts";
import {
  SERVER,
  SERVER_BINDING,
  SERVER_DEFAULT_PMAX,
  SERVER_DEFAULT_PMIN,
  SERVER_DISABLE,
  SERVER_DISABLE_TIMEOUT,
  SERVER_LIFETIME,
  SERVER_SHORT_SERVER_ID,
  SERVER_STORE_NOTIFICATIONS,
  SERVER_UPDATE_TRIGGER,
} from "../../protocol/model/objects/server.ts";
import type { Instance, ObjectListener } from "./lwm2m-object.ts";
import { LwM2mObject } from "./lwm2m-object.ts";

/** Hears of every change and execution in object 1; an agent. */
export interface AccountListener extends ObjectListener {
  handleAccount(instanceId: number, resourceId: number): void;
}

/** 2^32 - 1 seconds. */
const LONGEST_LIFETIME = 4294967295;

/** Object 1 without instances. Servers can neither create nor delete any: that is bootstrap's. */
export function serverObject(): LwM2mObject {
  const object = new LwM2mObject(SERVER);
  object.isFixed = true;
  object.onCheck = isAcceptableSetting;
  object.onChange = tellAccount;
  object.onExecute = execute;
  return object;
}

/** An account's instance as it is before anyone writes to it. */
let usual: LwM2mObject | undefined;

/** Makes the instance of one account. Agents of a fleet, whose accounts are alike, share it until one is written to. */
export function addAccount(
  object: LwM2mObject,
  instanceId: number,
  shortServerId: number,
  lifetimeSeconds: number,
  binding: string,
): void {
  if (
    usual === undefined ||
    usual.get(0, SERVER_SHORT_SERVER_ID) !== shortServerId ||
    usual.get(0, SERVER_LIFETIME) !== lifetimeSeconds ||
    usual.get(0, SERVER_BINDING) !== binding
  ) {
    usual = new LwM2mObject(SERVER);
    usual.create(0, {
      [SERVER_SHORT_SERVER_ID]: shortServerId,
      [SERVER_LIFETIME]: lifetimeSeconds,
      [SERVER_DISABLE]: true,
      [SERVER_STORE_NOTIFICATIONS]: true,
      [SERVER_BINDING]: binding,
      [SERVER_UPDATE_TRIGGER]: true,
    });
  }
  const instance = usual.instances.get(0) as Instance;
  instance.isShared = true;
  object.create(instanceId, instance);
}

/** May a server write this value to an account? */
export function isAcceptableSetting(
  _object: LwM2mObject,
  _instanceId: number,
  resourceId: number,
  value: Value,
): boolean {
  switch (resourceId) {
    case SERVER_LIFETIME:
    case SERVER_DEFAULT_PMIN:
    case SERVER_DEFAULT_PMAX:
    case SERVER_DISABLE_TIMEOUT:
      return typeof value === "number" && value >= 0 && value <= LONGEST_LIFETIME;
    case SERVER_BINDING:
      // UDP is the one transport there is; Q is LwM2M 1.0's way to ask for queue mode.
      return value === "U" || value === "UQ";
    default:
      return true;
  }
}

/** A resource of an account changed, or was executed. */
export function tellAccount(object: LwM2mObject, instanceId: number, resourceId: number): void {
  const listener = object.listener as AccountListener | undefined;
  if (listener !== undefined) listener.handleAccount(instanceId, resourceId);
}

function execute(object: LwM2mObject, instanceId: number, resourceId: number): undefined {
  tellAccount(object, instanceId, resourceId);
}
