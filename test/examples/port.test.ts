/** The port of docs/porting.md: it compiles with what portable code has, bundles, and runs in a realm with nothing but its firmware's functions. */
import { createSocket, type Socket } from "node:dgram";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import ts from "typescript";
import { afterEach, expect, test, vi } from "vitest";
import { bundleForBoard } from "../../firmware/flash/bundle.ts";
import { GET, POST } from "../../protocol/coap/codes.ts";
import { LiveConnector, textOf } from "../support/live-connector.ts";

const FOLDER = join(import.meta.dirname, "../../examples/port");

vi.setConfig({ testTimeout: 90_000 });

/** The firmware: time, one alarm, sockets, noise. */
class Firmware {
  readonly said: string[] = [];
  private readonly sockets: Socket[] = [];
  private alarm: NodeJS.Timeout | undefined;

  boot(program: string, server: string): void {
    const natives = {
      SERVER: server,
      nativeMillis: () => performance.now(),
      nativeRandom: () => Math.floor(Math.random() * 2 ** 32),
      nativeAlarm: (wait: number, ring: () => void) => {
        clearTimeout(this.alarm);
        if (wait >= 0) this.alarm = setTimeout(ring, wait);
      },
      nativeOpen: (host: string, port: number, receive: (bytes: Uint8Array) => void) => {
        const socket = createSocket("udp4", receive);
        socket.connect(port, host);
        return this.sockets.push(socket) - 1;
      },
      // A datagram before the socket is connected is lost, as on a board whose network is not there yet.
      nativeSend: (socket: number, bytes: Uint8Array) => {
        try {
          this.sockets[socket].send(Uint8Array.from(bytes));
        } catch {}
      },
      nativeClose: (socket: number) => this.sockets[socket].close(),
      nativeRestart: (wait: number) => this.said.push(`restart in ${wait}`),
      nativeLog: (text: string) => this.said.push(text),
    };
    runInContext(program, createContext(natives));
  }

  off(): void {
    clearTimeout(this.alarm);
    for (const socket of this.sockets) socket.close();
  }
}

let firmware: Firmware | undefined;
let server: LiveConnector | undefined;

afterEach(async () => {
  firmware?.off();
  await server?.close();
});

test("the tiny port compiles with what every board's language has", () => {
  const file = join(FOLDER, "tsconfig.json");
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, FOLDER);
  const found = ts.getPreEmitDiagnostics(ts.createProgram(fileNames, options));
  expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "))).toEqual(
    [],
  );
  expect(fileNames.length).toBe(4);
});

test("it registers, is read, and restarts when it is told to", async () => {
  const { code } = await bundleForBoard(join(FOLDER, "device.ts"));
  server = await LiveConnector.start();
  firmware = new Firmware();
  firmware.boot(code, server.uri);
  expect(await server.registration()).toMatchObject({ endpointName: "ported", lifetime: 600 });
  expect(textOf(await server.ask("ported", GET, "/3/0/0"))).toBe("Ported in an afternoon");
  expect(await server.ask("ported", POST, "/3/0/4")).toMatchObject({ status: 200 });
  expect(firmware.said).toEqual(["registered", "request", "restart in 500", "request"]);
});
