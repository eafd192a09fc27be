/** The bootstrap server of the harness at work: what it writes, and in which order (LwM2M Core 1.1.1 §6.1.7). */

import { decodeUtf8 } from "../../protocol/bytes/utf8.ts";
import { CHANGED, DELETE, formatCode, GET, POST, PUT } from "../../protocol/coap/codes.ts";
import { LINK_FORMAT, TLV } from "../../protocol/coap/content-formats.ts";
import { decodeLinks, type Link } from "../../protocol/coap/link-format.ts";
import { CON, NO_BYTES } from "../../protocol/coap/message.ts";
import { textsOf, URI_QUERY } from "../../protocol/coap/options.ts";
import { type BootstrapParameters, parseBootstrapQuery } from "../../protocol/lwm2m/bootstrap.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { type Answer, type Bench, was } from "./bench.ts";
import { encodeValues } from "./content.ts";
import { Ended } from "./judging.ts";
import { targetOf } from "./ladder.ts";

const LIFETIME = 86400;
const NO_SECURITY = 3;

/** What a Bootstrap-Request said of the format that the client wants to be written to in. */
export interface BootstrapSession {
  readonly format: number;
}

/** By object: the account at one of the harness's servers, with Short Server ID 1. */
export function accountAt(bench: Bench, server = 0): Record<"/0" | "/1", Record<string, Value>> {
  return {
    "/0": {
      "/0/0/0": bench.client.serverUris[server],
      "/0/0/1": false,
      "/0/0/2": NO_SECURITY,
      "/0/0/3": NO_BYTES,
      "/0/0/4": NO_BYTES,
      "/0/0/5": NO_BYTES,
      "/0/0/10": 1,
    },
    "/1": { "/1/0/0": 1, "/1/0/1": LIFETIME, "/1/0/6": false, "/1/0/7": "U" },
  };
}

/** A criterion: a Bootstrap-Request comes by `until`; it is answered by 2.04. */
export async function expectRequest<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  until: Milliseconds,
): Promise<BootstrapSession> {
  const request = await bench.next("bootstrap", until);
  if (request === undefined) throw new Ended("fail", "no POST on /bs came", criterion);
  const { message } = request;
  bench.expect(criterion, message.type === CON, "the Bootstrap-Request is not Confirmable");
  const query = parseBootstrapQuery(textsOf(message.options, URI_QUERY));
  const fault = isMalformed(query) ? query.fault : "";
  bench.expect(criterion, fault === "", `${targetOf(message)}: ${fault}`);
  const { endpointName, contentFormat } = query as BootstrapParameters;
  const mayOmitName = bench.version !== "1.0" && endpointName === undefined;
  const isNamed = mayOmitName || endpointName === bench.endpointName;
  bench.expect(criterion, isNamed, `ep is ${endpointName}, not ${bench.endpointName}`);
  bench.expect(criterion, message.payload.length === 0, "the Bootstrap-Request has a payload");
  return { format: contentFormat ?? TLV };
}

/** As `expectRequest`, where what is judged comes later. */
export async function givenRequest(bench: Bench, until: Milliseconds): Promise<BootstrapSession> {
  const request = await bench.next("bootstrap", until);
  bench.given(request !== undefined, "no POST on /bs came");
  const queries = request === undefined ? [] : textsOf(request.message.options, URI_QUERY);
  const query = parseBootstrapQuery(queries);
  const format = isMalformed(query) ? undefined : query.contentFormat;
  return { format: format ?? TLV };
}

/** Bootstrap-Write of an object, or of what is below it. */
export function bootstrapWrite(
  bench: Bench,
  { format }: BootstrapSession,
  path: string,
  values: Readonly<Record<string, Value>>,
): Promise<Answer> {
  const payload = encodeValues(format, path, values);
  return ask(bench, { method: PUT, path, format, payload });
}

export function bootstrapDelete(bench: Bench, path: string): Promise<Answer> {
  return ask(bench, { method: DELETE, path });
}

export function bootstrapRead(bench: Bench, path: string, accept: number): Promise<Answer> {
  return ask(bench, { method: GET, path, accept });
}

export function bootstrapDiscover(bench: Bench, path: string): Promise<Answer> {
  return ask(bench, { method: GET, path, accept: LINK_FORMAT });
}

export function bootstrapFinish(bench: Bench): Promise<Answer> {
  return ask(bench, { method: POST, path: "/bs" });
}

function ask(bench: Bench, question: Parameters<Bench["ask"]>[0]): Promise<Answer> {
  return bench.ask(question, bench.servers.length);
}

/** Writes an account at a server and finishes: what other criteria build on. */
export async function givenBootstrapped(
  bench: Bench,
  session: BootstrapSession,
  server = 0,
): Promise<void> {
  const account = accountAt(bench, server);
  for (const path of ["/0", "/1"] as const) {
    const write = await bootstrapWrite(bench, session, path, account[path]);
    bench.given(write.code === CHANGED, `${was(write)}, not by ${formatCode(CHANGED)}`);
  }
  const finish = await bootstrapFinish(bench);
  bench.given(finish.code === CHANGED, `${was(finish)}, not by ${formatCode(CHANGED)}`);
}

/** What a Bootstrap-Discover says. */
export interface Discovered {
  /** Of the enabler, as the client says first. */
  readonly version: string | undefined;
  /** By target, without the root. */
  readonly links: ReadonlyMap<string, Link>;
}

/** A criterion: the answer to a Bootstrap-Discover is one (LwM2M Core 1.1.1 §6.1.7). LwM2M 1.0 says its version without a target. */
export function expectDiscovered<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  answer: Answer,
): Discovered {
  const text = decodeUtf8(answer.payload).replace(/^lwm2m=/, "</>;lwm2m=");
  bench.expect(criterion, answer.format === LINK_FORMAT, `${was(answer)}, not in link format`);
  const links = decodeLinks(text);
  if (isMalformed(links)) throw new Ended("fail", `${was(answer)}: ${links.fault}`, criterion);
  const root = links.find(({ uri }) => uri === "/");
  const version = root?.attributes.find(({ name }) => name === "lwm2m")?.value;
  const others = links.filter(({ uri }) => uri !== "/");
  return { version, links: new Map(others.map((link) => [link.uri, link])) };
}
