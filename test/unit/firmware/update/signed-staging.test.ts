/** Which packages a device takes, and when it says so. */
import { describe, expect, test } from "vitest";
import { PACKAGE_CLAIMS } from "../../../../firmware/agent/management/package-uploads.ts";
import { firmwareUpdateObject } from "../../../../firmware/objects/firmware-update.ts";
import type { PackageKey } from "../../../../firmware/update/package-keys.ts";
import {
  HmacKey,
  hmacScheme,
  isSigned,
  packageKeyOf,
} from "../../../../firmware/update/package-keys.ts";
import {
  INTEGRITY_FAILED,
  NO_FAULT,
  NO_MEMORY,
  NO_STORAGE,
  UNSUPPORTED_TYPE,
} from "../../../../firmware/update/ports.ts";
import { SignedStaging } from "../../../../firmware/update/signed-staging.ts";
import { SlotStaging } from "../../../../firmware/update/slot-staging.ts";
import { SLOTS } from "../../../../firmware/update/slots.ts";
import { NODE_CRYPTO } from "../../../../host/node-crypto.ts";
import { encodeHex } from "../../../../protocol/bytes/hex.ts";
import { OCTET_STREAM } from "../../../../protocol/coap/content-formats.ts";
import { FIRMWARE_UPDATE_1_1 } from "../../../../protocol/model/objects/firmware-update-1-1.ts";
import { AgentPair } from "../../../support/agent-pair.ts";
import { coapSettings, countingRandom } from "../../../support/coap-pair.ts";
import { FakeFlash } from "../../../support/fake-flash.ts";
import { imageOf, KEY, METER, SECRET, signedPackage, VENDOR } from "../../../support/packages.ts";
import { proves } from "../../../support/proves.ts";
import { ScriptedInstaller } from "../../../support/update-ports.ts";

const IMAGE = imageOf(5000);
const OTHER_KEY = new HmacKey(NODE_CRYPTO, SECRET.slice().reverse());

interface Given {
  readonly flash?: FakeFlash;
  readonly keys?: readonly PackageKey[];
  readonly version?: string | undefined;
}

function given({ flash = new FakeFlash(), keys = [KEY], ...more }: Given = {}) {
  const policy = { keys, vendor: VENDOR, deviceClass: METER, version: "1.5.0", ...more };
  return new SignedStaging(new SlotStaging(flash, SLOTS[1]), policy);
}

/** Stages a package in pieces of so many bytes; the fault that ends it, or what the check finds. */
function stage(staging: SignedStaging, bytes: Uint8Array, length?: number, piece = 512): unknown {
  const begun = staging.begin(length);
  if (begun !== NO_FAULT) return begun;
  for (let at = 0; at < bytes.length; at += piece) {
    const fault = staging.append(bytes.subarray(at, at + piece));
    if (fault !== NO_FAULT) return fault;
  }
  return staging.check();
}

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at < 0 ? copy.length + at : at] ^= 1;
  return copy;
}

describe("a package of ours", () => {
  const bytes = signedPackage(IMAGE);

  test.each([1, 7, 16, 100, 512, 6000])("is good, come in pieces of %i bytes", (piece) => {
    const flash = new FakeFlash();
    const staging = given({ flash });
    const verdict = { fault: NO_FAULT, name: METER, version: "2.0.0" };
    expect(stage(staging, bytes, bytes.length, piece)).toEqual(verdict);
    expect(staging.length()).toBe(bytes.length);
    expect(staging.read(0, 10_000)).toEqual(bytes);
    // Without a word of how long it will be, its manifest says so.
    expect(stage(given({ flash }), bytes, undefined, piece)).toEqual(verdict);
  });

  test("is good whichever of the keys has signed it", () => {
    expect(stage(given({ keys: [OTHER_KEY, KEY] }), bytes)).toMatchObject({ fault: NO_FAULT });
  });

  test("is good in the version that runs, and any version where none does", () => {
    const same = signedPackage(IMAGE, { version: "1.5" });
    expect(stage(given(), same)).toMatchObject({ fault: NO_FAULT });
    const old = signedPackage(IMAGE, { version: "0.1" });
    expect(stage(given({ version: undefined }), old)).toMatchObject({ fault: NO_FAULT });
  });
});

describe("a package that is refused", () => {
  const whole = signedPackage(IMAGE);

  test.each([
    ["no package", imageOf(3000), UNSUPPORTED_TYPE],
    ["of another vendor", signedPackage(IMAGE, { vendor: "Acne" }), UNSUPPORTED_TYPE],
    ["of another class", signedPackage(IMAGE, { deviceClass: "meter-1" }), UNSUPPORTED_TYPE],
    ["older than what runs", signedPackage(IMAGE, { version: "1.4.9" }), UNSUPPORTED_TYPE],
    ["signed by somebody else", signedPackage(IMAGE, {}, OTHER_KEY), INTEGRITY_FAILED],
    ["with another manifest than was signed", changed(whole, 30), INTEGRITY_FAILED],
    ["with a broken envelope", changed(whole, 2), INTEGRITY_FAILED],
    ["longer than it says", new Uint8Array([...whole, 0]), INTEGRITY_FAILED],
  ])("%s: before anything else is stored", (_what, bytes, fault) => {
    const flash = new FakeFlash();
    // All of it is there at once, so that the length shows.
    expect(stage(given({ flash }), bytes, undefined, 8000)).toBe(fault);
    expect(flash.size(SLOTS[1])).toBeUndefined();
  });

  test("shorter than it says, or longer: as soon as that shows", () => {
    const bytes = whole.subarray(0, whole.length - 1);
    expect(stage(given(), bytes)).toEqual({ fault: INTEGRITY_FAILED });
    expect(stage(given(), bytes, bytes.length)).toBe(INTEGRITY_FAILED);
    expect(stage(given(), new Uint8Array([...whole, 0]), undefined, 100)).toBe(INTEGRITY_FAILED);
  });

  test("whose image is another: when all of it is there", () => {
    expect(stage(given(), changed(whole, -1))).toEqual({ fault: INTEGRITY_FAILED });
    expect(stage(given(), changed(whole, 3000))).toEqual({ fault: INTEGRITY_FAILED });
  });

  test("for want of room, which is known beforehand where the length is announced", () => {
    const flash = new FakeFlash(8000);
    expect(stage(given({ flash }), whole, whole.length)).toBe(NO_STORAGE);
    expect(flash.steps).toBe(0);
    expect(stage(given({ flash }), whole)).toBe(NO_STORAGE);
    expect(flash.size(SLOTS[1])).toBeUndefined();
  });

  test("on a board that cannot compute a digest of so much", () => {
    const flash = new FakeFlash();
    flash.hashes = false;
    expect(stage(given({ flash }), whole)).toEqual({ fault: NO_MEMORY });
  });

  test("without a key everything is", () => {
    expect(stage(given({ keys: [] }), whole)).toBe(INTEGRITY_FAILED);
  });
});

describe("after a restart", () => {
  test("what has been written goes on where it was, in whole units", () => {
    const flash = new FakeFlash();
    const bytes = signedPackage(IMAGE);
    const first = given({ flash });
    first.begin(bytes.length);
    first.append(bytes.subarray(0, 1003));
    expect(first.length()).toBe(1003);
    const second = given({ flash });
    expect(second.length()).toBe(1000);
    second.append(bytes.subarray(1000));
    expect(second.check()).toMatchObject({ fault: NO_FAULT });
  });

  test("what a power cut left in the middle of a unit begins anew", () => {
    const flash = new FakeFlash();
    const bytes = signedPackage(IMAGE);
    const first = given({ flash });
    first.begin(bytes.length);
    first.append(bytes.subarray(0, 1000));
    flash.cutAt = flash.steps;
    flash.bytesOfCut = 3;
    first.append(bytes.subarray(1000, 2000));
    flash.restore();
    const second = given({ flash });
    expect(second.length()).toBe(0);
    expect(stage(second, bytes, bytes.length)).toMatchObject({ fault: NO_FAULT });
  });

  test("what is whole is good without another byte", () => {
    const flash = new FakeFlash();
    stage(given({ flash }), signedPackage(IMAGE));
    const again = given({ flash });
    expect(again.check()).toMatchObject({ fault: NO_FAULT, version: "2.0.0" });
    expect(again.image()).toMatchObject({ manifest: { version: "2.0.0" } });
  });

  test("of what was staged for other keys nothing is good, nor goes on", () => {
    const flash = new FakeFlash();
    const bytes = signedPackage(IMAGE);
    const first = given({ flash });
    first.begin(bytes.length);
    first.append(bytes.subarray(0, 1000));
    const again = given({ flash, keys: [OTHER_KEY] });
    expect(again.length()).toBe(1000);
    expect(again.append(bytes.subarray(1000))).toBe(INTEGRITY_FAILED);
    expect(again.check()).toEqual({ fault: INTEGRITY_FAILED });
  });
});

describe("keys", () => {
  const schemes = [hmacScheme(NODE_CRYPTO)];

  test("a key is a scheme and hexadecimal digits", () => {
    const key = packageKeyOf(`hmac-sha256:${encodeHex(SECRET)}`, schemes) as PackageKey;
    const message = imageOf(20);
    expect(key.verifies(message, KEY.sign(message))).toBe(true);
    expect(key.verifies(message, OTHER_KEY.sign(message))).toBe(false);
    expect(isSigned([key], 6, message, KEY.sign(message))).toBe(false);
  });

  test.each([
    "hmac-sha256",
    "hmac-sha256:",
    "hmac-sha256:0011",
    "hmac-sha256:zz",
    `hmac-sha512:${"00".repeat(32)}`,
    "00".repeat(32),
  ])("%j is none", (text) => {
    expect(packageKeyOf(text, schemes)).toBeUndefined();
  });
});

describe("LwM2M Core 1.2.2 §E.6: results of signed packages", () => {
  test.each([
    ["of ours", signedPackage(IMAGE), "2/0"],
    ["of another class", signedPackage(IMAGE, { deviceClass: "meter-1" }), "0/6"],
    ["older than what runs", signedPackage(IMAGE, { version: "1" }), "0/6"],
    ["that is a bare program", IMAGE, "0/6"],
    ["signed by somebody else", signedPackage(IMAGE, {}, OTHER_KEY), "0/5"],
    ["with another image", changed(signedPackage(IMAGE), -1), "0/5"],
    ["too long for the board", signedPackage(imageOf(60_000)), "0/2"],
  ])("a package %s, pushed in blocks", (_what, bytes, expected) => {
    proves("device", "firmware-results");
    const staging = given({ flash: new FakeFlash(50_000) });
    const object = firmwareUpdateObject(FIRMWARE_UPDATE_1_1, {
      staging,
      verification: staging,
      installer: new ScriptedInstaller(),
    });
    const settings = coapSettings({ random: countingRandom(1), inPieces: PACKAGE_CLAIMS });
    const pair = new AgentPair({ objects: [object], settings });
    pair.started();
    pair.server.write("/5/0/0", bytes, OCTET_STREAM);
    pair.wait(1000);
    const shown = `${pair.server.read("/5/0/3").text}/${pair.server.read("/5/0/5").text}`;
    expect(shown).toBe(expected);
  });
});
