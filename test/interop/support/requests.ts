/** Short ways to write the requests of the suites, and to read the answers. */
import type { Request, Response } from "../../../protocol/coap/coap-endpoint.ts";
import { formatCode, GET } from "../../../protocol/coap/codes.ts";
import { OBSERVE, URI_PATH, uintOption } from "../../../protocol/coap/options.ts";
import { pathOptions, queryOptions } from "../../../protocol/coap/uri.ts";

/** A request for `/path?query`. */
export function request(code: number, target: string, payload: Uint8Array | string = ""): Request {
  const [path, query] = target.split("?");
  return {
    code,
    options: [
      ...pathOptions(URI_PATH, path),
      ...(query === undefined ? [] : queryOptions(query.split("&"))),
    ],
    payload: typeof payload === "string" ? new TextEncoder().encode(payload) : payload,
  };
}

export function observing(target: string): Request {
  const plain = request(GET, target);
  return { ...plain, options: [uintOption(OBSERVE, 0), ...plain.options] };
}

/** `2.05 text`, or the code alone. */
export function shown(response: Response): string {
  return `${formatCode(response.code)} ${textOf(response)}`.trim();
}

export function textOf(response: Response): string {
  return new TextDecoder().decode(response.payload);
}

/** A body that no block size divides, each byte telling where it belongs. */
export function body(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => 33 + ((at * 7 + (at >> 6)) % 90));
}
