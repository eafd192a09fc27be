/**
 * The registration interface over CoAP: Register, Update and De-register (LwM2M Core 1.1.1 §6.2, LwM2M Transport 1.1.1 §6.4.3).
 *
 * Decides what a device may say and which code it is answered with. Devices without `lwm2m=` are plain CoAP devices as mbed's
 * were: taken with any list of links. The rest is read liberally, since peers are what they are: unknown parameters, a payload
 * without Content-Format, a trailing slash.
 */

import type { IncomingRequest, Response } from "../../protocol/coap/coap-endpoint.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CREATED,
  DELETE,
  DELETED,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PRECONDITION_FAILED,
  PUT,
  SERVICE_UNAVAILABLE,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../protocol/coap/content-formats.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  LOCATION_PATH,
  MAX_AGE,
  type Option,
  textOption,
  textsOf,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../protocol/coap/options.ts";
import {
  parseRegistrationQuery,
  type RegistrationParameters,
} from "../../protocol/lwm2m/registration.ts";
import { isMalformed, type Malformed } from "../../protocol/malformed.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { bareResponse, refusal } from "../responses.ts";
import { type LinkList, LinkLists } from "./link-lists.ts";
import type { NamedParameters, Registry } from "./registry.ts";

/** Characters. */
const LONGEST_ENDPOINT_NAME = 128;
const LONGEST_PARAMETER = 64;
/** Seconds after which a device may ask again when the connector is full. */
const FULL_FOR = 60;

const RD: Option = textOption(LOCATION_PATH, "rd");
const UPDATED = bareResponse(CHANGED);
const UNREGISTERED = bareResponse(DELETED);
const FULL: Response = {
  code: SERVICE_UNAVAILABLE,
  options: [uintOption(MAX_AGE, FULL_FOR)],
  payload: NO_BYTES,
};

export class RegistrationInterface {
  private readonly registry: Registry;
  private readonly linkLists = new LinkLists();

  constructor(registry: Registry) {
    this.registry = registry;
  }

  /** Handles a request to `/rd`. */
  handleCollection(now: Milliseconds, peer: string, request: IncomingRequest): Response {
    if (request.code !== POST) return bareResponse(METHOD_NOT_ALLOWED);
    const parameters = parseRegistrationQuery(textsOf(request.options, URI_QUERY));
    if (isMalformed(parameters)) return refuseMalformed(parameters);
    const name = parameters.endpointName;
    if (name === undefined || name === "") return refusal(BAD_REQUEST, "ep is missing");
    if (!isEndpointName(name)) return refusal(BAD_REQUEST, "ep is too long or has bad characters");
    const version = parameters.version;
    if (version !== undefined && !/^1\.\d$/.test(version)) {
      return /^\d+\.\d+$/.test(version)
        ? refusal(PRECONDITION_FAILED, "LwM2M 1.x only")
        : refusal(BAD_REQUEST, "lwm2m is no version");
    }
    if (hasLongText(parameters)) return refusal(BAD_REQUEST, "a parameter is too long");
    const list = this.readLinks(request);
    if ("code" in list) return list;
    const registration = this.registry.register(now, peer, parameters as NamedParameters, list);
    if (registration === undefined) return FULL;
    const segment = textOption(LOCATION_PATH, registration.location.slice(4));
    return { code: CREATED, options: [RD, segment], payload: NO_BYTES };
  }

  /** Handles a request to `/rd/{segment}`. */
  handleLocation(
    now: Milliseconds,
    peer: string,
    segment: Uint8Array,
    request: IncomingRequest,
  ): Response {
    const registration = this.registry.at(segment);
    if (registration === undefined) return bareResponse(NOT_FOUND);
    if (request.code === DELETE) {
      this.registry.deregister(registration);
      return UNREGISTERED;
    }
    if (request.code !== POST && request.code !== PUT) return bareResponse(METHOD_NOT_ALLOWED);
    const queries = textsOf(request.options, URI_QUERY);
    if (queries.length === 0 && request.payload.length === 0) {
      this.registry.update(now, registration, peer, undefined, undefined);
      return UPDATED;
    }
    const parameters = parseRegistrationQuery(queries);
    if (isMalformed(parameters)) return refuseMalformed(parameters);
    if (hasLongText(parameters)) return refusal(BAD_REQUEST, "a parameter is too long");
    const list = request.payload.length === 0 ? undefined : this.readLinks(request);
    if (list !== undefined && "code" in list) return list;
    if (!this.registry.update(now, registration, peer, parameters, list)) return FULL;
    return UPDATED;
  }

  private readLinks(request: IncomingRequest): LinkList | Response {
    const format = uintOf(request.options, CONTENT_FORMAT, LINK_FORMAT);
    if (format !== LINK_FORMAT && request.payload.length > 0) {
      return refusal(UNSUPPORTED_CONTENT_FORMAT, "not link-format");
    }
    const list = this.linkLists.read(request.payload);
    return isMalformed(list) ? refuseMalformed(list) : list;
  }
}

function refuseMalformed({ fault }: Malformed): Response {
  return refusal(BAD_REQUEST, fault.slice(fault.indexOf("/") + 1).replaceAll("-", " "));
}

/** What stands in a URL path as it is (RFC 3986 §3.3 pchar without percent-encoding), since the REST API names devices there. */
export function isEndpointName(name: string): boolean {
  return name.length <= LONGEST_ENDPOINT_NAME && /^(?!\.\.?$)[\w\-.~!$&'()*+,;=:@]+$/.test(name);
}

function hasLongText(parameters: RegistrationParameters): boolean {
  const { endpointType, domain, binding } = parameters;
  return (
    (endpointType !== undefined && endpointType.length > LONGEST_PARAMETER) ||
    (domain !== undefined && domain.length > LONGEST_PARAMETER) ||
    (binding !== undefined && binding.length > LONGEST_PARAMETER)
  );
}
