/**
 * What an application may register as its notification callback (mbed Device Connector, "Registering a callback URL").
 *
 * Decides on shape, length and header rules only. Whether the address may be reached at all is for the guard beside the HTTP
 * client, since it depends on what the name resolves to at each delivery.
 */

export interface Callback {
  readonly url: string;
  /** Sent with each delivery. The values are secrets of the application. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Why a callback is not accepted, as a sentence for its owner. */
export interface CallbackRefusal {
  readonly refusal: string;
}

/** "The total length of the URL and header values must be no more than 400 characters." */
const LONGEST_CALLBACK = 400;

const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~";

/** Headers that decide how a message is framed, routed or understood: never the application's to set. */
const RESERVED_HEADERS = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Reads the body of PUT /notification/callback, already parsed as JSON. */
export function parseCallback(body: unknown): Callback | CallbackRefusal {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return { refusal: "The body must be a JSON object with a url." };
  }
  const { url, headers } = body as { url?: unknown; headers?: unknown };
  if (typeof url !== "string" || url === "") return { refusal: "The url must be a string." };
  if (headers !== undefined && (typeof headers !== "object" || headers === null)) {
    return { refusal: "The headers must be an object of strings." };
  }
  let length = url.length;
  const accepted: Record<string, string> = {};
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers ?? {})) {
    const refusal = headerRefusal(name, value, seen);
    if (refusal !== undefined) return { refusal };
    length += (value as string).length;
    accepted[name] = value as string;
  }
  if (length > LONGEST_CALLBACK) {
    return {
      refusal: `The url and the header values are ${length} characters long, more than ${LONGEST_CALLBACK}.`,
    };
  }
  return { url, headers: accepted };
}

export function isCallback(parsed: Callback | CallbackRefusal): parsed is Callback {
  return "url" in parsed;
}

function headerRefusal(name: string, value: unknown, seen: Set<string>): string | undefined {
  if (!isToken(name)) return "A header name has characters that HTTP does not allow.";
  const lowerCase = name.toLowerCase();
  if (RESERVED_HEADERS.has(lowerCase) || lowerCase.startsWith("proxy-")) {
    return `The header ${name} cannot be set.`;
  }
  if (seen.has(lowerCase)) return `The header ${name} is given twice.`;
  seen.add(lowerCase);
  if (typeof value !== "string") return `The value of header ${name} must be a string.`;
  if (!isFieldValue(value)) {
    return `The value of header ${name} has characters that HTTP does not allow.`;
  }
  return undefined;
}

/** A token of RFC 9110 §5.6.2. */
function isToken(text: string): boolean {
  for (const character of text) {
    const isAlphanumeric =
      (character >= "0" && character <= "9") ||
      (character >= "A" && character <= "Z") ||
      (character >= "a" && character <= "z");
    if (!isAlphanumeric && !TOKEN_CHARACTERS.includes(character)) return false;
  }
  return text !== "";
}

/** Visible ASCII, blanks and tabs: a stricter field value than RFC 9110 §5.5, without the obsolete bytes above 127. */
function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== 9 && (code < 32 || code > 126)) return false;
  }
  return true;
}
