/**
 * The program of an Espruino board on real interpreters, over UDP with the real connector: it boots from flash, registers, is read,
 * written, observed and executed. Needs `ESPRUINO_BINS`; skipped by name without.
 */
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { type BoardBundle, bundleForBoard } from "../../firmware/flash/bundle.ts";
import { GET, POST, PUT } from "../../protocol/coap/codes.ts";
import { LiveConnector, PATIENCE, textOf } from "../support/live-connector.ts";
import { isRequired, titled } from "./support/engine.ts";
import { findEspruinos, type RunningBoard } from "./support/espruino.ts";

const BOARD = join(import.meta.dirname, "../../firmware/boards/espruino");
/** Of a board with 5,000 variables (docs/decisions/0009-agent-features.md): in use once registered, and left while it works. */
const MOST_VARIABLES = 3000;
const LEAST_FREE = 1200;
const POOL = 5000;
const TELL_MEMORY = `setInterval(function(){print("#memory "+process.memory().usage)},50);`;

/** The variables in use that a board has told of, oldest first. */
function memoryTold(board: RunningBoard): number[] {
  return [...board.output().matchAll(/#memory (\d+)/g)].map(([, usage]) => Number(usage));
}

const BOARDS = findEspruinos(process.env.ESPRUINO_BINS).flatMap((candidate) =>
  ["main", "minimal"].map((program) => ({ program, candidate, name: candidate.name })),
);

describe.each(BOARDS)("$name, $program", ({ program, candidate }) => {
  let bundle: BoardBundle;
  let board: RunningBoard | undefined;
  let server: LiveConnector | undefined;

  beforeAll(async () => {
    bundle = await bundleForBoard(join(BOARD, `${program}.ts`));
  });

  afterEach(async () => {
    await board?.stop();
    await server?.close();
  });

  test.skipIf(candidate.engine === undefined && !isRequired(candidate.name))(
    titled("registers over UDP and is read, written, observed and executed", candidate),
    async () => {
      if (candidate.engine === undefined) throw new Error(candidate.missing);
      onTestFailed(() => console.error(board?.output()));
      server = await LiveConnector.start();
      board = await candidate.engine.boot({
        ".bootcde": bundle.code + TELL_MEMORY,
        "dormouse.json": JSON.stringify({ endpoint: "board", server: server.uri, lifetime: 600 }),
      });
      const ask = server.ask.bind(server, "board");

      expect(await server.registration()).toMatchObject({
        endpointName: "board",
        lifetime: 600,
        version: "1.1",
      });
      await expect.poll(() => board && memoryTold(board).length).toBeGreaterThan(1);
      const registered = memoryTold(board).at(-1);
      expect(textOf(await ask(GET, "/3/0/0"))).toBe("Espruino");
      expect(await ask(GET, "/3/0")).toMatchObject({ status: 200, contentFormat: 11542 });
      expect(await ask(GET, "/3/0/99")).toMatchObject({ status: 404 });
      expect(await ask(PUT, "/1/0/1", "900")).toMatchObject({ status: 200 });
      await server.next("update");
      expect(textOf(await ask(GET, "/1/0/1"))).toBe("900");
      expect(await server.observe("board", "/3/0/10")).toMatchObject({ status: 200 });
      expect(await ask(POST, "/1/0/8")).toMatchObject({ status: 200 });
      await server.next("update");
      if (program !== "minimal" || (await candidate.engine.measure("1")).total !== POOL) return;
      expect(registered).toBeLessThanOrEqual(MOST_VARIABLES);
      for (let i = 0; i < 20; i++) await ask(GET, "/3/0");
      expect(POOL - Math.max(...memoryTold(board))).toBeGreaterThanOrEqual(LEAST_FREE);
    },
    2 * PATIENCE,
  );
});
