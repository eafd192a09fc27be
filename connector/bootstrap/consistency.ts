/**
 * Whether accounts are complete: what a device checks when Bootstrap-Finish comes, and answers 4.06 if they are not (LwM2M Core 1.2.2
 * §6.1.2, §6.1.3.3). Checked here when a configuration is written, since then somebody is there to put it right.
 */
import {
  type Entry,
  EXECUTE,
  MANDATORY,
  type ObjectLink,
  type Value,
} from "../../protocol/model/data-types.ts";
import type { DefinitionOf } from "../../protocol/model/object-definition.ts";
import {
  SECURITY_BOOTSTRAP_SERVER,
  SECURITY_MODE,
  SECURITY_OSCORE_SECURITY_MODE,
  SECURITY_PUBLIC_KEY_OR_IDENTITY,
  SECURITY_SECRET_KEY,
  SECURITY_SERVER_PUBLIC_KEY,
  SECURITY_SERVER_URI,
  SECURITY_SHORT_SERVER_ID,
} from "../../protocol/model/objects/security.ts";
import {
  SECURITY_COSE_SECURITY,
  SECURITY_MQTT_SERVER,
} from "../../protocol/model/objects/security-1-2.ts";
import { SERVER_SHORT_SERVER_ID } from "../../protocol/model/objects/server.ts";
import type { Path } from "../../protocol/model/path.ts";
import { SECURITY_MODES } from "./document.ts";
import { bad } from "./values.ts";

/** Resources of an instance: a multiple one is here with its first value. */
type Resources = ReadonlyMap<number, Value>;
type Instances = ReadonlyMap<number, Resources>;

const LONGEST_URI = 255;
const SECURITY = 0;
const SERVER = 1;
/** Which keys an account needs, beside its mode (LwM2M Core 1.2.2 §E.1). The others hold nothing (LwM2M Transport 1.2.2 §5.2.9). */
const KEYS_OF_MODE = new Map<number, readonly number[]>([
  [SECURITY_MODES.psk, [SECURITY_PUBLIC_KEY_OR_IDENTITY, SECURITY_SECRET_KEY]],
  [
    SECURITY_MODES.rpk,
    [SECURITY_PUBLIC_KEY_OR_IDENTITY, SECURITY_SERVER_PUBLIC_KEY, SECURITY_SECRET_KEY],
  ],
  [
    SECURITY_MODES.x509,
    [SECURITY_PUBLIC_KEY_OR_IDENTITY, SECURITY_SERVER_PUBLIC_KEY, SECURITY_SECRET_KEY],
  ],
  [SECURITY_MODES.nosec, []],
  [SECURITY_MODES.est, [SECURITY_SERVER_PUBLIC_KEY]],
]);
const KEYS = [SECURITY_PUBLIC_KEY_OR_IDENTITY, SECURITY_SERVER_PUBLIC_KEY, SECURITY_SECRET_KEY];
const MODE_NAMES = new Map<number, string>(
  Object.entries(SECURITY_MODES).map(([name, mode]) => [mode, name]),
);

/**
 * @param entries in tree order
 * @throws Error with code `access/bad-value` that names the path and what was expected
 */
export function checkConsistency(
  entries: readonly Entry[],
  deletes: readonly Path[],
  definitionOf: DefinitionOf,
): void {
  const objects = instancesOf(entries);
  checkMandatory(objects, definitionOf);
  const security = objects.get(SECURITY) ?? new Map<number, Resources>();
  const server = objects.get(SERVER) ?? new Map<number, Resources>();
  const accounts = accountsIn(security, objects);
  checkPairs(accounts, server);
  const deletesAccounts = deletes.some((path) => path.length === 0 || path[0] <= SERVER);
  if (deletesAccounts && accounts.size === 0) {
    throw bad("/0", "the device would be left without a server; expected at least one account");
  }
}

function instancesOf(entries: readonly Entry[]): Map<number, Map<number, Map<number, Value>>> {
  const objects = new Map<number, Map<number, Map<number, Value>>>();
  for (const { path, value } of entries) {
    if (value === undefined) continue;
    const instances = objects.get(path[0]) ?? new Map<number, Map<number, Value>>();
    const resources = instances.get(path[1]) ?? new Map<number, Value>();
    if (!resources.has(path[2])) resources.set(path[2], value);
    instances.set(path[1], resources);
    objects.set(path[0], instances);
  }
  return objects;
}

/** Each instance has what its object says that each has. Security's keys depend on the mode, and are looked at there. */
function checkMandatory(objects: ReadonlyMap<number, Instances>, definitionOf: DefinitionOf): void {
  for (const [objectId, instances] of objects) {
    const resources = definitionOf(objectId)?.resources ?? [];
    for (let i = 0; i < resources.length; i += 2) {
      const isAsked = (resources[i + 1] & (MANDATORY | EXECUTE)) === MANDATORY;
      if (!isAsked || (objectId === SECURITY && KEYS.includes(resources[i]))) continue;
      for (const [instanceId, instance] of instances) {
        if (instance.has(resources[i])) continue;
        throw bad(
          `/${objectId}/${instanceId}/${resources[i]}`,
          "expected a value, it is mandatory",
        );
      }
    }
  }
}

/** The servers' accounts by Short Server ID: the instance of Security that each has. */
function accountsIn(
  security: Instances,
  objects: ReadonlyMap<number, Instances>,
): Map<number, number> {
  const accounts = new Map<number, number>();
  let bootstrapAccount: number | undefined;
  for (const [instanceId, instance] of security) {
    const at = `/0/${instanceId}`;
    checkKeys(instance, at);
    checkLinks(instance, at, objects);
    if (instance.get(SECURITY_BOOTSTRAP_SERVER) === true) {
      if (bootstrapAccount !== undefined) {
        throw bad(at, `/0/${bootstrapAccount} is the bootstrap account already; expected one`);
      }
      bootstrapAccount = instanceId;
      continue;
    }
    const id = shortServerId(instance.get(SECURITY_SHORT_SERVER_ID), `${at}/10`);
    const other = accounts.get(id);
    if (other !== undefined) {
      throw bad(`${at}/10`, `/0/${other} has the Short Server ID ${id} too; expected another`);
    }
    accounts.set(id, instanceId);
  }
  return accounts;
}

function checkPairs(accounts: ReadonlyMap<number, number>, server: Instances): void {
  const paired = new Map<number, number>();
  for (const [instanceId, instance] of server) {
    const at = `/1/${instanceId}/0`;
    const id = shortServerId(instance.get(SERVER_SHORT_SERVER_ID), at);
    if (!accounts.has(id)) {
      throw bad(at, `no instance of /0 has the Short Server ID ${id}; expected one`);
    }
    const other = paired.get(id);
    if (other !== undefined) {
      throw bad(at, `/1/${other} has the Short Server ID ${id} too; expected another`);
    }
    paired.set(id, instanceId);
  }
  for (const [id, instanceId] of accounts) {
    if (paired.has(id)) continue;
    throw bad(
      `/0/${instanceId}/10`,
      `no instance of /1 has the Short Server ID ${id}; expected one`,
    );
  }
}

function shortServerId(value: Value | undefined, at: string): number {
  if (typeof value === "number" && value >= 1 && value <= 65534) return value;
  throw bad(at, "expected a Short Server ID from 1 to 65534");
}

function checkKeys(instance: Resources, at: string): void {
  const mode = instance.get(SECURITY_MODE) as number;
  const needed = KEYS_OF_MODE.get(mode);
  if (needed === undefined) throw bad(`${at}/${SECURITY_MODE}`, "expected a security mode, 0 to 4");
  const name = MODE_NAMES.get(mode);
  for (const key of KEYS) {
    const value = instance.get(key);
    const isThere = value instanceof Uint8Array && value.length > 0;
    if (needed.includes(key) && !isThere) {
      throw bad(`${at}/${key}`, `expected a value, as security mode ${name} needs it`);
    }
    // LwM2M Core 1.2.2 §E.1: null in NoSec.
    if (mode === SECURITY_MODES.nosec && isThere) {
      throw bad(`${at}/${key}`, "security mode nosec has no keys; expected nothing");
    }
  }
  checkUri(
    instance.get(SECURITY_SERVER_URI),
    mode,
    at,
    instance.has(SECURITY_OSCORE_SECURITY_MODE),
  );
}

function checkUri(value: Value | undefined, mode: number, at: string, hasOscore: boolean): void {
  const path = `${at}/${SECURITY_SERVER_URI}`;
  const uri = String(value);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/[^/\s]+/i.exec(uri)?.[1].toLowerCase();
  if (scheme === undefined || uri.length > LONGEST_URI) {
    throw bad(path, `expected a URI as coap://host:5683, at most ${LONGEST_URI} characters`);
  }
  const isPlain = scheme === "coap" || scheme === "coap+tcp";
  const isSecure = scheme === "coaps" || scheme === "coaps+tcp";
  if (isSecure && mode === SECURITY_MODES.nosec) {
    throw bad(path, `security mode nosec goes with coap, not ${scheme}`);
  }
  if (isPlain && mode !== SECURITY_MODES.nosec && !hasOscore) {
    throw bad(path, `security mode ${MODE_NAMES.get(mode)} goes with coaps, not ${scheme}`);
  }
}

function checkLinks(
  instance: Resources,
  at: string,
  objects: ReadonlyMap<number, Instances>,
): void {
  for (const [resourceId, objectId] of [
    [SECURITY_OSCORE_SECURITY_MODE, 21],
    [SECURITY_MQTT_SERVER, 24],
    [SECURITY_COSE_SECURITY, 23],
  ]) {
    const link = instance.get(resourceId) as ObjectLink | undefined;
    if (link === undefined || link.objectId === 65535) continue;
    const isThere = objects.get(objectId)?.has(link.objectInstanceId) === true;
    if (link.objectId !== objectId || !isThere) {
      throw bad(`${at}/${resourceId}`, `expected a link to an instance of /${objectId} given here`);
    }
  }
}
