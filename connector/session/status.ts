/**
 * From CoAP's answer to the HTTP-like status that applications see.
 *
 * Classes 4 and 5 keep their numbers where HTTP's mean the same (RFC 8075 §7). A refusal for the sake of a format is 415
 * whether the device called it 4.06 or 4.15, and a device's own failure is a bad gateway's.
 */

import { decodeUtf8, isUtf8 } from "../../protocol/bytes/utf8.ts";
import {
  DISCONNECTED,
  type Failure,
  type Response,
  TIMED_OUT,
} from "../../protocol/coap/coap-endpoint.ts";
import {
  CREATED,
  formatCode,
  INTERNAL_SERVER_ERROR,
  isSuccess,
  NOT_ACCEPTABLE,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../protocol/coap/codes.ts";

export const OK = 200;
export const CONFLICT = 409;
export const REGISTRATION_GONE = 410;
export const NOT_OBSERVABLE = 412;
export const BAD_GATEWAY = 502;
export const UNAVAILABLE = 503;
export const NO_ANSWER = 504;

/** Characters of a device's own reason that are passed on. */
const LONGEST_REASON = 100;

/** The status for a response code. */
export function statusOfCode(code: number): number {
  if (isSuccess(code)) return code === CREATED ? 201 : OK;
  if (code === NOT_ACCEPTABLE || code === UNSUPPORTED_CONTENT_FORMAT) return 415;
  if (code === INTERNAL_SERVER_ERROR) return BAD_GATEWAY;
  const status = (code >> 5) * 100 + (code & 31);
  return status >= 400 && status <= 504 ? status : BAD_GATEWAY;
}

/** The status for a request without a response. */
function statusOfFailure(failure: Failure): number {
  return failure === TIMED_OUT || failure === DISCONNECTED ? NO_ANSWER : BAD_GATEWAY;
}

/** One line: the code, and what the device says of it (RFC 7252 §5.5.2). */
export function reasonOf(response: Response): string {
  const said = isUtf8(response.payload) ? printable(decodeUtf8(response.payload)) : "";
  const code = formatCode(response.code);
  return said === "" ? `The device answered ${code}` : `The device answered ${code}: ${said}`;
}

/** One line why there is no response. */
export function reasonOfFailure(failure: Failure): string {
  return failure === TIMED_OUT || failure === DISCONNECTED
    ? "The device did not answer"
    : `The exchange with the device failed: ${failure}`;
}

function printable(text: string): string {
  let line = "";
  for (const character of text.slice(0, LONGEST_REASON)) {
    line += character < " " || character === "\u007f" ? " " : character;
  }
  return line.trim();
}

/** The device has it, but not in the format that was asked for. */
export function isAboutFormat({ code }: Response): boolean {
  return code === NOT_ACCEPTABLE || code === UNSUPPORTED_CONTENT_FORMAT;
}

/** Status and reason for a request without a response. */
export function verdictOf(failure: Failure): { readonly status: number; readonly error: string } {
  return { status: statusOfFailure(failure), error: reasonOfFailure(failure) };
}
