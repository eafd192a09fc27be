/** Which device and which place in it a request is about: `/api/clients/{endpoint}/{path}[/observe|/discover|/attributes]`. */
import { type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import { refusal } from "../../access/domains.ts";
import type { Registration } from "../../registry/registration.ts";
import { segment } from "../administration/request.ts";
import { type RestContext, type RestHost, visibleRegistration } from "../context.ts";
import { bad } from "./node-body.ts";
import { type Place, placeAt } from "./place.ts";

export interface Target extends Place {
  readonly registration: Registration;
  readonly endpointName: string;
}

/** Several places of one device. */
export interface CompositeTarget {
  readonly registration: Registration;
  readonly endpointName: string;
  readonly places: readonly Place[];
}

/** Where the endpoint name stands in `/api/clients/{endpoint}`. */
const NAME_AT = 2;
/** Leshan's. */
const DEFAULT_TIMEOUT: Milliseconds = 5 * SECOND;
const LONGEST_TIMEOUT: Milliseconds = 120 * SECOND;

/** The device that a request names, if it is registered and whoever asks can see it. @throws Error with code `access/bad-value` if not */
export function registrationNamed(host: RestHost, c: RestContext): Registration {
  const endpointName = segment(c, NAME_AT);
  const registration = visibleRegistration(host, c, endpointName);
  // In Leshan's words and with its status, 400.
  if (registration !== undefined) return registration;
  throw refusal("access/bad-value", notRegistered(endpointName));
}

/** In Leshan's words. */
export function notRegistered(endpointName: string): string {
  return `No registered client with id '${endpointName}'`;
}

/**
 * The place that a request names.
 *
 * @param depths how many ids its path may have
 * @param suffix what stands behind the path
 * @throws Error with code `access/bad-value`
 */
export function targetOf(
  host: RestHost,
  c: RestContext,
  depths: readonly number[],
  suffix?: "observe" | "discover" | "attributes",
): Target {
  const registration = registrationNamed(host, c);
  const segments = c
    .get("path")
    .split("/")
    .slice(NAME_AT + 2);
  if (suffix !== undefined) segments.pop();
  const place = placeNamed(host, registration, decoded(`/${segments.join("/")}`), depths);
  return { registration, endpointName: registration.endpointName, ...place };
}

/**
 * The place of a path, `/3/0/1`, or `/d01/3/0/1` of a device behind this one.
 *
 * @throws Error with code `access/bad-value`
 */
export function placeNamed(
  host: RestHost,
  registration: Registration,
  at: string,
  depths: readonly number[],
): Place {
  const place = placeAt(host.leshan.devices, registration, at);
  if (place === undefined) {
    const behind = registration.isGateway ? ", behind the prefix of a device of this gateway" : "";
    throw bad(`Invalid path: it must be one to four ids from 0 to 65535, as 3/0/1${behind}.`);
  }
  if (!depths.includes(place.path.length)) {
    throw bad(`Invalid path ${at}: this is not done to ${PLACES[place.path.length]}.`);
  }
  return place;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw bad("Invalid path: it is not UTF-8.");
  }
}

const PLACES = ["the root", "an object", "an object instance", "a resource", "a resource instance"];

/** `timeout`, in seconds: how long the caller waits. What is no number is Leshan's default of 5 s. */
export function timeoutOf(c: RestContext): Milliseconds {
  const text = c.req.query("timeout") ?? "";
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) return DEFAULT_TIMEOUT;
  return Math.min(Number(text) * SECOND, LONGEST_TIMEOUT);
}
