/**
 * The No-Response option: a client says which classes of responses it does not care for (RFC 7967).
 * It is elective, so that a server may still answer; a CON is acknowledged in any case.
 */
import type { Option } from "./options.ts";
import { uintOption } from "./options.ts";

export const NO_RESPONSE = 258;

/** Bits of its value (RFC 7967 §2.1). */
export const NOT_SUCCESS = 2;
export const NOT_CLIENT_ERROR = 8;
export const NOT_SERVER_ERROR = 16;
/** None of them: "send it and forget it". */
export const NOTHING = NOT_SUCCESS | NOT_CLIENT_ERROR | NOT_SERVER_ERROR;

/** @param unwanted bits of the classes not to be sent; 0 asks for all of them */
export function noResponseOption(unwanted: number): Option {
  return uintOption(NO_RESPONSE, unwanted);
}

/** True when the sender of a request wants a response of this code; an option too long says nothing. */
export function isResponseWanted(requestOptions: readonly Option[], code: number): boolean {
  for (let i = 0; i < requestOptions.length; i++) {
    const option = requestOptions[i];
    if (option.number !== NO_RESPONSE) continue;
    if (option.value.length !== 1) return true;
    return ((option.value[0] >> ((code >> 5) - 1)) & 1) === 0;
  }
  return true;
}

/** True for a request whose sender wants no response of any class. */
export function wantsNoResponse(requestOptions: readonly Option[]): boolean {
  for (let codeClass = 2; codeClass < 6; codeClass++) {
    if (codeClass !== 3 && isResponseWanted(requestOptions, codeClass << 5)) return false;
  }
  return true;
}
