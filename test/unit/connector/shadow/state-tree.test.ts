import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../../../connector/rest/json.ts";
import type { Json } from "../../../../connector/shadow/json.ts";
import { flatten, nest } from "../../../../connector/shadow/state-tree.ts";

function flat(state: Json, most = 100): Record<string, Json> | string {
  const values = flatten(state, most);
  return values instanceof Map ? Object.fromEntries(values) : values.refusal;
}

/** Without the missing prototypes, which `toEqual` would count. */
function nested(values: Record<string, Json>): Json {
  return JSON.parse(JSON.stringify(nest(Object.entries(values))));
}

describe("a nested state", () => {
  test("becomes values by path, whether it is nested by names, by numbers or by whole paths", () => {
    expect(flat({ config: { siteName: "Moe's", port0: { abv: 6 } } })).toEqual({
      "/config/siteName": "Moe's",
      "/config/port0/abv": 6,
    });
    expect(flat({ "3303": { "0": { "5601": 3 } } })).toEqual({ "/3303/0/5601": 3 });
    expect(flat({ "/actuator/0/speed": 5, led: { "1/state": true } })).toEqual({
      "/actuator/0/speed": 5,
      "/led/1/state": true,
    });
  });

  test("has arrays and null as values, and nothing of empty objects", () => {
    expect(flat({ a: [1, { b: 2 }], c: null, d: {} })).toEqual({ "/a": [1, { b: 2 }], "/c": null });
  });

  test.each([
    [5, "must be a JSON object"],
    [null, "must be a JSON object"],
    [[], "must be a JSON object"],
    [{ "": 1 }, "cannot be a part"],
    [{ "a/": 1 }, "cannot be a part"],
    [{ "a//b": 1 }, "cannot be a part"],
    [{ "a\u0000": 1 }, "cannot be a part"],
    [{ ["x".repeat(256)]: 1 }, "cannot be a part"],
  ] as [Json, string][])("of %j is refused", (state, reason) => {
    expect(flat(state)).toContain(reason);
  });

  test("of more values than there may be is refused", () => {
    expect(flat({ a: 1, b: 2 }, 2)).toEqual({ "/a": 1, "/b": 2 });
    expect(flat({ a: 1, b: 2, c: 3 }, 2)).toContain("more than 2 values");
  });
});

describe("values by path", () => {
  test("are nested again", () => {
    expect(nested({ "/config/siteName": "x", "/config/port0/abv": 6, "/led": true })).toEqual({
      config: { siteName: "x", port0: { abv: 6 } },
      led: true,
    });
  });

  test("where one holds a value and others lie below it, those below are shown", () => {
    for (const paths of [
      ["/led", "/led/1", "/led/1/state"],
      ["/led/1/state", "/led/1", "/led"],
    ]) {
      const values = Object.fromEntries(paths.map((path) => [path, path]));
      expect(nested(values)).toEqual({ led: { "1": { state: "/led/1/state" } } });
    }
  });

  test("may have any name, also those of JavaScript's objects", () => {
    const tree = nest([
      ["/__proto__/polluted", 1],
      ["/constructor", 2],
      ["/toString/x", 3],
    ]);
    expect(JSON.stringify(tree)).toContain('"__proto__":{"polluted":1}');
    expect(Object.keys(tree as object).sort()).toEqual(["__proto__", "constructor", "toString"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

test("what was flattened nests to what it was", () => {
  const name = fc.stringMatching(/^[a-z0-9]{1,4}$/);
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer()));
  const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
    tree: fc.dictionary(name, fc.oneof({ depthSize: "small" }, leaf, tie("tree")), {
      minKeys: 1,
      maxKeys: 4,
    }) as fc.Arbitrary<Json>,
  }));
  fc.assert(
    fc.property(tree, (state) => {
      const values = flatten(state, 10_000);
      if (!(values instanceof Map)) throw new Error(values.refusal);
      expect(JSON.parse(JSON.stringify(nest(values)))).toEqual(JSON.parse(JSON.stringify(state)));
    }),
    { numRuns: 200 },
  );
});

test("a member named __proto__ does not come this far", () => {
  expect(parseJson('{"__proto__": {"a": 1}}')).toHaveProperty("refusal");
});
