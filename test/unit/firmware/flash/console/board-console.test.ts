import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BoardConsole } from "../../../../../firmware/flash/console/board-console.ts";
import { FakeBoard, type FakeBoardOptions } from "../../../../support/fake-board.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => vi.useRealTimers());

function connected(options?: FakeBoardOptions) {
  const board = new FakeBoard(options);
  const console = new BoardConsole();
  console.attach(board.open(console.handlers));
  return { board, console };
}

/** What becomes of a promise while time goes by as far as it has to. */
async function inTime<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  await vi.runAllTimersAsync();
  return promise;
}

test("the value of an expression comes back", async () => {
  const { console } = connected();
  expect(await console.evaluate("6*7")).toBe(42);
  expect(await console.evaluate('{board:process.env.BOARD,list:[1,"a"]}')).toEqual({
    board: "ESP32",
    list: [1, "a"],
  });
  expect(await console.evaluate("undefined")).toBeUndefined();
  expect(await console.evaluate('"<dm1 =1 dm1>"')).toBe("<dm1 =1 dm1>");
});

test("what the board throws is told as it throws it", async () => {
  const { console } = connected();
  await expect(console.evaluate('require("Wifi")')).rejects.toMatchObject({
    code: "board/threw",
    message: "Error: Module Wifi not found",
  });
});

test("what it prints meanwhile is told apart from the answer", async () => {
  const { board, console } = connected();
  board.say("before\r\n>");
  const answer = console.evaluate("1");
  board.say("tick\r\n");
  expect(await answer).toBe(1);
  board.say("after\r\n");
  expect(console.takePrinted()).toBe("before\r\n>tick\r\n\r\n>after\r\n");
  expect(console.takePrinted()).toBe("");
});

test("an answer may come in pieces", async () => {
  const console = new BoardConsole();
  console.attach({ write: () => {}, close: async () => {} });
  const answer = console.evaluate("[1,2]");
  for (const character of "noise <dm1 =[1,2] dm1>\r\n>") console.handlers.onText(character);
  expect(await answer).toEqual([1, 2]);
});

test("where a line is echoed the echo is not the answer", async () => {
  const console = new BoardConsole();
  console.attach({
    write: (text) =>
      queueMicrotask(() => console.handlers.onText(`${text}<dm1 =5 dm1>\r\n=undefined\r\n>`)),
    close: async () => {},
  });
  expect(await console.evaluate("5")).toBe(5);
});

describe("a board that does not answer at once", () => {
  test("is asked again when an answer was lost", async () => {
    const { board, console } = connected({ loses: [0] });
    expect(await inTime(console.evaluate("getSerial()"))).toBe("00000001");
    expect(board.lines).toEqual(["getSerial()", "getSerial()"]);
  });

  test("is interrupted when it is busy", async () => {
    const { console } = connected({ isBusy: true });
    await inTime(console.wake());
    expect(await console.evaluate("1")).toBe(1);
  });

  test("is given up", async () => {
    const { console } = connected({ isDead: true });
    await expect(inTime(console.wake())).rejects.toThrow(
      /^the board does not answer: is it a board/,
    );
  });

  test("is told of with what it was asked", async () => {
    const { console } = connected({ isDead: true });
    await expect(inTime(console.evaluate("process.memory()"))).rejects.toMatchObject({
      code: "board/no-answer",
      message: "the board did not answer within 10 s: process.memory()",
    });
  });
});

test("a line that ends ends what waits, and what is asked later", async () => {
  const { board, console } = connected({ isDead: true });
  const answer = console.evaluate("1");
  board.hangUp("read ECONNRESET");
  await expect(answer).rejects.toThrow("the connection to the board ended: read ECONNRESET");
  await expect(console.evaluate("2")).rejects.toMatchObject({ code: "board/line-closed" });
});
