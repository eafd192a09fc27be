/** A resource that is not ready at once: it is acknowledged, and answered three seconds later (RFC 7252 §5.2.2). */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  CoapEndpoint,
  type IncomingRequest,
  REQUEST_RECEIVED,
} from "../../../protocol/coap/coap-endpoint.ts";
import { CONTENT } from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import { CONTENT_FORMAT, uintOption } from "../../../protocol/coap/options.ts";
import { NEVER, SECOND } from "../../../protocol/time/duration.ts";
import { coapSettings } from "../../support/coap-pair.ts";

export const SLOW_PATH = "/slow";

const DELAY = 3 * SECOND;

export class SlowResource {
  // Message IDs far from those of the client beside it.
  private readonly endpoint = new CoapEndpoint(coapSettings({ random: { uint32: () => 0xa000 } }));
  private readonly waiting: { readonly at: number; readonly request: IncomingRequest }[] = [];

  handle(now: number, datagram: Uint8Array): void {
    this.endpoint.handleDatagram(now, datagram);
    for (let event = this.endpoint.pollEvent(); event; event = this.endpoint.pollEvent()) {
      if (event.kind !== REQUEST_RECEIVED) continue;
      this.waiting.push({ at: now + DELAY, request: event.request });
    }
  }

  handleTimeout(now: number): void {
    this.endpoint.handleTimeout(now);
    const [first] = this.waiting;
    if (first === undefined || now < first.at) return;
    this.waiting.shift();
    this.endpoint.respond(now, first.request, {
      code: CONTENT,
      options: [uintOption(CONTENT_FORMAT, TEXT)],
      payload: encodeUtf8("at last"),
    });
  }

  deadline(): number {
    return Math.min(this.endpoint.deadline(), this.waiting[0]?.at ?? NEVER);
  }

  pollTransmit(): Uint8Array | undefined {
    return this.endpoint.pollTransmit();
  }
}
