/**
 * Software Management (9): one package of software, with its two state machines (LwM2M Software Management 1.0).
 *
 *   update state      Write package, URI   Install /4        Uninstall /6            by itself
 *   0 Initial         -> 1, result 1       4.05              4.05                    -
 *   1 Downloading     4.05                 4.05              -> 0, result 0          all there -> 2; a fault -> 0, 50..56
 *   2 Downloaded      4.05                 4.05              -> 0, result 0          found good -> 3, result 3; else -> 0, 53, 54
 *   3 Delivered       4.05                 -> 4, result 2    -> 0, result 0          not installed: stays, result 58
 *   4 Installed       4.05                 4.05              -> 0; not: stays, 59    Activate /10, Deactivate /11
 *
 * Uninstall with argument 0='1' (for update) removes nothing but makes room for the package that is to replace what is installed.
 * Software is active only while it is installed.
 */
import { BAD_REQUEST, CHANGED, METHOD_NOT_ALLOWED } from "../../protocol/coap/codes.ts";
import { parseArguments } from "../../protocol/lwm2m/execute-arguments.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import {
  SOFTWARE_ACTIVATION_STATE,
  SOFTWARE_PACKAGE_NAME,
  SOFTWARE_PACKAGE_VERSION,
  SOFTWARE_PASSWORD,
  SOFTWARE_UPDATE_RESULT,
  SOFTWARE_UPDATE_STATE,
  SOFTWARE_USER_NAME,
} from "../../protocol/model/objects/software-management.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import type { UpdateSettings } from "./firmware-update.ts";
import { PackageMachine } from "./package-machine.ts";
import type { Installer, UpdatePorts } from "./ports.ts";
import {
  CONNECTION_LOST,
  INTEGRITY_FAILED,
  INVALID_URI,
  NO_FAULT,
  NO_MEMORY,
  NO_STORAGE,
  UNSUPPORTED_PROTOCOL,
  UNSUPPORTED_TYPE,
} from "./ports.ts";

// /9/x/7.

export const SOFTWARE_INITIAL = 0;
export const SOFTWARE_DOWNLOAD_STARTED = 1;
export const SOFTWARE_DOWNLOADED = 2;
export const SOFTWARE_DELIVERED = 3;
export const SOFTWARE_INSTALLED = 4;

// /9/x/9.

const RESULT_INITIAL = 0;
const RESULT_DOWNLOADING = 1;
const RESULT_INSTALLED = 2;
const RESULT_VERIFIED = 3;
const RESULT_DEVICE_ERROR = 57;
const RESULT_INSTALLATION_FAILED = 58;
const RESULT_UNINSTALLATION_FAILED = 59;

/** Software that was installed, by object instance. */
export interface SoftwareControl {
  /** Removes it. False when it cannot be. */
  uninstall(instanceId: number): boolean;
  /** Switches it on or off. False when it cannot be. */
  activate(instanceId: number, isActive: boolean): boolean;
}

export interface SoftwarePorts extends UpdatePorts {
  readonly installer: Installer;
  readonly control: SoftwareControl;
}

/** What outlives a restart, as JSON. */
interface Saved {
  readonly state: number;
  readonly result: number;
  readonly isActive: boolean;
  /** Absent in records of earlier versions. */
  readonly isInstalling?: boolean;
  readonly name: Value | undefined;
  readonly version: Value | undefined;
}

/** One instance of object 9. */
export class SoftwarePackage extends PackageMachine {
  private readonly instanceId: number;
  private readonly control: SoftwareControl;
  private state = SOFTWARE_INITIAL;

  constructor(
    object: LwM2mObject,
    instanceId: number,
    ports: SoftwarePorts,
    settings: UpdateSettings,
  ) {
    super(object, ports, settings.retries);
    this.instanceId = instanceId;
    this.control = ports.control;
    this.restore();
  }

  // What a server does. Response codes.

  mayWrite(_resets: boolean): number {
    return this.state === SOFTWARE_INITIAL ? CHANGED : METHOD_NOT_ALLOWED;
  }

  protected isReady(): boolean {
    return this.state === SOFTWARE_INITIAL;
  }

  protected handleBegun(): void {
    this.become(SOFTWARE_DOWNLOAD_STARTED, RESULT_DOWNLOADING);
  }

  protected handleBroken(): void {
    this.become(SOFTWARE_INITIAL, resultOf(CONNECTION_LOST));
  }

  protected faultOfLast(): number {
    return CONNECTION_LOST;
  }

  writeUri(uri: string): number {
    if (this.state !== SOFTWARE_INITIAL) return METHOD_NOT_ALLOWED;
    const user = this.object.get(this.instanceId, SOFTWARE_USER_NAME);
    const password = this.object.get(this.instanceId, SOFTWARE_PASSWORD);
    const hasBoth = typeof user === "string" && typeof password === "string";
    this.transfer.credentials = hasBoth ? { user: user, password: password } : undefined;
    const fault = this.transfer.pull(uri);
    if (fault !== NO_FAULT) this.become(SOFTWARE_INITIAL, resultOf(fault));
    else this.become(SOFTWARE_DOWNLOAD_STARTED, RESULT_DOWNLOADING);
    return CHANGED;
  }

  install(): number {
    if (this.state !== SOFTWARE_DELIVERED || this.isInstalling()) return METHOD_NOT_ALLOWED;
    this.beginInstallation();
    this.save();
    if (this.object.listener !== undefined) this.object.listener.wake();
    return CHANGED;
  }

  /** @param text the arguments: none or 0='0' to remove it, 0='1' to make ready for the package that replaces it */
  uninstall(text: string): number {
    const list = parseArguments(text);
    if (isMalformed(list) || list.length > 1) return BAD_REQUEST;
    // The argument's value, or its digit alone, as servers write it either way.
    const argument = list.length === 0 ? { digit: 0, value: "0" } : list[0];
    const value = argument.value === undefined ? `${argument.digit}` : argument.value;
    if (value !== "0" && value !== "1") return BAD_REQUEST;
    const isForUpdate = value === "1";
    if (this.state === SOFTWARE_INITIAL || this.isInstalling()) return METHOD_NOT_ALLOWED;
    const isInstalled = this.state === SOFTWARE_INSTALLED;
    if (isInstalled && !isForUpdate && !this.control.uninstall(this.instanceId)) {
      this.become(SOFTWARE_INSTALLED, RESULT_UNINSTALLATION_FAILED);
      return CHANGED;
    }
    this.begun++;
    this.transfer.discard();
    this.show(SOFTWARE_ACTIVATION_STATE, false);
    if (!isInstalled || !isForUpdate) this.describe("", "");
    this.become(SOFTWARE_INITIAL, RESULT_INITIAL);
    return CHANGED;
  }

  activate(isActive: boolean): number {
    if (this.state !== SOFTWARE_INSTALLED) return METHOD_NOT_ALLOWED;
    if (!this.control.activate(this.instanceId, isActive)) {
      this.become(SOFTWARE_INSTALLED, RESULT_DEVICE_ERROR);
      return CHANGED;
    }
    this.show(SOFTWARE_ACTIVATION_STATE, isActive);
    this.save();
    return CHANGED;
  }

  handleInstalled(outcome: number): void {
    if (!this.isInstalling()) return;
    this.endInstallation();
    if (outcome !== NO_FAULT) {
      this.become(SOFTWARE_DELIVERED, RESULT_INSTALLATION_FAILED);
      return;
    }
    this.transfer.discard();
    this.become(SOFTWARE_INSTALLED, RESULT_INSTALLED);
  }

  protected settle(): void {
    const isThere = this.transfer.isChecking();
    if (isThere && this.state === SOFTWARE_DOWNLOAD_STARTED) {
      this.become(SOFTWARE_DOWNLOADED, RESULT_DOWNLOADING);
    }
    const outcome = this.transfer.pollOutcome();
    if (outcome === undefined) return;
    if (outcome !== NO_FAULT) {
      this.become(SOFTWARE_INITIAL, resultOf(outcome));
      return;
    }
    const { verdict } = this.transfer;
    if (verdict !== undefined && verdict.name !== undefined) {
      this.describe(verdict.name, verdict.version === undefined ? "" : verdict.version);
    }
    if (this.state === SOFTWARE_DOWNLOAD_STARTED) {
      this.become(SOFTWARE_DOWNLOADED, RESULT_DOWNLOADING);
    }
    this.become(SOFTWARE_DELIVERED, RESULT_VERIFIED);
  }

  private become(state: number, result: number): void {
    this.state = state;
    this.show(SOFTWARE_UPDATE_STATE, state);
    this.show(SOFTWARE_UPDATE_RESULT, result);
    this.save();
  }

  private describe(name: string, version: string): void {
    this.show(SOFTWARE_PACKAGE_NAME, name);
    this.show(SOFTWARE_PACKAGE_VERSION, version);
  }

  private show(resourceId: number, value: Value): void {
    this.object.set(this.instanceId, resourceId, value);
  }

  // What outlives a restart: a package that is there, its installation, software that is installed. What was on its way is not resumed.

  private save(): void {
    const { object, instanceId } = this;
    const saved: Saved = {
      state: this.state,
      result: object.get(instanceId, SOFTWARE_UPDATE_RESULT) as number,
      isActive: object.get(instanceId, SOFTWARE_ACTIVATION_STATE) === true,
      isInstalling: this.isInstalling(),
      name: object.get(instanceId, SOFTWARE_PACKAGE_NAME),
      version: object.get(instanceId, SOFTWARE_PACKAGE_VERSION),
    };
    this.keep(this.record(), saved);
  }

  private restore(): void {
    const saved = savedIn(this.kept(this.record()));
    if (saved === undefined) return;
    this.describe(`${saved.name}`, `${saved.version}`);
    this.show(SOFTWARE_ACTIVATION_STATE, saved.isActive);
    const isBroken =
      saved.state === SOFTWARE_DOWNLOAD_STARTED || saved.state === SOFTWARE_DOWNLOADED;
    if (isBroken) this.transfer.discard();
    const result = isBroken ? resultOf(CONNECTION_LOST) : saved.result;
    if (saved.isInstalling === true) this.resumeInstallation();
    this.become(isBroken ? SOFTWARE_INITIAL : saved.state, result);
  }

  private record(): string {
    return `software-${this.instanceId}`;
  }
}

/** A record of another program is as good as none. */
function savedIn(record: unknown): Saved | undefined {
  const saved = record as Partial<Saved> | null | undefined;
  if (saved === undefined || saved === null || saved.state === undefined) return undefined;
  const isState = saved.state >= SOFTWARE_INITIAL && saved.state <= SOFTWARE_INSTALLED;
  return isState && typeof saved.result === "number" ? (saved as Saved) : undefined;
}

/** The result that tells a fault of ports.ts. */
function resultOf(fault: number): number {
  switch (fault) {
    case NO_STORAGE:
      return 50;
    case NO_MEMORY:
      return 51;
    case CONNECTION_LOST:
      return 52;
    case INTEGRITY_FAILED:
      return 53;
    case UNSUPPORTED_TYPE:
      return 54;
    case INVALID_URI:
    case UNSUPPORTED_PROTOCOL:
      return 56;
    default:
      return RESULT_DEVICE_ERROR;
  }
}
