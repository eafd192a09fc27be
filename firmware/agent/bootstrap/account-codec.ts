/**
 * Accounts as bytes, for whoever keeps them over a restart: the instances of objects 0, 1, 2, 21, 23 and 24 as they are in force. They
 * hold keys: whoever stores them keeps them as secret as the device itself.
 *
 *     byte 0    the format of the rest, 1
 *     byte 1    bit 0: a bootstrap server has configured this device, and its account's timeout runs
 *     then      every value, secret or not, as LwM2M CBOR
 */
import { LWM2M_CBOR_CODEC } from "../../../protocol/content/lwm2m-cbor.ts";
import type { Malformed } from "../../../protocol/malformed.ts";
import { isMalformed, malformed } from "../../../protocol/malformed.ts";
import type { Entry } from "../../../protocol/model/data-types.ts";
import { EXECUTE, TYPE_MASK } from "../../../protocol/model/data-types.ts";
import { resourceFlags } from "../../../protocol/model/object-definition.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { IdTable } from "../../objects/lwm2m-object.ts";
import type { Agent } from "../agent.ts";
import { accountsOf, resetLinks } from "./account-links.ts";
import {
  ACCESS_CONTROL_OBJECT,
  addressOf,
  bootstrapAccount,
  COSE_OBJECT,
  faultOfServer,
  MQTT_SERVER_OBJECT,
  NO_INSTANCE,
  OSCORE_OBJECT,
  SECURITY_OBJECT,
  SERVER_OBJECT,
} from "./accounts.ts";
import { bootstrapLinkOf } from "./bootstrap-link.ts";
import { DELETE_ALONE_STEP, NO_ENTRIES, Preparation, WRITE_STEP } from "./bootstrap-preparation.ts";

const FORMAT = 1;
const HAS_CONFIGURED = 1;
const HEADER = 2;
const SOURCE = "accounts";

const OBJECTS: readonly number[] = [
  SECURITY_OBJECT,
  SERVER_OBJECT,
  ACCESS_CONTROL_OBJECT,
  OSCORE_OBJECT,
  COSE_OBJECT,
  MQTT_SERVER_OBJECT,
];

/** The accounts of an agent. Bytes of the caller's own. */
export function encodeAccounts(agent: Agent): Uint8Array {
  const entries: Entry[] = [];
  for (let i = 0; i < OBJECTS.length; i++) {
    const object = agent.object(OBJECTS[i]);
    if (object !== undefined) addEntries(object, entries);
  }
  const body = LWM2M_CBOR_CODEC.encode([], entries) as Uint8Array;
  const link = bootstrapLinkOf(agent);
  const bytes = new Uint8Array(HEADER + body.length);
  bytes[0] = FORMAT;
  bytes[1] = link !== undefined && link.hasConfigured ? HAS_CONFIGURED : 0;
  bytes.set(body, HEADER);
  return bytes;
}

function addEntries(object: LwM2mObject, entries: Entry[]): void {
  const id = object.definition.id;
  const instances = object.instances;
  for (let i = 0; i < instances.ids.length; i++) {
    const instance = instances.items[i];
    for (let k = 0; k < instance.ids.length; k++) {
      const flags = resourceFlags(object.definition, instance.ids[k]);
      if ((flags & EXECUTE) !== 0) continue;
      const path = [id, instances.ids[i], instance.ids[k]];
      const type = flags & TYPE_MASK;
      const held = instance.items[k];
      if (!(held instanceof IdTable)) entries.push({ path: path, type: type, value: held });
      else if (held.ids.length === 0) entries.push({ path: path, type: type, value: undefined });
      else {
        for (let n = 0; n < held.ids.length; n++) {
          entries.push({ path: path.concat(held.ids[n]), type: type, value: held.items[n] });
        }
      }
    }
  }
}

/**
 * Gives an agent that has not started these accounts instead of its own. Of its bootstrap server's it keeps how it is asked.
 *
 * @returns undefined, or what is wrong with the bytes; the agent is then as it was
 */
export function decodeAccounts(agent: Agent, bytes: Uint8Array): Malformed | undefined {
  if (bytes.length < HEADER || bytes[0] !== FORMAT) {
    return malformed("agent/accounts-format", 0, SOURCE);
  }
  const preparation = new Preparation(agent, NO_INSTANCE);
  const entries = LWM2M_CBOR_CODEC.decode(
    new Uint8Array(bytes.subarray(HEADER)),
    [],
    function (objectId) {
      return preparation.definitionOf(objectId);
    },
  );
  if (isMalformed(entries)) return entries;
  for (let i = 0; i < OBJECTS.length; i++) {
    const fault = prepare(preparation, OBJECTS[i], entries);
    if (fault !== undefined) return fault;
  }
  for (let i = 0; i < entries.length; i++) {
    if (OBJECTS.indexOf(entries[i].path[0]) < 0) {
      return malformed("agent/accounts-object", HEADER, SOURCE);
    }
  }
  const own = bootstrapAccount(preparation, NO_INSTANCE);
  const canBootstrap = own !== NO_INSTANCE && addressOf(preparation, own) !== undefined;
  const accounts = accountsOf(preparation);
  if (!canBootstrap && accounts.length === 0) {
    return malformed("agent/accounts-none", HEADER, SOURCE);
  }
  for (let i = 0; i < accounts.length; i++) {
    if (faultOfServer(preparation, accounts[i].shortServerId) !== undefined) {
      return malformed("agent/accounts-incomplete", HEADER, SOURCE);
    }
  }
  if (!preparation.commit()) return malformed("agent/accounts-value", HEADER, SOURCE);
  resetLinks(agent, (bytes[1] & HAS_CONFIGURED) !== 0);
  return undefined;
}

function prepare(
  preparation: Preparation,
  objectId: number,
  entries: readonly Entry[],
): Malformed | undefined {
  const path = [objectId];
  const own = entries.filter(function (entry) {
    return entry.path[0] === objectId;
  });
  if (preparation.object(objectId) === undefined && own.length === 0) return undefined;
  preparation.take({ kind: DELETE_ALONE_STEP, path: path, entries: NO_ENTRIES });
  const code = preparation.take({ kind: WRITE_STEP, path: path, entries: own });
  return code >> 5 === 2 ? undefined : malformed("agent/accounts-value", HEADER, SOURCE);
}
