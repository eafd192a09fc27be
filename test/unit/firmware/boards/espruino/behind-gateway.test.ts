/**
 * The program of a board behind a gateway, bundled as for the board, against a stand-in of Espruino's API: it registers over its serial
 * port and is read and observed through the gateway.
 */
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { beforeAll, expect, test } from "vitest";
import { bundleForBoard } from "../../../../../firmware/flash/bundle.ts";
import { TEXT } from "../../../../../protocol/coap/content-formats.ts";
import { coapFrame, FrameReader } from "../../../../../protocol/coap/slipmux.ts";
import { SECOND } from "../../../../support/durations.ts";
import { GatewayPair } from "../../../../support/gateway-pair.ts";
import { proves } from "../../../../support/proves.ts";

const PROGRAM = join(
  import.meta.dirname,
  "../../../../../firmware/boards/espruino/behind-gateway.ts",
);

interface Timer {
  readonly id: number;
  at: number;
  readonly every: number;
  readonly run: () => void;
}

/** A board in the test's time. */
class FakeBoard {
  now = 0;
  baud = 0;
  /** Binary strings that the program has written to its serial port. */
  readonly written: string[] = [];
  readonly printed: string[] = [];
  private receive: (text: string) => void = () => {};
  private timers: Timer[] = [];
  private nextId = 1;

  boot(code: string, settings: object): void {
    const arm = (run: () => void, wait: number, every: number) => {
      const id = this.nextId++;
      this.timers.push({ id, at: this.now + wait, every, run });
      return id;
    };
    const clear = (id: number) => {
      this.timers = this.timers.filter((timer) => timer.id !== id);
    };
    let random = 1;
    const context = createContext({
      print: (...words: unknown[]) => this.printed.push(words.join(" ")),
      setTimeout: (run: () => void, wait: number) => arm(run, wait, 0),
      setInterval: (run: () => void, wait: number) => arm(run, wait, wait),
      clearTimeout: clear,
      clearInterval: clear,
      getTime: () => this.now / 1000,
      setTime: () => {},
      getSerial: () => "0123",
      E: {
        toString: (bytes: Uint8Array) => String.fromCharCode(...bytes),
        toUint8Array: (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0)),
        hwRand: () => random++,
        on: () => {},
        reboot: () => {},
      },
      process: {
        env: { BOARD: "FAKE", VERSION: "2v29" },
        memory: () => ({ free: 1000, usage: 2000, total: 3000, blocksize: 13 }),
        on: () => {},
      },
      Serial1: {
        setup: (baud: number) => {
          this.baud = baud;
        },
        write: (text: string) => this.written.push(text),
        on: (_event: string, run: (text: string) => void) => {
          this.receive = run;
        },
      },
      require: () => ({ readJSON: () => settings }),
    });
    runInContext(code, context);
  }

  hear(frame: Uint8Array): void {
    this.receive(String.fromCharCode(...frame));
  }

  deadline(): number {
    return Math.min(...this.timers.map(({ at }) => at), Infinity);
  }

  handleTimeout(now: number): void {
    this.now = now;
    for (const timer of [...this.timers].sort((a, b) => a.at - b.at)) {
      if (timer.at > now || !this.timers.includes(timer)) continue;
      if (timer.every > 0) timer.at = now + timer.every;
      else this.timers = this.timers.filter((each) => each !== timer);
      timer.run();
    }
  }
}

let code: string;

beforeAll(async () => {
  ({ code } = await bundleForBoard(PROGRAM));
}, 60_000);

test("LwM2M Gateway 1.1.1: a board registers over its serial port, is read, observed and updated in time", () => {
  proves("device", "gateway");
  const pair = new GatewayPair();
  const board = new FakeBoard();
  const line = pair.gateway.addDevice();
  const reader = new FrameReader(1280);
  pair.companion = {
    deadline: () => Math.min(board.deadline(), pair.gateway.deadline()),
    handleTimeout: (now) => {
      board.handleTimeout(now);
      pair.gateway.handleTimeout(now);
    },
    exchange: (now) => {
      const sent = board.written.splice(0);
      for (const text of sent) reader.push(Uint8Array.from(text, (c) => c.charCodeAt(0)));
      for (let frame = reader.poll(); frame; frame = reader.poll()) {
        pair.gateway.handleDatagram(now, line, frame.bytes);
      }
      const answers: Uint8Array[] = [];
      for (let one = line.pollTransmit(); one; one = line.pollTransmit()) answers.push(one);
      for (const answer of answers) board.hear(coapFrame(answer));
      return sent.length + answers.length > 0;
    },
  };
  board.boot(code, { endpoint: "cellar", baud: 9600, lifetime: 600 });
  pair.wait(2 * SECOND);
  expect(board.baud).toBe(9600);
  expect(line.registration).toMatchObject({ endpointName: "cellar", lifetime: 600 });
  const ask = (path: string) => pair.server.read(`/cellar${path}`, { accept: TEXT });
  expect(ask("/3/0/1").text).toBe("FAKE");
  expect(ask("/3/0/0").text).toBe("Espruino");
  pair.server.observe("/cellar/3/0/10", { accept: TEXT });
  pair.wait(20 * 60 * SECOND);
  expect(line.registration).toBeDefined();
  expect(ask("/3/0/2").text).toBe("0123");
  expect(board.printed.filter((text) => text.startsWith("updated")).length).toBeGreaterThan(1);
});
