/**
 * What a device says it has: the list in Register and Update (LwM2M Core 1.1.1 §6.2.1) and the answer to Discover (§6.3.2), as links.
 */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { LWM2M_JSON } from "../../../protocol/coap/content-formats.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { formatPath } from "../../../protocol/model/path.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { IdTable } from "../../objects/lwm2m-object.ts";
import { isHidden } from "../management/object-tree.ts";
import type { ServerLink } from "../server-link.ts";

/** Below it are LwM2M's own objects, whose version a server assumes from the enabler's; it is said in any case. */
const FIRST_FOREIGN_OBJECT = 8;

/** The last list, in text and in bytes: a fleet's agents are alike, and share it. */
let lastText = "";
let lastList = encodeUtf8(lastText);

/**
 * The list of objects and instances, and of what is on other paths, in link format.
 *
 * @returns bytes that others may hold too: not to be changed
 */
export function registrationList(link: ServerLink): Uint8Array {
  const agent = link.agent;
  const version = link.version();
  const others = agent.features.otherPaths;
  let text = "";
  if (version !== undefined) {
    if (version !== "1.0") text = rootLink(link, "/");
    for (let i = 0; i < agent.objects.length; i++) {
      text += objectLinks(agent.objects[i], version, text === "" ? "" : ",");
    }
  }
  const rest = others === undefined ? "" : others.links(agent);
  if (rest !== "") text += (text === "" ? "" : ",") + rest;
  if (text !== lastText) {
    lastText = text;
    lastList = encodeUtf8(text);
  }
  return lastList;
}

/** Says that this is an LwM2M device, and which formats it has; LwM2M JSON, which only 1.0 writes, is none to be asked for. */
export function rootLink(link: ServerLink, root: string): string {
  const codecs = link.formats();
  let formats = "";
  for (let i = 0; i < codecs.length; i++) {
    const format = codecs[i].format;
    if (format !== LWM2M_JSON) formats += ` ${format}`;
  }
  return `<${root}>;rt="oma.lwm2m";ct="${formats.substring(1)}"`;
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

/** True when a link to an object has `ver`. */
export function saysVersion(object: LwM2mObject, version: string | undefined): boolean {
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
  const deepest = path.length + depth;
  const ids = object.instances.ids;
  let text = "";
  if (path.length === 1) {
    const isSaid = saysVersion(object, link.version());
    const version = isSaid ? `;ver=${object.definition.version}` : "";
    text = describe(link, path, version, false);
  }
  for (let i = 0; i < ids.length && deepest > 1; i++) {
    if (path.length === 1 || path[1] === ids[i]) {
      text += discoverInstance(link, object, ids[i], path, deepest);
    }
  }
  return encodeUtf8(text.substring(1));
}

function discoverInstance(
  link: ServerLink,
  object: LwM2mObject,
  instanceId: number,
  path: Path,
  deepest: number,
): string {
  const id = object.definition.id;
  const instance = object.instances.get(instanceId);
  let text = path.length < 3 ? describe(link, [id, instanceId], "", path.length === 2) : "";
  if (instance === undefined || deepest < 3) return text;
  for (let i = 0; i < instance.ids.length; i++) {
    const resourceId = instance.ids[i];
    const held = instance.items[i];
    const isAsked = path.length === 3;
    if (path.length > 2 && path[2] !== resourceId) continue;
    if (!(held instanceof IdTable)) {
      text += describe(link, [id, instanceId, resourceId], "", isAsked);
      continue;
    }
    text += describe(link, [id, instanceId, resourceId], `;dim=${held.ids.length}`, isAsked);
    for (let k = 0; k < held.ids.length && deepest > 3; k++) {
      text += describe(link, [id, instanceId, resourceId, held.ids[k]], "", false);
    }
  }
  return text;
}

/**
 * A comma and a link, with the attributes that the server has set for its path.
 *
 * @param properties what comes before them
 * @param isAsked true for what was asked for: with those it inherits too (LwM2M Core 1.2.2 §6.3.2)
 */
function describe(link: ServerLink, path: Path, properties: string, isAsked: boolean): string {
  const rules = link.agent.features.attributes;
  const observers = link.observers;
  const hasNone = rules === undefined || observers === undefined;
  const set = hasNone ? "" : rules.describe(observers, path, isAsked);
  return `,<${formatPath(path)}>${properties}${set}`;
}
