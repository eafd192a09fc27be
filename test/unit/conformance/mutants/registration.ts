/** Clients that register, update or leave wrongly. */
import { decodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CREATED,
  DELETED,
  NOT_FOUND,
  PUT,
} from "../../../../protocol/coap/codes.ts";
import { type Message, NO_BYTES, NON } from "../../../../protocol/coap/message.ts";
import {
  LOCATION_PATH,
  textOption,
  textsOf,
  URI_QUERY,
} from "../../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION } from "../../../../protocol/coap/parameters.ts";
import { SECOND } from "../../../../protocol/time/duration.ts";
import { SeededRandom } from "../../../../simulator/random.ts";
import { inProcessAdapter } from "../../../conformance/index.ts";

import {
  answering,
  dropping,
  hearing,
  instead,
  isExecute,
  isRegister,
  isUpdate,
  type Mutant,
  mutant,
  OMA,
  pathIn,
  pretending,
  saying,
  without,
  withoutQuery,
  withPayload,
} from "./mutant.ts";

export const REGISTRATION_MUTANTS: readonly Mutant[] = [
  mutant(
    "registers without a lifetime",
    [`${OMA}101 lifetime`, `${OMA}105 register`],
    saying(instead(isRegister, (message) => withoutQuery(message, /^lt=/))),
  ),
  mutant(
    "registers without a version",
    [`${OMA}101 version`],
    saying(instead(isRegister, (message) => withoutQuery(message, /^lwm2m=/))),
  ),
  mutant(
    "registers under another name",
    [`${OMA}101 endpoint`],
    saying(
      instead(isRegister, (message) => ({
        ...withoutQuery(message, /^ep=/),
        options: [...withoutQuery(message, /^ep=/).options, textOption(URI_QUERY, "ep=other")],
      })),
    ),
  ),
  mutant(
    "claims a binding with Q in LwM2M 1.1 and later",
    [`${OMA}101 binding`],
    saying(
      instead(isRegister, (message) => ({
        ...message,
        options: message.options.map((option) =>
          decodeUtf8(option.value) === "b=U" ? textOption(URI_QUERY, "b=UQ") : option,
        ),
      })),
    ),
  ),
  mutant(
    "registers in Non-confirmable messages",
    [`${OMA}101 request`],
    saying(instead(isRegister, (message) => ({ ...message, type: NON }))),
  ),
  mutant(
    "lists its Security object",
    [`${OMA}101 list`],
    saying(instead(isRegister, (message) => withPayload(message, (list) => `</0/0>,${list}`))),
  ),
  mutant(
    "does not list its Device object",
    [`${OMA}101 list`],
    saying(
      instead(isRegister, (message) => withPayload(message, (list) => list.replace(",</3/0>", ""))),
    ),
  ),
  mutant("registers again though it was accepted", [`${OMA}101 accepted`], () => {
    let register: Message | undefined;
    return {
      fromClient: (message) => {
        if (isRegister(message)) register = message;
        return message;
      },
      toClient: (message, answer) => {
        if (message.code === CREATED && register !== undefined) {
          const again = { ...register, messageId: (register.messageId + 999) & 0xffff };
          register = undefined;
          answer(again);
        }
        return message;
      },
    };
  }),
  mutant(
    "does not say queue mode",
    [`${OMA}108 queue`],
    saying(instead(isRegister, (message) => withoutQuery(message, /^Q$/))),
  ),
  mutant(
    "does not tell its new lifetime",
    [`${OMA}102 update`, `${OMA}107 update`, `${OMA}226 update`, `${OMA}227 update`],
    saying(instead(isUpdate, (message) => withoutQuery(message, /^lt=/))),
  ),
  mutant(
    "never updates without a reason",
    [`${OMA}102 in-time`, `${OMA}104 update`, `${OMA}107 in-time`, `${OMA}109 wakes`],
    saying(
      dropping(
        (message) =>
          isUpdate(message) &&
          textsOf(message.options, URI_QUERY).length === 0 &&
          message.payload.length === 0,
      ),
    ),
  ),
  mutant(
    "says its whole registration in every Update",
    [`${OMA}104 update`],
    saying(
      instead(isUpdate, (message) => ({
        ...message,
        options: [...message.options, textOption(URI_QUERY, "b=U")],
      })),
    ),
  ),
  mutant(
    "updates in Non-confirmable messages",
    [`${OMA}102 update`, `${OMA}109 wakes`],
    saying(instead(isUpdate, (message) => ({ ...message, type: NON }))),
  ),
  mutant(
    "takes only the first segments of its location",
    [`${OMA}102 update`, `${OMA}103 delete`],
    hearing(
      instead(
        (message) => message.code === CREATED,
        (message) => without(message, LOCATION_PATH, ({ value }) => value.length > 5),
      ),
    ),
  ),
  mutant(
    "does not mind that its registration is gone",
    [`${OMA}105 register`],
    hearing(
      instead(
        (message) => message.code === NOT_FOUND,
        (message) => ({ ...message, code: CHANGED }),
      ),
    ),
  ),
  mutant("registers again without its list", [`${OMA}105 register`], () => {
    let registers = 0;
    return {
      fromClient: (message) =>
        isRegister(message) && ++registers > 1 ? { ...message, payload: NO_BYTES } : message,
    };
  }),
  mutant(
    "answers Disable and stays",
    [`${OMA}103 delete`],
    pretending((message) => pathIn(message) === "/1/0/4" && isExecute(message), CHANGED),
  ),
  mutant(
    "does not answer when it leaves",
    [`${OMA}103 execute`],
    answering(
      (message) => pathIn(message) === "/1/0/4",
      () => undefined,
    ),
  ),
  mutant("comes back as soon as it has left", [`${OMA}103 away`], () => {
    let register: Message | undefined;
    return {
      fromClient: (message) => {
        if (isRegister(message)) register = message;
        return message;
      },
      toClient: (message, answer) => {
        if (message.code === DELETED && register !== undefined) {
          answer({ ...register, messageId: (register.messageId + 999) & 0xffff });
        }
        return message;
      },
    };
  }),
  mutant("retransmits without patience", ["dormouse-register-retransmission growing"], () => {
    const copies = new Map<number, number>();
    return {
      fromClient: (message, answer) => {
        const copy = (copies.get(message.messageId) ?? 0) + 1;
        copies.set(message.messageId, copy);
        if (copy === 2 && isRegister(message)) answer(message);
        return message;
      },
    };
  }),
  mutant(
    "takes minutes for seconds when disabled",
    ["dormouse-disable-timeout away"],
    hearing(
      instead(
        (message) => pathIn(message) === "/1/0/5" && message.code === PUT,
        (message) => withPayload(message, (text) => (text === "120" ? "2" : text)),
      ),
    ),
  ),
  mutant(
    "does not tell of new instances",
    ["dormouse-update-list created"],
    saying(instead(isUpdate, (message) => ({ ...message, payload: NO_BYTES }))),
  ),
  mutant("tells of new instances, never of their end", ["dormouse-update-list deleted"], () => {
    let longest = NO_BYTES;
    return {
      fromClient: (message) => {
        if (!isUpdate(message) || message.payload.length === 0) return message;
        if (message.payload.length > longest.length) longest = message.payload;
        return { ...message, payload: longest };
      },
    };
  }),
  mutant("tries a refused Register again at once", ["dormouse-register-retry back-off"], () => {
    let register: Message | undefined;
    let sent = 0;
    return {
      fromClient: (message) => {
        if (isRegister(message)) register = message;
        return message;
      },
      toClient: (message, answer) => {
        if (message.code !== BAD_REQUEST || register === undefined || sent++ > 5) return message;
        answer({ ...register, messageId: (register.messageId + sent) & 0xffff });
        return undefined;
      },
    };
  }),
  mutant("gives up when it is refused", ["dormouse-register-retry retry"], () => {
    let registers = 0;
    return {
      fromClient: (message) => (isRegister(message) && ++registers > 1 ? undefined : message),
    };
  }),
  {
    name: "retransmits in a hurry",
    caughtBy: ["dormouse-register-retransmission repeated"],
    adapter: inProcessAdapter({
      agent: {
        settings: {
          random: new SeededRandom(1),
          transmission: { ...DEFAULT_TRANSMISSION, ackTimeout: 200 },
          blockSize: 1024,
          maxBody: 65536,
          rememberedMessages: 32,
          maxRequests: 4,
        },
      },
    }),
  },
  {
    name: "switches its radio off after 10 s in queue mode",
    caughtBy: [`${OMA}109 listens`],
    adapter: inProcessAdapter({ agent: { awakeFor: 10 * SECOND } }),
  },
  mutant("registers with its first server only", [`${OMA}950 register`], () => ({
    fromClient: (message, _, server) => (isRegister(message) && server > 0 ? undefined : message),
  })),
];
