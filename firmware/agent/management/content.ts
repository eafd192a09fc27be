/**
 * From values to payloads: what a Read, an Observe or a notification carries, in the format that was asked for
 * (LwM2M Core 1.1.1 §7.4).
 */

import { CONTENT, isSuccess, NOT_ACCEPTABLE, NOT_FOUND } from "../../../protocol/coap/codes.ts";
import type { Response } from "../../../protocol/coap/exchange.ts";
import { NO_BYTES } from "../../../protocol/coap/message.ts";
import type { Option } from "../../../protocol/coap/options.ts";
import { CONTENT_FORMAT, MAX_AGE, uintOption } from "../../../protocol/coap/options.ts";
import type { ContentCodec } from "../../../protocol/content/content-codec.ts";
import type { Entry } from "../../../protocol/model/data-types.ts";
import type { Path } from "../../../protocol/model/path.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import type { Reading } from "../reporting/notification.ts";
import type { ServerLink } from "../server-link.ts";
import { read, readingOf } from "./object-tree.ts";

/** No Accept: the device chooses. */
export const ANY_FORMAT = -1;

/** A payload, or the code that says why there is none. */
export interface Content {
  /** 2.05, or an error. */
  readonly code: number;
  readonly format: number;
  readonly payload: Uint8Array;
  readonly reading: Reading;
  /** Seconds; 0 unless the resource says otherwise, so that no cache serves an old reading. */
  readonly maxAge: number;
}

const FRESH_ONLY = uintOption(MAX_AGE, 0);

/** Reads for a server a path of an object in the format asked for; without one in the first of the link's that can express it. */
export function contentAt(link: ServerLink, path: Path, format: number): Content {
  const object = link.agent.object(path[0]);
  const entries: Entry[] = [];
  const code = object === undefined ? NOT_FOUND : readFor(link, object, path, entries);
  return isSuccess(code) ? contentOf(link.formats(), path, entries, format) : refusal(code);
}

/** What was read at a path, in the format asked for; without one in the first of the codecs that can express it. */
export function contentOf(
  codecs: readonly ContentCodec[],
  path: Path,
  entries: readonly Entry[],
  format: number,
): Content {
  for (let i = 0; i < codecs.length; i++) {
    if (format !== ANY_FORMAT && format !== codecs[i].format) continue;
    const payload = codecs[i].encode(path, entries);
    if (payload === undefined) continue;
    return {
      code: CONTENT,
      format: codecs[i].format,
      payload: payload,
      reading: readingOf(path, entries),
      maxAge: 0,
    };
  }
  return refusal(NOT_ACCEPTABLE);
}

/** Appends what a server may read. Returns a response code. */
export function readFor(
  link: ServerLink,
  object: LwM2mObject,
  path: Path,
  entries: Entry[],
): number {
  const rules = link.agent.features.management;
  return rules === undefined
    ? read(object, path, entries)
    : rules.read(link, object, path, entries);
}

/** The response that carries it, with an Observe option when there is one to send. */
export function contentResponse(content: Content, observe: Option | undefined): Response {
  const options: Option[] = [];
  if (isSuccess(content.code)) {
    if (observe !== undefined) options.push(observe);
    options.push(uintOption(CONTENT_FORMAT, content.format));
    options.push(content.maxAge === 0 ? FRESH_ONLY : uintOption(MAX_AGE, content.maxAge));
  }
  return { code: content.code, options: options, payload: content.payload };
}

/** No content, and why. */
export function refusal(code: number): Content {
  return { code: code, format: ANY_FORMAT, payload: NO_BYTES, reading: undefined, maxAge: 0 };
}
