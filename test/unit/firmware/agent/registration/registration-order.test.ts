import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AgentServerAccount } from "../../../../../firmware/agent/agent.ts";
import type { ControlledRegistration } from "../../../../../firmware/agent/registration/registration-control.ts";
import type { IncomingRequest, Response } from "../../../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import { AgentPair, byAddress, type Script } from "../../../../support/agent-pair.ts";
import { DAY, HOUR, MINUTE, NEVER, SECOND } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";

type Account = Partial<AgentServerAccount>;

const reply = (code: number): Response => ({ code, options: [], payload: new Uint8Array(0) });
const refusing = () => reply(codes.INTERNAL_SERVER_ERROR);
/** Refuses until the nth request. */
const refusingUntil = (first: number) => (_: unknown, nth: number) =>
  nth < first ? refusing() : undefined;

function given(accounts: readonly Account[], answers: readonly (Script | undefined)[] = []) {
  return new AgentPair({ version: "1.2" }, { accounts, answers: byAddress(answers) }).started();
}

/** `server at` of each Register, in seconds, in the order of time. */
function registers(pair: AgentPair): string[] {
  return pair.servers
    .flatMap(({ ladder }, server) =>
      ladder
        .filter((line) => line.includes("-> CON POST /rd?"))
        .map((line) => [Number.parseInt(line, 10) / SECOND, server]),
    )
    .sort(([a, x], [b, y]) => a - b || x - y)
    .map(([at, server]) => `${server} ${at}`);
}

describe("the order of servers", () => {
  test("LwM2M Core 1.2.2 §E.2: /1/x/13 lets the lower number go first, each once the one before is registered", () => {
    proves("device", "priority-order");
    const accounts = [{ priorityOrder: 30 }, { priorityOrder: 10 }, { priorityOrder: 20 }];
    const pair = new AgentPair({ version: "1.2" }, { accounts, latency: 500 }).started();
    pair.wait(10 * SECOND);
    expect(registers(pair)).toEqual(["1 0", "2 1", "0 2"]);
  });

  test("LwM2M Core 1.2.2 §E.2: a server without /1/x/13 waits for nobody, and nobody for it", () => {
    const pair = given(
      [{ priorityOrder: 1 }, {}, { priorityOrder: 2 }],
      [refusingUntil(2), refusing],
    );
    pair.wait(3 * MINUTE);
    expect(registers(pair)).toEqual(["0 0", "1 0", "0 60", "1 60", "0 180", "1 180", "2 180"]);
  });

  test("equal numbers go by the instance of object 1; 0 is a number", () => {
    const accounts = [{ priorityOrder: 5 }, { priorityOrder: 5 }, { priorityOrder: 0 }];
    const pair = new AgentPair({ version: "1.2" }, { accounts, latency: 500 }).started();
    pair.wait(10 * SECOND);
    expect(registers(pair)).toEqual(["2 0", "0 1", "1 2"]);
  });

  test("LwM2M Core 1.2.2 §6.2.1.1: one that fails lets the next go when its sequences are over, and tries on by itself", () => {
    const pair = given(
      [
        { priorityOrder: 1, retryCount: 2, retryTimer: 10, sequenceDelay: 100 },
        { priorityOrder: 2 },
      ],
      [refusing],
    );
    pair.wait(115 * SECOND);
    expect(registers(pair)).toEqual(["0 0", "0 10", "1 10", "0 110"]);
  });

  test("LwM2M Core 1.2.2 §E.2: one that rejects lets the next go at once", () => {
    const pair = given(
      [{ priorityOrder: 1 }, { priorityOrder: 2 }],
      [() => reply(codes.FORBIDDEN)],
    );
    expect(registers(pair)).toEqual(["0 0", "1 0"]);
  });

  test("LwM2M Core 1.2.2 §E.2: /1/x/15 holds back those after it until it is registered after all", () => {
    proves("device", "failure-block");
    const blocking = { priorityOrder: 1, failureBlock: true, retryCount: 2, sequenceDelay: 1000 };
    const pair = given([blocking, { priorityOrder: 2 }, {}], [refusingUntil(3)]);
    pair.wait(HOUR);
    expect(registers(pair)).toEqual(["0 0", "2 0", "0 60", "0 1060", "0 1120", "1 1120"]);
  });

  test("LwM2M Core 1.2.2 §E.2: /1/x/14 counts from the registration before, and once registered no more", () => {
    proves("device", "initial-delay");
    const pair = given([
      { priorityOrder: 1, initialDelay: 5 },
      { priorityOrder: 2, initialDelay: 30 },
      { initialDelay: 7 },
    ]);
    pair.wait(MINUTE);
    expect(registers(pair)).toEqual(["0 5", "2 7", "1 35"]);
    pair.agent.stop(pair.now);
    pair.wait(0);
    pair.started();
    expect(registers(pair).slice(3)).toEqual(["0 60", "1 60", "2 60"]);
  });

  test("LwM2M Core 1.2.2 §6.2.1.1: once registered each goes its own way", () => {
    proves("device", "several-servers");
    const pair = given(
      [
        { priorityOrder: 1, lifetime: 600, failureBlock: true },
        { priorityOrder: 2, lifetime: 600 },
      ],
      [(_, nth) => (nth > 0 ? refusing() : undefined)],
    );
    pair.wait(HOUR);
    expect(pair.servers[1].link.isRegistered()).toBe(true);
    expect(
      pair.servers[1].registrations.filter((line) => line.startsWith("POST /rd?")),
    ).toHaveLength(1);
  });

  test("retry starts those that failed, and not those whose turn has not come", () => {
    const blocking = {
      priorityOrder: 1,
      failureBlock: true,
      sequenceDelay: 4294967295,
      retryCount: 1,
    };
    const pair = given([blocking, { priorityOrder: 2 }], [refusingUntil(2)]);
    pair.wait(DAY);
    pair.agent.retry(pair.now);
    pair.wait(0);
    expect(registers(pair)).toEqual(["0 0", "0 86400"]);
    pair.agent.retry(pair.now);
    pair.wait(0);
    expect(pair.servers.map(({ link }) => link.isRegistered())).toEqual([true, true]);
  });

  test("LwM2M Core 1.2.2 §6.2.3: stop de-registers everywhere at once, and starts nobody who waits", () => {
    const accounts = [{}, { priorityOrder: 1, initialDelay: 60 }, { priorityOrder: 2 }];
    const pair = given(accounts);
    pair.agent.stop(pair.now);
    pair.wait(HOUR);
    expect(pair.agent.isStopped()).toBe(true);
    expect(pair.servers.map(({ registrations }) => registrations.length)).toEqual([2, 0, 0]);
    expect(pair.agent.deadline()).toBe(NEVER);
  });

  test("LwM2M Core 1.2.2 §6.2.1.1: spreadOver begins at a random time within its bounds, the same for all servers", () => {
    proves("device", "spread");
    const starts = [1, 2, 3, 4].map((seed) => {
      const random = { uint32: () => (seed * 0x3c6ef372) >>> 0 };
      const pair = new AgentPair({ spreadOver: 10 * MINUTE }, { servers: 2 });
      const { settings } = pair.agent.configuration;
      (settings as { random: typeof random }).random = random;
      pair.started().wait(10 * MINUTE);
      expect(pair.servers.every(({ link }) => link.isRegistered())).toBe(true);
      const [first, second] = registers(pair).map((line) => Number(line.split(" ")[1]));
      expect(second).toBe(first);
      return first;
    });
    expect(new Set(starts).size).toBe(4);
    expect(starts.every((at) => at >= 0 && at < 600)).toBe(true);
  });
});

const outcome = fc.constantFrom<"good" | "silence" | number>(
  "good",
  "silence",
  ...[0xa0, 0xa3, 0x83, 0x84, 0x89, 0x8c, 0x9d],
);
const account = fc.record({
  priorityOrder: fc.option(fc.nat(2), { nil: undefined }),
  initialDelay: fc.nat(100),
  failureBlock: fc.boolean(),
  retryCount: fc.nat(4),
  retryTimer: fc.nat(100),
  sequenceDelay: fc.nat(1000),
  sequenceRetryCount: fc.nat(2),
  lifetime: fc.integer({ min: 1, max: 5000 }),
});

const servers = fc.array(
  fc.record({ account, outcomes: fc.array(outcome, { minLength: 1, maxLength: 12 }) }),
  { minLength: 1, maxLength: 4 },
);
type Servers = typeof servers extends fc.Arbitrary<infer All> ? All : never;

/** MAX_TRANSMIT_WAIT less its random part: so long an unanswered request is under way (RFC 7252 §4.8.2). */
const UNDER_WAY = 62 * SECOND;

function pairOf(all: Servers): AgentPair {
  const unanswered = all.map(() => -UNDER_WAY);
  const answers = all.map(({ outcomes }, server) => (_: IncomingRequest, nth: number) => {
    const next = outcomes[nth % outcomes.length];
    expect(pair.now - unanswered[server]).toBeGreaterThanOrEqual(UNDER_WAY);
    if (next === "good") return undefined;
    if (next !== "silence") return reply(next);
    unanswered[server] = pair.now;
    return next;
  });
  const accounts = all.map((each) => each.account);
  const pair: AgentPair = new AgentPair(
    { version: "1.2" },
    { accounts, answers: byAddress(answers) },
  );
  return pair;
}

/** Drives on from one thing that happens to the next. Stops where nothing will. */
function step(pair: AgentPair): boolean {
  const next = pair.agent.deadline();
  if (next < NEVER) pair.drive(Math.max(next, pair.now + 1));
  return next < NEVER;
}

function isBefore(earlier: number, later: number, all: Servers): boolean {
  const [before, after] = [all[earlier].account.priorityOrder, all[later].account.priorityOrder];
  if (before === undefined || after === undefined) return false;
  return before < after || (before === after && earlier < later);
}

describe("whatever several servers answer", () => {
  test("LwM2M Core 1.2.2 §E.2: none is asked before those in front of it are registered, or have failed and do not block", () => {
    fc.assert(
      fc.property(servers, (all) => {
        const pair = pairOf(all);
        const isThrough = all.map(() => false);
        pair.agent.start(0);
        for (let steps = 0; steps < 60; steps++) {
          const isNew = pair.servers.map(({ registrations }) => registrations.length === 0);
          const isGoing = step(pair);
          pair.servers.forEach(({ link }, i) => {
            const { isActive, hasFailed } = link.registration as ControlledRegistration;
            isThrough[i] ||= isActive || (hasFailed && !all[i].account.failureBlock);
          });
          pair.servers.forEach(({ registrations }, later) => {
            if (!isNew[later] || registrations.length === 0) return;
            all.forEach((_, earlier) => {
              if (isBefore(earlier, later, all)) expect(isThrough[earlier]).toBe(true);
            });
          });
          if (!isGoing) break;
        }
      }),
      { numRuns: 200 },
    );
  });

  test("LwM2M Core 1.2.2 §6.2.1.1: one request at a time, no circle, and always something to come", () => {
    fc.assert(
      fc.property(servers, (all) => {
        const pair = pairOf(all);
        pair.agent.start(0);
        for (let steps = 0; steps < 60; steps++) expect(step(pair)).toBe(true);
        for (const { ladder } of pair.servers) {
          const sent = ladder.filter((line) => line.includes("-> CON"));
          const perInstant = new Map<string, number>();
          for (const line of sent) {
            const at = line.split(" ")[0];
            perInstant.set(at, (perInstant.get(at) ?? 0) + 1);
          }
          // At most an Update that is refused, and a Register for each version down to 1.0.
          expect(Math.max(0, ...perInstant.values())).toBeLessThanOrEqual(4);
        }
      }),
      { numRuns: 200 },
    );
  });
});
