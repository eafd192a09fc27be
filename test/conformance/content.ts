/**
 * Values and payloads: what the harness writes to a client and how it understands what the client says.
 */
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
} from "../../protocol/coap/content-formats.ts";
import { CBOR_CODEC } from "../../protocol/content/cbor.ts";
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import { LWM2M_CBOR_CODEC } from "../../protocol/content/lwm2m-cbor.ts";
import { LWM2M_JSON_CODEC } from "../../protocol/content/lwm2m-json.ts";
import { OPAQUE_CODEC } from "../../protocol/content/opaque.ts";
import { SENML_CBOR_CODEC } from "../../protocol/content/senml-cbor.ts";
import { SENML_ETCH_CBOR_CODEC } from "../../protocol/content/senml-cbor-etch.ts";
import { SENML_JSON_CODEC } from "../../protocol/content/senml-json.ts";
import { SENML_ETCH_JSON_CODEC } from "../../protocol/content/senml-json-etch.ts";
import { TEXT_CODEC } from "../../protocol/content/text.ts";
import { TLV_CODEC } from "../../protocol/content/tlv.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Entry, Value } from "../../protocol/model/data-types.ts";
import { TYPE_MASK } from "../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../protocol/model/object-definition.ts";
import { flagsAt } from "../../protocol/model/object-definition.ts";
import { ACCESS_CONTROL } from "../../protocol/model/objects/access-control.ts";
import { BINARY_APP_DATA_CONTAINER } from "../../protocol/model/objects/binary-app-data.ts";
import { CONNECTIVITY_MONITORING } from "../../protocol/model/objects/connectivity-monitoring.ts";
import { CONNECTIVITY_STATISTICS } from "../../protocol/model/objects/connectivity-statistics.ts";
import { DEVICE } from "../../protocol/model/objects/device.ts";
import { EVENT_LOG } from "../../protocol/model/objects/event-log.ts";
import { FIRMWARE_UPDATE_1_2 } from "../../protocol/model/objects/firmware-update-1-2.ts";
import { LOCATION } from "../../protocol/model/objects/location.ts";
import { PORTFOLIO } from "../../protocol/model/objects/portfolio.ts";
import { SECURITY } from "../../protocol/model/objects/security.ts";
import { SERVER } from "../../protocol/model/objects/server.ts";
import { TEMPERATURE } from "../../protocol/model/objects/temperature.ts";
import { TEST_OBJECT_1_1 } from "../../protocol/model/objects/test-object-1-1.ts";
import type { Path } from "../../protocol/model/path.ts";
import { formatPath } from "../../protocol/model/path.ts";
import type { Version } from "./case.ts";
import { APN_PROFILE, BEARER_SELECTION, CELLULAR } from "./cellular.ts";
import { pathOfText } from "./configurations.ts";

/** The objects that cases use, in versions that have all that others have. */
export const DEFINITIONS: readonly ObjectDefinition[] = [
  SECURITY,
  SERVER,
  ACCESS_CONTROL,
  DEVICE,
  CONNECTIVITY_MONITORING,
  FIRMWARE_UPDATE_1_2,
  LOCATION,
  CONNECTIVITY_STATISTICS,
  CELLULAR,
  APN_PROFILE,
  BEARER_SELECTION,
  PORTFOLIO,
  BINARY_APP_DATA_CONTAINER,
  EVENT_LOG,
  TEST_OBJECT_1_1,
  TEMPERATURE,
];

export function definitionOf(objectId: number): ObjectDefinition | undefined {
  return DEFINITIONS.find((definition) => definition.id === objectId);
}

const CODECS: readonly ContentCodec[] = [
  TEXT_CODEC,
  OPAQUE_CODEC,
  TLV_CODEC,
  CBOR_CODEC,
  SENML_JSON_CODEC,
  SENML_CBOR_CODEC,
  LWM2M_CBOR_CODEC,
  LWM2M_JSON_CODEC,
  SENML_ETCH_JSON_CODEC,
  SENML_ETCH_CBOR_CODEC,
];

/** By version: what may be in a message of it. LwM2M JSON is only read since 1.1 (LwM2M Core 1.1.1 §7.4). */
const FORMATS: Readonly<Record<Version, readonly number[]>> = {
  "1.0": [TEXT, OCTET_STREAM, TLV, LWM2M_JSON],
  "1.1": [TEXT, OCTET_STREAM, TLV, CBOR, SENML_JSON, SENML_CBOR],
  "1.2": [
    TEXT,
    OCTET_STREAM,
    TLV,
    CBOR,
    SENML_JSON,
    SENML_CBOR,
    LWM2M_CBOR,
    SENML_ETCH_JSON,
    SENML_ETCH_CBOR,
  ],
};

/** Formats for one value, and those that hold the values below a path. */
export const ONE_VALUE_FORMATS: readonly number[] = [TEXT, OCTET_STREAM, CBOR];
export const TREE_FORMATS: readonly number[] = [
  TLV,
  SENML_JSON,
  SENML_CBOR,
  LWM2M_CBOR,
  LWM2M_JSON,
];

export function formatsOfVersion(version: Version): readonly number[] {
  return FORMATS[version];
}

const FORMAT_NAMES: Readonly<Record<number, string>> = {
  [TEXT]: "text",
  [LINK_FORMAT]: "link format",
  [OCTET_STREAM]: "opaque",
  [CBOR]: "CBOR",
  [SENML_JSON]: "SenML JSON",
  [SENML_CBOR]: "SenML CBOR",
  [TLV]: "TLV",
  [LWM2M_JSON]: "LwM2M JSON",
  [LWM2M_CBOR]: "LwM2M CBOR",
  [SENML_ETCH_JSON]: "SenML-ETCH JSON",
  [SENML_ETCH_CBOR]: "SenML-ETCH CBOR",
};

/** `TLV (11542)`. */
export function formatName(format: number | undefined): string {
  if (format === undefined) return "no Content-Format";
  const name = FORMAT_NAMES[format];
  return name === undefined ? `Content-Format ${format}` : `${name} (${format})`;
}

/** The values that a payload addressed to `path` holds, each by its own path; or what is wrong with it, as a sentence. */
export function decodeValues(
  format: number | undefined,
  payload: Uint8Array,
  path: string,
): ReadonlyMap<string, Value> | string {
  const codec = CODECS.find((known) => known.format === format);
  if (codec === undefined) return `the payload is in ${formatName(format)}`;
  const entries = codec.decode(payload, pathOfText(path), definitionOf);
  if (isMalformed(entries)) {
    return `the payload is no ${formatName(format)} of ${path}: ${entries.fault} at byte ${entries.at}`;
  }
  const values = new Map<string, Value>();
  for (const { path: at, value } of entries) {
    if (value !== undefined) values.set(formatPath(at), value);
  }
  return values;
}

/** A payload for `path` with these values, each by its own path. */
export function encodeValues(
  format: number,
  path: string,
  values: Readonly<Record<string, Value>>,
): Uint8Array {
  const entries = Object.entries(values).map(([at, value]) => entryOf(pathOfText(at), value));
  return encodeEntries(format, path, entries);
}

/** A payload for `path` with these entries, in the order of the tree, whose types may be wrong on purpose. */
export function encodeEntries(format: number, path: string, entries: readonly Entry[]): Uint8Array {
  const codec = CODECS.find((known) => known.format === format);
  const payload = codec?.encode(pathOfText(path), entries);
  if (payload === undefined) throw new Error(`${formatName(format)} cannot express ${path}`);
  return payload;
}

/** With the type that the resource has. */
export function entryOf(path: Path, value: Value): Entry {
  return { path, type: flagsAt(definitionOf, path) & TYPE_MASK, value };
}

export function isSameValue(left: Value | undefined, right: Value | undefined): boolean {
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return left.length === right.length && left.every((byte, i) => byte === right[i]);
  }
  if (typeof left === "number" && typeof right === "number") {
    // Clients may store floats in four bytes.
    return left === right || Math.fround(left) === Math.fround(right);
  }
  if (typeof left === "object" || typeof right === "object") {
    return JSON.stringify(left) === JSON.stringify(right);
  }
  return left === right;
}

export function formatValue(value: Value | undefined): string {
  if (value === undefined) return "nothing";
  if (value instanceof Uint8Array) return `h'${formatBytes(value)}'`;
  return JSON.stringify(value);
}

/** `c1 02 65`. */
export function formatBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += text === "" ? HEXADECIMAL[byte] : ` ${HEXADECIMAL[byte]}`;
  return text;
}

/** By byte: two digits. Tokens are compared as text, thousands of times in a run. */
const HEXADECIMAL: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);

/** Bytes from `C1 02 65`. */
export function bytesOf(hex: string): Uint8Array {
  const digits = hex.replaceAll(" ", "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}
