/**
 * Values of resources as JSON and back. A value has the type that its object's definition gives it; of a resource that nothing defines
 * (an object not shipped here, a named resource of an mbed device), text that reads as a JSON number is one, and other text is text.
 */
import { encodeBase64 } from "../../protocol/bytes/base64.ts";
import { encodeUtf8, readUtf8 } from "../../protocol/bytes/utf8.ts";
import {
  JSON_FORMAT,
  LWM2M_JSON,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../protocol/coap/content-formats.ts";
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import { SENML_CBOR_CODEC } from "../../protocol/content/senml-cbor.ts";
import { SENML_JSON_CODEC } from "../../protocol/content/senml-json.ts";
import { formatText, parseText } from "../../protocol/content/text.ts";
import { TLV_CODEC } from "../../protocol/content/tlv.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import {
  BOOLEAN,
  type Entry,
  FLOAT,
  INTEGER,
  OPAQUE,
  TIME,
  TYPE_MASK,
  UNSIGNED,
  type Value,
} from "../../protocol/model/data-types.ts";
import { flagsAt, type ObjectDefinition } from "../../protocol/model/object-definition.ts";
import { ACCESS_CONTROL } from "../../protocol/model/objects/access-control.ts";
import { ACTUATION } from "../../protocol/model/objects/actuation.ts";
import { CONNECTIVITY_MONITORING } from "../../protocol/model/objects/connectivity-monitoring.ts";
import { CONNECTIVITY_STATISTICS } from "../../protocol/model/objects/connectivity-statistics.ts";
import { DEVICE } from "../../protocol/model/objects/device.ts";
import { FIRMWARE_UPDATE } from "../../protocol/model/objects/firmware-update.ts";
import { HUMIDITY } from "../../protocol/model/objects/humidity.ts";
import { LIGHT_CONTROL } from "../../protocol/model/objects/light-control.ts";
import { LOCATION } from "../../protocol/model/objects/location.ts";
import { PERCENTAGE } from "../../protocol/model/objects/percentage.ts";
import { PUSH_BUTTON } from "../../protocol/model/objects/push-button.ts";
import { SERVER } from "../../protocol/model/objects/server.ts";
import { TEMPERATURE } from "../../protocol/model/objects/temperature.ts";
import { formatPath, parsePath } from "../../protocol/model/path.ts";
import type { Json } from "./json.ts";

/** Path -> value, of what one payload held. */
export type ResourceValues = readonly (readonly [path: string, value: Json])[];

const DEFINITIONS = new Map<number, ObjectDefinition>(
  [
    SERVER,
    ACCESS_CONTROL,
    DEVICE,
    CONNECTIVITY_MONITORING,
    FIRMWARE_UPDATE,
    LOCATION,
    CONNECTIVITY_STATISTICS,
    TEMPERATURE,
    HUMIDITY,
    ACTUATION,
    LIGHT_CONTROL,
    PERCENTAGE,
    PUSH_BUTTON,
  ].map((definition) => [definition.id, definition]),
);

const CODECS = new Map<number, ContentCodec>([
  [TLV, TLV_CODEC],
  [SENML_JSON, SENML_JSON_CODEC],
  [SENML_CBOR, SENML_CBOR_CODEC],
]);

const NOTHING: ResourceValues = [];

/**
 * The values in a payload that a device sent for a path; none when it cannot be read.
 *
 * @param contentFormat undefined means text (RFC 7252 §5.5.1 leaves it to the reader)
 */
export function valuesIn(
  path: string,
  payload: Uint8Array,
  contentFormat: number | undefined,
): ResourceValues {
  switch (contentFormat) {
    case undefined:
    case TEXT: {
      const text = readUtf8(payload, 0, payload.length);
      return text === undefined ? NOTHING : [[path, jsonOfText(path, text)]];
    }
    case JSON_FORMAT: {
      const value = parsed(readUtf8(payload, 0, payload.length));
      return value === undefined ? NOTHING : [[path, value]];
    }
    case OCTET_STREAM:
      return [[path, encodeBase64(payload)]];
    case LWM2M_JSON:
      return NOTHING;
    default:
      return valuesOfEntries(path, payload, contentFormat);
  }
}

/** A device's answer to a call, as one JSON value: null for an empty one. */
export function jsonOfPayload(
  path: string,
  payload: Uint8Array,
  contentFormat: number | undefined,
): Json {
  if (payload.length === 0) return null;
  const values = valuesIn(path, payload, contentFormat);
  if (values.length === 1 && values[0][0] === path) return values[0][1];
  if (values.length > 0) return Object.fromEntries(values);
  return encodeBase64(payload);
}

/**
 * What is written to a resource for a JSON value: text, or JSON where the device has listed the resource as such. Undefined for an array
 * or an object that no resource takes.
 */
export function contentOf(
  path: string,
  value: Json,
  listedFormat: number | undefined,
): { readonly payload: Uint8Array; readonly contentFormat: number } | undefined {
  if (listedFormat === JSON_FORMAT) {
    return { payload: encodeUtf8(JSON.stringify(value)), contentFormat: JSON_FORMAT };
  }
  const text = textOf(path, value);
  return text === undefined ? undefined : { payload: encodeUtf8(text), contentFormat: TEXT };
}

/** The text of a value at a path; undefined for what has none. Two values with the same text are the same to a device. */
export function textOf(path: string, value: Json): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return String(value);
    case "boolean":
      // LwM2M's booleans are digits (LwM2M Core 1.1.1 Appendix C).
      return parsePath(path) === undefined ? String(value) : value ? "1" : "0";
    default:
      return undefined;
  }
}

function valuesOfEntries(path: string, payload: Uint8Array, contentFormat: number): ResourceValues {
  const codec = CODECS.get(contentFormat);
  const base = parsePath(path);
  if (codec === undefined || base === undefined) return NOTHING;
  const entries = codec.decode(payload, base, (objectId) => DEFINITIONS.get(objectId));
  return isMalformed(entries) ? NOTHING : entries.flatMap(valueOfEntry);
}

function valueOfEntry({ path, type, value }: Entry): ResourceValues {
  if (value === undefined) return NOTHING;
  const isUnknown = (flagsAt((id) => DEFINITIONS.get(id), path) & TYPE_MASK) === 0;
  // TLV shows no types: what nothing defines are bytes, of which nobody knows what they mean.
  if (isUnknown && type === OPAQUE) return NOTHING;
  return [[formatPath(path), jsonOf(type, value)]];
}

function jsonOf(type: number, value: Value): Json {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "boolean" || typeof value === "string") return value;
  return formatText(type, value) ?? null;
}

function jsonOfText(path: string, text: string): Json {
  const numeric = parsePath(path);
  const type = numeric && flagsAt((id) => DEFINITIONS.get(id), numeric) & TYPE_MASK;
  switch (type) {
    case INTEGER:
    case UNSIGNED:
    case TIME:
    case FLOAT:
    case BOOLEAN: {
      const value = parseText(type, text);
      return value === undefined ? text : jsonOf(type, value);
    }
    case undefined:
    case 0:
      return isJsonNumber(text) ? Number(text) : text;
    default:
      return text;
  }
}

/** A number that is written back as it was read: no leading zeros to lose, no digits that a double has not. */
function isJsonNumber(text: string): boolean {
  return (
    text.length <= 24 &&
    text !== "" &&
    String(Number(text)) === text &&
    text !== "NaN" &&
    !text.endsWith("Infinity")
  );
}

function parsed(text: string | undefined): Json | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
