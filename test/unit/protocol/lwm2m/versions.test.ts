import { expect, test } from "vitest";
import {
  enablerOf,
  impliedObjectVersion,
  isBindingOf,
  isEndless,
} from "../../../../protocol/lwm2m/versions.ts";

test("LwM2M Core 1.2.2 Appendix E: the versions that need not be said", () => {
  const ids = [0, 1, 2, 3, 4, 5, 6, 7, 21, 23, 25, 3303];
  const of = (enabler: string) => ids.map((id) => impliedObjectVersion(enabler, id)).join(" ");
  expect(of("1.0")).toBe("1.0 1.0 1.0 1.0 1.0 1.0 1.0 1.0 1.0 1.0 1.0 1.0");
  expect(of("1.1")).toBe("1.1 1.1 1.0 1.1 1.2 1.0 1.0 1.0 1.0 1.0 1.0 1.0");
  expect(of("1.2")).toBe("1.2 1.2 1.1 1.2 1.3 1.1 1.0 1.0 2.0 1.0 1.0 1.0");
  expect(impliedObjectVersion("2.0", 3)).toBe("1.0");
});

test("LwM2M Core 1.2.2 §6.2.1.2: bindings by version", () => {
  const fitting = (enabler: string) =>
    ["U", "UQ", "UQS", "US", "SU", "UT", "UTSN", "UU", "UMH", "", "X"]
      .filter((binding) => isBindingOf(enabler, binding))
      .join(" ");
  expect(fitting("1.0")).toBe("U UQ UQS US");
  expect(fitting("1.1")).toBe("U US SU UT UTSN");
  expect(fitting("1.2")).toBe("U US SU UT UTSN UMH");
});

test("a lifetime of 0 is without end from LwM2M 1.2 on", () => {
  expect(["1.0", "1.1", "1.2"].map((enabler) => isEndless(enabler, 0))).toEqual([
    false,
    false,
    true,
  ]);
  expect(isEndless("1.2", 1)).toBe(false);
});

test("LwM2M Core 1.2.2 §5.1: a device is treated as of the version that is nearest", () => {
  const of = (...versions: string[]) => versions.map((version) => enablerOf(version) ?? "-").join();
  expect(of("1.0", "1.0.2", "1.1", "1.1.1", "1.2", "1.2.2")).toBe("1.0,1.0,1.1,1.1,1.2,1.2");
  expect(of("1.3", "1.10")).toBe("1.2,1.2");
  expect(of("2.0", "0.9", "", "1", "1.", "1.x", "1.-1", "1..1", "11.0", "1.2.3.4.5")).toBe(
    "-,-,-,-,-,-,-,-,-,-",
  );
});
