/**
 * Paths and queries as options (RFC 7252 §6.4, §6.5). A path here is text with `/` between segments and at the front;
 * segments are not percent-encoded, and a `/` inside a segment cannot be told from a separator.
 */
import { decodeUtf8 } from "../bytes/utf8.ts";
import type { Option } from "./options.ts";
import { textOption, URI_QUERY } from "./options.ts";

/**
 * `/3/0/1` as one option per segment; `/` or "" as none.
 *
 * @param number URI_PATH or LOCATION_PATH
 */
export function pathOptions(number: number, path: string): Option[] {
  const options: Option[] = [];
  let start = path.charCodeAt(0) === 47 ? 1 : 0;
  while (start < path.length) {
    let end = path.indexOf("/", start);
    if (end < 0) end = path.length;
    options.push(textOption(number, path.substring(start, end)));
    start = end + 1;
  }
  return options;
}

/** One Uri-Query option per text. */
export function queryOptions(queries: readonly string[]): Option[] {
  const options: Option[] = [];
  for (let i = 0; i < queries.length; i++) options.push(textOption(URI_QUERY, queries[i]));
  return options;
}

/**
 * The segments of Uri-Path or Location-Path joined, `/3/0/1`; `/` when there is none. One trailing empty segment, which some
 * clients send for a trailing slash, is dropped.
 */
export function pathOf(options: readonly Option[], number: number): string {
  let path = "";
  for (let i = 0; i < options.length; i++) {
    if (options[i].number === number) path += "/" + decodeUtf8(options[i].value);
  }
  if (path.length > 1 && path.charCodeAt(path.length - 1) === 47) {
    path = path.substring(0, path.length - 1);
  }
  return path === "" ? "/" : path;
}
