/**
 * Answers a server's requests on paths beside LwM2M's: named resources, and `/.well-known/core` (RFC 6690 §4).
 */
import { decodeUtf8 } from "../../protocol/bytes/utf8.ts";
import type { IncomingRequest, Response } from "../../protocol/coap/coap-endpoint.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  CREATED,
  DELETE,
  DELETED,
  GET,
  isSuccess,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PUT,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT } from "../../protocol/coap/content-formats.ts";
import type { Option } from "../../protocol/coap/options.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  OBSERVE,
  uintOf,
  uintOption,
} from "../../protocol/coap/options.ts";
import {
  CANCEL_OBSERVE,
  DELETE as DELETE_OPERATION,
  EXECUTE,
  NO_OPERATION,
  READ,
  START_OBSERVE,
  WRITE_REPLACE,
} from "../../protocol/lwm2m/operations.ts";
import { NO_ATTRIBUTES } from "../../protocol/model/attributes.ts";
import type { NamedResource } from "../../protocol/resources/named-resource.ts";
import {
  DELETE_ALLOWED,
  namedContent,
  POST_ALLOWED,
  PUT_ALLOWED,
} from "../../protocol/resources/named-resource.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { ANY_FORMAT, contentOfNamed, contentResponse } from "./content.ts";
import { plain } from "./device-management.ts";
import { registrationList } from "./links.ts";
import type { ServerLink } from "./server-link.ts";

const ABSENT = -1;

/** What a request on a named resource would be called if that were one of LwM2M. */
export function namedOperation(request: IncomingRequest): number {
  const observe = uintOf(request.options, OBSERVE, ABSENT);
  switch (request.code) {
    case GET:
      return observe === 0 ? START_OBSERVE : observe === 1 ? CANCEL_OBSERVE : READ;
    case PUT:
      return WRITE_REPLACE;
    case POST:
      return EXECUTE;
    case DELETE:
      return DELETE_OPERATION;
    default:
      return NO_OPERATION;
  }
}

/** Answers a request whose path is no LwM2M path. */
export function answerNamed(
  now: Milliseconds,
  link: ServerLink,
  path: string,
  request: IncomingRequest,
): Response {
  const agent = link.agent;
  const resource = agent.resource(path);
  if (resource === undefined) {
    if (request.code === PUT) return plain(makeResource(link, path, request));
    if (path !== "/.well-known/core") return plain(NOT_FOUND);
    if (request.code !== GET) return plain(METHOD_NOT_ALLOWED);
    return {
      code: CONTENT,
      options: [uintOption(CONTENT_FORMAT, LINK_FORMAT)],
      payload: registrationList(agent),
    };
  }
  switch (request.code) {
    case GET:
      return readNamed(now, link, resource, request);
    case PUT:
      return plain(writeNamed(resource, request));
    case POST:
      return executeNamed(resource, request);
    case DELETE:
      if (!resource.isAllowed(DELETE_ALLOWED)) return plain(METHOD_NOT_ALLOWED);
      agent.removeResource(path);
      return plain(DELETED);
    default:
      return plain(METHOD_NOT_ALLOWED);
  }
}

/** PUT on a path that is not there yet, where the agent's configuration lets servers make resources. */
function makeResource(link: ServerLink, path: string, request: IncomingRequest): number {
  const agent = link.agent;
  const makes = agent.configuration.makeResource;
  const resource = makes === undefined ? undefined : makes(path);
  if (resource === undefined) return NOT_FOUND;
  const code = writeNamed(resource, request);
  if (!isSuccess(code)) return code;
  agent.addResource(resource);
  return CREATED;
}

function readNamed(
  now: Milliseconds,
  link: ServerLink,
  resource: NamedResource,
  request: IncomingRequest,
): Response {
  const content = contentOfNamed(resource, uintOf(request.options, ACCEPT, ANY_FORMAT));
  const wish = uintOf(request.options, OBSERVE, ABSENT);
  let observe: Option | undefined;
  if (wish === 1) link.cancelObservation(request.token);
  if (wish === 0 && resource.options.observable === true && isSuccess(content.code)) {
    observe = link.observed().observe(now, request.token, [], resource, NO_ATTRIBUTES, content);
  }
  return contentResponse(content, observe);
}

function writeNamed(resource: NamedResource, request: IncomingRequest): number {
  const format = resource.format();
  if (!resource.isAllowed(PUT_ALLOWED)) return METHOD_NOT_ALLOWED;
  if (uintOf(request.options, CONTENT_FORMAT, format) !== format) return UNSUPPORTED_CONTENT_FORMAT;
  const value = format === TEXT ? decodeUtf8(request.payload) : new Uint8Array(request.payload);
  if (resource.onWrite !== undefined && !resource.onWrite(resource, value)) return BAD_REQUEST;
  resource.set(value);
  return CHANGED;
}

function executeNamed(resource: NamedResource, request: IncomingRequest): Response {
  if (!resource.isAllowed(POST_ALLOWED)) return plain(METHOD_NOT_ALLOWED);
  const result =
    resource.onExecute === undefined ? undefined : resource.onExecute(resource, request.payload);
  if (result === undefined) return plain(CHANGED);
  const options = [uintOption(CONTENT_FORMAT, resource.format())];
  return { code: CHANGED, options: options, payload: namedContent(result) };
}
