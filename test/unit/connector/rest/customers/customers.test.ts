import { beforeEach, describe, expect, test } from "vitest";
import { createCustomer } from "../../../../../connector/access/customers.ts";
import type { Domain, User } from "../../../../../connector/access/model.ts";
import { Passwords } from "../../../../../connector/access/passwords.ts";
import { RestBench } from "../bench.ts";
import { FakeDevices } from "../fake-devices.ts";

const EMAIL = "moe@tavern.example";
const PASSWORD = "correct horse";
const HOUR = 3_600_000;

let bench: RestBench;
let customer: User;
let key: string;

beforeEach(async () => {
  bench = new RestBench(new FakeDevices());
  for (const name of ["keg-1", "keg-2"]) {
    bench.access.devices.create("default", name, undefined, 0);
  }
  const hash = await bench.access.passwords.hash(PASSWORD);
  customer = createCustomer(bench.access, bench.access.domains.get("default")!, EMAIL, hash);
  key = bench.access.customerKeyOf(customer);
});

function publicKey(endpointName: string): string {
  const { devices } = bench.access;
  return devices.publicKeyOf(devices.named(endpointName)!);
}

function setDomain(change: Partial<Domain>): void {
  const { domains } = bench.access;
  domains.put({ ...domains.get("default")!, ...change });
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  more: Parameters<RestBench["fetch"]>[2] = {},
) {
  const text = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await bench.fetch(method, path, { key, ...text, ...more });
  return {
    status: response.status,
    data: JSON.parse(await response.text()),
    headers: response.headers,
  };
}

function login(email: string, password: string): Parameters<RestBench["fetch"]>[2] {
  const basic = Buffer.from(`${email}:${password}`).toString("base64");
  return { key: "", headers: { authorization: `Basic ${basic}` } };
}

function audited(): string[] {
  return [...bench.store.table<{ action: string }>("audit").entries()].map(
    ([, { action }]) => action,
  );
}

describe("GET /customer", () => {
  test("is the same for the key as a header, as a query, and for the password", async () => {
    const one = (await ask("GET", "/customer")).data;
    expect(one).toEqual({
      id: customer.id,
      app_id: "default",
      email: EMAIL,
      token: key,
      pubkeys: {},
      created_at: "1970-01-01T00:00:00.000000000Z",
      updated_at: "1970-01-01T00:00:00.000000000Z",
    });
    expect(
      (await ask("GET", `/customer?access_token=${key}`, undefined, { key: "" })).data,
    ).toEqual(one);
    expect((await ask("GET", "/customer", undefined, login(EMAIL, PASSWORD))).data).toEqual(one);
    expect(
      (await ask("GET", "/customer/", undefined, login("MOE@tavern.example", PASSWORD))).data,
    ).toEqual(one);
  });

  test("is 401 for everything else, with one body and no challenge", async () => {
    const bodies = new Set<string>();
    const others: Parameters<RestBench["fetch"]>[2][] = [
      { key: "" },
      { key: "x" },
      { key: bench.key },
      { key: publicKey("keg-1") },
      { key: `${key.slice(0, -1)}x` },
      login(EMAIL, "wrong"),
      login("nobody@x.example", PASSWORD),
      { headers: { authorization: "Bearer" } },
    ];
    for (const more of others) {
      const { status, data, headers } = await ask("GET", "/customer", undefined, more);
      expect(status).toBe(401);
      expect(headers.get("www-authenticate")).toBeNull();
      bodies.add(JSON.stringify(data));
    }
    expect(bodies.size).toBe(1);
    expect((await ask("GET", `/customer?access_token=${key}x`)).status).toBe(401);
  });

  test("is 401 at once when the customer is made inactive", async () => {
    bench.access.users.put({ ...customer, active: false });
    expect((await ask("GET", "/customer")).status).toBe(401);
  });

  test("hashes a password anew that was hashed more cheaply, and leaves others as they are", async () => {
    const { users, passwords } = bench.access;
    const cheap = await new Passwords({ logN: 3, p: 1 }).hash(PASSWORD);
    users.put({ ...customer, passwordHash: cheap });
    expect((await ask("GET", "/customer", undefined, login(EMAIL, PASSWORD))).status).toBe(200);
    const renewed = users.get(customer.id)?.passwordHash ?? "";
    expect([renewed === cheap, passwords.isOutdated(renewed)]).toEqual([false, false]);
    expect((await ask("GET", "/customer", undefined, login(EMAIL, PASSWORD))).status).toBe(200);
    expect(users.get(customer.id)?.passwordHash).toBe(renewed);
  });

  test("guessing passwords is slowed down, and the owner elsewhere is not locked out", async () => {
    const guess = (more: object = {}) =>
      ask("GET", "/customer", undefined, { ...login(EMAIL, "wrong"), ...more });
    for (let i = 0; i < 5; i++) expect((await guess()).status).toBe(401);
    const refused = await guess();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    const owner = { ...login(EMAIL, PASSWORD), address: "198.51.100.9" };
    expect((await ask("GET", "/customer", undefined, owner)).status).toBe(200);
    bench.now = 1000;
    expect((await guess()).status).toBe(401);
  });

  test("a hundred guesses sent at once are not all tried", async () => {
    const guesses = [...Array(60).keys()].map((i) =>
      ask("GET", "/customer", undefined, login(EMAIL, `guess ${i}`)),
    );
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401).length).toBeLessThan(10);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(50);
  });

  test("is neither under a version nor under /api", async () => {
    for (const path of ["/v2/customer", "/api/v2/customer", "/customers", "/customer/x"]) {
      const { status, data } = await ask("GET", path);
      expect([path, status, data]).toEqual([path, 404, { message: "Not Found" }]);
    }
  });

  test("keeps the key out of caches and out of what a page links to", async () => {
    const { headers } = await ask("GET", "/customer");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });
});

describe("claims", () => {
  async function claim(...names: string[]) {
    const pubkeys = Object.fromEntries(names.map((name) => [publicKey(name), {}]));
    return ask("POST", "/customer", { pubkeys });
  }

  test("a key that is new in pubkeys claims its device, durably", async () => {
    bench.now = 5;
    const { status, data } = await claim("keg-1");
    expect(status).toBe(200);
    expect(data.pubkeys).toEqual({ [publicKey("keg-1")]: {} });
    expect(data.updated_at).toBe("1970-01-01T00:00:00.005000000Z");
    expect(bench.store.hasUncommitted()).toBe(false);
    expect(audited()).toContain("binding.added");
  });

  test("a key that is missing in it releases its device, whose key is another one then", async () => {
    await claim("keg-1", "keg-2");
    const former = publicKey("keg-1");
    const { data } = await claim("keg-2");
    expect(Object.keys(data.pubkeys)).toEqual([publicKey("keg-2")]);
    expect(publicKey("keg-1")).not.toBe(former);
    expect((await ask("GET", "/api/v2/m/device", undefined, { key: former })).status).toBe(401);
    expect(audited()).toContain("binding.removed");
  });

  test("without pubkeys nothing is claimed or released", async () => {
    await claim("keg-1");
    const { data } = await ask("POST", "/customer", { cconfig: { a: 1 } });
    expect(Object.keys(data.pubkeys)).toEqual([publicKey("keg-1")]);
  });

  test("one wrong key refuses all of the request", async () => {
    await claim("keg-1");
    const { status } = await ask("POST", "/customer", {
      pubkeys: { [publicKey("keg-2")]: {}, wrong: {} },
      cconfig: { a: 1 },
      password: "battery staple",
    });
    expect(status).toBe(404);
    const { data } = await ask("GET", "/customer", undefined, login(EMAIL, PASSWORD));
    expect([Object.keys(data.pubkeys), data.cconfig]).toEqual([[publicKey("keg-1")], undefined]);
  });

  test("a device of another domain is as unknown as none", async () => {
    bench.access.domains.put({
      ...bench.access.domains.get("default")!,
      id: "other",
      name: "other",
    });
    bench.access.devices.create("other", "foreign", undefined, 0);
    const foreign = await claim("foreign");
    const unknown = await ask("POST", "/customer", { pubkeys: { wrong: {} } });
    expect([foreign.status, foreign.data]).toEqual([unknown.status, unknown.data]);
  });

  test("what was read before another app claimed something releases nothing", async () => {
    const stale = (await ask("GET", "/customer")).data;
    await claim("keg-1");
    stale.pubkeys[publicKey("keg-2")] = {};
    expect((await ask("POST", "/customer", stale)).status).toBe(409);
    const { data } = await ask("GET", "/customer");
    expect(Object.keys(data.pubkeys)).toEqual([publicKey("keg-1")]);
    data.pubkeys[publicKey("keg-2")] = {};
    expect((await ask("POST", "/customer", data)).status).toBe(200);
  });

  test("several customers share a device, unless the domain says otherwise", async () => {
    await claim("keg-1");
    const other = createCustomer(
      bench.access,
      bench.access.domains.get("default")!,
      undefined,
      undefined,
    );
    const theirs = { key: bench.access.customerKeyOf(other) };
    const pubkeys = { [publicKey("keg-1")]: {} };
    expect((await ask("POST", "/customer", { pubkeys }, theirs)).status).toBe(200);
    expect((await ask("POST", "/customer", { pubkeys: {} }, theirs)).status).toBe(200);
    setDomain({ sharing: "exclusive" });
    const again = { pubkeys: { [publicKey("keg-1")]: {} } };
    expect((await ask("POST", "/customer", again, theirs)).status).toBe(409);
    expect((await ask("POST", "/customer", again)).status).toBe(200);
  });

  test("guessing keys is slowed down, for the customer and for the address", async () => {
    const guess = (more = {}) => ask("POST", "/customer", { pubkeys: { wrong: {} } }, more);
    for (let i = 0; i < 10; i++) expect((await guess()).status).toBe(404);
    const refused = await guess();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
    expect((await guess({ address: "198.51.100.9" })).status).toBe(429);
    const other = createCustomer(
      bench.access,
      bench.access.domains.get("default")!,
      undefined,
      undefined,
    );
    expect((await guess({ key: bench.access.customerKeyOf(other) })).status).toBe(429);
    expect((await ask("POST", "/customer", { cconfig: {} })).status).toBe(200);
    bench.now = 60_000;
    expect((await guess()).status).toBe(404);
    expect(audited()).toContain("binding.refused");
  });

  test("a device that was just claimed has a shadow", async () => {
    await claim("keg-1");
    expect(bench.customerSide.shadows.of("keg-1")).toBeDefined();
  });
});

describe("metadata", () => {
  test("is given back as it was put, and nothing else can be set", async () => {
    const { data } = await ask("POST", "/customer", {
      cconfig: { theme: "dark" },
      meta: [1],
      id: "x",
      token: "x",
      email: "x@x.example",
      role: "user",
      superuser: true,
      name: "x",
    });
    expect(data).toMatchObject({
      cconfig: { theme: "dark" },
      meta: [1],
      id: customer.id,
      email: EMAIL,
    });
    expect(data).not.toHaveProperty("role");
    expect(bench.access.users.get(customer.id)).toMatchObject({
      superuser: false,
      role: "customer",
    });
    const without = await ask("POST", "/customer", { meta: null });
    expect(without.data).not.toHaveProperty("meta");
    expect(without.data.cconfig).toEqual({ theme: "dark" });
  });

  test("is bounded, together", async () => {
    await ask("POST", "/customer", { meta: "x".repeat(10_000) });
    const { status } = await ask("POST", "/customer", { cconfig: "x".repeat(10_000) });
    expect(status).toBe(413);
    expect((await ask("POST", "/customer", { meta: "x".repeat(70_000) })).status).toBe(413);
  });

  test.each([
    "[]",
    "5",
    "{",
    '{"pubkeys": []}',
    '{"password": 5}',
    '{"__proto__": {}}',
  ])("a body that it cannot be is 400: %s", async (body) => {
    const response = await bench.fetch("POST", "/customer", { key, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toHaveProperty("error.message");
  });
});

describe("changing the password", () => {
  test("takes the key alone, as the original's apps have it; the key stays and the customer is told", async () => {
    const { status, data } = await ask("POST", "/customer", { password: "battery staple" });
    expect([status, data.token]).toEqual([200, key]);
    expect((await ask("GET", "/customer", undefined, login(EMAIL, PASSWORD))).status).toBe(401);
    expect((await ask("GET", "/customer", undefined, login(EMAIL, "battery staple"))).status).toBe(
      200,
    );
    expect(bench.mails.map(({ to, subject }) => [to, subject])).toEqual([
      [EMAIL, "Your password was changed"],
    ]);
  });

  test("makes another key where that is wanted, and ends what was open with the former one", async () => {
    setDomain({ customersUseRest: true });
    await bench.openChannel(key);
    const { data } = await ask("POST", "/customer", {
      password: "battery staple",
      rotate_token: true,
    });
    expect(data.token).not.toBe(key);
    expect((await ask("GET", "/customer")).status).toBe(401);
    expect(bench.gateway.channels.of(customer.id).isOpen()).toBe(false);
  });

  test("takes the former one where the operator wants that, or a login with it", async () => {
    bench.customerSettings.passwordChange = "by-password";
    const change = (more: object, by = {}) =>
      ask("POST", "/customer", { password: "battery staple", ...more }, by);
    expect((await change({})).status).toBe(403);
    expect((await change({ old_password: "wrong" })).status).toBe(403);
    expect((await change({ old_password: PASSWORD })).status).toBe(200);
    expect((await change({}, login(EMAIL, "battery staple"))).status).toBe(200);
  });

  test("a former one that is given is checked in any case, and guessing at it is slowed down", async () => {
    const guess = () =>
      ask("POST", "/customer", { password: "battery staple", old_password: "wrong" });
    for (let i = 0; i < 5; i++) expect((await guess()).status).toBe(403);
    expect((await guess()).status).toBe(429);
  });

  test.each(["short", "x".repeat(257), "with\u0000zero"])("cannot make it %j", async (password) => {
    expect((await ask("POST", "/customer", { password })).status).toBe(400);
  });
});

describe("POST and GET /newcustomer", () => {
  const anybody = { key: "" };

  test("are refused where customers do not register themselves, in the same words for no such domain", async () => {
    const bodies = [];
    for (const path of [
      "/newcustomer",
      "/newcustomer?app_id=default",
      "/newcustomer?app_id=nowhere",
    ]) {
      const { status, data } = await ask("GET", path, undefined, anybody);
      expect(status).toBe(403);
      bodies.push(data);
    }
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });

  test("make a customer where registration is open: anonymous, or with a login", async () => {
    setDomain({ registration: "open" });
    const { data } = await ask("GET", "/newcustomer", undefined, anybody);
    expect((await ask("GET", "/customer", undefined, { key: data.token })).data.email).toBe("");
    const body = { email: "Barney@Tavern.example", password: "battery staple" };
    const made = await ask("POST", "/newcustomer", body, anybody);
    expect(made.status).toBe(200);
    const shown = await ask("GET", "/customer", undefined, login(body.email, body.password));
    expect(shown.data).toMatchObject({ email: "barney@tavern.example", token: made.data.token });
    expect((await ask("POST", "/newcustomer", body, anybody)).status).toBe(409);
  });

  test.each([
    {},
    { email: "x@x.example" },
    { email: "no-address", password: "battery staple" },
    { email: "x@x.example\r\nbcc: y@y.example", password: "battery staple" },
    { email: "x/y@x.example", password: "battery staple" },
    { email: "x@x.example", password: "short" },
  ])("refuse what cannot be a login: %j", async (body) => {
    setDomain({ registration: "open" });
    expect((await ask("POST", "/newcustomer", body, anybody)).status).toBe(400);
  });

  test("are bounded for each address", async () => {
    setDomain({ registration: "open" });
    for (let i = 0; i < 10; i++) {
      expect((await ask("GET", "/newcustomer", undefined, anybody)).status).toBe(200);
    }
    const refused = await ask("GET", "/newcustomer", undefined, anybody);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "360"]);
    const elsewhere = { ...anybody, address: "198.51.100.9" };
    expect((await ask("GET", "/newcustomer", undefined, elsewhere)).status).toBe(200);
  });
});

describe("invitations", () => {
  const anybody = { key: "" };
  const invite = (email: string, more: object = {}, by: object = {}) =>
    ask("POST", "/invite", { email, ...more }, { ...anybody, ...by });
  const linkOf = (i: number) => /\/invite\/\w+/.exec(bench.mails[i].text)![0];

  test("are answered alike for who has an account, who has none, and who may not have one", async () => {
    bench.access.users.put({ ...customer, id: "user-1", name: "staff@x.example", role: "user" });
    const answers = [
      await invite(EMAIL),
      await invite("new@x.example"),
      await invite("staff@x.example"),
      await invite("new@x.example", { app_id: "nowhere" }),
    ];
    setDomain({ registration: "closed" });
    answers.push(await invite("other@x.example"));
    for (const { status, data } of answers) expect([status, data]).toEqual([200, {}]);
    expect(audited().filter((action) => action === "invitation.asked")).toHaveLength(5);
    expect(bench.mails.map(({ to, subject }) => [to, subject])).toEqual([
      [EMAIL, "Your password"],
      ["new@x.example", "Your registration"],
    ]);
  });

  test("mail nothing that whoever asks has written", async () => {
    const url = "https://evil.example";
    await invite("new@x.example", { url, from: "EVIL", text: "EVIL", redir: `${url}/x` });
    expect(JSON.stringify(bench.mails)).not.toMatch(/evil/i);
    expect(bench.mails[0].text).toContain("http://connector.test/invite/");
  });

  test("lead on to apps that the operator named only, without what came with the URL", async () => {
    bench.customerSettings.redirects = ["https://app.example"];
    const redirs = [
      "https://app.example/login?creds=x#y",
      "https://app.example.evil.example/",
      "https://app.example@evil.example/",
      "http://app.example/",
      "javascript:alert(1)",
      "//app.example/",
    ];
    const pages: string[] = [];
    for (const [i, redir] of redirs.entries()) {
      await invite(`n${i}@x.example`, { redir });
      const response = await bench.fetch("POST", linkOf(i), {
        ...anybody,
        body: "password=battery+staple",
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
      expect(response.status).toBe(200);
      pages.push(/href="([^"]*)"/.exec(await response.text())?.[1] ?? "none");
    }
    expect(pages).toEqual(["https://app.example/login", ...Array(5).fill("none")]);
  });

  test("are spent by the password and not by opening the page, which says nothing about them", async () => {
    await invite("new@x.example");
    const [status, page] = await bench.ask("GET", linkOf(0), anybody);
    expect(status).toBe(200);
    expect(await bench.ask("GET", `/invite/${"x".repeat(32)}`, anybody)).toEqual([200, page]);
    const password = "battery staple";
    expect((await ask("POST", linkOf(0), { password: "short" }, anybody)).status).toBe(400);
    const { data } = await ask("POST", linkOf(0), { password }, anybody);
    expect(data.email).toBe("new@x.example");
    expect((await ask("POST", linkOf(0), { password }, anybody)).status).toBe(404);
    const shown = await ask("GET", "/customer", undefined, login("new@x.example", password));
    expect(shown.data).toEqual(data);
  });

  test("two who open one link together are not both served", async () => {
    await invite("new@x.example");
    const post = (password: string) => ask("POST", linkOf(0), { password }, anybody);
    const answers = await Promise.all([post("battery staple"), post("another one")]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
  });

  test("for an account that is there set its password and make another key: whoever had it may not be its owner", async () => {
    setDomain({ customersUseRest: true });
    await bench.openChannel(key);
    await invite(EMAIL);
    const { data } = await ask("POST", linkOf(0), { password: "battery staple" }, anybody);
    expect(data.id).toBe(customer.id);
    expect(data.token).not.toBe(key);
    expect((await ask("GET", "/customer")).status).toBe(401);
    expect(bench.gateway.channels.of(customer.id).isOpen()).toBe(false);
  });

  test("are worthless after a day, and after registration was closed", async () => {
    await invite("one@x.example");
    await invite("two@x.example");
    setDomain({ registration: "closed" });
    const post = (i: number) => ask("POST", linkOf(i), { password: "battery staple" }, anybody);
    expect((await post(0)).status).toBe(404);
    bench.now = 24 * HOUR;
    expect((await post(1)).status).toBe(404);
  });

  test("are bounded for each address, and for each mailbox without a word", async () => {
    for (let i = 0; i < 5; i++) expect((await invite(EMAIL)).status).toBe(200);
    expect(bench.mails).toHaveLength(3);
    for (let i = 0; i < 5; i++) await invite(`n${i}@x.example`);
    expect((await invite("more@x.example")).status).toBe(429);
    expect((await invite("more@x.example", {}, { address: "198.51.100.9" })).status).toBe(200);
  });

  test("guessing links is slowed down", async () => {
    const guess = () =>
      ask("POST", `/invite/${"x".repeat(32)}`, { password: "battery staple" }, anybody);
    for (let i = 0; i < 10; i++) expect((await guess()).status).toBe(404);
    expect((await guess()).status).toBe(429);
  });

  test("without an outbox are dropped, and the operator is told without the link", async () => {
    bench.customerSettings.outbox = undefined;
    expect((await invite("new@x.example")).status).toBe(200);
    expect(bench.lines.join()).toContain("there is no outbox");
    expect(bench.lines.join()).not.toMatch(/invite\/|new@x/);
  });

  test("what an outbox does not take is told to the operator", async () => {
    bench.customerSettings.outbox = { deliver: () => Promise.reject(new Error("disk full")) };
    expect((await invite("new@x.example")).status).toBe(200);
    expect(bench.lines.join()).toContain("disk full");
  });
});
