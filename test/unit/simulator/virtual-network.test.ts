import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../../simulator/random.ts";
import { type Conditions, PERFECT, VirtualNetwork } from "../../../simulator/virtual-network.ts";
import { VirtualTime } from "../../../simulator/virtual-time.ts";

interface Arrival {
  now: number;
  from: string;
  number: number;
}

/** Sends `count` numbered datagrams from `a` to `b`, one every 10 ms, and returns what arrives. */
function journey(conditions: Partial<Conditions>, count: number, seed = 1) {
  const network = new VirtualNetwork(new SeededRandom(seed));
  const time = new VirtualTime();
  const arrivals: Arrival[] = [];
  network.attach("b", {
    handleDatagram: (now, from, datagram) => arrivals.push({ now, from, number: datagram[0] }),
  });
  time.add(network);
  for (let number = 0; number < count; number++) {
    time.runUntil(10 * number);
    network.send(time.now, "a", "b", Uint8Array.of(number), { ...PERFECT, ...conditions });
  }
  time.runFor(100000);
  return { arrivals, counts: network.counts };
}

describe("VirtualNetwork", () => {
  test("a perfect network delivers everything at once and in order", () => {
    const { arrivals, counts } = journey({}, 3);
    expect(arrivals).toEqual([
      { now: 0, from: "a", number: 0 },
      { now: 10, from: "a", number: 1 },
      { now: 20, from: "a", number: 2 },
    ]);
    expect(counts).toEqual({ sent: 3, lost: 0, duplicated: 0, delivered: 3, unreachable: 0 });
  });

  test("latency is the least delay, and jitter the most that is added to it", () => {
    const { arrivals } = journey({ latency: 50, jitter: 20 }, 200);
    const delays = arrivals.map((arrival) => arrival.now - 10 * arrival.number);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...delays)).toBeLessThan(70);
    expect(new Set(delays).size).toBeGreaterThan(100);
  });

  test("loss takes its share, duplication gives second copies", () => {
    const { counts } = journey({ loss: 0.3, duplication: 0.2 }, 250);
    expect(counts.sent).toBe(250);
    expect(counts.lost).toBeGreaterThan(50);
    expect(counts.lost).toBeLessThan(100);
    expect(counts.duplicated).toBeGreaterThan(30);
    expect(counts.duplicated).toBeLessThan(70);
  });

  test("reordering lets later datagrams overtake; without it they stay in order", () => {
    const inOrder = (arrivals: Arrival[]) =>
      arrivals.every((arrival, i) => i === 0 || arrival.number > arrivals[i - 1].number);
    expect(inOrder(journey({ latency: 30 }, 100).arrivals)).toBe(true);
    expect(inOrder(journey({ latency: 30, reordering: 0.2 }, 100).arrivals)).toBe(false);
  });

  test("nobody at the address: the datagram is counted and gone", () => {
    const network = new VirtualNetwork(new SeededRandom(1));
    network.attach("b", { handleDatagram: () => expect.unreachable() });
    network.send(0, "a", "b", new Uint8Array(1), { ...PERFECT, latency: 5 });
    network.detach("b");
    network.handleTimeout(5);
    expect(network.counts).toMatchObject({ delivered: 0, unreachable: 1 });
  });

  test("whatever the faults: every copy is delivered or lost, and a seed replays them", () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        probability,
        probability,
        probability,
        fc.integer(),
        (loss, duplication, reordering, seed) => {
          const conditions = { latency: 5, jitter: 9, loss, duplication, reordering };
          const run = journey(conditions, 50, seed);
          const { sent, lost, duplicated, delivered } = run.counts;
          expect(delivered).toBe(sent - lost + duplicated);
          expect(journey(conditions, 50, seed)).toEqual(run);
        },
      ),
      { numRuns: 50 },
    );
  });
});
