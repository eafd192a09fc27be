import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeStreamBlock, streamBlockOption } from "../../../../protocol/coap/bert.ts";
import { CoapStreamEndpoint } from "../../../../protocol/coap/coap-stream-endpoint.ts";
import * as codes from "../../../../protocol/coap/codes.ts";
import { Download } from "../../../../protocol/coap/download.ts";
import type {
  CoapEvent,
  CoapSettings,
  IncomingRequest,
  Request,
  Response,
} from "../../../../protocol/coap/exchange.ts";
import {
  BODY_LOST,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../../protocol/coap/exchange.ts";
import type { Option } from "../../../../protocol/coap/options.ts";
import {
  BLOCK1,
  BLOCK2,
  OBSERVE,
  textOption,
  URI_PATH,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { pieceOf } from "../../../../protocol/coap/pieces.ts";
import { REQUEST_TAG } from "../../../../protocol/coap/request-tag.ts";
import {
  encodeStreamMessage,
  StreamDecoder,
  type StreamMessage,
} from "../../../../protocol/coap/stream-framing.ts";
import { csm } from "../../../../protocol/coap/stream-signals.ts";
import { coapSettings } from "../../../support/coap-pair.ts";
import { proves } from "../../../support/proves.ts";
import {
  describeMessage,
  StreamPair,
  type StreamPairOptions,
} from "../../../support/stream-pair.ts";

const EMPTY = new Uint8Array(0);
const text = (value: string) => new TextEncoder().encode(value);
const PATH = [textOption(URI_PATH, "status")];
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);
const put = (payload: Uint8Array): Request => ({ code: codes.PUT, options: PATH, payload });
const get: Request = { code: codes.GET, options: PATH, payload: EMPTY };
const content = (payload: Uint8Array, options: readonly Option[] = []): Response => ({
  code: codes.CONTENT,
  options,
  payload,
});

function serve(
  pair: StreamPair,
  answer: (request: IncomingRequest) => Response,
): IncomingRequest[] {
  const ran: IncomingRequest[] = [];
  pair.onServerEvent = (event) => {
    if (event.kind !== REQUEST_RECEIVED) return;
    ran.push(event.request);
    pair.server.respond(pair.now, event.request, answer(event.request));
  };
  return ran;
}

function outcomeOf(events: readonly CoapEvent[]): Response | string {
  const last = events.at(-1);
  if (last?.kind === RESPONSE_RECEIVED) return last.response;
  return last?.kind === REQUEST_FAILED ? last.failure : "nothing";
}

const BERT: StreamPairOptions = {
  client: { longestMessage: 8704 },
  server: { longestMessage: 8704 },
};

/** An endpoint alone, whose peer has said what it takes. */
class Alone {
  readonly endpoint: CoapStreamEndpoint;
  private readonly reader = new StreamDecoder(1 << 20, 8);

  constructor(maxMessageSize: number, settings: Partial<CoapSettings> = {}) {
    this.endpoint = new CoapStreamEndpoint(coapSettings({ longestMessage: 20_000, ...settings }));
    this.take(csm({ maxMessageSize, blockWise: true, maxTokenLength: 8 }));
    this.said();
  }

  take(message: StreamMessage): void {
    this.endpoint.handleBytes(0, encodeStreamMessage(message));
  }

  said(): StreamMessage[] {
    const said: StreamMessage[] = [];
    for (let sent = this.endpoint.pollTransmit(); sent; sent = this.endpoint.pollTransmit()) {
      this.reader.push(sent);
    }
    for (let next = this.reader.poll(); next !== undefined; next = this.reader.poll()) {
      said.push(next as StreamMessage);
    }
    return said;
  }
}

describe("RFC 8323 §6: BERT", () => {
  test("the value of a Block option with SZX 7 counts in 1024 bytes", () => {
    const block = decodeStreamBlock(streamBlockOption(BLOCK1, 24, true, 1024, true).value);
    expect(block).toEqual({ num: 24, more: true, size: 1024, isBert: true });
    expect(decodeStreamBlock(Uint8Array.of(59))).toEqual({
      num: 3,
      more: true,
      size: 128,
      isBert: false,
    });
    expect(decodeStreamBlock(Uint8Array.of(0xff, 0xff, 0xf7))).toMatchObject({ num: 1048575 });
  });

  test("§6: a GET whose answer comes in blocks of 3072, 5120 and 4711 bytes", () => {
    const alone = new Alone(20_000);
    const body = pattern(3072 + 5120 + 4711);
    alone.endpoint.request(0, get);
    const asked: string[] = [];
    const cuts = [0, 3072, 8192, body.length];
    for (let i = 0; i < 3; i++) {
      const [request] = alone.said();
      asked.push(describeMessage({ ...request, token: EMPTY }));
      const more = i < 2;
      const block = streamBlockOption(BLOCK2, cuts[i] / 1024, more, 1024, true);
      const payload = body.subarray(cuts[i], cuts[i + 1]);
      alone.take({ code: codes.CONTENT, token: request.token, options: [block], payload });
    }
    expect(asked).toEqual(["0.01", "0.01 2:3/0/BERT", "0.01 2:8/0/BERT"]);
    expect(alone.endpoint.pollEvent()).toMatchObject({ response: { payload: body } });
  });

  test("§6: a PUT whose body comes in blocks of 8192, 16384 and 5683 bytes", () => {
    proves("device", "tcp-bert");
    const alone = new Alone(1152);
    const body = pattern(8192 + 16384 + 5683);
    const said: string[] = [];
    const cuts = [0, 8192, 24576, body.length];
    for (let i = 0; i < 3; i++) {
      const block = streamBlockOption(BLOCK1, cuts[i] / 1024, i < 2, 1024, true);
      const payload = body.subarray(cuts[i], cuts[i + 1]);
      const options = [...PATH, block];
      alone.take({ code: codes.PUT, token: Uint8Array.of(i), options, payload });
      const event = alone.endpoint.pollEvent();
      if (event?.kind === REQUEST_RECEIVED) {
        expect(event.request.payload).toEqual(body);
        alone.endpoint.respond(0, event.request, { ...content(EMPTY), code: codes.CHANGED });
      }
      said.push(...alone.said().map(describeMessage));
    }
    expect(said).toEqual(["2.31 [0] 1:0/1/BERT", "2.31 [1] 1:8/1/BERT", "2.04 [2] 1:24/0/1024"]);
  });

  test("a block that others follow is a multiple of 1024 bytes, and not empty", () => {
    for (const length of [0, 1000, 1025, 2047]) {
      const alone = new Alone(1152);
      const options = [...PATH, streamBlockOption(BLOCK1, 0, true, 1024, true)];
      alone.take({ code: codes.PUT, token: EMPTY, options, payload: pattern(length) });
      expect(alone.said().map(describeMessage)).toEqual(["4.00"]);
      const asking = new Alone(1152);
      asking.endpoint.request(0, get);
      const [{ token }] = asking.said();
      const block = streamBlockOption(BLOCK2, 0, true, 1024, true);
      asking.take({ code: codes.CONTENT, token, options: [block], payload: pattern(length) });
      expect(asking.endpoint.pollEvent()).toMatchObject({ failure: "body-incomplete" });
    }
  });

  test("bodies longer than both take at once go in as many bytes as there is room for", () => {
    proves("device", "tcp-bert");
    proves("connector", "tcp-bert");
    const pair = new StreamPair(BERT);
    const ran = serve(pair, (request) => content(request.payload.slice().reverse()));
    pair.client.request(0, put(pattern(20_000)));
    pair.drive();
    expect(ran.map(({ payload }) => payload)).toEqual([pattern(20_000)]);
    expect(outcomeOf(pair.clientEvents)).toMatchObject({ payload: pattern(20_000).reverse() });
    expect(pair.ladder.slice(2)).toEqual([
      "20 ---> 0.03 [2] 1:0/1/BERT (8192 B)",
      "30 <--- 2.31 [2] 1:0/1/BERT",
      "40 ---> 0.03 [2] 1:8/1/BERT (8192 B)",
      "50 <--- 2.31 [2] 1:8/1/BERT",
      "60 ---> 0.03 [2] 1:16/0/BERT (3616 B)",
      "70 <--- 2.05 [2] 2:0/1/BERT 1:16/0/1024 (8192 B)",
      "80 ---> 0.03 [2] 2:8/0/BERT",
      "90 <--- 2.05 [2] 2:8/1/BERT (8192 B)",
      "100 ---> 0.03 [2] 2:16/0/BERT",
      "110 <--- 2.05 [2] 2:16/0/BERT (3616 B)",
    ]);
  });

  test("§5.3.2: where one end takes 1152 bytes, both send blocks of 1024", () => {
    const pair = new StreamPair({ client: { longestMessage: 8704 } });
    const ran = serve(pair, () => content(pattern(3_000)));
    pair.client.request(0, put(pattern(2_500)));
    pair.drive();
    expect(ran.map(({ payload }) => payload)).toEqual([pattern(2_500)]);
    expect(outcomeOf(pair.clientEvents)).toMatchObject({ payload: pattern(3_000) });
    expect(pair.ladder.slice(2)).toEqual([
      "20 ---> 0.03 [2] 1:0/1/1024 (1024 B)",
      "30 <--- 2.31 [2] 1:0/1/1024",
      "40 ---> 0.03 [2] 1:1/1/1024 (1024 B)",
      "50 <--- 2.31 [2] 1:1/1/1024",
      "60 ---> 0.03 [2] 1:2/0/1024 (452 B)",
      "70 <--- 2.05 [2] 2:0/1/1024 1:2/0/1024 (1024 B)",
      "80 ---> 0.03 [2] 2:1/0/1024",
      "90 <--- 2.05 [2] 2:1/1/1024 (1024 B)",
      "100 ---> 0.03 [2] 2:2/0/1024",
      "110 <--- 2.05 [2] 2:2/0/1024 (952 B)",
    ]);
  });

  test("§5.3.2: who has not said that it knows BERT itself, sends none", () => {
    const pair = new StreamPair({ server: { longestMessage: 100_000 } });
    const ran = serve(pair, () => content(EMPTY));
    pair.client.request(0, put(pattern(20_000)));
    pair.drive();
    expect(ran.map(({ payload }) => payload)).toEqual([pattern(20_000)]);
    expect(pair.ladder.join()).not.toContain("BERT");
  });

  test("§5.3.1: how much comes at once, our Max-Message-Size says, not the block size of datagrams", () => {
    const small = { longestMessage: 8704, blockSize: 64 };
    const pair = new StreamPair({ client: small, server: small });
    const ran = serve(pair, () => content(pattern(20_000)));
    pair.client.request(0, put(pattern(20_000)));
    pair.drive();
    expect(ran.map(({ payload }) => payload)).toEqual([pattern(20_000)]);
    expect(pair.ladder.slice(2)).toHaveLength(10);
  });

  test("§6: who asks for a block of 1024 bytes or less, gets no BERT", () => {
    const alone = new Alone(20_000);
    const options = [...PATH, streamBlockOption(BLOCK2, 0, false, 512, false)];
    alone.take({ code: codes.GET, token: EMPTY, options, payload: EMPTY });
    const event = alone.endpoint.pollEvent();
    if (event?.kind !== REQUEST_RECEIVED) throw new Error("no request");
    alone.endpoint.respond(0, event.request, content(pattern(3_000)));
    expect(alone.said().map(describeMessage)).toEqual(["2.05 2:0/1/512 (512 B)"]);
    const later = [...PATH, streamBlockOption(BLOCK2, 1, false, 1024, false)];
    alone.take({ code: codes.GET, token: EMPTY, options: later, payload: EMPTY });
    expect(alone.said().map(describeMessage)).toEqual(["2.05 2:1/1/1024 (1024 B)"]);
  });
});

describe("RFC 7959 on a stream", () => {
  test("§2.3: the peer's smaller blocks are kept to, also after BERT", () => {
    const alone = new Alone(20_000);
    alone.endpoint.request(0, put(pattern(40_000)));
    const sizes: number[] = [];
    for (const size of [1024, 256]) {
      const [{ token, payload }] = alone.said();
      sizes.push(payload.length);
      const num = sizes.length === 1 ? 0 : 16;
      const options = [streamBlockOption(BLOCK1, num, true, size, false)];
      alone.take({ code: codes.CONTINUE, token, options, payload: EMPTY });
    }
    const [last] = alone.said();
    expect([...sizes, last.payload.length]).toEqual([16384, 1024, 256]);
    expect(describeMessage(last)).toContain("1:68/1/256");
  });

  test("§2.9.3: 4.13 with a smaller block begins again in that size; without, it is the answer", () => {
    const alone = new Alone(20_000);
    alone.endpoint.request(0, put(pattern(40_000)));
    const [{ token }] = alone.said();
    const code = codes.REQUEST_ENTITY_TOO_LARGE;
    const smaller = [streamBlockOption(BLOCK1, 0, true, 512, false)];
    alone.take({ code, token, options: smaller, payload: EMPTY });
    expect(alone.said().map(describeMessage)).toEqual(["0.03 [1] 1:0/1/512 (512 B)"]);
    alone.take({ code, token, options: [], payload: EMPTY });
    expect(alone.endpoint.pollEvent()).toMatchObject({ response: { code } });
  });

  test("§2.9.3: a body longer than `maxBody` is refused with 4.13, at its first block if it says so", () => {
    const pair = new StreamPair({ ...BERT, server: { maxBody: 10_000 } });
    serve(pair, () => content(EMPTY));
    pair.client.request(0, put(pattern(20_000)));
    pair.drive();
    expect(outcomeOf(pair.clientEvents)).toMatchObject({ code: codes.REQUEST_ENTITY_TOO_LARGE });
    expect(pair.ladder).toHaveLength(4);
  });

  test("a response longer than our `maxBody` fails", () => {
    const pair = new StreamPair({ client: { maxBody: 5_000 }, server: {} });
    serve(pair, () => content(pattern(6_000)));
    pair.client.request(0, get);
    pair.drive();
    expect(outcomeOf(pair.clientEvents)).toBe("body-too-large");
  });

  test("§2.4: blocks of two representations are not mixed", () => {
    const pair = new StreamPair();
    let reads = 0;
    pair.onServerEvent = (event) => {
      if (event.kind !== REQUEST_RECEIVED) return;
      const options = [{ number: 4, value: Uint8Array.of(++reads) }];
      pair.server.respond(pair.now, event.request, content(pattern(3_000), options));
      // What it has kept is of no use any more.
      pair.server.notify(pair.now, Uint8Array.of(1), content(pattern(3_000)), false);
    };
    pair.client.request(0, get);
    pair.drive();
    expect(outcomeOf(pair.clientEvents)).toBe("body-incomplete");
    expect(reads).toBe(2);
  });

  test("RFC 8132 §2: a FETCH goes up in blocks, and asks again with what it is of", () => {
    const pair = new StreamPair();
    const ran = serve(pair, () => content(pattern(3_000)));
    const body = pattern(500);
    pair.client.request(0, { code: codes.FETCH, options: PATH, payload: body });
    pair.drive();
    expect(outcomeOf(pair.clientEvents)).toMatchObject({ payload: pattern(3_000) });
    expect(ran.map(({ payload }) => payload)).toEqual([body]);
    expect(pair.ladder.filter((line) => line.includes("0.05"))).toEqual([
      "20 ---> 0.05 [2] (500 B)",
      "40 ---> 0.05 [2] 2:1/0/1024 (500 B)",
      "60 ---> 0.05 [2] 2:2/0/1024 (500 B)",
    ]);
  });

  test("RFC 9175 §3.4: two bodies at once have different tags, and are not mixed", () => {
    const pair = new StreamPair();
    const ran = serve(pair, () => content(EMPTY));
    const bodies = [pattern(3_000), pattern(3_000).reverse()];
    for (const body of bodies) pair.client.request(0, put(body));
    pair.drive();
    expect(ran.map(({ payload }) => payload)).toEqual(bodies);
    expect(ran.map(({ options }) => options.some(({ number }) => number === REQUEST_TAG))).toEqual([
      false,
      true,
    ]);
    pair.client.request(pair.now, put(bodies[0]));
    pair.drive();
    expect(ran[2].options.some(({ number }) => number === REQUEST_TAG)).toBe(false);
  });

  test("the rest of a notification is fetched, and does not end the observation", () => {
    const pair = new StreamPair();
    let value = pattern(10);
    const ran = serve(pair, () => content(value, [uintOption(OBSERVE, 1)]));
    pair.client.request(0, { ...get, options: [uintOption(OBSERVE, 0), ...PATH] });
    pair.drive();
    value = pattern(2_500);
    pair.server.notify(pair.now, ran[0].token, content(value, [uintOption(OBSERVE, 2)]), true);
    pair.drive();
    expect(pair.clientEvents.at(-1)).toMatchObject({
      id: 1,
      observing: true,
      response: { payload: value },
    });
    expect(pair.client.tokenOf(1)).toBeDefined();
  });

  test("pieces.ts: a claimed body is handed on block by block, and is lost with its connection", () => {
    const inPieces = [{ code: codes.PUT, path: "/status" }];
    const pair = new StreamPair({ ...BERT, server: { longestMessage: 8704, inPieces } });
    const pieces: string[] = [];
    const ran = serve(pair, (request) => {
      const piece = pieceOf(request);
      if (piece !== undefined) {
        pieces.push(`${piece.offset}+${request.payload.length}${piece.isLast ? " last" : ""}`);
      }
      const code = piece === undefined || piece.isLast ? codes.CHANGED : codes.CONTINUE;
      return { ...content(EMPTY), code };
    });
    pair.client.request(0, put(pattern(20_000)));
    pair.drive();
    expect(pieces).toEqual(["0+8192", "8192+8192", "16384+3616 last"]);
    expect(outcomeOf(pair.clientEvents)).toMatchObject({ code: codes.CHANGED });
    expect(ran).toHaveLength(3);
    pair.client.request(pair.now, put(pattern(20_000)));
    pair.drive(pair.now + 25);
    pair.breakConnection();
    pair.drive();
    const lost = pair.serverEvents.filter(({ kind }) => kind === BODY_LOST);
    expect(lost).toMatchObject([{ received: 8_192 }]);
  });

  test("§2.4: a representation is read block by block, from the middle", () => {
    const pair = new StreamPair(BERT);
    serve(pair, () => content(pattern(5_000)));
    const download = new Download(get, 512, 1_700);
    const bytes: number[] = [];
    for (let isLast = false; !isLast; ) {
      pair.client.request(pair.now, download.next());
      pair.drive();
      const response = outcomeOf(pair.clientEvents);
      const piece = typeof response === "string" ? response : download.take(response);
      if (typeof piece === "string") throw new Error(piece);
      bytes.push(...piece.payload);
      isLast = piece.isLast;
    }
    expect(Uint8Array.from(bytes)).toEqual(pattern(5_000).subarray(1_700));
  });

  test("a peer that takes less than 1152 bytes gets smaller blocks", () => {
    const alone = new Alone(300);
    alone.take({ code: codes.GET, token: EMPTY, options: PATH, payload: EMPTY });
    const event = alone.endpoint.pollEvent();
    if (event?.kind !== REQUEST_RECEIVED) throw new Error("no request");
    alone.endpoint.respond(0, event.request, content(pattern(3_000)));
    alone.endpoint.request(0, put(pattern(3_000)));
    expect(alone.said().map(describeMessage)).toEqual([
      "2.05 2:0/1/128 (128 B)",
      "0.03 [1] 1:0/1/128 (128 B)",
    ]);
  });
});

test("whatever the ends take, and however the stream is cut, bodies arrive whole in both directions", () => {
  const size = fc.constantFrom(300, 1152, 1153, 2200, 4096, 8704, 70_000);
  fc.assert(
    fc.property(
      size,
      size,
      fc.nat(12_000),
      fc.nat(12_000),
      fc.array(fc.integer({ min: 100, max: 3000 }), { minLength: 1, maxLength: 4 }),
      (own, others, up, down, pieces) => {
        const pair = new StreamPair({
          client: { longestMessage: own },
          server: { longestMessage: others },
          pieces,
        });
        const ran = serve(pair, () => content(pattern(down)));
        pair.client.request(0, put(pattern(up)));
        pair.drive();
        const response = outcomeOf(pair.clientEvents);
        const payload = typeof response === "string" ? text(response) : response.payload;
        expect(ran).toHaveLength(1);
        expect(Buffer.compare(ran[0].payload, pattern(up))).toBe(0);
        expect(Buffer.compare(payload, pattern(down))).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});
