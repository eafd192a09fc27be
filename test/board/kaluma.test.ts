/**
 * The programs of a Pico W with Kaluma on JerryScript, which `JERRY_BIN` names: beside an imitation of Kaluma they do what they do on Node, in
 * the heap that the board has. Skipped by name without.
 */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { boardNamed, type KalumaBoard } from "../../firmware/flash/boards.ts";
import { bundleForBoard } from "../../firmware/flash/bundle.ts";
import { titled } from "../engine/support/engine.ts";
import { findJerryScript } from "../engine/support/jerryscript.ts";
import { kalumaTranscript } from "../support/virtual-kaluma/transcript.ts";

const CANDIDATE = findJerryScript(process.env.JERRY_BIN);
const PICO_W = boardNamed("kaluma-pico-w") as KalumaBoard;
const BOARD = join(import.meta.dirname, "../../firmware/boards/kaluma");

describe.each(["minimal", "main"])("%s", (program) => {
  test.skipIf(CANDIDATE.engine === undefined)(
    titled("does on JerryScript, step by step, what it did on Node", CANDIDATE),
    async (context) => {
      const jerry = CANDIDATE.engine;
      if (jerry === undefined) throw new Error(CANDIDATE.missing);
      const heap = jerry.heapSize() ?? 0;
      // A build for more would prove nothing.
      if (heap === 0 || heap > PICO_W.heap) {
        context.skip(`its heap has ${heap} bytes, and the board's ${PICO_W.heap}`);
      }
      const { code } = await bundleForBoard(join(BOARD, `${program}.ts`), { engine: "kaluma" });
      const { script, said } = kalumaTranscript(code);
      expect(await jerry.run(script)).toEqual(said);
    },
  );
});
