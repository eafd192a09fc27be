/** Clients that do composite operations and Send wrongly. */
import { CHANGED, CONTENT, FETCH, IPATCH, PUT } from "../../../../protocol/coap/codes.ts";
import { TLV } from "../../../../protocol/coap/content-formats.ts";
import type { Message } from "../../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, OBSERVE, uintOf, uintOption } from "../../../../protocol/coap/options.ts";

import {
  acknowledged,
  answering,
  hearing,
  instead,
  isNotification,
  type Mutant,
  mutant,
  OMA,
  pathIn,
  pretending,
  saying,
  without,
  withRecord,
} from "./mutant.ts";

const isFetch = (m: Message) => m.code === FETCH;
const isCancel = (m: Message) => isFetch(m) && uintOf(m.options, OBSERVE, -1) === 1;
const isSend = (m: Message) => pathIn(m) === "/dp";

export const COMPOSITE_MUTANTS: readonly Mutant[] = [
  mutant(
    "adds to a Read-Composite what nobody asked for",
    [`${OMA}229 omitted`, `${OMA}280 omitted`, `${OMA}281 omitted`],
    answering(isFetch, (m) => withRecord(m, "/4/0/2")),
  ),
  mutant(
    "shows its security object in a Read-Composite",
    [`${OMA}235 hidden`],
    answering(isFetch, (m) => withRecord(m, "/0/0/10")),
  ),
  mutant(
    "makes up objects in a Read-Composite",
    [`${OMA}236 omitted`],
    answering(isFetch, (m) => withRecord(m, "/3339/0/5522")),
  ),
  mutant(
    "writes more than a Write-Composite says",
    [`${OMA}230 unchanged`],
    hearing(
      instead(
        (m) => m.code === IPATCH,
        (m) => withRecord(m, "/1/0/5"),
      ),
    ),
  ),
  mutant(
    "pretends to write a composite",
    [`${OMA}230 update`, `${OMA}257 changed`],
    pretending((m) => m.code === IPATCH, CHANGED),
  ),
  mutant(
    "does not observe composites, it reads them",
    [`${OMA}304 observe`, `${OMA}308 observe`, `${OMA}310 observe`],
    hearing(instead(isFetch, (m) => without(m, OBSERVE))),
  ),
  mutant(
    "goes on after the cancellation of a composite",
    [`${OMA}305 silence`],
    pretending(isCancel, CONTENT),
  ),
  mutant("adds to composite notifications what is gone", [`${OMA}309 notified`], () => {
    let isComposite = false;
    return {
      toClient: (m) => {
        if (isFetch(m)) isComposite = true;
        return m;
      },
      fromClient: (m) => (isComposite && isNotification(m) ? withRecord(m, "/16/1/3") : m),
    };
  }),
  mutant(
    "sends in TLV",
    [`${OMA}306 format`, `${OMA}311 request`],
    saying(
      instead(isSend, (m) => {
        const rest = without(m, CONTENT_FORMAT);
        return { ...rest, options: [...rest.options, uintOption(CONTENT_FORMAT, TLV)] };
      }),
    ),
  ),
  mutant(
    "sends values of objects that it did not list",
    [`${OMA}306 registered`],
    saying(instead(isSend, (m) => withRecord(m, "/4/0/2"))),
  ),
  mutant("sends everything twice", [`${OMA}306 accepted`], () => ({
    fromClient: (m, say) => {
      if (isSend(m)) say({ ...m, messageId: m.messageId ^ 0x800 });
      return m;
    },
  })),
  mutant("cannot be muted", [`${OMA}307 muted`], () => ({
    toClient: (m, answer) => {
      if (m.code !== PUT || pathIn(m) !== "/1/0/23") return m;
      answer(acknowledged(m, CHANGED));
      return undefined;
    },
  })),
  mutant("stays mute", [`${OMA}307 unmuted`], () => {
    let writes = 0;
    return {
      toClient: (m, answer) => {
        if (m.code !== PUT || pathIn(m) !== "/1/0/23" || ++writes < 2) return m;
        answer(acknowledged(m, CHANGED));
        return undefined;
      },
    };
  }),
];
