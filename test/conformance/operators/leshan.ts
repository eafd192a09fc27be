/**
 * The operator interface of Eclipse Leshan's demo server, and of what imitates it: `--rest URL --api leshan`.
 *
 * What a client answers comes as HTTP 200 with a status like `CONTENT(205)`; HTTP errors are the server's own. Notifications, what clients
 * send, and the outcomes of what had to wait for a sleeping client come on an event stream.
 */
import type { Link } from "../../../protocol/coap/link-format.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import type { KnownClient, Operator, Order, Outcome, ServerClaims } from "../server-under-test.ts";
import { eventsOf } from "./event-stream.ts";
import { type Node, textOfNode, valuesOfNode } from "./leshan-nodes.ts";
import { requestOf } from "./leshan-requests.ts";
import { type Fetcher, Told } from "./rest.ts";

const CLAIMS: ServerClaims = {
  versions: ["1.0", "1.1", "1.2"],
  abilities: [
    "list",
    "queue mode",
    "read",
    "discover",
    "write",
    "write instance",
    "write attributes",
    "formats",
    "execute",
    "create",
    "delete",
    "composite",
    "observe",
    "observe composite",
    "send",
  ],
};
/** Outcomes kept; a run has a few hundred. */
const MOST_KEPT = 10_000;

interface ListedClient {
  readonly endpoint: string;
  readonly lifetime?: number;
  readonly bindingMode?: string;
  readonly queuemode?: boolean;
  readonly objectLinks?: readonly { readonly url: string }[];
}

/** What a client answered. */
interface Report {
  /** `CONTENT(205)`. */
  readonly status: string;
  readonly success: boolean;
  /** A node, of a composite one for each path. */
  readonly content?: Node | Readonly<Record<string, Node>>;
  readonly objectLinks?: readonly {
    readonly url: string;
    readonly attributes?: Readonly<Record<string, string | number | null>>;
  }[];
}

/** What has to wait for the client; the same id comes with the outcome, as an event. */
interface Delayed {
  readonly delayed: true;
  readonly requestId: string;
}

interface LateReport {
  readonly requestId: string;
  readonly response?: Report;
  readonly errormessage?: string;
}

interface ToldValues {
  readonly ep: string;
  /** The path of what is observed; absent where the values are of several. */
  readonly res?: string;
  readonly val?: Node | Readonly<Record<string, Node>>;
}

export interface LeshanSettings {
  /** Leshan's own server wants none. */
  readonly key?: string | undefined;
  readonly fetcher?: Fetcher;
}

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
export async function leshanOperator(
  url: string,
  settings: LeshanSettings = {},
): Promise<Operator> {
  const operator = new LeshanOperator(bare(url), settings);
  await operator.open();
  return operator;
}

class LeshanOperator implements Operator {
  readonly name = "Leshan REST API";
  readonly claims = CLAIMS;
  private readonly url: string;
  private readonly key: string | undefined;
  private readonly fetcher: Fetcher;
  private readonly outcomes = new Map<string, Outcome>();
  /** Orders that wait for their client, by what Leshan calls them. */
  private readonly delayed = new Map<string, { readonly orderId: string; readonly order: Order }>();
  private readonly values = new Told();
  /** How what is observed of an endpoint would be cancelled, by endpoint. */
  private readonly cancelling = new Map<string, Order[]>();
  private readonly closing = new AbortController();
  private listening: Promise<void> = Promise.resolve();
  private orders = 0;

  constructor(url: string, { key, fetcher = fetch }: LeshanSettings) {
    this.url = url;
    this.key = key;
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
    // Leshan's own answers 400 in some versions.
    if (response.status === 404 || response.status === 400) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
    const { queuemode, bindingMode, objectLinks, lifetime } =
      (await response.json()) as ListedClient;
    return {
      queueMode: queuemode ?? bindingMode?.includes("Q"),
      paths: objectLinks?.map(({ url }) => url),
      lifetime,
    };
  }

  async order(endpointName: string, order: Order): Promise<string> {
    const orderId = `${++this.orders}`;
    if (order.kind === "listen") {
      // Who reads the stream of events is told of everything.
      this.keep(orderId, { isSuccess: true, words: "OK", value: undefined });
      return orderId;
    }
    this.noteObserved(endpointName, order);
    const { method, path, body } = requestOf(order);
    const target = `/api/clients/${encodeURIComponent(endpointName)}${path}`;
    // The answer of HTTP waits for that of the client: it is the outcome, not the order's acceptance.
    void this.carryOut(orderId, order, method, target, body).then((outcome) => {
      if (outcome === undefined) return;
      this.keep(orderId, outcome);
      if (order.kind === "observe" || order.kind === "observe-composite") {
        this.values.tellAll(endpointName, outcome.values ?? new Map());
      }
    });
    return orderId;
  }

  outcome(orderId: string): Outcome | undefined {
    return this.outcomes.get(orderId);
  }

  told(endpointName: string, path: string): readonly string[] {
    return this.values.of(endpointName, path);
  }

  async release(endpointName: string): Promise<void> {
    const orders = this.cancelling.get(endpointName) ?? [];
    this.cancelling.delete(endpointName);
    for (const order of orders) {
      // Passively: without asking the client once more.
      const path = requestOf(order).path.replace("active&", "");
      const target = `/api/clients/${encodeURIComponent(endpointName)}${path}`;
      await (await this.fetch("DELETE", target)).body?.cancel();
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.listening;
  }

  private noteObserved(endpointName: string, order: Order): void {
    const orders = this.cancelling.get(endpointName) ?? [];
    if (order.kind === "observe") orders.push({ kind: "cancel", path: order.path });
    else if (order.kind === "observe-composite") {
      orders.push({ kind: "cancel-composite", paths: order.paths });
    } else return;
    this.cancelling.set(endpointName, orders);
  }

  /** Undefined for what waits for the client. */
  private async carryOut(
    orderId: string,
    order: Order,
    method: string,
    path: string,
    body?: object | string,
  ): Promise<Outcome | undefined> {
    try {
      const response = await this.fetch(method, path, body);
      const text = await response.text();
      if (!response.ok) {
        return { isSuccess: false, words: `${response.status} ${text}`.trim(), value: undefined };
      }
      if (text === "") return { isSuccess: true, words: `${response.status}`, value: undefined };
      const report = JSON.parse(text) as Report | Delayed;
      if (!("delayed" in report)) return outcomeOf(order, report);
      if (this.delayed.size < MOST_KEPT) this.delayed.set(report.requestId, { orderId, order });
      return undefined;
    } catch (error) {
      return { isSuccess: false, words: (error as Error).message, value: undefined };
    }
  }

  private async listen(body: ReadableStream<Uint8Array>): Promise<void> {
    try {
      for await (const { event, text } of eventsOf(body)) {
        if (event === "NOTIFICATION" || event === "SEND") this.take(JSON.parse(text));
        else if (event === "REQUEST_RESPONSE") this.takeLate(JSON.parse(text));
      }
    } catch {
      // The stream ends with the run, or with the server: then the cases that wait for it say so.
    }
  }

  private take({ ep, res, val }: ToldValues): void {
    if (val === undefined) return;
    const values = isNode(val)
      ? res === undefined
        ? undefined
        : valuesOfNode(res, val)
      : all(val);
    if (values !== undefined) this.values.tellAll(ep, values);
  }

  private takeLate({ requestId, response, errormessage }: LateReport): void {
    const waiting = this.delayed.get(requestId);
    if (waiting === undefined) return;
    this.delayed.delete(requestId);
    const words = errormessage ?? "no answer";
    const failed = { isSuccess: false, words, value: undefined };
    this.keep(
      waiting.orderId,
      response === undefined ? failed : outcomeOf(waiting.order, response),
    );
  }

  private keep(orderId: string, outcome: Outcome): void {
    if (this.outcomes.size < MOST_KEPT) this.outcomes.set(orderId, outcome);
  }

  private fetch(method: string, path: string, body?: object | string): Promise<Response> {
    const { signal } = this.closing;
    const isText = typeof body === "string";
    const headers: Record<string, string> = {};
    if (body !== undefined) headers["content-type"] = isText ? "text/plain" : "application/json";
    if (this.key !== undefined) headers["authorization"] = `Bearer ${this.key}`;
    return this.fetcher(`${this.url}${path}`, {
      method,
      headers,
      body: isText || body === undefined ? body : JSON.stringify(body),
      signal,
    });
  }
}

function outcomeOf(order: Order, { status, success, content, objectLinks }: Report): Outcome {
  const outcome = { isSuccess: success, words: status, value: undefined };
  if (objectLinks !== undefined) return { ...outcome, links: objectLinks.map(linkOf) };
  if (content === undefined) return outcome;
  if (!isNode(content)) return { ...outcome, values: all(content) };
  const values = "path" in order ? valuesOfNode(order.path, content) : undefined;
  return { ...outcome, value: textOfNode(content), values };
}

/** The values of several nodes, each at its path. */
function all(nodes: Readonly<Record<string, Node | null>>): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const [path, node] of Object.entries(nodes)) {
    if (node === null) continue;
    for (const [at, value] of valuesOfNode(path, node)) values.set(at, value);
  }
  return values;
}

function isNode(content: Node | Readonly<Record<string, Node>>): content is Node {
  return typeof content["kind"] === "string";
}

function linkOf({ url, attributes = {} }: NonNullable<Report["objectLinks"]>[number]): Link {
  return {
    uri: url,
    attributes: Object.entries(attributes).map(([name, value]) => ({
      name,
      value: value === null ? undefined : String(value),
    })),
  };
}

function bare(url: string): string {
  return url.replace(/\/+$/, "");
}
