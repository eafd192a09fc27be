/**
 * Signals on a stream: what the ends of one connection say to each other about it (RFC 8323 §5).
 * The first message in each direction is a CSM; before it nothing else may come.
 */
import { encodeUtf8 } from "../bytes/utf8.ts";
import { NO_BYTES, NO_OPTIONS } from "./message.ts";
import type { Option } from "./options.ts";
import { textOption, textsOf, uintOption } from "./options.ts";
import type { StreamMessage } from "./stream-framing.ts";

/** Codes of class 7. */
export const CSM = 0xe1;
export const PING = 0xe2;
export const PONG = 0xe3;
export const RELEASE = 0xe4;
export const ABORT = 0xe5;

/** Options, whose numbers mean something else in each signal. */
const MAX_MESSAGE_SIZE = 2;
const BLOCK_WISE_TRANSFER = 4;
const EXTENDED_TOKEN_LENGTH = 6;
const CUSTODY = 2;
const ALTERNATIVE_ADDRESS = 2;
const HOLD_OFF = 4;
const BAD_CSM_OPTION = 2;

const BASE_MESSAGE_SIZE = 1152;
const PLAIN_TOKEN = 8;
const LONGEST_TOKEN = 65804;

/** What the other end can take. */
export interface Capabilities {
  /** Bytes of the longest message, its header included. */
  readonly maxMessageSize: number;
  /** Whether Block1 and Block2 may be used; with a size above 1152 bytes, in BERT form too. */
  readonly blockWise: boolean;
  /** Bytes of the longest token in a request (RFC 8974 §2.2.1). */
  readonly maxTokenLength: number;
}

/** What holds until a CSM says otherwise. */
export const BASE_CAPABILITIES: Capabilities = {
  maxMessageSize: BASE_MESSAGE_SIZE,
  blockWise: false,
  maxTokenLength: PLAIN_TOKEN,
};

export function isSignal(code: number): boolean {
  return code >> 5 === 7;
}

/** A CSM that says what differs from the base values. */
export function csm(capabilities: Capabilities): StreamMessage {
  const options: Option[] = [];
  if (capabilities.maxMessageSize !== BASE_MESSAGE_SIZE) {
    options.push(uintOption(MAX_MESSAGE_SIZE, capabilities.maxMessageSize));
  }
  if (capabilities.blockWise) options.push({ number: BLOCK_WISE_TRANSFER, value: NO_BYTES });
  if (capabilities.maxTokenLength !== PLAIN_TOKEN) {
    options.push(uintOption(EXTENDED_TOKEN_LENGTH, capabilities.maxTokenLength));
  }
  return signal(CSM, NO_BYTES, options, NO_BYTES);
}

/** What `current` becomes by a CSM: what it does not mention stays (RFC 8323 §5.3). */
export function capabilitiesAfter(current: Capabilities, message: StreamMessage): Capabilities {
  const options = message.options;
  const token = uint(options, EXTENDED_TOKEN_LENGTH, 3, 0);
  let blockWise = current.blockWise;
  for (let i = 0; i < options.length; i++) {
    if (options[i].number === BLOCK_WISE_TRANSFER) blockWise = true;
  }
  return {
    maxMessageSize: uint(options, MAX_MESSAGE_SIZE, 4, current.maxMessageSize),
    blockWise: blockWise,
    maxTokenLength: token < PLAIN_TOKEN ? current.maxTokenLength : Math.min(token, LONGEST_TOKEN),
  };
}

/** @param custody asks for the Pong only when all requests before have been dealt with */
export function ping(token: Uint8Array, custody: boolean): StreamMessage {
  return signal(PING, token, custody ? [{ number: CUSTODY, value: NO_BYTES }] : [], NO_BYTES);
}

/** The answer to a Ping; with its token, and with custody only when that was asked for and given. */
export function pong(answered: StreamMessage, custody: boolean): StreamMessage {
  const wanted = custody && hasCustody(answered);
  const options = wanted ? [{ number: CUSTODY, value: NO_BYTES }] : NO_OPTIONS;
  return signal(PONG, answered.token, options, NO_BYTES);
}

/** Whether a Ping asks for custody, or a Pong gives it. */
export function hasCustody(message: StreamMessage): boolean {
  return message.options.length > 0 && message.options[0].number === CUSTODY;
}

/**
 * Asks the other end to close when it has no more requests under way.
 *
 * @param alternatives where to go, as `host:port`; empty for the same place
 * @param holdOff seconds to stay away, or undefined
 */
export function release(
  alternatives: readonly string[],
  holdOff: number | undefined,
): StreamMessage {
  const options: Option[] = [];
  for (let i = 0; i < alternatives.length; i++) {
    options.push(textOption(ALTERNATIVE_ADDRESS, alternatives[i]));
  }
  if (holdOff !== undefined) options.push(uintOption(HOLD_OFF, holdOff));
  return signal(RELEASE, NO_BYTES, options, NO_BYTES);
}

export function alternativesOf(message: StreamMessage): string[] {
  return textsOf(message.options, ALTERNATIVE_ADDRESS);
}

/** Seconds to stay away after a Release; 0 when it does not say. */
export function holdOffOf(message: StreamMessage): number {
  return uint(message.options, HOLD_OFF, 3, 0);
}

/**
 * The last message before the connection is closed for a fault.
 *
 * @param badOption the critical option of a CSM that was not understood, or undefined
 * @param diagnosis for people, UTF-8
 */
export function abort(badOption: number | undefined, diagnosis: string): StreamMessage {
  const options = badOption === undefined ? NO_OPTIONS : [uintOption(BAD_CSM_OPTION, badOption)];
  return signal(ABORT, NO_BYTES, options, encodeUtf8(diagnosis));
}

/**
 * The first critical option of a signal; undefined when there is none. None is defined, so that
 * with one a CSM is answered by an Abort that names it, and every other signal by an Abort (RFC
 * 8323 §5.2).
 */
export function criticalSignalOption(message: StreamMessage): number | undefined {
  for (let i = 0; i < message.options.length; i++) {
    const number = message.options[i].number;
    if ((number & 1) === 1) return number;
  }
  return undefined;
}

/** The option of our CSM that an Abort says was bad; 0 when it names none. */
export function badOptionOf(message: StreamMessage): number {
  return uint(message.options, BAD_CSM_OPTION, 2, 0);
}

/** An option's number of at most `longest` bytes; one that is longer counts as absent. */
function uint(options: readonly Option[], number: number, longest: number, absent: number): number {
  for (let i = 0; i < options.length; i++) {
    const bytes = options[i].value;
    if (options[i].number !== number || bytes.length > longest) continue;
    let value = 0;
    for (let k = 0; k < bytes.length; k++) value = value * 256 + bytes[k];
    return value;
  }
  return absent;
}

function signal(
  code: number,
  token: Uint8Array,
  options: readonly Option[],
  payload: Uint8Array,
): StreamMessage {
  return { code: code, token: token, options: options, payload: payload };
}
