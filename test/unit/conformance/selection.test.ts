import { describe, expect, test } from "vitest";
import { FEATURES } from "../../conformance/case.ts";
import { etsNumber } from "../../conformance/cases/groups.ts";
import { serverCountOf } from "../../conformance/configurations.ts";
import {
  BOOTSTRAP_SERVER_CASES,
  CLIENT_CASES,
  SERVER_CASES,
  selectCases,
} from "../../conformance/index.ts";

const ids = (selection: Parameters<typeof selectCases>[1]) =>
  selectCases(CLIENT_CASES, selection).map(({ id }) => id);

describe("a selection", () => {
  test("of nothing is everything, in order", () => {
    expect(ids({})).toEqual(CLIENT_CASES.map(({ id }) => id));
  });

  test("names a case by its id, its number or a part", () => {
    const id = "LightweightM2M-1.1-int-101";
    expect(ids({ only: [id] })).toEqual([id]);
    expect(ids({ only: ["101"] })).toEqual([id]);
    expect(ids({ only: ["LightweightM2M-1.1-int-10*"] })).toContain(id);
    expect(ids({ only: ["*options"] })).toEqual(["dormouse-coap-options"]);
  });

  test("leaves out what it is told to", () => {
    const id = "LightweightM2M-1.1-int-102";
    const rest = ids({ groups: ["registration"], except: ["101", "*-103"] });
    expect(rest[0]).toBe(id);
    expect(rest).not.toContain("LightweightM2M-1.1-int-103");
    expect(() => ids({ except: ["999"] })).toThrow('No case is called "999"');
  });

  test("of a level is the TestFest's minimum, or what applies up to a version", () => {
    expect(ids({ level: "testfest" }).map((id) => id.slice(-3))).toEqual([
      "101",
      "102",
      "201",
      "203",
    ]);
    expect(ids({ level: "1.0" })).not.toContain("LightweightM2M-1.1-int-211");
    expect(ids({ level: "1.1" })).toContain("LightweightM2M-1.1-int-211");
    expect(ids({ level: "1.2" })).toHaveLength(CLIENT_CASES.length);
  });

  test("of a group is that chapter", () => {
    const found = ids({ groups: ["registration"] });
    expect(found.length).toBeGreaterThan(5);
    expect(found.every((id) => /-int-1\d\d$/.test(id))).toBe(true);
  });

  test("that names what is not there says so", () => {
    expect(() => ids({ only: ["999"] })).toThrow('No case is called "999"');
    expect(() => ids({ groups: ["nonsense"] })).toThrow("there are bootstrap, registration");
  });
});

test("every case of the ETS that has a procedure is there, what cannot be run yet with its steps", () => {
  const numbers = CLIENT_CASES.map(({ id }) => etsNumber(id)).filter((one) => one !== undefined);
  expect(numbers).toHaveLength(118);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  const waiting = CLIENT_CASES.filter(({ needs }) => needs?.missing !== undefined);
  expect(waiting.map(({ id }) => etsNumber(id))).toEqual([
    ...[1, 2, 10, 11, 19, 401, 402, 403, 404, 405, 406],
  ]);
  for (const { id, steps = [] } of waiting) expect(steps.length, id).toBeGreaterThan(1);
});

test("every case of the ETS that judges a Bootstrap-Server is there, what cannot be run yet with its steps", () => {
  const numbers = BOOTSTRAP_SERVER_CASES.map(({ id }) => etsNumber(id));
  const ets = numbers.filter((one) => one !== undefined);
  expect(ets).toEqual([0, 1, 2, 4, 5, 8, 9, 10, 11, 12, 19]);
  const waiting = BOOTSTRAP_SERVER_CASES.filter(({ missing }) => missing !== undefined);
  expect(waiting.map(({ id }) => etsNumber(id))).toEqual([1, 2, 10, 11, 19]);
  for (const { id, steps = [] } of waiting) expect(steps.length, id).toBeGreaterThan(1);
});

test("no two cases of a role have the same id, and each says what it proves", () => {
  for (const cases of [CLIENT_CASES, SERVER_CASES, BOOTSTRAP_SERVER_CASES]) {
    const all = cases.map(({ id }) => id);
    expect(new Set(all).size).toBe(all.length);
    for (const { clauses, criteria } of cases) {
      expect(clauses.length).toBeGreaterThan(0);
      expect(Object.keys(criteria).length).toBeGreaterThan(0);
    }
  }
});

test("a feature is named once, and some case needs it", () => {
  expect(new Set(FEATURES).size).toBe(FEATURES.length);
  const needed = CLIENT_CASES.flatMap(({ needs, configuration }): readonly string[] => [
    ...(needs?.features ?? []),
    ...(serverCountOf(configuration) > 1 ? ["several servers"] : []),
  ]);
  expect(FEATURES.filter((feature) => !needed.includes(feature))).toEqual([]);
});
