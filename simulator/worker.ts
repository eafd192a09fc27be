/**
 * The entry of a fleet's child process: one part of the fleet, driven by messages from worker-fleet.ts.
 *
 * Nothing crosses per datagram: a few commands come in, a tally goes out every half second.
 */
import type { TallySnapshot } from "./report/tally.ts";
import { UdpFleet, type UdpFleetOptions } from "./udp-fleet.ts";

export type Command =
  | { readonly kind: "open"; readonly options: UdpFleetOptions }
  | { readonly kind: "start" }
  | { readonly kind: "stop" }
  | { readonly kind: "abandon" };

export type PartReport =
  | { readonly kind: "opened" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "tally"; readonly tally: TallySnapshot; readonly isSettled: boolean }
  | { readonly kind: "stopped"; readonly tally: TallySnapshot };

const REPORT_INTERVAL = 500;

let fleet: UdpFleet | undefined;

function report(message: PartReport, then: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, then);
}

async function obey(command: Command): Promise<void> {
  switch (command.kind) {
    case "open":
      fleet = new UdpFleet(command.options);
      try {
        await fleet.open();
        report({ kind: "opened" });
      } catch (error) {
        report({ kind: "failed", message: (error as Error).message });
      }
      break;
    case "start":
      fleet?.start();
      setInterval(reportTally, REPORT_INTERVAL);
      break;
    case "stop":
      if (fleet === undefined) process.exit(0);
      await fleet.stop();
      report({ kind: "stopped", tally: fleet.tally.snapshot() }, () => process.exit(0));
      break;
    case "abandon":
      fleet?.abandon();
      break;
  }
}

function reportTally(): void {
  if (fleet === undefined) return;
  report({ kind: "tally", tally: fleet.tally.snapshot(), isSettled: fleet.isSettled() });
}

// A Ctrl-C goes to the whole process group; the parent decides what it means, and a parent that is gone means the end.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
process.on("disconnect", () => process.exit(1));
process.on("message", (command: Command) => void obey(command));
