/**
 * An LwM2M tree that is not at the root of the device (LwM2M Transport 1.1.1 §6.4.1, "alternate path"): what servers address, and the
 * names in payloads, begin with it; bootstrap knows nothing of it. The agent inside works as if it were at the root.
 */
import { decodeUtf8, encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { LINK_FORMAT, LWM2M_CBOR } from "../../../protocol/coap/content-formats.ts";
import type { IncomingRequest, Response } from "../../../protocol/coap/exchange.ts";
import type { Option } from "../../../protocol/coap/options.ts";
import {
  CONTENT_FORMAT,
  LOCATION_PATH,
  textOption,
  URI_PATH,
  uintOf,
} from "../../../protocol/coap/options.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import type { ContentCodec } from "../../../protocol/content/content-codec.ts";
import { parsePath } from "../../../protocol/model/path.ts";
import { misuse } from "../../objects/misuse.ts";

/** Checks a configured one: "/lwm2m", segments that are no numbers. Throws `agent/root-path`. */
export function checkRootPath(root: string): void {
  const segments = root.split("/");
  let isFit = segments.length > 1 && segments[0] === "";
  for (let i = 1; i < segments.length; i++) {
    isFit = isFit && segments[i] !== "" && !(+segments[i] >= 0) && isPlain(segments[i]);
  }
  if (!isFit) throw misuse("agent/root-path", `"${root}" is not /NAME[/NAME...] without numbers`);
}

/** A request as it would be with the tree at the root; undefined when it is for nothing below `root`. */
export function belowRoot(request: IncomingRequest, root: string): IncomingRequest | undefined {
  const path = pathOf(request.options, URI_PATH);
  if (path !== root && path.indexOf(`${root}/`) !== 0) return undefined;
  let skipped = root.split("/").length - 1;
  const options = request.options.filter(function (option) {
    return option.number !== URI_PATH || skipped-- <= 0;
  });
  return { ...request, options: options };
}

/** True for a path of objects at the root, where they are not; the root itself is composites', wherever the tree is. */
export function isTreePath(text: string): boolean {
  const path = parsePath(text);
  return path !== undefined && path.length > 0;
}

/** A response with its links and its Location below `root`; names in other formats are the codecs' (`codecsBelow`). */
export function withRoot(response: Response, root: string): Response {
  const isLinks = uintOf(response.options, CONTENT_FORMAT, -1) === LINK_FORMAT;
  const hasLocation = pathOf(response.options, LOCATION_PATH) !== "/";
  if (!isLinks && !hasLocation) return response;
  const payload = isLinks
    ? encodeUtf8(linksBelow(decodeUtf8(response.payload), root))
    : response.payload;
  const options = hasLocation ? located(response.options, root) : response.options;
  return { ...response, options: options, payload: payload };
}

function located(options: readonly Option[], root: string): readonly Option[] {
  let list: readonly Option[] = [];
  for (let i = 0; i < options.length; i++) {
    const isFirst = options[i].number === LOCATION_PATH && pathOf(list, LOCATION_PATH) === "/";
    const segments = isFirst ? root.substring(1).split("/") : [];
    for (let k = 0; k < segments.length; k++) {
      list = list.concat(textOption(LOCATION_PATH, segments[k]));
    }
    list = list.concat(options[i]);
  }
  return list;
}

/** Targets of links, which begin with a slash, get `root` before it. What is in quotes stays. */
function linksBelow(text: string, root: string): string {
  let below = "";
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text.charAt(i);
    if (letter === '"') isQuoted = !isQuoted;
    below += letter;
    if (letter === "<" && !isQuoted) below += root;
  }
  return below;
}

/** The last list that was asked for: a fleet's agents share it. */
let lastCodecs: readonly ContentCodec[] = [];
let lastRoot = "";
let lastBelow: readonly ContentCodec[] = [];

/** The same formats, with `root` before each name. */
export function codecsBelow(
  codecs: readonly ContentCodec[],
  root: string,
): readonly ContentCodec[] {
  if (codecs !== lastCodecs || root !== lastRoot) {
    lastCodecs = codecs;
    lastRoot = root;
    lastBelow = codecs.map(function (codec) {
      return codecBelow(codec, root);
    });
  }
  return lastBelow;
}

/** Keys of LwM2M CBOR are ids, which no alternate path can go before (LwM2M Core 1.2.2 §7.5.6). */
function codecBelow(codec: ContentCodec, root: string): ContentCodec {
  if (codec.format === LWM2M_CBOR) return codec;
  return {
    format: codec.format,
    encode: function (base, entries) {
      return codec.encode(base, entries, root);
    },
    decode: function (bytes, base, definitionOf) {
      return codec.decode(bytes, base, definitionOf, root);
    },
  };
}

function isPlain(segment: string): boolean {
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  for (let i = 0; i < segment.length; i++) {
    if (letters.indexOf(segment.charAt(i)) < 0) return false;
  }
  return true;
}
