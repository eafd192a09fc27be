/** The connector's core in a process of its own, on a real socket and the real store, killed in the middle of a storm. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CHANGED, CREATED, POST } from "../../protocol/coap/codes.ts";
import {
  CON,
  decodeMessage,
  encodeMessage,
  type Message,
  NO_BYTES,
} from "../../protocol/coap/message.ts";
import { LOCATION_PATH, URI_PATH } from "../../protocol/coap/options.ts";
import { pathOf, pathOptions, queryOptions } from "../../protocol/coap/uri.ts";
import { isMalformed } from "../../protocol/malformed.ts";

const SCRIPT = fileURLToPath(new URL("../load/connector-under-load.ts", import.meta.url));
const KILLS = 3;
const DEVICES = 400;

let folder = "";
let server: ChildProcess;
let socket: Socket;
let port = 0;

async function freePort(): Promise<number> {
  const probe = createSocket("udp4");
  await new Promise<void>((resolve) => probe.bind(0, "127.0.0.1", resolve));
  const free = probe.address().port;
  await new Promise<void>((resolve) => probe.close(resolve));
  return free;
}

async function start(): Promise<void> {
  const args = ["--import", "tsx", SCRIPT, String(port), folder];
  server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  await once(server.stdout!, "data");
}

async function kill(): Promise<void> {
  const gone = once(server, "exit");
  server.kill("SIGKILL");
  await gone;
}

beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), "dormouse-kill-")), "store");
  port = await freePort();
  socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  await start();
});

afterEach(async () => {
  await kill();
  socket.close();
  rmSync(join(folder, ".."), { recursive: true, force: true });
});

let messageId = 0;

function send(path: string, query: string[]): number {
  messageId = (messageId + 1) & 0xffff;
  const options = [...pathOptions(URI_PATH, path), ...queryOptions(query)];
  const message = { type: CON, code: POST, messageId, token: NO_BYTES, options, payload: NO_BYTES };
  socket.send(encodeMessage(message), port, "127.0.0.1");
  return messageId;
}

/** Calls back for each answer until it says that it has enough. */
function answers(take: (answer: Message) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const listen = (datagram: Buffer) => {
      const message = decodeMessage(datagram);
      if (isMalformed(message) || !take(message)) return;
      socket.off("message", listen);
      resolve();
    };
    socket.on("message", listen);
  });
}

test("whoever was told that it is registered is registered after kill -9", async () => {
  const locations: string[] = [];
  for (let round = 0; round < KILLS; round++) {
    const enough = locations.length + DEVICES / 2;
    const halfway = answers(({ code, options }) => {
      if (code === CREATED) locations.push(pathOf(options, LOCATION_PATH));
      return locations.length >= enough;
    });
    for (let i = 0; i < DEVICES; i++) send("/rd", [`ep=${round}-${i}`, "lt=600", "lwm2m=1.1"]);
    await halfway;
    await kill();
    await start();
    const unknown = new Map(locations.map((location) => [send(location, []), location]));
    const codes = new Set<number>();
    const all = answers((answer) => {
      if (unknown.delete(answer.messageId)) codes.add(answer.code);
      return unknown.size === 0;
    });
    await all;
    expect([...codes]).toEqual([CHANGED]);
  }
  expect(locations.length).toBe((KILLS * DEVICES) / 2);
}, 60_000);
