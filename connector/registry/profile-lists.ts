/**
 * What profile ids stand for (LwM2M Core 1.2.2 §6.2.1): lists agreed beforehand, and lists that devices registered with under a hash.
 *
 * How a list becomes its hash is nowhere defined, so a hash cannot be checked. It is learned when a device registers with it and a
 * complete list at once. When another list comes under the same hash, it stands for nothing from then on: one of the two devices is
 * wrong, or lies, and each of them sends its list when it is asked to. A name, `oma:x` or `v:x`, is never learned.
 */
import { encodeLinks, type Link, MAX_LINK_TEXT } from "../../protocol/coap/link-format.ts";
import type { ProfileId } from "../../protocol/lwm2m/profile-id.ts";
import { isMalformed, type Malformed, malformed } from "../../protocol/malformed.ts";
import type { Journal, Table } from "../store/store.ts";
import { encodeLinkList, type LinkList, parseLinkList } from "./link-lists.ts";

export interface ProfileSettings {
  /** Lists of links by profile id, `oma:meter-1`. */
  readonly profiles?: ReadonlyMap<string, string>;
  readonly maxProfiles: number;
  readonly maxProfileText: number;
}

/** What survives a restart, by profile id. */
interface ProfileRow {
  /** "" when two lists came under it. */
  readonly links: string;
}

/** Objects that every device lists (LwM2M Core 1.2.2 §6.2.1). */
const OF_EVERY_DEVICE = ["/1", "/3"];

export class ProfileLists {
  private readonly settings: ProfileSettings;
  private readonly table: Table<ProfileRow>;
  /** What was used last is last. */
  private readonly learned = new Map<string, string>();
  private text = 0;

  constructor(settings: ProfileSettings, journal: Journal) {
    this.settings = settings;
    this.table = journal.table("profiles");
  }

  /** Takes up what an earlier run learned. */
  restore(): void {
    for (const [id, { links }] of this.table.entries()) this.hold(id, links);
  }

  /**
   * The objects of a device that registers with these ids, and with this list beside them. A complete list stands for itself; any other
   * adds to what the ids stand for.
   *
   * @returns undefined when an id stands for nothing here; malformed when together they are longer than one list may be
   */
  resolve(ids: readonly ProfileId[], list: LinkList): LinkList | Malformed | undefined {
    if (isComplete(list)) {
      if (ids.length === 1) this.learn(ids[0], list);
      return list;
    }
    const parts: string[] = [];
    for (const id of ids) {
      const links = this.linksOf(id);
      if (links === undefined) return undefined;
      parts.push(links);
    }
    if (list.text !== "") parts.push(list.text);
    // A short registration must not make long work: one id may be named many times.
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (length > MAX_LINK_TEXT) {
      return malformed("coap/link-format-too-long", length, "LwM2M Core 1.2.2 §6.2.1");
    }
    if (parts.length === 1) return parseLinkList(parts[0]);
    return joined(parts);
  }

  private linksOf(id: ProfileId): string | undefined {
    const key = keyOf(id);
    const agreed = this.settings.profiles?.get(key);
    if (agreed !== undefined) return agreed;
    const links = this.learned.get(key);
    if (links === undefined) return undefined;
    this.learned.delete(key);
    this.learned.set(key, links);
    return links === "" ? undefined : links;
  }

  private learn(id: ProfileId, list: LinkList): void {
    const key = keyOf(id);
    if (!/^\d/.test(id.scheme) || this.settings.profiles?.has(key) === true) return;
    const known = this.learned.get(key);
    if (known === undefined) this.put(key, list.text);
    else if (known !== "" && !saysTheSame(known, list)) this.put(key, "");
  }

  private put(key: string, links: string): void {
    this.drop(key);
    this.hold(key, links);
    this.table.put(key, { links });
    const { maxProfiles, maxProfileText } = this.settings;
    for (const oldest of this.learned.keys()) {
      if (this.learned.size <= maxProfiles && this.text <= maxProfileText) return;
      this.drop(oldest);
      this.table.remove(oldest);
    }
  }

  private hold(key: string, links: string): void {
    this.learned.set(key, links);
    this.text += links.length;
  }

  private drop(key: string): void {
    this.text -= this.learned.get(key)?.length ?? 0;
    this.learned.delete(key);
  }
}

function keyOf({ scheme, value }: ProfileId): string {
  return `${scheme}:${value}`;
}

/** Whether a list has what no device is without, so that it is no addition to others. */
function isComplete({ links }: LinkList): boolean {
  return OF_EVERY_DEVICE.every((object) =>
    links.some(({ uri }) => uri === object || uri.startsWith(`${object}/`)),
  );
}

function saysTheSame(text: string, list: LinkList): boolean {
  const known = parseLinkList(text);
  if (isMalformed(known) || known.rootPath !== list.rootPath) return false;
  return encodeLinks(known.links) === encodeLinks(list.links);
}

/** All links of several lists, each place once: a later list says it better. */
function joined(parts: readonly string[]): LinkList | Malformed {
  const byUri = new Map<string, Link>();
  let root: Pick<LinkList, "rootPath" | "contentFormats"> = { rootPath: "", contentFormats: [] };
  for (const part of parts) {
    const list = parseLinkList(part);
    if (isMalformed(list)) return list;
    if (list.rootPath !== "" || list.contentFormats.length > 0) root = list;
    for (const link of list.links) byUri.set(link.uri, link);
  }
  return parseLinkList(encodeLinkList(root, [...byUri.values()]));
}
