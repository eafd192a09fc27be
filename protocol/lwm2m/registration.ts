/**
 * The query of Register and Update (LwM2M Transport 1.1.1 §6.4.3 table): parameters <-> `name=value` texts.
 *
 * Also read: mbed's `et` (endpoint type) and `d` (domain). Unknown names are ignored, since every version adds some.
 */
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";

/** What an Update changes, or a Register says. An absent parameter is undefined. */
export interface RegistrationParameters {
  readonly endpointName: string | undefined;
  /** Seconds, 0..2^32-1. */
  readonly lifetime: number | undefined;
  /** `1.0`, `1.1`, ...; undefined for a plain CoAP device. */
  readonly version: string | undefined;
  /** Letters of `b` without Q, for example `U` or `UT`. */
  readonly binding: string | undefined;
  /** True for a bare `Q` (1.1 on) and for a Q among the letters of `b` (1.0). */
  readonly queueMode: boolean;
  readonly smsNumber: string | undefined;
  readonly profileId: string | undefined;
  /** mbed's `et`. */
  readonly endpointType: string | undefined;
  /** mbed's `d`. */
  readonly domain: string | undefined;
}

const SOURCE = "LwM2M Transport 1.1.1 §6.4.3";
const LONGEST_LIFETIME = 4294967295;

/** The names that are read, in the order of `found` below. */
const NAMES: readonly string[] = ["ep", "lt", "lwm2m", "b", "Q", "sms", "pid", "et", "d"];

/**
 * Parses Uri-Query texts. One of these names repeated is a fault; so is a lifetime that is not a number of seconds. The values stand
 * in a list, since objects whose names come from a peer are slow to build, and a server reads this for each Register.
 */
export function parseRegistrationQuery(
  queries: readonly string[],
): RegistrationParameters | Malformed {
  const found: (string | undefined)[] = [];
  for (let i = 0; i < NAMES.length; i++) found.push(undefined);
  for (let i = 0; i < queries.length; i++) {
    const equals = queries[i].indexOf("=");
    const at = NAMES.indexOf(equals < 0 ? queries[i] : queries[i].substring(0, equals));
    if (at < 0) continue;
    if (found[at] !== undefined) return malformed("lwm2m/parameter-repeated", i, SOURCE);
    found[at] = equals < 0 ? "" : queries[i].substring(equals + 1);
  }
  const lifetime = found[1];
  if (lifetime !== undefined && !isLifetime(lifetime)) {
    return malformed("lwm2m/lifetime-not-seconds", 0, SOURCE);
  }
  const binding = found[3];
  const queued = binding !== undefined && binding.indexOf("Q") >= 0;
  return {
    endpointName: found[0],
    lifetime: lifetime === undefined ? undefined : +lifetime,
    version: found[2],
    binding: queued ? binding.replace("Q", "") : binding,
    queueMode: queued || found[4] !== undefined,
    smsNumber: found[5],
    profileId: found[6],
    endpointType: found[7],
    domain: found[8],
  };
}

/** The texts for those parameters that are defined. A 1.0 client says its queue mode inside `b`, a later one by a bare `Q`. */
export function registrationQuery(parameters: Partial<RegistrationParameters>): string[] {
  const queries: string[] = [];
  const isQueued = parameters.queueMode === true;
  const inBinding = isQueued && parameters.version === "1.0";
  if (parameters.endpointName !== undefined) queries.push("ep=" + parameters.endpointName);
  if (parameters.lifetime !== undefined) queries.push("lt=" + parameters.lifetime);
  if (parameters.version !== undefined) queries.push("lwm2m=" + parameters.version);
  if (parameters.binding !== undefined) {
    queries.push("b=" + parameters.binding + (inBinding ? "Q" : ""));
  }
  if (isQueued && !inBinding) queries.push("Q");
  if (parameters.smsNumber !== undefined) queries.push("sms=" + parameters.smsNumber);
  if (parameters.profileId !== undefined) queries.push("pid=" + parameters.profileId);
  if (parameters.endpointType !== undefined) queries.push("et=" + parameters.endpointType);
  if (parameters.domain !== undefined) queries.push("d=" + parameters.domain);
  return queries;
}

function isLifetime(text: string): boolean {
  if (text.length === 0 || text.length > 10) return false;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return false;
  }
  return +text <= LONGEST_LIFETIME;
}
