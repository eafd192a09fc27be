/**
 * The program of a board that has TCP and no UDP, bundled as for the board, against a stand-in of Espruino's API: it registers over its
 * socket, is read and observed, and connects again when the socket closes.
 */
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { beforeAll, expect, test } from "vitest";
import { bundleForBoard } from "../../../../../firmware/flash/bundle.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import { SECOND } from "../../../../support/durations.ts";
import { StreamNetwork } from "../../../../support/stream-network.ts";
import { ScriptedStreamServer } from "../../../../support/stream-server.ts";

const PROGRAM = join(import.meta.dirname, "../../../../../firmware/boards/espruino/minimal-tcp.ts");

const toText = (bytes: Uint8Array) => String.fromCharCode(...bytes);
const toBytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** Runs the program with a network's time, timers and connections. */
function boot(code: string, network: StreamNetwork, printed: string[]): void {
  const timers = new Map<number, ReturnType<StreamNetwork["at"]>>();
  let nextId = 1;
  const arm = (run: () => void, wait: number, every: number) => {
    const id = nextId++;
    const ring = () => {
      timers.delete(id);
      if (every > 0) timers.set(id, network.at(network.now + every, ring));
      run();
    };
    timers.set(id, network.at(network.now + wait, ring));
    return id;
  };
  const clear = (id: number) => {
    const timer = timers.get(id);
    if (timer !== undefined) network.cancel(timer);
  };
  const connect = (_at: object, connected: () => void) => {
    const listeners: Record<string, (text: string) => void> = {};
    const channel = network.streams().open("", 0, (bytes) => {
      listeners[bytes.length === 0 ? "close" : "data"](toText(bytes));
    });
    network.at(network.now, connected);
    return {
      write: (text: string) => channel.send(toBytes(text)),
      end: () => channel.close(),
      on: (event: string, run: (text: string) => void) => {
        listeners[event] = run;
      },
    };
  };
  let random = 1;
  const context = createContext({
    print: (...words: unknown[]) => printed.push(words.join(" ")),
    setTimeout: (run: () => void, wait: number) => arm(run, wait, 0),
    setInterval: (run: () => void, wait: number) => arm(run, wait, wait),
    clearTimeout: clear,
    clearInterval: clear,
    getTime: () => network.now / 1000,
    setTime: () => {},
    getSerial: () => "0123",
    E: {
      toString: toText,
      toUint8Array: toBytes,
      hwRand: () => random++,
      on: () => {},
      reboot: () => {},
    },
    process: {
      env: { BOARD: "FAKE", VERSION: "2v29" },
      memory: () => ({ free: 1000, usage: 2000, total: 3000, blocksize: 13 }),
      on: () => {},
    },
    require: (module: string) =>
      module === "net"
        ? { connect }
        : {
            readJSON: () => ({ endpoint: "modem", server: "coap+tcp://192.0.2.1", lifetime: 600 }),
          },
  });
  runInContext(code, context);
}

let code: string;

beforeAll(async () => {
  code = (await bundleForBoard(PROGRAM)).code;
});

test("RFC 8323 §3.3: it registers over TCP, is read and observed, and registers again after a break", () => {
  const server = new ScriptedStreamServer();
  const network = new StreamNetwork(server);
  const printed: string[] = [];
  boot(code, network, printed);
  network.drive(SECOND);
  server.ask(codes.GET, "/3/0/0");
  server.ask(codes.GET, "/3/0/16");
  server.observe("/3/0/10");
  network.wait(SECOND);
  network.breakAll();
  network.wait(6 * SECOND);
  expect(server.lines().map((line) => line.replace(/^[\d.]+ | \(.*/g, ""))).toEqual([
    "connected",
    "POST /rd?ep=modem&lt=600&lwm2m=1.1&b=T",
    "<- 2.05 Espruino",
    "<- 2.05 T",
    "<- 2.05 12",
    "<- disconnected",
    "closed by the device",
    "connected",
    "POST /rd?ep=modem&lt=600&lwm2m=1.1&b=T",
  ]);
  expect(printed).toEqual([
    "registered coap+tcp://192.0.2.1",
    "Read /3/0/0 69",
    "Read /3/0/16 69",
    "Observe /3/0/10 69",
    "registered coap+tcp://192.0.2.1",
  ]);
});

test("nothing of UDP's retransmission and deduplication is in it", async () => {
  const { modules } = await bundleForBoard(PROGRAM);
  const paths = modules.map(({ path }) => path);
  expect(paths).not.toContain("protocol/coap/basic-endpoint.ts");
  expect(paths).not.toContain("protocol/coap/retransmission.ts");
  expect(paths).not.toContain("protocol/coap/recent-messages.ts");
});
