import { describe, expect, test } from "vitest";
import * as codes from "../../../../protocol/coap/codes.ts";
import { LWM2M_JSON } from "../../../../protocol/coap/content-formats.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  OBSERVE,
  type Option,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import {
  CANCEL_COMPOSITE,
  COMPOSITE_NAMES,
  compositeOperationOf,
  OBSERVE_COMPOSITE,
  READ_COMPOSITE,
  WRITE_COMPOSITE,
} from "../../../../protocol/lwm2m/composite-operations.ts";
import {
  mayAnswer,
  OPERATION_TABLE,
  type OperationRow,
  operationRow,
} from "../../../../protocol/lwm2m/operation-table.ts";
import {
  isLegalAnswer,
  NO_OPERATION,
  OPERATION_NAMES,
  operationOf,
} from "../../../../protocol/lwm2m/operations.ts";

const row = (name: string) => operationRow(name) as OperationRow;

const legal = (name: string) =>
  [...new Set([...row(name).success, ...row(name).errors])].map(codes.formatCode).join(" ");

/** LwM2M Transport 1.2.2 §6.7, row by row. */
test.each([
  ["Bootstrap-Request", "2.04 4.00 4.15"],
  ["Bootstrap-Finish", "2.04 4.00 4.06"],
  ["Bootstrap-Discover", "2.05 4.00 4.04"],
  ["Bootstrap-Read", "2.05 4.00 4.01 4.04 4.05 4.06"],
  ["Bootstrap-Write", "2.04 4.00 4.15"],
  ["Bootstrap-Delete", "2.02 4.00"],
  ["Bootstrap-Pack-Request", "2.05 4.00 4.01 4.04 4.05 4.06 5.01"],
  ["Register", "2.01 4.00 4.01 4.03 4.09 4.12"],
  ["Update", "2.04 4.00 4.04"],
  ["De-register", "2.02 4.00 4.04"],
  ["Read", "2.05 4.00 4.01 4.04 4.05 4.06"],
  ["Discover", "2.05 4.00 4.01 4.04 4.05"],
  ["Write (Replace)", "2.04 4.00 4.01 4.04 4.05 4.06 4.08 4.13 4.15"],
  ["Write (Partial Update)", "2.04 4.00 4.01 4.04 4.05 4.06 4.08 4.13 4.15"],
  ["Write-Attributes", "2.04 4.00 4.01 4.04 4.05"],
  ["Execute", "2.04 4.00 4.01 4.04 4.05"],
  ["Create", "2.01 4.00 4.01 4.04 4.05 4.06 4.15"],
  ["Delete", "2.02 4.00 4.01 4.04 4.05"],
  ["Read-Composite", "2.05 4.00 4.01 4.04 4.05 4.06 4.15"],
  ["Write-Composite", "2.04 4.00 4.01 4.04 4.05 4.06 4.08 4.13 4.15"],
  ["Observe", "2.05 4.00 4.01 4.04 4.05 4.06"],
  ["Cancel Observation", "2.05 4.00 4.01 4.04 4.05 4.06"],
  ["Observe-Composite", "2.05 4.00 4.01 4.04 4.05 4.06 4.15"],
  ["Cancel Observation-Composite", "2.05 4.00 4.01 4.04 4.05 4.06 4.15"],
  ["Send", "2.04 4.00 4.04"],
  ["Notify", ""],
])("LwM2M Transport 1.2.2 §6.7: %s may be answered %s", (name, expected) => {
  expect(legal(name)).toBe(expected);
});

describe("the table", () => {
  test("has 26 operations, each once, in the order of their clauses", () => {
    expect(new Set(OPERATION_TABLE.map(({ name }) => name)).size).toBe(26);
    const clauses = OPERATION_TABLE.map(({ clause }) => clause);
    expect(clauses).toEqual([...clauses].sort());
  });

  test("only what is asked of a tree has depths", () => {
    for (const { name, target, depths } of OPERATION_TABLE) {
      expect([name, target === "tree"]).toEqual([name, depths.length > 0]);
    }
  });

  test("LwM2M Transport 1.2.2 §6.8.1: Execute, Notify and Send may be non-confirmable", () => {
    const loose = OPERATION_TABLE.filter(({ mayBeNon }) => mayBeNon).map(({ name }) => name);
    expect(loose).toEqual(["Execute", "Notify", "Send"]);
  });

  test("versions bring operations", () => {
    const since = (version: string) =>
      OPERATION_TABLE.filter((each) => each.since === version).map(({ name }) => name);
    expect(since("1.2")).toEqual(["Bootstrap-Pack-Request"]);
    expect(since("1.1")).toHaveLength(6);
  });

  test("LwM2M Core 1.0.2 §6.4: JSON of 1.0 is a format of every Write and of Create", () => {
    for (const name of ["Write (Replace)", "Write (Partial Update)", "Create"]) {
      expect([name, row(name).formats.includes(LWM2M_JSON)]).toEqual([name, true]);
    }
    expect(row("Write-Composite").formats).not.toContain(LWM2M_JSON);
  });

  test("codes of block-wise transfer answer what has a payload", () => {
    for (const each of OPERATION_TABLE) {
      const hasPayload = each.formats.length > 0 && each.name !== "Notify";
      expect([each.name, mayAnswer(each, codes.CONTINUE)]).toEqual([each.name, hasPayload]);
    }
    expect(mayAnswer(row("Read"), codes.GATEWAY_TIMEOUT)).toBe(true);
    expect(mayAnswer(row("Read"), codes.CHANGED)).toBe(false);
    expect(operationRow("read")).toBeUndefined();
  });
});

describe("the device's dispatch agrees with the table", () => {
  const NAMES: Record<string, string> = {
    Cancel: "Cancel Observation",
    Write: "Write (Replace)",
    "Write-Partial": "Write (Partial Update)",
  };
  const codesToTry = Object.values(codes).filter((code) => typeof code === "number");

  /** Of a request as the row describes it, at each depth; undefined for no operation. */
  function dispatched(each: OperationRow, depth: number): string | undefined {
    const options: Option[] = [];
    if (each.observe !== undefined) options.push(uintOption(OBSERVE, each.observe));
    if (each.name === "Discover") options.push(uintOption(ACCEPT, 40));
    if (each.formats.length > 0) options.push(uintOption(CONTENT_FORMAT, each.formats[0]));
    const payload = new Uint8Array(each.formats.length > 0 ? 1 : 0);
    const operation = operationOf(each.method, depth, options, payload);
    if (operation === NO_OPERATION) return undefined;
    const name = OPERATION_NAMES[operation];
    return NAMES[name] ?? name;
  }

  const single = OPERATION_TABLE.filter(
    ({ interface: side, target, depths, direction }) =>
      side !== "bootstrap" && target === "tree" && depths[0] > 0 && direction === "down",
  );

  test.each(single)("$name", (each) => {
    for (const depth of each.depths) expect(dispatched(each, depth)).toBe(each.name);
    expect(dispatched(each, 0)).toBeUndefined();
    const index = OPERATION_NAMES.findIndex((name) => (NAMES[name] ?? name) === each.name);
    for (const code of codesToTry) {
      if (code >> 5 < 2) continue;
      const both = [isLegalAnswer(index, code), mayAnswer(each, code)];
      // The dispatch takes the codes of block-wise transfer for an Execute's argument as well.
      expect([each.name, codes.formatCode(code), ...both]).toEqual([
        each.name,
        codes.formatCode(code),
        both[1],
        both[1],
      ]);
    }
  });

  test("composites are told by method and Observe", () => {
    const observe = (wish: number) => [uintOption(OBSERVE, wish)];
    expect(compositeOperationOf(codes.FETCH, [])).toBe(READ_COMPOSITE);
    expect(compositeOperationOf(codes.FETCH, observe(0))).toBe(OBSERVE_COMPOSITE);
    expect(compositeOperationOf(codes.FETCH, observe(1))).toBe(CANCEL_COMPOSITE);
    expect(compositeOperationOf(codes.IPATCH, [])).toBe(WRITE_COMPOSITE);
    for (const method of [codes.GET, codes.PUT, codes.POST, codes.DELETE, codes.PATCH]) {
      expect(compositeOperationOf(method, [])).toBe(NO_OPERATION);
    }
    expect(COMPOSITE_NAMES[WRITE_COMPOSITE - READ_COMPOSITE]).toBe("Write-Composite");
  });
});
