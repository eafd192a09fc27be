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

const ENTRY = join(import.meta.dirname, "../../firmware/boards/espruino/main.ts");

describe.each(findEspruinos(process.env.ESPRUINO_BINS))("$name", (candidate) => {
  let bundle: BoardBundle;
  let board: RunningBoard | undefined;
  let server: LiveConnector | undefined;

  beforeAll(async () => {
    bundle = await bundleForBoard(ENTRY);
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
        ".bootcde": bundle.code,
        "dormouse.json": JSON.stringify({ endpoint: "board", server: server.uri, lifetime: 600 }),
      });
      const ask = server.ask.bind(server, "board");

      expect(await server.registration()).toMatchObject({
        endpointName: "board",
        lifetime: 600,
        version: "1.1",
      });
      expect(textOf(await ask(GET, "/3/0/0"))).toBe("Espruino");
      expect(await ask(GET, "/3/0")).toMatchObject({ status: 200, contentFormat: 11542 });
      expect(await ask(GET, "/3/0/99")).toMatchObject({ status: 404 });
      expect(await ask(PUT, "/1/0/1", "900")).toMatchObject({ status: 200 });
      await server.next("update");
      expect(textOf(await ask(GET, "/1/0/1"))).toBe("900");
      expect(await server.observe("board", "/3/0/10")).toMatchObject({ status: 200 });
      expect(await ask(POST, "/1/0/8")).toMatchObject({ status: 200 });
      await server.next("update");
    },
    2 * PATIENCE,
  );
});
