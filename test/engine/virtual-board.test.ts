/**
 * The programs of an Espruino board, bundled as for the board, on a virtual one: its API on an engine that knows nothing of Node, over UDP
 * with the real connector.
 */
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { bundleForBoard } from "../../firmware/flash/bundle.ts";
import { FETCH, GET, IPATCH, POST, PUT } from "../../protocol/coap/codes.ts";
import { SENML_JSON } from "../../protocol/coap/content-formats.ts";
import { LiveConnector, textOf } from "../support/live-connector.ts";
import { BoardPair, SERVER_HOST } from "../support/virtual-espruino/board-pair.ts";
import { LiveBoard } from "../support/virtual-espruino/live-board.ts";
import {
  NODE_REALMS,
  quickjsRealms,
  type RealmMaker,
  RecordedRealms,
} from "../support/virtual-espruino/script-engine.ts";
import { VirtualBoard } from "../support/virtual-espruino/virtual-board.ts";
import { findDuktape } from "./support/duktape.ts";
import { isRequired, titled } from "./support/engine.ts";

const DUKTAPE = findDuktape();
const BOARD = join(import.meta.dirname, "../../firmware/boards/espruino");

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

describe.each(["minimal", "main", "full"])("%s", (program) => {
  let code: string;

  beforeAll(async () => {
    ({ code } = await bundleForBoard(join(BOARD, `${program}.ts`)));
  });

  async function start(): Promise<LiveConnector> {
    const connector = await LiveConnector.start();
    server = connector;
    const settings = { endpoint: "board", server: connector.uri, lifetime: 600, report: 1 };
    board = new LiveBoard({
      realms,
      program: code,
      files: { "dormouse.json": JSON.stringify(settings) },
      temperature: 21.5,
    });
    onTestFailed(() => console.error(board?.output()));
    return connector;
  }

  test("registers with the connector and is read, written, observed and executed", async () => {
    const connector = await start();
    expect(await connector.registration()).toMatchObject({ endpointName: "board", lifetime: 600 });
    const ask = connector.ask.bind(connector, "board");
    expect(textOf(await ask(GET, "/3/0/0"))).toBe("Espruino");
    expect(await ask(GET, "/3/0")).toMatchObject({ status: 200, contentFormat: 11542 });
    expect(await ask(GET, "/3/0/99")).toMatchObject({ status: 404 });
    expect(await ask(PUT, "/1/0/1", "900")).toMatchObject({ status: 200 });
    await connector.next("update");
    expect(textOf(await ask(GET, "/1/0/1"))).toBe("900");
    expect(await connector.observe("board", "/3/0/13")).toMatchObject({ status: 200 });
    expect(await ask(POST, "/1/0/8")).toMatchObject({ status: 200 });
    await connector.next("update");
    if (program !== "minimal") expect(textOf(await ask(GET, "/3303/0/5700"))).toBe("21.5");
  });

  test.skipIf(DUKTAPE.engine === undefined && !isRequired("duktape"))(
    titled("does on duktape, step by step, what it did on Node", DUKTAPE),
    async () => {
      if (DUKTAPE.engine === undefined) throw new Error(DUKTAPE.missing);
      const recorded = new RecordedRealms(NODE_REALMS);
      const settings = { endpoint: "board", server: `coap://${SERVER_HOST}` };
      const files = { "dormouse.json": JSON.stringify(settings) };
      const virtual = new VirtualBoard({ realms: recorded, program: code, files });
      const pair = new BoardPair(virtual);
      virtual.switchOn();
      pair.registration();
      pair.observe("/3/0/13");
      pair.write("/1/0/1", "900");
      expect(pair.read("/3/0").status).toBe(200);
      pair.disturb(new Uint8Array(0));
      pair.wait(60_000);
      virtual.dispose();
      expect(recorded.said.length).toBeGreaterThan(10);
      expect(await DUKTAPE.engine.run(recorded.replay())).toEqual(recorded.said);
    },
  );

  test("goes on after datagrams without bytes have closed its socket, and after nonsense", async () => {
    const connector = await start();
    await connector.registration();
    for (let i = 0; i < 5; i++) await board?.disturb(new Uint8Array(0));
    await board?.disturb(new Uint8Array([1, 2, 3]));
    expect(textOf(await connector.ask("board", GET, "/3/0/0"))).toBe("Espruino");
  });

  test.runIf(program === "full")(
    "LwM2M Core 1.1.1 §6.3.8, §6.3.9, §6.4.4, §6.4.6: reads, writes and tells of several places at once",
    async () => {
      const connector = await start();
      await connector.registration();
      const ask = connector.request.bind(connector, "board");
      const paths = ["/3/0/0", "/3303/0/5700"];
      const read = await ask({ method: FETCH, path: "/", paths, accept: SENML_JSON });
      expect(textOf(read)).toContain("Espruino");
      expect(textOf(read)).toContain("21.5");
      const payload = new TextEncoder().encode('[{"n":"/1/0/5","v":7},{"n":"/1/0/23","vb":false}]');
      const write = { method: IPATCH, path: "/", payload, contentFormat: SENML_JSON };
      expect(await ask(write)).toMatchObject({ status: 200 });
      const observed = ["/1/0/5", "/1/0/23"];
      expect(await connector.observeComposite("board", observed)).toMatchObject({ status: 200 });
      await connector.ask("board", PUT, "/1/0/5", "8");
      expect((await connector.next("composite-notification")).paths).toEqual(observed);
      const { entries } = await connector.next("send");
      expect(entries.map(({ path }) => path.join("/"))).toEqual(["3/0/10", "3303/0/5700"]);
    },
  );
});
