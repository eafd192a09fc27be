/**
 * A canary search: known secrets go through every family of routes of the real process, in right and in wrong ways, and then all that it
 * has written is searched for them: what it printed, what it refused with, the audit, and each file but those that are there to keep them.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RunningCommand } from "./support/command.ts";

/** JSON of whatever form: the tests say which. */
type Parsed = ReturnType<typeof JSON.parse>;

const PASSWORDS = { user: "canary-of-user-password", customer: "canary-of-customer-password" };
/** What a device is given in bootstrap. */
const BOOTSTRAP_KEY = "canary-of-bootstrap-key";
/** What applications have sent back to them with each callback: kept with the channel, since it has to be sent. */
const CALLBACK_SECRET = "canary-of-callback-header";

const folder = mkdtempSync(join(tmpdir(), "dormouse-canary-"));
const canaries = new Map<string, string>();
/** What was answered to requests that were refused. */
const refusals: string[] = [];
/** What was answered about bootstrap to who may write it. */
const shown: unknown[] = [];
let connector: RunningCommand;
let receiver: Server;
let url: string;
let firstKey: string;
let printed: string;
let audit: string;

beforeAll(async () => {
  receiver = createServer((request, response) => request.resume().on("end", () => response.end()));
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  connector = new RunningCommand([
    "connector",
    ...["--data", folder, "--http-port", "0", "--coap-port", "0", "--https-port", "0"],
    ...["--json", "--allow-callback", "127.0.0.0/8"],
  ]);
  url = (JSON.parse(await connector.line(/^\{/)) as { http: string }).http;
  firstKey = /shown only now: (\w{100})/.exec(connector.stderr)![1];
  canaries.set("the first access key", firstKey);
  await useEverything();
  await misuseEverything();
  audit = JSON.stringify(await ok("GET", "/admin/audit?limit=1000"));
  await connector.stop("SIGTERM");
  // The one line that is there to show the first key.
  printed = `${connector.stdout}${connector.stderr}`.replace(/shown only now: \w{100}/, "");
}, 120_000);

afterAll(() => {
  receiver.close();
  rmSync(folder, { recursive: true });
});

async function ask(
  method: string,
  path: string,
  body?: unknown,
  authorization = `Bearer ${firstKey}`,
): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(url + path, {
    method,
    headers: {
      ...(authorization === "" ? {} : { authorization }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: text }),
  });
}

/** What a request answers that must succeed. */
async function ok(method: string, path: string, body?: unknown, by?: string): Promise<Parsed> {
  const response = await ask(method, path, body, by);
  const text = await response.text();
  if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

/** Sends a request that is to be refused, and keeps what was said. */
async function refused(method: string, path: string, body?: unknown, by?: string): Promise<void> {
  const response = await ask(method, path, body, by);
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`);
  refusals.push(`${response.status} ${headers.join("\n")}\n${await response.text()}`);
  expect(response.status, `${method} ${path}`).toBeGreaterThanOrEqual(400);
}

const basic = (name: string, password: string) =>
  `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;

/** Each secret is made and used as it is meant to be. */
async function useEverything(): Promise<void> {
  const user = await ok("POST", "/admin/users", {
    name: "ann",
    password: PASSWORDS.user,
    permissions: ["view device", "view resource", "view user"],
  });
  canaries.set("a user's password", PASSWORDS.user);
  await ok("GET", "/admin/users", undefined, basic("ann", PASSWORDS.user));

  const made = await ok("POST", "/admin/access-keys", { name: "n", owner: user.id });
  canaries.set("an access key", made.accessKey);
  const token = await ok("POST", "/api/api_tokens", { name: "m" });
  canaries.set("an access key of the API", token.access_key);
  await ok("GET", "/v2/endpoints", undefined, `Bearer ${made.accessKey}`);

  const client = await ok("POST", "/admin/api-clients", { owner: user.id });
  canaries.set("a client's secret", client.secretKey);
  const login = basic(client.clientKey, client.secretKey);
  const jwt = await ok("POST", "/tauth/1.0/token/", undefined, login);
  canaries.set("a token", jwt.token);
  canaries.set("a token's signature", jwt.token.split(".")[2]);
  await ok("GET", "/api/2.0/devices/", undefined, `Bearer ${jwt.token}`);

  const customer = await ok("POST", "/admin/customers", {
    email: "c@example.com",
    password: PASSWORDS.customer,
  });
  canaries.set("a customer's password", PASSWORDS.customer);
  await ok("POST", "/admin/devices", { endpointName: "node-9" });
  await ok("PUT", `/admin/customers/${customer.id}/devices/node-9`);
  const seen = await ok("GET", "/customer", undefined, basic("c@example.com", PASSWORDS.customer));
  canaries.set("a CUSTOMER_KEY", seen.token);
  const [publicKey] = Object.keys(seen.pubkeys);
  canaries.set("a PUBLIC_KEY", publicKey);
  await ok("GET", `/customer?access_token=${seen.token}`, undefined, "");
  await ok("GET", `/api/v2/m/device?access_token=${publicKey}`, undefined, "");

  const bootstrap = bootstrapWith(BOOTSTRAP_KEY);
  canaries.set("a key for bootstrap", BOOTSTRAP_KEY);
  shown.push(
    await ok("PUT", "/admin/bootstrap/configurations/node-9", bootstrap),
    await ok("PUT", "/admin/bootstrap/rules/all", { pattern: "*", configuration: bootstrap }),
    await ok("GET", "/admin/bootstrap/configurations/node-9"),
    await ok("GET", "/admin/bootstrap/rules"),
    await ok("GET", "/admin/bootstrap/devices/node-9"),
    await ok("GET", "/api/bootstrap"),
  );

  const { port } = receiver.address() as AddressInfo;
  await ok("PUT", "/v2/notification/callback", {
    url: `http://127.0.0.1:${port}/`,
    headers: { authorization: CALLBACK_SECRET },
  });
  const header = await ask("POST", "/api/security.h");
  const privateKey = /KEY\[\] = ([^;]+);/
    .exec(await header.text())?.[1]
    .match(/"([\w+/=]{40,})/)?.[1];
  if (privateKey !== undefined) canaries.set("a device's private key", privateKey);
}

function bootstrapWith(key: string) {
  const account = { uri: "coaps://c.test", shortServerId: 1, securityMode: "psk" };
  return { servers: [{ ...account, secretKey: { text: key } }] };
}

/** Each secret is given where it has no business: in paths, queries, bodies that cannot be read, as a name. */
async function misuseEverything(): Promise<void> {
  const secrets = [...canaries.values()];
  for (const [i, secret] of secrets.entries()) {
    const text = encodeURIComponent(secret);
    await refused("GET", `/v2/limits?access_token=${text}`, undefined, "");
    await refused("GET", `/customer?access_token=${text}x`, undefined, "");
    await refused("GET", `/api/v2/m/device?access_token=${text}x`, undefined, "");
    await refused("GET", `/nowhere/${text}?access_token=${text}`, undefined, "");
    await refused("GET", "/v2/endpoints", undefined, `Bearer ${secret}x`);
    await refused("POST", "/tauth/1.0/token/", undefined, basic(`n${i}`, secret));
    // As people do who mistake one field for the other.
    await refused("GET", "/customer", undefined, basic(secret.slice(0, 200), "wrong password"));
    await refused("POST", "/admin/users", `{"name": "x", "password": "${secret}"`);
    await refused("POST", "/admin/users", { name: 1, password: secret, other: true });
    await refused("PUT", "/v2/notification/callback", {
      url: "http://127.0.0.1:1/",
      headers: { authorization: secret },
    });
    const bootstrap = bootstrapWith(secret);
    await refused("PUT", "/admin/bootstrap/configurations/node-9", {
      ...bootstrap,
      servers: [{ ...bootstrap.servers[0], uri: "coap://c.test" }],
    });
    await refused("PUT", "/admin/bootstrap/configurations/node-9", { secretKey: secret });
    await refused("POST", "/api/bootstrap/node-9", { security: { 1: { secretKey: secret } } });
    await refused("POST", "/api/cert", { domain: "default", publickey: secret });
  }
  await refused("POST", "/customer", { password: PASSWORDS.customer }, `Bearer ${"x".repeat(48)}`);
}

/** All files of the folder but those that are there to keep secrets. */
function filesOf(inside: string, but: readonly string[]): string[] {
  return readdirSync(inside, { withFileTypes: true }).flatMap((entry) => {
    const path = join(inside, entry.name);
    if (but.includes(entry.name)) return [];
    return entry.isDirectory() ? filesOf(path, []) : [path];
  });
}

function found(text: string): string[] {
  return [...canaries].filter(([, secret]) => text.includes(secret)).map(([name]) => name);
}

describe("no secret is found again", () => {
  test("in what the process has printed", () => {
    expect(found(printed)).toEqual([]);
    expect(printed).not.toContain(CALLBACK_SECRET);
    expect(printed).not.toContain("access_token");
  });

  test("in what it has refused with", () => {
    expect(refusals.length).toBeGreaterThan(50);
    expect(found(refusals.join("\n"))).toEqual([]);
  });

  test("in what is shown of bootstrap to who may write it", () => {
    const text = JSON.stringify(shown);
    expect(text).toContain('"secret":true');
    expect(text).toContain("coaps://c.test");
    expect(found(text)).toEqual([]);
    // As Leshan's programs are shown bytes.
    expect(text).not.toContain(`${[...BOOTSTRAP_KEY].map((letter) => letter.charCodeAt(0))}`);
  });

  test("in the audit", () => {
    expect(audit).toContain("login.refused");
    expect(audit).toContain("access-key.created");
    expect(found(audit)).toEqual([]);
    expect(audit).not.toContain(CALLBACK_SECRET);
  });

  test("in its files, but for the folder of secrets", () => {
    const files = filesOf(folder, ["secrets"]);
    expect(files.length).toBeGreaterThan(0);
    const contents = files.map((file) => readFileSync(file, "latin1")).join("\n");
    // The search can find: this one has to be sent again after a restart, and lies in the store in clear.
    expect(contents).toContain(CALLBACK_SECRET);
    expect(found(contents)).toEqual([]);
  });

  test("and there was one of each kind", () => {
    expect([...canaries.keys()].sort()).toEqual([
      "a CUSTOMER_KEY",
      "a PUBLIC_KEY",
      "a client's secret",
      "a customer's password",
      "a device's private key",
      "a key for bootstrap",
      "a token",
      "a token's signature",
      "a user's password",
      "an access key",
      "an access key of the API",
      "the first access key",
    ]);
  });
});
