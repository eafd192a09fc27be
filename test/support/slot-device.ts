/**
 * A device with two slots for its program: boots from flash, updates itself as object 5 has it, registers and so shows that it works.
 * What its power does is the test's.
 */
import { crc32 } from "node:zlib";
import { firmwareUpdateObject, firmwareUpdateOf } from "../../firmware/objects/firmware-update.ts";
import type { LwM2mObject } from "../../firmware/objects/lwm2m-object.ts";
import { SignedStaging } from "../../firmware/update/signed-staging.ts";
import { SlotInstaller, SlotStaging } from "../../firmware/update/slot-staging.ts";
import { otherSlot, readSlot, SLOTS, slotToStart } from "../../firmware/update/slots.ts";
import { twoCopies } from "../../firmware/update/two-copies.ts";
import { NODE_CRYPTO } from "../../host/node-crypto.ts";
import { encodeHex } from "../../protocol/bytes/hex.ts";
import { FIRMWARE_UPDATE_1_1 } from "../../protocol/model/objects/firmware-update-1-1.ts";
import { NEVER } from "../../protocol/time/duration.ts";
import { FakeFlash } from "./fake-flash.ts";
import { KEY, METER, signedPackage, VENDOR } from "./packages.ts";

const STATE = 3;
const RESULT = 5;
const PIECE = 512;

export class SlotDevice {
  now = 0;
  readonly flash: FakeFlash;
  /** Versions that started, in order. */
  readonly starts: string[] = [];
  /** Versions that crash, or never register. */
  readonly bad = new Set<string>();
  object!: LwM2mObject;
  private installer!: SlotInstaller;
  private wantsReboot = false;

  constructor(flash: FakeFlash) {
    this.flash = flash;
  }

  /** As it comes from the factory, with this image in version 1.0.0. */
  static withImage(image: Uint8Array, capacity?: number): SlotDevice {
    const flash = new FakeFlash(capacity);
    flash.put(SLOTS[0], signedPackage(image, { version: "1.0.0" }));
    return new SlotDevice(flash);
  }

  /** The same device, to be treated in another way. */
  copy(): SlotDevice {
    const twin = new SlotDevice(this.flash.copy());
    for (const version of this.bad) twin.bad.add(version);
    return twin;
  }

  get version(): string {
    return this.starts[this.starts.length - 1];
  }

  /** State and result, as "2/0". */
  get shown(): string {
    return `${this.object.get(0, STATE)}/${this.object.get(0, RESULT)}`;
  }

  /** Starts whatever is to be started; throws when there is nothing, or no image as it was signed. */
  boot(): this {
    const slot = slotToStart(this.flash);
    if (slot === undefined) throw new Error("nothing to start");
    const { envelope, name } = slot;
    const image = this.flash.read(name, envelope.length, envelope.manifest.size);
    if (encodeHex(NODE_CRYPTO.sha256(image)) !== encodeHex(envelope.manifest.digest)) {
      throw new Error(`${name} is started and is broken`);
    }
    this.starts.push(envelope.manifest.version);
    this.wantsReboot = false;
    const staging = new SignedStaging(new SlotStaging(this.flash, otherSlot(name)), {
      keys: [KEY],
      vendor: VENDOR,
      deviceClass: METER,
      version: envelope.manifest.version,
    });
    const power = { setRadio: () => {}, reboot: () => this.askReboot(), factoryReset: () => {} };
    this.installer = new SlotInstaller(this.flash, name, power);
    this.object = firmwareUpdateObject(FIRMWARE_UPDATE_1_1, {
      staging,
      verification: staging,
      installer: this.installer,
      store: twoCopies(this.flash, crc32),
    });
    return this;
  }

  /** Boots again for as long as it wants to, or fails to work; then it is registered and at rest. */
  run(): this {
    for (let boots = 0; boots < 10; boots++) {
      this.settle();
      if (this.flash.isCut) return this;
      const isBad = this.bad.has(this.version);
      if (!isBad) this.installer.confirm();
      this.settle();
      if (this.flash.isCut || (!isBad && !this.wantsReboot)) return this;
      this.boot();
    }
    throw new Error("it boots for ever");
  }

  /** The power was cut, and is back. */
  powerCut(): this {
    this.flash.restore();
    return this.boot().run();
  }

  /** A server pushes a package in blocks. Returns the fault that ended it. */
  push(bytes: Uint8Array): number {
    const update = firmwareUpdateOf(this.object);
    update.beginPackage(bytes.length);
    for (let at = 0; at < bytes.length; at += PIECE) {
      const fault = update.appendPackage(bytes.subarray(at, at + PIECE));
      if (fault !== 0) return fault;
    }
    update.endPackage();
    this.settle();
    return 0;
  }

  /** A server executes Update, and what comes of it comes. */
  update(): this {
    firmwareUpdateOf(this.object).update();
    return this.run();
  }

  /** The other slot's log, or undefined when there is none. */
  other() {
    const running = SLOTS.find(
      (name) => readSlot(this.flash, name)?.envelope.manifest.version === this.version,
    );
    return running === undefined ? undefined : readSlot(this.flash, otherSlot(running));
  }

  private askReboot(): void {
    this.wantsReboot = true;
  }

  /** Time passes until the machine waits for somebody else. */
  private settle(): void {
    for (let i = 0; i < 10; i++) {
      const at = this.object.machine?.deadline() ?? NEVER;
      if (at === NEVER || this.wantsReboot) return;
      this.now = Math.max(this.now, at);
      this.object.machine?.handleTimeout(this.now);
    }
  }
}
