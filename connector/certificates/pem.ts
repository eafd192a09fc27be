/**
 * Reading PEM (RFC 7468) as people and programs really send it.
 *
 * The sample of mbed Device Connector alone has `PUBLICKEY` in one word at the start and in two at the end, blanks before each line, and
 * no newline after the last. Beyond that: CRLF, newlines written as `\n`, base64 without its padding.
 */

export interface PemBlock {
  /** As at the start, in capitals and without blanks: `PUBLICKEY`, `RSAPUBLICKEY`, `CERTIFICATE`. */
  readonly label: string;
  /** What the base64 says, not looked at. */
  readonly der: Uint8Array;
}

/** Why a text was not taken, as a sentence for its sender. */
export interface PemRefusal {
  readonly refusal: string;
}

const BEGIN = "-----BEGIN";
const END = "-----END";
const DASHES = "-----";

/** Reads the first block of a text. */
export function readPem(text: string): PemBlock | PemRefusal {
  const begin = text.indexOf(BEGIN);
  if (begin < 0) return { refusal: `there is no ${BEGIN} line` };
  const labelAt = begin + BEGIN.length;
  const labelEnd = text.indexOf(DASHES, labelAt);
  const end = labelEnd < 0 ? -1 : text.indexOf(END, labelEnd + DASHES.length);
  if (end < 0) return { refusal: `there is no ${END} line` };
  const label = withoutBlanks(text.slice(labelAt, labelEnd)).toUpperCase();
  const base64 = withoutBlanks(text.slice(labelEnd + DASHES.length, end));
  const der = decodeBase64(base64);
  if (der === undefined) return { refusal: "its body is not base64" };
  return { label, der };
}

export function isPemRefusal(read: PemBlock | PemRefusal): read is PemRefusal {
  return "refusal" in read;
}

/** Writes a block: lines of 64, LF, none after the last line. */
export function writePem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der).toString("base64");
  const lines: string[] = [];
  for (let at = 0; at < base64.length; at += 64) lines.push(base64.slice(at, at + 64));
  return [`${BEGIN} ${label}${DASHES}`, ...lines, `${END} ${label}${DASHES}`].join("\n");
}

/** Takes out blanks and ends of lines, those that are written as a backslash and a letter included. */
function withoutBlanks(text: string): string {
  let kept = "";
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === "\\" && "nrt".includes(text[i + 1] ?? " ")) i++;
    else if (!" \n\r\t".includes(character)) kept += character;
  }
  return kept;
}

/** Node's own decoder skips what it does not know: a damaged key would become another one. */
function decodeBase64(text: string): Uint8Array | undefined {
  const unpadded = text.endsWith("==") ? text.slice(0, -2) : text.replace(/=$/, "");
  if (unpadded.length === 0 || unpadded.length % 4 === 1) return undefined;
  const bytes = Buffer.from(unpadded, "base64");
  return bytes.toString("base64").startsWith(unpadded) ? new Uint8Array(bytes) : undefined;
}
