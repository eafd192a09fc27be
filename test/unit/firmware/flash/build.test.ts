/** What `dormouse build` makes of programs, and what it refuses: each fault at its place in the program's own source. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  type BoardModel,
  boardNamed,
  type EspruinoBoard,
} from "../../../../firmware/flash/boards.ts";
import { type Build, buildForBoard } from "../../../../firmware/flash/build.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "build-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
vi.setConfig({ testTimeout: 120_000 });

function board(name: string): BoardModel {
  const found = boardNamed(name);
  if (found === undefined) throw new Error(name);
  return found;
}
const ESP32 = board("esp32") as EspruinoBoard;

async function build(source: string, on: BoardModel = ESP32, name = "program.ts"): Promise<Build> {
  const entry = join(folder, name);
  writeFileSync(entry, source);
  return buildForBoard(entry, on);
}

/** `line:column: message` of all that is refused. */
async function refused(source: string, on?: BoardModel, name?: string): Promise<string[]> {
  const { code, report } = await build(source, on, name);
  if (report.refused.length > 0) expect(code).toBeUndefined();
  for (const { file } of report.refused) expect(file).toBe(join(folder, name ?? "program.ts"));
  return report.refused.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

const DEVICE = `
import { ESPRUINO_DATAGRAMS, readSettings, startDevice } from "dormouse-lwm2m/boards/espruino";
import { addSensor, sensorObject, type AgentFeatures } from "dormouse-lwm2m/firmware";
import { BasicEndpoint, SENSOR_VALUE, TEMPERATURE, TEXT_CODEC, TLV_CODEC } from "dormouse-lwm2m/protocol";
const FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: (settings) => new BasicEndpoint(settings),
};
const temperature = sensorObject(TEMPERATURE);
addSensor(temperature, 0, analogRead(D36), "Cel");
const settings = readSettings();
if (settings !== undefined) {
  const refresh = () => temperature.set(0, SENSOR_VALUE, analogRead(D36));
  startDevice(settings, FEATURES, [temperature], refresh, ESPRUINO_DATAGRAMS);
}`;

describe("a program that the board can have", () => {
  test("imports the library by its entry points, and only what it uses is in the bundle", async () => {
    const { code, report } = await build(DEVICE, { ...ESP32, variables: 3000 });
    expect(report.refused).toEqual([]);
    // More variables than are sure, and less than there may be.
    expect(report.warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/needs about 3[23]\d\d variables; ESP32 boards have 3000 and more/),
    ]);
    expect(report.bytes).toBe(code?.length);
    expect(report.bytes).toBeLessThan(43_000);
    const features = report.features.map(({ feature }) => feature);
    expect(features).toEqual(expect.arrayContaining(["CoAP", "TLV", "observing", "your program"]));
    expect(features).not.toContain("block-wise transfer");
    expect(features).not.toContain("bootstrap");
    const sum = report.features.reduce((total, { bytes }) => total + bytes, 0);
    expect(Math.abs(sum - report.bytes)).toBeLessThan(report.modules.length);
  });

  test("reads its settings by the names that the file has, however short the others become", async () => {
    const { code = "" } = await build(`
      import { readSettings } from "dormouse-lwm2m/boards/espruino";
      print(JSON.stringify(readSettings()));`);
    const file = { endpoint: "a", server: "coap://b", lifetime: 5, queue: true };
    const lines: string[] = [];
    runInNewContext(code, {
      print: (line: string) => lines.push(line),
      require: () => ({ readJSON: () => file }),
    });
    expect(JSON.parse(lines[0])).toEqual(file);
  });

  test("may use pins, buses, promises and the firmware's modules", async () => {
    expect(
      await refused(`
        I2C1.setup({ scl: D22, sda: D21 });
        const [high, low] = [I2C1.readFrom(0x48, 2)[0], I2C1.readReg(0x48, 1, 1)[0]];
        setWatch(({ state }) => print(state, high, low), BTN1, { repeat: true, debounce: 50 });
        new Promise<number>((resolve) => setTimeout(() => resolve(1), 10)).then(print).catch(print);
        require("Wifi").connect("net", { password: "x" }, (error) => console.log(error, new Date().toISOString()));
        require("neopixel").write(D4, [0, 0, 0]);
        ESP32.deepSleep(1e6);`),
    ).toEqual([]);
  });

  test("is told what could be had for less", async () => {
    const { report } = await build("enum Color { RED }\nprint(Color.RED);");
    expect(report.refused).toEqual([]);
    expect(report.warnings).toMatchObject([
      { line: 1, column: 1, message: "an enum costs a function on a board: use constants" },
    ]);
  });
});

describe("all that a board cannot run is refused at once", () => {
  test("syntax", async () => {
    const source = `
class A { #x = 1; m() { return this.#x; } }
outer: for (;;) break outer;
async function f() { await f(); }
function* g() { yield 1; }
const big = 10n;
const tagged = print\`x\`;
const power = 2 ** 3;
class Broken extends Error {}
const repeated = /(ab)+/;
const euro = "€";
const hole = [1, , 2];
print(A, g, big, tagged, power, Broken, repeated, euro, hole);`;
    expect(await refused(source)).toEqual([
      "2:11: #private fields become WeakMaps: use TypeScript's `private`",
      "2:37: #private fields become WeakMaps: use TypeScript's `private`",
      "3:1: labels are a syntax error on a board: move the loop into a function and return",
      "4:1: async code does not run on a board: use callbacks",
      "4:22: async code does not run on a board: use callbacks",
      "5:1: generators do not run on a board",
      "5:17: generators do not run on a board",
      "6:13: there is no BigInt on a board: use Integer64",
      "7:16: tagged templates do not run on a board",
      "8:17: `**` becomes Math.pow, which is inexact on a board: multiply",
      "9:14: extending Error is broken on a board: give a plain one a `code` field",
      "10:18: a repeated or optional group matches wrongly on a board",
      "11:14: a board without unicode support keeps one byte of this character: use String.fromCharCode",
      "12:17: array holes are a syntax error in code that a board skips: write `undefined`",
    ]);
  });

  test("names and members that are not there, each with what to write instead", async () => {
    const source = `
const map = new Map<string, number>();
const bytes = Buffer.from("a");
const first = Promise.race([]);
const copy = Array.from([1]);
const flat = [[1]].flat();
const padded = "1".padStart(3);
const isWhole = Number.isInteger(1);
const power = Math.pow(2, 3);
const part = new Uint8Array(2).slice(1);
const frozen = Object.freeze({});
const list = [1]; list.length = 0;
const text = new TextEncoder();
const answer = fetch("http://x");
print(map, bytes, first, copy, flat, padded, isWhole, power, part, frozen, text, answer);`;
    expect(await refused(source)).toEqual([
      "2:17: there is no Map on a board: keep values in an object, `{ [key: string]: T }`",
      "3:15: there is no Buffer on a board: use Uint8Array, and `encodeUtf8` and `decodeUtf8` of dormouse-lwm2m/protocol",
      "4:23: there is no `race` of Promise on a board: let the first callback win by a flag of your own",
      "5:20: there is no `from` of Array on a board: copy with slice, concat or a loop",
      "6:20: there is no `flat` of Array on a board: use reduce with concat",
      "7:20: there is no `padStart` of String on a board: write a loop, or use toFixed for digits",
      "8:24: there is no `isInteger` of Number on a board: compare with Math.floor",
      "9:20: there is no `pow` of Math on a board: multiply, since it is inexact there",
      "10:32: there is no `slice` of typed arrays on a board: use `new Uint8Array(bytes.subarray(...))`: on a board slice gives a plain array",
      "11:23: there is no `freeze` of Object on a board: leave it out, and declare it `readonly`",
      "12:24: assigning `length` throws on a board: use splice",
      "13:18: there is no TextEncoder on a board: use Uint8Array, and `encodeUtf8` and `decodeUtf8` of dormouse-lwm2m/protocol",
      '14:16: there is no fetch on a board: use require("http").get',
    ]);
  });

  test("modules", async () => {
    const source = `
import { readFileSync } from "node:fs";
import { connect } from "net";
import lodash from "lodash";
import { helper } from "./missing.ts";
import { createNodeDevice } from "dormouse-lwm2m/firmware";
import { NO_SUCH } from "dormouse-lwm2m/protocol";
import { other } from "dormouse-lwm2m/other";
const wifi = require("ESP8266WiFi");
const fs = require("path");
print(readFileSync, connect, lodash, helper, createNodeDevice, NO_SUCH, other, wifi, fs);`;
    expect(await refused(source)).toEqual([
      '2:30: there are no modules of Node on a board: use require("Storage")',
      '3:25: there are no modules of Node on a board: use require("net")',
      "4:20: there is no package lodash: install it, if boards can run it",
      "5:24: there is no file ./missing.ts",
      "6:10: dormouse-lwm2m/firmware has no createNodeDevice on a board",
      "7:10: dormouse-lwm2m/protocol has no NO_SUCH on a board",
      "8:23: there is no dormouse-lwm2m/other: import from dormouse-lwm2m/protocol, dormouse-lwm2m/firmware, dormouse-lwm2m/boards/espruino, dormouse-lwm2m/boards/kaluma, dormouse-lwm2m/connector, dormouse-lwm2m/simulator, dormouse-lwm2m/conformance",
      "9:14: there is no package ESP8266WiFi: install it, if boards can run it; a file of your own is imported with `import`",
      "10:12: the board esp32 has no module path: it has Storage, Flash, dgram, net, http, NetworkJS, crypto, tls, Wifi, neopixel, fs",
    ]);
  });

  test("types", async () => {
    const source = `
const lifetime: number = "300";
function twice(x) { return 2 * x; }
print(lifetime.length, twice(1), undeclared);`;
    expect(await refused(source)).toEqual([
      "2:7: Type 'string' is not assignable to type 'number'.",
      "3:16: Parameter 'x' implicitly has an 'any' type.",
      "4:16: Property 'length' does not exist on type 'number'.",
      "4:34: Cannot find name 'undeclared'.",
    ]);
  });

  test("in JavaScript too, which cannot say its types", async () => {
    const source = "function twice(x) { return 2 * x; }\nprint(twice(1), new Set());";
    expect(await refused(source, ESP32, "program.js")).toEqual([
      "2:21: there is no Set on a board: use an array with `includes`, or an object",
    ]);
  });

  test("pins and modules of other boards", async () => {
    const source =
      'digitalWrite(D2, 1);\nESP32.reboot();\nrequire("Wifi").save();\nrequire("dgram");';
    expect(await refused(source, board("espruino-pico"))).toEqual([
      "1:14: the board espruino-pico has no pin D2: it has A0-A15, B0-B10, B12-B15, C13-C15, LED1, LED2, BTN1",
      "2:1: there is no ESP32 on the board espruino-pico: leave it to boards of that family",
      "3:1: the board espruino-pico has no module Wifi: it has Storage, Flash, dgram, net, http, NetworkJS, crypto, tls, neopixel, fs",
    ]);
  });
});

describe("what only the bundle shows", () => {
  test("a name that is used before its statement has run is refused where it is used", async () => {
    const source = `
import { area } from "./area.ts";
function limited(): number {
  return area * LIMITS.least;
}
print(limited());
const LIMITS = { least: Math.random() };`;
    writeFileSync(join(folder, "area.ts"), "export const area: number = Math.random();");
    expect(await refused(source)).toEqual([
      "4:17: a board would not load this: uses LIMITS at load before it is defined",
    ]);
  });

  test("in a file that it imports, too", async () => {
    writeFileSync(
      join(folder, "wait.ts"),
      "export function part(wait: { in: number }): number {\n  return wait.in / Math.random();\n}",
    );
    const { report } = await build(
      'import { part } from "./wait.ts";\nprint(part(JSON.parse("4")));',
    );
    expect(report.refused).toMatchObject([
      {
        file: join(folder, "wait.ts"),
        line: 2,
        message: expect.stringMatching(/a division after/),
      },
    ]);
  });

  test("more flash and variables than the board has, and modules that the library needs", async () => {
    const modules = ESP32.modules.filter((module) => module !== "dgram");
    const small = { ...ESP32, modules, storage: 40_000, variables: 2000, mostVariables: 2000 };
    expect(await refused(DEVICE, small)).toEqual([
      expect.stringMatching(/^1:1: imports what needs dgram: the board esp32 has no module dgram:/),
      expect.stringMatching(
        /^1:1: takes 41\d\d\d bytes of flash, and the Storage of the board esp32 has 40000: import less$/,
      ),
      expect.stringMatching(
        /^1:1: needs about 3[23]\d\d variables, and the board esp32 has 2000: import less$/,
      ),
    ]);
  });
});

describe("for Node", () => {
  const pi = board("pi");

  test("a program becomes one ES module", async () => {
    const { code = "", report } = await build(
      'import { encodeUtf8 } from "dormouse-lwm2m/protocol";\nconsole.log(encodeUtf8("a").length);',
      pi,
    );
    expect(report).toMatchObject({ board: "pi", variables: undefined, refused: [] });
    expect(report.bytes).toBe(code.length);
    expect(code).not.toMatch(/^import .*dormouse/m);
    const url = `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
    await expect(import(/* @vite-ignore */ url)).resolves.toBeDefined();
  });

  test("what cannot be found is refused at its import", async () => {
    const source =
      '\nimport { startDevice } from "dormouse-lwm2m/boards/espruino";\nimport "./nowhere.ts";startDevice();';
    expect(await refused(source, pi)).toEqual([
      "2:29: dormouse-lwm2m/boards/espruino is for boards that run Espruino: on Node there is createNodeDevice of dormouse-lwm2m/firmware",
      '3:8: Could not resolve "./nowhere.ts"',
    ]);
  });
});

test("a program that is not there is told as the system tells it", async () => {
  await expect(buildForBoard(join(folder, "no.ts"), ESP32)).rejects.toThrow(/ENOENT/);
});

describe("for Kaluma", () => {
  const picoW = board("kaluma-pico-w");
  const program = `
import { KALUMA_STORE, readSettings, startDevice } from "dormouse-lwm2m/boards/kaluma";
import { BOARD_FEATURES } from "dormouse-lwm2m/firmware";
const settings = readSettings();
if (settings !== undefined) {
  pinMode(2, OUTPUT);
  startDevice(settings, BOARD_FEATURES, [], () => digitalWrite(2, KALUMA_STORE.read("on") ? HIGH : LOW));
}`;

  test("a program is told what it takes of JerryScript's heap, and no variables", async () => {
    const { code = "", report } = await build(program, picoW);
    expect(report).toMatchObject({ board: "kaluma-pico-w", variables: undefined, refused: [] });
    expect(report.bytes).toBe(code.length);
    const { loaded, answering } = report.heap ?? { loaded: 0, answering: 0 };
    expect(loaded).toBeGreaterThan(report.bytes * 1.8);
    expect(answering).toBeGreaterThan(loaded);
    // Names of Kaluma's own stay.
    for (const name of ["__netdev", "read_cb", "errno", "randomBigInt", "memoryUsage", "WiFi"]) {
      expect(code).toContain(name);
    }
  });

  test("what it does not have is refused at its place", async () => {
    const source = `
const wifi = require("Wifi");
digitalWrite(D5, 1);
E.reboot();
print(wifi, process.memory(), new Map());`;
    expect(await refused(source, picoW)).toEqual([
      expect.stringMatching(/^2:14: the board kaluma-pico-w has no module Wifi: it has events,/),
      "2:22: No overload matches this call.",
      "3:14: Cannot find name 'D5'.",
      "4:1: Cannot find name 'E'.",
      "5:1: Cannot find name 'print'.",
      "5:21: Property 'memory' does not exist on type 'KalumaProcess'.",
      expect.stringMatching(/^5:35: there is no Map on a board/),
    ]);
  });

  test("what is too large for its heap is refused", async () => {
    const small = { ...picoW, heap: 100_000 } as BoardModel;
    expect(await refused(program, small)).toEqual([
      expect.stringMatching(
        /^1:1: needs about 1[34]\d\d\d\d bytes of heap, and the board kaluma-pico-w has 100000: import less$/,
      ),
    ]);
  });
});
