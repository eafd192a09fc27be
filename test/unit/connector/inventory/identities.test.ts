import { describe, expect, test } from "vitest";
import type { DeviceRecord } from "../../../../connector/access/model.ts";
import type { ConnectorEvent } from "../../../../connector/contract.ts";
import { Identities } from "../../../../connector/inventory/identities.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";
import { TLV_CODEC } from "../../../../protocol/content/tlv.ts";
import { INTEGER, STRING } from "../../../../protocol/model/data-types.ts";
import { FakeDevices, responseEvent } from "../rest/fake-devices.ts";

const DEVICE: DeviceRecord = {
  id: 7,
  domainId: "default",
  endpointName: "a",
  endpointType: undefined,
  keyVersion: 1,
  createdAt: 1000,
  updatedAt: 1000,
};

function given() {
  const store = new MemoryStore();
  return { store, identities: new Identities(store) };
}

function answer(path: string, payload: string, more: object = {}): ConnectorEvent {
  return responseEvent("1#id", "a", path, { payload, ...more });
}

describe("what a device tells is kept", () => {
  test("resource by resource", () => {
    const { identities } = given();
    identities.handleEvent(DEVICE, answer("/3/0/0", "Acme"));
    identities.handleEvent(DEVICE, answer("/3/0/2", "345"));
    expect(identities.of(DEVICE)).toEqual({ manufacturer: "Acme", serialNumber: "345" });
  });

  test("as the whole object, in TLV", () => {
    const { identities } = given();
    const payload = TLV_CODEC.encode(
      [3, 0],
      [
        { path: [3, 0, 0], type: STRING, value: "Acme" },
        { path: [3, 0, 1], type: STRING, value: "M1" },
        { path: [3, 0, 9], type: INTEGER, value: 95 },
        { path: [3, 0, 19], type: STRING, value: "2.0" },
      ],
    )!;
    const event = { ...answer("/3/0", ""), payload, contentFormat: 11542 } as ConnectorEvent;
    identities.handleEvent(DEVICE, event);
    expect(identities.of(DEVICE)).toEqual({
      manufacturer: "Acme",
      model: "M1",
      softwareVersion: "2.0",
    });
  });

  test("across a restart", () => {
    const { identities, store } = given();
    identities.handleEvent(DEVICE, answer("/3/0/0", "Acme"));
    expect(new Identities(store).of(DEVICE)).toEqual({ manufacturer: "Acme" });
  });

  test("once: the same again is no reason to write", async () => {
    const { identities, store } = given();
    identities.handleEvent(DEVICE, answer("/3/0/0", "Acme"));
    await store.commit();
    identities.handleEvent(DEVICE, answer("/3/0/0", "Acme"));
    expect(store.hasUncommitted()).toBe(false);
  });

  test("cut to what a record can show", () => {
    const { identities } = given();
    identities.handleEvent(DEVICE, answer("/3/0/0", "x".repeat(10_000)));
    expect(identities.of(DEVICE)?.manufacturer).toHaveLength(255);
  });

  test("not for another device that gets the same id later", () => {
    const { identities } = given();
    identities.handleEvent(DEVICE, answer("/3/0/0", "Acme"));
    expect(identities.of({ ...DEVICE, createdAt: 2000 })).toBeUndefined();
  });
});

test.each<[string, ConnectorEvent]>([
  ["a write was confirmed", answer("/3/0/15", "", { code: 0x44 })],
  ["a read failed", answer("/3/0/0", "no", { status: 404, code: 0x84 })],
  ["another object answered", answer("/33/0/0", "Acme")],
  ["the bytes are no TLV", answer("/3/0", "\u00ff\u00ff", { contentFormat: 11542 })],
  ["the format is none of ours", answer("/3/0/0", "Acme", { contentFormat: 50 })],
  ["the path is none of LwM2M", answer("/3/x", "Acme")],
])("nothing is kept when %s", (_, event) => {
  const { identities } = given();
  identities.handleEvent(DEVICE, event);
  expect(identities.of(DEVICE)).toBeUndefined();
});

test("it wants to know of LwM2M devices that list the object and have not told", () => {
  const { identities } = given();
  const devices = new FakeDevices();
  const listed = devices.register("a", "</3/0>,</3303/0>", { version: "1.1" });
  expect(identities.wants(DEVICE, listed)).toBe(true);
  expect(identities.wants(DEVICE, devices.register("b", "</3303/0>", { version: "1.1" }))).toBe(
    false,
  );
  expect(identities.wants(DEVICE, devices.register("c", "</3/0>"))).toBe(false);
  identities.handleEvent(DEVICE, answer("/3/0/0", "Acme"));
  expect(identities.wants(DEVICE, listed)).toBe(false);
});
