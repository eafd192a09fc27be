import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { boardNamed, type EspruinoBoard } from "../../../../firmware/flash/boards.ts";
import { BoardConsole } from "../../../../firmware/flash/console/board-console.ts";
import {
  type FlashPlan,
  type FlashProgress,
  flashBoard,
} from "../../../../firmware/flash/flash-board.ts";
import { FakeBoard } from "../../../support/fake-board.ts";

const ESP32 = boardNamed("esp32") as EspruinoBoard;
const PROGRAM = new TextEncoder().encode(`print("${"a program ".repeat(200)}\\\\");\n`);

const PLAN: FlashPlan = {
  board: ESP32,
  program: PROGRAM,
  files: [],
  settings: {},
  variables: undefined,
  time: undefined,
};

let progress: FlashProgress[];
beforeEach(() => {
  progress = [];
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => vi.useRealTimers());

/** Flashes over a line, in virtual time. */
async function flashOver(console: BoardConsole, plan: FlashPlan): Promise<void> {
  let isDone = false;
  const flashing = flashBoard(console, plan, (told) => progress.push(told)).finally(() => {
    isDone = true;
  });
  flashing.catch(() => {});
  while (!isDone) await vi.advanceTimersByTimeAsync(10);
  return flashing;
}

function flash(board: FakeBoard, plan: Partial<FlashPlan> = {}): Promise<void> {
  const console = new BoardConsole();
  console.attach(board.open(console.handlers));
  return flashOver(console, { ...PLAN, ...plan });
}

test("the program is in .bootcde, byte by byte, and runs", async () => {
  const board = new FakeBoard();
  await flash(board);
  expect(board.files.get(".bootcde")?.equals(PROGRAM)).toBe(true);
  expect(board.starts).toBe(1);
  expect(progress[0]).toMatchObject({ kind: "connected", identity: { firmware: "ESP32" } });
  const written = progress.filter((told) => told.kind === "writing");
  expect(written.map((told) => told.written)).toEqual([512, 1024, 1536, PROGRAM.length]);
  expect(progress.at(-2)).toEqual({ kind: "verified", file: ".bootcde", bytes: PROGRAM.length });
  expect(progress.at(-1)).toEqual({ kind: "started", usage: 2746, flags: [] });
});

test("modules go before the program, whatever bytes they have, and old files before all", async () => {
  const board = new FakeBoard({ storage: 4096 });
  board.files.set(".bootcde", Buffer.alloc(3000, "old"));
  const rare = Uint8Array.from({ length: 600 }, (_, i) => i & 0xff);
  await flash(board, { files: [{ name: "rare", content: rare }] });
  expect(board.files.get("rare")?.equals(rare)).toBe(true);
  const steps = board.lines
    .map((line) => /(erase|dmw)\("([^"]+)"/.exec(line))
    .map((step) => `${step?.[1]} ${step?.[2]}`)
    .filter((step) => !step.includes("undefined"));
  expect([...new Set(steps)]).toEqual([
    "erase .bootrst",
    "erase .varimg",
    "erase .bootcde",
    "erase rare",
    "dmw rare",
    "dmw .bootcde",
  ]);
});

test("code that would run instead of it goes, other files stay", async () => {
  const board = new FakeBoard();
  for (const name of [".bootrst", ".varimg", ".boot0", "photo"])
    board.files.set(name, Buffer.of(1));
  await flash(board);
  expect([...board.files.keys()].sort()).toEqual([".boot0", ".bootcde", "photo"]);
});

test("settings are written over those that the board has", async () => {
  const board = new FakeBoard();
  board.files.set("dormouse.json", Buffer.from('{"server":"coap://a","endpoint":"kitchen"}'));
  await flash(board, { settings: { server: "coap://b", lifetime: 300 } });
  expect(JSON.parse(board.text("dormouse.json") ?? "")).toEqual({
    server: "coap://b",
    endpoint: "kitchen",
    lifetime: 300,
  });
});

test("without settings the board's file stays as it is", async () => {
  const board = new FakeBoard();
  board.files.set("dormouse.json", Buffer.from("{server:1}"));
  await flash(board);
  expect(board.text("dormouse.json")).toBe("{server:1}");
});

test("the clock is set, or left alone", async () => {
  const board = new FakeBoard();
  await flash(board, { time: () => 1_700_000_000.25 });
  expect(board.time).toBe(1_700_000_000.25);
  const other = new FakeBoard();
  await flash(other);
  expect(other.time).toBeUndefined();
});

test("an answer that is lost on the way costs no byte", async () => {
  const board = new FakeBoard({ loses: [3, 6, 9] });
  await flash(board);
  expect(board.files.get(".bootcde")?.equals(PROGRAM)).toBe(true);
});

test("a line that comes otherwise than it was sent is sent again", async () => {
  const board = new FakeBoard({ garbles: [0, 2, 3] });
  await flash(board);
  expect(board.files.get(".bootcde")?.equals(PROGRAM)).toBe(true);
});

test("a restart that ends the connection is no fault", async () => {
  await flash(new FakeBoard({ hangsUp: true }));
  expect(progress.at(-1)).toEqual({ kind: "started", usage: undefined, flags: [] });
});

describe("refused", () => {
  test("another board than was built for, before anything is erased", async () => {
    const board = new FakeBoard({ firmware: "ESP32C3_IDF4" });
    board.files.set(".bootcde", Buffer.from("old"));
    await expect(flash(board)).rejects.toThrow(
      "the board at this port is ESP32-C3 (ESP32C3_IDF4), not ESP32: give --board esp32-c3",
    );
    expect(board.text(".bootcde")).toBe("old");
  });

  test("a board with fewer variables than the program needs", async () => {
    const board = new FakeBoard({ variables: 2500 });
    await expect(flash(board, { variables: 3246 })).rejects.toThrow(
      "the program needs about 3246 variables, and this board has 2500: build it with less",
    );
    expect(board.lines.join()).not.toContain("erase");
  });

  test("a Storage that is full, with what is in it", async () => {
    const board = new FakeBoard({ storage: 4096 });
    board.files.set("photo", Buffer.alloc(3000));
    await expect(flash(board)).rejects.toThrow(
      /^there is no room for \.bootcde, which takes 2\d\d\d of the 917504 bytes of Storage beside photo \(Error: Unable to find or create file\): erase files/,
    );
  });

  test("a file that reads back otherwise than it was written", async () => {
    await expect(flash(new FakeBoard({ wears: ".bootcde" }))).rejects.toThrow(
      /^\.bootcde was not written right: 2\d\d\d bytes went to the board, and it has 2\d\d\d, others\. Try again/,
    );
  });

  test("a line on which nothing comes as it is sent", async () => {
    const board = new FakeBoard({ garbles: [1, 2, 3, 4, 5] });
    await expect(flash(board)).rejects.toThrow(
      /^the line to the board is bad: \.bootcde does not come/,
    );
  });

  test("a program that fails as soon as it runs, with what the board says of it", async () => {
    const says = "tick\r\nUncaught Error: no pin\r\n    at boot code (.bootcde:1:34)\r\n>";
    await expect(flash(new FakeBoard({ says }))).rejects.toThrow(
      "the program is on the board, and fails there:\n  Uncaught Error: no pin\n      at boot code (.bootcde:1:34)",
    );
  });

  test("something that is no Espruino", async () => {
    const board = new FakeBoard();
    const console = new BoardConsole();
    console.attach({
      ...board.open(console.handlers),
      write: (text) => {
        const mark = /(dm\d+) /.exec(text)?.[1];
        queueMicrotask(() =>
          console.handlers.onText(`<${mark} =${/\(1\)\}/.test(text) ? 1 : "{}"} ${mark}>`),
        );
      },
    });
    await expect(flashOver(console, PLAN)).rejects.toThrow(/no Espruino with a Storage/);
  });
});
