import { describe, expect, test } from "vitest";
import {
  featurePage,
  missingProofs,
  namelessProofs,
  proofsIn,
} from "../../../scripts/feature-matrix.ts";
import standards from "../../../scripts/standards.json" with { type: "json" };
import { FEATURES, type Feature } from "../../support/features.ts";

const SOURCE = {
  path: "test/unit/thing.test.ts",
  text: `
describe("RFC 7641 §4.5", () => {
  test.each([1, 2])("a Confirmable one, %i", () => {
    proves("device", "liveness", "observe");
  });
});
test("no clause", () => proves("connector", "send"));
`,
};

describe("the page of features", () => {
  test("what a test shows is read with its name and those around it", () => {
    expect(proofsIn([SOURCE])).toEqual([
      {
        side: "device",
        feature: "liveness",
        path: SOURCE.path,
        line: 4,
        title: "RFC 7641 §4.5: a Confirmable one, %i",
      },
      expect.objectContaining({ feature: "observe", line: 4 }),
      expect.objectContaining({ side: "connector", feature: "send", title: "no clause" }),
    ]);
  });

  test("a test that shows something and names no clause is refused", () => {
    expect(namelessProofs(proofsIn([SOURCE]))).toEqual([
      { path: SOURCE.path, line: 7, message: expect.stringContaining('"no clause"') },
    ]);
  });

  test("a cell links to the tests, says that there is none, or that there is nothing to show", () => {
    const page = featurePage(proofsIn([SOURCE]));
    const row = page.split("\n").find((line) => line.startsWith("| a Confirmable notification"));
    expect(row).toBe(
      "| a Confirmable notification every 24 hours | RFC 7641 §4.5 | 1.0 | [1](../test/unit/thing.test.ts) | - | - |",
    );
    expect(page).toMatch(/\| RFC 7641 §3\.4 \| 1\.0 \| - \| \*no test\* \| - \|/);
  });

  test("a cell without a test says why, or is refused; a reason that a test belies is refused too", () => {
    const row = { title: "", clause: "", since: "1.0" } as const;
    const features = new Map([
      [
        "Group",
        new Map<string, Feature>([
          ["liveness", { ...row, sides: ["device", "connector"], absent: {} }],
          ["observe", { ...row, sides: ["device"], absent: { device: "a reason" } }],
          ["send", { ...row, sides: ["device"], absent: { device: "a reason" } }],
          ["cancel", { ...row, sides: ["device"], absent: { connector: "a reason" } }],
        ]),
      ],
    ]);
    const refused = missingProofs(proofsIn([SOURCE]), features).map(({ message }) => message);
    expect(refused).toEqual([
      "liveness: no test shows it on the connector, and the catalogue does not say why (absent)",
      "observe: said to be absent on the device, and shown by a test",
      "cancel: no test shows it on the device, and the catalogue does not say why (absent)",
      "cancel: does not concern the connector, and says why it is absent there",
    ]);
    expect(featurePage([])).toMatch(/\| \/1\/x\/21: .* \| no SMS \| no SMS \| - \|/);
  });

  test("every clause of the catalogue exists", () => {
    const unknown = [...FEATURES.values()]
      .flatMap((features) => [...features.values()].map(({ clause }) => clause.split(" §")))
      .filter(([document, clause]) => {
        const clauses = (standards as Readonly<Record<string, string>>)[document];
        return clause !== undefined && !clauses?.split(" ").includes(clause);
      });
    expect(unknown).toEqual([]);
  });
});
