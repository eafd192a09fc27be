/** An LwM2M client that is a script: CoAP on a socket, a tree of values, and bootstrap as the standard has it. */
import { createSocket, type Socket } from "node:dgram";
import { systemRandom } from "../../../connector/adapters/entropy.ts";
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  CoapEndpoint,
  type IncomingRequest,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
  type Response,
} from "../../../protocol/coap/coap-endpoint.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  DELETE,
  DELETED,
  GET,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TLV } from "../../../protocol/coap/content-formats.ts";
import { NO_BYTES } from "../../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  type Option,
  URI_PATH,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { pathOf, pathOptions, queryOptions } from "../../../protocol/coap/uri.ts";
import { SENML_CBOR_CODEC } from "../../../protocol/content/senml-cbor.ts";
import { TLV_CODEC } from "../../../protocol/content/tlv.ts";
import { standardDefinitions } from "../../../protocol/lwm2m/standard-objects.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { formatPath, isWithin, type Path, parsePath } from "../../../protocol/model/path.ts";

const definitionOf = standardDefinitions("1.1");
const BOOTSTRAP_ACCOUNT: Path = [0, 0];

export class ScriptedClient {
  /** Path -> value of what bootstrap has written. */
  readonly values = new Map<string, unknown>();
  /** One line for each request of the server. */
  readonly asked: string[] = [];
  private readonly name: string;
  private readonly socket: Socket;
  private readonly port: number;
  private readonly coap: CoapEndpoint;
  private readonly answers: Response[] = [];
  private wake: () => void = () => {};
  private isFinished = false;
  private readonly timer: NodeJS.Timeout;

  constructor(name: string, uri: string) {
    this.name = name;
    this.port = Number(new URL(uri).port);
    this.socket = createSocket("udp4");
    this.coap = new CoapEndpoint({
      random: systemRandom(),
      transmission: DEFAULT_TRANSMISSION,
      blockSize: 1024,
      maxBody: 65536,
      rememberedMessages: 16,
      maxRequests: 4,
    });
    this.socket.on("message", (datagram) => {
      this.coap.handleDatagram(performance.now(), new Uint8Array(datagram));
      this.pump();
    });
    this.timer = setInterval(() => {
      this.coap.handleTimeout(performance.now());
      this.pump();
    }, 100);
  }

  close(): void {
    clearInterval(this.timer);
    this.socket.close();
  }

  /** Asks to be bootstrapped; resolves when the server has finished. Rejects when it refuses. */
  async bootstrap(...query: string[]): Promise<void> {
    const { code } = await this.ask(POST, "/bs", [`ep=${this.name}`, ...query]);
    if (code !== CHANGED) throw new Error(`/bs was answered ${code}`);
    await this.until(() => this.isFinished);
    // What was sent last is on its way.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Registers where it is. */
  async register(): Promise<Response> {
    const options = [uintOption(CONTENT_FORMAT, LINK_FORMAT)];
    const query = [`ep=${this.name}`, "lt=300", "lwm2m=1.1", "b=U"];
    return this.ask(POST, "/rd", query, encodeUtf8("</1/0>,</3/0>"), options);
  }

  async ask(
    code: number,
    path: string,
    query: string[],
    payload = NO_BYTES,
    more: Option[] = [],
  ): Promise<Response> {
    const options = [...pathOptions(URI_PATH, path), ...queryOptions(query), ...more];
    this.coap.request(performance.now(), { code, options, payload });
    this.pump();
    await this.until(() => this.answers.length > 0);
    return this.answers.shift() as Response;
  }

  /** Waits until something of the server's has come. */
  async until(isThere: () => boolean): Promise<void> {
    const giveUp = performance.now() + 20_000;
    while (!isThere()) {
      if (performance.now() > giveUp) throw new Error(`nothing came; asked: ${this.asked}`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, 200);
      });
    }
  }

  private pump(): void {
    for (let event = this.coap.pollEvent(); event; event = this.coap.pollEvent()) {
      if (event.kind === REQUEST_RECEIVED) {
        this.coap.respond(performance.now(), event.request, this.serve(event.request));
      } else if (event.kind === RESPONSE_RECEIVED) this.answers.push(event.response);
    }
    for (let sent = this.coap.pollTransmit(); sent; sent = this.coap.pollTransmit()) {
      this.socket.send(sent, this.port, "127.0.0.1");
    }
    this.wake();
  }

  private serve(request: IncomingRequest): Response {
    const path = pathOf(request.options, URI_PATH);
    this.asked.push(`${["", "GET", "POST", "PUT", "DELETE"][request.code]} ${path}`);
    if (path === "/bs") this.isFinished = true;
    const at = parsePath(path) ?? [];
    switch (request.code) {
      case GET: {
        const links = '</>;lwm2m=1.1,</0/0>;uri="coap://127.0.0.1"';
        const options = [uintOption(CONTENT_FORMAT, LINK_FORMAT)];
        return { code: CONTENT, options, payload: encodeUtf8(links) };
      }
      case DELETE:
        for (const name of [...this.values.keys()]) {
          if (isWithin(parsePath(name) ?? [], at)) this.values.delete(name);
        }
        return bare(DELETED);
      case PUT:
        return bare(this.write(at, request) ? CHANGED : BAD_REQUEST);
      default:
        return bare(CHANGED);
    }
  }

  private write(at: Path, { options, payload }: IncomingRequest): boolean {
    if (isWithin(at, BOOTSTRAP_ACCOUNT)) return false;
    const codec = uintOf(options, CONTENT_FORMAT, 0) === TLV ? TLV_CODEC : SENML_CBOR_CODEC;
    const entries = codec.decode(payload, at, definitionOf);
    if (isMalformed(entries)) return false;
    for (const { path, value } of entries) this.values.set(formatPath(path), value);
    return true;
  }
}

function bare(code: number): Response {
  return { code, options: [], payload: NO_BYTES };
}
