import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockOption } from "../../../../protocol/coap/block.ts";
import type {
  CoapEvent,
  IncomingRequest,
  Request,
  Response,
} from "../../../../protocol/coap/coap-endpoint.ts";
import {
  CoapEndpoint,
  OBSERVER_GONE,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../../protocol/coap/codes.ts";
import type { Message } from "../../../../protocol/coap/message.ts";
import { ACK, decodeMessage, encodeMessage, NON } from "../../../../protocol/coap/message.ts";
import {
  BLOCK1,
  findOption,
  OBSERVE,
  SIZE1,
  textOption,
  URI_PATH,
  uintOf,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import {
  CoapPair,
  coapSettings,
  countingRandom,
  describe as ladderLine,
} from "../../../support/coap-pair.ts";
import { proves } from "../../../support/proves.ts";

const NOTHING = new Uint8Array(0);
const TEMPERATURE = [textOption(URI_PATH, "temperature")];
const get: Request = { code: codes.GET, options: TEMPERATURE, payload: NOTHING };
const text = (value: string) => new TextEncoder().encode(value);
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);
const content = (payload: Uint8Array, options: Response["options"] = []): Response => ({
  code: codes.CONTENT,
  options,
  payload,
});
const hex = (datagram: string) => new Uint8Array(Buffer.from(datagram, "hex"));

/** A server that answers each request at once with what `answer` makes of it, and counts what it ran. */
function serve(pair: CoapPair, answer: (request: IncomingRequest) => Response): IncomingRequest[] {
  const ran: IncomingRequest[] = [];
  pair.onServerEvent = (event) => {
    if (event.kind !== REQUEST_RECEIVED) return;
    ran.push(event.request);
    pair.server.respond(pair.now, event.request, answer(event.request));
  };
  return ran;
}

const responses = (events: readonly CoapEvent[]) =>
  events.flatMap((event) => (event.kind === RESPONSE_RECEIVED ? [event.response] : []));

function drain(endpoint: CoapEndpoint): string[] {
  const lines: string[] = [];
  for (let sent = endpoint.pollTransmit(); sent; sent = endpoint.pollTransmit()) {
    lines.push(ladderLine(sent));
  }
  return lines;
}

describe("message layer", () => {
  test("RFC 7252 §4.2 figure 16: a CON request and its piggybacked response", () => {
    const pair = new CoapPair();
    serve(pair, () => content(text("22.3 C")));
    pair.client.request(pair.now, get);
    pair.drive();
    expect(pair.ladder).toEqual(["0 ---> CON [1] 0.01", "10 <--- ACK [1] 2.05 (6 B)"]);
    expect(pair.clientEvents).toMatchObject([
      { kind: RESPONSE_RECEIVED, id: 1, observing: false, response: { code: codes.CONTENT } },
    ]);
    expect(pair.client.isIdle() && pair.server.isIdle()).toBe(true);
  });

  test("RFC 7252 §4.2: an unanswered CON is sent 1 + MAX_RETRANSMIT times, then given up", () => {
    const pair = new CoapPair({ clientFate: () => [] });
    const id = pair.client.request(pair.now, get);
    pair.drive();
    expect(pair.ladder).toEqual([
      "0 --X  CON [1] 0.01",
      "2000 --X  CON [1] 0.01",
      "6000 --X  CON [1] 0.01",
      "14000 --X  CON [1] 0.01",
      "30000 --X  CON [1] 0.01",
    ]);
    expect(pair.now).toBe(62000);
    expect(pair.clientEvents).toEqual([{ kind: REQUEST_FAILED, id, failure: "timed-out" }]);
  });

  test("RFC 7252 §4.8.2: with the widest spread giving up takes MAX_TRANSMIT_WAIT = 93 s", () => {
    proves("device", "transmission-parameters");
    proves("connector", "transmission-parameters");
    const client = new CoapEndpoint(coapSettings({ random: { uint32: () => 4294967295 } }));
    client.request(0, get);
    while (client.deadline() !== Infinity) client.handleTimeout(client.deadline());
    expect(client.pollEvent()).toMatchObject({ failure: "timed-out" });
    const again = new CoapEndpoint(coapSettings({ random: { uint32: () => 4294967295 } }));
    again.request(0, get);
    let last = 0;
    while (again.deadline() !== Infinity) {
      last = again.deadline();
      again.handleTimeout(last);
    }
    expect(last).toBeGreaterThan(92960);
    expect(last).toBeLessThanOrEqual(93000);
  });

  test("RFC 7252 §4.5 figure 19: when the ACK is lost the request runs once and the same ACK is sent again", () => {
    proves("device", "deduplication");
    proves("connector", "deduplication");
    const pair = new CoapPair({ serverFate: (nth) => (nth === 0 ? [] : [0]) });
    const ran = serve(pair, () => content(text("22.3 C")));
    pair.client.request(pair.now, get);
    pair.drive();
    expect(pair.ladder).toEqual([
      "0 ---> CON [1] 0.01",
      "10  X-- ACK [1] 2.05 (6 B)",
      "2000 ---> CON [1] 0.01",
      "2010 <--- ACK [1] 2.05 (6 B)",
    ]);
    expect(ran).toHaveLength(1);
    expect(responses(pair.clientEvents)).toHaveLength(1);
  });

  test("RFC 7252 §5.2.2 figure 20: a late answer is an empty ACK, then a separate CON response", () => {
    const pair = new CoapPair();
    let request: IncomingRequest | undefined;
    pair.onServerEvent = (event) => {
      if (event.kind === REQUEST_RECEIVED) request = event.request;
    };
    pair.client.request(pair.now, get);
    pair.drive(3000);
    if (request) pair.server.respond(pair.now, request, content(text("22.3 C")));
    pair.drive();
    expect(pair.ladder).toEqual([
      "0 ---> CON [1] 0.01",
      "510 <--- ACK [1]",
      "3000 <--- CON [256] 2.05 (6 B)",
      "3010 ---> ACK [256]",
    ]);
    expect(responses(pair.clientEvents)).toHaveLength(1);
  });

  test("RFC 7252 §5.2.2: a separate response that overtakes the ACK counts as one", () => {
    const pair = new CoapPair({ serverFate: (nth) => (nth === 0 ? [] : [0]) });
    let request: IncomingRequest | undefined;
    pair.onServerEvent = (event) => {
      if (event.kind === REQUEST_RECEIVED) request = event.request;
    };
    pair.client.request(pair.now, get);
    pair.drive(600);
    if (request) pair.server.respond(pair.now, request, content(text("ok")));
    pair.drive();
    expect(pair.ladder.filter((line) => line.includes("0.01"))).toHaveLength(1);
    expect(responses(pair.clientEvents)).toHaveLength(1);
  });

  test("RFC 7252 §5.2.2: a response that never comes after the empty ACK is given up", () => {
    const pair = new CoapPair();
    pair.onServerEvent = () => {};
    const id = pair.client.request(pair.now, get);
    pair.drive(400000);
    expect(pair.clientEvents).toEqual([{ kind: REQUEST_FAILED, id, failure: "timed-out" }]);
  });

  test("RFC 7252 §5.2.3 figure 22: a NON request is answered by a NON response", () => {
    const pair = new CoapPair();
    serve(pair, () => content(text("22.3 C")));
    pair.client.request(pair.now, { ...get, confirmable: false });
    pair.drive();
    expect(pair.ladder).toEqual(["0 ---> NON [1] 0.01", "10 <--- NON [256] 2.05 (6 B)"]);
  });

  test("RFC 7252 §4.7: NSTART = 1, the second CON waits for the ACK of the first", () => {
    proves("device", "nstart");
    proves("connector", "nstart");
    const pair = new CoapPair({ latency: 100 });
    serve(pair, () => content(text("x")));
    pair.client.request(pair.now, get);
    pair.client.request(pair.now, get);
    pair.drive();
    expect(pair.ladder).toEqual([
      "0 ---> CON [1] 0.01",
      "100 <--- ACK [1] 2.05 (1 B)",
      "200 ---> CON [2] 0.01",
      "300 <--- ACK [2] 2.05 (1 B)",
    ]);
  });

  test("more than maxRequests at once are refused with id 0", () => {
    const pair = new CoapPair({ client: { maxRequests: 2 } });
    expect([1, 2, 3].map(() => pair.client.request(0, get))).toEqual([1, 2, 0]);
  });

  test("RFC 7252 §4.3: a ping is answered with RST, a CON response nobody waits for too", () => {
    const endpoint = new CoapEndpoint(coapSettings());
    endpoint.handleDatagram(0, hex("40007d34"));
    endpoint.handleDatagram(0, hex("4145ad7c64ff32322e332043"));
    expect(drain(endpoint)).toEqual(["RST [32052]", "RST [44412]"]);
  });

  test("RFC 7252 §5.3.2: a response under another token does not answer a request", () => {
    const pair = new CoapPair();
    pair.client.request(0, get);
    pair.client.pollTransmit();
    pair.client.handleDatagram(5, hex("6145000199ff41"));
    expect(pair.client.pollEvent()).toBeUndefined();
  });

  test("an endpoint that answers nothing refuses the ninth open request with 5.03", () => {
    const endpoint = new CoapEndpoint(coapSettings());
    for (let i = 0; i < 9; i++) endpoint.handleDatagram(0, hex(`4001000${i}b161`));
    expect(drain(endpoint)).toEqual(["ACK [8] 5.03"]);
  });
});

describe("what must be refused (vectors/coap-vectors.json)", () => {
  const rows = (
    JSON.parse(
      readFileSync(new URL("../../../vectors/coap-vectors.json", import.meta.url), "utf8"),
    ) as { malformed: { title: string; hex: string }[] }
  ).malformed;
  const silent: string[] = [];
  const expected: Record<string, string[]> = {
    "empty datagram": silent,
    "1 byte": silent,
    "3 bytes": silent,
    "version 0": silent,
    "version 2": silent,
    "TKL 9": ["RST [1]"],
    "TKL 15": ["RST [1]"],
    "TKL 8, only 2 token bytes": ["RST [1]"],
    "TKL 13 (RFC 8974 extended) with no extension byte": ["RST [1]"],
    "payload marker, no payload": ["RST [1]"],
    "option delta 15 that is not the marker": ["RST [1]"],
    "option length 15": ["RST [1]"],
    "option length 13, extension missing": ["RST [1]"],
    "option length 14, one extension byte of two": ["RST [1]"],
    "option length 14 with ffff: 65804 bytes": ["RST [1]"],
    "option delta sum above 65535": ["RST [1]"],
    "option value longer than the datagram": ["RST [1]"],
    "empty message (0.00) with token": ["RST [1]"],
    "empty message with bytes after header": ["RST [1]"],
    "code class 1": ["RST [1]"],
    "code class 7 (7.01, TCP signal) over UDP": ["RST [1]"],
    "unknown critical option 9 (OSCORE when not supported) in CON request": ["ACK [1] 4.02"],
    "unknown critical option in ACK": silent,
    "Uri-Path longer than 255": ["ACK [1] 4.02"],
    "ACK nobody waits for": silent,
    "RST nobody waits for": silent,
    "CON response (2.05) nobody waits for": ["RST [32767]"],
    "two Content-Format options": ["request"],
    "Block1 with SZX 7 over UDP": ["ACK [1] 4.00"],
    "Block2 NUM 0xfffff (20 bit)": ["request"],
    "Block1 NUM 1 with no block 0 before": ["ACK [1] 4.08"],
    "4-byte Block1 value": ["ACK [1] 4.02"],
    "Observe value of 4 bytes": ["request"],
    "Wakaama crash/leak packet (CVE-2019-9004)": ["RST [59106]"],
    "CoAPthon crash packet (CVE-2018-12679/12680)": silent,
  };

  test.each(rows)("$title", ({ title, hex: datagram }) => {
    const endpoint = new CoapEndpoint(coapSettings());
    endpoint.handleDatagram(0, hex(datagram));
    const seen = drain(endpoint);
    for (let event = endpoint.pollEvent(); event; event = endpoint.pollEvent()) {
      seen.push(event.kind === REQUEST_RECEIVED ? "request" : "other");
    }
    expect({ title, seen }).toEqual({ title, seen: expected[title] });
  });

  test("RFC 7252 §5.10: a Uri-Path of 256 bytes is 4.02, Proxy-Uri 5.05, If-None-Match and a Uri-Host of none 4.02", () => {
    const endpoint = new CoapEndpoint(coapSettings());
    const ask = (messageId: number, number: number, value: Uint8Array, type = 0) =>
      endpoint.handleDatagram(
        0,
        encodeMessage({
          type,
          code: codes.GET,
          messageId,
          token: NOTHING,
          options: [{ number, value }],
          payload: NOTHING,
        }),
      );
    ask(1, URI_PATH, new Uint8Array(256));
    ask(2, 35, text("coap://elsewhere"));
    ask(3, 5, NOTHING);
    ask(4, 9, text("x"), NON);
    ask(5, 3, NOTHING);
    expect(drain(endpoint)).toEqual([
      "ACK [1] 4.02",
      "ACK [2] 5.05",
      "ACK [3] 4.02",
      "ACK [5] 4.02",
    ]);
  });
});

describe("observe (RFC 7641)", () => {
  const observe: Request = {
    code: codes.GET,
    options: [...TEMPERATURE, uintOption(OBSERVE, 0)],
    payload: NOTHING,
  };

  function observed(options: ConstructorParameters<typeof CoapPair>[0] = {}) {
    const pair = new CoapPair(options);
    const observers: IncomingRequest[] = [];
    const gone: Uint8Array[] = [];
    pair.onServerEvent = (event) => {
      if (event.kind === OBSERVER_GONE) gone.push(event.token);
      if (event.kind !== REQUEST_RECEIVED) return;
      const wanted = uintOf(event.request.options, OBSERVE, -1);
      if (wanted === 0) observers.push(event.request);
      if (wanted === 1) observers.pop();
      const sequence = wanted === 0 ? [uintOption(OBSERVE, 2)] : [];
      pair.server.respond(pair.now, event.request, content(text("18"), sequence));
    };
    const id = pair.client.request(0, observe);
    pair.drive(100);
    const notify = (value: Uint8Array, sequence: number, confirmable = false) => {
      const response = content(value, [uintOption(OBSERVE, sequence)]);
      pair.server.notify(pair.now, observers[0].token, response, confirmable);
    };
    const values = () =>
      responses(pair.clientEvents).map((each) => Buffer.from(each.payload).toString());
    return { pair, id, notify, observers, gone, values };
  }

  test("§3.4: the first response and later notifications arrive under one id; a stale one is dropped", () => {
    proves("connector", "freshness");
    const { pair, id, notify, values } = observed();
    notify(text("19"), 12);
    pair.drive(pair.now + 100);
    notify(text("old"), 11);
    pair.drive(pair.now + 100);
    notify(text("21"), 13, true);
    pair.drive();
    expect(values()).toEqual(["18", "19", "21"]);
    expect(pair.clientEvents.every((event) => "id" in event && event.id === id)).toBe(true);
  });

  test("§3.4: after 128 s a lower sequence number is taken as newer", () => {
    const { pair, notify, values } = observed();
    pair.drive(128200);
    notify(text("later"), 1);
    pair.drive();
    expect(values()).toEqual(["18", "later"]);
  });

  test.each([
    ["NON", false],
    ["CON", true],
  ])("§3.6: a forgotten observation meets the next %s notification with RST, and the server learns it", (_, con) => {
    const { pair, id, notify, gone, observers } = observed();
    pair.client.forget(id);
    notify(text("19"), 3, con as boolean);
    pair.drive();
    expect(pair.ladder.at(-1)).toMatch(/RST/);
    expect(gone).toEqual([observers[0].token]);
  });

  test("§3.6: cancelObservation sends GET Observe 1 under the same token and reports nothing", () => {
    const { pair, id, observers } = observed();
    const before = pair.clientEvents.length;
    pair.client.cancelObservation(pair.now, id);
    pair.drive();
    expect(observers).toHaveLength(0);
    expect(pair.ladder.at(-2)).toMatch(/CON \[2\] 0.01 observe 1/);
    expect(pair.clientEvents).toHaveLength(before);
    expect(pair.client.isIdle()).toBe(true);
  });

  test("§4.5: an unacknowledged CON notification ends the observation at the server", () => {
    const { pair, notify, gone } = observed({ serverFate: (nth) => (nth < 1 ? [0] : []) });
    notify(text("19"), 3, true);
    pair.drive();
    expect(gone).toHaveLength(1);
  });

  test("§4.5.2: while a CON notification waits for its ACK only the newest of the others is kept", () => {
    const { pair, notify, values } = observed({ latency: 500 });
    pair.drive(3000);
    for (let i = 0; i < 5; i++) notify(text(`v${i}`), 3 + i, true);
    pair.drive();
    expect(values()).toEqual(["18", "v0", "v4"]);
  });

  test("RFC 7959 §3.4: a notification larger than a block is fetched under another token", () => {
    const pair = new CoapPair({ server: { blockSize: 64 } });
    let body = pattern(100);
    let observer: Uint8Array | undefined;
    pair.onServerEvent = (event) => {
      if (event.kind !== REQUEST_RECEIVED) return;
      const isObserve = uintOf(event.request.options, OBSERVE, -1) === 0;
      if (isObserve) observer = event.request.token;
      const sequence = isObserve ? [uintOption(OBSERVE, 1)] : [];
      pair.server.respond(pair.now, event.request, content(body, sequence));
    };
    pair.client.request(0, observe);
    pair.drive(500);
    body = pattern(200);
    if (observer)
      pair.server.notify(pair.now, observer, content(body, [uintOption(OBSERVE, 2)]), true);
    pair.drive();
    expect(responses(pair.clientEvents).map((each) => each.payload)).toEqual([
      pattern(100),
      pattern(200),
    ]);
    expect(pair.clientEvents.every((e) => e.kind === RESPONSE_RECEIVED && e.observing)).toBe(true);
  });

  test("an observation taken up after a restart receives its next notification", () => {
    const { pair, id, notify, values } = observed();
    const token = pair.client.tokenOf(id);
    const restarted = new CoapEndpoint(coapSettings());
    const resumed = restarted.resumeObservation(observe, token ?? NOTHING);
    notify(text("20"), 3, true);
    let sent: Uint8Array | undefined;
    for (let next = pair.server.pollTransmit(); next; next = pair.server.pollTransmit())
      sent = next;
    restarted.handleDatagram(pair.now, sent ?? NOTHING);
    expect(restarted.pollEvent()).toMatchObject({ id: resumed, observing: true });
    expect(values()).toEqual(["18"]);
  });

  test("RFC 7252 §4.2: a Reset that is not empty is ignored", () => {
    const { pair, notify, gone } = observed();
    notify(text("19"), 3);
    notify(text("20"), 4, true);
    const sent = [pair.server.pollTransmit(), pair.server.pollTransmit()];
    for (const datagram of sent) {
      const [, , high = 0, low = 0] = datagram ?? NOTHING;
      pair.server.handleDatagram(pair.now, Uint8Array.of(0x70, codes.POST, high, low));
    }
    expect(pair.server.pollEvent()).toBeUndefined();
    expect(pair.server.isIdle()).toBe(false);
    expect(gone).toEqual([]);
  });
});

describe("block-wise (RFC 7959)", () => {
  test("§2.4 figure 2: a GET whose answer takes three blocks", () => {
    proves("device", "block-wise");
    proves("connector", "block-wise");
    const pair = new CoapPair({ server: { blockSize: 128 } });
    const ran = serve(pair, () => content(pattern(300)));
    pair.client.request(0, get);
    pair.drive();
    expect(pair.ladder).toEqual([
      "0 ---> CON [1] 0.01",
      "10 <--- ACK [1] 2.05 2:0/1/128 (128 B)",
      "20 ---> CON [2] 0.01 2:1/0/128",
      "30 <--- ACK [2] 2.05 2:1/1/128 (128 B)",
      "40 ---> CON [3] 0.01 2:2/0/128",
      "50 <--- ACK [3] 2.05 2:2/0/128 (44 B)",
    ]);
    expect(responses(pair.clientEvents)[0].payload).toEqual(pattern(300));
    expect(ran).toHaveLength(1);
  });

  test("§2.4 figure 3: a client that asks for smaller blocks gets them", () => {
    const pair = new CoapPair();
    serve(pair, () => content(pattern(150)));
    pair.client.request(0, {
      ...get,
      options: [...TEMPERATURE, { number: 23, value: new Uint8Array([2]) }],
    });
    pair.drive();
    expect(pair.ladder.filter((line) => line.includes("ACK"))).toEqual([
      "10 <--- ACK [1] 2.05 2:0/1/64 (64 B)",
      "30 <--- ACK [2] 2.05 2:1/1/64 (64 B)",
      "50 <--- ACK [3] 2.05 2:2/0/64 (22 B)",
    ]);
    expect(responses(pair.clientEvents)[0].payload).toEqual(pattern(150));
  });

  test("§2.5 figure 7: a PUT of three blocks arrives whole, once, and is answered with its last Block1", () => {
    const pair = new CoapPair({ client: { blockSize: 128 } });
    const ran = serve(pair, () => ({ code: codes.CHANGED, options: [], payload: NOTHING }));
    pair.client.request(0, { code: codes.PUT, options: TEMPERATURE, payload: pattern(300) });
    pair.drive();
    expect(pair.ladder).toEqual([
      "0 ---> CON [1] 0.03 1:0/1/128 (128 B)",
      "10 <--- ACK [1] 2.31 1:0/1/128",
      "20 ---> CON [2] 0.03 1:1/1/128 (128 B)",
      "30 <--- ACK [2] 2.31 1:1/1/128",
      "40 ---> CON [3] 0.03 1:2/0/128 (44 B)",
      "50 <--- ACK [3] 2.04 1:2/0/128",
    ]);
    expect(ran.map((request) => request.payload)).toEqual([pattern(300)]);
  });

  test("§2.5: the blocks of an upload share a token, and a late answer to an earlier block moves nothing on", () => {
    const client = new CoapEndpoint(coapSettings({ blockSize: 16, random: countingRandom(1) }));
    client.request(0, { code: codes.PUT, options: TEMPERATURE, payload: pattern(40) });
    const sent: Message[] = [];
    const collect = () => {
      for (let next = client.pollTransmit(); next; next = client.pollTransmit()) {
        sent.push(decodeMessage(next) as Message);
      }
    };
    const answer = (code: number, num: number, type: number, messageId: number) => {
      const block = blockOption(BLOCK1, num, code === codes.CONTINUE, 16);
      const { token } = sent[0];
      const message = { type, code, messageId, token, options: [block], payload: NOTHING };
      client.handleDatagram(0, encodeMessage(message));
      collect();
    };
    collect();
    answer(codes.CONTINUE, 0, ACK, sent[0].messageId);
    expect(sent).toHaveLength(2);
    // The same answer again, as a separate response under another Message ID.
    answer(codes.CONTINUE, 0, NON, 777);
    expect(sent).toHaveLength(2);
    expect(client.pollEvent()).toBeUndefined();
    answer(codes.CONTINUE, 1, ACK, sent[1].messageId);
    answer(codes.CHANGED, 2, ACK, sent[2].messageId);
    expect(new Set(sent.map(({ token }) => token.join())).size).toBe(1);
    expect(client.pollEvent()).toMatchObject({
      kind: RESPONSE_RECEIVED,
      response: { code: codes.CHANGED },
    });
  });

  test("§2.5 figure 8: a server with smaller blocks has the rest of the upload cut smaller", () => {
    const pair = new CoapPair({ client: { blockSize: 128 }, server: { blockSize: 32 } });
    const ran = serve(pair, () => ({ code: codes.CHANGED, options: [], payload: NOTHING }));
    pair.client.request(0, { code: codes.PUT, options: TEMPERATURE, payload: pattern(200) });
    pair.drive();
    expect(pair.ladder[2]).toBe("20 ---> CON [2] 0.03 1:4/1/32 (32 B)");
    expect(ran.map((request) => request.payload)).toEqual([pattern(200)]);
  });

  test("§2.7: a POST with a large body and a large answer", () => {
    const pair = new CoapPair({ client: { blockSize: 64 }, server: { blockSize: 64 } });
    const ran = serve(pair, (request) => content(request.payload));
    pair.client.request(0, { code: codes.POST, options: TEMPERATURE, payload: pattern(500) });
    pair.drive();
    expect(responses(pair.clientEvents)[0].payload).toEqual(pattern(500));
    expect(ran).toHaveLength(1);
  });

  test("§2.9.3: a body above the limit is refused by its announced size, before it is sent", () => {
    const pair = new CoapPair({ client: { blockSize: 64 }, server: { maxBody: 100 } });
    const ran = serve(pair, () => content(NOTHING));
    pair.client.request(0, { code: codes.PUT, options: TEMPERATURE, payload: pattern(200) });
    pair.drive();
    const [response] = responses(pair.clientEvents);
    expect(response.code).toBe(codes.REQUEST_ENTITY_TOO_LARGE);
    expect(uintOf(response.options, SIZE1, 0)).toBe(100);
    expect(pair.ladder).toHaveLength(2);
    expect(ran).toHaveLength(0);
  });

  test("§2.9.2: a client that meets 4.13 with a smaller block size starts again with that", () => {
    const client = new CoapEndpoint(coapSettings({ blockSize: 128 }));
    client.request(0, { code: codes.PUT, options: TEMPERATURE, payload: pattern(300) });
    const first = client.pollTransmit();
    const answer = encodeMessage({
      type: 2,
      code: codes.REQUEST_ENTITY_TOO_LARGE,
      messageId: ((first?.[2] ?? 0) << 8) | (first?.[3] ?? 0),
      token: first?.subarray(4, 12) ?? NOTHING,
      options: [{ number: 27, value: new Uint8Array([1]) }],
      payload: NOTHING,
    });
    client.handleDatagram(10, answer);
    expect(drain(client)).toEqual([expect.stringContaining("1:0/1/32 (32 B)")]);
  });

  test("a body larger than the client takes ends the request, not the client", () => {
    const pair = new CoapPair({ client: { maxBody: 2000 } });
    serve(pair, () => content(pattern(5000)));
    const id = pair.client.request(0, get);
    pair.drive();
    expect(pair.clientEvents).toEqual([{ kind: REQUEST_FAILED, id, failure: "body-too-large" }]);
  });

  test("§2.4: a representation that changes between its blocks is not mixed", () => {
    const pair = new CoapPair({ server: { blockSize: 64 } });
    let generation = 0;
    pair.onServerEvent = (event) => {
      if (event.kind !== REQUEST_RECEIVED) return;
      generation++;
      pair.server.respond(pair.now, event.request, content(pattern(150).fill(generation)));
    };
    const id = pair.client.request(0, get);
    pair.drive(15);
    // Another transfer takes the place of the body being served.
    pair.client.request(pair.now, { ...get, options: [textOption(URI_PATH, "other")] });
    pair.drive();
    const bodies = responses(pair.clientEvents).map((each) => new Set(each.payload).size);
    expect(bodies.every((distinct) => distinct === 1)).toBe(true);
    expect(pair.clientEvents).toContainEqual({
      kind: REQUEST_FAILED,
      id,
      failure: "body-incomplete",
    });
  });

  test("half-open uploads do not pile up: four per peer, each forgotten after EXCHANGE_LIFETIME", () => {
    const endpoint = new CoapEndpoint(coapSettings());
    for (let i = 0; i < 1000; i++) {
      endpoint.handleDatagram(
        i,
        encodeMessage({
          type: 0,
          code: codes.PUT,
          messageId: i,
          token: NOTHING,
          options: [textOption(URI_PATH, `r${i}`), { number: 27, value: new Uint8Array([8]) }],
          payload: pattern(16),
        }),
      );
    }
    drain(endpoint);
    expect(endpoint.isIdle()).toBe(false);
    const ends: number[] = [];
    while (!endpoint.isIdle()) {
      ends.push(endpoint.deadline() - 247000);
      endpoint.handleTimeout(endpoint.deadline());
    }
    expect(ends).toEqual([996, 997, 998, 999]);
    expect(endpoint.deadline()).toBe(Infinity);
  });
});

describe("under loss, duplication and reordering", () => {
  const fates = fc.array(
    fc.constantFrom<readonly number[]>([0], [0], [0], [0, 0], [0, 700], [40], [5000], [], []),
    { minLength: 64, maxLength: 64 },
  );

  test("each request ends in exactly one outcome, runs at most once, and bodies are never mixed", () => {
    fc.assert(
      fc.property(
        fates,
        fates,
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 6 }),
        (clientFates, serverFates, sizes) => {
          const pair = new CoapPair({
            clientFate: (nth) => clientFates[nth % 64],
            serverFate: (nth) => serverFates[nth % 64],
            client: { blockSize: 64, maxRequests: 8, rememberedMessages: 64 },
            server: { blockSize: 64, rememberedMessages: 64 },
          });
          const ran: string[] = [];
          pair.onServerEvent = (event) => {
            if (event.kind !== REQUEST_RECEIVED) return;
            const path = findOption(event.request.options, URI_PATH);
            const name = Buffer.from(path?.value ?? []).toString();
            ran.push(name);
            expect(event.request.payload).toEqual(pattern(sizes[Number(name)]));
            pair.server.respond(pair.now, event.request, content(event.request.payload));
          };
          const ids = sizes.map((size, i) =>
            pair.client.request(0, {
              code: codes.POST,
              options: [textOption(URI_PATH, String(i))],
              payload: pattern(size),
            }),
          );
          pair.drive();
          expect(new Set(ran).size).toBe(ran.length);
          const outcomes = pair.clientEvents.map((event) => ("id" in event ? event.id : 0));
          expect([...outcomes].sort((a, b) => a - b)).toEqual(ids);
          for (const event of pair.clientEvents) {
            if (event.kind !== RESPONSE_RECEIVED || event.response.code !== codes.CONTENT) continue;
            expect(event.response.payload).toEqual(pattern(sizes[ids.indexOf(event.id)]));
          }
          expect(pair.client.isIdle()).toBe(true);
          expect(pair.client.deadline()).toBe(Infinity);
        },
      ),
      { numRuns: 400 },
    );
  });

  test("no datagrams whatever make an endpoint throw or hold a deadline in the past", () => {
    const endpoint = new CoapEndpoint(coapSettings());
    let now = 0;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 40 }), (datagram) => {
        datagram[0] = 0x40 | (datagram[0] & 0x3f);
        endpoint.handleDatagram(++now, datagram);
        endpoint.handleTimeout(now);
        drain(endpoint);
        for (let event = endpoint.pollEvent(); event; event = endpoint.pollEvent()) {
          if (event.kind === REQUEST_RECEIVED)
            endpoint.respond(now, event.request, content(NOTHING));
        }
        expect(endpoint.deadline()).toBeGreaterThan(now);
      }),
      { numRuns: 5000 },
    );
  });
});
