/**
 * The least that reads and writes a CoAP message: what a firmware without an endpoint would have. Checks hardly anything. Speed on a board is
 * measured against it.
 */

export interface BareOption {
  readonly number: number;
  readonly value: Uint8Array;
}

export interface BareMessage {
  readonly type: number;
  readonly code: number;
  readonly messageId: number;
  readonly token: Uint8Array;
  readonly options: BareOption[];
  payload: Uint8Array;
}

export function encode(message: BareMessage): Uint8Array {
  const { token, options, payload } = message;
  let length = 4 + token.length + (payload.length > 0 ? 1 + payload.length : 0);
  let last = 0;
  for (let i = 0; i < options.length; i++) {
    const delta = options[i].number - last;
    const size = options[i].value.length;
    last = options[i].number;
    length +=
      1 + (delta < 13 ? 0 : delta < 269 ? 1 : 2) + (size < 13 ? 0 : size < 269 ? 1 : 2) + size;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  last = 0;
  bytes[at++] = 64 | (message.type << 4) | token.length;
  bytes[at++] = message.code;
  bytes[at++] = message.messageId >> 8;
  bytes[at++] = message.messageId & 255;
  bytes.set(token, at);
  at += token.length;
  for (let i = 0; i < options.length; i++) {
    const { number, value } = options[i];
    const delta = number - last;
    const size = value.length;
    last = number;
    const deltaNibble = delta < 13 ? delta : delta < 269 ? 13 : 14;
    const sizeNibble = size < 13 ? size : size < 269 ? 13 : 14;
    bytes[at++] = (deltaNibble << 4) | sizeNibble;
    if (deltaNibble === 13) bytes[at++] = delta - 13;
    else if (deltaNibble === 14) {
      bytes[at++] = (delta - 269) >> 8;
      bytes[at++] = (delta - 269) & 255;
    }
    if (sizeNibble === 13) bytes[at++] = size - 13;
    else if (sizeNibble === 14) {
      bytes[at++] = (size - 269) >> 8;
      bytes[at++] = (size - 269) & 255;
    }
    bytes.set(value, at);
    at += size;
  }
  if (payload.length > 0) {
    bytes[at++] = 255;
    bytes.set(payload, at);
  }
  return bytes;
}

export function decode(bytes: Uint8Array): BareMessage | undefined {
  const length = bytes.length;
  if (length < 4) return undefined;
  const first = bytes[0];
  const tokenLength = first & 15;
  if (first >> 6 !== 1 || tokenLength > 8) return undefined;
  const message: BareMessage = {
    type: (first >> 4) & 3,
    code: bytes[1],
    messageId: (bytes[2] << 8) | bytes[3],
    token: bytes.subarray(4, 4 + tokenLength),
    options: [],
    payload: new Uint8Array(0),
  };
  let at = 4 + tokenLength;
  let number = 0;
  while (at < length) {
    const head = bytes[at++];
    if (head === 255) {
      message.payload = bytes.subarray(at, length);
      break;
    }
    let delta = head >> 4;
    let size = head & 15;
    if (delta === 13) delta = 13 + bytes[at++];
    else if (delta === 14) {
      delta = 269 + ((bytes[at] << 8) | bytes[at + 1]);
      at += 2;
    } else if (delta === 15) return undefined;
    if (size === 13) size = 13 + bytes[at++];
    else if (size === 14) {
      size = 269 + ((bytes[at] << 8) | bytes[at + 1]);
      at += 2;
    } else if (size === 15) return undefined;
    number += delta;
    message.options.push({ number: number, value: bytes.subarray(at, at + size) });
    at += size;
    if (at > length) return undefined;
  }
  return message;
}
