import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IncomingRequest } from "../../../../protocol/coap/coap-endpoint.ts";
import {
  BODY_LOST,
  CoapEndpoint,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../../protocol/coap/codes.ts";
import { encodeMessage } from "../../../../protocol/coap/message.ts";
import {
  BLOCK1,
  type Option,
  SIZE1,
  URI_PATH,
  uintOf,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { pieceOf } from "../../../../protocol/coap/pieces.ts";
import { REQUEST_TAG } from "../../../../protocol/coap/request-tag.ts";
import { pathOptions } from "../../../../protocol/coap/uri.ts";
import {
  CoapPair,
  coapSettings,
  describe as ladderLine,
  type PairOptions,
} from "../../../support/coap-pair.ts";

const NOTHING = new Uint8Array(0);
const PACKAGE = pathOptions(URI_PATH, "/5/0/0");
const CLAIM = { code: codes.PUT, path: "/5/0/0", silence: 93000 };
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);
const put = (payload: Uint8Array, options: readonly Option[] = PACKAGE) => ({
  code: codes.PUT,
  options,
  payload,
});

/** What an application does with pieces, in the words of pieces.ts. */
class Flash {
  written: Uint8Array = NOTHING;
  /** Offset and length of each piece, `!` at the last. */
  readonly pieces: string[] = [];
  readonly lost: number[] = [];
  answer = (isLast: boolean): number => (isLast ? codes.CHANGED : codes.CONTINUE);

  take(request: IncomingRequest): number {
    const piece = pieceOf(request);
    if (piece === undefined) {
      this.written = request.payload;
      return codes.CHANGED;
    }
    if (piece.offset === 0) this.written = NOTHING;
    this.pieces.push(`${piece.offset}+${request.payload.length}${piece.isLast ? "!" : ""}`);
    expect(piece.offset).toBe(this.written.length);
    this.written = Uint8Array.of(...this.written, ...request.payload);
    return this.answer(piece.isLast);
  }
}

function given(options: PairOptions = {}): { pair: CoapPair; flash: Flash } {
  const pair = new CoapPair({
    client: { blockSize: 64, maxBody: 1e6 },
    server: { inPieces: [CLAIM], maxBody: 32 },
    ...options,
  });
  const flash = new Flash();
  pair.onServerEvent = (event) => {
    if (event.kind === BODY_LOST) flash.lost.push(event.received);
    if (event.kind !== REQUEST_RECEIVED) return;
    const code = flash.take(event.request);
    pair.server.respond(pair.now, event.request, { code, options: [], payload: NOTHING });
  };
  return { pair, flash };
}

const outcomes = (pair: CoapPair) =>
  pair.clientEvents.map((event) =>
    event.kind === RESPONSE_RECEIVED ? codes.formatCode(event.response.code) : event,
  );

describe("a claimed body in pieces (RFC 7959 §2.5)", () => {
  test("each block is a request, answered with 2.31 and at the end with the outcome", () => {
    const { pair, flash } = given();
    pair.client.request(0, put(pattern(150)));
    pair.drive();
    expect(pair.ladder).toEqual([
      "0 ---> CON [1] 0.03 1:0/1/64 (64 B)",
      "10 <--- ACK [1] 2.31 1:0/1/64",
      "20 ---> CON [2] 0.03 1:1/1/64 (64 B)",
      "30 <--- ACK [2] 2.31 1:1/1/64",
      "40 ---> CON [3] 0.03 1:2/0/64 (22 B)",
      "50 <--- ACK [3] 2.04 1:2/0/64",
    ]);
    expect(flash.pieces).toEqual(["0+64", "64+64", "128+22!"]);
    expect(flash.written).toEqual(pattern(150));
    expect(outcomes(pair)).toEqual(["2.04"]);
    expect(pair.server.isIdle()).toBe(true);
    expect(pair.server.deadline()).toBe(Infinity);
  });

  test("a body in one message is no piece, and other paths and methods come whole", () => {
    const { pair, flash } = given({ server: { inPieces: [CLAIM], maxBody: 1000 } });
    pair.client.request(0, put(Uint8Array.of(0)));
    pair.drive();
    expect(flash.written).toEqual(Uint8Array.of(0));
    const seen: number[] = [];
    pair.onServerEvent = (event) => {
      if (event.kind !== REQUEST_RECEIVED) return;
      seen.push(event.request.payload.length);
      pair.server.respond(pair.now, event.request, { code: 0x44, options: [], payload: NOTHING });
    };
    pair.client.request(pair.now, put(pattern(150), pathOptions(URI_PATH, "/5/0/1")));
    pair.client.request(pair.now, { ...put(pattern(151)), code: codes.POST });
    pair.drive();
    expect(seen).toEqual([150, 151]);
  });

  test("§2.9.3: the owner refuses at the first block by Size1 with 4.13, and nothing more is sent", () => {
    const { pair, flash } = given();
    pair.onServerEvent = (event) => {
      if (event.kind !== REQUEST_RECEIVED) return;
      expect(pieceOf(event.request)).toEqual({ offset: 0, isLast: false, size: 5000 });
      const options = [uintOption(SIZE1, 4096)];
      const code = codes.REQUEST_ENTITY_TOO_LARGE;
      pair.server.respond(pair.now, event.request, { code, options, payload: NOTHING });
    };
    pair.client.request(0, put(pattern(5000)));
    pair.drive();
    expect(pair.ladder).toEqual(["0 ---> CON [1] 0.03 1:0/1/64 (64 B)", "10 <--- ACK [1] 4.13"]);
    const [event] = pair.clientEvents;
    expect(event.kind === RESPONSE_RECEIVED && uintOf(event.response.options, SIZE1, 0)).toBe(4096);
    expect(flash.lost).toEqual([]);
    expect(pair.server.isIdle()).toBe(true);
  });

  test.each([
    codes.BAD_REQUEST,
    codes.REQUEST_ENTITY_INCOMPLETE,
    codes.REQUEST_ENTITY_TOO_LARGE,
    codes.INTERNAL_SERVER_ERROR,
  ])("the owner ends it at any block (%#)", (code) => {
    const { pair, flash } = given();
    flash.answer = () => (flash.written.length > 64 ? code : codes.CONTINUE);
    pair.client.request(0, put(pattern(300)));
    pair.drive();
    expect(flash.pieces).toEqual(["0+64", "64+64"]);
    expect(outcomes(pair)).toEqual([codes.formatCode(code)]);
    expect([pair.server.isIdle(), flash.lost]).toEqual([true, []]);
  });

  test("an owner that is slow with a block gets the peer to wait: an empty ACK, then 2.31", () => {
    const { pair, flash } = given();
    const held: IncomingRequest[] = [];
    const { onServerEvent } = pair;
    pair.onServerEvent = (event) => {
      if (event.kind === REQUEST_RECEIVED) held.push(event.request);
    };
    pair.client.request(0, put(pattern(100)));
    pair.drive(5000);
    expect(held).toHaveLength(1);
    pair.onServerEvent = onServerEvent;
    onServerEvent({ kind: REQUEST_RECEIVED, request: held[0] });
    pair.drive();
    expect(pair.ladder.slice(0, 4)).toEqual([
      "0 ---> CON [1] 0.03 1:0/1/64 (64 B)",
      "510 <--- ACK [1]",
      "5000 <--- CON [256] 2.31 1:0/1/64",
      "5010 ---> ACK [256]",
    ]);
    expect(flash.written).toEqual(pattern(100));
  });

  test("§2.3: our block size, when smaller, counts from the second block on", () => {
    const { pair, flash } = given({ server: { inPieces: [CLAIM], blockSize: 32 } });
    pair.client.request(0, put(pattern(150)));
    pair.drive();
    expect(flash.pieces).toEqual(["0+64", "64+32", "96+32", "128+22!"]);
    expect(flash.written).toEqual(pattern(150));
  });

  test("a peer that falls silent is told of as BODY_LOST with what had come", () => {
    const { pair, flash } = given({ clientFate: (nth) => (nth < 2 ? [0] : []) });
    pair.client.request(0, put(pattern(300)));
    pair.drive();
    expect(flash.lost).toEqual([128]);
    expect(pair.server.isIdle()).toBe(true);
  });

  test("its silence counts from our last 2.31, by EXCHANGE_LIFETIME when the claim says nothing", () => {
    for (const [claim, expected] of [
      [CLAIM, 93000],
      [{ code: codes.PUT, path: "/5/0/0" }, 247000],
    ] as const) {
      const { pair } = given({ server: { inPieces: [claim] }, clientFate: (n) => (n ? [] : [0]) });
      const lostAt: number[] = [];
      const held: IncomingRequest[] = [];
      pair.onServerEvent = (event) => {
        if (event.kind === REQUEST_RECEIVED) held.push(event.request);
        if (event.kind === BODY_LOST) lostAt.push(pair.now);
      };
      pair.client.request(0, put(pattern(300)));
      pair.drive(3000);
      pair.server.respond(pair.now, held[0], { code: 0x5f, options: [], payload: NOTHING });
      pair.drive();
      expect(lostAt).toEqual([3000 + expected]);
    }
  });
});

describe("a claimed body, block by block from the wire", () => {
  const block = (
    messageId: number,
    num: number,
    more: boolean,
    options: readonly Option[] = PACKAGE,
  ) =>
    encodeMessage({
      type: 0,
      code: codes.PUT,
      messageId,
      token: NOTHING,
      options: [...options, uintOption(BLOCK1, num * 16 + (more ? 8 : 0))],
      payload: pattern(16),
    });

  function run(datagrams: readonly Uint8Array[]) {
    const endpoint = new CoapEndpoint(coapSettings({ inPieces: [CLAIM] }));
    const flash = new Flash();
    const lines: string[] = [];
    for (const datagram of datagrams) {
      endpoint.handleDatagram(0, datagram);
      for (let event = endpoint.pollEvent(); event; event = endpoint.pollEvent()) {
        if (event.kind !== REQUEST_RECEIVED) continue;
        const code = flash.take(event.request);
        endpoint.respond(0, event.request, { code, options: [], payload: NOTHING });
      }
      for (let sent = endpoint.pollTransmit(); sent; sent = endpoint.pollTransmit()) {
        lines.push(ladderLine(sent));
      }
    }
    return { flash, lines };
  }

  test("RFC 7959 §2.9.2: a gap is 4.08, and the body may go on where it was", () => {
    const { flash, lines } = run([
      block(1, 0, true),
      block(2, 2, true),
      block(3, 1, true),
      block(4, 2, false),
    ]);
    expect(lines.map((line) => line.split(" ")[2])).toEqual(["2.31", "4.08", "2.31", "2.04"]);
    expect(flash.pieces).toEqual(["0+16", "16+16", "32+16!"]);
  });

  test("RFC 7959 §2.5: the last block after a gap fails the transfer: nothing of it is joined to another", () => {
    const { flash, lines } = run([
      block(1, 0, true),
      block(2, 2, false),
      block(3, 1, true),
      block(4, 2, false),
    ]);
    expect(lines.map((line) => line.split(" ")[2])).toEqual(["2.31", "4.08", "4.08", "4.08"]);
    expect(flash.pieces).toEqual(["0+16"]);
  });

  test("a block out of nowhere is 4.08", () => {
    expect(run([block(1, 3, true)]).lines).toEqual(["ACK [1] 4.08"]);
  });

  test("the block just taken, under another Message ID, is 2.31 again and not told twice", () => {
    const { flash, lines } = run([block(1, 0, true), block(2, 1, true), block(3, 1, true)]);
    expect(lines.map((line) => line.split(" ")[2])).toEqual(["2.31", "2.31", "2.31"]);
    expect(flash.pieces).toEqual(["0+16", "16+16"]);
  });

  test("block 0 begins anew; under another Request-Tag too, and the body before is over", () => {
    const tagged = (tag: number) => [...PACKAGE, uintOption(REQUEST_TAG, tag)];
    const { flash, lines } = run([
      block(1, 0, true, tagged(1)),
      block(2, 1, true, tagged(1)),
      block(3, 0, true, tagged(2)),
      block(4, 2, true, tagged(1)),
      block(5, 1, false, tagged(2)),
    ]);
    expect(lines.map((line) => line.split(" ")[2])).toEqual([
      "2.31",
      "2.31",
      "2.31",
      "4.08",
      "2.04",
    ]);
    expect(flash.pieces).toEqual(["0+16", "16+16", "0+16", "16+16!"]);
  });

  test("a block that is short of its size is 4.00", () => {
    const short = encodeMessage({
      type: 0,
      code: codes.PUT,
      messageId: 1,
      token: NOTHING,
      options: [...PACKAGE, uintOption(BLOCK1, 8)],
      payload: pattern(15),
    });
    expect(run([short]).lines).toEqual(["ACK [1] 4.00"]);
  });
});

test("whatever is lost, doubled or late, a body in pieces arrives exactly once or the sender fails", () => {
  const fate = fc.constantFrom<readonly number[]>([0], [0], [0], [0, 0], [0, 700], [5000], []);
  const fates = fc.array(fate, { maxLength: 60 });
  fc.assert(
    fc.property(fates, fates, fc.integer({ min: 65, max: 700 }), (client, server, length) => {
      const { pair, flash } = given({
        clientFate: (nth) => client[nth] ?? [0],
        serverFate: (nth) => server[nth] ?? [0],
        latency: 100,
      });
      pair.client.request(0, put(pattern(length)));
      pair.drive();
      if (outcomes(pair)[0] === "2.04") {
        expect(flash.written).toEqual(pattern(length));
        expect(flash.pieces.filter((piece) => piece.endsWith("!"))).toHaveLength(1);
      } else expect(pair.clientEvents).toMatchObject([{ failure: "timed-out" }]);
      expect([pair.server.isIdle(), pair.client.isIdle()]).toEqual([true, true]);
    }),
    { numRuns: 200 },
  );
});

test("RFC 9175 §3.3: bodies for several resources, or with several Request-Tags, come together side by side", () => {
  const endpoint = new CoapEndpoint(coapSettings({ maxBody: 100 }));
  const seen: string[] = [];
  let messageId = 0;
  const send = (
    path: string,
    tag: number | undefined,
    num: number,
    more: boolean,
    fill: number,
  ) => {
    endpoint.handleDatagram(
      0,
      encodeMessage({
        type: 0,
        code: codes.PUT,
        messageId: messageId++,
        token: NOTHING,
        options: [
          ...pathOptions(URI_PATH, path),
          uintOption(BLOCK1, num * 16 + (more ? 8 : 0)),
          ...(tag === undefined ? [] : [uintOption(REQUEST_TAG, tag)]),
        ],
        payload: new Uint8Array(16).fill(fill),
      }),
    );
    for (let event = endpoint.pollEvent(); event; event = endpoint.pollEvent()) {
      if (event.kind !== REQUEST_RECEIVED) continue;
      seen.push(event.request.payload.join(""));
      endpoint.respond(0, event.request, { code: codes.CHANGED, options: [], payload: NOTHING });
    }
    return codes.formatCode(endpoint.pollTransmit()?.[1] ?? 0);
  };
  send("/a", undefined, 0, true, 1);
  send("/b", undefined, 0, true, 2);
  send("/a", 1, 0, true, 3);
  expect(send("/a", undefined, 1, false, 1)).toBe("2.04");
  expect(send("/a", 1, 1, false, 3)).toBe("2.04");
  expect(send("/b", undefined, 1, false, 2)).toBe("2.04");
  expect(seen).toEqual([1, 3, 2].map((fill) => String(fill).repeat(32)));
  // 6 blocks are 96 of 100 bytes: a seventh takes the room of the body that began first.
  for (const [path, count] of [
    ["/c", 3],
    ["/d", 4],
  ] as const) {
    for (let i = 0; i < count; i++) send(path, undefined, i, true, 9);
  }
  expect(send("/c", undefined, 3, false, 9)).toBe("4.08");
  expect(send("/d", undefined, 4, false, 9)).toBe("2.04");
});
