/**
 * An agent whose objects do something by themselves (`ObjectMachine`) and take packages that are too long to be held: what a firmware
 * update asks of an agent beyond the core. Its endpoints are piecewise ones, with the packages claimed:
 *
 *     new MachineAgent({ ..., settings: { ..., inPieces: PACKAGE_CLAIMS } }, { ..., endpoint: (settings) => new PiecewiseEndpoint(settings) });
 */
import type { CoapEvent, IncomingRequest, Response } from "../../protocol/coap/exchange.ts";
import { BODY_LOST } from "../../protocol/coap/exchange.ts";
import { URI_PATH } from "../../protocol/coap/options.ts";
import { pathOf } from "../../protocol/coap/uri.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { BasicAgent } from "./basic-agent.ts";
import type { PackageUploads } from "./management/package-uploads.ts";
import { answerPiece } from "./management/package-uploads.ts";
import type { ServerAddress } from "./server-address.ts";
import { ServerLink } from "./server-link.ts";

export class MachineAgent extends BasicAgent {
  override makeLink(instanceId: number, address: ServerAddress): ServerLink {
    return new PackageLink(this, instanceId, address);
  }

  override handleTimeout(now: Milliseconds): void {
    for (let i = 0; i < this.objects.length; i++) {
      const machine = this.objects[i].machine;
      if (machine !== undefined && now >= machine.deadline()) machine.handleTimeout(now);
    }
    super.handleTimeout(now);
  }

  override deadline(): Milliseconds {
    let at = super.deadline();
    for (let i = 0; i < this.objects.length; i++) {
      const machine = this.objects[i].machine;
      if (machine !== undefined) at = Math.min(at, machine.deadline());
    }
    return at;
  }

  override answer(now: Milliseconds, link: ServerLink, request: IncomingRequest): Response {
    const ofPiece = answerPiece(this, link, request);
    return ofPiece === undefined ? this.answerWhole(now, link, request) : ofPiece;
  }

  /** Answers a request whose body is all there. */
  protected answerWhole(now: Milliseconds, link: ServerLink, request: IncomingRequest): Response {
    return super.answer(now, link, request);
  }
}

/** A server that may write packages. */
class PackageLink extends ServerLink {
  declare uploads?: PackageUploads;

  protected override handleEvent(now: Milliseconds, event: CoapEvent): void {
    if (event.kind !== BODY_LOST) super.handleEvent(now, event);
    else if (this.uploads !== undefined) this.uploads.handleLost(pathOf(event.options, URI_PATH));
  }
}
