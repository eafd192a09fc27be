/**
 * The harness's end of a connection that carries CoAP (RFC 8323), in bare messages: it says its CSM once the other end has spoken, unless the
 * case has said it before, answers Pings, and leaves the rest to the case at hand. Built on the framing and not on our stream endpoint, as scripted-server.ts is on
 * messages.
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
import { Ended } from "./judging.ts";
import { describeStreamMessage } from "./ladder.ts";
import type { ServerBench } from "./server-bench.ts";
import type { ServerConnection } from "./server-under-test.ts";

/** Bytes of the longest message, as the harness's CSM says. */
const LONGEST_MESSAGE = 65_536;

/** The connection's end. */
export type StreamEnd = "end";

/** What carries the pieces, and shows them; an empty piece is the connection's end. */
interface Carrier {
  /** @param words what the piece says */
  send(piece: Uint8Array, words: string): Promise<void>;
  receive(until: Milliseconds): Promise<Uint8Array | undefined>;
  show(piece: Uint8Array, words: string): void;
}

export class ScriptedStream {
  private readonly carrier: Carrier;
  private readonly decoder = new StreamDecoder(LONGEST_MESSAGE, LONGEST_TOKEN);
  private readonly arrived: (StreamMessage | StreamEnd)[] = [];
  private hasGreeted = false;

  constructor(carrier: Carrier) {
    this.carrier = carrier;
  }

  /** The other end's next message but Pings, or the end of its connection; undefined when none came until `until`. */
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
    await this.carrier.send(encodeStreamMessage(message), describeStreamMessage(message));
  }

  /** Says the harness's own CSM, once. */
  async greet(): Promise<void> {
    if (this.hasGreeted) return;
    this.hasGreeted = true;
    await this.send(csm({ maxMessageSize: LONGEST_MESSAGE, blockWise: true, maxTokenLength: 8 }));
  }

  private async takeIn(until: Milliseconds): Promise<boolean> {
    const piece = await this.carrier.receive(until);
    if (piece === undefined) return false;
    const messages = this.messagesWith(piece);
    const words = messages.map((one) => (one === "end" ? one : describeStreamMessage(one)));
    const shown = words.join(", ") || `${piece.length} bytes of a message`;
    this.carrier.show(piece, shown);
    this.arrived.push(...messages);
    if (piece.length > 0) await this.greet();
    return true;
  }

  private messagesWith(piece: Uint8Array): (StreamMessage | StreamEnd)[] {
    if (piece.length === 0) return ["end"];
    const messages: StreamMessage[] = [];
    this.decoder.push(piece);
    for (let next = this.decoder.poll(); next !== undefined; next = this.decoder.poll()) {
      if (isMalformed(next)) {
        const why = `the stream is malformed: ${next.fault} at byte ${next.at} (${next.source})`;
        throw new Ended("fail", why, "well-formed");
      }
      messages.push(next);
    }
    return messages;
  }
}

/** The connection of the client to the first of the bench's servers. */
export function streamOfClient(bench: Bench): ScriptedStream {
  const { client, ladder } = bench;
  return new ScriptedStream({
    send(piece, words) {
      ladder.sentPiece(bench.now(), 0, piece, words);
      return client.send(0, piece);
    },
    async receive(until) {
      const arrival = await client.receive(client.now() + until - bench.now());
      return arrival?.datagram;
    },
    show: (piece, words) => ladder.arrivedPiece(bench.now(), 0, piece, words),
  });
}

/** A connection of the harness's to the server. */
export function streamToServer(bench: ServerBench, connection: ServerConnection): ScriptedStream {
  const { server, ladder } = bench;
  return new ScriptedStream({
    send(piece, words) {
      ladder.arrivedPiece(bench.now(), 0, piece, words);
      return connection.send(piece);
    },
    receive: (until) => connection.receive(server.now() + until - bench.now()),
    show: (piece, words) => ladder.sentPiece(bench.now(), 0, piece, words),
  });
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
