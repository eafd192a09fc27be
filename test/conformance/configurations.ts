/**
 * The base configurations of ETS 1.2 appendix C, as values. A client may have more than these say.
 *
 * Accounts are NoSec where the ETS says PSK; what is judged here does not depend on it.
 */
import type { Value } from "../../protocol/model/data-types.ts";
import { parsePath } from "../../protocol/model/path.ts";

/** By resource id; an array gives resource instances 0, 1, 2. */
export type Values = Readonly<Record<number, Value | readonly Value[]>>;
/** By object id, then object instance id. */
export type Objects = Readonly<Record<number, Readonly<Record<number, Values>>>>;

export type NotificationMode = "confirmable" | "non-confirmable";

export interface BaseConfiguration {
  /** As in ETS appendix C, with what was changed. */
  readonly name: string;
  /** All but object 0. Instance n of object 1 is the account at the harness's server n. */
  readonly objects: Objects;
  readonly queueMode: boolean;
  /** How the client is to send its notifications; its own choice where a configuration does not say. */
  readonly notifications?: NotificationMode;
  /** How its servers are reached; over UDP unless it says so. */
  readonly transport?: "tcp";
  /** The client registers with a Profile ID, instead of a list of objects or beside one of what the profile lacks. */
  readonly profileId?: "instead" | "beside";
  /** How many servers the harness has where the accounts do not say: those that a bootstrap server is to write. */
  readonly servers?: number;
  /** True with an account at a bootstrap server, in /0/1: the harness's, after its other servers. */
  readonly hasBootstrapServer?: boolean;
}

/** How many LwM2M servers the harness has, without the bootstrap server. */
export function serverCountOf({ objects, servers }: BaseConfiguration): number {
  return servers ?? Object.keys(objects[1] ?? {}).length;
}

/** The number of what is none of the client's servers: the first after the bootstrap server's, whether there is one or not. */
export function strangerOf(configuration: BaseConfiguration): number {
  return serverCountOf(configuration) + 1;
}

const SERVER_MINIMAL: Values = { 0: 1, 1: 86400, 6: false, 7: "U" };
const SERVER_EXTENDED: Values = { ...SERVER_MINIMAL, 2: 1, 3: 10, 5: 86400 };
/** Objlnk of the profile in use. */
const APN: Value = { objectId: 11, objectInstanceId: 0 };
const DEVICE_MINIMAL: Values = {
  0: "Open Mobile Alliance",
  1: "Lightweight M2M Client",
  2: "345000123",
  3: "1.0",
  11: [0],
  16: "U",
};
const DEVICE_POWER: Values = {
  ...DEVICE_MINIMAL,
  6: [1, 2],
  7: [3800, 5000],
  8: [125, 900],
  9: 80,
};

function configuration(name: string, objects: Objects): BaseConfiguration {
  return { name, objects, queueMode: false };
}

/** One account, the least of a device. */
export const C_1 = configuration("C.1", { 1: { 0: SERVER_MINIMAL }, 3: { 0: DEVICE_MINIMAL } });

/** C.1 with the optional resources of object 1. */
export const C_3 = configuration("C.3", { 1: { 0: SERVER_EXTENDED }, 3: { 0: DEVICE_MINIMAL } });

/** C.3 with power sources. */
export const C_4 = configuration("C.4", { 1: { 0: SERVER_EXTENDED }, 3: { 0: DEVICE_POWER } });

/** With connectivity monitoring. */
export const C_5 = configuration("C.5", {
  1: { 0: SERVER_EXTENDED },
  3: { 0: DEVICE_MINIMAL },
  4: { 0: { 0: 0, 1: [0], 2: -80, 3: 90, 4: ["192.0.2.1"], 5: ["192.0.2.254"], 6: 5, 8: 12345 } },
});

/** C.4 with the clock of the device and more about it. */
export const C_6 = configuration("C.6", {
  1: { 0: SERVER_EXTENDED },
  3: {
    0: {
      ...DEVICE_POWER,
      10: 15,
      13: 1367491215,
      14: "+01:00",
      15: "Europe/Berlin",
      17: "Demo",
      18: "1.1",
      19: "1.0",
      20: 0,
      21: 64,
    },
  },
});

/** With a location. */
export const C_7 = configuration("C.7", {
  1: { 0: SERVER_EXTENDED },
  3: { 0: DEVICE_MINIMAL },
  6: { 0: { 0: 43.5723, 1: 153.2176, 2: 140, 3: 100, 5: 1367491215, 6: 3 } },
});

/** With a portfolio of four identities. */
export const C_12 = configuration("C.12", {
  1: { 0: SERVER_EXTENDED },
  3: { 0: DEVICE_MINIMAL },
  16: {
    0: {
      0: [
        "Host Device ID #0",
        "Host Device Manufacturer #0",
        "Host Device Model #0",
        "Host Device Software Version #0",
      ],
    },
  },
});

/** With a firmware update. */
export const C_8 = configuration("C.8", {
  1: { 0: SERVER_EXTENDED },
  3: { 0: DEVICE_MINIMAL },
  5: { 0: { 0: bytes(), 1: "", 3: 0, 5: 0, 6: "image", 7: "1.0", 8: [0], 9: 2 } },
});

/** With the counters of connectivity statistics. */
export const C_9 = configuration("C.9", {
  1: { 0: SERVER_EXTENDED },
  3: { 0: DEVICE_MINIMAL },
  7: { 0: { 0: 0, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 8: 0 } },
});

/** With a cellular network. The cycles of eDRX are octets in the object, of which the ETS prints the seconds: 20.48 and 40.96. */
export const C_10 = configuration("C.10", {
  1: { 0: SERVER_EXTENDED },
  3: { 0: DEVICE_MINIMAL },
  10: { 0: { 4: 3600, 5: 600, 6: 40, 8: bytes(2), 9: bytes(3), 11: [APN] } },
});

/** C.10 with the profile that its object 10 names, as printed. */
export const C_10_WITH_APN = configuration("C.10 with its APN profile", {
  ...C_10.objects,
  11: { 0: { 0: "Profile 0", 3: true, 4: 3 } },
});

/** C.10 with the choice of the bearer, of which no instance is there yet. */
export const C_10_WITH_BEARERS = configuration("C.10 with bearer selection", {
  ...C_10.objects,
  13: {},
});

/** C.10 with power saving modes. */
export const C_11 = configuration("C.11", {
  ...C_10.objects,
  10: { 0: { ...C_10.objects[10][0], 13: 3, 14: 1 } },
});

/** No server account, but one at a bootstrap server. */
export const C_13: BaseConfiguration = {
  ...configuration("C.13", { 3: { 0: DEVICE_MINIMAL } }),
  servers: 1,
  hasBootstrapServer: true,
};

/** C.1 with an account at a bootstrap server besides. */
export const C_1_BOOTSTRAP: BaseConfiguration = {
  ...configuration("C.1 with the bootstrap account of C.13", C_1.objects),
  hasBootstrapServer: true,
};

/** Two server accounts. Of C.14 what does not need a bootstrap server or access control. */
export const C_14 = configuration("C.14", {
  1: { 0: SERVER_MINIMAL, 1: { ...SERVER_MINIMAL, 0: 2 } },
  3: { 0: DEVICE_MINIMAL },
});

const PORTFOLIO_VALUES: Values = { 0: ["Host Device ID #0", "Manufacturer #0"] };

/**
 * Two servers, of which the first owns all. Entries are by Short Server ID, the first is the default: the second server may read the
 * device, write the portfolio and make more of them.
 */
export const SHARED = configuration("C.14 with rights", {
  1: { 0: SERVER_MINIMAL, 1: { ...SERVER_MINIMAL, 0: 2 } },
  2: {
    0: { 0: 3, 1: 0, 2: [0, 31, 1], 3: 1 },
    1: { 0: 16, 1: 0, 2: [0, 31, 2], 3: 1 },
    2: { 0: 16, 1: 65535, 2: [0, 0, 16], 3: 65535 },
  },
  3: { 0: DEVICE_MINIMAL },
  16: { 0: PORTFOLIO_VALUES },
});

/** With a container for what goes up and one for what goes down. */
export const C_15 = configuration("C.15", {
  1: { 0: SERVER_EXTENDED },
  3: { 0: DEVICE_MINIMAL },
  19: { 0: { 0: [bytes(1, 2, 3)] }, 1: { 0: [bytes(4, 5)] } },
});

/** With an event log. */
export const C_16 = configuration("C.16", {
  1: { 0: SERVER_EXTENDED },
  3: { 0: DEVICE_MINIMAL },
  20: { 0: { 4010: 0, 4013: 3, 4014: bytes(0xa0) } },
});

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** The same with other values in one instance. */
export function withValues(
  base: BaseConfiguration,
  objectId: number,
  instanceId: number,
  values: Values,
): BaseConfiguration {
  const instances = base.objects[objectId];
  const changed = { ...instances, [instanceId]: { ...instances?.[instanceId], ...values } };
  const what = Object.entries(values).map(
    ([id, value]) => `/${objectId}/${instanceId}/${id} = ${JSON.stringify(value)}`,
  );
  return {
    ...base,
    name: `${base.name} with ${what.join(", ")}`,
    objects: { ...base.objects, [objectId]: changed },
  };
}

/** The same with what a device really has, where the configuration says something else: by path, null for what it lacks. */
export function asDeviceHas(
  base: BaseConfiguration,
  has: Readonly<Record<string, Value | readonly Value[] | null>>,
): BaseConfiguration {
  let objects = base.objects;
  for (const [path, value] of Object.entries(has)) {
    const [objectId, instanceId, resourceId] = pathOfText(path);
    const instance = objects[objectId]?.[instanceId];
    if (instance?.[resourceId] === undefined) continue;
    const { [resourceId]: _, ...rest } = instance;
    const values = value === null ? rest : { ...rest, [resourceId]: value };
    objects = { ...objects, [objectId]: { ...objects[objectId], [instanceId]: values } };
  }
  return objects === base.objects ? base : { ...base, objects };
}

/** The same with another lifetime, in seconds. */
export function withLifetime(base: BaseConfiguration, lifetime: number): BaseConfiguration {
  return { ...withValues(base, 1, 0, { 1: lifetime }), name: `${base.name}, lifetime ${lifetime}` };
}

/** The same in queue mode. */
export function withQueueMode(base: BaseConfiguration): BaseConfiguration {
  return { ...base, name: `${base.name}, queue mode`, queueMode: true };
}

/** The same with notifications of one kind. */
export function withNotifications(
  base: BaseConfiguration,
  notifications: NotificationMode,
): BaseConfiguration {
  return { ...base, name: `${base.name}, ${notifications} notifications`, notifications };
}

/** The configured values at and below a path, or the root, each by its own path: `/3/0/11/0`. */
export function configuredValues(base: BaseConfiguration, path: string): Record<string, Value> {
  const found: Record<string, Value> = {};
  const below = path === "/" ? path : `${path}/`;
  const add = (at: string, value: Value) => {
    if (at === path || at.startsWith(below)) found[at] = value;
  };
  for (const [objectId, instances] of Object.entries(base.objects)) {
    for (const [instanceId, values] of Object.entries(instances)) {
      for (const [resourceId, value] of Object.entries(values)) {
        const at = `/${objectId}/${instanceId}/${resourceId}`;
        if (isList(value)) value.forEach((one, i) => add(`${at}/${i}`, one));
        else add(at, value as Value);
      }
    }
  }
  return found;
}

/** True for the values of several resource instances. */
export function isList(value: Value | readonly Value[]): value is readonly Value[] {
  return Array.isArray(value);
}

/** Object instances of a configuration as paths: `/1/0`, `/3/0`. */
export function configuredInstances(base: BaseConfiguration): string[] {
  return Object.entries(base.objects).flatMap(([objectId, instances]) =>
    Object.keys(instances).map((instanceId) => `/${objectId}/${instanceId}`),
  );
}

/** The ids of a path that this file or a case wrote itself. */
export function pathOfText(text: string): readonly number[] {
  const path = parsePath(text);
  if (path === undefined) throw new Error(`no path: ${text}`);
  return path;
}
