/** The routes under /notification: the two ways in which an application receives what happens. */
import { MINUTE, type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import { isCallback, parseCallback } from "../../notifications/callback.ts";
import { isSet, type RestContext, type RestHost, readJson, refuse } from "../context.ts";

/** Each registration makes the connector call out: more than this from one key looks like a scan. */
const REGISTRATIONS_PER_MINUTE = 10;

/** GET /notification/pull */
export async function pull(host: RestHost, c: RestContext): Promise<Response> {
  const keyId = c.get("channelId");
  const { channels } = host.gateway;
  if (channels.of(keyId).callback() !== undefined) {
    return refuse(c, 409, "Notifications go to your callback; remove it to poll.");
  }
  const wasOpen = channels.of(keyId).isOpen();
  const message = host.driver.longPoll(keyId, !isSet(c, "noWait"), c.env.exchange);
  if (!wasOpen) await host.commit();
  const body = await message;
  return body === undefined
    ? c.body(null, 204)
    : c.body(body, 200, { "content-type": "application/json" });
}

/** DELETE /notification/pull: closes the channel and drops what waits. */
export async function deletePull(host: RestHost, c: RestContext): Promise<Response> {
  const keyId = c.get("channelId");
  const { channels } = host.gateway;
  if (channels.of(keyId).callback() !== undefined || !channels.close(keyId)) {
    return refuse(c, 404, "There is no pull channel.");
  }
  host.driver.wake();
  await host.commit();
  return c.body(null, 204);
}

/** PUT /notification/callback: tested with an empty message first; a refused one leaves the old one in place. */
export function callbackRegistration(): (host: RestHost, c: RestContext) => Promise<Response> {
  const attempts = new Attempts();
  return async (host, c) => {
    const keyId = c.get("channelId");
    const body = await readJson(c);
    if (body instanceof Response) return body;
    const callback = parseCallback(body.value);
    if (!isCallback(callback)) return refuse(c, 400, callback.refusal);
    if (!attempts.take(host.now(), keyId)) {
      return refuse(c, 429, "Too many callbacks were registered within a minute.", {
        "retry-after": String(MINUTE / SECOND),
      });
    }
    const refusal = await host.probe(callback);
    if (refusal !== undefined) return refuse(c, 400, refusal);
    host.gateway.channels.setCallback(host.now(), keyId, callback);
    host.driver.wake();
    await host.commit();
    return c.body(null, 204);
  };
}

/** GET /notification/callback: shows the headers to the key that set them, and to nobody else. */
export function showCallback(host: RestHost, c: RestContext): Response {
  const callback = host.gateway.channels.of(c.get("channelId")).callback();
  return callback === undefined ? refuseWithoutCallback(c) : c.json(callback);
}

/** DELETE /notification/callback: removes the key's subscriptions too. */
export async function deleteCallback(host: RestHost, c: RestContext): Promise<Response> {
  const keyId = c.get("channelId");
  const { channels, subscriptions } = host.gateway;
  if (channels.of(keyId).callback() === undefined) return refuseWithoutCallback(c);
  channels.close(keyId);
  subscriptions.unsubscribeAll(keyId);
  await host.commit();
  return c.body(null, 204);
}

function refuseWithoutCallback(c: RestContext): Response {
  return refuse(c, 404, "No callback URL is registered.");
}

/** Counts attempts per key and minute. */
class Attempts {
  private readonly counts = new Map<string, number>();
  private minuteEnd: Milliseconds = 0;

  take(now: Milliseconds, keyId: string): boolean {
    if (now >= this.minuteEnd) {
      this.counts.clear();
      this.minuteEnd = now + MINUTE;
    }
    const count = (this.counts.get(keyId) ?? 0) + 1;
    this.counts.set(keyId, count);
    return count <= REGISTRATIONS_PER_MINUTE;
  }
}
