/** Asking a device on behalf of a request of Leshan's face, and what that request is answered with. */
import { FETCH, GET } from "../../../protocol/coap/codes.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import {
  type DownlinkRequest,
  GONE,
  NOT_ALLOWED,
  type ResponseEvent,
  type Submission,
} from "../../contract.ts";
import { TOO_MANY_SUBSCRIPTIONS } from "../../subscriptions/subscriptions.ts";
import { type RestContext, type RestHost, refuse, refuseOverQuota } from "../context.ts";
import { type Call, type CallOutcome, CROWDED, UNANSWERED } from "../customers/device-calls.ts";
import { type Asked, answerJson, UNREADABLE } from "./answer-json.ts";
import { type CompositeTarget, notRegistered, type Target, timeoutOf } from "./target.ts";

/** The path of a composite request. */
const ROOT = "/";

/** Why nothing was asked, or nothing answered. */
type Refusing =
  | Exclude<CallOutcome, ResponseEvent>
  | { readonly refusal: typeof TOO_MANY_SUBSCRIPTIONS };

type Submit = (
  expiresIn: Milliseconds,
) => Submission | { readonly refusal: typeof TOO_MANY_SUBSCRIPTIONS };

/** Sends a request to a device, and answers with the outcome. */
export function ask(
  host: RestHost,
  c: RestContext,
  asked: Asked,
  call: Omit<Call, "path"> & Pick<DownlinkRequest, "paths">,
): Promise<Response> {
  const { target } = asked;
  const { endpointName } = target;
  const isChange = call.method !== GET && call.method !== FETCH;
  return askBy(host, c, asked, (expiresIn) => {
    const { cache } = host.gateway;
    if (isChange) for (const at of pathsOf(target)) cache.forgetAround(endpointName, at);
    const path = "places" in target ? ROOT : target.at;
    const request = { ...call, path, confirmable: true, expiresIn };
    return host.leshan.devices.submit(endpointName, request);
  });
}

/**
 * Submits something to a device, and answers with the outcome: on the spot when the device is awake; else with the promise of an event, as
 * Leshan does.
 *
 * @param submit called at most once, with how long the request may wait for the device
 * @param handleFailure called when the caller is told that nothing came of it
 */
export async function askBy(
  host: RestHost,
  c: RestContext,
  asked: Asked,
  submit: Submit,
  handleFailure: () => void = () => {},
): Promise<Response> {
  const overQuota = refuseOverQuota(host, c);
  if (overQuota !== undefined) return overQuota;
  const { endpointName } = asked.target;
  if (!host.gateway.isAwake(endpointName)) return askLater(host, c, asked, submit);
  const period = timeoutOf(c);
  const domainId = c.get("principal").domain.id;
  let refused: Refusing | undefined;
  const outcome = await host.customerSide.calls.submit(
    { endpointName, domainId },
    () => {
      const submission = submit(period);
      if ("id" in submission) return submission;
      refused = submission;
      return { refusal: GONE };
    },
    period,
  );
  if (refused !== undefined) return refuseAsking(c, endpointName, refused);
  if ("refusal" in outcome || outcome.status >= 400) handleFailure();
  return answer(host, c, asked, outcome);
}

async function askLater(
  host: RestHost,
  c: RestContext,
  asked: Asked,
  submit: Submit,
): Promise<Response> {
  const { leshan, gateway } = host;
  const { endpointName } = asked.target;
  if (!leshan.hasRoomToDelay()) return refuseAsking(c, endpointName, { refusal: CROWDED });
  const submission = submit(host.requestExpiry);
  if ("refusal" in submission) return refuseAsking(c, endpointName, submission);
  const { id } = submission;
  gateway.traffic.record(host.now(), c.get("principal").domain.id);
  leshan.delay(id, asked);
  await host.commit();
  return c.json(delayedJson(asked, id));
}

/** Of a request that waits for its device; Leshan names no path of a composite. */
export function delayedJson({ target }: Asked, requestId: string) {
  const { endpointName } = target;
  const path = "places" in target ? {} : { path: target.at };
  return { ep: endpointName, ...path, requestId, delayed: true };
}

function pathsOf(target: Target | CompositeTarget): readonly string[] {
  return "places" in target ? target.places.map(({ at }) => at) : [target.at];
}

function answer(host: RestHost, c: RestContext, asked: Asked, outcome: CallOutcome): Response {
  const { endpointName } = asked.target;
  if ("refusal" in outcome) return refuseAsking(c, endpointName, outcome);
  const { code, status, error = "" } = outcome;
  if (code === undefined) {
    if (status === 504) return refuseAsking(c, endpointName, { refusal: UNANSWERED });
    const cause = status === 410 ? "Request cancelled" : "Request failed";
    return refuse(c, status === 503 ? 503 : 502, `${cause}: ${error}`);
  }
  const json = answerJson(host.leshan, asked, outcome, code);
  return json === UNREADABLE
    ? refuse(c, 502, "Invalid Response: what the device sent cannot be read.")
    : c.json(json);
}

function refuseAsking(c: RestContext, endpointName: string, refused: Refusing): Response {
  switch (refused.refusal) {
    case NOT_ALLOWED:
      return refuse(c, 400, `Invalid request: ${refused.reason}`);
    case GONE:
      return refuse(c, 400, notRegistered(endpointName));
    case UNANSWERED:
      return refuse(c, 504, "Request timeout");
    case TOO_MANY_SUBSCRIPTIONS:
      return refuse(c, 429, "You have as many observations as there may be.");
    default:
      return refuse(c, 429, "Too many requests wait for this device.", { "retry-after": "10" });
  }
}
