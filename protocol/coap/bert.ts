/**
 * Blocks on a stream (RFC 8323 §6): SZX 7, which no datagram may have, is a BERT block. It counts in 1024 bytes like SZX 6 and carries as
 * many of them as there is room for, its last the rest.
 */
import type { Block } from "./block.ts";
import { blockOption } from "./block.ts";
import type { Option } from "./options.ts";
import { uintOption } from "./options.ts";

/** What a BERT block counts in, bytes. */
export const BERT_UNIT = 1024;
/** Above this Max-Message-Size a peer that knows blocks knows BERT (RFC 8323 §5.3.2). */
export const PLAIN_MESSAGE = 1152;

const BERT = 7;
const SMALLEST_UNIT = 16;

/** The value of a Block option; every value is one. */
export interface StreamBlock extends Block {
  readonly isBert: boolean;
}

export function decodeStreamBlock(value: Uint8Array): StreamBlock {
  let bits = 0;
  for (let i = 0; i < value.length; i++) bits = bits * 256 + value[i];
  const szx = bits & 7;
  return {
    num: Math.floor(bits / 16),
    more: (bits & 8) !== 0,
    size: szx === BERT ? BERT_UNIT : SMALLEST_UNIT << szx,
    isBert: szx === BERT,
  };
}

/** @param number BLOCK1 or BLOCK2 @param size what `num` counts in; with BERT 1024 */
export function streamBlockOption(
  number: number,
  num: number,
  more: boolean,
  size: number,
  isBert: boolean,
): Option {
  return isBert
    ? uintOption(number, num * 16 + (more ? 8 : 0) + BERT)
    : blockOption(number, num, more, size);
}

/**
 * How much of a body goes into one message: above 1024 bytes as BERT, else one block.
 *
 * @param room bytes for it
 */
export function blockLength(room: number, takesBert: boolean): number {
  if (takesBert && room > BERT_UNIT) return room - (room % BERT_UNIT);
  let size = BERT_UNIT;
  while (size > room && size > SMALLEST_UNIT) size >>= 1;
  return size;
}

/** True for the length of a block that others follow. */
export function isFull(block: StreamBlock, length: number): boolean {
  return block.isBert ? length > 0 && length % BERT_UNIT === 0 : length === block.size;
}

/**
 * The options with a Block option that counts in 1024 bytes as BERT, or as what datagrams know.
 *
 * @param number BLOCK1 or BLOCK2
 */
export function asBert(
  options: readonly Option[],
  number: number,
  isBert: boolean,
): readonly Option[] {
  return options.map(function (option) {
    if (option.number !== number) return option;
    const block = decodeStreamBlock(option.value);
    if (block.size !== BERT_UNIT || block.isBert === isBert) return option;
    return streamBlockOption(number, block.num, block.more, BERT_UNIT, isBert);
  });
}
