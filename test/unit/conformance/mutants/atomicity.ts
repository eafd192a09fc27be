/** Clients that do half of what they refuse, or refuse nothing. */
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  CREATED,
  GET,
  IPATCH,
  NOT_FOUND,
  POST,
  PUT,
} from "../../../../protocol/coap/codes.ts";
import { ACK, CON, type Message, NO_BYTES } from "../../../../protocol/coap/message.ts";
import { URI_PATH } from "../../../../protocol/coap/options.ts";
import { pathOptions } from "../../../../protocol/coap/uri.ts";

import {
  answering,
  instead,
  isRegister,
  type Mutant,
  mutant,
  OMA,
  pathIn,
  saying,
  withoutQuery,
  withQuery,
} from "./mutant.ts";

const insteadOf = (code: number, other: number) => (m: Message) =>
  m.code === code ? { ...m, code: other } : m;
const isPut = (path: string) => (m: Message) => m.code === PUT && pathIn(m) === path;
const flipped = (m: Message): Message => ({
  ...m,
  payload: m.payload.map((byte, i) => (i === m.payload.length - 1 ? byte ^ 1 : byte)),
});

/** An Update that says nothing, to where the client is registered in most cases. */
const UPDATE: Message = {
  type: CON,
  code: POST,
  messageId: 0xdadb,
  token: Uint8Array.of(0xdb),
  options: pathOptions(URI_PATH, "/rd/s1/5a3f-1"),
  payload: NO_BYTES,
};

export const ATOMICITY_MUTANTS: readonly Mutant[] = [
  mutant(
    "says Changed whatever the values are",
    ["dormouse-atomic-write type", "dormouse-answer-codes value"],
    answering(
      (m) => (m.code === PUT || m.code === POST) && pathIn(m).startsWith("/1/0"),
      insteadOf(BAD_REQUEST, CHANGED),
    ),
  ),
  mutant(
    "updates when it has refused something",
    ["dormouse-atomic-write silent", "dormouse-atomic-create silent"],
    () => {
      let hasUpdated = false;
      return {
        fromClient: (m, say) => {
          if (m.type === ACK && m.code === BAD_REQUEST && !hasUpdated) {
            hasUpdated = true;
            say(UPDATE);
          }
          return m;
        },
      };
    },
  ),
  mutant(
    "says Changed whatever the instances of a resource are",
    ["dormouse-atomic-instances refused"],
    answering((m) => pathIn(m) === "/16/0/0", insteadOf(BAD_REQUEST, CHANGED)),
  ),
  mutant(
    "writes the values before the one that it refuses",
    ["dormouse-atomic-instances unchanged"],
    () => {
      let hasRefused = false;
      return {
        fromClient: (m) => {
          hasRefused ||= m.code === BAD_REQUEST;
          return hasRefused && m.type === ACK && m.code === CONTENT ? flipped(m) : m;
        },
      };
    },
  ),
  mutant(
    "creates from whatever values",
    ["dormouse-atomic-create refused"],
    answering((m) => m.code === POST && pathIn(m) === "/16", insteadOf(BAD_REQUEST, CREATED)),
  ),
  mutant(
    "has an instance though it refused to create it",
    ["dormouse-atomic-create nothing"],
    answering((m) => m.code === GET && pathIn(m) === "/16/7", insteadOf(NOT_FOUND, CONTENT)),
  ),
  mutant(
    "overlooks records of what it has not",
    ["dormouse-atomic-composite absent"],
    answering((m) => m.code === IPATCH, insteadOf(NOT_FOUND, CHANGED)),
  ),
  mutant(
    "overlooks records of another type",
    ["dormouse-atomic-composite type"],
    answering((m) => m.code === IPATCH, insteadOf(BAD_REQUEST, CHANGED)),
  ),
  mutant("writes record by record", ["dormouse-atomic-composite unchanged"], () => {
    const asked = new Set<number>();
    let hasRefused = false;
    return {
      toClient: (m) => {
        if (m.code === IPATCH) hasRefused = false;
        if (m.code === IPATCH || (m.code === GET && pathIn(m) === "/16/0")) asked.add(m.messageId);
        return m;
      },
      fromClient: (m) => {
        if (m.type !== ACK || !asked.has(m.messageId)) return m;
        if (m.code >> 5 === 4) hasRefused = true;
        const isRead = hasRefused && m.code === CONTENT;
        // The first letter of the first text, in TLV.
        return isRead ? { ...m, payload: m.payload.map((byte, i) => (i === 5 ? 0x6e : byte)) } : m;
      },
    };
  }),
  mutant(
    "takes what bootstrap writes, right or wrong",
    ["dormouse-atomic-bootstrap refused"],
    answering(isPut("/1"), insteadOf(BAD_REQUEST, CHANGED)),
  ),
  mutant(
    "takes any single value from bootstrap",
    ["dormouse-atomic-bootstrap resource"],
    answering(isPut("/1/0/6"), insteadOf(BAD_REQUEST, CHANGED)),
  ),
  mutant("keeps half of what bootstrap wrote", ["dormouse-atomic-bootstrap unchanged"], () => {
    let hasRefused = false;
    return {
      toClient: (m) => {
        hasRefused ||= isPut("/1/0/6")(m);
        return m;
      },
      fromClient: (m) =>
        hasRefused && m.type === ACK && m.code === CONTENT && m.payload.length > 20
          ? flipped(m)
          : m,
    };
  }),
  mutant(
    "registers with a lifetime that was refused",
    ["dormouse-atomic-bootstrap registered", `${OMA}101 lifetime`],
    saying(instead(isRegister, (m) => withQuery(withoutQuery(m, /^lt=/), "lt=500"))),
  ),
];
