/** Clients that mind lost, repeated and late messages wrongly. */
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import {
  CHANGED,
  CREATED,
  DELETE,
  EMPTY,
  isRequest,
  POST,
  PUT,
} from "../../../../protocol/coap/codes.ts";
import { ACK, CON, type Message, NON, RST } from "../../../../protocol/coap/message.ts";
import { LOCATION_PATH } from "../../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION } from "../../../../protocol/coap/parameters.ts";
import { pathOf } from "../../../../protocol/coap/uri.ts";
import { SeededRandom } from "../../../../simulator/random.ts";
import { inProcessAdapter } from "../../../conformance/index.ts";
import type { Tamper } from "../tampered-client.ts";

import {
  acknowledged,
  isNotification,
  isRegister,
  isUpdate,
  type Mutant,
  mutant,
  pathIn,
  withPath,
} from "./mutant.ts";

const isSend = (m: Message) => pathIn(m) === "/dp";
const keyOf = ({ type, messageId }: Message) => `${type} ${messageId}`;

/** Requests of one kind that come again under their Message ID get a new one, and are carried out again. */
function carriesOutAgain(matching: (m: Message) => boolean): () => Tamper {
  return () => {
    const seen = new Set<string>();
    const original = new Map<number, number>();
    let next = 0x6000;
    return {
      toClient: (m) => {
        if (!isRequest(m.code) || !matching(m)) return m;
        if (!seen.has(keyOf(m))) {
          seen.add(keyOf(m));
          return m;
        }
        original.set(++next, m.messageId);
        return { ...m, messageId: next };
      },
      fromClient: (m) => {
        const messageId = m.type === ACK ? original.get(m.messageId) : undefined;
        return messageId === undefined ? m : { ...m, messageId };
      },
    };
  };
}

/** Copies of what the client says are counted; the first is number 1. */
function countingCopies(
  change: (m: Message, copy: number) => Message | undefined,
  hear?: (m: Message, copies: number) => Message | undefined,
): () => Tamper {
  return () => {
    const counts = new Map<number, number>();
    return {
      fromClient: (m) => {
        if (m.type === ACK || m.type === RST) return m;
        const copy = (counts.get(m.messageId) ?? 0) + 1;
        counts.set(m.messageId, copy);
        return change(m, copy);
      },
      toClient: (m) => {
        const isAnswer = m.type === ACK || m.type === RST;
        return isAnswer && hear !== undefined ? hear(m, counts.get(m.messageId) ?? 0) : m;
      },
    };
  };
}

export const LOSS_MUTANTS: readonly Mutant[] = [
  mutant(
    "executes duplicates once more",
    ["dormouse-duplicate-requests once"],
    carriesOutAgain((m) => m.code === POST && pathIn(m) === "/1/0/8"),
  ),
  mutant(
    "writes duplicates once more",
    ["dormouse-duplicate-late unchanged"],
    carriesOutAgain((m) => m.code === PUT && m.type === CON),
  ),
  mutant(
    "writes Non-confirmable duplicates once more",
    ["dormouse-duplicate-late non"],
    carriesOutAgain((m) => m.code === PUT && m.type === NON),
  ),
  mutant(
    "does not answer duplicates",
    ["dormouse-duplicate-late answered", "dormouse-duplicate-requests same"],
    () => {
      const seen = new Set<string>();
      return {
        toClient: (m) => {
          if (!isRequest(m.code)) return m;
          if (seen.has(keyOf(m))) return undefined;
          seen.add(keyOf(m));
          return m;
        },
      };
    },
  ),
  mutant("takes lower Message IDs for old ones", ["dormouse-duplicate-late order"], () => {
    let highest = 0;
    return {
      toClient: (m, say) => {
        if (!isRequest(m.code)) return m;
        const isLower = m.messageId < highest;
        highest = Math.max(highest, m.messageId);
        // Those of an hour ago it knows from old ones.
        const isRecent = highest - m.messageId < 3;
        if (!isLower || !isRecent || m.code !== PUT) return m;
        say(acknowledged(m, CHANGED));
        return undefined;
      },
    };
  }),
  mutant("remembers Message IDs for ever", ["dormouse-duplicate-late anew"], () => {
    const answers = new Map<number, Message>();
    return {
      toClient: (m, say) => {
        const answer = isRequest(m.code) ? answers.get(m.messageId) : undefined;
        if (answer === undefined) return m;
        say(answer);
        return undefined;
      },
      fromClient: (m) => {
        if (m.type === ACK && m.code !== EMPTY) answers.set(m.messageId, m);
        return m;
      },
    };
  }),
  mutant(
    "registers once and does not repeat it",
    ["dormouse-loss-created repeated"],
    countingCopies((m, copy) => (isRegister(m) && copy > 1 ? undefined : m)),
  ),
  mutant("takes the location of any 2.01", ["dormouse-loss-created stale"], () => {
    let location: string | undefined;
    return {
      toClient: (m) => {
        if (m.code === CREATED && m.type === CON) location = pathOf(m.options, LOCATION_PATH);
        return m;
      },
      fromClient: (m) => (location !== undefined && isUpdate(m) ? withPath(m, location) : m),
    };
  }),
  mutant(
    "does not hear answers to its copies",
    [
      "dormouse-loss-update once",
      "dormouse-loss-deregister once",
      "dormouse-loss-send once",
      "dormouse-loss-notification-ack copy",
    ],
    countingCopies(
      (m) => m,
      (m, copies) => (copies > 1 ? undefined : m),
    ),
  ),
  mutant(
    "repeats nothing but its Register",
    [
      "dormouse-loss-update once",
      "dormouse-loss-notification repeated",
      "dormouse-loss-notification-ack copy",
    ],
    countingCopies((m, copy) => (!isRegister(m) && copy > 1 ? undefined : m)),
  ),
  mutant(
    "repeats after pauses of its own",
    [
      "dormouse-loss-update repeated",
      "dormouse-loss-deregister repeated",
      "dormouse-loss-send repeated",
    ],
    // Without the third copy the pauses do not double.
    countingCopies((m, copy) => (copy === 3 ? undefined : m)),
  ),
  {
    name: "repeats what it says eight times",
    caughtBy: [
      "dormouse-loss-update few",
      "dormouse-loss-deregister few",
      "dormouse-loss-send few",
    ],
    adapter: inProcessAdapter({
      agent: {
        settings: {
          random: new SeededRandom(1),
          transmission: { ...DEFAULT_TRANSMISSION, maxRetransmit: 8 },
          blockSize: 1024,
          maxBody: 65536,
          rememberedMessages: 32,
          maxRequests: 4,
        },
      },
    }),
  },
  mutant(
    "is never heard of again when it was not answered",
    ["dormouse-loss-update back", "dormouse-loss-deregister back", "dormouse-loss-send back"],
    () => {
      const counts = new Map<number, number>();
      let isGone = false;
      return {
        fromClient: (m) => {
          if (!isRequest(m.code)) return m;
          const copy = (counts.get(m.messageId) ?? 0) + 1;
          counts.set(m.messageId, copy);
          const isNew = isUpdate(m) || isRegister(m) || isSend(m) || m.code === DELETE;
          if (isGone && isNew && copy === 1) counts.delete(m.messageId);
          const isDropped = isGone && isNew;
          isGone ||= copy === 5;
          return isDropped ? undefined : m;
        },
      };
    },
  ),
  mutant("says each copy of a notification twice", ["dormouse-loss-notification few"], () => ({
    fromClient: (m, say) => {
      if (isNotification(m) && m.type === CON) say(m);
      return m;
    },
  })),
  mutant(
    "goes back to a notification that it had given up",
    ["dormouse-loss-notification one"],
    () => {
      let first: number | undefined;
      let copies = 0;
      return {
        fromClient: (m) => {
          if (!isNotification(m) || m.type !== CON) return m;
          first ??= m.messageId;
          const isAnother = m.messageId === first && ++copies === 2;
          return isAnother ? { ...m, messageId: m.messageId ^ 0x4000 } : m;
        },
      };
    },
  ),
  mutant("repeats the value that it told first", ["dormouse-loss-notification newest"], () => ({
    fromClient: (m) => (isNotification(m) ? { ...m, payload: encodeUtf8("80") } : m),
  })),
  mutant(
    "ends an observation of which it had to repeat a notification",
    ["dormouse-loss-notification-ack kept"],
    () => {
      let last: number | undefined;
      let repeated: number | undefined;
      return {
        fromClient: (m) => {
          if (!isNotification(m)) return m;
          if (m.messageId === last) repeated ??= last;
          last = m.messageId;
          return repeated === undefined || repeated === last ? m : undefined;
        },
      };
    },
  ),
];
