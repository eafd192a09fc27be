import { createPrivateKey, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Domain, Permission } from "../../../../connector/access/model.ts";
import { newDeviceKey } from "../../../../connector/certificates/device-key.ts";
import { writePem } from "../../../../connector/certificates/pem.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";
import { RestBench } from "./bench.ts";
import { FakeDevices } from "./fake-devices.ts";

const { publicKey, privateKey } = await newDeviceKey();
const PEM = writePem("PUBLIC KEY", publicKey.spki);

let store: MemoryStore;
let bench: RestBench;

beforeEach(() => {
  store = new MemoryStore();
  bench = new RestBench(new FakeDevices(), store);
});

function order(members: Record<string, unknown> = {}): string {
  return JSON.stringify({ domain: "default", publickey: PEM, ...members });
}

/** A key of a user in a domain of its own. */
function givenTenant(permissions: readonly Permission[] = ["add certificate"]): string {
  const domain: Domain = {
    id: "tenant-id",
    name: "tenant.example",
    createdAt: 0,
    registration: "closed",
    sharing: "shared",
    customersUseRest: false,
  };
  bench.access.domains.put(domain);
  const user = bench.access.users.put({
    id: "tenant-user",
    domainId: domain.id,
    name: "somebody",
    passwordHash: undefined,
    active: true,
    staff: false,
    superuser: false,
    role: "user",
    permissions,
    groups: [],
    keyVersion: 1,
    metadata: {},
    createdAt: 0,
    updatedAt: 0,
  });
  return bench.access.keys.create({ domainId: domain.id, ownerId: user.id }, "x", 0).key;
}

function audited(domainId = "default"): string[] {
  return [...bench.access.audit.newest(domainId)].map(({ action }) => action);
}

describe("POST /api/cert", () => {
  test("answers 201 with these four members and no other, in JSON", async () => {
    const response = await bench.fetch("POST", "/api/cert", {
      body: order(),
      headers: { accept: "application/json", "content-type": "application/json" },
    });
    expect(response.status).toBe(201);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const answer = (await response.json()) as Record<string, string>;
    expect(Object.keys(answer)).toEqual([
      "domain",
      "endpoint",
      "server_certificate",
      "device_certificate",
    ]);
    expect(answer.domain).toBe("default");
    const device = new X509Certificate(answer.device_certificate);
    const server = new X509Certificate(answer.server_certificate);
    expect(device.subject).toBe(`O=default\nCN=${answer.endpoint}`);
    expect(device.verify(server.publicKey)).toBe(true);
    expect(device.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
  });

  test("takes the form of the original's sample: line ends within the JSON string", async () => {
    const pem = PEM.replace("PUBLIC KEY", "PUBLICKEY").replaceAll("\n", "\n        ");
    const body = `{\n    "domain": "default",\n    "publickey": "${pem}"\n}`;
    expect((await bench.ask("POST", "/api/cert", { body }))[0]).toBe(201);
    // As curl sends what it reads from -d.
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await bench.ask("POST", "/api/cert/", { body, headers }))[0]).toBe(201);
  });

  test("is durable before it is answered, and on record: certificate, device, audit", async () => {
    const [, text] = await bench.ask("POST", "/api/cert", { body: order() });
    const { endpoint, device_certificate } = JSON.parse(text);
    const serial = new X509Certificate(device_certificate).serialNumber;
    const found = new RestBench(new FakeDevices(), store.afterKill());
    expect(found.certificates.ledger.find(serial)).toMatchObject({
      endpointName: endpoint,
      domainId: "default",
    });
    expect(found.access.devices.named(endpoint)).toMatchObject({ domainId: "default" });
    const entries = [...found.access.audit.newest("default")];
    expect(entries[0]).toMatchObject({ action: "certificate.issued", address: "192.0.2.1" });
    expect(entries[0].object).toContain(endpoint);
    expect(JSON.stringify(entries)).not.toContain("BEGIN");
  });

  test("is 400 for a body that cannot be read, and says why", async () => {
    const bodies: [string, RegExp][] = [
      ["", /domain and publickey/],
      ["{", /JSON/],
      ["[]", /object/],
      ["null", /object/],
      ['"x"', /object/],
      ['{"domain":"default"}', /domain and publickey/],
      [order({ domain: 1 }), /domain and publickey/],
      [order({ publickey: [PEM] }), /domain and publickey/],
      [order({ publickey: null }), /domain and publickey/],
      [order().replace("{", '{"domain":"other",'), /twice/],
      [order().replace("{", '{"__proto__":{},'), /not allowed/],
      [order({ publickey: "nonsense" }), /publickey.*P-256/],
    ];
    for (const [body, reason] of bodies) {
      const [status, text] = await bench.ask("POST", "/api/cert", { body });
      expect([body, status, text]).toEqual([body, 400, expect.stringMatching(reason)]);
      expect(text).not.toContain("\n");
    }
    expect(bench.certificates.ledger.size).toBe(0);
  });

  test("is 413 for more than 16 KiB, whatever is in it", async () => {
    const body = order({ publickey: "A".repeat(20_000) });
    expect((await bench.ask("POST", "/api/cert", { body }))[0]).toBe(413);
  });

  test("is 401 for another domain, before its key is looked at, and audited", async () => {
    givenTenant();
    for (const domain of [
      "tenant.example",
      "tenant-id",
      "nobody",
      "",
      "DEFAULT",
      "default ",
      "default,CN=x",
    ]) {
      const [status, text] = await bench.ask("POST", "/api/cert", {
        body: order({ domain, publickey: "nonsense" }),
      });
      expect([domain, status]).toEqual([domain, 401]);
      expect(text).toBe("The access key is not valid for this domain.");
    }
    expect(audited().slice(0, 7)).toEqual(Array(7).fill("permission.refused"));
  });

  test("is for the key's own domain, by name or by id", async () => {
    const key = givenTenant();
    for (const domain of ["tenant.example", "tenant-id"]) {
      const [status, text] = await bench.ask("POST", "/api/cert", { key, body: order({ domain }) });
      const answer = JSON.parse(text);
      expect([status, answer.domain]).toEqual([201, "tenant.example"]);
      const { subject } = new X509Certificate(answer.device_certificate);
      expect(subject).toBe(`O=tenant-id\nCN=${answer.endpoint}`);
      expect(bench.access.devices.named(answer.endpoint)).toMatchObject({ domainId: "tenant-id" });
    }
    expect((await bench.ask("POST", "/api/cert", { key, body: order() }))[0]).toBe(401);
  });

  test("is 403 without the right to add certificates", async () => {
    const key = givenTenant(["view device", "view certificate"]);
    for (const path of ["/api/cert", "/api/security.h"]) {
      expect((await bench.ask("POST", path, { key, body: order() }))[0]).toBe(403);
    }
  });

  test("is 429 beyond the key's quota, and 503 when there are too many of all", async () => {
    const post = (key: string) => bench.fetch("POST", "/api/cert", { key, body: order() });
    for (let i = 0; i < 3; i++) expect((await post(bench.key)).status).toBe(201);
    const refused = await post(bench.key);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe(`${24 * 60 * 60}`);
    const other = bench.newKey();
    for (let i = 0; i < 2; i++) expect((await post(other)).status).toBe(201);
    expect((await post(other)).status).toBe(503);
    bench.now += 24 * 60 * 60 * 1000;
    expect((await post(other)).status).toBe(503);
    expect(bench.certificates.ledger.size).toBe(5);
  });

  test("answers any body with what it means, and never with 500", async () => {
    const part = fc.constantFrom(
      ...["{", "}", '"domain"', ":", ",", '"default"', '"publickey"', `"${PEM}"`, "[", "]", "1"],
      ...['"', "\\", "\n", "\0", "null", "é", '"__proto__"', " "],
    );
    const body = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 12 }).map((parts) => parts.join("")),
      fc.json(),
    );
    await fc.assert(
      fc.asyncProperty(body, async (given) => {
        const { status } = await bench.fetch("POST", "/api/cert", { body: given });
        expect([201, 400, 401, 429]).toContain(status);
      }),
    );
  });

  test("is 405 for GET, and never answered to HEAD", async () => {
    expect((await bench.fetch("GET", "/api/cert")).status).toBe(405);
    expect((await bench.fetch("HEAD", "/api/cert")).status).toBe(405);
  });
});

describe("POST /api/security.h", () => {
  test("gives a C header with a key that was made for it, as a download", async () => {
    const response = await bench.fetch("POST", "/api/security.h");
    expect(response.status).toBe(201);
    expect(response.headers.get("content-disposition")).toBe('attachment; filename="security.h"');
    expect(response.headers.get("cache-control")).toBe("no-store");
    const header = await response.text();
    const endpoint = /MBED_ENDPOINT_NAME "([^"]+)"/.exec(header)?.[1] ?? "";
    expect(header).toContain('MBED_DOMAIN "default"');
    expect(bench.access.devices.named(endpoint)).toBeDefined();
    expect(bench.certificates.ledger.list("default", 0, 9)[0].endpointName).toBe(endpoint);
  });

  test("gives another device and another key each time, and keeps no key", async () => {
    const one = (await bench.ask("POST", "/api/security.h"))[1];
    const other = (await bench.ask("POST", "/api/security.h", { body: order() }))[1];
    const keyOf = (header: string) => header.slice(header.indexOf("KEY[]"));
    expect(keyOf(one)).not.toBe(keyOf(other));
    // The second line of the PEM is all key; the first begins as every key on P-256 does.
    const secret = keyOf(one).split("\n")[2].slice(1, 60);
    expect(secret).toMatch(/^[A-Za-z0-9+/]{40,}/);
    const kept = [...store.afterKill().table("certificates").entries()];
    const everything = JSON.stringify([kept, [...bench.access.audit.newest("default")]]);
    expect(everything).not.toContain(secret);
    expect(bench.secrets.read("certificate-authority.pem")).not.toContain(secret);
  });

  test("is 401 for another domain, 400 for a domain that is no text", async () => {
    expect((await bench.ask("POST", "/api/security.h", { body: '{"domain":"x"}' }))[0]).toBe(401);
    expect((await bench.ask("POST", "/api/security.h", { body: '{"domain":1}' }))[0]).toBe(400);
    expect((await bench.fetch("GET", "/api/security.h")).status).toBe(405);
  });
});

test("GET /api/ca.pem gives anybody the authority's certificate, and no key", async () => {
  const headers = { authorization: "" };
  const [status, pem] = await bench.ask("GET", "/api/ca.pem", { headers });
  expect(status).toBe(200);
  expect(pem).not.toContain("PRIVATE");
  const [, text] = await bench.ask("POST", "/api/cert", { body: order() });
  expect(JSON.parse(text).server_certificate).toBe(pem.trimEnd());
});
