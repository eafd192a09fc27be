/**
 * The lists of links that devices register with, each once.
 *
 * Devices of one model list the same. So a list is read once and shared, found again by its bytes in a table of fixed size; one that
 * is not there any more, or too long for it, is read anew.
 */
import { decodeUtf8 } from "../../protocol/bytes/utf8.ts";
import {
  attributeOf,
  decodeLinks,
  encodeLinks,
  type Link,
} from "../../protocol/coap/link-format.ts";
import { isMalformed, type Malformed } from "../../protocol/malformed.ts";

export interface LinkList {
  /** As the device wrote it. */
  readonly text: string;
  /** Without the root link, and LwM2M paths without the root path in front. */
  readonly links: readonly Link[];
  /** "" or the alternate path, `/lwm2m` (LwM2M Core 1.1.1 §6.2.1). */
  readonly rootPath: string;
  /** `ct` of the root link: formats that the device has beside those that every device has; empty when it does not say. */
  readonly contentFormats: readonly number[];
  /** It lists object 25, whose instances are the devices behind it. */
  readonly isGateway: boolean;
}

/** What every list without formats has. */
const NO_FORMATS: readonly number[] = [];
/** How many lists are remembered; a power of two. */
const SLOTS = 1024;
/** `ct` values that are read. */
const MOST_FORMATS = 32;
/** Longer lists are not remembered, bytes. */
const LONGEST_SHARED = 4096;

export class LinkLists {
  private readonly lists: (LinkList | undefined)[] = new Array(SLOTS).fill(undefined);
  private readonly bytes: (Uint8Array | undefined)[] = new Array(SLOTS).fill(undefined);

  /** Reads a registration's payload. */
  read(payload: Uint8Array): LinkList | Malformed {
    if (payload.length > LONGEST_SHARED) return parseLinkList(decodeUtf8(payload));
    const slot = hash(payload) & (SLOTS - 1);
    const known = this.lists[slot];
    if (known !== undefined && isEqual(this.bytes[slot] as Uint8Array, payload)) return known;
    const list = parseLinkList(decodeUtf8(payload));
    if (!isMalformed(list)) {
      this.lists[slot] = list;
      this.bytes[slot] = new Uint8Array(payload);
    }
    return list;
  }
}

/** Reads a list of links and finds its root link. */
export function parseLinkList(text: string): LinkList | Malformed {
  const listed = decodeLinks(text);
  if (isMalformed(listed)) return listed;
  let rootPath = "";
  let contentFormats: readonly number[] = NO_FORMATS;
  for (const link of listed) {
    if (!isRoot(link)) continue;
    rootPath = link.uri === "/" ? "" : link.uri.replace(/\/$/, "");
    contentFormats = formatsOf(attributeOf(link, "ct"));
  }
  const links: Link[] = [];
  for (const link of listed) {
    if (isRoot(link)) continue;
    const isBelowRoot = rootPath !== "" && link.uri.startsWith(`${rootPath}/`);
    const uri = isBelowRoot ? link.uri.slice(rootPath.length) : link.uri;
    links.push(uri === link.uri ? link : { uri, attributes: link.attributes });
  }
  const isGateway = links.some(({ uri }) => uri === "/25" || uri.startsWith("/25/"));
  return { text, links, rootPath, contentFormats, isGateway };
}

/** The numbers of `60` or `60 110 112`. */
function formatsOf(text = ""): readonly number[] {
  const words = text.split(" ", MOST_FORMATS);
  const formats = words.filter((word) => /^\d{1,5}$/.test(word)).map(Number);
  return formats.length === 0 ? NO_FORMATS : formats;
}

/** A list as text, from its parts. */
export function encodeLinkList(
  { rootPath, contentFormats }: Pick<LinkList, "rootPath" | "contentFormats">,
  links: readonly Link[],
): string {
  if (rootPath === "" && contentFormats.length === 0) return encodeLinks(links);
  const root: Link = { uri: rootPath || "/", attributes: [{ name: "rt", value: "oma.lwm2m" }] };
  if (contentFormats.length > 0) {
    root.attributes.push({ name: "ct", value: contentFormats.join(" ") });
  }
  return encodeLinks([root, ...links]);
}

/** The root link, `</>;rt="oma.lwm2m"` or with an alternate path; `</>` alone only says where paths begin, too. */
function isRoot(link: Link): boolean {
  return link.uri === "/" || attributeOf(link, "rt") === "oma.lwm2m";
}

/** FNV-1a. */
function hash(bytes: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) sum = Math.imul(sum ^ bytes[i], 0x01000193);
  return sum ^ (sum >>> 15);
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
