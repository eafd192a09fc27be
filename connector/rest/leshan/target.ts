/** Which device and which place in it a request is about: `/api/clients/{endpoint}/{path}[/observe|/discover|/attributes]`. */
import { type Path, parsePath } from "../../../protocol/model/path.ts";
import { type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import { refusal } from "../../access/domains.ts";
import type { Registration } from "../../registry/registration.ts";
import { segment } from "../administration/request.ts";
import { type RestContext, type RestHost, visibleRegistration } from "../context.ts";
import { bad } from "./node-body.ts";

export interface Target {
  readonly registration: Registration;
  readonly endpointName: string;
  readonly path: Path;
  /** The same, as `/3/0/1`. */
  readonly at: string;
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
  const at = `/${segments.join("/")}`;
  const path = parsePath(at);
  if (path === undefined || path.length === 0) {
    throw bad("Invalid path: it must be one to four ids from 0 to 65535, as 3/0/1.");
  }
  if (!depths.includes(path.length)) {
    throw bad(`Invalid path ${at}: this is not done to ${PLACES[path.length]}.`);
  }
  const { endpointName } = registration;
  return { registration, endpointName, path, at };
}

const PLACES = ["the root", "an object", "an object instance", "a resource", "a resource instance"];

/** `timeout`, in seconds: how long the caller waits. What is no number is Leshan's default of 5 s. */
export function timeoutOf(c: RestContext): Milliseconds {
  const text = c.req.query("timeout") ?? "";
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) return DEFAULT_TIMEOUT;
  return Math.min(Number(text) * SECOND, LONGEST_TIMEOUT);
}
