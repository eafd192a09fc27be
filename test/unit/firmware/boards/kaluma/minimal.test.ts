/**
 * The program of a Pico W with Kaluma, bundled as for the board, on a virtual one and with the real connector, in virtual time: what it does,
 * and what becomes of it when the network goes, when memory runs out and when its server sends nonsense.
 */
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { bundleForBoard } from "../../../../../firmware/flash/bundle.ts";
import { MINUTE, SECOND } from "../../../../support/durations.ts";
import {
  BoardPair,
  type PairOptions,
  SERVER_HOST,
} from "../../../../support/virtual-espruino/board-pair.ts";
import { CALENDAR, VirtualBoard } from "../../../../support/virtual-espruino/virtual-board.ts";

const PROGRAM = join(import.meta.dirname, "../../../../../firmware/boards/kaluma/minimal.ts");
const SETTINGS = { endpoint: "pico", server: `coap://${SERVER_HOST}`, lifetime: 600 };
const HOME = { home: "secret" };

let code: string;

beforeAll(async () => {
  code = (await bundleForBoard(PROGRAM, { engine: "kaluma" })).code;
});

interface Options extends PairOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly networks?: Readonly<Record<string, string>>;
  readonly program?: string;
}

function start({ files, networks = HOME, program = code, ...pairing }: Options = {}) {
  const board = new VirtualBoard({
    api: "virtual-kaluma",
    program,
    files: {
      "storage:WIFI_SSID": "home",
      "storage:WIFI_PASSWORD": "secret",
      "dormouse.json": JSON.stringify(SETTINGS),
      ...files,
    },
    wifi: networks,
    serial: "e661a4d4177d1234",
  });
  const pair = new BoardPair(board, pairing);
  board.switchOn();
  const text = (path: string) => new TextDecoder().decode(pair.read(path).payload);
  return { board, pair, text };
}

function expectWell(board: VirtualBoard): void {
  expect(board.printed.join("\n")).not.toMatch(/CRASH|Uncaught/);
}

describe("at a network that is there", () => {
  test("it registers, is read, written, observed and executed", () => {
    const { board, pair, text } = start();
    const registration = pair.registration();
    expect(registration).toMatchObject({ endpointName: "pico", lifetime: 600, version: "1.1" });
    expect(registration.links.map(({ uri }) => uri)).toEqual(["/1", "/1/0", "/3", "/3/0"]);
    expect([0, 1, 2, 3].map((id) => text(`/3/0/${id}`))).toEqual([
      "Kaluma",
      "pico-w",
      "e661a4d4177d1234",
      "1.2.1",
    ]);
    expect(pair.read("/3/0")).toMatchObject({ status: 200, contentFormat: 11542 });
    expect(pair.read("/3/0/99").status).toBe(404);
    expect(pair.write("/1/0/1", "900").status).toBe(200);
    pair.wait(SECOND);
    expect(pair.count("update")).toBe(1);
    expect(pair.observe("/3/0/13").status).toBe(200);
    expect(pair.execute("/1/0/8").status).toBe(200);
    pair.wait(SECOND);
    expect(pair.count("update")).toBe(2);
    expectWell(board);
  });

  test("it stays registered for a day, and its observers are told", () => {
    const { board, pair } = start();
    pair.registration();
    pair.observe("/3/0/13");
    pair.wait(24 * 60 * MINUTE);
    expect(pair.count("registration")).toBe(1);
    expect(pair.count("update")).toBeGreaterThan(24 * 6 - 1);
    expect(pair.read("/3/0/0").status).toBe(200);
    expect(board.ends).toEqual([]);
    expectWell(board);
  });

  test("without a name of its own it registers with the flash chip's number", () => {
    const { pair } = start({
      files: { "dormouse.json": JSON.stringify({ server: `coap://${SERVER_HOST}` }) },
    });
    expect(pair.registration().endpointName).toBe("e661a4d4177d1234");
  });

  test("RFC 7252 §4.2: no operation is lost though one datagram in four is", () => {
    const { board, pair, text } = start({ isLost: (nth) => nth % 4 === 1 });
    pair.registration();
    for (let i = 0; i < 10; i++) expect(text("/3/0/0")).toBe("Kaluma");
    expectWell(board);
  });

  test("a clock that its server sets stays set, and timers go on", () => {
    const { board, pair, text } = start();
    pair.registration();
    expect(Number(text("/3/0/13"))).toBeCloseTo(CALENDAR, -2);
    pair.write("/3/0/13", "2000000000");
    pair.wait(10 * MINUTE);
    const time = Number(text("/3/0/13"));
    // Joining took 3 s of the board's, in which the network's time stood still.
    expect(time).toBeGreaterThan(2_000_000_590);
    expect(time).toBeLessThan(2_000_000_610);
    expect(pair.count("registration")).toBe(1);
    expectWell(board);
  });

  test("LwM2M Core 1.1.1 §E.4: executing Reboot answers, restarts the chip by its watchdog, and it registers anew", () => {
    const { board, pair, text } = start();
    pair.registration();
    expect(pair.execute("/3/0/4").status).toBe(200);
    pair.wait(MINUTE);
    expect(board.ends).toEqual(["watchdog"]);
    expect(pair.count("registration")).toBe(2);
    expect(text("/3/0/0")).toBe("Kaluma");
    expectWell(board);
  });
});

describe("faults", () => {
  test("what strangers send does not reach it, and datagrams without bytes do nothing", () => {
    const { board, pair, text } = start();
    pair.registration();
    for (const bytes of [[], [1, 2, 3], [0x40, 0x01, 0, 1]]) pair.disturb(new Uint8Array(bytes));
    pair.wait(SECOND);
    expect(text("/3/0/0")).toBe("Kaluma");
    expect(board.printed.filter((line) => line.startsWith("Read"))).toEqual(["Read /3/0/0 69"]);
    expectWell(board);
  });

  test("a network that goes and comes back is joined again, at the latest when the watchdog has restarted the chip", () => {
    const { board, pair, text } = start();
    pair.registration();
    board.setNetworks({});
    pair.wait(30 * MINUTE);
    expect(board.ends.length).toBeGreaterThan(0);
    expect(new Set(board.ends)).toEqual(new Set(["watchdog"]));
    board.setNetworks(HOME);
    pair.wait(5 * MINUTE);
    expect(pair.count("registration")).toBe(2);
    expect(text("/3/0/0")).toBe("Kaluma");
    expectWell(board);
  });

  test("a network that was gone for a moment costs no registration", () => {
    const { board, pair, text } = start();
    pair.registration();
    pair.wait(SECOND);
    board.setNetworks({});
    pair.wait(20 * SECOND);
    board.setNetworks(HOME);
    pair.wait(MINUTE);
    expect(text("/3/0/0")).toBe("Kaluma");
    expect(pair.count("registration")).toBe(1);
    expect(board.ends).toEqual([]);
    expectWell(board);
  });

  test("a server whose name is not found is looked for again, and the device goes on", () => {
    const settings = { ...SETTINGS, server: "coap://nowhere.test" };
    const { board, pair } = start({ files: { "dormouse.json": JSON.stringify(settings) } });
    pair.wait(10 * MINUTE);
    expect(pair.count("registration")).toBe(0);
    expect(board.ends).toEqual([]);
    expectWell(board);
  });

  test("an alarm that nobody arms again restarts the chip", () => {
    // What the driver is asked throws from then on, in the middle of the agent's work.
    const breaks = `setTimeout(function(){__netdev.write=function(){throw new Error("broken")}},60000);`;
    const { board, pair } = start({ program: `${code}\n${breaks}` });
    pair.registration();
    pair.wait(30 * MINUTE);
    expect(board.printed).toContain("Uncaught Error: broken");
    expect(board.ends.slice(0, 1)).toEqual(["watchdog"]);
  });

  test.each([
    ["no file", undefined, "/dormouse.json is missing or unreadable."],
    ["nonsense", "{", "/dormouse.json is missing or unreadable."],
    ["no server", '{"endpoint":"pico"}', "/dormouse.json names no server."],
    ["no object", "null", "/dormouse.json is missing or unreadable."],
  ])("with %s it says so, and does nothing", (_, file, line) => {
    const { board, pair } = start({ files: { "dormouse.json": file as string } });
    pair.wait(MINUTE);
    expect(board.printed).toEqual([line]);
  });

  test("without a network in its Storage it says so, and does nothing", () => {
    const { board, pair } = start({ files: { "storage:WIFI_SSID": undefined as never } });
    pair.wait(MINUTE + SECOND);
    expect(board.printed).toEqual(["Wi-Fi: WIFI SSID is required", "Wi-Fi: WIFI SSID is required"]);
  });
});
