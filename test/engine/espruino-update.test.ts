/**
 * A board that updates itself over the air, on real interpreters and with the real connector: its program is replaced by another, goes
 * back from one that does not work, and is not touched by what is not for it. Needs `ESPRUINO_BINS`; skipped by name without.
 */
import { join } from "node:path";
import {
  afterEach,
  beforeAll,
  describe,
  expect,
  onTestFailed,
  type TestContext,
  test,
} from "vitest";
import { bundleForBoard } from "../../firmware/flash/bundle.ts";
import type { PackageSigner } from "../../firmware/update/package-encoder.ts";
import type { Manifest } from "../../firmware/update/package-envelope.ts";
import { HSS_LMS } from "../../firmware/update/package-envelope.ts";
import { SLOTS } from "../../firmware/update/slots.ts";
import { HssLmsSigner } from "../../host/hss-lms-signer.ts";
import { encodeHex } from "../../protocol/bytes/hex.ts";
import { decodeBlock } from "../../protocol/coap/block.ts";
import { CONTENT, GET, POST, PUT } from "../../protocol/coap/codes.ts";
import { decodeMessage, NO_BYTES } from "../../protocol/coap/message.ts";
import { BLOCK2, ETAG, findOption } from "../../protocol/coap/options.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import { CoapSocket, LOOPBACK } from "../interop/support/coap-socket.ts";
import { LiveConnector, LONG_PATIENCE, PATIENCE, textOf } from "../support/live-connector.ts";
import { SECRET, signedPackage } from "../support/packages.ts";
import { isRequired, titled } from "./support/engine.ts";
import { findEspruinos } from "./support/espruino.ts";
import { SupervisedBoard } from "./support/supervised-board.ts";

const BOARD = join(import.meta.dirname, "../../firmware/boards/espruino");
const NAME = "board";
/** Seconds that a program on trial has: more than a slow machine needs to register. */
const TRIAL = 12;
/** In use at most, on trial and while a package comes: a board of 8,000 has room to spare. */
const MOST_VARIABLES = 7000;
/** The pool of boards that it is not for. */
const TOO_FEW = 5000;
const TELL = `setInterval(function(){print("#memory "+process.memory().usage)},100);`;

let boot: string;
let program: string;

beforeAll(async () => {
  boot = (await bundleForBoard(join(BOARD, "boot.ts"))).code;
  program = (await bundleForBoard(join(BOARD, "updatable.ts"))).code;
}, 60_000);

function packageOf(text: string, more: Partial<Manifest>, signer?: PackageSigner): Uint8Array {
  return signedPackage(Buffer.from(text, "latin1"), more, signer);
}

/** A key whose public half a board has; of few leaves, which are made quickly. */
const HSS = new HssLmsSigner({
  identifier: new Uint8Array(16),
  seed: new Uint8Array(32),
  lmsType: 5,
});
const HSS_SIGNER: PackageSigner = {
  algorithm: HSS_LMS,
  sign: (message) => HSS.sign(message, 0, new Uint8Array(32)),
};

describe.each(findEspruinos(process.env.ESPRUINO_BINS))("$name", (candidate) => {
  const { engine, missing, name } = candidate;
  let board: SupervisedBoard | undefined;
  let server: LiveConnector | undefined;

  afterEach(async () => {
    await board?.stop();
    await server?.close();
    board = undefined;
    server = undefined;
  });

  async function start(
    context: TestContext,
  ): Promise<{ board: SupervisedBoard; server: LiveConnector }> {
    if (engine === undefined) throw new Error(missing);
    const { total } = await engine.measure("1");
    context.skip(total === TOO_FEW, `a pool of ${TOO_FEW} variables is too small`);
    server = await LiveConnector.start();
    board = await SupervisedBoard.start(engine.path, {
      ".bootcde": boot,
      "dormouse.json": JSON.stringify({
        endpoint: NAME,
        server: server.uri,
        lifetime: 600,
        trial: TRIAL,
        packageKeys: [`hmac-sha256:${encodeHex(SECRET)}`, `hss-lms:${encodeHex(HSS.publicKey())}`],
      }),
      [SLOTS[0]]: packageOf(program + TELL, { version: "1.0.0" }),
    });
    onTestFailed(() => console.error(board?.printed));
    await server.registration();
    return { board, server };
  }

  async function read(server: LiveConnector, path: string): Promise<string> {
    return textOf(await server.ask(NAME, GET, path));
  }

  /** State and result. */
  async function shown(server: LiveConnector): Promise<string> {
    return `${await read(server, "/5/0/3")}/${await read(server, "/5/0/5")}`;
  }

  const isSkipped = engine === undefined && !isRequired(name);

  test.skipIf(isSkipped)(
    titled(
      "LwM2M Core 1.1.1 §E.6: another program is pushed, installed, and says that it is",
      candidate,
    ),
    async (context) => {
      const { board, server } = await start(context);
      expect(await read(server, "/3/0/3")).toBe("1.0.0");
      const text = `print("Another program");${program}${TELL}`;
      const second = packageOf(text, { version: "2.0.0" }, HSS_SIGNER);
      expect(await server.write(NAME, "/5/0/0", second)).toMatchObject({ status: 200 });
      await expect.poll(() => shown(server), { timeout: LONG_PATIENCE }).toBe("2/0");
      expect(await read(server, "/5/0/7")).toBe("2.0.0");
      expect(await server.ask(NAME, POST, "/5/0/2")).toMatchObject({ status: 200 });
      await server.registration();
      await expect.poll(() => shown(server), { timeout: LONG_PATIENCE }).toBe("0/1");
      expect(await read(server, "/3/0/3")).toBe("2.0.0");
      expect(board.printed).toContain("Another program");
      expect(board.boots).toBe(2);
      const memory = [...board.printed.matchAll(/#memory (\d+)/g)].map(([, usage]) =>
        Number(usage),
      );
      console.log(`${name}: ${Math.max(...memory)} variables at most`);
      expect(Math.max(...memory)).toBeLessThanOrEqual(MOST_VARIABLES);
      // It stays. With the program before it there is no room for a third: that goes, and Storage is tidied.
      await board.cutPower();
      await server.registration();
      expect(await read(server, "/3/0/3")).toBe("2.0.0");
      expect(await shown(server)).toBe("0/1");
      expect(board.printed).toContain("Compacting");
      const third = packageOf(`print("A third program");${program}${TELL}`, { version: "3.0.0" });
      expect(await server.write(NAME, "/5/0/0", third)).toMatchObject({ status: 200 });
      await expect.poll(() => shown(server), { timeout: LONG_PATIENCE }).toBe("2/0");
      expect(await server.ask(NAME, POST, "/5/0/2")).toMatchObject({ status: 200 });
      await server.registration();
      await expect.poll(() => shown(server), { timeout: LONG_PATIENCE }).toBe("0/1");
      expect(await read(server, "/3/0/3")).toBe("3.0.0");
    },
    3 * LONG_PATIENCE,
  );

  test.skipIf(isSkipped)(
    titled(
      "LwM2M Core 1.1.1 §E.6: from a program that does not work it goes back: result 8",
      candidate,
    ),
    async (context) => {
      const { board, server } = await start(context);
      for (const [version, text] of [
        ["2.0.0", `print("I crash");throw new Error("as I am meant to");`],
        ["2.0.1", `print("I do nothing");setInterval(function(){},1000);`],
      ]) {
        const boots = board.boots;
        const bad = packageOf(text, { version });
        expect(await server.write(NAME, "/5/0/0", bad)).toMatchObject({ status: 200 });
        await expect.poll(() => shown(server), { timeout: LONG_PATIENCE }).toBe("2/0");
        expect(await server.ask(NAME, POST, "/5/0/2")).toMatchObject({ status: 200 });
        await server.next("registration", () => true, LONG_PATIENCE);
        expect(board.boots).toBe(boots + 4);
        await expect.poll(() => shown(server), { timeout: LONG_PATIENCE }).toBe("2/8");
        expect(await read(server, "/3/0/3")).toBe("1.0.0");
        expect(await server.ask(NAME, POST, "/5/0/10")).toMatchObject({ status: 200 });
        expect(await shown(server)).toBe("0/10");
      }
      expect(board.printed).toContain("I crash");
      expect(board.printed).toContain("not registered in time");
    },
    3 * LONG_PATIENCE,
  );

  test.skipIf(isSkipped)(
    titled(
      "RFC 7959 §2.4: it pulls a package, and goes on where a power cut broke that off",
      candidate,
    ),
    async (context) => {
      const { board, server } = await start(context);
      const bytes = packageOf(`${program}${TELL}`, { version: "2.0.0" });
      const etag = { number: ETAG, value: Uint8Array.of(1, 2, 3) };
      const files = await CoapSocket.open({
        settings: { blockSize: 512, maxBody: bytes.length },
        serve: ({ answer }) => answer({ code: CONTENT, options: [etag], payload: bytes }),
      });
      const blocks = () =>
        files.datagrams.flatMap(({ to, bytes: datagram }) => {
          const message = decodeMessage(datagram);
          if (to !== files.port || isMalformed(message)) return [];
          const block = decodeBlock(findOption(message.options, BLOCK2)?.value ?? NO_BYTES);
          return isMalformed(block) ? [] : [block.num];
        });
      try {
        await server.ask(NAME, PUT, "/5/0/1", `coap://${LOOPBACK}:${files.port}/fw`);
        await expect.poll(() => blocks().length, { timeout: PATIENCE }).toBeGreaterThan(40);
        await board.cutPower();
        const before = blocks().length;
        await server.registration();
        await expect.poll(() => shown(server), { timeout: LONG_PATIENCE }).toBe("2/0");
        expect(blocks()[before]).toBeGreaterThan(20);
        expect(blocks().length).toBeLessThan(bytes.length / 512 + 20);
        expect(await read(server, "/5/0/7")).toBe("2.0.0");
      } finally {
        files.close();
      }
    },
    2 * LONG_PATIENCE,
  );

  test.skipIf(isSkipped)(
    titled("a power cut while a package comes leaves the old program as it was", candidate),
    async (context) => {
      const { board, server } = await start(context);
      const second = packageOf(`${program}${TELL}`, { version: "2.0.0" });
      server.write(NAME, "/5/0/0", second).catch(() => {});
      await expect.poll(() => board.flash()).toSatisfy((flash) => flash.includes(SLOTS[1]));
      await board.cutPower();
      await server.registration();
      expect(await read(server, "/3/0/3")).toBe("1.0.0");
      // Of what had come nothing is left; or it comes again, since the connector's request still waits for its outcome.
      expect(await shown(server)).toMatch(/^(0\/4|1\/0|2\/0)$/);
    },
    3 * LONG_PATIENCE,
  );

  test.skipIf(isSkipped)(
    titled(
      "LwM2M Core 1.1.1 §E.6: what is broken is result 5, what is not for it 6, and it goes on",
      candidate,
    ),
    async (context) => {
      const { board, server } = await start(context);
      const text = "x".repeat(3000);
      const good = packageOf(text, {});
      const broken = good.slice();
      broken[2000] ^= 1;
      const longer = packageOf("x".repeat(250_000), {});
      for (const [bytes, result] of [
        [broken, "0/5"],
        [packageOf(text, { deviceClass: "another" }), "0/6"],
        [packageOf(text, { version: "0.9" }), "0/6"],
        [longer, "0/2"],
      ] as const) {
        await server.write(NAME, "/5/0/0", bytes);
        await expect.poll(() => shown(server), { timeout: LONG_PATIENCE }).toBe(result);
      }
      expect(await read(server, "/3/0/3")).toBe("1.0.0");
      await board.cutPower();
      await server.registration();
      expect(await read(server, "/3/0/3")).toBe("1.0.0");
    },
    2 * LONG_PATIENCE,
  );
});
