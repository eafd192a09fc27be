import { describe, expect, test } from "vitest";
import { DeviceRecords } from "../../../../connector/access/devices.ts";
import { Domains } from "../../../../connector/access/domains.ts";
import { ServerSecret } from "../../../../connector/access/server-secret.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";
import { FakeDevices } from "../rest/fake-devices.ts";

const secret = new ServerSecret(new Uint8Array(32));

function givenDevices(store = new MemoryStore()) {
  const domains = new Domains(store);
  if (domains.named("acme") === undefined) {
    domains.put({ ...domains.get("default")!, id: "1", name: "acme" });
  }
  return new DeviceRecords(store, domains, secret);
}

function registration(endpointName: string, domain?: string) {
  return new FakeDevices().register(endpointName, "</3/0>", { domain, endpointType: "t" });
}

describe("devices on record", () => {
  test("a device comes on record when it registers, in the domain that it names", () => {
    const devices = givenDevices();
    devices.handleRegistration(registration("a", "acme"), 5);
    devices.handleRegistration(registration("b", "nowhere"), 6);
    devices.handleRegistration(registration("c"), 7);
    expect(devices.named("a")).toMatchObject({
      id: 1,
      domainId: "1",
      endpointType: "t",
      createdAt: 5,
    });
    expect(devices.domainOf("b")).toBe("default");
    expect(devices.domainOf("c")).toBe("default");
    expect(devices.domainOf("unknown")).toBe("default");
  });

  test("nobody takes a device over by registering its name in another domain", () => {
    const devices = givenDevices();
    devices.handleRegistration(registration("a", "acme"), 5);
    const before = devices.named("a");
    devices.handleRegistration(registration("a", "default"), 6);
    devices.handleRegistration(registration("a"), 7);
    expect(devices.named("a")).toBe(before);
  });

  test("one put on record by hand keeps its domain, whatever it says when it registers", () => {
    const devices = givenDevices();
    devices.create("1", "a", undefined, 0);
    devices.handleRegistration(registration("a", "default"), 5);
    expect(devices.domainOf("a")).toBe("1");
    expect(devices.create("default", "a", undefined, 6)).toBeUndefined();
  });

  test("the records are there after a restart, and numbers go on", async () => {
    const store = new MemoryStore();
    const devices = givenDevices(store);
    for (const name of ["a", "b", "c"]) devices.create("default", name, undefined, 0);
    devices.remove(2);
    await store.commit();
    const found = givenDevices(store.afterKill());
    expect([...found.all()].map(({ endpointName }) => endpointName)).toEqual(["a", "c"]);
    expect(found.create("default", "d", undefined, 0)?.id).toBe(4);
  });

  test("some are taken from the middle, in the order of their numbers, with gaps", () => {
    const devices = givenDevices();
    for (const name of ["a", "b", "c", "d"]) devices.create("default", name, undefined, 0);
    devices.remove(2);
    devices.put({ ...devices.get(1)!, updatedAt: 9 });
    const ids = (after: number) => [...devices.after(after)].map(({ id }) => id);
    expect(ids(0)).toEqual([1, 3, 4]);
    expect(ids(1)).toEqual([3, 4]);
    expect(ids(4)).toEqual([]);
  });
});

describe("PUBLIC_KEYs", () => {
  test("a key is one device's, also after a restart with the same secret", async () => {
    const store = new MemoryStore();
    const devices = givenDevices(store);
    const a = devices.create("default", "a", undefined, 0)!;
    const b = devices.create("default", "b", undefined, 0)!;
    const key = devices.publicKeyOf(a);
    expect(devices.publicKeyOf(b)).not.toBe(key);
    await store.commit();
    expect(givenDevices(store.afterKill()).withPublicKey(key)?.endpointName).toBe("a");
  });

  test("a key is worthless when it was changed, and when its device has gone and another has its number", async () => {
    const store = new MemoryStore();
    const devices = givenDevices(store);
    const device = devices.create("default", "a", undefined, 0)!;
    const first = devices.publicKeyOf(device);
    const second = devices.publicKeyOf(devices.rotatePublicKey(device, 1));
    expect(devices.withPublicKey(first)).toBeUndefined();
    expect(devices.withPublicKey(second)?.id).toBe(1);
    devices.remove(1);
    await store.commit();
    const found = givenDevices(store.afterKill());
    expect(found.create("default", "b", undefined, 2)?.id).toBe(1);
    expect(found.withPublicKey(second)).toBeUndefined();
  });

  test("nothing else is a key", () => {
    const devices = givenDevices();
    const key = devices.publicKeyOf(devices.create("default", "a", undefined, 0)!);
    const { length } = key;
    for (const wrong of [
      "",
      key.slice(1),
      key.toUpperCase(),
      `0${key}`,
      `zzzzzzzz${key.slice(8)}`,
      `0000001!${key.slice(8)}`,
      "0".repeat(length),
    ]) {
      expect(devices.withPublicKey(wrong)).toBeUndefined();
    }
  });
});
