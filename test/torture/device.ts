/** A device that answers everything, registers and notifies, and knows which of it was acknowledged. */
import { createSocket, type Socket } from "node:dgram";
import { CHANGED, CONTENT, DELETE, GET, isRequest, POST } from "../../protocol/coap/codes.ts";
import { encodeLinks } from "../../protocol/coap/link-format.ts";
import {
  ACK,
  CON,
  decodeMessage,
  encodeMessage,
  type Message,
  NO_BYTES,
} from "../../protocol/coap/message.ts";
import {
  LOCATION_PATH,
  OBSERVE,
  type Option,
  URI_PATH,
  uintOf,
} from "../../protocol/coap/options.ts";
import { pathOf, pathOptions, queryOptions } from "../../protocol/coap/uri.ts";
import { isMalformed } from "../../protocol/malformed.ts";

/** An answer may take so long before the exchange counts as without one, ms; every loss on loopback is a kill. */
const PATIENCE = 5000;

const NO_OBSERVE = -1;

export class Device {
  readonly name: string;
  /** Where it is registered, as far as it was told. */
  location: string | undefined = undefined;
  /** What it was asked beside reads: method and path. */
  requests = 0;
  /** A sleeping device hears nothing while it sleeps. */
  isAsleep = false;
  private readonly socket: Socket;
  private readonly port: () => number;
  private readonly waiting = new Map<number, (answer: Message | undefined) => void>();
  private readonly tokens = new Map<string, Uint8Array>();
  private messageId: number;
  private sequence = 1;

  static async open(name: string, port: () => number, messageId: number): Promise<Device> {
    const device = new Device(name, port, messageId);
    await new Promise<void>((done) => device.socket.bind(0, "127.0.0.1", done));
    return device;
  }

  private constructor(name: string, port: () => number, messageId: number) {
    this.name = name;
    this.port = port;
    this.messageId = messageId & 0xffff;
    this.socket = createSocket("udp4");
    this.socket.on("message", (datagram) => this.handleDatagram(datagram));
  }

  /** Registers with these paths; undefined when it was not answered. */
  async register(paths: readonly string[], queueMode = false): Promise<number | undefined> {
    const query = [`ep=${this.name}`, "lt=86400", "lwm2m=1.1", "b=U", ...(queueMode ? ["Q"] : [])];
    const answer = await this.request(POST, "/rd", query, links(paths));
    if (answer !== undefined) this.location = pathOf(answer.options, LOCATION_PATH);
    return answer?.code;
  }

  async update(paths?: readonly string[]): Promise<number | undefined> {
    const body = paths === undefined ? NO_BYTES : links(paths);
    return (await this.request(POST, this.location ?? "/rd/none", [], body))?.code;
  }

  async deregister(): Promise<number | undefined> {
    return (await this.request(DELETE, this.location ?? "/rd/none", []))?.code;
  }

  isObserved(path: string): boolean {
    return this.tokens.has(path);
  }

  /** Sends a value; true when it was acknowledged, undefined when it was not answered. */
  async notify(path: string, text: string): Promise<boolean | undefined> {
    const token = this.tokens.get(path);
    if (token === undefined) return undefined;
    this.sequence++;
    const sequence = new Uint8Array([this.sequence >> 16, this.sequence >> 8, this.sequence]);
    const payload = new TextEncoder().encode(text);
    const options = [{ number: OBSERVE, value: sequence }];
    const answer = await this.exchange({ code: CONTENT, token, options, payload });
    if (answer === undefined) return undefined;
    return answer.type === ACK;
  }

  /** What waits for an answer has none: the connector was killed. */
  abandon(): void {
    for (const settle of this.waiting.values()) settle(undefined);
    this.waiting.clear();
  }

  close(): void {
    this.abandon();
    this.socket.close();
  }

  private request(code: number, path: string, query: readonly string[], payload = NO_BYTES) {
    const options = [...pathOptions(URI_PATH, path), ...queryOptions(query)];
    return this.exchange({ code, token: NO_BYTES, options, payload });
  }

  private exchange(
    part: Pick<Message, "code" | "token" | "options" | "payload">,
  ): Promise<Message | undefined> {
    this.messageId = (this.messageId + 1) & 0xffff;
    const { messageId } = this;
    this.send(encodeMessage({ type: CON, messageId, ...part }));
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.waiting.delete(messageId);
        resolve(undefined);
      }, PATIENCE);
      this.waiting.set(messageId, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  private handleDatagram(datagram: Buffer): void {
    const message = decodeMessage(datagram);
    if (isMalformed(message)) return;
    if (isRequest(message.code)) {
      if (!this.isAsleep) this.answer(message);
      return;
    }
    this.waiting.get(message.messageId)?.(message);
    this.waiting.delete(message.messageId);
  }

  private answer(request: Message): void {
    const path = pathOf(request.options, URI_PATH);
    const options: Option[] = [];
    if (request.code === GET) {
      const observe = uintOf(request.options, OBSERVE, NO_OBSERVE);
      if (observe === 0) {
        this.tokens.set(path, request.token.slice());
        options.push({ number: OBSERVE, value: new Uint8Array([1]) });
      } else if (observe === 1) this.tokens.delete(path);
    } else this.requests++;
    const { messageId, token } = request;
    const code = request.code === GET ? CONTENT : CHANGED;
    const payload = request.code === GET ? new TextEncoder().encode("0") : NO_BYTES;
    this.send(encodeMessage({ type: ACK, code, messageId, token, options, payload }));
  }

  private send(datagram: Uint8Array): void {
    this.socket.send(datagram, this.port(), "127.0.0.1");
  }
}

function links(paths: readonly string[]): Uint8Array {
  const list = paths.map((uri) => ({ uri, attributes: [] }));
  return new TextEncoder().encode(encodeLinks(list));
}
