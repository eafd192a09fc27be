/** Runs `dormouse` as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { DORMOUSE } from "./program.ts";

export class RunningCommand {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  private readonly ended: Promise<number | null>;

  constructor(args: readonly string[], program = process.execPath) {
    const command = [DORMOUSE, ...args];
    this.child =
      program === process.execPath
        ? spawn(program, command, { stdio: ["ignore", "pipe", "pipe"] })
        : spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout?.on("data", (chunk) => {
      this.stdout += chunk;
    });
    this.child.stderr?.on("data", (chunk) => {
      this.stderr += chunk;
    });
    this.ended = new Promise((resolve) => this.child.on("close", (code) => resolve(code)));
  }

  /** Resolves with the first line of stdout that fits; rejects when the process ends before. */
  line(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.stdout.split("\n").find((line) => pattern.test(line));
        if (found !== undefined) resolve(found);
      };
      this.child.stdout?.on("data", look);
      this.ended.then((code) => reject(new Error(`ended with ${code}: ${this.stderr}`)));
      look();
    });
  }

  /** Resolves with the exit code; null when a signal ended it. */
  end(): Promise<number | null> {
    return this.ended;
  }

  async stop(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }
}
