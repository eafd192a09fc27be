import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ANSWER_HEAD_START } from "../../../../connector/notifications/answer-holds.ts";
import {
  CHANNEL_LIMITS,
  type ChannelLimits,
  type Delivery,
  EVENT_LIFETIME,
  POLL_PERIOD,
} from "../../../../connector/notifications/channel.ts";
import { Channels } from "../../../../connector/notifications/channels.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";
import { MINUTE, SECOND } from "../../../../protocol/time/duration.ts";

const CALENDAR = 1_800_000_000_000;
const HOOK = { url: "http://hook.example/", headers: { authorization: "secret" } };

/** Channels in virtual time, with the driver's part played by hand. */
class Bench {
  now: number;
  readonly store: MemoryStore;
  readonly channels: Channels;
  mayKnow: (keyId: string) => boolean = () => true;
  private lastPollId = 0;

  constructor(store = new MemoryStore(), now = 0, limits: ChannelLimits = CHANNEL_LIMITS) {
    this.now = now;
    this.store = store;
    this.channels = new Channels(now, CALENDAR + now, store, limits);
  }

  poll(keyId: string, wait = true): number {
    const pollId = ++this.lastPollId;
    this.channels.poll(this.now, keyId, pollId, wait);
    return pollId;
  }

  broadcast(name: string): void {
    const json = JSON.stringify(name);
    const event = { kind: "de-registrations", json, endpointName: name } as const;
    this.channels.broadcast(this.now, event, this.mayKnow);
  }

  respond(keyId: string, asyncId: string): void {
    const json = JSON.stringify({ id: asyncId });
    this.channels.append(this.now, keyId, { kind: "async-responses", json, asyncId });
  }

  /** Takes what is to be delivered now. */
  take(): Delivery[] {
    this.channels.handleTimeout(this.now);
    const taken: Delivery[] = [];
    for (let next = this.channels.pollDelivery(); next; next = this.channels.pollDelivery()) {
      taken.push(next);
    }
    return taken;
  }

  /** Moves to the next deadline; returns how long that took. */
  sleep(): number {
    const slept = this.channels.deadline() - this.now;
    this.now = this.channels.deadline();
    return slept;
  }

  stored(): number {
    return [...this.store.table("channel-events").entries()].length;
  }
}

function bodies(deliveries: readonly Delivery[]): unknown[] {
  return deliveries.map(({ body }) => (body === undefined ? undefined : JSON.parse(body)));
}

function gap(dropped: number, since: number, until: number): object {
  const timeOf = (at: number) => new Date(CALENDAR + at).toISOString();
  return { dropped, since: timeOf(since), until: timeOf(until) };
}

function hook(name: string) {
  return { url: `http://${name}.example/`, headers: {} };
}

function receivers(deliveries: readonly Delivery[]): (string | undefined)[] {
  return deliveries.map((delivery) =>
    delivery.kind === "callback"
      ? new URL(delivery.callback.url).hostname.split(".")[0]
      : undefined,
  );
}

describe("long poll", () => {
  test("all that waits comes at once, as one object", () => {
    const bench = new Bench();
    bench.poll("k", false);
    bench.take();
    bench.broadcast("a");
    bench.respond("k", "1");
    bench.broadcast("b");
    bench.poll("k");
    expect(bodies(bench.take())).toEqual([
      { "de-registrations": ["a", "b"], "async-responses": [{ id: "1" }] },
    ]);
  });

  test("what arrives in one turn leaves in one answer", () => {
    const bench = new Bench();
    bench.poll("k");
    bench.broadcast("a");
    bench.broadcast("b");
    expect(bodies(bench.take())).toEqual([{ "de-registrations": ["a", "b"] }]);
    expect(bench.take()).toEqual([]);
  });

  test("it is held for 30 s, then answered with nothing", () => {
    const bench = new Bench();
    const pollId = bench.poll("k");
    expect(bench.take()).toEqual([]);
    expect(bench.sleep()).toBe(POLL_PERIOD);
    expect(bench.take()).toEqual([{ kind: "poll", id: 0, pollId, body: undefined }]);
  });

  test("without waiting it is answered at once", () => {
    const bench = new Bench();
    bench.poll("k", false);
    expect(bodies(bench.take())).toEqual([undefined]);
  });

  test("a newer poll of the same key ends the older one with nothing", () => {
    const bench = new Bench();
    const older = bench.poll("k");
    const newer = bench.poll("k");
    expect(bench.take()).toEqual([{ kind: "poll", id: 0, pollId: older, body: undefined }]);
    bench.broadcast("a");
    expect(bench.take()).toMatchObject([{ pollId: newer }]);
  });

  test("keys do not disturb each other", () => {
    const bench = new Bench();
    bench.poll("k");
    bench.poll("other");
    bench.respond("k", "1");
    expect(bodies(bench.take())).toEqual([{ "async-responses": [{ id: "1" }] }]);
    bench.broadcast("a");
    expect(bodies(bench.take())).toEqual([{ "de-registrations": ["a"] }]);
  });

  test("an event counts as delivered only when the answer was written", () => {
    const bench = new Bench();
    bench.poll("k");
    bench.broadcast("a");
    const [lost] = bench.take();
    expect(bench.stored()).toBe(1);
    bench.channels.handleUndelivered(bench.now, lost.id);
    bench.broadcast("b");
    bench.poll("k");
    const [written] = bench.take();
    expect(bodies([written])).toEqual([{ "de-registrations": ["a", "b"] }]);
    bench.channels.handleDelivered(bench.now, written.id);
    expect(bench.stored()).toBe(0);
    bench.poll("k", false);
    expect(bodies(bench.take())).toEqual([undefined]);
  });

  test("an event that fails while the next poll already waits goes to that one", () => {
    const bench = new Bench();
    bench.poll("k");
    bench.broadcast("a");
    const [lost] = bench.take();
    bench.poll("k");
    expect(bench.take()).toEqual([]);
    bench.channels.handleUndelivered(bench.now, lost.id);
    expect(bodies(bench.take())).toEqual([{ "de-registrations": ["a"] }]);
  });

  test("a poll that is gone takes nothing with it", () => {
    const bench = new Bench();
    const pollId = bench.poll("k");
    bench.channels.handlePollGone(bench.now, "k", pollId);
    bench.broadcast("a");
    expect(bench.take()).toEqual([]);
    bench.poll("k");
    expect(bodies(bench.take())).toEqual([{ "de-registrations": ["a"] }]);
  });

  test("nothing is queued before the first poll, nor 15 minutes after the last", () => {
    const bench = new Bench();
    bench.broadcast("before");
    bench.poll("k", false);
    expect(bodies(bench.take())).toEqual([undefined]);
    expect(bench.sleep()).toBe(15 * MINUTE);
    bench.take();
    expect(bench.channels.of("k").isOpen()).toBe(false);
    bench.broadcast("after");
    bench.poll("k", false);
    expect(bodies(bench.take())).toEqual([undefined]);
  });
});

describe("the 202 comes first", () => {
  test("a response is held until its 202 is written, and 25 ms longer", () => {
    const bench = new Bench();
    bench.poll("k");
    bench.channels.handleAnswering("k", "1");
    bench.respond("k", "1");
    expect(bench.take()).toEqual([]);
    bench.now += 7;
    bench.channels.handleAnswered(bench.now, "k", "1");
    expect(bench.take()).toEqual([]);
    expect(bench.sleep()).toBe(ANSWER_HEAD_START);
    expect(bodies(bench.take())).toEqual([{ "async-responses": [{ id: "1" }] }]);
  });

  test("also when the device answers between the 202 and then", () => {
    const bench = new Bench();
    bench.poll("k");
    bench.channels.handleAnswering("k", "1");
    bench.channels.handleAnswered(bench.now, "k", "1");
    bench.now += 10;
    bench.respond("k", "1");
    expect(bench.take()).toEqual([]);
    expect(bench.sleep()).toBe(ANSWER_HEAD_START - 10);
    expect(bodies(bench.take())).toEqual([{ "async-responses": [{ id: "1" }] }]);
  });

  test("a later response goes at once, and a held one holds up nothing else", () => {
    const bench = new Bench();
    bench.poll("k");
    bench.channels.handleAnswering("k", "held");
    bench.channels.handleAnswering("k", "1");
    bench.channels.handleAnswered(bench.now, "k", "1");
    bench.now += SECOND;
    bench.respond("k", "held");
    bench.respond("k", "1");
    expect(bodies(bench.take())).toEqual([{ "async-responses": [{ id: "1" }] }]);
  });

  test("a poll that comes right after a 202 brings the response together with what else waits", () => {
    const bench = new Bench();
    bench.poll("k", false);
    bench.take();
    bench.broadcast("a");
    bench.channels.handleAnswering("k", "1");
    bench.channels.handleAnswered(bench.now, "k", "1");
    bench.poll("k");
    expect(bench.take()).toEqual([]);
    bench.now += 3;
    bench.respond("k", "1");
    bench.now += ANSWER_HEAD_START - 3;
    expect(bodies(bench.take())).toEqual([
      { "de-registrations": ["a"], "async-responses": [{ id: "1" }] },
    ]);
  });

  test("but waits for it no longer than 25 ms, whatever is accepted meanwhile", () => {
    const bench = new Bench();
    bench.poll("k", false);
    bench.take();
    bench.broadcast("a");
    bench.channels.handleAnswering("k", "1");
    bench.channels.handleAnswered(bench.now, "k", "1");
    bench.poll("k");
    bench.now += 20;
    bench.channels.handleAnswering("k", "2");
    bench.channels.handleAnswered(bench.now, "k", "2");
    expect(bench.take()).toEqual([]);
    expect(bench.sleep()).toBe(5);
    expect(bodies(bench.take())).toEqual([{ "de-registrations": ["a"] }]);
  });

  test("with a callback as well", () => {
    const bench = new Bench();
    bench.channels.setCallback(bench.now, "k", HOOK);
    bench.channels.handleAnswering("k", "1");
    bench.respond("k", "1");
    bench.channels.handleAnswered(bench.now, "k", "1");
    expect(bench.take()).toEqual([]);
    expect(bench.sleep()).toBe(ANSWER_HEAD_START);
    expect(bodies(bench.take())).toEqual([{ "async-responses": [{ id: "1" }] }]);
  });
});

describe("callback", () => {
  test("one delivery is under way at a time; what arrives meanwhile goes in the next", () => {
    const bench = new Bench();
    bench.channels.setCallback(bench.now, "k", HOOK);
    bench.broadcast("a");
    const [first] = bench.take();
    expect(first).toMatchObject({ kind: "callback", callback: HOOK });
    bench.broadcast("b");
    bench.broadcast("c");
    expect(bench.take()).toEqual([]);
    bench.channels.handleDelivered(bench.now, first.id);
    expect(bodies(bench.take())).toEqual([{ "de-registrations": ["b", "c"] }]);
  });

  test("a failed delivery is repeated after 1, 2, 4 ... 120 s, for 15 minutes", () => {
    const bench = new Bench();
    bench.channels.setCallback(bench.now, "k", HOOK);
    bench.broadcast("a");
    const pauses: number[] = [];
    for (;;) {
      const [delivery] = bench.take();
      if (delivery === undefined) break;
      bench.channels.handleUndelivered(bench.now, delivery.id);
      pauses.push(bench.sleep() / SECOND);
    }
    expect(pauses.slice(0, -1)).toEqual([1, 2, 4, 8, 16, 32, 64, 120, 120, 120, 120, 120, 120]);
    expect(bench.now).toBe(EVENT_LIFETIME);
    expect(bench.stored()).toBe(0);
  });

  test("a success ends the pauses", () => {
    const bench = new Bench();
    bench.channels.setCallback(bench.now, "k", HOOK);
    bench.broadcast("a");
    bench.channels.handleUndelivered(bench.now, bench.take()[0].id);
    bench.sleep();
    bench.channels.handleDelivered(bench.now, bench.take()[0].id);
    bench.broadcast("b");
    bench.channels.handleUndelivered(bench.now, bench.take()[0].id);
    expect(bench.sleep()).toBe(SECOND);
  });

  test("one callback that fails holds up no other", () => {
    const bench = new Bench();
    bench.channels.setCallback(bench.now, "dead", HOOK);
    bench.channels.setCallback(bench.now, "alive", { url: "http://alive.example/", headers: {} });
    bench.broadcast("a");
    const deliveries = bench.take();
    expect(deliveries.length).toBe(2);
    bench.channels.handleUndelivered(bench.now, deliveries[0].id);
    bench.channels.handleDelivered(bench.now, deliveries[1].id);
    bench.broadcast("b");
    expect(bench.take()).toMatchObject([{ callback: { url: "http://alive.example/" } }]);
  });

  test("it takes over what waits, and ends a poll", () => {
    const bench = new Bench();
    bench.poll("k", false);
    bench.take();
    bench.broadcast("a");
    const taken = bench.take();
    expect(taken).toEqual([]);
    const pollId = bench.poll("other");
    bench.channels.setCallback(bench.now, "k", HOOK);
    expect(bodies(bench.take())).toEqual([{ "de-registrations": ["a"] }]);
    bench.channels.setCallback(bench.now, "other", HOOK);
    expect(bench.take()).toEqual([{ kind: "poll", id: 0, pollId, body: undefined }]);
  });

  test("its messages stay below 64 KiB, but for one event that is larger alone", () => {
    const bench = new Bench();
    bench.channels.setCallback(bench.now, "k", HOOK);
    const names = ["a", "b", "c"].map((letter) => letter.repeat(30_000));
    const large = "d".repeat(100_000);
    for (const name of [...names, large]) bench.broadcast(name);
    const sizes: number[] = [];
    for (let next = bench.take(); next.length > 0; next = bench.take()) {
      const [body] = bodies(next) as { "de-registrations": string[] }[];
      sizes.push(body["de-registrations"].length);
      bench.channels.handleDelivered(bench.now, next[0].id);
    }
    expect(sizes).toEqual([2, 1, 1]);
  });

  test("closing drops what waits, and what is under way does not come back", () => {
    const bench = new Bench();
    bench.channels.setCallback(bench.now, "k", HOOK);
    bench.broadcast("a");
    const [delivery] = bench.take();
    expect(bench.channels.close("k")).toBe(true);
    expect(bench.channels.close("k")).toBe(false);
    expect(bench.stored()).toBe(0);
    bench.channels.handleUndelivered(bench.now, delivery.id);
    bench.channels.setCallback(bench.now, "k", HOOK);
    expect(bench.take()).toEqual([]);
  });
});

describe("bounds", () => {
  const limits = { ...CHANNEL_LIMITS, maxEvents: 3, maxResponses: 2, maxQueuedBytes: 10_000 };

  test("too many events: the oldest are dropped and counted, responses never", () => {
    const bench = new Bench(new MemoryStore(), 0, limits);
    bench.poll("k", false);
    bench.take();
    bench.respond("k", "1");
    for (const name of ["a", "b", "c", "d", "e"]) bench.broadcast(name);
    expect(bench.channels.of("k").backlog.dropped).toBe(2);
    expect(bench.stored()).toBe(4);
    bench.poll("k");
    expect(bodies(bench.take())).toEqual([
      {
        "de-registrations": ["c", "d", "e"],
        "async-responses": [{ id: "1" }],
        gaps: [gap(2, 0, 0)],
      },
    ]);
  });

  test("too many bytes: the oldest are dropped", () => {
    const bench = new Bench(new MemoryStore(), 0, limits);
    bench.poll("k", false);
    bench.take();
    bench.broadcast("a".repeat(6000));
    bench.broadcast("b".repeat(6000));
    bench.poll("k");
    const told = { "de-registrations": ["b".repeat(6000)], gaps: [gap(1, 0, 0)] };
    expect(bodies(bench.take())).toEqual([told]);
  });

  test("too much in all channels together: who holds the most gives up a quarter, and new responses are refused", () => {
    const bench = new Bench(new MemoryStore(), 0, { ...CHANNEL_LIMITS, maxTotalBytes: 40_000 });
    for (const keyId of ["a", "b"]) bench.poll(keyId, false);
    bench.take();
    bench.mayKnow = (keyId) => keyId === "a";
    for (let i = 0; i < 30; i++) bench.broadcast("x".repeat(800));
    bench.mayKnow = () => true;
    expect(bench.channels.canAccept("b", 0)).toBe(true);
    for (let i = 0; i < 5; i++) bench.broadcast("y".repeat(800));
    const dropped = (keyId: string) => bench.channels.of(keyId).backlog.dropped;
    expect([dropped("a"), dropped("b")]).toEqual([9, 0]);
    expect(bench.stored()).toBe(31);

    bench.mayKnow = (keyId) => keyId === "b";
    for (let i = 0; i < 8; i++) bench.respond("b", `${i}`.repeat(1000));
    expect(bench.channels.canAccept("b", 0)).toBe(true);
    // Responses are not dropped, and at last nothing else is left to drop.
    for (let i = 8; i < 40; i++) bench.respond("b", `${i}`.repeat(500));
    expect(bench.channels.canAccept("b", 0)).toBe(false);
    expect(bench.stored()).toBe(40);
  });

  test("responses that wait and those that are owed are bounded together", () => {
    const channel = new Bench(new MemoryStore(), 0, limits).channels.of("k");
    expect(channel.canAccept(1)).toBe(true);
    expect(channel.canAccept(2)).toBe(false);
  });

  test("each event is dropped 15 minutes after it happened", () => {
    const bench = new Bench();
    bench.channels.setCallback(bench.now, "k", HOOK);
    bench.broadcast("a");
    bench.channels.handleUndelivered(bench.now, bench.take()[0].id);
    bench.now = 10 * MINUTE;
    bench.broadcast("b");
    bench.now = EVENT_LIFETIME;
    expect(bodies(bench.take())).toEqual([{ "de-registrations": ["b"], gaps: [gap(1, 0, 0)] }]);
  });
});

describe("gaps", () => {
  const limits = { ...CHANNEL_LIMITS, maxEvents: 2 };

  function overflowing(store = new MemoryStore()): Bench {
    const bench = new Bench(store, 0, limits);
    bench.channels.setCallback(bench.now, "k", HOOK);
    bench.channels.handleUndelivered(bench.now, taken(bench, "first").id);
    return bench;
  }

  function taken(bench: Bench, name: string): Delivery {
    bench.broadcast(name);
    const deliveries = bench.take();
    expect(deliveries.length).toBe(1);
    return deliveries[0];
  }

  test("the next message tells how many events are missing before it, and since when", () => {
    const bench = overflowing();
    bench.now = 200;
    bench.broadcast("b");
    bench.now = 300;
    bench.broadcast("c");
    bench.now = 400;
    bench.broadcast("d");
    bench.sleep();
    expect(bodies(bench.take())).toEqual([
      { "de-registrations": ["c", "d"], gaps: [gap(2, 0, 200)] },
    ]);
  });

  test("it is told once, and again when the message was not delivered", () => {
    const bench = overflowing();
    for (const name of ["b", "c"]) bench.broadcast(name);
    bench.sleep();
    const [first] = bench.take();
    bench.channels.handleUndelivered(bench.now, first.id);
    bench.broadcast("d");
    bench.sleep();
    const [second] = bench.take();
    const at = bench.now - 2 * SECOND;
    expect(bodies([first, second])).toEqual([
      { "de-registrations": ["b", "c"], gaps: [gap(1, 0, 0)] },
      { "de-registrations": ["c", "d"], gaps: [gap(2, 0, 0)] },
    ]);
    expect(at).toBe(SECOND);
    bench.channels.handleDelivered(bench.now, second.id);
    expect(bodies([taken(bench, "e")])).toEqual([{ "de-registrations": ["e"] }]);
  });

  test("what is dropped while it is under way is missing only if that delivery fails", () => {
    for (const isDelivered of [true, false]) {
      const bench = overflowing();
      bench.sleep();
      const [first] = bench.take();
      for (const name of ["b", "c"]) bench.broadcast(name);
      if (isDelivered) bench.channels.handleDelivered(bench.now, first.id);
      else bench.channels.handleUndelivered(bench.now, first.id);
      if (!isDelivered) bench.sleep();
      const told = { "de-registrations": ["b", "c"] };
      expect(bodies(bench.take())).toEqual([
        isDelivered ? told : { ...told, gaps: [gap(1, 0, 0)] },
      ]);
    }
  });

  test("it never goes alone", () => {
    const bench = new Bench();
    bench.channels.setCallback(bench.now, "k", HOOK);
    bench.channels.handleUndelivered(bench.now, taken(bench, "a").id);
    bench.now = EVENT_LIFETIME;
    expect(bench.take()).toEqual([]);
    expect(bench.channels.deadline()).toBe(Infinity);
    bench.now += MINUTE;
    expect(bodies([taken(bench, "b")])).toEqual([
      { "de-registrations": ["b"], gaps: [gap(1, 0, 0)] },
    ]);
  });

  test("it survives a restart until it was delivered", async () => {
    const before = overflowing();
    for (const name of ["b", "c"]) before.broadcast(name);
    before.sleep();
    before.take();
    await before.store.commit();
    const after = new Bench(before.store.afterKill(), before.now, limits);
    const [delivery] = after.take();
    expect(bodies([delivery])).toEqual([{ "de-registrations": ["b", "c"], gaps: [gap(1, 0, 0)] }]);
    after.channels.handleDelivered(after.now, delivery.id);
    await after.store.commit();
    const later = new Bench(after.store.afterKill(), after.now, limits);
    expect(bodies([taken(later, "d")])).toEqual([{ "de-registrations": ["d"] }]);
  });

  test("closing forgets it", () => {
    const bench = overflowing();
    for (const name of ["b", "c"]) bench.broadcast(name);
    bench.channels.close("k");
    bench.channels.setCallback(bench.now, "k", HOOK);
    expect(bodies([taken(bench, "d")])).toEqual([{ "de-registrations": ["d"] }]);
  });
});

describe("many callbacks", () => {
  const limits = { ...CHANNEL_LIMITS, maxHealthy: 2, maxFailing: 1 };

  test("no more than there are places are under way, and each gets its turn", () => {
    const bench = new Bench(new MemoryStore(), 0, limits);
    for (const keyId of ["a", "b", "c", "d"])
      bench.channels.setCallback(bench.now, keyId, hook(keyId));
    bench.broadcast("1");
    const first = bench.take();
    bench.channels.handleDelivered(bench.now, first[1].id);
    // It has more to tell, but the others wait already.
    bench.broadcast("2");
    const second = bench.take();
    bench.channels.handleDelivered(bench.now, first[0].id);
    const third = bench.take();
    expect([first.length, second.length, third.length]).toEqual([2, 1, 1]);
    expect(receivers([...first, ...second, ...third]).sort()).toEqual(["a", "b", "c", "d"]);
  });

  test("those that failed hold up only each other", () => {
    const bench = new Bench(new MemoryStore(), 0, limits);
    for (const keyId of ["dead", "gone"]) bench.channels.setCallback(bench.now, keyId, hook(keyId));
    bench.broadcast("1");
    for (const { id } of bench.take()) bench.channels.handleUndelivered(bench.now, id);
    for (const keyId of ["a", "b"]) bench.channels.setCallback(bench.now, keyId, hook(keyId));
    bench.sleep();
    const retried = bench.take();
    expect(receivers(retried)).toEqual(["dead"]);
    bench.broadcast("2");
    const healthy = bench.take();
    expect(receivers(healthy).sort()).toEqual(["a", "b"]);
    for (const { id } of healthy) bench.channels.handleDelivered(bench.now, id);
    expect(bench.take()).toEqual([]);
    bench.channels.handleUndelivered(bench.now, retried[0].id);
    expect(receivers(bench.take())).toEqual(["gone"]);
  });

  test("a place is given back when its channel was closed, or has another callback by now", () => {
    const bench = new Bench(new MemoryStore(), 0, { ...limits, maxHealthy: 1 });
    for (const keyId of ["a", "b", "c"]) bench.channels.setCallback(bench.now, keyId, hook(keyId));
    bench.broadcast("1");
    const [first] = bench.take();
    bench.channels.close("a");
    bench.channels.close("b");
    bench.channels.handleUndelivered(bench.now, first.id);
    const [second] = bench.take();
    expect(receivers([second])).toEqual(["c"]);
    bench.channels.setCallback(bench.now, "c", hook("new"));
    bench.broadcast("2");
    expect(bench.take()).toEqual([]);
    bench.channels.handleDelivered(bench.now, second.id);
    expect(receivers(bench.take())).toEqual(["new"]);
  });
});

describe("who may not know any more", () => {
  test("is told nothing of what happens later", () => {
    const bench = new Bench();
    for (const keyId of ["k", "other"]) bench.poll(keyId);
    bench.mayKnow = (keyId) => keyId === "k";
    bench.broadcast("a");
    expect(bodies(bench.take())).toEqual([{ "de-registrations": ["a"] }]);
  });

  test("events that wait are taken back and are no gap, responses are 410 without a value", () => {
    const bench = new Bench();
    bench.poll("k", false);
    bench.take();
    for (const name of ["mine", "theirs"]) bench.broadcast(name);
    const json = JSON.stringify({ id: "1", status: 200, payload: "c2VjcmV0" });
    const response = {
      kind: "async-responses",
      json,
      asyncId: "1",
      endpointName: "theirs",
    } as const;
    bench.channels.append(bench.now, "k", response);
    bench.channels.takeBack(bench.now, "k", (name) => name === "mine");
    expect(bench.stored()).toBe(2);
    bench.poll("k");
    const [delivery] = bench.take();
    expect(JSON.parse(delivery.body ?? "")).toEqual({
      "de-registrations": ["mine"],
      "async-responses": [
        expect.objectContaining({ id: "1", status: 410, payload: "", error: expect.any(String) }),
      ],
    });
    bench.channels.handleDelivered(bench.now, delivery.id);
    expect(bench.stored()).toBe(0);
  });

  test("what was under way then is not sent again", async () => {
    const bench = new Bench();
    bench.channels.setCallback(bench.now, "k", HOOK);
    const json = JSON.stringify({ id: "1", payload: "c2VjcmV0" });
    const response = {
      kind: "async-responses",
      json,
      asyncId: "1",
      endpointName: "theirs",
    } as const;
    bench.channels.append(bench.now, "k", response);
    bench.broadcast("theirs");
    const [first] = bench.take();
    bench.channels.takeBack(bench.now, "k", () => false);
    bench.channels.handleUndelivered(bench.now, first.id);
    bench.sleep();
    const [second] = bench.take();
    expect(JSON.parse(second.body ?? "")).toEqual({
      "async-responses": [expect.objectContaining({ id: "1", status: 410 })],
    });
  });

  test("a callback whose owner may receive nothing any more is closed instead of called", () => {
    let isGood = true;
    const store = new MemoryStore();
    const channels = new Channels(0, CALENDAR, store, CHANNEL_LIMITS, () => isGood);
    channels.setCallback(0, "k", HOOK);
    isGood = false;
    channels.append(1, "k", { kind: "de-registrations", json: '"a"' });
    channels.handleTimeout(1);
    expect(channels.pollDelivery()).toBeUndefined();
    channels.handleTimeout(2);
    expect([channels.hasOpen(), [...store.table("channel-events").entries()]]).toEqual([false, []]);
  });

  test("a key that is gone leaves nothing behind, and its waiting poll ends", () => {
    const bench = new Bench();
    const pollId = bench.poll("k");
    bench.take();
    bench.channels.forget("k");
    expect(bench.take()).toEqual([{ kind: "poll", id: 0, pollId, body: undefined }]);
    expect([bench.channels.hasOpen(), bench.stored()]).toEqual([false, 0]);
    // Its place is taken over by the next one.
    bench.poll("next");
    bench.broadcast("a");
    expect(bodies(bench.take())).toEqual([{ "de-registrations": ["a"] }]);
  });
});

describe("restart", () => {
  test("what was not delivered is delivered afterwards, in order, with what was under way", async () => {
    const before = new Bench();
    before.poll("k", false);
    before.take();
    for (let i = 0; i < 12; i++) before.broadcast(`${i}`);
    before.poll("k");
    before.take();
    before.broadcast("last");
    await before.store.commit();

    const after = new Bench(before.store.afterKill(), 5 * SECOND);
    after.poll("k");
    const names = [...Array(12).keys()].map(String);
    expect(bodies(after.take())).toEqual([{ "de-registrations": [...names, "last"] }]);
  });

  test("a callback is kept with its headers, and tried at once", async () => {
    const before = new Bench();
    before.channels.setCallback(before.now, "k", HOOK);
    before.broadcast("a");
    before.take();
    await before.store.commit();
    const after = new Bench(before.store.afterKill());
    expect(after.take()).toMatchObject([{ kind: "callback", callback: HOOK }]);
  });

  test("time spent down counts for the 15 minutes", async () => {
    const before = new Bench();
    before.channels.setCallback(before.now, "k", HOOK);
    before.broadcast("old");
    before.now = 10 * MINUTE;
    before.broadcast("young");
    await before.store.commit();
    const after = new Bench(before.store.afterKill(), 20 * MINUTE);
    const told = { "de-registrations": ["young"], gaps: [gap(1, 0, 0)] };
    expect(bodies(after.take())).toEqual([told]);
    expect(after.stored()).toBe(1);
  });

  test("events of a channel that was closed are forgotten", async () => {
    const before = new Bench();
    before.poll("k", false);
    before.broadcast("a");
    before.channels.close("k");
    await before.store.commit();
    const after = new Bench(before.store.afterKill());
    expect(after.channels.hasOpen()).toBe(false);
    expect(after.stored()).toBe(0);
  });
});

test("whatever fails and whenever it is killed, each response is confirmed once, in time", async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant("respond" as const) },
    { weight: 2, arbitrary: fc.constant("poll" as const) },
    { weight: 2, arbitrary: fc.constant("deliver" as const) },
    { weight: 2, arbitrary: fc.constant("fail" as const) },
    { weight: 1, arbitrary: fc.constant("callback" as const) },
    { weight: 1, arbitrary: fc.constant("sleep" as const) },
    { weight: 1, arbitrary: fc.constant("kill" as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let bench = new Bench();
      bench.poll("k", false);
      let underWay: Delivery[] = [];
      const confirmed: string[] = [];
      let responses = 0;
      const collect = () => underWay.push(...bench.take().filter(({ body }) => body !== undefined));
      const confirm = (delivery: Delivery) => {
        const message = JSON.parse(delivery.body ?? "{}") as {
          "async-responses": { id: string }[];
        };
        for (const { id } of message["async-responses"]) confirmed.push(id);
        bench.channels.handleDelivered(bench.now, delivery.id);
      };
      for (const name of steps) {
        if (name === "respond") {
          const id = `${++responses}`;
          bench.channels.handleAnswering("k", id);
          bench.respond("k", id);
          bench.channels.handleAnswered(bench.now, "k", id);
        } else if (name === "poll") {
          if (bench.channels.of("k").callback() === undefined) bench.poll("k");
        } else if (name === "callback") {
          bench.channels.setCallback(bench.now, "k", HOOK);
        } else if (name === "deliver") {
          const delivery = underWay.shift();
          if (delivery !== undefined) confirm(delivery);
        } else if (name === "fail") {
          const delivery = underWay.shift();
          if (delivery !== undefined) bench.channels.handleUndelivered(bench.now, delivery.id);
        } else if (name === "sleep") {
          bench.now += 3 * SECOND;
        } else {
          await bench.store.commit();
          bench = new Bench(bench.store.afterKill(), bench.now);
          underWay = [];
        }
        collect();
      }
      for (const delivery of underWay.splice(0)) confirm(delivery);
      // Past the longest pause between two tries.
      bench.now += 3 * MINUTE;
      if (bench.channels.of("k").callback() === undefined) bench.poll("k");
      for (collect(); underWay.length > 0; collect()) confirm(underWay.splice(0, 1)[0]);
      expect(confirmed.sort()).toEqual([...Array(responses).keys()].map((i) => `${i + 1}`).sort());
      expect(bench.stored()).toBe(0);
    }),
  );
});

test("whatever fails and whenever it is killed, each event is delivered or counted in a gap", async () => {
  const limits = { ...CHANNEL_LIMITS, maxEvents: 3 };
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant("event" as const) },
    { weight: 2, arbitrary: fc.constant("poll" as const) },
    { weight: 2, arbitrary: fc.constant("deliver" as const) },
    { weight: 2, arbitrary: fc.constant("fail" as const) },
    { weight: 1, arbitrary: fc.constant("callback" as const) },
    { weight: 1, arbitrary: fc.constant("sleep" as const) },
    { weight: 1, arbitrary: fc.constant("expire" as const) },
    { weight: 1, arbitrary: fc.constant("kill" as const) },
  );
  interface Told {
    readonly "de-registrations"?: readonly string[];
    readonly gaps?: readonly { readonly dropped: number }[];
  }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let bench = new Bench(new MemoryStore(), 0, limits);
      bench.channels.setCallback(0, "k", HOOK);
      let underWay: Delivery[] = [];
      const confirmed = new Set<string>();
      let events = 0;
      let missing = 0;
      const collect = () => underWay.push(...bench.take().filter(({ body }) => body !== undefined));
      const confirm = (delivery: Delivery) => {
        const told = JSON.parse(delivery.body ?? "{}") as Told;
        for (const name of told["de-registrations"] ?? []) confirmed.add(name);
        for (const { dropped } of told.gaps ?? []) missing += dropped;
        bench.channels.handleDelivered(bench.now, delivery.id);
      };
      for (const name of steps) {
        if (name === "event") bench.broadcast(`${++events}`);
        else if (name === "callback") bench.channels.setCallback(bench.now, "k", HOOK);
        else if (name === "poll") {
          if (bench.channels.of("k").callback() === undefined) bench.poll("k");
        } else if (name === "deliver") {
          const delivery = underWay.shift();
          if (delivery !== undefined) confirm(delivery);
        } else if (name === "fail") {
          const delivery = underWay.shift();
          if (delivery !== undefined) bench.channels.handleUndelivered(bench.now, delivery.id);
        } else if (name === "sleep") bench.now += 3 * SECOND;
        else if (name === "expire") bench.now += EVENT_LIFETIME;
        else {
          await bench.store.commit();
          bench = new Bench(bench.store.afterKill(), bench.now, limits);
          underWay = [];
        }
        collect();
      }
      for (const delivery of underWay.splice(0)) confirm(delivery);
      // A last event, past the longest pause between two tries, takes the last gap along.
      bench.broadcast(`${++events}`);
      bench.now += 3 * MINUTE;
      for (collect(); underWay.length > 0; collect()) confirm(underWay.splice(0, 1)[0]);
      // What was under way when it was killed may be both: it arrived, and nobody was left to note it.
      expect(confirmed.size + missing).toBeGreaterThanOrEqual(events);
      if (!steps.includes("kill")) expect(confirmed.size + missing).toBe(events);
      expect(bench.stored()).toBe(0);
    }),
    // What the first restart had no room for, the second one must still know of.
    { examples: [[["event", "event", "event", "event", "kill", "kill"]]] },
  );
});
