/**
 * What a request and its response cost the interpreter, against the bare codec's share of it (test/engine/baseline): at most twice. Both are
 * measured in one run, in turns, by the time that the process has computed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleForBoard } from "../../firmware/flash/bundle.ts";
import { interpreters } from "./support/interpreters.ts";

const RUNS = 5;
const MOST = 2;
/** From here on the program fits into memory, where boards have it as well: flash is mapped there, and slow here. */
const LARGE_POOL = 8000;

const FOUND = await interpreters();
const folder = mkdtempSync(join(tmpdir(), "speed-"));
const program = join(folder, "speed.js");

beforeAll(async () => {
  const { code } = await bundleForBoard(join(import.meta.dirname, "programs/speed.ts"));
  writeFileSync(program, code);
});

afterAll(() => rmSync(folder, { recursive: true }));

describe.each(FOUND)("$name", ({ engine, pool, isFixed }) => {
  test.skipIf(isFixed && pool < LARGE_POOL)(
    "a request and its response cost at most twice what reading and writing their bytes does",
    () => {
      const runs = Array.from({ length: RUNS }, () => {
        const { stdout } = spawnSync(engine.path, [program], { encoding: "latin1", input: "" });
        const [, ours, bare] = /#speed ([\d.]+) ([\d.]+)/.exec(stdout) ?? [];
        return { ours: Number(ours), bare: Number(bare), ratio: Number(ours) / Number(bare) };
      });
      const median = runs.sort((a, b) => a.ratio - b.ratio)[RUNS >> 1];
      console.log(
        `${engine.name}: ${median.ours.toFixed(0)} us against ${median.bare.toFixed(0)} us, ${median.ratio.toFixed(2)} times`,
      );
      expect(median.ratio).toBeLessThanOrEqual(MOST);
    },
  );
});
