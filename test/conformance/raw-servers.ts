import { blockOption } from "../../protocol/coap/block.ts";
import { CONTINUE, EMPTY, formatCode, isSuccess } from "../../protocol/coap/codes.ts";
import {
  ACK,
  CON,
  decodeMessage,
  encodeMessage,
  LONGEST_TOKEN,
  type Message,
  NO_BYTES,
  RST,
} from "../../protocol/coap/message.ts";
import {
  ACCEPT,
  BLOCK1,
  BLOCK2,
  CONTENT_FORMAT,
  OBSERVE,
  type Option,
  URI_PATH,
  uintOption,
} from "../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION, maxTransmitWait } from "../../protocol/coap/parameters.ts";
import { pathOptions, queryOptions } from "../../protocol/coap/uri.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import {
  type Answer,
  answerOf,
  faultOfAnswer,
  type ObservedPath,
  type Question,
} from "./asking.ts";
import {
  blockOf,
  faultOfBlock,
  LARGEST_BLOCK,
  lastBlock,
  OTHER_REPRESENTATION,
} from "./block-wise.ts";
import type { UNIVERSAL_CRITERIA, Version } from "./case.ts";
import { type ClientUnderTest, type Pace, USUAL_PACE } from "./client-under-test.ts";
import { type BaseConfiguration, serverCountOf, strangerOf } from "./configurations.ts";
import { formatBytes } from "./content.ts";
import { Ended, Judging } from "./judging.ts";
import { Ladder } from "./ladder.ts";
import { type Misprint, NO_MISPRINT } from "./misprint.ts";
import {
  ScriptedServer,
  type ServerRole,
  type Uplink,
  type UplinkKind,
} from "./scripted-server.ts";

/** How long an answer, or a device that listens after its last message, is waited for (RFC 7252 §4.8.2). */
export const MAX_TRANSMIT_WAIT: Milliseconds = maxTransmitWait(DEFAULT_TRANSMISSION);

const FIRST_TIMEOUT = DEFAULT_TRANSMISSION.ackTimeout * DEFAULT_TRANSMISSION.ackRandomFactor;

export abstract class RawServers<Criterion extends string> extends Judging<Criterion> {
  readonly client: ClientUnderTest;
  readonly configuration: BaseConfiguration;
  readonly version: Version;
  readonly endpointName: string;
  /** The LwM2M servers. */
  readonly servers: readonly ScriptedServer[];
  /** Its number is the first after theirs. */
  readonly bootstrapServer: ScriptedServer;
  /** None of the client's servers: the same machine at another port. Its number is `strangerOf` the configuration. */
  readonly stranger: ScriptedServer;
  /** The network: true for an answer of a server's that is lost on its way to the client. */
  losesReply: ((reply: Message, to: Message) => boolean) | undefined = undefined;
  readonly ladder: Ladder;
  /** In what the case as printed differs from its procedure. */
  misprint: Misprint = NO_MISPRINT;
  /** From where the client was heard last, where that can be seen. */
  heardFrom: string | undefined;
  /** Which datagrams the network loses; none unless a case is about loss. Bytes that are no message are never lost. */
  loses: ((message: Message, isFromClient: boolean) => boolean) | undefined = undefined;
  private readonly startedAt: Milliseconds;
  private uplinks: Uplink[] = [];
  private readonly responses: { readonly server: number; readonly message: Message }[] = [];
  /** What is observed, by token. */
  private readonly observed = new Map<string, Question>();
  /** Notifications of which only the first block has come. */
  private readonly cut: Uplink[] = [];
  /** Under way. */
  private exchanges = 0;

  constructor(
    client: ClientUnderTest,
    configuration: BaseConfiguration,
    version: Version,
    endpointName: string,
  ) {
    super();
    const count = serverCountOf(configuration);
    this.client = client;
    this.configuration = configuration;
    this.version = version;
    this.endpointName = endpointName;
    const scripted = (server: number, role: ServerRole = "management") =>
      new ScriptedServer(server, role, client.messageIds ?? 0);
    this.servers = Array.from({ length: count }, (_, server) => scripted(server));
    this.bootstrapServer = scripted(count, "bootstrap");
    this.stranger = scripted(strangerOf(configuration));
    this.ladder = new Ladder(count > 1 || configuration.hasBootstrapServer === true, count + 1);
    this.startedAt = client.now();
  }

  get server(): ScriptedServer {
    return this.servers[0];
  }

  get pace(): Pace {
    return this.client.pace ?? USUAL_PACE;
  }

  /** Since the case began, by the client's clock. */
  now(): Milliseconds {
    return this.client.now() - this.startedAt;
  }

  // Time.

  /** Lets time pass while the servers do what they do. */
  async wait(duration: Milliseconds): Promise<void> {
    const until = this.now() + duration;
    while (await this.takeIn(until));
  }

  /**
   * The next that the client sends of its own accord of this kind; earlier ones that nobody took are first. Undefined when
   * none came until `until`.
   *
   * @param token of the observation, for notifications
   */
  async next(kind: UplinkKind, until: Milliseconds, token?: string): Promise<Uplink | undefined> {
    for (;;) {
      const found = this.take(kind, token);
      if (found !== undefined || !(await this.takeIn(until))) return found;
    }
  }

  /** One of this kind that has come already and that nobody took. */
  take(kind: UplinkKind, token?: string): Uplink | undefined {
    const at = this.uplinks.findIndex(
      (uplink) => uplink.kind === kind && (token === undefined || uplink.token === token),
    );
    return at < 0 ? undefined : this.uplinks.splice(at, 1)[0];
  }

  /** All of these kinds that have come already and that nobody took, in the order in which they came. */
  takeAll(kinds: UplinkKind | readonly UplinkKind[], token?: string): Uplink[] {
    const matches = (one: Uplink) =>
      [kinds].flat().includes(one.kind) && (token === undefined || one.token === token);
    const taken = this.uplinks.filter(matches);
    this.uplinks = this.uplinks.filter((one) => !matches(one));
    return taken;
  }

  // What the servers ask.

  /** Asks in a Confirmable message and waits for the answer, as a server does: with retransmission, joining blocks. */
  async ask(question: Question, server = 0): Promise<Answer> {
    const message = this.compose(question, server);
    const rest = { ...question, observe: undefined, token: undefined };
    const answer = await this.whole(rest, await this.askOnce(question, message, server), server);
    if (answer.outcome !== OTHER_REPRESENTATION) return answer;
    // A value may have changed while it was read: once more from the beginning (RFC 7959 §2.4).
    return this.whole(rest, await this.askOnce(rest, this.compose(rest, server), server), server);
  }

  /** The answer with the rest of its body, which is asked for block by block. */
  private async whole(question: Question, first: Answer, server: number): Promise<Answer> {
    const parts = [first.payload];
    let answer = first;
    for (let block = blockOf(answer, BLOCK2); block?.more; block = blockOf(answer, BLOCK2)) {
      if (!isSuccess(answer.code)) break;
      const next = blockOption(BLOCK2, block.num + 1, false, block.size);
      const message = this.compose(question, server);
      const asking = { ...message, options: [...message.options, next] };
      answer = await this.askOnce(question, asking, server);
      const fault = isSuccess(answer.code) ? faultOfBlock(answer, block, first) : undefined;
      if (fault !== undefined) return { ...answer, code: EMPTY, outcome: fault };
      parts.push(answer.payload);
      // A client that gives out other blocks than are asked for would have no end.
      if (blockOf(answer, BLOCK2)?.num !== block.num + 1) break;
    }
    if (parts.length === 1 || !isSuccess(answer.code)) return answer;
    // Observe and the like are of the first block (RFC 7959 §3.4).
    return { ...first, payload: joined(parts) };
  }

  /** A FETCH or iPATCH that is longer than a message goes up in blocks first (RFC 8132 §2.5, §3.3). */
  private async askOnce(question: Question, asked: Message, server: number): Promise<Answer> {
    const message = this.misprint.sends?.(asked) ?? asked;
    let size = LARGEST_BLOCK;
    for (let from = 0; from + size < message.payload.length; from += size) {
      const block = blockOption(BLOCK1, from / size, true, size);
      const part = {
        ...message,
        messageId: this.serverAt(server).messageId(),
        options: [...message.options, block],
        payload: message.payload.subarray(from, from + size),
      };
      const came = answerOf(question, part, await this.exchange(part, server), this.now());
      if (came.code !== CONTINUE) return this.legal(question, part, came);
      const wanted = blockOf(came, BLOCK1)?.size ?? size;
      if (wanted < size) {
        from += size - wanted;
        size = wanted;
      }
    }
    const last = lastBlock(message, size);
    const answer = answerOf(question, last, await this.exchange(last, server), this.now());
    return this.legal(question, last, answer);
  }

  private legal(question: Question, message: Message, answer: Answer): Answer {
    const why = faultOfAnswer(question, message, answer);
    const isPrinted = Object.values(this.misprint.codes ?? {}).includes(answer.code);
    if (why === undefined || isPrinted) return answer;
    throw new Ended("fail", why, "legal-code" satisfies keyof typeof UNIVERSAL_CRITERIA);
  }

  /** As `observe`, by any request. */
  async observeBy(question: Question, server = 0): Promise<ObservedPath> {
    const tokenBytes = this.serverAt(server).token();
    const token = formatBytes(tokenBytes);
    const answer = await this.ask({ ...question, observe: 0, token: tokenBytes }, server);
    const { path } = question;
    if (isSuccess(answer.code)) {
      this.serverAt(server).observations.add(token);
      this.observed.set(token, question);
    }
    return { path, token, tokenBytes, answer };
  }

  /** The message that asks. */
  compose(question: Question, server = 0): Message {
    const options: Option[] = [
      ...pathOptions(URI_PATH, question.path),
      ...(question.options ?? []),
    ];
    const { query, accept, format, observe, payload, token } = question;
    if (query !== undefined) options.push(...queryOptions(query));
    if (accept !== undefined) options.push(uintOption(ACCEPT, accept));
    if (format !== undefined) options.push(uintOption(CONTENT_FORMAT, format));
    if (observe !== undefined) options.push(uintOption(OBSERVE, observe));
    return {
      type: CON,
      code: question.method,
      messageId: this.serverAt(server).messageId(),
      token: token ?? this.serverAt(server).token(),
      options,
      payload: payload ?? NO_BYTES,
    };
  }

  /**
   * Sends a message and waits for what answers it: a response, or a Reset. Repeats it as RFC 7252 §4.2 says.
   *
   * @param heard takes all that came meanwhile in answer to what this server sent: an empty ACK before a separate response
   */
  async exchange(
    message: Message,
    server = 0,
    heard: Message[] = [],
  ): Promise<Message | undefined> {
    const token = formatBytes(message.token);
    const giveUpAt = this.now() + MAX_TRANSMIT_WAIT;
    let timeout = FIRST_TIMEOUT;
    let repeatAt = message.type === CON ? this.now() + timeout : giveUpAt;
    let repetitions = 0;
    this.serverAt(server).waiting.add(token);
    this.exchanges++;
    await this.send(message, server);
    try {
      for (;;) {
        for (let came = this.response(server); came !== undefined; came = this.response(server)) {
          heard.push(came);
          const isOurs = came.messageId === message.messageId;
          if (came.type === RST && isOurs) return came;
          if (came.type === ACK && came.code === EMPTY && isOurs) repeatAt = giveUpAt;
          else if (came.type === ACK ? isOurs : formatBytes(came.token) === token) return came;
        }
        if (await this.takeIn(Math.min(repeatAt, giveUpAt))) continue;
        if (this.now() >= giveUpAt) return undefined;
        if (++repetitions > DEFAULT_TRANSMISSION.maxRetransmit) repeatAt = giveUpAt;
        else {
          await this.send(message, server);
          timeout *= 2;
          repeatAt = Math.min(this.now() + timeout, giveUpAt);
        }
      }
    } finally {
      this.serverAt(server).waiting.delete(token);
      this.exchanges--;
    }
  }

  /**
   * The rest of notifications that are longer than a block, asked for as what is observed is asked for: a FETCH with its body (RFC 7959
   * §2.6, RFC 8132 §2.4). Between exchanges only, as servers do with NSTART = 1. When the next block is of another representation,
   * a newer notification is on its way, and this one is dropped.
   */
  private async joinNotifications(): Promise<void> {
    for (let cut = this.cut.shift(); cut !== undefined; cut = this.cut.shift()) {
      const { message, server, token, at } = cut;
      const question = this.observed.get(token);
      let whole = message;
      if (question !== undefined) {
        const asked = { ...question, observe: undefined, token: undefined };
        const first = answerOf(asked, message, message, at);
        const answer = await this.whole(asked, first, server);
        if (!isSuccess(answer.code)) continue;
        whole = { ...message, payload: answer.payload };
      }
      this.uplinks.push({ ...cut, message: whole });
    }
  }

  /** Sends any message as it is. */
  async send(message: Message, server = 0): Promise<void> {
    const sent = this.misprint.sends?.(message) ?? message;
    await this.sendBytes(encodeMessage(sent), server);
  }

  /** Sends any bytes as they are. */
  async sendBytes(datagram: Uint8Array, server = 0): Promise<void> {
    const isLost = this.isLost(datagram, false);
    this.ladder.sent(this.now(), server, datagram, isLost);
    if (!isLost) await this.client.send(server, datagram);
  }

  private isLost(datagram: Uint8Array, isFromClient: boolean): boolean {
    if (this.loses === undefined) return false;
    const message = decodeMessage(datagram, LONGEST_TOKEN);
    return !isMalformed(message) && this.loses(message, isFromClient);
  }

  /** The next of what came in answer to what a server sent. */
  response(server = 0): Message | undefined {
    const at = this.responses.findIndex((one) => one.server === server);
    return at < 0 ? undefined : this.responses.splice(at, 1)[0].message;
  }

  /** Takes in the next datagram that comes by `until`; false when none did. */
  async takeIn(until: Milliseconds): Promise<boolean> {
    if (this.exchanges === 0) await this.joinNotifications();
    const arrival = await this.client.receive(this.startedAt + until);
    if (arrival === undefined) return false;
    const { server, datagram, from } = arrival;
    this.heardFrom = from;
    const message = decodeMessage(datagram, LONGEST_TOKEN);
    const isLost = this.isLost(datagram, true);
    this.ladder.arrived(this.now(), server, datagram, isLost);
    if (isMalformed(message)) {
      const why = `a datagram is malformed: ${message.fault} at byte ${message.at} (${message.source})`;
      throw new Ended("fail", why, "well-formed" satisfies keyof typeof UNIVERSAL_CRITERIA);
    }
    if (isLost) return true;
    const { uplink, response, replies } = this.serverAt(server).handle(this.now(), message);
    const isCut = uplink?.kind === "notification" && blockOf(uplink.message, BLOCK2)?.more === true;
    if (uplink !== undefined) (isCut ? this.cut : this.uplinks).push(uplink);
    if (response !== undefined) this.responses.push({ server, message: response });
    for (const reply of replies) {
      if (this.losesReply?.(reply, message)) this.step(`lost: ${formatCode(reply.code)} to that`);
      else await this.send(reply, server);
    }
    if (this.exchanges === 0) await this.joinNotifications();
    return true;
  }

  private serverAt(server: number): ScriptedServer {
    if (server === strangerOf(this.configuration)) return this.stranger;
    return this.servers[server] ?? this.bootstrapServer;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}
