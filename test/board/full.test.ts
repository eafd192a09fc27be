/**
 * `full.ts` on interpreters of 8,000 variables and more: all that LwM2M 1.1 lets a server do with it, and the
 * variables that it leaves.
 */
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { bundleForBoard } from "../../firmware/flash/bundle.ts";
import { DELETE, FETCH, GET, IPATCH, POST, PUT } from "../../protocol/coap/codes.ts";
import {
  CBOR,
  LINK_FORMAT,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../protocol/coap/content-formats.ts";
import type { RunningBoard } from "../engine/support/espruino.ts";
import { LiveConnector, textOf } from "../support/live-connector.ts";
import { interpreters } from "./support/interpreters.ts";

const FOUND = await interpreters();
const FULL = join(import.meta.dirname, "../../firmware/boards/espruino/full.ts");
const PATIENCE = 120_000;

/** Of a board with 8,000 variables. */
const POOL = 8000;
const LEAST_FREE = 1200;
const TELL_MEMORY = `setInterval(function(){print("#memory "+process.memory().usage)},50);`;

let code: string;
let board: RunningBoard | undefined;
/** What the last board has printed. */
let printed = "";
let server: LiveConnector | undefined;

beforeAll(async () => {
  code = (await bundleForBoard(FULL)).code + TELL_MEMORY;
});

afterEach(async () => {
  printed = board?.output() ?? "";
  await board?.stop();
  await server?.close();
  board = undefined;
  server = undefined;
});

const bytes = (text: string) => new TextEncoder().encode(text);
const json = (records: readonly object[]) => bytes(JSON.stringify(records));
const toFormat = (format: number) => ({ method: GET, accept: format });

async function readsEveryFormat(connector: LiveConnector): Promise<void> {
  const ask = connector.request.bind(connector, "board");
  expect(textOf(await ask({ path: "/3/0/0", ...toFormat(TEXT) }))).toBe("Espruino");
  for (const format of [TLV, SENML_JSON, SENML_CBOR]) {
    const answer = await ask({ path: "/3/0", ...toFormat(format) });
    expect(answer).toMatchObject({ status: 200, contentFormat: format });
  }
  const cbor = await ask({ path: "/1/0/1", ...toFormat(CBOR) });
  expect(cbor).toMatchObject({ status: 200, payload: Uint8Array.of(0x19, 0x02, 0x58) });
  expect(textOf(await ask({ path: "/1", ...toFormat(LINK_FORMAT) }))).toContain("</1/0/7>");
}

async function makesAndRemoves(connector: LiveConnector): Promise<void> {
  const ask = connector.request.bind(connector, "board");
  const container = json([{ n: "/19/7/0/0", vd: "AQID" }]);
  const create = { method: POST, path: "/19", payload: container, contentFormat: SENML_JSON };
  expect(await ask(create)).toMatchObject({ status: 201 });
  const read = await ask({ path: "/19/7/0/0", ...toFormat(OCTET_STREAM) });
  expect(read).toMatchObject({ status: 200, payload: Uint8Array.of(1, 2, 3) });
  // In blocks.
  const long = new Uint8Array(700).fill(7);
  const write = { method: PUT, path: "/19/7/0/0", payload: long, contentFormat: OCTET_STREAM };
  expect(await ask(write)).toMatchObject({ status: 200 });
  expect((await ask({ path: "/19/7/0/0", ...toFormat(OCTET_STREAM) })).payload).toEqual(long);
  expect(await ask({ method: DELETE, path: "/19/7" })).toMatchObject({ status: 200 });
  expect(await ask({ method: GET, path: "/19/7" })).toMatchObject({ status: 404 });
}

async function changesSeveralPlaces(connector: LiveConnector): Promise<void> {
  const ask = connector.request.bind(connector, "board");
  const paths = ["/3/0/0", "/1/0/1"];
  const read = await ask({ method: FETCH, path: "/", paths, accept: SENML_JSON });
  expect(textOf(read)).toContain("Espruino");
  expect(textOf(read)).toContain("600");
  const changes = json([
    { n: "/1/0/2", v: 1 },
    { n: "/1/0/3", v: 50 },
  ]);
  const write = { method: IPATCH, path: "/", payload: changes, contentFormat: SENML_JSON };
  expect(await ask(write)).toMatchObject({ status: 200 });
  expect(textOf(await connector.ask("board", GET, "/1/0/3"))).toBe("50");
  // All or nothing.
  const halfBad = json([
    { n: "/1/0/3", v: 60 },
    { n: "/3/0/99", v: 1 },
  ]);
  expect(await ask({ ...write, payload: halfBad })).toMatchObject({ status: 404 });
  expect(textOf(await connector.ask("board", GET, "/1/0/3"))).toBe("50");
}

async function reports(connector: LiveConnector): Promise<void> {
  const ask = connector.request.bind(connector, "board");
  expect(await connector.ask("board", PUT, "/1/0/5", "1")).toMatchObject({ status: 200 });
  expect(await connector.observe("board", "/1/0/3")).toMatchObject({ status: 200 });
  expect(await connector.observeComposite("board", ["/1/0/5", "/1/0/6"])).toMatchObject({
    status: 200,
  });
  expect(await ask({ method: PUT, path: "/1/0/3", query: ["epmin=1", "epmax=20"] })).toMatchObject({
    status: 200,
  });
  await connector.ask("board", PUT, "/1/0/5", "77");
  const told = await connector.next("composite-notification", (event) => event.payload.length > 0);
  expect(told.paths).toEqual(["/1/0/5", "/1/0/6"]);
  // Sends begin when the server has switched Mute Send off.
  await connector.ask("board", PUT, "/1/0/23", "0");
  const { entries } = await connector.next("send");
  expect(entries.map(({ path }) => path.join("/"))).toContain("3/0/10");
}

describe.each(FOUND.filter(({ pool, isFixed }) => !isFixed || pool >= POOL))("$name", (found) => {
  const { engine, pool, isFixed } = found;

  test(
    "LwM2M 1.1 whole: every operation and format, several places at once, attributes and Send",
    async () => {
      const connector = await LiveConnector.start(PATIENCE);
      server = connector;
      onTestFailed(() => console.error(printed.slice(-3000)));
      const settings = { endpoint: "board", server: connector.uri, lifetime: 600, report: 1 };
      board = await engine.boot({
        ".bootcde": code,
        "dormouse.json": JSON.stringify(settings),
      });
      expect(await connector.registration()).toMatchObject({ lifetime: 600, version: "1.1" });
      await readsEveryFormat(connector);
      await makesAndRemoves(connector);
      await changesSeveralPlaces(connector);
      await reports(connector);
      expect(await connector.ask("board", POST, "/1/0/8")).toMatchObject({ status: 200 });
      await connector.next("update");
      const output = board.output();
      expect(output).not.toMatch(/Uncaught|Interrupted|MEMORY/);
      const most = Math.max(
        ...[...output.matchAll(/#memory (\d+)/g)].map(([, usage]) => Number(usage)),
      );
      console.log(`${engine.name}: ${most} variables at most`);
      if (isFixed && pool === POOL) expect(POOL - most).toBeGreaterThanOrEqual(LEAST_FREE);
    },
    5 * PATIENCE,
  );
});
