/**
 * From a bootstrap configuration as people write it to what one device is given: values at their places, and how they get there.
 *
 * Whatever is wrong is said with the path where it is and what was expected there, before a device sees any of it.
 */

import { standardDefinitions } from "../../protocol/lwm2m/standard-objects.ts";
import {
  type Entry,
  EXECUTE,
  MULTIPLE,
  NONE,
  OPAQUE,
  TYPE_MASK,
  type Value,
} from "../../protocol/model/data-types.ts";
import { type ObjectDefinition, resourceFlags } from "../../protocol/model/object-definition.ts";
import {
  SECURITY_BOOTSTRAP_SERVER,
  SECURITY_MODE,
  SECURITY_PUBLIC_KEY_OR_IDENTITY,
  SECURITY_SECRET_KEY,
  SECURITY_SERVER_PUBLIC_KEY,
  SECURITY_SERVER_URI,
  SECURITY_SHORT_SERVER_ID,
} from "../../protocol/model/objects/security.ts";
import {
  SERVER_BINDING,
  SERVER_DEFAULT_PMAX,
  SERVER_DEFAULT_PMIN,
  SERVER_DISABLE_TIMEOUT,
  SERVER_LIFETIME,
  SERVER_SHORT_SERVER_ID,
  SERVER_STORE_NOTIFICATIONS,
} from "../../protocol/model/objects/server.ts";
import { formatPath, type Path, parsePath, RESERVED_ID } from "../../protocol/model/path.ts";
import { checkConsistency } from "./consistency.ts";
import {
  type ConfigurationDocument,
  FORMAT_NUMBERS,
  SECURITY_MODES,
  type ServerDocument,
} from "./document.ts";
import { bad, type Filling, readValue } from "./values.ts";

/** What one device is given. */
export interface BootstrapConfiguration {
  /** In tree order, each with the type of its definition. */
  readonly entries: readonly Entry[];
  /** Deleted first, in this order; `[]` is everything. */
  readonly deletes: readonly Path[];
  readonly discovers: boolean;
  /** Objects read first. */
  readonly reads: readonly Path[];
  /** Of what is written; undefined leaves it to the device. */
  readonly format: number | undefined;
  /** What is missing here the device has; each resource is written by itself. */
  readonly isPartial: boolean;
  readonly isPackable: boolean;
}

type Objects = NonNullable<ConfigurationDocument["objects"]>;

/** Where values are typed by the newest definitions: an older device ignores what it does not know (LwM2M Core 1.2.2 §6.1.7.5). */
export const definitionOf = standardDefinitions("1.2");

/** The core objects of bootstrap: each account consists of instances of them (LwM2M Core 1.2.2 §6.1.2). */
const ACCOUNT_OBJECTS = [0, 1, 2, 21, 23, 24];

const SECURITY_KEYS = [
  SECURITY_PUBLIC_KEY_OR_IDENTITY,
  SECURITY_SERVER_PUBLIC_KEY,
  SECURITY_SECRET_KEY,
];
const NO_BYTES = new Uint8Array(0);

/** All instances of one document together, and the values in them. */
const MOST_VALUES = 2000;
const USUAL_LIFETIME = 86_400;

/**
 * What a document means for a device.
 *
 * @throws Error with code `access/bad-value` that names the path and what was expected
 */
export function configurationFor(
  document: ConfigurationDocument,
  filling: Filling,
): BootstrapConfiguration {
  const objects = objectsOf(document);
  const entries = [...objectEntries(objects, filling)];
  if (document.partial !== true) entries.push(...unusedKeys(entries));
  if (entries.length > MOST_VALUES) throw bad("objects", `expected at most ${MOST_VALUES} values`);
  entries.sort((one, other) => comparePaths(one.path, other.path));
  const deletes = deletesOf(document).map(deletePath);
  const isPartial = document.partial === true;
  if (!isPartial) checkConsistency(entries, deletes, definitionOf);
  return {
    entries,
    deletes,
    discovers: document.placement === "discover",
    reads: (document.read ?? []).map((path) => parsePath(path) ?? []),
    format: document.format === undefined ? undefined : FORMAT_NUMBERS[document.format],
    isPartial,
    isPackable: document.pack !== false && !isPartial,
  };
}

/**
 * A document in its full form: object id -> instance id -> resource id -> value. Of the usual accounts, instance 0 of Security is left to
 * the bootstrap account, where most devices have it.
 *
 * @throws Error with code `access/bad-value` where `servers` and `objects` give the same instance
 */
export function objectsOf({ servers = [], objects = {} }: ConfigurationDocument): Objects {
  if (servers.length === 0) return objects;
  const security: Record<string, Record<string, unknown>> = { ...objects["0"] };
  const server: Record<string, Record<string, unknown>> = { ...objects["1"] };
  for (const [i, each] of servers.entries()) {
    for (const [objectId, instances, instanceId, resources] of [
      [0, security, i + 1, securityResources(each)],
      [1, server, i, serverResources(each)],
    ] as const) {
      if (Object.hasOwn(instances, instanceId)) {
        throw bad(`/${objectId}/${instanceId}`, "servers and objects both give this");
      }
      const isThere = Object.entries(resources).filter(([, json]) => json !== undefined);
      instances[instanceId] = Object.fromEntries(isThere);
    }
  }
  return { ...objects, 0: security, 1: server };
}

/** What is deleted first, as paths: what the document says, else the core objects that are written, as a Bootstrap-Pack has it. */
export function deletesOf(document: ConfigurationDocument): readonly string[] {
  if (document.delete !== undefined) return document.delete;
  if (document.partial === true) return [];
  const objects = objectsOf(document);
  const given = ACCOUNT_OBJECTS.filter((id) => Object.keys(objects[id] ?? {}).length > 0);
  return given.map((id) => `/${id}`);
}

function securityResources(server: ServerDocument): Record<number, unknown> {
  const mode = server.securityMode ?? "nosec";
  const identity = mode === "psk" ? { text: server.identity ?? "{endpoint}" } : undefined;
  return {
    [SECURITY_SERVER_URI]: server.uri,
    [SECURITY_BOOTSTRAP_SERVER]: false,
    [SECURITY_MODE]: SECURITY_MODES[mode],
    [SECURITY_PUBLIC_KEY_OR_IDENTITY]: server.publicKey ?? identity,
    [SECURITY_SERVER_PUBLIC_KEY]: server.serverPublicKey,
    [SECURITY_SECRET_KEY]: server.secretKey,
    [SECURITY_SHORT_SERVER_ID]: server.shortServerId,
  };
}

function serverResources(server: ServerDocument): Record<number, unknown> {
  return {
    [SERVER_SHORT_SERVER_ID]: server.shortServerId,
    [SERVER_LIFETIME]: server.lifetime ?? USUAL_LIFETIME,
    [SERVER_DEFAULT_PMIN]: server.defaultMinimumPeriod,
    [SERVER_DEFAULT_PMAX]: server.defaultMaximumPeriod,
    [SERVER_DISABLE_TIMEOUT]: server.disableTimeout,
    [SERVER_STORE_NOTIFICATIONS]: server.storeNotifications ?? true,
    [SERVER_BINDING]: server.binding ?? "U",
  };
}

function* objectEntries(objects: Objects, filling: Filling): Iterable<Entry> {
  for (const [objectName, instances] of Object.entries(objects)) {
    const objectId = idOf(objectName, "objects", "an object");
    const definition = definitionOf(objectId);
    if (definition === undefined)
      throw bad(`/${objectId}`, "there is no definition of this object");
    for (const [instanceName, resources] of Object.entries(instances)) {
      const instanceId = idOf(instanceName, `/${objectId}`, "an object instance");
      if (!definition.multiple && instanceId !== 0) {
        throw bad(`/${objectId}/${instanceId}`, "the object has one instance; expected 0");
      }
      yield* instanceEntries([objectId, instanceId], resources, definition, filling);
    }
  }
}

/**
 * The keys that an account's mode has no use for, without a byte in them: they are mandatory (LwM2M Core 1.2.2 §E.1), and Leshan's client
 * finds an account without them inconsistent.
 */
function unusedKeys(entries: readonly Entry[]): Entry[] {
  const given = new Set(entries.map(({ path }) => formatPath(path)));
  const instances = new Set(entries.filter(({ path }) => path[0] === 0).map(({ path }) => path[1]));
  return [...instances].flatMap((instanceId) =>
    SECURITY_KEYS.map((key) => [0, instanceId, key])
      .filter((path) => !given.has(formatPath(path)))
      .map((path) => ({ path, type: OPAQUE, value: NO_BYTES })),
  );
}

function* instanceEntries(
  at: Path,
  resources: Readonly<Record<string, unknown>>,
  definition: ObjectDefinition,
  filling: Filling,
): Iterable<Entry> {
  for (const [name, json] of Object.entries(resources)) {
    const path = [...at, idOf(name, formatPath(at), "a resource")];
    const flags = resourceFlags(definition, path[2]);
    if (flags === 0) throw bad(formatPath(path), "the object has no such resource");
    if ((flags & EXECUTE) !== 0 || (flags & TYPE_MASK) === NONE) {
      throw bad(formatPath(path), "this is executed; expected a resource that holds something");
    }
    if ((flags & MULTIPLE) === 0) {
      yield entryOf(path, json, filling);
      continue;
    }
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw bad(formatPath(path), 'expected an object of ids and values, as {"0": ...}');
    }
    for (const [instanceName, value] of Object.entries(json)) {
      const id = idOf(instanceName, formatPath(path), "a resource instance");
      yield entryOf([...path, id], value, filling);
    }
  }
}

function entryOf(path: Path, json: unknown, filling: Filling): Entry {
  const definition = definitionOf(path[0]);
  const type = (definition === undefined ? 0 : resourceFlags(definition, path[2])) & TYPE_MASK;
  return { path, type, value: readValue(type, json, path, filling) };
}

function idOf(text: string, at: string, what: string): number {
  const id = /^(0|[1-9]\d{0,4})$/.test(text) ? Number(text) : RESERVED_ID;
  if (id >= RESERVED_ID) throw bad(at, `${JSON.stringify(text.slice(0, 20))} is no id of ${what}`);
  return id;
}

function deletePath(text: string): Path {
  const path = parsePath(text);
  if (path === undefined || path.length > 2 || path.includes(RESERVED_ID)) {
    throw bad(`delete ${text}`, "expected an object, an object instance or /, as /1 or /1/0");
  }
  return path;
}

export function comparePaths(one: Path, other: Path): number {
  for (let i = 0; i < one.length && i < other.length; i++) {
    if (one[i] !== other[i]) return one[i] - other[i];
  }
  return one.length - other.length;
}

/** The value at a path, undefined when there is none. */
export function valueAt(entries: readonly Entry[], path: Path): Value | undefined {
  return entries.find((entry) => comparePaths(entry.path, path) === 0)?.value;
}
