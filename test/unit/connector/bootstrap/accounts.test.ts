import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DeviceRecords } from "../../../../connector/access/devices.ts";
import { Domains } from "../../../../connector/access/domains.ts";
import { ServerSecret } from "../../../../connector/access/server-secret.ts";
import { BootstrapAccounts } from "../../../../connector/bootstrap/accounts.ts";
import { valueAt } from "../../../../connector/bootstrap/configuration.ts";
import { hidden } from "../../../../connector/bootstrap/hidden.ts";
import { isMatch } from "../../../../connector/bootstrap/pattern.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";
import { decodeUtf8 } from "../../../../protocol/bytes/utf8.ts";

const secretOf = (byte: number) => new ServerSecret(new Uint8Array(32).fill(byte));

class Bench {
  store: MemoryStore;
  devices: DeviceRecords;
  accounts: BootstrapAccounts;

  constructor(store = new MemoryStore(), secret = secretOf(1), maxText?: number) {
    this.store = store;
    const domains = new Domains(store);
    this.devices = new DeviceRecords(store, domains, secret);
    this.accounts = new BootstrapAccounts({
      store,
      secret,
      devices: this.devices,
      calendarNow: () => 5,
      ...(maxText !== undefined && { maxText }),
    });
  }

  restarted(secret?: ServerSecret, maxText?: number): Bench {
    this.store.commitNow();
    return new Bench(this.store.afterKill(), secret, maxText);
  }
}

const server = (uri: string) => ({ uri, shortServerId: 1 });
const plain = (name: string) => ({ servers: [server(`coap://${name}.test`)] });
const withKey = (secretKey: Record<string, unknown>) => ({
  servers: [{ ...server("coaps://c.test"), securityMode: "psk" as const, secretKey }],
});

const uriFor = (accounts: BootstrapAccounts, name: string) =>
  valueAt(accounts.find(name)?.configuration.entries ?? [], [0, 1, 0]);
const keyFor = (accounts: BootstrapAccounts, name: string) =>
  valueAt(accounts.find(name)?.configuration.entries ?? [], [0, 1, 5]) as Uint8Array;

describe("which configuration a device gets", () => {
  test("what is written for its name comes before rules, and of rules the first that fits", () => {
    const { accounts } = new Bench();
    accounts.putRule("default", "b", { pattern: "meter-*", configuration: plain("meters") });
    accounts.putRule("default", "a", { pattern: "*", order: 2000, configuration: plain("others") });
    accounts.putRule("default", "c", {
      pattern: "meter-9?",
      order: 1,
      configuration: plain("new"),
    });
    accounts.putConfiguration("meter-7", plain("seven"));
    expect(uriFor(accounts, "meter-7")).toBe("coap://seven.test");
    expect(uriFor(accounts, "meter-8")).toBe("coap://meters.test");
    expect(uriFor(accounts, "meter-91")).toBe("coap://new.test");
    expect(uriFor(accounts, "lamp")).toBe("coap://others.test");
    expect(accounts.find("meter-91")?.source).toBe("rule c");
    accounts.removeConfiguration("meter-7");
    accounts.removeRule("default", "b");
    expect(uriFor(accounts, "meter-7")).toBe("coap://others.test");
    accounts.removeRule("default", "a");
    expect(accounts.find("meter-7")).toBeUndefined();
  });

  test("a domain's rules are for the devices of that domain, those that nobody knows are the operator's", () => {
    const { accounts, devices } = new Bench();
    devices.create("acme", "d-acme", undefined, 0);
    accounts.putRule("acme", "all", { pattern: "*", configuration: plain("acme") });
    expect(uriFor(accounts, "d-acme")).toBe("coap://acme.test");
    expect(accounts.find("stranger")).toBeUndefined();
    accounts.putRule("default", "all", { pattern: "*", configuration: plain("operator") });
    expect(uriFor(accounts, "d-acme")).toBe("coap://acme.test");
    expect(uriFor(accounts, "stranger")).toBe("coap://operator.test");
  });

  test("a file is read behind what the API has, whole or not at all", () => {
    const { accounts } = new Bench();
    accounts.setFile({
      configurations: { a: plain("file-a"), b: plain("file-b") },
      rules: [{ name: "r", pattern: "*", configuration: plain("file-rule") }],
    });
    accounts.putConfiguration("a", plain("api-a"));
    expect(["a", "b", "c"].map((name) => uriFor(accounts, name))).toEqual([
      "coap://api-a.test",
      "coap://file-b.test",
      "coap://file-rule.test",
    ]);
    const broken = { configurations: { b: {}, c: { servers: [server("c.test")] } } };
    expect(() => accounts.setFile(broken)).toThrow("configurations.c: /0/1/0: expected a URI");
    expect(uriFor(accounts, "b")).toBe("coap://file-b.test");
    accounts.setFile({});
    expect(accounts.find("b")).toBeUndefined();
  });

  test("configurations and rules are there again after a kill", () => {
    const before = new Bench();
    before.accounts.putConfiguration("a", withKey({ text: "sixteen letters!" }));
    before.accounts.putRule("default", "r", {
      pattern: "b",
      configuration: withKey({ generate: 16 }),
    });
    const key = keyFor(before.accounts, "b");
    const { accounts } = before.restarted();
    expect(decodeUtf8(keyFor(accounts, "a"))).toBe("sixteen letters!");
    expect(keyFor(accounts, "b")).toEqual(key);
  });
});

describe("what there is room for", () => {
  const large = (name: string) => ({ servers: [server(`coap://${name.repeat(200)}.test`)] });

  test("configurations and rules are bounded together, by their length, also after a restart", () => {
    const bench = new Bench(undefined, undefined, 800);
    bench.accounts.putConfiguration("a", large("a"));
    bench.accounts.putRule("default", "r", { pattern: "b", configuration: large("b") });
    const full = "The bootstrap configurations are too long together.";
    expect(() => bench.accounts.putConfiguration("c", large("c"))).toThrow(full);
    const rule = { pattern: "c", configuration: large("c") };
    expect(() => bench.accounts.putRule("default", "s", rule)).toThrow(full);
    expect(bench.accounts.find("c")).toBeUndefined();
    bench.accounts.removeRule("default", "r");
    bench.accounts.putConfiguration("c", large("c"));
    const { accounts } = bench.restarted(undefined, 800);
    expect(() => accounts.putConfiguration("d", large("d"))).toThrow(full);
    accounts.removeConfiguration("c");
    accounts.putConfiguration("d", large("d"));
  });

  test("what is too long already may be made shorter", () => {
    const before = new Bench();
    before.accounts.putConfiguration("a", large("a"));
    before.accounts.putConfiguration("b", large("b"));
    const { accounts } = before.restarted(undefined, 100);
    accounts.putConfiguration("a", plain("a"));
    expect(uriFor(accounts, "a")).toBe("coap://a.test");
  });
});

test("a device that is moved leaves its configuration behind, and does not find it when it comes back", () => {
  const bench = new Bench();
  const { accounts, devices } = bench;
  const device = devices.create("acme", "d", undefined, 0)!;
  accounts.putConfiguration("d", plain("acme"));
  devices.remove(device.id);
  devices.create("other", "d", undefined, 0);
  accounts.handleMove("d");
  devices.remove(devices.named("d")!.id);
  devices.create("acme", "d", undefined, 0);
  expect(accounts.find("d")).toBeUndefined();
  expect([...bench.store.table("bootstrap-configurations").entries()]).toEqual([]);
});

describe("secrets", () => {
  test("a generated key is each device's own, the same each time, and another with each version", () => {
    const { accounts } = new Bench();
    const rule = (version: number) =>
      accounts.putRule("default", "r", {
        pattern: "*",
        configuration: withKey({ generate: 16, version }),
      });
    rule(0);
    const first = keyFor(accounts, "a");
    expect(first).toHaveLength(16);
    expect(keyFor(accounts, "a")).toEqual(first);
    expect(keyFor(accounts, "b")).not.toEqual(first);
    rule(1);
    expect(keyFor(accounts, "a")).not.toEqual(first);
  });

  test("neither the store nor what is shown has them, and both have all else", () => {
    const { accounts, store } = new Bench();
    const text = "canary-of-a-key";
    const { document } = accounts.putConfiguration("a", {
      ...withKey({ text }),
      objects: {
        21: { 0: { 0: { text }, 1: { hex: "01" }, 2: { hex: "02" } } },
        23: { 0: { 0: "kid", 1: 1, 2: text } },
      },
    });
    const stored = JSON.stringify([...store.table("bootstrap-configurations").entries()]);
    const shown = hidden(document);
    expect(stored + JSON.stringify(shown)).not.toContain(text);
    expect(shown).toMatchObject({
      servers: [{ uri: "coaps://c.test", secretKey: { secret: true } }],
      objects: {
        21: { 0: { 0: { secret: true }, 1: { hex: "01" } } },
        23: { 0: { 0: "kid", 2: { secret: true } } },
      },
    });
  });

  test("what is shown can be written back, and the secrets stay", () => {
    const { accounts } = new Bench();
    const { document } = accounts.putConfiguration("a", withKey({ text: "kept" }));
    const edited = hidden(document);
    accounts.putConfiguration("a", { ...edited, format: "tlv" });
    expect(decodeUtf8(keyFor(accounts, "a"))).toBe("kept");
    const other = { ...edited, servers: [{ ...edited.servers?.[0], shortServerId: 2 }] };
    expect(() => accounts.putConfiguration("a", other as typeof edited)).toThrow(
      "/0/1/5: there is no secret here to keep",
    );
    expect(() => accounts.putConfiguration("b", edited)).toThrow("no secret here to keep");
  });

  test("a sealed secret of one device is none of another's, and none without the connector's own secret", () => {
    const before = new Bench();
    before.accounts.putConfiguration("a", withKey({ text: "mine" }));
    const stolen = before.accounts.configuration("a")!.document;
    expect(() => before.accounts.putConfiguration("b", stolen)).toThrow(
      "/0/1/5: expected the value itself",
    );
    const { accounts } = before.restarted(secretOf(2));
    expect(() => accounts.find("a")).toThrow("/0/1/5: the secret cannot be opened");
  });
});

describe("patterns", () => {
  test.each([
    ["*", "", true],
    ["?", "", false],
    ["a*c", "abbbc", true],
    ["a*c", "abbbd", false],
    ["*:mac:??", "urn:dev:mac:00", true],
    ["*:mac:??", "urn:dev:mac:000", false],
    ["a.c", "abc", false],
    ["[ab]", "a", false],
    ["**a**", "bab", true],
  ])("%s and %s", (pattern, name, expected) => {
    expect(isMatch(pattern, name)).toBe(expected);
  });

  test("any pattern matches as the regular expression that says the same", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
    const names = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 });
    fc.assert(
      fc.property(letters, names, (pattern, name) => {
        const source = pattern.replaceAll("*", ".*").replaceAll("?", ".");
        expect(isMatch(pattern, name)).toBe(new RegExp(`^${source}$`, "s").test(name));
      }),
    );
  });
});
