/**
 * Clients with one fault each, and the case that has to catch it. What else a fault breaks is in the catch matrix.
 */
import { decodeUtf8, encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  CREATED,
  DELETE,
  DELETED,
  EMPTY,
  GET,
  isRequest,
  isResponse,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PUT,
  UNAUTHORIZED,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { ACK, CON, type Message, NO_BYTES, NON, RST } from "../../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  LOCATION_PATH,
  OBSERVE,
  type Option,
  textOption,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { SeededRandom } from "../../../simulator/random.ts";
import { type ClientAdapter, ClientFault, inProcessAdapter } from "../../conformance/index.ts";
import { type Tamper, tamperedAdapter } from "./tampered-client.ts";

export interface Mutant {
  /** What the client does wrong: "it ..." */
  readonly name: string;
  /** `case criterion` that must fail. */
  readonly caughtBy: readonly string[];
  readonly adapter: ClientAdapter;
}

const OMA = "LightweightM2M-1.1-int-";

function mutant(name: string, caughtBy: readonly string[], tamper: () => Tamper): Mutant {
  return { name, caughtBy, adapter: tamperedAdapter(inProcessAdapter(), tamper) };
}

// What a message is about.

const pathIn = (message: Message) => pathOf(message.options, URI_PATH);
const formatIn = (message: Message) => uintOf(message.options, CONTENT_FORMAT, -1);
const isRegister = (message: Message) => message.code === POST && pathIn(message) === "/rd";
const isUpdate = (message: Message) => message.code === POST && pathIn(message).startsWith("/rd/");
const isNotification = (message: Message) => isResponse(message.code) && message.type !== ACK;
const hasContent = (message: Message) => message.payload.length > 0 && formatIn(message) !== -1;
const isWrite = (message: Message) =>
  (message.code === PUT || (message.code === POST && pathIn(message).split("/").length > 2)) &&
  hasContent(message);
const isWriteAttributes = (message: Message) =>
  message.code === PUT && formatIn(message) === -1 && message.payload.length === 0;
const isExecute = (message: Message) =>
  message.code === POST && formatIn(message) === -1 && pathIn(message).split("/").length === 4;

// How it is changed.

function without(
  message: Message,
  number: number,
  matching?: (option: Option) => boolean,
): Message {
  const options = message.options.filter(
    (option) => option.number !== number || !(matching?.(option) ?? true),
  );
  return { ...message, options };
}

function withoutQuery(message: Message, pattern: RegExp): Message {
  return without(message, URI_QUERY, ({ value }) => pattern.test(decodeUtf8(value)));
}

function withPayload(message: Message, change: (text: string) => string): Message {
  return { ...message, payload: encodeUtf8(change(decodeUtf8(message.payload))) };
}

function acknowledged(message: Message, code: number): Message {
  const { messageId, token } = message;
  return { type: ACK, code, messageId, token, options: [], payload: NO_BYTES };
}

/** The client says `code` and does nothing. */
function pretending(matching: (message: Message) => boolean, code: number): () => Tamper {
  return () => ({
    toClient: (message, answer) => {
      if (!matching(message)) return message;
      answer(acknowledged(message, code));
      return undefined;
    },
  });
}

/** Changes the answer to some of the server's requests. */
function answering(
  matching: (message: Message) => boolean,
  change: (message: Message) => Message | undefined,
): () => Tamper {
  return () => {
    const asked: number[] = [];
    return {
      toClient: (message) => {
        if (isRequest(message.code) && matching(message)) asked.push(message.messageId);
        return message;
      },
      fromClient: (message) =>
        message.type === ACK && asked.includes(message.messageId) ? change(message) : message,
    };
  };
}

/** Changes what the client gets to see. */
function hearing(change: (message: Message) => Message | undefined): () => Tamper {
  return () => ({ toClient: change });
}

/** Changes what the client says. */
function saying(change: (message: Message) => Message | undefined): () => Tamper {
  return () => ({ fromClient: change });
}

const instead =
  (matching: (message: Message) => boolean, changed: (message: Message) => Message) =>
  (message: Message) =>
    matching(message) ? changed(message) : message;
const dropping = (matching: (message: Message) => boolean) => (message: Message) =>
  matching(message) ? undefined : message;

const REGISTRATION: readonly Mutant[] = [
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
  mutant("registers with its first server only", [`${OMA}950 register`], () => {
    let first: string | undefined;
    return {
      fromClient: (message) => {
        if (!isRegister(message)) return message;
        const token = message.token.join();
        first ??= token;
        return token === first ? message : undefined;
      },
    };
  }),
];

const DEVICE_MANAGEMENT: readonly Mutant[] = [
  mutant(
    "answers in the format it likes",
    [`${OMA}211 integer`, `${OMA}231 object`, `${OMA}232 object`, "dormouse-answer-codes format"],
    hearing(
      instead(
        (m) => uintOf(m.options, ACCEPT, -1) !== LINK_FORMAT,
        (m) => without(m, ACCEPT),
      ),
    ),
  ),
  mutant(
    "does not name the format of its answers",
    [`${OMA}201 manufacturer`, `${OMA}203 read`, `${OMA}237 format`],
    saying(
      instead(
        (m) => m.code === CONTENT,
        (m) => without(m, CONTENT_FORMAT),
      ),
    ),
  ),
  mutant(
    "reads wrong values",
    [
      `${OMA}201 manufacturer`,
      `${OMA}203 read`,
      `${OMA}222 server`,
      `${OMA}652 read`,
      `${OMA}801 read`,
    ],
    saying(
      instead(
        (m) => m.code === CONTENT && formatIn(m) !== LINK_FORMAT && m.payload.length > 0,
        (m) => ({
          ...m,
          payload: Uint8Array.from(m.payload, (b, i) => (i === m.payload.length - 1 ? b ^ 1 : b)),
        }),
      ),
    ),
  ),
  mutant(
    "reads the instance where the object was asked for",
    [`${OMA}222 server`],
    hearing(
      instead(
        (m) => m.code === GET && /^\/\d+$/.test(pathIn(m)) && uintOf(m.options, ACCEPT, -1) === -1,
        (m) => ({ ...m, options: [...m.options, textOption(URI_PATH, "0")] }),
      ),
    ),
  ),
  mutant(
    "reads the resource where its instance was asked for",
    [`${OMA}225 read`],
    hearing(
      instead(
        (m) => m.code === GET && pathIn(m) === "/3/0/11/0",
        (m) => withPath(m, "/3/0/16"),
      ),
    ),
  ),
  mutant(
    "pretends to write",
    [
      `${OMA}205 changed`,
      `${OMA}212 changed`,
      `${OMA}215 changed`,
      `${OMA}226 update`,
      `${OMA}228 changed`,
      `${OMA}651 changed`,
    ],
    pretending(isWrite, CHANGED),
  ),
  mutant(
    "writes once and never again",
    [`${OMA}205 restored`, `${OMA}215 restored`, `${OMA}651 restored`],
    () => {
      const written: string[] = [];
      return {
        toClient: (m, answer) => {
          if (!isWrite(m)) return m;
          if (!written.includes(pathIn(m))) {
            written.push(pathIn(m));
            return m;
          }
          answer(acknowledged(m, CHANGED));
          return undefined;
        },
      };
    },
  ),
  mutant(
    "replaces where it should add",
    ["dormouse-write-replace partial"],
    hearing(
      instead(
        (m) => m.code === POST && isWrite(m),
        (m) => ({ ...m, code: PUT }),
      ),
    ),
  ),
  mutant(
    "adds where it should replace",
    ["dormouse-write-replace replace"],
    hearing(
      instead(
        (m) => m.code === PUT && formatIn(m) === TLV && isWrite(m),
        (m) => ({ ...m, code: POST }),
      ),
    ),
  ),
  mutant(
    "applies what it can of a Write that it refuses",
    ["dormouse-write-atomic unchanged"],
    () => {
      let refused = -1;
      return {
        toClient: (m) => {
          const isMixed = m.code === POST && pathIn(m) === "/1/0" && m.payload[2] === 7;
          if (!isMixed) return m;
          refused = m.messageId;
          // The first value is that of the read-only Short Server ID.
          return { ...m, payload: m.payload.subarray(3) };
        },
        fromClient: (m) =>
          m.type === ACK && m.messageId === refused ? { ...m, code: METHOD_NOT_ALLOWED } : m,
      };
    },
  ),
  mutant(
    "shows its Security object as not there",
    [`${OMA}221 read`],
    saying(
      instead(
        (m) => m.code === UNAUTHORIZED,
        (m) => ({ ...m, code: NOT_FOUND }),
      ),
    ),
  ),
  mutant(
    "lets read-only resources be written, as it says",
    [`${OMA}256 refused`, `${OMA}685 refused`, "dormouse-answer-codes not-allowed"],
    saying(
      instead(
        (m) => m.code === METHOD_NOT_ALLOWED,
        (m) => ({ ...m, code: BAD_REQUEST }),
      ),
    ),
  ),
  mutant(
    "creates a second Device",
    [`${OMA}680 refused`],
    pretending((m) => m.code === POST && pathIn(m) === "/3", CREATED),
  ),
  mutant(
    "deletes its Device",
    [`${OMA}685 refused`],
    pretending((m) => m.code === DELETE && pathIn(m) === "/3/0", DELETED),
  ),
  mutant(
    "answers Reboot and goes on",
    [`${OMA}241 register`],
    pretending((m) => pathIn(m) === "/3/0/4" && isExecute(m), CHANGED),
  ),
  mutant(
    "executes whatever the arguments are",
    ["dormouse-execute-arguments refused"],
    hearing(instead(isExecute, (m) => ({ ...m, payload: NO_BYTES }))),
  ),
  mutant(
    "discovers without dimensions",
    [`${OMA}260 dimension`, `${OMA}1630 before`],
    saying(
      instead(
        (m) => m.code === CONTENT && formatIn(m) === LINK_FORMAT,
        (m) => withPayload(m, (list) => list.replaceAll(/;dim=\d+/g, "")),
      ),
    ),
  ),
  mutant(
    "discovers without attributes",
    [
      "dormouse-write-attributes-rules set",
      `${OMA}951 own`,
      "LightweightM2M-1.2-int-264 attributes",
    ],
    saying(
      instead(
        (m) => m.code === CONTENT && formatIn(m) === LINK_FORMAT,
        (m) => withPayload(m, (list) => list.replaceAll(/;(pmin|pmax|gt|lt|st)=[\d.]+/g, "")),
      ),
    ),
  ),
  mutant(
    "discovers the same whatever the depth",
    ["LightweightM2M-1.2-int-264 depth", "LightweightM2M-1.2-int-266 depth-3"],
    hearing((m) => withoutQuery(m, /^depth=/)),
  ),
  mutant("shares the attributes of its servers", [`${OMA}951 own`], () => {
    let first: readonly Option[] | undefined;
    return {
      toClient: (m) => {
        if (m.code !== PUT || m.payload.length > 0) return m;
        first ??= m.options;
        return { ...m, options: pathIn(m) === "/3/0" ? first : m.options };
      },
    };
  }),
  mutant(
    "says Changed when it creates",
    [`${OMA}1630 legal-code`],
    saying(
      instead(
        (m) => m.type === ACK && m.code === CREATED,
        (m) => ({ ...m, code: CHANGED }),
      ),
    ),
  ),
  mutant(
    "does not say where it created",
    ["dormouse-create-rules chosen"],
    saying(
      instead(
        (m) => m.code === CREATED,
        (m) => without(m, LOCATION_PATH),
      ),
    ),
  ),
  mutant(
    "creates over what is there, as it says",
    ["dormouse-create-rules taken"],
    pretending(
      (m) => m.code === POST && pathIn(m) === "/16" && m.payload[0] === 5 && m.payload[1] === 0,
      CREATED,
    ),
  ),
  mutant(
    "pretends to delete",
    [`${OMA}1635 gone`],
    pretending((m) => m.code === DELETE && pathIn(m).startsWith("/16/"), DELETED),
  ),
  mutant(
    "takes attributes that contradict each other",
    ["dormouse-write-attributes-rules inconsistent"],
    answering(isWriteAttributes, (m) => ({ ...m, code: CHANGED })),
  ),
  mutant(
    "cannot unset attributes",
    ["dormouse-write-attributes-rules unset"],
    hearing(
      instead(
        (m) => m.code === PUT,
        (m) => withoutQuery(m, /^[a-z]+$/),
      ),
    ),
  ),
];

const REPORTING: readonly Mutant[] = [
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
    [`${OMA}301 sequence`, `${OMA}710 sequence`],
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
  mutant("cancels on any Read", ["dormouse-observe-again kept"], () => {
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
    ["dormouse-notify-confirmable daily"],
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

const MESSAGE_LAYER: readonly Mutant[] = [
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

function withPath(message: Message, path: string): Message {
  const segments = path.slice(1).split("/");
  const others = message.options.filter(({ number }) => number !== URI_PATH);
  return { ...message, options: [...others, ...segments.map((s) => textOption(URI_PATH, s))] };
}

export const MUTANTS: readonly Mutant[] = [
  ...REGISTRATION,
  ...DEVICE_MANAGEMENT,
  ...REPORTING,
  ...MESSAGE_LAYER,
];
