/**
 * CoAP codes (RFC 7252 §12.1, RFC 7959 §2.9, RFC 8132 §6): a byte `c.dd`, three bits of class and five of detail.
 */

export const EMPTY = 0;

export const GET = 1;
export const POST = 2;
export const PUT = 3;
export const DELETE = 4;
export const FETCH = 5;
export const PATCH = 6;
export const IPATCH = 7;

export const CREATED = 0x41;
export const DELETED = 0x42;
export const VALID = 0x43;
export const CHANGED = 0x44;
export const CONTENT = 0x45;
export const CONTINUE = 0x5f;

export const BAD_REQUEST = 0x80;
export const UNAUTHORIZED = 0x81;
export const BAD_OPTION = 0x82;
export const FORBIDDEN = 0x83;
export const NOT_FOUND = 0x84;
export const METHOD_NOT_ALLOWED = 0x85;
export const NOT_ACCEPTABLE = 0x86;
export const REQUEST_ENTITY_INCOMPLETE = 0x88;
export const CONFLICT = 0x89;
export const PRECONDITION_FAILED = 0x8c;
export const REQUEST_ENTITY_TOO_LARGE = 0x8d;
export const UNSUPPORTED_CONTENT_FORMAT = 0x8f;
/** A FETCH or PATCH whose body is well-formed and makes no sense; LwM2M answers 4.00 instead. */
export const UNPROCESSABLE_ENTITY = 0x96;

/** Come back after Max-Age (RFC 8516). */
export const TOO_MANY_REQUESTS = 0x9d;

export const INTERNAL_SERVER_ERROR = 0xa0;
export const NOT_IMPLEMENTED = 0xa1;
export const BAD_GATEWAY = 0xa2;
export const SERVICE_UNAVAILABLE = 0xa3;
export const GATEWAY_TIMEOUT = 0xa4;
export const PROXYING_NOT_SUPPORTED = 0xa5;

/** `2.05` for 0x45, as the RFCs write codes. */
export function formatCode(code: number): string {
  const detail = code & 31;
  return (code >> 5) + (detail < 10 ? ".0" : ".") + detail;
}

/** Class 2: the request was received, understood and accepted (RFC 7252 §5.9.1). */
export function isSuccess(code: number): boolean {
  return code >> 5 === 2;
}

/** A method: class 0, detail not 0. */
export function isRequest(code: number): boolean {
  return code > 0 && code < 32;
}

/** Classes 2, 4 and 5. */
export function isResponse(code: number): boolean {
  const codeClass = code >> 5;
  return codeClass === 2 || codeClass === 4 || codeClass === 5;
}
