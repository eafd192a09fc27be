/** The operations on several paths at once, as the harness's servers ask them (LwM2M Core 1.1.1 §6.3.8, §6.3.9, §6.4.4, §6.4.5). */
import { FETCH, IPATCH } from "../../protocol/coap/codes.ts";
import {
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
  SENML_JSON,
} from "../../protocol/coap/content-formats.ts";
import { SENML_ETCH_CBOR_PATHS } from "../../protocol/content/senml-cbor-etch.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import { type Answer, type Bench, type ObservedPath, type Question, was } from "./bench.ts";
import { pathOfText } from "./configurations.ts";
import { encodeValues } from "./content.ts";

/** What a client that claims composite operations must have for them. */
export const COMPOSITE_NEEDS = { features: ["composite"], formats: [SENML_CBOR] } as const;

/** What the values that are read may be in. */
export const PACK_FORMATS: readonly number[] = [SENML_JSON, SENML_CBOR, LWM2M_CBOR];
/** What the paths that are asked for may be in. */
export const FETCH_FORMATS: readonly number[] = [
  SENML_JSON,
  SENML_CBOR,
  SENML_ETCH_JSON,
  SENML_ETCH_CBOR,
];
/** What the values that are written may be in. */
export const PATCH_FORMATS: readonly number[] = [...FETCH_FORMATS, LWM2M_CBOR];

/** A FETCH of these paths. */
export function fetchOf(paths: readonly string[], query: readonly string[] = []): Question {
  const payload = SENML_ETCH_CBOR_PATHS.encode(paths.map(pathOfText));
  // Plain SenML spells paths as SENML_ETCH does, and more clients take it.
  return { method: FETCH, path: "/", query, accept: SENML_CBOR, format: SENML_CBOR, payload };
}

export function readComposite(bench: Bench, paths: readonly string[]): Promise<Answer> {
  return bench.ask(fetchOf(paths));
}

/** An iPATCH of these values, by path. */
export function patchOf(
  values: Readonly<Record<string, Value>>,
  format: number = SENML_CBOR,
): Question {
  return { method: IPATCH, path: "/", format, payload: encodeValues(format, "/", values) };
}

export function writeComposite(
  bench: Bench,
  values: Readonly<Record<string, Value>>,
  format: number = SENML_CBOR,
): Promise<Answer> {
  return bench.ask(patchOf(values, format));
}

export function observeComposite(
  bench: Bench,
  paths: readonly string[],
  query: readonly string[] = [],
): Promise<ObservedPath> {
  return bench.observeBy(fetchOf(paths, query));
}

/** The list of paths has to be the one that was observed. */
export function cancelComposite(
  bench: Bench,
  paths: readonly string[],
  { tokenBytes }: ObservedPath,
): Promise<Answer> {
  return bench.ask({ ...fetchOf(paths), observe: 1, token: tokenBytes });
}

/** A criterion: nothing at or below these paths is among the values. */
export function expectAbsent<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  answer: Answer,
  values: ReadonlyMap<string, Value>,
  paths: readonly string[],
): void {
  for (const path of paths) {
    const found = [...values.keys()].find((at) => at === path || at.startsWith(`${path}/`));
    bench.expect(criterion, found === undefined, `${was(answer)} with ${found}`);
  }
}
