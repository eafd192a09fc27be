/**
 * What a client shows of itself: the objects, formats and version of its first Register, and its values of objects 1 and 3. It saves the
 * tester most of a profile; what a client can do beyond, nobody can see from outside.
 */
import { decodeUtf8 } from "../../protocol/bytes/utf8.ts";
import { CONTENT } from "../../protocol/coap/codes.ts";
import { attributeOf, decodeLinks, type Link } from "../../protocol/coap/link-format.ts";
import { textsOf, URI_QUERY } from "../../protocol/coap/options.ts";
import { parseRegistrationQuery } from "../../protocol/lwm2m/registration.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import type { DeviceProfile } from "./adapters/claims.ts";
import { type Answer, Bench } from "./bench.ts";
import type { Feature, Version } from "./case.ts";
import { CLIENT_CASES } from "./cases/catalogue.ts";
import type { ClientAdapter } from "./client-under-test.ts";
import { C_1, configuredValues } from "./configurations.ts";
import { decodeValues } from "./content.ts";
import { ENDPOINT_NAME } from "./harness.ts";
import { targetOf } from "./ladder.ts";

/** The lifetime is what the harness configures, never what a client has. */
const CONFIGURED = "/1/0/1";
const INSTANCES = ["/1/0", "/3/0"];

type Values = NonNullable<DeviceProfile["values"]>;

/**
 * Starts the client once and looks at it. What the profile said already stays, features apart, to which queue mode may come.
 *
 * Rejects when the client does not register, or when what it registers cannot be read.
 */
export async function learnProfile(
  adapter: ClientAdapter,
  version: Version,
): Promise<DeviceProfile> {
  const client = await adapter.prepare({
    endpointName: ENDPOINT_NAME,
    version,
    configuration: C_1,
  });
  const bench = new Bench(client, C_1, version, ENDPOINT_NAME);
  try {
    await client.start();
    const register = await bench.next("register", bench.pace.patience);
    if (register === undefined) throw new Error("The client did not register: nothing is learned.");
    const query = parseRegistrationQuery(textsOf(register.message.options, URI_QUERY));
    const links = decodeLinks(decodeUtf8(register.message.payload));
    if (isMalformed(query) || isMalformed(links)) {
      throw new Error(`The Register ${targetOf(register.message)} cannot be read.`);
    }
    await bench.wait(client.tolerance);
    const values = await readValues(bench);
    const { claims, name } = adapter;
    const { queueMode } = query;
    const features: readonly Feature[] = queueMode ? ["queue mode"] : [];
    return {
      ...claims,
      name,
      versions: versionsUpTo(query.version, claims.versions),
      contentFormats: formatsOf(links) ?? claims.contentFormats,
      objects: unique([...claims.objects, ...objectsOf(links)]),
      features: unique([...claims.features, ...features]),
      values: { ...values, ...claims.values },
    };
  } finally {
    await client.close();
  }
}

/** The values of the instances that every client has; null for what some case wants and the client lacks. */
async function readValues(bench: Bench): Promise<Values> {
  const found: Record<string, Value | Value[] | null> = {};
  for (const path of INSTANCES) {
    const answer = await bench.read(path);
    const values = valuesOf(answer);
    for (const resource of wantedResources(path)) {
      if (resource === CONFIGURED) continue;
      const single = values.get(resource);
      const several = [...values].filter(([at]) => at.startsWith(`${resource}/`));
      found[resource] = single ?? (several.length > 0 ? several.map(([, value]) => value) : null);
    }
  }
  return found;
}

function valuesOf({ code, format, payload, path }: Answer): ReadonlyMap<string, Value> {
  const values = code === CONTENT ? decodeValues(format, payload, path) : "";
  return typeof values === "string" ? new Map() : values;
}

/** Resources of an instance that a configuration of some case prescribes. */
function wantedResources(instance: string): readonly string[] {
  const paths = CLIENT_CASES.flatMap(({ configuration }) =>
    Object.keys(configuredValues(configuration, instance)),
  );
  return unique(paths.map((path) => path.split("/").slice(0, 4).join("/")));
}

/** `ct` of the root link: one number, or several in quotes. */
function formatsOf(links: readonly Link[]): readonly number[] | undefined {
  const root = links.find((link) => attributeOf(link, "rt") === "oma.lwm2m");
  const formats = root === undefined ? undefined : attributeOf(root, "ct");
  if (formats === undefined) return undefined;
  // Text is what every client has for a single value.
  return unique([0, ...formats.split(" ").map(Number).filter(Number.isInteger)]);
}

function objectsOf(links: readonly Link[]): number[] {
  const first = links.map(({ uri }) => Number(uri.split("/")[1]));
  return first.filter((id, i) => links[i].uri.length > 1 && Number.isInteger(id));
}

/** A client of one version answers to the earlier ones only where it says so. */
function versionsUpTo(said: string | undefined, claimed: readonly Version[]): readonly Version[] {
  const version = (["1.0", "1.1", "1.2"] as const).find((one) => one === said);
  return version === undefined ? claimed : unique([...claimed, version]);
}

function unique<T>(list: readonly T[]): T[] {
  return [...new Set(list)];
}
