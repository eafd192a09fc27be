/**
 * The bootstrap of one device, from its Bootstrap-Request to its outcome (LwM2M Core 1.2.2 §6.1.3.3):
 *
 *   device                server
 *     | POST /bs ---------> |
 *     | <------------- 2.04 |
 *     | <-- GET / --------- |     Discover, where instances are to be placed
 *     | <-- GET /1 -------- |     Read, where that is wanted
 *     | <-- DELETE /0 ----- |     one at a time (NSTART = 1)
 *     | <-- PUT /0/1 ------ |
 *     | <-- POST /bs ------ |     Finish
 *
 * An error of the device ends it, and so does EXCHANGE_LIFETIME: after that a device has given up. The exchanges themselves, with
 * repetitions and answers that come separately, are the CoAP endpoint's business.
 */
import { decodeUtf8 } from "../../protocol/bytes/utf8.ts";
import { type Failure, type Response, TIMED_OUT } from "../../protocol/coap/coap-endpoint.ts";
import {
  formatCode,
  isSuccess,
  NOT_FOUND,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../protocol/coap/codes.ts";
import { SENML_CBOR, SENML_JSON, TLV } from "../../protocol/coap/content-formats.ts";
import { CONTENT_FORMAT, uintOf } from "../../protocol/coap/options.ts";
import { formatText } from "../../protocol/content/text.ts";
import { parseTreeLinks } from "../../protocol/lwm2m/tree-links.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Entry } from "../../protocol/model/data-types.ts";
import { formatPath, type Path } from "../../protocol/model/path.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { Peer, Requester } from "../peers.ts";
import type { Found } from "./accounts.ts";
import { definitionOf } from "./configuration.ts";
import type { BootstrapVia } from "./events.ts";
import { placed } from "./placement.ts";
import { CODECS, firstSteps, laterSteps, nameOf, requestOf, type Step } from "./plan.ts";

/** Whom a session tells. */
export interface SessionKeeper {
  /** The device has answered: it is where it says it is. */
  handleVerified(session: BootstrapSession, now: Milliseconds): void;
  /** The only outcome. @param reason undefined when all went well */
  handleEnd(session: BootstrapSession, reason: string | undefined): void;
}

/** Tried one after the other with a device that does not say what it has: LwM2M 1.0 has TLV alone. */
const USUAL_FORMATS = [TLV, SENML_CBOR, SENML_JSON];
/** Values of a Bootstrap-Read that are kept, and characters of each. */
const MOST_FOUND = 64;
const LONGEST_FOUND = 128;

export class BootstrapSession implements Requester {
  readonly id: number;
  readonly peer: Peer;
  readonly endpointName: string;
  readonly via: BootstrapVia;
  readonly source: string;
  readonly startedAt: Milliseconds;
  /** The device has answered something. */
  isVerified = false;
  /** How many requests the device has answered. */
  steps = 0;
  readonly found: Record<string, string> = {};
  private readonly keeper: SessionKeeper;
  private readonly configuration: Found["configuration"];
  /** The first is in use. */
  private readonly formats: number[];
  private entries: readonly Entry[];
  private queue: Step[];
  private hasBegunToChange = false;
  private current: Step | undefined = undefined;
  private exchangeId = 0;
  private isEnded = false;

  /** @param format what the device asks to be written in (`pct`); undefined when it does not */
  constructor(
    keeper: SessionKeeper,
    id: number,
    now: Milliseconds,
    of: { readonly peer: Peer; readonly endpointName: string; readonly via: BootstrapVia },
    found: Found,
    format: number | undefined,
  ) {
    this.keeper = keeper;
    this.id = id;
    this.startedAt = now;
    this.peer = of.peer;
    this.endpointName = of.endpointName;
    this.via = of.via;
    this.source = found.source;
    this.configuration = found.configuration;
    const chosen = found.configuration.format ?? format;
    this.formats = chosen === undefined ? [...USUAL_FORMATS] : [chosen];
    this.entries = found.configuration.entries;
    this.queue = firstSteps(found.configuration);
  }

  /** Sends what is next, unless something is under way. */
  advance(now: Milliseconds): void {
    if (this.isEnded || this.current !== undefined) return;
    if (this.queue.length === 0) this.beginToChange();
    const step = this.queue[0];
    const request = requestOf(step, this.entries, this.formats[0]);
    const id = this.peer.request(now, request, this);
    if (id === 0) {
      this.end("Too many requests to this address are under way");
      return;
    }
    this.current = step;
    this.exchangeId = id;
  }

  /** Ends it from this side. A request of it that came later would be taken for one of the next bootstrap, a Finish for its end. */
  abandon(now: Milliseconds, reason: string): void {
    if (this.current !== undefined) this.peer.withdraw(now, this.exchangeId);
    this.current = undefined;
    this.end(reason);
  }

  handleResponse(now: Milliseconds, response: Response): void {
    const step = this.current;
    if (this.isEnded || step === undefined) return;
    this.current = undefined;
    this.steps++;
    if (!this.isVerified) {
      this.isVerified = true;
      this.keeper.handleVerified(this, now);
    }
    const reason = this.take(step, response);
    if (reason !== undefined) this.end(reason);
    else if (step.kind === "finish") this.end(undefined);
    else this.advance(now);
  }

  handleFailure(_now: Milliseconds, failure: Failure): void {
    const step = this.current;
    this.current = undefined;
    if (step === undefined) return;
    const what = failure === TIMED_OUT ? "was not answered" : `failed: ${failure}`;
    this.end(`${nameOf(step)} ${what}`);
  }

  /** Deals with an answer; what comes back is why it cannot go on. */
  private take(step: Step, response: Response): string | undefined {
    const { code } = response;
    switch (step.kind) {
      case "probe":
        this.queue.shift();
        return undefined;
      case "discover":
        if (!isSuccess(code)) return answered(step, code);
        this.queue.shift();
        return this.takeTree(step, response.payload);
      case "read":
        // For people, so that a device without it is bootstrapped all the same.
        this.queue.shift();
        if (isSuccess(code)) this.takeValues(step.path, response);
        else this.find(formatPath(step.path), formatCode(code));
        return undefined;
      case "delete":
        // What is not there need not be deleted; some clients say so.
        if (!isSuccess(code) && code !== NOT_FOUND) return answered(step, code);
        this.queue.shift();
        return undefined;
      case "write":
        if (code === UNSUPPORTED_CONTENT_FORMAT && this.formats.length > 1) {
          this.formats.shift();
          return undefined;
        }
        if (!isSuccess(code)) return answered(step, code);
        this.queue.shift();
        return undefined;
      case "finish":
        return isSuccess(code) ? undefined : answered(step, code);
    }
  }

  private takeTree(step: Step, payload: Uint8Array): string | undefined {
    const tree = parseTreeLinks(decodeUtf8(payload));
    if (isMalformed(tree)) return `${nameOf(step)} was answered with no list of links`;
    this.entries = placed(this.configuration.entries, this.configuration.deletes, tree);
    return undefined;
  }

  private takeValues(base: Path, response: Response): void {
    const codec = CODECS.get(uintOf(response.options, CONTENT_FORMAT, TLV));
    const entries = codec?.decode(response.payload, base, definitionOf);
    if (entries === undefined || isMalformed(entries)) {
      this.find(formatPath(base), "unreadable");
      return;
    }
    for (const { path, type, value } of entries) {
      if (value !== undefined) this.find(formatPath(path), formatText(type, value) ?? "");
    }
  }

  private find(path: string, text: string): void {
    if (Object.keys(this.found).length >= MOST_FOUND) return;
    this.found[path] = text.slice(0, LONGEST_FOUND);
  }

  private beginToChange(): void {
    if (this.hasBegunToChange) return;
    this.hasBegunToChange = true;
    this.queue = laterSteps(this.configuration, this.entries);
  }

  private end(reason: string | undefined): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.queue = [];
    this.keeper.handleEnd(this, reason);
  }
}

/** A code alone: what a device says beside it may repeat the keys that it was given. */
function answered(step: Step, code: number): string {
  return `${nameOf(step)} was answered ${formatCode(code)}`;
}
