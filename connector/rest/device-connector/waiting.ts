/** How an application says that a request is to wait for its device: `expiry-seconds` and `priority`. */
import { type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import type { Priority } from "../../contract.ts";
import type { RestContext, RestHost } from "../context.ts";

/** Three days, as the successor had it. */
const LONGEST_EXPIRY = 259_200;
const PRIORITIES: readonly Priority[] = ["high", "normal", "low"];

export const BAD_EXPIRY = `expiry-seconds must be a whole number from 1 to ${LONGEST_EXPIRY}.`;
export const BAD_PRIORITY = "priority must be high, normal or low.";

/** How long a request may wait; undefined for what is none. */
export function expiryOf(host: RestHost, c: RestContext): Milliseconds | undefined {
  const given = c.req.query("expiry-seconds");
  if (given === undefined) return host.requestExpiry;
  const seconds = wholeNumber(given, 1, LONGEST_EXPIRY);
  return seconds === undefined ? undefined : seconds * SECOND;
}

/** Which of the requests that wait goes first. */
export function priorityOf(c: RestContext): Priority | typeof BAD_PRIORITY {
  const given = c.req.query("priority") ?? "normal";
  return PRIORITIES.find((priority) => priority === given) ?? BAD_PRIORITY;
}

export function wholeNumber(text: string, least: number, most: number): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  return value >= least && value <= most ? value : undefined;
}
