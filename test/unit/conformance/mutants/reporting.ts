/** Clients that observe and notify wrongly. */
import { decodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { BAD_REQUEST, CHANGED, GET, NOT_FOUND, PUT } from "../../../../protocol/coap/codes.ts";
import { CON, type Message, NO_BYTES, NON, RST } from "../../../../protocol/coap/message.ts";
import {
  OBSERVE,
  textOption,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../../../protocol/coap/options.ts";

import {
  answering,
  dropping,
  hearing,
  instead,
  isNotification,
  isRegister,
  isUpdate,
  isWriteAttributes,
  type Mutant,
  mutant,
  OMA,
  pathIn,
  pretending,
  saying,
  without,
  withoutQuery,
} from "./mutant.ts";

export const REPORTING_MUTANTS: readonly Mutant[] = [
  mutant(
    "never notifies",
    [`${OMA}301 windows`, `${OMA}710 windows`, `${OMA}810 windows`, "dormouse-notify-pmin held"],
    saying(dropping(isNotification)),
  ),
  mutant(
    "does not observe, it reads",
    [`${OMA}301 observe`, `${OMA}710 observe`],
    hearing((m) => without(m, OBSERVE)),
  ),
  mutant(
    "refuses attributes",
    [`${OMA}301 attributes`],
    answering(isWriteAttributes, (m) => ({ ...m, code: BAD_REQUEST })),
  ),
  mutant(
    "takes pmax for an hour",
    [`${OMA}301 windows`, "LightweightM2M-1.2-int-312 windows"],
    hearing((m) => ({
      ...m,
      options: m.options.map((option) =>
        option.number === URI_QUERY && decodeUtf8(option.value).startsWith("pmax=")
          ? textOption(URI_QUERY, "pmax=3600")
          : option,
      ),
    })),
  ),
  mutant(
    "notifies every two seconds",
    [`${OMA}301 windows`],
    hearing((m) => {
      if (m.code !== PUT || m.payload.length > 0) return m;
      const bare = withoutQuery(m, /^(pmin|pmax)=/);
      return { ...m, options: [...bare.options, textOption(URI_QUERY, "pmax=2")] };
    }),
  ),
  mutant(
    "ignores pmin",
    ["dormouse-notify-pmin held"],
    hearing((m) => ({
      ...m,
      options: m.options.map((option) =>
        option.number === URI_QUERY && decodeUtf8(option.value).startsWith("pmin=")
          ? textOption(URI_QUERY, "pmin=0")
          : option,
      ),
    })),
  ),
  mutant(
    "ignores parameters of Observe",
    ["LightweightM2M-1.2-int-313 windows"],
    hearing((m) => (uintOf(m.options, OBSERVE, -1) === 0 ? without(m, URI_QUERY) : m)),
  ),
  mutant(
    "ignores gt, lt and st",
    ["dormouse-notify-thresholds between", "dormouse-notify-step less"],
    hearing((m) => withoutQuery(m, /^(gt|lt|st)=/)),
  ),
  mutant(
    "does not number its notifications",
    [
      `${OMA}301 sequence`,
      `${OMA}710 sequence`,
      "TD_COAP_OBS_01 sequence",
      "TD_COAP_OBS_02 sequence",
    ],
    saying(
      instead(isNotification, (m) => ({
        ...without(m, OBSERVE),
        options: [...without(m, OBSERVE).options, uintOption(OBSERVE, 1)],
      })),
    ),
  ),
  mutant(
    "leaves the Observe option out of notifications",
    [`${OMA}301 sequence`],
    saying(instead(isNotification, (m) => without(m, OBSERVE))),
  ),
  mutant(
    "notifies under another token",
    [`${OMA}301 windows`],
    saying(instead(isNotification, (m) => ({ ...m, token: Uint8Array.from([1, 2, 3]) }))),
  ),
  mutant(
    "notifies without values",
    [`${OMA}301 values`, "dormouse-notify-pmin held"],
    saying(instead(isNotification, (m) => ({ ...m, payload: NO_BYTES }))),
  ),
  mutant(
    "does not understand a Reset",
    [`${OMA}302 first`, "dormouse-cancel-reset cancelled"],
    hearing(dropping((m) => m.type === RST)),
  ),
  mutant("cancels all when one is reset", [`${OMA}302 other`], () => {
    let isOver = false;
    return {
      toClient: (m) => {
        isOver ||= m.type === RST;
        return m;
      },
      fromClient: (m) => (isOver && isNotification(m) ? undefined : m),
    };
  }),
  mutant(
    "does not understand Observe=1",
    [`${OMA}303 first`],
    hearing((m) => (uintOf(m.options, OBSERVE, -1) === 1 ? without(m, OBSERVE) : m)),
  ),
  mutant(
    "answers a cancellation as if it observed",
    [`${OMA}303 answer`],
    hearing((m) =>
      uintOf(m.options, OBSERVE, -1) === 1
        ? {
            ...without(m, OBSERVE),
            options: [...without(m, OBSERVE).options, uintOption(OBSERVE, 0)],
          }
        : m,
    ),
  ),
  mutant("cancels on any Read", ["dormouse-observe-again kept", "TD_COAP_OBS_10 kept"], () => {
    let hasRead = false;
    return {
      toClient: (m) => {
        const observes = uintOf(m.options, OBSERVE, -1) === 0;
        if (m.code === GET) hasRead = !observes;
        return m;
      },
      fromClient: (m) => (hasRead && isNotification(m) ? undefined : m),
    };
  }),
  mutant(
    "never confirms",
    ["dormouse-notify-confirmable daily", "TD_COAP_OBS_01 confirmable"],
    saying(
      instead(
        (m) => isNotification(m) && m.type === CON,
        (m) => ({ ...m, type: NON }),
      ),
    ),
  ),
  mutant(
    "does not tell that what was observed is gone",
    ["dormouse-notify-deleted told"],
    saying(dropping((m) => isNotification(m) && m.code === NOT_FOUND)),
  ),
  mutant("keeps observations over a new registration", ["dormouse-observe-register ended"], () => {
    let last: Message | undefined;
    let registers = 0;
    return {
      fromClient: (m, answer) => {
        if (isNotification(m)) last = m;
        if (isRegister(m)) registers++;
        if (registers > 1 && isUpdate(m) && last !== undefined) {
          answer({ ...last, messageId: (last.messageId + 7777) & 0xffff });
        }
        return m;
      },
    };
  }),
  mutant(
    "has defaults of its own for pmax",
    ["dormouse-notify-defaults written"],
    pretending((m) => m.code === PUT && pathIn(m) === "/1/0/3", CHANGED),
  ),
  mutant("understands only one Reset", [`${OMA}302 second`], () => {
    let resets = 0;
    return { toClient: (m) => (m.type === RST && ++resets > 1 ? undefined : m) };
  }),
  mutant("understands only one Observe=1", [`${OMA}303 second`], () => {
    let cancellations = 0;
    return {
      toClient: (m) =>
        uintOf(m.options, OBSERVE, -1) === 1 && ++cancellations > 1 ? without(m, OBSERVE) : m,
    };
  }),
  mutant("tells every second thing twice", ["dormouse-notify-pmin once"], () => {
    let count = 0;
    return {
      fromClient: (m, answer) => {
        if (isNotification(m) && ++count % 2 === 0) {
          answer({ ...m, messageId: (m.messageId + 5555) & 0xffff });
        }
        return m;
      },
    };
  }),
  mutant("goes on about what is gone", ["dormouse-notify-deleted ended"], () => ({
    fromClient: (m, answer) => {
      if (isNotification(m) && m.code === NOT_FOUND) {
        answer({ ...m, messageId: (m.messageId + 5555) & 0xffff });
      }
      return m;
    },
  })),
];
