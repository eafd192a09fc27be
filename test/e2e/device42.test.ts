/**
 * Flows of the public clients of Device42 against a running connector, devices included: only host and credentials are others. The commands
 * of the seed are sent to it by curl as they are printed.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Permission } from "../../connector/access/model.ts";
import { DeviceConnector } from "../../connector/device-connector.ts";
import { LmdbStore } from "../../connector/store/lmdb-store.ts";
import { NodeDevice } from "../../firmware/boards/node/main.ts";
import { LwM2mObject } from "../../firmware/objects/lwm2m-object.ts";
import {
  DEVICE,
  DEVICE_MANUFACTURER,
  DEVICE_SERIAL_NUMBER,
} from "../../protocol/model/objects/device.ts";
import { givenUser } from "../unit/connector/access/people.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const HAS_CURL = spawnSync("curl", ["--version"]).status === 0;
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const JSON_TYPE = { "content-type": "application/json", accept: "application/json" };
const PASSWORD = "correct horse battery";
const PERMISSIONS = ["device", "building", "tag"].flatMap((object) =>
  ["view", "add", "change", "delete"].map((verb) => `${verb} ${object}` as Permission),
);

/** JSON of whatever form: the tests say which. */
type Parsed = ReturnType<typeof JSON.parse>;

const folder = mkdtempSync(join(tmpdir(), "dormouse-device42-"));
let connector: DeviceConnector;
let device: NodeDevice;
let clientKey: string;
let secretKey: string;

function start(): Promise<DeviceConnector> {
  return DeviceConnector.start({
    store: new LmdbStore(join(folder, "store")),
    secretsFolder: join(folder, "secrets"),
    host: "127.0.0.1",
    httpPort: 0,
    https: { port: 0 },
    coapPort: 0,
    identifiesDevices: true,
    product: "Dormouse end to end",
    log: (line) => console.error(line),
  });
}

beforeAll(async () => {
  connector = await start();
  const { access } = connector;
  const passwordHash = await access.passwords.hash(PASSWORD);
  const scripts = givenUser(access, "scripts", { permissions: PERMISSIONS, passwordHash });
  givenUser(access, "newcomer", { passwordHash });
  const made = access.clients.create({ ownerId: scripts.id }, Date.now());
  clientKey = made.client.clientKey;
  secretKey = made.secretKey;
  await connector.commit();
  const described = new LwM2mObject(DEVICE);
  described.create(0, {
    [DEVICE_MANUFACTURER]: "Open Mobile Alliance",
    [DEVICE_SERIAL_NUMBER]: "345000123",
  });
  device = new NodeDevice({
    server: connector.coapUrl,
    endpointName: "db-080-westport",
    objects: [described],
  });
  await new Promise<void>((resolve) => {
    device.start((event) => {
      if (event.kind === "registered") resolve();
    });
  });
});

afterAll(async () => {
  await device.stop();
  await connector.close();
  rmSync(folder, { recursive: true });
});

function basic(name: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` };
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

async function call(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<{ status: number; json: Parsed }> {
  const response = await fetch(connector.httpUrl + path, {
    method,
    headers,
    body: body ?? null,
    redirect: "error",
  });
  return { status: response.status, json: await response.json() };
}

async function freshToken(): Promise<string> {
  const { status, json } = await call("POST", "/tauth/1.0/token/", basic(clientKey, secretKey));
  expect(status).toBe(200);
  return json.token;
}

/** Runs a command of the seed with our host and credentials. */
async function run(printed: string, token = ""): Promise<Parsed> {
  const command = printed
    .replace("https://D42-IP", connector.httpsUrl ?? "")
    .replace(/-u '[^']+'/, `-u '${clientKey}:${secretKey}'`)
    .replace(/Bearer [^']+/, `Bearer ${token}`);
  const { stdout } = await promisify(execFile)("sh", ["-c", `${command} -s -m 50`]);
  return JSON.parse(stdout);
}

describe.runIf(HAS_CURL)("the commands of the seed", () => {
  const RETRIEVE =
    "curl -k -X POST -u '4158a64aa......:89f82ff876644601852....' 'https://D42-IP/tauth/1.0/token/'";
  const AGAIN =
    "curl -k -X POST -u '4158a64aa7274f6......:89f82ff8766446.....' 'https://D42-IP/tauth/1.0/token/'";
  const GET =
    "curl -k -X GET -H 'Authorization: Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9....' 'https://D42-IP/api/2.0/devices/'";
  const POST =
    "curl -k -X POST -d 'name=Head-office&address=NY' -H 'Authorization: Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9....' 'https://D42-IP/api/1.0/buildings/'";

  test("retrieve a token, get devices, post a building, and retrieve another token", async () => {
    const first = await run(RETRIEVE);
    expect(Object.keys(first).sort()).toEqual([
      "code",
      "expires",
      "msg",
      "token",
      "token_id",
      "ttl",
    ]);
    expect(first).toMatchObject({ code: 0, ttl: 10, msg: "connected" });
    expect(first.expires).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(first.token).toMatch(/^eyJhbGciOiJSUzI1NiIsInR5c/);
    const devices = await run(GET, first.token);
    expect(devices.Devices[0].name).toBe("db-080-westport");
    const building = await run(POST, first.token);
    expect(building).toEqual({
      msg: ["Building added/updated successfully", 1, "Head-office", true, true],
      code: 0,
    });
    const second = await run(AGAIN);
    expect(second.token_id).toBe(first.token_id + 1);
    expect((await run(GET, second.token)).total_count).toBe(1);
  });
});

describe("iupy-device42api", () => {
  test("connects with keys, renews shortly before the end, and disconnects", async () => {
    const connected = await call("POST", "/tauth/1.0/token/", basic(clientKey, secretKey));
    expect(connected.status).toBeLessThan(401);
    let { token, expires, token_id } = connected.json;
    // Python reads it with datetime.fromisoformat, and asks how many seconds are left.
    expect(Date.parse(expires)).toBeGreaterThan(Date.now());
    expect((await call("GET", "/api/1.0/tags/?limit=1", bearer(token))).status).toBe(200);

    const renewed = await call("PUT", `/tauth/1.0/token/${token_id}/`, bearer(token));
    expect(Object.keys(renewed.json)).toEqual(
      expect.arrayContaining(["token", "expires", "token_id"]),
    );
    ({ token, expires, token_id } = renewed.json);
    expect((await call("GET", "/api/1.0/tags/?limit=1", bearer(token))).status).toBe(200);

    const ended = await call("DELETE", `/tauth/1.0/token/${token_id}/`, bearer(token));
    expect(ended.status).toBe(200);
    expect((await call("GET", "/api/1.0/tags/?limit=1", bearer(token))).status).toBe(401);
  });

  test("connects with a user's name and password", async () => {
    const { status } = await call("GET", "/api/1.0/tags/?limit=1", basic("scripts", PASSWORD));
    expect(status).toBe(200);
  });

  test("is told at 401 that the keys are wrong", async () => {
    const { status, json } = await call("POST", "/tauth/1.0/token/", basic(clientKey, "wrong"));
    expect(status).toBeGreaterThanOrEqual(401);
    expect("token" in json).toBe(false);
  });
});

test.each<[string, Record<string, string>, string | undefined]>([
  ["the CSV importer's form", FORM, "grant_type=client_credentials"],
  ["PowerShell's JSON without a body", JSON_TYPE, undefined],
  ["Ansible's form without a body", FORM, undefined],
  ["Ruby's nothing", {}, undefined],
])("a token comes for %s", async (_, headers, body) => {
  const all = { ...basic(clientKey, secretKey), ...headers };
  expect((await call("POST", "/tauth/1.0/token/", all, body)).json.msg).toBe("connected");
});

describe("pydevice42", () => {
  test("takes all pages, from the first member that is no count", async () => {
    const names = Array.from({ length: 9 }, (_, i) => `page-${i}`);
    for (const name of names)
      await call("POST", "/api/1.0/device/", token9(), `name=${name}&tags=page`);
    const limit = 4;
    let offset = 0;
    let total = 1;
    const found: string[] = [];
    while (found.length < total) {
      const path = `/api/2.0/devices/?tags=page&limit=${limit}&offset=${offset}`;
      const { json } = await call("GET", path, basic("scripts", PASSWORD));
      total = json.total_count;
      const [key] = Object.keys(json).filter(
        (name) => !["offset", "total_count", "limit"].includes(name),
      );
      for (const { name } of json[key]) found.push(name);
      offset += limit;
    }
    expect(found).toEqual(names);
  });

  function token9(): Record<string, string> {
    return { ...basic("scripts", PASSWORD), ...FORM };
  }

  test("raises what an answer's msg says when its code is not 0", async () => {
    const { status, json } = await call(
      "POST",
      "/api/1.0/device/",
      { ...basic("scripts", PASSWORD), ...FORM },
      "name=x&type=toaster",
    );
    expect([status, Number(json.code)]).toEqual([400, 1]);
    expect(json.msg).toMatch(/physical/);
  });
});

describe("JupiterOne", () => {
  test("reads devices page by page until total_count", async () => {
    const found: Parsed[] = [];
    let total = 1;
    while (found.length < total) {
      const path = `/api/1.0/devices/all/?limit=5&offset=${found.length}&blankasnull=yes`;
      const { json } = await call("GET", path, basic("scripts", PASSWORD));
      found.push(...json.Devices);
      total = json.total_count;
    }
    const one = found.find(({ name }) => name === "db-080-westport");
    // What its converter makes of a record.
    expect(one.ip_addresses.map(({ ip }: Parsed) => ip)).toEqual(["127.0.0.1"]);
    expect(one.mac_addresses.map(({ mac }: Parsed) => mac)).toEqual([]);
    expect(one).toMatchObject({ in_service: true, is_it_switch: "no", uuid: null });
    expect(Date.parse(one.last_updated)).toBeGreaterThan(0);
    expect(new Set(found.map(({ id }) => id.toString())).size).toBe(total);
  });

  test("knows by its words that a permission is missing", async () => {
    for (const path of ["/api/1.0/endusers/", "/api/1.0/devices/all/"]) {
      const { status, json } = await call("GET", path, basic("newcomer", PASSWORD));
      expect(status).toBeGreaterThanOrEqual(400);
      expect(json.msg).toBe("You don't have permissions to access this resource.");
    }
  });
});

describe("Noe-GT's functions", () => {
  test("find a device by name, note its tags, remove one, and update by address", async () => {
    const headers = bearer(await freshToken());
    const found = await call("GET", "/api/1.0/devices/name/db-080-westport/", headers);
    expect(found.json.id).toBeGreaterThan(0);
    const path = `/api/2.0/devices/${found.json.id}/`;
    const form = { ...headers, ...FORM, accept: "application/json" };
    expect((await call("PUT", path, form, "tags=test_tag")).status).toBe(200);
    expect((await call("PUT", path, form, "tags=other_tag")).status).toBe(200);
    const remove = "name=db-080-westport&tags_remove=test_tag";
    expect((await call("POST", "/api/1.0/device/", form, remove)).status).toBe(200);
    const at = await call("GET", "/api/2.0/ips/?ip=127.0.0.1", headers);
    const [{ device_id }] = at.json.ips[0].devices;
    const record = await call("GET", `/api/2.0/devices/${device_id}/`, headers);
    expect(record.json.tags).toEqual(["other_tag"]);
  });
});

describe("the Go client and the CSV importer", () => {
  test("find a building by name or make it, and take its id from the answer", async () => {
    const headers = { ...bearer(await freshToken()), ...FORM };
    const none = await call("GET", "/api/1.0/buildings/?name=Las%20Vegas", headers);
    expect(none.json.buildings).toEqual([]);
    const put = await call("POST", "/api/1.0/buildings/", headers, "name=Las+Vegas&notes=hot");
    expect([put.status, put.json.code]).toEqual([200, 0]);
    const id = put.json.msg[1];
    const custom = `building_id=${id}&key=occupancy_limit&value=40`;
    await call("PUT", "/api/1.0/custom_fields/building/", headers, custom);
    const { json } = await call("GET", "/api/1.0/buildings/?name=Las%20Vegas", headers);
    expect(json.buildings).toMatchObject([
      { building_id: id, notes: "hot", custom_fields: [{ key: "occupancy_limit", value: "40" }] },
    ]);
    const gone = await call("DELETE", `/api/1.0/buildings/${id}/`, headers);
    expect(gone.json).toEqual({ deleted: "true", id: `${id}` });
  });
});

test("a device is asked once what it is, when the connector is told to", async () => {
  const headers = basic("scripts", PASSWORD);
  await vi.waitFor(async () => {
    const { json } = await call("GET", "/api/1.0/devices/name/db-080-westport/", headers);
    expect(json).toMatchObject({ manufacturer: "Open Mobile Alliance", serial_no: "345000123" });
  }, 10_000);
});

test("a token is good at the Device Connector's routes, for devices as they are now", async () => {
  const headers = bearer(await freshToken());
  const { status, json } = await call("GET", "/v2/endpoints", headers);
  expect(status).toBe(200);
  expect(json).toMatchObject([{ name: "db-080-westport" }]);
});

test("tokens and what was ended stay so across a restart, and no secret is in the store", async () => {
  const [kept, ended] = [await freshToken(), await freshToken()];
  const { json: own } = await call("GET", "/api/1.0/tags/", bearer(ended));
  expect(own.code).toBeUndefined();
  const { jti } = JSON.parse(Buffer.from(ended.split(".")[1], "base64url").toString());
  await call("DELETE", `/tauth/1.0/token/${jti}/`, bearer(kept));
  await connector.close();
  const keys = join(folder, "secrets", "token-keys.json");
  expect(statSync(keys).mode & 0o777).toBe(0o600);
  const store = readFileSync(join(folder, "store", "data.mdb"), "latin1");
  for (const secret of [secretKey, kept, kept.split(".")[2], "PRIVATE KEY"]) {
    expect(store.includes(secret)).toBe(false);
  }
  connector = await start();
  expect((await call("GET", "/api/2.0/devices/", bearer(kept))).status).toBe(200);
  expect((await call("GET", "/api/2.0/devices/", bearer(ended))).status).toBe(401);
});
