/** What the routes of administration share: reading requests by schema, pages of lists, and refusing as RFC 9457 says. */
import type { z } from "zod";
import { refusal } from "../../access/domains.ts";
import { domainFor } from "../../access/escalation.ts";
import type { Domain } from "../../access/model.ts";
import {
  type RefusalStatus,
  type RestContext,
  type RestHost,
  readBody,
  TOO_LONG,
} from "../context.ts";
import { isJsonRefusal, parseJson } from "../json.ts";

const LONGEST_BODY = 64 * 1024;
const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT = 1000;
const LONGEST_TEXT = 300;

const TITLES: Readonly<Record<RefusalStatus, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  426: "Upgrade Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  507: "Insufficient Storage",
};

/** Refuses with a problem (RFC 9457 §3). */
export function refuseWithProblem(
  c: RestContext,
  status: RefusalStatus,
  reason: string,
  headers?: Record<string, string>,
): Response {
  const problem = { type: "about:blank", title: TITLES[status], status, detail: reason };
  return c.body(JSON.stringify(problem), status, {
    ...headers,
    "content-type": "application/problem+json",
  });
}

/**
 * Reads a JSON body. No body at all is an empty object.
 *
 * @throws Error with code `access/bad-value`, `access/too-long` or `access/wrong-type`
 */
export async function readValid<T>(c: RestContext, schema: z.ZodType<T>): Promise<T> {
  const type = c.req.header("content-type");
  // A page of another origin can send a form without being asked for leave, but no JSON.
  if (type !== undefined && !isJsonType(type)) {
    throw refusal("access/wrong-type", "The body must be application/json.");
  }
  const body = await readBody(c, LONGEST_BODY);
  if (body === TOO_LONG) {
    throw refusal("access/too-long", `The body is longer than ${LONGEST_BODY} bytes.`);
  }
  const parsed = body.length === 0 ? { value: {} } : parseJson(Buffer.from(body).toString("utf8"));
  if (isJsonRefusal(parsed)) throw refusal("access/bad-value", parsed.refusal);
  return valid(schema, parsed.value);
}

/** The domain that `?domain=` names, or the caller's own. @throws Error with code `access/not-found` */
export function domainOf(host: RestHost, c: RestContext): Domain {
  return domainFor(host.access, c.get("principal"), c.req.query("domain"));
}

/** The decoded segment of the path, counted from 0. @throws Error with code `access/not-found` for one that is not UTF-8 */
export function segment(c: RestContext, position: number): string {
  const text = c.get("path").split("/")[position + 1] ?? "";
  try {
    return decodeURIComponent(text);
  } catch {
    throw refusal("access/not-found", "The path is not UTF-8.");
  }
}

/** Ends a change that may have taken rights away: in force for open polls and channels too, written down, and durable when it resolves. */
export async function changed(
  host: RestHost,
  c: RestContext,
  action: string,
  object: string,
): Promise<void> {
  host.gateway.recheck(host.now());
  host.customerSide.listeners.recheck();
  await noted(host, c, action, object);
}

/** Ends what has taken nothing away from anybody: written down, and durable when it resolves. */
export async function noted(
  host: RestHost,
  c: RestContext,
  action: string,
  object: string,
): Promise<void> {
  host.access.record(c.get("principal"), c.env.address, action, object);
  await host.commit();
}

/** The query parameters of a list, as the API's description has them. */
export const PAGED = {
  limit: `how many at most, 1 to ${LARGEST_LIMIT}; ${DEFAULT_LIMIT} without it`,
  after: "what the page before gave as next",
  domain: "name of another domain, for superusers of the operator's",
};

/** A part of a list, and where it goes on. */
export interface Page<T> {
  readonly items: readonly T[];
  /** To be given as `after` for the next page; absent on the last one. */
  readonly next?: string;
}

/**
 * The page that `?limit=` and `?after=` ask for.
 *
 * @param items all that whoever asks may see, in any order
 * @param keyOf what they are sorted by: unique, and the same tomorrow
 */
export function pageOf<T>(c: RestContext, items: Iterable<T>, keyOf: (item: T) => string): Page<T> {
  const limit = limitOf(c);
  const after = c.req.query("after") ?? "";
  // The least `limit + 1` keys, sorted: a list of 100,000 is not sorted whole for each of its pages.
  const least: { key: string; item: T }[] = [];
  for (const item of items) {
    const key = keyOf(item);
    if (key <= after || (least.length > limit && key >= least[limit].key)) continue;
    least.splice(placeOf(least, key), 0, { key, item });
    if (least.length > limit + 1) least.pop();
  }
  const page = least.slice(0, limit);
  const found = page.map(({ item }) => item);
  return least.length > limit ? { items: found, next: page[limit - 1].key } : { items: found };
}

/** The page of a list that comes sorted: taken until it is full. */
export function pageOfSorted<T>(
  c: RestContext,
  items: Iterable<T>,
  keyOf: (item: T) => string,
): Page<T> {
  const limit = limitOf(c);
  const found: T[] = [];
  for (const item of items) {
    if (found.length === limit) return { items: found, next: keyOf(found[limit - 1]) };
    found.push(item);
  }
  return { items: found };
}

/** The number that `?after=` is, 0 without it. @throws Error with code `access/bad-value` */
export function afterNumber(c: RestContext, otherwise = 0): number {
  const text = c.req.query("after");
  if (text === undefined) return otherwise;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw refusal("access/bad-value", "after: expected what the page before gave as next.");
}

function limitOf(c: RestContext): number {
  const text = c.req.query("limit");
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LARGEST_LIMIT) return limit;
  throw refusal("access/bad-value", `limit: expected a number from 1 to ${LARGEST_LIMIT}.`);
}

function placeOf(sorted: readonly { key: string }[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle].key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isJsonType(type: string): boolean {
  const essence = type.split(";", 1)[0].trim().toLowerCase();
  return essence === "application/json" || essence.endsWith("+json");
}

function valid<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`,
  );
  throw refusal("access/bad-value", faults.join("; ").slice(0, LONGEST_TEXT));
}
