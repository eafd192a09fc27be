/** Bootstrap-Servers that ask wrong things, or in a wrong order, or write wrong values. */
import { blockOption, decodeBlock } from "../../../../protocol/coap/block.ts";
import { DELETE, GET, isRequest, POST, PUT } from "../../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT, TLV } from "../../../../protocol/coap/content-formats.ts";
import { encodeMessage, type Message, NO_BYTES, NON } from "../../../../protocol/coap/message.ts";
import {
  ACCEPT,
  BLOCK1,
  CONTENT_FORMAT,
  findOption,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import { accountValues } from "../../../conformance/bootstrap-accounts.ts";
import { encodeValues } from "../../../conformance/content.ts";
import type { BootstrapTamper, Sent } from "../in-process-bootstrap-server.ts";
import {
  another,
  asks,
  type BootstrapServerMutant,
  configured,
  heard,
  hearing,
  instead,
  isAnswer,
  isOnBs,
  mutant,
  OMA,
  OWN,
  pathIn,
  said,
  saying,
  withoutOption,
  withPath,
  writing,
} from "./mutant.ts";

const isWrite = asks(PUT);
/** Of a server's messages: one that a client will have asked for nothing by. */
const harmless = (message: Message): Message => ({
  ...withPath(message, "/"),
  code: GET,
  options: [uintOption(ACCEPT, LINK_FORMAT)],
  payload: NO_BYTES,
});
const OTHER_ACCOUNT = {
  ...accountValues("/0/2", "/1/2"),
  "/0/2/10": 7,
  "/1/2/0": 7,
};

export const OPERATION_MUTANTS: readonly BootstrapServerMutant[] = [
  mutant(
    "does not discover",
    [`${OMA}0 discover`],
    configured(({ discovers: _, ...plan }) => plan),
  ),
  mutant(
    "writes another lifetime",
    [
      `${OMA}0 write`,
      `${OMA}8 write`,
      `LightweightM2M-1.2-int-12 account`,
      `${OWN}pct account`,
      `${OWN}usual-format account`,
      `${OWN}keeps-account written`,
      `${OWN}blockwise whole`,
      `${OWN}retransmission complete`,
    ],
    configured((plan) => ({ ...plan, values: { ...plan.values, "/1/0/1": 60 } })),
  ),
  mutant(
    "does not finish",
    [
      `${OMA}0 finish`,
      `${OMA}4 finish`,
      `${OMA}5 finish`,
      `${OMA}8 finish`,
      `${OMA}9 finish`,
      `${OWN}order last`,
      `${OWN}keeps-account finish`,
      `${OWN}blockwise finish`,
      `${OWN}separate onward`,
      `${OWN}forged onward`,
    ],
    saying(instead(isOnBs, () => undefined)),
  ),
  mutant(
    "finishes with a payload",
    [`${OMA}0 finish`, `${OWN}order last`],
    saying(instead(isOnBs, (message) => ({ ...message, payload: new Uint8Array([0x31]) }))),
  ),
  mutant(
    "finishes twice",
    [`${OMA}0 finish`, `${OWN}restart once`, `${OWN}order last`],
    insteadOfFinish((finish) => [finish, another(POST, "/bs")]),
  ),
  mutant("finishes one bootstrap and no other", [`${OWN}again finish`], () => {
    const known = new Set<number>();
    return {
      fromServer: (sent) =>
        said(sent, (message) => {
          if (isOnBs(message)) known.add(message.messageId);
          return isOnBs(message) && known.size > 1 ? undefined : message;
        }),
    };
  }),
  mutant(
    "deletes nothing",
    [`${OMA}4 delete`],
    configured((plan) => ({ ...plan, deletes: [] })),
  ),
  mutant("deletes when it has written", [`${OMA}4 before`, `${OWN}order deletes-first`], () => {
    const late = insteadOfFinish((finish) => [
      another(DELETE, "/0"),
      another(DELETE, "/1"),
      finish,
    ]);
    const tamper = late();
    return {
      ...tamper,
      fromServer: (sent) =>
        said(sent, instead(asks(DELETE), harmless)).flatMap(
          (one) => tamper.fromServer?.(one) ?? [],
        ),
    };
  }),
  mutant(
    "deletes the bootstrap account",
    [`${OMA}4 account`],
    configured((plan) => ({ ...plan, deletes: [...plan.deletes, "/0/1"] })),
  ),
  mutant(
    "writes over the bootstrap account",
    [`${OMA}4 account`, `${OWN}keeps-account kept`],
    saying(instead(asks(PUT, "/0/0"), (message) => withPath(message, "/0/1"))),
  ),
  mutant(
    "writes one account more than it should",
    [`${OMA}4 replaced`],
    configured((plan) => ({ ...plan, values: { ...plan.values, ...OTHER_ACCOUNT } })),
  ),
  mutant(
    "does not read",
    [`${OMA}8 read`],
    configured(({ reads: _, ...plan }) => plan),
  ),
  mutant(
    "reads objects as text",
    [`${OMA}8 accept`],
    saying(
      instead(asks(GET, "/1"), (message) => ({
        ...message,
        options: [...withoutOption(ACCEPT)(message).options, uintOption(ACCEPT, TEXT)],
      })),
    ),
  ),
  mutant(
    "writes a lifetime with every single resource",
    [`${OMA}9 write`],
    configured((plan) =>
      plan.isPartial === true ? { ...plan, values: { ...plan.values, "/1/0/1": 60 } } : plan,
    ),
  ),
  mutant(
    "does not say what format it writes in",
    [`${OWN}pct format`, `${OWN}usual-format format`],
    saying(instead(isWrite, withoutOption(CONTENT_FORMAT))),
  ),
  mutant("writes once and not again", [`${OWN}again account`, `${OWN}restart account`], () => {
    let hasFinished = false;
    return {
      fromServer: (sent) =>
        said(sent, (message) => {
          if (isOnBs(message)) hasFinished = true;
          return hasFinished && isWrite(message) ? harmless(message) : message;
        }),
    };
  }),
  mutant("repeats the Finish of a bootstrap that was given up", [`${OWN}restart account`], () => {
    let finish: Message | undefined;
    return {
      toServer: (arriving) =>
        heard(arriving, (message) => {
          if (isAnswer(message) && message.messageId === finish?.messageId) finish = undefined;
          return message;
        }),
      fromServer: (sent) =>
        said(sent, (message) => {
          const stale = finish;
          if (isOnBs(message)) finish = message;
          return isAnswer(message) && stale !== undefined ? [message, stale] : message;
        }),
    };
  }),
  mutant("asks before it answers", [`${OWN}order after`], () => {
    let held: Sent | undefined;
    return {
      fromServer: (sent) => {
        let isAcknowledgement = false;
        said(sent, (message) => {
          isAcknowledgement = isAnswer(message);
          return message;
        });
        if (isAcknowledgement) {
          held = sent;
          return [];
        }
        const both = held === undefined ? [sent] : [sent, held];
        held = undefined;
        return both;
      },
    };
  }),
  mutant(
    "asks several things at once",
    [`${OWN}order single`],
    saying((message) => (isWrite(message) ? [message, another(GET, "/1")] : message)),
  ),
  mutant(
    "asks in Non-confirmable messages",
    [`${OWN}order confirmable`],
    saying((message) => (isRequest(message.code) ? { ...message, type: NON } : message)),
  ),
  mutant(
    "writes below an alternate path",
    [`${OWN}order path`],
    saying(instead(isWrite, (message) => withPath(message, `/lwm2m${pathIn(message)}`))),
  ),
  mutant(
    "writes a server without a binding",
    [`${OWN}account complete`],
    writing(({ "/1/0/7": _, ...values }) => values),
  ),
  mutant(
    "writes keys in NoSec",
    [`${OWN}account complete`],
    writing((values) =>
      "/0/0/5" in values ? { ...values, "/0/0/5": new Uint8Array([1, 2, 3]) } : values,
    ),
  ),
  mutant(
    "writes a server that no account is for",
    [`${OWN}account paired`],
    writing((values) => ("/1/0/0" in values ? { ...values, "/1/0/0": 9 } : values)),
  ),
  mutant(
    "writes Short Server ID 65535",
    [`${OWN}account range`],
    writing((values) => {
      if ("/1/0/0" in values) return { ...values, "/1/0/0": 65535 };
      return "/0/0/10" in values ? { ...values, "/0/0/10": 65535 } : values;
    }),
  ),
  mutant("writes two bootstrap accounts", [`${OWN}account single`], () => ({
    plan: (plan) => ({ ...plan, values: { ...plan.values, ...OTHER_ACCOUNT } }),
    ...writing((values) =>
      Object.fromEntries(
        Object.entries(values).map(([path, value]) => [
          path,
          /^\/0\/\d+\/1$/.test(path) ? true : value,
        ]),
      ),
    )(),
  })),
  mutant(
    "numbers blocks from 1",
    [`${OWN}blockwise blocks`],
    saying((message) => {
      const option = findOption(message.options, BLOCK1);
      const block = option === undefined ? undefined : decodeBlock(option.value);
      if (block === undefined || isMalformed(block) || !isWrite(message)) return message;
      const moved = blockOption(BLOCK1, block.num + 1, block.more, block.size);
      return {
        ...message,
        options: message.options.map((one) => (one === option ? moved : one)),
      };
    }),
  ),
  mutant(
    "mixes blocks up",
    [`${OWN}blockwise whole`],
    saying((message) => {
      if (findOption(message.options, BLOCK1) === undefined || !isWrite(message)) return message;
      const payload = message.payload.map((byte) => (byte === 0x31 ? 0x30 : byte));
      return { ...message, payload };
    }),
  ),
  mutant(
    "goes on in blocks that are too large",
    [`${OWN}blockwise smaller`],
    hearing((message) => {
      const option = findOption(message.options, BLOCK1);
      const block = option === undefined ? undefined : decodeBlock(option.value);
      if (block === undefined || isMalformed(block) || !isAnswer(message)) return message;
      const large = blockOption(BLOCK1, block.num, block.more, 1024);
      return {
        ...message,
        options: message.options.map((one) => (one === option ? large : one)),
      };
    }),
  ),
  mutant(
    "sends keys before anything was answered",
    [`${OWN}stranger keys`, `${OWN}impostor contained`],
    saying((message, client) => {
      if (client === 0 || !isRequest(message.code)) return message;
      const values = encodeValues(TLV, "/0/0", { "/0/0/5": new Uint8Array(16) });
      return { ...withPath(message, "/0/0"), code: PUT, payload: values };
    }),
  ),
];

/** In place of Finish the server sends these, each when the one before is answered. */
function insteadOfFinish(say: (finish: Message) => readonly Message[]): () => BootstrapTamper {
  return () => {
    let rest: Message[] = [];
    let asked: Message | undefined;
    let messageId = -1;
    return {
      fromServer: (sent) =>
        said(sent, (message) => {
          if (!isOnBs(message)) return message;
          if (message.messageId === messageId) return undefined;
          messageId = message.messageId;
          rest = [...say(message)];
          asked = rest.shift();
          return asked;
        }),
      toServer: (arriving, sayNow) =>
        heard(arriving, (message) => {
          const isNext = isAnswer(message) && message.messageId === asked?.messageId;
          if (!isNext) return message;
          asked = rest.shift();
          const { client } = arriving;
          if (asked !== undefined) sayNow({ client, datagram: encodeMessage(asked) });
          return message;
        }),
    };
  };
}
