/** What is answered without asking a device: the registrations, and what happens. */
import { type RestContext, type RestHost, refuse, visibleRegistrations } from "../context.ts";
import type { EventListener } from "./event-streams.ts";
import { registrationNamed } from "./target.ts";

/** Bytes that may wait to be read by who listens. */
const MOST_WAITING = 256 * 1024;

/** GET /api/clients */
export function listClients(host: RestHost, c: RestContext): Response {
  const clients: object[] = [];
  for (const registration of visibleRegistrations(host, c)) {
    clients.push(host.leshan.shown(registration));
  }
  return c.json(clients);
}

/** GET /api/clients/{endpoint} */
export function showClient(host: RestHost, c: RestContext): Response {
  return c.json(host.leshan.shown(registrationNamed(host, c)));
}

/** GET /api/event?ep= */
export function streamEvents(host: RestHost, c: RestContext): Response {
  const { leshan } = host;
  const owner = c.get("channelId");
  if (!leshan.streams.hasRoomFor(owner)) {
    return refuse(c, 429, "Too many listen.", { "retry-after": "60" });
  }
  const encoder = new TextEncoder();
  let end = () => {};
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const listener: EventListener = {
          owner,
          endpointName: c.req.query("ep"),
          isEntitled: () => leshan.isEntitled(owner),
          hears: (endpointName, object) => leshan.hears(owner, endpointName, object),
          sink: {
            write(text) {
              if ((controller.desiredSize ?? 0) < text.length) return false;
              controller.enqueue(encoder.encode(text));
              return true;
            },
            close: () => controller.close(),
          },
        };
        end = () => leshan.streams.remove(listener);
        leshan.listen(listener);
      },
      cancel: () => end(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MOST_WAITING }),
  );
  c.env.exchange.onEnd(() => end());
  return c.body(stream, 200, {
    "content-type": "text/event-stream; charset=utf-8",
    // Nothing can follow on this connection.
    connection: "close",
    // Events are not to be gathered by a proxy on the way.
    "x-accel-buffering": "no",
  });
}
