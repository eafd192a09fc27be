/** What is observed in cases about CoAP, and what they do to it. */
import { decodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { CHANGED, CONTENT, formatCode, GET } from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import type { Message } from "../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, uintOf } from "../../../protocol/coap/options.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import type { Bench, ObservedPath } from "../bench.ts";
import { decodeValues, encodeValues, formatName } from "../content.ts";
import { hasObserve } from "../scripted-server.ts";
import { BINDING } from "./coap-exchanges.ts";

/** The plugtest's /obs, which changes now and then. This does not, but is told every 10 s, and every client has it. */
export const PERIODIC = BINDING;
/** The plugtest's /obs where a server has to change it: what every server may write. */
export const LIFETIME = "/1/0/1";
/** Three times the period, and half of it. */
export const THREE_PERIODS = 35 * SECOND;

/** Observes what is told every ten seconds. @param mode in LwM2M 1.2: con, for clients that know it */
export async function givenPeriod(bench: Bench, mode?: string): Promise<ObservedPath> {
  if (mode !== undefined) await askForMode(bench, PERIODIC, mode);
  await bench.givenAttributes(PERIODIC, "pmin=0", "pmax=10");
  return bench.givenObserved(PERIODIC);
}

/** The attribute is new in LwM2M 1.2, and optional: who does not know it is configured. */
export async function askForMode(bench: Bench, path: string, mode: string): Promise<void> {
  if (bench.version === "1.2") await bench.writeAttributes(path, [mode]);
}

export async function givenLifetimeObserved(bench: Bench): Promise<ObservedPath> {
  const observed = await bench.observeBy({ method: GET, path: LIFETIME, accept: TEXT });
  bench.given(hasObserve(observed.answer), `${LIFETIME} is not observed`);
  return observed;
}

export async function givenLifetime(bench: Bench, format: number, value: number): Promise<void> {
  const write = await bench.put(
    LIFETIME,
    format,
    encodeValues(format, LIFETIME, { [LIFETIME]: value }),
  );
  bench.given(write.code === CHANGED, `the lifetime could not be written: ${write.outcome}`);
}

/** The lifetime that a notification tells, or what it tells instead. */
export function valueIn({ code, options, payload }: Message): string {
  const format = uintOf(options, CONTENT_FORMAT, -1);
  if (code !== CONTENT || format !== TEXT) return `${formatCode(code)} in ${formatName(format)}`;
  const values = decodeValues(format, payload, LIFETIME);
  return typeof values === "string" ? decodeUtf8(payload) : `${values.get(LIFETIME)}`;
}
