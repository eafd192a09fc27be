/** What several cases judge in the same way, each with a criterion of its own. */
import { decodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { CHANGED, CONTENT } from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import { attributeOf, type Link } from "../../../protocol/coap/link-format.ts";
import { CON } from "../../../protocol/coap/message.ts";
import { OBSERVE, textsOf, URI_QUERY, uintOf } from "../../../protocol/coap/options.ts";
import type { RegistrationParameters } from "../../../protocol/lwm2m/registration.ts";
import { parseRegistrationQuery } from "../../../protocol/lwm2m/registration.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, type ObservedPath, was } from "../bench.ts";
import { configuredValues } from "../configurations.ts";
import { targetOf } from "../ladder.ts";
import { hasObserve, type Uplink } from "../scripted-server.ts";

/** The value of an Observe option that is not there. */
export const NO_SEQUENCE = -1;

/** What the query of a Register or Update says; a query that cannot be read fails the criterion. */
export function parametersOf<Criterion extends string>(
  bench: Bench<Criterion>,
  uplink: Uplink,
  criterion: Criterion,
): Partial<RegistrationParameters> {
  const parameters = parseRegistrationQuery(textsOf(uplink.message.options, URI_QUERY));
  if (!isMalformed(parameters)) return parameters;
  bench.expect(criterion, false, `${targetOf(uplink.message)}: ${parameters.fault}`);
  return {};
}

/** Ends a case about an optional resource where the device is known not to have it. */
export function needsResource(bench: Bench, path: string): void {
  const has = configuredValues(bench.configuration, path)[path] !== undefined;
  if (!has) bench.notApplicable(`the device has no ${path}`);
}

/** The server writes a lifetime and the client confirms it by an Update. */
export async function expectLifetimeTaken<Criterion extends string>(
  bench: Bench<Criterion>,
  lifetime: number,
  [write, update]: readonly [Criterion, Criterion],
): Promise<void> {
  bench.expectCode(write, await bench.put("/1/0/1", TEXT, `${lifetime}`), CHANGED);
  await expectUpdateWithLifetime(bench, lifetime, update);
}

/** An Update that says this lifetime comes at once. */
export async function expectUpdateWithLifetime<Criterion extends string>(
  bench: Bench<Criterion>,
  lifetime: number,
  criterion: Criterion,
): Promise<void> {
  const update = await bench.next("update", bench.now() + bench.pace.prompt);
  if (update === undefined) return bench.expect(criterion, false, "no Update came");
  const said = parametersOf(bench, update, criterion).lifetime;
  bench.expect(criterion, update.message.type === CON, "the Update is not Confirmable");
  bench.expect(criterion, said === lifetime, `the Update says lt=${said}, not ${lifetime}`);
}

/** A Read gives what is configured at and below the path. */
export async function expectRead<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  path: string,
  format?: number,
): Promise<ReadonlyMap<string, Value>> {
  const wanted = configuredValues(bench.configuration, path);
  return bench.expectValues(criterion, await bench.read(path, format), wanted, format);
}

export function expectListed<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  links: ReadonlyMap<string, Link>,
  wanted: readonly string[],
): void {
  const missing = wanted.find((uri) => !links.has(uri));
  bench.expect(criterion, missing === undefined, `${missing} is not listed`);
}

/** An Update comes whose list names this instance; what came before may have said so already. */
export async function expectListedIn<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  uri: string,
): Promise<void> {
  const until = bench.now() + bench.pace.prompt;
  const lists: string[] = [];
  for (;;) {
    const update = await bench.next("update", until);
    if (update === undefined) break;
    const list = decodeUtf8(update.message.payload);
    if (list.includes(`<${uri}>`)) return bench.expect(criterion, true, "");
    lists.push(list);
  }
  bench.expect(criterion, false, `no Update lists ${uri}; lists: ${lists.join(" and ") || "none"}`);
}

/** The link has these attributes, whatever else it has. */
export function expectAttributes<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  links: ReadonlyMap<string, Link>,
  uri: string,
  wanted: Readonly<Record<string, number>>,
): void {
  const link = links.get(uri);
  bench.expect(criterion, link !== undefined, `${uri} is not listed`);
  for (const [name, value] of Object.entries(wanted)) {
    const text = link === undefined ? undefined : attributeOf(link, name);
    const holds = text !== undefined && text !== "" && Number(text) === value;
    bench.expect(criterion, holds, `${uri} has ${name}=${text}, not ${value}`);
  }
}

/** Observe is answered by 2.05 with its option. */
export async function expectObserved<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  path: string,
  query: readonly string[] = [],
): Promise<ObservedPath> {
  const observed = await bench.observe(path, query);
  bench.expectCode(criterion, observed.answer, CONTENT);
  const sequence = uintOf(observed.answer.options, OBSERVE, NO_SEQUENCE);
  const why = `${was(observed.answer)} without the Observe option`;
  bench.expect(criterion, sequence !== NO_SEQUENCE, why);
  return observed;
}

/** The answer and its notifications keep to pmin and pmax, seconds, until now. */
export function expectWindows<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  { answer, path }: ObservedPath,
  notifications: readonly Uplink[],
  [pmin, pmax]: readonly [number, number],
): void {
  const { tolerance } = bench.client;
  let before: Milliseconds = answer.at;
  for (const { at } of notifications) {
    const gap = secondsText(at - before);
    const isSooner = at - before < pmin * SECOND - tolerance;
    bench.expect(criterion, !isSooner, `${path} was notified after ${gap}, pmin is ${pmin} s`);
    const isLater = at - before > pmax * SECOND + tolerance;
    bench.expect(criterion, !isLater, `${path} was notified after ${gap}, pmax is ${pmax} s`);
    before = at;
  }
  const silence = bench.now() - before;
  const isSilent = silence > pmax * SECOND + tolerance;
  const why = `${path} was not notified for ${secondsText(silence)}, pmax is ${pmax} s`;
  bench.expect(criterion, !isSilent, why);
}

/** To the millisecond: `15.02 s`. */
function secondsText(duration: Milliseconds): string {
  return `${Math.round(duration) / SECOND} s`;
}

/** Every notification has the Observe option, and they are in order (RFC 7641 §4.4). */
export function expectSequence<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  { answer, path }: ObservedPath,
  notifications: readonly Uplink[],
): void {
  let before = uintOf(answer.options, OBSERVE, NO_SEQUENCE);
  for (const { message } of notifications) {
    bench.expect(criterion, hasObserve(message), `a notification of ${path} has no Observe option`);
    const sequence = uintOf(message.options, OBSERVE, NO_SEQUENCE);
    // 24 bits, which wrap.
    const ahead = (sequence - before) & 0xffffff;
    const isNewer = ahead > 0 && ahead < 0x800000;
    bench.expect(criterion, isNewer, `Observe ${sequence} of ${path} came after ${before}`);
    before = sequence;
  }
}

/** The next notification gets a Reset. */
export async function rejectNext(bench: Bench, { token, path }: ObservedPath): Promise<void> {
  bench.server.rejected.add(token);
  const notification = await bench.next("notification", bench.now() + 30 * SECOND, token);
  bench.given(notification !== undefined, `no notification of ${path} came to be rejected`);
}
