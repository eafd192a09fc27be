/**
 * Orders of the harness as the connector's core has them, and its events as outcomes: what its REST faces do, without HTTP and without its
 * clock. Values are read and written by the connector's own codecs.
 */
import { CODECS } from "../../../connector/codecs.ts";
import type { Connector } from "../../../connector/connector.ts";
import type {
  ConnectorEvent,
  DownlinkRequest,
  ResponseEvent,
  Submission,
} from "../../../connector/contract.ts";
import { definitionsOf } from "../../../connector/registry/definitions.ts";
import type { Registration } from "../../../connector/registry/registration.ts";
import { entriesIn } from "../../../connector/rest/leshan/formats.ts";
import { compareEntries } from "../../../connector/rest/leshan/node-body.ts";
import { latestOf } from "../../../connector/session/latest.ts";
import { readEntries } from "../../../connector/session/send.ts";
import { writeCompositeContent } from "../../../connector/session/write-composite.ts";
import { decodeUtf8, encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { DELETE, FETCH, GET, IPATCH, isSuccess, POST, PUT } from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { decodeLinks } from "../../../protocol/coap/link-format.ts";
import { NO_BYTES } from "../../../protocol/coap/message.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { type Entry, TYPE_MASK, type Value } from "../../../protocol/model/data-types.ts";
import { flagsAt } from "../../../protocol/model/object-definition.ts";
import { formatPath, parsePath } from "../../../protocol/model/path.ts";
import { type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import type { Order, Outcome, PathValues } from "../../conformance/index.ts";
import { type Told, textOfValue } from "../../conformance/operators/rest.ts";

/** Any time will do: what is sent here is relative to it. */
const CALENDAR_NOW = Date.UTC(2026, 0, 1);
const EXPIRES_IN: Milliseconds = 3600 * SECOND;

/** What of an order the core is asked. */
type Wish = Pick<
  DownlinkRequest,
  "method" | "path" | "payload" | "contentFormat" | "accept" | "query" | "paths"
>;

export class ConnectorOrders {
  private readonly connector: Connector;
  private readonly values: Told;
  private readonly submitted = new Map<string, Order>();
  private readonly outcomes = new Map<string, Outcome>();

  constructor(connector: Connector, values: Told) {
    this.connector = connector;
    this.values = values;
  }

  /** Returns the order's name. */
  submit(now: Milliseconds, endpointName: string, order: Order): string {
    const submission = this.begin(now, endpointName, order);
    if (submission !== undefined && "id" in submission) {
      this.submitted.set(submission.id, order);
      return submission.id;
    }
    const id = `at once ${this.outcomes.size}`;
    const isSuccess = submission === undefined;
    const words = submission === undefined ? "204" : submission.refusal;
    this.outcomes.set(id, { isSuccess, words, value: undefined });
    return id;
  }

  outcome(orderId: string): Outcome | undefined {
    return this.outcomes.get(orderId);
  }

  handleEvent(event: ConnectorEvent): void {
    if (event.kind === "response") this.takeResponse(event);
    else if (event.kind === "notification") {
      const values = this.valuesAt(event.endpointName, event.path, event);
      if (values !== undefined) this.values.tellAll(event.endpointName, values);
    } else if (event.kind === "composite-notification") {
      const values = this.valuesOfComposite(event.endpointName, event);
      if (values !== undefined) this.values.tellAll(event.endpointName, values);
    } else if (event.kind === "send") {
      // As both faces: of each place its latest value.
      this.values.tellAll(event.endpointName, byPath(latestOf(event.entries, CALENDAR_NOW)));
    }
  }

  /** Undefined for what is done at once. */
  private begin(now: Milliseconds, endpointName: string, order: Order): Submission | undefined {
    const { connector } = this;
    switch (order.kind) {
      case "observe": {
        const { path, attributes } = order;
        return connector.observe(now, endpointName, path, { query: attributes });
      }
      case "cancel":
        connector.cancelObservation(now, endpointName, order.path);
        return undefined;
      case "observe-composite":
        return connector.observeComposite(now, endpointName, order.paths);
      case "cancel-composite":
        connector.cancelComposite(now, endpointName, order.paths);
        return undefined;
      case "listen":
        return undefined;
      default: {
        const registration = connector.registration(endpointName);
        if (registration === undefined) return { refusal: "gone" };
        const wish = wishOf(registration, order);
        const request = { ...wish, confirmable: true, expiresIn: EXPIRES_IN };
        return connector.submit(now, endpointName, request);
      }
    }
  }

  private takeResponse(event: ResponseEvent): void {
    const order = this.submitted.get(event.id);
    const isDone = event.code === undefined ? false : isSuccess(event.code) && event.status < 400;
    const outcome = { isSuccess: isDone, words: `${event.status}`, value: undefined };
    const found: Partial<Outcome> =
      isDone && order !== undefined ? this.found(event, order) : outcome;
    this.outcomes.set(event.id, { ...outcome, ...found });
    const isFirst = order?.kind === "observe" || order?.kind === "observe-composite";
    if (isFirst && found.values !== undefined) {
      this.values.tellAll(event.endpointName, found.values);
    }
  }

  /** What a successful answer holds; an answer that cannot be read is none. */
  private found(event: ResponseEvent, order: Order): Partial<Outcome> {
    const { endpointName, payload } = event;
    switch (order.kind) {
      case "discover": {
        const links = decodeLinks(decodeUtf8(payload));
        return isMalformed(links) ? UNREADABLE : { links };
      }
      case "read":
      case "observe": {
        const values = this.valuesAt(endpointName, order.path, event);
        if (values === undefined) return UNREADABLE;
        const value = values.get(order.path);
        return { values, value: value === undefined ? undefined : textOfValue(value) };
      }
      case "read-composite":
      case "observe-composite": {
        const values = this.valuesOfComposite(endpointName, event);
        return values === undefined ? UNREADABLE : { values };
      }
      default:
        return {};
    }
  }

  private valuesAt(endpointName: string, path: string, { payload, contentFormat }: Content) {
    const registration = this.connector.registration(endpointName);
    const ids = parsePath(path);
    if (registration === undefined || ids === undefined) return undefined;
    const definitions = definitionsOf(registration);
    const { rootPath } = registration;
    const entries = entriesIn(ids, payload, contentFormat, definitions, rootPath);
    return entries && byPath(entries);
  }

  private valuesOfComposite(endpointName: string, { payload, contentFormat }: Content) {
    const registration = this.connector.registration(endpointName);
    if (registration === undefined || contentFormat === undefined) return undefined;
    const entries = readEntries(registration, [], contentFormat, payload);
    return isMalformed(entries) ? undefined : byPath(entries);
  }
}

type Content = Pick<ResponseEvent, "payload" | "contentFormat">;

const UNREADABLE: Outcome = { isSuccess: false, words: "unreadable", value: undefined };

/** @throws Error for an order that is no request to the client */
function wishOf(registration: Registration, order: Order): Wish {
  const nothing = { payload: NO_BYTES };
  switch (order.kind) {
    case "read":
      return { method: GET, path: order.path, accept: order.format, ...nothing };
    case "discover": {
      const query = order.depth === undefined ? undefined : [`depth=${order.depth}`];
      return { method: GET, path: order.path, accept: LINK_FORMAT, query, ...nothing };
    }
    case "write": {
      const { path, value, format } = order;
      const contentFormat = format ?? TEXT;
      const payload = encoded(registration, path, { [path]: value }, contentFormat);
      return { method: PUT, path, payload, contentFormat };
    }
    case "replace":
    case "update":
    case "create": {
      const { kind, path, values } = order;
      const contentFormat = order.format ?? TLV;
      const payload = encoded(registration, path, values, contentFormat);
      return { method: kind === "replace" ? PUT : POST, path, payload, contentFormat };
    }
    case "write-attributes":
      return { method: PUT, path: order.path, query: order.attributes, ...nothing };
    case "execute":
      return { method: POST, path: order.path, payload: encodeUtf8(order.argumentList ?? "") };
    case "delete":
      return { method: DELETE, path: order.path, ...nothing };
    case "read-composite":
      return { method: FETCH, path: "/", paths: order.paths, accept: order.format, ...nothing };
    case "write-composite": {
      const entries = entriesOf(registration, order.values);
      const content =
        order.format === undefined
          ? writeCompositeContent(registration, entries)
          : {
              contentFormat: order.format,
              payload: CODECS.get(order.format)?.encode([], entries) ?? NO_BYTES,
            };
      if (content === undefined) throw new Error("no format for a Write-Composite");
      return { method: IPATCH, path: "/", ...content };
    }
    default:
      throw new Error(`${order.kind} is no request`);
  }
}

function encoded(
  registration: Registration,
  path: string,
  values: PathValues,
  format: number,
): Uint8Array {
  const { rootPath } = registration;
  const entries = entriesOf(registration, values);
  const payload = CODECS.get(format)?.encode(parsePath(path) ?? [], entries, rootPath);
  if (payload === undefined) throw new Error(`no payload for ${path} in format ${format}`);
  return payload;
}

function entriesOf(registration: Registration, values: PathValues): Entry[] {
  const definitions = definitionsOf(registration);
  return Object.entries(values)
    .map(([at, value]): Entry => {
      const path = parsePath(at) ?? [];
      return { path, type: flagsAt(definitions, path) & TYPE_MASK || shownType(value), value };
    })
    .sort(compareEntries);
}

/** Of a value that nothing defines. */
function shownType(value: Value): number {
  return typeof value === "string" ? 1 : typeof value === "number" ? 4 : 6;
}

function byPath(entries: readonly Entry[]): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const { path, value } of entries) {
    if (value !== undefined) values.set(formatPath(path), value);
  }
  return values;
}
