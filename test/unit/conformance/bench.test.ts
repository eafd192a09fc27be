import { describe, expect, test } from "vitest";
import { blockOption } from "../../../protocol/coap/block.ts";
import type { IncomingRequest, Response } from "../../../protocol/coap/coap-endpoint.ts";
import { CoapEndpoint, REQUEST_RECEIVED } from "../../../protocol/coap/coap-endpoint.ts";
import { CHANGED, CONTENT, FETCH, GET, PUT } from "../../../protocol/coap/codes.ts";
import { ACK, decodeMessage, encodeMessage, type Message } from "../../../protocol/coap/message.ts";
import { BLOCK2, OBSERVE, uintOf, uintOption } from "../../../protocol/coap/options.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { NEVER } from "../../../protocol/time/duration.ts";
import { Bench } from "../../conformance/bench.ts";
import type { Arrival, ClientUnderTest } from "../../conformance/client-under-test.ts";
import { coapSettings } from "../../support/coap-pair.ts";

const pattern = (length: number, seed = 0) =>
  Uint8Array.from({ length }, (_, i) => (i * 7 + seed + (i >> 8)) & 255);

/** A client of one resource, whose representation is as long as `body`. It answers a FETCH by what it is asked for, and `body`. */
class OneResource implements ClientUnderTest {
  readonly tolerance = 0;
  readonly serverUris = [];
  readonly asked: IncomingRequest[] = [];
  body: Uint8Array = pattern(100);
  private readonly endpoint = new CoapEndpoint(coapSettings({ blockSize: 64 }));
  private readonly outbox: Arrival[] = [];
  private time = 0;
  private observer: Uint8Array | undefined;
  private sequence = 1;

  now = () => this.time;
  start = async () => {};
  set = async () => {};
  close = async () => {};

  async send(_server: number, datagram: Uint8Array): Promise<void> {
    this.endpoint.handleDatagram(this.time, datagram);
    this.settle();
  }

  async receive(until: number): Promise<Arrival | undefined> {
    const next = this.outbox.shift();
    if (next !== undefined) return next;
    this.time = Math.max(this.time, Math.min(until, this.endpoint.deadline()));
    this.endpoint.handleTimeout(this.time);
    this.settle();
    return this.outbox.shift();
  }

  notify(body: Uint8Array): void {
    this.body = body;
    if (this.observer === undefined) return;
    const options = [uintOption(OBSERVE, ++this.sequence)];
    this.endpoint.notify(this.time, this.observer, this.content(options), true);
    this.settle();
  }

  private content(options: Response["options"], method: number = GET): Response {
    if (method === PUT) return { code: CHANGED, options, payload: new Uint8Array(0) };
    return { code: CONTENT, options, payload: this.body };
  }

  private settle(): void {
    for (let event = this.endpoint.pollEvent(); event; event = this.endpoint.pollEvent()) {
      if (event.kind !== REQUEST_RECEIVED) continue;
      this.asked.push(event.request);
      const isObserve = uintOf(event.request.options, OBSERVE, -1) === 0;
      if (isObserve) this.observer = event.request.token;
      const options = isObserve ? [uintOption(OBSERVE, 1)] : [];
      this.endpoint.respond(this.time, event.request, this.content(options, event.request.code));
    }
    for (let sent = this.endpoint.pollTransmit(); sent; sent = this.endpoint.pollTransmit()) {
      this.outbox.push({ server: 0, datagram: sent });
    }
  }
}

const CONFIGURATION = { name: "one resource", objects: {}, queueMode: false, servers: 1 };

function given() {
  const client = new OneResource();
  return { client, bench: new Bench(client, CONFIGURATION, "1.1", "conform") };
}

describe("blocks at the harness's servers", () => {
  test("RFC 8132 §2.5: a FETCH that is longer than a message goes up in blocks, and comes back in blocks", async () => {
    const { client, bench } = given();
    client.body = pattern(200);
    const answer = await bench.ask({ method: FETCH, path: "/", payload: pattern(3000) });
    expect(answer).toMatchObject({ code: CONTENT, payload: pattern(200) });
    expect(client.asked.map(({ payload }) => payload)).toEqual([pattern(3000)]);
  });

  test("RFC 7959 §2.4: an answer in blocks is joined", async () => {
    const { client, bench } = given();
    client.body = pattern(200);
    expect(await bench.read("/3")).toMatchObject({ payload: pattern(200) });
  });

  test("an answer whose blocks are not those that were asked for has an end", async () => {
    const { client, bench } = given();
    client.body = pattern(200);
    const { send } = client;
    // It gives out block 1 whichever is asked for.
    client.send = (server, datagram) => {
      const message = decodeMessage(datagram) as Message;
      const options = message.options.map((option) =>
        option.number === BLOCK2 ? blockOption(BLOCK2, 1, false, 64) : option,
      );
      return send.call(client, server, encodeMessage({ ...message, options }));
    };
    expect((await bench.read("/3")).payload.length).toBeLessThan(1000);
  });

  test("RFC 7959 §2.5: a PUT of three blocks is one request", async () => {
    const { client, bench } = given();
    await bench.ask({ method: PUT, path: "/5/0/0", payload: pattern(3000) });
    expect(client.asked.map(({ payload }) => payload)).toEqual([pattern(3000)]);
  });

  test.each([
    ["GET", { method: GET, path: "/3", payload: pattern(0) }],
    ["RFC 8132 §2.4: FETCH", { method: FETCH, path: "/", payload: pattern(30) }],
    ["RFC 8132 §2.5: long FETCH", { method: FETCH, path: "/", payload: pattern(2000) }],
  ])("%s: the rest of a notification in blocks is asked for as it was observed", async (_, question) => {
    const { client, bench } = given();
    const observed = await bench.observeBy(question);
    expect(observed.answer.payload).toEqual(pattern(100));
    client.notify(pattern(300, 5));
    await bench.wait(1000);
    expect(bench.take("notification", observed.token)?.message.payload).toEqual(pattern(300, 5));
    for (const asked of client.asked) expect(asked.payload).toEqual(question.payload);
    client.notify(pattern(20, 9));
    await bench.wait(1000);
    expect(bench.takeAll("notification", observed.token)).toMatchObject([
      { message: { payload: pattern(20, 9) } },
    ]);
  });

  test("a notification that comes while something is asked is joined afterwards", async () => {
    const { client, bench } = given();
    const observed = await bench.observeBy({ method: FETCH, path: "/", payload: pattern(30) });
    client.notify(pattern(300, 5));
    expect(await bench.read("/3")).toMatchObject({ payload: pattern(300, 5) });
    await bench.wait(1000);
    expect(bench.take("notification", observed.token)?.message.payload).toEqual(pattern(300, 5));
  });

  test("a client that always sends the same block does not keep the harness", async () => {
    const { client, bench } = given();
    client.body = pattern(200);
    const send = client.send.bind(client);
    client.send = async (server, datagram) => {
      const message = decodeMessage(datagram);
      if (isMalformed(message)) throw new Error("malformed");
      const options = message.options.filter(({ number }) => number !== BLOCK2);
      await send(server, encodeMessage({ ...message, options }));
    };
    expect(await bench.read("/3")).toMatchObject({ code: 0, outcome: "block 0 after block 0" });
  });

  test("one whose state is gone before its rest was asked for is dropped, and the newer one taken", async () => {
    const { client, bench } = given();
    const observed = await bench.observeBy({ method: GET, path: "/3" });
    client.notify(pattern(300, 5));
    client.body = pattern(300, 6);
    await bench.wait(1000);
    expect(bench.takeAll("notification", observed.token)).toEqual([]);
    client.notify(pattern(300, 6));
    await bench.wait(NEVER);
    expect(bench.take("notification", observed.token)?.message.payload).toEqual(pattern(300, 6));
  });
});

describe("a network that loses datagrams", () => {
  test("RFC 7252 §4.2: a request whose answer is lost comes again, and is answered alike", async () => {
    const { client, bench } = given();
    client.body = pattern(20);
    let losses = 0;
    bench.loses = ({ type }, isFromClient) => isFromClient && type === ACK && ++losses === 1;
    expect(await bench.read("/3")).toMatchObject({ code: CONTENT, payload: pattern(20) });
    expect(client.asked).toHaveLength(1);
    expect(bench.ladder.toString().split("\n")).toEqual([
      expect.stringMatching(/^ +0\.000 client <- CON \[0x1001\] GET \/3$/),
      expect.stringMatching(/^ +0\.000 client -x ACK \[0x1001\] 2\.05/),
      expect.stringMatching(/^ +3\.000 client <- CON \[0x1001\] GET \/3$/),
      expect.stringMatching(/^ +3\.000 client -> ACK \[0x1001\] 2\.05/),
    ]);
    const packets = bench.ladder.packets();
    expect(packets.map(({ isLost }) => isLost)).toEqual([false, true, false, false]);
  });

  test("what is lost on its way to the client never reaches it", async () => {
    const { client, bench } = given();
    bench.loses = (_, isFromClient) => !isFromClient;
    await bench.send(bench.compose({ method: GET, path: "/3" }));
    expect(client.asked).toEqual([]);
    expect(bench.ladder.toString()).toContain("client x- CON [0x1001] GET /3");
  });
});
