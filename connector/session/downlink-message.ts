/**
 * What an application asks of a device, as a CoAP request.
 *
 * On a numeric path of an LwM2M device the method is an operation (LwM2M Transport 1.1.1 §6.4.4): GET Read, PUT Write, POST on a
 * resource Execute, on an instance Write in part, on an object Create, DELETE Delete; PUT with a query alone Write-Attributes. Where the
 * application names no format, a resource is text and an object or an instance TLV, which every version has.
 */

import type { Request } from "../../protocol/coap/coap-endpoint.ts";
import { GET, POST, PUT } from "../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../protocol/coap/content-formats.ts";
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
import { parsePath } from "../../protocol/model/path.ts";
import type { Registration } from "../registry/registration.ts";

/** What of a downlink request shows in the message. */
export interface DownlinkContent {
  readonly method: number;
  readonly path: string;
  readonly payload: Uint8Array;
  readonly contentFormat?: number | undefined;
  readonly accept?: number | undefined;
  readonly query?: readonly string[] | undefined;
}

/** True when the path is an LwM2M one to this device. */
export function isLwM2m(registration: Registration, path: string): boolean {
  return registration.version !== undefined && depthOf(path) > 0;
}

/**
 * The request for this device.
 *
 * @param insists false leaves the format to the device where the application has not named one
 */
export function downlinkMessage(
  registration: Registration,
  content: DownlinkContent,
  insists: boolean,
): Request {
  const { method, path, payload, query } = content;
  const isOperation = isLwM2m(registration, path);
  const options = pathOptions(URI_PATH, isOperation ? registration.rootPath + path : path);
  if (method === GET) {
    const usual = isOperation && insists ? usualFormat(path) : undefined;
    const accept = content.accept ?? usual;
    if (accept !== undefined) options.push(uintOption(ACCEPT, accept));
  }
  for (const parameter of query ?? []) options.push(textOption(URI_QUERY, parameter));
  // A PUT without a format is Write-Attributes, which a Write of nothing must not become.
  const isAttributes = method === PUT && query !== undefined && payload.length === 0;
  const hasContent = (method === PUT && !isAttributes) || (method === POST && payload.length > 0);
  if (hasContent) {
    const usual = isOperation ? usualFormat(path) : listedFormat(registration, path);
    options.push(uintOption(CONTENT_FORMAT, content.contentFormat ?? usual));
  }
  return { code: method, options, payload: hasContent ? payload : NO_BYTES };
}

/** Segments of a numeric path; 0 for the root and for any other path. */
function depthOf(path: string): number {
  return parsePath(path)?.length ?? 0;
}

function usualFormat(path: string): number {
  return depthOf(path) < 3 ? TLV : TEXT;
}

/** The format that a named resource is listed with, the first of several (`ct="60 110"`); text when it names none. */
function listedFormat(registration: Registration, path: string): number {
  const link = registration.links.find(({ uri }) => uri === path);
  const format = link === undefined ? NaN : Number.parseInt(attributeOf(link, "ct") ?? "", 10);
  return format >= 0 && format <= 65535 ? format : TEXT;
}
