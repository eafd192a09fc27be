/** Servers that are broken on purpose, each in one way, and the criterion that has to notice it. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  CHANGED,
  CONTINUE,
  CREATED,
  DELETE,
  DELETED,
  EMPTY,
  GET,
  isRequest,
  isResponse,
  NOT_FOUND,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../../protocol/coap/content-formats.ts";
import {
  ACK,
  CON,
  decodeMessage,
  encodeMessage,
  type Message,
  RST,
} from "../../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  LOCATION_PATH,
  OBSERVE,
  URI_PATH,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../../../protocol/coap/uri.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { ServerAdapter } from "../../conformance/index.ts";
import { inProcessServerAdapter, type ServerTamper } from "./in-process-server.ts";

export interface ServerMutant {
  /** What the server does wrong: "it ..." */
  readonly name: string;
  /** `case criterion` that must fail. */
  readonly caughtBy: readonly string[];
  readonly adapter: ServerAdapter;
}

const OMA = "LightweightM2M-1.1-int-";
const OWN = "dormouse-server-";

function mutant(
  name: string,
  caughtBy: readonly string[],
  tamper: () => ServerTamper,
): ServerMutant {
  return { name, caughtBy, adapter: inProcessServerAdapter(tamper) };
}

/** Changes messages of the server's. */
function saying(
  change: (message: Message) => Message | readonly Message[] | undefined,
): () => ServerTamper {
  return () => ({
    fromServer: (datagram) => {
      const message = decodeMessage(datagram);
      if (isMalformed(message)) return datagram;
      const changed = change(message);
      if (changed === undefined) return undefined;
      return "code" in changed ? encodeMessage(changed) : changed.map(encodeMessage);
    },
  });
}

const pathIn = (message: Message) => pathOf(message.options, URI_PATH);
const asks =
  (code: number, path: string) =>
  (message: Message): boolean =>
    message.code === code && pathIn(message) === path;
const instead =
  (matches: (message: Message) => boolean, change: (message: Message) => Message | undefined) =>
  (message: Message): Message | undefined =>
    matches(message) ? change(message) : message;
const withCode = (code: number) => (message: Message) => ({ ...message, code });
const withoutOption = (number: number) => (message: Message) => ({
  ...message,
  options: message.options.filter((option) => option.number !== number),
});

/** Changes the answer that the server gives to some requests of clients. */
function answering(
  asked: (message: Message) => boolean,
  change: (message: Message) => Message | undefined,
): () => ServerTamper {
  return () => {
    const ids = new Set<number>();
    return {
      toServer: (datagram) => {
        const message = decodeMessage(datagram);
        if (!isMalformed(message) && asked(message)) ids.add(message.messageId);
        return datagram;
      },
      fromServer: (datagram) => {
        const message = decodeMessage(datagram);
        const isMeant = !isMalformed(message) && message.type === ACK && ids.has(message.messageId);
        if (!isMeant) return datagram;
        const changed = change(message);
        return changed === undefined ? undefined : encodeMessage(changed);
      },
    };
  };
}

/** The server takes some requests of clients for others. */
function hearing(change: (message: Message) => Message | undefined): () => ServerTamper {
  return () => ({
    toServer: (datagram) => {
      const message = decodeMessage(datagram);
      if (isMalformed(message)) return datagram;
      const changed = change(message);
      return changed === undefined ? undefined : encodeMessage(changed);
    },
  });
}

const isRegister = asks(POST, "/rd");
const isUpdate = (message: Message) => message.code === POST && pathIn(message).startsWith("/rd/");
const isDeregister = (message: Message) =>
  message.code === DELETE && pathIn(message).startsWith("/rd/");
const isNotification = (message: Message) =>
  message.type !== ACK &&
  isResponse(message.code) &&
  message.options.some((o) => o.number === OBSERVE);
const queryOf = (message: Message) =>
  message.options
    .filter((o) => o.number === URI_QUERY)
    .map((o) => new TextDecoder().decode(o.value));

const REGISTRATION: readonly ServerMutant[] = [
  mutant(
    "refuses every client",
    [`${OMA}101 created`, `${OMA}108 created`, `${OMA}950 created`],
    answering(isRegister, withCode(0x83)),
  ),
  mutant(
    "names no location",
    [`${OMA}101 location`],
    answering(isRegister, withoutOption(LOCATION_PATH)),
  ),
  mutant(
    "names a location elsewhere",
    [`${OMA}101 location`],
    answering(isRegister, (message) => ({
      ...withoutOption(LOCATION_PATH)(message),
      options: pathOptions(LOCATION_PATH, "/devices/7"),
    })),
  ),
  mutant(
    "shows no client to its operator",
    [
      `${OMA}101 listed`,
      `${OMA}102 kept`,
      `${OMA}104 kept`,
      `${OMA}107 kept`,
      `${OMA}241 again`,
      `${OWN}unknown-location unharmed`,
    ],
    () => ({ known: () => undefined }),
  ),
  mutant(
    "shows clients without their objects",
    [
      `${OMA}101 listed`,
      `${OMA}950 listed`,
      `${OWN}blockwise-register whole`,
      `${OWN}register-again replaced`,
    ],
    () => ({
      known: (client) => client && { ...client, paths: [] },
    }),
  ),
  mutant("shows clients for ever", [`${OMA}102 dropped`, `${OMA}103 gone`], () => ({
    known: (client) => client ?? { queueMode: undefined, paths: undefined },
  })),
  mutant("knows no queue mode", [`${OMA}108 shown`], () => ({
    known: (client) => client && { ...client, queueMode: false },
  })),
  mutant(
    "sends to sleeping clients at once",
    [`${OMA}109 held`],
    hearing((message) => ({
      ...message,
      options: message.options.filter(
        (o) =>
          !(o.number === URI_QUERY && ["Q", "b=UQ"].includes(new TextDecoder().decode(o.value))),
      ),
    })),
  ),
  mutant(
    "loses what waits for sleeping clients",
    [`${OMA}109 delivered`],
    saying(instead(asks(GET, "/3/0/0"), () => undefined)),
  ),
  mutant(
    "refuses Updates",
    [`${OMA}102 update`, `${OMA}104 update`, `${OMA}107 update`, `${OWN}duplicate valid`],
    answering(isUpdate, withCode(NOT_FOUND)),
  ),
  mutant(
    "answers every Update with 2.04",
    [`${OMA}103 unknown`, `${OMA}105 refused`, `${OWN}unknown-location update`],
    answering(isUpdate, withCode(CHANGED)),
  ),
  mutant(
    "answers De-register with 2.04",
    [`${OMA}103 deleted`],
    answering(isDeregister, withCode(CHANGED)),
  ),
  mutant(
    "answers every De-register with 2.02",
    [`${OWN}unknown-location deregister`],
    answering(isDeregister, withCode(DELETED)),
  ),
  mutant(
    "takes no new lifetime",
    [`${OMA}107 kept`],
    hearing((message) =>
      isUpdate(message)
        ? {
            ...message,
            options: message.options.filter(
              (o) => o.number !== URI_QUERY || !new TextDecoder().decode(o.value).startsWith("lt="),
            ),
          }
        : message,
    ),
  ),
];

const ORDERS: readonly ServerMutant[] = [
  mutant("sends no Write", [`${OMA}102 write`, `${OMA}107 write`, `${OMA}227 request`], () => ({
    order: (order) => (order.kind === "write" ? undefined : order),
  })),
  mutant(
    "writes by POST",
    [`${OMA}227 request`],
    saying(instead(asks(PUT, "/1/0/1"), withCode(POST))),
  ),
  mutant(
    "writes in link format",
    [`${OMA}227 format`],
    saying(
      instead(asks(PUT, "/1/0/1"), (message) => ({
        ...message,
        options: [
          ...withoutOption(CONTENT_FORMAT)(message).options,
          uintOption(CONTENT_FORMAT, LINK_FORMAT),
        ].sort((a, b) => a.number - b.number),
      })),
    ),
  ),
  mutant(
    "writes another value",
    [`${OMA}227 value`],
    saying(
      instead(asks(PUT, "/1/0/1"), (message) => ({
        ...message,
        payload: encodeUtf8("1"),
      })),
    ),
  ),
  mutant(
    "sends no Execute",
    [`${OMA}103 execute`, `${OMA}104 execute`, `${OMA}241 request`],
    () => ({
      order: (order) => (order.kind === "execute" ? undefined : order),
    }),
  ),
  mutant(
    "executes with a payload in link format",
    [`${OMA}241 empty`],
    saying(
      instead(asks(POST, "/3/0/4"), (message) => ({
        ...message,
        options: [...message.options, uintOption(CONTENT_FORMAT, LINK_FORMAT)].sort(
          (a, b) => a.number - b.number,
        ),
        payload: encodeUtf8("</1>"),
      })),
    ),
  ),
  mutant(
    "refuses who registers again",
    [`${OMA}105 again`, `${OMA}241 again`, `${OWN}register-again created`],
    () => {
      const seen = new Set<string>();
      return answering((message) => {
        if (!isRegister(message)) return false;
        const name = queryOf(message).find((one) => one.startsWith("ep=")) ?? "";
        const isAgain = seen.has(name);
        seen.add(name);
        return isAgain;
      }, withCode(0x83))();
    },
  ),
  mutant(
    "sends no Read",
    [
      `${OMA}201 request`,
      `${OMA}211 request`,
      `${OMA}231 request`,
      `${OMA}232 request`,
      `${OMA}237 request`,
    ],
    () => ({
      order: (order) => (order.kind === "read" ? undefined : order),
    }),
  ),
  mutant(
    "tells its operator no values",
    [
      `${OMA}109 told`,
      `${OMA}201 told`,
      `${OMA}211 told`,
      `${OMA}231 told`,
      `${OMA}232 told`,
      `${OWN}separate told`,
      `${OWN}address-change follows`,
    ],
    () => ({
      outcome: (outcome) => outcome && { ...outcome, value: undefined },
    }),
  ),
  mutant(
    "tells its operator of failures only",
    [`${OMA}237 taken`, `${OMA}227 told`, `${OWN}delete told`, `${OWN}nstart all`],
    () => ({
      outcome: (outcome) => outcome && { ...outcome, isSuccess: false },
    }),
  ),
  mutant(
    "tells its operator of successes only",
    [`${OWN}refusals told`, `${OWN}retransmission told`],
    () => ({
      outcome: (outcome) => outcome && { ...outcome, isSuccess: true },
    }),
  ),
  mutant(
    "deletes by POST",
    [`${OWN}delete request`],
    saying(instead(asks(DELETE, "/16/1"), withCode(POST))),
  ),
];

const REPORTING: readonly ServerMutant[] = [
  mutant("rejects notifications", [`${OMA}301 confirmable`], rejectingNotifications),
  mutant("rejects Non-confirmable notifications", [`${OMA}301 non-confirmable`], () => ({
    ...saying((message) => message)(),
    toServer: (datagram) => {
      const message = decodeMessage(datagram);
      return !isMalformed(message) && message.type === 1 && isNotification(message)
        ? undefined
        : datagram;
    },
  })),
  mutant("goes on observing", [`${OMA}303 cancelled`], () => ({
    order: (order) => (order.kind === "cancel" ? undefined : order),
  })),
  mutant("rejects what it has cancelled, and believes it", [`${OMA}303 silent`], () => ({
    ...rejectingNotifications(),
    order: (order) => (order.kind === "cancel" ? undefined : order),
  })),
  mutant("believes every notification", [`${OWN}reordered newest`], () => {
    let sequence = 100;
    return hearing((message) =>
      isNotification(message)
        ? {
            ...message,
            options: [uintOption(OBSERVE, ++sequence), ...withoutOption(OBSERVE)(message).options],
          }
        : message,
    )();
  }),
  mutant("takes notifications with any token", [`${OWN}unknown-token rejected`], takingAnyToken),
  mutant(
    "takes notifications with any token, and rejects them",
    [`${OWN}unknown-token unheard`],
    () => {
      const { fromServer, toServer } = takingAnyToken();
      const { fromServer: rejecting } = rejectingNotifications();
      return {
        toServer,
        fromServer: (datagram) => {
          fromServer?.(datagram);
          return rejecting?.(datagram);
        },
      };
    },
  ),
  mutant(
    "does not observe but reads",
    [`${OMA}301 observe`],
    saying(
      instead((message) => uintOf(message.options, OBSERVE, -1) === 0, withoutOption(OBSERVE)),
    ),
  ),
];

const MESSAGES: readonly ServerMutant[] = [
  mutant("forgets what it has answered", [`${OWN}duplicate same`], () => {
    let next = 0x7000;
    const ids = new Map<number, number>();
    return {
      toServer: (datagram) => {
        const message = decodeMessage(datagram);
        if (isMalformed(message) || !isRequest(message.code)) return datagram;
        ids.set(++next, message.messageId);
        return encodeMessage({ ...message, messageId: next });
      },
      fromServer: (datagram) => {
        const message = decodeMessage(datagram);
        if (isMalformed(message) || message.type !== ACK) return datagram;
        return encodeMessage({
          ...message,
          messageId: ids.get(message.messageId) ?? message.messageId,
        });
      },
    };
  }),
  mutant("asks once and no more", [`${OWN}retransmission again`], () => {
    const seen = new Set<number>();
    return saying((message) => {
      if (!isRequest(message.code)) return message;
      if (seen.has(message.messageId)) return undefined;
      seen.add(message.messageId);
      return message;
    })();
  }),
  mutant("repeats itself under new Message IDs", [`${OWN}retransmission again`], () => {
    let next = 0x6000;
    return saying((message) =>
      isRequest(message.code) ? { ...message, messageId: ++next } : message,
    )();
  }),
  mutant(
    "repeats itself at once",
    [`${OWN}retransmission spaced`],
    saying((message) => (isRequest(message.code) ? [message, message, message] : message)),
  ),
  mutant("does not give up", [`${OWN}retransmission bounded`], () => {
    let copies = 0;
    return saying((message) => {
      if (!isRequest(message.code)) return message;
      return ++copies === 5 ? [message, message] : message;
    })();
  }),
  mutant(
    "does not hear acknowledgements",
    [`${OWN}separate patient`],
    hearing((message) => (message.type === ACK && message.code === EMPTY ? undefined : message)),
  ),
  mutant(
    "acknowledges no separate response",
    [`${OWN}separate acknowledged`],
    saying((message) => (message.type === ACK && message.code === EMPTY ? undefined : message)),
  ),
  mutant(
    "answers blocks with 2.04",
    [`${OWN}blockwise-register continued`],
    saying(instead((message) => message.code === CONTINUE, withCode(CHANGED))),
  ),
  mutant("refuses lists in blocks", [`${OWN}blockwise-register created`], () => {
    let sawBlock = false;
    return saying((message) => {
      if (message.code === CONTINUE) sawBlock = true;
      return sawBlock && message.code === CREATED ? { ...message, code: 0x8d } : message;
    })();
  }),
  mutant(
    "takes any Register",
    [`${OWN}bad-register refused`],
    answering(isRegister, withCode(CREATED)),
  ),
  mutant("drops everybody when a stranger knocks", [`${OWN}unknown-location unharmed`], () => {
    let wasKnocked = false;
    return {
      toServer: (datagram) => {
        const message = decodeMessage(datagram);
        if (!isMalformed(message) && pathIn(message) === "/rd/doesnotexist") wasKnocked = true;
        return datagram;
      },
      known: (client) => (wasKnocked ? undefined : client),
    };
  }),
  mutant("sticks to the first address", [`${OWN}address-change follows`], () => {
    let wasMoved = false;
    return {
      toServer: (datagram) => {
        const message = decodeMessage(datagram);
        if (!isMalformed(message) && isUpdate(message)) wasMoved = true;
        return datagram;
      },
      fromServer: (datagram) => {
        const message = decodeMessage(datagram);
        return wasMoved && !isMalformed(message) && asks(GET, "/3/0/0")(message)
          ? undefined
          : datagram;
      },
    };
  }),
  mutant("answers rubbish politely", [`${OWN}malformed rejected`], rubbish(16)),
  mutant("answers rubbish at length", [`${OWN}malformed small`], rubbish(200, 0x80)),
  mutant("falls silent after rubbish", [`${OWN}malformed unharmed`], () => {
    let isDead = false;
    return {
      toServer: (datagram) => {
        if (isMalformed(decodeMessage(datagram))) isDead = true;
        return isDead ? undefined : datagram;
      },
    };
  }),
  mutant(
    "asks several things at once",
    [`${OWN}nstart single`],
    saying((message) => {
      if (message.code !== GET) return message;
      const token = new Uint8Array([...message.token.subarray(1), 0x77]);
      return [message, { ...message, messageId: (message.messageId + 7) & 0xffff, token }];
    }),
  ),
];

export const SERVER_MUTANTS: readonly ServerMutant[] = [
  ...REGISTRATION,
  ...ORDERS,
  ...REPORTING,
  ...MESSAGES,
];

/** Malformed datagrams are answered: by a message of so many bytes. */
function rubbish(length: number, code = 0x45): () => ServerTamper {
  return () => {
    let answer: Uint8Array | undefined;
    return {
      toServer: (datagram) => {
        const message = decodeMessage(datagram);
        if (!isMalformed(message)) return datagram;
        // A stranger's well-formed request takes its place, whose answer is then replaced.
        const payload = new Uint8Array(length).fill(0x61);
        const token = new Uint8Array(0);
        answer = encodeMessage({ type: ACK, code, messageId: 1, token, options: [], payload });
        return encodeMessage({
          type: CON,
          code: GET,
          messageId: 0x4001 + length,
          token,
          options: pathOptions(URI_PATH, "/.well-known/core"),
          payload: new Uint8Array(0),
        });
      },
      fromServer: (datagram) => {
        const sent = answer ?? datagram;
        answer = undefined;
        return sent;
      },
    };
  };
}

/** Notifications are heard, and answered by a Reset all the same. */
function rejectingNotifications(): ServerTamper {
  return saying((message) =>
    message.type === ACK && message.code === EMPTY ? { ...message, type: RST } : message,
  )();
}

/** Whatever token a notification has, the server takes it for its own. */
function takingAnyToken(): ServerTamper {
  let token: Uint8Array | undefined;
  return {
    fromServer: (datagram) => {
      const message = decodeMessage(datagram);
      const isObserve = !isMalformed(message) && uintOf(message.options, OBSERVE, -1) === 0;
      if (isObserve && message.code === GET) token = message.token;
      return datagram;
    },
    toServer: (datagram) => {
      const message = decodeMessage(datagram);
      if (isMalformed(message) || !isNotification(message) || token === undefined) return datagram;
      return encodeMessage({ ...message, token });
    },
  };
}
