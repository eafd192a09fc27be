/**
 * Profile ids: names that stand for a list of objects in Register and Update (LwM2M Core 1.2.2
 * §6.2.1, since LwM2M 1.2).
 *
 *     pid=oma:meter-1        pid=6:1234abcd        pid="v:base,6:1234abcd"
 *
 * How a list becomes a hash is nowhere defined, so that a server can only remember what a device
 * once sent both ways.
 */
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";

export interface ProfileId {
  /**
   * `oma` and `v` (a vendor's) for a name agreed beforehand; otherwise the number of the hash (RFC
   * 6920 §9.4: 1 is sha-256 whole, 6 its first 32 bits).
   */
  readonly scheme: string;
  /** A name of letters, digits and hyphens; of a hash its hexadecimal digits, lower case. */
  readonly value: string;
}

const SOURCE = "LwM2M Core 1.2.2 §6.2.1";

const MOST_PROFILES = 32;
/** 32 bits at least, 512 at most. */
const SHORTEST_HASH = 8;
const LONGEST_HASH = 128;
const LONGEST_NAME = 255;

const HASH_DIGITS = "0123456789abcdef";
const NAME_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

/** Reads the value of `pid`: one profile id, or several in quotes with commas between them. */
export function parseProfileIds(text: string): ProfileId[] | Malformed {
  const isQuoted = text.length > 1 && text.charAt(0) === '"';
  if (isQuoted && text.charAt(text.length - 1) !== '"') {
    return malformed("lwm2m/profile-id-quotes", text.length, SOURCE);
  }
  const parts = isQuoted ? text.substring(1, text.length - 1).split(",") : [text];
  if (parts.length > MOST_PROFILES) return malformed("lwm2m/profile-ids-too-many", 0, SOURCE);
  const ids: ProfileId[] = [];
  let at = isQuoted ? 1 : 0;
  for (let i = 0; i < parts.length; i++) {
    const id = parseProfileId(parts[i]);
    if (id === undefined) return malformed("lwm2m/profile-id", at, SOURCE);
    ids.push(id);
    at += parts[i].length + 1;
  }
  return ids;
}

function parseProfileId(text: string): ProfileId | undefined {
  const colon = text.indexOf(":");
  if (colon < 1) return undefined;
  const scheme = text.substring(0, colon);
  const value = text.substring(colon + 1);
  if (scheme === "oma" || scheme === "v") {
    const isName = value.length <= LONGEST_NAME && consistsOf(value, NAME_LETTERS);
    return isName ? { scheme: scheme, value: value } : undefined;
  }
  if (scheme.length > 3 || !consistsOf(scheme, "0123456789")) return undefined;
  if (value.length < SHORTEST_HASH || value.length > LONGEST_HASH) return undefined;
  return consistsOf(value, HASH_DIGITS) ? { scheme: scheme, value: value } : undefined;
}

function consistsOf(text: string, letters: string): boolean {
  for (let i = 0; i < text.length; i++) if (letters.indexOf(text.charAt(i)) < 0) return false;
  return text.length > 0;
}

/** Writes the value of `pid`. */
export function formatProfileIds(ids: readonly ProfileId[]): string {
  let text = "";
  for (let i = 0; i < ids.length; i++) {
    text += `${i === 0 ? "" : ","}${ids[i].scheme}:${ids[i].value}`;
  }
  return ids.length === 1 ? text : `"${text}"`;
}
