/**
 * Every content format there is, for agents with room for them, and which of them a version of LwM2M has. Boards that are short of
 * room list those that they need.
 */
import {
  LWM2M_CBOR,
  LWM2M_JSON,
  OCTET_STREAM,
  TEXT,
  TLV,
} from "../../protocol/coap/content-formats.ts";
import { CBOR_CODEC } from "../../protocol/content/cbor.ts";
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import { LWM2M_CBOR_CODEC } from "../../protocol/content/lwm2m-cbor.ts";
import { LWM2M_JSON_CODEC } from "../../protocol/content/lwm2m-json.ts";
import { OPAQUE_CODEC } from "../../protocol/content/opaque.ts";
import { SENML_CBOR_CODEC } from "../../protocol/content/senml-cbor.ts";
import { SENML_JSON_CODEC } from "../../protocol/content/senml-json.ts";
import { TEXT_CODEC } from "../../protocol/content/text.ts";
import { TLV_CODEC } from "../../protocol/content/tlv.ts";

/** LwM2M JSON as LwM2M 1.1 leaves it: what comes is read, nothing is written (LwM2M Core 1.1.1 §7.4). */
const LWM2M_JSON_READER: ContentCodec = {
  format: LWM2M_JSON,
  encode: function () {
    return undefined;
  },
  decode: LWM2M_JSON_CODEC.decode,
};

/**
 * In the order of preference for a Read without Accept: bytes as they are, one value as text, more as TLV. LwM2M JSON is written in
 * 1.0 only (`codecsOf`). The two formats for changes and paths, SenML-ETCH, come with what has a use for them (composites.ts).
 */
export const ALL_CODECS: readonly ContentCodec[] = [
  OPAQUE_CODEC,
  TEXT_CODEC,
  TLV_CODEC,
  CBOR_CODEC,
  SENML_JSON_CODEC,
  SENML_CBOR_CODEC,
  LWM2M_CBOR_CODEC,
  LWM2M_JSON_READER,
];

/** What was asked for last, and came of it by version: a fleet's agents are alike, and share the lists. */
let lastCodecs: readonly ContentCodec[] = ALL_CODECS;
let lastAnswers: { [version: string]: readonly ContentCodec[] | undefined } = {};

/**
 * Those of `codecs` that a version has, in their order: text, opaque, TLV and LwM2M JSON in 1.0; CBOR and SenML since 1.1, which
 * only accepts LwM2M JSON; LwM2M CBOR since 1.2. A list that names `LWM2M_JSON_CODEC` itself keeps it: some devices write it
 * whatever they register as.
 *
 * @param version undefined for a plain CoAP device, which is held to none
 */
export function codecsOf(
  codecs: readonly ContentCodec[],
  version: string | undefined,
): readonly ContentCodec[] {
  if (version === undefined) return codecs;
  if (codecs !== lastCodecs) {
    lastCodecs = codecs;
    lastAnswers = {};
  }
  const known = lastAnswers[version];
  if (known !== undefined) return known;
  const answer: ContentCodec[] = [];
  for (let i = 0; i < codecs.length; i++) {
    const format = codecs[i].format;
    if (!isFormatOf(version, format)) continue;
    answer.push(format === LWM2M_JSON && version === "1.0" ? LWM2M_JSON_CODEC : codecs[i]);
  }
  lastAnswers[version] = answer;
  return answer;
}

function isFormatOf(version: string, format: number): boolean {
  if (version !== "1.0") return format !== LWM2M_CBOR || version === "1.2";
  return format === TEXT || format === OCTET_STREAM || format === TLV || format === LWM2M_JSON;
}
