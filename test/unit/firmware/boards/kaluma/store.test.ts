/** The store of a Pico W with Kaluma, on a virtual board: a program of a few lines, bundled as any. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { bundleForBoard } from "../../../../../firmware/flash/bundle.ts";
import { VirtualBoard } from "../../../../support/virtual-espruino/virtual-board.ts";

const STORE = join(import.meta.dirname, "../../../../../firmware/boards/kaluma/store.ts");
const folder = mkdtempSync(join(tmpdir(), "kaluma-store-"));

afterAll(() => rmSync(folder, { recursive: true }));

/** What a program prints that has `store`, and `bytes(first, length)`. */
async function run(lines: string, storage = 1000): Promise<VirtualBoard> {
  const entry = join(folder, "entry.ts");
  writeFileSync(
    entry,
    `import { KALUMA_STORE as store } from ${JSON.stringify(STORE)};
function bytes(first, length) {
  const made = new Uint8Array(length);
  for (let i = 0; i < length; i++) made[i] = first + i;
  return made;
}
function tell(record) { console.log(record === undefined ? "none" : record.length + ":" + record[record.length - 1]); }
${lines}`,
  );
  const { code } = await bundleForBoard(entry, { engine: "kaluma" });
  const board = new VirtualBoard({ api: "virtual-kaluma", program: code, storage });
  board.switchOn();
  return board;
}

test("a record is read as it was written, whatever bytes it has, and not written again", async () => {
  const board = await run(`
tell(store.read("state"));
console.log(store.write("state", bytes(0, 256)), store.write("state", bytes(0, 256)));
tell(store.read("state"));
console.log(store.write("state", bytes(0, 0)), store.read("state").length);`);
  expect(board.printed).toEqual(["none", "true true", "256:255", "true 0"]);
  expect(board.writes).toBe(2);
});

test("what cannot be kept is said, and leaves what was there", async () => {
  const board = await run(
    `console.log(store.write("state", bytes(1, 10)), store.write("state", bytes(2, 100)));
tell(store.read("state"));`,
    50,
  );
  expect(board.printed).toEqual(["true false", "10:10"]);
});

test("removing is for what is there and what is not, and a record outlives the power", async () => {
  const board = await run(`
tell(store.read("kept"));
store.write("kept", bytes(5, 3));
store.write("state", bytes(1, 1));
store.remove("state");
store.remove("state");
tell(store.read("state"));`);
  board.cutPower();
  board.switchOn();
  expect(board.printed).toEqual(["none", "none", "3:7", "none"]);
});
