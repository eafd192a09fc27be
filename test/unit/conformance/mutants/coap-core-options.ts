/** Clients that read or write options wrongly (TD_COAP_CORE_13, 14, 18-23). */
import {
  CREATED,
  GET,
  isRequest,
  NOT_ACCEPTABLE,
  PRECONDITION_FAILED,
  VALID,
} from "../../../../protocol/coap/codes.ts";
import { ACK, NO_BYTES } from "../../../../protocol/coap/message.ts";
import {
  ACCEPT,
  ETAG,
  findOption,
  LOCATION_PATH,
  textOption,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOf,
} from "../../../../protocol/coap/options.ts";
import { pathOf } from "../../../../protocol/coap/uri.ts";
import { IF_MATCH, IF_NONE_MATCH } from "../conditional-requests.ts";
import type { Tamper } from "../tampered-client.ts";
import {
  acknowledged,
  answering,
  has,
  hearing,
  instead,
  isRegister,
  isUpdate,
  type Mutant,
  mutant,
  pathIn,
  pretending,
  saying,
  without,
} from "./mutant.ts";

export const CORE_OPTION_MUTANTS: readonly Mutant[] = [
  mutant(
    "joins the segments of its location",
    ["TD_COAP_CORE_13 sent"],
    saying(
      instead(isUpdate, (m) => ({
        ...m,
        options: [...without(m, URI_PATH).options, textOption(URI_PATH, pathIn(m).slice(1))],
      })),
    ),
  ),
  mutant(
    "joins its parameters by ampersands",
    ["TD_COAP_CORE_14 sent"],
    saying(
      instead(isRegister, (m) => ({
        ...m,
        options: [
          ...without(m, URI_QUERY).options,
          textOption(URI_QUERY, textsOf(m.options, URI_QUERY).join("&")),
        ],
      })),
    ),
  ),
  mutant(
    "understands the first parameter of a query",
    ["TD_COAP_CORE_14 understood"],
    hearing((m) => {
      let parameters = 0;
      return isRequest(m.code) ? without(m, URI_QUERY, () => ++parameters > 1) : m;
    }),
  ),
  mutant(
    "joins the segments of what it creates",
    ["TD_COAP_CORE_18 location"],
    saying(
      instead(
        (m) => m.code === CREATED,
        (m) => ({
          ...m,
          options: [textOption(LOCATION_PATH, pathOf(m.options, LOCATION_PATH).slice(1))],
        }),
      ),
    ),
  ),
  mutant(
    "creates elsewhere than it says",
    ["TD_COAP_CORE_18 there"],
    saying(
      instead(
        (m) => m.code === CREATED,
        (m) => ({
          ...m,
          options: [textOption(LOCATION_PATH, "16"), textOption(LOCATION_PATH, "999")],
        }),
      ),
    ),
  ),
  mutant(
    "forgets the query of its location",
    ["TD_COAP_CORE_19 query"],
    saying(
      instead(isUpdate, (m) =>
        without(m, URI_QUERY, ({ value }) =>
          /^(first|second)=/.test(String.fromCharCode(...value)),
        ),
      ),
    ),
  ),
  mutant(
    "does not care what is accepted",
    ["TD_COAP_CORE_20 other"],
    hearing((m) => without(m, ACCEPT, ({ value }) => value.length > 1)),
  ),
  mutant(
    "answers in text what it cannot answer as it is accepted",
    ["TD_COAP_CORE_20 neither"],
    hearing((m) => without(m, ACCEPT, ({ value }) => value.length === 1 && value[0] === 41)),
  ),
  mutant(
    "does not know plain text",
    ["TD_COAP_CORE_20 text"],
    answering(
      (m) => m.code === GET && has(ACCEPT)(m) && uintOf(m.options, ACCEPT, -1) === 0,
      (m) => ({ ...m, code: NOT_ACCEPTABLE, options: [], payload: NO_BYTES }),
    ),
  ),
  mutant(
    "has no ETags",
    ["TD_COAP_CORE_21 tagged"],
    saying((m) => without(m, ETAG)),
  ),
  mutant(
    "sends again what is known",
    ["TD_COAP_CORE_21 valid"],
    hearing((m) => without(m, ETAG)),
  ),
  mutant("takes every ETag for the present one", ["TD_COAP_CORE_21 changed"], () => ({
    toClient: (m, answer) => {
      const tag = findOption(m.options, ETAG);
      if (m.code !== GET || tag === undefined) return m;
      answer({ ...acknowledged(m, VALID), options: [tag] });
      return undefined;
    },
  })),
  mutant(
    "refuses every If-Match",
    ["TD_COAP_CORE_22 current"],
    pretending(has(IF_MATCH), PRECONDITION_FAILED),
  ),
  mutant(
    "overlooks If-Match",
    ["TD_COAP_CORE_22 stale"],
    hearing((m) => without(m, IF_MATCH)),
  ),
  mutant("writes what If-Match forbids, and says it does not", ["TD_COAP_CORE_22 unchanged"], () =>
    secondly(IF_MATCH),
  ),
  mutant(
    "refuses every If-None-Match",
    ["TD_COAP_CORE_23 made"],
    pretending(has(IF_NONE_MATCH), PRECONDITION_FAILED),
  ),
  mutant(
    "overlooks If-None-Match",
    ["TD_COAP_CORE_23 refused"],
    hearing((m) => without(m, IF_NONE_MATCH)),
  ),
  mutant(
    "writes what If-None-Match forbids, and says it does not",
    ["TD_COAP_CORE_23 unchanged"],
    () => secondly(IF_NONE_MATCH),
  ),
];

/** The second request with a condition is carried out without it, and answered by 4.12. */
function secondly(condition: number): Tamper {
  let requests = 0;
  let messageId = -1;
  return {
    toClient: (m) => {
      if (!has(condition)(m) || ++requests < 2) return m;
      messageId = m.messageId;
      return without(m, condition);
    },
    fromClient: (m) =>
      m.type === ACK && m.messageId === messageId ? { ...m, code: PRECONDITION_FAILED } : m,
  };
}
