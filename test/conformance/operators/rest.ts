/** What operator interfaces by HTTP share: how they ask, and what they were told of observed and sent resources. */
import type { Value } from "../../../protocol/model/data-types.ts";
import { formatBytes } from "../content.ts";

/** As the global one; another in tests. */
export type Fetcher = (url: string, request?: RequestInit) => Promise<Response>;

/** A URL without slashes at its end. */
export function bare(url: string): string {
  return url.replace(/\/+$/, "");
}

/** Asks, and says of a URL that cannot be reached which it is. */
export async function reach(
  fetcher: Fetcher,
  url: string,
  request: RequestInit,
): Promise<Response> {
  try {
    return await fetcher(url, request);
  } catch (error) {
    const { cause, message } = error as Error;
    const why = cause instanceof Error && cause.message !== "" ? cause.message : message;
    throw new Error(`${url} cannot be reached: ${why}`);
  }
}

/** Texts kept of one resource; a run has a few hundred. */
const MOST_KEPT = 10_000;

export class Told {
  private readonly texts = new Map<string, string[]>();

  tell(endpointName: string, path: string, text: string): void {
    const at = `${endpointName}${path}`;
    const texts = this.texts.get(at) ?? [];
    if (texts.length < MOST_KEPT) texts.push(text);
    this.texts.set(at, texts);
  }

  tellAll(endpointName: string, values: ReadonlyMap<string, Value>): void {
    for (const [path, value] of values) this.tell(endpointName, path, textOfValue(value));
  }

  of(endpointName: string, path: string): readonly string[] {
    return this.texts.get(`${endpointName}${path}`) ?? [];
  }
}

/** As it would stand in text/plain; bytes as hexadecimal digits. */
export function textOfValue(value: Value): string {
  if (typeof value === "boolean") return value ? "1" : "0";
  if (value instanceof Uint8Array) return formatBytes(value).replaceAll(" ", "");
  if (typeof value === "object") return `${value.objectId}:${value.objectInstanceId}`;
  return String(value);
}
