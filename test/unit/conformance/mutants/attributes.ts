/** Clients that take attributes that are none, or for another's. */
import { decodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { BAD_REQUEST, CHANGED, CONTENT, NOT_FOUND } from "../../../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../../../protocol/coap/content-formats.ts";
import type { Message } from "../../../../protocol/coap/message.ts";
import { textOption, textsOf, URI_QUERY } from "../../../../protocol/coap/options.ts";

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
  withPayload,
} from "./mutant.ts";

const queryIn = (m: Message) => textsOf(m.options, URI_QUERY);
const isList = (m: Message) => m.code === CONTENT && formatIn(m) === LINK_FORMAT;
/** What the harness's second server asks has tokens that begin so. */
const isOfSecondServer = (m: Message) => m.token[0] === 0xd1;

function withQueries(m: Message, change: (query: string) => string): Message {
  const options = m.options.map((option) =>
    option.number === URI_QUERY ? textOption(URI_QUERY, change(decodeUtf8(option.value))) : option,
  );
  return { ...m, options };
}

export const ATTRIBUTE_MUTANTS: readonly Mutant[] = [
  mutant(
    "reads the numbers of attributes carelessly",
    ["dormouse-attributes-refused number"],
    hearing(
      instead(isWriteAttributes, (m) =>
        withQueries(m, (query) => query.replace(/^(pm\w+=\d+)\D.*$/, "$1")),
      ),
    ),
  ),
  mutant(
    "takes thresholds for what is no number",
    ["dormouse-attributes-refused level"],
    pretending(
      (m) =>
        isWriteAttributes(m) &&
        pathIn(m) !== "/3/0/9" &&
        queryIn(m).some((query) => /^(gt|lt|st)=/.test(query)),
      CHANGED,
    ),
  ),
  mutant(
    "overlooks attributes that it does not know",
    ["dormouse-attributes-refused name"],
    pretending(
      (m) => isWriteAttributes(m) && queryIn(m).some((query) => query.startsWith("foo")),
      CHANGED,
    ),
  ),
  mutant(
    "applies the attributes before the one that it refuses",
    ["dormouse-attributes-refused unchanged"],
    () => {
      const refused: number[] = [];
      return {
        toClient: (m) => {
          const queries = isWriteAttributes(m) ? queryIn(m) : [];
          if (queries.join("&") !== "pmin=1&lt=95") return m;
          refused.push(m.messageId);
          return withQueries(m, (query) => (query === "lt=95" ? "pmin=1" : query));
        },
        fromClient: (m) => (refused.includes(m.messageId) ? { ...m, code: BAD_REQUEST } : m),
      };
    },
  ),
  mutant(
    "keeps attributes in 32 bits",
    ["dormouse-attributes-overflow whole"],
    hearing(
      instead(isWriteAttributes, (m) =>
        withQueries(m, (query) => query.replace(/^(pm\w+)=\d{10,}$/, "$1=0")),
      ),
    ),
  ),
  mutant(
    "reads numbers up to their exponent",
    ["dormouse-attributes-overflow decimal"],
    hearing(
      instead(isWriteAttributes, (m) =>
        withQueries(m, (query) => query.replace(/^gt=(\d+)e\d+$/, "gt=$1")),
      ),
    ),
  ),
  mutant(
    "is lost with a number that is too large",
    ["dormouse-attributes-overflow managed"],
    () => {
      let isLost = false;
      return {
        toClient: (m) => {
          isLost ||= isWriteAttributes(m) && queryIn(m).includes("gt=1e999");
          return m;
        },
        fromClient: (m) => (isLost && isList(m) ? { ...m, code: NOT_FOUND } : m),
      };
    },
  ),
  mutant(
    "notifies its first server only",
    ["dormouse-attributes-servers pace"],
    saying((m) => (isNotification(m) && isOfSecondServer(m) ? undefined : m)),
  ),
  mutant("unsets attributes for all servers", ["dormouse-attributes-servers apart"], () => {
    let isUnset = false;
    return {
      toClient: (m) => {
        isUnset ||= isWriteAttributes(m) && isOfSecondServer(m) && queryIn(m).includes("pmax");
        return m;
      },
      fromClient: (m) =>
        isUnset && isList(m) ? withPayload(m, (list) => list.replaceAll(/;pmax=\d+/g, "")) : m,
    };
  }),
];
