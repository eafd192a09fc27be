import { describe, expect, test } from "vitest";
import type {
  AgentConfiguration,
  AgentServerAccount,
} from "../../../../../firmware/agent/agent.ts";
import { Agent } from "../../../../../firmware/agent/agent.ts";
import {
  isRejection,
  pauseAfter,
} from "../../../../../firmware/agent/registration/registration-control.ts";
import type { Response } from "../../../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import { MAX_AGE, uintOption } from "../../../../../protocol/coap/options.ts";
import {
  AgentPair,
  byAddress,
  type PairOptions,
  type ScriptedServer,
} from "../../../../support/agent-pair.ts";
import { DAY, HOUR, MINUTE, NEVER, SECOND } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";

const reply = (code: number, options: Response["options"] = []): Response => ({
  code,
  options,
  payload: new Uint8Array(0),
});
const always = (code: number) => () => reply(code);
const UNAVAILABLE = always(codes.INTERNAL_SERVER_ERROR);

/** When the device sent each of its requests, in seconds. */
function times(server: ScriptedServer): number[] {
  return server.ladder
    .filter((line) => line.includes("-> CON POST"))
    .map((line) => Number.parseInt(line, 10) / SECOND);
}

function given(account: Partial<AgentServerAccount>, options: PairOptions = {}): AgentPair {
  return new AgentPair({ version: "1.2" }, { accounts: [account], ...options }).started();
}

/** An agent with a bootstrap server, which only notes when it is asked. */
class BootstrappingAgent extends Agent {
  readonly asked: number[] = [];

  override canBootstrap(): boolean {
    return true;
  }

  override needBootstrap(now: number): boolean {
    this.asked.push(now / SECOND);
    return true;
  }
}

function bootstrapping(options: PairOptions, configuration: Partial<AgentConfiguration> = {}) {
  let made: BootstrappingAgent | undefined;
  const make = (all: AgentConfiguration) => (made = new BootstrappingAgent(all));
  const pair = new AgentPair({ version: "1.2", ...configuration }, { ...options, make }).started();
  return { pair, agent: made as unknown as BootstrappingAgent };
}

describe("retries of Register", () => {
  test("LwM2M Core 1.2.2 §6.2.1.1: five attempts, the pauses 60 s doubled, and after a day again", () => {
    proves("device", "retry-sequences");
    const pair = given({}, { answer: UNAVAILABLE });
    pair.wait(2 * DAY);
    const sequence = [0, 60, 180, 420, 900];
    expect(times(pair.server)).toEqual([...sequence, ...sequence.map((at) => at + 900 + 86400)]);
  });

  test("LwM2M Core 1.2.2 §E.2: /1/x/17 attempts, /1/x/18 seconds, /1/x/20 sequences, /1/x/19 between them", () => {
    proves("device", "retry-sequences");
    const account = { retryCount: 3, retryTimer: 5, sequenceDelay: 100, sequenceRetryCount: 2 };
    const pair = given(account, { answer: UNAVAILABLE });
    pair.wait(250 * SECOND);
    expect(times(pair.server)).toEqual([0, 5, 15, 115, 120, 130, 230, 235, 245]);
    const gaveUp = pair.events.filter(({ kind }) => kind === "gave-up");
    expect(gaveUp).toMatchObject([
      { code: codes.INTERNAL_SERVER_ERROR, retryIn: 100 * SECOND, link: pair.server.link },
    ]);
  });

  test("LwM2M Core 1.2.2 §E.2: MAX_VALUE in /1/x/19 means no other sequence", () => {
    const account = { retryCount: 2, sequenceDelay: 4294967295, sequenceRetryCount: 9 };
    const pair = given(account, { answer: UNAVAILABLE });
    pair.wait(400 * DAY);
    expect(times(pair.server)).toEqual([0, 60]);
    expect(pair.eventLines()).toEqual(["registration-failed", "registration-failed", "gave-up"]);
    expect(pair.agent.deadline()).toBe(NEVER);
  });

  test("with giveUp the failure is the end, until the application says retry", () => {
    let isUp = false;
    const answer = () => (isUp ? undefined : reply(codes.INTERNAL_SERVER_ERROR));
    const pair = new AgentPair({ giveUp: true }, { answer }).started();
    pair.wait(400 * DAY);
    expect(times(pair.server)).toEqual([0, 60, 180, 420, 900]);
    isUp = true;
    pair.agent.retry(pair.now);
    pair.wait(0);
    expect(pair.server.link.isRegistered()).toBe(true);
  });

  test("retry counts anew, and disturbs neither what is registered nor what is under way", () => {
    const pair = given({ retryCount: 2, retryTimer: 10 }, { answer: UNAVAILABLE });
    pair.wait(5 * SECOND);
    pair.agent.retry(pair.now);
    pair.wait(30 * SECOND);
    expect(times(pair.server)).toEqual([0, 5, 15]);
    const fine = given({}, { latency: 10 });
    fine.agent.retry(fine.now);
    fine.wait(SECOND);
    expect(times(fine.server)).toEqual([0]);
  });

  test("an attempt is a Register with all its retransmissions: 93 s at most, then the pause", () => {
    const alone = new AgentPair({}, { accounts: [{ retryCount: 3, retryTimer: 10 }] });
    alone.server.isConnected = false;
    alone.started().wait(10 * MINUTE);
    const failed = alone.events.filter(({ kind }) => kind === "registration-failed");
    expect(failed).toHaveLength(3);
    expect(failed.map((event) => "retryIn" in event && event.retryIn)).toEqual([
      10 * SECOND,
      20 * SECOND,
      DAY,
    ]);
  });

  test("a timer of 0 pauses for a second, a count of 0 is one attempt, and no pause is without end", () => {
    const pair = given({ retryCount: 0, retryTimer: 0, sequenceDelay: 0 }, { answer: UNAVAILABLE });
    pair.wait(3 * SECOND);
    expect(times(pair.server)).toEqual([0, 1, 2, 3]);
    expect(pauseAfter(1, 0)).toBe(SECOND);
    expect(pauseAfter(4, 60 * SECOND)).toBe(480 * SECOND);
    expect(pauseAfter(4294967295, 4294967295 * SECOND)).toBe(4294967295 * SECOND);
  });

  test.each([
    codes.SERVICE_UNAVAILABLE,
    codes.TOO_MANY_REQUESTS,
  ])("RFC 7252 §5.9.3.4: Max-Age of %i lengthens the pause and never shortens it", (code) => {
    const answer = (_: unknown, nth: number) =>
      nth < 2 ? reply(code, [uintOption(MAX_AGE, nth === 0 ? 600 : 3)]) : undefined;
    const pair = given({}, { answer });
    pair.wait(HOUR);
    expect(times(pair.server)).toEqual([0, 600, 720]);
  });

  test("what is written to the account holds from the next failure on", () => {
    const pair = given({ retryTimer: 10 }, { answer: UNAVAILABLE });
    pair.agent.servers.set(0, 18, 100);
    pair.wait(300 * SECOND);
    expect(times(pair.server)).toEqual([0, 10, 210]);
  });

  test("which answers reject: all of 4.xx but 4.29", () => {
    const rejecting = [0x80, 0x81, 0x83, 0x84, 0x89, 0x8c];
    expect(rejecting.every(isRejection)).toBe(true);
    expect([0, 0x41, 0x44, 0x9d, 0xa0, 0xa3].some(isRejection)).toBe(false);
  });
});

describe("Updates that fail", () => {
  test("LwM2M Core 1.2.2 §6.2.1.1: they are repeated by the pauses of /1/x/18, the last of which is repeated too", () => {
    const answer = (_: unknown, nth: number) => (nth > 0 && nth < 7 ? UNAVAILABLE() : undefined);
    const pair = given({ retryCount: 3, retryTimer: 5, lifetime: 600 }, { answer });
    pair.server.execute("/1/0/8");
    pair.wait(100 * SECOND);
    expect(times(pair.server)).toEqual([0, 0, 5, 15, 35, 55, 75, 95]);
    expect(new Set(pair.server.registrations.slice(1))).toEqual(new Set(["POST /rd/0"]));
    expect(pair.eventLines().slice(-1)).toEqual(["updated"]);
  });

  test("once the lifetime is over the server is registered with again", () => {
    const answer = (_: unknown, nth: number) => (nth > 0 ? UNAVAILABLE() : undefined);
    const pair = given({ retryCount: 3, retryTimer: 30, lifetime: 100 }, { answer });
    pair.wait(101 * SECOND);
    expect(times(pair.server)).toEqual([0, 50, 80, 100]);
    expect(pair.server.registrations.slice(-1)[0]).toContain("POST /rd?ep=dev");
  });

  test("where bootstrap could help, /1/x/17 Updates without success bring a Register before", () => {
    const { agent, pair } = bootstrapping({
      answer: (_, nth) => (nth > 0 ? UNAVAILABLE() : undefined),
      accounts: [{ retryCount: 3, retryTimer: 5, lifetime: 600 }],
    });
    pair.server.execute("/1/0/8");
    pair.wait(60 * SECOND);
    expect(times(pair.server)).toEqual([0, 0, 5, 15, 35, 40, 50]);
    const asked = pair.server.registrations.map((line) => line.split("?")[0]);
    expect(asked.slice(1, 5)).toEqual(["POST /rd/0", "POST /rd/0", "POST /rd/0", "POST /rd"]);
    expect(agent.asked).toEqual([50]);
  });

  test.each([
    codes.NOT_FOUND,
    codes.BAD_REQUEST,
    codes.FORBIDDEN,
  ])("LwM2M Core 1.2.2 §6.2.2: Update refused with %i: a full Register, at once", (code) => {
    const answer = (_: unknown, nth: number) => (nth === 1 ? reply(code) : undefined);
    const pair = given({}, { answer });
    pair.wait(10 * SECOND);
    pair.server.execute("/1/0/8");
    expect(pair.server.registrations.slice(2)[0]).toMatch(/^POST \/rd\?ep=dev.*\(<\/>;rt=/);
    expect(times(pair.server).slice(-1)).toEqual([10]);
    expect(pair.server.link.isRegistered()).toBe(true);
  });
});

describe("bootstrap on failure", () => {
  test("LwM2M Core 1.2.2 §E.2: /1/x/16 absent asks the bootstrap server once all sequences have failed", () => {
    proves("device", "bootstrap-on-failure");
    const { agent, pair } = bootstrapping({
      answer: UNAVAILABLE,
      accounts: [{ retryCount: 2, retryTimer: 5, sequenceDelay: 50, sequenceRetryCount: 2 }],
    });
    pair.wait(59 * SECOND);
    expect(agent.asked).toEqual([]);
    pair.wait(2 * SECOND);
    expect(agent.asked).toEqual([60]);
    expect(pair.eventLines()).not.toContain("gave-up");
  });

  test("LwM2M Core 1.2.2 §E.2: an explicit rejection asks at once", () => {
    const { agent } = bootstrapping({ answer: always(codes.FORBIDDEN) });
    expect(agent.asked).toEqual([0]);
  });

  test("LwM2M Core 1.2.2 §E.2: with /1/x/16 false it goes on by the other settings and asks nobody", () => {
    const { agent, pair } = bootstrapping({
      answer: always(codes.FORBIDDEN),
      accounts: [{ bootstrapOnFailure: false, retryCount: 2 }],
    });
    pair.wait(DAY + HOUR);
    expect(agent.asked).toEqual([]);
    expect(times(pair.server)).toEqual([0, 60, 86460, 86520]);
  });

  test("bootstraps that do not help are spaced by a minute, two, four, ... up to a day", () => {
    const { agent, pair } = bootstrapping({
      answer: always(codes.FORBIDDEN),
      accounts: [{ retryTimer: 1, retryCount: 100 }],
    });
    pair.wait(10 * MINUTE);
    expect(agent.asked.length).toBeGreaterThan(2);
    const gaps = agent.asked.slice(1).map((at, i) => at - agent.asked[i]);
    gaps.forEach((gap, i) => expect(gap).toBeGreaterThanOrEqual(60 * 2 ** i));
  });

  test("as long as another server is registered with, nobody is asked", () => {
    const { agent, pair } = bootstrapping({
      servers: 2,
      answers: byAddress([undefined, always(codes.FORBIDDEN)]),
    });
    pair.wait(HOUR);
    expect(agent.asked).toEqual([]);
  });

  test("LwM2M Core 1.2.2 §E.2: /1/x/9 without a bootstrap server to ask is answered with 4.05", () => {
    const pair = given({});
    pair.agent.servers.set(0, 9, true);
    expect(pair.server.execute("/1/0/9").code).toBe("4.05");
  });
});
