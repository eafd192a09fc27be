/**
 * Firmware updates of a device on Node: packages staged in a folder, fetched over CoAP and HTTP, and installed by what the application
 * gives: it unpacks the file, or starts whatever does.
 *
 *     const firmware = nodeFirmware({
 *       folder: "/var/lib/my-device/update",
 *       install: async (file) => { await rename(file, "/opt/my-device/firmware.bin"); },
 *     });
 *     createNodeDevice({ server, endpointName, objects: [firmware] }).start(console.log);
 */
import type { ObjectDefinition } from "../../../protocol/model/object-definition.ts";
import { FIRMWARE_UPDATE_1_1 } from "../../../protocol/model/objects/firmware-update-1-1.ts";
import { firmwareUpdateObject } from "../../objects/firmware-update.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { coapPackages } from "../../update/coap-packages.ts";
import type { UpdateSettings } from "../../update/firmware-update.ts";
import type { Installer, PackageSource, UpdatePorts, Verification } from "../../update/ports.ts";
import { INSTALLATION_FAILED, NO_FAULT } from "../../update/ports.ts";
import type { PackagePolicy, StagedImage } from "../../update/signed-staging.ts";
import { SignedStaging } from "../../update/signed-staging.ts";
import { NodeCalendar } from "./clock.ts";
import type { HttpPackagesOptions } from "./http-packages.ts";
import { httpPackages } from "./http-packages.ts";
import { NODE_SETTINGS } from "./main.ts";
import { nodePackageKey } from "./package-keys.ts";
import { FileStaging } from "./staging.ts";
import { FileStore } from "./store.ts";
import { NodeDatagrams } from "./udp.ts";

/** What a device takes, when it takes signed packages only (../../update/package-envelope.ts). */
export interface SignedOnly {
  /** `hmac-sha256:...`, `ed25519:...`; one of them has to have signed a package. */
  readonly keys: readonly string[];
  readonly vendor: string;
  readonly deviceClass: string;
  /** What runs: nothing older is taken. Absent: any version is. */
  readonly version?: string;
}

export interface NodePackageOptions extends UpdateSettings {
  /** For the package and the state of the update; of this device alone. */
  readonly folder: string;
  /**
   * Makes firmware of a package. May restart the process; when it rejects, the installation has failed.
   *
   * @param image of a signed package, where only those are taken
   */
  readonly install: (file: string, image?: StagedImage) => Promise<void> | void;
  /** Asked when the process starts and an installation was under way: did it succeed? Default: it did not. */
  readonly hasInstalled?: () => boolean;
  /** Takes signed packages only. */
  readonly signed?: SignedOnly;
  /** Says whether a package is what it claims to be. Default: what `signed` says; without it, every package is taken. */
  readonly verification?: Verification;
  /** Bytes of a package at most. Default 256 MiB. */
  readonly capacity?: number;
  /** Of downloads over HTTP. */
  readonly http?: HttpPackagesOptions;
}

export interface NodeFirmwareOptions extends NodePackageOptions {
  /** Default: version 1.1 of the object. */
  readonly definition?: ObjectDefinition;
}

/** Object 5 of a device on Node. */
export function nodeFirmware(options: NodeFirmwareOptions): LwM2mObject {
  const { definition, ...rest } = options;
  return firmwareUpdateObject(definition ?? FIRMWARE_UPDATE_1_1, nodePackagePorts(rest), rest);
}

/** Where packages can be fetched from on Node. */
export function nodePackageSources(http?: HttpPackagesOptions): readonly PackageSource[] {
  return [coapPackages(new NodeDatagrams(), NODE_SETTINGS), httpPackages(http)];
}

/** The ports of an update on Node. Throws an Error for what is no key. */
export function nodePackagePorts(options: NodePackageOptions): UpdatePorts {
  const { folder, signed, capacity, http } = options;
  const files = new FileStaging(folder, capacity);
  const guarded = signed && new SignedStaging(files, policyOf(signed));
  const verification = options.verification ?? guarded;
  return {
    staging: guarded ?? files,
    installer: new HookInstaller(options, files, guarded),
    sources: nodePackageSources(http),
    store: new FileStore(folder),
    calendar: new NodeCalendar(),
    ...(verification === undefined ? {} : { verification }),
  };
}

function policyOf({ keys, version, ...device }: SignedOnly): PackagePolicy {
  return { ...device, keys: keys.map(nodePackageKey), version };
}

class HookInstaller implements Installer {
  private readonly options: NodePackageOptions;
  private readonly staging: FileStaging;
  private readonly guarded: SignedStaging | undefined;
  private isRunning = false;
  private result: number | undefined = undefined;

  constructor(options: NodePackageOptions, staging: FileStaging, guarded?: SignedStaging) {
    this.options = options;
    this.staging = staging;
    this.guarded = guarded;
  }

  install(): undefined {
    this.isRunning = true;
    this.result = undefined;
    this.staging.close();
    const { file } = this.staging;
    const image = this.guarded?.image();
    new Promise<void>((resolve) => resolve(this.options.install(file, image))).then(
      () => {
        this.result = NO_FAULT;
      },
      () => {
        this.result = INSTALLATION_FAILED;
      },
    );
  }

  outcome(): number | undefined {
    if (this.isRunning) return this.result;
    return this.options.hasInstalled?.() === true ? NO_FAULT : INSTALLATION_FAILED;
  }
}
