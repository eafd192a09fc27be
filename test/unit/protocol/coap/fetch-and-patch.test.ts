import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IncomingRequest, Response } from "../../../../protocol/coap/coap-endpoint.ts";
import { REQUEST_RECEIVED, RESPONSE_RECEIVED } from "../../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../../protocol/coap/codes.ts";
import { OBSERVE, uintOf, uintOption } from "../../../../protocol/coap/options.ts";
import { CoapPair, type PairOptions } from "../../../support/coap-pair.ts";

const NOTHING = new Uint8Array(0);
const pattern = (length: number, seed = 0) =>
  Uint8Array.from({ length }, (_, i) => (i * 7 + seed + (i >> 8)) & 255);

/** A server that answers what it is asked, backwards and as often as it says: a FETCH without its body gets nothing. */
function given(options: PairOptions = {}) {
  const pair = new CoapPair({ client: { blockSize: 64 }, server: { blockSize: 64 }, ...options });
  const ran: IncomingRequest[] = [];
  let state = 0;
  let observer: IncomingRequest | undefined;
  const answer = (request: IncomingRequest, sequence: number): Response => ({
    code: request.code === codes.FETCH ? codes.CONTENT : codes.CHANGED,
    options: sequence > 0 ? [uintOption(OBSERVE, sequence)] : [],
    payload: Uint8Array.from([state, ...request.payload, ...request.payload]),
  });
  pair.onServerEvent = (event) => {
    if (event.kind !== REQUEST_RECEIVED) return;
    ran.push(event.request);
    const isObserve = uintOf(event.request.options, OBSERVE, -1) === 0;
    if (isObserve) observer = event.request;
    pair.server.respond(pair.now, event.request, answer(event.request, isObserve ? 1 : 0));
  };
  const change = (notifies = true) => {
    state++;
    if (observer === undefined || !notifies) return;
    pair.server.notify(pair.now, observer.token, answer(observer, state + 1), true);
  };
  const bodies = () =>
    pair.clientEvents.map((event) =>
      event.kind === RESPONSE_RECEIVED
        ? `${codes.formatCode(event.response.code)} ${event.response.payload[0]}+${event.response.payload.length - 1}`
        : event.kind,
    );
  return { pair, ran, change, bodies };
}

describe("in blocks in both directions", () => {
  test.each([
    ["RFC 8132 §2.5: FETCH", codes.FETCH, "2.05"],
    ["RFC 8132 §3.3: PATCH", codes.PATCH, "2.04"],
    ["RFC 8132 §3.3: iPATCH", codes.IPATCH, "2.04"],
  ])("%s: the body goes up whole, runs once, and its long answer comes down", (_, code, outcome) => {
    const { pair, ran, bodies } = given();
    pair.client.request(0, { code, options: [], payload: pattern(100) });
    pair.drive();
    expect(ran.map(({ payload }) => payload)).toEqual([pattern(100)]);
    expect(bodies()).toEqual([`${outcome} 0+200`]);
    expect(pair.clientEvents).toMatchObject([
      { response: { payload: Uint8Array.from([0, ...pattern(100), ...pattern(100)]) } },
    ]);
  });

  test("RFC 7959 §3.3: the ladder of a FETCH: Block1 up, both with the last, Block2 without body from then on", () => {
    const { pair } = given();
    pair.client.request(0, { code: codes.FETCH, options: [], payload: pattern(70) });
    pair.drive();
    expect(pair.ladder).toEqual([
      "0 ---> CON [1] 0.05 1:0/1/64 (64 B)",
      "10 <--- ACK [1] 2.31 1:0/1/64",
      "20 ---> CON [2] 0.05 1:1/0/64 (6 B)",
      "30 <--- ACK [2] 2.05 1:1/0/64 2:0/1/64 (64 B)",
      "40 ---> CON [3] 0.05 2:1/0/64",
      "50 <--- ACK [3] 2.05 2:1/1/64 (64 B)",
      "60 ---> CON [4] 0.05 2:2/0/64",
      "70 <--- ACK [4] 2.05 2:2/0/64 (13 B)",
    ]);
  });

  test("two FETCHes that differ in their bodies only are not mixed", () => {
    const { pair, bodies } = given();
    pair.client.request(0, { code: codes.FETCH, options: [], payload: pattern(40) });
    pair.client.request(0, { code: codes.FETCH, options: [], payload: pattern(50, 9) });
    pair.drive();
    expect(bodies().sort()).toEqual(["2.05 0+100", "2.05 0+80"]);
  });
});

describe("notifications longer than a block", () => {
  const observe = (length: number) => ({
    code: codes.FETCH,
    options: [uintOption(OBSERVE, 0)],
    payload: pattern(length),
  });

  test("RFC 8132 §2.4, RFC 7959 §2.6: to a short FETCH, the rest is asked for with what it asks for", () => {
    const { pair, ran, change, bodies } = given();
    pair.client.request(0, observe(40));
    pair.drive(1000);
    change();
    pair.drive(2000);
    expect(bodies()).toEqual(["2.05 0+80", "2.05 1+80"]);
    expect(ran.every(({ payload }) => payload.length === 40)).toBe(true);
    expect(ran.map(({ options }) => uintOf(options, OBSERVE, -1))).toEqual([0, -1]);
  });

  test("RFC 8132 §2.5: to a FETCH longer than a block, its body goes up again first", () => {
    const { pair, ran, change, bodies } = given();
    pair.client.request(0, observe(100));
    pair.drive(1000);
    pair.ladder.length = 0;
    change();
    pair.drive(2000);
    expect(bodies()).toEqual(["2.05 0+200", "2.05 1+200"]);
    expect(ran.map(({ payload }) => payload.length)).toEqual([100, 100]);
    expect(pair.ladder.map((line) => line.replace(/ \[\d+\]/, ""))).toEqual([
      "1000 <--- CON 2.05 observe 2 2:0/1/64 (64 B)",
      "1010 ---> ACK",
      "1010 ---> CON 0.05 1:0/1/64 2:1/0/64 (64 B)",
      "1020 <--- ACK 2.31 1:0/1/64",
      "1030 ---> CON 0.05 1:1/0/64 2:1/0/64 (36 B)",
      "1040 <--- ACK 2.05 1:1/0/64 2:1/1/64 (64 B)",
      "1050 ---> CON 0.05 2:2/0/64",
      "1060 <--- ACK 2.05 2:2/1/64 (64 B)",
      "1070 ---> CON 0.05 2:3/0/64",
      "1080 <--- ACK 2.05 2:3/0/64 (9 B)",
    ]);
  });

  test("RFC 7641 §3.6: it ends with its body, in blocks, the last under its token", () => {
    const { pair, ran, change } = given();
    const id = pair.client.request(0, observe(100));
    pair.drive(1000);
    const token = pair.client.tokenOf(id);
    pair.client.cancelObservation(pair.now, id);
    pair.drive(2000);
    expect(ran.at(-1)).toMatchObject({ payload: pattern(100), token });
    pair.clientEvents.length = 0;
    change();
    pair.drive(3000);
    expect(pair.ladder.at(-1)).toContain("RST");
    expect(pair.clientEvents).toEqual([]);
  });

  test("a notification whose state is gone by then is dropped, and the observation goes on", () => {
    const { pair, change, bodies } = given();
    pair.client.request(0, observe(100));
    pair.drive(1000);
    change();
    change(false);
    pair.drive(2000);
    expect(bodies()).toEqual(["2.05 0+200"]);
    change();
    pair.drive(3000);
    expect(bodies()).toEqual(["2.05 0+200", "2.05 3+200"]);
  });

  test("a rest that is refused is not an end of the observation", () => {
    const { pair, change, bodies } = given();
    pair.client.request(0, observe(100));
    pair.drive(1000);
    const { onServerEvent } = pair;
    change();
    pair.onServerEvent = (event) => {
      if (event.kind !== REQUEST_RECEIVED) return;
      const response = { code: codes.SERVICE_UNAVAILABLE, options: [], payload: NOTHING };
      pair.server.respond(pair.now, event.request, response);
    };
    pair.drive(2000);
    expect(bodies()).toEqual(["2.05 0+200"]);
    pair.onServerEvent = onServerEvent;
    change();
    pair.drive(3000);
    expect(bodies()).toEqual(["2.05 0+200", "2.05 2+200"]);
  });

  test("whatever is lost, what is told is a state that was, whole, and the last is told", () => {
    const fate = fc.constantFrom<readonly number[]>([0], [0], [0, 0], [0, 700], [5000], []);
    const fates = fc.array(fate, { maxLength: 40 });
    fc.assert(
      fc.property(fates, fates, fc.integer({ min: 1, max: 200 }), (up, down, length) => {
        // The first exchange succeeds, so that there is an observation.
        const { pair, change } = given({
          clientFate: (nth) => (pair.now < 10_000 ? [0] : (up[nth] ?? [0])),
          serverFate: (nth) => (pair.now < 10_000 ? [0] : (down[nth] ?? [0])),
        });
        pair.client.request(0, observe(length));
        pair.drive(10_000);
        change();
        pair.drive(11_000);
        change();
        pair.drive(500_000);
        pair.drive(pair.now + 1_000_000);
        for (const event of pair.clientEvents) {
          if (event.kind !== RESPONSE_RECEIVED) continue;
          const { payload } = event.response;
          const whole = Uint8Array.from([payload[0], ...pattern(length), ...pattern(length)]);
          expect(payload).toEqual(whole);
        }
        const told = pair.clientEvents.map(
          (e) => e.kind === RESPONSE_RECEIVED && e.response.payload[0],
        );
        expect(told).toEqual([...told].sort());
      }),
      { numRuns: 100 },
    );
  });
});
