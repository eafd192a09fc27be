/** Which process has a store: its id, and when it started, so that a reused id is not taken for it. */
import { readFileSync } from "node:fs";

export interface Owner {
  readonly pid: number;
  /** In the kernel's words; "" where they are not known. */
  readonly started: string;
}

export function thisProcess(): Owner {
  return { pid: process.pid, started: startOf(process.pid) };
}

/** Whether the process that wrote this still runs. */
export function isRunning(owner: Owner): boolean {
  if (owner.started !== "") return startOf(owner.pid) === owner.started;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return "";
  }
}
