/**
 * What a device says it has: the list in Register and Update (LwM2M Core 1.1.1 §6.2.1) and the answer to Discover (§6.3.2), as links.
 */
import { encodeUtf8 } from "../../protocol/bytes/utf8.ts";
import type { Link } from "../../protocol/coap/link-format.ts";
import { encodeLinks } from "../../protocol/coap/link-format.ts";
import { ATTRIBUTE_NAMES, NO_ATTRIBUTES } from "../../protocol/model/attributes.ts";
import { formatDecimal } from "../../protocol/model/decimal.ts";
import type { Path } from "../../protocol/model/path.ts";
import { formatPath } from "../../protocol/model/path.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import { IdTable } from "../objects/lwm2m-object.ts";
import type { Agent } from "./agent.ts";
import { isHidden } from "./object-tree.ts";
import type { Observers } from "./observers.ts";
import type { ServerLink } from "./server-link.ts";

/** Below it are LwM2M's own objects, whose version a server assumes from the enabler's; it is said in any case. */
const FIRST_FOREIGN_OBJECT = 8;

/** The last list, in text and in bytes: a fleet's agents are alike, and share it. */
let lastText = "";
let lastList = encodeUtf8(lastText);

/**
 * The list of objects, instances and named resources in link format.
 *
 * @returns bytes that others may hold too: not to be changed
 */
export function registrationList(agent: Agent): Uint8Array {
  const version = agent.version();
  const resources: Link[] = [];
  let text = "";
  if (version !== undefined) {
    if (version !== "1.0") text = rootLink(agent);
    for (let i = 0; i < agent.objects.length; i++) {
      text += objectLinks(agent.objects[i], version, text === "" ? "" : ",");
    }
  }
  for (let i = 0; i < agent.resources.length; i++) resources.push(agent.resources[i].link());
  if (resources.length > 0) text += (text === "" ? "" : ",") + encodeLinks(resources);
  if (text !== lastText) {
    lastText = text;
    lastList = encodeUtf8(text);
  }
  return lastList;
}

/** Says that this is an LwM2M device, and which formats it has. */
function rootLink(agent: Agent): string {
  let formats = "";
  for (let i = 0; i < agent.codecs.length; i++) formats += ` ${agent.codecs[i].format}`;
  return `</>;rt="oma.lwm2m";ct="${formats.substring(1)}"`;
}

/** An object and its instances; the object itself only where the instances do not say it all. */
function objectLinks(object: LwM2mObject, version: string, separator: string): string {
  const id = object.definition.id;
  const ids = object.instances.ids;
  if (isHidden(id)) return "";
  let text = "";
  if (saysVersion(object, version)) text = `${separator}</${id}>;ver=${object.definition.version}`;
  else if (ids.length === 0) text = `${separator}</${id}>`;
  for (let i = 0; i < ids.length; i++) {
    text += `${text === "" ? separator : ","}</${id}/${ids[i]}>`;
  }
  return text;
}

function saysVersion(object: LwM2mObject, version: string | undefined): boolean {
  const isCore = object.definition.id < FIRST_FOREIGN_OBJECT;
  return object.definition.version !== "1.0" || (isCore && version !== "1.0");
}

/**
 * What is at and below a path that is there, with the attributes that one server has set.
 *
 * @param depth how many levels below the path: 2 for an object, 1 for an instance or resource unless the server says otherwise
 */
export function discoverList(
  link: ServerLink,
  object: LwM2mObject,
  path: Path,
  depth: number,
): Uint8Array {
  const links: Link[] = [];
  const observers = link.observers;
  const deepest = path.length + depth;
  const ids = object.instances.ids;
  if (path.length === 1) {
    const top = describe(path, observers, false);
    if (saysVersion(object, link.agent.version())) {
      top.attributes.splice(0, 0, { name: "ver", value: object.definition.version });
    }
    links.push(top);
  }
  for (let i = 0; i < ids.length && deepest > 1; i++) {
    if (path.length === 1 || path[1] === ids[i]) {
      discoverInstance(object, ids[i], path, deepest, observers, links);
    }
  }
  return encodeUtf8(encodeLinks(links));
}

function discoverInstance(
  object: LwM2mObject,
  instanceId: number,
  path: Path,
  deepest: number,
  observers: Observers | undefined,
  links: Link[],
): void {
  const id = object.definition.id;
  const instance = object.instances.get(instanceId);
  if (path.length < 3) links.push(describe([id, instanceId], observers, false));
  if (instance === undefined || deepest < 3) return;
  for (let i = 0; i < instance.ids.length; i++) {
    const resourceId = instance.ids[i];
    if (path.length > 2 && path[2] !== resourceId) continue;
    const link = describe([id, instanceId, resourceId], observers, path.length === 3);
    const held = instance.items[i];
    links.push(link);
    if (!(held instanceof IdTable)) continue;
    link.attributes.splice(0, 0, { name: "dim", value: `${held.ids.length}` });
    for (let k = 0; k < held.ids.length && deepest > 3; k++) {
      links.push(describe([id, instanceId, resourceId, held.ids[k]], observers, false));
    }
  }
}

/** A link with the attributes set for its path; when it is the resource that was asked for, with those it inherits too. */
function describe(path: Path, observers: Observers | undefined, isAsked: boolean): Link {
  const link: Link = { uri: formatPath(path), attributes: [] };
  if (observers === undefined) return link;
  const attributes = isAsked
    ? observers.attributesFor(path, NO_ATTRIBUTES)
    : observers.attributesAt(path);
  for (let i = 0; i < ATTRIBUTE_NAMES.length; i++) {
    const value = attributes[ATTRIBUTE_NAMES[i]];
    if (value === undefined) continue;
    link.attributes.push({ name: ATTRIBUTE_NAMES[i], value: formatDecimal(value) });
  }
  return link;
}
