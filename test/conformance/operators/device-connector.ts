/** The operator interface of the mbed Device Connector, and so of Dormouse's own: `--rest URL --key KEY`. */

import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  CBOR,
  LINK_FORMAT,
  LWM2M_CBOR,
  LWM2M_JSON,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../protocol/coap/content-formats.ts";
import { decodeLinks } from "../../../protocol/coap/link-format.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { decodeValues, encodeValues } from "../content.ts";
import type { KnownClient, Operator, Order, Outcome, ServerClaims } from "../server-under-test.ts";
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
    "formats",
    "execute",
    "create",
    "delete",
    "observe",
    "send",
  ],
};
/** Outcomes kept; a run has a few hundred. */
const MOST_KEPT = 10_000;

const MEDIA_TYPES: ReadonlyMap<number, string> = new Map([
  [TEXT, "text/plain"],
  [LINK_FORMAT, "application/link-format"],
  [OCTET_STREAM, "application/octet-stream"],
  [CBOR, "application/cbor"],
  [SENML_JSON, "application/senml+json"],
  [SENML_CBOR, "application/senml+cbor"],
  [TLV, "application/vnd.oma.lwm2m+tlv"],
  [LWM2M_JSON, "application/vnd.oma.lwm2m+json"],
  [LWM2M_CBOR, "application/vnd.oma.lwm2m+cbor"],
]);

interface AsyncResponse {
  readonly id: string;
  readonly status: number;
  readonly ct?: string;
  readonly payload?: string;
}

interface Notification {
  readonly ep: string;
  readonly path: string;
  readonly ct?: string;
  readonly payload: string;
}

interface Message {
  readonly "async-responses"?: readonly AsyncResponse[];
  readonly notifications?: readonly Notification[];
}

/** A request of HTTP that carries an order out. */
interface RestRequest {
  readonly method: string;
  readonly path: string;
  readonly accept?: number | undefined;
  readonly contentFormat?: number | undefined;
  readonly body?: Uint8Array | undefined;
}

/** What is known of an order that was accepted. */
interface Accepted {
  readonly endpointName: string;
  readonly order: Order;
}

/**
 * Opens the interface: a notification channel that is polled until `close`.
 *
 * Rejects when the URL does not answer, or the key is refused.
 */
export async function deviceConnectorOperator(
  url: string,
  key: string,
  fetcher: Fetcher = fetch,
): Promise<Operator> {
  const operator = new DeviceConnectorOperator(url.replace(/\/+$/, ""), key, fetcher);
  await operator.open();
  return operator;
}

class DeviceConnectorOperator implements Operator {
  readonly name = "Device Connector REST API";
  readonly claims = CLAIMS;
  private readonly url: string;
  private readonly key: string;
  private readonly fetcher: Fetcher;
  private readonly accepted = new Map<string, Accepted>();
  private readonly responses = new Map<string, AsyncResponse>();
  private readonly outcomes = new Map<string, Outcome>();
  private readonly values = new Told();
  /** Endpoints with subscriptions of ours. */
  private readonly subscribed = new Set<string>();
  private readonly closing = new AbortController();
  private polling: Promise<void> = Promise.resolve();
  private immediate = 0;

  constructor(url: string, key: string, fetcher: Fetcher) {
    this.url = url;
    this.key = key;
    this.fetcher = fetcher;
  }

  async open(): Promise<void> {
    const response = await this.fetch({ method: "GET", path: "/v2/notification/pull?noWait=true" });
    if (response.status >= 400) {
      const reason = (await response.text()).slice(0, 200);
      throw new Error(`${this.url} answers ${response.status}: ${reason}`);
    }
    await this.takeIn(response);
    this.polling = this.poll();
  }

  async find(endpointName: string): Promise<KnownClient | undefined> {
    const name = encodeURIComponent(endpointName);
    const response = await this.fetch({ method: "GET", path: `/v2/endpoints/${name}` });
    if (response.status === 404) return undefined;
    const resources = await this.json<readonly { uri: string }[]>(response);
    const listing = await this.json<readonly { name: string; q?: boolean }[]>(
      await this.fetch({ method: "GET", path: "/v2/endpoints" }),
    );
    const listed = listing.find((one) => one.name === endpointName);
    if (listed === undefined) return undefined;
    return { queueMode: listed.q === true, paths: resources.map(({ uri }) => uri) };
  }

  async order(endpointName: string, order: Order): Promise<string> {
    const response = await this.fetch(requestOf(endpointName, order));
    if (order.kind === "observe" || order.kind === "listen") this.subscribed.add(endpointName);
    const text = await response.text();
    if (response.status !== 202) {
      // Answered at once: from the cache, or refused.
      const id = `immediate ${++this.immediate}`;
      const isSuccess = response.status < 400;
      const value = isSuccess ? text : undefined;
      const words = isSuccess ? `${response.status}` : `${response.status} ${text}`;
      this.keep(id, { isSuccess, words, value });
      return id;
    }
    const id = (JSON.parse(text) as Record<string, string>)["async-response-id"];
    if (this.accepted.size < MOST_KEPT) this.accepted.set(id, { endpointName, order });
    this.settle(id);
    return id;
  }

  outcome(orderId: string): Outcome | undefined {
    return this.outcomes.get(orderId);
  }

  told(endpointName: string, path: string): readonly string[] {
    return this.values.of(endpointName, path);
  }

  async release(endpointName: string): Promise<void> {
    if (!this.subscribed.delete(endpointName)) return;
    const path = `/v2/subscriptions/${encodeURIComponent(endpointName)}`;
    await (await this.fetch({ method: "DELETE", path })).body?.cancel();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.polling;
  }

  private async poll(): Promise<void> {
    while (!this.closing.signal.aborted) {
      try {
        await this.takeIn(await this.fetch({ method: "GET", path: "/v2/notification/pull" }));
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
    for (const answer of message["async-responses"] ?? []) {
      if (this.responses.size < MOST_KEPT) this.responses.set(answer.id, answer);
      this.settle(answer.id);
    }
    for (const { ep, path, ct, payload } of message.notifications ?? []) {
      this.tell(ep, path, ct, Buffer.from(payload, "base64"));
    }
  }

  /** An order has its outcome when both its acceptance and its response have come, in whichever order. */
  private settle(id: string): void {
    const accepted = this.accepted.get(id);
    const response = this.responses.get(id);
    if (accepted === undefined || response === undefined) return;
    const { endpointName, order } = accepted;
    const { status, ct, payload } = response;
    const isSuccess = status < 400;
    const bytes = Buffer.from(payload ?? "", "base64");
    const value = payload === undefined ? undefined : bytes.toString("utf8");
    const outcome = { isSuccess, words: `${status}`, value };
    if (order.kind === "discover") {
      const links = decodeLinks(value ?? "");
      this.keep(id, { ...outcome, links: isMalformed(links) ? undefined : links });
    } else if (order.kind === "read") {
      const values = isSuccess ? valuesIn(order.path, ct, bytes) : undefined;
      this.keep(id, { ...outcome, values });
    } else this.keep(id, outcome);
    if (order.kind === "observe" && isSuccess && payload !== undefined) {
      this.tell(endpointName, order.path, ct, bytes);
    }
  }

  private keep(id: string, outcome: Outcome): void {
    if (this.outcomes.size < MOST_KEPT) this.outcomes.set(id, outcome);
  }

  private tell(endpointName: string, path: string, ct: string | undefined, bytes: Buffer): void {
    const values = isText(ct) ? undefined : valuesIn(path, ct, bytes);
    if (values !== undefined) this.values.tellAll(endpointName, values);
    else if (isText(ct)) this.values.tell(endpointName, path, bytes.toString("utf8"));
  }

  private async json<T>(response: Response): Promise<T> {
    if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
    return (await response.json()) as T;
  }

  private fetch(request: RestRequest): Promise<Response> {
    const { method, path, accept, contentFormat, body } = request;
    const headers: Record<string, string> = { authorization: `Bearer ${this.key}` };
    if (accept !== undefined) headers["accept"] = mediaTypeOf(accept);
    if (contentFormat !== undefined) headers["content-type"] = mediaTypeOf(contentFormat);
    const { signal } = this.closing;
    const content = body as Uint8Array<ArrayBuffer> | undefined;
    return this.fetcher(`${this.url}${path}`, { method, headers, body: content, signal });
  }
}

function requestOf(endpointName: string, order: Order): RestRequest {
  const name = encodeURIComponent(endpointName);
  const resource = "path" in order ? `/v2/endpoints/${name}${order.path}` : "";
  const subscription = "path" in order ? `/v2/subscriptions/${name}${order.path}` : "";
  switch (order.kind) {
    case "read":
      return { method: "GET", path: resource, accept: order.format };
    case "discover":
      return { method: "GET", path: resource, accept: LINK_FORMAT };
    case "write": {
      const { path, value, format = TEXT } = order;
      const body = encodeValues(format, path, { [path]: value });
      return { method: "PUT", path: resource, contentFormat: format, body };
    }
    case "replace":
    case "update":
    case "create": {
      const { kind, path, values, format = TLV } = order;
      const body = encodeValues(format, path, values);
      const method = kind === "replace" ? "PUT" : "POST";
      return { method, path: resource, contentFormat: format, body };
    }
    case "execute": {
      const { argumentList } = order;
      if (argumentList === undefined) return { method: "POST", path: resource };
      const body = encodeUtf8(argumentList);
      return { method: "POST", path: resource, contentFormat: TEXT, body };
    }
    case "delete":
      return { method: "DELETE", path: resource };
    case "observe":
    // What a client sends is told to who has subscribed to it.
    case "listen":
      return { method: "PUT", path: subscription };
    case "cancel":
      return { method: "DELETE", path: subscription };
    default:
      throw new Error(`the Device Connector's interface has no "${order.kind}"`);
  }
}

function mediaTypeOf(format: number): string {
  const mediaType = MEDIA_TYPES.get(format);
  if (mediaType === undefined) throw new Error(`no media type for Content-Format ${format}`);
  return mediaType;
}

function isText(mediaType: string | undefined): boolean {
  return mediaType === undefined || mediaType.startsWith("text/plain");
}

/** The values in a payload; undefined when they cannot be read. */
function valuesIn(path: string, mediaType: string | undefined, bytes: Uint8Array) {
  const bare = (mediaType ?? "text/plain").split(";")[0].trim();
  const format = [...MEDIA_TYPES].find(([, name]) => name === bare)?.[0];
  const values = decodeValues(format, bytes, path);
  return typeof values === "string" ? undefined : values;
}
