/**
 * The peer's requests on their way through Q-Block (RFC 9177): bodies that it sends us by Q-Block1 (§4.3), and long responses that it
 * gets by Q-Block2 (§4.4) and may ask again for parts of. Bounded in number, a body by `maxBody`.
 */
import { equalBytes } from "../bytes/equal.ts";
import { isMalformed } from "../malformed.ts";
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import type { Block } from "./block.ts";
import { blockOption, decodeBlock, entityTag, isSameTransfer } from "./block.ts";
import {
  BAD_REQUEST,
  CONTINUE,
  EMPTY,
  REQUEST_ENTITY_INCOMPLETE,
  REQUEST_ENTITY_TOO_LARGE,
} from "./codes.ts";
import type { CoapSettings, IncomingRequest, Response } from "./exchange.ts";
import type { Message } from "./message.ts";
import { CON, NO_BYTES, NO_OPTIONS } from "./message.ts";
import type { Option } from "./options.ts";
import {
  CONTENT_FORMAT,
  ETAG,
  findOption,
  OBSERVE,
  SIZE1,
  SIZE2,
  uintOf,
  uintOption,
} from "./options.ts";
import type { QBlockParameters } from "./q-block.ts";
import { encodeMissingBlocks, MISSING_BLOCKS, Q_BLOCK1, Q_BLOCK2 } from "./q-block.ts";
import { QBlockReceiver } from "./q-block-receiver.ts";
import { QBlockSender } from "./q-block-sender.ts";
import { REQUEST_TAG } from "./request-tag.ts";
import { refusal } from "./upload.ts";

/** A body of the peer's, or the response to it. */
interface QUpload {
  readonly code: number;
  /** Of its messages, without Q-Block1 and Q-Block2. */
  readonly options: readonly Option[];
  readonly receiver: QBlockReceiver;
  /** The latest message of it: what is answered goes under its token. */
  last: Message;
  isDelivered: boolean;
  response: Response | undefined;
  expiresAt: Milliseconds;
}

/** A long response of ours. */
export interface QServed {
  readonly request: IncomingRequest;
  /** Without Q-Block2. */
  readonly options: readonly Option[];
  readonly response: Response;
  readonly sender: QBlockSender;
  expiresAt: Milliseconds;
}

/** Of each kind at once; the oldest gives way. */
const MAX_BODIES = 4;
/** Nothing to say but that a CON came. */
export const SILENCE: Response = { code: EMPTY, options: NO_OPTIONS, payload: NO_BYTES };

export class QBlockServer {
  private readonly settings: CoapSettings;
  private readonly parameters: QBlockParameters;
  private uploads: QUpload[] = [];
  private served: QServed[] = [];

  constructor(settings: CoapSettings, parameters: QBlockParameters) {
    this.settings = settings;
    this.parameters = parameters;
  }

  deadline(): Milliseconds {
    let at = NEVER;
    for (let i = 0; i < this.uploads.length; i++) {
      const upload = this.uploads[i];
      at = Math.min(at, upload.expiresAt, questionAt(upload));
    }
    for (let i = 0; i < this.served.length; i++) {
      at = Math.min(at, this.served[i].expiresAt, this.served[i].sender.deadline());
    }
    return at;
  }

  isReceiving(): boolean {
    for (let i = 0; i < this.uploads.length; i++) if (!this.uploads[i].isDelivered) return true;
    for (let i = 0; i < this.served.length; i++)
      if (!this.served[i].sender.isAllSent()) return true;
    return false;
  }

  /** Forgets what is past its time. */
  handleTimeout(now: Milliseconds): void {
    this.uploads = this.uploads.filter(function (upload) {
      return now < upload.expiresAt;
    });
    this.served = this.served.filter(function (each) {
      return now < each.expiresAt;
    });
  }

  /** The next question for missing blocks that is due, with the message to answer by it. */
  pollQuestion(now: Milliseconds): { to: Message; question: Response } | undefined {
    for (let i = this.uploads.length - 1; i >= 0; i--) {
      const upload = this.uploads[i];
      if (now < questionAt(upload)) continue;
      const missing = upload.receiver.handleTimeout(now);
      if (missing !== undefined) {
        return { to: upload.last, question: this.incomplete(missing) };
      }
      this.uploads.splice(i, 1);
    }
    return undefined;
  }

  /** The next long response with blocks that are due. */
  pollServed(now: Milliseconds): QServed | undefined {
    for (let i = 0; i < this.served.length; i++) {
      if (now >= this.served[i].sender.deadline()) return this.served[i];
    }
    return undefined;
  }

  /**
   * Takes one block.
   *
   * @returns the whole body when the application has to see it; else what to answer, perhaps nothing: `SILENCE`
   */
  take(now: Milliseconds, message: Message, option: Option): Uint8Array | Response {
    const block = decodeBlock(option.value);
    const length = uintOf(message.options, SIZE1, -1);
    const hasTag = findOption(message.options, REQUEST_TAG) !== undefined;
    if (isMalformed(block) || length < 0 || !hasTag) return refusal(BAD_REQUEST);
    if (length > this.settings.maxBody) {
      return refusal(REQUEST_ENTITY_TOO_LARGE, uintOption(SIZE1, this.settings.maxBody));
    }
    const upload = this.uploadOf(now, message, block, length);
    const receiver = upload.receiver;
    if (!receiver.fits(block, message.payload)) return refusal(BAD_REQUEST);
    upload.last = message;
    upload.expiresAt = now + this.parameters.partialTimeout;
    if (upload.isDelivered) return upload.response === undefined ? SILENCE : upload.response;
    const step = receiver.take(now, block, message.payload);
    if (step.kind === "whole") {
      upload.isDelivered = true;
      return receiver.bytes;
    }
    // A Confirmable sender has its ACKs (§4.3, §5).
    if (message.type === CON || step.kind === "wait") return SILENCE;
    if (step.kind === "ask") return this.incomplete(step.missing);
    return refusal(CONTINUE, blockOption(Q_BLOCK1, step.next - 1, true, receiver.size));
  }

  private uploadOf(now: Milliseconds, message: Message, block: Block, length: number): QUpload {
    const options = withoutQBlocks(message.options);
    for (let i = 0; i < this.uploads.length; i++) {
      const each = this.uploads[i];
      if (each.code === message.code && isSameTransfer(each.options, options)) return each;
    }
    if (this.uploads.length >= MAX_BODIES) this.uploads.shift();
    const upload: QUpload = {
      code: message.code,
      options: options,
      receiver: new QBlockReceiver(now, length, block.size, this.parameters),
      last: message,
      isDelivered: false,
      response: undefined,
      // Also where its first block turns out not to fit.
      expiresAt: now + this.parameters.partialTimeout,
    };
    this.uploads.push(upload);
    return upload;
  }

  private incomplete(missing: readonly number[]): Response {
    return {
      code: REQUEST_ENTITY_INCOMPLETE,
      options: [uintOption(CONTENT_FORMAT, MISSING_BLOCKS)],
      payload: encodeMissingBlocks(missing, this.settings.blockSize),
    };
  }

  /** Keeps the answer to a body, for those who repeat a block of it because the answer was lost. */
  noteResponse(request: IncomingRequest, response: Response): void {
    const options = withoutQBlocks(request.options);
    for (let i = 0; i < this.uploads.length; i++) {
      const each = this.uploads[i];
      if (each.code === request.code && isSameTransfer(each.options, options)) {
        each.response = response;
      }
    }
  }

  /** Keeps a long response, to be sent block by block. */
  serve(now: Milliseconds, request: IncomingRequest, response: Response): QServed {
    const options = withoutQBlocks(request.options);
    this.served = this.served.filter(function (each) {
      return each.request.code !== request.code || !isSameTransfer(each.options, options);
    });
    if (this.served.length >= MAX_BODIES) this.served.shift();
    const tagged =
      findOption(response.options, ETAG) === undefined
        ? response.options.concat({ number: ETAG, value: entityTag(response.payload) })
        : response.options;
    const size = this.sizeFor(request);
    const served: QServed = {
      request: request,
      options: options,
      response: {
        code: response.code,
        options: tagged.concat(uintOption(SIZE2, response.payload.length)),
        payload: response.payload,
      },
      sender: new QBlockSender(
        response.payload,
        size,
        this.parameters,
        this.settings.random.uint32() / 4294967296,
      ),
      expiresAt: now + this.parameters.partialTimeout,
    };
    this.served.push(served);
    return served;
  }

  /** The response that a request asks for blocks of. */
  find(now: Milliseconds, message: Message): QServed | undefined {
    const options = withoutQBlocks(message.options);
    for (let i = 0; i < this.served.length; i++) {
      const each = this.served[i];
      if (each.request.code !== message.code || !isSameTransfer(each.options, options)) continue;
      // A FETCH says again what it is about.
      const { payload } = message;
      if (payload.length > 0 && !equalBytes(payload, each.request.payload)) continue;
      each.expiresAt = now + this.parameters.partialTimeout;
      return each;
    }
    return undefined;
  }

  private sizeFor(request: IncomingRequest): number {
    const option = findOption(request.options, Q_BLOCK2) || findOption(request.options, Q_BLOCK1);
    const block = option === undefined ? undefined : decodeBlock(option.value);
    if (block === undefined || isMalformed(block)) return this.settings.blockSize;
    return Math.min(block.size, this.settings.blockSize);
  }
}

/** A Confirmable sender knows itself what did not arrive (§5). */
function questionAt(upload: QUpload): Milliseconds {
  return upload.isDelivered || upload.last.type === CON ? NEVER : upload.receiver.deadline();
}

/** One block of a long response. @param isAsked true for one that is asked for again: without Observe then (§4.5) */
export function servedBlock(served: QServed, number: number, isAsked: boolean): Response {
  const sender = served.sender;
  const all = served.response.options;
  const options = isAsked
    ? all.filter(function (option) {
        return option.number !== OBSERVE;
      })
    : all;
  return {
    code: served.response.code,
    options: options.concat(blockOption(Q_BLOCK2, number, number < sender.count - 1, sender.size)),
    payload: sender.block(number),
  };
}

/** What the blocks of one body have in common. */
export function withoutQBlocks(options: readonly Option[]): readonly Option[] {
  return options.filter(function (option) {
    return option.number !== Q_BLOCK1 && option.number !== Q_BLOCK2;
  });
}
