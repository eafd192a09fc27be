/**
 * The way to a board's console: characters, both ways, each a byte. Serial ports, telnet and BLE look the same from here.
 */
import { createConnection } from "node:net";

export interface LineHandlers {
  /** Characters as they come, in pieces of any size. */
  onText(text: string): void;
  /** Nothing comes any more. Called once, and not after `close`. */
  onClose(reason: string): void;
}

export interface BoardLine {
  /** ASCII alone: what is between may take the rest for something else. */
  write(text: string): void;
  close(): Promise<void>;
}

/** Where a board is, as `--port` says it. */
export type BoardPort =
  | { readonly kind: "tcp"; readonly text: string; readonly host: string; readonly port: number }
  | { readonly kind: "ble"; readonly text: string }
  | { readonly kind: "serial"; readonly text: string; readonly baud: number };

/** Where the ESP32 family has its telnet console. */
const TELNET = 23;
const BLE_ADDRESS = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

/**
 * `/dev/ttyUSB0`, `COM3`, `tcp://HOST`, `tcp://HOST:PORT`, `ble://NAME` or a BLE address.
 *
 * Throws an Error fit for its user.
 *
 * @param baud of a serial port
 */
export function parsePort(text: string, baud: number): BoardPort {
  if (BLE_ADDRESS.test(text)) return { kind: "ble", text };
  const scheme = /^([a-z]+):\/\/(.*)$/.exec(text);
  if (scheme === null) return { kind: "serial", text, baud };
  const [, name, rest] = scheme;
  if (name === "ble" && rest !== "") return { kind: "ble", text: rest };
  const address = /^(\[[0-9a-f:.]+\]|[^:/]+)(?::(\d+))?$/i.exec(rest);
  const port = Number(address?.[2] ?? TELNET);
  if (name !== "tcp" || address === null || port < 1 || port > 65535) {
    throw new Error(
      `${text} is no port: it is /dev/DEVICE or COM1, tcp://HOST[:PORT], ble://NAME, or a BLE address`,
    );
  }
  return { kind: "tcp", text, host: address[1].replace(/^\[|\]$/g, ""), port };
}

const CONNECT_PATIENCE = 10_000;

/** A line over TCP, without any library: what a telnet console or socat speaks. */
export function openTcpLine(
  { host, port, text }: BoardPort & { kind: "tcp" },
  { onText, onClose }: LineHandlers,
): Promise<BoardLine> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port });
    socket.setNoDelay(true);
    socket.setTimeout(CONNECT_PATIENCE, () => {
      socket.destroy(new Error("no answer within 10 s"));
    });
    let isOpen = false;
    let isClosing = false;
    let reason = "the board closed the connection";
    socket.on("data", (bytes) => onText(bytes.toString("latin1")));
    socket.on("error", (error) => {
      reason = error.message;
      if (!isOpen) reject(new Error(`${text} cannot be reached: ${reason}`));
    });
    socket.on("close", () => {
      if (isOpen && !isClosing) onClose(reason);
    });
    socket.on("connect", () => {
      socket.setTimeout(0);
      isOpen = true;
      resolve({
        write: (characters) => {
          socket.write(characters, "latin1");
        },
        close: () => {
          isClosing = true;
          return new Promise((closed) => {
            socket.once("close", () => closed());
            socket.destroySoon();
          });
        },
      });
    });
  });
}
