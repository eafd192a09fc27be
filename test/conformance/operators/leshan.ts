/**
 * The operator interface of Eclipse Leshan's demo server, and of what imitates it: `--rest URL --api leshan`.
 *
 * What a client answers comes as HTTP 200 with a status like `CONTENT(205)`; HTTP errors are the server's own. Notifications and the
 * comings and goings of clients come on an event stream.
 */
import type { Value } from "../../../protocol/model/data-types.ts";
import { TYPE_MASK } from "../../../protocol/model/data-types.ts";
import { flagsAt } from "../../../protocol/model/object-definition.ts";
import { pathOfText } from "../configurations.ts";
import { definitionOf } from "../content.ts";
import type { KnownClient, Operator, Order, Outcome, ServerClaims } from "../server-under-test.ts";
import { eventsOf } from "./event-stream.ts";
import { type Node, nodeOf, textOfNode, typeName } from "./leshan-nodes.ts";

const CLAIMS: ServerClaims = {
  versions: ["1.0", "1.1"],
  abilities: ["list", "read", "write", "execute", "create", "delete", "observe", "queue mode"],
};
/** Outcomes and values kept; a run has a few hundred. */
const MOST_KEPT = 10_000;

interface ListedClient {
  readonly endpoint: string;
  readonly bindingMode?: string;
  readonly queuemode?: boolean;
  readonly objectLinks?: readonly { readonly url: string }[];
}

interface Report {
  /** `CONTENT(205)`. */
  readonly status: string;
  readonly success: boolean;
  readonly content?: Node;
}

interface Notification {
  readonly ep: string;
  readonly res?: string;
  readonly val?: Node;
}

/** As the global one; another in tests. */
export type Fetcher = (url: string, request?: RequestInit) => Promise<Response>;

/** True when what answers at this URL is Leshan's interface: its list of clients is an array of endpoints. */
export async function isLeshan(url: string, fetcher: Fetcher = fetch): Promise<boolean> {
  try {
    const response = await fetcher(`${bare(url)}/api/clients`);
    return response.ok && Array.isArray(await response.json());
  } catch {
    return false;
  }
}

/** Opens the interface: its event stream is read until `close`. Rejects when the URL does not answer as Leshan does. */
export async function leshanOperator(url: string, fetcher: Fetcher = fetch): Promise<Operator> {
  const operator = new LeshanOperator(bare(url), fetcher);
  await operator.open();
  return operator;
}

class LeshanOperator implements Operator {
  readonly name = "Leshan REST API";
  readonly claims = CLAIMS;
  private readonly url: string;
  private readonly fetcher: Fetcher;
  private readonly outcomes = new Map<string, Outcome>();
  private readonly values = new Map<string, string[]>();
  private readonly closing = new AbortController();
  private listening: Promise<void> = Promise.resolve();
  private orders = 0;

  constructor(url: string, fetcher: Fetcher) {
    this.url = url;
    this.fetcher = fetcher;
  }

  async open(): Promise<void> {
    const response = await this.fetch("GET", "/api/clients");
    if (!response.ok) throw new Error(`${this.url}/api/clients answers ${response.status}`);
    await response.body?.cancel();
    const events = await this.fetch("GET", "/api/event");
    if (!events.ok || events.body === null) {
      throw new Error(`${this.url}/api/event answers ${events.status}`);
    }
    this.listening = this.listen(events.body);
  }

  async find(endpointName: string): Promise<KnownClient | undefined> {
    const response = await this.fetch("GET", `/api/clients/${encodeURIComponent(endpointName)}`);
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
    const { queuemode, bindingMode, objectLinks } = (await response.json()) as ListedClient;
    return {
      queueMode: queuemode ?? bindingMode?.includes("Q"),
      paths: objectLinks?.map(({ url }) => url),
    };
  }

  async order(endpointName: string, order: Order): Promise<string> {
    const orderId = `${++this.orders}`;
    const { method, path, body } = requestOf(order);
    const target = `/api/clients/${encodeURIComponent(endpointName)}${path}`;
    // The answer of HTTP waits for that of the client: it is the outcome, not the order's acceptance.
    void this.carryOut(method, target, body).then((outcome) => {
      if (this.outcomes.size < MOST_KEPT) this.outcomes.set(orderId, outcome);
      const isFirst = order.kind === "observe" && outcome.value !== undefined;
      if (isFirst) this.tell(`${endpointName}${order.path}`, `${outcome.value}`);
    });
    return orderId;
  }

  outcome(orderId: string): Outcome | undefined {
    return this.outcomes.get(orderId);
  }

  told(endpointName: string, path: string): readonly string[] {
    return this.values.get(`${endpointName}${path}`) ?? [];
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.listening;
  }

  private async carryOut(method: string, path: string, body?: object | string): Promise<Outcome> {
    try {
      const response = await this.fetch(method, path, body);
      const text = await response.text();
      if (!response.ok) return { isSuccess: false, words: `${response.status}`, value: undefined };
      const { status, success, content } = JSON.parse(text) as Report;
      return { isSuccess: success, words: status, value: textOfNode(content) };
    } catch (error) {
      return { isSuccess: false, words: (error as Error).message, value: undefined };
    }
  }

  private async listen(body: ReadableStream<Uint8Array>): Promise<void> {
    try {
      for await (const { event, text } of eventsOf(body)) {
        if (event !== "NOTIFICATION") continue;
        const { ep, res, val } = JSON.parse(text) as Notification;
        const value = textOfNode(val);
        if (res !== undefined && value !== undefined) this.tell(`${ep}${res}`, value);
      }
    } catch {
      // The stream ends with the run, or with the server: then the cases that wait for it say so.
    }
  }

  private tell(at: string, value: string): void {
    const values = this.values.get(at) ?? [];
    if (values.length < MOST_KEPT) values.push(value);
    this.values.set(at, values);
  }

  private fetch(method: string, path: string, body?: object | string): Promise<Response> {
    const { signal } = this.closing;
    const isText = typeof body === "string";
    const type = isText ? "text/plain" : "application/json";
    return this.fetcher(`${this.url}${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": type },
      body: isText || body === undefined ? body : JSON.stringify(body),
      signal,
    });
  }
}

interface RestRequest {
  readonly method: string;
  readonly path: string;
  /** A node as JSON, or arguments as they are. */
  readonly body?: object | string;
}

function requestOf(order: Order): RestRequest {
  switch (order.kind) {
    case "read":
      return { method: "GET", path: order.path };
    case "write":
      return { method: "PUT", path: order.path, body: resourceOf(order.path, order.value) };
    case "execute":
      return { method: "POST", path: order.path, body: order.argumentList };
    case "delete":
      return { method: "DELETE", path: order.path };
    case "create":
      return { method: "POST", path: order.path, body: instanceOf(order.values) };
    case "observe":
      return { method: "POST", path: `${order.path}/observe` };
    case "cancel":
      return { method: "DELETE", path: `${order.path}/observe?active` };
  }
}

function resourceOf(path: string, value: Value): Node {
  const ids = pathOfText(path);
  const type = typeName(flagsAt(definitionOf, ids) & TYPE_MASK);
  return nodeOf(ids[ids.length - 1], type, value);
}

/** An instance of the id that the values name, or of one that the client chooses. */
function instanceOf(values: Readonly<Record<string, Value>>): object {
  const paths = Object.keys(values);
  const resources = paths.map((path) => resourceOf(path, values[path]));
  const id = paths.length > 0 ? pathOfText(paths[0])[1] : undefined;
  return { kind: "instance", id, resources };
}

function bare(url: string): string {
  return url.replace(/\/+$/, "");
}
