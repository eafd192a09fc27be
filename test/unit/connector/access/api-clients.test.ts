import { describe, expect, test } from "vitest";
import { ApiClients, drawKeys } from "../../../../connector/access/api-clients.ts";
import { DEFAULT_DOMAIN, type User } from "../../../../connector/access/model.ts";
import { Users } from "../../../../connector/access/users.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";

const DAY = 86_400_000;

function given(more: Partial<User> = {}) {
  const store = new MemoryStore();
  const users = new Users(store);
  const owner = users.put({
    id: "owner",
    domainId: DEFAULT_DOMAIN,
    name: "owner",
    passwordHash: undefined,
    active: true,
    staff: false,
    superuser: false,
    role: "user",
    permissions: [],
    groups: [],
    keyVersion: 0,
    metadata: {},
    createdAt: 0,
    updatedAt: 0,
    ...more,
  });
  return { store, users, owner, clients: new ApiClients(store, users) };
}

describe("an API client is made", () => {
  test("with keys in Device42's form, whose secret is nowhere in the store", () => {
    const { clients, store } = given();
    const { client, secretKey } = clients.create({ ownerId: "owner" }, 0);
    expect(client.clientKey).toMatch(/^[0-9a-f]{32}$/);
    expect(secretKey).toMatch(/^[0-9a-f]{32}_[0-9a-f]{32}$/);
    const stored = JSON.stringify([...store.table("api-clients").entries()]);
    expect(stored).toContain(client.clientKey);
    expect(stored).not.toContain(secretKey.slice(0, 16));
    expect(client).toMatchObject({ number: 1, ttl: 10, enabled: true });
  });

  test.each<[string, Partial<User>]>([
    ["is inactive", { active: false }],
    ["is staff", { staff: true }],
    ["is a customer", { role: "customer" }],
  ])("not for an owner who %s", (_, more) => {
    const { clients } = given(more);
    expect(() => clients.create({ ownerId: "owner" }, 0)).toThrow(/active user who is not staff/);
    expect(clients.size).toBe(0);
  });

  test("not for an owner who does not exist", () => {
    expect(() => given().clients.create({ ownerId: "nobody" }, 0)).toThrow(/owner/);
  });

  test.each([0, 61, 1.5, -1, Number.NaN])("not with tokens of %s minutes", (ttl) => {
    expect(() => given().clients.create({ ownerId: "owner", ttl }, 0)).toThrow(/1 to 60/);
  });

  test.each([1, 60])("with tokens of %s minutes", (ttl) => {
    expect(given().clients.create({ ownerId: "owner", ttl }, 0).client.ttl).toBe(ttl);
  });

  test.each([
    ["a short client key", { clientKey: "abc" }],
    ["a client key with a colon", { clientKey: `${"a".repeat(31)}:` }],
    ["a short secret", { secretKey: "0123456789abcdef" }],
    ["a secret that somebody made up", { secretKey: "0".repeat(64) }],
    ["a long secret", { secretKey: drawKeys().secretKey.replace("_", "").repeat(3) }],
  ])("not with %s", (_, more) => {
    const { clients } = given();
    const keys = { ...drawKeys(), ...more };
    expect(() => clients.create({ ownerId: "owner" }, 0, keys)).toThrow(/hex digits/);
    expect(clients.size).toBe(0);
  });

  test("once with one client key", () => {
    const { clients } = given();
    const keys = drawKeys();
    clients.create({ ownerId: "owner" }, 0, keys);
    expect(() => clients.create({ ownerId: "owner" }, 0, keys)).toThrow(/There is an API client/);
  });

  test("with a number that is not given again, also not after a restart", () => {
    const { clients, users, store } = given();
    const { client } = clients.create({ ownerId: "owner" }, 0);
    clients.remove(client.id);
    const restarted = new ApiClients(store, users);
    expect(restarted.create({ ownerId: "owner" }, 0).client.number).toBe(client.number + 1);
  });
});

describe("its keys", () => {
  test("find it, and others do not", () => {
    const { clients } = given();
    const { client, secretKey } = clients.create({ ownerId: "owner" }, 0);
    const { clientKey } = client;
    expect(clients.find({ clientKey, secretKey }, 0)).toEqual(client);
    expect(clients.find({ clientKey, secretKey: secretKey.slice(1) }, 0)).toBeUndefined();
    expect(clients.find({ clientKey: drawKeys().clientKey, secretKey }, 0)).toBeUndefined();
    expect(clients.find({ clientKey: drawKeys().clientKey, secretKey: "" }, 0)).toBeUndefined();
  });

  test("find it after a restart", () => {
    const { clients, store, users } = given();
    const { client, secretKey } = clients.create({ ownerId: "owner" }, 0);
    const restarted = new ApiClients(store, users);
    expect(restarted.find({ clientKey: client.clientKey, secretKey }, 0)).toEqual(client);
  });

  test("are two for a day while the secret is being changed, and never three", () => {
    const { clients } = given();
    const { client, secretKey: first } = clients.create({ ownerId: "owner" }, 0);
    const good = (secretKey: string, now: number) =>
      clients.find({ clientKey: client.clientKey, secretKey }, now) !== undefined;
    const { secretKey: second } = clients.changeSecret(client.id, 1000);
    expect([good(first, 1000 + DAY - 1), good(second, 1000)]).toEqual([true, true]);
    expect([good(first, 1000 + DAY), good(second, 1000 + DAY)]).toEqual([false, true]);
    const { secretKey: third } = clients.changeSecret(client.id, 2000);
    expect([good(first, 2000), good(second, 2000), good(third, 2000)]).toEqual([false, true, true]);
  });

  test("end at once when that is wanted", () => {
    const { clients } = given();
    const { client, secretKey } = clients.create({ ownerId: "owner" }, 0);
    clients.changeSecret(client.id, 1000, undefined, 0);
    expect(clients.find({ clientKey: client.clientKey, secretKey }, 1000)).toBeUndefined();
  });
});

test("a change that cannot be made changes nothing", () => {
  const { clients } = given();
  const { client } = clients.create({ ownerId: "owner" }, 0);
  expect(() => clients.change(client.id, { ttl: 60 }, 0, "made up")).toThrow(/hex digits/);
  expect(() => clients.change(client.id, { ttl: 99, enabled: false }, 0)).toThrow(/1 to 60/);
  expect(clients.get(client.id)).toEqual(client);
});

test("a use is written down now and then, and when it comes from elsewhere", () => {
  const { clients } = given();
  const { client } = clients.create({ ownerId: "owner" }, 0);
  const used = () => clients.get(client.id)!;
  clients.handleUse(used(), 1000, "192.0.2.1");
  expect(used()).toMatchObject({ lastUsedAt: 1000, lastUsedFrom: "192.0.2.1" });
  const row = used();
  clients.handleUse(row, 2000, "192.0.2.1");
  clients.handleUse(row, 2000);
  expect(used()).toBe(row);
  clients.handleUse(row, 3000, "192.0.2.2");
  expect(used()).toMatchObject({ lastUsedAt: 3000, lastUsedFrom: "192.0.2.2" });
  clients.handleUse(used(), 3000 + 600_000);
  expect(used()).toMatchObject({ lastUsedAt: 603_000, lastUsedFrom: "192.0.2.2" });
});
