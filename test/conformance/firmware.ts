/** Firmware updates as the harness's server makes them, and what the client says of them (LwM2M Core 1.1.1 §E.6). */
import { CHANGED, CONTENT, CONTINUE, PUT } from "../../protocol/coap/codes.ts";
import { OCTET_STREAM, TEXT, TLV } from "../../protocol/coap/content-formats.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import { MINUTE, type Milliseconds, SECOND } from "../../protocol/time/duration.ts";
import { type Answer, type Bench, was } from "./bench.ts";
import { BlockTransfer, putBlockWise } from "./block-wise.ts";
import type { FirmwareItem } from "./client-under-test.ts";
import { decodeValues } from "./content.ts";

export const UPDATE = "/5/0/2";
export const STATE = "/5/0/3";
export const RESULT = "/5/0/5";

// Of the state.

export const IDLE = 0;
export const DOWNLOADING = 1;
export const DOWNLOADED = 2;

/** A package that resets. */
export const NUL = Uint8Array.of(0);
/** How long a download or an installation may take. */
export const UPDATE_PERIOD: Milliseconds = 10 * MINUTE;
/** Between two looks, of which each is longer than the one before. */
const FIRST_PAUSE: Milliseconds = 2 * SECOND;
const LONGEST_PAUSE: Milliseconds = MINUTE;

export async function expectReset<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
): Promise<void> {
  bench.expectCode(criterion, await bench.put("/5/0/0", OCTET_STREAM, NUL), CHANGED);
  await expectState(bench, criterion, IDLE, 0);
}

export async function expectPushed<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  item: FirmwareItem,
): Promise<void> {
  const { last, between } = await push(bench, item);
  const odd = between.find(({ code }) => code !== CONTINUE);
  bench.expect(criterion, odd === undefined, `a block was answered by ${odd?.outcome}, not 2.31`);
  bench.expectCode(criterion, last, CHANGED);
}

export async function givenPushed(bench: Bench, item: FirmwareItem): Promise<void> {
  const { last } = await push(bench, item);
  bench.given(last.code === CHANGED, `${was(last)}, not by 2.04`);
}

/** The image that the profile gives, or one NUL. */
export function imageOf(bench: Bench, item: FirmwareItem): Uint8Array {
  const image = bench.firmware[item];
  return image instanceof Uint8Array ? image : NUL;
}

function push(bench: Bench, item: FirmwareItem): ReturnType<typeof putBlockWise> {
  const image = imageOf(bench, item);
  bench.step(`the server pushes ${item}, ${image.length} bytes`);
  return putBlockWise(bench, "/5/0/0", OCTET_STREAM, image);
}

export async function expectUri<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  uri: string,
): Promise<void> {
  bench.expectCode(criterion, await bench.put("/5/0/1", TEXT, uri), CHANGED);
}

/** A criterion: state and result become these, in time. */
export async function expectState<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  state: number,
  result: number,
): Promise<void> {
  const found = await stateWhen(bench, (s, r) => s === state && r === result);
  const holds = found.state === state && found.result === result;
  const why = `state ${found.state}, result ${found.result}, not ${state} and ${result}`;
  bench.expect(criterion, holds, why);
}

/** Reads state and result until they are so, or the time is up. A device that installs may be away for a while. */
export async function stateWhen(
  bench: Bench,
  isSo: (state: Value | undefined, result: Value | undefined) => boolean,
): Promise<{ readonly state: Value | undefined; readonly result: Value | undefined }> {
  const end = bench.now() + UPDATE_PERIOD;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(1.5 * pause, LONGEST_PAUSE)) {
    const values = valuesOf(await bench.read("/5/0", TLV));
    const [state, result] = [values.get(STATE), values.get(RESULT)];
    if (isSo(state, result) || bench.now() >= end) return { state, result };
    await bench.wait(pause);
  }
}

export async function versionOf(bench: Bench): Promise<Value | undefined> {
  const answer = await bench.read("/3/0/3");
  bench.given(answer.code === CONTENT, `${was(answer)}, not by 2.05`);
  return valuesOf(answer).get("/3/0/3");
}

export function valuesOf({ format, payload, path, code }: Answer): ReadonlyMap<string, Value> {
  const values = code === CONTENT ? decodeValues(format, payload, path) : "";
  return typeof values === "string" ? new Map() : values;
}

/** The image on its way in blocks, of which the first two have come. */
export async function givenHalfPushed(bench: Bench): Promise<BlockTransfer> {
  const question = { method: PUT, path: "/5/0/0", format: OCTET_STREAM };
  const image = imageOf(bench, "image");
  const size = image.length > 3 * 512 ? 512 : 64;
  const transfer = new BlockTransfer(bench, question, image, size);
  for (const _ of ["first", "second"]) {
    const answer = await transfer.next();
    bench.given(answer.code === CONTINUE, `${was(answer)}, not by 2.31`);
  }
  return transfer;
}

export async function givenDownloaded(bench: Bench): Promise<void> {
  await givenPushed(bench, "image");
  const { state } = await stateWhen(bench, (now) => now === DOWNLOADED);
  bench.given(state === DOWNLOADED, `the state is ${state}, not 2`);
}

/** State and result are so at this moment. */
export async function expectNow<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  state: number,
  result: number,
): Promise<void> {
  const now = await stateNow(bench);
  const why = `state ${now.state}, result ${now.result}, not ${state} and ${result}`;
  bench.expect(criterion, now.state === state && now.result === result, why);
}

export async function stateNow(bench: Bench) {
  const values = valuesOf(await bench.read("/5/0", TLV));
  return { state: values.get(STATE), result: values.get(RESULT) };
}
