/** `/api/clients/{endpoint}/composite`: several places of a device, read, written and observed as one. */
import { FETCH, IPATCH } from "../../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../../protocol/coap/message.ts";
import {
  OBSERVE_COMPOSITE,
  READ_COMPOSITE,
  WRITE_COMPOSITE,
} from "../../../protocol/lwm2m/composite-operations.ts";
import type { Entry } from "../../../protocol/model/data-types.ts";
import { CODECS } from "../../codecs.ts";
import { type WrittenContent, writeCompositeContent } from "../../session/write-composite.ts";
import { type RestContext, type RestHost, refuse } from "../context.ts";
import { readMembers } from "../customers/answers.ts";
import { ask, askBy } from "./asking.ts";
import { NAMING_FORMATS } from "./composite-json.ts";
import { formatNamed } from "./formats.ts";
import { bad, compareEntries, entriesOfNode } from "./node-body.ts";
import type { Place } from "./place.ts";
import { type CompositeTarget, placeNamed, registrationNamed } from "./target.ts";

const READABLE = [0, 1, 2, 3, 4];
const WRITABLE = [3, 4];

/** GET /api/clients/{endpoint}/composite?paths=/3/0/0,/3/0/9 */
export function readComposite(host: RestHost, c: RestContext): Promise<Response> {
  const target = targetIn(host, c);
  const accept = namingFormat(c, "nodeformat");
  namingFormat(c, "pathformat");
  const call = { method: FETCH, payload: NO_BYTES, paths: pathsOf(target), accept };
  return ask(host, c, { target, operation: READ_COMPOSITE }, call);
}

/** PUT /api/clients/{endpoint}/composite, with an object of paths and nodes. */
export async function writeComposite(host: RestHost, c: RestContext): Promise<Response> {
  const registration = registrationNamed(host, c);
  const format = namingFormat(c, "nodeformat");
  const places: Place[] = [];
  const entries: Entry[] = [];
  for (const [at, node] of Object.entries(await readMembers(c))) {
    const place = placeNamed(host, registration, at, WRITABLE);
    places.push(place);
    entries.push(...writtenAt(place, node));
  }
  entries.sort(compareEntries);
  const { endpointName } = registration;
  const target: CompositeTarget = { registration, endpointName, places };
  const content = contentOf(target, entries, format);
  return ask(host, c, { target, operation: WRITE_COMPOSITE }, { method: IPATCH, ...content });
}

/** POST /api/clients/{endpoint}/composite/observe?paths= */
export async function observeComposite(host: RestHost, c: RestContext): Promise<Response> {
  const target = targetIn(host, c);
  const accept = namingFormat(c, "nodeformat");
  namingFormat(c, "pathformat");
  const { endpointName } = target;
  const paths = pathsOf(target);
  const { composites } = host.gateway.subscriptions;
  const channelId = c.get("channelId");
  const wasThere = composites.isSubscribed(channelId, endpointName, paths);
  const submit = () => composites.subscribe(channelId, endpointName, paths, { accept });
  const asked = { target, operation: OBSERVE_COMPOSITE };
  const response = await askBy(host, c, asked, submit, () => {
    if (!wasThere) composites.unsubscribe(channelId, endpointName, paths);
  });
  await host.commit();
  return response;
}

/** DELETE /api/clients/{endpoint}/composite/observe?paths=&active */
export async function cancelComposite(host: RestHost, c: RestContext): Promise<Response> {
  const target = targetIn(host, c);
  const { endpointName } = target;
  const paths = pathsOf(target);
  const { composites } = host.gateway.subscriptions;
  const wasThere = composites.unsubscribe(c.get("channelId"), endpointName, paths);
  await host.commit();
  if (c.req.query("active") === undefined) return c.body(null, 200);
  if (!wasThere) {
    const named = `[${paths.join(", ")}]`;
    return refuse(
      c,
      404,
      `no composite observation for paths ${named} for client '${endpointName}'`,
    );
  }
  // As with one place: the core has told the device already.
  const call = { method: FETCH, payload: NO_BYTES, paths };
  return ask(host, c, { target, operation: READ_COMPOSITE }, call);
}

function targetIn(host: RestHost, c: RestContext): CompositeTarget {
  const registration = registrationNamed(host, c);
  const named = (c.req.query("paths") ?? "").split(",").filter((path) => path !== "");
  if (named.length === 0) throw bad("paths must be a list of paths, as /3/0/0,/3/0/9.");
  const places = named.map((path) => placeNamed(host, registration, slashed(path), READABLE));
  return { registration, endpointName: registration.endpointName, places };
}

function slashed(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

function pathsOf({ places }: CompositeTarget): string[] {
  return places.map(({ at }) => at);
}

function writtenAt({ at, path, definitionOf }: Place, node: unknown): Entry[] {
  // As for Leshan, null removes a resource instance.
  if (node === null && path.length === 4) return [{ path, type: 0, value: undefined }];
  const entries = entriesOfNode(path, node, definitionOf);
  if (entries.some(({ value }) => value === undefined)) {
    throw bad(`${at} has no values, and a Write-Composite removes single resource instances only.`);
  }
  return entries;
}

function contentOf(
  { registration, places }: CompositeTarget,
  entries: readonly Entry[],
  format: number | undefined,
): WrittenContent {
  const [{ prefix } = { prefix: "" }] = places;
  if (entries.length === 0) throw bad("the body must be an object of paths and nodes.");
  if (places.some((place) => place.prefix !== prefix)) {
    throw bad("the paths are of several devices.");
  }
  if (format === undefined) {
    const behind = prefix === registration.rootPath ? undefined : prefix.slice(1);
    const content = writeCompositeContent(registration, entries, behind);
    if (content !== undefined) return content;
    throw bad("the device has no format that can say this.");
  }
  const payload = CODECS.get(format)?.encode([], entries, prefix === "" ? undefined : prefix);
  if (payload === undefined) throw bad("the format cannot hold this content.");
  return { payload, contentFormat: format };
}

function namingFormat(c: RestContext, name: "pathformat" | "nodeformat"): number | undefined {
  const format = formatNamed(c.req.query(name));
  if (format === undefined || NAMING_FORMATS.includes(format)) return format;
  throw bad(`${name} must be one of SENML_JSON, SENML_CBOR, LWM2M_CBOR.`);
}
