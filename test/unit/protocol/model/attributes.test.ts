import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMalformed } from "../../../../protocol/malformed.ts";
import {
  ATTRIBUTE_NAMES_1_1,
  ATTRIBUTE_NAMES_1_2,
  type Attributes,
  attributeQueries,
  attributeTarget,
  BOOLEAN_VALUE,
  COMPOSITE_ATTRIBUTE_NAMES,
  changeAttributes,
  effectivePmax,
  inheritAttributes,
  NO_ATTRIBUTES,
  NO_VALUE,
  NUMERIC_VALUE,
  writeAttributes,
} from "../../../../protocol/model/attributes.ts";
import {
  BOOLEAN,
  FLOAT,
  INTEGER,
  MULTIPLE,
  NONE,
  OPAQUE,
  READ,
  STRING,
  TIME,
  UNSIGNED,
} from "../../../../protocol/model/data-types.ts";

const change = (...queries: string[]) => changeAttributes(NO_ATTRIBUTES, queries, true);

describe("notification attributes", () => {
  test("LwM2M Core 1.1.1 §5.1.2: queries set attributes", () => {
    expect(change("pmin=10", "pmax=60", "gt=50.5", "lt=-20", "st=1e-1")).toEqual({
      pmin: 10,
      pmax: 60,
      gt: 50.5,
      lt: -20,
      st: 0.1,
    });
  });

  test("zero is a value", () => {
    expect(change("pmin=0", "pmax=0", "st=0")).toEqual({ pmin: 0, pmax: 0, st: 0 });
  });

  test("LwM2M Core 1.1.1 §5.1.2: a query without value unsets, others stay", () => {
    expect(changeAttributes({ pmin: 1, pmax: 2 }, ["pmin"], false)).toEqual({ pmax: 2 });
  });

  test("pmax below pmin is valid, since it is only ignored", () => {
    expect(change("pmin=60", "pmax=10")).toEqual({ pmin: 60, pmax: 10 });
  });

  test.each([
    "pmin=",
    "pmin=1.9",
    "pmin=-1",
    "pmax=bc",
    "pmax=1e3",
    "gt=",
    "gt=x",
    "st=-1",
    "st= 1",
  ])("%s is refused", (query) => {
    expect(change(query)).toMatchObject({ fault: "model/attribute-value" });
  });

  test.each([
    "dim=3",
    "ver=1.0",
    "ssid=1",
    "",
    "=3",
    "PMIN=3",
    "toString",
  ])("%j is no attribute to write", (query) => {
    expect(change(query)).toMatchObject({ fault: "model/attribute-unknown" });
  });

  test("LwM2M Core 1.1.1 §5.1.2: gt, lt and st are for numeric resources", () => {
    for (const query of ["gt=1", "lt=1", "st=1", "gt"]) {
      expect(changeAttributes(NO_ATTRIBUTES, [query], false)).toMatchObject({
        fault: "model/attribute-unknown",
      });
    }
  });

  test("LwM2M Core 1.1.1 §5.1.2: lt + 2 st < gt, whichever write breaks it", () => {
    expect(isMalformed(change("lt=10", "gt=10"))).toBe(true);
    expect(isMalformed(change("lt=10", "gt=12", "st=1"))).toBe(true);
    expect(isMalformed(change("lt=10", "gt=12", "st=0.9"))).toBe(false);
    expect(isMalformed(changeAttributes({ gt: 5 }, ["lt=6"], true))).toBe(true);
    expect(isMalformed(changeAttributes({ gt: 5, lt: 1 }, ["st=2"], true))).toBe(true);
    expect(isMalformed(changeAttributes({ gt: 5, lt: 1 }, ["st=2", "gt"], true))).toBe(false);
  });

  test("a refused change leaves the current set as it was", () => {
    const current = { pmin: 1 };
    changeAttributes(current, ["pmin=2", "gt=x"], true);
    expect(current).toEqual({ pmin: 1 });
  });

  test("what is written as queries reads back", () => {
    // Text has no negative zero.
    const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value || 0);
    const number = fc.option(double, { nil: undefined });
    const period = fc.option(fc.nat(), { nil: undefined });
    fc.assert(
      fc.property(fc.record({ pmin: period, pmax: period, gt: number }), (attributes) => {
        const read = change(...attributeQueries(attributes));
        expect(read).toEqual(attributes);
      }),
    );
  });
});

describe("notification attributes of later versions", () => {
  const write = (target: number, ...queries: string[]) =>
    writeAttributes(NO_ATTRIBUTES, queries, ATTRIBUTE_NAMES_1_2, target);

  test("LwM2M Core 1.2.2 §7.3.2: all that there are", () => {
    const numeric = ["pmin=1", "pmax=2", "gt=9", "lt=1", "st=3", "epmin=4", "epmax=5", "con=1"];
    const set = { pmin: 1, pmax: 2, gt: 9, lt: 1, st: 3, epmin: 4, epmax: 5, con: 1 };
    expect(write(NUMERIC_VALUE, ...numeric, "hqmax=10")).toEqual({ ...set, hqmax: 10 });
    expect(write(BOOLEAN_VALUE, "edge=0", "con=0")).toEqual({ edge: 0, con: 0 });
    expect(attributeQueries({ ...set, edge: 1, hqmax: 10 })).toEqual([
      ...numeric.slice(0, 7),
      "edge=1",
      "con=1",
      "hqmax=10",
    ]);
  });

  test("LwM2M Core 1.2.2 §7.3.2: each has its kind of target", () => {
    for (const query of ["pmin=1", "pmax=1", "epmin=1", "epmax=1", "con=1", "hqmax=1"]) {
      for (const target of [NO_VALUE, NUMERIC_VALUE, BOOLEAN_VALUE]) {
        expect(isMalformed(write(target, query))).toBe(false);
      }
    }
    for (const query of ["gt=1", "lt=1", "st=1", "st"]) {
      expect(isMalformed(write(NO_VALUE, query))).toBe(true);
      expect(isMalformed(write(BOOLEAN_VALUE, query))).toBe(true);
    }
    for (const query of ["edge=1", "edge"]) {
      expect(isMalformed(write(NO_VALUE, query))).toBe(true);
      expect(isMalformed(write(NUMERIC_VALUE, query))).toBe(true);
    }
  });

  test("numbers and times take thresholds, booleans edges, everything else neither", () => {
    for (const type of [INTEGER, UNSIGNED, FLOAT, TIME]) {
      expect(attributeTarget(type | READ | MULTIPLE)).toBe(NUMERIC_VALUE);
    }
    expect(attributeTarget(BOOLEAN | READ)).toBe(BOOLEAN_VALUE);
    for (const type of [STRING, OPAQUE, NONE]) expect(attributeTarget(type)).toBe(NO_VALUE);
  });

  test.each([
    "edge=2",
    "edge=",
    "edge=-1",
    "con=2",
    "con=true",
    "epmin=1.5",
    "epmax=x",
    "hqmax=-1",
    "hqmax=99999999999999999999",
  ])("%s is refused", (query) => {
    expect(write(BOOLEAN_VALUE, query)).toMatchObject({ fault: "model/attribute-value" });
  });

  test("a version has the attributes that it knows", () => {
    const of1 = (query: string) =>
      writeAttributes(NO_ATTRIBUTES, [query], ATTRIBUTE_NAMES_1_1, NUMERIC_VALUE);
    expect(of1("epmin=1")).toEqual({ epmin: 1 });
    expect(of1("con=1")).toMatchObject({ fault: "model/attribute-unknown" });
    expect(change("epmin=1")).toMatchObject({ fault: "model/attribute-unknown" });
  });

  test("LwM2M Core 1.2.2 §6.4.4: composites take periods and con", () => {
    const of = (query: string) =>
      writeAttributes(NO_ATTRIBUTES, [query], COMPOSITE_ATTRIBUTE_NAMES, NUMERIC_VALUE);
    for (const name of COMPOSITE_ATTRIBUTE_NAMES) expect(of(`${name}=1`)).toEqual({ [name]: 1 });
    for (const query of ["gt=1", "edge=1", "hqmax=1"]) expect(isMalformed(of(query))).toBe(true);
  });

  test("LwM2M Core 1.2.2 §7.3.2: epmin < epmax", () => {
    expect(isMalformed(write(NO_VALUE, "epmin=5", "epmax=5"))).toBe(true);
    expect(isMalformed(write(NO_VALUE, "epmin=4", "epmax=5"))).toBe(false);
    const current = { epmin: 5 };
    expect(writeAttributes(current, ["epmax=4"], ATTRIBUTE_NAMES_1_2, NO_VALUE)).toMatchObject({
      fault: "model/attributes-inconsistent",
    });
  });

  test("LwM2M Core 1.2.2 §7.3.2: lower levels win over upper ones, attribute by attribute", () => {
    const server = { pmin: 1, pmax: 60 };
    const object = { pmin: 10, con: 1 };
    const resource = { pmin: 0, gt: 5 };
    const inherited = inheritAttributes(inheritAttributes(server, object), resource);
    expect(inherited).toEqual({ pmin: 0, pmax: 60, con: 1, gt: 5 });
    expect(inheritAttributes(resource, NO_ATTRIBUTES)).toEqual(resource);
  });

  test("LwM2M Core 1.2.2 §7.3.2: a pmax of 0 or below pmin says nothing", () => {
    expect(effectivePmax({ pmin: 10, pmax: 10 })).toBe(10);
    expect(effectivePmax({ pmax: 1 })).toBe(1);
    expect(effectivePmax({ pmin: 10, pmax: 9 })).toBeUndefined();
    expect(effectivePmax({ pmax: 0 })).toBeUndefined();
    expect(effectivePmax({ pmin: 10 })).toBeUndefined();
  });

  test("no queries make it throw, and what it takes reads back", () => {
    const name = fc.constantFrom<string>(...ATTRIBUTE_NAMES_1_2, "dim", "", "toString");
    const value = fc.oneof(fc.nat().map(String), fc.double().map(String), fc.string());
    const query = fc.oneof(
      name,
      fc.tuple(name, value).map(([left, right]) => `${left}=${right}`),
    );
    fc.assert(
      fc.property(fc.array(query, { maxLength: 6 }), fc.nat(2), (queries, target) => {
        const set = write(target, ...queries);
        if (isMalformed(set)) return;
        const defined = Object.entries(set).filter(([, held]) => held !== undefined);
        const again = write(target, ...attributeQueries(set)) as Attributes;
        expect(again).toEqual(Object.fromEntries(defined.map(([key, held]) => [key, held || 0])));
      }),
      { numRuns: 2000 },
    );
  });
});
