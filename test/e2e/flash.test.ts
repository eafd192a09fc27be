/**
 * `dormouse flash` and `dormouse console` as processes, at a stand-in of a board. The npm package `espruino` is a stand-in too: as much of it
 * as is used, with the faults that it has. test/engine has the real interpreter.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { FakeBoard, type FakeBoardOptions } from "../support/fake-board.ts";
import { FakeBoardServer } from "../support/fake-board-server.ts";
import { DORMOUSE } from "./support/program.ts";

vi.setConfig({ testTimeout: 120_000 });

/** As the package does: globals, words on stdout, faults of a socket on stderr alone, and timers that never end. */
const LIBRARY = `
const net = require("node:net");
let socket;
const NodeSocket = {
  name: "Node Socket",
  getPorts: (tell) => tell([]),
  open(path, opened, receive, closed) {
    const [host, port] = path.slice("tcp://".length).split(":");
    socket = net.createConnection(Number(port), host, () => opened("Ok"));
    socket.on("data", (bytes) => receive(new Uint8Array(bytes).buffer));
    socket.on("error", (error) => console.error("RECEIVE ERROR:", JSON.stringify(error)));
    socket.on("end", () => closed());
  },
  write(text, written) { socket.write(text, undefined, written); },
  close() { socket.end(); },
};
const NodeSerial = {
  name: "Node Serial",
  getPorts: (tell) => tell([]),
  open(path) {
    setTimeout(() => { throw new Error("Error: No such file or directory, cannot open " + path); });
  },
};
exports.init = (done) => {
  console.log("Initialising ...");
  setInterval(() => {}, 1000);
  globalThis.Espruino = {
    Config: {},
    Core: { Serial: { devices: process.env.NO_SERIAL ? [NodeSocket] : [NodeSocket, NodeSerial] } },
  };
  done();
};
`;

let bare: string;
let folder: string;
let server: FakeBoardServer | undefined;
const children: ChildProcess[] = [];

beforeAll(() => {
  bare = mkdtempSync(join(tmpdir(), "dormouse-bare-"));
  folder = mkdtempSync(join(tmpdir(), "dormouse-flash-"));
  const library = join(folder, "node_modules/espruino");
  mkdirSync(library, { recursive: true });
  writeFileSync(join(library, "package.json"), '{ "name": "espruino", "main": "index.js" }');
  writeFileSync(join(library, "index.js"), LIBRARY);
  writeFileSync(join(folder, "program.js"), 'print("a program");');
  writeFileSync(join(folder, "rare.js"), "exports.answer = 42;");
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await server?.stop();
  server = undefined;
});

afterAll(() => {
  rmSync(bare, { recursive: true });
  rmSync(folder, { recursive: true });
});

async function board(options?: FakeBoardOptions): Promise<FakeBoardServer> {
  server = await FakeBoardServer.start(new FakeBoard(options));
  return server;
}

interface Running {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  readonly ended: Promise<number | null>;
}

function start(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const command = [DORMOUSE, ...args];
  const child = spawn(process.execPath, command, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const running: Running = { child, stdout: "", stderr: "", ended };
  child.stdout.on("data", (chunk) => {
    running.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    running.stderr += chunk;
  });
  return running;
}

async function run(cwd: string, args: readonly string[], env?: NodeJS.ProcessEnv) {
  const running = start(cwd, args, env);
  const status = await running.ended;
  return { status, stdout: running.stdout, stderr: running.stderr };
}

describe("dormouse flash", () => {
  test("writes program, module and settings, sets the clock, and says so", async () => {
    const { port, board: told } = await board();
    const { status, stdout, stderr } = await run(folder, [
      ...["flash", "program.js", "--board", "esp32", "--port", port, "--storage", "rare=rare.js"],
      ...["--server", "coap://192.0.2.1", "--endpoint", "kitchen", "--lifetime", "300", "--queue"],
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.split("\n")).toEqual([
      "Connected: ESP32 2v29, serial number 00000001, 16,383 variables",
      "Wrote rare, 20 bytes, and read it back",
      "Wrote dormouse.json, 78 bytes, and read it back",
      "Wrote .bootcde, 19 bytes, and read it back",
      'It is told {"server":"coap://192.0.2.1","endpoint":"kitchen","lifetime":300,"queue":true}',
      "Started, 2,746 variables in use",
      "",
    ]);
    expect(told.text(".bootcde")).toBe('print("a program");');
    expect(told.text("rare")).toBe("exports.answer = 42;");
    expect(told.starts).toBe(1);
    expect(Math.abs(Number(told.time) - Date.now() / 1000)).toBeLessThan(120);
  });

  test("writes what --settings holds besides, and prints no password", async () => {
    const { port, board: told } = await board();
    writeFileSync(join(folder, "wifi.json"), '{ "ssid": "attic", "password": "secret" }');
    const flash = ["flash", "program.js", "--board", "esp32", "--port", port];
    const server = ["--server", "coap://192.0.2.1", "--settings"];
    const { status, stdout } = await run(folder, [...flash, ...server, "wifi.json"]);
    expect(status).toBe(0);
    expect(stdout).toContain(
      'It is told {"ssid":"...","password":"...","server":"coap://192.0.2.1"}',
    );
    const settings = { ssid: "attic", password: "secret", server: "coap://192.0.2.1" };
    expect(JSON.parse(told.text("dormouse.json") ?? "")).toEqual(settings);
    writeFileSync(join(folder, "list.json"), "[]");
    const refused = await run(folder, [...flash, ...server, "list.json"]);
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringContaining("list.json must hold a JSON object."),
    ]);
  });

  test("for Kaluma it builds a program by its name too, and keeps its settings to their owner", async () => {
    writeFileSync(join(folder, "wifi.json"), '{ "password": "secret" }');
    const args = ["flash", "minimal", "--board", "kaluma-pico-w", "--settings", "wifi.json"];
    const { status, stderr } = await run(folder, args);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("flash minimal.kaluma-pico-w.js"),
    ]);
    expect(readFileSync(join(folder, "minimal.kaluma-pico-w.js")).length).toBeGreaterThan(30_000);
    expect(statSync(join(folder, "minimal.kaluma-pico-w.json")).mode & 0o777).toBe(0o600);
  });

  test("builds a program that is here already by its name", async () => {
    const { port, board: told } = await board();
    const { status, stdout } = await run(folder, [
      ...["flash", "boot", "--board", "esp32", "--port", port],
    ]);
    expect({ status, stdout }).toMatchObject({ status: 0 });
    expect(stdout).toContain("Built boot.js: ");
    expect(told.text(".bootcde")?.length).toBeGreaterThan(5000);
  });

  test("builds a program first, and leaves the board alone when that is refused", async () => {
    const { port, board: told } = await board();
    writeFileSync(join(folder, "good.ts"), 'print("built");');
    writeFileSync(join(folder, "bad.ts"), "print(new Map());");
    const flashed = await run(folder, ["flash", "good.ts", "--board", "esp32", "--port", port]);
    expect(flashed.status).toBe(0);
    expect(flashed.stdout).toMatch(/^Built good\.ts: \d+ bytes, about \d+ variables$/m);
    expect(told.text(".bootcde")).toBe('print("built");');
    const refused = await run(folder, ["flash", "bad.ts", "--board", "esp32", "--port", port]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("bad.ts:1:11: there is no Map on a board");
    expect(told.text(".bootcde")).toBe('print("built");');
  });

  const program = ["flash", "program.js", "--board", "esp32"];

  test("says what to install when the package is not there", async () => {
    const args = ["flash", join(folder, "program.js"), "--board", "esp32"];
    const { status, stderr } = await run(bare, [...args, "--port", "tcp://127.0.0.1:1"], {
      HOME: bare,
    });
    expect(status).toBe(1);
    expect(stderr).toBe(
      "error: Boards are reached through the npm package espruino, which is not installed. For tcp:// ports, in a folder of its own:\n\n" +
        `  npm install --omit=optional espruino@0.1.67 --prefix ${bare}/.dormouse-espruino\n\n` +
        "For serial ports and BLE, with the optional parts that these need:\n\n" +
        "  npm install espruino@0.1.67\n",
    );
  });

  test.each([
    ["tcp://127.0.0.1:1", {}, "cannot be opened: connect ECONNREFUSED: nothing listens there"],
    ["/dev/no-such", {}, "cannot be opened: No such file or directory, cannot open /dev/no-such"],
    [
      "/dev/ttyUSB0",
      { NO_SERIAL: "1" },
      "the package serialport is not installed, which the package espruino takes for serial ports:\n\n  npm install espruino@0.1.67",
    ],
  ])("a port that cannot be opened: %s", async (port, env, told) => {
    const { status, stderr } = await run(folder, [...program, "--port", port], env);
    expect(status).toBe(1);
    expect(stderr).toContain(told);
  });

  test("another board than was asked for is not touched", async () => {
    const { port, board: told } = await board({ firmware: "ESPRUINOWIFI" });
    const { status, stderr } = await run(folder, [...program, "--port", port]);
    expect(status).toBe(1);
    expect(stderr).toBe(
      "error: the board at this port is Espruino WiFi (ESPRUINOWIFI), not ESP32: give --board espruino-wifi\n",
    );
    expect(told.files.size).toBe(0);
  });

  test.each([
    [["--port", "tcp://127.0.0.1"], "give --board NAME"],
    [["--board", "esp32"], "give --port PORT"],
    [["--board", "esp32", "--port", "http://a"], "http://a is no port"],
    [["--board", "esp32", "--port", "tcp://a", "--storage", "x"], "It must be NAME=FILE"],
    [["--board", "esp32", "--port", "tcp://a", "--baud", "9"], "It must be 300 to 4000000"],
  ])("ends with 2 for wrong use: %j", async (args, told) => {
    const { status, stderr } = await run(folder, ["flash", "program.js", ...args]);
    expect(stderr).toContain(told);
    expect(status).toBe(2);
  });
});

describe("dormouse console", () => {
  test("prints values, without any other package", async () => {
    const { port } = await board();
    const { status, stdout } = await run(bare, [
      ...["console", "--port", port, "-e", "process.env.BOARD", "-e", "var x = [1, { a: 2 }]; x"],
    ]);
    expect(status).toBe(0);
    expect(stdout).toBe('"ESP32"\n[1,{"a":2}]\n');
  });

  test("an error of the board is one of the command", async () => {
    const { port } = await board();
    const { status, stderr } = await run(bare, ["console", "--port", port, "-e", "nothing()"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: ReferenceError: nothing is not defined$/m);
  });

  test("shows the log with the time of each line, until Ctrl-C", async () => {
    const { port, board: told } = await board();
    const running = start(bare, ["console", "--port", port]);
    await expect.poll(() => running.stderr, { timeout: 60_000 }).toMatch(/^Connected to tcp:/);
    told.say("registered coap://192.0.2.1\r\n>");
    told.say("\x1b[JRead /3/0 69\r\n>");
    await expect.poll(() => running.stdout).toMatch(/Read/);
    expect(running.stdout).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} registered coap:\/\/192\.0\.2\.1\n\d\d:\d\d:\d\d\.\d{3} Read \/3\/0 69\n$/,
    );
    running.child.kill("SIGINT");
    expect(await running.ended).toBe(0);
  });

  test("ends with 1 when the board is gone", async () => {
    const { port, board: told } = await board();
    const running = start(bare, ["console", "--port", port, "--no-time"]);
    await expect.poll(() => running.stderr, { timeout: 60_000 }).toMatch(/^Connected/);
    told.say("last words");
    told.hangUp("");
    expect(await running.ended).toBe(1);
    expect(running.stdout).toBe("last words\n");
    expect(running.stderr).toContain("error: the board closed the connection");
  });
});
