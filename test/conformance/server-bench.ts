/**
 * What a procedure that judges a server works with: raw clients on one side, the operator on the other, time between them, and the verdict.
 */
import { decodeUtf8, encodeUtf8 } from "../../protocol/bytes/utf8.ts";
import { CHANGED, CREATED, DELETE, DELETED, POST } from "../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../protocol/coap/content-formats.ts";
import { encodeMessage, type Message } from "../../protocol/coap/message.ts";
import { LOCATION_PATH } from "../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION, maxTransmitWait } from "../../protocol/coap/parameters.ts";
import { pathOf } from "../../protocol/coap/uri.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { SECOND } from "../../protocol/time/duration.ts";
import type { Version } from "./case.ts";
import { Ended } from "./judging.ts";
import { sentenceOf } from "./order-words.ts";
import { answered, codeWords, RawClients } from "./raw-clients.ts";
import type {
  KnownClient,
  Order,
  Outcome,
  ServerConnection,
  ServerUnderTest,
} from "./server-under-test.ts";

export { SERVER_PROMPT } from "./raw-clients.ts";

/** How long an order may take: the server's retransmissions, and a little. */
export const ORDER_PATIENCE: Milliseconds = maxTransmitWait(DEFAULT_TRANSMISSION) + 5 * SECOND;

/** The objects that the raw clients list unless a case says otherwise. */
export const USUAL_LIST = "</1/0>,</3/0>";

/** How a raw client registers. */
export interface Registering {
  /** `lt=300`, `lwm2m=1.1`, `b=U` ...; `ep` is added. */
  readonly query?: readonly string[];
  readonly list?: string;
  readonly client?: number;
}

export class ServerBench<Criterion extends string = string> extends RawClients<Criterion> {
  readonly endpointName: string;
  /** As the server gave it in its last answer to Register, `/rd/...`. */
  location = "";

  constructor(server: ServerUnderTest, version: Version, endpointName: string) {
    super(server, version);
    this.endpointName = endpointName;
  }

  // What the operator does.

  known(endpointName = this.endpointName): Promise<KnownClient | undefined> {
    return this.server.operator.find(endpointName);
  }

  /** Orders something; the raw clients answer while it is carried out. */
  order(order: Order): Promise<string> {
    this.step(`the operator's order: ${sentenceOf(order)}`);
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

  /** What the operator was told of an observed or sent resource. */
  told(path: string): readonly string[] {
    return this.server.operator.told(this.endpointName, path);
  }

  // What the raw clients do.

  /** Registers as most clients do; what other criteria build on. */
  async givenRegistered(registering: Registering = {}): Promise<void> {
    this.step("the client registers");
    const answer = await this.register(registering);
    this.given(
      answer?.code === CREATED,
      `Register was answered by ${codeWords(answer)}, not by 2.01`,
    );
  }

  async register(registering: Registering = {}): Promise<Message | undefined> {
    return this.takeLocation(
      await this.exchange(this.registration(registering), registering.client),
    );
  }

  /** A Register to send. */
  registration({ query, list = USUAL_LIST, client }: Registering = {}): Message {
    const parameters = query ?? this.usualQuery();
    const isNamed = parameters.some((one) => one.startsWith("ep="));
    return this.compose(POST, "/rd", {
      query: isNamed ? parameters : [`ep=${this.endpointName}`, ...parameters],
      payload: encodeUtf8(list),
      format: LINK_FORMAT,
      client,
    });
  }

  /** A TCP connection to the server; who cannot connect cannot be judged by what comes over it. */
  async connect(): Promise<ServerConnection> {
    try {
      return this.givenFound(await this.server.connect?.(), "the server has no address over TCP");
    } catch (error) {
      if (error instanceof Ended) throw error;
      return this.lack(`no TCP connection: ${(error as Error).message}`);
    }
  }

  usualQuery(lifetime = 300): string[] {
    return [`lt=${lifetime}`, `lwm2m=${this.version}`, "b=U"];
  }

  /** Remembers where the client is registered from then on. */
  takeLocation(answer: Message | undefined): Message | undefined {
    if (answer?.code === CREATED) this.location = pathOf(answer.options, LOCATION_PATH);
    return answer;
  }

  update(query: readonly string[] = [], list?: string, client = 0): Promise<Message | undefined> {
    const payload = list === undefined ? undefined : encodeUtf8(list);
    const format = list === undefined ? undefined : LINK_FORMAT;
    return this.request(POST, this.location, { query, payload, format, client });
  }

  deregister(): Promise<Message | undefined> {
    return this.request(DELETE, this.location);
  }

  async givenUpdated(query: readonly string[] = []): Promise<void> {
    const answer = await this.update(query);
    this.given(
      answer?.code === CHANGED,
      `Update was answered by ${codeWords(answer)}, not by 2.04`,
    );
  }

  async givenDeregistered(): Promise<void> {
    const answer = await this.deregister();
    this.given(answer?.code === DELETED, answered("De-register", answer));
  }

  /** The case is over: the server shall not go on with what was begun in it. Whatever becomes of that. */
  async leave(): Promise<void> {
    await this.server.operator.release?.(this.endpointName);
    if (this.location === "") return;
    await this.server.send(0, encodeMessage(this.compose(DELETE, this.location)));
  }
}

/** The text of a payload. */
export function textOf(message: Message): string {
  return decodeUtf8(message.payload);
}
