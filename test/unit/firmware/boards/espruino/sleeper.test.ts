/** The program for a device on a battery, bundled as for the board, on a virtual ESP32 with the real connector, in virtual time. */
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bundleForBoard } from "../../../../../firmware/flash/bundle.ts";
import { HOUR, MINUTE, SECOND } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";
import { BoardPair, SERVER_HOST } from "../../../../support/virtual-espruino/board-pair.ts";
import {
  CALENDAR,
  VirtualBoard,
  type VirtualBoardOptions,
} from "../../../../support/virtual-espruino/virtual-board.ts";

const PROGRAM = join(import.meta.dirname, "../../../../../firmware/boards/espruino/sleeper.ts");
const NETWORK = { home: "secret" };

let code: string;
let board: VirtualBoard;
let pair: BoardPair;

beforeAll(async () => {
  ({ code } = await bundleForBoard(PROGRAM));
}, 180_000);

function power(options: Partial<VirtualBoardOptions> = {}, settings: object = {}): void {
  const file = {
    endpoint: "sleeper",
    server: `coap://${SERVER_HOST}`,
    lifetime: 3600,
    ssid: "home",
    password: "secret",
    ...settings,
  };
  board = new VirtualBoard({
    program: code,
    files: { "dormouse.json": JSON.stringify(file) },
    esp32: true,
    watchdog: true,
    wifi: NETWORK,
    ...options,
  });
  pair = new BoardPair(board);
  board.switchOn();
}

beforeEach(() => {
  power();
});

describe("LwM2M Transport 1.1.1 §6.5: a board that is off between its contacts", () => {
  test("registers once, then wakes for an Update and answers what has waited", () => {
    proves("device", "queue-wake", "kept-over-reboot");
    expect(pair.registration()).toMatchObject({ endpointName: "sleeper", queueMode: true });
    pair.wait(10 * SECOND);
    expect(board.isOn).toBe(false);
    const response = pair.read("/3/0/0");
    expect(new TextDecoder().decode(response.payload)).toBe("Espruino");
    pair.wait(10 * HOUR);
    expect(pair.count("registration")).toBe(1);
    expect(pair.count("update")).toBeGreaterThanOrEqual(10);
    expect(board.printed.filter((line) => /Uncaught|Interrupted/.test(line))).toEqual([]);
  });

  test("sleeps in parts of half an hour at most, as the chip can, and joins no network in between", () => {
    pair.registration();
    pair.wait(10 * HOUR);
    const sleeps = board.ends.length;
    const joined = board.printed.filter((line) => line.startsWith("updated")).length;
    expect(board.ends.every((end) => end === "deepSleep")).toBe(true);
    expect(sleeps).toBeGreaterThanOrEqual(2 * joined - 1);
  });

  test("keeps its observer over the sleep, whose sequence numbers go on", () => {
    proves("device", "kept-over-reboot");
    pair.registration();
    pair.observe("/3/0/13");
    pair.wait(3 * HOUR);
    expect(pair.count("registration")).toBe(1);
    // The time is another at each wake-up.
    expect(pair.told("/3/0/13").length).toBeGreaterThanOrEqual(3);
  });

  test("writes one record for each wake-up", () => {
    pair.registration();
    pair.wait(MINUTE);
    const before = board.writes;
    const contacts = pair.count("update");
    pair.wait(10 * HOUR);
    expect(board.writes - before).toBeLessThanOrEqual(2 * (pair.count("update") - contacts));
  });

  test("prints its account: mostly asleep", () => {
    pair.registration();
    pair.wait(24 * HOUR);
    const last = board.printed.findLast((line) => line.startsWith("awake"));
    const words =
      /^awake ([\d.]+) s, radio on ([\d.]+) s, asleep ([\d.]+) s, ([\d.]+) wake-ups a day$/;
    const [awake, radio, asleep, wakeUps] =
      words
        .exec(last ?? "")
        ?.slice(1)
        .map(Number) ?? [];
    expect(asleep).toBeGreaterThan(22 * 3600);
    expect(awake).toBeLessThan(600);
    expect(radio).toBeLessThanOrEqual(awake);
    expect(wakeUps).toBeGreaterThan(20);
    expect(wakeUps).toBeLessThan(60);
  });

  test("after a power cut without a clock registers anew", () => {
    pair.registration();
    pair.wait(HOUR);
    board.cutPower();
    board.switchOn();
    pair.wait(MINUTE);
    expect(pair.count("registration")).toBe(2);
  });

  test("with a damaged record registers anew", () => {
    pair.registration();
    pair.wait(30 * SECOND);
    for (const name of Object.keys(board.files)) {
      if (name.startsWith("lwm2m")) board.files[name] = `\x07${board.files[name].slice(1, -3)}abc`;
    }
    pair.wait(2 * HOUR);
    expect(pair.count("registration")).toBe(2);
  });

  test("one of two records that a power cut has halved leaves the other", () => {
    pair.registration();
    pair.wait(HOUR);
    const records = Object.keys(board.files).filter((name) => name.startsWith("lwm2m"));
    expect(records).toHaveLength(2);
    board.files[records[0]] = board.files[records[0]].slice(0, 20);
    pair.wait(3 * HOUR);
    expect(pair.count("registration")).toBe(1);
  });

  test("a full Storage costs it its memory, not its service", () => {
    power({ storage: 320 });
    pair.registration();
    pair.wait(3 * HOUR);
    expect(pair.read("/3/0/0").status).toBe(200);
    expect(board.printed.filter((line) => /Uncaught/.test(line))).toEqual([]);
  });

  test("a reboot that the server asks for registers anew", () => {
    pair.registration();
    pair.execute("/3/0/4");
    pair.wait(MINUTE);
    expect(board.ends[0]).toBe("software");
    expect(pair.count("registration")).toBe(2);
  });
});

describe("the network", () => {
  test("where it cannot be joined the board sleeps and tries again, and registers once it is there", () => {
    board.setNetworks({});
    pair.wait(HOUR);
    expect(pair.count("registration")).toBe(0);
    expect(board.asleep).toBeGreaterThan(40 * MINUTE);
    board.setNetworks(NETWORK);
    pair.registration();
    pair.wait(MINUTE);
  });

  test("a board that cannot be off leaves it between its contacts, and joins it for the next", () => {
    const radio: string[] = [];
    power({ esp32: false });
    const { onOutput } = board;
    board.onOutput = (output) => {
      if (output.kind === "radio") radio.push(output.isOn ? "on" : "off");
      onOutput(output);
    };
    pair.registration();
    pair.wait(3 * HOUR);
    expect(pair.count("registration")).toBe(1);
    expect(pair.count("update")).toBeGreaterThanOrEqual(3);
    expect(radio.slice(0, 4)).toEqual(["off", "on", "off", "on"]);
    expect(board.ends).toEqual([]);
  });

  test("that is lost for a while is joined again", () => {
    power({ esp32: false }, { awake: 7200 });
    pair.registration();
    board.setNetworks({});
    pair.wait(10 * MINUTE);
    board.setNetworks(NETWORK);
    pair.wait(5 * MINUTE);
    expect(pair.read("/3/0/0").status).toBe(200);
  });

  test("a clock that was never set is set by SNTP before anything else", () => {
    power({ hasClock: false }, { time: "time.test" });
    pair.answer = (request, host, port) => {
      if (host !== "time.test" || port !== 123) return undefined;
      const answer = new Uint8Array(48);
      answer[0] = 0x24;
      answer[1] = 2;
      answer.set(request.subarray(40, 48), 24);
      new DataView(answer.buffer).setUint32(40, CALENDAR + 2208988800 - 2 ** 32 * 0);
      return answer;
    };
    pair.registration();
    const time = Number(new TextDecoder().decode(pair.read("/3/0/13").payload));
    expect(time).toBeGreaterThanOrEqual(CALENDAR);
    pair.wait(3 * HOUR);
    expect(pair.count("registration")).toBe(1);
  });
});
