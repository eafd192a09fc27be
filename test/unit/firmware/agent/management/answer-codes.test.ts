/**
 * The legal answer to every method at every level, in every format and version: what the device says against what the standard does,
 * written down here once more (LwM2M Core 1.2.2 §6.3, §7.1; LwM2M Transport 1.2.2 §6.4.4, §6.7).
 */
import { describe, expect, test } from "vitest";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import {
  CBOR,
  LINK_FORMAT,
  LWM2M_CBOR,
  LWM2M_JSON,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../../../protocol/coap/content-formats.ts";
import { LWM2M_JSON_CODEC } from "../../../../../protocol/content/lwm2m-json.ts";
import { mayAnswer, operationRow } from "../../../../../protocol/lwm2m/operation-table.ts";
import type { Entry } from "../../../../../protocol/model/data-types.ts";
import {
  EXECUTE,
  INTEGER,
  MANDATORY,
  MULTIPLE,
  NONE,
  OPAQUE,
  READ,
  STRING,
  WRITE,
} from "../../../../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../../../../protocol/model/object-definition.ts";
import type { Path } from "../../../../../protocol/model/path.ts";
import { parsePath } from "../../../../../protocol/model/path.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { proves } from "../../../../support/proves.ts";

type Version = "1.0" | "1.1" | "1.2";

const WIDGET: ObjectDefinition = {
  id: 1000,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: [
    0, STRING | READ | WRITE | MANDATORY,
    1, INTEGER | READ | WRITE,
    2, STRING | READ | MANDATORY,
    3, STRING | WRITE,
    4, INTEGER | READ | WRITE | MULTIPLE,
    5, INTEGER | READ | MULTIPLE,
    6, OPAQUE | READ | WRITE,
    7, NONE | EXECUTE | MANDATORY,
    8, NONE | EXECUTE,
    9, STRING | READ | WRITE,
  ],
};
const EMPTY: ObjectDefinition = { ...WIDGET, id: 1001 };

/** What is at a path, in words; the rest is decided by them. */
interface Place {
  readonly path: string;
  readonly is: "hidden" | "absent" | "rule" | "there";
  /** Of a resource or resource instance. */
  readonly allows?: string;
  readonly shape?: "one" | "many" | "bytes";
  /** Absent, but made by a Write. */
  readonly makeable?: boolean;
}

const PLACES: readonly Place[] = [
  { path: "/0", is: "hidden" },
  { path: "/0/0/0", is: "hidden" },
  { path: "/21/0", is: "hidden" },
  { path: "/23", is: "hidden" },
  { path: "/999", is: "absent" },
  { path: "/999/0/1", is: "absent" },
  { path: "/1000", is: "there" },
  { path: "/1001", is: "there" },
  { path: "/1001/0", is: "absent" },
  { path: "/1000/0", is: "there" },
  { path: "/1000/3", is: "absent" },
  { path: "/1000/65535", is: "rule" },
  { path: "/1000/0/65535", is: "rule" },
  { path: "/1000/0/0", is: "there", allows: "RW", shape: "one" },
  { path: "/1000/0/2", is: "there", allows: "R", shape: "one" },
  { path: "/1000/0/3", is: "there", allows: "W", shape: "one" },
  { path: "/1000/0/4", is: "there", allows: "RW", shape: "many" },
  { path: "/1000/1/4", is: "there", allows: "RW", shape: "many" },
  { path: "/1000/0/5", is: "there", allows: "R", shape: "many" },
  { path: "/1000/0/6", is: "there", allows: "RW", shape: "bytes" },
  { path: "/1000/0/7", is: "there", allows: "E" },
  { path: "/1000/0/8", is: "absent", allows: "E", makeable: true },
  { path: "/1000/0/9", is: "absent", allows: "RW", shape: "one", makeable: true },
  { path: "/1000/0/99", is: "absent" },
  { path: "/1000/3/0", is: "absent" },
  { path: "/1000/0/4/1", is: "there", allows: "RW", shape: "one" },
  { path: "/1000/0/5/1", is: "there", allows: "R", shape: "one" },
  { path: "/1000/0/4/7", is: "absent" },
  { path: "/1000/0/0/0", is: "rule" },
  { path: "/1000/0/4/65535", is: "rule" },
  { path: "/1000/0/99/0", is: "absent" },
];

const FORMATS = [
  ...[undefined, TEXT, LINK_FORMAT, OCTET_STREAM, 50, CBOR, SENML_JSON, SENML_CBOR],
  ...[SENML_ETCH_JSON, SENML_ETCH_CBOR, TLV, LWM2M_JSON, LWM2M_CBOR, 65000],
];
const ONE_VALUE: readonly (number | undefined)[] = [TEXT, OCTET_STREAM, CBOR];

const READS: Record<Version, readonly number[]> = {
  "1.0": [TEXT, OCTET_STREAM, TLV, LWM2M_JSON],
  "1.1": [TEXT, OCTET_STREAM, TLV, LWM2M_JSON, CBOR, SENML_JSON, SENML_CBOR],
  "1.2": [TEXT, OCTET_STREAM, TLV, LWM2M_JSON, CBOR, SENML_JSON, SENML_CBOR, LWM2M_CBOR],
};
const writes = (version: Version) =>
  READS[version].filter((format) => format !== LWM2M_JSON || version === "1.0");

function given(version: Version): AgentPair {
  const widget = new LwM2mObject(WIDGET);
  const values = { 0: "n", 1: 7, 2: "s", 3: "secret", 5: [1, 2], 6: Uint8Array.of(1) };
  widget.create(0, { ...values, 4: [1, 2] });
  widget.create(1, { ...values, 4: [] });
  widget.onExecute = () => undefined;
  const objects = [widget, new LwM2mObject(EMPTY)];
  return new AgentPair({ version, objects, codecs: ALL_CODECS, lifetime: 0 }).started();
}

/** A payload that suits the place, where the format can say it; else one byte that suits nothing. */
function payloadFor(place: Place, method: string, format: number | undefined): Uint8Array {
  const path = parsePath(place.path) as Path;
  const name = (instanceId: number): Entry => ({
    path: [path[0], instanceId, 0],
    type: STRING,
    value: "new",
  });
  let entries: Entry[] = [{ path, type: STRING, value: "new" }];
  if (path.length === 1) entries = [name(5)];
  else if (path.length === 2) entries = [name(path[1])];
  else if (place.shape === "many") entries = [{ path: [...path, 0], type: INTEGER, value: 9 }];
  else if (place.shape === "bytes") entries = [{ path, type: OPAQUE, value: Uint8Array.of(9) }];
  else if (path.length === 4) entries = [{ path, type: INTEGER, value: 9 }];
  const codec = [...ALL_CODECS, LWM2M_JSON_CODEC]
    .reverse()
    .find((each) => each.format === (format ?? TEXT));
  if (method === "POST" && place.allows === "E") return new TextEncoder().encode("0='a'");
  return codec?.encode(path, entries) ?? Uint8Array.of(0xff);
}

/** What the request is, by Transport §6.4.4; undefined when there is no such operation. */
function operationOf(method: string, depth: number, format: number | undefined, accept?: number) {
  switch (method) {
    case "GET":
      return accept === LINK_FORMAT && depth < 4 ? "Discover" : "Read";
    case "PUT":
      return depth > 1 ? "Write (Replace)" : undefined;
    case "POST":
      if (depth === 1) return "Create";
      if (depth === 3 && (format === undefined || format === TEXT)) return "Execute";
      return depth < 4 ? "Write (Partial Update)" : undefined;
    case "DELETE":
      return depth === 2 || depth === 4 ? "Delete" : undefined;
    default:
      return undefined;
  }
}

/** The code of a Write or Create that may be done there: formats first, then whether they can say it. */
function codeOfContent(place: Place, version: Version, format: number | undefined, good: string) {
  const depth = place.path.split("/").length - 1;
  // Tolerated where one value is meant, though the Content-Format must be said.
  const said = format ?? (depth > 2 ? TEXT : undefined);
  if (said === undefined || !READS[version].includes(said)) return "4.15";
  if (!ONE_VALUE.includes(said)) return good;
  if (depth < 3 || place.shape === "many") return "4.00";
  return said !== OCTET_STREAM || place.shape === "bytes" ? good : "4.00";
}

function codeOfRead(place: Place, version: Version, accept: number | undefined): string {
  const depth = place.path.split("/").length - 1;
  if (place.allows !== undefined && !place.allows.includes("R")) return "4.05";
  if (accept === undefined) return "2.05";
  if (!writes(version).includes(accept)) return "4.06";
  if (!ONE_VALUE.includes(accept)) return "2.05";
  if (depth < 3 || place.shape === "many") return "4.06";
  return accept !== OCTET_STREAM || place.shape === "bytes" ? "2.05" : "4.06";
}

function expected(
  place: Place,
  method: string,
  version: Version,
  format: number | undefined,
  accept?: number,
): string {
  const depth = place.path.split("/").length - 1;
  const operation = operationOf(method, depth, format, accept);
  if (place.is === "hidden") return "4.01";
  if (place.path.startsWith("/999")) return "4.04";
  if (place.is === "rule" || (depth === 4 && version === "1.0")) return "4.05";
  const isWrite = operation?.startsWith("Write") === true;
  if (place.is === "absent" && !(isWrite && place.makeable)) return "4.04";
  const allows = place.allows ?? "";
  switch (operation) {
    case "Read":
      return codeOfRead(place, version, accept);
    case "Discover":
      return "2.05";
    case "Write (Replace)":
      if (depth > 2 && !allows.includes("W")) return "4.05";
      return codeOfContent(place, version, format, "2.04");
    case "Write (Partial Update)":
      if (depth > 2 && (!allows.includes("W") || place.shape !== "many")) return "4.05";
      return codeOfContent(place, version, format, "2.04");
    case "Execute":
      return allows === "E" ? "2.04" : "4.05";
    case "Create":
      return codeOfContent(place, version, format, "2.01");
    case "Delete":
      return depth === 2 || allows.includes("W") ? "2.02" : "4.05";
    default:
      return "4.05";
  }
}

const METHODS: Record<string, number> = {
  PUT: codes.PUT,
  POST: codes.POST,
  DELETE: codes.DELETE,
  FETCH: codes.FETCH,
  IPATCH: codes.IPATCH,
};

const numberOf = (code: string) => (Number(code[0]) << 5) | Number(code.slice(2));

describe.each(["1.0", "1.1", "1.2"] as const)("LwM2M Transport 1.2.2 §6.7: in %s", (version) => {
  test.each(PLACES)("$path that is $is: GET with every Accept", (place) => {
    proves("device", "read", "read-unreadable", "discover", "hidden-objects", "path-rules");
    proves("device", "only-legal-codes");
    const { server } = given(version);
    for (const accept of FORMATS) {
      const { code, format } = server.read(place.path, { accept });
      const wanted = expected(place, "GET", version, undefined, accept);
      expect([accept, code]).toEqual([accept, wanted]);
      if (code === "2.05" && accept !== undefined) expect(format).toBe(accept);
      if (code === "2.05") expect([LINK_FORMAT, ...writes(version)]).toContain(format);
      const depth = place.path.split("/").length - 1;
      const row = operationRow(operationOf("GET", depth, undefined, accept) ?? "");
      if (row !== undefined) expect(mayAnswer(row, numberOf(code))).toBe(true);
    }
  });

  test.each(
    PLACES.flatMap((place) => Object.keys(METHODS).map((method) => ({ ...place, method }))),
  )("$path that is $is: $method in every Content-Format", ({ method, ...place }) => {
    proves("device", "write-replace", "write-partial", "create", "delete", "hidden-objects");
    proves("device", "path-rules", "only-legal-codes");
    let pair = given(version);
    for (const format of method === "DELETE" ? [undefined] : FORMATS) {
      const payload = method === "DELETE" ? new Uint8Array(0) : payloadFor(place, method, format);
      const { code } = pair.server.ask(METHODS[method], place.path, { payload, format });
      const wanted = expected(place, method, version, format);
      expect([format, code]).toEqual([format, wanted]);
      const depth = place.path.split("/").length - 1;
      const row = operationRow(operationOf(method, depth, format) ?? "");
      if (row !== undefined) expect(mayAnswer(row, numberOf(code))).toBe(true);
      if (code.startsWith("2")) pair = given(version);
    }
  });

  test("a PUT of nothing is a Write-Attributes without attributes: 4.00", () => {
    const { server } = given(version);
    expect(server.ask(codes.PUT, "/1000/0/1").code).toBe("4.00");
  });

  test("a POST of nothing to an instance is none; to an object it lacks what is mandatory", () => {
    const { server } = given(version);
    expect(server.ask(codes.POST, "/1000/0").code).toBe("4.05");
    expect(server.ask(codes.POST, "/1000").code).toBe("4.00");
  });
});
