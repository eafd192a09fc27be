/**
 * A foreign LwM2M server or client in a process of its own, under remote control: one JSON object per line, requests with an
 * id on its stdin, answers with that id and events on its stdout (leshan/*.java, lwm2m-node-lib/server.cjs).
 */
import { Child } from "./child.ts";
import { EventLog } from "./event-log.ts";
import {
  LESHAN_BOOTSTRAP_CLASSES,
  LESHAN_BOOTSTRAP_JARS,
  LESHAN_CLASSES,
  LESHAN_JARS,
  LWM2M_NODE_LIB,
  LWM2M_NODE_LIB_SERVER,
} from "./places.ts";

/** What the peer is to ask a device. */
export interface Asking {
  readonly op: string;
  readonly ep: string;
  readonly path?: string;
  /** Of a composite operation. */
  readonly paths?: readonly string[];
  /** Content-Format number. */
  readonly format?: number;
  readonly value?: unknown;
}

export interface Told {
  readonly id?: number;
  readonly event?: string;
  readonly [field: string]: unknown;
}

const START_TIMEOUT_MS = 30_000;

export class RemotePeer {
  readonly events = new EventLog<Told>();
  private readonly answers = new EventLog<Told>();
  private readonly child: Child;
  private lastId = 0;

  private constructor(command: string, args: readonly string[], environment?: NodeJS.ProcessEnv) {
    const onLine = (line: string) => this.take(line);
    this.child = Child.start(command, args, { environment, onLine });
  }

  /** @param awakeTime milliseconds after which it takes a device in queue mode to sleep */
  static async leshanServer(port: number, awakeTime = 93_000): Promise<RemotePeer> {
    const peer = RemotePeer.java("LeshanServer", String(port), String(awakeTime));
    await peer.event("ready", START_TIMEOUT_MS);
    return peer;
  }

  /** Sends every device to the server at this address. */
  static async leshanBootstrap(port: number, uri: string, lifetime: number): Promise<RemotePeer> {
    const path = `${LESHAN_BOOTSTRAP_JARS}/*:${LESHAN_BOOTSTRAP_CLASSES}`;
    const args = ["-cp", path, "LeshanBootstrap", `${port}`, uri, `${lifetime}`];
    const peer = new RemotePeer("java", args);
    await peer.event("ready", START_TIMEOUT_MS);
    return peer;
  }

  /** Registers by itself; further arguments as LeshanClient.java says. */
  static leshanClient(...args: string[]): RemotePeer {
    return RemotePeer.java("LeshanClient", ...args);
  }

  static async lwm2mNodeLibServer(port: number): Promise<RemotePeer> {
    const environment = { NODE_PATH: `${LWM2M_NODE_LIB}/node_modules` };
    const args = [LWM2M_NODE_LIB_SERVER, String(port)];
    const peer = new RemotePeer(process.execPath, args, environment);
    await peer.event("ready", START_TIMEOUT_MS);
    return peer;
  }

  private static java(main: string, ...args: string[]): RemotePeer {
    return new RemotePeer("java", ["-cp", `${LESHAN_JARS}/*:${LESHAN_CLASSES}`, main, ...args]);
  }

  /** Has the peer ask a device, and returns what it was answered. */
  async ask(asking: Asking, timeoutMs?: number): Promise<Told> {
    this.lastId++;
    const id = this.lastId;
    this.child.write(JSON.stringify({ id, ...asking }));
    const { op, path } = asking;
    return this.answers.next(`answer to ${op} ${path}`, (told) => told.id === id, timeoutMs);
  }

  /** Tells the peer something that has no answer. */
  tell(command: object): void {
    this.child.write(JSON.stringify(command));
  }

  event(name: string, timeoutMs?: number): Promise<Told> {
    return this.events.next(`event ${name}`, (told) => told.event === name, timeoutMs);
  }

  stop(): Promise<void> {
    return this.child.stop();
  }

  /** Ends its input: a client de-registers, then both end. */
  async finish(): Promise<void> {
    await this.child.finish();
  }

  private take(line: string): void {
    if (line.startsWith("{")) {
      const told = JSON.parse(line) as Told;
      (told.id === undefined ? this.events : this.answers).add(told);
    } else {
      this.events.add({ event: "printed", line });
    }
  }
}
