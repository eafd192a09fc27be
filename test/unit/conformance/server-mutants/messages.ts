/** Servers that are wrong about messages: acknowledgements, copies, tokens, options, malformed datagrams. */
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  DELETED,
  EMPTY,
  GET,
  isRequest,
  isResponse,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
} from "../../../../protocol/coap/codes.ts";
import { TEXT } from "../../../../protocol/coap/content-formats.ts";
import { ACK, type Message, NON, RST } from "../../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, uintOption } from "../../../../protocol/coap/options.ts";
import type { ServerTamper } from "../in-process-server.ts";
import {
  answering,
  COAP,
  dropping,
  hearing,
  instead,
  isSeparate,
  isUpdate,
  mutant,
  OMA,
  OWN,
  observeIn,
  pathIn,
  type ServerMutant,
  saying,
  tampering,
  withCode,
  withOption,
  withoutOption,
} from "./mutant.ts";

const isUnknown = ({ number }: { readonly number: number }) => number === 65001;
const isCore = (message: Message) => pathIn(message) === "/.well-known/core";

export const MESSAGE_MUTANTS: readonly ServerMutant[] = [
  mutant(
    "forgets what it has answered",
    [`${OWN}duplicate same`, `${OWN}duplicates deregister`, `${OWN}late-register gone`],
    () => {
      let next = 0x7000;
      const ids = new Map<number, number>();
      return tampering({
        toServer: (message) => {
          if (!isRequest(message.code)) return message;
          ids.set(++next, message.messageId);
          return { ...message, messageId: next };
        },
        fromServer: (message) =>
          message.type === ACK
            ? { ...message, messageId: ids.get(message.messageId) ?? message.messageId }
            : message,
      });
    },
  ),
  mutant(
    "refuses copies",
    [
      `${COAP}CORE_15 same`,
      `${OWN}duplicate same`,
      `${OWN}duplicates update`,
      `${OWN}duplicate-send same`,
    ],
    refusingCopies(() => true),
  ),
  mutant(
    "refuses copies of a De-register",
    [`${OWN}duplicates deregister`],
    refusingCopies(({ code }) => code === DELETED),
  ),
  mutant(
    "refuses copies of what it has refused in other words",
    [`${OWN}duplicates refusal`],
    refusingCopies(({ code }) => code === NOT_FOUND),
  ),
  mutant("asks once and no more", [`${OWN}retransmission again`, `${COAP}CORE_16 again`], () => {
    const seen = new Set<number>();
    return saying((message) => {
      if (!isRequest(message.code)) return message;
      if (seen.has(message.messageId)) return undefined;
      seen.add(message.messageId);
      return message;
    })();
  }),
  mutant("repeats itself under new Message IDs", [`${OWN}retransmission again`], () => {
    let next = 0x6000;
    return saying(
      instead(
        ({ code }) => isRequest(code),
        (message) => ({ ...message, messageId: ++next }),
      ),
    )();
  }),
  mutant(
    "repeats itself at once",
    [`${OWN}retransmission spaced`],
    saying((message) => (isRequest(message.code) ? [message, message, message] : message)),
  ),
  mutant("does not give up", [`${OWN}retransmission bounded`], () => {
    let copies = 0;
    return saying((message) => {
      if (!isRequest(message.code)) return message;
      return ++copies === 5 ? [message, message] : message;
    })();
  }),
  mutant(
    "goes on asking what is answered",
    [`${COAP}CORE_16 stops`, `${OWN}lost-request stops`, `${OWN}request-reset stops`],
    () => {
      let asked: Message | undefined;
      let copies = 0;
      return tampering({
        fromServer: (message) => {
          if (isRequest(message.code)) asked = message;
          return message;
        },
        toServer: (message, _, say) => {
          const isAnswer = message.type === RST || isResponse(message.code);
          if (isAnswer && asked !== undefined && ++copies < 5) say(asked);
          return message;
        },
      });
    },
  ),
  mutant(
    "does not hear acknowledgements",
    [`${COAP}CORE_09 patient`],
    hearing(dropping(({ type, code }) => type === ACK && code === EMPTY)),
  ),
  mutant(
    "acknowledges no separate response",
    [
      `${COAP}CORE_09 acknowledged`,
      `${COAP}CORE_16 acknowledged`,
      `${OWN}response-first acknowledged`,
    ],
    saying(dropping(({ type, code }) => type === ACK && code === EMPTY)),
  ),
  mutant(
    "does not hear separate responses",
    [`${COAP}CORE_09 acknowledged`, `${COAP}CORE_17 told`, `${COAP}CORE_11 own`],
    hearing(dropping(isSeparate)),
  ),
  mutant("rejects Non-confirmable responses", [`${COAP}CORE_17 unrejected`], () =>
    tampering({
      toServer: (message, _, say) => {
        if (message.type !== NON || !isResponse(message.code)) return message;
        say({ ...message, type: RST, code: EMPTY, token: none, options: [], payload: none });
        return message;
      },
    }),
  ),
  mutant("takes any separate response", [`${COAP}CORE_11 other`], () => {
    let token: Uint8Array | undefined;
    return tampering({
      fromServer: (message) => {
        if (isRequest(message.code)) token = message.token;
        return message;
      },
      toServer: (message) =>
        isSeparate(message) && token !== undefined ? { ...message, token } : message,
    });
  }),
  mutant("takes any acknowledgement with its Message ID", [`${OWN}foreign-answers token`], () => {
    let token: Uint8Array | undefined;
    return tampering({
      fromServer: (message) => {
        if (isRequest(message.code)) token = message.token;
        return message;
      },
      toServer: (message) =>
        message.type === ACK && isResponse(message.code) && token !== undefined
          ? { ...message, token }
          : message,
    });
  }),
  mutant("takes all addresses for one", [`${OWN}foreign-answers address`], () => ({
    hearsAs: () => 0,
  })),
  mutant(
    "sticks to the first address",
    [`${OWN}address-change follows`, `${OMA}1350 follows`],
    () => {
      let wasMoved = false;
      return tampering({
        toServer: (message) => {
          if (isUpdate(message)) wasMoved = true;
          return message;
        },
        fromServer: (message) => (wasMoved && message.code === GET ? undefined : message),
      });
    },
  ),
  mutant("asks at former addresses too", [`${OWN}register-elsewhere former`], () =>
    tampering({
      fromServer: (message, client, say) => {
        if (client > 0 && isRequest(message.code)) say(message, 0);
        return message;
      },
    }),
  ),
  mutant(
    "answers what comes too late",
    [`${OWN}late-response rejected`],
    saying(
      instead(
        ({ type }) => type === RST,
        (message) => ({ ...message, type: ACK, code: CONTENT }),
      ),
    ),
  ),
  mutant("tells late values as those of the next Read", [`${OWN}late-response unmixed`], () => ({
    outcome: (outcome) =>
      outcome?.isSuccess ? { ...outcome, value: "Too Late Ltd.", values: undefined } : outcome,
  })),
  mutant(
    "acknowledges under other Message IDs",
    [`${COAP}CORE_01 message`, `${COAP}CORE_04 message`, `${COAP}CORE_31 reset`],
    saying(
      instead(
        ({ type }) => type === ACK || type === RST,
        (message) => ({ ...message, messageId: (message.messageId + 1) & 0xffff }),
      ),
    ),
  ),
  mutant(
    "acknowledges Non-confirmable requests",
    [`${COAP}CORE_05 message`, `${COAP}CORE_06 message`, `${COAP}CORE_08 message`],
    saying(
      instead(
        ({ type, code }) => type === NON && isResponse(code),
        (message) => ({ ...message, type: ACK }),
      ),
    ),
  ),
  mutant(
    "shortens tokens",
    [`${COAP}CORE_10 echoed`],
    saying(
      instead(
        ({ code, token }) => isResponse(code) && token.length > 4,
        (message) => ({ ...message, token: message.token.subarray(0, 4) }),
      ),
    ),
  ),
  mutant(
    "takes any method",
    [`${COAP}CORE_03 code`, `${COAP}CORE_07 code`, `${OWN}wrong-paths refused`],
    saying(instead(({ code }) => code === METHOD_NOT_ALLOWED, withCode(CHANGED))),
  ),
  mutant(
    "answers links in text",
    [`${COAP}LINK_01 links`, `${COAP}CORE_20 accepted`],
    answering(isCore, (message) => withOption(message, uintOption(CONTENT_FORMAT, TEXT))),
  ),
  mutant(
    "says no Content-Format",
    [`${COAP}CORE_01 format`, `${COAP}CORE_05 format`],
    saying(instead(({ code }) => isResponse(code), withoutOption(CONTENT_FORMAT))),
  ),
  mutant(
    "lists nothing",
    [`${COAP}LINK_01 rd`],
    answering(isCore, (message) => ({ ...message, payload: new Uint8Array(0) })),
  ),
  mutant(
    "takes a filter for another resource",
    [`${COAP}LINK_02 matching`],
    answering((message) => isCore(message) && message.options.length > 2, withCode(0x84)),
  ),
  mutant(
    "heeds no Accept",
    [`${COAP}CORE_20 unacceptable`],
    hearing(instead(isCore, withoutOption(17))),
  ),
  mutant(
    "understands every option",
    [`${OWN}options critical`, `${OWN}answer-options piggybacked`],
    hearing((message) => withoutOption(65001)(message)),
  ),
  mutant(
    "understands every option of Non-confirmable messages",
    [`${OWN}options ignored`],
    hearing(
      instead(
        ({ type }) => type === NON,
        (message) => withoutOption(65001, isUnknown)(message),
      ),
    ),
  ),
  mutant(
    "is its own proxy",
    [`${OWN}options proxy`],
    hearing((message) => withoutOption(35)(message)),
  ),
  mutant(
    "minds elective options",
    [`${OWN}options elective`, `${OWN}answer-options elective`],
    hearing((message) =>
      message.options.some(({ number }) => number === 65000)
        ? { ...message, options: [...message.options, { number: 65003, value: none }] }
        : message,
    ),
  ),
  mutant(
    "asks several things at once",
    [`${OWN}nstart single`, `${OWN}queue-order single`],
    saying((message) => {
      if (message.code !== GET || observeIn(message) >= 0) return message;
      const token = new Uint8Array([...message.token.subarray(1), 0x77]);
      return [message, { ...message, messageId: (message.messageId + 7) & 0xffff, token }];
    }),
  ),
  mutant("tells values that nobody has said", [`${OWN}foreign-answers told`], () => ({
    outcome: (outcome) => outcome && { ...outcome, isSuccess: true, value: "Nobody Ltd." },
  })),
];

const none = new Uint8Array(0);

/** Answers copies of a request by 4.00, where the answer is such a one. */
function refusingCopies(matches: (answer: Message) => boolean): () => ServerTamper {
  return () => {
    const seen = new Set<number>();
    const copied = new Set<number>();
    return tampering({
      toServer: (message) => {
        if (seen.has(message.messageId)) copied.add(message.messageId);
        seen.add(message.messageId);
        return message;
      },
      fromServer: (message) => {
        const isCopy = message.type === ACK && copied.has(message.messageId);
        return isCopy && matches(message) ? { ...message, code: BAD_REQUEST } : message;
      },
    });
  };
}
