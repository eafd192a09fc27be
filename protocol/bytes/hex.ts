/** Bytes as pairs of hexadecimal digits (RFC 4648 §8), lower case. */

const DIGITS = "0123456789abcdef";

export function encodeHex(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    text += DIGITS.charAt(bytes[i] >> 4) + DIGITS.charAt(bytes[i] & 15);
  }
  return text;
}

/** Reads digits of either case; undefined when something else is among them or one is left over. */
export function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < text.length; i++) {
    const digit = DIGITS.indexOf(text.charAt(i).toLowerCase());
    if (digit < 0) return undefined;
    bytes[i >> 1] = (bytes[i >> 1] << 4) | digit;
  }
  return bytes;
}
