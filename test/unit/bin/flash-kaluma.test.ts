import { expect, test } from "vitest";
import { kalumaSteps } from "../../../bin/flash-kaluma.ts";
import { boardNamed, type KalumaBoard } from "../../../firmware/flash/boards.ts";

const PICO_W = boardNamed("kaluma-pico-w") as KalumaBoard;
const COMMAND = /^ {2}npx @kaluma\/cli .*$/;

test("the steps that are left bring settings and program to the port that was named", () => {
  const steps = kalumaSteps(PICO_W, "a.js", "a.json", "/dev/ttyACM0");
  expect(steps.filter((line) => COMMAND.test(line))).toEqual([
    "  npx @kaluma/cli put a.json /dormouse.json --port /dev/ttyACM0",
    "  npx @kaluma/cli flash a.js --port /dev/ttyACM0",
  ]);
  expect(steps[0]).toMatch(/^a\.js is ready, and not on the board/);
});

test("without settings and port there is one, which finds the board itself", () => {
  const steps = kalumaSteps(PICO_W, "a.js", undefined, undefined);
  expect(steps.filter((line) => COMMAND.test(line))).toEqual(["  npx @kaluma/cli flash a.js"]);
});
