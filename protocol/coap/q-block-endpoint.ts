/**
 * CoAP over UDP with one peer, and Q-Block (RFC 9177): long bodies of Non-confirmable requests, and their long responses, go in sets of
 * blocks that need no answer each. For lossy links of long delay, by choice: `CoapEndpoint` refuses Q-Block as critical options
 * that it does not know.
 *
 *     client                                   server
 *       | CON GET /.well-known/core, Q-Block2 -> |   once a day: does it know Q-Block? 4.02: Block1 and Block2 from now on
 *       | NON PUT, Q-Block1 0/1/1024 ----------> |
 *       | ... up to MAX_PAYLOADS ... ----------> |
 *       | <------------ NON 2.31, or NON 4.08 of what is missing
 *       | NON PUT, Q-Block1 10/0/1024 ---------> |
 *       | <---------------------------- NON 2.04 |
 *
 * Confirmable requests, observations, and bodies that fit a block go as ever: with NSTART = 1 there is nothing to win (§7.1). What a peer
 * sends by Q-Block in Confirmable messages is taken. When what goes out is decided in q-block-sender.ts and q-block-receiver.ts.
 */
import { equalBytes } from "../bytes/equal.ts";
import { isMalformed } from "../malformed.ts";
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import type { Exchange } from "./basic-endpoint.ts";
import { blockOption, decodeBlock, hasSameTag } from "./block.ts";
import { CoapEndpoint } from "./coap-endpoint.ts";
import {
  BAD_OPTION,
  BAD_REQUEST,
  CONTINUE,
  EMPTY,
  FETCH,
  GET,
  REQUEST_ENTITY_INCOMPLETE,
  UNAUTHORIZED,
} from "./codes.ts";
import { echoOf } from "./echo.ts";
import type { CoapSettings, Failure, IncomingRequest, Response } from "./exchange.ts";
import { BAD_RESPONSE, BODY_INCOMPLETE, BODY_TOO_LARGE, TIMED_OUT } from "./exchange.ts";
import type { Message } from "./message.ts";
import { ACK, CON, encodeEmpty, NO_BYTES, NON } from "./message.ts";
import { wantsNoResponse } from "./no-response.ts";
import type { Option } from "./options.ts";
import {
  BLOCK1,
  BLOCK2,
  CONTENT_FORMAT,
  findOption,
  OBSERVE,
  SIZE1,
  SIZE2,
  textOption,
  URI_PATH,
  uintOf,
  uintOption,
} from "./options.ts";
import type { QBlockParameters } from "./q-block.ts";
import {
  DEFAULT_Q_BLOCK,
  decodeMissingBlocks,
  MISSING_BLOCKS,
  Q_BLOCK1,
  Q_BLOCK2,
} from "./q-block.ts";
import { QBlockReceiver } from "./q-block-receiver.ts";
import { QBlockSender } from "./q-block-sender.ts";
import type { QServed } from "./q-block-server.ts";
import { QBlockServer, SILENCE, servedBlock, withoutQBlocks } from "./q-block-server.ts";
import { REQUEST_TAG } from "./request-tag.ts";
import { refusal } from "./upload.ts";

/** A request of ours. */
interface QTransfer {
  readonly exchange: Exchange;
  /** What its tokens begin with; the rest counts its messages (§6). */
  readonly prefix: Uint8Array;
  messages: number;
  readonly tag: Option;
  /** Undefined when its body fits a message. */
  readonly sender: QBlockSender | undefined;
  receiver: QBlockReceiver | undefined;
  /** The response whose body is collected. */
  head: Message | undefined;
  /** When the last message goes again, because nothing at all is heard; NEVER while something is. */
  repeatAt: Milliseconds;
  repetitions: number;
}

const PREFIX_LENGTH = 5;
/** How long a peer is held to know Q-Block, or not to: a day. */
const TRUST: Milliseconds = 86400000;
/** PROBING_RATE, bytes in a second (RFC 7252 §4.8). */
const PROBING_RATE = 1;
const WELL_KNOWN_CORE: readonly Option[] = [
  textOption(URI_PATH, ".well-known"),
  textOption(URI_PATH, "core"),
];

export class QBlockEndpoint extends CoapEndpoint {
  private readonly parameters: QBlockParameters;
  private readonly server: QBlockServer;
  private transfers: QTransfer[] = [];
  /** Requests that wait until it is known whether the peer knows Q-Block. */
  private held: Exchange[] = [];
  private probe: Exchange | undefined = undefined;
  private isKnown: boolean | undefined = undefined;
  private knownUntil: Milliseconds = 0;
  /** Until then a peer that did not answer a body gets no other one by Q-Block (§7.2). */
  private silentUntil: Milliseconds = 0;
  /** What goes out behind the answer that is being given. */
  private following: readonly Response[] = [];
  private nextTag: number;
  private clock: Milliseconds = 0;

  constructor(settings: CoapSettings, parameters?: QBlockParameters) {
    super(settings);
    this.parameters = parameters === undefined ? DEFAULT_Q_BLOCK : parameters;
    this.server = new QBlockServer(settings, this.parameters);
    this.nextTag = settings.random.uint32();
  }

  override handleDatagram(now: Milliseconds, datagram: Uint8Array): void {
    this.clock = now;
    super.handleDatagram(now, datagram);
  }

  override handleTimeout(now: Milliseconds): void {
    this.clock = now;
    super.handleTimeout(now);
    this.server.handleTimeout(now);
    for (let due = this.server.pollQuestion(now); due; due = this.server.pollQuestion(now)) {
      super.answer(now, due.to, NON, due.question);
    }
    for (let due = this.server.pollServed(now); due; due = this.server.pollServed(now)) {
      this.sendServed(now, due);
    }
    for (let i = this.transfers.length - 1; i >= 0; i--)
      this.continueTransfer(now, this.transfers[i]);
  }

  override deadline(): Milliseconds {
    let at = Math.min(super.deadline(), this.server.deadline());
    for (let i = 0; i < this.transfers.length; i++) {
      const { sender, receiver, repeatAt } = this.transfers[i];
      // Once the response comes the request has arrived, and is not repeated.
      if (receiver === undefined) at = Math.min(at, repeatAt);
      if (sender !== undefined && receiver === undefined) at = Math.min(at, sender.deadline());
      if (receiver !== undefined) at = Math.min(at, receiver.deadline());
    }
    return at;
  }

  override isIdle(): boolean {
    return super.isIdle() && !this.server.isReceiving();
  }

  protected override unusableOption(options: readonly Option[]): number | undefined {
    let quick = 0;
    for (let i = 0; i < options.length; i++) {
      const option = options[i];
      if (option.number !== Q_BLOCK1 && option.number !== Q_BLOCK2) continue;
      // Never both kinds in one message (§4.1); only Q-Block2 is repeatable.
      const isMixed = findOption(options, BLOCK1) || findOption(options, BLOCK2);
      const isAgain = option.number === Q_BLOCK1 && quick === Q_BLOCK1;
      if (option.value.length > 3 || isMixed || isAgain) return option.number;
      quick = option.number;
    }
    return super.unusableOption(quick === 0 ? options : withoutQBlocks(options));
  }

  // Our requests (§4.3 as client, §4.4 as client).

  protected override sendRequest(now: Milliseconds, exchange: Exchange): void {
    const request = exchange.request;
    const isCandidate =
      request.confirmable === false &&
      exchange.id !== 0 &&
      request.oneBlock !== true &&
      // Nothing stays of it that a probe could be waited for with.
      !wantsNoResponse(request.options) &&
      findOption(request.options, OBSERVE) === undefined;
    if (!isCandidate || now < this.silentUntil || (now < this.knownUntil && !this.isKnown)) {
      super.sendRequest(now, exchange);
    } else if (now < this.knownUntil) this.begin(now, exchange);
    else {
      this.held.push(exchange);
      this.startProbe(now);
    }
  }

  /** A CON, so that a peer that knows no Q-Block says so (§4.1). */
  private startProbe(now: Milliseconds): void {
    if (this.probe !== undefined) return;
    const option = blockOption(Q_BLOCK2, 0, false, this.settings.blockSize);
    const request = { code: GET, options: WELL_KNOWN_CORE.concat(option), payload: NO_BYTES };
    this.probe = this.open(0, request, this.newToken(), undefined);
    super.sendRequest(now, this.probe);
  }

  private endProbe(now: Milliseconds, isKnown: boolean): void {
    this.probe = undefined;
    this.isKnown = isKnown;
    this.knownUntil = now + TRUST;
    const held = this.held;
    this.held = [];
    for (let i = 0; i < held.length; i++) {
      if (this.exchanges.indexOf(held[i]) >= 0) this.sendRequest(now, held[i]);
    }
  }

  private begin(now: Milliseconds, exchange: Exchange): void {
    this.drop(exchange);
    const { settings, parameters } = this;
    const payload = exchange.request.payload;
    const fraction = settings.random.uint32() / 4294967296;
    this.nextTag = (this.nextTag + 1) % 4294967296;
    const transfer: QTransfer = {
      exchange: exchange,
      prefix: this.newToken().subarray(0, PREFIX_LENGTH),
      messages: 0,
      tag: uintOption(REQUEST_TAG, this.nextTag),
      sender:
        payload.length > settings.blockSize
          ? new QBlockSender(payload, settings.blockSize, parameters, fraction)
          : undefined,
      receiver: undefined,
      head: undefined,
      repeatAt: NEVER,
      repetitions: 0,
    };
    this.transfers.push(transfer);
    if (transfer.sender === undefined) {
      transfer.repeatAt = now + this.patience(0);
      this.ask(now, transfer, [blockOption(Q_BLOCK2, 0, true, settings.blockSize)]);
    } else this.sendDue(now, transfer, transfer.sender);
  }

  /** A message of the request, under a token of its own. */
  private sendOne(
    now: Milliseconds,
    transfer: QTransfer,
    added: readonly Option[],
    payload: Uint8Array,
  ): void {
    const exchange = transfer.exchange;
    const token = new Uint8Array(PREFIX_LENGTH + 3);
    token.set(transfer.prefix, 0);
    const number = transfer.messages++;
    token[PREFIX_LENGTH] = number >> 16;
    token[PREFIX_LENGTH + 1] = number >> 8;
    token[PREFIX_LENGTH + 2] = number;
    exchange.token = token;
    const options = exchange.request.options.concat(added);
    this.sendPart(now, exchange, {
      code: exchange.request.code,
      options: options,
      payload: payload,
    });
    // What is given up when is decided here.
    exchange.waitUntil = NEVER;
  }

  private sendDue(now: Milliseconds, transfer: QTransfer, sender: QBlockSender): void {
    const numbers = sender.due(now);
    for (let i = 0; i < numbers.length; i++) this.sendBlock(now, transfer, sender, numbers[i]);
    // From the last block on the peer has to say something.
    if (numbers.length > 0) {
      transfer.repeatAt = sender.isAllSent() ? now + this.patience(0) : NEVER;
    }
  }

  private sendBlock(
    now: Milliseconds,
    transfer: QTransfer,
    sender: QBlockSender,
    number: number,
  ): void {
    const added = [
      blockOption(Q_BLOCK1, number, number < sender.count - 1, sender.size),
      uintOption(SIZE1, sender.payload.length),
      transfer.tag,
    ];
    this.sendOne(now, transfer, added, sender.block(number));
  }

  /** A request for blocks of the response; a FETCH says again what it is about when that fits. */
  private ask(now: Milliseconds, transfer: QTransfer, blocks: readonly Option[]): void {
    const payload = transfer.exchange.request.payload;
    const isUpload = transfer.sender !== undefined;
    const added = isUpload ? blocks.concat(transfer.tag) : blocks;
    this.sendOne(now, transfer, added, isUpload ? NO_BYTES : payload);
  }

  private continueTransfer(now: Milliseconds, transfer: QTransfer): void {
    const { sender, receiver } = transfer;
    if (receiver === undefined) {
      if (sender !== undefined && now >= sender.deadline()) this.sendDue(now, transfer, sender);
      if (now >= transfer.repeatAt) this.repeatLast(now, transfer);
    } else if (now >= receiver.deadline()) {
      const missing = receiver.handleTimeout(now);
      if (missing === undefined) this.failExchange(transfer.exchange, BODY_INCOMPLETE);
      else this.askMissing(now, transfer, receiver, missing);
    }
  }

  /** Nothing was heard: the last block again, or the question, each time after twice as long. */
  private repeatLast(now: Milliseconds, transfer: QTransfer): void {
    const { maxRetransmit, partialTimeout } = this.parameters;
    if (++transfer.repetitions > maxRetransmit) {
      const length = transfer.exchange.request.payload.length;
      this.silentUntil = now + Math.min((length / PROBING_RATE) * 1000, partialTimeout);
      this.failExchange(transfer.exchange, TIMED_OUT);
      return;
    }
    const sender = transfer.sender;
    const isSafe = isRepeatable(transfer.exchange.request.code);
    if (sender !== undefined) this.sendBlock(now, transfer, sender, sender.count - 1);
    else if (isSafe)
      this.ask(now, transfer, [blockOption(Q_BLOCK2, 0, true, this.settings.blockSize)]);
    transfer.repeatAt = now + this.patience(transfer.repetitions);
  }

  /** How long to wait for a word of the peer, which waits for NON_RECEIVE_TIMEOUT itself before it asks. */
  private patience(repetitions: number): Milliseconds {
    const parameters = this.parameters;
    return (parameters.receiveTimeout + parameters.timeout) * (1 << repetitions);
  }

  private askMissing(
    now: Milliseconds,
    transfer: QTransfer,
    receiver: QBlockReceiver,
    missing: readonly number[],
  ): void {
    const blocks: Option[] = [];
    for (let i = 0; i < missing.length; i++) {
      blocks.push(blockOption(Q_BLOCK2, missing[i], false, receiver.size));
    }
    this.ask(now, transfer, blocks);
  }

  protected override exchangeWith(token: Uint8Array): Exchange | undefined {
    for (let i = 0; i < this.transfers.length; i++) {
      const { prefix, exchange } = this.transfers[i];
      const isOurs = token.length === PREFIX_LENGTH + 3;
      if (isOurs && equalBytes(prefix, token.subarray(0, PREFIX_LENGTH))) return exchange;
    }
    return super.exchangeWith(token);
  }

  protected override takeResponse(now: Milliseconds, exchange: Exchange, message: Message): void {
    if (exchange === this.probe) {
      this.close(exchange);
      this.endProbe(now, message.code !== BAD_OPTION);
      return;
    }
    const transfer = this.transferFor(exchange);
    if (transfer === undefined) super.takeResponse(now, exchange, message);
    else this.takeQResponse(now, transfer, message);
  }

  private takeQResponse(now: Milliseconds, transfer: QTransfer, message: Message): void {
    const sender = transfer.sender;
    const exchange = transfer.exchange;
    transfer.repetitions = 0;
    if (sender !== undefined && message.code === CONTINUE) {
      const option = findOption(message.options, Q_BLOCK1);
      const block = option === undefined ? undefined : decodeBlock(option.value);
      if (block !== undefined && !isMalformed(block)) sender.handleContinue(now, block.num + 1);
      this.sendDue(now, transfer, sender);
    } else if (sender !== undefined && isAboutMissing(message)) {
      const missing = decodeMissingBlocks(message.payload, sender.count);
      // Out of order, or with what no block is: as if it had not come (§5).
      if (isMalformed(missing) || !isAscending(missing)) return;
      sender.handleMissing(now, missing);
      this.sendDue(now, transfer, sender);
    } else if (message.code === BAD_OPTION) {
      this.drop(exchange);
      this.isKnown = false;
      exchange.token = this.newToken();
      this.sendRequest(now, exchange);
    } else if (findOption(message.options, Q_BLOCK2) !== undefined) {
      this.collect(now, transfer, message);
    } else {
      const isChallenge = message.code === UNAUTHORIZED && echoOf(message.options) !== undefined;
      if (!isChallenge) this.drop(exchange);
      super.takeResponse(now, exchange, message);
    }
  }

  /** One block of the response (§4.4). */
  private collect(now: Milliseconds, transfer: QTransfer, message: Message): void {
    const option = findOption(message.options, Q_BLOCK2);
    const block = option === undefined ? undefined : decodeBlock(option.value);
    const length = uintOf(message.options, SIZE2, -1);
    if (block === undefined || isMalformed(block) || length < 0) {
      this.failExchange(transfer.exchange, BAD_RESPONSE);
      return;
    }
    if (length > this.settings.maxBody) {
      this.failExchange(transfer.exchange, BODY_TOO_LARGE);
      return;
    }
    transfer.repeatAt = NEVER;
    const head = transfer.head;
    let receiver = transfer.receiver;
    // Another representation: what came of the one before is worth nothing.
    if (
      receiver === undefined ||
      head === undefined ||
      !hasSameTag(head.options, message.options)
    ) {
      receiver = new QBlockReceiver(now, length, block.size, this.parameters);
      transfer.receiver = receiver;
      transfer.head = message;
    }
    if (!receiver.fits(block, message.payload)) return;
    const step = receiver.take(now, block, message.payload);
    if (step.kind === "whole") {
      this.drop(transfer.exchange);
      this.finish(transfer.exchange, transfer.head || message, receiver.bytes);
    } else if (step.kind === "ask") this.askMissing(now, transfer, receiver, step.missing);
    else if (step.kind === "continue") {
      this.ask(now, transfer, [blockOption(Q_BLOCK2, step.next, true, receiver.size)]);
    }
  }

  protected override failExchange(exchange: Exchange, failure: Failure): void {
    if (exchange === this.probe) {
      this.close(exchange);
      this.endProbe(this.clock, false);
      return;
    }
    this.drop(exchange);
    super.failExchange(exchange, failure);
  }

  protected override close(exchange: Exchange): void {
    this.drop(exchange);
    super.close(exchange);
  }

  private transferFor(exchange: Exchange): QTransfer | undefined {
    for (let i = 0; i < this.transfers.length; i++) {
      if (this.transfers[i].exchange === exchange) return this.transfers[i];
    }
    return undefined;
  }

  private drop(exchange: Exchange): void {
    this.transfers = this.transfers.filter(function (each) {
      return each.exchange !== exchange;
    });
  }

  // The peer's requests (§4.3, §4.4 as server).

  protected override takeRequest(now: Milliseconds, message: Message): Uint8Array | Response {
    const taken = super.takeRequest(now, message);
    if (!(taken instanceof Uint8Array)) return taken;
    const upload = findOption(message.options, Q_BLOCK1);
    if (upload !== undefined) return this.server.take(now, message, upload);
    const wanted = wantedBlocks(message.options, this.parameters.maxPayloads);
    if (wanted === undefined) return taken;
    if (wanted === MISORDERED) return refusal(BAD_REQUEST);
    if (wanted.isWhole) return taken;
    const served = this.server.find(now, message);
    if (served === undefined) {
      return isRepeatable(message.code) ? taken : refusal(REQUEST_ENTITY_INCOMPLETE);
    }
    return this.answerWanted(now, served, wanted);
  }

  /** The blocks that are asked for, all but the first, which is returned as the answer. */
  private answerWanted(now: Milliseconds, served: QServed, wanted: WantedBlocks): Response {
    if (wanted.next >= 0) {
      served.sender.handleContinue(now, wanted.next);
      this.sendServed(now, served);
      return SILENCE;
    }
    const numbers = wanted.numbers.filter(function (number) {
      return number < served.sender.count;
    });
    if (numbers.length === 0) return refusal(BAD_REQUEST);
    this.following = numbers.slice(1).map(function (number) {
      return servedBlock(served, number, true);
    });
    return servedBlock(served, numbers[0], true);
  }

  protected override cutFor(
    now: Milliseconds,
    request: IncomingRequest,
    response: Response,
  ): Response {
    const upload = findOption(request.options, Q_BLOCK1);
    const wanted = wantedBlocks(request.options, this.parameters.maxPayloads);
    if (upload === undefined && wanted === undefined) return super.cutFor(now, request, response);
    let content = response;
    if (response.payload.length > this.settings.blockSize) {
      const served = this.server.serve(now, request, response);
      const first = wanted === undefined || wanted === MISORDERED || wanted.isWhole;
      if (first) {
        const due = served.sender.due(now).slice(1);
        this.following = due.map(function (number) {
          return servedBlock(served, number, false);
        });
        content = servedBlock(served, 0, false);
      } else content = servedBlock(served, Math.max(0, wanted.numbers[0]), true);
    }
    if (upload !== undefined) this.server.noteResponse(request, content);
    return content;
  }

  protected override answer(
    now: Milliseconds,
    request: Message | IncomingRequest,
    type: number,
    content: Response,
  ): void {
    const following = this.following;
    this.following = [];
    if (content.code === EMPTY) {
      if (type === ACK) this.reply(request.messageId, encodeEmpty(ACK, request.messageId));
      return;
    }
    const isAmple = !this.isChallenging();
    super.answer(now, request, type, content);
    const behind = type === ACK ? CON : type;
    for (let i = 0; i < following.length && isAmple; i++) {
      super.answer(now, request, behind, following[i]);
    }
  }

  /** The blocks that are due, under the token of the request that began it. */
  private sendServed(now: Milliseconds, served: QServed): void {
    const numbers = served.sender.due(now);
    const type = served.request.confirmable ? CON : NON;
    for (let i = 0; i < numbers.length; i++) {
      super.answer(now, served.request, type, servedBlock(served, numbers[i], false));
    }
  }
}

const MISORDERED = "misordered";

interface WantedBlocks {
  /** The whole body, from the first set on. */
  readonly isWhole: boolean;
  /** Where a set begins that is to go on; -1: single blocks are asked for. */
  readonly next: number;
  readonly numbers: readonly number[];
}

/** What the Q-Block2 options of a request ask for (§4.4); undefined when there are none. */
function wantedBlocks(
  options: readonly Option[],
  maxPayloads: number,
): WantedBlocks | typeof MISORDERED | undefined {
  const numbers: number[] = [];
  let count = 0;
  let previous = -1;
  for (let i = 0; i < options.length; i++) {
    if (options[i].number !== Q_BLOCK2) continue;
    const block = decodeBlock(options[i].value);
    if (isMalformed(block) || block.num <= previous) return MISORDERED;
    previous = block.num;
    if (block.more && count === 0) {
      if (block.num === 0) return { isWhole: true, next: -1, numbers: numbers };
      if (block.num % maxPayloads === 0) {
        return { isWhole: false, next: block.num, numbers: [block.num] };
      }
    }
    count++;
    const end = block.more ? block.num - (block.num % maxPayloads) + maxPayloads : block.num + 1;
    for (let number = block.num; number < end; number++) {
      if (numbers.length === 0 || numbers[numbers.length - 1] < number) numbers.push(number);
    }
  }
  return count === 0
    ? undefined
    : { isWhole: false, next: -1, numbers: numbers.slice(0, maxPayloads) };
}

/** A request that may run again for the sake of what got lost. */
function isRepeatable(code: number): boolean {
  return code === GET || code === FETCH;
}

function isAboutMissing(message: Message): boolean {
  return (
    message.code === REQUEST_ENTITY_INCOMPLETE &&
    uintOf(message.options, CONTENT_FORMAT, -1) === MISSING_BLOCKS
  );
}

function isAscending(numbers: readonly number[]): boolean {
  for (let i = 1; i < numbers.length; i++) if (numbers[i] <= numbers[i - 1]) return false;
  return true;
}
