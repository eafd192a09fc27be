/**
 * What updates of firmware and of software have in common: a package is written to an object in pieces or at once, and is installed by
 * somebody who may take his time. What that means to a server, in states and results, is the heir's: firmware-update.ts,
 * software-package.ts.
 */
import { decodeUtf8, encodeUtf8 } from "../../protocol/bytes/utf8.ts";
import { CHANGED, METHOD_NOT_ALLOWED } from "../../protocol/coap/codes.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { NEVER, SECOND } from "../../protocol/time/duration.ts";
import type { LwM2mObject, ObjectMachine, PackageReceiver } from "../objects/lwm2m-object.ts";
import { PackageTransfer } from "./package-transfer.ts";
import type { RetryPolicy, UpdatePorts } from "./ports.ts";
import { NO_FAULT } from "./ports.ts";

/** An installation that is under way is asked for its outcome so often. */
const OUTCOME_INTERVAL: Milliseconds = SECOND;

export abstract class PackageMachine implements ObjectMachine, PackageReceiver {
  begun = 0;
  protected readonly object: LwM2mObject;
  protected readonly ports: UpdatePorts;
  protected readonly transfer: PackageTransfer;
  /** When the installer is asked next; NEVER while nothing is installed. */
  private installAt: Milliseconds = NEVER;
  /** The installer has begun: from now on it is asked what became of it. */
  private hasBegun = false;

  constructor(object: LwM2mObject, ports: UpdatePorts, retries: RetryPolicy | undefined) {
    this.object = object;
    this.ports = ports;
    this.transfer = new PackageTransfer(ports, retries, function () {
      if (object.listener !== undefined) object.listener.wake();
    });
  }

  // What an heir says and does.

  abstract mayWrite(resets: boolean): number;
  /** True where a package may begin. */
  protected abstract isReady(): boolean;
  /** A package begins to be pushed. */
  protected abstract handleBegun(): void;
  /** The rest of it does not come. */
  protected abstract handleBroken(): void;
  /** A fault of ports.ts, or what stands for it, when there is no push to append to. */
  protected abstract faultOfLast(): number;
  /** Takes up what came of the transfer, if anything did. */
  protected abstract settle(): void;
  /** The installation is over. @param outcome NO_FAULT or a fault, as the installer's */
  abstract handleInstalled(outcome: number): void;

  // Pushing.

  /** Writes a whole package. Returns a response code. */
  writePackage(bytes: Uint8Array): number {
    const code = this.beginPackage(bytes.length);
    if (code === CHANGED && this.appendPackage(bytes) === NO_FAULT) this.endPackage();
    return code;
  }

  beginPackage(length: number | undefined): number {
    if (!this.isReady()) return METHOD_NOT_ALLOWED;
    this.begun++;
    this.handleBegun();
    this.transfer.beginPush(length);
    this.settle();
    return CHANGED;
  }

  appendPackage(bytes: Uint8Array): number {
    if (!this.transfer.isPushing()) return this.faultOfLast();
    const fault = this.transfer.push(bytes);
    this.settle();
    return fault;
  }

  endPackage(): void {
    this.transfer.endPush();
    this.settle();
  }

  breakPackage(): void {
    if (!this.transfer.isPushing()) return;
    this.transfer.discard();
    this.handleBroken();
  }

  // Installing.

  /** From a request on until the installer has said what came of it. */
  protected isInstalling(): boolean {
    return this.installAt !== NEVER;
  }

  /** At the next timeout: the answer to the Execute is not made to wait. */
  protected beginInstallation(): void {
    this.installAt = 0;
    this.hasBegun = false;
  }

  /** After a restart: the installer knows what came of it. */
  protected resumeInstallation(): void {
    this.installAt = 0;
    this.hasBegun = true;
  }

  protected endInstallation(): void {
    this.installAt = NEVER;
    this.hasBegun = false;
  }

  deadline(): Milliseconds {
    return Math.min(this.transfer.deadline(), this.installAt);
  }

  handleTimeout(now: Milliseconds): void {
    this.transfer.handleTimeout(now);
    this.settle();
    if (now < this.installAt) return;
    const { installer, staging } = this.ports;
    const outcome = this.hasBegun ? installer.outcome() : installer.install(staging);
    // Whoever installs may have had the machine told meanwhile.
    if (!this.isInstalling()) return;
    this.hasBegun = true;
    this.installAt = now + OUTCOME_INTERVAL;
    if (outcome !== undefined) this.handleInstalled(outcome);
  }

  // What outlives a restart, as JSON.

  protected keep(record: string, saved: object): void {
    const { store } = this.ports;
    if (store !== undefined) store.write(record, encodeUtf8(JSON.stringify(saved)));
  }

  /** Undefined for a record that is none. What is in it has to be looked at. */
  protected kept(record: string): unknown {
    const { store } = this.ports;
    const bytes = store === undefined ? undefined : store.read(record);
    if (bytes === undefined) return undefined;
    try {
      return JSON.parse(decodeUtf8(bytes));
    } catch (_error) {
      return undefined;
    }
  }
}
