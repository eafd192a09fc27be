/** Carries notifications to callbacks: one PUT each, to an address the guard has passed, and nothing followed or told. */
import type { LookupAddress } from "node:dns";
import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Milliseconds, SECOND } from "../../protocol/time/duration.ts";
import type { Callback } from "../notifications/callback.ts";
import {
  CallbackGuard,
  type CallbackTarget,
  isRefused,
  type Resolve,
} from "./http-callback-guard.ts";
import { resolveCallbackHost } from "./http-callback-resolve.ts";

export interface CallbackSettings {
  /** CIDR ranges that may be called although they are not public. */
  readonly allowedRanges: readonly string[];
  /** For the connection and the whole answer together. */
  readonly timeout?: Milliseconds;
  /** What a refused test message takes at least. */
  readonly refusalTakes?: Milliseconds;
  readonly resolve?: Resolve;
}

/** The body of the test message: a notification message without events. */
const EMPTY_MESSAGE = "{}";
const DEFAULT_TIMEOUT: Milliseconds = 10 * SECOND;
/** Else the time to a refusal would tell a closed port from one that does not speak HTTP. */
const DEFAULT_REFUSAL: Milliseconds = SECOND;
/** Read and dropped; a longer answer ends the connection. */
const LONGEST_ANSWER = 4096;
/** Connections kept for the next message, each at most so long: many callbacks may lead to one host. */
const KEPT = { keepAlive: true, maxFreeSockets: 1024, timeout: 30 * SECOND };
/** One reason for whatever happens beyond the guard: a more exact one would make a port scanner of the connector. */
const NO_ANSWER = "The url did not answer a test message with 2xx.";

export class CallbackClient {
  private readonly guard: CallbackGuard;
  private readonly timeout: Milliseconds;
  private readonly refusalTakes: Milliseconds;
  // Own agents: no proxy, no client certificate, no socket shared with anything else.
  private readonly httpAgent = new HttpAgent(KEPT);
  private readonly httpsAgent = new HttpsAgent(KEPT);
  private readonly underWay = new Set<ClientRequest>();

  /** @throws Error with code `connector/bad-range` for a range that cannot be read */
  constructor(settings: CallbackSettings) {
    this.guard = new CallbackGuard(settings.resolve ?? resolveCallbackHost, settings.allowedRanges);
    this.timeout = settings.timeout ?? DEFAULT_TIMEOUT;
    this.refusalTakes = settings.refusalTakes ?? DEFAULT_REFUSAL;
  }

  /** Sends a test message. Returns why the callback cannot be used, or undefined when it can. */
  async probe(callback: Callback): Promise<string | undefined> {
    const target = await this.guard.judge(callback.url);
    if (isRefused(target)) return target.refusal;
    const refusedAt = performance.now() + this.refusalTakes;
    if (await this.put(target, callback, EMPTY_MESSAGE)) return undefined;
    await sleep(Math.max(0, refusedAt - performance.now()));
    return NO_ANSWER;
  }

  /** Sends a message; true when it was answered with 2xx in time. */
  async send(callback: Callback, body: string): Promise<boolean> {
    const target = await this.guard.judge(callback.url);
    return !isRefused(target) && this.put(target, callback, body);
  }

  /** Ends what is under way. */
  close(): void {
    for (const request of this.underWay) request.destroy();
    this.httpAgent.destroy();
    this.httpsAgent.destroy();
  }

  private async put(target: CallbackTarget, callback: Callback, body: string): Promise<boolean> {
    const outcome = await this.attempt(target, callback, body);
    // A kept connection that the receiver closed just then says nothing about the receiver.
    return (outcome === "stale" ? await this.attempt(target, callback, body) : outcome) === "taken";
  }

  private attempt(
    target: CallbackTarget,
    callback: Callback,
    body: string,
  ): Promise<"taken" | "refused" | "stale"> {
    const { url } = target;
    const isSecure = url.protocol === "https:";
    return new Promise((resolve) => {
      const request = (isSecure ? httpsRequest : httpRequest)(url, {
        method: "PUT",
        agent: isSecure ? this.httpsAgent : this.httpAgent,
        lookup: pinnedLookup(target.addresses),
        headers: {
          ...callback.headers,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        },
      });
      const deadline = setTimeout(() => request.destroy(), this.timeout);
      this.underWay.add(request);
      request.on("close", () => {
        clearTimeout(deadline);
        this.underWay.delete(request);
      });
      request.on("error", () => resolve(request.reusedSocket ? "stale" : "refused"));
      request.on("response", (response) => {
        // Checked once more where it counts: at the other end of the connection.
        const address = response.socket.remoteAddress ?? "";
        const status = response.statusCode ?? 0;
        const isTaken = status >= 200 && status < 300 && this.guard.isReachable(address);
        resolve(isTaken ? "taken" : "refused");
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > LONGEST_ANSWER) response.destroy();
        });
        response.on("error", () => {});
      });
      request.end(body);
    });
  }
}

/** Answers every look-up with the addresses that were judged. */
function pinnedLookup(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, options, answer) => {
    if (options.all) answer(null, [...addresses]);
    else answer(null, addresses[0].address, addresses[0].family);
  };
}
