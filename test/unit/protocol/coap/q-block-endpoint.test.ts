import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeHex } from "../../../../protocol/bytes/hex.ts";
import type { IncomingRequest, Response } from "../../../../protocol/coap/coap-endpoint.ts";
import {
  CoapEndpoint,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../../protocol/coap/codes.ts";
import { decodeMessage, encodeMessage, NON } from "../../../../protocol/coap/message.ts";
import {
  BLOCK1,
  findOption,
  type Option,
  SIZE1,
  textOption,
  URI_PATH,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { Q_BLOCK1, Q_BLOCK2 } from "../../../../protocol/coap/q-block.ts";
import { QBlockEndpoint } from "../../../../protocol/coap/q-block-endpoint.ts";
import { REQUEST_TAG } from "../../../../protocol/coap/request-tag.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import { SeededRandom } from "../../../../simulator/random.ts";
import {
  CoapPair,
  coapSettings,
  type Fate,
  describe as ladderLine,
  type PairOptions,
} from "../../../support/coap-pair.ts";
import { proves } from "../../../support/proves.ts";

const NOTHING = new Uint8Array(0);
const PATH = [textOption(URI_PATH, "a")];
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);
const make = (settings: ConstructorParameters<typeof QBlockEndpoint>[0]) =>
  new QBlockEndpoint(settings);
const put = (payload: Uint8Array) => ({
  code: codes.PUT,
  options: PATH,
  payload,
  confirmable: false,
});
const get = { code: codes.GET, options: PATH, payload: NOTHING, confirmable: false };

interface Rig {
  readonly pair: CoapPair;
  readonly ran: IncomingRequest[];
  /** What the client was told: `2.04`, or why it failed. */
  outcomes(): string[];
  /** The ladder without times and Message IDs. */
  ladder(): string[];
}

function given(options: PairOptions = {}, body: Uint8Array = NOTHING): Rig {
  const pair = new CoapPair({
    client: { blockSize: 64, maxBody: 1e6 },
    server: { blockSize: 64, maxBody: 1e6 },
    makeClient: make,
    makeServer: make,
    ...options,
  });
  const ran: IncomingRequest[] = [];
  pair.onServerEvent = (event) => {
    if (event.kind !== REQUEST_RECEIVED) return;
    const { request } = event;
    const isCore = findOption(request.options, URI_PATH)?.value[0] === 46;
    if (!isCore) ran.push(request);
    const isRead = request.code === codes.GET || request.code === codes.FETCH;
    const response: Response = {
      code: isRead ? codes.CONTENT : codes.CHANGED,
      options: [],
      payload: isRead && !isCore ? body : NOTHING,
    };
    pair.server.respond(pair.now, request, response);
  };
  const outcomes = () =>
    pair.clientEvents.map((event) =>
      event.kind === RESPONSE_RECEIVED
        ? codes.formatCode(event.response.code)
        : event.kind === REQUEST_FAILED
          ? event.failure
          : "",
    );
  const ladder = () =>
    pair.ladder.map((line) => line.replace(/^\S+ +/, "").replace(/ \[\d+\]/, ""));
  return { pair, ran, outcomes, ladder };
}

/** Loses every datagram that is one of these blocks, the first time. */
function losing(option: number, ...blocks: readonly number[]): Fate {
  const lost = new Set<number>();
  return (_, datagram) => {
    const message = decodeMessage(datagram);
    const value = isMalformed(message) ? undefined : findOption(message.options, option)?.value;
    if (value === undefined) return [0];
    const num = value.reduce((sum, byte) => sum * 256 + byte, 0) >> 4;
    if (!blocks.includes(num) || lost.has(num)) return [0];
    lost.add(num);
    return [];
  };
}

describe("Q-Block1 (RFC 9177 §4.3)", () => {
  test("RFC 9177 §4.3, §7.2: a set of ten, 2.31, the rest, one answer", () => {
    proves("device", "q-block");
    proves("connector", "q-block");
    const { pair, ran, outcomes, ladder } = given();
    pair.client.request(0, put(pattern(12 * 64 - 1)));
    pair.drive(5000);
    expect(ran.map(({ payload }) => payload)).toEqual([pattern(767)]);
    expect(outcomes()).toEqual(["2.04"]);
    expect(ladder()).toEqual([
      "---> CON 0.01 Q2:0/0/64",
      "<--- ACK 2.05",
      ...Array.from({ length: 10 }, (_, num) => `---> NON 0.03 Q1:${num}/1/64 (64 B)`),
      "<--- NON 2.31 Q1:9/1/64",
      "---> NON 0.03 Q1:10/1/64 (64 B)",
      "---> NON 0.03 Q1:11/0/64 (63 B)",
      "<--- NON 2.04",
    ]);
    expect(pair.now).toBe(5000);
    expect(pair.client.isIdle()).toBe(true);
  });

  test("§4.3: each block has the tag and the size, and a token of its own", () => {
    const sent: Option[][] = [];
    const tokens = new Set<string>();
    const { pair } = given({
      clientFate: (_, datagram) => {
        const message = decodeMessage(datagram);
        if (!isMalformed(message) && message.type === NON) {
          sent.push(
            message.options.filter(({ number }) => number === SIZE1 || number === REQUEST_TAG),
          );
          tokens.add(encodeHex(message.token));
        }
        return [0];
      },
    });
    pair.client.request(0, put(pattern(200)));
    pair.drive(5000);
    expect(sent).toHaveLength(4);
    expect(sent[0]).toHaveLength(2);
    for (const each of sent) expect(each).toEqual(sent[0]);
    expect(tokens.size).toBe(4);
  });

  test("§5, §7.2: a block lost in a set is asked for when the next begins, and sent before it goes on", () => {
    const { pair, ran, ladder } = given({ clientFate: losing(Q_BLOCK1, 3, 7) });
    pair.client.request(0, put(pattern(12 * 64)));
    pair.drive(20_000);
    expect(ran).toHaveLength(1);
    expect(ladder().slice(12)).toEqual([
      "---> NON 0.03 Q1:10/1/64 (64 B)",
      "---> NON 0.03 Q1:11/0/64 (64 B)",
      "<--- NON 4.08 (2 B)",
      "---> NON 0.03 Q1:3/1/64 (64 B)",
      "---> NON 0.03 Q1:7/1/64 (64 B)",
      "<--- NON 2.04",
    ]);
    // Without 2.31 the second set waited for NON_TIMEOUT_RANDOM, 2 to 3 s.
    expect(Number(pair.ladder[12].split(" ")[0])).toBeGreaterThanOrEqual(2000);
    expect(Number(pair.ladder[12].split(" ")[0])).toBeLessThanOrEqual(3100);
  });

  test("§7.2: when the last of all is lost, it is asked for after NON_RECEIVE_TIMEOUT", () => {
    const { pair, ran, ladder } = given({ clientFate: losing(Q_BLOCK1, 4) });
    pair.client.request(0, put(pattern(5 * 64)));
    pair.drive(20_000);
    expect(ran).toHaveLength(1);
    expect(ladder().slice(6)).toContain("<--- NON 4.08 (1 B)");
  });

  test("when the answer is lost the last block goes again, and the body does not run twice", () => {
    const { pair, ran, outcomes } = given({
      serverFate: (nth) => (nth === 1 ? [] : [0]),
    });
    pair.client.request(0, put(pattern(200)));
    pair.drive(20_000);
    expect([ran.length, outcomes()]).toEqual([1, ["2.04"]]);
  });

  test("§7.2: after NON_MAX_RETRANSMIT questions without a block the body is dropped", () => {
    let isDeaf = false;
    const { pair, ran } = given({
      clientFate: (_, datagram) => {
        const message = decodeMessage(datagram);
        const value = isMalformed(message)
          ? undefined
          : findOption(message.options, Q_BLOCK1)?.value;
        if (value !== undefined && value.length > 0 && value[0] >> 4 === 2) isDeaf = true;
        return isDeaf ? [] : [0];
      },
    });
    pair.client.request(0, put(pattern(500)));
    pair.drive();
    expect(ran).toHaveLength(0);
    expect(pair.ladder.filter((line) => line.includes("4.08"))).toHaveLength(4);
    expect([pair.server.isIdle(), pair.client.isIdle()]).toEqual([true, true]);
  });

  test.each([
    ["no Request-Tag", [uintOption(SIZE1, 16)]],
    ["no Size1", [uintOption(REQUEST_TAG, 1)]],
    ["a block that is not of such a body", [uintOption(SIZE1, 40), uintOption(REQUEST_TAG, 1)]],
  ])("§4.3: %s is 4.00", (_, options) => {
    expect(answerTo([...options, uintOption(Q_BLOCK1, 0)])).toEqual(["NON 4.00"]);
  });

  test("§4.3: a body longer than maxBody is 4.13", () => {
    const options = [
      uintOption(SIZE1, 70_000),
      uintOption(REQUEST_TAG, 1),
      uintOption(Q_BLOCK1, 8),
    ];
    expect(answerTo(options)).toEqual(["NON 4.13"]);
  });

  test("§4.1: Block and Q-Block in one message are refused with 4.02", () => {
    expect(answerTo([uintOption(Q_BLOCK1, 0), uintOption(BLOCK1, 0)], 0)).toEqual(["ACK 4.02"]);
  });

  test("§4.3: Confirmable blocks are acknowledged, and nothing is asked for", () => {
    const endpoint = new QBlockEndpoint(coapSettings());
    const lines: string[] = [];
    for (const [num, more] of [
      [2, 0],
      [0, 8],
      [1, 8],
    ]) {
      const options = [
        uintOption(Q_BLOCK1, num * 16 + more),
        uintOption(SIZE1, 48),
        uintOption(REQUEST_TAG, 5),
      ];
      lines.push(...answers(endpoint, options, 0, num));
    }
    expect(lines).toEqual(["ACK", "ACK", "ACK 2.04"]);
  });
});

/** What a request of 16 bytes gets. */
function answers(endpoint: QBlockEndpoint, options: readonly Option[], type: number, id: number) {
  endpoint.handleDatagram(
    0,
    encodeMessage({
      type,
      code: codes.PUT,
      messageId: id,
      token: NOTHING,
      options,
      payload: pattern(16),
    }),
  );
  for (let event = endpoint.pollEvent(); event; event = endpoint.pollEvent()) {
    if (event.kind !== REQUEST_RECEIVED) continue;
    endpoint.respond(0, event.request, { code: codes.CHANGED, options: [], payload: NOTHING });
  }
  const lines: string[] = [];
  for (let sent = endpoint.pollTransmit(); sent; sent = endpoint.pollTransmit()) {
    lines.push(ladderLine(sent).replace(/ \[\d+\]/, ""));
  }
  return lines;
}

function answerTo(options: readonly Option[], type: number = NON): string[] {
  return answers(new QBlockEndpoint(coapSettings()), options, type, 1);
}

describe("Q-Block2 (RFC 9177 §4.4)", () => {
  test("§4.4, §7.2: sets of ten, each continued by a request", () => {
    const body = pattern(21 * 64 + 5);
    const { pair, ran, ladder } = given({}, body);
    pair.client.request(0, get);
    pair.drive(1900);
    expect(pair.clientEvents).toMatchObject([{ response: { payload: body } }]);
    expect(ran).toHaveLength(1);
    const lines = ladder().slice(2);
    expect(lines[0]).toBe("---> NON 0.01 Q2:0/1/64");
    expect(lines.filter((line) => line.startsWith("--->"))).toEqual([
      "---> NON 0.01 Q2:0/1/64",
      "---> NON 0.01 Q2:10/1/64",
      "---> NON 0.01 Q2:20/1/64",
    ]);
    expect(lines.filter((line) => line.startsWith("<---"))).toHaveLength(22);
    expect(pair.client.isIdle()).toBe(true);
  });

  test("§4.4: what is lost is asked for by number, and comes without running again", () => {
    const body = pattern(15 * 64);
    const { pair, ran, ladder } = given({ serverFate: losing(Q_BLOCK2, 2, 5) }, body);
    pair.client.request(0, get);
    pair.drive(20_000);
    expect(pair.clientEvents).toMatchObject([{ response: { payload: body } }]);
    expect(ran).toHaveLength(1);
    expect(ladder().slice(-3)).toEqual([
      "---> NON 0.01 Q2:2/0/64",
      "<--- NON 2.05 Q2:2/1/64 (64 B)",
      "<--- NON 2.05 Q2:5/1/64 (64 B)",
    ]);
  });

  test("§7.2: when a continuing request is lost, the next set comes after NON_TIMEOUT_RANDOM", () => {
    const body = pattern(15 * 64);
    const { pair } = given({ clientFate: losing(Q_BLOCK2, 10) }, body);
    pair.client.request(0, get);
    pair.drive(3500);
    expect(pair.clientEvents).toMatchObject([{ response: { payload: body } }]);
  });

  test("a short response comes as ever", () => {
    const { pair, ladder } = given({}, pattern(10));
    pair.client.request(0, get);
    pair.drive(1000);
    expect(ladder().slice(2)).toEqual(["---> NON 0.01 Q2:0/1/64", "<--- NON 2.05 (10 B)"]);
  });

  test("§4.7: both together: the long answer to a long FETCH", () => {
    const body = pattern(12 * 64);
    const { pair, ran, outcomes } = given({}, body);
    pair.client.request(0, { ...put(pattern(300)), code: codes.FETCH });
    pair.drive(1900);
    expect(outcomes()).toEqual(["2.05"]);
    expect(pair.clientEvents).toMatchObject([{ response: { payload: body } }]);
    expect(ran.map(({ payload }) => payload)).toEqual([pattern(300)]);
  });

  test("§4.4: block numbers that do not ascend are 4.00", () => {
    expect(answerTo([uintOption(Q_BLOCK2, 32), uintOption(Q_BLOCK2, 16)])).toEqual(["NON 4.00"]);
    expect(answerTo([uintOption(Q_BLOCK2, 16), uintOption(Q_BLOCK2, 16)])).toEqual(["NON 4.00"]);
  });

  test("a request that is not heard goes again, when it changes nothing", () => {
    let isDeaf = true;
    const { pair, outcomes } = given({
      clientFate: (nth) => {
        if (nth > 1) isDeaf = false;
        return nth === 0 || !isDeaf ? [0] : [];
      },
    });
    pair.client.request(0, get);
    pair.drive(10_000);
    expect(outcomes()).toEqual(["2.05"]);
  });
});

describe("negotiation (RFC 9177 §4.1)", () => {
  test("§4.1: a peer that knows no Q-Block answers the first CON by 4.02, and gets Block1 and Block2", () => {
    const body = pattern(200);
    const { pair, ran, outcomes, ladder } = given(
      { makeServer: (settings) => new CoapEndpoint(settings) },
      body,
    );
    pair.client.request(0, put(pattern(150)));
    pair.client.request(0, get);
    pair.drive(100_000);
    expect(ladder().slice(0, 2)).toEqual(["---> CON 0.01 Q2:0/0/64", "<--- ACK 4.02"]);
    expect(outcomes().sort()).toEqual(["2.04", "2.05"]);
    expect(ran.map(({ payload }) => payload.length).sort()).toEqual([0, 150]);
    expect(ladder().filter((line) => line.includes(" Q"))).toHaveLength(1);
  });

  test("it is asked once, and again after a day", () => {
    const { pair, ladder } = given();
    const run = () => {
      pair.client.request(pair.now, put(pattern(100)));
      pair.drive(pair.now + 1000);
    };
    run();
    run();
    pair.drive(86_400_000 + 2000);
    run();
    expect(ladder().filter((line) => line.includes("CON"))).toHaveLength(2);
  });

  test("a CoapEndpoint refuses Q-Block, and Confirmable requests do not use it", () => {
    const { pair, ladder } = given();
    pair.client.request(0, { ...put(pattern(200)), confirmable: true });
    pair.drive(1000);
    expect(ladder().some((line) => line.includes(" Q"))).toBe(false);
  });

  test("RFC 9177 §7.2, RFC 7252 §4.7: after a body that nobody answered, PROBING_RATE lets no other out by Q-Block", () => {
    let isDeaf = false;
    const { pair, outcomes, ladder } = given({ clientFate: () => (isDeaf ? [] : [0]) });
    pair.client.request(0, put(pattern(100)));
    pair.drive(1000);
    isDeaf = true;
    pair.client.request(pair.now, put(pattern(20_000)));
    pair.drive(400_000);
    expect(outcomes()).toEqual(["2.04", "timed-out"]);
    pair.ladder.length = 0;
    isDeaf = false;
    pair.client.request(pair.now, put(pattern(100)));
    pair.drive(pair.now + 1000);
    expect(ladder().some((line) => line.includes(" Q"))).toBe(false);
  });
});

describe("under loss, reordering and duplication", () => {
  /** With probability p lost, else delayed by chance, sometimes doubled. */
  function weather(random: SeededRandom, p: number): Fate {
    const chance = () => random.uint32() / 2 ** 32;
    return () => {
      if (chance() < p) return [];
      const delay = chance() < 0.2 ? chance() * 1500 : 0;
      return chance() < 0.1 ? [delay, delay + chance() * 3000] : [delay];
    };
  }

  test("a body arrives exactly, once, or its sender is told that it did not", () => {
    const up = { up: 0, whole: 0 };
    fc.assert(
      fc.property(
        fc.integer(),
        fc.double({ min: 0, max: 0.49, noNaN: true }),
        fc.integer({ min: 65, max: 4000 }),
        fc.boolean(),
        (seed, p, length, isUpload) => {
          const random = new SeededRandom(seed);
          const body = pattern(isUpload ? 0 : length);
          const { pair, ran, outcomes } = given(
            { clientFate: weather(random, p), serverFate: weather(random, p), latency: 50 },
            body,
          );
          pair.client.request(0, isUpload ? put(pattern(length)) : get);
          pair.drive();
          up.up++;
          for (const { payload } of isUpload ? ran : []) expect(payload).toEqual(pattern(length));
          if (isUpload) expect(ran.length).toBeLessThanOrEqual(1);
          expect(outcomes()).toHaveLength(1);
          if (outcomes()[0].startsWith("2.")) {
            up.whole++;
            if (!isUpload)
              expect(pair.clientEvents).toMatchObject([{ response: { payload: body } }]);
            else expect(ran).toHaveLength(1);
          }
          expect([pair.client.isIdle(), pair.server.isIdle()]).toEqual([true, true]);
        },
      ),
      { numRuns: 200 },
    );
    // At these rates almost all arrive.
    expect(up.whole / up.up).toBeGreaterThan(0.8);
  });

  /** 64 KiB in blocks of 1024 over a link of 100 ms round trip that loses a tenth: how many of 101 arrive, and the median of their seconds and datagrams. */
  function measured(isUpload: boolean, isQBlock: boolean, p: number): string {
    const seconds: number[] = [];
    const datagrams: number[] = [];
    for (let seed = 1; seed <= 101; seed++) {
      const random = new SeededRandom(seed);
      const lossy = () => (random.uint32() / 2 ** 32 < p ? [] : [0]);
      const { pair, outcomes } = given(
        {
          client: { blockSize: 1024, maxBody: 1e6, random: new SeededRandom(seed + 1000) },
          server: { blockSize: 1024, maxBody: 1e6, random: new SeededRandom(seed + 2000) },
          clientFate: lossy,
          serverFate: lossy,
          latency: 50,
        },
        pattern(isUpload ? 0 : 65_536),
      );
      const request = isUpload ? put(pattern(65_536)) : get;
      pair.client.request(0, { ...request, confirmable: !isQBlock });
      while (outcomes().length === 0) pair.drive(pair.now + 50);
      if (!outcomes()[0].startsWith("2.")) continue;
      seconds.push(pair.now / 1000);
      datagrams.push(pair.ladder.length);
    }
    const median = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1];
    const arrived = `${seconds.length} of 101`;
    return `${arrived}, ${median(seconds).toFixed(1)} s, ${median(datagrams)} datagrams`;
  }

  test.each([
    ["Block2", false, false],
    ["Q-Block2", false, true],
    ["Block1", true, false],
    ["Q-Block1", true, true],
  ])("%s: docs/decisions/0017 has the time it takes without loss and with a tenth lost", (name, isUpload, isQBlock) => {
    const row = `| ${name} | ${[0, 0.1].map((p) => measured(isUpload, isQBlock, p)).join(" | ")} |`;
    const page = new URL("../../../../docs/decisions/0017-coap-extras.md", import.meta.url);
    expect(readFileSync(page, "utf8")).toContain(row);
  });
});
