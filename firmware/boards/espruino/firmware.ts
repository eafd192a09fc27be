/**
 * Firmware updates of an Espruino board: object 5 over two slots of its Storage. Replaced is the program; the interpreter beneath it stays.
 *
 * A board takes what is signed with one of its keys and made for the same vendor and class as the program that runs.
 */
import { FIRMWARE_UPDATE_1_1 } from "../../../protocol/model/objects/firmware-update-1-1.ts";
import { firmwareUpdateObject } from "../../objects/firmware-update.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import type { Manifest } from "../../update/package-envelope.ts";
import type { PackageKey } from "../../update/package-keys.ts";
import { hmacScheme, hssLmsScheme, packageKeyOf } from "../../update/package-keys.ts";
import type { PackageSource } from "../../update/ports.ts";
import { SignedStaging } from "../../update/signed-staging.ts";
import { SlotInstaller, SlotStaging } from "../../update/slot-staging.ts";
import { otherSlot, readSlot } from "../../update/slots.ts";
import { twoCopies } from "../../update/two-copies.ts";
import { ESPRUINO_CALENDAR } from "./clock.ts";
import { ESPRUINO_CRYPTO } from "./crypto.ts";
import { ESPRUINO_POWER } from "./power.ts";
import { ESPRUINO_FILES } from "./storage.ts";

export interface FirmwareSettings {
  /** As package-keys.ts has them. */
  readonly keys: readonly string[];
  /** True: what is older than the program that runs is taken too. */
  readonly allowOlder: boolean;
  readonly sources: readonly PackageSource[];
}

export interface EspruinoFirmware {
  /** Of the program that runs. */
  readonly version: string;
  /** Object 5. */
  readonly object: LwM2mObject;
  /** The program works: to be called when it has registered. */
  readonly confirm: () => void;
}

/** Undefined for a program that the boot program has not started: it has nowhere to put another. */
export function espruinoFirmware(settings: FirmwareSettings): EspruinoFirmware | undefined {
  const running = typeof dormouseSlot === "string" ? dormouseSlot : "";
  const manifest = manifestOf(running);
  if (manifest === undefined) return undefined;
  const { vendor, deviceClass, version } = manifest;
  const staging = new SignedStaging(new SlotStaging(ESPRUINO_FILES, otherSlot(running)), {
    keys: keysOf(settings.keys),
    vendor: vendor,
    deviceClass: deviceClass,
    version: settings.allowOlder ? undefined : version,
  });
  const installer = new SlotInstaller(ESPRUINO_FILES, running, ESPRUINO_POWER);
  const object = firmwareUpdateObject(FIRMWARE_UPDATE_1_1, {
    staging: staging,
    verification: staging,
    installer: installer,
    sources: settings.sources,
    store: twoCopies(ESPRUINO_FILES, E.CRC32),
    calendar: ESPRUINO_CALENDAR,
  });
  return {
    version: version,
    object: object,
    confirm: function () {
      installer.confirm();
    },
  };
}

/** Without the rest of what is read for it: whatever a closure may see, a board keeps. */
function manifestOf(name: string): Manifest | undefined {
  const slot = readSlot(ESPRUINO_FILES, name);
  return slot === undefined ? undefined : slot.envelope.manifest;
}

function keysOf(texts: readonly string[]): PackageKey[] {
  const schemes = [hmacScheme(ESPRUINO_CRYPTO), hssLmsScheme(ESPRUINO_CRYPTO)];
  const keys: PackageKey[] = [];
  for (let i = 0; i < texts.length; i++) {
    const key = packageKeyOf(texts[i], schemes);
    if (key === undefined) print("Not a key for packages:", texts[i]);
    else keys.push(key);
  }
  return keys;
}
