/**
 * Reading what a request brings to identify itself: one credential, from one place.
 *
 *   Authorization: Bearer CREDENTIAL     RFC 6750 §2.1
 *   Authorization: Basic base64(a:b)     RFC 7617
 *   ?access_token=CREDENTIAL             RFC 6750 §2.3, only where a route takes it
 */

/** What was brought, not looked up yet. */
export type Credential =
  | { readonly scheme: "bearer"; readonly value: string }
  | { readonly scheme: "basic"; readonly name: string; readonly password: string };

/** Nothing was brought. */
export const NO_CREDENTIAL = "none";
/** Something was brought that cannot be read, or two that differ. */
export const BAD_CREDENTIAL = "bad";

/** Longer than any credential of ours: a JWT of 4 KB. */
const LONGEST_VALUE = 4096;

/**
 * Reads the one credential of a request.
 *
 * @param authorization the header; a repeated one comes joined by commas and is bad
 * @param accessToken the query parameter; undefined where the route takes none
 */
export function readCredential(
  authorization: string | undefined,
  accessToken: string | undefined,
): Credential | typeof NO_CREDENTIAL | typeof BAD_CREDENTIAL {
  if (authorization === undefined) {
    return accessToken === undefined ? NO_CREDENTIAL : bearer(accessToken);
  }
  const credential = readHeader(authorization);
  if (accessToken === undefined || credential === BAD_CREDENTIAL) return credential;
  // Which of the two would count is nothing to guess.
  return credential.scheme === "bearer" && credential.value === accessToken
    ? credential
    : BAD_CREDENTIAL;
}

function readHeader(authorization: string): Credential | typeof BAD_CREDENTIAL {
  const space = authorization.indexOf(" ");
  if (space < 0) return BAD_CREDENTIAL;
  const scheme = authorization.slice(0, space).toLowerCase();
  const value = authorization.slice(space + 1).trim();
  if (scheme === "bearer") return bearer(value);
  return scheme === "basic" ? basic(value) : BAD_CREDENTIAL;
}

function bearer(value: string): Credential | typeof BAD_CREDENTIAL {
  if (value === "" || value.length > LONGEST_VALUE) return BAD_CREDENTIAL;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    // The characters of a b64token and of a JWT are all visible ASCII; a comma is two headers in one.
    if (code <= 32 || code > 126 || code === 44) return BAD_CREDENTIAL;
  }
  return { scheme: "bearer", value };
}

function basic(value: string): Credential | typeof BAD_CREDENTIAL {
  if (value === "" || value.length > LONGEST_VALUE || !isBase64(value)) return BAD_CREDENTIAL;
  const text = decodeUtf8(Buffer.from(value, "base64"));
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon < 0 || hasControl(text)) return BAD_CREDENTIAL;
  return { scheme: "basic", name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function isBase64(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const character = value[i];
    const isLetterOrDigit =
      (character >= "A" && character <= "Z") ||
      (character >= "a" && character <= "z") ||
      (character >= "0" && character <= "9");
    if (!isLetterOrDigit && !"+/=".includes(character)) return false;
  }
  return true;
}

/** UTF-8, as RFC 7617 §2.1 recommends; undefined for what is not. */
function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Control characters are in no name and no password (RFC 7617 §2). */
function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code === 127) return true;
  }
  return false;
}
