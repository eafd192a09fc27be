/**
 * What `dormouse build` makes, flashed onto real interpreters over their console as `dormouse flash` does it, and run from there. Needs
 * `ESPRUINO_BINS`; skipped by name without.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { boardNamed, type EspruinoBoard } from "../../firmware/flash/boards.ts";
import { buildForBoard } from "../../firmware/flash/build.ts";
import { BoardConsole } from "../../firmware/flash/console/board-console.ts";
import {
  type FlashPlan,
  type FlashProgress,
  flashBoard,
} from "../../firmware/flash/flash-board.ts";
import { GET } from "../../protocol/coap/codes.ts";
import { LiveConnector, PATIENCE, textOf } from "../support/live-connector.ts";
import { isRequired, titled } from "./support/engine.ts";
import { findEspruinos, type RunningBoard } from "./support/espruino.ts";

const LINUX = boardNamed("espruino-linux") as EspruinoBoard;
/** As the example, without a pin: an interpreter for Linux has none to measure with. */
const PROGRAM = `
import { ESPRUINO_DATAGRAMS, readSettings, startDevice } from "dormouse-lwm2m/boards/espruino";
import { type AgentFeatures, addSensor, sensorObject } from "dormouse-lwm2m/firmware";
import { BasicEndpoint, TEMPERATURE, TEXT_CODEC, TLV_CODEC } from "dormouse-lwm2m/protocol";
const temperature = sensorObject(TEMPERATURE);
addSensor(temperature, 0, 32.5, "Cel");
const FEATURES: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: (settings) => new BasicEndpoint(settings),
};
const settings = readSettings();
if (settings !== undefined) {
  startDevice(settings, FEATURES, [temperature], () => {}, ESPRUINO_DATAGRAMS);
}`;
/** More than its kind of Storage has. */
const TOO_MUCH = 300_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flash-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

let board: RunningBoard | undefined;
let server: LiveConnector | undefined;
afterEach(async () => {
  await board?.stop();
  await server?.close();
  board = undefined;
  server = undefined;
});

function consoleOf(running: RunningBoard): BoardConsole {
  // The machine may be busy with other tests.
  const console = new BoardConsole({ answer: 30_000, first: 10_000 });
  console.attach(running.open(console.handlers));
  return console;
}

const PLAN: FlashPlan = {
  board: LINUX,
  program: new Uint8Array(),
  files: [],
  settings: {},
  variables: undefined,
  time: undefined,
};

describe.each(findEspruinos(process.env.ESPRUINO_BINS))("$name", (candidate) => {
  const { name, engine, missing } = candidate;
  const runnable = test.skipIf(engine === undefined && !isRequired(name));

  runnable(
    titled("a program is built, flashed, registers and is read", candidate),
    async () => {
      if (engine === undefined) throw new Error(missing);
      server = await LiveConnector.start();
      const entry = join(folder, "program.ts");
      writeFileSync(entry, PROGRAM);
      const { code = "", report } = await buildForBoard(entry, LINUX);
      expect(report.refused).toEqual([]);
      board = await engine.boot({
        ".bootcde": 'setInterval(function(){print("old program")},100)',
      });
      const rare = Uint8Array.from({ length: 700 }, (_, i) => (i * 7) & 0xff);
      const told: FlashProgress[] = [];
      const plan = {
        ...PLAN,
        program: new TextEncoder().encode(code),
        files: [{ name: "rare", content: rare }],
        settings: { server: server.uri, endpoint: "flashed", lifetime: 600 },
        variables: report.variables?.answering,
      };
      await flashBoard(consoleOf(board), plan, (progress) => told.push(progress));

      expect(await server.registration()).toMatchObject({ endpointName: "flashed", lifetime: 600 });
      expect(Number(textOf(await server.ask("flashed", GET, "/3303/0/5700")))).toBeCloseTo(32.5);
      const verified = told.filter(({ kind }) => kind === "verified");
      expect(verified).toHaveLength(3);
      const last = told.at(-1);
      const used = last?.kind === "started" ? (last.usage ?? 0) : 0;
      // What the build said of it, within a tenth, where a variable has the size of a board's.
      if ((await engine.measure("1")).total !== 5000) return;
      const running = report.variables?.running ?? 0;
      expect(Math.abs(used - running) / running).toBeLessThan(0.1);
    },
    4 * PATIENCE,
  );

  runnable(
    titled("a program that fails is told with its error", candidate),
    async () => {
      if (engine === undefined) throw new Error(missing);
      board = await engine.boot({});
      const program = new TextEncoder().encode('print("hello");nothing();');
      await expect(flashBoard(consoleOf(board), { ...PLAN, program }, () => {})).rejects.toThrow(
        /^the program is on the board, and fails there:\n.*Uncaught ReferenceError: "nothing" is not defined/,
      );
    },
    PATIENCE,
  );

  runnable(
    titled("what does not fit is told with the room that there is", candidate),
    async () => {
      if (engine === undefined) throw new Error(missing);
      board = await engine.boot({ other: "x".repeat(1000) });
      const plan = { ...PLAN, program: new Uint8Array(TOO_MUCH).fill(0x20) };
      await expect(flashBoard(consoleOf(board), plan, () => {})).rejects.toThrow(
        /^there is no room for \.bootcde, which takes 300032 of the 262144 bytes of Storage beside other/,
      );
    },
    PATIENCE,
  );

  runnable(
    titled("what the board throws, and what it prints meanwhile, are told apart", candidate),
    async () => {
      if (engine === undefined) throw new Error(missing);
      board = await engine.boot({ ".bootcde": 'setInterval(function(){print("tick")},20)' });
      const console = consoleOf(board);
      await console.wake();
      expect(await console.evaluate('eval("1+1")')).toBe(2);
      expect(await console.evaluate("[1,{a:null,b:'x'}]")).toEqual([1, { a: null, b: "x" }]);
      await expect(console.evaluate("nothing()")).rejects.toThrow(/"nothing" is not defined/);
      await expect(console.evaluate('eval("1+")')).rejects.toThrow(/SyntaxError/);
    },
    PATIENCE,
  );

  runnable(
    titled("a board in a loop is interrupted", candidate),
    async () => {
      if (engine === undefined) throw new Error(missing);
      board = await engine.boot({});
      const console = consoleOf(board);
      await console.wake();
      console.send("while(1);");
      await console.wake();
      expect(await console.evaluate("3")).toBe(3);
    },
    2 * PATIENCE,
  );
});
