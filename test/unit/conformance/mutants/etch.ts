/** Clients that know SenML-ETCH, or the depth of a Discover, by half. */
import { decodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  FETCH,
  GET,
  IPATCH,
  NOT_ACCEPTABLE,
  NOT_FOUND,
} from "../../../../protocol/coap/codes.ts";
import {
  LINK_FORMAT,
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
} from "../../../../protocol/coap/content-formats.ts";
import type { Message } from "../../../../protocol/coap/message.ts";
import { ACCEPT, OBSERVE, textsOf, URI_QUERY, uintOf } from "../../../../protocol/coap/options.ts";
import {
  answering,
  dropping,
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
  withQuery,
} from "./mutant.ts";

const isEtch = (m: Message) => formatIn(m) === SENML_ETCH_JSON || formatIn(m) === SENML_ETCH_CBOR;
/** A pack in JSON that has this in it. */
const says = (code: number, words: string) => (m: Message) =>
  m.code === code && formatIn(m) === SENML_ETCH_JSON && decodeUtf8(m.payload).includes(words);
const isFetch = (m: Message) => m.code === FETCH && isEtch(m);
const recordsIn = (m: Message) => decodeUtf8(m.payload).split("{").length - 1;

const LIST_MUTANTS: readonly Mutant[] = [
  mutant(
    "makes no resource instance by an iPATCH",
    ["dormouse-etch-write sets"],
    pretending(says(IPATCH, '"vs":"new"'), NOT_FOUND),
  ),
  mutant(
    "removes nothing by an iPATCH of null",
    ["dormouse-etch-write removes"],
    pretending((m) => says(IPATCH, '"v":null')(m) && recordsIn(m) === 1, CHANGED),
  ),
  mutant(
    "refuses two records about one place",
    ["dormouse-etch-write sequence"],
    pretending(says(IPATCH, '"vs":"last"'), BAD_REQUEST),
  ),
  mutant(
    "refuses to remove what is not there",
    ["dormouse-etch-write absent"],
    pretending(says(IPATCH, "16/0/0/99"), BAD_REQUEST),
  ),
  mutant(
    "says that it removed what has to be there",
    ["dormouse-etch-write kept"],
    pretending((m) => says(IPATCH, "1/0/1")(m) && recordsIn(m) === 1, CHANGED),
  ),
  mutant(
    "refuses a patch with a field that it does not know",
    ["dormouse-etch-write passed"],
    pretending(says(IPATCH, "bar_"), BAD_REQUEST),
  ),
  mutant(
    "answers lists of paths in JSON alone",
    ["dormouse-etch-read read"],
    answering(
      (m) => isFetch(m) && uintOf(m.options, ACCEPT, 0) === SENML_CBOR,
      (m) => ({ ...m, code: NOT_ACCEPTABLE }),
    ),
  ),
  mutant(
    "knows no bases in lists of paths",
    ["dormouse-etch-read bases"],
    pretending(says(FETCH, '"bn":'), BAD_REQUEST),
  ),
  mutant(
    "tells twice what is asked for twice",
    ["dormouse-etch-read once"],
    answering(
      (m) => isFetch(m) && recordsIn(m) === 2 && says(FETCH, '"/1/0/2"},{"n":"/1/0/2"')(m),
      (m) => withPayload(m, (text) => text.replace("]", ',{"n":"1/0/2","v":1}]')),
    ),
  ),
  mutant(
    "finds nothing where something is absent",
    ["dormouse-etch-read absent"],
    pretending(says(FETCH, "/32000"), NOT_FOUND),
  ),
  mutant(
    "passes over values in lists of paths",
    ["dormouse-etch-read refused"],
    pretending(says(FETCH, '"v":1'), CONTENT),
  ),
  mutant(
    "answers lists of paths in what nobody asked for",
    ["dormouse-etch-read unacceptable"],
    answering(isFetch, (m) => (m.code === NOT_ACCEPTABLE ? { ...m, code: CONTENT } : m)),
  ),
  mutant(
    "takes anything for a list of paths",
    ["dormouse-etch-read unstated"],
    pretending((m) => m.code === FETCH && formatIn(m) === -1, CONTENT),
  ),
  mutant(
    "observes no lists of paths in SenML-ETCH",
    ["dormouse-etch-observe observed"],
    answering(isFetch, (m) => without(m, OBSERVE)),
  ),
  mutant(
    "tells nothing in LwM2M CBOR",
    ["dormouse-etch-observe notified"],
    saying(dropping((m) => isNotification(m) && formatIn(m) === LWM2M_CBOR)),
  ),
  mutant(
    "does not stop to observe a list of paths in SenML-ETCH",
    ["dormouse-etch-observe cancelled"],
    hearing(
      instead(
        (m) => isFetch(m) && uintOf(m.options, OBSERVE, 0) === 1,
        (m) => without(m, OBSERVE),
      ),
    ),
  ),
];

// Depth.

const isDiscover = (m: Message) => m.code === GET && uintOf(m.options, ACCEPT, -1) === LINK_FORMAT;
const hasDepth = (depth: string) => (m: Message) =>
  m.code === GET && textsOf(m.options, URI_QUERY).includes(depth);
const withDepth = (m: Message, depth: string) => withQuery(withoutQuery(m, /^depth/), depth);

const DEPTH_MUTANTS: readonly Mutant[] = [
  mutant(
    "lists no resources of an object",
    ["dormouse-discover-depth usual"],
    answering(
      (m) => isDiscover(m) && pathIn(m) === "/16" && textsOf(m.options, URI_QUERY).length === 0,
      (m) => withPayload(m, (text) => text.replace(/,<\/16\/0\/0>[^,]*/, "")),
    ),
  ),
  mutant(
    "looks a level too deep",
    ["dormouse-discover-depth depth"],
    hearing(instead(hasDepth("depth=1"), (m) => withDepth(m, "depth=2"))),
  ),
  mutant(
    "looks as deep as it can where the depth is none",
    ["dormouse-discover-depth none"],
    hearing(instead(hasDepth("depth=4"), (m) => withDepth(m, "depth=3"))),
  ),
  mutant(
    "takes depth for an attribute",
    ["dormouse-discover-depth written"],
    pretending(
      (m) => isWriteAttributes(m) && textsOf(m.options, URI_QUERY).includes("depth=1"),
      CHANGED,
    ),
  ),
];

export const ETCH_MUTANTS: readonly Mutant[] = [...LIST_MUTANTS, ...DEPTH_MUTANTS];
