import { expect, test } from "vitest";
import { commandControl } from "../../../conformance/adapters/command.ts";

test("the file of commands says what the harness can have the client do", () => {
  const least = commandControl({ start: "client" });
  expect(least).toMatchObject({ canSetValues: false, clock: 1, name: "the device" });
  expect([least.report, least.insertCard]).toEqual([undefined, undefined]);
  const most = commandControl({ start: "a", set: "b", send: "c", card: "d", clock: 20 });
  expect(most).toMatchObject({ canSetValues: true, clock: 20 });
  expect([typeof most.report, typeof most.insertCard]).toEqual(["function", "function"]);
});

const REFUSED: readonly [given: unknown, words: string][] = [
  [[], "must hold a JSON object"],
  [{}, '"start" must be a command'],
  [{ start: 1 }, '"start" must be a command'],
  [{ start: "a", set: 1 }, '"set" must be a command'],
  [{ start: "a", begin: "b" }, 'no command "begin"; there are start, stop, set'],
  [{ start: "a", restarts: "yes" }, '"restarts" must be true, or the exit status'],
  [{ start: "a", clock: 0 }, '"clock" must be a number up to 1000'],
  [{ start: "a", clock: "fast" }, '"clock" must be a number'],
  [{ start: "a", device: { objekts: [] } }, 'no member "objekts"'],
];

test.each(REFUSED)("a file of commands %j is refused with what it may be", (given, words) => {
  expect(() => commandControl(given)).toThrow(words);
});

test("a command that fails ends the case without a verdict, and is told", async () => {
  const control = commandControl({ start: "true", set: "exit 3" });
  await expect(control.set("/3/0/9", 70)).rejects.toMatchObject({
    verdict: "inconclusive",
    message: 'the command "exit 3" ended with 3',
  });
});
