/** Responses without content, made once, and errors that say why. */
import { encodeUtf8 } from "../protocol/bytes/utf8.ts";
import type { Response } from "../protocol/coap/coap-endpoint.ts";
import { NO_BYTES, NO_OPTIONS } from "../protocol/coap/message.ts";

const made = new Map<number, Response>();

/** The response with this code and nothing else. */
export function bareResponse(code: number): Response {
  let response = made.get(code);
  if (response === undefined) {
    response = { code, options: NO_OPTIONS, payload: NO_BYTES };
    made.set(code, response);
  }
  return response;
}

/** An error with a diagnostic payload (RFC 7252 §5.5.2). Keep reasons short: an error goes to whoever asks. */
export function refusal(code: number, reason: string): Response {
  return { code, options: NO_OPTIONS, payload: encodeUtf8(reason) };
}
