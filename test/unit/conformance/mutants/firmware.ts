/** Clients that lose their way in a firmware update. */

import { decodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import {
  CHANGED,
  GET,
  METHOD_NOT_ALLOWED,
  PUT,
  REQUEST_ENTITY_INCOMPLETE,
} from "../../../../protocol/coap/codes.ts";
import type { Message } from "../../../../protocol/coap/message.ts";
import { BLOCK1, OBSERVE, uintOf } from "../../../../protocol/coap/options.ts";
import { blockOf } from "../../../conformance/block-wise.ts";
import type { Tamper } from "../tampered-client.ts";

import {
  acknowledged,
  answering,
  isExecute,
  isNotification,
  type Mutant,
  mutant,
  pathIn,
  pretending,
} from "./mutant.ts";
import { readsFirmware, withFirmware } from "./objects.ts";
import { misconfigured } from "./retry.ts";

const isPackage = (m: Message) => m.code === PUT && pathIn(m) === "/5/0/0";
const isUri = (m: Message) => m.code === PUT && pathIn(m) === "/5/0/1";
const isReset = (m: Message) =>
  (isPackage(m) && blockOf(m, BLOCK1) === undefined && m.payload.length < 2) ||
  (isUri(m) && m.payload.length === 0);
const isUpdate = (m: Message) => isExecute(m) && pathIn(m) === "/5/0/2";
const isCancel = (m: Message) => isExecute(m) && pathIn(m) === "/5/0/10";
const isFirstBlock = (m: Message) => isPackage(m) && blockOf(m, BLOCK1)?.num === 0;

/** Says `code` to the nth of some requests, and does nothing. */
function pretendingOnce(
  nth: number,
  matching: (m: Message) => boolean,
  code: number,
): () => Tamper {
  return () => {
    let times = 0;
    return {
      toClient: (m, say) => {
        if (!matching(m) || ++times !== nth) return m;
        say(acknowledged(m, code));
        return undefined;
      },
    };
  };
}

/** Says `code` to some requests once others have come so often, and does nothing. */
function pretendingAfter(
  times: number,
  counted: (m: Message) => boolean,
  matching: (m: Message) => boolean,
  code: number,
): () => Tamper {
  return () => {
    let count = 0;
    return {
      toClient: (m, say) => {
        if (count >= times && matching(m)) {
          say(acknowledged(m, code));
          return undefined;
        }
        if (counted(m)) count++;
        return m;
      },
    };
  };
}

/** Says another result than there is, once a URI with this in it was written. */
function resultAfter(part: string, result: number): () => Tamper {
  return () => {
    let isOn = false;
    const asked = new Set<number>();
    return {
      toClient: (m) => {
        if (isUri(m)) isOn = decodeUtf8(m.payload).includes(part);
        if (isOn && readsFirmware(m)) asked.add(m.messageId);
        return m;
      },
      fromClient: (m) => (asked.has(m.messageId) ? withFirmware(m, { "/5/0/5": result }) : m),
    };
  };
}

export const FIRMWARE_MUTANTS: readonly Mutant[] = [
  mutant(
    "is reset in word only",
    [
      "dormouse-firmware-reset downloaded",
      "dormouse-firmware-protocol reset",
      "dormouse-firmware-download reset",
    ],
    pretending(isReset, CHANGED),
  ),
  mutant(
    "is not reset after a failure",
    ["dormouse-firmware-reset failed"],
    pretendingOnce(2, isReset, CHANGED),
  ),
  mutant(
    "goes on with a push that was reset",
    ["dormouse-firmware-reset pushing"],
    pretendingOnce(3, isReset, CHANGED),
  ),
  mutant(
    "takes no package after many resets",
    ["dormouse-firmware-reset again"],
    pretendingAfter(9, isReset, isFirstBlock, METHOD_NOT_ALLOWED),
  ),
  mutant(
    "updates while a package comes",
    ["dormouse-firmware-states downloading"],
    pretendingOnce(3, isUpdate, CHANGED),
  ),
  mutant(
    "forgets a push over an Update",
    ["dormouse-firmware-states completes"],
    pretendingAfter(3, isUpdate, isPackage, REQUEST_ENTITY_INCOMPLETE),
  ),
  mutant(
    "updates while it updates",
    ["dormouse-firmware-states updating"],
    pretendingOnce(5, isUpdate, CHANGED),
  ),
  mutant("has a package in spite of a gap", ["dormouse-firmware-broken-push gap"], () => {
    let hasGap = false;
    const asked = new Set<number>();
    return {
      toClient: (m) => {
        if (hasGap && readsFirmware(m)) asked.add(m.messageId);
        return m;
      },
      fromClient: (m) => {
        hasGap ||= m.code === REQUEST_ENTITY_INCOMPLETE;
        return asked.has(m.messageId) ? withFirmware(m, { "/5/0/3": 2 }) : m;
      },
    };
  }),
  mutant(
    "takes a push that stands still for a package that is broken",
    ["dormouse-firmware-broken-push silence"],
    answering(readsFirmware, (m) => withFirmware(m, { "/5/0/5": 5 }, 4)),
  ),
  mutant(
    "takes no package after one that broke off",
    ["dormouse-firmware-broken-push anew"],
    pretendingAfter(1, isFirstBlock, isFirstBlock, METHOD_NOT_ALLOWED),
  ),
  mutant(
    "does not try an installation again",
    ["dormouse-firmware-again again"],
    pretendingOnce(2, isUpdate, METHOD_NOT_ALLOWED),
  ),
  mutant(
    "installs nothing after an installation that failed",
    ["dormouse-firmware-again success"],
    pretendingOnce(3, isUpdate, METHOD_NOT_ALLOWED),
  ),
  mutant(
    "says of protocols that it lacks that the URI is wrong",
    ["dormouse-firmware-protocol unlisted"],
    resultAfter("coap+tcp", 7),
  ),
  mutant(
    "says of schemes that it does not know that the connection was lost",
    ["dormouse-firmware-protocol unknown"],
    resultAfter("gopher", 4),
  ),
  mutant(
    "takes a URI of any length, and does nothing about it",
    ["dormouse-firmware-protocol long"],
    pretending((m) => isUri(m) && m.payload.length > 255, CHANGED),
  ),
  mutant(
    "downloads once and never again",
    ["dormouse-firmware-download downloaded"],
    pretendingOnce(3, isUri, CHANGED),
  ),
  mutant(
    "downloads twice and never again",
    ["dormouse-firmware-download again"],
    pretendingOnce(5, isUri, CHANGED),
  ),
  mutant("does not tell what came of an update", ["dormouse-firmware-notified result"], () => {
    const tokens = new Set<string>();
    return {
      toClient: (m) => {
        const isObserve = m.code === GET && uintOf(m.options, OBSERVE, -1) === 0;
        if (isObserve && pathIn(m) === "/5/0/5") tokens.add(m.token.join());
        return m;
      },
      fromClient: (m) => (isNotification(m) && tokens.has(m.token.join()) ? undefined : m),
    };
  }),
  mutant(
    "cannot be stopped",
    ["dormouse-firmware-cancel downloaded", "dormouse-firmware-defer cancelled"],
    pretending(isCancel, METHOD_NOT_ALLOWED),
  ),
  mutant(
    "goes on with a push that was cancelled",
    ["dormouse-firmware-cancel downloading"],
    pretendingOnce(2, isCancel, CHANGED),
  ),
  mutant(
    "takes no package after one that was cancelled",
    ["dormouse-firmware-cancel again"],
    pretendingAfter(2, isCancel, isFirstBlock, METHOD_NOT_ALLOWED),
  ),
  misconfigured(
    "does not ask its user",
    ["dormouse-firmware-defer deferred"],
    (values) => (values[13] === undefined ? values : { ...values, 13: 0 }),
    5,
  ),
  misconfigured(
    "waits for its user for half of the time",
    ["dormouse-firmware-defer waits"],
    (values) => (values[13] === undefined ? values : { ...values, 13: 30 }),
    5,
  ),
  misconfigured(
    "waits for its user for ever",
    ["dormouse-firmware-defer proceeds"],
    (values) => (values[13] === undefined ? values : { ...values, 13: 86400 }),
    5,
  ),
  mutant(
    "does not mind how severe an update is",
    ["dormouse-firmware-defer critical"],
    pretending((m) => m.code === PUT && pathIn(m) === "/5/0/11", CHANGED),
  ),
];
