import fc from "fast-check";
import { expect, test } from "vitest";
import type { DownlinkRequest, Outcome } from "../../../../connector/contract.ts";
import {
  DownlinkQueue,
  type QueuedDevice,
  type QueueSurroundings,
} from "../../../../connector/queue/downlink-queue.ts";
import { type DownlinkRow, QueueEntry } from "../../../../connector/queue/queue-entry.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { GET, POST, PUT } from "../../../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../../../protocol/coap/message.ts";
import { NEVER } from "../../../../protocol/time/duration.ts";
import { proves } from "../../../support/proves.ts";

const SETTINGS = {
  maxQueued: 5,
  maxQueuedBytes: 100,
  awakeFor: 93_000,
  wakesBy: "any-message",
} as const;

/** A queue on a store, with what a program around it does. */
class Bench {
  readonly device: QueuedDevice;
  store = new MemoryStore();
  shared: QueueSurroundings;
  queue: DownlinkQueue;
  now = 0;
  readonly ended: string[] = [];
  private lastId = 0;

  constructor(queueMode = false, settings: Partial<QueueSurroundings["settings"]> = {}) {
    this.device = { endpointName: "a", queueMode, heardAt: -NEVER };
    this.shared = this.surroundings({ ...SETTINGS, ...settings });
    this.queue = new DownlinkQueue(this.shared, this.device);
  }

  /** The id under which a request was taken; undefined when it was not. */
  submit(request: Partial<DownlinkRequest> = {}, expiresIn = 60_000): string | undefined {
    const id = `${++this.lastId}`;
    const whole = { method: GET, path: "/3/0/0", payload: NO_BYTES, confirmable: true, expiresIn };
    const entry = new QueueEntry(id, this.lastId, { ...whole, ...request }, this.now + expiresIn);
    const isTaken = this.queue.submit(entry);
    this.drain();
    return isTaken ? id : undefined;
  }

  /** The id of what is sent now. */
  send(): string | undefined {
    const next = this.queue.next(this.now);
    this.queue.handleSent(this.now);
    return next?.id;
  }

  run(act: (queue: DownlinkQueue) => void): void {
    act(this.queue);
    this.drain();
  }

  wait(milliseconds: number): void {
    this.now += milliseconds;
    this.run((queue) => queue.handleTimeout(this.now));
  }

  /** The program is killed and started again. */
  restart(): void {
    this.store.commitNow();
    this.store = this.store.afterKill();
    this.shared = this.surroundings(this.shared.settings);
    this.queue = new DownlinkQueue(this.shared, this.device);
    const rows = [...this.shared.downlinks.entries()];
    for (const [id, row] of rows.sort(([, one], [, other]) => one.sequence - other.sequence)) {
      const request = { ...row, confirmable: true };
      const entry = new QueueEntry(id, row.sequence, request, this.now + row.expiresIn);
      this.run((queue) => queue.restore(entry, row.isSent));
    }
  }

  waiting(): string[] {
    return this.queue.list().map(({ id, state }) => `${id} ${state}`);
  }

  private drain(): void {
    for (let ended = this.queue.pollEnded(); ended; ended = this.queue.pollEnded()) {
      this.ended.push(`${ended.entry.id} ${ended.outcome}`);
    }
  }

  private surroundings(settings: QueueSurroundings["settings"]): QueueSurroundings {
    return { settings, downlinks: this.store.table<DownlinkRow>("requests"), queuedBytes: 0 };
  }
}

function write(path: string, mayBeSuperseded = true): Partial<DownlinkRequest> {
  return { method: PUT, path, payload: encodeUtf8("12345678"), mayBeSuperseded };
}

test("LwM2M Transport 1.1.1 §6.5: one request is under way at a time, in the order of acceptance", () => {
  proves("connector", "queue-held", "nstart");
  const bench = new Bench();
  const [first, second] = [bench.submit(), bench.submit()];
  expect(bench.send()).toBe(first);
  expect(bench.send()).toBeUndefined();
  bench.run((queue) => queue.handleAnswered());
  expect(bench.send()).toBe(second);
  bench.run((queue) => queue.handleFailed());
  expect(bench.ended).toEqual(["1 answered", "2 failed"]);
  expect(bench.queue.isIdle()).toBe(true);
});

test("LwM2M Transport 1.2.2 §6.5: a higher class goes first, and within a class who came first", () => {
  proves("connector", "queue-priority-expiry-merge");
  const bench = new Bench();
  const classes = ["low", "normal", "high", "normal", "high"] as const;
  for (const priority of classes) bench.submit({ priority });
  expect(bench.waiting()).toEqual([3, 5, 2, 4, 1].map((id) => `${id} waiting`));
  bench.restart();
  expect(bench.waiting()).toEqual([3, 5, 2, 4, 1].map((id) => `${id} waiting`));
});

test("what goes back to wait is first of its class, behind higher ones", () => {
  const bench = new Bench();
  bench.submit();
  bench.submit();
  expect(bench.send()).toBe("1");
  bench.submit({ priority: "high" });
  bench.run((queue) => queue.handleReturned());
  expect(bench.waiting()).toEqual(["3 waiting", "1 waiting", "2 waiting"]);
});

test("LwM2M Transport 1.1.1 §6.5: a device in queue mode is sent something for 93 s after a message, no longer", () => {
  proves("connector", "queue-window");
  const bench = new Bench(true);
  bench.submit({}, 500_000);
  expect(bench.send()).toBeUndefined();
  bench.queue.handleMessage(bench.now, "update");
  bench.wait(92_999);
  expect(bench.queue.next(bench.now)?.id).toBe("1");
  bench.wait(1);
  expect(bench.queue.next(bench.now)).toBeUndefined();
  bench.queue.handleMessage(bench.now, "other");
  expect(bench.send()).toBe("1");
});

test("where only Register and Update wake a device, another message does not", () => {
  const bench = new Bench(true, { wakesBy: "update" });
  bench.submit();
  bench.queue.handleMessage(0, "other");
  expect(bench.send()).toBeUndefined();
  bench.queue.handleMessage(0, "update");
  expect(bench.send()).toBe("1");
});

test("what a sleeping device did not answer waits for its next turn, but not what must not be done twice", () => {
  const bench = new Bench(true);
  bench.queue.handleMessage(0, "update");
  bench.submit({ method: PUT, path: "/x" }, 500_000);
  bench.submit({ method: POST, path: "/3/0/4" }, 500_000);
  bench.send();
  bench.wait(60_000);
  bench.run((queue) => queue.handleUnanswered(bench.now));
  expect([bench.waiting(), bench.ended]).toEqual([["1 waiting", "2 waiting"], []]);
  expect(bench.send()).toBeUndefined();
  bench.queue.handleMessage(bench.now, "update");
  bench.send();
  bench.run((queue) => queue.handleAnswered());
  bench.send();
  bench.run((queue) => queue.handleUnanswered(bench.now));
  expect(bench.ended).toEqual(["1 answered", "2 unanswered"]);
});

test("a device that always listens and does not answer ends a request", () => {
  const bench = new Bench();
  bench.submit();
  bench.send();
  bench.run((queue) => queue.handleUnanswered(bench.now));
  expect(bench.ended).toEqual(["1 unanswered"]);
});

test("LwM2M Transport 1.2.2 §6.5: what waits expires to the millisecond, what is under way does not", () => {
  proves("connector", "queue-priority-expiry-merge");
  const bench = new Bench();
  bench.submit({}, 1000);
  bench.submit({}, 1000);
  bench.submit({}, 2000);
  bench.send();
  expect(bench.queue.deadline()).toBe(1000);
  bench.wait(999);
  expect(bench.ended).toEqual([]);
  bench.wait(1);
  expect([bench.ended, bench.queue.deadline()]).toEqual([["2 expired"], 2000]);
  bench.wait(5000);
  bench.run((queue) => queue.handleAnswered());
  expect(bench.ended).toEqual(["2 expired", "3 expired", "1 answered"]);
});

test("LwM2M Transport 1.2.2 §6.5: a later Write takes the place of an earlier one that allows it, and both have an outcome", () => {
  proves("connector", "queue-priority-expiry-merge", "queue-outcome");
  const bench = new Bench(true);
  bench.submit(write("/3303/0/5750"));
  bench.submit(write("/3303/0/5750"));
  expect([bench.ended, bench.waiting()]).toEqual([["1 superseded"], ["2 waiting"]]);
  expect(bench.shared.queuedBytes).toBe(8);
  bench.submit(write("/3303/0/5750", false));
  bench.submit(write("/3303/0/5750"));
  expect(bench.ended).toEqual(["1 superseded", "2 superseded"]);
  expect(bench.waiting()).toEqual(["3 waiting", "4 waiting"]);
});

test("a Write takes no place in another class, whose turn is another", () => {
  const bench = new Bench();
  bench.submit({ ...write("/3303/0/5750"), priority: "low" });
  bench.submit(write("/3303/0/5750"));
  expect(bench.ended).toEqual([]);
});

test("what is full is refused, and a Write that frees a place is not", () => {
  const bench = new Bench(true);
  for (let i = 0; i < SETTINGS.maxQueued; i++) bench.submit(write(`/3303/0/${i}`));
  expect(bench.submit()).toBeUndefined();
  expect(bench.submit(write("/3303/0/3"))).toBeDefined();
  expect(bench.ended).toEqual(["4 superseded"]);
  expect(bench.waiting().length).toBe(SETTINGS.maxQueued);
});

test("the bytes of all queues are bounded together, paths of composites among them", () => {
  const bench = new Bench();
  const other = new DownlinkQueue(bench.shared, bench.device);
  bench.submit({ method: PUT, payload: new Uint8Array(60) });
  expect(bench.submit({ paths: ["/3303/0/5700", "/3304/0/5700", "/3305/0/5700", "/3306/0"] })).toBe(
    undefined,
  );
  const request = { method: PUT, path: "/x", confirmable: true, expiresIn: 1 };
  const entry = new QueueEntry("x", 9, { ...request, payload: new Uint8Array(41) }, 1);
  expect(other.submit(entry)).toBe(false);
  bench.run((queue) => queue.cancel("1"));
  expect([other.submit(entry), bench.shared.queuedBytes]).toEqual([true, 41]);
});

test("one is taken back while it waits and while it is under way, each once", () => {
  const bench = new Bench();
  bench.submit();
  bench.submit();
  bench.send();
  bench.run((queue) => {
    expect(["2", "1", "1", "2", "7"].map((id) => queue.cancel(id))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
  expect(bench.ended).toEqual(["2 cancelled", "1 cancelled"]);
});

test("LwM2M Transport 1.2.2 §6.5: a restart brings back what waits, and ends what a device may have executed", () => {
  proves("connector", "queue-persisted");
  const bench = new Bench();
  bench.submit({ method: POST, path: "/3/0/4" });
  bench.submit({ priority: "high", ...write("/x") });
  bench.submit({ method: POST, path: "/3/0/4" });
  bench.restart();
  expect(bench.send()).toBe("2");
  bench.restart();
  expect(bench.waiting()).toEqual(["2 waiting", "1 waiting", "3 waiting"]);
  bench.send();
  bench.run((queue) => queue.handleAnswered());
  expect(bench.send()).toBe("1");
  bench.restart();
  expect(bench.ended).toEqual(["2 answered", "1 interrupted"]);
  bench.restart();
  expect(bench.waiting()).toEqual(["3 waiting"]);
});

const METHODS = [GET, PUT, POST] as const;
const PATHS = ["/3303/0/5750", "/3303/0", "/3/0/4"];

type Act = readonly [kind: number, choice: number];

/** Plays acts on a queue, and brings everything to its end. */
function play(acts: readonly Act[]) {
  const bench = new Bench(true, { maxQueued: 8, maxQueuedBytes: 60 });
  const accepted = new Set<string>();
  const sends = new Map<string, number>();
  const notIdempotent = new Set<string>();
  const send = () => {
    const id = bench.send();
    if (id !== undefined) sends.set(id, (sends.get(id) ?? 0) + 1);
  };
  for (const [kind, choice] of acts) {
    if (kind < 4) {
      const method = METHODS[choice % 3];
      const payload = encodeUtf8(method === GET ? "" : "12345678");
      const path = PATHS[(choice >> 2) % 3];
      const priority = (["high", "normal", "low"] as const)[(choice >> 4) % 3];
      const asked = { method, path, payload, priority, mayBeSuperseded: choice % 7 > 1 };
      const id = bench.submit(asked, 1 + (choice % 100) * 1000);
      if (id !== undefined) accepted.add(id);
      if (id !== undefined && method === POST) notIdempotent.add(id);
    } else if (kind === 4) bench.queue.handleMessage(bench.now, choice % 2 ? "update" : "other");
    else if (kind === 5) send();
    else if (kind === 6 && bench.queue.underWay) bench.run((queue) => queue.handleAnswered());
    else if (kind === 7) bench.run((queue) => queue.handleUnanswered(bench.now));
    else if (kind === 8) bench.wait(choice * 500);
    else if (kind === 9) bench.restart();
    else if (kind === 10) bench.run((queue) => queue.cancel(`${1 + (choice % 20)}`));
    else if (kind === 11 && choice % 8 === 0) bench.run((queue) => queue.handleGone());
  }
  bench.run((queue) => queue.handleGone());
  return { bench, accepted, sends, notIdempotent };
}

test("LwM2M Transport 1.1.1 §6.5: whatever happens, each accepted request has exactly one outcome", () => {
  proves("connector", "queue-outcome");
  const act = fc.tuple(fc.integer({ min: 0, max: 11 }), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
      const { bench, accepted, sends, notIdempotent } = play(acts);
      const ids = bench.ended.map((line) => line.split(" ")[0]);
      expect([...ids].sort()).toEqual([...accepted].sort());
      expect(bench.queue.isIdle()).toBe(true);
      expect(bench.shared.queuedBytes).toBe(0);
      expect([...bench.shared.downlinks.entries()]).toEqual([]);
      for (const id of notIdempotent) expect(sends.get(id) ?? 0).toBeLessThanOrEqual(1);
      const neverSent: readonly Outcome[] = ["superseded"];
      for (const line of bench.ended) {
        const [id, outcome] = line.split(" ");
        if (neverSent.includes(outcome as Outcome)) expect(sends.has(id)).toBe(false);
        if (outcome === "answered" || outcome === "unanswered") expect(sends.has(id)).toBe(true);
      }
    }),
    { numRuns: 2000, seed: 7 },
  );
});

/** What a device would show at each Read, and at last, of writes that are done in this order. */
function shownBy(done: readonly { readonly asked: DownlinkRequest; readonly mark: string }[]) {
  const values = new Map<string, string>();
  const reads: string[] = [];
  for (const { asked, mark } of done) {
    if (asked.method === PUT) values.set(asked.path, mark);
    else reads.push(`${mark} ${asked.path} ${values.get(asked.path) ?? ""}`);
  }
  return { reads, values: Object.fromEntries([...values].sort()) };
}

test("a device whose writes were merged shows what it would have shown without", () => {
  const act = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 2 }));
  fc.assert(
    fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
      const outcomes = [true, false].map((mayBeSuperseded) => {
        const bench = new Bench(false, { maxQueued: 100, maxQueuedBytes: 10_000 });
        const asked = new Map<string, DownlinkRequest>();
        for (const [isWrite, at] of acts) {
          const path = `/3303/0/${at}`;
          const request = isWrite ? write(path, mayBeSuperseded) : { path };
          const id = bench.submit(request)!;
          asked.set(id, {
            method: GET,
            payload: NO_BYTES,
            confirmable: true,
            expiresIn: 1,
            path,
            ...request,
          });
        }
        const done: { asked: DownlinkRequest; mark: string }[] = [];
        for (let id = bench.send(); id !== undefined; id = bench.send()) {
          done.push({ asked: asked.get(id)!, mark: id });
          bench.run((queue) => queue.handleAnswered());
        }
        return shownBy(done);
      });
      expect(outcomes[0]).toEqual(outcomes[1]);
    }),
    { numRuns: 1000, seed: 11 },
  );
});
