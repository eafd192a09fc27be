/**
 * LwM2M Server (1) with all that its versions say of registration: what an account may set, what servers may write there, and what
 * executing means. A board has the shorter server.ts.
 */
import { BAD_REQUEST, METHOD_NOT_ALLOWED } from "../../protocol/coap/codes.ts";
import { parseArguments } from "../../protocol/lwm2m/execute-arguments.ts";
import { ENABLER_VERSIONS, isBindingOf, isEndless } from "../../protocol/lwm2m/versions.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../protocol/model/object-definition.ts";
import { resourceFlags } from "../../protocol/model/object-definition.ts";
import {
  SERVER,
  SERVER_BINDING,
  SERVER_BOOTSTRAP_ON_FAILURE,
  SERVER_BOOTSTRAP_TRIGGER,
  SERVER_DISABLE_TIMEOUT,
  SERVER_FAILURE_BLOCK,
  SERVER_INITIAL_DELAY,
  SERVER_LIFETIME,
  SERVER_MUTE_SEND,
  SERVER_PREFERRED_TRANSPORT,
  SERVER_PRIORITY_ORDER,
  SERVER_RETRY_COUNT,
  SERVER_RETRY_TIMER,
  SERVER_SEQUENCE_DELAY,
  SERVER_SEQUENCE_RETRY_COUNT,
  SERVER_STORE_NOTIFICATIONS,
  SERVER_TRIGGER,
  SERVER_UPDATE_TRIGGER,
} from "../../protocol/model/objects/server.ts";
import { SERVER_1_0 } from "../../protocol/model/objects/server-1-0.ts";
import {
  SERVER_1_2,
  SERVER_DEFAULT_NOTIFICATION_MODE,
  SERVER_PROFILE_ID_HASH_ALGORITHM,
  SERVER_SUPPORTED_SERVER_VERSIONS,
} from "../../protocol/model/objects/server-1-2.ts";
import type { Instance } from "./lwm2m-object.ts";
import { LwM2mObject } from "./lwm2m-object.ts";
import { misuse } from "./misuse.ts";
import type { AccountListener } from "./server.ts";
import { isAcceptableSetting, tellAccount } from "./server.ts";

/** What an account says beyond name and place, by the resources of object 1. All optional, with the standard's defaults. */
export interface AccountSettings {
  /** Seconds that Disable keeps the device away, /1/x/5; default 86400. */
  readonly disableTimeout?: number;
  /** Keep notifications while the server is away, /1/x/6; default true. */
  readonly storeNotifications?: boolean;
  /** The lower registers first, /1/x/13; without one it does not wait for others (since LwM2M 1.1, as all below). */
  readonly priorityOrder?: number;
  /** Seconds before the first registration, /1/x/14; default 0. */
  readonly initialDelay?: number;
  /** When registration fails here those after it in the order wait, /1/x/15; default false. */
  readonly failureBlock?: boolean;
  /** Ask the bootstrap server when registration fails, /1/x/16; default true. */
  readonly bootstrapOnFailure?: boolean;
  /** Attempts in a sequence, /1/x/17; default 5. */
  readonly retryCount?: number;
  /** Seconds after the first attempt, doubled after each, /1/x/18; default 60. */
  readonly retryTimer?: number;
  /** Seconds between sequences, /1/x/19; default 86400, 4294967295 for no further one. */
  readonly sequenceDelay?: number;
  /** Sequences, /1/x/20; default 1. */
  readonly sequenceRetryCount?: number;
  /** Reachable by SMS, /1/x/21; default false. */
  readonly trigger?: boolean;
  /** The one transport to use, /1/x/22; that of the account's address is the one there is. */
  readonly preferredTransport?: string;
  /** No Send to this server, /1/x/23. */
  readonly muteSend?: boolean;
  /** Of LwM2M, that the server has, such as "1.1", /1/x/25 (since LwM2M 1.2). */
  readonly supportedVersions?: readonly string[];
}

/** Member, resource. */
const SETTINGS: readonly (readonly [keyof AccountSettings, number])[] = [
  ["disableTimeout", SERVER_DISABLE_TIMEOUT],
  ["storeNotifications", SERVER_STORE_NOTIFICATIONS],
  ["priorityOrder", SERVER_PRIORITY_ORDER],
  ["initialDelay", SERVER_INITIAL_DELAY],
  ["failureBlock", SERVER_FAILURE_BLOCK],
  ["bootstrapOnFailure", SERVER_BOOTSTRAP_ON_FAILURE],
  ["retryCount", SERVER_RETRY_COUNT],
  ["retryTimer", SERVER_RETRY_TIMER],
  ["sequenceDelay", SERVER_SEQUENCE_DELAY],
  ["sequenceRetryCount", SERVER_SEQUENCE_RETRY_COUNT],
  ["trigger", SERVER_TRIGGER],
  ["preferredTransport", SERVER_PREFERRED_TRANSPORT],
  ["muteSend", SERVER_MUTE_SEND],
  ["supportedVersions", SERVER_SUPPORTED_SERVER_VERSIONS],
];

/** MAX_VALUE of the standard, and the greatest number of seconds. */
export const LARGEST_SETTING = 4294967295;

/** What object 1 needs of its agent. */
export interface AccountKeeper extends AccountListener {
  /** The enabler version spoken with the server of this instance; undefined for a plain CoAP device. */
  versionOf(instanceId: number): string | undefined;
  /** How the server of this instance is reached, "U" or "T"; undefined when it is not. */
  transportOf(instanceId: number): string | undefined;
  /** False when there is no bootstrap server to ask. */
  canBootstrap(): boolean;
}

/** The definition of object 1 in a version of LwM2M. */
export function serverDefinition(version: string | undefined): ObjectDefinition {
  if (version === "1.0") return SERVER_1_0;
  return version === "1.2" ? SERVER_1_2 : SERVER;
}

/** Object 1 without instances, in the version of LwM2M that the agent speaks. Servers can neither create nor delete any. */
export function accountObject(version: string | undefined): LwM2mObject {
  const object = new LwM2mObject(serverDefinition(version));
  object.isFixed = true;
  object.onCheck = isAcceptable;
  object.onChange = tellAccount;
  object.onExecute = execute;
  return object;
}

/** The account made last: agents of a fleet, whose accounts are alike, share its instance until one is written to. */
let usual: Instance | undefined;
let usualOrigin: Instance | undefined;

/**
 * Adds settings to an account that `addAccount` made. Throws `agent/server-setting` for one that this version of object 1 does not
 * have, or that has a value which it cannot have.
 */
export function applySettings(
  object: LwM2mObject,
  instanceId: number,
  settings: AccountSettings,
): void {
  const origin = object.instances.get(instanceId) as Instance;
  let wanted = 0;
  for (let i = 0; i < SETTINGS.length; i++) {
    if (settings[SETTINGS[i][0]] !== undefined) {
      wanted++;
      checkSetting(object, SETTINGS[i][0], SETTINGS[i][1], settings[SETTINGS[i][0]]);
    }
  }
  if (wanted === 0) return;
  if (usual === undefined || usualOrigin !== origin || !isAsWanted(usual, settings)) {
    const model = new LwM2mObject(object.definition);
    model.create(0, origin);
    for (let i = 0; i < SETTINGS.length; i++) {
      const value = settings[SETTINGS[i][0]];
      if (value !== undefined) model.set(0, SETTINGS[i][1], value);
    }
    usual = model.instances.get(0) as Instance;
    usual.isShared = true;
    usualOrigin = origin;
  }
  object.instances.put(instanceId, usual);
}

function checkSetting(
  object: LwM2mObject,
  name: string,
  resourceId: number,
  value: Value | readonly string[] | undefined,
): void {
  const { id, version } = object.definition;
  const place = `/${id}/x/${resourceId}`;
  if (resourceFlags(object.definition, resourceId) === 0) {
    throw misuse("agent/server-setting", `${name}: version ${version} of object 1 has no ${place}`);
  }
  if (typeof value !== "number") return;
  if (!(value >= 0 && value <= LARGEST_SETTING && Math.floor(value) === value)) {
    throw misuse("agent/server-setting", `${name}: ${place} is a whole number up to 4294967295`);
  }
}

/** True when an instance has these settings and no others. */
function isAsWanted(instance: Instance, settings: AccountSettings): boolean {
  for (let i = 0; i < SETTINGS.length; i++) {
    const value = settings[SETTINGS[i][0]];
    if (Array.isArray(value)) return false;
    if (value === undefined) {
      const origin = usualOrigin as Instance;
      if (instance.get(SETTINGS[i][1]) !== origin.get(SETTINGS[i][1])) return false;
    } else if (instance.get(SETTINGS[i][1]) !== value) return false;
  }
  return true;
}

function isAcceptable(
  object: LwM2mObject,
  instanceId: number,
  resourceId: number,
  value: Value,
): boolean {
  const keeper = object.listener as AccountKeeper | undefined;
  const version = (keeper && keeper.versionOf(instanceId)) || "1.1";
  switch (resourceId) {
    case SERVER_LIFETIME:
      // A lifetime of no seconds could not be kept.
      if (value === 0) return isEndless(version, value);
      return isAcceptableSetting(object, instanceId, resourceId, value);
    case SERVER_BINDING:
      // Whatever else the server has in mind, UDP is always among it (LwM2M Core 1.2.2 §6.2.1.2); UQ is how 1.0 asks for queue mode.
      return typeof value === "string" && (value === "UQ" || isBindingOf(version, value));
    case SERVER_PREFERRED_TRANSPORT:
      return isTransport(keeper, instanceId, value);
    case SERVER_INITIAL_DELAY:
    case SERVER_RETRY_COUNT:
    case SERVER_RETRY_TIMER:
    case SERVER_SEQUENCE_DELAY:
    case SERVER_SEQUENCE_RETRY_COUNT:
      return typeof value === "number" && value >= 0 && value <= LARGEST_SETTING;
    case SERVER_SUPPORTED_SERVER_VERSIONS:
      return typeof value === "string" && isVersionNumber(value);
    case SERVER_DEFAULT_NOTIFICATION_MODE:
      return value === 0 || value === 1;
    case SERVER_PROFILE_ID_HASH_ALGORITHM:
      return typeof value === "number" && value >= 0 && value <= 255;
    default:
      return isAcceptableSetting(object, instanceId, resourceId, value);
  }
}

/** 1*DIGIT "." 1*DIGIT ["." 1*DIGIT] (LwM2M Core 1.2.2 §E.2, resource 25). */
function isVersionNumber(text: string): boolean {
  const parts = text.split(".");
  if (parts.length < 2 || parts.length > 3) return false;
  for (let i = 0; i < parts.length; i++) {
    if (parts[i].length === 0) return false;
    for (let k = 0; k < parts[i].length; k++) {
      const digit = parts[i].charCodeAt(k) - 48;
      if (digit < 0 || digit > 9) return false;
    }
  }
  return true;
}

/** Disable, the triggers; what they do follows their answer. */
function execute(
  object: LwM2mObject,
  instanceId: number,
  resourceId: number,
  text: string,
): number | undefined {
  const keeper = object.listener as AccountKeeper | undefined;
  if (keeper !== undefined && resourceId === SERVER_UPDATE_TRIGGER) {
    const version = keeper.versionOf(instanceId) || "1.0";
    const isNamed = ENABLER_VERSIONS.indexOf(version) > 0;
    if (isNamed && !isOurTransport(keeper, instanceId, text)) return BAD_REQUEST;
  }
  if (resourceId === SERVER_BOOTSTRAP_TRIGGER && keeper !== undefined && !keeper.canBootstrap()) {
    return METHOD_NOT_ALLOWED;
  }
  tellAccount(object, instanceId, resourceId);
  return undefined;
}

/** Argument 0 of the Update trigger names the transport of the Update (LwM2M Core 1.2.2 §6.2.1.2); others mean nothing. */
function isOurTransport(keeper: AccountKeeper, instanceId: number, text: string): boolean {
  const list = parseArguments(text);
  if (isMalformed(list)) return false;
  for (let i = 0; i < list.length; i++) {
    if (list[i].digit === 0) return isTransport(keeper, instanceId, list[i].value);
  }
  return true;
}

/** The transport of an account that is not in force yet is not known. */
function isTransport(
  keeper: AccountKeeper | undefined,
  instanceId: number,
  value: unknown,
): boolean {
  const transport = keeper === undefined ? undefined : keeper.transportOf(instanceId);
  return transport === undefined ? value === "U" || value === "T" : value === transport;
}
