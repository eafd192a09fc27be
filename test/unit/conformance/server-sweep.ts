/**
 * Blind faults of servers: the nth message of the server is changed, whatever it is, or what its operator is told. They show that every
 * criterion can fail, without anybody having thought of how.
 */
import { CHANGED, isRequest, isResponse, NOT_FOUND, POST } from "../../../protocol/coap/codes.ts";
import { ACK, decodeMessage, encodeMessage, type Message } from "../../../protocol/coap/message.ts";
import { textOption, URI_PATH } from "../../../protocol/coap/options.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { ServerAdapter } from "../../conformance/index.ts";
import { inProcessServerAdapter, type ServerTamper } from "./in-process-server.ts";

type Change = (message: Message) => Message | readonly Message[] | undefined;

const answers =
  (change: Change): Change =>
  (message) =>
    isResponse(message.code) ? change(message) : message;
const requests =
  (change: Change): Change =>
  (message) =>
    isRequest(message.code) ? change(message) : message;

const KINDS: readonly Change[] = [
  // Never said.
  () => undefined,
  // Refused, or taken for something else.
  answers((message) => ({ ...message, code: 0xa0 })),
  answers((message) => ({ ...message, code: NOT_FOUND })),
  answers((message) => ({ ...message, code: CHANGED })),
  // Said without options, and without content.
  (message) => ({ ...message, options: message.options.filter(({ number }) => number === 11) }),
  (message) => ({ ...message, payload: new Uint8Array(0) }),
  // Said with another token.
  (message) =>
    message.code === 0 ? message : { ...message, token: Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9) },
  // Asked by another method, of another place, and twice.
  requests((message) => ({ ...message, code: message.code === POST ? 1 : POST })),
  requests((message) => ({
    ...message,
    options: [...message.options, textOption(URI_PATH, "9")].sort((a, b) => a.number - b.number),
  })),
  requests((message) => [message, { ...message, messageId: (message.messageId + 9) & 0xffff }]),
  // Acknowledged by a Reset, and reset by an acknowledgement.
  (message) =>
    message.code === 0 ? { ...message, type: message.type === ACK ? 3 : ACK } : message,
];

/** Messages of the server that are changed, one at a time, counted from the start of the case. */
const DEEPEST = 12;

const FALSE_OPERATORS: readonly ServerTamper[] = [
  { outcome: () => undefined },
  { outcome: (outcome) => outcome && { ...outcome, isSuccess: !outcome.isSuccess } },
  {
    outcome: (outcome) =>
      outcome && { ...outcome, value: undefined, values: undefined, links: undefined },
  },
  { told: () => [] },
  { told: (values) => [...values, ...values] },
  { known: () => undefined },
  { known: (client) => client ?? { queueMode: undefined, paths: undefined } },
  { known: (client) => client && { ...client, paths: [], lifetime: 1 } },
  { known: (client) => client && { ...client, queueMode: client.queueMode !== true } },
  { order: () => undefined },
];

/** Every blind fault, as the adapter of a server that has it. */
export function* serverSweep(): Generator<ServerAdapter> {
  for (const tamper of FALSE_OPERATORS) yield inProcessServerAdapter(() => tamper);
  for (const change of KINDS) {
    for (let nth = 0; nth < DEEPEST; nth++) {
      yield inProcessServerAdapter(() => changing(nth, change));
    }
  }
}

/** Changes the nth message, and its repetitions alike. */
function changing(nth: number, change: Change): ServerTamper {
  const seen: string[] = [];
  return {
    fromServer: (datagram) => {
      const message = decodeMessage(datagram);
      if (isMalformed(message)) return datagram;
      const name = `${message.type} ${message.messageId}`;
      if (!seen.includes(name)) seen.push(name);
      if (seen[nth] !== name) return datagram;
      const changed = change(message);
      if (changed === undefined) return undefined;
      return "code" in changed ? encodeMessage(changed) : changed.map(encodeMessage);
    },
  };
}
