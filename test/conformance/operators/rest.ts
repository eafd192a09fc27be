/** What the operators that speak HTTP have in common. */

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
