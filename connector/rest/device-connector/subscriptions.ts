/** The routes under /subscriptions: individual subscriptions and pre-subscription rules. */
import { isObservable, linkAt } from "../../notifications/resources.ts";
import { isRefusedRules, parsePreSubscriptions } from "../../subscriptions/pre-subscriptions.ts";
import { TOO_MANY_SUBSCRIPTIONS } from "../../subscriptions/subscriptions.ts";
import {
  accept,
  type RestContext,
  type RestHost,
  readJson,
  refuse,
  refuseOverQuota,
  visibleRegistration,
} from "../context.ts";
import { resourcePathIn } from "../request-path.ts";
import {
  endpointNameOf,
  refuseMoreResponses,
  refuseSubmission,
  refuseWithoutChannel,
} from "./endpoints.ts";

/** PUT /subscriptions/{endpoint-name}/{resource-path} */
export function subscribe(host: RestHost, c: RestContext): Promise<Response> | Response {
  const keyId = c.get("channelId");
  const endpointName = endpointNameOf(c);
  const registration = visibleRegistration(host, c, endpointName);
  if (registration === undefined) return refuse(c, 404, "The endpoint is not registered.");
  const path = resourcePathIn(c.get("path"));
  if (path === undefined || !host.gateway.mayHave(registration, path)) {
    return refuse(c, 404, "The endpoint has no such resource.");
  }
  const link = linkAt(registration, path);
  if (link !== undefined && !isObservable(registration, link)) {
    return refuse(c, 412, "The resource is not observable.");
  }
  if (!host.gateway.channels.of(keyId).isOpen()) return refuseWithoutChannel(c);
  if (!host.gateway.canAccept(keyId)) return refuseMoreResponses(c);
  const overQuota = refuseOverQuota(host, c);
  if (overQuota !== undefined) return overQuota;
  const submission = host.gateway.subscribe(host.now(), keyId, endpointName, path);
  if (!("refusal" in submission)) return accept(host, c, submission.id);
  if (submission.refusal === TOO_MANY_SUBSCRIPTIONS) {
    return refuse(c, 429, "You have as many subscriptions as there may be.");
  }
  return refuseSubmission(c, submission);
}

/** GET /subscriptions/{endpoint-name}/{resource-path} */
export function showSubscription(host: RestHost, c: RestContext): Response {
  const endpointName = endpointNameOf(c);
  const path = resourcePathIn(c.get("path"));
  const keyId = c.get("channelId");
  return path !== undefined && host.gateway.subscriptions.isSubscribed(keyId, endpointName, path)
    ? uriList(c, endpointName, [path])
    : refuse(c, 404, "The resource is not subscribed.");
}

/** DELETE /subscriptions/{endpoint-name}/{resource-path} */
export function unsubscribe(host: RestHost, c: RestContext): Promise<Response> | Response {
  const path = resourcePathIn(c.get("path"));
  const { subscriptions } = host.gateway;
  return path !== undefined &&
    subscriptions.unsubscribe(c.get("channelId"), endpointNameOf(c), path)
    ? done(host, c)
    : refuse(c, 404, "The resource is not subscribed.");
}

/** GET /subscriptions/{endpoint-name} */
export function listSubscriptions(host: RestHost, c: RestContext): Response {
  const endpointName = endpointNameOf(c);
  const paths = host.gateway.subscriptions.pathsOf(c.get("channelId"), endpointName);
  return paths.length > 0
    ? uriList(c, endpointName, paths)
    : refuse(c, 404, "The endpoint has no subscriptions.");
}

/** DELETE /subscriptions/{endpoint-name} */
export function unsubscribeEndpoint(host: RestHost, c: RestContext): Promise<Response> | Response {
  const { gateway } = host;
  const endpointName = endpointNameOf(c);
  const ended = gateway.subscriptions.unsubscribeEndpoint(c.get("channelId"), endpointName);
  return ended || visibleRegistration(host, c, endpointName) !== undefined
    ? done(host, c)
    : refuse(c, 404, "The endpoint is not registered.");
}

/** DELETE /subscriptions: ends what is subscribed now. Pre-subscription rules stay, for the devices to come. */
export function unsubscribeAll(host: RestHost, c: RestContext): Promise<Response> {
  host.gateway.subscriptions.unsubscribeAll(c.get("channelId"));
  return done(host, c);
}

/** GET /subscriptions */
export function showRules(host: RestHost, c: RestContext): Response {
  return c.json(host.gateway.subscriptions.rulesOf(c.get("channelId")));
}

/** PUT /subscriptions */
export async function putRules(host: RestHost, c: RestContext): Promise<Response> {
  const body = await readJson(c);
  if (body instanceof Response) return body;
  const rules = parsePreSubscriptions(body.value);
  if (isRefusedRules(rules)) return refuse(c, 400, rules.refusal);
  host.gateway.subscriptions.setRules(c.get("channelId"), rules);
  return done(host, c);
}

async function done(host: RestHost, c: RestContext): Promise<Response> {
  await host.commit();
  return c.body(null, 204);
}

/** One line per subscription, without a version, ended by LF: clients split there and would keep a CR. */
function uriList(c: RestContext, endpointName: string, paths: readonly string[]): Response {
  const lines = paths.map((path) => encodeURI(`/subscriptions/${endpointName}${path}`));
  return c.body(lines.join("\n"), 200, { "content-type": "text/uri-list" });
}
