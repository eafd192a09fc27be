/**
 * mDash's stored queries, as a fixed set over what is kept of a device: rows of time, device, topic and the value as JSON text.
 *
 *   all                     everything, the oldest first
 *   latest                  the last value of each resource
 *   3303.0.5700, servings   the values at and below /3303/0/5700, /servings
 *
 * `params` are the times between which: [since, until], each as RFC 3339 says or a day, or absent. A day as the end is meant to its end.
 */
import { HOUR } from "../../../protocol/time/duration.ts";
import { refusal } from "../../access/domains.ts";
import type { DeviceRecord } from "../../access/model.ts";
import type { Shadow } from "../../shadow/shadow.ts";
import { isBelow } from "../../shadow/state-tree.ts";
import type { HistoryEntry } from "../../shadow/value-history.ts";

/** Time in RFC 3339, device, path, value as JSON. */
export type HistoryRow = readonly [time: string, device: string, topic: string, json: string];

const DAY = 24 * HOUR;
const DAY_LENGTH = "2026-05-01".length;
const LONGEST_TIME = 40;

/** @throws Error with code `access/bad-value` for params that are no times */
export function historyRows(
  device: DeviceRecord,
  shadow: Shadow | undefined,
  history: Iterable<HistoryEntry>,
  query: string,
  params: unknown,
): HistoryRow[] {
  const [since, until] = rangeOf(params);
  const base = `/${query.replaceAll(".", "/")}`;
  const isWanted = (path: string) =>
    query === "all" || query === "latest" || path === base || isBelow(path, base);
  const rows: HistoryRow[] = [];
  for (const { at, path, value } of query === "latest" ? latest(shadow) : history) {
    if (at < since || at > until || !isWanted(path)) continue;
    rows.push([new Date(at).toISOString(), device.endpointName, path, JSON.stringify(value)]);
  }
  return rows;
}

function* latest(shadow: Shadow | undefined): Iterable<HistoryEntry> {
  for (const [path, { value, at }] of shadow?.reported ?? []) yield { at, path, value };
}

function rangeOf(params: unknown): [since: number, until: number] {
  if (params === undefined || params === null) return [-Infinity, Infinity];
  if (!Array.isArray(params)) throw refusal("access/bad-value", '"params" must be an array.');
  const [since, until] = params as unknown[];
  const end = timeOf(until, Infinity);
  const isDay = typeof until === "string" && until.length === DAY_LENGTH;
  return [timeOf(since, -Infinity), isDay ? end + DAY - 1 : end];
}

function timeOf(param: unknown, absent: number): number {
  if (param === undefined || param === null) return absent;
  const isText = typeof param === "string" && param.length <= LONGEST_TIME;
  const at = isText ? Date.parse(param) : NaN;
  if (Number.isNaN(at)) {
    throw refusal("access/bad-value", '"params" must be times, like "2026-05-01".');
  }
  return at;
}
