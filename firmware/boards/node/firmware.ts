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
import { NodeCalendar } from "./clock.ts";
import type { HttpPackagesOptions } from "./http-packages.ts";
import { httpPackages } from "./http-packages.ts";
import { NODE_SETTINGS } from "./main.ts";
import { FileStaging } from "./staging.ts";
import { FileStore } from "./store.ts";
import { NodeDatagrams } from "./udp.ts";

export interface NodePackageOptions extends UpdateSettings {
  /** For the package and the state of the update; of this device alone. */
  readonly folder: string;
  /** Makes firmware of a package. May restart the process; when it rejects, the installation has failed. */
  readonly install: (file: string) => Promise<void> | void;
  /** Asked when the process starts and an installation was under way: did it succeed? Default: it did not. */
  readonly hasInstalled?: () => boolean;
  /** Says whether a package is what it claims to be. Default: every package is taken. */
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

/** The ports of an update on Node. */
export function nodePackagePorts(options: NodePackageOptions): UpdatePorts {
  const { folder, verification, capacity, http } = options;
  const staging = new FileStaging(folder, capacity);
  return {
    staging,
    installer: new HookInstaller(options, staging),
    sources: nodePackageSources(http),
    store: new FileStore(folder),
    calendar: new NodeCalendar(),
    ...(verification === undefined ? {} : { verification }),
  };
}

class HookInstaller implements Installer {
  private readonly options: NodePackageOptions;
  private readonly staging: FileStaging;
  private isRunning = false;
  private result: number | undefined = undefined;

  constructor(options: NodePackageOptions, staging: FileStaging) {
    this.options = options;
    this.staging = staging;
  }

  install(): undefined {
    this.isRunning = true;
    this.result = undefined;
    this.staging.close();
    const { file } = this.staging;
    new Promise<void>((resolve) => resolve(this.options.install(file))).then(
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
