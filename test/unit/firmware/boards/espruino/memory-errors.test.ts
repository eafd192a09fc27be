/**
 * A board that runs out of memory ends the handler where it stands, and nothing catches that. At whatever step it happens, the device has
 * to be there again for its server (docs/decisions/0029-espruino-port.md).
 */
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { bundleForBoard } from "../../../../../firmware/flash/bundle.ts";
import { SECOND } from "../../../../support/durations.ts";
import { BoardPair, SERVER_HOST } from "../../../../support/virtual-espruino/board-pair.ts";
import { cuttable } from "../../../../support/virtual-espruino/cut-short.ts";
import { VirtualBoard } from "../../../../support/virtual-espruino/virtual-board.ts";

const BOARD = join(import.meta.dirname, "../../../../../firmware/boards/espruino");
const CUTS = 60;
const SETTINGS = { endpoint: "board", server: `coap://${SERVER_HOST}`, lifetime: 300, awake: 20 };

function powered(program: string): BoardPair {
  const files = { "dormouse.json": JSON.stringify(SETTINGS) };
  const board = new VirtualBoard({ program, files, esp32: true, watchdog: true });
  const pair = new BoardPair(board);
  board.switchOn();
  return pair;
}

/** Of a day of a device, what may be cut short. */
function serve(pair: BoardPair): void {
  pair.read("/3/0");
  pair.write("/1/0/1", "310");
  pair.observe("/3/0/13");
  pair.execute("/1/0/8");
  pair.wait(15 * SECOND);
}

describe.each(["minimal", "sleeper"])("%s", (program) => {
  let code: string;
  let first: number;
  let last: number;

  beforeAll(async () => {
    code = cuttable((await bundleForBoard(join(BOARD, `${program}.ts`))).code);
    const pair = powered(code);
    first = pair.board.steps;
    pair.registration();
    serve(pair);
    last = pair.board.steps;
    expect(pair.board.ends).toEqual([]);
    pair.board.dispose();
  }, 60_000);

  test(`cut at any of ${CUTS} steps between its start and the end of its work, it restarts, registers or updates, and is read`, () => {
    expect(last - first).toBeGreaterThan(CUTS);
    const stride = Math.floor((last - first) / CUTS);
    for (let cutAt = first + 1; cutAt <= last; cutAt += stride) {
      const files = { "dormouse.json": JSON.stringify(SETTINGS) };
      const board = new VirtualBoard({ program: code, files, esp32: true, watchdog: true });
      const pair = new BoardPair(board);
      board.cutAt = cutAt;
      board.switchOn();
      pair.registration();
      serve(pair);
      const at = `cut at step ${cutAt}`;
      expect(
        board.printed.filter((line) => /Interrupted/.test(line)),
        at,
      ).toHaveLength(1);
      expect(board.ends[0], at).toBe("software");
      expect(board.ends.slice(1), at).not.toContain("software");
      expect(
        board.printed.filter((line) => /Uncaught/.test(line)),
        at,
      ).toEqual([]);
      expect(pair.read("/3/0/0").status, at).toBe(200);
      board.dispose();
    }
  }, 120_000);
});
