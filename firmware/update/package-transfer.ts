/**
 * How a package comes to the device, pushed in pieces or pulled from a URI, up to the moment when it is staged and checked. What
 * that means to a server is the object's: firmware-update.ts, software-management.ts.
 *
 * Pushing:   push, push, ..., endPush            each says at once what was wrong
 * Pulling:   pull, then time passes              a break is mended as the policy says: on from the bytes that are staged, if
 *                                                the server still has that representation, else anew
 * Either way `pollOutcome` then says once what came of it.
 */
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { MINUTE, NEVER, SECOND } from "../../protocol/time/duration.ts";
import { protocolOf } from "./package-uri.ts";
import type {
  Credentials,
  DownloadEvent,
  DownloadPoint,
  PackageDownload,
  PackageSource,
  RetryPolicy,
  UpdatePorts,
  Verdict,
} from "./ports.ts";
import {
  CONNECTION_LOST,
  INTEGRITY_FAILED,
  INVALID_URI,
  NO_FAULT,
  NO_STORAGE,
  UNSUPPORTED_PROTOCOL,
} from "./ports.ts";

export const USUAL_RETRIES: RetryPolicy = {
  attempts: 3,
  firstDelay: 10 * SECOND,
  longestDelay: 10 * MINUTE,
};

const NO_SOURCES: readonly PackageSource[] = [];
/** A verification that is not done is asked again after this. */
const CHECK_INTERVAL: Milliseconds = 20;

const NOTHING = 0;
const PUSHING = 1;
const PULLING = 2;
const CHECKING = 3;

export class PackageTransfer {
  /** What is pulled, or was. */
  uri = "";
  /** Of the representation whose bytes are staged. */
  tag: string | undefined = undefined;
  /** For servers that ask who fetches; sent where that is safe. */
  credentials: Credentials | undefined = undefined;
  /** Of the package that was checked last. */
  verdict: Verdict | undefined = undefined;
  private readonly ports: UpdatePorts;
  private readonly policy: RetryPolicy;
  private readonly wake: () => void;
  private phase = NOTHING;
  private download: PackageDownload | undefined = undefined;
  /** When the next attempt to pull, or the next look at the verification, is due. */
  private nextAt: Milliseconds = NEVER;
  /** Attempts in a row that brought nothing new. */
  private failures = 0;
  /** The most bytes that have been staged of this URI. */
  private furthest = 0;
  /** Bytes of the whole, where they are known. */
  wanted: number | undefined = undefined;
  private outcome: number | undefined = undefined;

  /** @param wake called when a download has to be driven */
  constructor(ports: UpdatePorts, policy: RetryPolicy | undefined, wake: () => void) {
    this.ports = ports;
    this.policy = policy === undefined ? USUAL_RETRIES : policy;
    this.wake = wake;
  }

  /** All of it is there, and is being looked at. */
  isChecking(): boolean {
    return this.phase === CHECKING;
  }

  isPushing(): boolean {
    return this.phase === PUSHING;
  }

  /** The values of /5/0/8. */
  protocols(): number[] {
    const sources = this.sources();
    let all: number[] = [];
    for (let i = 0; i < sources.length; i++) all = all.concat(sources[i].protocols);
    return all;
  }

  // Push.

  /** A package begins to be pushed. @param length bytes, where they were announced. @returns a fault */
  beginPush(length: number | undefined): number {
    this.cancel();
    this.tag = undefined;
    this.phase = PUSHING;
    this.wanted = length;
    return this.pushed(this.ports.staging.begin(length));
  }

  /** More of it. Returns a fault, which ends it. */
  push(bytes: Uint8Array): number {
    const { staging } = this.ports;
    const isTooLong = this.wanted !== undefined && staging.length() + bytes.length > this.wanted;
    return this.pushed(isTooLong ? NO_STORAGE : staging.append(bytes));
  }

  private pushed(fault: number): number {
    if (fault !== NO_FAULT) this.end(fault);
    return fault;
  }

  /** All of it is there. */
  endPush(): void {
    if (this.phase === PUSHING) this.check();
  }

  // Pull.

  /** Begins to pull a package at the next chance. Returns a fault when that cannot be. */
  pull(uri: string): number {
    this.cancel();
    const protocol = protocolOf(uri);
    if (protocol === undefined) return INVALID_URI;
    if (this.protocols().indexOf(protocol) < 0) return UNSUPPORTED_PROTOCOL;
    this.ports.staging.discard();
    this.tag = undefined;
    this.resume(uri, undefined, undefined);
    return NO_FAULT;
  }

  /** Goes on with a pull that a restart broke. @param tag, length of the representation that is staged, as far as it came */
  resume(uri: string, tag: string | undefined, length: number | undefined): void {
    this.uri = uri;
    this.tag = tag;
    if (tag !== undefined && length === this.ports.staging.length()) {
      this.check();
      return;
    }
    this.phase = PULLING;
    this.failures = 0;
    this.furthest = this.ports.staging.length();
    this.nextAt = 0;
  }

  /** Checks what is staged: after a restart that came between the last byte and the verdict. */
  check(): void {
    this.phase = CHECKING;
    this.verdict = undefined;
    this.look(0);
  }

  /** Forgets what is under way and what is staged. */
  discard(): void {
    this.cancel();
    this.uri = "";
    this.tag = undefined;
    this.verdict = undefined;
    this.ports.staging.discard();
  }

  /** Ends what is under way, without an outcome. What is staged stays. */
  cancel(): void {
    this.closeDownload();
    this.phase = NOTHING;
    this.nextAt = NEVER;
    this.failures = 0;
    this.wanted = undefined;
    this.outcome = undefined;
  }

  // Time.

  deadline(): Milliseconds {
    if (this.outcome !== undefined) return 0;
    return this.download === undefined ? this.nextAt : this.download.deadline();
  }

  handleTimeout(now: Milliseconds): void {
    if (this.phase === PULLING && this.download === undefined && now >= this.nextAt) this.open(now);
    const download = this.download;
    if (download !== undefined) {
      download.handleTimeout(now);
      let event = download.pollEvent();
      while (event !== undefined && this.download === download) {
        this.handleEvent(now, event);
        event = this.download === download ? download.pollEvent() : undefined;
      }
    } else if (this.phase === CHECKING && now >= this.nextAt) this.look(now);
  }

  /** What came of it, once: NO_FAULT for a package that is staged and was found good, or a fault. */
  pollOutcome(): number | undefined {
    const outcome = this.outcome;
    this.outcome = undefined;
    return outcome;
  }

  private open(now: Milliseconds): void {
    const { staging } = this.ports;
    const protocol = protocolOf(this.uri);
    const sources = this.sources();
    const offset = this.tag === undefined ? 0 : staging.length();
    this.nextAt = NEVER;
    for (let i = 0; i < sources.length; i++) {
      if (protocol === undefined || sources[i].protocols.indexOf(protocol) < 0) continue;
      const point: DownloadPoint = {
        uri: this.uri,
        offset: offset,
        tag: this.tag,
        credentials: this.credentials,
      };
      this.download = sources[i].open(now, point, this.wake);
      if (this.download === undefined) this.end(INVALID_URI);
      return;
    }
    this.end(UNSUPPORTED_PROTOCOL);
  }

  private handleEvent(now: Milliseconds, event: DownloadEvent): void {
    switch (event.kind) {
      case "begun":
        this.tag = event.tag;
        this.wanted = event.length;
        // A server that sends other bytes than were asked for would leave a hole.
        if (event.offset === 0) this.stage(this.ports.staging.begin(event.length));
        else if (event.offset !== this.ports.staging.length()) this.beginAnew(now);
        break;
      case "bytes":
        this.stage(this.ports.staging.append(event.bytes));
        this.noteProgress();
        break;
      case "ended":
        this.closeDownload();
        if (this.wanted !== undefined && this.ports.staging.length() !== this.wanted) {
          this.beginAnew(now);
        } else this.check();
        break;
      default:
        if (event.fault === CONNECTION_LOST) this.lose(now, event.retryAfter);
        else this.end(event.fault);
    }
  }

  /** Bytes that an attempt before had brought too are none: a server that breaks off each time would be asked for ever. */
  private noteProgress(): void {
    const length = this.ports.staging.length();
    if (length <= this.furthest) return;
    this.furthest = length;
    this.failures = 0;
  }

  private stage(fault: number): void {
    if (fault !== NO_FAULT) this.end(fault);
  }

  /** What came does not fit together: another attempt, from the first byte. */
  private beginAnew(now: Milliseconds): void {
    this.tag = undefined;
    this.lose(now, undefined);
  }

  /** The connection broke: another attempt, later each time, or the end. */
  private lose(now: Milliseconds, retryAfter: Milliseconds | undefined): void {
    this.closeDownload();
    if (this.failures >= this.policy.attempts) {
      this.end(CONNECTION_LOST);
      return;
    }
    let delay = this.policy.firstDelay;
    for (let i = 0; i < this.failures; i++) delay = Math.min(2 * delay, this.policy.longestDelay);
    if (retryAfter !== undefined) {
      delay = Math.min(Math.max(delay, retryAfter), this.policy.longestDelay);
    }
    this.failures++;
    this.nextAt = now + delay;
  }

  private look(now: Milliseconds): void {
    const { verification, staging } = this.ports;
    // What has no bytes is no package, whoever checks.
    const isEmpty = staging.length() === 0;
    const verdict = isEmpty
      ? EMPTY
      : verification === undefined
        ? GOOD
        : verification.check(staging);
    this.nextAt = now + CHECK_INTERVAL;
    if (verdict === undefined) return;
    this.verdict = verdict;
    this.end(verdict.fault);
  }

  private end(outcome: number): void {
    this.cancel();
    if (outcome !== NO_FAULT) this.ports.staging.discard();
    this.outcome = outcome;
  }

  private closeDownload(): void {
    if (this.download !== undefined) this.download.close();
    this.download = undefined;
  }

  private sources(): readonly PackageSource[] {
    return this.ports.sources === undefined ? NO_SOURCES : this.ports.sources;
  }
}

const GOOD: Verdict = { fault: NO_FAULT };
const EMPTY: Verdict = { fault: INTEGRITY_FAILED };
