import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatPath, isWithin, parsePath } from "../../../../protocol/model/path.ts";

describe("paths", () => {
  test("LwM2M Core 1.1.1 §7.1: a path names up to four levels", () => {
    expect(parsePath("/")).toEqual([]);
    expect(parsePath("/3")).toEqual([3]);
    expect(parsePath("/3/0")).toEqual([3, 0]);
    expect(parsePath("/3/0/11")).toEqual([3, 0, 11]);
    expect(parsePath("/3/0/11/2")).toEqual([3, 0, 11, 2]);
  });

  test.each([
    "",
    "3",
    "//",
    "/3/",
    "/3//0",
    "/a",
    "/3/-1",
    "/3/0/1/2/5",
    "/03",
    "/3/00",
    "/3/0 ",
  ])("%j is no path", (text) => {
    expect(parsePath(text)).toBeUndefined();
  });

  test("LwM2M Core 1.1.1 §7.3: the reserved id is read, larger ones are not", () => {
    expect(parsePath("/3/65535")).toEqual([3, 65535]);
    expect(parsePath("/3/65536")).toBeUndefined();
    expect(parsePath(`/${"9".repeat(400)}`)).toBeUndefined();
  });

  test("a formatted path reads back as itself", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 65535 }), { maxLength: 4 }), (path) => {
        expect(parsePath(formatPath(path))).toEqual(path);
      }),
    );
  });

  test("what is read formats as it was written", () => {
    const characters = fc.constantFrom(..."/0123456789a");
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 14 }), (text) => {
        const path = parsePath(text);
        if (path !== undefined) expect(formatPath(path)).toBe(text);
      }),
      { numRuns: 5000 },
    );
  });

  test("a path lies within itself and what is above it", () => {
    expect(isWithin([3, 0, 1], [])).toBe(true);
    expect(isWithin([3, 0, 1], [3, 0])).toBe(true);
    expect(isWithin([3, 0, 1], [3, 0, 1])).toBe(true);
    expect(isWithin([3, 0], [3, 0, 1])).toBe(false);
    expect(isWithin([3, 1, 1], [3, 0])).toBe(false);
  });
});
