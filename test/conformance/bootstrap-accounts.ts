/**
 * What a Bootstrap-Server is to write, and whether what it has written is an account that a client can use (LwM2M Core 1.1.1 §6.1.2,
 * §E.1, §E.2).
 */
import type { Value } from "../../protocol/model/data-types.ts";
import type { BootstrapPlan } from "./bootstrap-under-test.ts";
import { formatValue, isSameValue } from "./content.ts";

const PSK = 0;
const NO_SECURITY = 3;
/** Keys of an account by security mode: PSK, RPK, certificate, NoSec, EST. */
const KEYS: readonly (readonly number[])[] = [[3, 5], [3, 4, 5], [3, 4, 5], [], [4]];
const SECURITY_MANDATORY = [0, 1, 2];
const SERVER_MANDATORY = [0, 1, 6, 7];
const BOOTSTRAP_SERVER = 1;
const SECURITY_MODE = 2;
const SHORT_SERVER_ID = 10;
const HIGHEST_SHORT_SERVER_ID = 65534;

/** The Short Server ID of the account that is written. */
export const SERVER_ID = 1;
const SERVER_URI = "coap://192.0.2.1:5683";
const LIFETIME = 86400;

/** Resources of an instance by id. */
export type Instance = ReadonlyMap<number, Value>;
type Values = ReadonlyMap<string, Value>;

/** The account of C.1, without security: its instances are /0/0 and /1/0 unless told otherwise. */
export const ACCOUNT: BootstrapPlan = { values: accountValues(), deletes: ["/0", "/1"] };

/** The values of an account with a NoSec server. */
export function accountValues(security = "/0/0", server = "/1/0"): Record<string, Value> {
  return {
    [`${security}/0`]: SERVER_URI,
    [`${security}/1`]: false,
    [`${security}/2`]: NO_SECURITY,
    [`${security}/10`]: SERVER_ID,
    [`${server}/0`]: SERVER_ID,
    [`${server}/1`]: LIFETIME,
    [`${server}/6`]: false,
    [`${server}/7`]: "U",
  };
}

/** What is wrong with the accounts among these values, by what it is about; "" where nothing is. */
export interface AccountFaults {
  readonly complete: string;
  readonly paired: string;
  readonly range: string;
  readonly single: string;
}

export function accountFaults(values: Values): AccountFaults {
  const security = instancesOf(values, 0);
  const server = instancesOf(values, 1);
  return {
    complete: incomplete(security, server),
    paired: unpaired(security, server),
    range: outOfRange(security, server),
    single: severalBootstrapAccounts(security),
  };
}

function incomplete(
  security: ReadonlyMap<string, Instance>,
  server: ReadonlyMap<string, Instance>,
): string {
  for (const [path, instance] of security) {
    const isBootstrap = instance.get(BOOTSTRAP_SERVER) === true;
    const wanted = isBootstrap ? SECURITY_MANDATORY : [...SECURITY_MANDATORY, SHORT_SERVER_ID];
    const fault = lacking(path, instance, wanted) || wrongKeys(path, instance);
    if (fault !== "") return fault;
  }
  for (const [path, instance] of server) {
    const fault = lacking(path, instance, SERVER_MANDATORY);
    if (fault !== "") return fault;
  }
  return serverAccounts(security).length === 0 ? "no account of a server was written" : "";
}

function lacking(path: string, instance: Instance, wanted: readonly number[]): string {
  const missing = wanted.find((id) => instance.get(id) === undefined || instance.get(id) === "");
  return missing === undefined ? "" : `${path} has no ${missing}, which is mandatory`;
}

function wrongKeys(path: string, instance: Instance): string {
  const mode = Number(instance.get(SECURITY_MODE));
  const wanted = KEYS[mode];
  if (wanted === undefined) return `${path}/2 is ${mode}, which is no security mode`;
  for (const key of KEYS[PSK + 1]) {
    const value = instance.get(key);
    const isThere = value instanceof Uint8Array && value.length > 0;
    if (wanted.includes(key) && !isThere) return `${path}/${key} is empty in security mode ${mode}`;
    if (mode === NO_SECURITY && isThere) return `${path}/${key} is a key in NoSec`;
  }
  return "";
}

function unpaired(
  security: ReadonlyMap<string, Instance>,
  server: ReadonlyMap<string, Instance>,
): string {
  const accounts = serverAccounts(security);
  for (const [path, instance] of accounts) {
    const id = instance.get(SHORT_SERVER_ID);
    const pairs = [...server].filter(([, other]) => other.get(0) === id);
    const twins = accounts.filter(([, other]) => other.get(SHORT_SERVER_ID) === id);
    if (pairs.length !== 1)
      return `${path} has Short Server ID ${id}, which ${pairs.length} of /1 have`;
    if (twins.length !== 1) return `${twins.length} instances of /0 have Short Server ID ${id}`;
  }
  for (const [path, instance] of server) {
    const id = instance.get(0);
    if (accounts.some(([, other]) => other.get(SHORT_SERVER_ID) === id)) continue;
    return `${path} has Short Server ID ${id}, which no instance of /0 has`;
  }
  return "";
}

function outOfRange(
  security: ReadonlyMap<string, Instance>,
  server: ReadonlyMap<string, Instance>,
): string {
  const ids = [
    ...serverAccounts(security).map(([path, one]) => [`${path}/10`, one.get(10)] as const),
    ...[...server].map(([path, one]) => [`${path}/0`, one.get(0)] as const),
  ];
  const wrong = ids.find(([, id]) => !isShortServerId(id));
  return wrong === undefined ? "" : `${wrong[0]} is ${formatValue(wrong[1])}`;
}

function isShortServerId(id: Value | undefined): boolean {
  return typeof id === "number" && id >= 1 && id <= HIGHEST_SHORT_SERVER_ID;
}

function severalBootstrapAccounts(security: ReadonlyMap<string, Instance>): string {
  const accounts = [...security].filter(([, one]) => one.get(BOOTSTRAP_SERVER) === true);
  const paths = accounts.map(([path]) => path).join(" and ");
  return accounts.length > 1 ? `${paths} are both bootstrap accounts` : "";
}

function serverAccounts(security: ReadonlyMap<string, Instance>): [string, Instance][] {
  return [...security].filter(([, instance]) => instance.get(BOOTSTRAP_SERVER) !== true);
}

/** The instances of an object among these values, by path. Of a multiple resource the first value counts. */
export function instancesOf(values: Values, objectId: number): Map<string, Map<number, Value>> {
  const instances = new Map<string, Map<number, Value>>();
  for (const [path, value] of values) {
    const [, object, instanceId, resourceId] = path.split("/");
    if (object !== `${objectId}`) continue;
    const at = `/${objectId}/${instanceId}`;
    const instance = instances.get(at) ?? new Map<number, Value>();
    if (!instance.has(Number(resourceId))) instance.set(Number(resourceId), value);
    instances.set(at, instance);
  }
  return instances;
}

/**
 * Whether a plan's values are among those that were written, "" if so. Instances of an account may be elsewhere than planned: they are
 * found by their Short Server ID.
 */
export function planFault(plan: BootstrapPlan, written: Values): string {
  const wanted = new Map(Object.entries(plan.values));
  for (const objectId of new Set([...wanted.keys()].map((path) => Number(path.split("/")[1])))) {
    const there = [...instancesOf(written, objectId).values()];
    for (const [path, instance] of instancesOf(wanted, objectId)) {
      const fault = instanceFault(path, instance, there, objectId);
      if (fault !== "") return fault;
    }
  }
  return "";
}

function instanceFault(
  path: string,
  wanted: Instance,
  there: readonly Instance[],
  objectId: number,
): string {
  const key = objectId === 0 ? SHORT_SERVER_ID : 0;
  const same = there.find((one) => isSameValue(one.get(key), wanted.get(key)));
  if (same === undefined) return `nothing like the configured ${path} was written`;
  for (const [id, value] of wanted) {
    const got = same.get(id);
    if (!isSameValue(got, value)) {
      return `${path}/${id} is ${formatValue(got)}, not ${formatValue(value)}`;
    }
  }
  return "";
}
