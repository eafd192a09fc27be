/** Clients that bootstrap wrongly. */
import { CHANGED, DELETE, DELETED, NOT_ACCEPTABLE, POST } from "../../../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../../../protocol/coap/content-formats.ts";
import { CON, type Message, NO_BYTES, NON } from "../../../../protocol/coap/message.ts";
import { ACCEPT, textOption, URI_PATH, URI_QUERY } from "../../../../protocol/coap/options.ts";
import { pathOptions } from "../../../../protocol/coap/uri.ts";

import {
  answering,
  formatIn,
  instead,
  isRegister,
  type Mutant,
  mutant,
  OMA,
  pathIn,
  pretending,
  saying,
  without,
  withoutQuery,
  withPayload,
} from "./mutant.ts";

const isRequestOf = (m: Message) => m.code === POST && pathIn(m) === "/bs";
const isDiscovered = (m: Message) => formatIn(m) === LINK_FORMAT && !isRegister(m);

/** The number of the bootstrap server beside one other. */
const BOOTSTRAP_SERVER = 1;

export const BOOTSTRAP_MUTANTS: readonly Mutant[] = [
  mutant(
    "requests bootstrap in a message that nobody acknowledges",
    [`${OMA}0 request`],
    saying(instead(isRequestOf, (m) => ({ ...m, type: NON }))),
  ),
  mutant(
    "requests bootstrap for somebody else",
    [`${OMA}0 request`, `${OMA}5 request`, `${OMA}7 request`],
    saying(
      instead(isRequestOf, (m) => {
        const rest = withoutQuery(m, /^ep=/);
        return { ...rest, options: [...rest.options, textOption(URI_QUERY, "ep=other")] };
      }),
    ),
  ),
  mutant(
    "does not say its version in a Bootstrap-Discover",
    [`${OMA}0 discover`],
    saying(instead(isDiscovered, (m) => withPayload(m, (text) => text.replace(/^<\/>[^,]*,/, "")))),
  ),
  mutant(
    "does not say which account is whose",
    [`${OMA}0 accounts`],
    saying(instead(isDiscovered, (m) => withPayload(m, (text) => text.replace(/;ssid=\d+/g, "")))),
  ),
  mutant(
    "deletes its bootstrap account with the others",
    [`${OMA}4 survives`],
    saying(instead(isDiscovered, (m) => withPayload(m, (text) => text.replace(/<\/0\/1>,?/, "")))),
  ),
  mutant(
    "pretends to delete accounts",
    [`${OMA}4 gone`],
    pretending((m) => m.code === DELETE && /^\/[01]$/.test(pathIn(m)), DELETED),
  ),
  mutant("asks the bootstrap server though it knows another", [`${OMA}6 silent`], () => ({
    fromClient: (m, say) => {
      if (isRegister(m)) say(request("/bs"), BOOTSTRAP_SERVER);
      return m;
    },
  })),
  mutant(
    "finishes without an account",
    [`${OMA}9 refused`],
    answering(isRequestOf, (m) => ({ ...m, code: CHANGED })),
  ),
  mutant("registers after a Finish that it refused", [`${OMA}9 silent`], () => ({
    fromClient: (m, say) => {
      if (m.code === NOT_ACCEPTABLE) say(request("/rd"), 0);
      return m;
    },
  })),
  mutant(
    "asks for a pack in no format",
    ["LightweightM2M-1.2-int-12 accept"],
    saying(
      instead(
        (m) => pathIn(m) === "/bspack",
        (m) => without(m, ACCEPT),
      ),
    ),
  ),
];

function request(path: string): Message {
  return {
    type: CON,
    code: POST,
    messageId: 0xdada,
    token: Uint8Array.of(0xda),
    options: [...pathOptions(URI_PATH, path), textOption(URI_QUERY, "ep=dormouse-conformance")],
    payload: NO_BYTES,
  };
}
