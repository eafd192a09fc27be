/** What a device's objects consist of, and in which version, going by what it has registered. */
import { attributeOf, decodeLinks } from "../../protocol/coap/link-format.ts";
import { standardDefinitions, standardObject } from "../../protocol/lwm2m/standard-objects.ts";
import { enablerOf, impliedObjectVersion } from "../../protocol/lwm2m/versions.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { DefinitionOf, ObjectDefinition } from "../../protocol/model/object-definition.ts";
import { parsePath } from "../../protocol/model/path.ts";
import type { GatewayDevice } from "../contract.ts";
import type { Registration } from "./registration.ts";

/** The version of LwM2M that a plain CoAP device is shown with: it has said none. */
export const UNSAID_VERSION = "1.0";

type Listed = Pick<Registration, "version" | "links">;

/** The definitions that hold for a device; undefined for an object that does not ship. */
export function definitionsOf({ version, links }: Listed): DefinitionOf {
  const implied = standardDefinitions(enablerOf(version ?? UNSAID_VERSION) ?? "1.1");
  return (objectId) => {
    const said = versionOf(links, objectId);
    return (said === undefined ? undefined : standardObject(objectId, said)) ?? implied(objectId);
  };
}

/** The definitions that hold for a device behind a gateway, which is taken to be of the gateway's own version of LwM2M. */
export function definitionsBehind(
  { version }: Pick<Registration, "version">,
  { objects }: Pick<GatewayDevice, "objects">,
): DefinitionOf {
  const links = decodeLinks(objects ?? "");
  return definitionsOf({ version, links: isMalformed(links) ? [] : links });
}

/**
 * The version of one of a device's objects: `ver` of its link, else what the device's own version implies (LwM2M Core 1.2.2 §7.2.3).
 */
export function objectVersionOf({ version, links }: Listed, objectId: number): string {
  const enabler = enablerOf(version ?? UNSAID_VERSION) ?? UNSAID_VERSION;
  return versionOf(links, objectId) ?? impliedObjectVersion(enabler, objectId);
}

/** The definitions of all objects that a device lists, by id. */
export function listedDefinitions(registration: Listed): ObjectDefinition[] {
  const definitionOf = definitionsOf(registration);
  const found = new Map<number, ObjectDefinition>();
  for (const { uri } of registration.links) {
    const objectId = parsePath(uri)?.[0];
    const definition = objectId === undefined ? undefined : definitionOf(objectId);
    if (definition !== undefined) found.set(definition.id, definition);
  }
  return [...found.values()].sort((one, other) => one.id - other.id);
}

/** `ver` of an object, or of one of its instances (LwM2M Core 1.2.2 §7.2.3). */
function versionOf(links: Listed["links"], objectId: number): string | undefined {
  const object = `/${objectId}`;
  for (const link of links) {
    if (link.uri !== object && !link.uri.startsWith(`${object}/`)) continue;
    const version = attributeOf(link, "ver");
    if (version !== undefined) return version;
  }
  return undefined;
}
