/**
 * The harness's end of a connection that carries CoAP (RFC 8323), in bare messages: it begins with its CSM, answers Pings, and leaves the
 * rest to the case at hand. Built on the framing and not on our stream endpoint, as scripted-server.ts is on messages.
 */
import { LONGEST_TOKEN, NO_BYTES } from "../../protocol/coap/message.ts";
import {
  encodeStreamMessage,
  StreamDecoder,
  type StreamMessage,
} from "../../protocol/coap/stream-framing.ts";
import { csm, PING, pong } from "../../protocol/coap/stream-signals.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { Bench } from "./bench.ts";
import type { UNIVERSAL_CRITERIA } from "./case.ts";
import { Ended } from "./judging.ts";
import { describeStreamMessage } from "./ladder.ts";

/** Bytes of the longest message, as the harness's CSM says. */
const LONGEST_MESSAGE = 65_536;

/** The connection's end. */
export type StreamEnd = "end";

export class ScriptedStream {
  private readonly bench: Bench;
  private readonly decoder = new StreamDecoder(LONGEST_MESSAGE, LONGEST_TOKEN);
  private readonly arrived: (StreamMessage | StreamEnd)[] = [];
  private hasGreeted = false;

  /** Of the first of the bench's servers. */
  constructor(bench: Bench) {
    this.bench = bench;
  }

  /** The client's next message but Pings, or the end of its connection; undefined when none came until `until`. */
  async next(until: Milliseconds): Promise<StreamMessage | StreamEnd | undefined> {
    for (;;) {
      const message = this.arrived.shift();
      if (message === undefined) {
        if (!(await this.takeIn(until))) return undefined;
      } else if (message !== "end" && message.code === PING) await this.send(pong(message, false));
      else return message;
    }
  }

  async send(message: StreamMessage): Promise<void> {
    const bench = this.bench;
    const bytes = encodeStreamMessage(message);
    bench.ladder.sentPiece(bench.now(), 0, bytes, describeStreamMessage(message));
    await bench.client.send(0, bytes);
  }

  private async takeIn(until: Milliseconds): Promise<boolean> {
    const bench = this.bench;
    const { client } = bench;
    const arrival = await client.receive(client.now() + until - bench.now());
    if (arrival === undefined) return false;
    const { datagram: piece, server } = arrival;
    const messages = this.messagesWith(piece);
    const words = messages.map((one) => (one === "end" ? one : describeStreamMessage(one)));
    const shown = words.join(", ") || `${piece.length} bytes of a message`;
    bench.ladder.arrivedPiece(bench.now(), server, piece, shown);
    this.arrived.push(...messages);
    if (!this.hasGreeted && piece.length > 0) {
      this.hasGreeted = true;
      const own = { maxMessageSize: LONGEST_MESSAGE, blockWise: true, maxTokenLength: 8 };
      await this.send(csm(own));
    }
    return true;
  }

  private messagesWith(piece: Uint8Array): (StreamMessage | StreamEnd)[] {
    if (piece.length === 0) return ["end"];
    const messages: StreamMessage[] = [];
    this.decoder.push(piece);
    for (let next = this.decoder.poll(); next !== undefined; next = this.decoder.poll()) {
      if (isMalformed(next)) {
        const why = `the stream is malformed: ${next.fault} at byte ${next.at} (${next.source})`;
        throw new Ended("fail", why, "well-formed" satisfies keyof typeof UNIVERSAL_CRITERIA);
      }
      messages.push(next);
    }
    return messages;
  }
}

/** What came, for sentences. */
export function cameInstead(came: StreamMessage | StreamEnd | undefined): string {
  if (came === undefined) return "nothing came";
  return came === "end" ? "the connection ended" : `${describeStreamMessage(came)} came`;
}

/** True for a message of this code. */
export function hasCode(
  came: StreamMessage | StreamEnd | undefined,
  code: number,
): came is StreamMessage {
  return came !== undefined && came !== "end" && came.code === code;
}

/** An answer to a request. */
export function answerTo(
  request: StreamMessage,
  code: number,
  options: StreamMessage["options"],
): StreamMessage {
  return { code, token: request.token, options, payload: NO_BYTES };
}
