/** Bytes as text, three to four characters (RFC 4648 §4, §5). */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** With "+", "/" and padding (§4). */
export function encodeBase64(bytes: Uint8Array): string {
  return encode(bytes, `${ALPHABET}+/`, "=");
}

/** With "-" and "_", without padding (§5, as SenML has it). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encode(bytes, `${ALPHABET}-_`, "");
}

function encode(bytes: Uint8Array, alphabet: string, padding: string): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i] << 16) | ((bytes[i + 1] || 0) << 8) | (bytes[i + 2] || 0);
    text += alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63);
    text += i + 1 < bytes.length ? alphabet.charAt((group >> 6) & 63) : padding;
    text += i + 2 < bytes.length ? alphabet.charAt(group & 63) : padding;
  }
  return text;
}

/** Reads either alphabet, padded or not; undefined when it is neither. */
export function decodeBase64(text: string): Uint8Array | undefined {
  let length = text.length;
  if (length % 4 === 0 && length > 0 && text.charCodeAt(length - 1) === 61) {
    length -= text.charCodeAt(length - 2) === 61 ? 2 : 1;
  }
  if (length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let held = 0;
  let at = 0;
  for (let i = 0; i < length; i++) {
    const sextet = sextetOf(text.charCodeAt(i));
    if (sextet < 0) return undefined;
    held = ((held << 6) | sextet) & 0xffffff;
    if (i % 4 !== 0) bytes[at++] = held >> (6 - (i % 4) * 2);
  }
  return bytes;
}

function sextetOf(unit: number): number {
  if (unit >= 65 && unit <= 90) return unit - 65;
  if (unit >= 97 && unit <= 122) return unit - 71;
  if (unit >= 48 && unit <= 57) return unit + 4;
  if (unit === 43 || unit === 45) return 62;
  return unit === 47 || unit === 95 ? 63 : -1;
}
