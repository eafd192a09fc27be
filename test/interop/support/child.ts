/** A peer that is a program: started, read line by line, written to, stopped. */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { EventLog } from "./event-log.ts";

const STOP_GRACE_MS = 5_000;

export class Child {
  /** What it prints, on stdout and stderr alike. */
  readonly lines = new EventLog<string>();
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  private readonly process: ChildProcessWithoutNullStreams;
  private running = true;

  private constructor(command: string, args: readonly string[], cwd: string | undefined) {
    this.process = spawn(command, args, { cwd });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      createInterface({ input: stream }).on("line", (line) => this.lines.add(line));
    }
    this.ended = new Promise((resolve, reject) => {
      this.process.once("error", reject);
      this.process.once("close", (code) => {
        this.running = false;
        resolve(code);
      });
    });
  }

  static start(command: string, args: readonly string[], cwd?: string): Child {
    return new Child(command, args, cwd);
  }

  /** Runs a program to its end. Rejects unless it exits with 0. */
  static async run(command: string, args: readonly string[]): Promise<string[]> {
    const child = new Child(command, args, undefined);
    const code = await child.ended;
    if (code === 0) return [...child.lines.rest()];
    throw new Error(`${command} ended with ${code}: ${child.lines.rest().join("\n")}`);
  }

  write(line: string): void {
    this.process.stdin.write(`${line}\n`);
  }

  /** Ends its input, then the program itself: SIGTERM, and SIGKILL when it does not go. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.process.stdin.end();
    this.process.kill("SIGTERM");
    const timer = setTimeout(() => this.process.kill("SIGKILL"), STOP_GRACE_MS);
    await this.ended;
    clearTimeout(timer);
  }

  /** Ends its input and waits until it has gone by itself. */
  async finish(): Promise<number | null> {
    this.process.stdin.end();
    return this.ended;
  }
}
