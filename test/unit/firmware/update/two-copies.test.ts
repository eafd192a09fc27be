/** Records of a board whose power is cut: the one before or the one after, never none. */
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import type { Store } from "../../../../firmware/ports.ts";
import { twoCopies } from "../../../../firmware/update/two-copies.ts";
import { FakeFlash } from "../../../support/fake-flash.ts";

function storeOn(flash: FakeFlash): Store {
  return twoCopies(flash, crc32);
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function text(store: Store, name: string): string | undefined {
  const read = store.read(name);
  return read === undefined ? undefined : new TextDecoder().decode(read);
}

test("a record is what was written last, over a restart, and gone when it is removed", () => {
  const flash = new FakeFlash();
  const store = storeOn(flash);
  expect(text(store, "a")).toBeUndefined();
  for (let i = 0; i < 600; i++) {
    expect(store.write("a", bytes(`value ${i}`))).toBe(true);
    expect(text(store, "a")).toBe(`value ${i}`);
  }
  expect(text(storeOn(flash), "a")).toBe("value 599");
  expect(text(store, "b")).toBeUndefined();
  store.remove("a");
  expect(text(store, "a")).toBeUndefined();
});

test("what is there already is not written again, and nothing is no record", () => {
  const flash = new FakeFlash();
  const store = storeOn(flash);
  store.write("a", bytes("one"));
  const { steps } = flash;
  expect(store.write("a", bytes("one"))).toBe(true);
  expect(store.write("a", new Uint8Array(0))).toBe(false);
  expect(flash.steps).toBe(steps);
  expect(text(store, "a")).toBe("one");
});

test("a power cut at any step of a write, any part of it done, leaves the one before or the new one", () => {
  for (let before = 0; before < 5; before++) {
    const flash = new FakeFlash();
    for (let i = 0; i <= before; i++) storeOn(flash).write("a", bytes(`value ${i}`));
    for (let cutAt = 0; cutAt < 4; cutAt++) {
      for (let part = 0; part < 16; part++) {
        const cut = flash.copy();
        cut.cutAt = cutAt;
        cut.bytesOfCut = part;
        storeOn(cut).write("a", bytes("the new one"));
        cut.restore();
        const store = storeOn(cut);
        expect(["the new one", `value ${before}`]).toContain(text(store, "a"));
        expect(store.write("a", bytes("and another"))).toBe(true);
        expect(text(storeOn(cut), "a")).toBe("and another");
      }
    }
  }
});

test("without room a record stays as it was", () => {
  const store = storeOn(new FakeFlash(400));
  store.write("a", bytes("one"));
  expect(store.write("a", new Uint8Array(1000))).toBe(false);
  expect(text(store, "a")).toBe("one");
});
