import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMalformed } from "../../../../protocol/malformed.ts";
import {
  attributeQueries,
  changeAttributes,
  NO_ATTRIBUTES,
} from "../../../../protocol/model/attributes.ts";

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
        expect(read).toEqual({ ...attributes, lt: undefined, st: undefined });
      }),
    );
  });
});
