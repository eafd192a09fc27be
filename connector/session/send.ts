/**
 * Send: values that a device reports of its own accord, POST /dp (LwM2M Core 1.2.2 §6.4.6, since LwM2M 1.1).
 *
 * Decides which Sends are taken. Who sent it is known by its address alone; what it may send of is what it has registered, and of a
 * gateway what its devices have.
 */
import type { IncomingRequest, Response } from "../../protocol/coap/coap-endpoint.ts";
import {
  BAD_REQUEST,
  CHANGED,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../protocol/coap/codes.ts";
import { LWM2M_CBOR, SENML_CBOR, SENML_JSON } from "../../protocol/coap/content-formats.ts";
import { CONTENT_FORMAT, uintOf } from "../../protocol/coap/options.ts";
import type { SenmlRecord } from "../../protocol/content/senml.ts";
import { entriesOf, SenmlPack, VALUES } from "../../protocol/content/senml.ts";
import { readSenmlCbor } from "../../protocol/content/senml-cbor.ts";
import { readSenmlJson } from "../../protocol/content/senml-json.ts";
import { isMalformed, type Malformed } from "../../protocol/malformed.ts";
import type { Entry } from "../../protocol/model/data-types.ts";
import type { DefinitionOf } from "../../protocol/model/object-definition.ts";
import { CODECS } from "../codecs.ts";
import type { GatewayDevice, SendEvent, SentEntry } from "../contract.ts";
import { definitionsBehind, definitionsOf } from "../registry/definitions.ts";
import type { Registration } from "../registry/registration.ts";
import { bareResponse, refusal } from "../responses.ts";
import { isSince } from "./formats.ts";

export interface SendSettings {
  /** Whether devices that registered as LwM2M 1.0, which has no Send, are heard; some do so and send. */
  readonly takesSendOf: "any-version" | "1.1";
}

/** What a Send is answered with, and what applications are told of it. */
export interface SendOutcome {
  readonly response: Response;
  readonly event: SendEvent | undefined;
}

/** Who may stand before paths in names, and what it has. */
interface Place {
  /** Undefined for the device itself. */
  readonly device: GatewayDevice | undefined;
  /** "", an alternate path, or `/d01`. */
  readonly prefix: string;
  readonly definitionOf: DefinitionOf;
}

const TAKEN = bareResponse(CHANGED);

/** Takes a request to `/dp`. */
export function takeSend(
  settings: SendSettings,
  registration: Registration | undefined,
  devices: readonly GatewayDevice[],
  request: IncomingRequest,
): SendOutcome {
  if (request.code !== POST) return refused(bareResponse(METHOD_NOT_ALLOWED));
  if (registration?.version === undefined) return refused(bareResponse(NOT_FOUND));
  if (settings.takesSendOf !== "any-version" && !isSince(registration, settings.takesSendOf)) {
    return refused(bareResponse(NOT_FOUND));
  }
  const contentFormat = uintOf(request.options, CONTENT_FORMAT, -1);
  if (contentFormat < 0) return refused(refusal(BAD_REQUEST, "no Content-Format"));
  if (![SENML_JSON, SENML_CBOR, LWM2M_CBOR].includes(contentFormat)) {
    return refused(bareResponse(UNSUPPORTED_CONTENT_FORMAT));
  }
  const { payload } = request;
  const entries = readEntries(registration, devices, contentFormat, payload);
  if (isMalformed(entries)) return refused(refusal(BAD_REQUEST, entries.fault));
  if (entries.length === 0) return refused(refusal(BAD_REQUEST, "no values"));
  const stranger = entries.find((entry) => !isRegistered(registration, entry));
  if (stranger !== undefined) {
    const [objectId, instanceId] = stranger.path;
    return refused(refusal(NOT_FOUND, `/${objectId}/${instanceId} is not registered`));
  }
  const { endpointName } = registration;
  return {
    response: TAKEN,
    event: { kind: "send", endpointName, entries, payload, contentFormat },
  };
}

function refused(response: Response): SendOutcome {
  return { response, event: undefined };
}

/** What a device behind a gateway has never registers (its Sends may carry them all the same, says the gateway enabler). An object listed alone stands for all of it. */
function isRegistered({ links }: Registration, { path, prefix }: SentEntry): boolean {
  if (prefix !== undefined) return true;
  const object = `/${path[0]}`;
  const instance = `${object}/${path[1]}`;
  let isListed = false;
  let hasInstances = false;
  for (const { uri } of links) {
    if (uri === instance || uri.startsWith(`${instance}/`)) return true;
    if (uri === object) isListed = true;
    else if (uri.startsWith(`${object}/`)) hasInstances = true;
  }
  return isListed && !hasInstances;
}

/**
 * The values in a pack without a place of its own: of a Send, or of a composite.
 *
 * @param contentFormat SENML_JSON, SENML_CBOR or LWM2M_CBOR
 */
export function readEntries(
  registration: Registration,
  devices: readonly GatewayDevice[],
  contentFormat: number,
  payload: Uint8Array,
): SentEntry[] | Malformed {
  const places = placesOf(registration, devices);
  if (contentFormat === LWM2M_CBOR) return readLwM2mCbor(places, payload);
  const pack =
    contentFormat === SENML_JSON ? readSenmlJson(payload, VALUES) : readSenmlCbor(payload, VALUES);
  if (!(pack instanceof SenmlPack)) return pack;
  // Records of several devices may stand in one pack.
  const byPlace = new Map<Place, SenmlRecord[]>();
  for (const record of pack.records) {
    const place =
      places.find(({ prefix }) => record.name.startsWith(`${prefix}/`)) ??
      places[places.length - 1];
    const records = byPlace.get(place);
    if (records === undefined) byPlace.set(place, [record]);
    else records.push(record);
  }
  const sent: SentEntry[] = [];
  for (const [place, records] of byPlace) {
    const entries = entriesOf(records, [], place.definitionOf, place.prefix || undefined);
    if (isMalformed(entries)) return entries;
    for (const entry of entries) sent.push(sentEntry(entry, place));
  }
  return sent;
}

/** LwM2M CBOR has a gateway's prefix as the first part of keys, and no place for an alternate path. */
function readLwM2mCbor(places: readonly Place[], payload: Uint8Array): SentEntry[] | Malformed {
  let fault: Malformed | undefined;
  for (const place of places) {
    const prefix = place.device === undefined ? undefined : place.prefix;
    const entries = CODECS.get(LWM2M_CBOR)?.decode(payload, [], place.definitionOf, prefix);
    if (entries === undefined) continue;
    if (!isMalformed(entries)) return entries.map((entry) => sentEntry(entry, place));
    fault ??= entries;
  }
  return fault ?? [];
}

/** Who may be named, the device itself first where names have no prefix. */
function placesOf(registration: Registration, devices: readonly GatewayDevice[]): Place[] {
  const definitionOf = definitionsOf(registration);
  const { rootPath } = registration;
  const places: Place[] = devices.map((device) => ({
    device,
    prefix: `/${device.prefix}`,
    definitionOf: definitionsBehind(registration, device),
  }));
  if (rootPath !== "") places.push({ device: undefined, prefix: rootPath, definitionOf });
  // Last, since every name begins with its slash. Some devices leave their alternate path out of names.
  places.push({ device: undefined, prefix: "", definitionOf });
  return places;
}

function sentEntry(entry: Entry, { device }: Place): SentEntry {
  const { path, type, value, time } = entry;
  return { path, type, value, time, prefix: device?.prefix };
}
