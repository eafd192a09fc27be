/**
 * Lines to boards through the npm package `espruino`, the library of Espruino's own command line: serial ports, telnet and BLE. It is an optional
 * peer, and runs in a process of its own (`espruino-process.ts`), since it lives in globals, prints all that it does, and ends the process
 * that it is in when there is no D-Bus or no such port.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { libraryFile } from "../library.ts";
import type { BoardLine, BoardPort, LineHandlers } from "./board-line.ts";
import type { FromProcess, ToProcess } from "./espruino-process.ts";

/** The version that was tried. */
export const ESPRUINO_VERSION = "0.1.67";

/**
 * Where the package is looked for beside the usual places. Without its optional parts it is installed into a folder of its own: in a project
 * `--omit=optional` would take away those of all others, esbuild's program among them.
 */
const OWN_FOLDER = join(homedir(), ".dormouse-espruino");
const INSTALL = `npm install --omit=optional espruino@${ESPRUINO_VERSION} --prefix ${OWN_FOLDER}`;
const INSTALL_ALL = `npm install espruino@${ESPRUINO_VERSION}`;

/** How long a port may take to open, ms; BLE looks around for a while first. */
const OPENING_PATIENCE = { tcp: 10_000, serial: 10_000, ble: 40_000 } as const;

/** Opens a line. Rejects with an Error fit for its user, who may have to install the package first. */
export function openEspruinoLine(port: BoardPort, handlers: LineHandlers): Promise<BoardLine> {
  const library = findLibrary();
  if (library === undefined) return Promise.reject(new Error(missingLibrary()));
  return new EspruinoLine(port, handlers, library).open();
}

/** The package's main file: beside this one, in the current project, or in the folder that is its own. */
function findLibrary(): string | undefined {
  const folders = [process.cwd(), OWN_FOLDER].map((folder) => join(folder, "package.json"));
  for (const from of [fileURLToPath(import.meta.url), ...folders]) {
    try {
      return createRequire(from).resolve("espruino");
    } catch {}
  }
  return undefined;
}

function missingLibrary(): string {
  return (
    `Boards are reached through the npm package espruino, which is not installed. For tcp:// ports, in a folder of its own:\n\n  ${INSTALL}\n\n` +
    `For serial ports and BLE, with the optional parts that these need:\n\n  ${INSTALL_ALL}`
  );
}

class EspruinoLine implements BoardLine {
  private readonly port: BoardPort;
  private readonly handlers: LineHandlers;
  private readonly child: ChildProcess;
  private isClosing = false;

  constructor(port: BoardPort, handlers: LineHandlers, library: string) {
    this.port = port;
    this.handlers = handlers;
    const settings = JSON.stringify({ library, port });
    this.child = fork(libraryFile("firmware/flash/console/espruino-process"), [settings], {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
  }

  open(): Promise<BoardLine> {
    const { text, kind } = this.port;
    return new Promise((resolve, reject) => {
      let isOpen = false;
      const end = (reason: string): void => {
        clearTimeout(impatience);
        this.child.kill("SIGKILL");
        if (!isOpen) reject(new Error(`${text} cannot be opened: ${reason}`));
        else if (!this.isClosing) this.handlers.onClose(reason);
        this.isClosing = true;
        isOpen = true;
      };
      const impatience = setTimeout(
        () => end(`nothing was found there within ${OPENING_PATIENCE[kind] / 1000} s`),
        OPENING_PATIENCE[kind],
      );
      this.child.on("message", (message: FromProcess) => {
        if (message.kind === "text") this.handlers.onText(message.text);
        else if (message.kind === "failed") end(advised(message.reason));
        else if (message.kind === "closed") end("the board closed the connection");
        else {
          clearTimeout(impatience);
          isOpen = true;
          resolve(this);
        }
      });
      this.child.on("error", (error) => end(error.message));
      this.child.on("exit", () => end("the library ended"));
    });
  }

  write(text: string): void {
    this.tell({ kind: "write", text });
  }

  /** Once all that was written is out. */
  close(): Promise<void> {
    this.isClosing = true;
    return new Promise((resolve) => {
      const impatience = setTimeout(() => this.child.kill("SIGKILL"), CLOSING_PATIENCE);
      this.child.once("exit", () => {
        clearTimeout(impatience);
        resolve();
      });
      if (!this.child.connected) resolve();
      this.tell({ kind: "close" });
    });
  }

  private tell(message: ToProcess): void {
    if (this.child.connected) this.child.send(message, () => {});
  }
}

const CLOSING_PATIENCE = 2000;

/** What the library and what is below it say, with what to do about it. */
function advised(told: string): string {
  const reason = told.replace(/^(Error: )+/, "");
  for (const [pattern, advice] of ADVICE) if (pattern.test(reason)) return advice(reason);
  return reason;
}

const ADVICE: readonly (readonly [pattern: RegExp, advice: (reason: string) => string])[] = [
  [
    /no module for serial ports/,
    () =>
      `the package serialport is not installed, which the package espruino takes for serial ports:\n\n  ${INSTALL_ALL}`,
  ],
  [
    /no module for BLE/,
    () =>
      `neither @abandonware/noble nor node-ble is installed, which the package espruino takes for BLE:\n\n  ${INSTALL_ALL}`,
  ],
  [
    /dbus|D-Bus|system_bus_socket/i,
    (reason) => `BLE needs D-Bus and BlueZ, which do not run here (${reason})`,
  ],
  [/udevadm/, () => "serial ports are listed with udevadm, which is not there: install udev"],
  [
    /permission denied|EACCES/i,
    (reason) => `${reason}: on Linux its user has to be in the group dialout`,
  ],
  [
    /resource (temporarily unavailable|busy)|EBUSY|cannot lock port/i,
    (reason) => `${reason}: another program has it open`,
  ],
  [/ECONNREFUSED/, (reason) => `${reason}: nothing listens there`],
];
