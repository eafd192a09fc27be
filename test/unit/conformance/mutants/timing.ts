/** Clients whose notifications come at another time. */
import { decodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { CHANGED, PUT } from "../../../../protocol/coap/codes.ts";
import type { Message } from "../../../../protocol/coap/message.ts";
import {
  OBSERVE,
  textOption,
  textsOf,
  URI_QUERY,
  uintOf,
} from "../../../../protocol/coap/options.ts";
import type { Tamper } from "../tampered-client.ts";

import {
  hearing,
  instead,
  isWriteAttributes,
  type Mutant,
  mutant,
  pathIn,
  pretending,
  withPath,
} from "./mutant.ts";

/** Reads the query of a Write-Attributes otherwise; an empty text leaves one out. */
function misread(m: Message, change: (query: string) => string): Message {
  const options = m.options.flatMap((option) => {
    if (option.number !== URI_QUERY) return [option];
    const query = change(decodeUtf8(option.value));
    return query === "" ? [] : [textOption(URI_QUERY, query)];
  });
  return { ...m, options };
}

/** Only the nth time that attributes are set, counted from 1. */
function misreadingOnce(nth: number, change: (query: string) => string): () => Tamper {
  return () => {
    let times = 0;
    return {
      toClient: (m) => {
        const isSetting =
          isWriteAttributes(m) &&
          textsOf(m.options, URI_QUERY).some((query) => query.includes("="));
        return isSetting && ++times === nth ? misread(m, change) : m;
      },
    };
  };
}

const observes = (m: Message) => uintOf(m.options, OBSERVE, -1) === 0;

export const TIMING_MUTANTS: readonly Mutant[] = [
  mutant(
    "waits a second longer than pmin",
    ["dormouse-timing-periods at-pmin"],
    misreadingOnce(3, (query) => query.replace("pmin=10", "pmin=11")),
  ),
  mutant(
    "holds back what nothing holds back",
    ["dormouse-timing-periods prompt"],
    misreadingOnce(4, (query) => query.replace("pmin=5", "pmin=40")),
  ),
  mutant(
    "lets every second pmax pass",
    ["dormouse-timing-periods equal"],
    misreadingOnce(9, (query) => query.replace("pmax=10", "pmax=20")),
  ),
  mutant(
    "minds a pmax below its pmin",
    ["dormouse-timing-periods ignored"],
    misreadingOnce(11, (query) => query.replace("pmin=20", "pmin=0")),
  ),
  mutant(
    "ignores lt",
    ["dormouse-timing-conditions lt", "dormouse-notify-thresholds crossing"],
    hearing(instead(isWriteAttributes, (m) => misread(m, (query) => query.replace(/^lt=.*/, "")))),
  ),
  mutant(
    "ignores st",
    ["dormouse-timing-conditions st", "dormouse-notify-step less"],
    hearing(instead(isWriteAttributes, (m) => misread(m, (query) => query.replace(/^st=.*/, "")))),
  ),
  mutant(
    "minds one condition where there are several",
    ["dormouse-timing-conditions together"],
    misreadingOnce(4, (query) => query.replace(/^(lt|st)=.*/, "")),
  ),
  mutant(
    "pretends to take another default pmax",
    ["dormouse-timing-defaults defaults", "dormouse-notify-defaults written"],
    pretending((m) => m.code === PUT && pathIn(m) === "/1/0/3", CHANGED),
  ),
  mutant(
    "minds the account's pmin before an attribute",
    ["dormouse-timing-defaults attributes"],
    hearing(
      instead(isWriteAttributes, (m) =>
        misread(m, (query) => query.replace(/^pmin=0$/, "pmin=15")),
      ),
    ),
  ),
  mutant(
    "tells of an instance where a resource is observed",
    ["dormouse-timing-levels beside"],
    hearing(
      instead(
        (m) => observes(m) && pathIn(m).startsWith("/3/0/7"),
        (m) => withPath(m, "/3/0"),
      ),
    ),
  ),
];
