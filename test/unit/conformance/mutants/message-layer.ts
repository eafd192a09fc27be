import {
  CHANGED,
  CONTENT,
  EMPTY,
  GET,
  isRequest,
  isResponse,
} from "../../../../protocol/coap/codes.ts";
import { TEXT } from "../../../../protocol/coap/content-formats.ts";
import { ACK, CON, NO_BYTES, NON, RST } from "../../../../protocol/coap/message.ts";
import { ClientFault } from "../../../conformance/index.ts";

import {
  dropping,
  formatIn,
  hearing,
  instead,
  type Mutant,
  mutant,
  OMA,
  saying,
  without,
} from "./mutant.ts";

export const MESSAGE_LAYER_MUTANTS: readonly Mutant[] = [
  mutant(
    "cuts tokens at four bytes",
    ["TD_COAP_CORE_10 echoed"],
    saying((m) =>
      isResponse(m.code) && m.token.length > 4 ? { ...m, token: m.token.subarray(0, 4) } : m,
    ),
  ),
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
  mutant(
    "does not answer a ping",
    ["TD_COAP_CORE_31 reset"],
    hearing(dropping((m) => m.code === EMPTY && m.type === CON)),
  ),
  mutant("does not recognize duplicates", ["TD_COAP_CORE_15 second"], () => {
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
        return messageId === undefined ? m : { ...m, messageId };
      },
    };
  }),
  mutant("acknowledges what is Non-confirmable", ["TD_COAP_CORE_05 answered"], () => {
    let messageId = -1;
    return {
      toClient: (m) => {
        messageId = m.type === NON && m.code === GET ? m.messageId : -1;
        return m;
      },
      fromClient: (m) =>
        messageId >= 0 && m.code === CONTENT ? { ...m, type: ACK, messageId } : m,
    };
  }),
  mutant(
    "overlooks critical options",
    ["dormouse-coap-options critical"],
    hearing((m) => without(m, 65001)),
  ),
  mutant(
    "stumbles over elective options",
    ["dormouse-coap-options elective"],
    hearing((m) => ({
      ...m,
      options: m.options.map((o) => (o.number === 65000 ? { ...o, number: 65001 } : o)),
    })),
  ),
  mutant("crashes on malformed datagrams", ["dormouse-coap-malformed alive"], () => ({
    malformedToClient: () => {
      throw new ClientFault("the client crashed: segmentation fault");
    },
  })),
  mutant(
    "answers Reads with Changed",
    [`${OMA}201 legal-code`],
    saying(
      instead(
        (m) => m.type === ACK && m.code === CONTENT && formatIn(m) === TEXT,
        (m) => ({ ...m, code: CHANGED }),
      ),
    ),
  ),
];
