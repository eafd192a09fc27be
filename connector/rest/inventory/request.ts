/**
 * What the routes that Device42 had share: reading bodies in the forms that its clients send, paging, and its way of answering.
 *
 *   {"msg": ["device added or updated", 46, "db-080", true, true], "code": 0}     what was done: to which id and name, whether there was a
 *                                                                               change, whether it is new
 *   {"msg": "why not", "code": "1"}                                             what was not
 */
import { may } from "../../access/decision.ts";
import { refusal } from "../../access/domains.ts";
import type { ObjectKind } from "../../access/model.ts";
import type { Window } from "../../inventory/inventory.ts";
import { shown } from "../../inventory/values.ts";
import {
  type RefusalStatus,
  type RestContext,
  type RestHost,
  readBody,
  TOO_LONG,
} from "../context.ts";
import { isJsonRefusal, parseJson } from "../json.ts";

/** The fields of a body, as text: forms know nothing else. Lists of JSON are joined by commas. */
export type Fields = ReadonlyMap<string, string>;

const LONGEST_BODY = 256 * 1024;
const MOST_FIELDS = 200;
export const USUAL_LIMIT = 1000;
export const LARGEST_LIMIT = 2000;

/** Query parameters of a list that comes in parts, for the description. */
export const PAGED = {
  limit: `how many at most, 1 to ${LARGEST_LIMIT}; ${USUAL_LIMIT} without it`,
  offset: "how many to leave out at the beginning",
};

/** Answers an error. JupiterOne knows a missing permission by its words, with the code as text beside them. */
export function refuseAsInventory(
  c: RestContext,
  status: RefusalStatus,
  reason: string,
  headers?: Record<string, string>,
): Response {
  const msg = status === 401 ? "A valid token, or a user's name and password, is needed." : reason;
  return c.json({ msg, code: "1" }, status, headers);
}

/** Answers that something was put: clients take its id from the second place. */
export function answerPut(
  c: RestContext,
  what: string,
  id: number,
  name: string,
  outcome: { readonly isChanged: boolean; readonly isNew: boolean },
  more: Readonly<Record<string, unknown>> = {},
): Response {
  return c.json({ msg: [what, id, name, outcome.isChanged, outcome.isNew], code: 0, ...more });
}

/** Answers that something was deleted, in text as Device42 has it. */
export function answerDeleted(c: RestContext, id: number): Response {
  return c.json({ deleted: "true", id: `${id}` });
}

/** Ends a change: written down, in force for open polls and channels too, and durable when it resolves. */
export async function settle(
  host: RestHost,
  c: RestContext,
  action: string,
  object: string,
): Promise<void> {
  host.access.record(c.get("principal"), c.env.address, action, object);
  host.gateway.recheck(host.now());
  host.customerSide.listeners.recheck();
  await host.commit();
}

/** What is put by name is changed if it is there, which takes another permission. @throws Error with code `access/not-allowed` */
export function requireChange(c: RestContext, object: ObjectKind): void {
  if (may(c.get("principal"), "change", object)) return;
  throw refusal("access/not-allowed", "You don't have permissions to access this resource.");
}

/**
 * Reads the body: a form, or a JSON object of plain values. A form is what it is taken for without a Content-Type.
 *
 * @throws Error with code `access/bad-value` or `access/too-long`
 */
export async function readFields(c: RestContext): Promise<Fields> {
  const body = await readBody(c, LONGEST_BODY);
  if (body === TOO_LONG) {
    throw refusal("access/too-long", `The body is longer than ${LONGEST_BODY} bytes.`);
  }
  const text = Buffer.from(body).toString("utf8");
  const isJson = c.req.header("content-type")?.toLowerCase().includes("json") === true;
  const fields = isJson ? fieldsOfJson(text) : new Map(new URLSearchParams(text));
  if (fields.size > MOST_FIELDS) {
    throw refusal("access/bad-value", `The body has more than ${MOST_FIELDS} fields.`);
  }
  return fields;
}

function fieldsOfJson(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  if (text.trim() === "") return fields;
  const parsed = parseJson(text);
  if (isJsonRefusal(parsed)) throw refusal("access/bad-value", parsed.refusal);
  const { value } = parsed;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refusal("access/bad-value", "The body must be a JSON object.");
  }
  for (const [name, member] of Object.entries(value)) {
    const plain = plainText(member);
    if (plain === undefined) {
      throw refusal("access/bad-value", `${shown(name)} must be text, a number or true or false.`);
    }
    fields.set(name, plain);
  }
  return fields;
}

function plainText(value: unknown): string | undefined {
  if (value === null) return "";
  if (Array.isArray(value)) {
    return value.every((item) => typeof item === "string") ? value.join(",") : undefined;
  }
  return typeof value === "object" ? undefined : String(value);
}

/**
 * The part of a list that `?limit=` and `?offset=` ask for. More than can be had at once is refused and not cut: a client that goes on by
 * what it asked for would miss what was left out.
 *
 * @throws Error with code `access/bad-value`
 */
export function windowOf(c: RestContext): Window {
  return {
    limit: wholeNumber(c.req.query("limit"), "limit", USUAL_LIMIT, 1, LARGEST_LIMIT),
    offset: wholeNumber(c.req.query("offset"), "offset", 0, 0, Number.MAX_SAFE_INTEGER),
  };
}

function wholeNumber(
  text: string | undefined,
  name: string,
  usual: number,
  least: number,
  most: number,
): number {
  if (text === undefined || text === "") return usual;
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw refusal("access/bad-value", `${name} must be a whole number from ${least} to ${most}.`);
}

/** The items of a window, and how many there are in all; only those within are kept. */
export function taken<T>(
  items: Iterable<T>,
  { limit, offset }: Window,
): { total: number; page: T[] } {
  const page: T[] = [];
  let total = 0;
  for (const item of items) {
    if (total >= offset && page.length < limit) page.push(item);
    total++;
  }
  return { total, page };
}

/** A decoded segment of the path, counted from 0: `/api/1.0/devices/name/x` has x at 4. */
export function segmentOf(c: RestContext, position: number): string {
  const text = c.get("path").split("/")[position + 1] ?? "";
  try {
    return decodeURIComponent(text);
  } catch {
    throw refusal("access/not-found", "The path is not UTF-8.");
  }
}

/** The id in a segment of the path. @throws Error with code `access/not-found` for one that none can be */
export function idOf(c: RestContext, position: number): number {
  const text = segmentOf(c, position);
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw refusal("access/not-found", "There is nothing with this id.");
}
