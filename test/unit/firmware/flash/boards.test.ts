import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  BOARD_NAMES,
  BOARDS,
  boardNamed,
  boardOfFirmware,
  type EspruinoBoard,
  FIRMWARE_MODULES,
  hasPin,
  storedSize,
} from "../../../../firmware/flash/boards.ts";
import { storageImage } from "../../../../firmware/flash/storage-image.ts";

const ESPRUINO = BOARDS.filter((board): board is EspruinoBoard => board.engine === "espruino");

function espruino(name: string): EspruinoBoard {
  const board = boardNamed(name);
  if (board?.engine !== "espruino") throw new Error(name);
  return board;
}

test("boards are found by their name, and by what their firmware calls itself", () => {
  expect(new Set(BOARD_NAMES).size).toBe(BOARDS.length);
  for (const name of BOARD_NAMES) expect(boardNamed(name)?.name).toBe(name);
  expect(boardNamed("esp99")).toBeUndefined();
  expect(boardOfFirmware("ESP32C3_IDF4")?.name).toBe("esp32-c3");
  expect(boardOfFirmware("PUCKJS")).toBeUndefined();
  const firmware = ESPRUINO.flatMap((board) => board.firmware);
  expect(new Set(firmware).size).toBe(firmware.length);
});

/** Espruino `src/jsutils.h`: how many bytes a variable takes follows from how many the firmware can address. */
test.each(ESPRUINO)("a variable of $name has the size that its number asks for", (board) => {
  const { variables, mostVariables, blockSize } = board;
  expect(mostVariables).toBeGreaterThanOrEqual(variables);
  if (!Number.isFinite(mostVariables)) return;
  const bytes = mostVariables <= 2047 ? 12 : mostVariables <= 8191 ? 13 : 14;
  expect(blockSize).toBe(bytes);
});

test.each(ESPRUINO)("$name keeps files, in whole pages", ({ modules, storage, storagePage }) => {
  expect(modules).toContain("Storage");
  expect(storage % storagePage).toBe(0);
  expect(FIRMWARE_MODULES).toEqual(expect.arrayContaining([...modules]));
});

test.each([
  ["esp32", "D39", true],
  ["esp32", "D40", false],
  ["esp32", "A0", false],
  ["esp32", "LED1", true],
  ["esp32", "LED2", false],
  ["esp32-c3", "D21", true],
  ["esp32-c3", "D22", false],
  ["espruino-pico", "B10", true],
  ["espruino-pico", "B11", false],
  ["espruino-pico", "C13", true],
])("%s, pin %s: %s", (name, pin, has) => {
  expect(hasPin(espruino(name), pin)).toBe(has);
});

describe("what a file takes of the Storage", () => {
  test.each([0, 1, 4, 5, 40806])("%i bytes: where the next file begins", (bytes) => {
    const size = 1024 * 64;
    const file = (name: string, length: number) => ({ name, content: new Uint8Array(length) });
    const image = storageImage([file("a", bytes), file("b", 0)], size);
    expect(String.fromCharCode(image[storedSize(bytes) + 4])).toBe("b");
  });
});

test.each(ESPRUINO)("docs/boards.md has $name as it is", (board) => {
  const page = readFileSync(join(import.meta.dirname, "../../../../docs/boards.md"), "utf8");
  const row = page.split("\n").find((line) => line.startsWith(`| \`${board.name}\` |`)) ?? "";
  const cells = row.split("|").map((cell) => cell.trim());
  const whole = (count: number) => count.toLocaleString("en-US");
  const { variables, mostVariables, blockSize, storage } = board;
  const most = mostVariables > variables ? ` to ${whole(mostVariables)}` : "";
  expect(cells.slice(3, 6)).toEqual([
    Number.isFinite(variables) ? `${whole(variables)}${most}` : "growing",
    String(blockSize),
    `${storage / 1024} KiB`,
  ]);
  expect(cells.slice(7, 10)).toEqual([
    board.hwRand ? "noise" : "`rand`",
    board.deepSleep,
    board.console.join(", "),
  ]);
});

test.each(
  BOARDS.filter(({ engine }) => engine === "kaluma"),
)("docs/boards.md has $name as it is", (board) => {
  if (board.engine !== "kaluma") throw new Error(board.name);
  const page = readFileSync(join(import.meta.dirname, "../../../../docs/boards.md"), "utf8");
  const row = page.split("\n").find((line) => line.startsWith(`| \`${board.name}\` |`)) ?? "";
  const kibibytes = (bytes: number) => `${(bytes / 1024).toLocaleString("en-US")} KiB`;
  const cells = row.split("|").map((cell) => cell.trim());
  expect(cells.slice(3, 6)).toEqual([
    `${kibibytes(board.heap)} of heap`,
    "",
    kibibytes(board.storage),
  ]);
});
