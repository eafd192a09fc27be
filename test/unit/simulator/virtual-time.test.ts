import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NEVER } from "../../../protocol/time/duration.ts";
import { EventQueue, type Timed, VirtualTime } from "../../../simulator/virtual-time.ts";

/** A part that notes when it is woken, at each of the given times. */
class Alarm implements Timed {
  readonly heard: string[];
  private readonly name: string;
  private readonly times: number[];

  constructor(name: string, heard: string[], times: number[]) {
    this.name = name;
    this.heard = heard;
    this.times = [...times];
  }

  deadline(): number {
    return this.times.length === 0 ? NEVER : this.times[0];
  }

  handleTimeout(now: number): void {
    this.times.shift();
    this.heard.push(`${now} ${this.name}`);
  }
}

describe("VirtualTime", () => {
  test("jumps from deadline to deadline and stands at the end that was asked for", () => {
    const heard: string[] = [];
    const time = new VirtualTime();
    time.add(new Alarm("a", heard, [10, 86400000]));
    time.add(new Alarm("b", heard, [5, 10, 20]));
    time.runUntil(20);
    expect(heard).toEqual(["5 b", "10 a", "10 b", "20 b"]);
    expect(time.now).toBe(20);
    time.runFor(86400000);
    expect(heard.slice(4)).toEqual(["86400000 a"]);
    expect(time.now).toBe(86400020);
    expect(time.deadline()).toBe(NEVER);
  });

  test("a deadline in the past is met now: time never runs backwards", () => {
    const heard: string[] = [];
    const time = new VirtualTime();
    time.runUntil(100);
    time.add(new Alarm("late", heard, [50]));
    time.runUntil(100);
    expect(heard).toEqual(["100 late"]);
  });

  test("running until nothing is pending stops there, or at its limit", () => {
    const heard: string[] = [];
    const time = new VirtualTime();
    time.add(new Alarm("a", heard, [1000, 2000, 3000]));
    expect(time.runWhile(() => heard.length < 2, 10000)).toBe(true);
    expect(time.now).toBe(2000);
    expect(time.runWhile(() => heard.length < 9, 5000)).toBe(false);
    expect(time.now).toBe(7000);
  });

  test("a part whose deadline never moves on is a fault, not a hang", () => {
    const time = new VirtualTime();
    time.add({ deadline: () => 3, handleTimeout: () => undefined });
    expect(() => time.runUntil(10)).toThrow(/stands still at 3 ms/);
  });
});

describe("EventQueue", () => {
  test("gives things back by time, and first put first at the same time", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const queue = new EventQueue<{ at: number; order: number }>();
        times.forEach((at, order) => queue.put(at, { at, order }));
        const taken: { at: number; order: number }[] = [];
        for (let now = 0; now <= 20; now++) {
          for (let item = queue.take(now); item !== undefined; item = queue.take(now)) {
            expect(item.at).toBe(now);
            taken.push(item);
          }
        }
        const sorted = times
          .map((at, order) => ({ at, order }))
          .sort((left, right) => left.at - right.at || left.order - right.order);
        expect(taken).toEqual(sorted);
        expect(queue.size).toBe(0);
        expect(queue.deadline()).toBe(NEVER);
      }),
    );
  });

  test("gives nothing before its time", () => {
    const queue = new EventQueue<string>();
    queue.put(5, "x");
    expect(queue.deadline()).toBe(5);
    expect(queue.take(4)).toBeUndefined();
    expect(queue.take(5)).toBe("x");
  });
});
