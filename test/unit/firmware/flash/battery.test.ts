import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type Battery,
  type BoardDraw,
  batteryLife,
  chargePerDay,
  contactOf,
  contactsPerDay,
  type Profile,
} from "../../../../firmware/flash/battery.ts";
import { withTable } from "../../../../scripts/battery-life.ts";

/** Round numbers. */
const BOARD: BoardDraw = {
  name: "board",
  deepSleep: 0.01,
  lightSleep: 10,
  awake: 50,
  receiving: 100,
  sending: 200,
  boot: 1,
  join: 2,
  rate: 1_000_000,
};
const HOURLY: Profile = {
  reportInterval: 3600,
  payload: 10,
  lifetime: 86_400,
  sleep: "deep",
  awakeFor: 5,
};
const CELL: Battery = { name: "cell", capacity: 1000, selfDischarge: 0 };

test("a contact is booting, joining, two exchanges and listening", () => {
  const { duration, charge } = contactOf(BOARD, HOURLY, 10);
  // 1 s boot, 2 s join, 5 s listening, 0.2 s round trips, 0.08 s thinking, and milliseconds on the air.
  expect(duration).toBeCloseTo(8.28, 1);
  expect(charge).toBeCloseTo(1 * 50 + 7.28 * 100, -1);
});

test("LwM2M Core 1.1.1 §6.2.2: only Updates that fall due between reports are contacts of their own", () => {
  expect(contactsPerDay(HOURLY)).toEqual({ reports: 24, updates: 0 });
  const { reports, updates } = contactsPerDay({
    ...HOURLY,
    reportInterval: 86_400,
    lifetime: 3600,
  });
  expect(reports).toBe(1);
  expect(updates).toBeCloseTo(86_400 / 3353 - 1);
});

describe("a day", () => {
  test("that is slept through takes what sleep takes", () => {
    const never = { ...HOURLY, reportInterval: Infinity, lifetime: Infinity };
    expect(chargePerDay(BOARD, never)).toBeCloseTo(24 * 0.01);
    expect(chargePerDay(BOARD, { ...never, sleep: "light" })).toBeCloseTo(24 * 10);
  });

  test("takes more with each report, byte and second of listening", () => {
    const usual = chargePerDay(BOARD, HOURLY);
    for (const more of [{ reportInterval: 1800 }, { payload: 500 }, { awakeFor: 10 }]) {
      expect(chargePerDay(BOARD, { ...HOURLY, ...more })).toBeGreaterThan(usual);
    }
  });

  test("cannot have more contacts than time", () => {
    const always = { ...HOURLY, reportInterval: 1 };
    expect(Number.isFinite(chargePerDay(BOARD, always))).toBe(true);
  });
});

test("a life is capacity by charge, less what the cell loses by itself, and 15 years at most", () => {
  const perYear = chargePerDay(BOARD, HOURLY) * 365.25;
  expect(batteryLife(BOARD, HOURLY, CELL)).toBeCloseTo(1000 / perYear);
  expect(batteryLife(BOARD, HOURLY, { ...CELL, selfDischarge: 0.1 })).toBeCloseTo(
    1000 / (perYear + 100),
  );
  expect(batteryLife(BOARD, HOURLY, { ...CELL, capacity: 1e9 })).toBe(15);
});

test("docs/boards.md has the table that the functions make", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../../docs/boards.md"), "utf8");
  expect(withTable(page)).toBe(page);
});
