/** Composite operations and Send, made of single Reads and Writes of an agent that has none of them. */
import { CHANGED, CONTENT, GET, IPATCH, POST, PUT } from "../../../protocol/coap/codes.ts";
import { SENML_CBOR } from "../../../protocol/coap/content-formats.ts";
import { CON, type Message, NO_BYTES } from "../../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  OBSERVE,
  type Option,
  URI_PATH,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { pathOptions } from "../../../protocol/coap/uri.ts";
import { SENML_ETCH_CBOR_PATHS } from "../../../protocol/content/senml-cbor-etch.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { formatPath } from "../../../protocol/model/path.ts";
import { NEVER, SECOND } from "../../../protocol/time/duration.ts";
import type { ClientSetup } from "../../conformance/client-under-test.ts";
import { decodeValues, encodeValues } from "../../conformance/content.ts";
import { answer, answerWith } from "./answers.ts";

export interface Question {
  readonly code: number;
  readonly path: string;
  readonly options: readonly Option[];
  readonly payload: Uint8Array;
}

export interface CompositeHost {
  say(message: Message): void;
  /** Asks the agent. */
  ask(question: Question): Promise<Message | undefined>;
}

interface Observation {
  readonly paths: readonly string[];
  readonly token: Uint8Array;
  /** Of the last notification. */
  at: number;
  sequence: number;
}

export class CompositeOperations {
  private readonly setup: ClientSetup;
  private readonly host: CompositeHost;
  /** In ms, by path. */
  private readonly pmax = new Map<string, number>();
  private observation: Observation | undefined;
  private messageIds = 0xc000;

  constructor(setup: ClientSetup, host: CompositeHost) {
    this.setup = setup;
    this.host = host;
  }

  async handle(now: number, message: Message): Promise<void> {
    if (message.code === IPATCH) return this.write(message);
    const paths = SENML_ETCH_CBOR_PATHS.decode(message.payload);
    const names = isMalformed(paths) ? [] : paths.map(formatPath);
    const observe = uintOf(message.options, OBSERVE, -1);
    if (observe === 0)
      this.observation = { paths: names, token: message.token, at: now, sequence: 1 };
    if (observe === 1) this.observation = undefined;
    const options = observe === 0 ? [uintOption(OBSERVE, 1)] : [];
    const payload = encodeValues(SENML_CBOR, "/", await this.read(names));
    this.host.say(answerWith(message, CONTENT, SENML_CBOR, payload, options));
  }

  /** Takes in what a Write-Attributes says. */
  remember(path: string, query: readonly string[]): void {
    const pmax = query.find((one) => one.startsWith("pmax="));
    if (pmax !== undefined) this.pmax.set(path, Number(pmax.slice(5)) * SECOND);
  }

  deadline(): number {
    const observation = this.observation;
    if (observation === undefined) return NEVER;
    return observation.at + Math.min(...observation.paths.map((path) => this.pmaxOf(path)));
  }

  async handleTimeout(now: number): Promise<void> {
    const observation = this.observation;
    if (observation === undefined) return;
    observation.at = now;
    const payload = encodeValues(SENML_CBOR, "/", await this.read(observation.paths));
    this.host.say({
      type: CON,
      code: CONTENT,
      messageId: ++this.messageIds,
      token: observation.token,
      options: [
        uintOption(OBSERVE, ++observation.sequence),
        uintOption(CONTENT_FORMAT, SENML_CBOR),
      ],
      payload,
    });
  }

  /** Sends these values, unless the server has muted the client. */
  async report(paths: readonly string[]): Promise<void> {
    const muted = (await this.read(["/1/0/23"]))["/1/0/23"];
    if (muted !== false) return;
    const payload = encodeValues(SENML_CBOR, "/", await this.read(paths));
    const options = [...pathOptions(URI_PATH, "/dp"), uintOption(CONTENT_FORMAT, SENML_CBOR)];
    const messageId = ++this.messageIds;
    const token = Uint8Array.of(0xc5, messageId & 0xff);
    this.host.say({ type: CON, code: POST, messageId, token, options, payload });
  }

  /** The nearest of the path and what is above it. */
  private pmaxOf(path: string): number {
    for (let at = path; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
      const pmax = this.pmax.get(at);
      if (pmax !== undefined) return pmax;
    }
    return NEVER;
  }

  private async read(paths: readonly string[]): Promise<Record<string, Value>> {
    const objects = Object.keys(this.setup.configuration.objects).map((id) => `/${id}`);
    const found = new Map<string, Value>();
    for (const path of paths.flatMap((one) => (one === "/" ? objects : [one]))) {
      const options = [uintOption(ACCEPT, SENML_CBOR)];
      const said = await this.host.ask({ code: GET, path, options, payload: NO_BYTES });
      const values = said?.code === CONTENT ? decodeValues(SENML_CBOR, said.payload, path) : "";
      if (typeof values !== "string") for (const [at, value] of values) found.set(at, value);
    }
    return Object.fromEntries(found);
  }

  private async write(message: Message): Promise<void> {
    const format = uintOf(message.options, CONTENT_FORMAT, -1);
    const values = decodeValues(format, message.payload, "/");
    let code: number = CHANGED;
    for (const [path, value] of typeof values === "string" ? [] : values) {
      const payload = encodeValues(format, path, { [path]: value });
      const options = [uintOption(CONTENT_FORMAT, format)];
      const said = await this.host.ask({ code: PUT, path, options, payload });
      if (said !== undefined && said.code !== CHANGED) code = said.code;
    }
    this.host.say(answer(message, code));
  }
}
