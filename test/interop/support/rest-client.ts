/** An application of the connector: asks over HTTP, and is told over the long poll. */
import { EventLog } from "./event-log.ts";

/** One member of a notification message, whichever kind it is of. */
export interface Told {
  readonly kind: string;
  readonly [field: string]: unknown;
}

export interface AsyncAnswer {
  readonly status: number;
  readonly error: string | undefined;
  readonly contentType: string | undefined;
  readonly payload: string;
}

export class RestClient {
  /** Registrations, updates and notifications; payloads as text. */
  readonly events = new EventLog<Told>();
  private readonly answers = new EventLog<Told>();
  private readonly base: string;
  private readonly headers: Record<string, string>;
  private readonly closing = new AbortController();
  private polling: Promise<void> | undefined;

  private constructor(base: string, accessKey: string) {
    this.base = base;
    this.headers = { Authorization: `Bearer ${accessKey}` };
  }

  /** Opens the notification channel too, which requests to devices need. */
  static async open(base: string, accessKey: string): Promise<RestClient> {
    const client = new RestClient(base, accessKey);
    await client.pull("?noWait=true");
    client.polling = client.poll();
    return client;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.polling;
  }

  send(method: string, path: string, body?: string | Uint8Array, headers = {}): Promise<Response> {
    const request = { method, body, headers: { ...this.headers, ...headers } };
    return fetch(`${this.base}/v2${path}`, { ...request, signal: this.closing.signal });
  }

  /** Asks a device, and waits for the async response. */
  async ask(
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers = {},
  ): Promise<AsyncAnswer> {
    const response = await this.send(method, path, body, headers);
    const text = await response.text();
    if (response.status !== 202) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    const id = (JSON.parse(text) as Record<string, string>)["async-response-id"];
    const told = await this.answers.next(
      `answer to ${method} ${path}`,
      (told) => told["id"] === id,
    );
    return {
      status: told["status"] as number,
      error: told["error"] as string | undefined,
      contentType: told["ct"] as string | undefined,
      payload: told["payload"] as string,
    };
  }

  private async poll(): Promise<void> {
    while (!this.closing.signal.aborted) {
      await this.pull("").catch((error: unknown) => {
        if (!this.closing.signal.aborted) throw error;
      });
    }
  }

  private async pull(query: string): Promise<void> {
    const response = await this.send("GET", `/notification/pull${query}`);
    if (response.status === 204) return;
    const message = (await response.json()) as Record<string, unknown[]>;
    for (const [kind, members] of Object.entries(message)) {
      for (const member of members) {
        if (typeof member === "string") this.events.add({ kind, ep: member });
        else (kind === "async-responses" ? this.answers : this.events).add(toldOf(kind, member));
      }
    }
  }
}

function toldOf(kind: string, member: unknown): Told {
  const fields = member as Record<string, unknown>;
  const payload = fields["payload"];
  if (typeof payload !== "string") return { kind, ...fields };
  return { kind, ...fields, payload: Buffer.from(payload, "base64").toString() };
}
