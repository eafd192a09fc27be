/** A client with what CoAP leaves to each server, around one that has none of it: ETags, late answers, lists of links, queries of locations. */
import { CREATED, isRequest } from "../../../protocol/coap/codes.ts";
import {
  ACK,
  CON,
  decodeMessage,
  encodeMessage,
  type Message,
  RST,
} from "../../../protocol/coap/message.ts";
import {
  LOCATION_QUERY,
  type Option,
  textOption,
  textsOf,
  URI_PATH,
  URI_QUERY,
} from "../../../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../../../protocol/coap/uri.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { Arrival, ClientUnderTest } from "../../conformance/client-under-test.ts";
import { type AskClient, ConditionalRequests } from "./conditional-requests.ts";
import { LinkResources } from "./link-resources.ts";
import { SLOW_PATH, SlowResource } from "./slow-resource.ts";

/** Of questions of our own to the client within. */
const FIRST_MESSAGE_ID = 0xd000;

export class CoapExtras implements ClientUnderTest {
  readonly tolerance: number;
  readonly serverUris: readonly string[];
  private readonly client: ClientUnderTest;
  private readonly injected: Arrival[] = [];
  private readonly slow = new SlowResource();
  private readonly conditions: ConditionalRequests;
  private readonly links: LinkResources;
  /** Of the location, for requests to it. */
  private locationQuery: readonly Option[] = [];
  private questions = 0;

  constructor(client: ClientUnderTest) {
    const ask: AskClient = (question) => this.ask(question);
    this.client = client;
    this.tolerance = client.tolerance;
    this.serverUris = client.serverUris;
    this.conditions = new ConditionalRequests(ask);
    this.links = new LinkResources(ask);
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

  async send(server: number, datagram: Uint8Array): Promise<void> {
    const message = decodeMessage(datagram);
    if (isMalformed(message) || server > 0) return this.client.send(server, datagram);
    if (message.code === CREATED) {
      const queries = textsOf(message.options, LOCATION_QUERY);
      this.locationQuery = queries.map((text) => textOption(URI_QUERY, text));
    }
    const path = pathOf(message.options, URI_PATH);
    if (isRequest(message.code) && path === SLOW_PATH) {
      this.slow.handle(this.now(), datagram);
      return;
    }
    if (message.type === ACK || message.type === RST) this.slow.handle(this.now(), datagram);
    const answer =
      (await this.links.answer(message, path)) ?? (await this.conditions.refusal(message, path));
    if (answer !== undefined) this.inject(answer);
    else {
      const plain = this.conditions.without(message);
      await this.client.send(server, plain === message ? datagram : encodeMessage(plain));
    }
  }

  async receive(until: number): Promise<Arrival | undefined> {
    for (;;) {
      const slow = this.slow.pollTransmit();
      if (slow !== undefined) return { server: 0, datagram: slow };
      const injected = this.injected.shift();
      if (injected !== undefined) return injected;
      const due = this.slow.deadline();
      const arrival = await this.client.receive(Math.min(until, due));
      if (arrival !== undefined) return this.changed(arrival);
      if (due > until) return undefined;
      this.slow.handleTimeout(this.now());
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private changed(arrival: Arrival): Arrival {
    const message = decodeMessage(arrival.datagram);
    if (isMalformed(message) || arrival.server > 0) return arrival;
    const isUpdate = pathOf(message.options, URI_PATH).startsWith("/rd/");
    const changed =
      isUpdate && this.locationQuery.length > 0
        ? { ...message, options: [...message.options, ...this.locationQuery] }
        : this.conditions.tagged(message);
    return changed === message ? arrival : { server: 0, datagram: encodeMessage(changed) };
  }

  private inject(message: Message): void {
    this.injected.push({ server: 0, datagram: encodeMessage(message) });
  }

  /** Asks the client within, as its server would, and takes the answer out of what it says. */
  private async ask(question: Parameters<AskClient>[0]): Promise<Message | undefined> {
    const messageId = FIRST_MESSAGE_ID + (++this.questions & 0xfff);
    const options = [...pathOptions(URI_PATH, question.path), ...question.options];
    const payload = new Uint8Array(0);
    const token = Uint8Array.of(0xdd);
    const message = { type: CON, code: question.code, messageId, token, options, payload };
    await this.client.send(0, encodeMessage(message));
    for (;;) {
      const arrival = await this.client.receive(this.now());
      if (arrival === undefined) return undefined;
      const said = decodeMessage(arrival.datagram);
      if (!isMalformed(said) && !isRequest(said.code) && said.messageId === messageId) return said;
      this.injected.push(this.changed(arrival));
    }
  }
}
