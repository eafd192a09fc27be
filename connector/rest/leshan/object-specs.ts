/** `/api/objectspecs/{endpoint}`: the objects that a device lists, as the pages of the Leshan demo server read them. */
import { OBJECT_NAMES } from "../../../host/object-names.ts";
import {
  EXECUTE,
  MANDATORY,
  MULTIPLE,
  READ,
  TYPE_MASK,
  WRITE,
} from "../../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../../protocol/model/object-definition.ts";
import { listedDefinitions } from "../../registry/definitions.ts";
import type { RestContext, RestHost } from "../context.ts";
import { TYPE_NAMES } from "./node-json.ts";
import { registrationNamed } from "./target.ts";

/** GET /api/objectspecs/{endpoint} */
export function showObjectSpecs(host: RestHost, c: RestContext): Response {
  return c.json(listedDefinitions(registrationNamed(host, c)).map(objectJson));
}

function objectJson(definition: ObjectDefinition): object {
  const { id, version, multiple, mandatory, resources } = definition;
  const names = OBJECT_NAMES.get(id);
  const resourcedefs: object[] = [];
  for (let i = 0; i < resources.length; i += 2) {
    const found = names?.resources.get(resources[i]);
    resourcedefs.push(resourceJson(resources[i], resources[i + 1], found));
  }
  return {
    id,
    name: names?.name ?? `Object ${id}`,
    instancetype: multiple ? "multiple" : "single",
    mandatory,
    urn: urnOf(id, version),
    version,
    resourcedefs,
  };
}

function resourceJson(
  id: number,
  flags: number,
  names: { readonly name: string; readonly units: string } | undefined,
): object {
  const letters = `${flags & READ ? "R" : ""}${flags & WRITE ? "W" : ""}${flags & EXECUTE ? "E" : ""}`;
  return {
    id,
    name: names?.name ?? `Resource ${id}`,
    operations: letters === "" ? "NONE" : letters,
    instancetype: flags & MULTIPLE ? "multiple" : "single",
    mandatory: (flags & MANDATORY) !== 0,
    type: (TYPE_NAMES.get(flags & TYPE_MASK) ?? "none").toLowerCase(),
    units: names?.units ?? "",
  };
}

/** In OMA's registry objects below 1024 are its own, and from 10241 on a vendor's. */
function urnOf(id: number, version: string): string {
  const label = id < 1024 ? "oma" : id < 10241 ? "ext" : "x";
  const urn = `urn:oma:lwm2m:${label}:${id}`;
  return version === "1.0" ? urn : `${urn}:${version}`;
}
