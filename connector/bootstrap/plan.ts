/**
 * A bootstrap configuration as requests, one after the other: Bootstrap-Delete, Bootstrap-Write, Bootstrap-Finish (LwM2M Core 1.2.2 §6.1.7,
 * LwM2M Transport 1.2.2 §6.4.2), and as the content of a Bootstrap-Pack.
 *
 * Paths are the plain ones of the object model: an alternate path is not used in bootstrap.
 */
import type { Request } from "../../protocol/coap/coap-endpoint.ts";
import { DELETE, GET, POST, PUT } from "../../protocol/coap/codes.ts";
import {
  LINK_FORMAT,
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_JSON,
  TLV,
} from "../../protocol/coap/content-formats.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import { ACCEPT, CONTENT_FORMAT, URI_PATH, uintOption } from "../../protocol/coap/options.ts";
import { pathOptions } from "../../protocol/coap/uri.ts";
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import { LWM2M_CBOR_CODEC } from "../../protocol/content/lwm2m-cbor.ts";
import { SENML_CBOR_CODEC } from "../../protocol/content/senml-cbor.ts";
import { SENML_JSON_CODEC } from "../../protocol/content/senml-json.ts";
import { TLV_CODEC } from "../../protocol/content/tlv.ts";
import type { Entry } from "../../protocol/model/data-types.ts";
import { formatPath, isWithin, type Path } from "../../protocol/model/path.ts";
import type { BootstrapConfiguration } from "./configuration.ts";

export type StepKind = "probe" | "discover" | "read" | "delete" | "write" | "finish";

/** One request of a bootstrap. */
export interface Step {
  readonly kind: StepKind;
  readonly path: Path;
}

export const CODECS: ReadonlyMap<number, ContentCodec> = new Map([
  [TLV, TLV_CODEC],
  [SENML_JSON, SENML_JSON_CODEC],
  [SENML_CBOR, SENML_CBOR_CODEC],
  [LWM2M_CBOR, LWM2M_CBOR_CODEC],
]);

const ROOT: Path = [];

/** What comes before anything is changed. */
export function firstSteps(configuration: BootstrapConfiguration): Step[] {
  const steps: Step[] = [];
  if (configuration.discovers) steps.push({ kind: "discover", path: ROOT });
  for (const path of configuration.reads) steps.push({ kind: "read", path });
  // A device that is where it says it is answers something small before it is sent keys.
  if (steps.length === 0 && configuration.deletes.length === 0) {
    steps.push({ kind: "probe", path: ROOT });
  }
  return steps;
}

/** What changes the device, to the end. */
export function laterSteps(
  configuration: BootstrapConfiguration,
  entries: readonly Entry[],
): Step[] {
  const steps: Step[] = configuration.deletes.map((path) => ({ kind: "delete", path }));
  const depth = configuration.isPartial ? 3 : 2;
  let last: Path | undefined;
  for (const { path } of entries) {
    if (last !== undefined && isWithin(path, last)) continue;
    last = path.slice(0, depth);
    steps.push({ kind: "write", path: last });
  }
  steps.push({ kind: "finish", path: ROOT });
  return steps;
}

/**
 * A step as a request.
 *
 * @param entries what is written, all of it
 * @param format of what is written or read; one of `CODECS`
 */
export function requestOf(step: Step, entries: readonly Entry[], format: number): Request {
  const { kind, path } = step;
  switch (kind) {
    case "probe":
    case "discover":
      return get(path, LINK_FORMAT);
    case "read":
      return get(path, format);
    case "delete":
      return { code: DELETE, options: optionsOf(path), payload: NO_BYTES };
    case "write":
      return {
        code: PUT,
        options: [...optionsOf(path), uintOption(CONTENT_FORMAT, format)],
        payload: payloadOf(
          path,
          entries.filter((entry) => isWithin(entry.path, path)),
          format,
        ),
      };
    case "finish":
      return { code: POST, options: pathOptions(URI_PATH, "/bs"), payload: NO_BYTES };
  }
}

/** What a Bootstrap-Pack holds (LwM2M Core 1.2.2 §6.1.7.7). */
export function packOf(entries: readonly Entry[], format: number): Uint8Array {
  return payloadOf(ROOT, entries, format);
}

const VERBS: Readonly<Record<StepKind, string>> = {
  probe: "Discover",
  discover: "Discover",
  read: "Read",
  delete: "Delete",
  write: "Write",
  finish: "Finish",
};

/** `Delete /0`, for people. */
export function nameOf({ kind, path }: Step): string {
  return kind === "finish" ? VERBS.finish : `${VERBS[kind]} ${formatPath(path)}`;
}

function get(path: Path, accept: number): Request {
  const options = [...optionsOf(path), uintOption(ACCEPT, accept)];
  return { code: GET, options, payload: NO_BYTES };
}

function optionsOf(path: Path) {
  return pathOptions(URI_PATH, formatPath(path));
}

function payloadOf(path: Path, entries: readonly Entry[], format: number): Uint8Array {
  const payload = CODECS.get(format)?.encode(path, entries);
  // Each of these formats can hold whatever the definitions allow.
  if (payload === undefined) throw new Error(`${formatPath(path)} cannot be written as ${format}`);
  return payload;
}
