/** Clients that do not know, or mix up, blocks (TD_COAP_BLOCK, TD_COAP_OBS_13 and 14). */
import { decodeBlock } from "../../../../protocol/coap/block.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  CONTINUE,
  CREATED,
  FETCH,
  GET,
  isRequest,
  POST,
  PUT,
} from "../../../../protocol/coap/codes.ts";
import { ACK, type Message } from "../../../../protocol/coap/message.ts";
import { BLOCK1, BLOCK2, findOption, OBSERVE } from "../../../../protocol/coap/options.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import {
  answering,
  hearing,
  instead,
  isNotification,
  type Mutant,
  mutant,
  pretending,
  saying,
  without,
} from "./mutant.ts";

/** The block that a message has or asks for, if it does. */
function blockIn(message: Message, number: number): { num: number; more: boolean } | undefined {
  const option = findOption(message.options, number);
  const block = option === undefined ? undefined : decodeBlock(option.value);
  return block === undefined || isMalformed(block) ? undefined : block;
}

const asksForLater =
  (...methods: readonly number[]) =>
  (message: Message) =>
    methods.includes(message.code) && (blockIn(message, BLOCK2)?.num ?? 0) > 0;
/** Of a body that goes up by one of these methods. */
const isPart =
  (...methods: readonly number[]) =>
  (message: Message) =>
    methods.includes(message.code) && blockIn(message, BLOCK1) !== undefined;
const isLastPart =
  (...methods: readonly number[]) =>
  (message: Message) =>
    isPart(...methods)(message) && blockIn(message, BLOCK1)?.more === false;
const isCut = (message: Message) => blockIn(message, BLOCK2)?.more === true;

const garbled = (message: Message): Message => ({
  ...message,
  payload: message.payload.map(() => 0x61),
});

export const BLOCK_MUTANTS: readonly Mutant[] = [
  mutant(
    "answers whole whatever block is asked for",
    ["TD_COAP_BLOCK_01 first", "TD_COAP_BLOCK_06 first"],
    hearing((m) => (m.code === GET ? without(m, BLOCK2) : m)),
  ),
  mutant(
    "has no later blocks",
    ["01", "02", "06"].map((number) => `TD_COAP_BLOCK_${number} further`),
    pretending(asksForLater(GET), BAD_REQUEST),
  ),
  mutant(
    "sends wrong bytes in later blocks",
    [
      ...["01", "02", "06"].map((number) => `TD_COAP_BLOCK_${number} whole`),
      "TD_COAP_OBS_13 observed",
      "TD_COAP_OBS_14 long",
    ],
    answering(asksForLater(GET), garbled),
  ),
  mutant(
    "cuts what is long without saying so",
    ["TD_COAP_BLOCK_02 first", "TD_COAP_OBS_13 observed"],
    saying(instead(isCut, (m) => without(m, BLOCK2))),
  ),
  mutant(
    "does not say which block it answers",
    ["TD_COAP_BLOCK_03 continued", "TD_COAP_BLOCK_04 continued"],
    saying((m) => without(m, BLOCK1)),
  ),
  mutant(
    "goes on asking after the last block",
    ["TD_COAP_BLOCK_03 changed", "TD_COAP_BLOCK_04 created", "TD_COAP_BLOCK_05 first"],
    answering(isLastPart(PUT, POST, FETCH), (m) => ({ ...m, code: CONTINUE })),
  ),
  mutant(
    "writes wrong bytes when they come in blocks",
    ["TD_COAP_BLOCK_03 whole"],
    hearing((m) => (isLastPart(PUT)(m) ? garbled(m) : m)),
  ),
  mutant(
    "creates by wrong bytes when they come in blocks",
    ["TD_COAP_BLOCK_04 whole"],
    hearing((m) => (isLastPart(POST)(m) ? garbled(m) : m)),
  ),
  mutant(
    "takes each block of a Create for done",
    ["TD_COAP_BLOCK_04 continued"],
    answering(isPart(POST), (m) => ({ ...m, code: m.code === CREATED ? m.code : CHANGED })),
  ),
  mutant(
    "takes no FETCH in blocks",
    ["TD_COAP_BLOCK_05 continued"],
    pretending(isPart(FETCH), BAD_REQUEST),
  ),
  mutant(
    "has no later blocks of what is fetched",
    ["TD_COAP_BLOCK_05 further"],
    pretending(asksForLater(FETCH), BAD_REQUEST),
  ),
  mutant(
    "fetches the same over and over",
    ["TD_COAP_BLOCK_05 whole"],
    answering(asksForLater(FETCH), (m) => ({ ...m, payload: m.payload.map(() => 0) })),
  ),
  mutant(
    "does not number notifications in blocks",
    ["TD_COAP_OBS_13 notified", "TD_COAP_OBS_14 long"],
    saying(
      instead(
        (m) => isNotification(m) && isCut(m),
        (m) => without(m, OBSERVE),
      ),
    ),
  ),
  mutant("says of every notification that more follows", ["TD_COAP_OBS_14 short"], () => ({
    fromClient: (m) => (isNotification(m) && m.code === CONTENT ? withMore(m) : m),
  })),
  mutant("sends all in blocks once it had to", ["TD_COAP_OBS_14 again"], () => {
    let hasCut = false;
    return {
      fromClient: (m) => {
        if (!isNotification(m) || m.code !== CONTENT) return m;
        hasCut ||= isCut(m);
        return hasCut ? withMore(m) : m;
      },
    };
  }),
  mutant(
    "takes the reserved size for the largest",
    ["dormouse-coap-block-rules reserved"],
    hearing((m) => ({
      ...m,
      options: m.options.map((option) =>
        option.number === BLOCK1 && isRequest(m.code) && (option.value[0] & 7) === 7
          ? { ...option, value: Uint8Array.of(0x06) }
          : option,
      ),
    })),
  ),
  mutant(
    "takes any last block for a whole body",
    ["dormouse-coap-block-rules incomplete"],
    answering(
      ({ code }) => code === PUT,
      (m) => (m.code === 0x88 ? { ...m, code: CHANGED } : m),
    ),
  ),
];

/** A first block of sixteen bytes, with others after it. */
function withMore(message: Message): Message {
  if (isCut(message) || message.type === ACK) return message;
  const more = { number: BLOCK2, value: Uint8Array.of(0x08) };
  return { ...message, options: [...message.options, more] };
}
