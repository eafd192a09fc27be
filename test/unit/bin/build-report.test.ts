import { describe, expect, test } from "vitest";
import { boardsTable, refusedText, reportJson, reportText } from "../../../bin/build-report.ts";
import { BOARDS, type BoardModel, boardNamed } from "../../../firmware/flash/boards.ts";
import type { BuildReport } from "../../../firmware/flash/build.ts";

const REPORT: BuildReport = {
  board: "espruino-pico",
  entry: "my-device.ts",
  bytes: 40806,
  functions: 321,
  variables: { loaded: 1881, running: 2746, answering: 3246 },
  heap: undefined,
  modules: [
    {
      path: "protocol/coap/basic-endpoint.ts",
      bytes: 5220,
      functions: 44,
      estimatedVariables: 240,
      isLibrary: true,
    },
    { path: "my-device.ts", bytes: 300, functions: 2, estimatedVariables: 17, isLibrary: false },
  ],
  features: [
    { feature: "CoAP", bytes: 12593, functions: 107, variables: 615 },
    { feature: "your program", bytes: 300, functions: 2, variables: 17 },
  ],
  refused: [],
  warnings: [
    {
      file: "my-device.ts",
      line: 3,
      column: 1,
      message: "an enum costs a function on a board: use constants",
    },
  ],
};

function board(name: string): BoardModel {
  const found = boardNamed(name);
  if (found === undefined) throw new Error(name);
  return found;
}

test("the report shows what the board has left, and what costs what", () => {
  expect(
    reportText(REPORT, board("espruino-pico")),
  ).toBe(`my-device.ts for Espruino Pico (espruino-pico)

  flash      ████████████████████···· 83 %: 40,840 of 49,152 bytes of Storage, 40,806 of them the program
  variables  █████████████··········· 54 %: 2,746 of 5,100 variables, 2,354 free
             about: 1,881 once loaded, 2,746 running, 3,246 while it answers
  functions  321

  What costs what, about:
  CoAP                                   12,593 bytes   107 functions    615 variables
  your program                              300 bytes     2 functions     17 variables

  The largest modules:
  protocol/coap/basic-endpoint.ts                       5,220 bytes
  my-device.ts                                            300 bytes

my-device.ts:3:1: an enum costs a function on a board: use constants`);
});

test("a board without a limit, and one that runs Node, have no bars", () => {
  const linux = reportText(REPORT, board("espruino-linux"));
  expect(linux).toContain("  variables  2,746 variables; there is no limit\n");
  const node = reportText({ ...REPORT, variables: undefined }, board("node"));
  expect(node).toContain("  size       40,806 bytes\n");
  expect(node).not.toContain("variables");
});

describe("as JSON", () => {
  test("it begins with what programs look for", () => {
    const json = reportJson(REPORT, "my-device.js");
    expect(Object.keys(json).slice(0, 5)).toEqual([
      "bytes",
      "functions",
      "variables",
      "board",
      "refused",
    ]);
    expect(json).toMatchObject({
      bytes: 40806,
      functions: 321,
      variables: 1881,
      board: "espruino-pico",
      refused: [],
      variablesRunning: 2746,
      file: "my-device.js",
    });
  });

  test("Node counts no variables, and what is refused leaves no file", () => {
    const refused = [{ file: "a.ts", line: 1, column: 2, message: "no" }];
    const json = reportJson({ ...REPORT, variables: undefined, refused }, undefined);
    expect(json).toMatchObject({ variables: null, variablesRunning: null, file: null, refused });
  });
});

test("what is refused is told with its places, and counted", () => {
  const one = { file: "a.ts", line: 1, column: 2, message: "there is no Map on a board" };
  const two = { ...one, line: 4 };
  expect(refusedText({ ...REPORT, refused: [one] })).toBe(
    "a.ts:1:2: there is no Map on a board\n\nOne thing stands against the board espruino-pico.",
  );
  expect(refusedText({ ...REPORT, refused: [one, two] })).toMatch(
    /a\.ts:4:2: .*\n\n2 things stand against the board espruino-pico\.$/,
  );
});

test("the table has a line for each board", () => {
  const lines = boardsTable(BOARDS).split("\n");
  expect(lines).toHaveLength(BOARDS.length + 1);
  expect(lines[2]).toMatch(
    /^esp32 +ESP32 +3,400-16,383 +14 B +896 KiB +own +yes +serial, tcp, ble$/,
  );
  expect(lines.at(-1)).toMatch(/^node +any machine with Node +Node's +yes$/);
});

test("Kaluma has a heap in place of variables", () => {
  const heap = { loaded: 97_134, answering: 119_134 };
  const report = { ...REPORT, bytes: 41_741, variables: undefined, heap, warnings: [] };
  const lines = reportText(report, board("kaluma-pico-w")).split("\n");
  expect(lines.slice(2, 5)).toEqual([
    "  flash      ██······················ 8 %: 41,741 of 524,288 bytes for the program",
    "  heap       ████████████████········ 65 %: 119,134 of 184,320 bytes of JerryScript's heap, 65,186 free",
    "             about: 97,134 once loaded, 119,134 while it answers, with Kaluma's own modules",
  ]);
  expect(reportJson(report, "a.js")).toMatchObject({ variables: null, heap: 97_134 });
});
