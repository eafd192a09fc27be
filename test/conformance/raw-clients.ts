/** The harness's raw clients and their datagrams: what they send, what comes to them, and time meanwhile. */
import { formatCode, isRequest } from "../../protocol/coap/codes.ts";
import {
  ACK,
  CON,
  decodeMessage,
  encodeMessage,
  LONGEST_TOKEN,
  type Message,
  NO_BYTES,
  RST,
} from "../../protocol/coap/message.ts";
import { CONTENT_FORMAT, type Option, URI_PATH, uintOption } from "../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION, maxTransmitWait } from "../../protocol/coap/parameters.ts";
import { pathOptions, queryOptions } from "../../protocol/coap/uri.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { SECOND } from "../../protocol/time/duration.ts";
import type { Version } from "./case.ts";
import { formatBytes } from "./content.ts";
import { Ended, Judging } from "./judging.ts";
import { Ladder } from "./ladder.ts";
import { illegalIn } from "./legal-requests.ts";
import { type Downlink, ScriptedClient } from "./scripted-client.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

/** How long a server may take to do what is due at once. */
export const SERVER_PROMPT: Milliseconds = 5 * SECOND;
/** Datagrams that a case takes; a server that sends more will not stop. */
const MOST_DATAGRAMS = 5000;
const MAX_TRANSMIT_WAIT = maxTransmitWait(DEFAULT_TRANSMISSION);
const FIRST_TIMEOUT = DEFAULT_TRANSMISSION.ackTimeout * DEFAULT_TRANSMISSION.ackRandomFactor;

/** What a raw client asks of the server, as far as it is not usual. */
export interface Asking {
  readonly query?: readonly string[];
  readonly payload?: Uint8Array;
  readonly format?: number | undefined;
  /** Beside path, query and format. */
  readonly options?: readonly Option[];
  readonly type?: number;
  /** Its number among the raw clients. */
  readonly client?: number;
}

export abstract class RawClients<Criterion extends string> extends Judging<Criterion> {
  readonly server: ServerUnderTest;
  readonly version: Version;
  readonly ladder = new Ladder(false);
  readonly clients: ScriptedClient[];
  /** What the server asked first that is no operation; undefined as long as all were. */
  illegal: string | undefined = undefined;
  private readonly startedAt: Milliseconds;
  private datagrams = 0;
  private readonly downlinks: Downlink[] = [];
  private readonly responses: { readonly client: number; readonly message: Message }[] = [];

  constructor(server: ServerUnderTest, version: Version) {
    super();
    this.server = server;
    this.version = version;
    this.startedAt = server.now();
    this.clients = [new ScriptedClient(0, server.messageIds)];
  }

  get client(): ScriptedClient {
    return this.clients[0];
  }

  /** Another raw client, with an address of its own. Returns its number. */
  addClient(): number {
    this.clients.push(new ScriptedClient(this.clients.length, this.server.messageIds));
    return this.clients.length - 1;
  }

  // Time.

  now(): Milliseconds {
    return this.server.now() - this.startedAt;
  }

  /** Lets time pass while the clients do what they do. */
  async wait(duration: Milliseconds): Promise<void> {
    const until = this.now() + duration;
    while (await this.takeIn(until));
  }

  /** Lets time pass until something is so; false when it was not by `until`. */
  async waitFor(isSo: () => boolean | Promise<boolean>, until: Milliseconds): Promise<boolean> {
    while (!(await isSo())) {
      if (this.now() >= until) return false;
      await this.takeIn(Math.min(until, this.now() + this.server.slice));
    }
    return true;
  }

  // What the server asks.

  /** The next request of the server's that nobody took; undefined when none came until `until`. */
  async next(
    until: Milliseconds,
    matches: (downlink: Downlink) => boolean = () => true,
  ): Promise<Downlink | undefined> {
    for (;;) {
      const at = this.downlinks.findIndex(matches);
      if (at >= 0) return this.downlinks.splice(at, 1)[0];
      if (!(await this.takeIn(until))) return undefined;
    }
  }

  /** All requests of the server's that have come and that nobody took. */
  takeAll(): Downlink[] {
    return this.downlinks.splice(0);
  }

  // What the raw clients ask.

  /** Sends a request in a Confirmable message and waits for what answers it. */
  request(code: number, path: string, asking: Asking = {}): Promise<Message | undefined> {
    return this.exchange(this.compose(code, path, asking), asking.client);
  }

  compose(code: number, path: string, asking: Asking = {}): Message {
    const { query = [], payload = NO_BYTES, format, type = CON, client = 0 } = asking;
    const options: Option[] = [...pathOptions(URI_PATH, path), ...queryOptions(query)];
    if (format !== undefined) options.push(uintOption(CONTENT_FORMAT, format));
    options.push(...(asking.options ?? []));
    return {
      type,
      code,
      messageId: this.clients[client].messageId(),
      token: this.clients[client].token(),
      options: options.sort((one, other) => one.number - other.number),
      payload,
    };
  }

  /** Sends a message and waits for what answers it: a response, or a Reset. Repeats it as RFC 7252 §4.2 says. */
  async exchange(message: Message, client = 0): Promise<Message | undefined> {
    const token = formatBytes(message.token);
    const isRepeated = message.type === CON;
    const giveUpAt = this.now() + (isRepeated ? MAX_TRANSMIT_WAIT : SERVER_PROMPT);
    let timeout = FIRST_TIMEOUT;
    let repeatAt = isRepeated ? this.now() + timeout : giveUpAt;
    this.clients[client].waiting.add(token);
    await this.send(message, client);
    try {
      while (this.now() < giveUpAt) {
        for (let came = this.response(client); came !== undefined; came = this.response(client)) {
          const isOurs = came.messageId === message.messageId;
          if (came.type === RST && isOurs) return came;
          if (came.type === ACK && came.code === 0 && isOurs) repeatAt = giveUpAt;
          else if (came.code !== 0 && formatBytes(came.token) === token) return came;
        }
        if (await this.takeIn(Math.min(repeatAt, giveUpAt))) continue;
        if (this.now() < repeatAt || this.now() >= giveUpAt) continue;
        await this.send(message, client);
        timeout *= 2;
        repeatAt = Math.min(this.now() + timeout, giveUpAt);
      }
      return undefined;
    } finally {
      this.clients[client].waiting.delete(token);
    }
  }

  /** What answers a message on its own layer within a moment: an acknowledgement or a Reset; undefined when nothing does. */
  async reaction(
    message: Message,
    client = 0,
    patience = 2 * SECOND,
  ): Promise<Message | undefined> {
    await this.send(message, client);
    const until = this.now() + patience;
    for (;;) {
      const came = this.response(client);
      const isAbout = came !== undefined && came.messageId === message.messageId;
      if (isAbout && (came.type === ACK || came.type === RST)) return came;
      if (came === undefined && !(await this.takeIn(until))) return undefined;
    }
  }

  async send(message: Message, client = 0): Promise<void> {
    await this.sendBytes(encodeMessage(message), client);
  }

  async sendBytes(datagram: Uint8Array, client = 0): Promise<void> {
    this.ladder.arrived(this.now(), 0, datagram);
    await this.server.send(client, datagram);
  }

  /** The next of what came in answer to what a client sent. */
  response(client = 0): Message | undefined {
    const at = this.responses.findIndex((one) => one.client === client);
    return at < 0 ? undefined : this.responses.splice(at, 1)[0].message;
  }

  /** Takes in the next datagram that comes by `until`; false when none did. */
  async takeIn(until: Milliseconds): Promise<boolean> {
    const arrival = await this.server.receive(this.startedAt + until);
    if (arrival === undefined) return false;
    if (++this.datagrams > MOST_DATAGRAMS) {
      throw new Ended("fail", `more than ${MOST_DATAGRAMS} datagrams came`, "bounded");
    }
    const { server: client, datagram } = arrival;
    const message = decodeMessage(datagram, LONGEST_TOKEN);
    this.ladder.sent(this.now(), 0, datagram);
    if (isMalformed(message)) {
      const why = `a datagram is malformed: ${message.fault} at byte ${message.at} (${message.source})`;
      throw new Ended("fail", why, "well-formed");
    }
    if (isRequest(message.code)) this.illegal ??= illegalIn(this.version, message);
    const { downlink, response, replies } = this.clients[client].handle(this.now(), message);
    if (downlink !== undefined) this.downlinks.push(downlink);
    if (response !== undefined) this.responses.push({ client, message: response });
    for (const reply of replies) await this.send(reply, client);
    return true;
  }
}

/** `Register was answered by 4.00`. */
export function answered(asked: string, answer: Message | undefined): string {
  return `${asked} was answered by ${codeWords(answer)}`;
}

/** `4.00`, `a Reset` or `nothing`. */
export function codeWords(answer: Message | undefined): string {
  if (answer === undefined) return "nothing";
  if (answer.type === RST) return "a Reset";
  return answer.code === 0 ? "an empty message" : formatCode(answer.code);
}
