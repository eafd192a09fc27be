/**
 * The programs of a Pico W with Kaluma, bundled as for the board, on a virtual one: its API on an engine that knows nothing of Node, over UDP
 * with the real connector. On JerryScript itself: test/board/kaluma.test.ts.
 */
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { bundleForBoard } from "../../firmware/flash/bundle.ts";
import { GET, POST, PUT } from "../../protocol/coap/codes.ts";
import { LiveConnector, textOf } from "../support/live-connector.ts";
import { LiveBoard } from "../support/virtual-espruino/live-board.ts";
import { quickjsRealms, type RealmMaker } from "../support/virtual-espruino/script-engine.ts";
import { kalumaTranscript } from "../support/virtual-kaluma/transcript.ts";
import { findDuktape } from "./support/duktape.ts";
import { isRequired, titled } from "./support/engine.ts";

const DUKTAPE = findDuktape();
const BOARD = join(import.meta.dirname, "../../firmware/boards/kaluma");

let realms: RealmMaker;
let board: LiveBoard | undefined;
let server: LiveConnector | undefined;

beforeAll(async () => {
  realms = await quickjsRealms();
});

afterEach(async () => {
  board?.stop();
  board = undefined;
  await server?.close();
});

describe.each(["minimal", "main"])("%s", (program) => {
  let code: string;

  beforeAll(async () => {
    ({ code } = await bundleForBoard(join(BOARD, `${program}.ts`), { engine: "kaluma" }));
  });

  test("registers with the connector and is read, written, observed and executed", async () => {
    const connector = await LiveConnector.start();
    server = connector;
    const settings = { endpoint: "pico", server: connector.uri, lifetime: 600 };
    board = new LiveBoard({
      api: "virtual-kaluma",
      realms,
      program: code,
      files: { "dormouse.json": JSON.stringify(settings), "storage:WIFI_SSID": "home" },
      wifi: { home: "" },
    });
    onTestFailed(() => console.error(board?.output()));
    expect(await connector.registration()).toMatchObject({ endpointName: "pico", lifetime: 600 });
    const ask = connector.ask.bind(connector, "pico");
    expect(textOf(await ask(GET, "/3/0/0"))).toBe("Kaluma");
    expect(await ask(GET, "/3/0")).toMatchObject({ status: 200, contentFormat: 11542 });
    expect(await ask(PUT, "/1/0/1", "900")).toMatchObject({ status: 200 });
    await connector.next("update");
    expect(await connector.observe("pico", "/3/0/13")).toMatchObject({ status: 200 });
    expect(await ask(POST, "/1/0/8")).toMatchObject({ status: 200 });
    await connector.next("update");
    await board.disturb(new Uint8Array(0));
    await board.disturb(new Uint8Array([1, 2, 3]));
    expect(textOf(await ask(GET, "/3/0/0"))).toBe("Kaluma");
  });

  test.skipIf(DUKTAPE.engine === undefined && !isRequired("duktape"))(
    titled("does on duktape, step by step, what it did on Node", DUKTAPE),
    async () => {
      if (DUKTAPE.engine === undefined) throw new Error(DUKTAPE.missing);
      const { script, said } = kalumaTranscript(code);
      expect(said.length).toBeGreaterThan(10);
      expect(await DUKTAPE.engine.run(script)).toEqual(said);
    },
  );
});
