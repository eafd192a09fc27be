/** Two slots for a program: what is started, tried, kept and gone back to, whenever the power is cut. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_FAULT, NO_STORAGE } from "../../../../firmware/update/ports.ts";
import { SlotStaging } from "../../../../firmware/update/slot-staging.ts";
import {
  BOOT,
  beginTrial,
  FAILED,
  GOOD,
  MOST_BOOTS,
  mark,
  readSlot,
  SLOTS,
  slotLength,
  slotToStart,
  TRY,
} from "../../../../firmware/update/slots.ts";
import { FakeFlash } from "../../../support/fake-flash.ts";
import { imageOf, signedPackage } from "../../../support/packages.ts";
import { proves } from "../../../support/proves.ts";
import { SlotDevice } from "../../../support/slot-device.ts";

const [A, B] = SLOTS;
const FIRST = imageOf(3000, 1);
const SECOND = imageOf(3333, 2);
const PACKAGE = signedPackage(SECOND);

/** A flash with 1.0.0 as it came, and 2.0.0 staged. */
function staged(): FakeFlash {
  const flash = new FakeFlash();
  flash.put(A, signedPackage(FIRST, { version: "1.0.0" }));
  const staging = new SlotStaging(flash, B);
  expect(staging.begin(PACKAGE.length)).toBe(NO_FAULT);
  expect(staging.append(PACKAGE)).toBe(NO_FAULT);
  return flash;
}

function slot(flash: FakeFlash, name: string) {
  const found = readSlot(flash, name);
  if (found === undefined) throw new Error(`${name} is empty`);
  return found;
}

function started(flash: FakeFlash): string | undefined {
  return slotToStart(flash)?.envelope.manifest.version;
}

describe("which slot is started", () => {
  test("the one that came with the board, until another is to be tried", () => {
    const flash = staged();
    expect(started(flash)).toBe("1.0.0");
    expect(beginTrial(flash, slot(flash, B))).toBe(true);
    expect(started(flash)).toBe("2.0.0");
    expect(slot(flash, B)).toMatchObject({ generation: 1, boots: 1, isGood: false });
  });

  test("one on trial three times, then the one before it again", () => {
    const flash = staged();
    beginTrial(flash, slot(flash, B));
    for (let i = 0; i < MOST_BOOTS; i++) expect(started(flash)).toBe("2.0.0");
    expect(started(flash)).toBe("1.0.0");
    expect(slot(flash, B).hasFailed).toBe(true);
    expect(started(flash)).toBe("1.0.0");
  });

  test("one that has shown that it works, from then on", () => {
    const flash = staged();
    beginTrial(flash, slot(flash, B));
    slotToStart(flash);
    mark(flash, slot(flash, B), GOOD, 1);
    for (let i = 0; i < 5; i++) expect(started(flash)).toBe("2.0.0");
    expect(slot(flash, B).used).toBe(3);
  });

  test("one that is to be tried again after it failed, as often as its log has room for", () => {
    const flash = staged();
    for (let trial = 1; trial <= 3; trial++) {
      expect(beginTrial(flash, slot(flash, B))).toBe(true);
      expect(slot(flash, B)).toMatchObject({ generation: trial, boots: 0, hasFailed: false });
      for (let i = 0; i < MOST_BOOTS; i++) expect(started(flash)).toBe("2.0.0");
      expect(started(flash)).toBe("1.0.0");
    }
    expect(beginTrial(flash, slot(flash, B))).toBe(false);
    expect(started(flash)).toBe("1.0.0");
  });

  test("never one whose image is not the one that was signed, where there is another", () => {
    const flash = staged();
    beginTrial(flash, slot(flash, B));
    const bytes = flash.read(B, 0, 100_000);
    bytes[1000] ^= 1;
    flash.put(B, bytes);
    expect(started(flash)).toBe("1.0.0");
    expect(slot(flash, B).hasFailed).toBe(true);
    // The good one is broken, and the other only staged: better than nothing.
    const other = staged();
    const first = other.read(A, 0, 100_000);
    first[1000] ^= 1;
    other.put(A, first);
    expect(started(other)).toBe("2.0.0");
  });

  test("none of nothing, of what is no package, and of a package without its end", () => {
    const flash = new FakeFlash();
    expect(started(flash)).toBeUndefined();
    flash.put(A, FIRST);
    expect(started(flash)).toBeUndefined();
    flash.put(A, PACKAGE.subarray(0, PACKAGE.length - 1));
    expect(started(flash)).toBeUndefined();
    flash.put(A, PACKAGE);
    expect(started(flash)).toBe("2.0.0");
  });

  test("on a board without SHA-256, the one that is marked", () => {
    const flash = staged();
    flash.hashes = false;
    beginTrial(flash, slot(flash, B));
    expect(started(flash)).toBe("2.0.0");
  });
});

describe("the log", () => {
  test("a unit that was written in part, up to any byte, says nothing and is passed over", () => {
    for (const kind of [TRY, BOOT, GOOD, FAILED]) {
      for (let bytes = 0; bytes < 6; bytes++) {
        const flash = staged();
        mark(flash, slot(flash, B), TRY, 7);
        flash.cutAt = flash.steps;
        flash.bytesOfCut = bytes;
        mark(flash, slot(flash, B), kind, 8);
        flash.restore();
        const torn = slot(flash, B);
        expect(torn).toMatchObject({ generation: 7, boots: 0, isGood: false, hasFailed: false });
        expect(mark(flash, torn, GOOD, 7)).toBe(true);
        expect(slot(flash, B).isGood).toBe(true);
      }
    }
  });

  test("any bytes are a log", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 128, maxLength: 128 }), (log) => {
        const flash = new FakeFlash();
        const file = new Uint8Array(slotLength(PACKAGE.length)).fill(0xff);
        file.set(PACKAGE);
        file.set(log, file.length - log.length);
        flash.put(B, file);
        expect(slot(flash, B).used).toBeLessThanOrEqual(16);
        expect(started(flash)).toBe("2.0.0");
      }),
    );
  });
});

describe("LwM2M Core 1.2.2 §E.6: a device that updates itself", () => {
  test("runs the new program, says so, and keeps the old one until the next update", () => {
    proves("device", "firmware-results");
    const device = SlotDevice.withImage(FIRST).boot().run();
    expect(device.push(PACKAGE)).toBe(0);
    expect(device.shown).toBe("2/0");
    device.update();
    expect(device.starts).toEqual(["1.0.0", "2.0.0"]);
    expect(device.shown).toBe("0/1");
    expect(device.flash.size(A)).toBeDefined();
    const third = signedPackage(FIRST, { version: "3.0.0" });
    expect(device.push(third)).toBe(0);
    device.update();
    expect(device.starts).toEqual(["1.0.0", "2.0.0", "3.0.0"]);
    expect(device.shown).toBe("0/1");
    expect(device.push(PACKAGE)).not.toBe(0);
    expect(device.shown).toBe("0/6");
    expect(device.powerCut().version).toBe("3.0.0");
  });

  test("goes back from a program that does not work, says so, and may try it again", () => {
    proves("device", "firmware-results");
    const device = SlotDevice.withImage(FIRST).boot().run();
    device.bad.add("2.0.0");
    device.push(PACKAGE);
    device.update();
    expect(device.starts).toEqual(["1.0.0", "2.0.0", "2.0.0", "2.0.0", "1.0.0"]);
    expect(device.shown).toBe("2/8");
    expect(device.powerCut().shown).toBe("2/8");
    device.bad.clear();
    device.update();
    expect(device.version).toBe("2.0.0");
    expect(device.shown).toBe("0/1");
  });

  test("has no room, and goes on as it was", () => {
    proves("device", "firmware-results");
    const device = SlotDevice.withImage(FIRST, 8000).boot().run();
    expect(device.push(PACKAGE)).toBe(NO_STORAGE);
    expect(device.shown).toBe("0/2");
    expect(device.powerCut().version).toBe("1.0.0");
  });
});

/** What a server does that wants 2.0.0 on a device: looks, and takes the next step. */
function bringUp(device: SlotDevice): void {
  for (let round = 0; round < 3 && device.version !== "2.0.0"; round++) {
    if (device.shown.startsWith("2/")) device.update();
    else if (device.push(PACKAGE) === 0) device.update();
    if (device.flash.isCut) return;
  }
}

/** Steps of flash that an update takes, from nothing staged to the end. */
function stepsOf(isBad: boolean): number {
  const device = SlotDevice.withImage(FIRST).boot().run();
  if (isBad) device.bad.add("2.0.0");
  device.flash.restore();
  device.push(PACKAGE);
  device.update();
  return device.flash.steps;
}

describe("a power cut at any step of an update", () => {
  const prepared = SlotDevice.withImage(FIRST).boot().run();

  test.each([
    0, 1, 5, 100,
  ])("with %i bytes of the step written, leaves a program that works", (bytes) => {
    const steps = stepsOf(false);
    expect(steps).toBeGreaterThan(15);
    for (let cutAt = 0; cutAt < steps; cutAt++) {
      const device = prepared.copy().boot().run();
      device.flash.restore();
      device.flash.cutAt = cutAt;
      device.flash.bytesOfCut = bytes;
      bringUp(device);
      expect(device.flash.isCut).toBe(true);
      device.powerCut();
      expect(["0/0", "0/1", "0/4", "2/0"]).toContain(device.shown);
      bringUp(device);
      expect(device.version).toBe("2.0.0");
      expect(device.shown).toBe("0/1");
    }
  });

  test.each([
    0, 5,
  ])("to a bad program, with %i bytes written, comes back to the good one", (bytes) => {
    const steps = stepsOf(true);
    for (let cutAt = 0; cutAt < steps; cutAt++) {
      const device = prepared.copy().boot().run();
      device.bad.add("2.0.0");
      device.flash.restore();
      device.flash.cutAt = cutAt;
      device.flash.bytesOfCut = bytes;
      device.push(PACKAGE);
      if (!device.flash.isCut) device.update();
      device.powerCut();
      expect(device.version).toBe("1.0.0");
      if (device.shown === "2/0") device.update();
      else if (device.shown !== "2/8") {
        device.push(PACKAGE);
        device.update();
      }
      expect(device.version).toBe("1.0.0");
      expect(device.shown).toBe("2/8");
    }
  });

  test("and at any more steps, leaves a program that works, and an update that can be done", () => {
    const cuts = fc.array(fc.record({ after: fc.nat(25), bytes: fc.nat(600) }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(cuts, (list) => {
        const device = prepared.copy().boot().run();
        for (const { after, bytes } of list) {
          device.flash.restore();
          device.flash.cutAt = after;
          device.flash.bytesOfCut = bytes;
          bringUp(device);
          device.powerCut();
        }
        for (let i = 0; i < 3; i++) bringUp(device);
        expect(device.version).toBe("2.0.0");
        expect(device.shown.startsWith("0/")).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
