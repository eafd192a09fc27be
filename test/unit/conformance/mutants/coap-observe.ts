/** Clients that notify, but not as CoAP has it (TD_COAP_OBS_01-12). */
import { CONTENT, GET, isRequest, isSuccess, PUT } from "../../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../../protocol/coap/content-formats.ts";
import { CON, type Message } from "../../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, OBSERVE, uintOf, uintOption } from "../../../../protocol/coap/options.ts";
import { capableAdapter } from "../capable-client.ts";
import { type Tamper, tamperedAdapter } from "../tampered-client.ts";
import {
  answering,
  formatIn,
  hasContent,
  instead,
  isNotification,
  type Mutant,
  mutant,
  saying,
  without,
  withoutQuery,
} from "./mutant.ts";

const observe = (message: Message) => uintOf(message.options, OBSERVE, -1);
const isObserve = (message: Message) => message.code === GET && observe(message) === 0;
const isTold = (message: Message) => isNotification(message) && message.code === CONTENT;
const tokenOf = (message: Message) => message.token.join();

export const OBSERVE_MUTANTS: readonly Mutant[] = [
  // 01 and 02.
  mutant(
    "sends every notification Confirmable",
    ["TD_COAP_OBS_02 non-confirmable"],
    saying(instead(isNotification, (m) => ({ ...m, type: CON }))),
  ),
  mutant(
    "does not say the format when it is observed",
    ["TD_COAP_OBS_01 observed", "TD_COAP_OBS_02 observed"],
    answering(isObserve, (m) => without(m, CONTENT_FORMAT)),
  ),
  mutant(
    "notifies in another format than it answers",
    ["TD_COAP_OBS_01 alike", "TD_COAP_OBS_02 alike"],
    saying(instead(isTold, (m) => withFormat(m, 42))),
  ),
  // 04.
  mutant("renews no observation", ["TD_COAP_OBS_04 renewed"], () => {
    const tokens = new Set<string>();
    return {
      toClient: (m) => {
        if (!isObserve(m)) return m;
        const isAgain = tokens.has(tokenOf(m));
        tokens.add(tokenOf(m));
        return isAgain ? without(m, OBSERVE) : m;
      },
    };
  }),
  mutant("notifies twice who observes twice", ["TD_COAP_OBS_04 once"], () => {
    const times = new Map<string, number>();
    return {
      toClient: (m) => {
        if (isObserve(m)) times.set(tokenOf(m), (times.get(tokenOf(m)) ?? 0) + 1);
        return m;
      },
      fromClient: (m, say) => {
        const isTwice = isTold(m) && (times.get(tokenOf(m)) ?? 0) > 1;
        if (isTwice) say({ ...m, messageId: m.messageId ^ 0x8000 });
        return m;
      },
    };
  }),
  // 05 and 11.
  mutant("sends each notification once", ["TD_COAP_OBS_05 repeated"], () => {
    const sent = new Set<number>();
    return {
      fromClient: (m) => {
        if (!isNotification(m)) return m;
        const isAgain = sent.has(m.messageId);
        sent.add(m.messageId);
        return isAgain ? undefined : m;
      },
    };
  }),
  {
    name: "notifies for ever who never acknowledges",
    caughtBy: ["TD_COAP_OBS_05 ended"],
    adapter: tamperedAdapter(
      capableAdapter({ agent: { confirmableNotifications: false } }),
      neverGivesUp,
    ),
  },
  mutant("has two notifications under way", ["TD_COAP_OBS_11 one"], () => ({
    fromClient: (m, say) => {
      if (isTold(m) && m.type === CON) say({ ...m, messageId: m.messageId ^ 0x8000 });
      return m;
    },
  })),
  mutant(
    "tells what was first, over and over",
    ["TD_COAP_OBS_11 latest", "TD_COAP_OBS_09 told"],
    () => {
      const first = new Map<string, Uint8Array>();
      return {
        fromClient: (m) => {
          if (!isTold(m)) return m;
          const payload = first.get(tokenOf(m)) ?? m.payload;
          first.set(tokenOf(m), payload);
          return { ...m, payload };
        },
      };
    },
  ),
  // 07-10, 12.
  mutant(
    "numbers the notification that ends an observation",
    ["TD_COAP_OBS_07 told", "dormouse-notify-deleted told"],
    saying(
      instead(
        (m) => isNotification(m) && !isSuccess(m.code),
        (m) => ({ ...m, options: [...m.options, uintOption(OBSERVE, 99)] }),
      ),
    ),
  ),
  mutant("notifies in TLV what was written in TLV", ["TD_COAP_OBS_08 text"], inWrittenFormat(TLV)),
  mutant(
    "notifies in text what was written in text",
    ["TD_COAP_OBS_08 tlv"],
    inWrittenFormat(TEXT),
  ),
  mutant("does not tell a server what it has written itself", ["TD_COAP_OBS_09 told"], () => {
    let isOwn = false;
    return {
      toClient: (m) => {
        if (isRequest(m.code)) isOwn = m.code === PUT && hasContent(m);
        return m;
      },
      fromClient: (m) => (isTold(m) && isOwn ? undefined : m),
    };
  }),
  mutant("answers every Read as if it observed", ["TD_COAP_OBS_10 plain"], () =>
    answering(
      (m) => m.code === GET && observe(m) < 0,
      (m) => (m.code === CONTENT ? { ...m, options: [...m.options, uintOption(OBSERVE, 9)] } : m),
    )(),
  ),
];

/** Each notification is Confirmable, and is sent once more when the next is due; nobody has to acknowledge any. */
function neverGivesUp(): Tamper {
  let last: Message | undefined;
  return {
    toClient: (m) => withoutQuery(m, /^con=/),
    fromClient: (m, say) => {
      if (!isTold(m)) return m;
      if (last !== undefined) say(last);
      last = { ...m, type: CON };
      return last;
    },
  };
}

/** When the last Write was in this format, so are notifications. */
function inWrittenFormat(format: number): () => Tamper {
  return () => {
    let written = -1;
    return {
      toClient: (m) => {
        if (m.code === PUT && hasContent(m)) written = formatIn(m);
        return m;
      },
      fromClient: (m) => (isTold(m) && written === format ? withFormat(m, format) : m),
    };
  };
}

function withFormat(message: Message, format: number): Message {
  const options = [...without(message, CONTENT_FORMAT).options, uintOption(CONTENT_FORMAT, format)];
  return { ...message, options };
}
