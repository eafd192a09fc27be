/**
 * The console of an Espruino board as something that answers: expressions go out, values come back, and what the board prints meanwhile is
 * told apart from them.
 *
 *     > \x10print("<"+"dm1 "+(function(){try{return"="+JSON.stringify(EXPRESSION)}catch(e){return"!"+e}})()+" dm1"+">")
 *     < <dm1 =42 dm1>
 *
 * A line that begins with DLE is not echoed; where it is, the marks are in two pieces and are not taken for an answer.
 */
import type { BoardLine, LineHandlers } from "./board-line.ts";

/** Milliseconds. */
export interface ConsolePatience {
  /** How long an answer may take. */
  readonly answer: number;
  /** The same for the first, which a program that runs may delay. */
  readonly first: number;
}

const USUAL_PATIENCE: ConsolePatience = { answer: 10_000, first: 2000 };

const DLE = "\x10";
const CTRL_C = "\x03";
/** How often a board that does not answer is asked again, each time harder. */
const ATTEMPTS = 4;
/** A board has cleared its line so long after Ctrl-C, ms. */
const INTERRUPTING_TIME = 300;
/** Characters that are kept while nothing in them is an answer. */
const LONGEST_ANSWER = 100_000;
/** Characters that are kept of what was printed. */
const PRINTED = 4000;

/** What a board throws is an Error with this `code`. */
export const BOARD_THREW = "board/threw";
/** A board that does not answer. */
export const NO_ANSWER = "board/no-answer";
/** The line is gone. */
export const LINE_CLOSED = "board/line-closed";

interface Waiting {
  readonly mark: string;
  resolve(answer: string): void;
  reject(error: Error): void;
}

export class BoardConsole {
  private readonly patience: ConsolePatience;
  private line: BoardLine | undefined = undefined;
  private received = "";
  private asked = 0;
  private waiting: Waiting | undefined = undefined;
  private closedFor: string | undefined = undefined;
  private printed = "";

  constructor(patience = USUAL_PATIENCE) {
    this.patience = patience;
  }

  /** The last of what the board printed by itself since it was asked for that. */
  takePrinted(): string {
    const printed = this.printed;
    this.printed = "";
    return printed;
  }

  /** For whoever opens the line; then `attach` it. */
  get handlers(): LineHandlers {
    return {
      onText: (text) => this.handleText(text),
      onClose: (reason) => this.handleClose(reason),
    };
  }

  attach(line: BoardLine): void {
    this.line = line;
  }

  get isClosed(): boolean {
    return this.closedFor !== undefined;
  }

  /**
   * Makes sure that the board answers: first as it is, then with what it does interrupted.
   *
   * Rejects when it does not.
   */
  async wake(): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        if ((await this.ask("1", this.patience.first)) === 1) return;
      } catch (error) {
        if ((error as { code?: string }).code !== NO_ANSWER) throw error;
      }
      await this.interrupt();
    }
    throw fault(
      NO_ANSWER,
      "the board does not answer: is it a board with Espruino, is its console there and free, is the speed right (--baud)?",
    );
  }

  /**
   * The value of an expression of JavaScript on the board. It may be evaluated twice, when the answer to the first was lost.
   *
   * Rejects with what the board throws.
   */
  async evaluate(expression: string, patience = this.patience.answer): Promise<unknown> {
    try {
      return await this.ask(expression, patience);
    } catch (error) {
      if ((error as { code?: string }).code !== NO_ANSWER) throw error;
      // What came of it may wait for its end.
      await this.interrupt();
      return this.ask(expression, patience);
    }
  }

  /** As `evaluate`, but for a board that may have to finish something first: it is asked once, and not interrupted. */
  evaluateOnce(expression: string, patience: number): Promise<unknown> {
    return this.ask(expression, patience);
  }

  /** Out of a loop, and out of a line that has no end. */
  private async interrupt(): Promise<void> {
    this.write(CTRL_C);
    // What comes too soon is thrown away with the line.
    await new Promise((resolve) => setTimeout(resolve, INTERRUPTING_TIME));
    this.write("\n");
  }

  /** Has the board do something without an answer. */
  send(statement: string): void {
    this.write(`${DLE}${statement}\n`);
  }

  async close(): Promise<void> {
    const line = this.line;
    this.line = undefined;
    await line?.close();
  }

  private write(text: string): void {
    this.line?.write(text);
  }

  private ask(expression: string, patience: number): Promise<unknown> {
    if (this.closedFor !== undefined) return Promise.reject(closed(this.closedFor));
    const mark = `dm${++this.asked}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting = undefined;
        const told = expression.length > 60 ? `${expression.slice(0, 60)}...` : expression;
        reject(fault(NO_ANSWER, `the board did not answer within ${patience / 1000} s: ${told}`));
      }, patience);
      this.waiting = {
        mark,
        resolve: (answer) => {
          clearTimeout(timer);
          if (answer.startsWith("!")) reject(fault(BOARD_THREW, answer.slice(1)));
          else resolve(parsed(answer.slice(1)));
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.send(
        `print("<"+"${mark} "+(function(){try{return"="+JSON.stringify(${expression})}catch(e){return"!"+e}})()+" ${mark}"+">")`,
      );
    });
  }

  private handleText(text: string): void {
    const waiting = this.waiting;
    this.received += text;
    const begin = waiting === undefined ? -1 : this.received.indexOf(`<${waiting.mark} `);
    const end = begin < 0 ? -1 : this.received.indexOf(` ${waiting?.mark}>`, begin);
    if (waiting !== undefined && end >= 0) {
      const answer = this.received.slice(begin + waiting.mark.length + 2, end);
      const before = this.received.slice(0, begin);
      this.received = this.received.slice(end + waiting.mark.length + 2);
      this.waiting = undefined;
      if (before !== "") this.print(before);
      waiting.resolve(answer);
    } else if (waiting === undefined || this.received.length > LONGEST_ANSWER) {
      this.print(this.received);
      this.received = "";
    }
  }

  private print(text: string): void {
    this.printed = (this.printed + text).slice(-PRINTED);
  }

  private handleClose(reason: string): void {
    this.closedFor = reason;
    const waiting = this.waiting;
    this.waiting = undefined;
    waiting?.reject(closed(reason));
  }
}

/** What `JSON.stringify` of the board makes of a value. */
function parsed(json: string): unknown {
  // Where there is no JSON for it, as for a function.
  if (json === "undefined" || json === "") return undefined;
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return json;
  }
}

function closed(reason: string): Error {
  return fault(LINE_CLOSED, `the connection to the board ended: ${reason}`);
}

function fault(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
