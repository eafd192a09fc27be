import { expect, test } from "vitest";
import {
  propertyNames,
  shortenableNames,
  shortNames,
} from "../../../../firmware/flash/short-names.ts";

test("a name that only the library uses may become short", () => {
  expect(shortenableNames("peer.retransmission.dueAt = 1;", [])).toEqual([
    "dueAt",
    "retransmission",
  ]);
});

test("a name that stands in quotes anywhere stays, since it may be looked up by its text", () => {
  const code =
    'var NAMES = ["pmin"]; attributes.pmin = 1; attributes[NAMES[0]] = attributes.limit;';
  expect(shortenableNames(code, [])).toEqual(["limit"]);
});

test("a name of the board's or of JavaScript's own stays", () => {
  const code = "memory.blocksize = list.concat(E.hwRand()).usage2; list.copyWithin;";
  expect(shortenableNames(code, [])).toEqual(["usage2"]);
});

test("a name that the application mentions in whatever way stays", () => {
  const application = 'import x from "y"; x.server; export const s = { "lifetime": 1, queue: 2 };';
  const code = "a.server + a.lifetime + a.queue + a.own;";
  expect(shortenableNames(code, propertyNames(application))).toEqual(["own"]);
});

test("the most frequent names are the shortest, and none is a name that stays", () => {
  const code = `a.rare; ${"b.frequent;".repeat(3)} c["kept"].a;`;
  const names = shortNames(code, ["a"]);
  expect([...names.keys()][0]).toBe("frequent");
  expect(new Set(names.values()).size).toBe(names.size);
  for (const short of names.values()) expect(["a", "kept"]).not.toContain(short);
});

test("names beyond the letters have two", () => {
  const properties = Array.from({ length: 60 }, (_, i) => `x.name${i}Longer;`).join("");
  const lengths = [...shortNames(properties, []).values()].map(({ length }) => length);
  expect(lengths.filter((length) => length === 1)).toHaveLength(54);
  expect(lengths.filter((length) => length === 2)).toHaveLength(6);
});
