/** What several cases for servers do and judge in the same way, each with a criterion of its own. */
import { formatCode } from "../../../protocol/coap/codes.ts";
import { CONTENT_FORMAT, uintOf } from "../../../protocol/coap/options.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import type { Version } from "../case.ts";
import { decodeValues, formatName, formatValue, isSameValue } from "../content.ts";
import { METHODS, targetOf } from "../ladder.ts";
import { textOfValue } from "../operators/rest.ts";
import type { Downlink } from "../scripted-client.ts";
import { SERVER_PROMPT, type ServerBench } from "../server-bench.ts";
import type { KnownClient, Order, Outcome, PathValues } from "../server-under-test.ts";

export const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
export const SINCE_1_1: readonly Version[] = ["1.1", "1.2"];
export const ONLY_1_0: readonly Version[] = ["1.0"];
export const ONLY_1_2: readonly Version[] = ["1.2"];

/** The value of an option that is not there. */
export const ABSENT = -1;

/** An order, and the request that has come of it. */
export interface Ordered {
  readonly orderId: string;
  readonly request: Downlink;
}

/** Orders something, and takes the request that comes of it, whatever it is; in words why there is none. */
export async function ordered(
  bench: ServerBench,
  order: Order,
  path = pathOfOrder(order),
): Promise<Ordered | string> {
  const orderId = await bench.order(order);
  // A copy is of an order before it.
  const isNew = (one: Downlink) => one.path === path && !one.isRepeated;
  const request = await bench.next(bench.now() + SERVER_PROMPT, isNew);
  if (request !== undefined) return { orderId, request };
  return `no request on ${path} came; ${toldWords(await bench.ended(orderId, 0))}`;
}

/** A criterion: an order comes to the client, as this method on this path. */
export async function expectOrdered<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  order: Order,
  method: number,
  path = pathOfOrder(order),
): Promise<Ordered> {
  const came = await ordered(bench, order, path);
  if (typeof came === "string") return bench.fail(criterion, came);
  const { message } = came.request;
  const why = `${targetOf(message)} came, no ${METHODS[method]} on ${path}`;
  bench.expect(criterion, message.code === method, why);
  return came;
}

/** What other criteria build on: an order has come to the client. */
export async function givenOrdered(
  bench: ServerBench,
  order: Order,
  path = pathOfOrder(order),
): Promise<Ordered> {
  const came = await ordered(bench, order, path);
  return typeof came === "string" ? bench.lack(came) : came;
}

/** Where an order leads; a composite to the root. */
function pathOfOrder(order: Order): string {
  return "path" in order ? order.path : "/";
}

/** A criterion: the operator is told of a success. */
export async function expectDone<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  orderId: string,
): Promise<Outcome | undefined> {
  const outcome = await bench.ended(orderId);
  bench.expect(criterion, outcome?.isSuccess === true, toldWords(outcome));
  return outcome;
}

/** A criterion: the operator is told of a failure. */
export async function expectRefusalTold<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  orderId: string,
): Promise<void> {
  const outcome = await bench.ended(orderId);
  bench.expect(criterion, outcome?.isSuccess === false, toldWords(outcome));
}

/** A criterion: the operator is told these values, each by its path. */
export async function expectToldValues<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  orderId: string,
  values: PathValues,
): Promise<void> {
  const outcome = await expectDone(bench, criterion, orderId);
  for (const [path, value] of Object.entries(values)) {
    const isTold = outcome !== undefined && tells(outcome, path, value);
    const why = `of ${path}, ${formatValue(value)}, ${toldWords(outcome, path)}`;
    bench.expect(criterion, isTold, why);
  }
}

/** Whether an operator was told a value: by its path, or somewhere in what a person sees. */
export function tells({ value, values }: Outcome, path: string, expected: Value): boolean {
  if (values !== undefined) return isSameValue(values.get(path), expected);
  return value?.includes(textOfValue(expected)) === true;
}

/** `the operator was told 404, ""`. */
export function toldWords(outcome: Outcome | undefined, path?: string): string {
  if (outcome === undefined) return "the operator was told nothing";
  const { words, value, values } = outcome;
  const shown = path === undefined ? value : (formatValue(values?.get(path)) ?? value);
  return `the operator was told ${words.trim()}, ${shown ?? "no value"}`;
}

/** Whether the operator is told this of an observed or sent resource, or is within a moment. */
export function hears(bench: ServerBench, path: string, text: string): Promise<boolean> {
  return bench.waitFor(() => bench.told(path).includes(text), bench.now() + SERVER_PROMPT);
}

/** A criterion: the operator is told this of an observed or sent resource. */
export async function expectHeard<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  path: string,
  text: string,
): Promise<void> {
  const isHeard = await hears(bench, path, text);
  bench.expect(criterion, isHeard, `of ${path} the operator was not told ${text}`);
}

/** A criterion: what is written has these values, in a format that is among those. */
export function expectWritten<Criterion extends string>(
  bench: ServerBench<Criterion>,
  [format, values]: readonly [Criterion, Criterion],
  { request }: Ordered,
  wanted: PathValues,
  formats: readonly number[],
): void {
  const { message, path } = request;
  const written = uintOf(message.options, CONTENT_FORMAT, ABSENT);
  const isKnown = formats.includes(written);
  bench.expect(format, isKnown, `the Write is in ${formatName(written)}`);
  const found = decodeValues(written, message.payload, path);
  for (const [at, value] of Object.entries(wanted)) {
    const said = typeof found === "string" ? undefined : found.get(at);
    const why = typeof found === "string" ? found : `${at} is ${formatValue(said)}`;
    bench.expect(values, isSameValue(said, value), `${why}, not ${formatValue(value)}`);
  }
}

/** The client as the operator sees it; a moment may pass until it does. */
export async function known(bench: ServerBench): Promise<KnownClient | undefined> {
  const until = bench.now() + SERVER_PROMPT;
  await bench.waitFor(async () => (await bench.known()) !== undefined, until);
  return bench.known();
}

/** A criterion: the operator sees the client, with these paths as far as it is shown any. */
export async function expectKnown<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  paths: readonly string[],
): Promise<KnownClient> {
  const client = bench.expectFound(
    criterion,
    await known(bench),
    "the operator does not see the client",
  );
  const isSeen = await sees(bench, (now) =>
    paths.every((path) => now?.paths?.includes(path) !== false),
  );
  const seen = (await bench.known())?.paths;
  bench.expect(criterion, isSeen, `of ${paths.join(", ")} the operator sees ${seen?.join(", ")}`);
  return client;
}

/** Whether the operator sees the client like that, or does within a moment. */
export function sees(
  bench: ServerBench,
  isSo: (client: KnownClient | undefined) => boolean,
): Promise<boolean> {
  return bench.waitFor(async () => isSo(await bench.known()), bench.now() + SERVER_PROMPT);
}

/** A criterion: the operator does not see these paths, or stops to within a moment. */
export async function expectUnknown<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  paths: readonly string[],
): Promise<void> {
  const isUnseen = await sees(bench, (now) =>
    paths.every((path) => now?.paths?.includes(path) !== true),
  );
  bench.expect(criterion, isUnseen, `the operator still sees ${paths.join(" or ")}`);
}

/** Whether the operator does not see the client, or stops to within a moment. */
export function isUnlisted(bench: ServerBench): Promise<boolean> {
  return sees(bench, (client) => client === undefined);
}

/** A criterion: an answer has one of these codes. */
export function expectCode<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  answer: { readonly code: number } | undefined,
  codes: readonly number[],
  asked: string,
): void {
  const code = answer === undefined ? "nothing" : formatCode(answer.code);
  const isOne = answer !== undefined && codes.includes(answer.code);
  const wanted = codes.map(formatCode).join(" or ");
  bench.expect(criterion, isOne, `${asked} was answered by ${code}, not by ${wanted}`);
}

/** The query of a Register in queue mode. */
export function queueModeQuery({ version }: ServerBench, lifetime = 600): string[] {
  const binding = version === "1.0" ? ["b=UQ"] : ["b=U", "Q"];
  return [`lt=${lifetime}`, `lwm2m=${version}`, ...binding];
}
