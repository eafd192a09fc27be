/**
 * What an application asks of a device, as a CoAP request.
 *
 * On a numeric path of an LwM2M device the method is an operation (LwM2M Transport 1.1.1 §6.4.4): GET Read, PUT Write, POST on a
 * resource Execute, on an instance Write in part, on an object Create, DELETE Delete; PUT with a query alone Write-Attributes; FETCH and
 * iPATCH on the root the composites. Where the application names no format, formats.ts chooses; where the device refuses what was
 * chosen, there is a next attempt.
 */

import type { Request } from "../../protocol/coap/coap-endpoint.ts";
import { FETCH, GET, IPATCH, POST, PUT } from "../../protocol/coap/codes.ts";
import { SENML_CBOR, SENML_ETCH_CBOR, TEXT, TLV } from "../../protocol/coap/content-formats.ts";
import { attributeOf } from "../../protocol/coap/link-format.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  textOption,
  URI_PATH,
  URI_QUERY,
  uintOption,
} from "../../protocol/coap/options.ts";
import { pathOptions } from "../../protocol/coap/uri.ts";
import { SENML_ETCH_CBOR_PATHS } from "../../protocol/content/senml-cbor-etch.ts";
import { SENML_ETCH_JSON_PATHS } from "../../protocol/content/senml-json-etch.ts";
import type { Path } from "../../protocol/model/path.ts";
import type { GatewayDevice } from "../contract.ts";
import type { Registration } from "../registry/registration.ts";
import { bestAccept, compositeAccept, pathsFormats } from "./formats.ts";
import { compositePlaceOf, type Target, targetOf, UNKNOWN_PREFIX } from "./target.ts";

/** What of a downlink request shows in the message. */
export interface DownlinkContent {
  readonly method: number;
  readonly path: string;
  readonly paths?: readonly string[] | undefined;
  readonly payload: Uint8Array;
  readonly contentFormat?: number | undefined;
  readonly accept?: number | undefined;
  readonly query?: readonly string[] | undefined;
}

/** A payload and the format that it is in. */
interface Body {
  readonly payload: Uint8Array;
  readonly contentFormat: number;
}

/** True when the path is an LwM2M one to this device. */
export function isLwM2m(
  registration: Registration,
  content: Pick<DownlinkContent, "method" | "path">,
  devices: readonly GatewayDevice[],
): boolean {
  return targetOf(registration, content, devices) !== undefined;
}

/**
 * The request for this device.
 *
 * @param attempt 0, and one more each time that the device has refused the formats of the one before
 * @param devices those behind it, if it is a gateway
 */
export function downlinkMessage(
  registration: Registration,
  content: DownlinkContent,
  attempt: number,
  devices: readonly GatewayDevice[],
): Request {
  const { method, path, query } = content;
  const found = targetOf(registration, content, devices);
  const target = found === UNKNOWN_PREFIX ? undefined : found;
  const options = pathOptions(URI_PATH, onWire(target, path));
  const body = bodyOf(registration, content, target, attempt, devices);
  const isReading = method === GET || method === FETCH;
  const chosen = isReading ? chosenAccept(registration, content, target, attempt, body) : undefined;
  const accept = isReading ? (content.accept ?? chosen) : undefined;
  if (accept !== undefined) options.push(uintOption(ACCEPT, accept));
  for (const parameter of query ?? []) options.push(textOption(URI_QUERY, parameter));
  if (body !== undefined) options.push(uintOption(CONTENT_FORMAT, body.contentFormat));
  return { code: method, options, payload: body?.payload ?? NO_BYTES };
}

/** True when there is another way to ask, should the device refuse the formats of this one. */
export function hasAnotherAttempt(
  registration: Registration,
  content: DownlinkContent,
  attempt: number,
): boolean {
  const { method, accept, paths } = content;
  if (paths !== undefined) return attempt + 1 < pathsFormats(registration).length;
  return attempt === 0 && accept === undefined && (method === GET || method === FETCH);
}

/** The path as the message has it: a device's own tree may lie elsewhere than at its root, that of another behind it does. */
function onWire(target: Target | undefined, path: string): string {
  // The prefix of a gateway's device is in the path already.
  const isOwn = target !== undefined && !path.startsWith(`${target.prefix}/`);
  if (!isOwn) return path;
  return target.path.length === 0 ? target.prefix : target.prefix + path;
}

function bodyOf(
  registration: Registration,
  content: DownlinkContent,
  target: Target | undefined,
  attempt: number,
  devices: readonly GatewayDevice[],
): Body | undefined {
  const { method, path, paths, payload, query } = content;
  if (paths !== undefined) return pathsBody(registration, paths, attempt, devices);
  // A PUT without a format is Write-Attributes, which a Write of nothing must not become.
  const isAttributes = method === PUT && query !== undefined && payload.length === 0;
  const isBodied = method === POST || method === FETCH || method === IPATCH;
  const hasContent = (method === PUT && !isAttributes) || (isBodied && payload.length > 0);
  if (!hasContent) return undefined;
  const usual = target === undefined ? listedFormat(registration, path) : usualFormat(target.path);
  return { payload, contentFormat: content.contentFormat ?? usual };
}

/** The paths of a composite, in the format of this attempt. */
function pathsBody(
  registration: Registration,
  paths: readonly string[],
  attempt: number,
  devices: readonly GatewayDevice[],
): Body {
  const formats = pathsFormats(registration);
  const contentFormat = formats[Math.min(attempt, formats.length - 1)] ?? SENML_CBOR;
  const places = paths.map((path) => compositePlaceOf(registration, path, devices));
  const known = places.filter((place): place is Target => typeof place === "object");
  const isCbor = contentFormat === SENML_CBOR || contentFormat === SENML_ETCH_CBOR;
  const codec = isCbor ? SENML_ETCH_CBOR_PATHS : SENML_ETCH_JSON_PATHS;
  const prefix = known[0]?.prefix ?? "";
  const payload = codec.encode(
    known.map(({ path }) => path),
    prefix === "" ? undefined : prefix,
  );
  return { payload, contentFormat };
}

/** The format to ask for where the application names none; undefined leaves it to the device. */
function chosenAccept(
  registration: Registration,
  { method, paths }: DownlinkContent,
  target: Target | undefined,
  attempt: number,
  body: Body | undefined,
): number | undefined {
  if (target === undefined) return undefined;
  if (paths !== undefined) return compositeAccept(registration, body?.contentFormat ?? SENML_CBOR);
  if (attempt > 0) return undefined;
  if (method === GET) return bestAccept(registration, target.path.length);
  return method === FETCH && body !== undefined
    ? compositeAccept(registration, body.contentFormat)
    : undefined;
}

/** What a payload is in when nobody says it. */
function usualFormat(path: Path): number {
  return path.length < 3 ? TLV : TEXT;
}

/** The format that a named resource is listed with, the first of several (`ct="60 110"`); text when it names none. */
function listedFormat(registration: Registration, path: string): number {
  const link = registration.links.find(({ uri }) => uri === path);
  const format = link === undefined ? NaN : Number.parseInt(attributeOf(link, "ct") ?? "", 10);
  return format >= 0 && format <= 65535 ? format : TEXT;
}
