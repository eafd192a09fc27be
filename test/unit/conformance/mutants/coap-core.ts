/** Clients that do not exchange messages as CoAP has it (TD_COAP_CORE_01-12, 15-17, 31). */
import { DELETE, EMPTY, isRequest, isResponse } from "../../../../protocol/coap/codes.ts";
import { ACK, CON, type Message, NO_BYTES, NON, RST } from "../../../../protocol/coap/message.ts";
import type { Tamper } from "../tampered-client.ts";
import {
  acknowledged,
  answering,
  dropping,
  hearing,
  instead,
  isEmptyAck,
  isRegister,
  isSeparate,
  type Mutant,
  mutant,
  saying,
} from "./mutant.ts";

const nonRequest = ({ type, code }: Message) => type === NON && isRequest(code);

/** Requests that come a second time under their Message ID. */
function repetitions(): (message: Message) => boolean {
  const seen = new Set<number>();
  return ({ type, code, messageId }) => {
    if (type !== CON || !isRequest(code)) return false;
    const isRepeated = seen.has(messageId);
    seen.add(messageId);
    return isRepeated;
  };
}

export const CORE_MUTANTS: readonly Mutant[] = [
  // 01-08 and 31.
  mutant(
    "answers Confirmable requests without acknowledging them",
    ["TD_COAP_CORE_01 matched", "TD_COAP_CORE_04 matched"],
    saying(
      instead(
        (m) => m.type === ACK && isResponse(m.code),
        (m) => ({ ...m, type: NON, messageId: m.messageId ^ 0x8000 }),
      ),
    ),
  ),
  mutant(
    "forgets the token of what it deletes",
    ["TD_COAP_CORE_02 matched"],
    answering(
      ({ code }) => code === DELETE,
      (m) => ({ ...m, token: NO_BYTES }),
    ),
  ),
  mutant(
    "drops Non-confirmable requests",
    ["05", "06", "07", "08"].map((number) => `TD_COAP_CORE_${number} answered`),
    hearing(dropping(nonRequest)),
  ),
  mutant(
    "acknowledges what is Non-confirmable",
    [
      ...["05", "06", "07", "08"].map((number) => `TD_COAP_CORE_${number} own`),
      "TD_COAP_CORE_17 unacknowledged",
    ],
    () => {
      let messageId = -1;
      return {
        toClient: (m) => {
          messageId = nonRequest(m) ? m.messageId : -1;
          return m;
        },
        fromClient: (m) => (messageId >= 0 && isSeparate(m) ? { ...m, type: ACK, messageId } : m),
      };
    },
  ),
  mutant(
    "does not answer a ping",
    ["TD_COAP_CORE_31 reset"],
    hearing(dropping((m) => m.code === EMPTY && m.type === CON)),
  ),
  // Tokens and separate responses: 09-12, 16, 17.
  mutant(
    "cuts tokens at four bytes",
    ["TD_COAP_CORE_10 echoed"],
    saying((m) =>
      isResponse(m.code) && m.token.length > 4 ? { ...m, token: m.token.subarray(0, 4) } : m,
    ),
  ),
  mutant(
    "drops requests without a token",
    ["TD_COAP_CORE_12 echoed"],
    hearing(dropping((m) => isRequest(m.code) && m.token.length === 0)),
  ),
  mutant("goes on repeating after an empty ACK", ["TD_COAP_CORE_09 waits"], () => {
    const requests = new Set<number>();
    return {
      toClient: (m) => (isEmptyAck(m) && requests.has(m.messageId) ? undefined : m),
      fromClient: (m) => {
        if (isRequest(m.code)) requests.add(m.messageId);
        return m;
      },
    };
  }),
  mutant("does not acknowledge separate responses", ["TD_COAP_CORE_09 acknowledged"], () =>
    acknowledging(() => false),
  ),
  mutant(
    "takes responses in the ACK only",
    ["TD_COAP_CORE_09 taken", "TD_COAP_CORE_11 matched", "TD_COAP_CORE_16 stopped"],
    () => {
      const asked = new Set<string>();
      return {
        toClient: (m, answer) => {
          if (!isSeparate(m) || !asked.has(m.token.join())) return m;
          if (m.type === CON) answer(acknowledged({ ...m, token: NO_BYTES }, EMPTY));
          return undefined;
        },
        fromClient: (m) => {
          if (isRequest(m.code)) asked.add(m.token.join());
          return m;
        },
      };
    },
  ),
  mutant("takes responses under any token", ["TD_COAP_CORE_11 rejected"], () => {
    let token = NO_BYTES;
    return {
      toClient: (m) => (isSeparate(m) ? { ...m, token } : m),
      fromClient: (m) => {
        if (isRequest(m.code)) token = m.token;
        return m;
      },
    };
  }),
  mutant("acknowledges a separate response only once", ["TD_COAP_CORE_16 again"], () =>
    acknowledging((times) => times === 1),
  ),
  mutant("registers again when its answer comes twice", ["TD_COAP_CORE_16 once"], () => {
    const heard = new Set<number>();
    let register: Message | undefined;
    let isDue = false;
    return {
      toClient: (m) => {
        if (isSeparate(m)) isDue = heard.has(m.messageId);
        if (isSeparate(m)) heard.add(m.messageId);
        return m;
      },
      fromClient: (m, say) => {
        if (isRegister(m)) register ??= m;
        if (isDue && register !== undefined) say({ ...register, messageId: 0x7777 });
        isDue = false;
        return m;
      },
    };
  }),
  // Loss: 15, 16.
  mutant(
    "never repeats its requests",
    ["TD_COAP_CORE_15 repeated", "TD_COAP_CORE_16 repeated"],
    () => ({
      fromClient: dropping(repetitions()),
    }),
  ),
  mutant(
    "repeats everything twice",
    ["TD_COAP_CORE_15 settled", "dormouse-coap-max-retransmit bounded"],
    () => {
      const isRepeated = repetitions();
      return {
        fromClient: (m, say) => {
          if (isRepeated(m)) say(m);
          return m;
        },
      };
    },
  ),
  mutant(
    "does not recognize duplicates",
    ["TD_COAP_CORE_15 duplicate", "dormouse-coap-non-duplicate once"],
    () => asNew((m) => m),
  ),
  mutant("carries duplicates out and says nothing of it", ["TD_COAP_CORE_15 once"], () => {
    const answers = new Map<string, Message>();
    return asNew((m) => {
      const name = `${m.messageId} ${m.token.join()}`;
      if (!answers.has(name)) answers.set(name, m);
      return answers.get(name) ?? m;
    });
  }),
];

/** Of the ACKs of a separate response some are said. @param isSaid by how many there were, with this one */
function acknowledging(isSaid: (times: number) => boolean): Tamper {
  const acknowledged = new Map<number, number>();
  return {
    toClient: (m) => {
      if (isSeparate(m) && !acknowledged.has(m.messageId)) acknowledged.set(m.messageId, 0);
      return m;
    },
    fromClient: (m) => {
      const before = acknowledged.get(m.messageId);
      if (!isEmptyAck(m) || before === undefined) return m;
      acknowledged.set(m.messageId, before + 1);
      return isSaid(before + 1) ? m : undefined;
    },
  };
}

/** Every request comes to the client under a Message ID of its own. @param answer what is said for an answer */
function asNew(answer: (message: Message) => Message): Tamper {
  const ids = new Map<number, number>();
  let next = 0x7000;
  return {
    toClient: (m) => {
      if (!isRequest(m.code)) return m;
      ids.set(++next, m.messageId);
      return { ...m, messageId: next };
    },
    fromClient: (m) => {
      const messageId = m.type === ACK || m.type === RST ? ids.get(m.messageId) : undefined;
      return messageId === undefined ? m : answer({ ...m, messageId });
    },
  };
}
