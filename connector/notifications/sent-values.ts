/**
 * What a device reports by Send, in the form of notifications: one for each resource or resource instance, so that who is subscribed to it
 * hears of it as of any other value. Only the latest value of each is one: a notification has no time.
 */

import { encodeUtf8 } from "../../protocol/bytes/utf8.ts";
import { OCTET_STREAM, TEXT } from "../../protocol/coap/content-formats.ts";
import { formatText } from "../../protocol/content/text.ts";
import { OPAQUE } from "../../protocol/model/data-types.ts";
import type { NotificationEvent, SendEvent, SentEntry } from "../contract.ts";
import { ageOf, latestOf, sentPath } from "../session/latest.ts";

/** Seconds that a value is fresh when nobody says otherwise (RFC 7252 §5.10.5), here from the time that it has. */
const FRESH_FOR = 60;

/** @param calendarNow milliseconds since 1970 */
export function notificationsOf(
  { endpointName, entries }: SendEvent,
  calendarNow: number,
): NotificationEvent[] {
  const notifications: NotificationEvent[] = [];
  for (const entry of latestOf(entries, calendarNow)) {
    const content = contentOf(entry);
    if (content === undefined) continue;
    const maxAge = Math.max(0, FRESH_FOR - ageOf(entry, calendarNow));
    const path = sentPath(entry);
    notifications.push({ kind: "notification", endpointName, path, maxAge, ...content });
  }
  return notifications;
}

function contentOf({
  type,
  value,
}: SentEntry): Pick<NotificationEvent, "payload" | "contentFormat"> | undefined {
  if (value === undefined) return undefined;
  if (type === OPAQUE) return { payload: value as Uint8Array, contentFormat: OCTET_STREAM };
  const text = formatText(type, value);
  return text === undefined ? undefined : { payload: encodeUtf8(text), contentFormat: TEXT };
}
