/**
 * Messages on their way through a gateway: what of a server's request the device gets, and of the device's response the server.
 */
import { FETCH, isSuccess } from "../../protocol/coap/codes.ts";
import type { Request, Response } from "../../protocol/coap/exchange.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  ETAG,
  LOCATION_PATH,
  MAX_AGE,
  OBSERVE,
  URI_PATH,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../../protocol/coap/uri.ts";
import type { DefinitionOf } from "../../protocol/model/object-definition.ts";
import type { Path } from "../../protocol/model/path.ts";
import { type Renaming, renamed, renamedPaths } from "./gateway-names.ts";

/** Those that are between server and device; all others are between two hops. */
const OF_REQUESTS: ReadonlySet<number> = new Set([CONTENT_FORMAT, URI_QUERY, ACCEPT]);
const OF_RESPONSES: ReadonlySet<number> = new Set([CONTENT_FORMAT, MAX_AGE, ETAG]);

/** Where a request goes, and how it is read. */
export interface Destination {
  /** At the device. */
  readonly path: string;
  /** The same as ids; `[]` for a composite. */
  readonly base: Path;
  readonly definitionOf: DefinitionOf;
  readonly renaming: Renaming;
}

/**
 * The request for the device; undefined when its payload is not what its format says.
 *
 * @param observe the Observe option, if any
 */
export function downlinkRequest(
  request: Pick<Request, "code" | "options" | "payload">,
  { path, base, definitionOf, renaming }: Destination,
  observe?: number,
): Request | undefined {
  const { code } = request;
  const format = uintOf(request.options, CONTENT_FORMAT, -1);
  const payload =
    code === FETCH
      ? renamedPaths(request.payload, format, renaming)
      : renamed(request.payload, format, base, definitionOf, renaming);
  if (payload === undefined) return undefined;
  const options = observe === undefined ? [] : [uintOption(OBSERVE, observe)];
  options.push(...pathOptions(URI_PATH, path));
  options.push(...request.options.filter(({ number }) => OF_REQUESTS.has(number)));
  return { code, options, payload };
}

/** The response for the server, without Observe; undefined when its payload is not what its format says. */
export function uplinkResponse(
  { code, options, payload }: Response,
  { base, definitionOf, renaming }: Omit<Destination, "path">,
): Response | undefined {
  const format = uintOf(options, CONTENT_FORMAT, -1);
  const content = isSuccess(code)
    ? renamed(payload, format, base, definitionOf, renaming)
    : payload;
  if (content === undefined) return undefined;
  const location = pathOf(options, LOCATION_PATH);
  const kept = options.filter(({ number }) => OF_RESPONSES.has(number));
  if (location !== "/") kept.unshift(...pathOptions(LOCATION_PATH, renaming.to + location));
  return { code, options: kept, payload: content };
}
