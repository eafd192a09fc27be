/**
 * The path of a request: version prefix and trailing slash taken off, so that `/v2/endpoints/`, `/v1/endpoints` and `/endpoints`
 * are one route. Nothing is redirected: the clients of this API do not follow redirects on PUT, POST and DELETE.
 */

import { encodeUtf8 } from "../../protocol/bytes/utf8.ts";

/** Versions that a path may begin with; the last one is the newest. Both mean the same routes. */
export const REST_VERSIONS = ["v1", "v2"] as const;

const LONGEST_RESOURCE_PATH = 255;
/** Bytes. */
const LONGEST_SEGMENT = 255;

/** The route path of a URL or request target, still percent-encoded, "/" at least, and whether a version was taken off. */
export function pathAndVersion(url: string): { path: string; isVersioned: boolean } {
  const end = url.search(/[?#]/);
  let path = end < 0 ? url : url.slice(0, end);
  const scheme = path.indexOf("://");
  if (scheme >= 0) {
    const start = path.indexOf("/", scheme + 3);
    path = start < 0 ? "/" : path.slice(start);
  }
  const version = REST_VERSIONS.find((each) => path === `/${each}` || path.startsWith(`/${each}/`));
  if (version !== undefined) path = path.slice(version.length + 1) || "/";
  let length = path.length;
  while (length > 1 && path[length - 1] === "/") length--;
  return { path: path.slice(0, length), isVersioned: version !== undefined };
}

/** The endpoint name in `/family/{endpoint-name}/...`, decoded; undefined when its escapes are not UTF-8. */
export function endpointNameIn(path: string): string | undefined {
  return decodeSegment(path.split("/", 3)[2] ?? "");
}

/**
 * The resource path in `/family/{endpoint-name}/{resource-path}`, decoded, "/actuator/0/speed".
 *
 * @returns undefined when a segment is empty, longer than 255 bytes, not decodable or holds a slash, or the whole is longer than 255
 *   characters
 */
export function resourcePathIn(path: string): string | undefined {
  let decodedPath = "";
  for (const segment of path.split("/").slice(3)) {
    const decoded = decodeSegment(segment);
    if (decoded === undefined || decoded.includes("/") || !isSegment(decoded)) return undefined;
    decodedPath += `/${decoded}`;
  }
  return decodedPath.length <= LONGEST_RESOURCE_PATH ? decodedPath : undefined;
}

/** Whether a text is the path of a resource as it stands, not percent-encoded. */
export function isResourcePath(text: string): boolean {
  return (
    text.startsWith("/") &&
    text.length <= LONGEST_RESOURCE_PATH &&
    text.slice(1).split("/").every(isSegment)
  );
}

/** Whether a text can be one segment: CoAP's Uri-Path has 1 to 255 bytes (RFC 7252 §5.10). */
function isSegment(text: string): boolean {
  return text !== "" && encodeUtf8(text).length <= LONGEST_SEGMENT;
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
