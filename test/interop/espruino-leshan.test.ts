/**
 * An Espruino board that Leshan's server updates over the air: the server pushes the package, the board's interpreter is a real one. Needs
 * `ESPRUINO_BINS` beside Leshan; a board of 5,000 variables is too small.
 */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleForBoard } from "../../firmware/flash/bundle.ts";
import { SLOTS } from "../../firmware/update/slots.ts";
import { encodeHex } from "../../protocol/bytes/hex.ts";
import { OCTET_STREAM, TLV } from "../../protocol/coap/content-formats.ts";
import { type Espruino, findEspruinos } from "../engine/support/espruino.ts";
import { SupervisedBoard } from "../engine/support/supervised-board.ts";
import { SECRET, signedPackage } from "../support/packages.ts";
import { LOOPBACK } from "./support/coap-socket.ts";
import { freePort } from "./support/free-port.ts";
import { describeWith } from "./support/peers.ts";
import { RemotePeer } from "./support/remote-peer.ts";
import { shows } from "./support/shows.ts";

const BOARD = join(import.meta.dirname, "../../firmware/boards/espruino");
const EP = "board";
const TOO_FEW = 5000;
const PATIENCE = 240_000;

describeWith(["leshan"], "Leshan's server updates an Espruino board", () => {
  let engine: Espruino | undefined;
  let leshan: RemotePeer;
  let board: SupervisedBoard | undefined;

  beforeAll(async () => {
    for (const candidate of findEspruinos(process.env.ESPRUINO_BINS)) {
      const total = (await candidate.engine?.measure("1"))?.total;
      if (total !== undefined && total !== TOO_FEW) engine = candidate.engine;
    }
  });
  afterAll(async () => {
    await board?.stop();
    await leshan?.stop();
  });

  async function value(path: string): Promise<unknown> {
    const { values } = await leshan.ask({ op: "read", ep: EP, path, format: TLV });
    return (values as Record<string, unknown> | undefined)?.[path];
  }

  test(
    "LwM2M Core 1.1.1 §E.6: it pushes another program, which then runs",
    async (context) => {
      if (engine === undefined)
        return context.skip("ESPRUINO_BINS names no board that is large enough");
      shows("Firmware push", "Block-wise transfer");
      const { code: boot } = await bundleForBoard(join(BOARD, "boot.ts"));
      const { code: program } = await bundleForBoard(join(BOARD, "updatable.ts"));
      const packageOf = (text: string, version: string) =>
        signedPackage(Buffer.from(text, "latin1"), { version });
      const port = await freePort();
      leshan = await RemotePeer.leshanServer(port);
      board = await SupervisedBoard.start(engine.path, {
        ".bootcde": boot,
        "dormouse.json": JSON.stringify({
          endpoint: EP,
          server: `coap://${LOOPBACK}:${port}`,
          lifetime: 600,
          packageKeys: [`hmac-sha256:${encodeHex(SECRET)}`],
        }),
        [SLOTS[0]]: packageOf(program, "1.0.0"),
      });
      await leshan.event("registered");
      expect(await value("/3/0/3")).toBe("1.0.0");
      const hex = encodeHex(packageOf(`print("Another");${program}`, "2.0.0"));
      const write = { op: "write", ep: EP, path: "/5/0/0", format: OCTET_STREAM, value: hex };
      expect((await leshan.ask(write, PATIENCE)).code).toBe("2.04");
      await expect.poll(() => value("/5/0/3"), { timeout: PATIENCE }).toBe(2);
      expect((await leshan.ask({ op: "execute", ep: EP, path: "/5/0/2" })).code).toBe("2.04");
      await leshan.event("registered");
      await expect.poll(() => value("/5/0/3"), { timeout: PATIENCE }).toBe(0);
      expect(await value("/5/0/5")).toBe(1);
      expect(await value("/3/0/3")).toBe("2.0.0");
      expect(board.printed).toContain("Another");
    },
    2 * PATIENCE,
  );
});
