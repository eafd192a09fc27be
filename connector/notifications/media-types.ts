/** CoAP's Content-Format numbers beside the media types that HTTP names them by (IANA CoRE Content-Formats). */
import {
  CBOR,
  JSON_FORMAT,
  LINK_FORMAT,
  LWM2M_CBOR,
  LWM2M_JSON,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../protocol/coap/content-formats.ts";

const XML = 41;
const EXI = 47;

const PAIRS: readonly (readonly [format: number, mediaType: string])[] = [
  [TEXT, "text/plain"],
  [LINK_FORMAT, "application/link-format"],
  [XML, "application/xml"],
  [OCTET_STREAM, "application/octet-stream"],
  [EXI, "application/exi"],
  [JSON_FORMAT, "application/json"],
  [CBOR, "application/cbor"],
  [SENML_JSON, "application/senml+json"],
  [SENML_CBOR, "application/senml+cbor"],
  [TLV, "application/vnd.oma.lwm2m+tlv"],
  [LWM2M_JSON, "application/vnd.oma.lwm2m+json"],
  [LWM2M_CBOR, "application/vnd.oma.lwm2m+cbor"],
];

const BY_FORMAT = new Map(PAIRS);
const BY_MEDIA_TYPE = new Map(PAIRS.map(([format, mediaType]) => [mediaType, format]));

/** The media type of a Content-Format: text/plain when a message carries none, opaque bytes for a number not known here. */
export function mediaTypeOf(contentFormat: number | undefined): string {
  if (contentFormat === undefined) return "text/plain";
  return BY_FORMAT.get(contentFormat) ?? "application/octet-stream";
}

/** The Content-Format of a media type; parameters such as a charset do not count. Undefined for a type not known here. */
export function contentFormatOf(mediaType: string): number | undefined {
  const semicolon = mediaType.indexOf(";");
  const bare = semicolon < 0 ? mediaType : mediaType.slice(0, semicolon);
  return BY_MEDIA_TYPE.get(bare.trim().toLowerCase());
}
