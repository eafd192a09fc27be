/**
 * What a procedure that judges a server works with: raw clients on one side, the operator on the other, time between them, and the verdict.
 */
import { decodeUtf8, encodeUtf8 } from "../../protocol/bytes/utf8.ts";
import {
  CHANGED,
  CREATED,
  DELETE,
  DELETED,
  EMPTY,
  formatCode,
  isRequest,
  POST,
} from "../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../protocol/coap/content-formats.ts";
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
import {
  CONTENT_FORMAT,
  LOCATION_PATH,
  type Option,
  URI_PATH,
  uintOption,
} from "../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION, maxTransmitWait } from "../../protocol/coap/parameters.ts";
import { pathOf, pathOptions, queryOptions } from "../../protocol/coap/uri.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { SECOND } from "../../protocol/time/duration.ts";
import type { UNIVERSAL_CRITERIA, Version } from "./case.ts";
import { formatBytes } from "./content.ts";
import { Ended, Judging } from "./judging.ts";
import { Ladder } from "./ladder.ts";
import { type Downlink, ScriptedClient } from "./scripted-client.ts";
import type { KnownClient, Order, Outcome, ServerUnderTest } from "./server-under-test.ts";

/** How long a server may take to do what is due at once. */
export const SERVER_PROMPT: Milliseconds = 5 * SECOND;
/** How long an order may take: the server's retransmissions, and a little. */
export const ORDER_PATIENCE: Milliseconds = maxTransmitWait(DEFAULT_TRANSMISSION) + 5 * SECOND;
const MAX_TRANSMIT_WAIT = maxTransmitWait(DEFAULT_TRANSMISSION);
const FIRST_TIMEOUT = DEFAULT_TRANSMISSION.ackTimeout * DEFAULT_TRANSMISSION.ackRandomFactor;

/** The objects that the raw clients list unless a case says otherwise. */
export const USUAL_LIST = "</1/0>,</3/0>";

/** How a raw client registers. */
export interface Registering {
  /** `lt=300`, `lwm2m=1.1`, `b=U` ...; `ep` is added. */
  readonly query?: readonly string[];
  readonly list?: string;
}

export class ServerBench<Criterion extends string = string> extends Judging<Criterion> {
  readonly server: ServerUnderTest;
  readonly version: Version;
  readonly endpointName: string;
  readonly ladder = new Ladder(false);
  readonly clients: ScriptedClient[] = [new ScriptedClient(0)];
  /** As the server gave it in its last answer to Register, `/rd/...`. */
  location = "";
  private readonly startedAt: Milliseconds;
  private downlinks: Downlink[] = [];
  private readonly responses: { readonly client: number; readonly message: Message }[] = [];

  constructor(server: ServerUnderTest, version: Version, endpointName: string) {
    super();
    this.server = server;
    this.version = version;
    this.endpointName = endpointName;
    this.startedAt = server.now();
  }

  get client(): ScriptedClient {
    return this.clients[0];
  }

  now(): Milliseconds {
    return this.server.now() - this.startedAt;
  }

  // Time.

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

  // What the operator does.

  known(endpointName = this.endpointName): Promise<KnownClient | undefined> {
    return this.server.operator.find(endpointName);
  }

  /** Orders something; the raw clients answer while it is carried out. */
  order(order: Order): Promise<string> {
    return this.server.operator.order(this.endpointName, order);
  }

  /** The order's end, or undefined when it had none in time. */
  async ended(orderId: string, patience = ORDER_PATIENCE): Promise<Outcome | undefined> {
    const { operator } = this.server;
    await this.waitFor(() => operator.outcome(orderId) !== undefined, this.now() + patience);
    return operator.outcome(orderId);
  }

  /** Orders something and waits for its end. */
  async carryOut(order: Order): Promise<Outcome | undefined> {
    return this.ended(await this.order(order));
  }

  /** What the operator was told of an observed resource. */
  told(path: string): readonly string[] {
    return this.server.operator.told(this.endpointName, path);
  }

  // What the raw clients do.

  /** Registers as most clients do; what other criteria build on. */
  async givenRegistered(registering: Registering = {}): Promise<void> {
    this.step("the client registers");
    const answer = await this.register(registering);
    const code = answer === undefined ? "nothing" : formatCode(answer.code);
    this.given(answer?.code === CREATED, `Register was answered by ${code}, not by 2.01`);
  }

  async register({ query, list = USUAL_LIST }: Registering = {}): Promise<Message | undefined> {
    const parameters = query ?? ["lt=300", `lwm2m=${this.version}`, "b=U"];
    const named = parameters.some((one) => one.startsWith("ep="))
      ? parameters
      : [`ep=${this.endpointName}`, ...parameters];
    const answer = await this.request(POST, "/rd", named, encodeUtf8(list), LINK_FORMAT);
    if (answer?.code === CREATED) this.location = pathOf(answer.options, LOCATION_PATH);
    return answer;
  }

  update(query: readonly string[] = [], list?: string): Promise<Message | undefined> {
    const payload = list === undefined ? NO_BYTES : encodeUtf8(list);
    const format = list === undefined ? undefined : LINK_FORMAT;
    return this.request(POST, this.location, query, payload, format);
  }

  deregister(): Promise<Message | undefined> {
    return this.request(DELETE, this.location);
  }

  async givenUpdated(query: readonly string[] = []): Promise<void> {
    const answer = await this.update(query);
    const code = answer === undefined ? "nothing" : formatCode(answer.code);
    this.given(answer?.code === CHANGED, `Update was answered by ${code}, not by 2.04`);
  }

  async givenDeregistered(): Promise<void> {
    const answer = await this.deregister();
    this.given(answer?.code === DELETED, "De-register was not answered by 2.02");
  }

  /** Sends a request in a Confirmable message and waits for what answers it. */
  request(
    code: number,
    path: string,
    query: readonly string[] = [],
    payload: Uint8Array = NO_BYTES,
    format?: number,
    client = 0,
  ): Promise<Message | undefined> {
    return this.exchange(this.compose(code, path, query, payload, format, client), client);
  }

  compose(
    code: number,
    path: string,
    query: readonly string[] = [],
    payload: Uint8Array = NO_BYTES,
    format?: number,
    client = 0,
  ): Message {
    const options: Option[] = pathOptions(URI_PATH, path);
    if (format !== undefined) options.push(uintOption(CONTENT_FORMAT, format));
    options.push(...queryOptions(query));
    return {
      type: CON,
      code,
      messageId: this.clients[client].messageId(),
      token: this.clients[client].token(),
      options,
      payload,
    };
  }

  /** Sends a message and waits for what answers it: a response, or a Reset. Repeats it as RFC 7252 §4.2 says. */
  async exchange(message: Message, client = 0): Promise<Message | undefined> {
    const token = formatBytes(message.token);
    const giveUpAt = this.now() + MAX_TRANSMIT_WAIT;
    let timeout = FIRST_TIMEOUT;
    let repeatAt = message.type === CON ? this.now() + timeout : giveUpAt;
    this.clients[client].waiting.add(token);
    await this.send(message, client);
    try {
      while (this.now() < giveUpAt) {
        for (let came = this.response(client); came !== undefined; came = this.response(client)) {
          const isOurs = came.messageId === message.messageId;
          if (came.type === RST && isOurs) return came;
          if (came.type === ACK && came.code === EMPTY && isOurs) repeatAt = giveUpAt;
          else if (came.code !== EMPTY && formatBytes(came.token) === token) return came;
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

  async send(message: Message, client = 0): Promise<void> {
    await this.sendBytes(encodeMessage(message), client);
  }

  async sendBytes(datagram: Uint8Array, client = 0): Promise<void> {
    this.ladder.arrived(this.now(), 0, datagram);
    await this.server.send(client, datagram);
  }

  /** Another raw client, with an address of its own. */
  addClient(): number {
    this.clients.push(new ScriptedClient(this.clients.length));
    return this.clients.length - 1;
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
    const { server: client, datagram } = arrival;
    const message = decodeMessage(datagram, LONGEST_TOKEN);
    this.ladder.sent(this.now(), 0, datagram);
    if (isMalformed(message)) {
      const why = `a datagram is malformed: ${message.fault} at byte ${message.at} (${message.source})`;
      throw new Ended("fail", why, "well-formed" satisfies keyof typeof UNIVERSAL_CRITERIA);
    }
    const { downlink, response, replies } = this.clients[client].handle(this.now(), message);
    if (downlink !== undefined && isRequest(message.code)) this.downlinks.push(downlink);
    if (response !== undefined) this.responses.push({ client, message: response });
    for (const reply of replies) await this.send(reply, client);
    return true;
  }
}

/** The text of a payload. */
export function textOf(message: Message): string {
  return decodeUtf8(message.payload);
}
