/**
 * POST /device-requests/{endpoint-name}?async-id=: one route for all requests to a device, as the successor of mbed Device Connector had
 * it. The application chooses the id that the response carries, so that the response cannot come before the id is known.
 */
import { z } from "zod";
import { DELETE, GET, POST, PUT } from "../../../protocol/coap/codes.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { may } from "../../access/decision.ts";
import type { Verb } from "../../access/model.ts";
import { type DownlinkRequest, GONE } from "../../contract.ts";
import { contentFormatOf } from "../../notifications/media-types.ts";
import { contentFormatOfLink, linkAt } from "../../notifications/resources.ts";
import type { Registration } from "../../registry/registration.ts";
import {
  accept,
  type RestContext,
  type RestHost,
  readJson,
  refuse,
  refuseOverQuota,
  visibleRegistration,
} from "../context.ts";
import { isResourcePath } from "../request-path.ts";
import {
  endpointNameOf,
  LONGEST_VALUE,
  refuseMoreResponses,
  refuseSubmission,
} from "./endpoints.ts";
import { BAD_EXPIRY, BAD_PRIORITY, expiryOf, priorityOf, wholeNumber } from "./waiting.ts";

const METHODS: ReadonlyMap<string, { readonly method: number; readonly verb: Verb }> = new Map([
  ["GET", { method: GET, verb: "view" }],
  ["PUT", { method: PUT, verb: "change" }],
  ["POST", { method: POST, verb: "change" }],
  ["DELETE", { method: DELETE, verb: "delete" }],
] as const);

const LONGEST_ID = 128;
const MOST_RETRIES = 10;
const NO_BYTES = new Uint8Array(0);

/** The body, as the successor's client writes it: null for what it has not. */
export const DEVICE_REQUEST = z.object({
  method: z.string(),
  uri: z.string(),
  accept: z.string().nullish(),
  "content-type": z.string().nullish(),
  "payload-b64": z.string().nullish(),
});

/** What the body of a device request asks for, read and checked. */
interface AskedRequest {
  readonly method: number;
  readonly verb: Verb;
  readonly path: string;
  readonly accept: number | undefined;
  readonly contentFormat: number | undefined;
  readonly payload: Uint8Array;
}

/** Why a request was not taken: a status, and a sentence for its sender. */
interface BodyRefusal {
  readonly status: 400 | 413 | 415;
  readonly refusal: string;
}

/** POST /device-requests/{endpoint-name} */
export async function requestDevice(host: RestHost, c: RestContext): Promise<Response> {
  const { gateway } = host;
  const keyId = c.get("channelId");
  const asyncId = c.req.query("async-id") ?? "";
  if (!isAsyncId(asyncId)) {
    return refuse(c, 400, `The async-id must be 1 to ${LONGEST_ID} visible ASCII characters.`);
  }
  const expiresIn = expiryOf(host, c);
  if (expiresIn === undefined) {
    return refuse(c, 400, BAD_EXPIRY);
  }
  const priority = priorityOf(c);
  if (priority === BAD_PRIORITY) return refuse(c, 400, BAD_PRIORITY);
  if (wholeNumber(c.req.query("retry") ?? "0", 0, MOST_RETRIES) === undefined) {
    return refuse(c, 400, `retry must be a whole number from 0 to ${MOST_RETRIES}.`);
  }
  const body = await readJson(c);
  if (body instanceof Response) return body;
  const asked = readAsked(body.value);
  if ("refusal" in asked) return refuse(c, asked.status, asked.refusal);
  if (!may(c.get("principal"), asked.verb, "resource")) {
    return refuse(c, 403, "You don't have permissions to access this resource.");
  }
  const registration = visibleRegistration(host, c, endpointNameOf(c));
  if (registration === undefined) return refuseSubmission(c, { refusal: GONE });
  if (asked.method !== PUT && !gateway.mayHave(registration, asked.path)) {
    return refuse(c, 404, "The endpoint has no such resource.");
  }
  // The successor's client sends its first poll and its first request at once, on two connections.
  gateway.channels.openPull(host.now(), keyId);
  if (!gateway.canAccept(keyId)) return refuseMoreResponses(c);
  const overQuota = refuseOverQuota(host, c);
  if (overQuota !== undefined) return overQuota;
  const request = { ...requestOf(registration, asked, expiresIn), priority };
  const { endpointName } = registration;
  const submission = gateway.request(host.now(), keyId, endpointName, request, asyncId);
  if ("refusal" in submission) return refuseSubmission(c, submission);
  return accept(host, c, submission.id, null);
}

function requestOf(
  registration: Registration,
  asked: AskedRequest,
  expiresIn: Milliseconds,
): DownlinkRequest {
  const { method, path, payload, accept } = asked;
  const link = linkAt(registration, path);
  const listed = link === undefined ? undefined : contentFormatOfLink(link);
  const contentFormat = payload.length === 0 ? undefined : (asked.contentFormat ?? listed);
  return { method, path, payload, contentFormat, accept, confirmable: true, expiresIn };
}

function readAsked(body: unknown): AskedRequest | BodyRefusal {
  const parsed = DEVICE_REQUEST.safeParse(body);
  if (!parsed.success) {
    const member = parsed.error.issues[0].path.join(".");
    return member === ""
      ? malformed("The body must be a JSON object with method and uri.")
      : malformed(`${member} is missing, or is no string.`);
  }
  const { method, uri } = parsed.data;
  const operation = METHODS.get(method.toUpperCase());
  if (operation === undefined) return malformed("method must be GET, PUT, POST or DELETE.");
  if (!isResourcePath(uri)) return malformed("uri must be the path of a resource, as /3/0/0.");
  const formats = readFormats(parsed.data.accept ?? "", parsed.data["content-type"] ?? "");
  if ("refusal" in formats) return formats;
  const payload = decodeBase64(parsed.data["payload-b64"] ?? "");
  if (payload === undefined) return malformed("payload-b64 is not base64.");
  if (payload.length > LONGEST_VALUE) {
    return { status: 413, refusal: `The value is longer than ${LONGEST_VALUE} bytes.` };
  }
  return { ...operation, ...formats, path: uri, payload };
}

function readFormats(
  accept: string,
  contentType: string,
): Pick<AskedRequest, "accept" | "contentFormat"> | BodyRefusal {
  const formats = { accept: contentFormatOf(accept), contentFormat: contentFormatOf(contentType) };
  const isKnown =
    (formats.accept !== undefined || accept === "" || accept === "*/*") &&
    (formats.contentFormat !== undefined || contentType === "");
  return isKnown
    ? formats
    : { status: 415, refusal: "The media type is not one that devices know." };
}

function malformed(refusal: string): BodyRefusal {
  return { status: 400, refusal };
}

/** Decodes base64 (RFC 4648 §4), also without padding or in the alphabet for URLs; undefined when it is none. */
function decodeBase64(text: string): Uint8Array | undefined {
  if (text === "") return NO_BYTES;
  return /^[A-Za-z0-9+/_-]*={0,2}$/.test(text)
    ? new Uint8Array(Buffer.from(text, "base64"))
    : undefined;
}

function isAsyncId(text: string): boolean {
  return text.length <= LONGEST_ID && /^[!-~]+$/.test(text);
}
