/** Clients that know one way to say a thing, or one size of numbers. */
import { decodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CREATED,
  GET,
  IPATCH,
  POST,
  PUT,
} from "../../../../protocol/coap/codes.ts";
import { CBOR, LWM2M_CBOR, OCTET_STREAM, TEXT } from "../../../../protocol/coap/content-formats.ts";
import { ACK, type Message } from "../../../../protocol/coap/message.ts";
import { LOCATION_PATH, textOption } from "../../../../protocol/coap/options.ts";
import { SPELLING_ROWS, type Spelling } from "../../../conformance/cases/spelling-table.ts";
import { formatBytes } from "../../../conformance/content.ts";
import {
  answering,
  formatIn,
  hearing,
  instead,
  type Mutant,
  mutant,
  pathIn,
  pretending,
  without,
  withPayload,
} from "./mutant.ts";

// Spellings.

function isSpelled(spelling: Spelling): (m: Message) => boolean {
  const rows = SPELLING_ROWS.filter(({ criterion }) => criterion === spelling);
  const keys = new Set(rows.map(({ format, payload }) => `${format} ${formatBytes(payload)}`));
  return (m) => keys.has(`${formatIn(m)} ${formatBytes(m.payload)}`);
}

const REFUSED: readonly (readonly [Spelling, string, readonly string[]])[] = [
  ["heads", "knows the shortest heads of TLV", ["tlv"]],
  ["wide", "knows numbers in as few bytes as they need", ["tlv", "nested"]],
  ["nested", "knows one way to nest paths", ["tlv", "nested"]],
  ["bases", "knows one base name", ["senml"]],
  ["loose", "knows one order, and lists whose length is said", ["tlv", "senml", "nested"]],
  ["passed", "refuses fields that it does not know", ["senml"]],
];

const isNameless = (m: Message) =>
  formatIn(m) === LWM2M_CBOR && formatBytes(m.payload).startsWith("a1 82 10 19 ff ff");
const isCreate = (m: Message) => m.code === POST && pathIn(m) === "/16";

const SPELLING_MUTANTS: readonly Mutant[] = [
  ...REFUSED.map(([spelling, name, cases]) =>
    mutant(
      name,
      cases.map((one) => `dormouse-spelling-${one} ${spelling}`),
      pretending(isSpelled(spelling), BAD_REQUEST),
    ),
  ),
  mutant(
    "knows paths of a Write-Composite in one spelling",
    ["dormouse-spelling-composite spelled"],
    pretending((m) => m.code === IPATCH && isSpelled("bases")(m), BAD_REQUEST),
  ),
  mutant(
    "passes over what has to be understood",
    ["dormouse-spelling-senml must", "dormouse-spelling-composite must"],
    pretending(isSpelled("must"), CHANGED),
  ),
  mutant(
    "does not say where a nameless instance came to be",
    ["dormouse-spelling-create created"],
    answering(
      (m) => isCreate(m) && isNameless(m),
      (m) => without(m, LOCATION_PATH),
    ),
  ),
  mutant(
    "says that a nameless instance is the one there was",
    ["dormouse-spelling-create free"],
    answering(
      (m) => isCreate(m) && isNameless(m),
      (m) => {
        const location = ["16", "0"].map((one) => textOption(LOCATION_PATH, one));
        const others = m.options.filter(({ number }) => number !== LOCATION_PATH);
        return m.code === CREATED ? { ...m, options: [...location, ...others] } : m;
      },
    ),
  ),
  mutant(
    "writes to an instance that there cannot be",
    ["dormouse-spelling-create elsewhere"],
    pretending((m) => !isCreate(m) && isNameless(m), CHANGED),
  ),
];

// Values.

/** A client that hears something else than was written to a resource. */
function mishearing(
  name: string,
  criterion: string,
  path: string,
  format: number,
  change: (text: string) => string,
): Mutant {
  const isMeant = (m: Message) => m.code === PUT && pathIn(m) === path && formatIn(m) === format;
  return mutant(name, [criterion], hearing(instead(isMeant, (m) => withPayload(m, change))));
}

const kept = (criterion: string) => `dormouse-values-kept ${criterion}`;
const isWriteOf = (path: string) => (m: Message) => m.code === PUT && pathIn(m) === path;

const VALUE_MUTANTS: readonly Mutant[] = [
  mishearing("knows texts in ASCII", kept("string"), "/3442/0/110", TEXT, (text) =>
    text.replace(/[^\0-\x7f]/gu, "?"),
  ),
  mishearing(
    "keeps integers in 32 bits",
    kept("integer"),
    "/3442/0/120",
    TEXT,
    (text) => `${Number(text) | 0}`,
  ),
  mishearing("keeps unsigned integers in 32 bits", kept("unsigned"), "/3442/0/125", TEXT, (text) =>
    text.length < 11 ? `${Number(text) % 2 ** 32}` : text,
  ),
  mishearing("keeps floats to the hundredth", kept("float"), "/3442/0/130", TEXT, (text) =>
    Number(text).toFixed(2),
  ),
  mishearing("takes any boolean for true", kept("boolean"), "/3442/0/140", TEXT, () => "1"),
  mutant(
    "ends bytes at the first that is zero",
    [kept("opaque")],
    hearing(
      instead(
        (m) => isWriteOf("/3442/0/150")(m) && formatIn(m) === OCTET_STREAM && m.payload[0] === 0,
        (m) => ({ ...m, payload: new Uint8Array(0) }),
      ),
    ),
  ),
  mishearing(
    "keeps times until 2038",
    kept("time"),
    "/3442/0/160",
    TEXT,
    (text) => `${Math.min(Number(text), 0x7fffffff)}`,
  ),
  mutant(
    "knows no link to nothing",
    [kept("objlnk")],
    pretending(
      (m) => isWriteOf("/3442/0/170")(m) && decodeUtf8(m.payload) === "65535:65535",
      BAD_REQUEST,
    ),
  ),
  mishearing("keeps links without attributes", kept("corelnk"), "/3442/0/180", TEXT, (text) =>
    text.replace(/;.*/, ""),
  ),
  mutant(
    "forgets resource instances",
    [kept("instances")],
    pretending(isWriteOf("/3442/0/1120"), CHANGED),
  ),
  mutant(
    "cuts texts to 255 bytes",
    [kept("long")],
    hearing(
      instead(
        (m) => m.code === PUT && formatIn(m) === TEXT && m.payload.length === 256,
        (m) => ({ ...m, payload: m.payload.subarray(0, 255) }),
      ),
    ),
  ),
  mutant(
    "takes the year of a date for a time",
    [kept("tagged")],
    hearing(
      instead(
        (m) => formatIn(m) === CBOR && m.payload[0] === 0xc0,
        (m) => ({ ...m, payload: Uint8Array.of(0x19, 0x07, 0xdd) }),
      ),
    ),
  ),
  mutant(
    "has a clock that nobody can set",
    ["dormouse-values-clock set"],
    pretending(isWriteOf("/3/0/13"), CHANGED),
  ),
  mishearing(
    "has a clock of 31 bits",
    "dormouse-values-clock strange",
    "/3/0/13",
    TEXT,
    (text) => `${Number(text) % 2 ** 31}`,
  ),
  mutant("has a clock that goes slow", ["dormouse-values-clock runs"], () => {
    let written = 0;
    let asked = -1;
    return {
      toClient: (m) => {
        if (isWriteOf("/3/0/13")(m) && formatIn(m) === TEXT)
          written = Number(decodeUtf8(m.payload));
        if (m.code === GET && pathIn(m) === "/3/0/13") asked = m.messageId;
        return m;
      },
      fromClient: (m) => {
        if (m.type !== ACK || m.messageId !== asked || formatIn(m) !== TEXT) return m;
        const gone = Number(decodeUtf8(m.payload)) - written;
        return gone > 1 && gone < 60 ? withPayload(m, () => `${written + (gone >> 1)}`) : m;
      },
    };
  }),
];

export const FORMAT_MUTANTS: readonly Mutant[] = [...SPELLING_MUTANTS, ...VALUE_MUTANTS];
