/**
 * The board's programs on each interpreter that `ESPRUINO_BINS` names, as their user meets them: uploaded by the command `espruino`, booted
 * cold, with the real connector and with Leshan, over sockets that lose what they like.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, inject, onTestFailed, test } from "vitest";
import { type BoardBundle, bundleForBoard } from "../../firmware/flash/bundle.ts";
import { GET, POST, PUT } from "../../protocol/coap/codes.ts";
import type { RunningBoard } from "../engine/support/espruino.ts";
import { freePort } from "../interop/support/free-port.ts";
import { RemotePeer } from "../interop/support/remote-peer.ts";
import { LiveConnector, textOf } from "../support/live-connector.ts";
import { interpreters, missingKinds } from "./support/interpreters.ts";
import { LossyRelay } from "./support/lossy-relay.ts";
import { BUSY_PORT, disturb, makeBoard, openPorts, SLEEPING_CHIP } from "./support/running.ts";
import { upload } from "./support/upload.ts";

const FOUND = await interpreters();
const TOOLS = inject("tools");
const BOARD = join(import.meta.dirname, "../../firmware/boards/espruino");
const PROGRAMS = join(import.meta.dirname, "programs");
const MINUTE = 60_000;
/** The machine may have other things to do, and a lost datagram is repeated after 2, 4, 8, 16 and 32 s. */
const PATIENCE = 2 * MINUTE;

/** Of a board with 5,000 variables. */
const SMALL_POOL = 5000;
const LEAST_FREE = 1200;
const TELL_MEMORY = `setInterval(function(){print("#memory "+process.memory().usage)},200);`;

const bundles = new Map<string, Promise<BoardBundle>>();
let board: RunningBoard | undefined;
/** What the last board has printed. */
let printed = "";
let server: LiveConnector | undefined;
let relay: LossyRelay | undefined;
let peer: RemotePeer | undefined;
let folder: string | undefined;

afterEach(async () => {
  printed = board?.output() ?? "";
  await board?.stop();
  await server?.close();
  await peer?.stop();
  relay?.close();
  if (folder !== undefined) await rm(folder, { recursive: true });
  board = undefined;
  server = undefined;
  peer = undefined;
  relay = undefined;
  folder = undefined;
});

async function program(path: string): Promise<string> {
  const bundle = bundles.get(path) ?? bundleForBoard(path);
  bundles.set(path, bundle);
  return (await bundle).code;
}

function settings(uri: string, more: object = {}): Record<string, unknown> {
  return { endpoint: "board", server: uri, lifetime: 600, ...more };
}

async function start(awakeFor?: number): Promise<LiveConnector> {
  const connector = await LiveConnector.start(PATIENCE, awakeFor);
  server = connector;
  onTestFailed(() => console.error(printed.slice(-3000)));
  return connector;
}

/** Variables in use that the board has told of. */
function memoryTold(running: RunningBoard): number[] {
  return [...running.output().matchAll(/#memory (\d+)/g)].map(([, usage]) => Number(usage));
}

/** What may go wrong inside of a board without anybody outside noticing. */
function expectHealthy(running: RunningBoard): void {
  expect(running.output()).not.toMatch(/Uncaught|Interrupted|MEMORY/);
}

async function serves(connector: LiveConnector): Promise<void> {
  const ask = connector.ask.bind(connector, "board");
  expect(textOf(await ask(GET, "/3/0/0"))).toBe("Espruino");
  expect(await ask(GET, "/3/0")).toMatchObject({ status: 200, contentFormat: 11542 });
  expect(await ask(GET, "/3/0/99")).toMatchObject({ status: 404 });
  expect(await ask(PUT, "/1/0/1", "900")).toMatchObject({ status: 200 });
  await connector.next("update");
  expect(textOf(await ask(GET, "/1/0/1"))).toBe("900");
  expect(await connector.observe("board", "/3/0/13")).toMatchObject({ status: 200 });
  expect(await ask(POST, "/1/0/8")).toMatchObject({ status: 200 });
  await connector.next("update");
}

describe("the kinds of board", () => {
  test("at least one is here: ESPRUINO_BINS=label=path,...", () => {
    expect(FOUND).not.toEqual([]);
  });
  for (const name of missingKinds(FOUND)) test.skip(`${name}: no interpreter is here`, () => {});
});

describe.each(FOUND)("$name", ({ engine, pool, isFixed }) => {
  test.skipIf(TOOLS.uploader !== "")(
    "uploaded by the command `espruino` and booted cold, it registers and is read, written, executed and observed",
    async () => {
      const connector = await start();
      const code = await program(join(BOARD, "minimal.ts"));
      folder = await upload(engine.path, code, settings(connector.uri));
      board = engine.bootFolder(folder);
      const registration = await connector.registration();
      expect(registration).toMatchObject({ endpointName: "board", lifetime: 600, version: "1.1" });
      await serves(connector);
      expectHealthy(board);
    },
  );

  test.skipIf(TOOLS.leshan !== "")(
    "registers with Leshan and is read, written, executed and observed",
    async () => {
      const port = await freePort();
      peer = await RemotePeer.leshanServer(port);
      onTestFailed(() => console.error(printed.slice(-3000)));
      board = await engine.boot({
        ".bootcde": await program(join(BOARD, "minimal.ts")),
        "dormouse.json": JSON.stringify(settings(`coap://127.0.0.1:${port}`)),
      });
      expect(await peer.event("registered")).toMatchObject({ ep: "board", lifetime: 600 });
      const ask = (op: string, path: string, more: object = {}) =>
        (peer as RemotePeer).ask({ op, ep: "board", path, ...more });
      expect(await ask("read", "/3/0/0", { format: 0 })).toMatchObject({ code: "2.05" });
      expect(await ask("read", "/3/0", { format: 11542 })).toMatchObject({ code: "2.05" });
      const write = await ask("write", "/1/0/1", { format: 0, value: 900 });
      expect(write).toMatchObject({ code: "2.04" });
      expect(await peer.event("updated")).toMatchObject({ ep: "board", lifetime: 900 });
      expect(await ask("execute", "/3/0/12")).toMatchObject({ code: "2.04" });
      expect(await ask("observe", "/3/0/13", { format: 0 })).toMatchObject({ code: "2.05" });
      expectHealthy(board);
    },
  );

  test("is observed over 1,000 notifications", async () => {
    const connector = await start();
    board = await engine.boot({
      ".bootcde": await program(join(PROGRAMS, "busy.ts")),
      "dormouse.json": JSON.stringify(settings(connector.uri)),
    });
    await connector.registration();
    expect(await connector.observe("board", "/3303/0/5700")).toMatchObject({ status: 200 });
    const values = new Set<string>();
    for (let i = 0; i < 1000; i++) values.add(textOf(await connector.next("notification")));
    expect(values.size).toBeGreaterThan(900);
    expectHealthy(board);
  });

  test("no operation is lost though one datagram in five is", async () => {
    const connector = await start();
    relay = await LossyRelay.start(Number(new URL(connector.uri).port), 0.2);
    board = await engine.boot({
      ".bootcde": await program(join(BOARD, "minimal.ts")),
      "dormouse.json": JSON.stringify(settings(relay.uri)),
    });
    await connector.registration();
    for (let i = 0; i < 15; i++) {
      expect(textOf(await connector.ask("board", GET, "/3/0/0"))).toBe("Espruino");
    }
    expect(relay.lost).toBeGreaterThan(2);
    expectHealthy(board);
  });

  test("goes on after datagrams without bytes, a burst, and nonsense from strangers", async () => {
    const connector = await start();
    board = await engine.boot({
      ".bootcde": await program(join(BOARD, "minimal.ts")),
      "dormouse.json": JSON.stringify(settings(connector.uri)),
    });
    await connector.registration();
    const ports = await openPorts(board.pid);
    for (const port of ports) await disturb(port);
    expect(textOf(await connector.ask("board", GET, "/3/0/0"))).toBe("Espruino");
    expectHealthy(board);
  });

  test("takes another port when its own is somebody's", async () => {
    const connector = await start();
    board = await engine.boot({
      ".bootcde": BUSY_PORT + (await program(join(BOARD, "minimal.ts"))),
      "dormouse.json": JSON.stringify(settings(connector.uri)),
    });
    await connector.registration();
    expect(board.output()).toMatch(/Socket bind failed/);
    expectHealthy(board);
  });

  test("with a full Storage the sleeper registers and is read", async () => {
    const connector = await start();
    const code = await program(join(BOARD, "sleeper.ts"));
    const file = JSON.stringify(settings(connector.uri, { awake: 600 }));
    const headers = 3 * 32 + 16;
    const filler = "x".repeat(256 * 1024 - code.length - file.length - headers - 40);
    board = await engine.boot({ ".bootcde": code, "dormouse.json": file, filler });
    await connector.registration();
    expect(textOf(await connector.ask("board", GET, "/3/0/0"))).toBe("Espruino");
    expectHealthy(board);
  });

  test.skipIf(!isFixed)("out of memory it reboots, registers again and is read", async () => {
    const connector = await start();
    const code = await program(join(PROGRAMS, "hungry.ts"));
    folder = await makeBoard(code, settings(connector.uri));
    board = engine.bootFolder(folder);
    await connector.registration();
    // E.reboot ends the interpreter for Linux.
    await board.ended;
    expect(board.output()).toMatch(/MEMORY/);
    board = engine.bootFolder(folder);
    await connector.next("registration");
    expect(textOf(await connector.ask("board", GET, "/3/0/0"))).toBe("Espruino");
  });

  test("sleeps between its contacts, and wakes for an Update and what has waited", async () => {
    // Two hours of the board are seconds of the server.
    const connector = await start(500);
    const code = await program(join(BOARD, "sleeper.ts"));
    folder = await makeBoard(
      SLEEPING_CHIP + code,
      settings(connector.uri, { lifetime: 7200, awake: 1 }),
    );
    let slept = 0;
    const begunAt = performance.now();
    board = engine.bootFolder(folder);
    await connector.registration();
    for (let contacts = 0; contacts < 2; contacts++) {
      await board.ended;
      expect(board.output()).toMatch(/awake [\d.]+ s, radio on [\d.]+ s, asleep/);
      const waiting = connector.ask("board", GET, "/3/0/0");
      // Almost two hours, of which the chip sleeps 36 minutes at a time.
      for (let boots = 0; boots < 4; boots++) {
        expectHealthy(board);
        slept += Number(/#sleep (\d+)/.exec(board.output())?.[1]) / 1e6;
        board = engine.bootFolder(folder);
        if (boots < 3) await board.ended;
      }
      await connector.next("update");
      expect(textOf(await waiting)).toBe("Espruino");
    }
    // What the boots take is time of the board too.
    const passed = slept + (performance.now() - begunAt) / 1000;
    expect(passed).toBeGreaterThan(2 * 6900);
    expect(slept).toBeLessThan(2 * 7000);
  });

  test(
    "10,000 operations leave its memory as it was: reads, writes, executions and notifications",
    async () => {
      const connector = await start();
      board = await engine.boot({
        ".bootcde": (await program(join(BOARD, "minimal.ts"))) + TELL_MEMORY,
        "dormouse.json": JSON.stringify(settings(connector.uri)),
      });
      await connector.registration();
      const ask = connector.ask.bind(connector, "board");
      expect(await ask(PUT, "/1/0/5", "1")).toMatchObject({ status: 200 });
      expect(await connector.observe("board", "/1/0/5")).toMatchObject({ status: 200 });
      const settled: number[] = [];
      for (let i = 0; i < 2500; i++) {
        expect(await ask(GET, i % 2 === 0 ? "/3/0" : "/3/0/0")).toMatchObject({ status: 200 });
        expect(await ask(PUT, "/1/0/5", String(100 + (i % 7)))).toMatchObject({ status: 200 });
        expect(textOf(await connector.next("notification"))).toBe(String(100 + (i % 7)));
        expect(await ask(POST, "/3/0/12")).toMatchObject({ status: 200 });
        if (i === 250) settled.push(...memoryTold(board));
      }
      const told = memoryTold(board);
      const early = Math.max(...settled);
      const middle = Math.max(...told.slice(0, told.length >> 1));
      const late = Math.max(...told.slice(-20));
      console.log(`${engine.name}: ${early} variables in use, then ${middle}, at the end ${late}`);
      expect(middle).toBeLessThanOrEqual(early + 20);
      expect(late).toBeLessThanOrEqual(early + 20);
      if (isFixed && pool === SMALL_POOL)
        expect(pool - Math.max(...told)).toBeGreaterThanOrEqual(LEAST_FREE);
      expectHealthy(board);
    },
    15 * MINUTE,
  );
});
