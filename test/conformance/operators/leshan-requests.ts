/** Orders as requests of Leshan's REST API, below `/api/clients/{endpoint}`. */
import {
  CBOR,
  LWM2M_CBOR,
  LWM2M_JSON,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../protocol/coap/content-formats.ts";
import type { Order } from "../server-under-test.ts";
import { instanceNode, resourceNode } from "./leshan-nodes.ts";

export interface RestRequest {
  readonly method: string;
  readonly path: string;
  /** A node as JSON, or arguments as they are. */
  readonly body?: object | string;
}

const FORMAT_NAMES: ReadonlyMap<number, string> = new Map([
  [TEXT, "TEXT"],
  [OCTET_STREAM, "OPAQUE"],
  [CBOR, "CBOR"],
  [SENML_JSON, "SENML_JSON"],
  [SENML_CBOR, "SENML_CBOR"],
  [TLV, "TLV"],
  [LWM2M_JSON, "JSON"],
  [LWM2M_CBOR, "LWM2M_CBOR"],
]);
/** Seconds that Leshan waits for the client: its retransmissions, and a little. */
const TIMEOUT = ["timeout", "100"];

/** @throws Error for what the interface has no request for */
export function requestOf(order: Order): RestRequest {
  switch (order.kind) {
    case "read":
      return { method: "GET", path: withQuery(order.path, [formatIn(order)]) };
    case "discover":
      return { method: "GET", path: withQuery(`${order.path}/discover`) };
    case "write":
      return {
        method: "PUT",
        path: withQuery(order.path, [formatIn(order)]),
        body: resourceNode(order.path, order.value),
      };
    case "replace":
    case "update": {
      const replace = ["replace", String(order.kind === "replace")];
      return {
        method: "PUT",
        path: withQuery(order.path, [formatIn(order), replace]),
        body: instanceNode(order.values),
      };
    }
    case "create":
      return {
        method: "POST",
        path: withQuery(order.path, [formatIn(order)]),
        body: instanceNode(order.values),
      };
    case "write-attributes": {
      const attributes = order.attributes.map((one) => one.split("=", 2));
      return { method: "PUT", path: withQuery(`${order.path}/attributes`, attributes) };
    }
    case "execute":
      return { method: "POST", path: withQuery(order.path), body: order.argumentList };
    case "delete":
      return { method: "DELETE", path: withQuery(order.path) };
    case "observe":
      return { method: "POST", path: withQuery(`${order.path}/observe`) };
    case "cancel":
      return { method: "DELETE", path: withQuery(`${order.path}/observe`, [["active"]]) };
    case "write-composite": {
      const nodes = Object.entries(order.values).map(([path, value]) => [
        path,
        resourceNode(path, value),
      ]);
      return {
        method: "PUT",
        path: withQuery("/composite", [formatIn(order, "nodeformat")]),
        body: Object.fromEntries(nodes),
      };
    }
    case "read-composite": {
      const formats = [formatIn(order, "pathformat"), formatIn(order, "nodeformat")];
      return { method: "GET", path: withQuery("/composite", [pathsIn(order), ...formats]) };
    }
    case "observe-composite":
      return { method: "POST", path: withQuery("/composite/observe", [pathsIn(order)]) };
    case "cancel-composite":
      return {
        method: "DELETE",
        path: withQuery("/composite/observe", [pathsIn(order), ["active"]]),
      };
    default:
      throw new Error(`Leshan's interface has no "${order.kind}"`);
  }
}

type Parameter = readonly string[] | undefined;

function withQuery(path: string, parameters: readonly Parameter[] = []): string {
  const texts = [...parameters, TIMEOUT]
    .filter((one) => one !== undefined)
    .map((one) => one.map(encodeURIComponent).join("="));
  return `${path}?${texts.join("&")}`;
}

function formatIn({ format }: { readonly format?: number }, name = "format"): Parameter {
  if (format === undefined) return undefined;
  const text = FORMAT_NAMES.get(format);
  if (text === undefined) throw new Error(`Leshan has no name for Content-Format ${format}`);
  return [name, text];
}

function pathsIn({ paths }: { readonly paths: readonly string[] }): Parameter {
  return ["paths", paths.join(",")];
}
