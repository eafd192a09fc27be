/** What the operators that speak HTTP have in common. */

/** As the global one; another in tests. */
export type Fetcher = (url: string, request?: RequestInit) => Promise<Response>;

/** A URL without slashes at its end. */
export function bare(url: string): string {
  return url.replace(/\/+$/, "");
}
