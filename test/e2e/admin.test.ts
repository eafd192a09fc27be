/** `dormouse admin` against `dormouse connector`, each a process of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { admin, type Finished } from "./support/admin.ts";
import { RunningCommand } from "./support/command.ts";

const PASSWORD = "correct horse battery";
const folder = mkdtempSync(join(tmpdir(), "dormouse-admin-"));
let connector: RunningCommand;
let url: string;
let firstKey: string;

async function start(): Promise<void> {
  connector = new RunningCommand([
    "connector",
    ...["--data", folder, "--http-port", "0", "--coap-port", "0", "--json"],
  ]);
  url = (JSON.parse(await connector.line(/^\{/)) as { http: string }).http;
}

beforeAll(async () => {
  await start();
  firstKey = /shown only now: (\w{100})/.exec(connector.stderr)![1];
}, 60_000);

afterAll(async () => {
  await connector.stop("SIGTERM");
  rmSync(folder, { recursive: true });
});

const asFirst = (args: readonly string[], input?: string): Promise<Finished> =>
  admin(["--url", url, ...args], {
    environment: { DORMOUSE_KEY: firstKey },
    ...(input === undefined ? {} : { input }),
  });

/** What a command that must succeed has printed as JSON. */
async function json(args: readonly string[], input?: string) {
  const { code, stdout, stderr } = await asFirst([...args, "--json"], input);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe("dormouse admin", () => {
  test("makes a user with a password from stdin, who then logs in and sees what he may", async () => {
    const made = await json(
      ["users", "create", "ann", "--permission", "view user", "--password"],
      `${PASSWORD}\n`,
    );
    expect(made).toMatchObject({ name: "ann", hasPassword: true, permissions: ["view user"] });
    const login = ["--url", url, "--user", "ann"];
    const users = await admin([...login, "users", "list"], { input: `${PASSWORD}\n` });
    expect(users.stdout).toMatch(/^id +name +active/);
    expect(users.stdout).toMatch(/ann +yes +no +no +view user/);
    const refused = await admin([...login, "keys", "list"], { input: `${PASSWORD}\n` });
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("permission");
  }, 60_000);

  test("prints a new key alone on stdout, which is good until it is revoked", async () => {
    const { stdout, stderr } = await asFirst(["keys", "create", "ci", "--owner", "ann"]);
    expect(stdout).toMatch(/^\w{100}\n$/);
    expect(stderr).toContain("shown only now");
    const status = async () =>
      (await fetch(`${url}/admin/users`, { headers: { authorization: `Bearer ${stdout.trim()}` } }))
        .status;
    expect(await status()).toBe(200);
    const [key] = await json(["keys", "list", "--prefix", stdout.slice(0, 6)]);
    await asFirst(["keys", "revoke", key.id]);
    expect(await status()).toBe(401);
  }, 60_000);

  test("binds a device to a customer by their names", async () => {
    await json(["customers", "create", "c@example.com"]);
    await json(["devices", "add", "node-9"]);
    expect((await asFirst(["bindings", "add", "c@example.com", "node-9"])).stdout).toBe("Bound.\n");
    expect(await json(["bindings", "list", "c@example.com"])).toMatchObject([
      { endpointName: "node-9" },
    ]);
  }, 60_000);

  test("lists what waits for a device, and says when there is nothing to take back", async () => {
    await json(["devices", "add", "node-8"]);
    expect(await json(["devices", "queue", "node-8"])).toEqual([]);
    const { code, stderr } = await asFirst(["devices", "cancel", "node-8", "1#none"]);
    expect([code, stderr]).toEqual([1, "There is no such request, or it has its outcome.\n"]);
  }, 60_000);

  test("makes an API client whose secret gets a token, and shows the authority's certificate", async () => {
    const made = await asFirst(["clients", "create", "ann", "--ttl", "5"]);
    expect(made.stdout).toMatch(/^[0-9a-f_]{32,}\n$/);
    const [{ clientKey, ttl }] = await json(["clients", "list"]);
    expect(ttl).toBe(5);
    const login = Buffer.from(`${clientKey}:${made.stdout.trim()}`).toString("base64");
    const minted = await fetch(`${url}/tauth/1.0/token/`, {
      method: "POST",
      headers: { authorization: `Basic ${login}` },
    });
    expect(minted.status).toBe(200);
    const { stdout } = await asFirst(["ca", "certificate"]);
    expect(stdout).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect((await asFirst(["ca", "list"])).stdout).toBe("(none)\n");
  }, 60_000);

  test("says in one line what is wrong, and fails", async () => {
    const nobody = await admin(["--url", "http://127.0.0.1:1", "--key", "k", "me"]);
    expect(nobody).toMatchObject({ code: 1, stdout: "" });
    expect(nobody.stderr).toMatch(/^Nothing listens at .* start it with "dormouse connector".*\n$/);
    const unknown = await admin(["--url", url, "--key", "nonsense", "me"]);
    expect(unknown.stderr).toMatch(/^.* does not know this key or login\.\n$/);
    const silent = await admin(["--url", url, "me"]);
    expect(silent.stderr).toMatch(/^Who asks\? .*DORMOUSE_KEY.*\n$/);
    const missing = await asFirst(["users", "show", "nobody"]);
    expect(missing.stderr).toBe("There is no user nobody.\n");
  }, 60_000);

  test("two Authorization headers are refused on the wire, whichever of them is good", async () => {
    const ask = (...keys: string[]) =>
      statusOf(
        "GET /v2/endpoints HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
          `${keys.map((key) => `Authorization: Bearer ${key}\r\n`).join("")}\r\n`,
      );
    expect(await ask(firstKey)).toBe(200);
    expect(await ask(firstKey, firstKey)).toBe(401);
    expect(await ask(firstKey, "nonsense")).toBe(401);
    expect(await ask("nonsense", firstKey)).toBe(401);
  });

  test("recovers when all keys are lost: only with the connector stopped, and nothing else changes", async () => {
    const running = await admin(["recover", "--data", folder]);
    expect(running).toMatchObject({ code: 1, stdout: "" });
    expect(running.stderr).toContain("in use");
    const elsewhere = await admin(["recover", "--data", join(folder, "nothing")]);
    expect(elsewhere.stderr).toContain("is not the data folder");
    await connector.stop("SIGTERM");
    const { code, stdout } = await admin(["recover", "--data", folder]);
    expect(code).toBe(0);
    const recovered = stdout.trim();
    expect(recovered).toMatch(/^\w{100}$/);
    await start();
    for (const key of [recovered, firstKey]) {
      const me = await admin(["--url", url, "--json", "me"], {
        environment: { DORMOUSE_KEY: key },
      });
      expect(JSON.parse(me.stdout)).toMatchObject({ user: "admin", operator: true });
    }
  }, 90_000);
});

/** The status of the answer to a request as it stands. */
function statusOf(request: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.end(request));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("end", () => resolve(Number(text.split(" ", 2)[1])));
    socket.on("error", reject);
  });
}
