import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BOOLEAN,
  CORELNK,
  FLOAT,
  INTEGER,
  isValueOf,
  NONE,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  UNSIGNED,
} from "../../../../protocol/model/data-types.ts";
import { formatObjectLink, parseObjectLink } from "../../../../protocol/model/object-link.ts";
import { typedValue } from "../../../support/entries.ts";

describe("values of data types", () => {
  test("every value that a type has fits it", () => {
    fc.assert(
      fc.property(typedValue, ({ type, value }) => {
        expect(isValueOf(type, value)).toBe(true);
      }),
    );
  });

  test.each([
    [STRING, 1],
    [STRING, undefined],
    [CORELNK, true],
    [INTEGER, 1.5],
    [INTEGER, "1"],
    [INTEGER, 2 ** 53],
    [INTEGER, Number.NaN],
    [INTEGER, new Uint8Array(7)],
    [UNSIGNED, -1],
    [TIME, null],
    [FLOAT, "1.5"],
    [BOOLEAN, 1],
    [OPAQUE, "bytes"],
    [OBJLNK, "1:2"],
    [OBJLNK, null],
    [OBJLNK, { objectId: 1, objectInstanceId: 65536 }],
    [OBJLNK, { objectId: -1, objectInstanceId: 0 }],
    [OBJLNK, { objectId: 1 }],
    [NONE, ""],
  ])("type %d does not take %j", (type, value) => {
    expect(isValueOf(type, value)).toBe(false);
  });
});

describe("object links as text", () => {
  test("LwM2M Core 1.1.1 Appendix C: two ids with a colon", () => {
    expect(parseObjectLink("66:0")).toEqual({ objectId: 66, objectInstanceId: 0 });
    expect(parseObjectLink("65535:65535")).toEqual({ objectId: 65535, objectInstanceId: 65535 });
    expect(formatObjectLink({ objectId: 66, objectInstanceId: 1 })).toBe("66:1");
  });

  test.each([
    "",
    ":",
    "1",
    "1:",
    ":1",
    "1:2:3",
    "65536:0",
    "0:65536",
    "-1:0",
    "a:b",
    "1:2\u0000",
  ])("%j is no link", (text) => {
    expect(parseObjectLink(text)).toBeUndefined();
  });
});
