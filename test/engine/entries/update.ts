/** A device that updates itself: object 5, signed packages, two slots of a flash in memory, and what each boot starts; in words. */
import {
  firmwareUpdateObject,
  firmwareUpdateOf,
} from "../../../firmware/objects/firmware-update.ts";
import type { LwM2mObject } from "../../../firmware/objects/lwm2m-object.ts";
import { encodeEnvelope } from "../../../firmware/update/package-encoder.ts";
import { HmacKey } from "../../../firmware/update/package-keys.ts";
import type { FlashFiles } from "../../../firmware/update/ports.ts";
import { SignedStaging } from "../../../firmware/update/signed-staging.ts";
import { SlotInstaller, SlotStaging } from "../../../firmware/update/slot-staging.ts";
import { otherSlot, readSlot, SLOTS, slotToStart } from "../../../firmware/update/slots.ts";
import { FIRMWARE_UPDATE_1_1 } from "../../../protocol/model/objects/firmware-update-1-1.ts";
import { NEVER } from "../../../protocol/time/duration.ts";
import { SOFT_CRYPTO } from "../support/soft-crypto.ts";

declare function print(line: string): void;

const SECRET = new Uint8Array(32).fill(7);
const KEY = new HmacKey(SOFT_CRYPTO, SECRET);
const OTHER_KEY = new HmacKey(SOFT_CRYPTO, new Uint8Array(32).fill(8));
const STATE = 3;
const RESULT = 5;

/** Files by name. */
const contents: { [name: string]: Uint8Array | undefined } = {};
const records: { [name: string]: Uint8Array | undefined } = {};

function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

const FILES: FlashFiles = {
  size: (name) => {
    const file = contents[name];
    return file === undefined ? undefined : file.length;
  },
  read: (name, offset, length) => {
    const file = contents[name];
    if (file === undefined) return new Uint8Array(0);
    return copyOf(file.subarray(offset, Math.min(offset + length, file.length)));
  },
  create: (name, bytes, size) => {
    const file = new Uint8Array(size).fill(255);
    contents[name] = file;
    file.set(bytes, 0);
    return true;
  },
  write: (name, bytes, offset) => {
    const file = contents[name];
    if (file === undefined) return false;
    file.set(bytes, offset);
    return true;
  },
  erase: (name) => {
    contents[name] = undefined;
  },
  digest: (name, offset, length) => SOFT_CRYPTO.sha256(FILES.read(name, offset, length)),
  free: () => 100000,
};

function packageOf(text: string, version: string, deviceClass: string, key: HmacKey): Uint8Array {
  const image = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) image[i] = text.charCodeAt(i);
  const digest = SOFT_CRYPTO.sha256(image);
  const manifest = { vendor: "Acme", deviceClass, version, size: image.length, digest };
  const envelope = encodeEnvelope(manifest, key);
  const bytes = new Uint8Array(envelope.length + image.length);
  bytes.set(envelope, 0);
  bytes.set(image, envelope.length);
  return bytes;
}

class Device {
  object: LwM2mObject | undefined = undefined;
  installer: SlotInstaller | undefined = undefined;
  version = "";
  private now = 0;
  private isRebooting = false;

  boot(): void {
    const slot = slotToStart(FILES);
    if (slot === undefined) {
      print("nothing to start");
      return;
    }

    const manifest = slot.envelope.manifest;
    const staging = new SignedStaging(new SlotStaging(FILES, otherSlot(slot.name)), {
      keys: [KEY],
      vendor: manifest.vendor,
      deviceClass: manifest.deviceClass,
      version: manifest.version,
    });
    this.isRebooting = false;
    this.version = manifest.version;
    this.installer = new SlotInstaller(FILES, slot.name, {
      setRadio: () => {},
      factoryReset: () => {},
      reboot: () => {
        this.isRebooting = true;
      },
    });
    this.object = firmwareUpdateObject(FIRMWARE_UPDATE_1_1, {
      staging: staging,
      verification: staging,
      installer: this.installer,
      store: {
        read: (name) => records[name],
        write: (name, bytes) => {
          records[name] = copyOf(bytes);
          return true;
        },
        remove: (name) => {
          records[name] = undefined;
        },
      },
    });
    print(`boots ${this.version} from ${slot.name}, start ${slot.boots}`);
    this.settle();
  }

  settle(): void {
    const object = this.object;
    for (let i = 0; i < 5 && object !== undefined && !this.isRebooting; i++) {
      const machine = object.machine;
      const at = machine === undefined ? NEVER : machine.deadline();
      if (machine === undefined || at === NEVER) break;
      this.now = Math.max(this.now, at);
      machine.handleTimeout(this.now);
    }
    if (object !== undefined)
      print(`  state ${object.get(0, STATE)}, result ${object.get(0, RESULT)}`);
    if (this.isRebooting) this.boot();
  }

  push(what: string, bytes: Uint8Array): void {
    print(what);
    if (this.object === undefined) return;
    const update = firmwareUpdateOf(this.object);
    update.beginPackage(undefined);
    let fault = 0;
    for (let at = 0; at < bytes.length && fault === 0; at += 100) {
      fault = update.appendPackage(copyOf(bytes.subarray(at, Math.min(at + 100, bytes.length))));
    }
    if (fault === 0) update.endPackage();
    this.settle();
  }

  update(): void {
    print("update");
    if (this.object !== undefined) firmwareUpdateOf(this.object).update();
    this.settle();
  }

  register(): void {
    print("registers");
    if (this.installer !== undefined) this.installer.confirm();
    this.settle();
  }
}

const text = "print('a program');".concat("// and some more of it, so that it has several pieces ");
const device = new Device();
device.boot();
contents[SLOTS[0]] = packageOf(text, "1.0.0", "meter", KEY);
device.boot();
device.register();
device.push("of another class", packageOf(text, "2.0.0", "lamp", KEY));
device.push("signed by another", packageOf(text, "2.0.0", "meter", OTHER_KEY));
device.push("older", packageOf(text, "0.9", "meter", KEY));
const broken = packageOf(text, "2.0.0", "meter", KEY);
broken[broken.length - 1] ^= 1;
device.push("broken", broken);
device.push("good", packageOf(text + text, "2.0.0", "meter", KEY));
device.update();
device.boot();
device.boot();
print("it has not registered");
device.boot();
device.update();
device.register();
device.boot();
const slot = readSlot(FILES, SLOTS[1]);
if (slot !== undefined) print(`${slot.name}: generation ${slot.generation}, good ${slot.isGood}`);
