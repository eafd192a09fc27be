/**
 * The list in Register and Update of an agent that may have its tree elsewhere, speak an older version with one server, or say profiles
 * instead (LwM2M Core 1.2.2 §6.2.1, LwM2M Transport 1.1.1 §6.4.1).
 */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import type { Agent } from "../agent.ts";
import type { AgentLink } from "../agent-link.ts";
import { isHidden } from "../management/object-tree.ts";
import { rootLink, saysVersion } from "./links.ts";
import {
  ALONE,
  ALONE_AGAIN,
  BESIDE,
  heldProfiles,
  NOT_UNDERSTOOD,
  profileParameter,
  wholeList,
} from "./profiles.ts";

/** What a Register or Update says of what there is. */
export interface Inventory {
  /** The value of `pid`. */
  readonly profileId: string | undefined;
  /** In link format; "" when profiles say it all. */
  readonly list: string;
}

const NO_PATHS: readonly string[] = [];

let lastText = "";
let lastBytes = encodeUtf8(lastText);

/** @returns bytes that others may hold too: a fleet's agents are alike, and share the last list. Not to be changed. */
export function listBytes(text: string): Uint8Array {
  if (text !== lastText) {
    lastText = text;
    lastBytes = encodeUtf8(text);
  }
  return lastBytes;
}

/** What there is, as this server is told of it. */
export function inventory(link: AgentLink): Inventory {
  const agent = link.agent;
  const { profiles, hashProfile } = agent.configuration;
  const isSaid = link.version() === "1.2" && link.profileUse !== NOT_UNDERSTOOD;
  const held = isSaid && profiles !== undefined ? heldProfiles(profiles, agent.objects) : [];
  let ids: readonly string[] = held.map(function (profile) {
    return profile.id;
  });
  let covered = NO_PATHS;
  for (let i = 0; i < held.length; i++) covered = covered.concat(held[i].paths);
  const isHashed = isSaid && held.length === 0 && hashProfile !== undefined;
  if (isHashed) ids = [hashProfile(wholeList(agent.objects))];
  const profileId = ids.length === 0 ? undefined : profileParameter(ids);
  const isAlone = link.profileUse === ALONE || link.profileUse === ALONE_AGAIN;
  if (link.profileUse === BESIDE) covered = NO_PATHS;
  const list = isHashed && isAlone ? othersOf(agent) : listOf(link, covered);
  return { profileId: profileId, list: list };
}

function listOf(link: AgentLink, covered: readonly string[]): string {
  const agent = link.agent;
  const version = link.version();
  const root = agent.rootPath();
  let objects = "";
  for (let i = 0; version !== undefined && i < agent.objects.length; i++) {
    objects += linksOf(agent.objects[i], version, root, covered);
  }
  const hasRoot = version !== undefined && (version !== "1.0" || root !== "");
  const head = hasRoot && (covered.length === 0 || objects !== "") ? rootOf(link, root) : "";
  const others = othersOf(agent);
  const text = head + objects + (others === "" ? "" : `,${others}`);
  return text.substring(1);
}

function rootOf(link: AgentLink, root: string): string {
  if (link.version() === "1.0") return `,<${root}>;rt="oma.lwm2m"`;
  return `,${rootLink(link, root === "" ? "/" : root)}`;
}

function othersOf(agent: Agent): string {
  const others = agent.features.otherPaths;
  return others === undefined ? "" : others.links(agent);
}

/** An object and its instances, each after a comma, but for what profiles cover. */
function linksOf(
  object: LwM2mObject,
  version: string,
  root: string,
  covered: readonly string[],
): string {
  const path = `/${object.definition.id}`;
  const ids = object.instances.ids;
  if (isHidden(object.definition.id)) return "";
  const rest = ids.filter(function (id) {
    return covered.indexOf(`${path}/${id}`) < 0;
  });
  if (rest.length === 0 && (ids.length > 0 || covered.indexOf(path) >= 0)) return "";
  const ver = saysVersion(object, version) ? `;ver=${object.definition.version}` : "";
  let text = ver !== "" || ids.length === 0 ? `,<${root}${path}>${ver}` : "";
  for (let i = 0; i < rest.length; i++) text += `,<${root}${path}/${rest[i]}>`;
  return text;
}
