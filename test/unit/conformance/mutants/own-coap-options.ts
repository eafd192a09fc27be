/** Clients that do not mind the rules of CoAP's options and codes, in requests and in the answers to their own. */
import {
  BAD_OPTION,
  GET,
  isRequest,
  isResponse,
  SERVICE_UNAVAILABLE,
} from "../../../../protocol/coap/codes.ts";
import { ACK, type Message, NON } from "../../../../protocol/coap/message.ts";
import {
  ACCEPT,
  MAX_AGE,
  PROXY_SCHEME,
  PROXY_URI,
  URI_HOST,
} from "../../../../protocol/coap/options.ts";
import {
  dropping,
  has,
  hearing,
  isRegister,
  isSeparate,
  type Mutant,
  mutant,
  pretending,
  without,
} from "./mutant.ts";

export const OWN_COAP_OPTION_MUTANTS: readonly Mutant[] = [
  mutant(
    "overlooks critical options",
    ["dormouse-coap-options critical", "dormouse-coap-critical-response piggybacked"],
    hearing((m) => without(m, 65001)),
  ),
  mutant(
    "stumbles over elective options",
    ["dormouse-coap-options elective", "dormouse-coap-elective-response taken"],
    hearing((m) => ({
      ...m,
      options: m.options.map((o) => (o.number === 65000 ? { ...o, number: 65001 } : o)),
    })),
  ),
  mutant(
    "answers Non-confirmable requests with critical options",
    ["dormouse-coap-options non"],
    hearing((m) => (m.type === NON ? without(m, 65001) : m)),
  ),
  mutant(
    "reads options of any length",
    ["dormouse-coap-option-rules length"],
    hearing((m) => without(m, ACCEPT, ({ value }) => value.length > 2)),
  ),
  mutant(
    "takes a host without a name",
    ["dormouse-coap-option-rules length"],
    hearing((m) => without(m, URI_HOST, ({ value }) => value.length === 0)),
  ),
  mutant(
    "takes the first of what may be there once",
    ["dormouse-coap-option-rules repeated"],
    hearing((m) => {
      let times = 0;
      return without(m, ACCEPT, () => ++times > 1);
    }),
  ),
  mutant(
    "does not know Max-Age",
    ["dormouse-coap-option-rules elective"],
    pretending((m) => isRequest(m.code) && has(MAX_AGE)(m), BAD_OPTION),
  ),
  mutant(
    "does not know Uri-Host",
    ["dormouse-coap-uri-host understood"],
    pretending(has(URI_HOST), BAD_OPTION),
  ),
  mutant(
    "overlooks Proxy-Uri",
    ["dormouse-coap-proxy uri"],
    hearing((m) => without(m, PROXY_URI)),
  ),
  mutant(
    "overlooks Proxy-Scheme",
    ["dormouse-coap-proxy scheme"],
    hearing((m) => without(m, PROXY_SCHEME)),
  ),
  mutant(
    "takes unknown methods for GET",
    ["dormouse-coap-methods refused"],
    hearing((m) => (m.code > 7 && isRequest(m.code) ? { ...m, code: GET } : m)),
  ),
  mutant(
    "overlooks critical options of separate responses",
    ["dormouse-coap-critical-response separate"],
    hearing((m) => (isSeparate(m) ? without(m, 65001) : m)),
  ),
  mutant(
    "never registers after a response that it cannot use",
    ["dormouse-coap-critical-response registered"],
    forGood((m) => isSeparate(m) && has(65001)(m)),
  ),
  mutant(
    "takes no Non-confirmable responses",
    ["dormouse-coap-non-response taken"],
    hearing(dropping((m) => isSeparate(m) && m.type === NON)),
  ),
  mutant(
    "goes by the Message ID of an ACK alone",
    ["dormouse-coap-token-mismatch rejected"],
    () => {
      const tokens = new Map<number, Uint8Array>();
      return {
        toClient: (m) => {
          const token = isResponse(m.code) && m.type === ACK ? tokens.get(m.messageId) : undefined;
          return token === undefined ? m : { ...m, token };
        },
        fromClient: (m) => {
          if (isRequest(m.code)) tokens.set(m.messageId, m.token);
          return m;
        },
      };
    },
  ),
  mutant(
    "gives up after two attempts to register",
    ["dormouse-coap-token-mismatch registered"],
    () => {
      let registers = 0;
      return { fromClient: (m) => (isRegister(m) && ++registers > 2 ? undefined : m) };
    },
  ),
  mutant("registers under one Message ID", ["dormouse-coap-max-retransmit fresh"], () => {
    let own = -1;
    let first = -1;
    return {
      toClient: (m) => (m.type === ACK && m.messageId === first ? { ...m, messageId: own } : m),
      fromClient: (m) => {
        if (!isRegister(m)) return m;
        own = m.messageId;
        if (first < 0) first = own;
        return { ...m, messageId: first };
      },
    };
  }),
  mutant(
    "does not see how long it is to wait",
    ["dormouse-coap-max-age waits"],
    hearing((m) => (m.code === SERVICE_UNAVAILABLE ? without(m, MAX_AGE) : m)),
  ),
  mutant(
    "takes a server that is busy to be gone",
    ["dormouse-coap-max-age again"],
    forGood((m) => m.code === SERVICE_UNAVAILABLE),
  ),
];

/** Once it has heard this the client registers no more. */
function forGood(matches: (message: Message) => boolean): Parameters<typeof mutant>[2] {
  return () => {
    let isOver = false;
    return {
      toClient: (m) => {
        isOver ||= matches(m);
        return m;
      },
      fromClient: (m) => (isOver && isRegister(m) ? undefined : m),
    };
  };
}
