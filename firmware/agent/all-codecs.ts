/**
 * Every content format there is, for agents with room for them. Boards that are short of it list those that they need.
 */
import { CBOR_CODEC } from "../../protocol/content/cbor.ts";
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import { OPAQUE_CODEC } from "../../protocol/content/opaque.ts";
import { SENML_CBOR_CODEC } from "../../protocol/content/senml-cbor.ts";
import { SENML_JSON_CODEC } from "../../protocol/content/senml-json.ts";
import { TEXT_CODEC } from "../../protocol/content/text.ts";
import { TLV_CODEC } from "../../protocol/content/tlv.ts";

/** In the order of preference for a Read without Accept: bytes as they are, one value as text, more as TLV. */
export const ALL_CODECS: readonly ContentCodec[] = [
  OPAQUE_CODEC,
  TEXT_CODEC,
  TLV_CODEC,
  CBOR_CODEC,
  SENML_JSON_CODEC,
  SENML_CBOR_CODEC,
];
