/** Clients whose lists of links are wrong (TD_COAP_LINK). */
import { GET, NOT_FOUND } from "../../../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../../../protocol/coap/content-formats.ts";
import type { Message } from "../../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, URI_QUERY, uintOption } from "../../../../protocol/coap/options.ts";
import {
  acknowledged,
  answering,
  hearing,
  type Mutant,
  mutant,
  pathIn,
  pretending,
  without,
  withPayload,
} from "./mutant.ts";

const isDiscovery = (m: Message) => m.code === GET && pathIn(m) === "/.well-known/core";
const isFiltered = (m: Message) =>
  isDiscovery(m) && m.options.some(({ number }) => number === URI_QUERY);
const FILTERS = ["02", "03", "04", "05", "06", "07", "08"];

export const LINK_MUTANTS: readonly Mutant[] = [
  mutant("has no list of resources", ["TD_COAP_LINK_01 list"], pretending(isDiscovery, NOT_FOUND)),
  mutant(
    "leaves its objects out of the list of resources",
    ["TD_COAP_LINK_01 device"],
    answering(isDiscovery, (m) =>
      withPayload(m, (text) =>
        text
          .split(",")
          .filter((link) => !/^<\/\d/.test(link))
          .join(","),
      ),
    ),
  ),
  mutant(
    "ignores filters",
    FILTERS.map((number) => `TD_COAP_LINK_${number} only`),
    hearing((m) => (isDiscovery(m) ? without(m, URI_QUERY) : m)),
  ),
  mutant(
    "finds nothing by a filter",
    FILTERS.map((number) => `TD_COAP_LINK_${number} matching`),
    () => ({
      toClient: (m, answer) => {
        if (!isFiltered(m)) return m;
        const options = [uintOption(CONTENT_FORMAT, LINK_FORMAT)];
        answer({ ...acknowledged(m, 0x45), options });
        return undefined;
      },
    }),
  ),
  mutant(
    "links to a list that is none",
    ["TD_COAP_LINK_09 list"],
    pretending((m) => m.code === GET && pathIn(m) === "/hall", NOT_FOUND),
  ),
  mutant(
    "links from a list to what is not there",
    ["TD_COAP_LINK_09 there"],
    answering(
      (m) => m.code === GET && pathIn(m) === "/hall",
      (m) => withPayload(m, () => "</3/0/32000>"),
    ),
  ),
];
