/** What the routes of customers and their devices (mDash) share: reading JSON whatever its type is said to be, and how they refuse. */
import { refusal } from "../../access/domains.ts";
import type { DeviceRecord } from "../../access/model.ts";
import type { Json } from "../../shadow/json.ts";
import {
  type RefusalStatus,
  type RestContext,
  type RestHost,
  readBody,
  TOO_LONG,
} from "../context.ts";
import { isJsonRefusal, parseJson } from "../json.ts";

/** Bytes. */
const LONGEST_BODY = 64 * 1024;

/** Members of a JSON object that somebody sent. */
export type Members = { readonly [name: string]: Json | undefined };

/** Refuses in JSON, with the reason where each of the public clients looks for it: `error.message` and `message`. */
export function refuseInJson(
  c: RestContext,
  status: RefusalStatus,
  reason: string,
  headers?: Record<string, string>,
): Response {
  return c.json({ error: { code: status, message: reason }, message: reason }, status, headers);
}

/** In the words for a path that is none: a device that is not there and one that is not to be known of. */
export function refuseUnknown(c: RestContext): Response {
  return refuseInJson(c, 404, "Not Found");
}

/**
 * Reads a JSON object; no body at all is an empty one. Its Content-Type does not count: what curl's -d says is not so.
 *
 * @throws Error with code `access/bad-value` or `access/too-long`
 */
export async function readMembers(c: RestContext): Promise<Members> {
  const text = await readText(c);
  if (text === "") return {};
  const parsed = parseJson(text);
  if (isJsonRefusal(parsed)) throw refusal("access/bad-value", parsed.refusal);
  const { value } = parsed;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refusal("access/bad-value", "The body must be a JSON object.");
  }
  return value as Members;
}

/** Reads a body as text. @throws Error with code `access/too-long` */
export async function readText(c: RestContext): Promise<string> {
  const body = await readBody(c, LONGEST_BODY);
  if (body === TOO_LONG) {
    throw refusal("access/too-long", `The body is longer than ${LONGEST_BODY} bytes.`);
  }
  return Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8");
}

/** A member that must be text if it is there. @throws Error with code `access/bad-value` */
export function textMember(members: Members, name: string): string | undefined {
  const member = members[name];
  if (member === undefined || member === null) return undefined;
  if (typeof member === "string") return member;
  throw refusal("access/bad-value", `"${name}" must be text.`);
}

/** A member that must be an object if it is there. @throws Error with code `access/bad-value` */
export function objectMember(members: Members, name: string): Members | undefined {
  const member = members[name];
  if (member === undefined || member === null) return undefined;
  if (typeof member === "object" && !Array.isArray(member)) return member as Members;
  throw refusal("access/bad-value", `"${name}" must be an object.`);
}

/** Whether a device is registered now. */
export function isOnline(host: RestHost, device: DeviceRecord): boolean {
  return host.gateway.registration(device.endpointName) !== undefined;
}

/** Refuses for a while. */
export function refuseForNow(c: RestContext, wait: number): Response {
  const seconds = String(Math.ceil(wait / 1000));
  return refuseInJson(c, 429, "Too many requests; try again later.", { "retry-after": seconds });
}
