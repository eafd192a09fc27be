import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { UdpSettings } from "../../../../connector/adapters/udp.ts";
import type { ConnectorEvent } from "../../../../connector/contract.ts";
import { ConnectorService } from "../../../../connector/service.ts";
import { defaultSettings } from "../../../../connector/settings.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { GET, POST } from "../../../../protocol/coap/codes.ts";
import { CON, decodeMessage, encodeMessage, NO_BYTES } from "../../../../protocol/coap/message.ts";
import { LOCATION_PATH, URI_PATH } from "../../../../protocol/coap/options.ts";
import { pathOf, pathOptions, queryOptions } from "../../../../protocol/coap/uri.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import { seededRandom } from "./rig.ts";

/** A store whose commits end when, and as, a test says. */
class SlowStore extends MemoryStore {
  commits = 0;
  private resolve: () => void = () => {};
  private reject: (error: Error) => void = () => {};
  private isCommitting = false;

  override hasUncommitted(): boolean {
    return this.isCommitting || super.hasUncommitted();
  }

  override commit(): Promise<void> {
    this.commits++;
    this.isCommitting = true;
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  finish(): void {
    this.isCommitting = false;
    this.commitNow();
    this.resolve();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  fail(): void {
    this.reject(new Error("The disk is full"));
  }
}

/** A service on a socket of paper. */
async function started(store: MemoryStore, sink: (event: ConnectorEvent) => void = () => {}) {
  let receive: UdpSettings["onDatagram"] = () => {};
  const sent: string[] = [];
  const lines: string[] = [];
  const locations = new Map<string, string>();
  const connector = defaultSettings(seededRandom(1));
  const service = await ConnectorService.start(
    { connector, store, host: "127.0.0.1", port: 0, sink, log: (line) => lines.push(line) },
    (settings) => {
      receive = settings.onDatagram;
      const send = (address: string, datagram: Uint8Array) => {
        const message = decodeMessage(datagram);
        if (isMalformed(message)) throw new Error("not CoAP");
        sent.push(`${address} ${(message.code >> 5) * 100 + (message.code & 31)}`);
        locations.set(address, pathOf(message.options, LOCATION_PATH));
      };
      return Promise.resolve({ host: "127.0.0.1", port: 5683, send, close: async () => {} });
    },
  );
  let messageId = 0;
  const request = (address: string, code: number, path: string, query: string[]) => {
    const options = [...pathOptions(URI_PATH, path), ...queryOptions(query)];
    const token = encodeUtf8(address.slice(0, 4));
    const payload = NO_BYTES;
    receive(
      address,
      encodeMessage({ type: CON, code, messageId: ++messageId, token, options, payload }),
    );
  };
  const register = (address: string) =>
    request(address, POST, "/rd", [`ep=${address}`, "lt=60", "lwm2m=1.1"]);
  const update = (address: string) =>
    request(address, POST, locations.get(address) ?? "/rd/unknown", []);
  return { service, sent, lines, register, update, request };
}

/** Lets what is due now happen: promises and setImmediate. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await vi.advanceTimersByTimeAsync(1);
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate", "performance"],
  });
});

afterEach(() => {
  vi.useRealTimers();
});

test("a registration is answered when it is committed, and not before", async () => {
  const store = new SlowStore();
  const { sent, register, service } = await started(store);
  register("1");
  await turn();
  expect(service.size).toBe(1);
  expect(store.commits).toBe(1);
  expect(sent).toEqual([]);
  store.finish();
  await turn();
  expect(sent).toEqual(["1 201"]);
});

test("what arrives during a commit shares the next one, and the order is kept", async () => {
  const store = new SlowStore();
  const { sent, register, request } = await started(store);
  register("1");
  await turn();
  register("2");
  request("3", GET, "/.well-known/core", []);
  register("4");
  await turn();
  expect(store.commits).toBe(1);
  store.finish();
  await turn();
  expect(sent).toEqual(["1 201"]);
  expect(store.commits).toBe(2);
  store.finish();
  await turn();
  expect(sent).toEqual(["1 201", "2 201", "3 205", "4 201"]);
});

test("an Update that writes nothing waits for no commit", async () => {
  const store = new SlowStore();
  const { sent, register, update } = await started(store);
  register("1");
  await turn();
  store.finish();
  await turn();
  update("1");
  expect(sent).toEqual(["1 201", "1 204"]);
  expect(store.commits).toBe(1);
});

test("applications hear of a registration before the device is answered, and in the same commit", async () => {
  const store = new SlowStore();
  const heard: string[] = [];
  const { sent, register } = await started(store, (event) => {
    heard.push(event.kind);
    store.table("channel").put("1", event.kind);
  });
  register("1");
  expect(heard).toEqual(["registration"]);
  await turn();
  store.finish();
  await turn();
  expect(sent).toEqual(["1 201"]);
  expect([...store.afterKill().table("channel").entries()]).toEqual([["1", "registration"]]);
});

test("what could not be written is not acknowledged, and tried again", async () => {
  const store = new SlowStore();
  const { sent, lines, register, service } = await started(store);
  register("1");
  await turn();
  store.fail();
  await turn();
  expect(sent).toEqual([]);
  expect(service.counters.storeFailures).toBe(1);
  // The device repeats itself, and is still not answered.
  register("1");
  await turn();
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(store.commits).toBe(2);
  store.fail();
  await turn();
  register("1");
  await turn();
  await vi.advanceTimersByTimeAsync(1000);
  store.finish();
  await turn();
  expect(lines).toEqual(["2 datagrams were not answered while the store could not be written"]);
  expect(sent).toEqual(["1 201"]);
});

test("an exception of an application is logged in one line, and the next event comes", async () => {
  const store = new MemoryStore();
  const heard: string[] = [];
  const { sent, lines, register, service } = await started(store, (event) => {
    heard.push(event.kind);
    throw new Error("a bug");
  });
  register("1");
  register("2");
  await turn();
  expect(heard).toEqual(["registration", "registration"]);
  expect(sent).toEqual(["1 201", "2 201"]);
  expect(service.counters.exceptions).toBe(2);
  expect(lines[0]).toMatch(/^Unexpected: Error: a bug \| +at /);
});

test("a flood of lines is cut, and what was left out is counted", async () => {
  const store = new MemoryStore();
  const { lines, register } = await started(store, () => {
    throw new Error("a bug");
  });
  for (let i = 0; i < 50; i++) register(`${i}`);
  await turn();
  expect(lines.length).toBe(20);
  await vi.advanceTimersByTimeAsync(10_000);
  register("x");
  await turn();
  expect(lines[20]).toBe("30 lines were left out");
});

test("a request is sent without waiting for the next datagram, once it is committed", async () => {
  const store = new SlowStore();
  const { sent, register, service } = await started(store);
  register("1");
  await turn();
  store.finish();
  await turn();
  const request = { method: GET, path: "/3/0/0", payload: NO_BYTES };
  service.submit("1", { ...request, confirmable: true, expiresIn: 1000 });
  await turn();
  expect(sent).toEqual(["1 201"]);
  store.finish();
  await turn();
  expect(sent).toEqual(["1 201", "1 1"]);
});

test("retransmissions and expiry happen in their time", async () => {
  const heard: string[] = [];
  const store = new MemoryStore();
  const { sent, register, service } = await started(store, (event) => heard.push(event.kind));
  register("1");
  await turn();
  const request = { method: GET, path: "/3/0/0", payload: NO_BYTES };
  service.submit("1", { ...request, confirmable: true, expiresIn: 1000 });
  await vi.advanceTimersByTimeAsync(50_000);
  expect(sent.filter((line) => line === "1 1").length).toBe(5);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(heard).toEqual(["registration", "response", "expiry"]);
});

test("closing commits, and sends what waited for it", async () => {
  const store = new SlowStore();
  const { sent, register, service } = await started(store);
  register("1");
  const closed = service.close();
  register("2");
  await turn();
  expect(sent).toEqual([]);
  store.finish();
  await closed;
  expect(sent).toEqual(["1 201"]);
  await service.close();
});
