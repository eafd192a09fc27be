/** The Content-Formats that the connector reads and writes, by number. */
import {
  CBOR,
  LWM2M_CBOR,
  LWM2M_JSON,
  OCTET_STREAM,
  OLD_LWM2M_JSON,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../protocol/coap/content-formats.ts";
import { CBOR_CODEC } from "../protocol/content/cbor.ts";
import type { ContentCodec } from "../protocol/content/content-codec.ts";
import { LWM2M_CBOR_CODEC } from "../protocol/content/lwm2m-cbor.ts";
import { LWM2M_JSON_1543_CODEC, LWM2M_JSON_CODEC } from "../protocol/content/lwm2m-json.ts";
import { OPAQUE_CODEC } from "../protocol/content/opaque.ts";
import { SENML_CBOR_CODEC } from "../protocol/content/senml-cbor.ts";
import { SENML_JSON_CODEC } from "../protocol/content/senml-json.ts";
import { TEXT_CODEC } from "../protocol/content/text.ts";
import { TLV_CODEC } from "../protocol/content/tlv.ts";

export const CODECS: ReadonlyMap<number, ContentCodec> = new Map([
  [TLV, TLV_CODEC],
  [LWM2M_JSON, LWM2M_JSON_CODEC],
  [OLD_LWM2M_JSON, LWM2M_JSON_1543_CODEC],
  [SENML_JSON, SENML_JSON_CODEC],
  [SENML_CBOR, SENML_CBOR_CODEC],
  [TEXT, TEXT_CODEC],
  [OCTET_STREAM, OPAQUE_CODEC],
  [CBOR, CBOR_CODEC],
  [LWM2M_CBOR, LWM2M_CBOR_CODEC],
]);
