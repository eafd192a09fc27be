/** Clients that hear whom they should not, answer where they should not, or do not wait for late answers. */
import {
  CHANGED,
  CONTENT,
  CREATED,
  EMPTY,
  isRequest,
  NOT_FOUND,
  POST,
  PUT,
  UNAUTHORIZED,
} from "../../../../protocol/coap/codes.ts";
import { ACK, CON, type Message, NO_BYTES, NON, RST } from "../../../../protocol/coap/message.ts";
import { LOCATION_PATH, OBSERVE, URI_PATH, uintOption } from "../../../../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../../../../protocol/coap/uri.ts";
import type { Tamper } from "../tampered-client.ts";

import {
  acknowledged,
  dropping,
  hearing,
  isNotification,
  isRegister,
  isUpdate,
  type Mutant,
  mutant,
  saying,
  withPath,
} from "./mutant.ts";

/** Beside one server and the place of a bootstrap server. */
const STRANGER = 2;

const isEmptyAck = (m: Message) => m.type === ACK && m.code === EMPTY;

/** Takes some messages for its server's, wherever they come from. */
function trusting(matching: (m: Message) => boolean): () => Tamper {
  return () => ({ sourceOf: (server, m) => (matching(m) ? 0 : server) });
}

function updateAnew(): Message {
  return {
    type: CON,
    code: POST,
    messageId: 0xdadc,
    token: Uint8Array.of(0xdc),
    options: pathOptions(URI_PATH, "/rd/s1/5a3f-1"),
    payload: NO_BYTES,
  };
}

export const STRANGER_MUTANTS: readonly Mutant[] = [
  mutant("reads to whoever asks", ["dormouse-stranger-requests refused"], () => ({
    toClient: (m, say, server) => {
      if (server === STRANGER && isRequest(m.code)) say(acknowledged(m, CONTENT));
      return m;
    },
  })),
  mutant(
    "writes what anybody asks",
    ["dormouse-stranger-requests unchanged"],
    trusting((m) => m.code === PUT && m.type === CON),
  ),
  mutant("notifies whoever has asked", ["dormouse-stranger-requests unobserved"], () => {
    let isWatched = false;
    return {
      toClient: (m, _, server) => {
        isWatched ||= server === STRANGER;
        return m;
      },
      fromClient: (m, say) => {
        if (isWatched && m.type === ACK && m.code === CHANGED) {
          const options = [uintOption(OBSERVE, 7)];
          const token = Uint8Array.of(7);
          say({ ...m, type: NON, code: CONTENT, token, options, payload: NO_BYTES }, STRANGER);
        }
        return m;
      },
    };
  }),
  mutant("refuses strangers at length", ["dormouse-stranger-requests small"], () => ({
    toClient: (m, say, server) => {
      if (server === STRANGER && isRequest(m.code)) {
        say({ ...acknowledged(m, UNAUTHORIZED), payload: new Uint8Array(200) });
      }
      return m;
    },
  })),
  mutant(
    "takes any 2.01 for its server's",
    ["dormouse-stranger-answers register"],
    trusting((m) => m.code === CREATED),
  ),
  mutant("goes where anybody says", ["dormouse-stranger-answers location"], () => {
    let location: string | undefined;
    return {
      toClient: (m, _, server) => {
        if (m.code === CREATED && server === STRANGER) location = pathOf(m.options, LOCATION_PATH);
        return m;
      },
      fromClient: (m) => (location !== undefined && isUpdate(m) ? withPath(m, location) : m),
    };
  }),
  mutant(
    "takes any 2.04 for its server's",
    ["dormouse-stranger-answers update"],
    trusting((m) => m.code === CHANGED),
  ),
  mutant(
    "takes any Reset for its server's",
    ["dormouse-stranger-answers reset"],
    trusting((m) => m.type === RST),
  ),
  mutant("answers Resets by Resets", ["dormouse-noise silent"], () => ({
    toClient: (m, say) => {
      if (m.type === RST) say({ ...m, messageId: m.messageId });
      return m;
    },
  })),
  mutant("answers a ping twice", ["dormouse-noise pings"], () => ({
    fromClient: (m, say) => {
      if (m.type === RST) say(m);
      return m;
    },
  })),
  mutant("loses its observations over noise", ["dormouse-noise unharmed"], () => {
    let noise = 0;
    return {
      malformedToClient: () => {
        noise++;
      },
      fromClient: (m) => (noise > 30 && isNotification(m) ? undefined : m),
    };
  }),
  mutant(
    "does not understand empty acknowledgements",
    ["dormouse-late-answer patient", "dormouse-loss-notification-ack copy"],
    hearing(dropping(isEmptyAck)),
  ),
  mutant(
    "does not acknowledge answers",
    ["dormouse-late-answer acknowledged"],
    saying(dropping(isEmptyAck)),
  ),
  mutant("updates anew after a late answer", ["dormouse-late-answer settled"], () => ({
    toClient: (m, say) => {
      if (m.type === CON && m.code === CHANGED) say(updateAnew());
      return m;
    },
  })),
  mutant(
    "updates anew after a Non-confirmable answer",
    ["dormouse-late-answer non-confirmable"],
    () => ({
      toClient: (m, say) => {
        if (m.type === NON && m.code === CHANGED) say(updateAnew());
        return m;
      },
    }),
  ),
  mutant("takes no answer before it is acknowledged", ["dormouse-late-answer overtaken"], () => {
    let isWaiting = false;
    return {
      toClient: (m) => {
        if (isEmptyAck(m)) isWaiting = false;
        return isWaiting && m.type === CON && m.code === CHANGED ? undefined : m;
      },
      fromClient: (m) => {
        if (isUpdate(m)) isWaiting = true;
        return m;
      },
    };
  }),
  mutant("waits for ever for an answer", ["dormouse-late-never back"], () => {
    let isWaiting = false;
    return {
      toClient: (m) => {
        isWaiting ||= isEmptyAck(m);
        return m;
      },
      fromClient: (m) => (isWaiting && (isUpdate(m) || isRegister(m)) ? undefined : m),
    };
  }),
  mutant("is not managed any more after a lost answer", ["dormouse-late-never managed"], () => {
    let isLost = false;
    return {
      toClient: (m) => {
        isLost ||= isEmptyAck(m);
        return m;
      },
      fromClient: (m) => (isLost && m.code === CONTENT ? { ...m, code: NOT_FOUND } : m),
    };
  }),
];
