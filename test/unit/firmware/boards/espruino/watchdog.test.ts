import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { guarded } from "../../../../../firmware/boards/espruino/watchdog.ts";

let kicks: number;
let look: () => void;
let time: number;

beforeEach(() => {
  kicks = 0;
  time = 1000;
  vi.stubGlobal("getTime", () => time);
  vi.stubGlobal("setInterval", (run: () => void) => {
    look = run;
  });
  vi.stubGlobal("E", {
    enableWatchdog: (seconds: number, isAutomatic: boolean) =>
      expect([seconds, isAutomatic]).toEqual([60, false]),
    kickWatchdog: () => kicks++,
  });
});

afterEach(() => vi.unstubAllGlobals());

function lookAfter(seconds: number): number {
  time += seconds;
  kicks = 0;
  look();
  return kicks;
}

test("the watchdog is kicked while the alarm is to come, is none, or is armed again in time", () => {
  const alarm = guarded({ arm: () => {} }, 60);
  expect(lookAfter(15)).toBe(1);
  alarm.arm((time + 3600) * 1000, () => {});
  expect(lookAfter(3000)).toBe(1);
  expect(lookAfter(605)).toBe(1);
  alarm.arm(Infinity, () => {});
  expect(lookAfter(100_000)).toBe(1);
});

test("it is not kicked any more when the alarm was due and nobody armed it again", () => {
  const alarm = guarded({ arm: () => {} }, 60);
  alarm.arm((time + 1) * 1000, () => {});
  expect(lookAfter(2)).toBe(1);
  expect(lookAfter(15)).toBe(0);
});
