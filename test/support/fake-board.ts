/**
 * A stand-in for an Espruino board at the other end of its console: takes lines as the interpreter does, evaluates them with a Storage,
 * a clock and a name of its own, and can be told to misbehave.
 */
import { createContext, runInContext } from "node:vm";
import { crc32 } from "node:zlib";
import { storedSize } from "../../firmware/flash/boards.ts";
import type { BoardLine, LineHandlers } from "../../firmware/flash/console/board-line.ts";

export interface FakeBoardOptions {
  /** `process.env.BOARD`. */
  readonly firmware?: string;
  readonly variables?: number;
  /** Bytes. */
  readonly storage?: number;
  /** Runs a loop until Ctrl-C. */
  readonly isBusy?: boolean;
  /** Never answers anything. */
  readonly isDead?: boolean;
  /** Of its answers, those at these places, from 0, do not arrive. */
  readonly loses?: readonly number[];
  /** Its flash does not keep what is written to this file. */
  readonly wears?: string;
  /** Of the lines that write, those at these places, from 0, come with another character in them. */
  readonly garbles?: readonly number[];
  /** What its program prints when it starts. */
  readonly says?: string;
  /** Its restart ends the connection. */
  readonly hangsUp?: boolean;
}

const BANNER = "\r\n ____                 _ \r\n 2v29 (c) 2026 G.Williams\r\n\r\n>";
/** Before a line that is not to be echoed. */
const DLE = "\x10";
const ANSWER = /^<dm\d+ /;

export class FakeBoard {
  readonly files: Map<string, Buffer> = new Map();
  /** What it was told, without the marks of answers, in order. */
  readonly lines: string[] = [];
  /** Seconds; undefined until it is set. */
  time: number | undefined = undefined;
  /** How often it ran its program. */
  starts = 0;
  private readonly options: FakeBoardOptions;
  private readonly context: object;
  private handlers: LineHandlers | undefined = undefined;
  private typed = "";
  private isBusy: boolean;
  private answers = 0;
  private writes = 0;

  constructor(options: FakeBoardOptions = {}) {
    this.options = options;
    this.isBusy = options.isBusy === true;
    const globals = this.globals();
    globals.global = globals;
    this.context = createContext(globals);
  }

  /** Where `BoardConsole` attaches. */
  open(handlers: LineHandlers): BoardLine {
    this.handlers = handlers;
    return {
      write: (text) => queueMicrotask(() => this.take(text)),
      close: async () => {
        this.handlers = undefined;
      },
    };
  }

  /** Prints by itself, as a program does. */
  say(text: string): void {
    this.handlers?.onText(text);
  }

  hangUp(reason: string): void {
    const { handlers } = this;
    this.handlers = undefined;
    handlers?.onClose(reason);
  }

  text(file: string): string | undefined {
    return this.files.get(file)?.toString("latin1");
  }

  private take(text: string): void {
    for (const character of text) {
      if (character === "\x03") {
        this.isBusy = false;
        this.typed = "";
      } else if (character !== "\n") this.typed += character;
      else {
        const line = this.typed.startsWith(DLE) ? this.typed.slice(1) : this.typed;
        this.typed = "";
        if (!this.isBusy && this.options.isDead !== true) this.run(line);
      }
    }
  }

  private run(line: string): void {
    if (line === "") {
      this.say("\r\n>");
      return;
    }
    this.lines.push(/JSON\.stringify\((.*)\)\}catch/s.exec(line)?.[1] ?? line);
    const isGarbled =
      /\(dmw\(/.test(line) && this.options.garbles?.includes(this.writes++) === true;
    try {
      runInContext(isGarbled ? line.replace("a", "b") : line, this.context);
      this.say(">");
    } catch (error) {
      this.say(`Uncaught ${String(error)}\r\n    at REPL (:1:1)\r\n>`);
    }
  }

  private globals(): Record<string, unknown> {
    const { firmware = "ESP32", variables = 16383 } = this.options;
    return {
      print: (...values: unknown[]) => this.print(values.join(" ")),
      process: {
        env: { BOARD: firmware, VERSION: "2v29" },
        memory: () => ({ total: variables, usage: this.starts > 0 ? 2746 : 50 }),
      },
      getSerial: () => "00000001",
      setTime: (seconds: number) => {
        this.time = seconds;
      },
      E: { CRC32: (text: string) => crc32(Buffer.from(text, "latin1")), getErrorFlags: () => [] },
      atob: (text: string) => Buffer.from(text, "base64").toString("latin1"),
      require: (module: string) => {
        if (module !== "Storage") throw new Error(`Module ${module} not found`);
        return this.storage();
      },
      reset: () => this.say(BANNER),
      load: () => {
        this.starts++;
        if (this.options.hangsUp === true) this.hangUp("the board closed the connection");
        else this.say(`${BANNER}${this.options.says ?? ""}`);
      },
    };
  }

  private print(text: string): void {
    if (ANSWER.test(text) && this.options.loses?.includes(this.answers++)) return;
    this.say(`${text}\r\n`);
  }

  private storage(): Record<string, unknown> {
    const { storage = 917_504, wears } = this.options;
    return {
      read: (name: string) => this.text(name),
      readJSON: (name: string) => {
        const text = this.text(name);
        return text === undefined ? undefined : JSON.parse(text);
      },
      list: () => [...this.files.keys()],
      erase: (name: string) => {
        this.files.delete(name);
      },
      write: (name: string, text: string, at = 0, size = text.length) => {
        if (at === 0) {
          const others = [...this.files].filter(([other]) => other !== name);
          const used = others.reduce((sum, [, { length }]) => sum + storedSize(length), 0);
          if (used + storedSize(size) > storage) throw new Error("Unable to find or create file");
          this.files.set(name, Buffer.alloc(size, 0xff));
        }
        const file = this.files.get(name);
        file?.write(text, at, "latin1");
        if (name === wears && file !== undefined) file[0] = 0;
        return true;
      },
    };
  }
}
