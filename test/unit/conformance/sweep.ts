/**
 * Blind faults: the nth datagram of the client is changed, whatever it is. They show that every criterion can fail, without
 * anybody having thought of how.
 */
import { CHANGED, isRequest, isResponse, NOT_FOUND } from "../../../protocol/coap/codes.ts";
import type { Message } from "../../../protocol/coap/message.ts";
import type { ClientAdapter } from "../../conformance/index.ts";
import { capableAdapter } from "./capable-client.ts";
import { type Tamper, tamperedAdapter } from "./tampered-client.ts";

const KINDS: readonly ((message: Message) => Message | undefined)[] = [
  // Never said.
  () => undefined,
  // Refused.
  (message) => (isResponse(message.code) ? { ...message, code: 0xa0 } : message),
  (message) => (isResponse(message.code) ? { ...message, code: NOT_FOUND } : message),
  (message) => (isResponse(message.code) ? { ...message, code: CHANGED } : message),
  // Said without content.
  (message) => ({ ...message, payload: new Uint8Array(0) }),
  // Said without options.
  (message) => (isRequest(message.code) ? message : { ...message, options: [] }),
];

/** Datagrams of the client that are changed, one at a time, counted from the start of the case. */
const DEEPEST = 16;

/** Every blind fault, as the adapter of a client that has it. */
export function* sweep(): Generator<ClientAdapter> {
  for (const change of KINDS) {
    for (let nth = 0; nth < DEEPEST; nth++) {
      yield tamperedAdapter(capableAdapter(), () => changing(nth, change));
    }
  }
}

/** Changes the nth message, and its repetitions alike. */
function changing(nth: number, change: (message: Message) => Message | undefined): Tamper {
  const seen: string[] = [];
  return {
    fromClient: (message) => {
      const name = `${message.type} ${message.messageId}`;
      if (!seen.includes(name)) seen.push(name);
      return seen[nth] === name ? change(message) : message;
    },
  };
}
