/** Servers that are wrong about observations, notifications and Sends. */
import {
  BAD_REQUEST,
  CHANGED,
  FETCH,
  GET,
  isResponse,
  POST,
} from "../../../../protocol/coap/codes.ts";
import { ACK, type Message, NON, RST } from "../../../../protocol/coap/message.ts";
import {
  BLOCK2,
  findOption,
  MAX_AGE,
  OBSERVE,
  uintOf,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { emptyOf } from "../../../conformance/scripted-client.ts";
import type { ServerTamper } from "../in-process-server.ts";
import {
  answering,
  COAP,
  dropping,
  hearing,
  instead,
  isDeregister,
  isNotification,
  isObserve,
  isSend,
  type MessageTamper,
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

const isObserving = (message: Message) => observeIn(message) === 0;
const isError = ({ type, code }: Message) => type !== ACK && code >> 5 === 4;
const isCancelling = (order: { readonly kind: string }) => order.kind.startsWith("cancel");

/** Notifications are heard, and answered by a Reset all the same. */
function rejecting(): MessageTamper {
  const notified = new Set<number>();
  return {
    toServer: (message, _, say) => {
      if (isNotification(message)) notified.add(message.messageId);
      if (isNotification(message) && message.type === NON) say(emptyOf(RST, message));
      return message;
    },
    fromServer: (message) =>
      message.type === ACK && notified.has(message.messageId) ? { ...message, type: RST } : message,
  };
}

/** Whatever token a notification has, the server takes it for its own. */
function takingAnyToken(): MessageTamper {
  let token: Uint8Array | undefined;
  return {
    fromServer: (message) => {
      if (isObserve(message)) token = message.token;
      return message;
    },
    toServer: (message) =>
      isNotification(message) && token !== undefined ? { ...message, token } : message,
  };
}

function losingNotification(nth: number): () => ServerTamper {
  return () => {
    let heard = 0;
    return tampering({
      toServer: (message, _, say) => {
        if (!isNotification(message) || ++heard !== nth) return message;
        say(emptyOf(ACK, message));
        return undefined;
      },
    });
  };
}

/** One after the other. */
function both(one: MessageTamper, other: MessageTamper): ServerTamper {
  return tampering({
    toServer: (message, client, say) => {
      const heard = one.toServer === undefined ? message : one.toServer(message, client, say);
      return heard && (other.toServer?.(heard, client, say) ?? heard);
    },
    fromServer: (message, client, say) => {
      const said = one.fromServer === undefined ? message : one.fromServer(message, client, say);
      if (said === undefined || !("code" in said)) return said;
      return other.fromServer?.(said, client, say) ?? said;
    },
  });
}

export const REPORTING_MUTANTS: readonly ServerMutant[] = [
  mutant(
    "rejects notifications",
    [`${OMA}301 confirmable`, `${OMA}304 notified`, `${COAP}OBS_01 taken`, `${COAP}OBS_11 again`],
    () => tampering(rejecting()),
  ),
  mutant(
    "ignores Non-confirmable notifications",
    [`${OMA}301 non-confirmable`, `${COAP}OBS_02 told`],
    hearing(dropping((message) => message.type === NON && isNotification(message))),
  ),
  mutant(
    "hears the first notification only",
    [`${OMA}760 downloaded`, `${COAP}OBS_01 taken`],
    () => {
      let count = 0;
      return hearing(dropping((message) => isNotification(message) && ++count > 1))();
    },
  ),
  mutant(
    "goes on observing",
    [`${OMA}302 confirmable`, `${OMA}303 cancelled`, `${OMA}305 cancelled`],
    () => ({ order: (order) => (isCancelling(order) ? undefined : order) }),
  ),
  mutant(
    "rejects what it has cancelled, and believes it",
    [`${OMA}302 silent`, `${OMA}303 silent`, `${OMA}305 silent`],
    () => ({
      ...tampering(rejecting()),
      order: (order) => (isCancelling(order) ? undefined : order),
    }),
  ),
  mutant(
    "cancels something else",
    [`${OMA}303 same`, `${OMA}305 paths`],
    saying(
      instead(
        (message) => observeIn(message) === 1,
        (message) =>
          message.code === FETCH
            ? { ...message, payload: Uint8Array.of(0x80) }
            : { ...message, token: Uint8Array.of(1, 2, 3, 4) },
      ),
    ),
  ),
  mutant("believes every notification", [`${OWN}reordered newest`], () => {
    let sequence = 100;
    return hearing(
      instead(isNotification, (message) => withOption(message, uintOption(OBSERVE, ++sequence))),
    )();
  }),
  mutant(
    "takes no notification whose number has gone round",
    [`${OWN}reordered wrapped`],
    hearing(dropping((message) => isNotification(message) && observeIn(message) === 0)),
  ),
  mutant(
    "does not acknowledge what comes late",
    [`${OWN}reordered acknowledged`],
    hearing(dropping((message) => isNotification(message) && observeIn(message) === 11)),
  ),
  mutant(
    "takes notifications with any token",
    [`${OWN}unknown-token rejected`, `${OWN}observation-register over`],
    () => tampering(takingAnyToken()),
  ),
  mutant(
    "takes notifications with any token, and rejects them",
    [`${OWN}unknown-token unheard`],
    () => both(takingAnyToken(), rejecting()),
  ),
  mutant(
    "acknowledges notifications of strangers, and tells nobody",
    [`${OWN}unknown-token stranger`],
    () =>
      tampering({
        toServer: (message, client, say) => {
          if (client === 0 || !isNotification(message)) return message;
          say(emptyOf(ACK, message));
          return undefined;
        },
      }),
  ),
  mutant(
    "acknowledges a first notification, and loses it",
    [`${OWN}silent-move notification`],
    losingNotification(1),
  ),
  mutant(
    "acknowledges a second notification, and loses it",
    [`${OWN}silent-move healed`, `${OWN}observation-update moved`],
    losingNotification(2),
  ),
  mutant(
    "does not observe but reads",
    [`${OMA}301 observe`, `${OMA}304 request`],
    saying(instead(isObserving, withoutOption(OBSERVE))),
  ),
  mutant(
    "observes what it only reads",
    [`${COAP}OBS_10 plain`, `${COAP}OBS_13 fetched`],
    saying(
      instead(
        ({ code, options }) => code === GET && uintOf(options, OBSERVE, -1) === -1,
        (message) => withOption(message, uintOption(OBSERVE, 0)),
      ),
    ),
  ),
  mutant("reads under the token of its observation", [`${COAP}OBS_10 token`], () => {
    let observing: Uint8Array | undefined;
    let own: Uint8Array | undefined;
    return tampering({
      fromServer: (message) => {
        if (isObserve(message)) observing = message.token;
        if (message.code !== GET || observeIn(message) >= 0 || !observing) return message;
        own = message.token;
        return { ...message, token: observing };
      },
      toServer: (message) =>
        message.type === ACK && isResponse(message.code) && own !== undefined
          ? { ...message, token: own }
          : message,
    });
  }),
  mutant("asks again under another token when a value is too old", [`${COAP}OBS_04 same`], () => {
    let observing: Message | undefined;
    let isStale = false;
    return tampering({
      toServer: (message) => {
        isStale = isNotification(message) && uintOf(message.options, MAX_AGE, 60) === 3;
        return message;
      },
      fromServer: (message) => {
        if (isObserve(message)) observing = message;
        if (!isStale || observing === undefined) return message;
        isStale = false;
        return [message, { ...observing, messageId: 0x7777, token: Uint8Array.of(7, 7) }];
      },
    });
  }),
  mutant("takes what is not observed for observed", [`${OWN}not-observable rejected`], () => {
    const asked = new Set<number>();
    return tampering({
      fromServer: (message) => {
        if (isObserve(message)) asked.add(message.messageId);
        return message;
      },
      toServer: (message) =>
        message.type === ACK && asked.has(message.messageId) && observeIn(message) < 0
          ? withOption(message, uintOption(OBSERVE, 1))
          : message,
    });
  }),
  mutant(
    "does not take up observations, and does not begin them anew",
    [`${OWN}observation-register anew`],
    () => {
      let count = 0;
      return saying((message) => (isObserve(message) && ++count > 1 ? undefined : message))();
    },
  ),
  mutant(
    "fetches nothing of a notification that is cut",
    [`${COAP}OBS_13 told`, `${COAP}OBS_14 told`],
    saying(
      dropping(({ code, options }) => code === GET && findOption(options, BLOCK2) !== undefined),
    ),
  ),
  mutant(
    "tells more than it has heard",
    [
      `${OWN}malformed-sends untold`,
      `${OWN}send-refused untold`,
      `${OWN}send-stranger untold`,
      `${OWN}malformed-notifications untold`,
      `${COAP}OBS_05 untold`,
      `${COAP}OBS_07 untold`,
      `${COAP}OBS_08 untold`,
    ],
    () => ({ told: (values, path) => [...values, path === "/3/0/0" ? "Bad" : "66.5"] }),
  ),
  mutant(
    "tells nothing of what it hears",
    [`${OMA}301 first`, `${OMA}306 told`, `${OMA}311 told`, `${COAP}OBS_02 told`],
    () => ({ told: () => [] }),
  ),
  mutant("tells everything twice", [`${COAP}OBS_11 once`, `${OWN}duplicate-send once`], () => ({
    told: (values) => values.flatMap((value) => [value, value]),
  })),
  mutant("tells the last value for ever after", [`${OWN}send-times latest`], () => ({
    told: (values) => [...values, "52.5"],
  })),

  // Send.

  mutant(
    "refuses every Send",
    [`${OMA}306 changed`, `${OMA}311 changed`, `${OWN}send-methods non-confirmable`],
    hearing(instead(isSend, (message) => ({ ...message, payload: new Uint8Array(0) }))),
  ),
  mutant(
    "answers every Send with 2.04",
    [`${OWN}send-refused refused`, `${OWN}send-stranger stranger`],
    answering(isSend, withCode(CHANGED)),
  ),
  mutant("forgets no address", [`${OWN}send-stranger former`], () => {
    let isOver = false;
    return answering((message) => {
      if (isDeregister(message)) isOver = true;
      return isSend(message) && isOver;
    }, withCode(CHANGED))();
  }),
  mutant(
    "reads what a Send has sent",
    [`${OWN}send-methods methods`],
    answering((message) => pathIn(message) === "/dp" && message.code !== POST, withCode(CHANGED)),
  ),
  mutant("takes Sends from anywhere, and refuses them", [`${OWN}send-elsewhere decided`], () => {
    let count = 0;
    return {
      hearsAs: () => 0,
      ...answering((message) => isSend(message) && ++count > 0, withCode(BAD_REQUEST))(),
      told: () => ["61.5"],
    };
  }),
  mutant(
    "answers Non-confirmable Sends with an acknowledgement",
    [`${OWN}send-methods non-confirmable`],
    saying((message) =>
      message.type === NON && isResponse(message.code) ? { ...message, type: ACK } : message,
    ),
  ),
  mutant(
    "does not hear that an observation is over",
    [`${COAP}OBS_07 acknowledged`, `${COAP}OBS_08 acknowledged`],
    hearing(dropping(isError)),
  ),
  mutant(
    "acknowledges that an observation is over, and goes on",
    [`${COAP}OBS_07 over`, `${COAP}OBS_08 over`],
    () =>
      tampering({
        toServer: (message, _, say) => {
          if (!isError(message)) return message;
          say(emptyOf(ACK, message));
          return undefined;
        },
      }),
  ),
];
