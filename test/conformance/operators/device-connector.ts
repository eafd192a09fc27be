/** The operator interface of the mbed Device Connector, and so of Dormouse's own: `--rest URL --key KEY`. */
import type { KnownClient, Operator, Order, Outcome, ServerClaims } from "../server-under-test.ts";

const CLAIMS: ServerClaims = {
  versions: ["1.0", "1.1", "1.2"],
  abilities: ["list", "read", "write", "execute", "delete", "observe", "queue mode"],
};
/** Outcomes and values kept; a run has a few hundred. */
const MOST_KEPT = 10_000;

interface AsyncResponse {
  readonly id: string;
  readonly status: number;
  readonly payload?: string;
}

interface Notification {
  readonly ep: string;
  readonly path: string;
  readonly payload: string;
}

interface Message {
  readonly "async-responses"?: readonly AsyncResponse[];
  readonly notifications?: readonly Notification[];
}

/**
 * Opens the interface: a notification channel that is polled until `close`.
 *
 * Rejects when the URL does not answer, or the key is refused.
 */
export async function deviceConnectorOperator(url: string, key: string): Promise<Operator> {
  const operator = new DeviceConnectorOperator(url.replace(/\/+$/, ""), key);
  await operator.open();
  return operator;
}

class DeviceConnectorOperator implements Operator {
  readonly name = "Device Connector REST API";
  readonly claims = CLAIMS;
  private readonly url: string;
  private readonly key: string;
  private readonly outcomes = new Map<string, Outcome>();
  private readonly values = new Map<string, string[]>();
  /** The orders that subscribe: their first value is one that was told. */
  private readonly subscribing = new Map<string, string>();
  private readonly closing = new AbortController();
  private polling: Promise<void> = Promise.resolve();
  private immediate = 0;

  constructor(url: string, key: string) {
    this.url = url;
    this.key = key;
  }

  async open(): Promise<void> {
    const response = await this.fetch("GET", "/v2/notification/pull?noWait=true");
    if (response.status >= 400) {
      const reason = (await response.text()).slice(0, 200);
      throw new Error(`${this.url} answers ${response.status}: ${reason}`);
    }
    await this.takeIn(response);
    this.polling = this.poll();
  }

  async find(endpointName: string): Promise<KnownClient | undefined> {
    const response = await this.fetch("GET", `/v2/endpoints/${encodeURIComponent(endpointName)}`);
    if (response.status === 404) return undefined;
    const resources = await this.json<readonly { uri: string }[]>(response);
    const listing = await this.json<readonly { name: string; q?: boolean }[]>(
      await this.fetch("GET", "/v2/endpoints"),
    );
    const listed = listing.find(({ name }) => name === endpointName);
    if (listed === undefined) return undefined;
    return { queueMode: listed.q === true, paths: resources.map(({ uri }) => uri) };
  }

  async order(endpointName: string, order: Order): Promise<string> {
    const at = `${encodeURIComponent(endpointName)}${order.path}`;
    const resource = `/v2/endpoints/${at}`;
    switch (order.kind) {
      case "read":
        return this.submit("GET", resource);
      case "write":
        return this.submit("PUT", resource, String(order.value));
      case "execute":
        return this.submit("POST", resource, order.argumentList);
      case "delete":
        return this.submit("DELETE", resource);
      case "observe": {
        const id = await this.submit("PUT", `/v2/subscriptions/${at}`);
        const first = this.outcomes.get(id);
        if (first === undefined) this.subscribing.set(id, `${endpointName}${order.path}`);
        return id;
      }
      case "cancel":
        return this.submit("DELETE", `/v2/subscriptions/${at}`);
      default:
        throw new Error(`the Device Connector's interface has no "${order.kind}"`);
    }
  }

  outcome(orderId: string): Outcome | undefined {
    return this.outcomes.get(orderId);
  }

  told(endpointName: string, path: string): readonly string[] {
    return this.values.get(`${endpointName}${path}`) ?? [];
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.polling;
  }

  private async submit(method: string, path: string, body?: string): Promise<string> {
    const response = await this.fetch(method, path, body);
    const text = await response.text();
    if (response.status === 202)
      return (JSON.parse(text) as Record<string, string>)["async-response-id"];
    // Answered at once: from the cache, or refused.
    const id = `immediate ${++this.immediate}`;
    const isSuccess = response.status < 400;
    this.keep(id, { isSuccess, words: `${response.status}`, value: isSuccess ? text : undefined });
    return id;
  }

  private async poll(): Promise<void> {
    while (!this.closing.signal.aborted) {
      try {
        await this.takeIn(await this.fetch("GET", "/v2/notification/pull"));
      } catch {
        if (this.closing.signal.aborted) return;
        // A server that is gone for a moment is asked again; one that stays away ends cases inconclusive.
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  private async takeIn(response: Response): Promise<void> {
    const text = await response.text();
    if (response.status !== 200) return;
    const message = JSON.parse(text) as Message;
    for (const { id, status, payload } of message["async-responses"] ?? []) {
      const value = payload === undefined ? undefined : decoded(payload);
      this.keep(id, { isSuccess: status < 400, words: `${status}`, value });
      const subscribed = this.subscribing.get(id);
      this.subscribing.delete(id);
      if (subscribed !== undefined && value !== undefined && status < 400)
        this.tell(subscribed, value);
    }
    for (const { ep, path, payload } of message.notifications ?? []) {
      this.tell(`${ep}${path}`, decoded(payload));
    }
  }

  private keep(id: string, outcome: Outcome): void {
    if (this.outcomes.size < MOST_KEPT) this.outcomes.set(id, outcome);
  }

  private tell(at: string, value: string): void {
    const values = this.values.get(at) ?? [];
    if (values.length < MOST_KEPT) values.push(value);
    this.values.set(at, values);
  }

  private async json<T>(response: Response): Promise<T> {
    if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
    return (await response.json()) as T;
  }

  private fetch(method: string, path: string, body?: string): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.key}` };
    if (body !== undefined) headers["content-type"] = "text/plain";
    const { signal } = this.closing;
    return fetch(`${this.url}${path}`, { method, headers, body, signal });
  }
}

function decoded(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}
