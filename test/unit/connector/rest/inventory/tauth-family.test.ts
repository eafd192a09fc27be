import { describe, expect, test } from "vitest";
import type { ApiClient } from "../../../../../connector/access/api-clients.ts";
import type { User } from "../../../../../connector/access/model.ts";
import { givenUser } from "../../access/people.ts";
import { RestBench } from "../bench.ts";

const TOKEN = "/tauth/1.0/token/";
const REFUSED = '{"code":1,"msg":"Invalid API token request."}';

interface Answered {
  readonly code: number;
  readonly expires: string;
  readonly token: string;
  readonly ttl: number;
  readonly msg: string;
  readonly token_id: number;
}

/** A bench with an API client, whose owner may see devices and resources. */
class TokenBench extends RestBench {
  readonly owner: User;
  readonly client: ApiClient;
  readonly basic: string;

  constructor() {
    super();
    this.now = Date.UTC(2026, 0, 1);
    this.owner = givenUser(this.access, "scripts", {
      permissions: ["view device", "view resource"],
    });
    const { client, secretKey } = this.access.clients.create({ ownerId: this.owner.id }, this.now);
    this.client = client;
    this.basic = basic(client.clientKey, secretKey);
  }

  mint(more: { readonly body?: string; readonly headers?: Record<string, string> } = {}) {
    const headers = { authorization: this.basic, ...more.headers };
    return this.ask("POST", TOKEN, { ...more, headers });
  }

  async minted(): Promise<Answered> {
    const [status, text] = await this.mint();
    expect(status).toBe(200);
    return JSON.parse(text);
  }

  /** What a token gets from a route of the Device Connector. */
  async statusWith(token: string, path = "/v2/endpoints"): Promise<number> {
    const [status] = await this.ask("GET", path, { key: token });
    return status;
  }
}

function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}

describe("a token is made", () => {
  test("with the members that Device42 answered", async () => {
    const bench = new TokenBench();
    const answer = await bench.minted();
    expect(Object.keys(answer)).toEqual(["code", "expires", "token", "ttl", "msg", "token_id"]);
    expect(answer).toMatchObject({ code: 0, ttl: 10, msg: "connected", token_id: 1 });
    expect(answer.expires).toBe("2026-01-01T00:10:00.000Z");
    expect(answer.token.startsWith("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCI")).toBe(true);
  });

  test.each([
    ["no body", {}],
    ["a form", form("grant_type=client_credentials")],
    ["JSON that is empty", { body: "", headers: { "content-type": "application/json" } }],
    ["a form that is empty", form("")],
    ["JSON that is none", { body: "{{{", headers: { "content-type": "application/json" } }],
    ["another grant", form("grant_type=password&username=a&password=b")],
    ["an unknown type", { body: "\u0000\u0001", headers: { "content-type": "x/y" } }],
  ])("whatever the body is: %s", async (_, more) => {
    const [status] = await new TokenBench().mint(more);
    expect(status).toBe(200);
  });

  test("without the trailing slash as well", async () => {
    const bench = new TokenBench();
    const headers = { authorization: bench.basic };
    expect((await bench.ask("POST", "/tauth/1.0/token", { headers }))[0]).toBe(200);
  });

  test("durably, before it is answered", async () => {
    const bench = new TokenBench();
    const before = bench.commits;
    await bench.minted();
    expect(bench.commits).toBe(before + 1);
  });

  test("and written to the audit without being in it", async () => {
    const bench = new TokenBench();
    const { token } = await bench.minted();
    const [entry] = [...bench.access.audit.newest("default")];
    expect(entry).toMatchObject({ action: "token.minted", address: "192.0.2.1" });
    expect(entry.object).toBe(`${bench.client.clientKey} 1`);
    expect(JSON.stringify([...bench.access.audit.newest("default")])).not.toContain(token);
  });

  test("with the client's own time to live", async () => {
    const bench = new TokenBench();
    bench.access.clients.change(bench.client.id, { ttl: 60 }, bench.now);
    expect(await bench.minted()).toMatchObject({ ttl: 60, expires: "2026-01-01T01:00:00.000Z" });
  });
});

describe("no token is made, with one answer", () => {
  test.each<[string, (bench: TokenBench) => Record<string, string>]>([
    ["a wrong secret", ({ client }) => ({ authorization: basic(client.clientKey, "wrong") })],
    ["an unknown client", () => ({ authorization: basic("0".repeat(32), "wrong") })],
    ["an access key", ({ key }) => ({ authorization: `Bearer ${key}` })],
    ["nothing", () => ({ authorization: "" })],
  ])("for %s", async (_, headersOf) => {
    const bench = new TokenBench();
    const answer = await bench.ask("POST", TOKEN, { headers: headersOf(bench) });
    expect(answer).toEqual([401, REFUSED]);
  });

  test("for a user's name and password", async () => {
    const bench = new TokenBench();
    const passwordHash = await bench.access.passwords.hash("correct horse");
    bench.access.users.put({ ...bench.owner, passwordHash });
    const headers = { authorization: basic("scripts", "correct horse") };
    expect(await bench.ask("POST", TOKEN, { headers })).toEqual([401, REFUSED]);
  });

  test.each<[string, (bench: TokenBench) => void]>([
    ["disabled", (b) => b.access.clients.change(b.client.id, { enabled: false }, b.now)],
    ["removed", (b) => b.access.clients.remove(b.client.id)],
    ["of an owner who is inactive", (b) => b.access.users.put({ ...b.owner, active: false })],
    ["of an owner who is staff now", (b) => b.access.users.put({ ...b.owner, staff: true })],
    ["of an owner who is gone", (b) => b.access.users.remove(b.owner.id)],
  ])("for a client that is %s", async (_, change) => {
    const bench = new TokenBench();
    change(bench);
    expect(await bench.mint()).toEqual([401, REFUSED]);
  });

  test("when the client has a thousand, until the first of them is over", async () => {
    const bench = new TokenBench();
    for (let i = 0; i < 1000; i++) await bench.access.tokens.mint(bench.client, bench.now);
    const response = await bench.fetch("POST", TOKEN, {
      headers: { authorization: bench.basic },
    });
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "60"]);
    bench.now += 12 * 60_000;
    expect((await bench.mint())[0]).toBe(200);
    expect(bench.access.tokens.size).toBe(1);
  }, 30_000);
});

describe("a token", () => {
  test("identifies its client's owner, with the permissions of this moment", async () => {
    const bench = new TokenBench();
    const { token } = await bench.minted();
    expect(await bench.statusWith(token)).toBe(200);
    bench.access.users.put({ ...bench.owner, permissions: [] });
    expect(await bench.statusWith(token)).toBe(403);
  });

  test("cannot be used again when it has expired", async () => {
    const bench = new TokenBench();
    const { token } = await bench.minted();
    bench.now += 10 * 60_000 - 1;
    expect(await bench.statusWith(token)).toBe(200);
    bench.now += 1;
    expect(await bench.statusWith(token)).toBe(401);
  });

  test.each<[string, (bench: TokenBench) => void]>([
    ["the client is disabled", (b) => b.access.clients.change(b.client.id, { enabled: false }, 0)],
    ["the client is removed", (b) => b.access.clients.remove(b.client.id)],
    ["the owner is deactivated", (b) => b.access.users.put({ ...b.owner, active: false })],
    ["the owner becomes staff", (b) => b.access.users.put({ ...b.owner, staff: true })],
    ["the client gets another owner", changeOwner],
  ])("ends at once when %s", async (_, change) => {
    const bench = new TokenBench();
    const { token } = await bench.minted();
    expect(await bench.statusWith(token)).toBe(200);
    change(bench);
    expect(await bench.statusWith(token)).toBe(401);
  });

  test("makes no tokens and no access keys", async () => {
    const bench = new TokenBench();
    const { token } = await bench.minted();
    expect((await bench.ask("POST", TOKEN, { key: token }))[0]).toBe(401);
    expect((await bench.ask("POST", "/api/api_tokens", { key: token }))[0]).toBe(403);
  });

  test("shares its client's channel with the tokens before and after it", async () => {
    const bench = new TokenBench();
    const first = await bench.minted();
    await bench.openChannel(first.token);
    const second = await bench.minted();
    bench.handle({
      kind: "registration",
      registration: bench.devices.register("node-001", "</dev/temp>"),
    });
    bench.now += 1000;
    expect(await bench.pull(second.token)).toHaveProperty("registrations");
  });
});

describe("a renewal", () => {
  test("gives another token and ends the one before", async () => {
    const bench = new TokenBench();
    const first = await bench.minted();
    bench.now += 9 * 60_000;
    const [status, text] = await bench.ask("PUT", `${TOKEN}${first.token_id}/`, {
      key: first.token,
    });
    const second: Answered = JSON.parse(text);
    expect(status).toBe(200);
    expect(second).toMatchObject({ code: 0, token_id: 2, expires: "2026-01-01T00:19:00.000Z" });
    expect(await bench.statusWith(first.token)).toBe(401);
    expect(await bench.statusWith(second.token)).toBe(200);
  });

  test("done twice at once makes one token", async () => {
    const bench = new TokenBench();
    const { token, token_id } = await bench.minted();
    const both = await Promise.all(
      [1, 2].map(() => bench.ask("PUT", TOKEN + token_id, { key: token })),
    );
    expect(both.map(([status]) => status).sort()).toEqual([200, 404]);
    expect([...bench.access.tokens.ofClient(bench.client.id)]).toHaveLength(1);
  });

  test.each(["0", "99", "x", "-1", "1e1", "%00"])("of %s, which is none, is 404", async (id) => {
    const bench = new TokenBench();
    const { token } = await bench.minted();
    expect((await bench.ask("PUT", `${TOKEN}${id}/`, { key: token }))[0]).toBe(404);
  });
});

describe("an end", () => {
  test("is at once, and for this token only", async () => {
    const bench = new TokenBench();
    const [first, second] = [await bench.minted(), await bench.minted()];
    const answer = await bench.ask("DELETE", `${TOKEN}${first.token_id}/`, { key: first.token });
    expect(answer).toEqual([200, '{"code":0,"msg":"disconnected","deleted":"true","id":"1"}']);
    expect(await bench.statusWith(first.token)).toBe(401);
    expect(await bench.statusWith(second.token)).toBe(200);
  });

  test("of another client's token is 404, and does nothing", async () => {
    const bench = new TokenBench();
    const { token, token_id } = await bench.minted();
    const other = bench.access.clients.create({ ownerId: bench.owner.id }, bench.now);
    const headers = { authorization: basic(other.client.clientKey, other.secretKey) };
    const [, text] = await bench.ask("POST", TOKEN, { headers });
    const foreign: Answered = JSON.parse(text);
    for (const method of ["PUT", "DELETE"]) {
      const [status] = await bench.ask(method, `${TOKEN}${token_id}/`, { key: foreign.token });
      expect(status).toBe(404);
    }
    expect(await bench.statusWith(token)).toBe(200);
  });
});

function form(body: string) {
  return { body, headers: { "content-type": "application/x-www-form-urlencoded" } };
}

function changeOwner(bench: TokenBench): void {
  const other = givenUser(bench.access, "other", { permissions: ["view device"] });
  bench.access.clients.change(bench.client.id, { ownerId: other.id }, bench.now);
}
