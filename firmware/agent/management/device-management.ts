/**
 * Answers a server's requests on LwM2M paths (LwM2M Core 1.1.1 §6.3, §6.4): which operation is it, may it be done, do it.
 *
 * Dispatches from protocol/lwm2m/operations.ts, whose table also says which codes may answer. The rules of the model are in
 * object-tree.ts.
 */
import { decodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  isSuccess,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  NOT_IMPLEMENTED,
  UNAUTHORIZED,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import type { IncomingRequest, Response } from "../../../protocol/coap/exchange.ts";
import { NO_BYTES, NO_OPTIONS } from "../../../protocol/coap/message.ts";
import { ACCEPT, CONTENT_FORMAT, uintOf, uintOption } from "../../../protocol/coap/options.ts";
import type { ContentCodec } from "../../../protocol/content/content-codec.ts";
import {
  CANCEL_OBSERVE,
  DISCOVER,
  EXECUTE,
  READ,
  START_OBSERVE,
  WRITE_ATTRIBUTES,
  WRITE_REPLACE,
  WRITE_UPDATE,
} from "../../../protocol/lwm2m/operations.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { NO_ATTRIBUTES } from "../../../protocol/model/attributes.ts";
import type { Entry } from "../../../protocol/model/data-types.ts";
import {
  EXECUTE as EXECUTABLE,
  MULTIPLE,
  WRITE as WRITABLE,
} from "../../../protocol/model/data-types.ts";
import { resourceFlags } from "../../../protocol/model/object-definition.ts";
import type { Path } from "../../../protocol/model/path.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { discoverList } from "../registration/links.ts";
import { Observation } from "../reporting/notification.ts";
import type { ServerLink } from "../server-link.ts";
import { ANY_FORMAT, contentAt, contentResponse } from "./content.ts";
import { isHidden, locate, write } from "./object-tree.ts";

/** A response without content. */
export function plain(code: number): Response {
  return { code: code, options: NO_OPTIONS, payload: NO_BYTES };
}

/** Does what `operation` says and builds the response. */
export function manage(
  now: Milliseconds,
  link: ServerLink,
  operation: number,
  path: Path,
  request: IncomingRequest,
): Response {
  if (isHidden(path[0])) return plain(UNAUTHORIZED);
  const object = link.agent.object(path[0]);
  if (object === undefined) return plain(NOT_FOUND);
  const { attributes, management } = link.agent.features;
  const found =
    management === undefined
      ? locate(object, path)
      : management.admit(link, operation, object, path);
  if (operation === WRITE_REPLACE || operation === WRITE_UPDATE) {
    return plain(writeContent(link, object, path, request, operation === WRITE_REPLACE, found));
  }
  if (!isSuccess(found)) return plain(found);
  const usualDepth = path.length === 1 ? 2 : 1;
  switch (operation) {
    case READ:
    case START_OBSERVE:
    case CANCEL_OBSERVE:
      return readOrObserve(now, link, object, operation, path, request);
    case DISCOVER:
      return {
        code: CONTENT,
        options: [uintOption(CONTENT_FORMAT, LINK_FORMAT)],
        payload: discoverList(
          link,
          object,
          path,
          management === undefined ? usualDepth : management.depth(link, request, usualDepth),
        ),
      };
    case WRITE_ATTRIBUTES:
      return plain(
        attributes === undefined
          ? METHOD_NOT_ALLOWED
          : attributes.write(link, object, path, request),
      );
    case EXECUTE:
      return plain(execute(object, path, request));
    default:
      return handleElsewhere(link, operation, object, path, request);
  }
}

/** By the first feature that knows the operation. */
function handleElsewhere(
  link: ServerLink,
  operation: number,
  object: LwM2mObject,
  path: Path,
  request: IncomingRequest,
): Response {
  const handlers = link.agent.features.operations;
  for (let i = 0; handlers !== undefined && i < handlers.length; i++) {
    const response = handlers[i](link, operation, object, path, request);
    if (response !== undefined) return response;
  }
  return plain(METHOD_NOT_ALLOWED);
}

function readOrObserve(
  now: Milliseconds,
  link: ServerLink,
  object: LwM2mObject,
  operation: number,
  path: Path,
  request: IncomingRequest,
): Response {
  const content = contentAt(link, path, uintOf(request.options, ACCEPT, ANY_FORMAT));
  if (operation === CANCEL_OBSERVE) link.cancelObservation(request.token);
  if (operation !== START_OBSERVE || !isSuccess(content.code)) {
    return contentResponse(content, undefined);
  }
  const rules = link.agent.features.attributes;
  const own = rules === undefined ? NO_ATTRIBUTES : rules.ofObserve(link, object, path, request);
  if (isMalformed(own)) return plain(BAD_REQUEST);
  const observation = new Observation(request.token, path, content.format, own);
  return contentResponse(content, link.observed().observe(now, observation, content));
}

/** The entries of a payload, or the code that refuses it. */
export function decodeContent(
  codecs: readonly ContentCodec[],
  object: LwM2mObject,
  path: Path,
  request: IncomingRequest,
): Entry[] | number {
  // Some servers leave the Content-Format of a single value out.
  const assumed = path.length > 2 ? TEXT : ANY_FORMAT;
  const format = uintOf(request.options, CONTENT_FORMAT, assumed);
  for (let i = 0; i < codecs.length; i++) {
    if (codecs[i].format !== format) continue;
    const definitionOf = () => object.definition;
    const entries = codecs[i].decode(request.payload, path, definitionOf);
    if (isMalformed(entries)) return BAD_REQUEST;
    // TLV alone has a way to say nothing: no bytes.
    return entries.length === 0 && format !== TLV ? BAD_REQUEST : entries;
  }
  return UNSUPPORTED_CONTENT_FORMAT;
}

function writeContent(
  link: ServerLink,
  object: LwM2mObject,
  path: Path,
  request: IncomingRequest,
  replaces: boolean,
  found: number,
): number {
  const flags = path.length === 2 ? 0 : resourceFlags(object.definition, path[2]);
  // A resource that this instance could have but has not is made by a Write.
  const canMake = path.length === 3 && flags !== 0 && object.instances.get(path[1]) !== undefined;
  if (!isSuccess(found) && !(found === NOT_FOUND && canMake)) return found;
  if (path.length > 2) {
    if ((flags & WRITABLE) === 0) return METHOD_NOT_ALLOWED;
    if (!replaces && (flags & MULTIPLE) === 0) return METHOD_NOT_ALLOWED;
  }
  const entries = decodeContent(link.formats(), object, path, request);
  if (typeof entries === "number") return entries;
  const rules = link.agent.features.management;
  return rules === undefined
    ? write(object, path, entries, replaces)
    : rules.write(link, object, path, entries, replaces);
}

function execute(object: LwM2mObject, path: Path, request: IncomingRequest): number {
  if ((resourceFlags(object.definition, path[2]) & EXECUTABLE) === 0) return METHOD_NOT_ALLOWED;
  const text = decodeUtf8(request.payload);
  if (!isArgumentList(text)) return BAD_REQUEST;
  if (object.onExecute === undefined) return NOT_IMPLEMENTED;
  const refusal = object.onExecute(object, path[1], path[2], text);
  return refusal === undefined ? CHANGED : refusal;
}

const COMMA = 44;
const EQUALS = 61;
const QUOTE = 39;

/**
 * True for `` or `0,1='text'`: digits, each at most once, each with a quoted value or none (LwM2M Core 1.1.1 §6.3.4 ABNF; once
 * each since 1.2.1). Between quotes stands printable ASCII without blank, `"`, `'` and backslash.
 */
export function isArgumentList(text: string): boolean {
  let at = 0;
  let seen = 0;
  while (at < text.length) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9 || (seen & (1 << digit)) !== 0) return false;
    seen |= 1 << digit;
    at++;
    if (text.charCodeAt(at) === EQUALS) {
      if (text.charCodeAt(at + 1) !== QUOTE) return false;
      at += 2;
      while (isArgumentCharacter(text.charCodeAt(at))) at++;
      if (text.charCodeAt(at) !== QUOTE) return false;
      at++;
    }
    if (at === text.length) return true;
    if (text.charCodeAt(at) !== COMMA) return false;
    at++;
  }
  return text.length === 0;
}

function isArgumentCharacter(unit: number): boolean {
  return unit > 32 && unit < 127 && unit !== 34 && unit !== QUOTE && unit !== 92;
}
