import { describe, expect, test } from "vitest";
import type {
  CoapSettings,
  EchoPolicy,
  IncomingRequest,
  Request,
  Response,
} from "../../../../protocol/coap/coap-endpoint.ts";
import {
  CoapEndpoint,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../../protocol/coap/codes.ts";
import { ECHO, echoOf } from "../../../../protocol/coap/echo.ts";
import { decodeMessage, encodeMessage, type Message } from "../../../../protocol/coap/message.ts";
import {
  NOTHING as NO_CLASS,
  NOT_CLIENT_ERROR,
  NOT_SERVER_ERROR,
  NOT_SUCCESS,
  noResponseOption,
} from "../../../../protocol/coap/no-response.ts";
import {
  findOption,
  OBSERVE,
  type Option,
  textOption,
  URI_PATH,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { REQUEST_TAG } from "../../../../protocol/coap/request-tag.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import { CoapPair, coapSettings, type PairOptions } from "../../../support/coap-pair.ts";
import { proves } from "../../../support/proves.ts";

const NOTHING = new Uint8Array(0);
const PATH = [textOption(URI_PATH, "a")];
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);
const get: Request = { code: codes.GET, options: PATH, payload: NOTHING };
const put = (payload: Uint8Array): Request => ({ code: codes.PUT, options: PATH, payload });

/** A pair whose datagrams are kept, and a server that answers by `answer`. */
class Peers extends CoapPair {
  readonly ran: IncomingRequest[] = [];
  readonly sent: { readonly byClient: boolean; readonly message: Message }[] = [];
  answer: (request: IncomingRequest) => Response | undefined = () => ({
    code: codes.CHANGED,
    options: [],
    payload: NOTHING,
  });

  constructor(options: PairOptions = {}) {
    super({
      ...options,
      clientFate: (nth, datagram) => this.keep(true, datagram, options.clientFate?.(nth, datagram)),
      serverFate: (nth, datagram) =>
        this.keep(false, datagram, options.serverFate?.(nth, datagram)),
    });
    this.onServerEvent = (event) => {
      if (event.kind !== REQUEST_RECEIVED) return;
      this.ran.push(event.request);
      const response = this.answer(event.request);
      if (response !== undefined) this.server.respond(this.now, event.request, response);
    };
  }

  private keep(byClient: boolean, datagram: Uint8Array, fate: readonly number[] = [0]) {
    const message = decodeMessage(datagram, 65804);
    if (!isMalformed(message)) this.sent.push({ byClient, message });
    return fate;
  }

  outcomes(): string[] {
    return this.clientEvents.map((event) => {
      if (event.kind === RESPONSE_RECEIVED) return codes.formatCode(event.response.code);
      return event.kind === REQUEST_FAILED ? event.failure : "";
    });
  }

  /** The option's values in the client's messages, in hexadecimal; `-` where there is none. */
  valuesOf(number: number): string[] {
    return this.sent
      .filter(({ byClient, message }) => byClient && message.code > 0)
      .map(({ message }) => {
        const option = message.options.find((each) => each.number === number);
        return option === undefined ? "-" : Buffer.from(option.value).toString("hex");
      });
  }
}

const policy = (changes: Partial<EchoPolicy>): Partial<CoapSettings> => ({
  echo: { freshness: 10_000, forChanges: false, forReachability: false, ...changes },
});

describe("Echo as client (RFC 9175 §2.3)", () => {
  test("RFC 9175 §2.3: a 4.01 with Echo is answered by the same request with it, and nobody is told", () => {
    proves("connector", "echo");
    proves("device", "echo");
    const peers = new Peers({ server: policy({ forChanges: true }) });
    peers.client.request(0, put(pattern(5)));
    peers.drive();
    expect(peers.ladder).toEqual([
      "0 ---> CON [1] 0.03 (5 B)",
      "10 <--- ACK [1] 4.01",
      "20 ---> CON [2] 0.03 (5 B)",
      "30 <--- ACK [2] 2.04",
    ]);
    expect(peers.outcomes()).toEqual(["2.04"]);
    expect(peers.ran).toHaveLength(1);
    const [first, , second] = peers.sent.map(({ message }) => message);
    expect(second.token).not.toEqual(first.token);
    expect(findOption(second.options, ECHO)).toEqual(echoOf(peers.sent[1].message.options));
  });

  test("a body in blocks is sent anew with it, in all blocks", () => {
    const peers = new Peers({ client: { blockSize: 64 }, server: policy({ forChanges: true }) });
    peers.client.request(0, put(pattern(150)));
    peers.drive();
    expect(peers.outcomes()).toEqual(["2.04"]);
    expect(peers.ran.map(({ payload }) => payload)).toEqual([pattern(150)]);
    const echoes = peers.valuesOf(ECHO);
    expect(echoes).toEqual(["-", echoes[1], echoes[1], echoes[1]]);
    expect(echoes[1]).toHaveLength(16);
  });

  test("a server that is never content gets two repetitions; then its 4.01 is the outcome", () => {
    const peers = new Peers();
    let count = 0;
    peers.answer = () => ({
      code: codes.UNAUTHORIZED,
      options: [uintOption(ECHO, ++count)],
      payload: NOTHING,
    });
    peers.client.request(0, get);
    peers.drive();
    expect(peers.valuesOf(ECHO)).toEqual(["-", "01", "02"]);
    expect(peers.outcomes()).toEqual(["4.01"]);
  });

  test("a 4.01 without Echo is an outcome as any", () => {
    const peers = new Peers();
    peers.answer = () => ({ code: codes.UNAUTHORIZED, options: [], payload: NOTHING });
    peers.client.request(0, get);
    peers.drive();
    expect(peers.outcomes()).toEqual(["4.01"]);
    expect(peers.ran).toHaveLength(1);
  });

  test("an Echo in any other response goes with the next request, and with no more", () => {
    const peers = new Peers();
    peers.answer = () => ({
      code: codes.CHANGED,
      options: peers.ran.length === 1 ? [uintOption(ECHO, 7)] : [],
      payload: NOTHING,
    });
    for (let i = 0; i < 3; i++) {
      peers.client.request(peers.now, get);
      peers.drive();
    }
    expect(peers.valuesOf(ECHO)).toEqual(["-", "07", "-"]);
  });

  test("an observation whose request is challenged is one nevertheless, and is cancelled under its token", () => {
    const peers = new Peers({ server: policy({ forReachability: true }) });
    peers.answer = () => ({
      code: codes.CONTENT,
      options: [uintOption(OBSERVE, 1)],
      payload: NOTHING,
    });
    const id = peers.client.request(0, { ...get, options: [...PATH, uintOption(OBSERVE, 0)] });
    peers.drive(1000);
    expect(peers.clientEvents).toMatchObject([{ kind: RESPONSE_RECEIVED, id, observing: true }]);
    const token = peers.client.tokenOf(id);
    peers.client.cancelObservation(peers.now, id);
    peers.drive();
    expect(peers.sent.at(-2)?.message.token).toEqual(token);
  });
});

describe("Echo as server (RFC 9175 §2.4)", () => {
  test("§2.4 item 1: what changes something has to be fresh, what does not need not", () => {
    const peers = new Peers({ server: policy({ forChanges: true }) });
    for (const code of [codes.GET, codes.FETCH, codes.POST, codes.PUT, codes.DELETE, codes.PATCH]) {
      peers.sent.length = 0;
      // Past the freshness of what came before.
      peers.drive(peers.now + 20_000);
      peers.client.request(peers.now, { ...get, code });
      peers.drive(peers.now + 1000);
      const challenges = peers.sent.filter(({ message }) => message.code === codes.UNAUTHORIZED);
      expect(challenges).toHaveLength(code === codes.GET || code === codes.FETCH ? 0 : 1);
    }
    expect(peers.ran).toHaveLength(6);
  });

  test("what repeats an old challenge is challenged anew", () => {
    const peers = new Peers({ server: policy({ forChanges: true }) });
    peers.client.request(0, put(NOTHING));
    peers.drive();
    const echo = peers.sent[2].message.options.find(({ number }) => number === ECHO) as Option;
    for (const [after, ran] of [
      [9000, 2],
      [11_000, 2],
    ] as const) {
      const endpoint = peers.server;
      endpoint.handleDatagram(
        after,
        encodeMessage({
          type: 0,
          code: codes.PUT,
          messageId: after,
          token: NOTHING,
          options: [...PATH, echo],
          payload: NOTHING,
        }),
      );
      for (let event = endpoint.pollEvent(); event; event = endpoint.pollEvent()) {
        peers.onServerEvent(event);
      }
      expect(peers.ran).toHaveLength(ran);
    }
  });

  test("§2.4 item 3: an address that is not verified gets no more than three times what it sent", () => {
    // The GET has 4 + 8 + 2 = 14 bytes. An answer has 4 + 8 + 1 and its payload: up to 29 bytes of it are 42.
    for (const [length, expected] of [
      [29, ["2.05"]],
      [30, ["4.01", "2.05"]],
      [3000, ["4.01", "2.05", "2.05", "2.05"]],
    ] as const) {
      const peers = new Peers({ server: policy({ forReachability: true }) });
      peers.answer = () => ({ code: codes.CONTENT, options: [], payload: pattern(length) });
      peers.client.request(0, get);
      peers.drive();
      const answers = peers.sent.filter(({ byClient }) => !byClient);
      expect(answers.map(({ message }) => codes.formatCode(message.code))).toEqual(expected);
      expect(peers.outcomes()).toEqual(["2.05"]);
    }
  });

  test("it is verified once per peer, by Echo or by answering a request of ours", () => {
    const peers = new Peers({ server: policy({ forReachability: true }) });
    peers.answer = () => ({ code: codes.CONTENT, options: [], payload: pattern(100) });
    for (let i = 0; i < 2; i++) {
      peers.client.request(peers.now, get);
      peers.drive();
    }
    expect(peers.ran).toHaveLength(3);
    const others = new Peers({ server: policy({ forReachability: true }) });
    others.answer = peers.answer;
    others.server.request(0, get);
    others.drive(10);
    const event = others.client.pollEvent();
    const asked = others.clientEvents.find(({ kind }) => kind === REQUEST_RECEIVED) ?? event;
    if (asked?.kind === REQUEST_RECEIVED) {
      others.client.respond(others.now, asked.request, {
        code: 0x45,
        options: [],
        payload: NOTHING,
      });
    }
    others.drive(1000);
    others.client.request(others.now, get);
    others.drive();
    expect(others.ran).toHaveLength(1);
  });

  test("a later block that somebody asks for in another's name is a challenge too", () => {
    const server = new CoapEndpoint(coapSettings({ ...policy({ forReachability: true }) }));
    const ask = (messageId: number, block: number) => {
      const options = [...PATH, uintOption(23, block * 16 + 6)];
      const token = NOTHING;
      const message = { type: 0, code: codes.GET, messageId, token, options, payload: NOTHING };
      server.handleDatagram(0, encodeMessage(message));
      const event = server.pollEvent();
      if (event?.kind === REQUEST_RECEIVED) {
        const response = { code: codes.CONTENT, options: [], payload: pattern(3000) };
        server.respond(0, event.request, response);
      }
      return codes.formatCode(server.pollTransmit()?.[1] ?? 0);
    };
    expect([ask(1, 0), ask(2, 1), ask(3, 1)]).toEqual(["4.01", "4.01", "4.01"]);
  });

  test("the owner of an endpoint may ask for freshness of what it likes", () => {
    const peers = new Peers();
    peers.answer = (request) => {
      if (peers.server.isFresh(peers.now, request)) {
        return { code: codes.CHANGED, options: [], payload: NOTHING };
      }
      peers.server.challenge(peers.now, request);
      return undefined;
    };
    peers.client.request(0, { code: codes.POST, options: PATH, payload: NOTHING });
    peers.drive();
    expect(peers.outcomes()).toEqual(["2.04"]);
    expect(peers.ran).toHaveLength(2);
  });

  test("without a policy nobody is challenged", () => {
    const peers = new Peers();
    peers.answer = () => ({ code: codes.CONTENT, options: [], payload: pattern(5000) });
    peers.client.request(0, get);
    peers.drive();
    expect(peers.ladder.some((line) => line.includes("4.01"))).toBe(false);
  });
});

describe("Request-Tag as client (RFC 9175 §3.5)", () => {
  test("§3.4: bodies one after the other need none", () => {
    const peers = new Peers({ client: { blockSize: 64 } });
    for (let i = 0; i < 3; i++) {
      peers.client.request(peers.now, put(pattern(100)));
      peers.drive();
    }
    expect(new Set(peers.valuesOf(REQUEST_TAG))).toEqual(new Set(["-"]));
  });

  test("§3.5.2: of two at once the second has one, in all its blocks, and both arrive", () => {
    proves("device", "request-tag");
    proves("connector", "request-tag");
    const peers = new Peers({ client: { blockSize: 64 } });
    peers.client.request(0, put(pattern(150)));
    peers.client.request(0, put(pattern(160).reverse()));
    peers.drive();
    expect(peers.outcomes()).toEqual(["2.04", "2.04"]);
    expect(peers.valuesOf(REQUEST_TAG).sort()).toEqual(["", "", "", "-", "-", "-"]);
    const bodies = peers.ran.map(({ payload }) => payload);
    expect(bodies).toEqual([pattern(150), pattern(160).reverse()]);
  });

  test("§3.5.1: after a body that was left behind the next has one, for EXCHANGE_LIFETIME", () => {
    let isDeaf = false;
    const peers = new Peers({ client: { blockSize: 64 }, clientFate: () => (isDeaf ? [] : [0]) });
    const run = (until: number) => {
      peers.sent.length = 0;
      peers.client.request(peers.now, put(pattern(100)));
      peers.drive(until);
      return peers.valuesOf(REQUEST_TAG)[0];
    };
    isDeaf = true;
    expect(run(100_000)).toBe("-");
    expect(peers.outcomes()).toEqual(["timed-out"]);
    isDeaf = false;
    expect(run(110_000)).toBe("");
    // Given up at 62 s, free at 62 + 247 s.
    expect(run(308_000)).toBe("");
    peers.drive(310_000);
    expect(run(320_000)).toBe("-");
  });

  test("§3.4: the Block2 phase keeps the tag of the Block1 phase", () => {
    const peers = new Peers({ client: { blockSize: 64 }, server: { blockSize: 64 } });
    peers.answer = ({ payload }) => ({ code: codes.CONTENT, options: [], payload });
    const fetch = { code: codes.FETCH, options: PATH };
    peers.client.request(0, { ...put(pattern(300)), code: codes.POST });
    peers.client.request(0, { ...fetch, payload: pattern(100) });
    peers.drive();
    expect(peers.valuesOf(REQUEST_TAG).filter((tag) => tag === "")).toHaveLength(3);
    expect(peers.outcomes()).toContain("2.05");
  });
});

describe("No-Response (RFC 7967)", () => {
  test.each([
    [NOT_SUCCESS, codes.CHANGED, codes.NOT_FOUND],
    [NOT_CLIENT_ERROR, codes.BAD_REQUEST, codes.CHANGED],
    [NOT_SERVER_ERROR, codes.SERVICE_UNAVAILABLE, codes.BAD_REQUEST],
  ])("RFC 7967 §2.1: %i: what is not wanted is not sent, the rest is", (value, unwanted, wanted) => {
    proves("device", "no-response");
    proves("connector", "no-response");
    for (const [code, expected] of [
      [unwanted, []],
      [wanted, [codes.formatCode(wanted)]],
    ] as const) {
      const peers = new Peers();
      peers.answer = () => ({ code, options: [], payload: NOTHING });
      const options = [...PATH, noResponseOption(value)];
      peers.client.request(0, { ...get, options, confirmable: false });
      peers.drive();
      expect(peers.outcomes()).toEqual(expected);
      expect(peers.sent.filter(({ byClient }) => !byClient)).toHaveLength(expected.length);
      expect([peers.client.isIdle(), peers.server.isIdle()]).toEqual([true, true]);
    }
  });

  test("§2: a Confirmable request is acknowledged in any case, at once or late", () => {
    for (const delay of [0, 1000]) {
      const peers = new Peers();
      peers.answer = () => undefined;
      const options = [...PATH, noResponseOption(NO_CLASS)];
      peers.client.request(0, { ...get, options });
      peers.drive(10 + delay);
      const response = { code: codes.CHANGED, options: [], payload: NOTHING };
      peers.server.respond(peers.now, peers.ran[0], response);
      peers.drive();
      expect(peers.ladder.map((line) => line.slice(line.indexOf(" ")))).toEqual([
        " ---> CON [1] 0.01",
        " <--- ACK [1]",
      ]);
      expect(peers.outcomes()).toEqual([]);
    }
  });

  test("a Confirmable request that nobody acknowledges has failed, whatever it wanted", () => {
    const peers = new Peers({ clientFate: () => [] });
    peers.client.request(0, { ...get, options: [...PATH, noResponseOption(NO_CLASS)] });
    peers.drive();
    expect(peers.outcomes()).toEqual(["timed-out"]);
  });

  test("a Non-confirmable one that wants nothing is over when it is sent, and takes no room", () => {
    const peers = new Peers({ client: { maxRequests: 1 } });
    const options = [...PATH, noResponseOption(NO_CLASS)];
    for (let i = 0; i < 5; i++) {
      expect(peers.client.request(0, { ...get, options, confirmable: false })).toBeGreaterThan(0);
      expect(peers.client.deadline()).toBe(Infinity);
    }
    peers.drive();
    expect(peers.ran).toHaveLength(5);
    expect(peers.clientEvents).toEqual([]);
  });

  test("a body in blocks is paced by 2.31 all the same", () => {
    const peers = new Peers({ client: { blockSize: 64 } });
    const options = [...PATH, noResponseOption(NO_CLASS)];
    peers.client.request(0, { ...put(pattern(150)), options, confirmable: false });
    peers.drive();
    expect(peers.ran.map(({ payload }) => payload.length)).toEqual([150]);
    expect(peers.sent.filter(({ byClient }) => !byClient)).toHaveLength(2);
    expect(peers.clientEvents).toEqual([]);
  });

  test("an error that the endpoint itself would answer is not sent either", () => {
    const server = new CoapEndpoint(coapSettings());
    const options = [uintOption(9999, 1), noResponseOption(NOT_CLIENT_ERROR)];
    const message = { type: 0, code: 1, messageId: 5, token: NOTHING, options, payload: NOTHING };
    server.handleDatagram(0, encodeMessage(message));
    expect(server.pollTransmit()).toEqual(Uint8Array.of(0x60, 0, 0, 5));
  });
});

describe("tokens of more than 8 bytes (RFC 8974)", () => {
  const lengths = (peers: Peers) =>
    peers.sent.filter(({ byClient }) => byClient).map(({ message }) => message.token.length);

  test.each([
    9, 12, 13, 64, 268, 269, 600,
  ])("RFC 8974 §2.1: a request with a token of %i bytes gets its response under it", (length) => {
    proves("device", "long-tokens");
    proves("connector", "long-tokens");
    const peers = new Peers({
      client: { tokenLength: length, longestToken: length },
      server: { longestToken: length },
    });
    for (let i = 0; i < 2; i++) {
      peers.client.request(peers.now, get);
      peers.drive();
    }
    expect(peers.outcomes()).toEqual(["2.04", "2.04"]);
    expect(lengths(peers)).toEqual([length, length]);
    expect(peers.sent[1].message.token).toEqual(peers.sent[0].message.token);
    expect(new Set(peers.sent.map(({ message }) => message.token.join())).size).toBe(2);
  });

  test("§2.2.2: a peer that knows none resets the trial; the request goes again with 8, and later ones at once", () => {
    const peers = new Peers({ client: { tokenLength: 20, longestToken: 20 } });
    for (let i = 0; i < 2; i++) {
      peers.client.request(peers.now, get);
      peers.drive();
    }
    expect(peers.outcomes()).toEqual(["2.04", "2.04"]);
    expect(lengths(peers)).toEqual([20, 8, 8]);
    expect(peers.ladder[1]).toContain("RST");
  });

  test("a peer that answers the trial by 4.00 is asked with 8 too", () => {
    const peers = new Peers({
      client: { tokenLength: 20, longestToken: 20 },
      server: { longestToken: 20 },
    });
    peers.answer = ({ token }) => ({
      code: token.length > 8 ? codes.BAD_REQUEST : codes.CHANGED,
      options: [],
      payload: NOTHING,
    });
    peers.client.request(0, get);
    peers.drive();
    expect(peers.outcomes()).toEqual(["2.04"]);
    expect(lengths(peers)).toEqual([20, 8]);
  });

  test("§2.2.2: only a Confirmable request is a trial, and after a day it is tried again", () => {
    const peers = new Peers({
      client: { tokenLength: 20, longestToken: 20 },
      server: { longestToken: 20 },
    });
    const ask = (confirmable: boolean) => {
      peers.client.request(peers.now, { ...get, confirmable });
      peers.drive(peers.now + 1000);
    };
    ask(false);
    ask(true);
    ask(false);
    peers.drive(peers.now + 86_400_000);
    peers.client.handleTimeout(peers.now);
    ask(false);
    expect(lengths(peers)).toEqual([8, 20, 20, 8]);
  });

  test("longer than what is accepted is a format error: RST to a CON, silence to a NON", () => {
    const server = new CoapEndpoint(coapSettings({ longestToken: 64 }));
    const send = (type: number, length: number) => {
      const token = new Uint8Array(length);
      const message = { type, code: 1, messageId: length, token, options: [], payload: NOTHING };
      server.handleDatagram(0, encodeMessage(message));
      return server.pollEvent()?.kind ?? server.pollTransmit()?.[0];
    };
    expect([send(0, 64), send(0, 65), send(1, 66)]).toEqual([REQUEST_RECEIVED, 0x70, undefined]);
    expect(server.malformed).toBe(2);
  });
});
