/**
 * Block-wise transfer (RFC 7959) as an endpoint uses it. Handed to the endpoint, so that one without it costs nothing of it.
 */
import { BlockWiseTransfer } from "./block-wise-client.ts";
import { BlockWiseServer, cut } from "./block-wise-server.ts";
import type { CoapSettings, Request, Response } from "./exchange.ts";

export interface BlockWise {
  /** One of our requests that does not fit a message, or whose response does not. */
  transfer(request: Request, settings: CoapSettings): BlockWiseTransfer;
  /** The transfers of one peer. */
  server(settings: CoapSettings, lifetime: number): BlockWiseServer;
  /** One block of a response. */
  cut(response: Response, num: number, size: number): Response;
}

export const BLOCK_WISE: BlockWise = {
  transfer: function (request, settings) {
    return new BlockWiseTransfer(request, settings.blockSize, settings.maxBody);
  },
  server: function (settings, lifetime) {
    return new BlockWiseServer(settings.blockSize, settings.maxBody, lifetime);
  },
  cut: cut,
};
