/**
 * Whoever answers requests of servers in the agent's place, and later: a gateway, for the devices behind it (firmware/gateway).
 */
import type { IncomingRequest } from "../../protocol/coap/exchange.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { ServerLink } from "./server-link.ts";

export interface Relay {
  /** A request of a registered server. True: it is the relay's, which calls `link.coap.respond`, at once or later. */
  handleRequest(now: Milliseconds, link: ServerLink, request: IncomingRequest): boolean;
  /** The observer under this token is gone. */
  handleObserverGone(link: ServerLink, token: Uint8Array): void;
  /** The server's registration is over, and with it all that it observed. */
  handleRegistrationOver(link: ServerLink): void;
}
