/**
 * A client made wrong: an adapter around another whose messages are changed on their way. What the harness sees is a client
 * that behaves so.
 */
import { decodeMessage, encodeMessage, type Message } from "../../../protocol/coap/message.ts";
import {
  encodeStreamMessage,
  StreamDecoder,
  type StreamMessage,
} from "../../../protocol/coap/stream-framing.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type {
  Arrival,
  ClientAdapter,
  ClientSetup,
  ClientUnderTest,
  Smartcard,
} from "../../conformance/index.ts";

/** How one client is wrong. A fresh one per case; what it does not change it returns. Undefined swallows the message. */
export interface Tamper {
  /**
   * @param answer sends a message to the server in the client's stead
   * @param server number of where it comes from
   */
  toClient?(
    message: Message,
    answer: (message: Message) => void,
    server: number,
  ): Message | undefined;
  /** Whose the client takes a message for, by the number of the server. */
  sourceOf?(server: number, message: Message): number;
  /** @param say says something more, to the same server unless another is named */
  fromClient?(message: Message, say: Say, server: number): Message | undefined;
  /** The client's messages on a stream; none of them swallows the message. */
  streamFromClient?(message: StreamMessage): readonly StreamMessage[];
  /** Bytes that are no message. */
  malformedToClient?(answer: (message: Message) => void, datagram: Uint8Array): void;
}

export type Say = (message: Message, server?: number) => void;

export function tamperedAdapter(base: ClientAdapter, tamper: () => Tamper): ClientAdapter {
  return {
    name: base.name,
    claims: base.claims,
    canSetValues: base.canSetValues,
    canReport: base.canReport,
    canPowerCycle: base.canPowerCycle,
    canInsertCard: base.canInsertCard,
    hasStranger: base.hasStranger,
    takesStreams: base.takesStreams,
    prepare: async (setup: ClientSetup) => {
      const client = await base.prepare(setup);
      return setup.configuration.transport === "tcp"
        ? new TamperedStreamClient(client, tamper())
        : new TamperedClient(client, tamper());
    },
  };
}

class TamperedClient implements ClientUnderTest {
  readonly tolerance: number;
  readonly serverUris: readonly string[];
  protected readonly client: ClientUnderTest;
  protected readonly tamper: Tamper;
  private readonly injected: Arrival[] = [];

  constructor(client: ClientUnderTest, tamper: Tamper) {
    this.tolerance = client.tolerance;
    this.serverUris = client.serverUris;
    this.client = client;
    this.tamper = tamper;
  }

  now(): number {
    return this.client.now();
  }

  start(): Promise<void> {
    return this.client.start();
  }

  set(path: string, value: Parameters<ClientUnderTest["set"]>[1]): Promise<void> {
    return this.client.set(path, value);
  }

  async report(paths: readonly string[]): Promise<void> {
    await this.client.report?.(paths);
  }

  async powerCycle(): Promise<void> {
    await this.client.powerCycle?.();
  }

  async insertCard(card: Smartcard): Promise<void> {
    await this.client.insertCard?.(card);
  }

  async send(server: number, datagram: Uint8Array): Promise<void> {
    const message = decodeMessage(datagram);
    if (isMalformed(message)) {
      this.tamper.malformedToClient?.((answer) => this.inject(server, answer), datagram);
      return this.client.send(server, datagram);
    }
    const changed = this.tamper.toClient
      ? this.tamper.toClient(message, (answer) => this.inject(server, answer), server)
      : message;
    if (changed === undefined) return;
    const source = this.tamper.sourceOf?.(server, message) ?? server;
    await this.client.send(source, changed === message ? datagram : encodeMessage(changed));
  }

  async receive(until: number): Promise<Arrival | undefined> {
    for (;;) {
      const injected = this.injected.shift();
      if (injected !== undefined) return injected;
      const arrival = await this.client.receive(until);
      if (arrival === undefined || this.tamper.fromClient === undefined) return arrival;
      const { server, datagram } = arrival;
      const message = decodeMessage(datagram);
      if (isMalformed(message)) return arrival;
      const say: Say = (said, to = server) => this.inject(to, said);
      const changed = this.tamper.fromClient(message, say, server);
      if (changed === message) return arrival;
      if (changed !== undefined) return { ...arrival, datagram: encodeMessage(changed) };
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private inject(server: number, message: Message): void {
    this.injected.push({ server, datagram: encodeMessage(message) });
  }
}

/** The same of a client that is reached by a stream. */
class TamperedStreamClient extends TamperedClient {
  private readonly decoder = new StreamDecoder(65_536, 8);

  override send(server: number, piece: Uint8Array): Promise<void> {
    return this.client.send(server, piece);
  }

  override async receive(until: number): Promise<Arrival | undefined> {
    for (;;) {
      const arrival = await this.client.receive(until);
      const { streamFromClient } = this.tamper;
      if (arrival === undefined || streamFromClient === undefined) return arrival;
      if (arrival.datagram.length === 0) return arrival;
      this.decoder.push(arrival.datagram);
      const pieces: Uint8Array[] = [];
      for (let next = this.decoder.poll(); next !== undefined; next = this.decoder.poll()) {
        if (isMalformed(next)) return arrival;
        pieces.push(...streamFromClient(next).map(encodeStreamMessage));
      }
      if (pieces.length > 0) return { ...arrival, datagram: new Uint8Array(Buffer.concat(pieces)) };
    }
  }
}
