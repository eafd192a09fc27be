/** Clients that take one path, method or format for another. */
import {
  CHANGED,
  CONTENT,
  GET,
  INTERNAL_SERVER_ERROR,
  isRequest,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PUT,
  UNAUTHORIZED,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../../protocol/coap/codes.ts";
import {
  CBOR,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_ETCH_JSON,
  TEXT,
  TLV,
} from "../../../../protocol/coap/content-formats.ts";
import { ACK, type Message } from "../../../../protocol/coap/message.ts";
import { ACCEPT, URI_PATH, uintOf } from "../../../../protocol/coap/options.ts";

import {
  answering,
  formatIn,
  hearing,
  instead,
  isExecute,
  type Mutant,
  mutant,
  pathIn,
  pretending,
  without,
  withPath,
} from "./mutant.ts";

const acceptIn = (m: Message) => uintOf(m.options, ACCEPT, -1);
const depthOf = (m: Message) => pathIn(m).split("/").length - 1;
const saysCode = (code: number) => (m: Message) => ({ ...m, code });
const insteadOf = (code: number, other: number) => (m: Message) =>
  m.code === code ? { ...m, code: other } : m;
const flipped = (m: Message): Message => ({
  ...m,
  payload: m.payload.map((byte, i) => (i === m.payload.length - 1 ? byte ^ 1 : byte)),
});
const hasReserved = (depth: number) => (m: Message) =>
  m.code === GET && depthOf(m) === depth && pathIn(m).includes("65535");
const isHidden = (m: Message) => /^\/(0|21|23)(\/|$)/.test(pathIn(m));
/** As a language reads numbers that are not checked. */
const careless = (m: Message) => {
  const segments = m.options.filter(({ number }) => number === URI_PATH);
  const path = segments.map(({ value }) => Number.parseInt(new TextDecoder().decode(value), 10));
  return path.length === 0 || path.some(Number.isNaN) ? m : withPath(m, `/${path.join("/")}`);
};

export const PATH_MUTANTS: readonly Mutant[] = [
  mutant(
    "has something to read at its root",
    ["dormouse-paths-levels root"],
    answering((m) => m.code === GET && pathIn(m) === "/", saysCode(CONTENT)),
  ),
  mutant(
    "does not find methods that it does not know",
    ["dormouse-paths-levels object"],
    answering((m) => m.code > 4, insteadOf(METHOD_NOT_ALLOWED, NOT_FOUND)),
  ),
  mutant(
    "executes instances",
    ["dormouse-paths-levels instance"],
    pretending((m) => m.code === POST && pathIn(m) === "/3/0" && m.payload.length === 0, CHANGED),
  ),
  mutant(
    "executes what it has for reading",
    ["dormouse-paths-levels resource"],
    pretending((m) => isExecute(m) && pathIn(m) === "/3/0/1", CHANGED),
  ),
  mutant(
    "finds the first resource instance for all others",
    ["dormouse-paths-levels resource-instance"],
    hearing(
      instead(
        (m) => pathIn(m) === "/16/0/0/77",
        (m) => withPath(m, "/16/0/0/0"),
      ),
    ),
  ),
  mutant(
    "overlooks what comes after a resource instance",
    ["dormouse-paths-levels deeper"],
    hearing(
      instead(
        (m) => isRequest(m.code) && depthOf(m) > 4,
        (m) => withPath(m, pathIn(m).split("/").slice(0, 5).join("/")),
      ),
    ),
  ),
  mutant("changes what it refuses to change", ["dormouse-paths-levels unchanged"], () => {
    let refusals = 0;
    return {
      fromClient: (m) => {
        if (m.type !== ACK) return m;
        if (m.code === METHOD_NOT_ALLOWED) refusals++;
        return refusals > 30 && m.code === CONTENT ? flipped(m) : m;
      },
    };
  }),
  mutant(
    "breaks down over object 65535",
    ["dormouse-paths-reserved object"],
    answering(hasReserved(1), saysCode(INTERNAL_SERVER_ERROR)),
  ),
  ...(["instance", "resource", "resource-instance"] as const).map((level, i) =>
    mutant(
      `does not find reserved ids of ${level}s`,
      [`dormouse-paths-reserved ${level}`],
      answering(hasReserved(i + 2), saysCode(NOT_FOUND)),
    ),
  ),
  ...(["instance", "resource"] as const).map((level, i) =>
    mutant(
      `does not find hidden ${level}s`,
      [`dormouse-paths-hidden ${level}`],
      answering((m) => isHidden(m) && depthOf(m) === i + 2, insteadOf(UNAUTHORIZED, NOT_FOUND)),
    ),
  ),
  mutant("answers nobody who was refused too often", ["dormouse-paths-hidden unchanged"], () => {
    let refusals = 0;
    return {
      fromClient: (m) => {
        if (m.code === UNAUTHORIZED) refusals++;
        return refusals > 50 && m.code === CONTENT ? { ...m, code: UNAUTHORIZED } : m;
      },
    };
  }),
  mutant(
    "reads the numbers of paths carelessly",
    ["dormouse-paths-spelling read"],
    hearing(instead((m) => m.code === GET, careless)),
  ),
  mutant(
    "reads the numbers of paths carelessly when it is written to",
    ["dormouse-paths-spelling write"],
    hearing(instead((m) => m.code === PUT, careless)),
  ),
  mutant(
    "takes leading zeros for another number",
    ["dormouse-paths-spelling forgiven"],
    hearing(
      instead(
        (m) => pathIn(m) === "/03/0/1",
        (m) => withPath(m, "/3/0/2"),
      ),
    ),
  ),
  mutant(
    "reads one value in another format than CBOR",
    ["dormouse-formats-read one"],
    hearing(
      instead(
        (m) => acceptIn(m) === CBOR && depthOf(m) > 2,
        (m) => without(m, ACCEPT),
      ),
    ),
  ),
  mutant(
    "reads the first of several values in text",
    ["dormouse-formats-read not-several", "dormouse-paths-levels instance"],
    hearing(
      instead(
        (m) => acceptIn(m) === TEXT && depthOf(m) < 3,
        (m) => withPath(m, "/3/0/1"),
      ),
    ),
  ),
  mutant(
    "reads texts as bytes",
    ["dormouse-formats-read bytes"],
    hearing(
      instead(
        (m) => acceptIn(m) === OCTET_STREAM,
        (m) => without(m, ACCEPT),
      ),
    ),
  ),
  mutant(
    "does not look at Accept closely",
    ["dormouse-formats-read foreign"],
    hearing(
      instead(
        (m) => acceptIn(m) === SENML_ETCH_JSON,
        (m) => without(m, ACCEPT),
      ),
    ),
  ),
  mutant(
    "writes values of several places in TLV only",
    ["dormouse-formats-write tree"],
    pretending(
      (m) => m.code === POST && pathIn(m) === "/1/0" && formatIn(m) === SENML_CBOR,
      UNSUPPORTED_CONTENT_FORMAT,
    ),
  ),
  mutant(
    "does not write CBOR",
    ["dormouse-formats-write one"],
    pretending((m) => formatIn(m) === CBOR, UNSUPPORTED_CONTENT_FORMAT),
  ),
  mutant(
    "creates from TLV only",
    ["dormouse-formats-write create"],
    pretending(
      (m) => m.code === POST && pathIn(m) === "/16" && formatIn(m) !== TLV,
      UNSUPPORTED_CONTENT_FORMAT,
    ),
  ),
  mutant(
    "takes one value for an instance",
    ["dormouse-formats-write misfit", "dormouse-paths-levels instance"],
    pretending((m) => m.code === PUT && depthOf(m) === 2 && formatIn(m) === TEXT, CHANGED),
  ),
  mutant(
    "takes changes for a Write",
    ["dormouse-formats-write foreign"],
    pretending((m) => m.code === PUT && formatIn(m) === SENML_ETCH_JSON, CHANGED),
  ),
  mutant("writes what it does not understand", ["dormouse-formats-write unchanged"], () => {
    let refusals = 0;
    return {
      fromClient: (m) => {
        if (m.code === UNSUPPORTED_CONTENT_FORMAT) refusals++;
        return refusals > 3 && m.code === CONTENT ? flipped(m) : m;
      },
    };
  }),
];
