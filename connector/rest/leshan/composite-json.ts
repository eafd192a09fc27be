/**
 * What a device has at several places, as the Leshan demo server shows it: an object of paths and nodes. A place where there is nothing
 * is left out.
 *
 *   {"/3/0/9": {"kind": "singleResource", ...}, "/3303/0": {"kind": "instance", ...}}
 */
import { LWM2M_CBOR, SENML_CBOR, SENML_JSON } from "../../../protocol/coap/content-formats.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { Path } from "../../../protocol/model/path.ts";
import type { Devices, ResponseEvent, SentEntry } from "../../contract.ts";
import type { Registration } from "../../registry/registration.ts";
import { sentPath } from "../../session/latest.ts";
import { readEntries } from "../../session/send.ts";
import type { Json } from "../../shadow/json.ts";
import { nodeJson } from "./node-json.ts";
import { type Place, placeAt } from "./place.ts";
import type { CompositeTarget } from "./target.ts";

/** What tells who is behind a gateway. */
export interface CompositeContext {
  readonly devices: Devices;
}

/** Formats that name each of their values. */
export const NAMING_FORMATS: readonly number[] = [SENML_JSON, SENML_CBOR, LWM2M_CBOR];

type NodesJson = { readonly [path: string]: Json };

/** The nodes at the places that were asked for; undefined when what the device sent cannot be read. */
export function compositeJson(
  { devices }: CompositeContext,
  { registration, endpointName, places }: CompositeTarget,
  { payload, contentFormat }: Pick<ResponseEvent, "payload" | "contentFormat">,
): NodesJson | undefined {
  if (contentFormat === undefined || !NAMING_FORMATS.includes(contentFormat)) return undefined;
  const behind = registration.isGateway ? devices.gatewayDevices(endpointName) : [];
  const entries = readEntries(registration, behind, contentFormat, payload);
  if (isMalformed(entries)) return undefined;
  const nodes: Record<string, Json> = {};
  for (const place of places) {
    const own = entries.filter((entry) => isAt(place, registration, entry));
    if (own.length === 0) continue;
    const node = nodeJson(place.path, own, place.definitionOf);
    if (node !== undefined) nodes[place.at] = node;
  }
  return nodes;
}

/** What a device has sent of its own accord. */
export function sentJson(
  { devices }: CompositeContext,
  registration: Registration,
  entries: readonly SentEntry[],
): NodesJson {
  const nodes: Record<string, Json> = {};
  for (const entry of entries) {
    const at = sentPath(entry);
    const place = placeAt(devices, registration, at);
    const node = place && nodeJson(place.path, [entry], place.definitionOf);
    if (node !== undefined) nodes[at] = node;
  }
  return nodes;
}

function isAt({ path, prefix }: Place, { rootPath }: Registration, entry: SentEntry): boolean {
  const own = entry.prefix === undefined ? rootPath : `/${entry.prefix}`;
  return own === prefix && isWithin(entry.path, path);
}

function isWithin(path: Path, base: Path): boolean {
  return base.every((id, i) => path[i] === id);
}
