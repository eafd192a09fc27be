/** Values as the payload of a Write-Composite, in a format that the device has (LwM2M Core 1.2.2 §6.3.9). */
import { SENML_ETCH_CBOR } from "../../protocol/coap/content-formats.ts";
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import { SENML_ETCH_CBOR_CODEC } from "../../protocol/content/senml-cbor-etch.ts";
import { SENML_ETCH_JSON_CODEC } from "../../protocol/content/senml-json-etch.ts";
import type { Entry } from "../../protocol/model/data-types.ts";
import { CODECS } from "../codecs.ts";
import type { Registration } from "../registry/registration.ts";
import { changesFormat, valuesFormat } from "./formats.ts";

export interface WrittenContent {
  readonly payload: Uint8Array;
  readonly contentFormat: number;
}

/**
 * What to submit with IPATCH on `/`.
 *
 * @param entries in tree order; one of a resource instance without a value removes it, which LwM2M 1.2 can say
 * @param prefix of a device behind a gateway, `d01`
 * @returns undefined when the device has no format that says all of it
 */
export function writeCompositeContent(
  registration: Registration,
  entries: readonly Entry[],
  prefix?: string,
): WrittenContent | undefined {
  const removes = entries.some(({ value }) => value === undefined);
  const contentFormat = removes ? changesFormat(registration) : valuesFormat(registration);
  const codec = contentFormat === undefined ? undefined : codecOf(contentFormat, removes);
  const before = prefix === undefined ? registration.rootPath : `/${prefix}`;
  const payload = codec?.encode([], entries, before === "" ? undefined : before);
  if (payload === undefined || contentFormat === undefined) return undefined;
  return { payload, contentFormat };
}

function codecOf(contentFormat: number, removes: boolean): ContentCodec | undefined {
  if (!removes) return CODECS.get(contentFormat);
  return contentFormat === SENML_ETCH_CBOR ? SENML_ETCH_CBOR_CODEC : SENML_ETCH_JSON_CODEC;
}
