/**
 * Profile IDs (LwM2M Core 1.2.2 §6.2.1): names that a device says in Register and Update instead of the objects that they stand for.
 *
 *     pid=oma:meter-1                        the list is agreed on
 *     pid="oma:meter-1,v:acme-7", </4/0>     two, and what they leave out
 *     pid=6:27354b9a                         a hash over the whole list, which a server may have met before
 *
 * A profile is said only as long as the device has all that it stands for. What a server makes of it is `ProfileUse`:
 *
 *   said alone        answered 4.09: both;   4.00: the list alone
 *   said beside       the whole list, from which the server may learn what it stands for; next time alone again
 *   not understood    4.00 or 4.09 once more: the list alone, until the device starts anew
 */
import { BAD_REQUEST, CONFLICT } from "../../../protocol/coap/codes.ts";
import type { ProfileId } from "../../../protocol/lwm2m/profile-id.ts";
import { formatProfileIds, parseProfileIds } from "../../../protocol/lwm2m/profile-id.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { parsePath } from "../../../protocol/model/path.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { misuse } from "../../objects/misuse.ts";
import { isHidden } from "../management/object-tree.ts";

export interface Profile {
  /** `oma:NAME`, `v:NAME`, or a hash as `6:27354b9a`. */
  readonly id: string;
  /** Objects and instances that it stands for: "/3/0", "/3303". */
  readonly paths: readonly string[];
}

export interface ProfileConfiguration {
  /** Told to servers since LwM2M 1.2. */
  readonly profiles?: readonly Profile[];
  /**
   * Makes the id of the whole list, for example `6:` and the first eight hexadecimal digits of its SHA-256, when no profile holds. The
   * standard does not say what is hashed: `list` has each object with its version, each instance, ids ascending.
   */
  readonly hashProfile?: (list: string) => string;
}

/** What one server does with profiles. */
export const ALONE = 0;
export const BESIDE = 1;
export const NOT_UNDERSTOOD = 2;
/** As ALONE; but it has been told both before. */
export const ALONE_AGAIN = 3;

/** What follows a refused Register that said a profile; undefined when the refusal is about something else. */
export function afterRefusal(use: number, code: number): number | undefined {
  if (use === NOT_UNDERSTOOD || (code !== CONFLICT && code !== BAD_REQUEST)) return undefined;
  return use === ALONE && code === CONFLICT ? BESIDE : NOT_UNDERSTOOD;
}

/** Checks what is configured. Throws `agent/profile`. */
export function checkProfiles(profiles: readonly Profile[]): void {
  for (let i = 0; i < profiles.length; i++) {
    idsOf(profiles[i].id);
    const paths = profiles[i].paths;
    for (let k = 0; k < paths.length; k++) {
      const path = parsePath(paths[k]);
      if (path === undefined || path.length < 1 || path.length > 2) {
        throw misuse("agent/profile", `"${paths[k]}" is neither an object nor an instance`);
      }
      // A profile says nothing of objects 0, 21 and 23, as the list does not (LwM2M Core 1.2.2 §6.2.1).
      if (isHidden(path[0])) throw misuse("agent/profile", `${paths[k]} is hidden from servers`);
    }
  }
}

function idsOf(text: string): readonly ProfileId[] {
  const ids = parseProfileIds(text);
  if (isMalformed(ids)) {
    throw misuse("agent/profile", `"${text}" is not oma:NAME, v:NAME or NUMBER:DIGITS`);
  }
  return ids;
}

/** Those that hold for what the device has. */
export function heldProfiles(
  profiles: readonly Profile[],
  objects: readonly LwM2mObject[],
): readonly Profile[] {
  return profiles.filter(function (profile) {
    for (let i = 0; i < profile.paths.length; i++) {
      if (!isThere(objects, profile.paths[i])) return false;
    }
    return true;
  });
}

/** The value of `pid`. */
export function profileParameter(ids: readonly string[]): string {
  let list: ProfileId[] = [];
  for (let i = 0; i < ids.length; i++) list = list.concat(idsOf(ids[i]));
  return formatProfileIds(list);
}

/** What `hashProfile` is given. */
export function wholeList(objects: readonly LwM2mObject[]): string {
  let text = "";
  for (let i = 0; i < objects.length; i++) {
    const { definition, instances } = objects[i];
    if (isHidden(definition.id)) continue;
    text += `,</${definition.id}>;ver=${definition.version}`;
    for (let k = 0; k < instances.ids.length; k++) {
      text += `,</${definition.id}/${instances.ids[k]}>`;
    }
  }
  return text.substring(1);
}

function isThere(objects: readonly LwM2mObject[], text: string): boolean {
  const path = parsePath(text);
  for (let i = 0; path !== undefined && i < objects.length; i++) {
    if (objects[i].definition.id !== path[0]) continue;
    return path.length === 1 || objects[i].instances.get(path[1]) !== undefined;
  }
  return false;
}
