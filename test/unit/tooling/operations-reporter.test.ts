import { describe, expect, test } from "vitest";
import {
  listOf,
  type Outcome,
  pageOf,
  rowsOf,
  shownIn,
} from "../../interop/support/operations-reporter.ts";

const SUITE = "our agent with a server";

function outcome(name: string, operations: string[], state: Outcome["state"] = "passed"): Outcome {
  return { suite: SUITE, name, operations, state };
}

describe("the list of operations that were done with real peers", () => {
  test("shows is read with the lines of its test, of a table of tests too", () => {
    const text = `
describe("d", () => {
  test("one", () => {
    shows("Read", "Discover");
  });
  test.each([
    1,
  ])("table %i", () => {
    shows("Send");
  });
  test("says nothing", () => {});
});`;
    expect(shownIn(text)).toEqual([
      { from: 3, to: 5, operations: ["Read", "Discover"] },
      { from: 6, to: 10, operations: ["Send"] },
    ]);
  });

  test("an operation is one row: its formats are those of the names, its result that of all its tests", () => {
    const rows = rowsOf([
      outcome("in TLV: LwM2M Core 1.1.1 §6.3.1: it reads", ["Read"]),
      outcome("LwM2M Core 1.1.1 §6.3.1: it reads 9 bytes as SenML CBOR", ["Read", "Discover"]),
      outcome("it writes /1 as 'bytes'", ["Write (Replace)"]),
      outcome("a client: RFC 7252 §5.8: a test of 5 bytes without shows", []),
    ]);
    expect(rows.map(({ operation, formats, result }) => [operation, formats, result])).toEqual([
      ["Read", "TLV, SenML CBOR", "passed (2)"],
      ["Discover", "SenML CBOR", "passed"],
      ["Write (Replace)", "bytes", "passed"],
      ["a client: a test of 5 bytes without shows", "", "passed"],
    ]);
  });

  test("one failure is a failure; what was not run is told with the reason", () => {
    const suite = `${SUITE} (leshan is missing: no java on the PATH)`;
    const rows = rowsOf([
      outcome("a", ["Read"]),
      outcome("b", ["Read"], "failed"),
      outcome("c", ["Update"], "pending"),
      { ...outcome("d", ["Send"], "skipped"), suite },
    ]);
    expect(rows.map(({ suite, result }) => [suite, result])).toEqual([
      [SUITE, "FAILED 1 of 2"],
      [SUITE, "FAILED 1 of 1"],
      [SUITE, "skipped: leshan is missing: no java on the PATH"],
    ]);
    expect(listOf(rows)).toContain("Read    FAILED 1 of 2");
    expect(pageOf(rows)).toContain(`## ${SUITE}\n\n| operation`);
  });
});
