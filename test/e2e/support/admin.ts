/** Runs `dormouse admin` to its end. */
import { spawn } from "node:child_process";
import { DORMOUSE } from "./program.ts";

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command.
 *
 * @param input what is piped in
 * @param environment beside the variables that there are; those of dormouse are taken out first
 */
export function admin(
  args: readonly string[],
  { input = "", environment = {} }: { input?: string; environment?: Record<string, string> } = {},
): Promise<Finished> {
  const { DORMOUSE_KEY: _key, DORMOUSE_URL: _url, ...inherited } = process.env;
  const child = spawn(process.execPath, [DORMOUSE, "admin", ...args], {
    env: { ...inherited, ...environment },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}
