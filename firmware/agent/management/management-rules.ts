/**
 * What is beyond the core's device management: what the version of a link has, access rights, links between objects, `depth`, and
 * that a request leaves all of its changes or none. A feature of `ReportingAgent`, whose requests are undone when they fail.
 */
import { BAD_REQUEST, METHOD_NOT_ALLOWED, UNAUTHORIZED } from "../../../protocol/coap/codes.ts";
import type { IncomingRequest } from "../../../protocol/coap/exchange.ts";
import { textsOf, URI_QUERY } from "../../../protocol/coap/options.ts";
import { WRITE_COMPOSITE } from "../../../protocol/lwm2m/composite-operations.ts";
import {
  CREATE,
  DELETE,
  READ,
  WRITE_REPLACE,
  WRITE_UPDATE,
} from "../../../protocol/lwm2m/operations.ts";
import type { Entry } from "../../../protocol/model/data-types.ts";
import { MANDATORY } from "../../../protocol/model/data-types.ts";
import { resourceFlags } from "../../../protocol/model/object-definition.ts";
import type { Path } from "../../../protocol/model/path.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import type { ManagementRules } from "../features.ts";
import type { ReportingAgent } from "../reporting-agent.ts";
import type { ServerLink } from "../server-link.ts";
import { hasLooseLink } from "./object-links.ts";
import * as tree from "./object-tree.ts";

const DEPTH = "depth=";
const DEPTHS = "0123";

export const MANAGEMENT_RULES: ManagementRules = {
  admit: admit,
  read: read,
  write: write,
  depth: depth,
};

/** A path that breaks a rule is told first, then an instance that is not there, then rights, then what the instance has not. */
function admit(link: ServerLink, operation: number, object: LwM2mObject, path: Path): number {
  // Resource instances have paths of their own since 1.1.
  if (path.length === 4 && link.version() === "1.0") return METHOD_NOT_ALLOWED;
  const found = tree.locate(object, path);
  const hasInstance = path.length === 1 || object.instances.get(path[1]) !== undefined;
  if (found === METHOD_NOT_ALLOWED || !hasInstance) return found;
  if (!mayDo(link, operation, path)) return UNAUTHORIZED;
  if (changesThings(operation)) (link.agent as ReportingAgent).remember(object);
  return found;
}

function mayDo(link: ServerLink, operation: number, path: Path): boolean {
  const access = link.agent.features.access;
  return access === undefined || access.allows(link, operation, path);
}

function changesThings(operation: number): boolean {
  return (
    operation === WRITE_REPLACE ||
    operation === WRITE_UPDATE ||
    operation === WRITE_COMPOSITE ||
    operation === CREATE ||
    operation === DELETE
  );
}

/** Of an object the instances that the server has the right to read; UNAUTHORIZED when of several it is none. */
function read(link: ServerLink, object: LwM2mObject, path: Path, entries: Entry[]): number {
  if (path.length > 1) {
    return mayDo(link, READ, path) ? tree.read(object, path, entries) : UNAUTHORIZED;
  }
  const all: Entry[] = [];
  const code = tree.read(object, path, all);
  const ids = object.instances.ids;
  let closed = 0;
  for (let i = 0, k = 0; i < ids.length; i++) {
    const isOpen = mayDo(link, READ, [path[0], ids[i]]);
    if (!isOpen) closed++;
    for (; k < all.length && all[k].path[1] === ids[i]; k++) if (isOpen) entries.push(all[k]);
  }
  return closed > 0 && closed === ids.length ? UNAUTHORIZED : code;
}

function write(
  link: ServerLink,
  object: LwM2mObject,
  path: Path,
  entries: readonly Entry[],
  replaces: boolean,
): number {
  if (hasLooseLink(link.agent, entries)) return BAD_REQUEST;
  if (replaces && emptiesMandatory(object, entries)) return BAD_REQUEST;
  return tree.write(object, path, entries, replaces);
}

/** True when a resource that has to be there would be left without instances. */
function emptiesMandatory(object: LwM2mObject, entries: readonly Entry[]): boolean {
  for (let i = 0; i < entries.length; i++) {
    const { path, value } = entries[i];
    const flags = path.length === 3 ? resourceFlags(object.definition, path[2]) : 0;
    if (value === undefined && (flags & MANDATORY) !== 0) return true;
  }
  return false;
}

/** What `depth` says (LwM2M Core 1.2.2 §6.3.2); `usual` where it does not, or not as 1.2 has it. */
function depth(link: ServerLink, request: IncomingRequest, usual: number): number {
  if (link.version() !== "1.2") return usual;
  const queries = textsOf(request.options, URI_QUERY);
  for (let i = 0; i < queries.length; i++) {
    if (queries[i].indexOf(DEPTH) !== 0 || queries[i].length !== DEPTH.length + 1) continue;
    const asked = DEPTHS.indexOf(queries[i].charAt(DEPTH.length));
    if (asked >= 0) return asked;
  }
  return usual;
}
