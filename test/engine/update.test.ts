/** The update of a device, bundled as for a board, on QuickJS and duktape; espruino-update.test.ts has it on boards. */
import { join } from "node:path";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { bundleForBoard } from "../../firmware/flash/bundle.ts";
import { findDuktape } from "./support/duktape.ts";
import { type Candidate, isRequired, titled } from "./support/engine.ts";
import { quickjs } from "./support/quickjs.ts";

const EXPECTED = `
nothing to start
boots 1.0.0 from dormouse.a, start 0
  state 0, result 0
registers
  state 0, result 0
of another class
  state 0, result 6
signed by another
  state 0, result 5
older
  state 0, result 6
broken
  state 0, result 5
good
  state 2, result 0
update
  state 3, result 0
boots 2.0.0 from dormouse.b, start 1
  state 3, result 0
boots 2.0.0 from dormouse.b, start 2
  state 3, result 0
boots 2.0.0 from dormouse.b, start 3
  state 3, result 0
it has not registered
boots 1.0.0 from dormouse.a, start 0
  state 2, result 8
update
  state 3, result 0
boots 2.0.0 from dormouse.b, start 1
  state 3, result 0
registers
  state 0, result 1
boots 2.0.0 from dormouse.b, start 1
  state 0, result 1
dormouse.b: generation 2, good true
`
  .trim()
  .split("\n");

afterEach(() => vi.unstubAllGlobals());

test("Node runs an update, a failed one, and refuses what is not for it", async () => {
  const lines: string[] = [];
  vi.stubGlobal("print", (line: string) => lines.push(line));
  await import("./entries/update.ts");
  expect(lines).toEqual(EXPECTED);
});

let code: string;

beforeAll(async () => {
  ({ code } = await bundleForBoard(join(import.meta.dirname, "entries/update.ts")));
}, 60_000);

const candidates: Candidate[] = [{ name: quickjs.name, engine: quickjs }, findDuktape()];

for (const candidate of candidates) {
  const { name, engine, missing } = candidate;
  test.skipIf(engine === undefined && !isRequired(name))(
    titled(`${name} runs the same`, candidate),
    async () => {
      if (engine === undefined) throw new Error(missing);
      expect(await engine.run(code)).toEqual(EXPECTED);
    },
  );
}
