/**
 * Pre-subscriptions: rules by which an application subscribes to whatever appears and matches (mbed Device Connector,
 * "Automatically subscribe to resources").
 *
 * All fields of a rule must match; one left out matches everything. `endpoint-name` and each `resource-path` may end in `*`,
 * which stands for any rest; `endpoint-type` is exact. A rule without paths means every observable resource.
 */
import type { Link } from "../../protocol/coap/link-format.ts";
import { parsePath } from "../../protocol/model/path.ts";
import {
  isLwM2mPath,
  isObservable,
  POSSIBLE,
  type RegisteredEndpoint,
  standingOf,
} from "../notifications/resources.ts";

/** One rule, with the member names of the API. */
export interface PreSubscription {
  readonly "endpoint-name"?: string;
  readonly "endpoint-type"?: string;
  readonly "resource-path"?: readonly string[];
}

export interface PreSubscriptionRefusal {
  readonly refusal: string;
}

const MOST_RULES = 1024;
const MOST_PATHS = 256;
const LONGEST_NAME = 64;
const LONGEST_PATH = 128;
const FIELDS = new Set(["endpoint-name", "endpoint-type", "resource-path"]);

/** Reads the body of PUT /subscriptions, already parsed as JSON. */
export function parsePreSubscriptions(
  body: unknown,
): readonly PreSubscription[] | PreSubscriptionRefusal {
  if (!Array.isArray(body)) return { refusal: "The body must be a JSON array of rules." };
  if (body.length > MOST_RULES) return { refusal: `There are more than ${MOST_RULES} rules.` };
  for (let i = 0; i < body.length; i++) {
    const refusal = ruleRefusal(body[i]);
    if (refusal !== undefined) return { refusal: `Rule ${i + 1}: ${refusal}` };
  }
  return body as PreSubscription[];
}

export function isRefusedRules(
  parsed: readonly PreSubscription[] | PreSubscriptionRefusal,
): parsed is PreSubscriptionRefusal {
  return "refusal" in parsed;
}

/** The paths of a device that rules subscribe to, each once, in the order of its list. */
export function matchingPaths(
  rules: readonly PreSubscription[],
  endpoint: RegisteredEndpoint,
): Set<string> {
  const paths = new Set<string>();
  for (const rule of rules) {
    if (!matchesEndpoint(rule, endpoint)) continue;
    const patterns = rule["resource-path"];
    for (const link of endpoint.links) {
      const isWanted =
        patterns === undefined
          ? !isListedInParts(endpoint, link)
          : patterns.some((pattern) => matches(pattern, link.uri));
      if (isWanted && isObservable(endpoint, link)) paths.add(link.uri);
    }
    for (const pattern of patterns ?? []) if (isBelowList(pattern, endpoint)) paths.add(pattern);
  }
  return paths;
}

function matchesEndpoint(rule: PreSubscription, endpoint: RegisteredEndpoint): boolean {
  const name = rule["endpoint-name"];
  const type = rule["endpoint-type"];
  return (
    (name === undefined || matches(name, endpoint.endpointName)) &&
    (type === undefined || type === (endpoint.endpointType ?? ""))
  );
}

/** Everything means each value once: an object is left to its instances where a device lists both. */
function isListedInParts(endpoint: RegisteredEndpoint, { uri }: Link): boolean {
  if (endpoint.version === undefined || parsePath(uri)?.length !== 1) return false;
  const instances = `${uri}/`;
  return endpoint.links.some((link) => link.uri.startsWith(instances));
}

/** An LwM2M device lists instances and not resources: an exact path below one, as /3303/0/5700, is taken as it stands. */
function isBelowList(pattern: string, endpoint: RegisteredEndpoint): boolean {
  return (
    endpoint.version !== undefined &&
    isLwM2mPath(pattern) &&
    standingOf(endpoint, pattern) === POSSIBLE
  );
}

function matches(pattern: string, text: string): boolean {
  return pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

function ruleRefusal(rule: unknown): string | undefined {
  if (typeof rule !== "object" || rule === null || Array.isArray(rule)) {
    return "it is not an object.";
  }
  for (const field of Object.keys(rule)) {
    if (!FIELDS.has(field)) return "it has a field that is not known.";
  }
  const fields = rule as Record<string, unknown>;
  return (
    nameRefusal("endpoint-name", fields["endpoint-name"]) ??
    nameRefusal("endpoint-type", fields["endpoint-type"]) ??
    pathsRefusal(fields["resource-path"])
  );
}

function nameRefusal(field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") return `${field} must be a string.`;
  if (value.length > LONGEST_NAME) return `${field} is longer than ${LONGEST_NAME} characters.`;
  if (field === "endpoint-name") return wildcardRefusal(field, value);
  return undefined;
}

function pathsRefusal(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return "resource-path must be an array.";
  if (value.length > MOST_PATHS) return `resource-path has more than ${MOST_PATHS} paths.`;
  for (const path of value) {
    if (typeof path !== "string") return "resource-path must hold strings.";
    if (path.length > LONGEST_PATH) return `a path is longer than ${LONGEST_PATH} characters.`;
    const refusal = wildcardRefusal("resource-path", path);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function wildcardRefusal(field: string, value: string): string | undefined {
  const star = value.indexOf("*");
  return star >= 0 && star !== value.length - 1
    ? `${field} may have an asterisk only at its end.`
    : undefined;
}
