/**
 * CoAP over UDP with one peer, with bodies in blocks of which several come at once, and some in pieces (pieces.ts): what a device
 * needs that takes a firmware image.
 */
import type { Milliseconds } from "../time/duration.ts";
import { BlockWiseEndpoint } from "./block-wise-endpoint.ts";
import type { CoapEvent } from "./exchange.ts";
import { PiecewiseUploads } from "./piecewise-uploads.ts";
import type { Upload } from "./upload.ts";

export class PiecewiseEndpoint extends BlockWiseEndpoint {
  private uploads: PiecewiseUploads | undefined;

  override pollEvent(): CoapEvent | undefined {
    const event = super.pollEvent();
    return event === undefined && this.uploads !== undefined ? this.uploads.pollLost() : event;
  }

  protected override newUpload(lifetime: Milliseconds): Upload {
    this.uploads = new PiecewiseUploads(this.settings, lifetime);
    return this.uploads;
  }
}
