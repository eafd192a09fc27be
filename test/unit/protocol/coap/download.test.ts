import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CoapEvent, Response } from "../../../../protocol/coap/coap-endpoint.ts";
import {
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../../protocol/coap/codes.ts";
import { Download } from "../../../../protocol/coap/download.ts";
import {
  BLOCK2,
  ETAG,
  type Option,
  URI_PATH,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { pathOptions } from "../../../../protocol/coap/uri.ts";
import { CoapPair, type PairOptions } from "../../../support/coap-pair.ts";

const NOTHING = new Uint8Array(0);
const GET = { code: codes.GET, options: pathOptions(URI_PATH, "/fw"), payload: NOTHING };
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);
const etag = (...bytes: number[]): Option => ({ number: ETAG, value: Uint8Array.from(bytes) });

/** A reader that keeps what it gets and asks on until it has all, or `until` bytes. */
class Reader {
  read: Uint8Array;
  end = "";
  readonly pieces: string[] = [];
  readonly download: Download;
  readonly pair: CoapPair;
  /** How long between two looks for the outcome, milliseconds. */
  step = 10;
  private seen = 0;
  private asked = 0;

  constructor(pair: CoapPair, download: Download) {
    this.pair = pair;
    this.download = download;
    this.read = new Uint8Array(download.offset);
  }

  ask(): void {
    this.asked = this.pair.client.request(this.pair.now, this.download.next());
    while (!this.pair.client.isIdle()) this.pair.drive(this.pair.now + this.step);
  }

  /** Reads on until it has `until` bytes. */
  run(until = Infinity): this {
    this.end = "";
    while (this.end === "" && this.read.length < until) {
      this.ask();
      for (const event of this.pair.clientEvents.slice(this.seen)) this.handle(event);
      this.seen = this.pair.clientEvents.length;
    }
    return this;
  }

  private handle(event: CoapEvent): void {
    if (event.kind === REQUEST_FAILED) this.end = event.failure;
    if (event.kind !== RESPONSE_RECEIVED || event.id !== this.asked) return;
    const piece = this.download.take(event.response);
    if (typeof piece === "string") {
      this.end = piece;
      return;
    }
    expect(piece.offset).toBe(this.read.length);
    this.pieces.push(`${piece.offset}+${piece.payload.length}${piece.isLast ? "!" : ""}`);
    this.read = Uint8Array.from([...this.read, ...piece.payload]);
    if (piece.isLast) this.end = "whole";
  }
}

function given(file: () => Response, options: PairOptions = {}): CoapPair {
  const pair = new CoapPair({ client: { maxBody: 16 }, ...options });
  pair.onServerEvent = (event) => {
    if (event.kind === REQUEST_RECEIVED) pair.server.respond(pair.now, event.request, file());
  };
  return pair;
}

const content = (payload: Uint8Array, options: readonly Option[] = []): Response => ({
  code: codes.CONTENT,
  options,
  payload,
});

describe("a representation read block by block (RFC 7959 §2.4)", () => {
  test("one block is one request, and no endpoint keeps more", () => {
    const pair = given(() => content(pattern(150)));
    const reader = new Reader(pair, new Download(GET, 64)).run();
    expect(pair.ladder).toEqual([
      "0 ---> CON [1] 0.01 2:0/0/64",
      "10 <--- ACK [1] 2.05 2:0/1/64 (64 B)",
      "20 ---> CON [2] 0.01 2:1/0/64",
      "30 <--- ACK [2] 2.05 2:1/1/64 (64 B)",
      "40 ---> CON [3] 0.01 2:2/0/64",
      "50 <--- ACK [3] 2.05 2:2/0/64 (22 B)",
    ]);
    expect(reader.pieces).toEqual(["0+64", "64+64", "128+22!"]);
    expect([reader.end, reader.download.size]).toEqual(["whole", 150]);
    expect(reader.read).toEqual(pattern(150));
    expect(pair.client.isIdle()).toBe(true);
  });

  test("to pause is not to ask, for longer than the server keeps anything", () => {
    const pair = given(() => content(pattern(300)));
    const reader = new Reader(pair, new Download(GET, 64)).run(128);
    pair.now += 3_600_000;
    expect(reader.run()).toMatchObject({ end: "whole", read: pattern(300) });
  });

  test("resumed by offset and ETag, where no block of that size begins", () => {
    const pair = given(() => content(pattern(300), [etag(7)]));
    const reader = new Reader(pair, new Download(GET, 64, 100, Uint8Array.of(7))).run();
    expect(reader.pieces).toEqual(["100+28", "128+64", "192+64", "256+44!"]);
    expect(reader.read.subarray(100)).toEqual(pattern(300).subarray(100));
  });

  test("another ETag is told, and none of its bytes are handed out", () => {
    const files = [pattern(300), pattern(300).fill(1)];
    const pair = given(() => content(files[0]));
    const reader = new Reader(pair, new Download(GET, 64)).run(128);
    files.shift();
    pair.now += 300_000;
    pair.drive();
    expect(reader.run()).toMatchObject({ end: "changed-meanwhile", pieces: ["0+64", "64+64"] });
    expect(reader.download.offset).toBe(128);
  });

  test.each([
    ["a tag where none was", [], [etag(1)]],
    ["none where one was", [etag(1)], []],
  ])("%s is another representation too", (_, first, second) => {
    const download = new Download(GET, 16);
    const block = (num: number, options: readonly Option[]) =>
      content(pattern(16), [...options, uintOption(BLOCK2, num * 16 + 8)]);
    expect(download.take(block(0, first))).toMatchObject({ offset: 0, isLast: false });
    expect(download.take(block(1, second))).toBe("changed-meanwhile");
  });

  test("§2.3: a server's smaller blocks are taken up", () => {
    const pair = given(() => content(pattern(150)), { server: { blockSize: 32 } });
    const reader = new Reader(pair, new Download(GET, 64)).run();
    expect(reader.pieces).toEqual(["0+32", "32+32", "64+32", "96+32", "128+22!"]);
    expect(pair.ladder[2]).toContain("2:1/0/32");
  });

  test("a short representation comes without Block2, whole; what lies before the offset is skipped", () => {
    const pair = given(() => content(pattern(20)));
    expect(new Reader(pair, new Download(GET, 64)).run().pieces).toEqual(["0+20!"]);
    expect(new Reader(pair, new Download(GET, 64, 5)).run().pieces).toEqual(["5+15!"]);
    expect(new Download(GET, 64, 0).take(content(NOTHING))).toMatchObject({ isLast: true });
  });

  test("an error response is REFUSED, a lost one fails as any request, and both can go on", () => {
    let code: number = codes.CONTENT;
    const isDeaf = { now: false };
    const pair = given(() => ({ ...content(pattern(150)), code }), {
      clientFate: () => (isDeaf.now ? [] : [0]),
    });
    const reader = new Reader(pair, new Download(GET, 64)).run(64);
    pair.now += 300_000;
    pair.drive();
    code = codes.SERVICE_UNAVAILABLE;
    expect(reader.run().end).toBe("refused");
    code = codes.CONTENT;
    isDeaf.now = true;
    expect(reader.run().end).toBe("timed-out");
    isDeaf.now = false;
    expect(reader.run()).toMatchObject({ end: "whole", read: pattern(150) });
  });

  test("what was not asked for is a bad response", () => {
    const answer = (num: number, more: boolean, szx: number, length: number) =>
      new Download(GET, 32, 64).take(
        content(pattern(length), [uintOption(BLOCK2, num * 16 + (more ? 8 : 0) + szx)]),
      );
    expect(answer(2, true, 1, 32)).toMatchObject({ offset: 64 });
    expect(answer(4, true, 0, 16)).toMatchObject({ offset: 64 });
    for (const bad of [
      answer(2, true, 7, 32),
      answer(2, true, 1, 31),
      answer(3, true, 1, 32),
      answer(1, true, 1, 32),
      answer(1, true, 2, 64),
    ]) {
      expect(bad).toBe("bad-response");
    }
    // Its end lies before what was read already: it is shorter than it was.
    expect(answer(0, false, 1, 20)).toBe("changed-meanwhile");
  });

  test("§2.2: beyond 2^20 blocks there is nothing to ask", () => {
    expect(() => new Download(GET, 16, 16 * 2 ** 20).next()).toThrow("coap/body-too-long");
    expect(new Download(GET, 16, 16 * 2 ** 20 - 1).next().options).toHaveLength(2);
  });

  test("read in whatever steps over whatever link, it is the representation", () => {
    const fate = fc.constantFrom<readonly number[]>([0], [0], [0, 0], [0, 700], [5000], []);
    const fates = fc.array(fate, { maxLength: 40 });
    const offsets = fc.nat(500);
    fc.assert(
      fc.property(fates, fates, offsets, fc.integer({ min: 0, max: 900 }), (up, down, at, size) => {
        const pair = given(() => content(pattern(Math.max(size, at + 1))), {
          clientFate: (nth) => up[nth] ?? [0],
          serverFate: (nth) => down[nth] ?? [0],
          latency: 100,
        });
        const reader = new Reader(pair, new Download(GET, 64, at));
        reader.step = 1000;
        for (let tries = 0; reader.end !== "whole" && tries < 50; tries++) reader.run();
        expect(reader.end).toBe("whole");
        expect(reader.read.subarray(at)).toEqual(pattern(Math.max(size, at + 1)).subarray(at));
      }),
      { numRuns: 200 },
    );
  });
});
