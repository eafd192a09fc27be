/** Clients that mind rights wrongly. What the harness's second server asks has tokens that begin with d1. */
import {
  CHANGED,
  CONTENT,
  DELETE,
  FETCH,
  GET,
  POST,
  PUT,
  UNAUTHORIZED,
} from "../../../../protocol/coap/codes.ts";
import { LINK_FORMAT, SENML_CBOR, TLV } from "../../../../protocol/coap/content-formats.ts";
import { ACK, type Message } from "../../../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  OBSERVE,
  uintOf,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { decodeValues, encodeValues } from "../../../conformance/content.ts";
import type { Tamper } from "../tampered-client.ts";

import {
  answering,
  hearing,
  isNotification,
  type Mutant,
  mutant,
  pathIn,
  pretending,
  saying,
  withRecord,
} from "./mutant.ts";

/** Rights by Short Server ID. */
type Entries = Readonly<Record<string, number>>;

const isOfSecond = (m: Message) => m.token[0] === 0xd1;
const isFetch = (m: Message) => m.code === FETCH;
const observes = (m: Message) => uintOf(m.options, OBSERVE, -1) === 0;
const insteadOf = (code: number, other: number) => (m: Message) =>
  m.code === code ? { ...m, code: other } : m;

/** Understands what the owner writes about rights otherwise. */
function misreading(change: (entries: Entries) => Entries): () => Tamper {
  return hearing((m) => {
    const path = pathIn(m);
    if (m.code !== PUT || !/^\/2\/\d+\/2$/.test(path)) return m;
    const values = decodeValues(TLV, m.payload, path);
    if (typeof values === "string") return m;
    const entries = [...values].map(([at, rights]) => [at.split("/")[4], Number(rights)]);
    const changed = Object.entries(change(Object.fromEntries(entries)));
    const written = changed.map(([id, rights]) => [`${path}/${id}`, rights]);
    return { ...m, payload: encodeValues(TLV, path, Object.fromEntries(written)) };
  });
}

const swapped = (rights: number) =>
  (rights & ~0b110) | ((rights & 0b010) << 1) | ((rights & 0b100) >> 1);

/** TLV of object 16 with a closed instance, /16/1, after all others. */
function withClosed(m: Message): Message {
  const closed = encodeValues(TLV, "/16", { "/16/1/0/0": "closed" });
  return { ...m, payload: Uint8Array.from([...m.payload, ...closed]) };
}

export const ACCESS_MUTANTS: readonly Mutant[] = [
  mutant(
    "takes the right to write for that to execute",
    ["dormouse-access-matrix own"],
    misreading((entries) =>
      Object.fromEntries(Object.entries(entries).map(([id, rights]) => [id, swapped(rights)])),
    ),
  ),
  mutant(
    "knows no entry 0",
    ["dormouse-access-matrix default"],
    misreading(({ 0: _, ...entries }) => entries),
  ),
  mutant(
    "minds entry 0 before a server's own",
    ["dormouse-access-matrix precedence"],
    misreading((entries) =>
      entries[0] !== undefined && entries[2] !== undefined
        ? { ...entries, 2: entries[0] }
        : entries,
    ),
  ),
  mutant(
    "lets in who has no entry",
    ["dormouse-access-matrix none"],
    misreading((entries) =>
      entries[0] === undefined && entries[2] === undefined ? { ...entries, 2: 31 } : entries,
    ),
  ),
  mutant(
    "does not know that the owner may do everything",
    ["dormouse-access-matrix owner"],
    misreading((entries) => (entries[1] === undefined ? { ...entries, 1: 0 } : entries)),
  ),
  mutant(
    "wants a right for Discover",
    ["dormouse-access-matrix discover", "dormouse-access-rights discover"],
    answering(
      (m) => isOfSecond(m) && uintOf(m.options, ACCEPT, -1) === LINK_FORMAT,
      (m) => ({ ...m, code: UNAUTHORIZED }),
    ),
  ),
  mutant(
    "lets its first server create only",
    ["dormouse-access-create granted"],
    pretending((m) => isOfSecond(m) && m.code === POST && pathIn(m) === "/16", UNAUTHORIZED),
  ),
  mutant(
    "lets all read what one created",
    ["dormouse-access-create theirs"],
    answering((m) => m.code === GET && pathIn(m) === "/16/5", insteadOf(UNAUTHORIZED, CONTENT)),
  ),
  mutant(
    "reads a whole object to who may read some of it",
    ["dormouse-access-object read"],
    answering((m) => isOfSecond(m) && pathIn(m) === "/16" && !observes(m), withClosed),
  ),
  mutant(
    "notifies of a whole object",
    ["dormouse-access-object notified"],
    saying((m) => (isNotification(m) && isOfSecond(m) ? withClosed(m) : m)),
  ),
  mutant(
    "reads closed places with open ones",
    ["dormouse-access-composite read"],
    answering(
      (m) => isFetch(m) && isOfSecond(m) && !observes(m),
      (m) => (m.code === CONTENT ? withRecord(m, "/16/1/0/0") : m),
    ),
  ),
  mutant(
    "observes closed places with open ones",
    ["dormouse-access-composite observe"],
    answering(
      (m) => isFetch(m) && isOfSecond(m) && observes(m),
      (m) => withRecord(m, "/16/1/0/0"),
    ),
  ),
  mutant(
    "reads closed places where there are no others",
    ["dormouse-access-composite closed"],
    answering(
      (m) => isFetch(m) && isOfSecond(m),
      (m) => {
        if (m.code !== UNAUTHORIZED) return m;
        const payload = encodeValues(SENML_CBOR, "/", { "/16/1/0/0": "closed" });
        return {
          ...m,
          code: CONTENT,
          options: [uintOption(CONTENT_FORMAT, SENML_CBOR)],
          payload,
        };
      },
    ),
  ),
  mutant("writes the open places of a composite", ["dormouse-access-composite unchanged"], () => {
    let hasRefused = false;
    return {
      fromClient: (m) => {
        hasRefused ||= m.code === UNAUTHORIZED;
        if (!hasRefused || m.type !== ACK || m.code !== CONTENT || isOfSecond(m)) return m;
        return { ...m, payload: m.payload.map((byte) => (byte === 0x6f ? 0x78 : byte)) };
      },
    };
  }),
  mutant(
    "tells who may not know",
    ["dormouse-access-withdrawn silent"],
    saying((m) => (isNotification(m) ? insteadOf(UNAUTHORIZED, CONTENT)(m) : m)),
  ),
  mutant("never lets in who was once shut out", ["dormouse-access-withdrawn again"], () => {
    let isShut = false;
    return {
      fromClient: (m) => {
        if (!isOfSecond(m)) return m;
        isShut ||= m.code === UNAUTHORIZED;
        return isShut && m.code === CONTENT ? { ...m, code: UNAUTHORIZED } : m;
      },
    };
  }),
  mutant(
    "minds rights that nobody else could have",
    ["dormouse-access-alone allowed"],
    answering(
      (m) => m.code === DELETE && pathIn(m) === "/16/0",
      (m) => ({ ...m, code: UNAUTHORIZED }),
    ),
  ),
  mutant(
    "lets nobody write attributes of an object",
    ["dormouse-access-object attributes"],
    answering(
      (m) => m.code === PUT && pathIn(m) === "/16",
      (m) => (m.code === CHANGED ? { ...m, code: UNAUTHORIZED } : m),
    ),
  ),
];
