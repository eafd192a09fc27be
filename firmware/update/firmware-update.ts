/**
 * Firmware Update (5): the state machine of LwM2M Core 1.2.2 §E.6.1, for all three versions of the object.
 *
 *   state          Write package, URI   nothing written¹   Update /2     Cancel /10   what happens by itself
 *   0 Idle         -> 1                 -> 0, result 0     4.05          4.05
 *   1 Downloading  4.05                 -> 0, result 0     4.05          -> 0, 10     whole and good -> 2; a fault -> 0, 2..9
 *   2 Downloaded   4.05                 -> 0, result 0     -> 3, or 11²  -> 0, 10     deferred for too long -> 3
 *   3 Updating     4.05                 4.05               4.05          4.05         installed -> 0, 1; not -> 2, 8 or 0, 2..6
 *
 *   ¹ an empty URI, or a package of no bytes or of one NUL
 *   ² deferred: the user is asked first, where there is one, the severity is not critical and /5/0/13 allows it
 *
 * Faults of a package are reported by the result alone: the Write that brought it is answered by 2.04. Whatever changes is stored, and
 * taken up after a restart: a pull goes on where it was, an installation is asked for its outcome.
 */
import { CHANGED, METHOD_NOT_ALLOWED } from "../../protocol/coap/codes.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import { resourceFlags } from "../../protocol/model/object-definition.ts";
import {
  FIRMWARE_PACKAGE_NAME,
  FIRMWARE_PACKAGE_URI,
  FIRMWARE_PACKAGE_VERSION,
  FIRMWARE_STATE,
  FIRMWARE_UPDATE_RESULT,
} from "../../protocol/model/objects/firmware-update.ts";
import {
  FIRMWARE_LAST_STATE_CHANGE_TIME,
  FIRMWARE_MAXIMUM_DEFER_PERIOD,
  FIRMWARE_SEVERITY,
} from "../../protocol/model/objects/firmware-update-1-1.ts";
import { FIRMWARE_AUTOMATIC_UPGRADE_AT_DOWNLOAD } from "../../protocol/model/objects/firmware-update-1-2.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { NEVER, SECOND } from "../../protocol/time/duration.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import { PackageMachine } from "./package-machine.ts";
import type { RetryPolicy, UpdatePorts } from "./ports.ts";
import { CONNECTION_LOST, INSTALLATION_FAILED, NO_FAULT } from "./ports.ts";

// /5/0/3.

export const UPDATE_IDLE = 0;
export const UPDATE_DOWNLOADING = 1;
export const UPDATE_DOWNLOADED = 2;
export const UPDATE_UPDATING = 3;

// /5/0/5; 2 to 9 are the faults of ports.ts.

export const RESULT_INITIAL = 0;
export const RESULT_SUCCESS = 1;
export const RESULT_CANCELLED = 10;
export const RESULT_DEFERRED = 11;

/** /5/0/11. */
const SEVERITY_CRITICAL = 0;
/** Name of the record in the store. */
const RECORD = "firmware-update";

export interface UpdateSettings {
  /** Default: three further attempts, after 10, 20 and 40 seconds. */
  readonly retries?: RetryPolicy;
  /** True on devices whose user decides when: an update may be deferred. */
  readonly asksUser?: boolean;
}

/** What outlives a restart, as JSON. */
interface Saved {
  readonly state: number;
  readonly result: number;
  readonly uri: string;
  readonly tag?: string | undefined;
  readonly length?: number | undefined;
  readonly name?: Value | undefined;
  readonly version?: Value | undefined;
  readonly severity?: Value | undefined;
  readonly defer?: Value | undefined;
  readonly automatic?: Value | undefined;
  readonly changed?: Value | undefined;
}

export class FirmwareUpdate extends PackageMachine {
  private readonly settings: UpdateSettings;
  private state = UPDATE_IDLE;
  private result = RESULT_INITIAL;
  /** Since when the user has been asked; NEVER when not, or when the next timeout is to say. */
  private deferredAt: Milliseconds = NEVER;

  /** @param object with its one instance */
  constructor(object: LwM2mObject, ports: UpdatePorts, settings: UpdateSettings) {
    super(object, ports, settings.retries);
    this.settings = settings;
    this.restore();
  }

  /** True while a user has to say whether the update may begin. */
  isDeferred(): boolean {
    return this.result === RESULT_DEFERRED;
  }

  // What a server does. Response codes.

  /** May a package or a URI be written now? CHANGED, or the code that refuses it. */
  mayWrite(resets: boolean): number {
    const isAllowed = resets ? this.state !== UPDATE_UPDATING : this.state === UPDATE_IDLE;
    return isAllowed ? CHANGED : METHOD_NOT_ALLOWED;
  }

  override writePackage(bytes: Uint8Array): number {
    return isReset(bytes) ? this.reset() : super.writePackage(bytes);
  }

  protected isReady(): boolean {
    return this.state === UPDATE_IDLE;
  }

  protected handleBegun(): void {
    this.become(UPDATE_DOWNLOADING, RESULT_INITIAL);
  }

  protected handleBroken(): void {
    this.become(UPDATE_IDLE, CONNECTION_LOST);
  }

  protected faultOfLast(): number {
    return this.result;
  }

  writeUri(uri: string): number {
    if (uri === "") return this.reset();
    if (this.state !== UPDATE_IDLE) return METHOD_NOT_ALLOWED;
    const fault = this.transfer.pull(uri);
    this.become(fault === NO_FAULT ? UPDATE_DOWNLOADING : UPDATE_IDLE, fault);
    return CHANGED;
  }

  update(): number {
    if (this.state !== UPDATE_DOWNLOADED) return METHOD_NOT_ALLOWED;
    this.begin();
    return CHANGED;
  }

  cancel(): number {
    const isUnderWay = this.state === UPDATE_DOWNLOADING || this.state === UPDATE_DOWNLOADED;
    if (!isUnderWay) return METHOD_NOT_ALLOWED;
    this.forget();
    this.become(UPDATE_IDLE, RESULT_CANCELLED);
    return CHANGED;
  }

  /** Severity, defer period or automatic upgrade were written. */
  handleSettings(): void {
    // A shorter period, or none, may be over by now; what has become critical does not wait.
    if (this.isDeferred() && !this.mayDefer()) this.install();
    this.save();
  }

  // What the user and the installer do.

  /** The user agrees to a deferred update. False when there is none. */
  accept(): boolean {
    if (!this.isDeferred()) return false;
    this.install();
    return true;
  }

  /** The installation is over. @param outcome NO_FAULT or a fault, as the installer's */
  handleInstalled(outcome: number): void {
    if (this.state !== UPDATE_UPDATING) return;
    // A package that could not be installed may be at the next attempt; one that turned out to be broken cannot.
    const stays = outcome === INSTALLATION_FAILED;
    if (!stays) this.forget();
    const result = outcome === NO_FAULT ? RESULT_SUCCESS : outcome;
    this.become(stays ? UPDATE_DOWNLOADED : UPDATE_IDLE, result);
  }

  // Time.

  override deadline(): Milliseconds {
    const at = super.deadline();
    if (!this.isDeferred()) return at;
    return Math.min(at, this.deferredAt === NEVER ? 0 : this.deferredAt + this.deferPeriod());
  }

  override handleTimeout(now: Milliseconds): void {
    const tag = this.transfer.tag;
    super.handleTimeout(now);
    // With it a restart goes on instead of beginning anew.
    if (this.transfer.tag !== tag) this.save();
    if (this.isDeferred()) {
      if (this.deferredAt === NEVER) this.deferredAt = now;
      if (now >= this.deferredAt + this.deferPeriod()) this.install();
    }
  }

  protected settle(): void {
    const outcome = this.transfer.pollOutcome();
    if (outcome === undefined) return;
    if (outcome !== NO_FAULT) {
      this.become(UPDATE_IDLE, outcome);
      return;
    }
    const { verdict } = this.transfer;
    if (verdict !== undefined) {
      this.show(FIRMWARE_PACKAGE_NAME, verdict.name);
      this.show(FIRMWARE_PACKAGE_VERSION, verdict.version);
    }
    this.become(UPDATE_DOWNLOADED, RESULT_INITIAL);
    if (this.shown(FIRMWARE_AUTOMATIC_UPGRADE_AT_DOWNLOAD) === true) this.begin();
  }

  /** Starts the update, or asks the user first. */
  private begin(): void {
    if (this.isDeferred()) return;
    if (this.mayDefer()) this.become(UPDATE_DOWNLOADED, RESULT_DEFERRED);
    else this.install();
  }

  private mayDefer(): boolean {
    const isCritical = this.shown(FIRMWARE_SEVERITY) === SEVERITY_CRITICAL;
    return this.settings.asksUser === true && !isCritical && this.deferPeriod() > 0;
  }

  private install(): void {
    this.become(UPDATE_UPDATING, RESULT_INITIAL);
    this.beginInstallation();
  }

  private reset(): number {
    if (this.state === UPDATE_UPDATING) return METHOD_NOT_ALLOWED;
    this.forget();
    this.become(UPDATE_IDLE, RESULT_INITIAL);
    return CHANGED;
  }

  /** The package is of no use any more. */
  private forget(): void {
    this.begun++;
    this.transfer.discard();
    this.show(FIRMWARE_PACKAGE_URI, "");
    this.show(
      FIRMWARE_PACKAGE_NAME,
      this.shown(FIRMWARE_PACKAGE_NAME) === undefined ? undefined : "",
    );
    const version = this.shown(FIRMWARE_PACKAGE_VERSION);
    this.show(FIRMWARE_PACKAGE_VERSION, version === undefined ? undefined : "");
  }

  private become(state: number, result: number): void {
    const { object, ports } = this;
    if (result !== RESULT_DEFERRED) this.deferredAt = NEVER;
    if (state !== UPDATE_UPDATING) this.endInstallation();
    if (state !== this.state && ports.calendar !== undefined) {
      this.show(FIRMWARE_LAST_STATE_CHANGE_TIME, Math.floor(ports.calendar.seconds()));
    }
    this.state = state;
    this.result = result;
    object.set(0, FIRMWARE_STATE, state);
    object.set(0, FIRMWARE_UPDATE_RESULT, result);
    this.save();
  }

  // What outlives a restart.

  private save(): void {
    const saved: Saved = {
      state: this.state,
      result: this.result,
      uri: this.transfer.uri,
      tag: this.transfer.tag,
      length: this.transfer.wanted,
      name: this.shown(FIRMWARE_PACKAGE_NAME),
      version: this.shown(FIRMWARE_PACKAGE_VERSION),
      severity: this.shown(FIRMWARE_SEVERITY),
      defer: this.shown(FIRMWARE_MAXIMUM_DEFER_PERIOD),
      automatic: this.shown(FIRMWARE_AUTOMATIC_UPGRADE_AT_DOWNLOAD),
      changed: this.shown(FIRMWARE_LAST_STATE_CHANGE_TIME),
    };
    this.keep(RECORD, saved);
  }

  private restore(): void {
    const saved = savedIn(this.kept(RECORD));
    if (saved === undefined) return;
    this.show(FIRMWARE_PACKAGE_NAME, saved.name);
    this.show(FIRMWARE_PACKAGE_VERSION, saved.version);
    this.show(FIRMWARE_SEVERITY, saved.severity);
    this.show(FIRMWARE_MAXIMUM_DEFER_PERIOD, saved.defer);
    this.show(FIRMWARE_AUTOMATIC_UPGRADE_AT_DOWNLOAD, saved.automatic);
    this.show(FIRMWARE_LAST_STATE_CHANGE_TIME, saved.changed);
    this.state = saved.state;
    this.transfer.uri = saved.uri;
    if (saved.state === UPDATE_DOWNLOADING && saved.uri !== "") {
      this.transfer.resume(saved.uri, saved.tag, saved.length);
    } else if (saved.state === UPDATE_DOWNLOADING) {
      // Of a push nobody knows where it stopped, the server least.
      this.transfer.discard();
      this.become(UPDATE_IDLE, CONNECTION_LOST);
      return;
    }
    this.become(saved.state, saved.result);
    if (saved.state !== UPDATE_IDLE) this.show(FIRMWARE_PACKAGE_URI, saved.uri);
    if (saved.state === UPDATE_UPDATING) this.resumeInstallation();
  }

  /** The value of a resource, where this version of the object has it. */
  private shown(resourceId: number): Value | undefined {
    return this.object.get(0, resourceId);
  }

  private show(resourceId: number, value: Value | undefined): void {
    if (value === undefined || resourceFlags(this.object.definition, resourceId) === 0) return;
    this.object.set(0, resourceId, value);
  }

  private deferPeriod(): Milliseconds {
    const seconds = this.shown(FIRMWARE_MAXIMUM_DEFER_PERIOD);
    return typeof seconds === "number" ? seconds * SECOND : 0;
  }
}

/** True for a package that is none: writing it resets the machine. */
export function isReset(bytes: Uint8Array): boolean {
  return bytes.length === 0 || (bytes.length === 1 && bytes[0] === 0);
}

/** A record of another program is as good as none. */
function savedIn(record: unknown): Saved | undefined {
  const saved = record as Partial<Saved> | null | undefined;
  if (saved === undefined || saved === null) return undefined;
  const isState = isWithin(saved.state, UPDATE_IDLE, UPDATE_UPDATING);
  const isResult = isWithin(saved.result, RESULT_INITIAL, RESULT_DEFERRED);
  return isState && isResult && typeof saved.uri === "string" ? (saved as Saved) : undefined;
}

function isWithin(value: number | undefined, least: number, most: number): boolean {
  return value !== undefined && value >= least && value <= most;
}
