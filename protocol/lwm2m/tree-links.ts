/**
 * A device's tree as links: what Register and Update list (LwM2M Core 1.2.2 §6.2.1), what Discover
 * answers (§6.3.2) and Bootstrap-Discover (§6.1.7.3), each with its attributes in place.
 *
 *     </lwm2m>;rt="oma.lwm2m";ct="60 110",</lwm2m/3>;ver=1.2,</lwm2m/3/0>
 *     </3/0/7>;dim=2;pmin=10;gt=50;lt=42.2,</3/0/7/1>;lt=45
 *     </>;lwm2m=1.2,</0/0>;ssid=101;uri="coaps://server_1.example.com",</0/1>
 *
 * Read liberally: a slash at the end of a path, `lwm2m=1.0` without its link, attributes with
 * values that are none.
 */
import type { Link } from "../coap/link-format.ts";
import { attributeOf, decodeLinks, encodeLinks } from "../coap/link-format.ts";
import type { Malformed } from "../malformed.ts";
import { isMalformed } from "../malformed.ts";
import type { AttributeName, Attributes } from "../model/attributes.ts";
import { ATTRIBUTE_NAMES_1_2, readAttribute } from "../model/attributes.ts";
import { formatDecimal, parseInteger } from "../model/decimal.ts";
import type { Path } from "../model/path.ts";
import { formatPath, parsePath } from "../model/path.ts";

/** What is said of one place in the tree. */
export interface TreeLink {
  /** One to four ids. */
  readonly path: Path;
  /** `ver`, `major.minor`, of an object or its only instance. */
  readonly version: string | undefined;
  /** `dim`, how many instances a multiple resource has. */
  readonly dimension: number | undefined;
  /** `ssid`, 1..65534, the server that an instance of a core object belongs to. */
  readonly shortServerId: number | undefined;
  /** `uri`, of an instance of Security. */
  readonly serverUri: string | undefined;
  /** What a server has set. */
  readonly attributes: Attributes;
}

export interface TreeLinks {
  /** `lwm2m`, the version of the enabler that a Bootstrap-Discover begins with. */
  readonly enabler: string | undefined;
  /** Where the tree is: "" at the root, otherwise an alternate path as `/lwm2m`. */
  readonly rootPath: string;
  /** `ct` of the root link, the Content-Formats that the device has; empty when it does not say. */
  readonly contentFormats: readonly number[];
  /** True when the root link says `rt="oma.lwm2m"`. */
  readonly isTyped: boolean;
  readonly links: readonly TreeLink[];
  /** Links that lead elsewhere: named resources. */
  readonly others: readonly Link[];
}

const ROOT_TYPE = "oma.lwm2m";
const MOST_FORMATS = 32;

/** Reads a list of links; the empty text is an empty tree. */
export function parseTreeLinks(text: string): TreeLinks | Malformed {
  // As the examples of LwM2M 1.0 had it (LwM2M Core 1.2.2 §6.1.7.3).
  const listed = decodeLinks(text.indexOf("lwm2m=") === 0 ? `</>;${text}` : text);
  if (isMalformed(listed)) return listed;
  const root = rootOf(listed);
  const rootPath = root === undefined ? "" : withoutLastSlash(root.uri);
  const links: TreeLink[] = [];
  const others: Link[] = [];
  for (let i = 0; i < listed.length; i++) {
    const link = listed[i];
    if (link === root || link.uri === "/") continue;
    const isBelow = link.uri.indexOf(`${rootPath}/`) === 0;
    const path = isBelow
      ? parsePath(withoutLastSlash(link.uri.substring(rootPath.length)))
      : undefined;
    if (path === undefined || path.length === 0) others.push(link);
    else links.push(treeLinkOf(link, path));
  }
  return {
    enabler: root && attributeOf(root, "lwm2m"),
    rootPath: rootPath,
    contentFormats: root === undefined ? [] : formatsOf(attributeOf(root, "ct") || ""),
    isTyped: root !== undefined && attributeOf(root, "rt") === ROOT_TYPE,
    links: links,
    others: others,
  };
}

/** The first link of LwM2M's type, or else the first to "/", which only says what the device has. */
function rootOf(links: readonly Link[]): Link | undefined {
  let root: Link | undefined;
  for (let i = 0; i < links.length; i++) {
    if (attributeOf(links[i], "rt") === ROOT_TYPE) return links[i];
    if (root === undefined && links[i].uri === "/") root = links[i];
  }
  return root;
}

function withoutLastSlash(uri: string): string {
  return uri.charAt(uri.length - 1) === "/" ? uri.substring(0, uri.length - 1) : uri;
}

function treeLinkOf(link: Link, path: Path): TreeLink {
  const attributes: { -readonly [name in AttributeName]?: Attributes[name] } = {};
  for (let i = 0; i < ATTRIBUTE_NAMES_1_2.length; i++) {
    const name = ATTRIBUTE_NAMES_1_2[i];
    const text = attributeOf(link, name);
    const value = text === undefined ? undefined : readAttribute(name, text);
    if (value !== undefined) attributes[name] = value;
  }
  return {
    path: path,
    version: attributeOf(link, "ver"),
    dimension: idOf(link, "dim"),
    shortServerId: idOf(link, "ssid"),
    serverUri: attributeOf(link, "uri"),
    attributes: attributes,
  };
}

/** A 16-bit number that a link says, or undefined. */
function idOf(link: Link, name: string): number | undefined {
  const text = attributeOf(link, name);
  const id = text === undefined ? undefined : parseInteger(text, true);
  return typeof id === "number" && id < 65536 ? id : undefined;
}

/** The numbers of `60` or `60 110 112`. */
function formatsOf(text: string): number[] {
  const formats: number[] = [];
  const words = text.split(" ");
  for (let i = 0; i < words.length && formats.length < MOST_FORMATS; i++) {
    const format = parseInteger(words[i], true);
    if (typeof format === "number" && format < 65536) formats.push(format);
  }
  return formats;
}

/** Writes a list of links, the root link only when it says something. */
export function formatTreeLinks(tree: TreeLinks): string {
  const links: Link[] = [];
  const root: Link = { uri: tree.rootPath || "/", attributes: [] };
  if (tree.enabler !== undefined) put(root, "lwm2m", tree.enabler);
  if (tree.isTyped || tree.rootPath !== "") put(root, "rt", ROOT_TYPE);
  if (tree.contentFormats.length > 0) put(root, "ct", tree.contentFormats.join(" "));
  if (root.attributes.length > 0) links.push(root);
  for (let i = 0; i < tree.links.length; i++) {
    const place = tree.links[i];
    const link: Link = { uri: tree.rootPath + formatPath(place.path), attributes: [] };
    if (place.version !== undefined) put(link, "ver", place.version);
    if (place.dimension !== undefined) put(link, "dim", `${place.dimension}`);
    if (place.shortServerId !== undefined) put(link, "ssid", `${place.shortServerId}`);
    if (place.serverUri !== undefined) put(link, "uri", place.serverUri);
    for (let k = 0; k < ATTRIBUTE_NAMES_1_2.length; k++) {
      const value = place.attributes[ATTRIBUTE_NAMES_1_2[k]];
      if (value !== undefined) put(link, ATTRIBUTE_NAMES_1_2[k], formatDecimal(value));
    }
    links.push(link);
  }
  for (let i = 0; i < tree.others.length; i++) links.push(tree.others[i]);
  return encodeLinks(links);
}

function put(link: Link, name: string, value: string): void {
  link.attributes.push({ name: name, value: value });
}
