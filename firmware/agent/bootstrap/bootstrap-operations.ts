/**
 * What a bootstrap server may ask of a device, and what it is answered (LwM2M Core 1.2.2 §6.1.7, LwM2M Transport 1.2.2 §6.4.2, §6.7
 * table 6.7-1): Discover, Read, Write, Delete and Finish, and nothing else.
 */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CONTENT,
  DELETE,
  GET,
  INTERNAL_SERVER_ERROR,
  isSuccess,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  NOT_FOUND,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import {
  LINK_FORMAT,
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_JSON,
  TLV,
} from "../../../protocol/coap/content-formats.ts";
import type { IncomingRequest, Response } from "../../../protocol/coap/exchange.ts";
import { NO_OPTIONS } from "../../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import type { ContentCodec } from "../../../protocol/content/content-codec.ts";
import { BOOTSTRAP_FORMATS, PACK_FORMATS } from "../../../protocol/lwm2m/bootstrap.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { Entry } from "../../../protocol/model/data-types.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { parsePath, RESERVED_ID } from "../../../protocol/model/path.ts";
import { ANY_FORMAT, contentOf, contentResponse } from "../management/content.ts";
import { decodeContent, plain } from "../management/device-management.ts";
import { read } from "../management/object-tree.ts";
import {
  ACCESS_CONTROL_OBJECT,
  inconsistencyOf,
  NO_INSTANCE,
  SERVER_OBJECT,
  securityIds,
  shortServerIdOf,
} from "./accounts.ts";
import { bootstrapLinks } from "./bootstrap-discover.ts";
import type { Preparation } from "./bootstrap-preparation.ts";
import {
  DELETE_ALONE_STEP,
  DELETE_STEP,
  FORGET_STEP,
  NO_ENTRIES,
  WRITE_STEP,
} from "./bootstrap-preparation.ts";

export const BOOTSTRAP_FINISH = "Bootstrap-Finish";
const BOOTSTRAP_DISCOVER = "Bootstrap-Discover";
const BOOTSTRAP_READ = "Bootstrap-Read";
const BOOTSTRAP_WRITE = "Bootstrap-Write";
const BOOTSTRAP_DELETE = "Bootstrap-Delete";

/** What a request asks for, for events; "Request" for what is none of bootstrap's. */
export function bootstrapOperationOf(request: IncomingRequest): string {
  const path = pathOf(request.options, URI_PATH);
  if (request.code === POST) return path === "/bs" ? BOOTSTRAP_FINISH : "Request";
  if (request.code === PUT) return BOOTSTRAP_WRITE;
  if (request.code === DELETE) return BOOTSTRAP_DELETE;
  if (request.code !== GET) return "Request";
  const accepted = uintOf(request.options, ACCEPT, ANY_FORMAT);
  const isDiscover = accepted === LINK_FORMAT || (path === "/" && accepted === ANY_FORMAT);
  return isDiscover ? BOOTSTRAP_DISCOVER : BOOTSTRAP_READ;
}

/** True for an operation that begins a bootstrap where the server may begin one. */
export function isBeginning(operation: string): boolean {
  return operation === BOOTSTRAP_WRITE || operation === BOOTSTRAP_DELETE;
}

/** Answers all but Finish. */
export function bootstrapAnswer(
  preparation: Preparation,
  operation: string,
  request: IncomingRequest,
): Response {
  const path = parsePath(pathOf(request.options, URI_PATH));
  switch (operation) {
    case BOOTSTRAP_DISCOVER:
      return path === undefined ? plain(NOT_FOUND) : discover(preparation, path);
    case BOOTSTRAP_READ:
      return path === undefined ? plain(NOT_FOUND) : readFor(preparation, path, request);
    case BOOTSTRAP_WRITE:
      return plain(path === undefined ? BAD_REQUEST : write(preparation, path, request));
    case BOOTSTRAP_DELETE:
      return plain(path === undefined ? BAD_REQUEST : remove(preparation, path));
    default:
      return plain(METHOD_NOT_ALLOWED);
  }
}

function discover(preparation: Preparation, path: Path): Response {
  if (path.length > 1) return plain(BAD_REQUEST);
  if (path.length === 1 && preparation.object(path[0]) === undefined) return plain(NOT_FOUND);
  return {
    code: CONTENT,
    options: [uintOption(CONTENT_FORMAT, LINK_FORMAT)],
    payload: bootstrapLinks(preparation, path),
  };
}

/** Of Server and Access Control, objects and instances, since LwM2M 1.1 (LwM2M Core 1.2.2 §6.1.7.4). */
function readFor(preparation: Preparation, path: Path, request: IncomingRequest): Response {
  const isAllowed = path[0] === SERVER_OBJECT || path[0] === ACCESS_CONTROL_OBJECT;
  const isKnown = preparation.version() !== "1.0";
  if (!isAllowed || !isKnown || path.length > 2) return plain(METHOD_NOT_ALLOWED);
  const object = preparation.object(path[0]);
  if (object === undefined) return plain(NOT_FOUND);
  if (path.length > 1 && object.instances.get(path[1]) === undefined) return plain(NOT_FOUND);
  const format = uintOf(request.options, ACCEPT, ANY_FORMAT);
  const entries: Entry[] = [];
  read(object, path, entries);
  return contentResponse(contentOf(preparation.codecs, path, entries, format), undefined);
}

function write(preparation: Preparation, path: Path, request: IncomingRequest): number {
  const isWhere = path.length > 0 && path.length < 4 && path.indexOf(RESERVED_ID) < 0;
  // With a query alone it would be Write-Attributes, which is not bootstrap's.
  if (!isWhere || textsOf(request.options, URI_QUERY).length > 0) return BAD_REQUEST;
  const object = preparation.toChange(path[0]);
  if (object === undefined) return BAD_REQUEST;
  if (preparation.isFull(request.payload.length)) return INTERNAL_SERVER_ERROR;
  const entries = decodeContent(preparation.codecs, object, path, request);
  if (typeof entries === "number") return entries;
  const step = { kind: WRITE_STEP, path: path, entries: entries };
  return preparation.take(step, request.payload.length);
}

function remove(preparation: Preparation, path: Path): number {
  if (preparation.isFull(0)) return INTERNAL_SERVER_ERROR;
  const kind = preparation.version() === "1.0" ? DELETE_ALONE_STEP : DELETE_STEP;
  return preparation.take({ kind: kind, path: path, entries: NO_ENTRIES }, 0);
}

/** Why the configuration cannot be used as it would be, in words (LwM2M Core 1.2.2 §6.1.7.2); undefined when it can. */
export function inconsistency(preparation: Preparation): string | undefined {
  const former = preparation.successor() === NO_INSTANCE ? NO_INSTANCE : preparation.ownAccount;
  return inconsistencyOf(preparation, former);
}

/** 4.06, and why in words (RFC 7252 §5.5.2). */
export function notAcceptable(why: string): Response {
  return { code: NOT_ACCEPTABLE, options: NO_OPTIONS, payload: encodeUtf8(why) };
}

/** What the device prefers to be written to in (`pct`), or to get a pack in, of what it has; undefined when it has none of them. */
export function preferredFormat(
  codecs: readonly ContentCodec[],
  isPack: boolean,
): number | undefined {
  const formats = isPack ? PACK_FORMATS : BOOTSTRAP_FORMATS;
  for (let i = 0; i < PREFERRED.length; i++) {
    if (formats.indexOf(PREFERRED[i]) < 0) continue;
    for (let k = 0; k < codecs.length; k++) {
      if (codecs[k].format === PREFERRED[i]) return PREFERRED[i];
    }
  }
  return undefined;
}

/** Shortest first: LwM2M CBOR, SenML CBOR, TLV, SenML JSON. */
const PREFERRED: readonly number[] = [LWM2M_CBOR, SENML_CBOR, TLV, SENML_JSON];

/**
 * Takes a whole configuration at once (LwM2M Core 1.2.2 §6.1.7.7): every object in it gets these instances and no others; objects that it does not
 * name stay as they are.
 *
 * @returns why it cannot be used; undefined when it can
 */
export function takePack(
  preparation: Preparation,
  format: number,
  payload: Uint8Array,
): string | undefined {
  const entries = decodePack(preparation, format, payload);
  if (typeof entries === "string") return entries;
  const servers = serversOf(preparation);
  const objectIds: number[] = [];
  for (let i = 0; i < entries.length; i++) {
    const objectId = entries[i].path[0];
    if (objectIds.indexOf(objectId) < 0) objectIds.push(objectId);
  }
  for (let i = 0; i < objectIds.length; i++) {
    const own = entries.filter(function (entry) {
      return entry.path[0] === objectIds[i];
    });
    // What the device cannot have is no fault of a pack that is for others too (LwM2M Core 1.2.2 §5.2).
    if (preparation.toChange(objectIds[i]) === undefined) continue;
    const path = [objectIds[i]];
    preparation.take({ kind: DELETE_ALONE_STEP, path: path, entries: NO_ENTRIES });
    if (!isSuccess(preparation.take({ kind: WRITE_STEP, path: path, entries: own }))) {
      return `the pack's /${objectIds[i]} cannot be stored`;
    }
  }
  for (let i = 0; i < servers.length; i++) {
    preparation.take({ kind: FORGET_STEP, path: [servers[i]], entries: NO_ENTRIES });
  }
  return inconsistency(preparation);
}

function decodePack(
  preparation: Preparation,
  format: number,
  payload: Uint8Array,
): Entry[] | string {
  const codecs = preparation.codecs;
  for (let i = 0; i < codecs.length; i++) {
    if (codecs[i].format !== format || PACK_FORMATS.indexOf(format) < 0) continue;
    const entries = codecs[i].decode(payload, [], function (objectId) {
      return preparation.definitionOf(objectId);
    });
    if (isMalformed(entries)) return `the pack is malformed: ${entries.fault}`;
    for (let k = 0; k < entries.length; k++) {
      if (entries[k].path.length < 2) return "the pack holds what is no instance";
    }
    return entries;
  }
  return `the pack is in format ${format}`;
}

function serversOf(preparation: Preparation): number[] {
  const servers: number[] = [];
  const ids = securityIds(preparation);
  for (let i = 0; i < ids.length; i++) {
    const id = shortServerIdOf(preparation, ids[i]);
    if (id !== undefined) servers.push(id);
  }
  return servers;
}
