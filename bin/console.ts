/**
 * `dormouse console`: what a board says, and a word with it.
 */
import { createInterface } from "node:readline";
import type { Command } from "commander";
import { BoardConsole } from "../firmware/flash/console/board-console.ts";
import {
  type BoardLine,
  type BoardPort,
  type LineHandlers,
  openTcpLine,
  parsePort,
} from "../firmware/flash/console/board-line.ts";
import { BoardLog } from "../firmware/flash/console/board-log.ts";
import { openEspruinoLine } from "../firmware/flash/console/espruino-library.ts";
import { withUsageStatus } from "./build.ts";
import { baudOption } from "./flash.ts";

interface ConsoleOptions {
  port?: string;
  baud: number;
  eval: readonly string[];
  time: boolean;
}

const HELP = `
Prints each line with the time when it came. What is typed goes to the board. With -e it prints
the value of an expression instead, as JSON, and ends.

Ports are those of \`dormouse flash\`; tcp:// ones need no other package here.

Exit status: 0 ended, 1 the board could not be reached or threw an error, 2 wrong use.

Examples:
  dormouse console --port /dev/ttyUSB0
  dormouse console --port tcp://192.168.1.20 -e "process.memory().usage"
  dormouse console --port /dev/ttyACM0 -e 'require("Storage").list()'
`;

export function consoleCommand(program: Command): void {
  withUsageStatus(program.command("console"))
    .description("show what a board prints, or ask it something")
    .option("--port <port>", "where the board is: /dev/ttyUSB0, tcp://HOST[:PORT], ble://NAME")
    .option("--baud <rate>", "speed of a serial port", baudOption, 115_200)
    .option(
      "-e, --eval <expression>",
      "print its value and end; can be repeated",
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option("--no-time", "lines without the time")
    .addHelpText("after", HELP)
    .action(runConsole);
}

async function runConsole(options: ConsoleOptions, command: Command): Promise<void> {
  if (options.port === undefined) {
    command.error("error: give --port PORT, as --port /dev/ttyUSB0 or --port tcp://HOST");
  }
  let port: BoardPort;
  try {
    port = parsePort(options.port, options.baud);
  } catch (error) {
    command.error(`error: ${(error as Error).message}`);
  }
  try {
    if (options.eval.length > 0) await evaluateAll(port, options.eval);
    else await follow(port, options.time);
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

/** Telnet is spoken without the package that serial ports and BLE need. */
function openLine(port: BoardPort, handlers: LineHandlers): Promise<BoardLine> {
  return port.kind === "tcp" ? openTcpLine(port, handlers) : openEspruinoLine(port, handlers);
}

async function evaluateAll(port: BoardPort, expressions: readonly string[]): Promise<void> {
  const board = new BoardConsole();
  board.attach(await openLine(port, board.handlers));
  try {
    await board.wake();
    for (const expression of expressions) {
      // As a text, so that what is no expression is an error of its own and not of the console.
      const value = await board.evaluate(`eval(${JSON.stringify(expression)})`);
      console.log(value === undefined ? "undefined" : JSON.stringify(value));
    }
  } finally {
    await board.close();
  }
}

/** Until Ctrl-C, or until the board is gone. */
async function follow(port: BoardPort, withTime: boolean): Promise<void> {
  const log = new BoardLog((line) => console.log(withTime ? `${timeOfDay()} ${line}` : line));
  await new Promise<void>((resolve, reject) => {
    const handlers = {
      onText: (text: string) => log.push(text),
      onClose: (reason: string) => {
        log.end();
        reject(new Error(reason));
      },
    };
    openLine(port, handlers).then((line) => {
      console.error(`Connected to ${port.text}; Ctrl-C ends.`);
      const typed = createInterface({ input: process.stdin });
      typed.on("line", (text) => line.write(`${text}\n`));
      process.once("SIGINT", () => {
        typed.close();
        line.close().then(() => {
          log.end();
          resolve();
        }, reject);
      });
    }, reject);
  });
}

/** `14:03:59.123`, in local time. */
function timeOfDay(): string {
  const now = new Date();
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(":");
  return `${clock}.${String(now.getMilliseconds()).padStart(3, "0")}`;
}
