/** What applications are told of one device: outcomes and notifications, as events. */
import { type Response, TIMED_OUT } from "../../protocol/coap/coap-endpoint.ts";
import { CREATED } from "../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import { CONTENT_FORMAT, LOCATION_PATH, MAX_AGE, uintOf } from "../../protocol/coap/options.ts";
import { pathOf } from "../../protocol/coap/uri.ts";
import type { ConnectorEvent, Outcome, ResponseEvent } from "../contract.ts";
import type { Ended } from "../queue/downlink-queue.ts";
import type { Downlink, Verdict } from "./downlink.ts";
import type { Observed } from "./observation.ts";
import {
  BAD_GATEWAY,
  CONFLICT,
  NO_ANSWER,
  REGISTRATION_GONE,
  reasonOf,
  reasonOfFailure,
  statusOfCode,
  UNAVAILABLE,
} from "./status.ts";

/** RFC 7252 §5.10.5: a response without Max-Age is fresh for a minute. */
const DEFAULT_MAX_AGE = 60;
export const GONE_REASON = "The registration has ended";

/** Status and reason of an outcome whose request has no verdict of its own. */
const VERDICTS: Readonly<Record<Exclude<Outcome, "answered">, Verdict>> = {
  "illegal-answer": { status: BAD_GATEWAY, error: "The device answered what it must not" },
  unanswered: { status: NO_ANSWER, error: reasonOfFailure(TIMED_OUT) },
  failed: { status: BAD_GATEWAY, error: "The exchange with the device failed" },
  expired: { status: NO_ANSWER, error: "The device was not reached in time" },
  superseded: { status: CONFLICT, error: "A later write took its place before it was sent" },
  cancelled: { status: REGISTRATION_GONE, error: "The request was cancelled" },
  gone: { status: REGISTRATION_GONE, error: GONE_REASON },
  interrupted: {
    status: UNAVAILABLE,
    error: "The connector restarted while the request was under way",
  },
  "not-allowed": { status: BAD_GATEWAY, error: "The device does not take it any more" },
};

/** What a request came to. */
export function outcomeEvent(
  endpointName: string,
  { entry, outcome }: Ended<Downlink>,
): ResponseEvent {
  const { id, request, response, verdict } = entry;
  const of = { endpointName, id, path: request.path };
  if (outcome === "answered" && response !== undefined) return answerEvent(of, response);
  const { status, error } = verdict ?? VERDICTS[outcome === "answered" ? "failed" : outcome];
  return failureEvent({ ...of, outcome, status, error, code: response?.code });
}

/** Which request an event is about. */
interface Answered {
  readonly endpointName: string;
  readonly id: string;
  readonly path: string;
}

/** The device answered, with a success or an error. */
export function answerEvent(of: Answered, response: Response): ResponseEvent {
  const { code } = response;
  const status = statusOfCode(code);
  if (status >= 400) {
    return failureEvent({ ...of, outcome: "answered", status, error: reasonOf(response), code });
  }
  return {
    kind: "response",
    ...of,
    outcome: "answered",
    status,
    error: undefined,
    payload: response.payload,
    contentFormat: contentFormatOf(response),
    maxAge: maxAgeOf(response),
    code,
    location: locationIn(response),
  };
}

/** A request came to nothing. */
export function failureEvent(
  failed: Answered & Pick<ResponseEvent, "outcome" | "status" | "error" | "code">,
): ResponseEvent {
  return { kind: "response", ...failed, payload: NO_BYTES, contentFormat: undefined, maxAge: 0 };
}

/** What is observed has got a value. */
export function notificationEvent(
  endpointName: string,
  { path, paths }: Observed,
  response: Response,
): ConnectorEvent {
  const { payload } = response;
  const contentFormat = contentFormatOf(response);
  const maxAge = maxAgeOf(response);
  const value = { endpointName, payload, contentFormat, maxAge };
  return paths === undefined
    ? { kind: "notification", ...value, path }
    : { kind: "composite-notification", ...value, paths };
}

/** The device observes something no longer. */
export function observationEnd(
  endpointName: string,
  { path, paths }: Observed,
  { status, error }: Verdict,
): ConnectorEvent {
  return paths === undefined
    ? { kind: "observation-end", endpointName, path, status, error }
    : { kind: "composite-observation-end", endpointName, paths, status, error };
}

export function contentFormatOf(response: Response): number | undefined {
  const format = uintOf(response.options, CONTENT_FORMAT, -1);
  return format < 0 ? undefined : format;
}

function maxAgeOf(response: Response): number {
  return uintOf(response.options, MAX_AGE, DEFAULT_MAX_AGE);
}

/** What Location-Path says (RFC 7252 §5.10.7); undefined where it says nothing. */
export function locationIn(response: Response): string | undefined {
  if (response.code !== CREATED) return undefined;
  const path = pathOf(response.options, LOCATION_PATH);
  return path === "/" ? undefined : path;
}
