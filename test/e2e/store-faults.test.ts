/** A connector whose disk is full, and one whose file cannot be written: real faults of a real file system, which need root. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemRandom } from "../../connector/adapters/entropy.ts";
import { DeviceConnector } from "../../connector/device-connector.ts";
import { defaultSettings } from "../../connector/settings.ts";
import { LmdbStore } from "../../connector/store/lmdb-store.ts";
import { CHANGED, CREATED } from "../../protocol/coap/codes.ts";
import { Device } from "../torture/device.ts";

const PAGE = 4096;

let folder = "";
let connector: DeviceConnector;
let device: Device;
let key = "";
let undo: () => void = () => {};
const lines: string[] = [];

/** Runs a system command; returns whether it did what it should. */
function runs(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dormouse-faults-"));
  undo = () => {};
  lines.length = 0;
});

afterEach(async () => {
  await connector?.close().catch(() => {});
  device?.close();
  undo();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  connector = await DeviceConnector.start({
    store: new LmdbStore(join(folder, "store"), { log: (line) => lines.push(line) }),
    host: "127.0.0.1",
    httpPort: 0,
    coapPort: 0,
    product: "Dormouse",
    connector: defaultSettings(systemRandom()),
    log: (line) => lines.push(line),
  });
}

async function restart(): Promise<void> {
  await connector.close();
  await start();
}

async function makeKey(name: string): Promise<{ status: number; key: string; retryAfter: string }> {
  const answer = await fetch(`${connector.httpUrl}/api/api_tokens`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ name }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    key: answer.ok ? (JSON.parse(text) as { access_key: string }).access_key : "",
    retryAfter: answer.headers.get("retry-after") ?? "",
  };
}

async function statusOf(accessKey: string): Promise<number> {
  const headers = { authorization: `Bearer ${accessKey}` };
  return (await fetch(`${connector.httpUrl}/v2/endpoints`, { headers })).status;
}

/** A connector with a key and a registered device, all of it acknowledged. */
async function givenConnector(): Promise<string> {
  await start();
  key = connector.access.createFirstKey().key;
  await connector.commit();
  const port = () => Number(new URL(connector.coapUrl).port);
  device = await Device.open("on-a-bad-disk", port, 1);
  expect(await device.register(["/1/0", "/3/0"])).toBe(CREATED);
  return (await makeKey("before")).key;
}

/** Fills a file system to its last byte. Returns how to free what was taken. */
function fill(): () => void {
  const filler = join(folder, "filler");
  const file = openSync(filler, "w");
  for (const size of [PAGE * 16, PAGE, 256, 1]) {
    try {
      for (;;) writeSync(file, Buffer.alloc(size));
    } catch {
      // Full, for a piece of this size.
    }
  }
  closeSync(file);
  return () => rmSync(filler);
}

test("a full disk: 507 and silence, nothing acknowledged is lost, and it goes on by itself", async (context) => {
  if (!runs("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder))
    context.skip("no mount here");
  undo = () => void runs("umount", folder);
  const before = await givenConnector();
  const free = fill();
  // The file has free pages of its own to begin with.
  const made = [before];
  let refused = await makeKey("the first");
  for (let i = 0; refused.status === 201 && i < 200; i++) {
    made.push(refused.key);
    refused = await makeKey(`key ${i}`);
  }
  expect(refused.status).toBe(507);
  expect(await statusOf(before)).toBe(200);
  const registering = device.update(["/1/0", "/3/0", "/3303/0"]);
  expect((await makeKey("refused too")).status).toBe(507);
  device.abandon();
  expect(await registering).toBeUndefined();
  free();
  const after = await makeKey("after");
  expect(after.status).toBe(201);
  expect(await device.update(["/1/0", "/3/0", "/3304/0"])).toBe(CHANGED);
  made.push(after.key);
  await restart();
  for (const one of made) expect(await statusOf(one)).toBe(200);
  expect(await device.update()).toBe(CHANGED);
  const told = lines.filter((line) => line.includes("store"));
  expect(told[0]).toContain("cannot be written: No space left on device");
  expect(told[1]).toBe("The store is written again.");
});

test("a file that cannot be written: 503, nothing acknowledged is lost, and it goes on by itself", async (context) => {
  mkdirSync(join(folder, "store"));
  const before = await givenConnector();
  const file = join(folder, "store", "data.mdb");
  if (!runs("chattr", "+i", file)) context.skip("no chattr here");
  undo = () => void runs("chattr", "-i", file);
  for (let i = 0; i < 3; i++) {
    expect(await makeKey(`refused ${i}`)).toEqual({ status: 503, key: "", retryAfter: "5" });
  }
  expect(await statusOf(before)).toBe(200);
  undo();
  const after = await makeKey("after");
  expect(after.status).toBe(201);
  await restart();
  expect([await statusOf(before), await statusOf(after.key)]).toEqual([200, 200]);
  expect(await device.update()).toBe(CHANGED);
});
