/**
 * The peer's requests on their way through blocks on a stream: what block-wise-server.ts and piecewise-uploads.ts do, with BERT (RFC 8323
 * §6). Those know SZX 0 to 6, which is what they are given: a BERT block is one of 1024 bytes that has more payload, in both directions.
 */
import type { Milliseconds } from "../time/duration.ts";
import {
  asBert,
  BERT_UNIT,
  blockLength,
  decodeStreamBlock,
  isFull,
  streamBlockOption,
} from "./bert.ts";
import { type Block, blockOption } from "./block.ts";
import { BlockWiseServer } from "./block-wise-server.ts";
import { BAD_REQUEST, CONTINUE } from "./codes.ts";
import type { IncomingRequest, Response } from "./exchange.ts";
import type { Option } from "./options.ts";
import { BLOCK1, BLOCK2, findOption } from "./options.ts";
import { PiecewiseUploads } from "./piecewise-uploads.ts";
import { refusal } from "./upload.ts";

/** Bodies of the peer, whose Block1 is no BERT any more. */
export class StreamUploads extends PiecewiseUploads {
  override take(
    now: Milliseconds,
    message: IncomingRequest,
    option: Option,
  ): Uint8Array | Response {
    const { num, more, size } = decodeStreamBlock(option.value);
    const block = { num: num, more: more, size: size, isBert: size === BERT_UNIT };
    if (more && !isFull(block, message.payload.length)) return refusal(BAD_REQUEST);
    return this.takeBlock(now, message, block);
  }

  /** What is too long for us at once, our Max-Message-Size has said. */
  protected override continued(block: Block): Response {
    return refusal(CONTINUE, blockOption(BLOCK1, block.num, true, block.size));
  }
}

export class StreamBlockServer extends BlockWiseServer {
  /** As `BlockWiseServer`'s. @param room bytes that a message has for payload @param takesBert whether both ends have said so */
  takeOnStream(
    now: Milliseconds,
    request: IncomingRequest,
    room: number,
    takesBert: boolean,
  ): Uint8Array | Response {
    const taken = this.take(now, withPlainBlock2(request));
    if (taken instanceof Uint8Array) return taken;
    return answered(this.lengthen(request, taken, room, takesBert), request);
  }

  cutForStream(
    now: Milliseconds,
    request: IncomingRequest,
    response: Response,
    room: number,
    takesBert: boolean,
  ): Response {
    const cut = this.cutFor(now, withPlainBlock2(request), response);
    return answered(this.lengthen(request, cut, room, takesBert), request);
  }

  /** The block of a response with as many more of 1024 bytes as there is room for, if that is what the peer wants. */
  private lengthen(
    request: IncomingRequest,
    response: Response,
    room: number,
    takesBert: boolean,
  ): Response {
    const wanted = findOption(request.options, BLOCK2);
    const option = findOption(response.options, BLOCK2);
    const whole = this.served;
    if (option === undefined || whole === undefined || !takesBert) return response;
    if (wanted !== undefined && !decodeStreamBlock(wanted.value).isBert) return response;
    const { num, more, size } = decodeStreamBlock(option.value);
    const length = blockLength(room, true);
    if (size !== BERT_UNIT || !more || length <= BERT_UNIT) return response;
    return lengthened(response, whole.payload, num, length);
  }
}

/** @param body that the block is of */
function lengthened(response: Response, body: Uint8Array, num: number, length: number): Response {
  const start = num * BERT_UNIT;
  const end = Math.min(start + length, body.length);
  const block = streamBlockOption(BLOCK2, num, end < body.length, BERT_UNIT, true);
  return {
    code: response.code,
    options: response.options.map(function (option) {
      return option.number === BLOCK2 ? block : option;
    }),
    payload: body.subarray(start, end),
  };
}

/** Only 2.31 to a block of more than 1024 bytes says that the peer may go on so. */
function answered(response: Response, request: IncomingRequest): Response {
  const isBert = response.code === CONTINUE && request.payload.length > BERT_UNIT;
  if (!isBert) return response;
  return {
    code: response.code,
    options: asBert(response.options, BLOCK1, true),
    payload: response.payload,
  };
}

function withPlainBlock2(request: IncomingRequest): IncomingRequest {
  return {
    code: request.code,
    options: asBert(request.options, BLOCK2, false),
    payload: request.payload,
    token: request.token,
    confirmable: request.confirmable,
    messageId: request.messageId,
  };
}
