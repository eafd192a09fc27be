/** A client while it is configured by a bootstrap server (LwM2M Core 1.1.1 §6.1.7). */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  DELETE,
  DELETED,
  GET,
  isRequest,
  NOT_ACCEPTABLE,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, SENML_CBOR, TLV } from "../../../protocol/coap/content-formats.ts";
import { ACK, CON, type Message, NO_BYTES } from "../../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  textOption,
  URI_PATH,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../../../protocol/coap/uri.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import type { ClientSetup } from "../../conformance/client-under-test.ts";
import { configuredValues } from "../../conformance/configurations.ts";
import { decodeValues, encodeValues } from "../../conformance/content.ts";
import { answer, answerWith } from "./answers.ts";

/** Values by resource id. */
type Account = Record<number, Value>;

export interface BootstrapHost {
  say(message: Message): void;
  /** The configuration is whole. @param uri of the server with the first account */
  finish(accounts: Record<number, Account>, uri: string): Promise<void>;
}

export class BootstrapPhase {
  private readonly setup: ClientSetup;
  private readonly host: BootstrapHost;
  private readonly values = new Map<string, Value>();
  private messageIds = 0xb000;

  constructor(setup: ClientSetup, uri: string, host: BootstrapHost) {
    this.setup = setup;
    this.host = host;
    for (const [path, value] of Object.entries(configuredValues(setup.configuration, "/1"))) {
      this.values.set(path, value);
    }
    const own: Account = { 0: uri, 1: true, 2: 3, 3: NO_BYTES, 4: NO_BYTES, 5: NO_BYTES };
    for (const [id, value] of Object.entries(own)) this.values.set(`/0/1/${id}`, value);
  }

  /** Asks to be configured; since LwM2M 1.2 for all of it at once. */
  request(): void {
    if (this.setup.version === "1.2") {
      this.ask(GET, "/bspack", [uintOption(ACCEPT, SENML_CBOR)]);
    } else this.ask(POST, "/bs", []);
  }

  async handle(message: Message): Promise<void> {
    if (isRequest(message.code)) await this.handleRequest(message);
    else if (message.type !== ACK) return;
    else if (message.code === CONTENT) {
      this.store(message, "/");
      await this.finish();
      // Whatever else it says to a request for the pack: the long way.
    } else if (message.code !== CHANGED) this.ask(POST, "/bs", []);
  }

  private async handleRequest(message: Message): Promise<void> {
    const path = pathOf(message.options, URI_PATH);
    const accept = uintOf(message.options, ACCEPT, TLV);
    if (message.code === PUT) {
      this.host.say(answer(message, this.store(message, path) ? CHANGED : BAD_REQUEST));
    } else if (message.code === DELETE) {
      this.remove(path);
      this.host.say(answer(message, DELETED));
    } else if (message.code === GET && accept === LINK_FORMAT) {
      this.host.say(answerWith(message, CONTENT, LINK_FORMAT, encodeUtf8(this.links())));
    } else if (message.code === GET) {
      const payload = encodeValues(accept, path, this.below(path));
      this.host.say(answerWith(message, CONTENT, accept, payload));
    } else {
      const isWhole = this.values.has("/0/0/0") && this.values.has("/1/0/0");
      this.host.say(answer(message, isWhole ? CHANGED : NOT_ACCEPTABLE));
      if (isWhole) await this.finish();
    }
  }

  private async finish(): Promise<void> {
    const account: Account = {};
    for (const [path, value] of Object.entries(this.below("/1/0"))) {
      account[Number(path.split("/")[3])] = value;
    }
    await this.host.finish({ 0: account }, String(this.values.get("/0/0/0")));
  }

  private store({ options, payload }: Message, path: string): boolean {
    const values = decodeValues(uintOf(options, CONTENT_FORMAT, -1), payload, path);
    if (typeof values === "string") return false;
    for (const [at, value] of values) this.values.set(at, value);
    return true;
  }

  private remove(path: string): void {
    for (const at of Object.keys(this.below(path))) {
      if (!at.startsWith("/0/1/")) this.values.delete(at);
    }
  }

  private below(path: string): Record<string, Value> {
    const from = path === "/" ? path : `${path}/`;
    return Object.fromEntries([...this.values].filter(([at]) => at.startsWith(from)));
  }

  private links(): string {
    const { version } = this.setup;
    const root = version === "1.0" ? 'lwm2m="1.0"' : `</>;lwm2m=${version}`;
    const instances = new Set(
      [...this.values.keys(), "/3/0/0"].map((at) => /^\/\d+\/\d+/.exec(at)?.[0]),
    );
    return [root, ...[...instances].map((uri) => `<${uri}>${this.shortServerIdOf(`${uri}`)}`)].join(
      ",",
    );
  }

  private shortServerIdOf(uri: string): string {
    const id = this.values.get(uri.startsWith("/0/") ? `${uri}/10` : `${uri}/0`);
    return typeof id === "number" ? `;ssid=${id}` : "";
  }

  private ask(code: number, path: string, options: Message["options"]): void {
    const query = textOption(URI_QUERY, `ep=${this.setup.endpointName}`);
    this.host.say({
      type: CON,
      code,
      messageId: ++this.messageIds,
      token: Uint8Array.of(0xb5, this.messageIds & 0xff),
      options: [...pathOptions(URI_PATH, path), query, ...options],
      payload: NO_BYTES,
    });
  }
}
