/** Bootstrap-Servers that deal wrongly with what a client answers, and with what they are told to do. */
import {
  BAD_REQUEST,
  CHANGED,
  DELETE,
  DELETED,
  EMPTY,
  isRequest,
  NOT_ACCEPTABLE,
  POST,
  PUT,
} from "../../../../protocol/coap/codes.ts";
import { ACK, CON, encodeMessage, type Message, RST } from "../../../../protocol/coap/message.ts";
import type { BootstrapTamper } from "../in-process-bootstrap-server.ts";
import {
  another,
  type BootstrapServerMutant,
  heard,
  hearing,
  instead,
  isAnswer,
  mutant,
  OMA,
  OWN,
  said,
  saying,
} from "./mutant.ts";

const isEmpty = (type: number) => (message: Message) =>
  message.type === type && message.code === EMPTY;

export const ANSWER_MUTANTS: readonly BootstrapServerMutant[] = [
  mutant(
    "asks once and no more",
    [`${OWN}retransmission again`],
    onCopies((copies, message) => (copies > 1 ? undefined : message)),
  ),
  mutant("repeats itself under new Message IDs", [`${OWN}retransmission again`], () => {
    let next = 0x6000;
    const originals = new Map<number, number>();
    const repeating = onCopies((copies, message) => {
      if (copies === 1) return message;
      originals.set(++next, message.messageId);
      return { ...message, messageId: next };
    });
    return {
      ...repeating(),
      toServer: (arriving) =>
        heard(arriving, (message) => ({
          ...message,
          messageId: originals.get(message.messageId) ?? message.messageId,
        })),
    };
  }),
  mutant(
    "repeats itself at once",
    [`${OWN}retransmission spaced`],
    saying((message) => (isRequest(message.code) ? [message, message, message] : message)),
  ),
  mutant(
    "does not give up",
    [`${OWN}silence bounded`],
    onCopies((copies, message) => (copies === 5 ? [message, message] : message)),
  ),
  mutant(
    "finishes when it gives up",
    [`${OWN}silence stops`],
    onCopies((copies, message) => (copies === 5 ? [message, another(POST, "/bs")] : message)),
  ),
  mutant(
    "does not hear acknowledgements",
    [`${OWN}separate patient`],
    hearing(instead(isEmpty(ACK), () => undefined)),
  ),
  mutant(
    "acknowledges no separate response",
    [`${OWN}separate acknowledged`],
    saying(instead(isEmpty(ACK), () => undefined)),
  ),
  mutant("takes answers from any address", [`${OWN}forged source`], () => ({
    toServer: (arriving) => {
      let isAnswering = false;
      heard(arriving, (message) => {
        isAnswering = isAnswer(message);
        return message;
      });
      return isAnswering ? { ...arriving, client: 0 } : arriving;
    },
  })),
  mutant("does not look at tokens", [`${OWN}forged token`], () => {
    let last: Message | undefined;
    return {
      fromServer: (sent) =>
        said(sent, (message) => {
          if (isRequest(message.code)) last = message;
          return message;
        }),
      toServer: (arriving) =>
        heard(arriving, (message) =>
          message.type === CON && message.code === CHANGED && last !== undefined
            ? { ...message, token: last.token }
            : message,
        ),
    };
  }),
  mutant(
    "acknowledges what it rejects",
    [`${OWN}forged rejected`],
    saying(instead(isEmpty(RST), (message) => ({ ...message, type: ACK }))),
  ),
  mutant(
    "takes a refused Write for written",
    [`${OWN}refused-write noticed`],
    mishearing(PUT, BAD_REQUEST, CHANGED),
  ),
  mutant(
    "takes a refused Delete for done",
    [`${OWN}refused-delete noticed`],
    mishearing(DELETE, BAD_REQUEST, DELETED),
  ),
  mutant(
    "takes a refused Finish for success",
    [`${OMA}9 failed`, `${OWN}outcomes finish`],
    mishearing(POST, NOT_ACCEPTABLE, CHANGED),
  ),
  mutant("insists on its Finish", [`${OWN}refused-finish unchanged`], () => ({
    toServer: (arriving, say) =>
      heard(arriving, (message) => {
        const { client } = arriving;
        if (message.code === NOT_ACCEPTABLE) {
          say({ client, datagram: encodeMessage(another(POST, "/bs")) });
        }
        return message;
      }),
  })),
  mutant("tells its operator of failures only", [`${OWN}outcomes success`], () => ({
    outcome: (outcome) => outcome && { ...outcome, isSuccess: false },
  })),
  mutant("tells its operator of nothing", [`${OMA}9 failed`, `${OWN}outcomes success`], () => ({
    outcome: () => undefined,
  })),
  mutant("makes light of a Write that was refused", [`${OWN}outcomes write`], () => ({
    outcome: (outcome) =>
      outcome?.words.startsWith("Write") ? { ...outcome, isSuccess: true } : outcome,
  })),
  mutant("takes silence for consent", [`${OWN}outcomes silence`], () => ({
    outcome: (outcome) =>
      outcome?.words.endsWith("was not answered") ? { ...outcome, isSuccess: true } : outcome,
  })),
  mutant("sends no Execute", [`${OMA}5 execute`], () => ({ order: () => undefined })),
];

/** Changes a request by how often it has come, this time included. */
function onCopies(
  change: (copies: number, message: Message) => Message | readonly Message[] | undefined,
): () => BootstrapTamper {
  return () => {
    const copies = new Map<number, number>();
    return saying((message) => {
      if (!isRequest(message.code)) return message;
      const count = (copies.get(message.messageId) ?? 0) + 1;
      copies.set(message.messageId, count);
      return change(count, message);
    })();
  };
}

/** The server takes one answer to a kind of request for another. */
function mishearing(method: number, code: number, taken: number): () => BootstrapTamper {
  return () => {
    const ids = new Set<number>();
    return {
      fromServer: (sent) =>
        said(sent, (message) => {
          if (message.code === method) ids.add(message.messageId);
          return message;
        }),
      toServer: (arriving) =>
        heard(arriving, (message) =>
          isAnswer(message) && message.code === code && ids.has(message.messageId)
            ? { ...message, code: taken }
            : message,
        ),
    };
  };
}
