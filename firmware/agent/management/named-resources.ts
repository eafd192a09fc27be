/**
 * Answers a server's requests on paths beside LwM2M's: named resources, and `/.well-known/core` (RFC 6690 §4).
 */
import { decodeUtf8 } from "../../../protocol/bytes/utf8.ts";
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
  NOT_ACCEPTABLE,
  NOT_FOUND,
  POST,
  PUT,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT } from "../../../protocol/coap/content-formats.ts";
import type { IncomingRequest, Response } from "../../../protocol/coap/exchange.ts";
import type { Link } from "../../../protocol/coap/link-format.ts";
import { encodeLinks } from "../../../protocol/coap/link-format.ts";
import type { Option } from "../../../protocol/coap/options.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  OBSERVE,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import {
  CANCEL_OBSERVE,
  DELETE as DELETE_OPERATION,
  EXECUTE,
  OPERATION_NAMES,
  READ,
  START_OBSERVE,
  WRITE_REPLACE,
} from "../../../protocol/lwm2m/operations.ts";
import { NO_ATTRIBUTES } from "../../../protocol/model/attributes.ts";
import type { Path } from "../../../protocol/model/path.ts";
import type { NamedResource } from "../../../protocol/resources/named-resource.ts";
import {
  DELETE_ALLOWED,
  namedContent,
  POST_ALLOWED,
  PUT_ALLOWED,
} from "../../../protocol/resources/named-resource.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { misuse } from "../../objects/misuse.ts";
import type { BasicAgent } from "../basic-agent.ts";
import type { OtherPaths } from "../features.ts";
import { registrationList } from "../registration/links.ts";
import { Observation } from "../reporting/notification.ts";
import { handleSubject } from "../reporting/subjects.ts";
import type { ServerLink } from "../server-link.ts";
import type { Content } from "./content.ts";
import { ANY_FORMAT, contentResponse, refusal } from "./content.ts";
import { plain } from "./device-management.ts";

export interface NamedResourcesConfiguration {
  /** Lets servers make named resources by PUT: returns what is to be at a new path, or undefined to refuse (4.04). */
  readonly makeResource?: (path: string) => NamedResource | undefined;
}

const ABSENT = -1;
const NO_PATH: Path = [];

export const NAMED_RESOURCES: OtherPaths = {
  owns: owns,
  answer: answer,
  nameOf: nameOf,
  links: links,
};

export function findResource(agent: BasicAgent, path: string): NamedResource | undefined {
  for (let i = 0; i < agent.resources.length; i++) {
    if (agent.resources[i].path === path) return agent.resources[i];
  }
  return undefined;
}

/** Adds a named resource; servers get a new list. Throws `agent/resource-exists`. */
export function addResource(agent: BasicAgent, resource: NamedResource): void {
  if (findResource(agent, resource.path) !== undefined) {
    throw misuse("agent/resource-exists", resource.path);
  }
  agent.resources = agent.resources.concat(resource);
  resource.listener = agent.resources.length > 1 ? agent.resources[0].listener : new Owner(agent);
  agent.handleList();
}

/** Takes a named resource away; servers get a new list. */
export function removeResource(agent: BasicAgent, path: string): void {
  const resource = findResource(agent, path);
  if (resource === undefined) return;
  agent.resources = agent.resources.filter(function (each) {
    return each !== resource;
  });
  resource.listener = undefined;
  handleSubject(agent, resource, true);
  agent.handleList();
}

/** Hears of the changes of all named resources of one agent. */
class Owner {
  private readonly agent: BasicAgent;

  constructor(agent: BasicAgent) {
    this.agent = agent;
  }

  handleNamedValue(resource: NamedResource): void {
    handleSubject(this.agent, resource, false);
  }
}

function owns(agent: BasicAgent, path: string): boolean {
  return agent.configuration.plain === true || findResource(agent, path) !== undefined;
}

function links(agent: BasicAgent): string {
  const list: Link[] = [];
  for (let i = 0; i < agent.resources.length; i++) list.push(agent.resources[i].link());
  return encodeLinks(list);
}

/** What a request on a named resource would be called if that were one of LwM2M. */
function nameOf(request: IncomingRequest): string {
  const observe = uintOf(request.options, OBSERVE, ABSENT);
  switch (request.code) {
    case GET:
      return OPERATION_NAMES[observe === 0 ? START_OBSERVE : observe === 1 ? CANCEL_OBSERVE : READ];
    case PUT:
      return OPERATION_NAMES[WRITE_REPLACE];
    case POST:
      return OPERATION_NAMES[EXECUTE];
    case DELETE:
      return OPERATION_NAMES[DELETE_OPERATION];
    default:
      return "Request";
  }
}

/** Answers a request whose path is no LwM2M path. */
function answer(
  now: Milliseconds,
  link: ServerLink,
  path: string,
  request: IncomingRequest,
): Response {
  const agent = link.agent;
  const resource = findResource(agent, path);
  if (resource === undefined) {
    if (request.code === PUT) return plain(makeResource(link, path, request));
    if (path !== "/.well-known/core") return plain(NOT_FOUND);
    if (request.code !== GET) return plain(METHOD_NOT_ALLOWED);
    return {
      code: CONTENT,
      options: [uintOption(CONTENT_FORMAT, LINK_FORMAT)],
      payload: registrationList(link),
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
      removeResource(agent, path);
      return plain(DELETED);
    default:
      return plain(METHOD_NOT_ALLOWED);
  }
}

/** PUT on a path that is not there yet, where the agent's configuration lets servers make resources. */
function makeResource(link: ServerLink, path: string, request: IncomingRequest): number {
  const agent = link.agent;
  const makes = (agent.configuration as NamedResourcesConfiguration).makeResource;
  const resource = makes === undefined ? undefined : makes(path);
  if (resource === undefined) return NOT_FOUND;
  const code = writeNamed(resource, request);
  if (!isSuccess(code)) return code;
  addResource(agent, resource);
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
  let sequence: Option | undefined;
  if (wish === 1) link.cancelObservation(request.token);
  if (wish === 0 && resource.options.observable === true && isSuccess(content.code)) {
    sequence = observe(now, link, request, resource, content);
  }
  return contentResponse(content, sequence);
}

function observe(
  now: Milliseconds,
  link: ServerLink,
  request: IncomingRequest,
  resource: NamedResource,
  content: Content,
): Option | undefined {
  const observation = observationOfNamed(request.token, resource, content.format);
  return link.observed().observe(now, observation, content);
}

/** An observation of a named resource, not begun yet. */
export function observationOfNamed(
  token: Uint8Array,
  resource: NamedResource,
  format: number,
): Observation {
  const observation = new Observation(token, NO_PATH, format, NO_ATTRIBUTES);
  observation.subject = resource;
  observation.read = readObserved;
  return observation;
}

/** The path of the named resource that an observation is of; undefined when it is of something else. */
export function namedPathOf(agent: BasicAgent, subject: unknown): string | undefined {
  for (let i = 0; i < agent.resources.length; i++) {
    if (agent.resources[i] === subject) return agent.resources[i].path;
  }
  return undefined;
}

function readObserved(_link: ServerLink, observation: Observation): Content {
  return contentOfNamed(observation.subject as NamedResource, observation.format);
}

/** Reads a named resource, which has one format only. */
function contentOfNamed(resource: NamedResource, format: number): Content {
  if (resource.listener === undefined) return refusal(NOT_FOUND);
  const payload = resource.content();
  if (payload === undefined) return refusal(METHOD_NOT_ALLOWED);
  if (format !== ANY_FORMAT && format !== resource.format()) return refusal(NOT_ACCEPTABLE);
  const maxAge = resource.options.maxAge;
  return {
    code: CONTENT,
    format: resource.format(),
    payload: payload,
    reading: undefined,
    maxAge: maxAge === undefined ? 0 : maxAge,
  };
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
