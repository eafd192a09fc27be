/**
 * A board as a command, for `dormouse conform client --adapter command`: boots a program on an interpreter with new flash, and boots it again
 * whenever it has rebooted.
 *
 *     npx tsx test/board/support/run-board.ts INTERPRETER PROGRAM.js SERVER ENDPOINT LIFETIME QUEUE
 */
import { readFileSync, rmSync } from "node:fs";
import { Espruino, makeFolder } from "../../engine/support/espruino.ts";

const [path, program, server, endpoint, lifetime, queue] = process.argv.slice(2);
const folder = await makeFolder({
  ".bootcde": readFileSync(program, "latin1"),
  "dormouse.json": JSON.stringify({
    server,
    endpoint,
    lifetime: Number(lifetime),
    queue: queue === "true",
  }),
});

const engine = new Espruino("board", path);
let board = engine.bootFolder(folder);
let isWanted = true;

process.on("SIGTERM", () => {
  isWanted = false;
  void board.stop();
});

while (isWanted) {
  await board.ended;
  if (isWanted) board = engine.bootFolder(folder);
}
rmSync(folder, { recursive: true });
