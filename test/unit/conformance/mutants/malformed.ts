/** Clients that take what is no payload. */
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  FETCH,
  INTERNAL_SERVER_ERROR,
  NOT_FOUND,
  PUT,
} from "../../../../protocol/coap/codes.ts";
import { TEXT } from "../../../../protocol/coap/content-formats.ts";
import { ACK, type Message } from "../../../../protocol/coap/message.ts";
import { BLOCK1, findOption, SIZE1 } from "../../../../protocol/coap/options.ts";
import {
  DOUBLED_ROWS,
  MALFORMED_ROWS,
  type Malformation,
  type MalformedRow,
} from "../../../conformance/cases/malformed-table.ts";
import { formatBytes } from "../../../conformance/content.ts";

import { answering, formatIn, type Mutant, mutant, pretending } from "./mutant.ts";

const keyOf = (format: number, payload: Uint8Array) => `${format} ${formatBytes(payload)}`;
const keysOf = (rows: readonly MalformedRow[]) =>
  new Set(rows.map(({ format, payload }) => keyOf(format, payload)));
const isOneOf = (keys: ReadonlySet<string>) => (m: Message) =>
  keys.has(keyOf(formatIn(m), m.payload)) && m.code !== FETCH;
const isBad = (criterion: Malformation) =>
  isOneOf(keysOf(MALFORMED_ROWS.filter((row) => row.criterion === criterion)));
const isDoubled = isOneOf(keysOf(DOUBLED_ROWS));

const NAMES: Readonly<Record<Malformation, string>> = {
  cut: "takes payloads that are cut short",
  structure: "takes payloads however they are built",
  type: "takes values of any type",
  range: "takes numbers that it cannot hold",
  text: "takes texts that are none",
  depth: "takes payloads that have no bottom",
};

export const MALFORMED_MUTANTS: readonly Mutant[] = [
  ...Object.entries(NAMES).map(([criterion, name]) =>
    mutant(
      name,
      [`dormouse-malformed-write ${criterion}`, "dormouse-malformed-bootstrap refused"],
      pretending(isBad(criterion as Malformation), CHANGED),
    ),
  ),
  mutant(
    "breaks down over what is said twice",
    ["dormouse-malformed-doubled answered"],
    pretending(isDoubled, INTERNAL_SERVER_ERROR),
  ),
  mutant("adds up what is said twice", ["dormouse-malformed-doubled one"], () => {
    let isSaid = false;
    return {
      toClient: (m) => {
        if (isDoubled(m)) isSaid = true;
        return m;
      },
      fromClient: (m) =>
        isSaid && m.type === ACK && m.code === CONTENT && formatIn(m) === TEXT
          ? { ...m, payload: encodeUtf8("11") }
          : m,
    };
  }),
  mutant(
    "reads lists of paths that are none",
    ["dormouse-malformed-composite read"],
    answering(
      (m) => m.code === FETCH,
      (m) => (m.code === BAD_REQUEST ? { ...m, code: CONTENT } : m),
    ),
  ),
  mutant(
    "breaks down over a body that is announced",
    ["dormouse-malformed-oversized announced"],
    pretending((m) => findOption(m.options, SIZE1) !== undefined, INTERNAL_SERVER_ERROR),
  ),
  mutant("cuts long texts", ["dormouse-malformed-oversized long"], () => {
    let isLong = false;
    return {
      toClient: (m) => {
        isLong ||= m.code === PUT && (findOption(m.options, BLOCK1)?.value.length ?? 0) > 1;
        return m;
      },
      fromClient: (m) =>
        isLong && m.code === CONTENT && m.payload.length > 500
          ? { ...m, payload: m.payload.subarray(0, 500) }
          : m,
    };
  }),
  mutant(
    "has no room for anything after a long text",
    ["dormouse-malformed-oversized unharmed"],
    () => {
      let isLong = false;
      return {
        toClient: (m) => {
          isLong ||= m.code === PUT && (findOption(m.options, BLOCK1)?.value.length ?? 0) > 1;
          return m;
        },
        fromClient: (m) =>
          isLong && m.code === CONTENT && m.payload.length < 500 ? { ...m, code: NOT_FOUND } : m,
      };
    },
  ),
];
