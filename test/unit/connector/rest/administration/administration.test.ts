import { describe, expect, test } from "vitest";
import type { Permission } from "../../../../../connector/access/model.ts";
import { RestBench } from "../bench.ts";
import { NODE_001 } from "../fake-devices.ts";

// Answers are read as JSON of whatever form the test expects.
// biome-ignore lint/suspicious/noExplicitAny: the assertions say what it is
type Body = any;

interface Answer {
  readonly status: number;
  readonly body: Body;
  readonly type: string | null;
}

/** Administration as its callers see it. */
class Desk {
  readonly bench = new RestBench();

  async ask(method: string, path: string, body?: unknown, key?: string): Promise<Answer> {
    const response = await this.bench.fetch(method, `/admin${path}`, {
      key: key ?? this.bench.key,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const type = response.headers.get("content-type");
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text), type };
  }

  /** What a request that must succeed answers. */
  async done(method: string, path: string, body?: unknown, key?: string): Promise<Body> {
    const answer = await this.ask(method, path, body, key);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer.body;
  }

  /** A user with these permissions, and a key of its own. */
  async userWith(
    permissions: Permission[],
    more: object = {},
    domain = "default",
  ): Promise<{ id: string; key: string }> {
    const name = `user-${Math.random()}`;
    const user = await this.done("POST", `/users?domain=${domain}`, { name, permissions, ...more });
    const created = await this.done("POST", "/access-keys", { owner: user.id });
    return { id: user.id, key: created.accessKey };
  }
}

describe("users", () => {
  test("a user is made, shown, listed, changed and removed", async () => {
    const desk = new Desk();
    const made = await desk.done("POST", "/users", { name: "Ann@Example.com", staff: true });
    expect(made).toMatchObject({
      name: "ann@example.com",
      domain: "default",
      active: true,
      staff: true,
      superuser: false,
      permissions: [],
      hasPassword: false,
      createdAt: "1970-01-01T00:00:00.000Z",
    });
    expect(await desk.done("GET", `/users/${made.id}`)).toEqual(made);
    const { items } = await desk.done("GET", "/users");
    expect(items.map((user: Body) => user.name)).toEqual(["admin", "ann@example.com"]);
    const change = { permissions: ["view device"] };
    expect(await desk.done("PATCH", `/users/${made.id}`, change)).toMatchObject(change);
    expect((await desk.ask("DELETE", `/users/${made.id}`)).status).toBe(204);
    expect((await desk.ask("GET", `/users/${made.id}`)).status).toBe(404);
  });

  test("a password is set, is good for Basic, and is shown nowhere", async () => {
    const desk = new Desk();
    const { id } = await desk.done("POST", "/users", {
      name: "bob",
      password: "correct horse",
      permissions: ["view user"],
    });
    const login = (password: string) => ({
      authorization: `Basic ${Buffer.from(`bob:${password}`).toString("base64")}`,
    });
    const first = await desk.bench.fetch("GET", "/admin/users", {
      headers: login("correct horse"),
    });
    expect(first.status).toBe(200);
    expect(await first.text()).not.toMatch(/scrypt|correct/);
    await desk.done("PUT", `/users/${id}/password`, { password: "battery staple" });
    const old = await desk.bench.fetch("GET", "/admin/users", { headers: login("correct horse") });
    expect(old.status).toBe(401);
    const now = await desk.bench.fetch("GET", "/admin/users", {
      headers: login("battery staple"),
    });
    expect(now.status).toBe(200);
  });

  test("what is wrong with a body is said, member by member", async () => {
    const desk = new Desk();
    const body = { name: 5, colour: "red", permissions: ["rule world"] };
    const { status, type, body: problem } = await desk.ask("POST", "/users", body);
    expect(status).toBe(400);
    expect(type).toBe("application/problem+json");
    expect(problem).toMatchObject({ type: "about:blank", title: "Bad Request", status: 400 });
    expect(problem.detail).toMatch(/name: .*string/);
    expect(problem.detail).toMatch(/permissions\.0/);
    const short = await desk.ask("POST", "/users", { name: "a", password: "short" });
    expect(short.body.detail).toMatch(/^password: /);
  });

  test("a body that is no JSON, too long, or said to be a form, is refused", async () => {
    const { bench } = new Desk();
    expect((await bench.ask("POST", "/admin/users", { body: "{" }))[0]).toBe(400);
    expect((await bench.ask("POST", "/admin/users", { body: "[]" }))[0]).toBe(400);
    const long = JSON.stringify({ name: "x".repeat(70_000) });
    expect((await bench.ask("POST", "/admin/users", { body: long }))[0]).toBe(413);
    const form = { "content-type": "text/plain" };
    expect((await bench.ask("POST", "/admin/users", { body: "{}", headers: form }))[0]).toBe(415);
  });

  test("a name is one user's, in whatever case", async () => {
    const desk = new Desk();
    await desk.done("POST", "/users", { name: "carol" });
    expect((await desk.ask("POST", "/users", { name: "CAROL" })).status).toBe(409);
  });

  test("deactivating a user ends its keys at once, and activating it brings them back", async () => {
    const desk = new Desk();
    const { id, key } = await desk.userWith(["view user"]);
    expect((await desk.ask("GET", "/users", undefined, key)).status).toBe(200);
    await desk.done("PATCH", `/users/${id}`, { active: false });
    expect((await desk.ask("GET", "/users", undefined, key)).status).toBe(401);
    await desk.done("PATCH", `/users/${id}`, { active: true });
    expect((await desk.ask("GET", "/users", undefined, key)).status).toBe(200);
    await desk.done("DELETE", `/users/${id}`);
    expect((await desk.ask("GET", "/users", undefined, key)).status).toBe(401);
  });
});

describe("lists in pages", () => {
  test("the pages together are the whole list, each item once, in order", async () => {
    const desk = new Desk();
    const names = Array.from({ length: 25 }, (_, i) => `n${String(i * 7).padStart(3, "0")}`);
    for (const name of [...names].reverse()) await desk.done("POST", "/users", { name });
    const seen: string[] = [];
    let after = "";
    for (let pages = 0; pages < 10; pages++) {
      const query = after === "" ? "" : `&after=${encodeURIComponent(after)}`;
      const page = await desk.done("GET", `/users?limit=7${query}`);
      expect(page.items.length).toBeLessThanOrEqual(7);
      seen.push(...page.items.map((user: Body) => user.name));
      if (page.next === undefined) break;
      after = page.next;
    }
    expect(seen).toEqual(["admin", ...names]);
  });

  test("a page that holds exactly the rest names no next one", async () => {
    const desk = new Desk();
    await desk.done("POST", "/users", { name: "b" });
    expect(await desk.done("GET", "/users?limit=2")).not.toHaveProperty("next");
    expect(await desk.done("GET", "/users?limit=1")).toHaveProperty("next", "admin");
  });

  test.each([
    "limit=0",
    "limit=1001",
    "limit=x",
    "limit=-1",
    "limit=",
  ])("%s is refused", async (query) => {
    expect((await new Desk().ask("GET", `/users?${query}`)).status).toBe(400);
  });
});

describe("nobody gives what he has not", () => {
  test("permissions beyond one's own cannot be given, to a user or to a group", async () => {
    const desk = new Desk();
    const { key } = await desk.userWith(["add user", "change user", "view device"]);
    const more = { permissions: ["delete device"] };
    expect((await desk.ask("POST", "/users", { name: "x", ...more }, key)).status).toBe(403);
    expect((await desk.ask("POST", "/groups", { name: "x", ...more }, key)).status).toBe(403);
    const own = { permissions: ["view device"] };
    expect((await desk.ask("POST", "/users", { name: "x", ...own }, key)).status).toBe(201);
    expect((await desk.ask("POST", "/groups", { name: "x", ...own }, key)).status).toBe(201);
  });

  test("neither by putting somebody into a group that has them", async () => {
    const desk = new Desk();
    const strong = await desk.done("POST", "/groups", {
      name: "g",
      permissions: ["delete device"],
    });
    const { id, key } = await desk.userWith(["add user", "change user"]);
    const groups = { groups: [strong.id] };
    expect((await desk.ask("POST", "/users", { name: "x", ...groups }, key)).status).toBe(403);
    expect((await desk.ask("PATCH", `/users/${id}`, groups, key)).status).toBe(403);
    expect((await desk.ask("PATCH", `/groups/${strong.id}`, { name: "h" }, key)).status).toBe(403);
  });

  test("nor by becoming superuser or staff, or making one", async () => {
    const desk = new Desk();
    const { id, key } = await desk.userWith(["add user", "change user"]);
    for (const more of [{ superuser: true }, { staff: true }]) {
      expect((await desk.ask("PATCH", `/users/${id}`, more, key)).status).toBe(403);
      expect((await desk.ask("POST", "/users", { name: "x", ...more }, key)).status).toBe(403);
    }
  });

  test("nor by taking over who may more: password, key, deactivation, removal", async () => {
    const desk = new Desk();
    const { key } = await desk.userWith([
      "change user",
      "delete user",
      "add access-key",
      "delete access-key",
    ]);
    const other = await desk.userWith(["delete device"]);
    for (const id of ["admin", other.id]) {
      const password = { password: "long enough" };
      expect((await desk.ask("PUT", `/users/${id}/password`, password, key)).status).toBe(403);
      expect((await desk.ask("POST", "/access-keys", { owner: id }, key)).status).toBe(403);
      expect((await desk.ask("PATCH", `/users/${id}`, { active: false }, key)).status).toBe(403);
      expect((await desk.ask("DELETE", `/users/${id}`, undefined, key)).status).toBe(403);
    }
    const [first] = [...desk.bench.access.keys.all()];
    expect((await desk.ask("DELETE", `/access-keys/${first.id}`, undefined, key)).status).toBe(403);
  });

  test("nor by way of a customer or a device: its key, its password, or binding a device to one's own", async () => {
    const desk = new Desk();
    const customer = await desk.done("POST", "/customers", { email: "c@example.com" });
    await desk.done("POST", "/devices", { endpointName: "d" });
    const { key } = await desk.userWith(["view customer", "change customer", "change device"]);
    const ofCustomer = `/customers/${customer.id}`;
    const password = { password: "long enough" };
    for (const [method, path, body] of [
      ["GET", `${ofCustomer}/key`],
      ["POST", `${ofCustomer}/key`],
      ["PUT", `${ofCustomer}/password`, password],
      ["PUT", `${ofCustomer}/devices/d`],
      ["GET", "/devices/d/public-key"],
      ["POST", "/devices/d/public-key"],
    ] as const) {
      expect((await desk.ask(method, path, body, key)).status, path).toBe(403);
    }
  });

  test("what a superuser had beside counts when he becomes an ordinary user", async () => {
    const desk = new Desk();
    const { id } = await desk.userWith(["delete device"], { superuser: true });
    const { key } = await desk.userWith(["change user"]);
    expect((await desk.ask("PATCH", `/users/${id}`, { superuser: false }, key)).status).toBe(403);
  });

  test("a refusal is written down", async () => {
    const desk = new Desk();
    const { key } = await desk.userWith(["add user"]);
    await desk.ask("POST", "/users", { name: "x", superuser: true }, key);
    const { items } = await desk.done("GET", "/audit?limit=1");
    expect(items[0]).toMatchObject({ action: "permission.refused", object: "/admin/users" });
  });
});

describe("the last superuser", () => {
  test("of the operator's domain cannot be deactivated, demoted or removed, not even by himself", async () => {
    const desk = new Desk();
    for (const change of [{ active: false }, { superuser: false }]) {
      expect((await desk.ask("PATCH", "/users/admin", change)).status).toBe(409);
    }
    expect((await desk.ask("DELETE", "/users/admin")).status).toBe(409);
  });

  test("may go when there is another one, but the first user is never removed", async () => {
    const desk = new Desk();
    const { key } = await desk.userWith([], { superuser: true });
    expect((await desk.ask("DELETE", "/users/admin", undefined, key)).status).toBe(409);
    expect((await desk.ask("PATCH", "/users/admin", { active: false }, key)).status).toBe(200);
    expect((await desk.ask("GET", "/users")).status).toBe(401);
  });

  test("of another domain can be taken by the operator, not by himself", async () => {
    const desk = new Desk();
    await desk.done("POST", "/domains", { name: "acme" });
    const { id, key } = await desk.userWith([], { superuser: true }, "acme");
    const change = { active: false };
    expect((await desk.ask("PATCH", `/users/${id}`, change, key)).status).toBe(409);
    expect((await desk.ask("PATCH", `/users/${id}`, change)).status).toBe(200);
  });
});

describe("groups", () => {
  test("a group gives its members its permissions, and takes them when it goes", async () => {
    const desk = new Desk();
    const group = await desk.done("POST", "/groups", {
      name: "readers",
      permissions: ["view user"],
    });
    const { id, key } = await desk.userWith([], { groups: [group.id] });
    expect((await desk.ask("GET", "/users", undefined, key)).status).toBe(200);
    await desk.done("PATCH", `/groups/${group.id}`, { permissions: [] });
    expect((await desk.ask("GET", "/users", undefined, key)).status).toBe(403);
    await desk.done("DELETE", `/groups/${group.id}`);
    expect((await desk.done("GET", `/users/${id}`)).groups).toEqual([]);
    expect((await desk.done("GET", "/groups")).items).toEqual([]);
  });

  test("a group that there is not, or of another domain, cannot be joined", async () => {
    const desk = new Desk();
    await desk.done("POST", "/domains", { name: "acme" });
    const foreign = await desk.done("POST", "/groups?domain=acme", { name: "g", permissions: [] });
    for (const id of ["nothing", foreign.id]) {
      expect((await desk.ask("POST", "/users", { name: "x", groups: [id] })).status).toBe(400);
    }
  });

  test("two groups of a domain have two names", async () => {
    const desk = new Desk();
    await desk.done("POST", "/groups", { name: "g", permissions: [] });
    expect((await desk.ask("POST", "/groups", { name: "g", permissions: [] })).status).toBe(409);
  });
});

describe("customers", () => {
  test("a customer is made, has a key, and loses it by rotation, deactivation and removal", async () => {
    const desk = new Desk();
    const customer = await desk.done("POST", "/customers", { email: "c@example.com" });
    expect(customer).toMatchObject({ email: "c@example.com", active: true, deviceCount: 0 });
    expect(JSON.stringify(customer)).not.toContain("customerKey");
    const { access } = desk.bench;
    const isGood = (key: string) =>
      access.identify(0, { scheme: "bearer", value: key }, ["customer-key"]) !== undefined;
    const { customerKey } = await desk.done("GET", `/customers/${customer.id}/key`);
    expect(isGood(customerKey)).toBe(true);
    const rotated = await desk.done("POST", `/customers/${customer.id}/key`);
    expect(isGood(customerKey)).toBe(false);
    expect(isGood(rotated.customerKey)).toBe(true);
    await desk.done("PATCH", `/customers/${customer.id}`, { active: false });
    expect(isGood(rotated.customerKey)).toBe(false);
    await desk.done("PATCH", `/customers/${customer.id}`, { active: true });
    await desk.done("DELETE", `/customers/${customer.id}`);
    expect(isGood(rotated.customerKey)).toBe(false);
  });

  test("a customer is no user and a user no customer", async () => {
    const desk = new Desk();
    const customer = await desk.done("POST", "/customers", { email: "c@example.com" });
    expect((await desk.ask("GET", `/users/${customer.id}`)).status).toBe(404);
    expect((await desk.ask("DELETE", `/users/${customer.id}`)).status).toBe(404);
    expect((await desk.ask("GET", "/customers/admin")).status).toBe(404);
    expect((await desk.done("GET", "/users")).items).toHaveLength(1);
  });

  test("a device is bound, listed on both sides and released, and its PUBLIC_KEY changes then", async () => {
    const desk = new Desk();
    const customer = await desk.done("POST", "/customers", { email: "c@example.com" });
    await desk.done("POST", "/devices", { endpointName: "urn:dev:1" });
    const before = await desk.done("GET", "/devices/urn:dev:1/public-key");
    const path = `/customers/${customer.id}/devices/urn:dev:1`;
    expect((await desk.ask("PUT", path)).status).toBe(204);
    expect((await desk.ask("PUT", path)).status).toBe(204);
    expect((await desk.done("GET", `/customers/${customer.id}/devices`)).items).toEqual([
      { customerId: customer.id, endpointName: "urn:dev:1" },
    ]);
    expect((await desk.done("GET", "/devices/urn:dev:1")).customers).toEqual([customer.id]);
    expect((await desk.ask("DELETE", path)).status).toBe(204);
    expect((await desk.ask("DELETE", path)).status).toBe(404);
    const after = await desk.done("GET", "/devices/urn:dev:1/public-key");
    expect(after.publicKey).not.toBe(before.publicKey);
  });

  test("an exclusive device has one customer", async () => {
    const desk = new Desk();
    await desk.done("PATCH", "/domains/default", { sharing: "exclusive" });
    await desk.done("POST", "/devices", { endpointName: "d" });
    const one = await desk.done("POST", "/customers", { email: "a@example.com" });
    const other = await desk.done("POST", "/customers", { email: "b@example.com" });
    await desk.done("PUT", `/customers/${one.id}/devices/d`);
    expect((await desk.ask("PUT", `/customers/${other.id}/devices/d`)).status).toBe(409);
    await desk.done("DELETE", `/customers/${one.id}/devices/d`);
    expect((await desk.ask("PUT", `/customers/${other.id}/devices/d`)).status).toBe(204);
  });
});

describe("devices", () => {
  test("the list goes by domain, type, name and registration", async () => {
    const desk = new Desk();
    const { bench } = desk;
    for (const [name, type] of [
      ["a-1", "meter"],
      ["a-2", "lamp"],
      ["b-1", "meter"],
    ]) {
      await desk.done("POST", "/devices", { endpointName: name, endpointType: type });
    }
    bench.devices.register("a-1", NODE_001, { endpointType: "meter", queueMode: true });
    const names = async (query: string) =>
      (await desk.done("GET", `/devices${query}`)).items.map((item: Body) => item.endpointName);
    expect(await names("")).toEqual(["a-1", "a-2", "b-1"]);
    expect(await names("?type=meter")).toEqual(["a-1", "b-1"]);
    expect(await names("?name=a-")).toEqual(["a-1", "a-2"]);
    expect(await names("?registered=true")).toEqual(["a-1"]);
    expect(await names("?registered=false")).toEqual(["a-2", "b-1"]);
    expect((await desk.ask("GET", "/devices?registered=maybe")).status).toBe(400);
    const first = await desk.done("GET", "/devices?limit=2");
    expect(await names(`?limit=2&after=${first.next}`)).toEqual(["b-1"]);
    expect(await desk.done("GET", "/devices/a-1")).toMatchObject({
      registered: true,
      queueMode: true,
    });
  });

  test("a device moved to another domain leaves its claims, its notes and its key behind", async () => {
    const desk = new Desk();
    const { access } = desk.bench;
    await desk.done("POST", "/domains", { name: "acme" });
    const device = await desk.done("POST", "/devices", { endpointName: "d" });
    access.devices.put({ ...access.devices.get(device.id)!, inventory: { notes: "ours" } });
    const customer = await desk.done("POST", "/customers", { email: "c@example.com" });
    await desk.done("PUT", `/customers/${customer.id}/devices/d`);
    const { publicKey } = await desk.done("GET", "/devices/d/public-key");
    expect(await desk.done("PATCH", "/devices/d", { domain: "acme" })).toMatchObject({
      domain: "acme",
    });
    expect(access.devices.withPublicKey(publicKey)).toBeUndefined();
    expect(access.devices.get(device.id)).toBeUndefined();
    expect(access.devices.named("d")?.inventory).toBeUndefined();
    expect((await desk.done("GET", `/customers/${customer.id}/devices`)).items).toEqual([]);
  });

  test("a device moved to another domain leaves what it was to be given in bootstrap, and what became of that", async () => {
    const desk = new Desk();
    const { bootstrap } = desk.bench;
    await desk.done("POST", "/domains", { name: "acme" });
    await desk.done("POST", "/devices", { endpointName: "d" });
    const servers = [{ uri: "coap://192.0.2.1", shortServerId: 1 }];
    await desk.done("PUT", "/bootstrap/configurations/d", { servers });
    const outcome = { endedAt: 1, took: 0, via: "request", outcome: "finished", address: "a" };
    bootstrap.outcomes.add("d", { ...outcome, source: "", steps: 1, found: {} } as never);
    await desk.done("PATCH", "/devices/d", { domain: "acme" });
    await desk.done("PATCH", "/devices/d", { domain: "default" });
    expect(await desk.done("GET", "/bootstrap/devices/d")).toMatchObject({
      source: null,
      outcomes: [],
    });
  });

  test("a registered device that is moved stays registered, and is the new domain's alone", async () => {
    const desk = new Desk();
    const { bench } = desk;
    await desk.done("POST", "/domains", { name: "acme" });
    await desk.done("POST", "/devices", { endpointName: "d" });
    bench.devices.register("d", NODE_001);
    const { key } = await desk.userWith([], { superuser: true }, "acme");
    const sees = async (by: string) =>
      (await bench.fetch("GET", "/v2/endpoints/d", { key: by })).status;
    expect([await sees(bench.key), await sees(key)]).toEqual([200, 404]);
    expect(await desk.done("PATCH", "/devices/d", { domain: "acme" })).toMatchObject({
      registered: true,
    });
    expect([await sees(bench.key), await sees(key)]).toEqual([404, 200]);
  });

  test("a registered device is not forgotten, another one with all its claims", async () => {
    const desk = new Desk();
    await desk.done("POST", "/devices", { endpointName: "d" });
    desk.bench.devices.register("d", NODE_001);
    expect((await desk.ask("DELETE", "/devices/d")).status).toBe(409);
    desk.bench.devices.deregister("d");
    const customer = await desk.done("POST", "/customers", { email: "c@example.com" });
    await desk.done("PUT", `/customers/${customer.id}/devices/d`);
    expect((await desk.ask("DELETE", "/devices/d")).status).toBe(204);
    // A number may be given again: whoever had the device must not have the next one.
    await desk.done("POST", "/devices", { endpointName: "e" });
    expect((await desk.done("GET", "/devices/e")).customers).toEqual([]);
  });

  test("an endpoint name that no device could register with is refused", async () => {
    const desk = new Desk();
    for (const endpointName of ["", "a/b", "a b", "é", "x".repeat(300)]) {
      expect((await desk.ask("POST", "/devices", { endpointName })).status).toBe(400);
    }
  });
});

describe("access keys", () => {
  test("a key is shown once, listed without itself, and revoked for good", async () => {
    const desk = new Desk();
    const made = await desk.done("POST", "/access-keys", { name: "ci" });
    expect(made).toMatchObject({ name: "ci", owner: "admin", state: "good", expiresAt: null });
    expect((await desk.ask("GET", "/users", undefined, made.accessKey)).status).toBe(200);
    const listed = await desk.ask("GET", `/access-keys?prefix=${made.prefix}`);
    expect(listed.body.items).toHaveLength(1);
    expect(JSON.stringify(listed.body)).not.toContain(made.accessKey);
    expect(JSON.stringify(listed.body)).not.toContain("digest");
    await desk.done("DELETE", `/access-keys/${made.id}`);
    expect((await desk.ask("GET", "/users", undefined, made.accessKey)).status).toBe(401);
    expect(await desk.done("GET", `/access-keys/${made.id}`)).toMatchObject({ state: "revoked" });
  });

  test("a key with an end is good until then", async () => {
    const desk = new Desk();
    const expiresAt = "1970-01-01T01:00:00Z";
    const made = await desk.done("POST", "/access-keys", { expiresAt });
    desk.bench.now = 3_599_999;
    expect((await desk.ask("GET", "/users", undefined, made.accessKey)).status).toBe(200);
    desk.bench.now = 3_600_000;
    expect((await desk.ask("GET", "/users", undefined, made.accessKey)).status).toBe(401);
    expect((await desk.ask("POST", "/access-keys", { expiresAt })).status).toBe(400);
    expect((await desk.ask("POST", "/access-keys", { expiresAt: "tomorrow" })).status).toBe(400);
  });
});

describe("API clients", () => {
  test("a client shows its secret once, and what its tokens may ends with it", async () => {
    const desk = new Desk();
    const { id } = await desk.userWith(["view device"]);
    const made = await desk.done("POST", "/api-clients", { owner: id, ttl: 5 });
    expect(made).toMatchObject({ owner: id, ttl: 5, enabled: true, lastUsedAt: null });
    const { clientKey, secretKey } = made;
    const login = Buffer.from(`${clientKey}:${secretKey}`).toString("base64");
    const mint = () =>
      desk.bench.fetch("POST", "/tauth/1.0/token/", {
        headers: { authorization: `Basic ${login}` },
      });
    const { token } = (await (await mint()).json()) as { token: string };
    const list = async () =>
      (await desk.bench.fetch("GET", "/api/2.0/devices/", { key: token })).status;
    expect(await list()).toBe(200);
    const shown = await desk.done("GET", `/api-clients/${clientKey}`);
    expect(JSON.stringify(shown)).not.toContain(secretKey);
    expect(await desk.done("GET", "/api-clients")).toEqual({ items: [shown] });
    await desk.done("PATCH", `/api-clients/${clientKey}`, { enabled: false });
    expect(await list()).toBe(401);
    expect((await mint()).status).toBe(401);
    await desk.done("PATCH", `/api-clients/${clientKey}`, { enabled: true });
    // What has ended stays so.
    expect(await list()).toBe(401);
    expect((await mint()).status).toBe(200);
  });

  test("another secret leaves the former one good for a day; all tokens can be ended at once", async () => {
    const desk = new Desk();
    const { id } = await desk.userWith(["view device"]);
    const { clientKey, secretKey } = await desk.done("POST", "/api-clients", { owner: id });
    const rotated = await desk.done("POST", `/api-clients/${clientKey}/secret`);
    const { access } = desk.bench;
    for (const each of [secretKey, rotated.secretKey]) {
      expect(access.clients.find({ clientKey, secretKey: each }, desk.bench.now)).toBeDefined();
    }
    const day = 24 * 3600_000;
    expect(access.clients.find({ clientKey, secretKey }, day)).toBeUndefined();
    await access.tokens.mint(access.clients.withKey(clientKey)!, desk.bench.now);
    await desk.done("DELETE", `/api-clients/${clientKey}/tokens`);
    expect(access.tokens.size).toBe(0);
    await desk.done("DELETE", `/api-clients/${clientKey}`);
    expect((await desk.ask("GET", `/api-clients/${clientKey}`)).status).toBe(404);
  });

  test("the owner must be active and not staff, and may do no more than who makes the client", async () => {
    const desk = new Desk();
    const staff = await desk.userWith([], { staff: true });
    expect((await desk.ask("POST", "/api-clients", { owner: staff.id })).status).toBe(400);
    const strong = await desk.userWith(["delete device"]);
    const { key } = await desk.userWith(["add api-client"]);
    expect((await desk.ask("POST", "/api-clients", { owner: strong.id }, key)).status).toBe(403);
    const { clientKey } = await desk.done("POST", "/api-clients", { owner: strong.id });
    await desk.done("DELETE", `/users/${strong.id}`);
    expect((await desk.ask("GET", `/api-clients/${clientKey}`)).status).toBe(404);
  });

  test.each([
    { ttl: 0 },
    { ttl: 61 },
    { ttl: 1.5 },
    { ttl: "5" },
  ])("%j is refused", async (terms) => {
    const desk = new Desk();
    const { id } = await desk.userWith([]);
    expect((await desk.ask("POST", "/api-clients", { owner: id, ...terms })).status).toBe(400);
  });
});

describe("certificates", () => {
  test("are listed by domain in pages, revoked for good, and then on the list for all to see", async () => {
    const desk = new Desk();
    for (let i = 0; i < 3; i++) await desk.bench.fetch("POST", "/api/security.h");
    const { items, next } = await desk.done("GET", "/certificates?limit=2");
    expect(items).toHaveLength(2);
    const rest = await desk.done("GET", `/certificates?limit=2&after=${next}`);
    expect(rest.items).toHaveLength(1);
    expect(rest).not.toHaveProperty("next");
    const [{ serial }] = items;
    expect(await desk.done("DELETE", `/certificates/${serial}`)).toMatchObject({
      serial,
      revokedAt: "1970-01-01T00:00:00.000Z",
    });
    expect((await desk.ask("DELETE", "/certificates/00")).status).toBe(404);
    const list = await desk.bench.fetch("GET", "/admin/ca.crl", { key: "" });
    expect(await list.text()).toMatch(/^-----BEGIN X509 CRL-----/);
  });

  test("of another domain are neither listed nor revoked", async () => {
    const desk = new Desk();
    await desk.bench.fetch("POST", "/api/security.h");
    const { items } = await desk.done("GET", "/certificates");
    await desk.done("POST", "/domains", { name: "acme" });
    const { key } = await desk.userWith([], { superuser: true }, "acme");
    expect((await desk.done("GET", "/certificates", undefined, key)).items).toEqual([]);
    const path = `/certificates/${items[0].serial}`;
    expect((await desk.ask("DELETE", path, undefined, key)).status).toBe(404);
  });
});

describe("domains", () => {
  test("only superusers of the operator's domain make and change them", async () => {
    const desk = new Desk();
    const acme = await desk.done("POST", "/domains", { name: "acme", registration: "open" });
    expect(acme).toMatchObject({ registration: "open", sharing: "shared" });
    const { key } = await desk.userWith([], { superuser: true }, "acme");
    expect((await desk.ask("POST", "/domains", { name: "x" }, key)).status).toBe(403);
    expect((await desk.ask("PATCH", "/domains/acme", { name: "x" }, key)).status).toBe(403);
    const { items } = await desk.done("GET", "/domains", undefined, key);
    expect(items.map((domain: Body) => domain.name)).toEqual(["acme"]);
    expect((await desk.ask("POST", "/domains", { name: "acme" })).status).toBe(409);
  });

  test("whoever has all rights in another domain finds nothing of this one, by name or by id", async () => {
    const desk = new Desk();
    await desk.done("POST", "/domains", { name: "acme" });
    await desk.done("POST", "/devices", { endpointName: "d" });
    const customer = await desk.done("POST", "/customers", { email: "c@example.com" });
    const group = await desk.done("POST", "/groups", { name: "g", permissions: [] });
    const [first] = [...desk.bench.access.keys.all()];
    const { key } = await desk.userWith([], { superuser: true }, "acme");
    for (const path of [
      "/users/admin",
      `/groups/${group.id}`,
      `/customers/${customer.id}`,
      `/customers/${customer.id}/key`,
      "/devices/d",
      "/devices/d/public-key",
      `/access-keys/${first.id}`,
      "/domains/default",
      "/users?domain=default",
      "/audit?domain=default",
      "/devices?domain=nowhere",
    ]) {
      expect((await desk.ask("GET", path, undefined, key)).status, path).toBe(404);
    }
    expect((await desk.done("GET", "/devices", undefined, key)).items).toEqual([]);
    expect((await desk.done("GET", "/customers", undefined, key)).items).toEqual([]);
    const unknown = await desk.ask("GET", "/users/nobody", undefined, key);
    const foreign = await desk.ask("GET", "/users/admin", undefined, key);
    expect(JSON.stringify(foreign).replace("admin", "nobody")).toBe(JSON.stringify(unknown));
  });

  test("the operator administrates a domain that it names", async () => {
    const desk = new Desk();
    await desk.done("POST", "/domains", { name: "acme" });
    const user = await desk.done("POST", "/users?domain=acme", { name: "eve" });
    expect(user.domain).toBe("acme");
    expect((await desk.done("GET", "/users?domain=acme")).items).toEqual([user]);
    expect(await desk.done("GET", `/users/${user.id}`)).toEqual(user);
  });
});

describe("the audit", () => {
  test("says who did what, the newest first, in pages, and never a secret", async () => {
    const desk = new Desk();
    const made = await desk.done("POST", "/access-keys", { name: "ci" });
    const customer = await desk.done("POST", "/customers", {
      email: "c@example.com",
      password: "correct horse",
    });
    const { customerKey } = await desk.done("GET", `/customers/${customer.id}/key`);
    const page = await desk.done("GET", "/audit?limit=2");
    expect(page.items.map((entry: Body) => entry.action)).toEqual([
      "customer-key.shown",
      "customer.created",
    ]);
    expect(page.items[0].actor).toMatch(/^access-key:/);
    const rest = await desk.done("GET", `/audit?limit=2&after=${page.next}`);
    expect(rest.items.map((entry: Body) => entry.action)).toEqual(["access-key.created"]);
    const some = await desk.done("GET", "/audit?action=access-key.");
    expect(some.items).toEqual(rest.items);
    const all = JSON.stringify((await desk.done("GET", "/audit")).items);
    for (const secret of [made.accessKey, customerKey, "correct horse"]) {
      expect(all).not.toContain(secret);
    }
  });
});

describe("logins in the audit", () => {
  const login = (name: string, password: string) => ({
    headers: { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` },
  });

  test("a good one is there once an hour, a bad one each time, in the domain of who has the name", async () => {
    const desk = new Desk();
    const { bench } = desk;
    await desk.done("POST", "/domains", { name: "acme" });
    const body = { name: "bob", password: "correct horse", permissions: ["view audit"] };
    await desk.done("POST", "/users?domain=acme", body);
    for (const minutes of [0, 1, 59, 60]) {
      bench.now = minutes * 60_000;
      await bench.fetch("GET", "/admin/audit", login("bob", "correct horse"));
    }
    await bench.fetch("GET", "/admin/audit", login("bob", "wrong horse"));
    const { items } = await desk.done("GET", "/audit?domain=acme");
    expect(items.map(({ action, object }: Body) => `${action} ${object}`)).toEqual([
      "login.refused bob",
      "login bob",
      "login bob",
    ]);
  });

  test("what nobody is called is not written down: it may be a password", async () => {
    const desk = new Desk();
    await desk.bench.fetch("GET", "/admin/audit", login("correct horse battery", ""));
    const { items } = await desk.done("GET", "/audit");
    expect(items).toMatchObject([{ action: "login.refused", object: "an unknown name" }]);
  });
});

describe("who asks, and what is used", () => {
  test("the caller is told its domain, its user and its rights", async () => {
    const desk = new Desk();
    expect(await desk.done("GET", "/me")).toMatchObject({
      domain: "default",
      operator: true,
      user: "admin",
      rights: "all",
    });
    const { key } = await desk.userWith(["view device", "view user"]);
    expect(await desk.done("GET", "/me", undefined, key)).toMatchObject({
      operator: false,
      rights: ["view device", "view user"],
    });
  });

  test("the quotas are shown with what is used of them", async () => {
    const desk = new Desk();
    desk.bench.devices.register("d", NODE_001);
    expect(await desk.done("GET", "/limits")).toMatchObject({
      transactions: { quota: 10_000, used: 0 },
      endpoints: { quota: 100, used: 1 },
    });
  });
});

describe("the description", () => {
  test("has every route, and only schemas that it holds itself", async () => {
    const desk = new Desk();
    const response = await desk.bench.app.fetch(new Request("http://x/admin/openapi.json"));
    const api = (await response.json()) as Body;
    expect(api.openapi).toBe("3.1.0");
    expect(api.paths["/admin/users/{userId}"]).toHaveProperty("patch.requestBody");
    expect(api.paths["/admin/domains"].post["x-permission"]).toBe("add domain");
    const text = JSON.stringify(api);
    const names = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
    expect(names.length).toBeGreaterThan(20);
    for (const name of new Set(names)) {
      expect(
        Object.keys(api.components.schemas).map((each) => `#/components/schemas/${each}`),
      ).toContain(name);
    }
    const ids = Object.values<Body>(api.paths).flatMap((path) =>
      Object.values<Body>(path).map((operation) => operation.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("is a page that loads nothing, too", async () => {
    const response = await new Desk().bench.app.fetch(new Request("http://x/admin/docs"));
    expect(response.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
    const page = await response.text();
    expect(page).toContain("PATCH /admin/users/:userId");
    expect(page).not.toMatch(/<script|src=/);
  });
});
