/** The examples for boards: bundled as their user does, run on a virtual board with its pins, and asked through the connector. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { bundleForBoard } from "../../firmware/flash/bundle.ts";
import { SECOND } from "../support/durations.ts";
import { BoardPair, SERVER_HOST } from "../support/virtual-espruino/board-pair.ts";
import {
  VirtualBoard,
  type VirtualBoardOptions,
} from "../support/virtual-espruino/virtual-board.ts";

const FOLDER = join(import.meta.dirname, "../../examples/espruino");
const SETTINGS = { endpoint: "board", server: `coap://${SERVER_HOST}` };

// Most of it is bundling.
vi.setConfig({ testTimeout: 90_000 });

interface Running {
  readonly board: VirtualBoard;
  readonly pair: BoardPair;
  /** Levels that a pin was given, in order. */
  levels(pin: string): number[];
  text(path: string): string;
}

async function run(example: string, options: Partial<VirtualBoardOptions> = {}): Promise<Running> {
  const { code } = await bundleForBoard(join(FOLDER, example));
  const files = { "dormouse.json": JSON.stringify(SETTINGS) };
  const board = new VirtualBoard({ program: code, files, ...options });
  const pair = new BoardPair(board);
  const written: { pin: string; level: number }[] = [];
  const pass = board.onOutput;
  board.onOutput = (output) => {
    if (output.kind === "pin") written.push(output);
    pass(output);
  };
  board.switchOn();
  pair.registration();
  return {
    board,
    pair,
    levels: (pin) => written.filter((each) => each.pin === pin).map(({ level }) => level),
    text: (path) => new TextDecoder().decode(pair.read(path).payload),
  };
}

test.each(readdirSync(FOLDER))("%s has at most 60 lines", (name) => {
  expect(readFileSync(join(FOLDER, name), "utf8").trimEnd().split("\n").length).toBeLessThan(61);
});

test("blink-and-report blinks until it is switched off, and tells how long it did", async () => {
  const { pair, levels, text } = await run("blink-and-report.ts");
  pair.wait(20 * SECOND);
  expect(levels("D2").slice(0, 4)).toEqual([1, 0, 1, 0]);
  expect(Number(text("/3311/0/5852"))).toBeGreaterThanOrEqual(9);
  pair.write("/3311/0/5850", "0");
  pair.wait(SECOND);
  const before = levels("D2").length;
  pair.wait(5 * SECOND);
  expect(levels("D2").slice(before)).not.toContain(1);
});

test.each([
  { temperature: 21.5, humidity: 40.3 },
  { temperature: -7.3, humidity: 99.9 },
])("dht22 measures $temperature degrees and $humidity %", async ({ temperature, humidity }) => {
  const { text, pair, board } = await run("dht22.ts", {
    dht22: { pin: "D4", temperature, humidity },
  });
  expect(Number(text("/3303/0/5700"))).toBeCloseTo(temperature);
  expect(Number(text("/3304/0/5700"))).toBeCloseTo(humidity);
  pair.wait(30 * SECOND);
  expect(Number(text("/3303/0/5601"))).toBeCloseTo(temperature);
  expect(board.printed.join()).not.toMatch(/Uncaught|does not answer/);
});

test("dht22 says so when the sensor does not answer", async () => {
  const { pair, board } = await run("dht22.ts");
  pair.wait(15 * SECOND);
  expect(board.printed).toContain("The sensor does not answer.");
});

test("relay is switched by its server", async () => {
  const { pair, levels, text } = await run("relay.ts");
  expect(pair.write("/3306/0/5850", "1").status).toBe(200);
  expect(text("/3306/0/5850")).toBe("1");
  pair.write("/3306/0/5850", "0");
  expect(levels("D5")).toEqual([0, 1, 0]);
});

test("button counts its presses, and tells its observer at once", async () => {
  const { board, pair, text } = await run("button.ts");
  board.order({ kind: "pin", pin: "D0", level: 1 });
  pair.observe("/3347/0/5501");
  for (let i = 0; i < 3; i++) {
    board.order({ kind: "pin", pin: "D0", level: 0 });
    pair.wait(SECOND);
    board.order({ kind: "pin", pin: "D0", level: 1 });
    pair.wait(SECOND);
  }
  expect(text("/3347/0/5500")).toBe("0");
  expect(text("/3347/0/5501")).toBe("3");
  expect(pair.told("/3347/0/5501").slice(-3)).toEqual(["1", "2", "3"]);
});
