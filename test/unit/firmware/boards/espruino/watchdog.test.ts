/** The watchdog on a virtual board: a program of a few lines, bundled as any. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { bundleForBoard } from "../../../../../firmware/flash/bundle.ts";
import { MINUTE } from "../../../../support/durations.ts";
import { VirtualBoard } from "../../../../support/virtual-espruino/virtual-board.ts";

const BOARD = join(import.meta.dirname, "../../../../../firmware/boards/espruino");
const folder = mkdtempSync(join(tmpdir(), "watchdog-"));

afterAll(() => rmSync(folder, { recursive: true }));

/** A program whose alarm rings in a second; then this happens. */
async function boardOf(ring: string): Promise<VirtualBoard> {
  const entry = join(folder, "entry.ts");
  writeFileSync(
    entry,
    `import { guarded } from ${JSON.stringify(join(BOARD, "watchdog.ts"))};
    import { ESPRUINO_CLOCK, EspruinoAlarm } from ${JSON.stringify(join(BOARD, "clock.ts"))};
    const alarm = guarded(new EspruinoAlarm(), 60);
    function arm(wait: number): void { alarm.arm(ESPRUINO_CLOCK.now() + wait, ring); }
    function ring(): void { print("rang"); ${ring} }
    arm(1000);`,
  );
  const board = new VirtualBoard({ program: (await bundleForBoard(entry)).code, watchdog: true });
  board.switchOn();
  return board;
}

test("a board whose alarm is armed again and again, or waits for long, goes on", async () => {
  const board = await boardOf("arm(3000000);");
  board.handleTimeout(200 * MINUTE);
  expect(board.printed.length).toBeGreaterThan(3);
  expect(board.ends).toEqual([]);
});

test("a board whose alarm was due and is not armed again restarts", async () => {
  const board = await boardOf('throw new Error("cut");');
  board.handleTimeout(2 * MINUTE);
  expect(board.ends).toEqual(["watchdog"]);
});
