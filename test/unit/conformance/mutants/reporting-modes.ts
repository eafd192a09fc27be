/** Clients that do otherwise what LwM2M 1.1 and 1.2 added to notifications, and with what they should keep. */
import { decodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { BAD_REQUEST, CHANGED, GET, PUT } from "../../../../protocol/coap/codes.ts";
import { LINK_FORMAT, SENML_JSON } from "../../../../protocol/coap/content-formats.ts";
import { CON, type Message, NON } from "../../../../protocol/coap/message.ts";
import { OBSERVE, textsOf, URI_QUERY, uintOf } from "../../../../protocol/coap/options.ts";
import type { Tamper } from "../tampered-client.ts";

import {
  formatIn,
  hearing,
  instead,
  isNotification,
  isWriteAttributes,
  type Mutant,
  mutant,
  pathIn,
  pretending,
  saying,
  without,
  withoutQuery,
  withPayload,
} from "./mutant.ts";
import { misconfigured } from "./retry.ts";

const observes = (m: Message) => m.code === GET && uintOf(m.options, OBSERVE, -1) === 0;
const hasParameters = (m: Message) => observes(m) && textsOf(m.options, URI_QUERY).length > 0;
const forgets = (pattern: RegExp) => instead(isWriteAttributes, (m) => withoutQuery(m, pattern));
const textIn = (m: Message) => decodeUtf8(m.payload);

/** Notifications of one path are Non-confirmable. */
function notConfirming(path: string): () => Tamper {
  return () => {
    const tokens = new Set<string>();
    return {
      toClient: (m) => {
        if (observes(m) && pathIn(m) === path) tokens.add(m.token.join());
        return m;
      },
      fromClient: (m) =>
        isNotification(m) && m.type === CON && tokens.has(m.token.join()) ? { ...m, type: NON } : m,
    };
  };
}

export const REPORTING_MODE_MUTANTS: readonly Mutant[] = [
  mutant("ignores edge", ["dormouse-notify-edge falling"], hearing(forgets(/^edge=/))),
  mutant(
    "does not confirm what has con in one of its parts",
    ["dormouse-notify-con part"],
    notConfirming("/3/0"),
  ),
  mutant(
    "does not confirm what has con from above",
    ["dormouse-notify-con inherited"],
    notConfirming("/3/0/7"),
  ),
  mutant(
    "has no default mode of notifications",
    ["dormouse-notify-con account"],
    pretending((m) => m.code === PUT && pathIn(m) === "/1/0/26", CHANGED),
  ),
  mutant(
    "goes on confirming",
    ["dormouse-notify-con unset"],
    pretending((m) => m.code === PUT && pathIn(m) === "/1/0/26" && textIn(m) === "0", CHANGED),
  ),
  mutant("attaches the parameters of an Observe", ["dormouse-observe-parameters hidden"], () => {
    let isAttached = false;
    return {
      toClient: (m) => {
        isAttached ||= hasParameters(m);
        return m;
      },
      fromClient: (m) =>
        isAttached && formatIn(m) === LINK_FORMAT
          ? withPayload(m, (list) => list.replace("pmax=60", "pmax=10"))
          : m,
    };
  }),
  mutant(
    "observes without the parameters that are wrong",
    ["dormouse-observe-parameters refused"],
    hearing(
      instead(
        (m) => hasParameters(m) && pathIn(m) === "/3/0/7",
        (m) => without(m, URI_QUERY),
      ),
    ),
  ),
  mutant(
    "refuses parameters, and observes all the same",
    ["dormouse-observe-parameters unobserved"],
    () => {
      const refused = new Set<number>();
      return {
        toClient: (m) => {
          if (!hasParameters(m) || pathIn(m) !== "/3/0/7") return m;
          refused.add(m.messageId);
          return without(m, URI_QUERY);
        },
        fromClient: (m) => (refused.has(m.messageId) ? { ...m, code: BAD_REQUEST } : m),
      };
    },
  ),
  mutant(
    "tells what it kept in the wrong order",
    ["dormouse-notify-stored order"],
    saying(
      instead(isNotification, (m) =>
        withPayload(m, (text) => ({ "70": "40", "40": "70" })[text] ?? text),
      ),
    ),
  ),
  misconfigured("keeps what it should not", ["dormouse-notify-not-stored newest"], (account) => ({
    ...account,
    6: true,
  })),
  mutant(
    "keeps as many values as it likes",
    ["dormouse-notify-hqmax limit"],
    hearing(forgets(/^hqmax=/)),
  ),
  mutant(
    "tells old values as if they were new",
    ["dormouse-notify-hqmax times"],
    saying(
      instead(
        (m) => isNotification(m) && formatIn(m) === SENML_JSON,
        (m) => withPayload(m, (text) => text.replaceAll(/"b?t":[\d.]+,/g, "")),
      ),
    ),
  ),
];
