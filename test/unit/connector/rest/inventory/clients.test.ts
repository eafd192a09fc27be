import { describe, expect, test } from "vitest";
import { drawKeys } from "../../../../../connector/access/api-clients.ts";
import { createApiToken } from "../api-token.ts";
import { basic, EVERYTHING, InventoryBench } from "./inventory-bench.ts";

const CLIENTS = "/api/2.0/api_clients/";

interface Made {
  readonly msg: readonly [string, number, string, boolean, boolean];
  readonly client_key: string;
  readonly secret_key: string;
}

async function minted(bench: InventoryBench, clientKey: string, secretKey: string) {
  const headers = { authorization: basic(clientKey, secretKey) };
  return (await bench.ask("POST", "/tauth/1.0/token/", { headers }))[0];
}

describe("an API client", () => {
  test("is made with keys of the server's, shown this once", async () => {
    const bench = await InventoryBench.open();
    const made = await bench.got<Made>("POST", CLIENTS, "token_ttl=60");
    expect(made.msg).toEqual(["API client added or updated", 1, made.client_key, true, true]);
    expect(await minted(bench, made.client_key, made.secret_key)).toBe(200);
    const [, list] = await bench.call("GET", CLIENTS);
    const [, one] = await bench.call("GET", `${CLIENTS}1/`);
    expect(list + one).not.toContain(made.secret_key.slice(0, 10));
    expect(JSON.parse(list)).toMatchObject({
      api_client: [
        {
          id: 1,
          client_key: made.client_key,
          resource_owner: "operator",
          token_ttl: 60,
          active: true,
        },
      ],
      total_count: 1,
    });
    expect(JSON.stringify([...bench.access.audit.newest("default")])).not.toContain(
      made.secret_key,
    );
  });

  test("is made with a file of its keys to download", async () => {
    const bench = await InventoryBench.open();
    const response = await bench.fetch("POST", `${CLIENTS}?download=yes`, {
      headers: { authorization: bench.authorization },
    });
    expect(response.headers.get("content-disposition")).toBe(
      'attachment; filename="api-client-1.json"',
    );
    const keys = (await response.json()) as Made;
    expect(Object.keys(keys)).toEqual(["client_key", "secret_key", "ttl"]);
    expect(await minted(bench, keys.client_key, keys.secret_key)).toBe(200);
  });

  test("is made of a pair that was drawn before, as automations do", async () => {
    const bench = await InventoryBench.open();
    const pair = await bench.got<{ apiclient_key: string; apiclient_secret_key: string }>(
      "GET",
      "/api/2.0/api_client_keys/",
    );
    expect(bench.access.clients.size).toBe(0);
    const body = `client_key=${pair.apiclient_key}&client_secret_key=${pair.apiclient_secret_key}&resource_owner=operator`;
    const [, text] = await bench.call("POST", CLIENTS, body);
    expect(JSON.parse(text).msg).toEqual([expect.any(String), 1, pair.apiclient_key, true, true]);
    expect(text).not.toContain(pair.apiclient_secret_key);
    expect(await minted(bench, pair.apiclient_key, pair.apiclient_secret_key)).toBe(200);
  });

  test("is changed by its client key, and gets another secret with it", async () => {
    const bench = await InventoryBench.open();
    const made = await bench.got<Made>("POST", CLIENTS, "");
    const { secretKey } = drawKeys();
    const body = `client_key=${made.client_key}&client_secret_key=${secretKey}&token_ttl=5`;
    const changed = await bench.got<Made>("POST", CLIENTS, body);
    expect(changed.msg.slice(1)).toEqual([1, made.client_key, true, false]);
    expect(await bench.got("GET", `${CLIENTS}1/`)).toMatchObject({ token_ttl: 5, secrets: 2 });
    expect(await minted(bench, made.client_key, secretKey)).toBe(200);
    expect(await minted(bench, made.client_key, made.secret_key)).toBe(200);
    bench.now += 86_400_000;
    expect(await minted(bench, made.client_key, made.secret_key)).toBe(401);
  });

  test("gets another secret that is drawn here, the former one ending at once", async () => {
    const bench = await InventoryBench.open();
    const made = await bench.got<Made>("POST", CLIENTS, "");
    const changed = await bench.got<Made>("POST", `${CLIENTS}1/secret/`, "end_former=yes");
    expect(await minted(bench, made.client_key, changed.secret_key)).toBe(200);
    expect(await minted(bench, made.client_key, made.secret_key)).toBe(401);
  });

  test("ends its tokens and its channel when it is disabled, and makes new ones when it is enabled", async () => {
    const bench = await InventoryBench.open([...EVERYTHING, "view resource"]);
    const owner = await bench.givenUser("scripts", {
      permissions: ["view device", "view resource"],
    });
    const token = await createApiToken(bench, owner);
    await bench.openChannel(token);
    await bench.got("PUT", `${CLIENTS}1/`, "active=no");
    expect((await bench.ask("GET", "/v2/endpoints", { key: token }))[0]).toBe(401);
    const [client] = bench.access.clients.all();
    expect([...bench.gateway.channels.openKeys()]).not.toContain(client.id);
    await bench.got("PUT", `${CLIENTS}1/`, "active=yes");
    expect((await bench.ask("GET", "/v2/endpoints", { key: token }))[0]).toBe(401);
    const again = await bench.access.tokens.mint(client, bench.now);
    const key = "token" in again ? again.token : "";
    expect((await bench.ask("GET", "/v2/endpoints", { key }))[0]).toBe(200);
  });

  test("is deleted with its tokens", async () => {
    const bench = await InventoryBench.open();
    const owner = await bench.givenUser("scripts", { permissions: ["view device"] });
    const token = await createApiToken(bench, owner);
    expect(await bench.got("DELETE", CLIENTS + 1)).toEqual({ deleted: "true", id: "1" });
    expect((await bench.ask("GET", "/v2/endpoints", { key: token }))[0]).toBe(401);
    expect(bench.access.tokens.size).toBe(0);
    expect((await bench.call("DELETE", CLIENTS + 1))[0]).toBe(404);
  });

  test.each([
    ["an owner that there is not", "resource_owner=nobody", /no user nobody/],
    ["more than an hour", "token_ttl=61", /1 to 60/],
    ["half a pair of keys", `client_key=${"0123456789abcdef".repeat(2)}`, /come together/],
    [
      "a secret that somebody made up",
      `client_key=${"0123456789abcdef".repeat(2)}&client_secret_key=x`,
      /hex digits/,
    ],
    ["an active that is none", "active=perhaps", /yes or no/],
  ])("is not made with %s", async (_, body, reason) => {
    const bench = await InventoryBench.open();
    const [status, text] = await bench.call("POST", CLIENTS, body);
    expect([status, JSON.parse(text)]).toEqual([
      400,
      { msg: expect.stringMatching(reason), code: "1" },
    ]);
    expect(bench.access.clients.size).toBe(0);
  });

  test("is not made for staff", async () => {
    const bench = await InventoryBench.open();
    await bench.givenUser("boss", { staff: true });
    const [status, text] = await bench.call("POST", CLIENTS, "resource_owner=boss");
    expect([status, JSON.parse(text).msg]).toEqual([400, expect.stringMatching(/not staff/)]);
  });
});

describe("nobody gets beyond his own rights", () => {
  async function given() {
    const bench = await InventoryBench.open();
    const mighty = await bench.givenUser("mighty", { permissions: [...EVERYTHING, "view audit"] });
    const { client } = bench.access.clients.create({ ownerId: mighty.id }, bench.now);
    return { bench, client };
  }

  test("by a client for somebody who has more", async () => {
    const { bench } = await given();
    expect((await bench.call("POST", CLIENTS, "resource_owner=mighty"))[0]).toBe(403);
    expect(bench.access.clients.size).toBe(1);
  });

  test("by another secret of such a client", async () => {
    const { bench, client } = await given();
    const { secretKey } = drawKeys();
    const body = `client_key=${client.clientKey}&client_secret_key=${secretKey}`;
    expect((await bench.call("POST", CLIENTS, body))[0]).toBe(403);
    expect((await bench.call("PUT", `${CLIENTS}1/`, `client_secret_key=${secretKey}`))[0]).toBe(
      403,
    );
    expect((await bench.call("POST", `${CLIENTS}1/secret/`, ""))[0]).toBe(403);
    expect((await bench.call("DELETE", `${CLIENTS}1/`))[0]).toBe(403);
    expect(await minted(bench, client.clientKey, secretKey)).toBe(401);
  });

  test("by giving an own client such an owner", async () => {
    const { bench } = await given();
    await bench.got("POST", CLIENTS, "");
    expect((await bench.call("PUT", `${CLIENTS}2/`, "resource_owner=mighty"))[0]).toBe(403);
    expect(await bench.got("GET", `${CLIENTS}2/`)).toMatchObject({ resource_owner: "operator" });
  });

  test("by the client of another domain", async () => {
    const { bench } = await given();
    bench.givenDomain("acme");
    const theirs = await bench.givenUser("theirs", { domainId: "id-of-acme" });
    const { client } = bench.access.clients.create({ ownerId: theirs.id }, bench.now);
    for (const [method, path] of [
      ["GET", ""],
      ["PUT", ""],
      ["DELETE", ""],
      ["POST", "/secret"],
    ]) {
      expect((await bench.call(method, `${CLIENTS}${client.number}${path}`))[0], method).toBe(404);
    }
    expect(
      (await bench.call("POST", CLIENTS, `client_key=${client.clientKey}&token_ttl=9`))[0],
    ).toBe(409);
    expect((await bench.call("POST", CLIENTS, "resource_owner=theirs"))[0]).toBe(400);
    expect(await bench.got("GET", CLIENTS)).toMatchObject({ total_count: 1 });
  });
});

test("users are shown with their permissions under Device42's names", async () => {
  const bench = await InventoryBench.open(["view user", "add api-client"]);
  expect(await bench.got("GET", "/api/1.0/adminusers/")).toMatchObject({
    adminusers: [
      { username: "admin", staff: "yes", superuser: "yes" },
      {
        username: "operator",
        active: "yes",
        staff: "no",
        permissions: ["view_user", "add_apiclient"],
      },
    ],
  });
});

test("customers are the end users", async () => {
  const bench = await InventoryBench.open(["view customer"]);
  await bench.givenUser("anna@example.com", { role: "customer" });
  expect(await bench.got("GET", "/api/1.0/endusers/?limit=100")).toMatchObject({
    values: [{ email: "anna@example.com", custom_fields: [] }],
  });
});
