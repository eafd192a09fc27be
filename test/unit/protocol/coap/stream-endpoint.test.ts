import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CoapStreamEndpoint } from "../../../../protocol/coap/coap-stream-endpoint.ts";
import * as codes from "../../../../protocol/coap/codes.ts";
import type { CoapEvent, IncomingRequest, Request } from "../../../../protocol/coap/exchange.ts";
import {
  CONNECTION_ENDED,
  OBSERVER_GONE,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../../protocol/coap/exchange.ts";
import { NOTHING, noResponseOption } from "../../../../protocol/coap/no-response.ts";
import {
  OBSERVE,
  PROXY_URI,
  textOption,
  URI_PATH,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { StreamEndpoint } from "../../../../protocol/coap/stream-endpoint.ts";
import {
  encodeStreamMessage,
  StreamDecoder,
  type StreamMessage,
} from "../../../../protocol/coap/stream-framing.ts";
import {
  abort,
  BASE_CAPABILITIES,
  csm,
  ping,
  release,
} from "../../../../protocol/coap/stream-signals.ts";
import { coapSettings } from "../../../support/coap-pair.ts";
import { proves } from "../../../support/proves.ts";
import {
  describeMessage,
  StreamPair,
  type StreamPairOptions,
} from "../../../support/stream-pair.ts";

const EMPTY = new Uint8Array(0);
const TEMPERATURE = [textOption(URI_PATH, "temperature")];
const get: Request = { code: codes.GET, options: TEMPERATURE, payload: EMPTY };
const text = (value: string) => new TextEncoder().encode(value);
const content = (payload: Uint8Array = EMPTY) => ({ code: codes.CONTENT, options: [], payload });
/** MAX_TRANSMIT_WAIT. */
const PATIENCE = 93_000;

/** The server answers each request at once with what it was sent, or with `22.5`. */
function echo(pair: StreamPair): IncomingRequest[] {
  const ran: IncomingRequest[] = [];
  pair.onServerEvent = (event) => {
    if (event.kind !== REQUEST_RECEIVED) return;
    ran.push(event.request);
    const { payload } = event.request;
    pair.server.respond(
      pair.now,
      event.request,
      content(payload.length > 0 ? payload : text("22.5")),
    );
  };
  return ran;
}

function answered(options: StreamPairOptions = {}): StreamPair {
  const pair = new StreamPair(options);
  echo(pair);
  pair.client.request(0, get);
  return pair.drive();
}

/** `2.05 "22.5"`, `failed timed-out`, `ended closed by the peer`, ... */
function wordsOf(event: CoapEvent): string {
  if (event.kind === RESPONSE_RECEIVED) {
    const { code, payload } = event.response;
    return `${event.id} ${codes.formatCode(code)} ${new TextDecoder().decode(payload)}`.trim();
  }
  if (event.kind === REQUEST_FAILED) return `${event.id} failed ${event.failure}`;
  if (event.kind === CONNECTION_ENDED) return `ended: ${event.reason}`;
  if (event.kind === REQUEST_RECEIVED) return `asked ${codes.formatCode(event.request.code)}`;
  return `event ${event.kind}`;
}

/** One endpoint alone; the test is its peer. */
class Alone {
  now = 0;
  readonly endpoint: CoapStreamEndpoint;

  constructor(changes: Parameters<typeof coapSettings>[0] = {}) {
    this.endpoint = new CoapStreamEndpoint(coapSettings(changes));
  }

  /** Whose peer has sent its CSM. */
  static open(changes: Parameters<typeof coapSettings>[0] = {}): Alone {
    const alone = new Alone(changes);
    alone.take(csm(BASE_CAPABILITIES));
    alone.said();
    return alone;
  }

  take(...messages: StreamMessage[]): void {
    for (const message of messages) {
      this.endpoint.handleBytes(this.now, encodeStreamMessage(message));
    }
  }

  /** What it has sent, in words; an empty piece as `end`. */
  said(): string[] {
    const said: string[] = [];
    for (let sent = this.endpoint.pollTransmit(); sent; sent = this.endpoint.pollTransmit()) {
      if (sent.length === 0) said.push("end");
      else said.push(...decode(sent));
    }
    return said;
  }

  told(): string[] {
    const told: string[] = [];
    for (let event = this.endpoint.pollEvent(); event; event = this.endpoint.pollEvent()) {
      told.push(wordsOf(event));
    }
    return told;
  }

  requests(): IncomingRequest[] {
    const requests: IncomingRequest[] = [];
    for (let event = this.endpoint.pollEvent(); event; event = this.endpoint.pollEvent()) {
      if (event.kind === REQUEST_RECEIVED) requests.push(event.request);
    }
    return requests;
  }

  waitUntil(now: number): void {
    this.now = now;
    this.endpoint.handleTimeout(now);
  }
}

function decode(bytes: Uint8Array): string[] {
  const decoder = new StreamDecoder(1 << 20, 65804);
  decoder.push(bytes);
  const words: string[] = [];
  for (let next = decoder.poll(); next !== undefined; next = decoder.poll()) {
    words.push(describeMessage(next as StreamMessage));
  }
  return words;
}

const asking = (
  code: number,
  token: number,
  payload: Uint8Array = EMPTY,
  options = TEMPERATURE,
) => ({
  code,
  token: Uint8Array.of(token),
  options,
  payload,
});

describe("RFC 8323 §3.3: messages on a connection", () => {
  test("a request waits for both CSMs, of which the initiator's goes out first", () => {
    proves("device", "tcp-csm");
    proves("connector", "tcp-csm");
    expect(answered().ladder).toEqual([
      "0 ---> CSM 4",
      "10 <--- CSM 4",
      "20 ---> 0.01 [2]",
      "30 <--- 2.05 [2] (4 B)",
    ]);
  });

  test("what comes before a CSM ends the connection", () => {
    for (const first of [asking(codes.GET, 1), ping(EMPTY, false), asking(codes.EMPTY, 1)]) {
      const alone = new Alone();
      alone.endpoint.handleOpened(0);
      alone.take(first);
      expect(alone.said()).toEqual([`Abort "the first message is no CSM"`, "end"]);
      expect(alone.told()).toEqual(["ended: the first message is no CSM"]);
      expect(alone.endpoint.malformed).toBe(1);
    }
  });

  test("a CSM that does not come in time ends the connection, whoever has opened it", () => {
    const alone = new Alone();
    alone.endpoint.handleOpened(0);
    expect(alone.endpoint.deadline()).toBe(PATIENCE);
    alone.waitUntil(PATIENCE);
    expect(alone.said()).toEqual([`Abort "a message takes too long"`, "end"]);
    const asked = new Alone();
    asked.endpoint.request(0, get);
    expect(asked.said()).toEqual(["CSM 4"]);
    asked.waitUntil(PATIENCE);
    expect(asked.told()).toEqual(["1 failed timed-out", "ended: nothing is answered"]);
  });

  test("several requests are under way at once, and answered in any order", () => {
    const pair = new StreamPair();
    const waiting: IncomingRequest[] = [];
    pair.onServerEvent = (event) => {
      if (event.kind === REQUEST_RECEIVED) waiting.push(event.request);
    };
    for (let i = 0; i < 3; i++) pair.client.request(0, { ...get, payload: text(String(i)) });
    pair.drive(100);
    expect(waiting).toHaveLength(3);
    for (const request of waiting.reverse()) {
      pair.server.respond(pair.now, request, content(request.payload));
    }
    pair.drive(200);
    expect(pair.clientEvents.map(wordsOf)).toEqual(["3 2.05 2", "2 2.05 1", "1 2.05 0"]);
  });

  test("both ends may ask", () => {
    const pair = answered();
    pair.onClientEvent = (event) => {
      if (event.kind === REQUEST_RECEIVED) pair.client.respond(pair.now, event.request, content());
    };
    pair.server.request(pair.now, get);
    pair.drive();
    expect(pair.serverEvents.map(wordsOf)).toEqual(["asked 0.01", "1 2.05"]);
  });

  test("more than `maxRequests` at once are refused", () => {
    const { endpoint } = new Alone({ maxRequests: 2 });
    expect([1, 2, 3].map(() => endpoint.request(0, get))).toEqual([1, 2, 0]);
  });

  test("a response with an unknown token is dropped", () => {
    const alone = Alone.open();
    alone.take({ ...asking(codes.CONTENT, 9), options: [] });
    expect([alone.said(), alone.told()]).toEqual([[], []]);
  });

  test("RFC 7252 §5.4: a critical option that nobody knows is 4.02, and in a response its end", () => {
    const alone = Alone.open();
    alone.take(asking(codes.GET, 1, EMPTY, [{ number: 9999, value: EMPTY }]));
    expect(alone.said()).toEqual(["4.02 [1]"]);
    alone.endpoint.request(0, get);
    const token = alone.endpoint.tokenOf(1) ?? EMPTY;
    alone.take({ ...asking(codes.CONTENT, 1, EMPTY, [{ number: 9999, value: EMPTY }]), token });
    expect(alone.told()).toEqual(["1 failed bad-response"]);
  });

  test("RFC 7252 §5.7.2: a request for another host is 5.05", () => {
    const alone = Alone.open();
    alone.take(asking(codes.GET, 1, EMPTY, [textOption(PROXY_URI, "coap://elsewhere/")]));
    expect(alone.said()).toEqual(["5.05 [1]"]);
  });
});

describe("RFC 8323 §3.4: how a connection fares", () => {
  test("empty messages are ignored", () => {
    const alone = Alone.open();
    alone.take(asking(codes.EMPTY, 1), { ...asking(codes.EMPTY, 2), payload: text("x") });
    expect([alone.said(), alone.told()]).toEqual([[], []]);
  });

  test("when it breaks, what is under way fails, and the next request opens another one", () => {
    const pair = answered();
    pair.onServerEvent = () => {};
    pair.client.request(pair.now, get);
    pair.drive(pair.now + 10);
    pair.breakConnection();
    echo(pair);
    pair.client.request(pair.now, get);
    pair.drive();
    expect(pair.clientEvents.map(wordsOf)).toEqual([
      "1 2.05 22.5",
      "2 failed disconnected",
      "ended: broken",
      "3 2.05 22.5",
    ]);
    expect(pair.connections).toBe(2);
    expect(pair.ladder.slice(-5)).toEqual([
      "50 --X--",
      "50 ---> CSM 4",
      "60 <--- CSM 4",
      "70 ---> 0.01 [6]",
      "80 <--- 2.05 [6] (4 B)",
    ]);
  });

  test("a connection that cannot be opened fails its request at once", () => {
    const pair = new StreamPair({ listens: false });
    pair.client.request(0, get);
    pair.drive(1);
    expect(pair.clientEvents.map(wordsOf)).toEqual(["1 failed disconnected", "ended: refused"]);
    expect(pair.client.deadline()).toBe(Infinity);
  });

  test("an answer to a request of a connection that has ended goes nowhere", () => {
    const alone = Alone.open();
    alone.take(asking(codes.GET, 1));
    const [request] = alone.requests();
    alone.endpoint.handleEnd("broken");
    alone.endpoint.respond(0, request, content());
    expect(alone.said()).toEqual([]);
    expect(alone.endpoint.isIdle()).toBe(true);
  });

  test("a request that is not answered fails, and when nothing else came the connection is dead", () => {
    const alone = Alone.open();
    alone.now = 1000;
    alone.endpoint.request(1000, get);
    alone.endpoint.request(1000, get);
    alone.said();
    alone.now = 2000;
    alone.take(asking(codes.EMPTY, 0));
    alone.waitUntil(1000 + PATIENCE);
    expect([alone.said(), alone.told()]).toEqual([
      [],
      ["2 failed timed-out", "1 failed timed-out"],
    ]);
    alone.endpoint.request(alone.now, get);
    alone.waitUntil(alone.now + PATIENCE);
    expect(alone.told()).toEqual(["3 failed timed-out", "ended: nothing is answered"]);
    expect(alone.said()).toEqual(["0.01 [5]", `Abort "nothing is answered"`, "end"]);
  });

  test("the end of what never began is nothing", () => {
    const { endpoint } = new Alone();
    endpoint.handleEnd("refused");
    expect(endpoint.pollEvent()).toBeUndefined();
  });
});

describe("RFC 8323 §5: signals", () => {
  test("§5.2: a critical option of a CSM is named in an Abort, of another signal not", () => {
    const options = [{ number: 7, value: EMPTY }];
    const capable = new Alone();
    capable.take({ ...csm(BASE_CAPABILITIES), options });
    expect(capable.said()).toEqual([`Abort 2=7 "a critical option"`, "end"]);
    const alone = Alone.open();
    alone.take({ ...ping(EMPTY, false), options });
    expect(alone.said()).toEqual([`Abort "a critical option"`, "end"]);
  });

  test("§5.1: a signal that nobody knows is passed over", () => {
    const alone = Alone.open();
    alone.take({
      code: 0xff,
      token: EMPTY,
      options: [{ number: 2, value: EMPTY }],
      payload: EMPTY,
    });
    expect([alone.said(), alone.told()]).toEqual([[], []]);
  });

  test("§5.3: our CSM says what we take, and is the first that an acceptor says", () => {
    const alone = new Alone({ longestMessage: 8704, longestToken: 32 });
    alone.endpoint.handleOpened(0);
    expect(alone.said()).toEqual([]);
    alone.take(csm(BASE_CAPABILITIES));
    expect(alone.said()).toEqual(["CSM 2=8704 4 6=32"]);
    alone.take(csm(BASE_CAPABILITIES));
    expect(alone.said()).toEqual([]);
  });

  test("§5.3.1: a request that the peer does not take fails; a response becomes 5.00", () => {
    proves("connector", "tcp-csm");
    const alone = new Alone();
    alone.take(csm({ ...BASE_CAPABILITIES, maxMessageSize: 20 }));
    alone.said();
    const long = [textOption(URI_PATH, "a-name-of-some-length")];
    alone.endpoint.request(0, { ...get, options: long });
    expect([alone.said(), alone.told()]).toEqual([[], ["1 failed body-too-large"]]);
    alone.take(asking(codes.GET, 1));
    const [request] = alone.requests();
    alone.endpoint.respond(0, request, { code: codes.CONTENT, options: long, payload: EMPTY });
    expect(alone.said()).toEqual(["5.00 [1]"]);
  });

  test("§5.3.1: the base endpoint sends no body that the peer does not take whole", () => {
    const endpoint = new StreamEndpoint(coapSettings());
    endpoint.handleBytes(0, encodeStreamMessage(csm({ ...BASE_CAPABILITIES, blockWise: true })));
    endpoint.handleBytes(0, encodeStreamMessage(asking(codes.GET, 1)));
    const event = endpoint.pollEvent();
    if (event?.kind !== REQUEST_RECEIVED) throw new Error("no request");
    endpoint.respond(0, event.request, content(new Uint8Array(2000)));
    endpoint.notify(0, Uint8Array.of(7), content(new Uint8Array(2000)), true);
    const sent: string[] = [];
    for (let bytes = endpoint.pollTransmit(); bytes; bytes = endpoint.pollTransmit()) {
      sent.push(...decode(bytes));
    }
    expect(sent).toEqual(["CSM", "5.00 [1]", "5.00 [7]"]);
    expect(endpoint.pollEvent()).toMatchObject({ kind: OBSERVER_GONE, token: Uint8Array.of(7) });
  });

  test("§5.4: a Ping is answered at once by a Pong with its token", () => {
    const alone = Alone.open();
    alone.take(asking(codes.GET, 1), ping(Uint8Array.of(0x42), false));
    expect(alone.said()).toEqual(["Pong [66]"]);
  });

  test("§5.4: with custody the Pong waits for the answers to the requests before it", () => {
    proves("device", "tcp-signals");
    proves("connector", "tcp-signals");
    const alone = Alone.open();
    alone.take(ping(Uint8Array.of(1), true));
    expect(alone.said()).toEqual(["Pong [1] 2"]);
    alone.take(asking(codes.GET, 1), asking(codes.GET, 2), ping(Uint8Array.of(2), true));
    alone.take(asking(codes.GET, 3));
    const [first, second, third] = alone.requests();
    alone.endpoint.respond(0, second, content());
    alone.endpoint.respond(0, third, content());
    expect(alone.said()).toEqual(["2.05 [2]", "2.05 [3]"]);
    alone.endpoint.respond(0, first, content());
    expect(alone.said()).toEqual(["2.05 [1]", "Pong [2] 2"]);
  });

  test("§5.4: of many Pings with custody those beyond four are answered without", () => {
    const alone = Alone.open();
    alone.take(asking(codes.GET, 1));
    for (let i = 1; i < 8; i++) alone.take(ping(Uint8Array.of(i), true));
    expect(alone.said()).toEqual(["Pong [5]", "Pong [6]", "Pong [7]"]);
    alone.endpoint.respond(0, alone.requests()[0], content());
    expect(alone.said()).toEqual(["2.05 [1]", ...[1, 2, 3, 4].map((i) => `Pong [${i}] 2`)]);
  });

  test("§5.5: after a Release the connection ends once what is under way is answered", () => {
    const alone = Alone.open();
    alone.endpoint.request(0, get);
    alone.said();
    const token = alone.endpoint.tokenOf(1) ?? EMPTY;
    alone.take(asking(codes.GET, 1), release(["elsewhere"], 300));
    expect(alone.endpoint.request(0, get)).toBe(0);
    alone.endpoint.respond(0, alone.requests()[0], content());
    expect(alone.said()).toEqual(["2.05 [1]"]);
    alone.take({ ...asking(codes.CONTENT, 0), token, options: [] });
    expect(alone.said()).toEqual(["end"]);
    expect(alone.endpoint.pollEvent()).toMatchObject({ kind: RESPONSE_RECEIVED });
    expect(alone.endpoint.pollEvent()).toMatchObject({
      kind: CONNECTION_ENDED,
      reason: "released by the peer",
      holdOff: 300_000,
    });
    expect(alone.endpoint.request(0, get)).toBe(2);
  });

  test("§5.6: an Abort of the peer ends all at once, and what it says is told", () => {
    const alone = Alone.open();
    alone.endpoint.request(0, get);
    alone.take(asking(codes.GET, 1), abort(undefined, "no more room"));
    expect(alone.said()).toEqual(["end"]);
    expect(alone.told()).toEqual([
      "asked 0.01",
      "1 failed disconnected",
      "ended: aborted by the peer: no more room",
    ]);
  });

  test.each([
    ["an option cut by the length", "10 01 b5", "coap/option-truncated"],
    ["a token of 15", "0f 01", "coap/token-length-reserved"],
    ["a message longer than announced", "f0 ffffffff 01", "coap/message-too-long"],
    ["a reserved code", "00 20", "a reserved code"],
  ])("§5.6: %s is answered by an Abort that says so", (_title, hex, fault) => {
    const alone = Alone.open();
    alone.endpoint.handleBytes(0, Buffer.from(hex.replaceAll(" ", ""), "hex"));
    expect(alone.said()).toEqual([`Abort ${JSON.stringify(fault)}`, "end"]);
    expect(alone.told()).toEqual([`ended: ${fault}`]);
    expect(alone.endpoint.malformed).toBe(1);
  });

  test("§5.6: what follows a fault in the same bytes is not heard", () => {
    const alone = Alone.open();
    const after = encodeStreamMessage(asking(codes.GET, 1));
    alone.endpoint.handleBytes(0, Buffer.concat([Buffer.from("0020", "hex"), after]));
    expect(alone.told()).toEqual(["ended: a reserved code"]);
  });
});

describe("RFC 8323 §7: observing", () => {
  const observe: Request = { ...get, options: [uintOption(OBSERVE, 0), ...TEMPERATURE] };
  const noted = (sequence: number, value: string) => ({
    code: codes.CONTENT,
    options: [uintOption(OBSERVE, sequence)],
    payload: text(value),
  });

  function observed(): {
    readonly pair: StreamPair;
    readonly token: Uint8Array;
    asked: IncomingRequest[];
  } {
    const pair = new StreamPair();
    const asked: IncomingRequest[] = [];
    pair.onServerEvent = (event) => {
      if (event.kind !== REQUEST_RECEIVED) return;
      asked.push(event.request);
      pair.server.respond(pair.now, event.request, noted(5, "first"));
    };
    pair.client.request(0, observe);
    pair.drive();
    return { pair, token: asked[0].token, asked };
  }

  test("§7.1: notifications are taken as they come, whatever their numbers", () => {
    const { pair, token } = observed();
    pair.server.notify(pair.now, token, noted(3, "second"), true);
    pair.server.notify(pair.now, token, noted(0, "third"), false);
    pair.drive();
    expect(pair.clientEvents.map(wordsOf)).toEqual([
      "1 2.05 first",
      "1 2.05 second",
      "1 2.05 third",
    ]);
    expect(pair.client.deadline()).toBe(Infinity);
  });

  test("§7.4: an observation ends by a GET with Observe 1 under its token", () => {
    const { pair, token } = observed();
    pair.client.cancelObservation(pair.now, 1);
    pair.drive();
    expect(pair.ladder.slice(-2)).toEqual([
      "40 ---> 0.01 [2] observe 1",
      "50 <--- 2.05 [2] observe 5 (5 B)",
    ]);
    pair.server.notify(pair.now, token, noted(6, "late"), true);
    pair.drive();
    expect(pair.clientEvents.map(wordsOf)).toEqual(["1 2.05 first"]);
  });

  test("§7.4: an observation ends with its connection, on both sides", () => {
    proves("connector", "tcp-observations-end");
    const { pair, token } = observed();
    pair.breakConnection();
    pair.server.notify(pair.now, token, noted(6, "lost"), true);
    pair.drive();
    expect(pair.clientEvents.map(wordsOf)).toEqual([
      "1 2.05 first",
      "1 failed disconnected",
      "ended: broken",
    ]);
    expect(pair.ladder.at(-1)).toBe("40 --X--");
  });

  test("a response without Observe, or an error, is the last", () => {
    const { pair, token } = observed();
    pair.server.notify(pair.now, token, { ...content(), code: codes.NOT_FOUND }, true);
    pair.drive();
    expect(pair.clientEvents.at(-1)).toMatchObject({ id: 1, observing: false });
    expect(pair.client.tokenOf(1)).toBeUndefined();
  });

  test("one that is forgotten is heard of no more", () => {
    const { pair, token } = observed();
    pair.client.forget(1);
    pair.server.notify(pair.now, token, noted(6, "late"), true);
    pair.drive();
    expect(pair.clientEvents.map(wordsOf)).toEqual(["1 2.05 first"]);
  });
});

describe("RFC 7967: No-Response on a stream", () => {
  test("§2: what is not wanted is not sent", () => {
    const alone = Alone.open();
    alone.take(asking(codes.PUT, 1, text("x"), [...TEMPERATURE, noResponseOption(NOTHING)]));
    alone.endpoint.respond(0, alone.requests()[0], { ...content(), code: codes.CHANGED });
    expect(alone.said()).toEqual([]);
  });

  test("§2: a request that wants no answer is over when it is sent, also when it waits for the connection", () => {
    const pair = new StreamPair();
    const wish = {
      ...get,
      confirmable: false,
      options: [...TEMPERATURE, noResponseOption(NOTHING)],
    };
    const id = pair.client.request(0, wish);
    expect(pair.client.tokenOf(id)).toBeDefined();
    const ran = echo(pair);
    pair.drive();
    expect(ran).toHaveLength(1);
    expect(pair.client.tokenOf(id)).toBeUndefined();
    expect(pair.clientEvents).toEqual([]);
  });

  test("§2: silence does not end the connection where it may be the answer", () => {
    const alone = Alone.open();
    alone.endpoint.request(0, { ...get, options: [...TEMPERATURE, noResponseOption(2)] });
    alone.said();
    alone.waitUntil(PATIENCE);
    expect([alone.said(), alone.told()]).toEqual([[], []]);
  });
});

describe("RFC 8323 §11: bounds", () => {
  test("of many requests at once those beyond eight wait in the stream, and none is refused", () => {
    proves("device", "tcp-bounds");
    proves("connector", "tcp-bounds");
    const alone = Alone.open();
    const messages = Array.from({ length: 30 }, (_, i) => asking(codes.GET, i));
    alone.endpoint.handleBytes(0, Buffer.concat(messages.map((each) => encodeStreamMessage(each))));
    const answeredIn: number[] = [];
    for (let requests = alone.requests(); requests.length > 0; requests = alone.requests()) {
      expect(requests.length).toBeLessThanOrEqual(8);
      for (const request of requests) {
        answeredIn.push(request.token[0]);
        alone.endpoint.respond(0, request, content());
      }
    }
    expect(answeredIn).toEqual(messages.map((_, i) => i));
    expect(alone.said()).toHaveLength(30);
  });

  test("a peer that sends on and on without being answered is cut off", () => {
    const alone = Alone.open();
    const request = encodeStreamMessage(asking(codes.PUT, 1, new Uint8Array(1000)));
    let sent = 0;
    while (alone.endpoint.malformed === 0 && sent < 1000) {
      alone.endpoint.handleBytes(0, request);
      sent++;
      if (alone.said().includes("end")) break;
    }
    expect(sent).toBeGreaterThan(8);
    expect(sent).toBeLessThan(150);
  });

  test("a peer that takes nothing of what it asks for is cut off", () => {
    const alone = Alone.open();
    let sent = 0;
    while (sent < 1000 && !alone.told().includes("ended: the peer takes nothing")) {
      alone.take(asking(codes.GET, ++sent & 255));
      for (const request of alone.requests()) {
        alone.endpoint.respond(0, request, content(new Uint8Array(1000)));
      }
    }
    expect(sent).toBeLessThan(300);
    expect(alone.said()).toEqual(["end"]);
  });

  test("a message that begins and does not end has MAX_TRANSMIT_WAIT; one that goes on gets no more", () => {
    const alone = Alone.open();
    const bytes = encodeStreamMessage(asking(codes.PUT, 1, new Uint8Array(100)));
    alone.endpoint.handleBytes(0, bytes.subarray(0, 50));
    expect(alone.endpoint.deadline()).toBe(PATIENCE);
    alone.endpoint.handleBytes(50_000, bytes.subarray(50, 60));
    expect(alone.endpoint.deadline()).toBe(PATIENCE);
    alone.waitUntil(PATIENCE);
    expect(alone.told()).toEqual(["ended: a message takes too long"]);
    const other = Alone.open();
    other.endpoint.handleBytes(0, bytes.subarray(0, 50));
    other.endpoint.handleBytes(50_000, bytes.subarray(50));
    expect(other.endpoint.deadline()).toBe(Infinity);
  });
});

describe("RFC 8323 §3: properties", () => {
  test("any cut of the stream gives the same conversation", () => {
    const alone = answered({ client: { longestMessage: 8704 }, server: { longestMessage: 8704 } });
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }),
        (pieces) => {
          const pair = answered({
            client: { longestMessage: 8704 },
            server: { longestMessage: 8704 },
            pieces,
          });
          expect(pair.ladder).toEqual(alone.ladder);
          expect(pair.clientEvents).toEqual(alone.clientEvents);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("no bytes make an endpoint throw, or hold more than its bounds", () => {
    proves("device", "tcp-bounds");
    proves("connector", "tcp-bounds");
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .record({
          code: fc.integer({ min: 0, max: 255 }),
          token: fc.uint8Array({ maxLength: 8 }),
          options: fc
            .array(
              fc.record({
                number: fc.constantFrom(1, 2, 4, 6, 11, 12, 17, 23, 27, 28, 60, 258, 292),
                value: fc.uint8Array({ maxLength: 5 }),
              }),
              { maxLength: 5 },
            )
            .map((options) => options.sort((a, b) => a.number - b.number)),
          payload: fc.uint8Array({ maxLength: 40 }),
        })
        .map((message) => encodeStreamMessage(message)),
      fc.constant(encodeStreamMessage(csm(BASE_CAPABILITIES))),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.boolean(), (pieces, answers) => {
        const alone = new Alone({ maxBody: 256 });
        alone.take(csm({ maxMessageSize: 4000, blockWise: true, maxTokenLength: 8 }));
        alone.endpoint.request(0, { ...get, options: [uintOption(OBSERVE, 0)] });
        let now = 0;
        for (const bytes of pieces) {
          now += 1000;
          alone.endpoint.handleBytes(now, bytes);
          for (let event = alone.endpoint.pollEvent(); event; event = alone.endpoint.pollEvent()) {
            if (event.kind !== REQUEST_RECEIVED || !answers) continue;
            alone.endpoint.respond(now, event.request, content(new Uint8Array(5000)));
          }
          for (let sent = alone.endpoint.pollTransmit(); sent; )
            sent = alone.endpoint.pollTransmit();
          expect(alone.endpoint.deadline()).toBeGreaterThanOrEqual(0);
        }
        alone.endpoint.handleTimeout(now + 1_000_000);
        alone.endpoint.handleEnd("over");
        expect(alone.endpoint.isIdle()).toBe(true);
        expect(alone.endpoint.deadline()).toBe(Infinity);
      }),
      { numRuns: 3000 },
    );
  });

  test("whatever breaks, each request ends once, and each connection", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("ask", "break", "wait", "silence"), { maxLength: 25 }),
        (steps) => {
          const pair = new StreamPair();
          let isSilent = false;
          pair.onServerEvent = (event) => {
            if (event.kind !== REQUEST_RECEIVED || isSilent) return;
            pair.server.respond(pair.now, event.request, content());
          };
          const ids: number[] = [];
          for (const step of steps) {
            if (step === "break") pair.breakConnection();
            else if (step === "silence") isSilent = !isSilent;
            else if (step === "wait") pair.drive(pair.now + 15);
            else {
              const id = pair.client.request(pair.now, get);
              if (id !== 0) ids.push(id);
            }
          }
          pair.drive();
          const ended = pair.clientEvents
            .filter(({ kind }) => kind === RESPONSE_RECEIVED || kind === REQUEST_FAILED)
            .map((event) => ("id" in event ? event.id : 0));
          expect(ended.sort((a, b) => a - b)).toEqual(ids);
        },
      ),
      { numRuns: 300 },
    );
  });
});
