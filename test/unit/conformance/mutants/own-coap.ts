/** Clients that take messages which CoAP has rejected, or reject those that it has taken. */
import { CONTENT, EMPTY, isRequest } from "../../../../protocol/coap/codes.ts";
import { ACK, CON, type Message, NO_BYTES, NON, RST } from "../../../../protocol/coap/message.ts";
import { ClientFault } from "../../../conformance/index.ts";
import {
  acknowledged,
  dropping,
  hearing,
  instead,
  isEmptyAck,
  isSeparate,
  type Mutant,
  mutant,
  saying,
} from "./mutant.ts";

/** Of the resource that is not ready at once: its Message IDs begin here. */
const isLate = ({ messageId }: Message) => messageId >= 0xa000 && messageId < 0xb000;

/** Answers some malformed datagrams in a way, where others are rejected. */
function answeringMalformed(
  name: string,
  caughtBy: string,
  matches: (datagram: Uint8Array) => boolean,
  answer: { readonly type: number; readonly code: number },
): Mutant {
  return mutant(name, [caughtBy], () => ({
    malformedToClient: (say, datagram) => {
      const messageId = (datagram[2] << 8) | datagram[3];
      if (matches(datagram))
        say({ ...answer, messageId, token: NO_BYTES, options: [], payload: NO_BYTES });
    },
  }));
}

export const OWN_COAP_MUTANTS: readonly Mutant[] = [
  mutant("answers malformed datagrams", ["dormouse-coap-malformed rejected"], () => ({
    malformedToClient: (answer) =>
      answer({
        type: ACK,
        code: CONTENT,
        messageId: 0x1201,
        token: NO_BYTES,
        options: [],
        payload: NO_BYTES,
      }),
  })),
  mutant("crashes on malformed datagrams", ["dormouse-coap-malformed alive"], () => ({
    malformedToClient: () => {
      throw new ClientFault("the client crashed: segmentation fault");
    },
  })),
  mutant(
    "is never the same after a malformed datagram",
    [
      "dormouse-coap-malformed unharmed",
      "dormouse-coap-version unharmed",
      "dormouse-coap-format-errors unharmed",
      "dormouse-coap-strays unharmed",
    ],
    () => {
      let isHarmed = false;
      return {
        malformedToClient: () => {
          isHarmed = true;
        },
        fromClient: (m) => (isHarmed && m.code === CONTENT ? undefined : m),
      };
    },
  ),
  answeringMalformed(
    "resets messages of other versions",
    "dormouse-coap-version ignored",
    ([first = 0x40]) => first >> 6 !== 1,
    { type: RST, code: EMPTY },
  ),
  answeringMalformed(
    "takes long tokens that are cut short",
    "dormouse-coap-format-errors token",
    ([first = 0x40]) => (first & 15) > 8,
    { type: ACK, code: CONTENT },
  ),
  answeringMalformed(
    "takes a payload marker at the end for nothing",
    "dormouse-coap-format-errors marker",
    (datagram) => datagram.length === 5 && datagram[4] === 0xff,
    { type: ACK, code: CONTENT },
  ),
  answeringMalformed(
    "skips options that it cannot read",
    "dormouse-coap-format-errors option",
    (datagram) => datagram.length === 6,
    { type: ACK, code: CONTENT },
  ),
  answeringMalformed(
    "takes reserved codes for methods",
    "dormouse-coap-format-errors class",
    ([first, code = 0]) => first === 0x40 && code >> 5 !== 0,
    { type: ACK, code: 0x85 },
  ),
  mutant("answers an empty Non-confirmable message", ["dormouse-coap-strays non"], () => ({
    toClient: (m, answer) => {
      if (m.type === NON && m.code === EMPTY) answer(acknowledged(m, CONTENT));
      return m;
    },
  })),
  mutant("resets ACKs that it does not wait for", ["dormouse-coap-strays ack-rst"], () => {
    const sent = new Set<number>();
    return {
      toClient: (m, answer) => {
        if (isEmptyAck(m) && !sent.has(m.messageId))
          answer({ ...acknowledged(m, EMPTY), type: RST });
        return m;
      },
      fromClient: (m) => {
        sent.add(m.messageId);
        return m;
      },
    };
  }),
  mutant(
    "acknowledges whatever response comes",
    ["dormouse-coap-stray-responses confirmable"],
    () => ({
      toClient: (m, answer) => {
        if (isSeparate(m) && m.type === CON) answer(acknowledged({ ...m, token: NO_BYTES }, EMPTY));
        return m;
      },
    }),
  ),
  mutant(
    "acknowledges Non-confirmable responses",
    ["dormouse-coap-stray-responses non-confirmable", "dormouse-coap-non-response unacknowledged"],
    () => ({
      toClient: (m, answer) => {
        if (isSeparate(m) && m.type === NON) answer(acknowledged({ ...m, token: NO_BYTES }, EMPTY));
        return m;
      },
    }),
  ),
  mutant(
    "is never the same after a stray response",
    ["dormouse-coap-stray-responses unharmed"],
    () => {
      let isHarmed = false;
      return {
        toClient: (m) => {
          isHarmed ||= isSeparate(m) && m.token.length === 2;
          return m;
        },
        fromClient: (m) => (isHarmed && m.code === CONTENT ? undefined : m),
      };
    },
  ),
  mutant(
    "takes every Reset for one",
    ["dormouse-coap-reset-not-empty ignored"],
    hearing((m) => (m.type === RST ? { ...m, code: EMPTY, token: NO_BYTES, options: [] } : m)),
  ),
  mutant("takes Message IDs for those of one server", ["dormouse-coap-same-message-id own"], () => {
    const tokens = new Map<number, string>();
    return {
      toClient: (m) => {
        if (!isRequest(m.code)) return m;
        const token = tokens.get(m.messageId) ?? m.token.join();
        tokens.set(m.messageId, token);
        return token === m.token.join() ? m : undefined;
      },
    };
  }),
  mutant(
    "is silent until its late answer is ready",
    ["dormouse-coap-separate acknowledged"],
    () => {
      const requests = new Set<number>();
      return {
        toClient: (m) => {
          if (isRequest(m.code)) requests.add(m.messageId);
          return m;
        },
        fromClient: (m) => (isEmptyAck(m) && requests.has(m.messageId) ? undefined : m),
      };
    },
  ),
  mutant(
    "sends late answers Non-confirmable",
    ["dormouse-coap-separate separate"],
    saying(
      instead(
        (m) => isLate(m) && m.type === CON,
        (m) => ({ ...m, type: NON }),
      ),
    ),
  ),
  mutant("sends a late answer once", ["dormouse-coap-separate repeated"], () => {
    let isSent = false;
    return {
      fromClient: (m) => {
        if (!isLate(m) || m.type !== CON) return m;
        const isAgain = isSent;
        isSent = true;
        return isAgain ? undefined : m;
      },
    };
  }),
  mutant(
    "does not hear the ACK of a late answer",
    ["dormouse-coap-separate settled"],
    hearing(dropping((m) => isEmptyAck(m) && isLate(m))),
  ),
];
