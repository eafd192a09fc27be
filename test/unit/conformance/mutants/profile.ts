/** Clients that register by a Profile ID and know no other way. */
import { CONTENT, isSuccess, NOT_FOUND } from "../../../../protocol/coap/codes.ts";
import { type Message, NO_BYTES } from "../../../../protocol/coap/message.ts";
import { textsOf, URI_QUERY } from "../../../../protocol/coap/options.ts";
import type { Tamper } from "../tampered-client.ts";
import {
  isRegister,
  isUpdate,
  type Mutant,
  mutant,
  withoutQuery,
  withPayload,
  withQuery,
} from "./mutant.ts";

const hasProfile = (m: Message) =>
  textsOf(m.options, URI_QUERY).some((query) => query.startsWith("pid="));

/** From when a Register with a Profile ID was refused: what becomes of what the client hears and says. */
function afterRefusal({ toClient, fromClient }: Tamper): () => Tamper {
  return () => {
    const said: number[] = [];
    let isRefused = false;
    return {
      toClient: (m, answer, server) => {
        const isAfter = isRefused;
        isRefused ||= said.includes(m.messageId) && !isSuccess(m.code);
        return isAfter && toClient !== undefined ? toClient(m, answer, server) : m;
      },
      fromClient: (m, say, server) => {
        if (isRegister(m) && hasProfile(m)) said.push(m.messageId);
        return isRefused && fromClient !== undefined ? fromClient(m, say, server) : m;
      },
    };
  };
}

/** What becomes of the Updates of a client that registered by a Profile ID. */
function updating(change: (m: Message) => Message): () => Tamper {
  return () => {
    let isByProfile = false;
    return {
      fromClient: (m) => {
        isByProfile ||= isRegister(m) && hasProfile(m);
        return isByProfile && isUpdate(m) ? change(m) : m;
      },
    };
  };
}

const REFUSED = ["dormouse-profile-unknown", "dormouse-profile-refused"];
const both = (criterion: string) => REFUSED.map((id) => `${id} ${criterion}`);

export const PROFILE_MUTANTS: readonly Mutant[] = [
  mutant(
    "has nothing to say when its profile is refused",
    both("list"),
    afterRefusal({ fromClient: (m) => (isRegister(m) ? undefined : m) }),
  ),
  mutant(
    "registers again and again once its profile is refused",
    both("once"),
    afterRefusal({ toClient: (m) => (isSuccess(m.code) ? undefined : m) }),
  ),
  mutant(
    "has no resources once its profile is refused",
    both("managed"),
    afterRefusal({ fromClient: (m) => (m.code === CONTENT ? { ...m, code: NOT_FOUND } : m) }),
  ),
  mutant(
    "says its profile in every Update",
    ["dormouse-profile-changed alone"],
    updating((m) => (hasProfile(m) ? m : withQuery(m, "pid=v:c-1"))),
  ),
  mutant(
    "lists nothing that comes beside its profile",
    ["dormouse-profile-changed listed"],
    updating((m) => ({ ...withoutQuery(m, /^pid=/), payload: NO_BYTES })),
  ),
  mutant(
    "lists only what came last beside its profile",
    ["dormouse-profile-changed kept"],
    updating((m) => withPayload(m, (text) => text.replace(",</16/0>", ""))),
  ),
];
