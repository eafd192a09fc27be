/** A virtual board and the real connector's core, joined by a wire, in virtual time. */
import { Connector } from "../../../connector/connector.ts";
import type { ConnectorEvent, ResponseEvent } from "../../../connector/contract.ts";
import type { Registration } from "../../../connector/registry/registration.ts";
import { defaultSettings } from "../../../connector/settings.ts";
import { MemoryStore } from "../../../connector/store/memory-store.ts";
import { GET, POST, PUT } from "../../../protocol/coap/codes.ts";
import { countingRandom } from "../coap-pair.ts";
import type { BoardOutput } from "./board-api.ts";
import type { VirtualBoard } from "./virtual-board.ts";

/** What programs are told as their server. */
export const SERVER_HOST = "server.test";
const LATENCY = 20;
const ANSWER_PATIENCE = 4 * 3_600_000;

interface Flight {
  readonly at: number;
  readonly datagram: Uint8Array;
  readonly toBoard: boolean;
  readonly peer: string;
}

export interface PairOptions {
  /** True for the nth datagram, of either side, that gets lost; counted from 0. */
  readonly isLost?: (nth: number) => boolean;
}

export class BoardPair {
  now = 0;
  readonly board: VirtualBoard;
  readonly connector: Connector;
  readonly events: ConnectorEvent[] = [];
  /** Network times of datagrams for others than the server: `host:port`. */
  readonly others: string[] = [];
  /** Answers datagrams that are for others. */
  answer: (datagram: Uint8Array, host: string, port: number) => Uint8Array | undefined = () =>
    undefined;
  private readonly store = new MemoryStore();
  private readonly options: PairOptions;
  private flights: Flight[] = [];
  private readonly peers = new Map<string, number>();
  private sent = 0;

  constructor(board: VirtualBoard, options: PairOptions = {}) {
    this.board = board;
    this.options = options;
    this.connector = new Connector(defaultSettings(countingRandom(0x1000)), this.store);
    board.onOutput = (output) => this.handle(output);
  }

  wait(period: number): void {
    this.runUntil(this.now + period, () => false);
  }

  /** Until the device is registered. */
  registration(): Registration {
    const isThere = () => this.events.some(({ kind }) => kind === "registration");
    this.runUntil(this.now + ANSWER_PATIENCE, isThere);
    const event = this.events.find(({ kind }) => kind === "registration");
    if (event?.kind !== "registration") throw new Error("no registration");
    return event.registration;
  }

  /** How many events of a kind there were. */
  count(kind: ConnectorEvent["kind"]): number {
    return this.events.filter((event) => event.kind === kind).length;
  }

  read(path: string): ResponseEvent {
    return this.ask(GET, path);
  }

  write(path: string, text: string): ResponseEvent {
    return this.ask(PUT, path, text);
  }

  execute(path: string): ResponseEvent {
    return this.ask(POST, path);
  }

  observe(path: string): ResponseEvent {
    return this.outcome(this.connector.observe(this.now, this.name(), path));
  }

  /** Values that observers were told, as text. */
  told(path: string): string[] {
    return this.events.flatMap((event) =>
      event.kind === "notification" && event.path === path
        ? [new TextDecoder().decode(event.payload)]
        : [],
    );
  }

  /** From anywhere to each open socket of the board. */
  disturb(datagram: Uint8Array): void {
    for (const socket of this.peers.values()) {
      this.board.deliver(socket, datagram, "198.51.100.1", 9);
    }
  }

  private ask(method: number, path: string, text = ""): ResponseEvent {
    return this.outcome(
      this.connector.submit(this.now, this.name(), {
        method,
        path,
        payload: new TextEncoder().encode(text),
        confirmable: true,
        expiresIn: ANSWER_PATIENCE,
      }),
    );
  }

  private outcome(submission: { readonly id: string } | { readonly refusal: string }) {
    if ("refusal" in submission) throw new Error(submission.refusal);
    const find = () =>
      this.events.find((event) => event.kind === "response" && event.id === submission.id);
    this.runUntil(this.now + ANSWER_PATIENCE, () => find() !== undefined);
    const response = find();
    if (response?.kind !== "response") throw new Error("no response");
    return response;
  }

  private name(): string {
    const last = this.events.findLast(({ kind }) => kind === "registration");
    if (last?.kind !== "registration") throw new Error("nobody is registered");
    return last.registration.endpointName;
  }

  private runUntil(until: number, isDone: () => boolean): void {
    this.drain();
    while (!isDone()) {
      const flight = Math.min(...this.flights.map(({ at }) => at), Infinity);
      const at = Math.min(flight, this.board.deadline(), this.connector.deadline());
      if (at > until) break;
      this.now = Math.max(this.now, at);
      this.board.handleTimeout(this.now);
      this.connector.handleTimeout(this.now);
      const due = this.flights.filter((each) => each.at <= this.now);
      this.flights = this.flights.filter((each) => each.at > this.now);
      for (const each of due) this.arrive(each);
      this.drain();
    }
    if (!isDone()) {
      this.now = Math.max(this.now, until);
      this.board.handleTimeout(this.now);
      this.drain();
    }
  }

  private arrive({ datagram, toBoard, peer }: Flight): void {
    if (!toBoard) this.connector.handleDatagram(this.now, peer, datagram);
    else {
      const socket = this.peers.get(peer);
      if (socket !== undefined) this.board.deliver(socket, datagram, "192.0.2.9", 5683);
    }
  }

  private drain(): void {
    const { connector } = this;
    for (let event = connector.pollEvent(); event; event = connector.pollEvent()) {
      this.events.push(event);
    }
    this.store.commitNow();
    for (let sent = connector.pollTransmit(); sent; sent = connector.pollTransmit()) {
      this.fly(sent.datagram, true, sent.peer);
    }
  }

  private fly(datagram: Uint8Array, toBoard: boolean, peer: string): void {
    if (this.options.isLost?.(this.sent++) === true) return;
    this.flights.push({ at: this.now + LATENCY, datagram, toBoard, peer });
  }

  private handle(output: BoardOutput): void {
    if (output.kind === "open") this.peers.set(`192.0.2.1:${output.port}`, output.socket);
    else if (output.kind === "close") this.forget((socket) => socket === output.socket);
    else if (output.kind === "reboot" || output.kind === "deepSleep") this.forget(() => true);
    else if (output.kind === "send") {
      const datagram = new Uint8Array(Buffer.from(output.hex, "hex"));
      const peer = [...this.peers].find(([, socket]) => socket === output.socket)?.[0];
      if (output.host === SERVER_HOST) this.fly(datagram, false, peer as string);
      else {
        this.others.push(`${output.host}:${output.port}`);
        const answer = this.answer(datagram, output.host, output.port);
        if (answer === undefined) return;
        this.board.order({
          kind: "datagram",
          socket: output.socket,
          hex: Buffer.from(answer).toString("hex"),
          address: "192.0.2.10",
          port: output.port,
        });
      }
    }
  }

  private forget(isGone: (socket: number) => boolean): void {
    for (const [peer, socket] of [...this.peers]) if (isGone(socket)) this.peers.delete(peer);
  }
}
