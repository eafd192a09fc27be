import { expect, test } from "vitest";
import { BOARD_CONDITION, entryPoint } from "../../../../firmware/flash/library.ts";
import { narrowEntry } from "../../../../firmware/flash/narrow-entry.ts";
import * as portable from "../../../../firmware/portable.ts";
import * as protocol from "../../../../protocol/index.ts";

/** The text that stands for an entry point when a module takes these names of it. */
function narrowed(taken: string, specifier = "dormouse-lwm2m/protocol"): string | undefined {
  const entry = entryPoint(specifier, BOARD_CONDITION);
  return narrowEntry(`import ${taken} from "${specifier}";`, specifier, entry ?? "");
}

test.each([
  ["dormouse-lwm2m/protocol", protocol],
  ["dormouse-lwm2m/firmware", portable],
])("%s: every name that it exports is found where it is defined", async (specifier, module) => {
  for (const [name, value] of Object.entries(module)) {
    const text = narrowed(`{ ${name} }`, specifier) ?? "";
    const found = /^export (?:\* as \w+|\{ (\w+) as \w+ \}) from "(.*)";$/.exec(text);
    expect(found, name).not.toBeNull();
    const [, original, file] = found ?? [];
    const origin = (await import(file)) as Record<string, unknown>;
    if (original === undefined)
      expect(Object.keys(origin), name).toEqual(Object.keys(value as object));
    else expect(origin[original], name).toBe(value);
  }
});

test("names keep the names that the program gives them, since it imports what it did", () => {
  expect(narrowed("{ TEMPERATURE as OBJECT, SENSOR_VALUE }")).toMatch(
    /^export \{ TEMPERATURE as TEMPERATURE \} from ".*temperature\.ts";\nexport \{ SENSOR_VALUE as SENSOR_VALUE \} from ".*";$/,
  );
});

test.each([["* as protocol"], ["protocol"]])("import %s is left to the bundler", (taken) => {
  expect(narrowed(taken)).toBeUndefined();
});

test("a name that is not there is left out", () => {
  expect(narrowed("{ noSuchName }")).toBe("");
});

test("imports of other modules take nothing of it", () => {
  const entry = entryPoint("dormouse-lwm2m/protocol", BOARD_CONDITION) ?? "";
  expect(narrowEntry('import { a } from "./b.ts";', "dormouse-lwm2m/protocol", entry)).toBe("");
});
