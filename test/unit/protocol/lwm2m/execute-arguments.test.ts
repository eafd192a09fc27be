import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ExecuteArgument,
  formatArguments,
  parseArguments,
} from "../../../../protocol/lwm2m/execute-arguments.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";

describe("arguments of an Execute (LwM2M Core 1.2.2 §6.3.5)", () => {
  test.each<[string, [number, string?][]]>([
    ["", []],
    ["5", [[5]]],
    ["2='10.3'", [[2, "10.3"]]],
    ["7,0='https://www.omaspecworks.org'", [[7], [0, "https://www.omaspecworks.org"]]],
    ["0,1,2,3,4", [[0], [1], [2], [3], [4]]],
    ["0='U'", [[0, "U"]]],
    ["1=''", [[1, ""]]],
    ["3='a,4=b'", [[3, "a,4=b"]]],
    // The specification calls this one valid, though its grammar has no blanks.
    ["7,0=' <https://www.omaspecworks.org>'", [[7], [0, " <https://www.omaspecworks.org>"]]],
  ])("%j", (text, expected) => {
    const list = expected.map(([digit, value]): ExecuteArgument => ({ digit, value }));
    expect(parseArguments(text)).toEqual(list);
    expect(formatArguments(list)).toBe(text);
  });

  test.each([
    ["a", "lwm2m/argument-digit"],
    [",5", "lwm2m/argument-digit"],
    ["5,,6", "lwm2m/argument-digit"],
    ["5,", "lwm2m/argument-separator"],
    ["55", "lwm2m/argument-separator"],
    ["5;6", "lwm2m/argument-separator"],
    ["5=''6", "lwm2m/argument-separator"],
    ["5=", "lwm2m/argument-value"],
    ["5=3", "lwm2m/argument-value"],
    ["5='3", "lwm2m/argument-value"],
    ["5='\"'", "lwm2m/argument-value"],
    ["5='\\'", "lwm2m/argument-value"],
    ["5='\u00e9'", "lwm2m/argument-value"],
    ["1,2,1", "lwm2m/argument-repeated"],
    ["1='a',1", "lwm2m/argument-repeated"],
  ])("%j is %s", (text, fault) => {
    expect(parseArguments(text)).toMatchObject({ fault });
  });

  test("what cannot be said is not written", () => {
    for (const value of ["'", '"', "\\", "\n", "é"]) {
      expect(formatArguments([{ digit: 1, value }])).toBeUndefined();
    }
    for (const digit of [-1, 10, 1.5, Number.NaN]) {
      expect(formatArguments([{ digit, value: undefined }])).toBeUndefined();
    }
    const one = { digit: 1, value: undefined };
    expect(formatArguments([one, one])).toBeUndefined();
  });

  test("no text makes it throw, and what is read is written as it was", () => {
    const near = fc.string({ unit: fc.constantFrom(..."0123456789,='ab \\\"") });
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const list = parseArguments(text);
        if (!isMalformed(list)) expect(formatArguments(list)).toBe(text);
      }),
      { numRuns: 5000 },
    );
  });
});
