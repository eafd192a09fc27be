/** Clients whose objects do the wrong thing: firmware update, cellular connectivity, attributes at several levels. */
import { CHANGED, GET } from "../../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TLV } from "../../../../protocol/coap/content-formats.ts";
import type { Message } from "../../../../protocol/coap/message.ts";
import type { Value } from "../../../../protocol/model/data-types.ts";
import { decodeValues, encodeValues } from "../../../conformance/content.ts";

import {
  answering,
  formatIn,
  instead,
  isExecute,
  type Mutant,
  mutant,
  OMA,
  pathIn,
  pretending,
  saying,
  withPayload,
} from "./mutant.ts";

export const readsFirmware = (m: Message) => m.code === GET && pathIn(m) === "/5/0";
const isList = (m: Message) => formatIn(m) === LINK_FORMAT;

export const OBJECT_MUTANTS: readonly Mutant[] = [
  mutant(
    "does not say how packages come",
    [`${OMA}751 delivery`],
    answering(readsFirmware, (m) => withFirmware(m, { "/5/0/9": undefined })),
  ),
  mutant(
    "shows the package",
    [`${OMA}751 hidden`],
    answering(readsFirmware, (m) => withFirmware(m, { "/5/0/0": Uint8Array.of(1) })),
  ),
  mutant(
    "never says what came of an update",
    ["770", "771", "773", "774", "775", "776", "777", "778", "779"].map((n) => `${OMA}${n} result`),
    answering(readsFirmware, (m) => withFirmware(m, { "/5/0/5": 0 })),
  ),
  mutant(
    "has the same version after an update",
    [`${OMA}770 version`, `${OMA}771 version`],
    answering(
      (m) => m.code === GET && pathIn(m) === "/3/0/3",
      (m) => withPayload(m, () => "1.0"),
    ),
  ),
  mutant(
    "updates without a package",
    [`${OMA}772 refused`],
    pretending((m) => isExecute(m) && pathIn(m) === "/5/0/2", CHANGED),
  ),
  mutant(
    "does not count",
    [`${OMA}901 counted`],
    pretending((m) => isExecute(m) && pathIn(m).startsWith("/7/"), CHANGED),
  ),
  mutant(
    "has no power saving modes",
    [`${OMA}1201 listed`],
    saying(
      instead(isList, (m) =>
        withPayload(m, (text) => text.replace("</10/0/14>,", "").replace(",</10/0/14>", "")),
      ),
    ),
  ),
  mutant(
    "does not say the version of an object",
    [`${OMA}1201 version`],
    saying(instead(isList, (m) => withPayload(m, (text) => text.replace(/;ver=[^,;]*/g, "")))),
  ),
  mutant(
    "forgets evaluation periods",
    [`${OMA}261 own`],
    saying(instead(isList, (m) => withPayload(m, (text) => text.replace(/;epm[inax]+=\d+/g, "")))),
  ),
  mutant(
    "starts its log in word only",
    [`${OMA}2000 running`],
    pretending((m) => isExecute(m) && pathIn(m) === "/20/0/4011", CHANGED),
  ),
];

/**
 * The answer to a Read of /5/0 with other values; undefined takes one away.
 *
 * @param onlyFor the result that it has, if not any
 */
export function withFirmware(
  message: Message,
  changes: Readonly<Record<string, Value | undefined>>,
  onlyFor?: number,
): Message {
  const values = decodeValues(TLV, message.payload, "/5/0");
  if (typeof values === "string") return message;
  if (onlyFor !== undefined && values.get("/5/0/5") !== onlyFor) return message;
  const changed = new Map<string, Value>(values);
  for (const [path, value] of Object.entries(changes)) {
    if (value === undefined) changed.delete(path);
    else changed.set(path, value);
  }
  const ordered = [...changed].sort(([a], [b]) => numberOf(a) - numberOf(b));
  return { ...message, payload: encodeValues(TLV, "/5/0", Object.fromEntries(ordered)) };
}

function numberOf(path: string): number {
  return Number(path.split("/")[3]);
}
