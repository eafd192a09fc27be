import * as coap from "coap";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DELETE, GET, POST, PUT } from "../../protocol/coap/codes.ts";
import type { Observation } from "./support/coap-socket.ts";
import { CoapSocket, LOOPBACK } from "./support/coap-socket.ts";
import { EventLog } from "./support/event-log.ts";
import { freePort } from "./support/free-port.ts";
import { describeWith } from "./support/peers.ts";
import { body, observing, request, shown, textOf } from "./support/requests.ts";
import { Resources } from "./support/resources.ts";

/** What npm coap's client was answered. */
interface Answer {
  readonly code: string;
  readonly payload: Buffer;
}

describeWith(["coap"], "npm coap's client against our endpoint", () => {
  let ours: CoapSocket;
  let resources: Resources;

  beforeEach(async () => {
    resources = new Resources();
    ours = await CoapSocket.open({ serve: resources.serve });
  });
  afterEach(() => {
    resources.close();
    ours.close();
  });

  function ask(
    method: coap.CoapRequestParams["method"],
    pathname: string,
    payload?: Uint8Array,
    more: coap.CoapRequestParams = {},
    prepare: (request: coap.OutgoingMessage) => void = () => {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = coap.request({ hostname: LOOPBACK, port: ours.port, method, pathname, ...more });
      prepare(sent);
      sent.on("response", (answer: coap.IncomingMessage) => {
        resolve({ code: answer.code, payload: answer.payload });
      });
      sent.on("error", reject);
      sent.end(payload === undefined ? undefined : Buffer.from(payload));
    });
  }

  test("RFC 7252 §5.8: PUT creates and changes, GET reads, DELETE deletes, an unknown path is 4.04", async () => {
    expect((await ask("PUT", "/a/b", body(5))).code).toBe("2.01");
    expect((await ask("PUT", "/a/b", body(7))).code).toBe("2.04");
    expect(await ask("GET", "/a/b")).toEqual({ code: "2.05", payload: Buffer.from(body(7)) });
    expect((await ask("DELETE", "/a/b")).code).toBe("2.02");
    expect((await ask("GET", "/a/b")).code).toBe("4.04");
  });

  test("RFC 7252 §5.2.3: a Non-confirmable POST is answered", async () => {
    const answer = await ask("POST", "/reverse", body(3), { confirmable: false });
    expect(answer).toEqual({ code: "2.04", payload: Buffer.from(body(3)).reverse() });
  });

  test("RFC 7252 §5.2.2: a slow resource is acknowledged first and answered separately", async () => {
    expect(await ask("GET", "/slow")).toEqual({ code: "2.05", payload: Buffer.from("late") });
  });

  test.each([
    16, 64, 512, 1024,
  ])("RFC 7959 §2.4: it fetches 5,000 bytes in blocks of %i", async (size) => {
    resources.stored.set("/large", body(5_000));
    const answer = await ask("GET", "/large", undefined, {}, (sent) => {
      sent.setOption("Block2", Buffer.of(Math.log2(size) - 4));
    });
    expect(answer).toEqual({ code: "2.05", payload: Buffer.from(body(5_000)) });
  });

  test.each([
    16, 512, 1024,
  ])("RFC 7959 §2.5: it sends 3,000 bytes in blocks of %i", async (size) => {
    const answer = await ask("PUT", "/large", body(3_000), {}, (sent) => {
      sent.setOption("Block1", Buffer.of(Math.log2(size) - 4));
    });
    expect(answer.code).toBe("2.01");
    expect(resources.stored.get("/large")).toEqual(body(3_000));
  });

  test("RFC 7641 §4.5: it observes; gone, it leaves a Confirmable notification unanswered and is forgotten", async () => {
    const transmission = { ackTimeout: 100, ackRandomFactor: 1, maxRetransmit: 1 };
    const impatient = await CoapSocket.open({ serve: resources.serve, settings: { transmission } });
    try {
      const seen = new EventLog<string>();
      const sent = coap.request({
        hostname: LOOPBACK,
        port: impatient.port,
        pathname: "/ticks",
        observe: true,
      });
      sent.on("response", (stream: coap.ObserveReadStream) => {
        stream.on("data", (value: Buffer) => {
          seen.add(value.toString());
          if (value.toString() === "12") stream.close();
        });
      });
      sent.end();
      for (let tick = 0; tick <= 12; tick++) {
        await seen.next(`notification ${tick}`, (value) => value === String(tick));
      }
      await impatient.observersGone.next("observer gone", () => true);
    } finally {
      impatient.close();
    }
  });
});

describeWith(["coap"], "our endpoint against npm coap's server", () => {
  let server: ReturnType<typeof coap.createServer>;
  let port: number;
  let ours: CoapSocket;
  const stored = new Map<string, Buffer>();

  beforeEach(async () => {
    stored.clear();
    server = coap.createServer((asked: coap.IncomingMessage, answer: coap.OutgoingMessage) => {
      const known = stored.get(asked.url);
      if (asked.url === "/ticks") {
        notifyEvery100ms(asked, answer);
      } else if (asked.url === "/slow") {
        setTimeout(() => answer.end("late"), 1_000);
      } else if (asked.method === "PUT") {
        stored.set(asked.url, asked.payload);
        answer.code = known === undefined ? "2.01" : "2.04";
        answer.end();
      } else if (asked.method === "POST") {
        answer.code = "2.04";
        answer.end(Buffer.from(asked.payload).reverse());
      } else if (asked.method === "DELETE") {
        answer.code = stored.delete(asked.url) ? "2.02" : "4.04";
        answer.end();
      } else {
        answer.code = known === undefined ? "4.04" : "2.05";
        answer.end(known);
      }
    });
    port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, LOOPBACK, () => resolve()));
    ours = await CoapSocket.open({ settings: { blockSize: 512 } });
  });
  afterEach(async () => {
    ours.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  function notifyEvery100ms(asked: coap.IncomingMessage, answer: coap.OutgoingMessage): void {
    let ticks = 0;
    answer.write("0");
    if (asked.headers["Observe"] !== 0) {
      answer.end();
      return;
    }
    const timer = setInterval(() => answer.write(String(++ticks)), 100);
    answer.on("finish", () => clearInterval(timer));
  }

  test("RFC 7252 §5.8: PUT, GET, POST and DELETE get their codes and bodies", async () => {
    expect(shown(await ours.request(port, request(PUT, "/a/b", "one")))).toBe("2.01");
    expect(shown(await ours.request(port, request(PUT, "/a/b", "two")))).toBe("2.04");
    expect(shown(await ours.request(port, request(GET, "/a/b")))).toBe("2.05 two");
    expect(shown(await ours.request(port, request(POST, "/a/b", "abc")))).toBe("2.04 cba");
    expect(shown(await ours.request(port, request(DELETE, "/a/b")))).toBe("2.02");
    expect(shown(await ours.request(port, request(GET, "/a/b")))).toBe("4.04");
  });

  test("RFC 7252 §5.2.3: a Non-confirmable GET is answered", async () => {
    stored.set("/a", Buffer.from("x"));
    const asked = { ...request(GET, "/a"), confirmable: false };
    expect(shown(await ours.request(port, asked))).toBe("2.05 x");
  });

  test("RFC 7252 §5.2.2: a separate response is taken and acknowledged", async () => {
    expect(shown(await ours.request(port, request(GET, "/slow")))).toBe("2.05 late");
  });

  test("RFC 7959 §2.4: 20,000 bytes are fetched in blocks", async () => {
    stored.set("/large", Buffer.from(body(20_000)));
    expect(textOf(await ours.request(port, request(GET, "/large")))).toBe(
      new TextDecoder().decode(body(20_000)),
    );
  });

  test("RFC 7959 §2.5: 20,000 bytes are sent in blocks, all under one token, which is what npm coap joins them by", async () => {
    expect(shown(await ours.request(port, request(PUT, "/large", body(20_000))))).toBe("2.01");
    expect(new Uint8Array(stored.get("/large") ?? [])).toEqual(body(20_000));
  });

  test("RFC 7641 §3.6: we observe and cancel", async () => {
    const observation = ours.observe(port, observing("/ticks"));
    for (const expected of ["0", "1", "2", "3", "4"])
      expect(await next(observation)).toBe(expected);
    ours.cancel(observation);
    await expect.poll(() => shownAfter(observation), { timeout: 5_000 }).toBe("quiet");
  });

  describe("a client that has forgotten its observation", () => {
    test("RFC 7641 §3.6: answers the next notification with RST, and the server stops", async () => {
      const observation = ours.observe(port, observing("/ticks"));
      expect(await next(observation)).toBe("0");
      ours.forget(observation);
      await expect.poll(() => isQuiet(ours), { timeout: 5_000, interval: 400 }).toBe(true);
    });
  });
});

async function next(observation: Observation): Promise<string> {
  return textOf(await observation.notifications.next("notification", () => true));
}

async function shownAfter(observation: Observation): Promise<string> {
  const before = observation.notifications.rest().length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  return observation.notifications.rest().length === before ? "quiet" : "still notified";
}

let lastCount = 0;
/** No datagram since the last look. */
function isQuiet(socket: CoapSocket): boolean {
  const count = socket.datagrams.length;
  const quiet = count === lastCount;
  lastCount = count;
  return quiet;
}
