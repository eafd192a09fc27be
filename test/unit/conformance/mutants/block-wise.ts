/** Clients that put bodies together, or cut them, wrongly (RFC 7959). */
import { decodeBlock } from "../../../../protocol/coap/block.ts";
import {
  CHANGED,
  CONTENT,
  CONTINUE,
  GET,
  INTERNAL_SERVER_ERROR,
  NOT_FOUND,
  PUT,
  REQUEST_ENTITY_INCOMPLETE,
} from "../../../../protocol/coap/codes.ts";
import { OCTET_STREAM } from "../../../../protocol/coap/content-formats.ts";
import { ACK, type Message } from "../../../../protocol/coap/message.ts";
import { BLOCK1, BLOCK2, ETAG, findOption, uintOption } from "../../../../protocol/coap/options.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import { blockOf } from "../../../conformance/block-wise.ts";
import type { Tamper } from "../tampered-client.ts";

import {
  acknowledged,
  answering,
  formatIn,
  hearing,
  type Mutant,
  mutant,
  without,
} from "./mutant.ts";

const blockIn = (m: Message) => (m.code === PUT ? blockOf(m, BLOCK1) : undefined);
const isFirst = (m: Message) => blockIn(m)?.num === 0;
const isLater = (m: Message) => (blockIn(m)?.num ?? 0) > 0;
const isLast = (m: Message) => isLater(m) && blockIn(m)?.more === false;
const hasReservedSize = (m: Message) => {
  const option = findOption(m.options, BLOCK1);
  return option !== undefined && isMalformed(decodeBlock(option.value));
};
const isShort = (m: Message) => {
  const block = blockIn(m);
  return block?.more === true && m.payload.length < block.size;
};

/** What is read is not what was written, once something has happened. */
function readsWrongAfter(happens: (m: Message) => boolean): () => Tamper {
  return () => {
    let hasHappened = false;
    return {
      fromClient: (m) => {
        hasHappened ||= happens(m);
        if (!hasHappened || m.code !== CONTENT || m.payload.length < 100) return m;
        return { ...m, payload: m.payload.map((byte, i) => (i === 50 ? byte ^ 1 : byte)) };
      },
    };
  };
}

/** While a body is under way, or once one has failed, some requests get this code and are not heard. */
function refusing(
  code: number,
  begins: (m: Message) => boolean,
  refuses: (m: Message) => boolean,
): () => Tamper {
  return () => {
    let isOn = false;
    return {
      toClient: (m, say) => {
        if (!isOn || !refuses(m)) return m;
        say(acknowledged(m, code));
        return undefined;
      },
      fromClient: (m) => {
        if (m.type === ACK) isOn = begins(m) || (isOn && m.code !== CHANGED);
        return m;
      },
    };
  };
}

const ELECTIVE = 65000;
const SAME_TAG = { number: ETAG, value: Uint8Array.of(1) };

const asCode = (code: number) => (m: Message) => ({ ...m, code });

export const BLOCK_WISE_MUTANTS: readonly Mutant[] = [
  mutant(
    "says Changed to every block",
    ["dormouse-block-write continue", "dormouse-block-write-servers apart"],
    answering((m) => blockIn(m)?.more === true, asCode(CHANGED)),
  ),
  mutant("counts a block twice that came twice", ["dormouse-block-write duplicate"], () => {
    const seen = new Set<number>();
    return {
      toClient: (m, say) => {
        if (!isLater(m)) return m;
        if (!seen.has(m.messageId)) {
          seen.add(m.messageId);
          return m;
        }
        say(acknowledged(m, REQUEST_ENTITY_INCOMPLETE));
        return undefined;
      },
    };
  }),
  mutant("writes block by block", ["dormouse-block-write pending"], () => {
    let hasWritten = false;
    const { fromClient } = readsWrongAfter((m) => hasWritten && m.code === CONTINUE)();
    return {
      fromClient: (m, say, server) => {
        hasWritten ||= m.code === CHANGED;
        return fromClient?.(m, say, server);
      },
    };
  }),
  mutant("writes only its first body in blocks", ["dormouse-block-write written"], () => {
    let bodies = 0;
    return {
      toClient: (m, say) => {
        if (!isLast(m) || ++bodies < 2) return m;
        say(acknowledged(m, CHANGED));
        return undefined;
      },
    };
  }),
  mutant("wants all blocks to be of one size", ["dormouse-block-write smaller"], () => {
    let size = 0;
    return {
      toClient: (m, say) => {
        const block = blockIn(m);
        if (block === undefined) return m;
        if (block.num === 0) size = block.size;
        if (block.size === size) return m;
        say(acknowledged(m, REQUEST_ENTITY_INCOMPLETE));
        return undefined;
      },
    };
  }),
  mutant(
    "does not find what a gap is about",
    ["dormouse-block-write-lost between"],
    answering(
      (m) => isLater(m) && !isLast(m),
      (m) => (m.code === REQUEST_ENTITY_INCOMPLETE ? { ...m, code: NOT_FOUND } : m),
    ),
  ),
  mutant(
    "overlooks gaps",
    ["dormouse-block-write-lost incomplete"],
    answering(isLast, asCode(CHANGED)),
  ),
  mutant(
    "writes what has gaps, and says that it does not",
    ["dormouse-block-write-lost unchanged"],
    readsWrongAfter((m) => m.code === REQUEST_ENTITY_INCOMPLETE),
  ),
  mutant("never gets over a gap", ["dormouse-block-write-lost recovers"], () => {
    let failures = 0;
    return {
      toClient: (m, say) => {
        if (failures < 6 || !isFirst(m) || m.payload.length < 16) return m;
        say(acknowledged(m, REQUEST_ENTITY_INCOMPLETE));
        return undefined;
      },
      fromClient: (m) => {
        if (m.code === REQUEST_ENTITY_INCOMPLETE) failures++;
        return m;
      },
    };
  }),
  mutant(
    "does not let a body begin anew",
    ["dormouse-block-write-mixed anew"],
    refusing(REQUEST_ENTITY_INCOMPLETE, (m) => m.code === CONTINUE, isFirst),
  ),
  mutant("breaks down over a block that comes again", ["dormouse-block-write-mixed again"], () => {
    let before = -1;
    return {
      toClient: (m, say) => {
        const num = blockIn(m)?.num ?? -1;
        const isAgain = num > 0 && num === before;
        before = num;
        if (!isAgain) return m;
        say(acknowledged(m, INTERNAL_SERVER_ERROR));
        return undefined;
      },
    };
  }),
  mutant(
    "says 5.00 where blocks are missing",
    ["dormouse-block-write-mixed late", "dormouse-block-write-lost between"],
    () => ({
      fromClient: (m) =>
        m.code === REQUEST_ENTITY_INCOMPLETE ? { ...m, code: INTERNAL_SERVER_ERROR } : m,
    }),
  ),
  mutant(
    "does nothing else while a body comes",
    ["dormouse-block-write-mixed plain"],
    refusing(
      INTERNAL_SERVER_ERROR,
      (m) => m.code === CONTINUE,
      (m) => m.code === PUT && blockIn(m) === undefined,
    ),
  ),
  mutant(
    "joins blocks of different formats",
    ["dormouse-block-write-bad format"],
    answering((m) => formatIn(m) === OCTET_STREAM, asCode(CONTINUE)),
  ),
  mutant(
    "takes blocks of a size that there is not",
    ["dormouse-block-write-bad reserved"],
    answering(hasReservedSize, asCode(CONTINUE)),
  ),
  mutant(
    "takes blocks that are cut short",
    ["dormouse-block-write-bad short"],
    answering(isShort, asCode(CONTINUE)),
  ),
  mutant(
    "writes blocks that it refuses",
    ["dormouse-block-write-bad unchanged"],
    readsWrongAfter((m) => m.code >> 5 === 4 && m.code !== REQUEST_ENTITY_INCOMPLETE),
  ),
  mutant(
    "mixes the bodies of two servers",
    ["dormouse-block-write-servers whole"],
    readsWrongAfter((m) => m.code === CHANGED && m.type === ACK),
  ),
  mutant(
    "does not cut what it says to the size that is asked for",
    ["dormouse-block-read size"],
    hearing((m) => (m.code === GET ? without(m, BLOCK2) : m)),
  ),
  mutant("gives out blocks in turn, whatever is asked for", ["dormouse-block-read order"], () => {
    let num = 0;
    return {
      toClient: (m) => {
        const block = m.code === GET ? blockOf(m, BLOCK2) : undefined;
        if (block === undefined || block.num === 0) return m;
        const szx = Math.log2(block.size) - 4;
        const next = uintOption(BLOCK2, (++num % 4) * 16 + szx);
        return { ...m, options: [...without(m, BLOCK2).options, next] };
      },
    };
  }),
  mutant(
    "gives out the next block when one is asked for again",
    ["dormouse-block-read duplicate"],
    () => {
      const seen = new Set<number>();
      return {
        fromClient: (m) => {
          if (m.type !== ACK || m.code !== CONTENT) return m;
          const isAgain = seen.has(m.messageId);
          seen.add(m.messageId);
          return isAgain ? { ...m, payload: m.payload.map((byte) => byte ^ 1) } : m;
        },
      };
    },
  ),
  mutant("gives every version the same ETag", ["dormouse-block-read version"], () => {
    let asked = 0;
    return {
      // An option that nobody knows, so that no two blocks are taken for those of one transfer.
      toClient: (m) =>
        m.code === GET && findOption(m.options, BLOCK2) !== undefined
          ? { ...m, options: [...m.options, uintOption(ELECTIVE, ++asked)] }
          : m,
      fromClient: (m) =>
        findOption(m.options, ETAG) === undefined
          ? m
          : { ...m, options: [...without(m, ETAG).options, SAME_TAG] },
    };
  }),
];
