/** A program that was written for the Leshan demo server's HTTP API, of one device. */
import { EventLog } from "./event-log.ts";
import type { RestClient } from "./rest-client.ts";

/** JSON of whatever form: the tests say which. */
type Parsed = ReturnType<typeof JSON.parse>;

interface Told {
  readonly name: string;
  readonly content: Parsed;
}

export class LeshanApi {
  private readonly client: RestClient;
  private readonly endpointName: string;
  private readonly events = new EventLog<Told>();
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;

  private constructor(
    rest: RestClient,
    endpointName: string,
    reader: ReadableStreamDefaultReader<Uint8Array>,
  ) {
    this.client = rest;
    this.endpointName = endpointName;
    this.reader = reader;
  }

  /** Listens to the device's events from now on. */
  static async open(rest: RestClient, endpointName: string): Promise<LeshanApi> {
    const response = await rest.send("GET", `/../api/event?ep=${endpointName}`);
    if (response.body === null) throw new Error(`no events: ${response.status}`);
    const api = new LeshanApi(rest, endpointName, response.body.getReader());
    void api.listen().catch(() => {});
    return api;
  }

  /** @param place below the device, with its parameters: `3/0/0?format=TLV` */
  async ask(method: string, place: string, body?: object): Promise<Parsed> {
    const headers = { "Content-Type": "application/json" };
    const path = `/../api/clients/${this.endpointName}${place && `/${place}`}`;
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const response = await this.client.send(method, path, sent, body === undefined ? {} : headers);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${place}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  async event(name: string): Promise<Parsed> {
    return (await this.events.next(`event ${name}`, (told) => told.name === name)).content;
  }

  /** The events of this name that nobody has taken. */
  untaken(name: string): readonly Parsed[] {
    return this.events
      .rest()
      .filter((told) => told.name === name)
      .map(({ content }) => content);
  }

  close(): Promise<void> {
    return this.reader.cancel();
  }

  private async listen(): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for (
      let { value, done } = await this.reader.read();
      !done;
      { value, done } = await this.reader.read()
    ) {
      text += decoder.decode(value, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) this.take(block);
    }
  }

  /** `event: NAME`, then `data: JSON`; all else is a heartbeat. */
  private take(block: string): void {
    const [, name, content] = /^event: (\S+)\ndata: (.*)$/.exec(block) ?? [];
    if (name === undefined || content === undefined) return;
    this.events.add({ name, content: content === "" ? undefined : JSON.parse(content) });
  }
}
