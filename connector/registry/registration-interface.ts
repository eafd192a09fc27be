/**
 * The registration interface over CoAP: Register, Update and De-register (LwM2M Core 1.1.1 §6.2, LwM2M Transport 1.1.1 §6.4.3).
 *
 * Decides what a device may say and which code it is answered with. Devices without `lwm2m=` are plain CoAP devices as mbed's
 * were: taken with any list of links. The rest is read liberally, since peers are what they are: unknown parameters, a payload
 * without Content-Format, a trailing slash, letters of another version's bindings. `isStrict` refuses what need not be understood.
 */

import type { IncomingRequest, Response } from "../../protocol/coap/coap-endpoint.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONFLICT,
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
import { parseProfileIds } from "../../protocol/lwm2m/profile-id.ts";
import {
  parseRegistrationQuery,
  type RegistrationParameters,
} from "../../protocol/lwm2m/registration.ts";
import { enablerOf, isBindingOf } from "../../protocol/lwm2m/versions.ts";
import { isMalformed, type Malformed } from "../../protocol/malformed.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { bareResponse, refusal } from "../responses.ts";
import { type LinkList, LinkLists } from "./link-lists.ts";
import type { ProfileLists } from "./profile-lists.ts";
import type { Registry, RegistrySettings } from "./registry.ts";

/** Characters. */
const LONGEST_ENDPOINT_NAME = 128;
const LONGEST_PARAMETER = 64;
const LONGEST_PROFILE_IDS = 1024;
/** What Register and Update may say, mbed's `et` and `d` among it. */
const PARAMETERS = /^(ep|lt|lwm2m|b|Q|sms|pid|et|d)(=|$)/;
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
  private readonly settings: RegistrySettings;
  private readonly registry: Registry;
  private readonly profiles: ProfileLists;
  private readonly linkLists = new LinkLists();

  constructor(settings: RegistrySettings, registry: Registry, profiles: ProfileLists) {
    this.settings = settings;
    this.registry = registry;
    this.profiles = profiles;
  }

  /** Handles a request to `/rd`. */
  handleCollection(now: Milliseconds, peer: string, request: IncomingRequest): Response {
    if (request.code !== POST) return bareResponse(METHOD_NOT_ALLOWED);
    const queries = textsOf(request.options, URI_QUERY);
    const parameters = parseRegistrationQuery(queries);
    if (isMalformed(parameters)) return refuseMalformed(parameters);
    const endpointName = this.nameOf(peer, parameters);
    if (typeof endpointName !== "string") return endpointName;
    const { version } = parameters;
    const refused =
      refusedVersion(version) ?? this.refusedParameters(queries, parameters, version, true);
    if (refused !== undefined) return refused;
    const list = this.listOf(request, parameters, version);
    if ("code" in list) return list;
    const named = { ...parameters, endpointName };
    const registration = this.registry.register(now, peer, named, list);
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
    const { version } = registration;
    const refused = this.refusedParameters(queries, parameters, version, false);
    if (refused !== undefined) return refused;
    const saysList = request.payload.length > 0 || parameters.profileId !== undefined;
    const list = saysList ? this.listOf(request, parameters, version) : undefined;
    if (list !== undefined && "code" in list) return list;
    if (!this.registry.update(now, registration, peer, parameters, list)) return FULL;
    return UPDATED;
  }

  /** The name that a device registers under, or why it cannot. */
  private nameOf(peer: string, { endpointName }: RegistrationParameters): string | Response {
    const identity = this.settings.identityOf?.(peer);
    const name = endpointName ?? identity;
    if (name === undefined || name === "") return refusal(BAD_REQUEST, "ep is missing");
    if (!isEndpointName(name)) return refusal(BAD_REQUEST, "ep is too long or has bad characters");
    const isOthers = identity !== undefined && name !== identity;
    return isOthers ? refusal(BAD_REQUEST, "ep is not who the security layer says") : name;
  }

  /** Why parameters beside the name are not taken; undefined when they are. */
  private refusedParameters(
    queries: readonly string[],
    parameters: RegistrationParameters,
    version: string | undefined,
    isRegister: boolean,
  ): Response | undefined {
    if (hasLongText(parameters)) return refusal(BAD_REQUEST, "a parameter is too long");
    const { isStrict = false } = this.settings;
    const { binding, lifetime } = parameters;
    const enabler = version === undefined ? undefined : enablerOf(version);
    // What any version has, since peers send what their stack has whatever they register as.
    const judge = isStrict ? enabler : "1.2";
    const isNone = binding !== undefined && binding !== "" && !isBindingOf(judge ?? "1.2", binding);
    if (enabler !== undefined && isNone) return refusal(BAD_REQUEST, "b is no binding");
    if (!isStrict) return undefined;
    const unknown = queries.find((parameter) => !PARAMETERS.test(parameter));
    if (unknown !== undefined) return refusal(BAD_REQUEST, "a parameter is unknown");
    const lacksLifetime = isRegister && enabler !== undefined && lifetime === undefined;
    return lacksLifetime ? refusal(BAD_REQUEST, "lt is missing") : undefined;
  }

  /** What a device lists, with what its profile ids stand for (LwM2M Core 1.2.2 §6.2.1). */
  private listOf(
    request: IncomingRequest,
    { profileId }: RegistrationParameters,
    version: string | undefined,
  ): LinkList | Response {
    const list = this.readLinks(request);
    if ("code" in list || version === undefined || enablerOf(version) !== "1.2") return list;
    if (profileId === undefined) {
      const isKnown = request.payload.length > 0;
      return isKnown ? list : refusal(CONFLICT, "neither objects nor pid");
    }
    const ids = parseProfileIds(profileId);
    if (isMalformed(ids)) return refuseMalformed(ids);
    const resolved = this.profiles.resolve(ids, list);
    if (resolved === undefined) return refusal(CONFLICT, "pid is unknown: list the objects");
    return isMalformed(resolved) ? refuseMalformed(resolved) : resolved;
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

/** A version that is none, or none of ours (LwM2M Core 1.2.2 §5.1: every 1.x is served). */
function refusedVersion(version: string | undefined): Response | undefined {
  if (version === undefined || enablerOf(version) !== undefined) return undefined;
  return /^\d+(\.\d+){1,2}$/.test(version)
    ? refusal(PRECONDITION_FAILED, "LwM2M 1.x only")
    : refusal(BAD_REQUEST, "lwm2m is no version");
}

function refuseMalformed({ fault }: Malformed): Response {
  return refusal(BAD_REQUEST, fault.slice(fault.indexOf("/") + 1).replaceAll("-", " "));
}

/** What stands in a URL path as it is (RFC 3986 §3.3 pchar without percent-encoding), since the REST API names devices there. */
export function isEndpointName(name: string): boolean {
  return name.length <= LONGEST_ENDPOINT_NAME && /^(?!\.\.?$)[\w\-.~!$&'()*+,;=:@]+$/.test(name);
}

function hasLongText(parameters: RegistrationParameters): boolean {
  const { endpointType, domain, binding, smsNumber, profileId } = parameters;
  return (
    (endpointType !== undefined && endpointType.length > LONGEST_PARAMETER) ||
    (domain !== undefined && domain.length > LONGEST_PARAMETER) ||
    (binding !== undefined && binding.length > LONGEST_PARAMETER) ||
    (smsNumber !== undefined && smsNumber.length > LONGEST_PARAMETER) ||
    (profileId !== undefined && profileId.length > LONGEST_PROFILE_IDS)
  );
}
