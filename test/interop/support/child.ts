/** A peer that is a program: started, read line by line, written to, stopped. */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { EventLog } from "./event-log.ts";

const STOP_GRACE_MS = 5_000;

interface ChildOptions {
  /** Added to our own. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Takes the lines in place of `lines`. */
  readonly onLine?: (line: string) => void;
}

export class Child {
  /** What it prints, on stdout and stderr alike. */
  readonly lines = new EventLog<string>();
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  private readonly program: ChildProcessWithoutNullStreams;
  private running = true;

  private constructor(command: string, args: readonly string[], options: ChildOptions) {
    this.program = spawn(command, args, { env: { ...process.env, ...options.environment } });
    const take = options.onLine ?? ((line: string) => this.lines.add(line));
    for (const stream of [this.program.stdout, this.program.stderr]) {
      createInterface({ input: stream }).on("line", take);
    }
    this.ended = new Promise((resolve, reject) => {
      this.program.once("error", reject);
      this.program.once("close", (code) => {
        this.running = false;
        resolve(code);
      });
    });
  }

  static start(command: string, args: readonly string[], options: ChildOptions = {}): Child {
    return new Child(command, args, options);
  }

  /** Runs a program to its end. Rejects unless it exits with 0. */
  static async run(command: string, args: readonly string[]): Promise<string[]> {
    const child = Child.start(command, args);
    const code = await child.ended;
    if (code === 0) return [...child.lines.rest()];
    throw new Error(`${command} ended with ${code}: ${child.lines.rest().join("\n")}`);
  }

  write(line: string): void {
    this.program.stdin.write(`${line}\n`);
  }

  /** Ends its input, then the program itself: SIGTERM, and SIGKILL when it does not go. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.program.stdin.end();
    this.program.kill("SIGTERM");
    const timer = setTimeout(() => this.program.kill("SIGKILL"), STOP_GRACE_MS);
    await this.ended;
    clearTimeout(timer);
  }

  /** Ends its input, upon which it goes by itself. */
  finish(): Promise<number | null> {
    this.program.stdin.end();
    return this.ended;
  }
}
