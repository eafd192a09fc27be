/**
 * What a tester writes down about a device, as JSON: what it claims to have, and the values it has where the ETS prescribes others.
 *
 *   { "name": "Sensor 4711", "versions": ["1.0", "1.1"], "contentFormats": [0, 11542], "features": ["queue mode"],
 *     "objects": [1, 3, 4], "values": { "/3/0/0": "Acme", "/3/0/7": null },
 *     "firmware": { "image": "good.bin", "corrupt": "bad.bin", "uri": "coap://192.0.2.9/good.bin" } }
 *
 * `"paths": { "separate": "/3303/0/5700" }` names a resource whose Read is not answered at once.
 * `"pace": { "prompt": 10, "patience": 300 }` gives a slow device more seconds: for what is due at once, and to come up.
 * Files are named from where the harness is started.
 */
import { readFileSync } from "node:fs";
import { type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import { FEATURES, type Version } from "../case.ts";
import {
  type ClientClaims,
  FIRMWARE_ITEMS,
  type FirmwareItem,
  type FirmwareItems,
  PATH_ITEMS,
  type Pace,
  type PathItem,
  type PathItems,
  USUAL_PACE,
} from "../client-under-test.ts";

export interface DeviceProfile extends ClientClaims {
  readonly name: string;
}

/** What every client has that is judged at all. */
const LEAST: DeviceProfile = {
  name: "the device",
  versions: ["1.0", "1.1"],
  contentFormats: [0, 11542],
  features: [],
  objects: [1, 3],
  values: {},
};

const VERSIONS: readonly Version[] = ["1.0", "1.1", "1.2"];

/**
 * Reads a profile, already parsed as JSON. What is left out is taken to be the least that a client has.
 *
 * @throws Error whose message names the member and what it may be
 */
export function readProfile(given: unknown): DeviceProfile {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new Error("A device's profile must be a JSON object.");
  }
  const known = ["name", "versions", "contentFormats", "features", "objects", "values"];
  known.push("firmware", "paths", "pace");
  for (const member of Object.keys(given)) {
    if (!known.includes(member)) {
      throw new Error(`A device's profile has no member "${member}"; it has ${known.join(", ")}.`);
    }
  }
  const profile = given as Record<string, unknown>;
  return {
    name: text(profile.name, "name") ?? LEAST.name,
    versions: listOf(profile.versions, "versions", VERSIONS) ?? LEAST.versions,
    contentFormats: numbers(profile.contentFormats, "contentFormats") ?? LEAST.contentFormats,
    features: listOf(profile.features, "features", FEATURES) ?? LEAST.features,
    objects: numbers(profile.objects, "objects") ?? LEAST.objects,
    values: values(profile.values),
    firmware: firmware(profile.firmware),
    paths: paths(profile.paths),
    pace: pace(profile.pace),
  };
}

function text(given: unknown, member: string): string | undefined {
  if (given === undefined || typeof given === "string") return given;
  throw new Error(`"${member}" must be a text.`);
}

function listOf<T extends string>(
  given: unknown,
  member: string,
  allowed: readonly T[],
): readonly T[] | undefined {
  if (given === undefined) return undefined;
  if (Array.isArray(given) && given.every((one) => allowed.includes(one))) return given;
  throw new Error(`"${member}" must be an array of: ${allowed.join(", ")}.`);
}

function numbers(given: unknown, member: string): readonly number[] | undefined {
  if (given === undefined) return undefined;
  const isNumber = (one: unknown) =>
    Number.isInteger(one) && (one as number) >= 0 && (one as number) <= 65535;
  if (Array.isArray(given) && given.every(isNumber)) return given;
  throw new Error(`"${member}" must be an array of numbers from 0 to 65535.`);
}

function values(given: unknown): DeviceProfile["values"] {
  if (given === undefined) return {};
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new Error('"values" must be an object of paths and values.');
  }
  for (const [path, value] of Object.entries(given)) {
    if (!/^\/\d+\/\d+\/\d+$/.test(path)) {
      throw new Error(`"values" names the path ${path}; it must be that of a resource, as /3/0/0.`);
    }
    const isScalar = ["string", "number", "boolean"].includes(typeof value) || value === null;
    if (!isScalar && !Array.isArray(value)) {
      throw new Error(
        `The value of ${path} must be a text, a number, a boolean, an array or null.`,
      );
    }
  }
  return given as DeviceProfile["values"];
}

function firmware(given: unknown): FirmwareItems {
  if (given === undefined) return {};
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new Error('"firmware" must be an object of files and addresses.');
  }
  const items: Partial<Record<FirmwareItem, Uint8Array | string>> = {};
  for (const [name, place] of Object.entries(given)) {
    const item = FIRMWARE_ITEMS.find((one) => one === name);
    if (item === undefined || typeof place !== "string") {
      throw new Error(`"firmware" is made of texts by name: ${FIRMWARE_ITEMS.join(", ")}.`);
    }
    const isAddress = item === "uri" || item === "haltingUri";
    items[item] = isAddress ? place : new Uint8Array(readFileSync(place));
  }
  return items;
}

function paths(given: unknown): PathItems {
  if (given === undefined) return {};
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new Error('"paths" must be an object of paths.');
  }
  const items: Partial<Record<PathItem, string>> = {};
  for (const [name, path] of Object.entries(given)) {
    const item = PATH_ITEMS.find((one) => one === name);
    if (item === undefined || typeof path !== "string" || !path.startsWith("/")) {
      throw new Error(`"paths" is made of paths, as /3/0/1, by name: ${PATH_ITEMS.join(", ")}.`);
    }
    items[item] = path;
  }
  return items;
}

function pace(given: unknown): Pace {
  if (given === undefined) return USUAL_PACE;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new Error('"pace" must be an object with "prompt" and "patience", in seconds.');
  }
  const { prompt, patience, ...rest } = given as Record<string, unknown>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) {
    throw new Error(`"pace" has no member "${unknown}"; it has prompt and patience.`);
  }
  return {
    prompt: period(prompt, "prompt") ?? USUAL_PACE.prompt,
    patience: period(patience, "patience") ?? USUAL_PACE.patience,
  };
}

function period(given: unknown, member: string): Milliseconds | undefined {
  if (given === undefined) return undefined;
  if (typeof given === "number" && given > 0 && given <= 3600) return given * SECOND;
  throw new Error(`"${member}" of "pace" must be a number of seconds from 0 to 3600.`);
}
