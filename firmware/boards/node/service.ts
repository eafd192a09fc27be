/**
 * The program of a machine that is a device and nothing else: this machine, told by a file whom to talk to. `dormouse build --board pi` makes
 * one file of it, `dormouse flash --board pi` the systemd unit that runs it.
 *
 *     node device.mjs /etc/dormouse/dormouse.json
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { AgentEvent } from "../../agent/agent.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { createNodeDevice, type NodeDevice } from "./main.ts";
import { programUpdate } from "./program-update.ts";
import { FileStore } from "./store.ts";

/** As boards have it, and what only a machine has room for. */
interface SettingsFile {
  readonly server?: string;
  readonly bootstrap?: string;
  /** Default: the host's name. */
  readonly endpoint?: string;
  /** Seconds. */
  readonly lifetime?: number;
  readonly queue?: boolean;
  /** Who may replace this program (`program-update.ts`). Without it nobody may. */
  readonly updateKey?: string;
}

/** Exit status of a program whose configuration is wrong (sysexits.h): starting it again would not help. */
const EX_CONFIG = 78;

const device = configured(process.argv[2] ?? "dormouse.json");
device.start((event) => console.log(lineOf(event)));
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, async () => {
    await device.stop();
    process.exit(0);
  });
}

function configured(file: string): NodeDevice {
  try {
    const settings = JSON.parse(readFileSync(file, "utf8")) as SettingsFile;
    const { server, bootstrap, endpoint, lifetime, queue, updateKey } = settings;
    if (server === undefined && bootstrap === undefined) {
      throw new Error('it names neither a "server" nor a "bootstrap" server, as coap://HOST:PORT');
    }
    // systemd's, where the unit may write.
    const state = process.env.STATE_DIRECTORY;
    if (updateKey !== undefined && state === undefined) {
      throw new Error('"updateKey" needs a service, which gives STATE_DIRECTORY and restarts it');
    }
    return createNodeDevice({
      server,
      bootstrap,
      endpointName: endpoint ?? hostname(),
      lifetime,
      queueMode: queue === true,
      ...(state !== undefined && { store: new FileStore(join(state, "agent")) }),
      ...(state !== undefined &&
        updateKey !== undefined && { objects: [updatable(state, updateKey)] }),
    });
  } catch (error) {
    console.error(`${file}: ${(error as Error).message}`);
    process.exit(EX_CONFIG);
  }
}

function updatable(state: string, key: string): LwM2mObject {
  return programUpdate({ key, state, running: process.argv[1], restart: () => process.exit(0) });
}

/** One line of a log, which has its own time stamps. */
function lineOf(event: AgentEvent): string {
  return event.kind === "request"
    ? `${event.operation} ${event.path} ${event.code}`
    : `${event.kind} ${event.link.uri}`;
}
