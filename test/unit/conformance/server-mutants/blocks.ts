/** Servers that are wrong about bodies in blocks, and about clients in queue mode. */
import { type Block, blockOption } from "../../../../protocol/coap/block.ts";
import {
  CHANGED,
  CONTENT,
  CONTINUE,
  CREATED,
  isRequest,
  PUT,
  REQUEST_ENTITY_INCOMPLETE,
  REQUEST_ENTITY_TOO_LARGE,
} from "../../../../protocol/coap/codes.ts";
import { ACK, type Message } from "../../../../protocol/coap/message.ts";
import { BLOCK1, BLOCK2, ETAG, URI_QUERY } from "../../../../protocol/coap/options.ts";
import type { Order } from "../../../conformance/index.ts";
import { blockIn } from "../../../conformance/raw-transfers.ts";
import {
  COAP,
  dropping,
  hearing,
  instead,
  isBlock1,
  mutant,
  OMA,
  OWN,
  type ServerMutant,
  saying,
  tampering,
  withCode,
  withOption,
  withoutOption,
  withoutQuery,
} from "./mutant.ts";

const renumbered = (message: Message, number: number, change: (block: Block) => Block): Message => {
  const block = blockIn(message.options, number);
  if (block === undefined) return message;
  const { num, more, size } = change(block);
  return withOption(message, blockOption(number, num, more, size));
};

export const BLOCK_MUTANTS: readonly ServerMutant[] = [
  mutant(
    "answers blocks with 2.04",
    [`${OWN}blockwise-register continued`],
    saying(instead((message) => message.code === CONTINUE, withCode(CHANGED))),
  ),
  mutant("refuses lists in blocks", [`${OWN}blockwise-register created`], () => {
    let sawBlock = false;
    return saying((message) => {
      if (message.code === CONTINUE) sawBlock = true;
      return sawBlock && message.code === CREATED ? { ...message, code: 0x8d } : message;
    })();
  }),
  mutant(
    "takes whatever block comes for the next",
    [`${OWN}blockwise-faults begin`],
    saying(instead(({ code }) => code === REQUEST_ENTITY_INCOMPLETE, withCode(CONTINUE))),
  ),
  mutant(
    "counts its blocks by twos",
    [
      `${COAP}BLOCK_03 blocks`,
      `${OWN}block-size-asked blocks`,
      `${OWN}block-wise-duplicates blocks`,
      `${OMA}755 package`,
    ],
    () =>
      tampering({
        fromServer: (message) =>
          isRequest(message.code)
            ? renumbered(message, BLOCK1, (block) => ({ ...block, num: 2 * block.num }))
            : message,
        toServer: (message) =>
          message.type === ACK
            ? renumbered(message, BLOCK1, (block) => ({ ...block, num: block.num / 2 }))
            : message,
      }),
  ),
  mutant(
    "leaves the last block out",
    [`${COAP}BLOCK_03 whole`, `${OMA}755 package`, `${OMA}770 package`],
    saying(
      instead(
        (message) => message.code === PUT && (blockIn(message.options, BLOCK1)?.num ?? 0) > 0,
        (message) => renumbered(message, BLOCK1, (block) => ({ ...block, more: false })),
      ),
    ),
  ),
  mutant(
    "keeps to its block size",
    [`${OWN}block-size-asked smaller`],
    hearing(
      instead(
        ({ type }) => type === ACK,
        (message) => renumbered(message, BLOCK1, (block) => ({ ...block, size: 1024 })),
      ),
    ),
  ),
  mutant(
    "tries large blocks again and again",
    [`${OWN}block-size-refused bounded`],
    saying((message) => {
      const block = blockIn(message.options, BLOCK1);
      if (message.code !== PUT || block?.num !== 0 || block.size < 1024) return message;
      const others = [1, 2, 3].map((i) => ({
        ...message,
        messageId: (message.messageId + 0x100 * i) & 0xffff,
        token: Uint8Array.of(i),
      }));
      return [...others, message];
    }),
  ),
  mutant("does not hear that a block is too large", [`${OWN}block-size-refused again`], () => ({
    ...hearing(dropping(({ code }) => code === REQUEST_ENTITY_TOO_LARGE))(),
    outcome: (outcome, order) =>
      order.kind === "write" ? { isSuccess: true, words: "200", value: undefined } : outcome,
  })),
  mutant(
    "goes on when the beginning of a body is lost",
    [`${OWN}block-lost ended`],
    hearing(
      instead(
        ({ code }) => code === REQUEST_ENTITY_INCOMPLETE,
        (message) => withOption(withCode(CONTINUE)(message), blockOption(BLOCK1, 1, true, 1024)),
      ),
    ),
  ),
  mutant(
    "is content with the first block of an answer",
    [`${COAP}BLOCK_01 blocks`, `${COAP}BLOCK_06 blocks`],
    hearing(instead(({ type, code }) => type === ACK && code === CONTENT, withoutOption(BLOCK2))),
  ),
  mutant(
    "asks for each block twice",
    [`${COAP}BLOCK_01 blocks`, `${COAP}BLOCK_02 blocks`],
    saying((message) =>
      isRequest(message.code) && (blockIn(message.options, BLOCK2)?.num ?? 0) > 0
        ? [{ ...message, messageId: (message.messageId + 0x100) & 0xffff }, message]
        : message,
    ),
  ),
  mutant(
    "does not compare ETags",
    [`${COAP}CORE_21 unmixed`],
    hearing(instead(({ type }) => type === ACK, withoutOption(ETAG))),
  ),
  mutant(
    "creates in pieces that do not fit",
    [`${COAP}BLOCK_04 whole`],
    saying(
      instead(
        (message) => isRequest(message.code) && isBlock1(message) && message.code !== PUT,
        (message) => ({ ...message, payload: message.payload.map((byte) => byte ^ 1) }),
      ),
    ),
  ),
];

const READ_PATHS = ["/3/0/0", "/3/0/1", "/3/0/2"];
const other = (path: string) => READ_PATHS[2 - READ_PATHS.indexOf(path)] ?? path;

export const QUEUE_MODE_MUTANTS: readonly ServerMutant[] = [
  mutant(
    "sends to sleeping clients at once",
    [
      `${OMA}109 held`,
      `${OWN}queue-order held`,
      `${OWN}queue-off held`,
      `${OWN}queue-expired held`,
    ],
    hearing((message) => withoutQuery(/^(Q|b=UQ)$/)(message)),
  ),
  mutant(
    "loses what waits for sleeping clients",
    [`${OMA}109 delivered`],
    saying(dropping((message) => message.code === 1)),
  ),
  mutant("forgets the first Read", [`${OWN}queue-awake registered`], () => {
    let reads = 0;
    return { order: (order) => (order.kind === "read" && ++reads === 1 ? undefined : order) };
  }),
  mutant("asks what was ordered last first", [`${OWN}queue-order order`], () => ({
    order: (order: Order) =>
      order.kind === "read" ? { ...order, path: other(order.path) } : order,
    outcome: (outcome, order) => {
      if (outcome === undefined || order.kind !== "read") return outcome;
      const value = `value of ${order.path}`;
      return { ...outcome, value, values: new Map([[order.path, value]]) };
    },
  })),
  mutant(
    "never leaves queue mode",
    [`${OWN}queue-off always`],
    hearing((message) =>
      message.options.some(({ value }) => Buffer.from(value).toString() === "b=U") &&
      message.payload.length === 0
        ? withoutOption(URI_QUERY)(message)
        : message,
    ),
  ),
  mutant("keeps what nobody comes back for", [`${OWN}queue-expired told`], () => ({
    outcome: (outcome) => (outcome?.isSuccess === false ? undefined : outcome),
  })),
];
