/** Leshan's server library as the conformance harness has it do things: its line protocol (../leshan/LeshanServer.java) is the operator interface. */

import { SENML_JSON, TLV } from "../../../protocol/coap/content-formats.ts";
import { decodeLinks, type Link } from "../../../protocol/coap/link-format.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import {
  BOOLEAN,
  OBJLNK,
  OPAQUE,
  STRING,
  TYPE_MASK,
  type Value,
} from "../../../protocol/model/data-types.ts";
import { flagsAt } from "../../../protocol/model/object-definition.ts";
import { pathOfText } from "../../conformance/configurations.ts";
import { definitionOf } from "../../conformance/content.ts";
import { Told as Heard, textOfValue } from "../../conformance/operators/rest.ts";
import {
  ABILITIES,
  type KnownClient,
  type Operator,
  type Order,
  type Outcome,
  type PathValues,
} from "../../conformance/server-under-test.ts";
import type { Asking, RemotePeer, Told } from "./remote-peer.ts";

/** Longer than the server waits for a device. */
const ANSWER_TIMEOUT_MS = 120_000;

export function leshanLibraryOperator(peer: RemotePeer): Operator {
  return new LeshanLibraryOperator(peer);
}

class LeshanLibraryOperator implements Operator {
  readonly name = "Leshan's server library";
  readonly claims = {
    versions: ["1.0", "1.1"],
    abilities: ABILITIES.filter((one) => one !== "discover depth" && one !== "observe parameters"),
  } as const;
  private readonly peer: RemotePeer;
  private readonly clients = new Map<string, KnownClient>();
  private readonly outcomes = new Map<string, Outcome>();
  private readonly heard = new Heard();
  private orders = 0;

  constructor(peer: RemotePeer) {
    this.peer = peer;
  }

  async find(endpointName: string): Promise<KnownClient | undefined> {
    this.takeIn();
    return this.clients.get(endpointName);
  }

  async order(endpointName: string, order: Order): Promise<string> {
    const orderId = `${++this.orders}`;
    if (order.kind === "listen") {
      this.outcomes.set(orderId, { isSuccess: true, words: "OK", value: undefined });
      return orderId;
    }
    const asking = { ep: endpointName, ...askingOf(order) };
    // The answer is the outcome, not the order's acceptance.
    void this.peer.ask(asking, ANSWER_TIMEOUT_MS).then(
      (told) => {
        const outcome = outcomeOf(order, told);
        this.outcomes.set(orderId, outcome);
        if (order.kind.startsWith("observe")) this.tell(endpointName, outcome.values);
      },
      (error: Error) =>
        this.outcomes.set(orderId, { isSuccess: false, words: error.message, value: undefined }),
    );
    return orderId;
  }

  outcome(orderId: string): Outcome | undefined {
    return this.outcomes.get(orderId);
  }

  told(endpointName: string, path: string): readonly string[] {
    this.takeIn();
    return this.heard.of(endpointName, path);
  }

  async close(): Promise<void> {
    await this.peer.stop();
  }

  /** What the server has said since somebody asked last. */
  private takeIn(): void {
    for (const told of this.peer.events.rest()) this.take(told);
    this.peer.events.drop(() => true);
  }

  private take({ event, ep, ...told }: Told): void {
    const endpointName = String(ep);
    switch (event) {
      case "registered":
      case "updated":
        this.clients.set(endpointName, {
          queueMode: told["queueMode"] === true,
          paths: linksOf(told["links"])?.map(({ uri }) => uri),
          lifetime: Number(told["lifetime"]),
        });
        return;
      case "deregistered":
      case "expired":
        this.clients.delete(endpointName);
        return;
      case "notification":
      case "composite-notification":
        this.tell(endpointName, valuesOf(told["values"]));
        return;
      case "sent":
        for (const { values } of told["history"] as { values: unknown }[]) {
          this.tell(endpointName, valuesOf(values));
        }
    }
  }

  private tell(endpointName: string, values: ReadonlyMap<string, Value> | undefined): void {
    this.heard.tellAll(endpointName, values ?? new Map());
  }
}

/** An order in the line protocol. */
function askingOf(order: Order): Omit<Asking, "ep"> {
  switch (order.kind) {
    case "write":
      return { op: "write", path: order.path, ...formatOf(order), value: spelled(order.value) };
    case "replace":
    case "update":
      return {
        op: order.kind === "replace" ? "write" : "update",
        path: order.path,
        ...formatOf(order),
        value: resourcesOf(order.values),
      };
    case "create": {
      const [first = order.path] = Object.keys(order.values);
      const ids = pathOfText(first);
      const path = ids.length > 1 ? `/${ids[0]}/${ids[1]}` : order.path;
      const format = order.format ?? TLV;
      return { op: "create", path, format, value: resourcesOf(order.values) };
    }
    case "write-attributes":
      return { op: "attributes", path: order.path, value: order.attributes.join("&") };
    case "execute":
      return { op: "execute", path: order.path, value: order.argumentList };
    case "write-composite": {
      const values = Object.entries(order.values).map(([path, value]) => [path, spelled(value)]);
      const { format = SENML_JSON } = order;
      return { op: order.kind, format, value: Object.fromEntries(values) };
    }
    case "read-composite":
    case "observe-composite": {
      const { format = SENML_JSON } = "format" in order ? order : {};
      return { op: order.kind, format, paths: order.paths };
    }
    case "cancel-composite":
      return { op: order.kind, paths: order.paths };
    case "read":
      return { op: order.kind, path: order.path, ...formatOf(order) };
    default:
      return { op: order.kind, path: order.path };
  }
}

function formatOf({ format }: { readonly format?: number | undefined }): { format?: number } {
  return format === undefined ? {} : { format };
}

/** The resources of one instance by their ids; multiple ones as `{"0": value}`. */
function resourcesOf(values: PathValues): Record<string, unknown> {
  const resources: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const [, , resourceId, resourceInstanceId] = pathOfText(path);
    if (resourceInstanceId === undefined) resources[resourceId] = spelled(value);
    else {
      const several = (resources[resourceId] ?? {}) as Record<string, unknown>;
      resources[resourceId] = { ...several, [resourceInstanceId]: spelled(value) };
    }
  }
  return resources;
}

function spelled(value: Value): unknown {
  return typeof value === "boolean" || typeof value === "number" ? value : textOfValue(value);
}

function outcomeOf(order: Order, told: Told): Outcome {
  const { code, error, message } = told as { code?: string; error?: string; message?: string };
  const values = valuesOf(told["values"]);
  const path = "path" in order ? order.path : "";
  const value = values?.get(path);
  return {
    isSuccess: code?.startsWith("2.") === true,
    words: error ?? [code, message].filter((one) => one !== undefined).join(" "),
    value: value === undefined ? undefined : textOfValue(value),
    values,
    links: linksOf(told["links"]),
  };
}

function valuesOf(told: unknown): Map<string, Value> | undefined {
  if (told === undefined) return undefined;
  const entries = Object.entries(told as Record<string, unknown>);
  return new Map(entries.map(([path, value]) => [path, valueAt(path, value)]));
}

function valueAt(path: string, value: unknown): Value {
  switch (flagsAt(definitionOf, pathOfText(path)) & TYPE_MASK) {
    case OPAQUE:
      return new Uint8Array(Buffer.from(String(value), "hex"));
    case OBJLNK: {
      const [objectId, objectInstanceId] = String(value).split(":").map(Number);
      return { objectId, objectInstanceId };
    }
    case BOOLEAN:
      return value === true;
    case STRING:
      return String(value);
    default:
      return typeof value === "number" ? value : String(value);
  }
}

function linksOf(told: unknown): Link[] | undefined {
  if (told === undefined) return undefined;
  const links = decodeLinks((told as string[]).join(","));
  return isMalformed(links) ? undefined : links;
}
