import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  CoapEndpoint,
  REQUEST_RECEIVED,
  type Request,
} from "../../../protocol/coap/coap-endpoint.ts";
import {
  CHANGED,
  CONTENT,
  DELETE,
  DELETED,
  FORBIDDEN,
  GET,
  NOT_FOUND,
  POST,
} from "../../../protocol/coap/codes.ts";
import { OBSERVE, URI_PATH, uintOption } from "../../../protocol/coap/options.ts";
import { pathOptions } from "../../../protocol/coap/uri.ts";
import { HOUR, NEVER, SECOND } from "../../../protocol/time/duration.ts";
import { Fleet, type FleetOptions, hours, minutes } from "../../../simulator/fleet.ts";
import { coapSettings } from "../../../simulator/fleet-engine.ts";
import { PROFILES } from "../../../simulator/profiles/catalogue.ts";
import { METER } from "../../../simulator/profiles/meter.ts";
import { SENSOR } from "../../../simulator/profiles/sensor.ts";
import { SLEEPER } from "../../../simulator/profiles/sleeper.ts";
import { SeededRandom } from "../../../simulator/random.ts";
import type { Outcome, Registrar, Server } from "../../../simulator/registrar.ts";

import { proves } from "../../support/proves.ts";

const NO_BYTES = new Uint8Array(0);
/** What a bad day on a cellular network looks like. */
const ROUGH = { latency: 80, jitter: 200, loss: 0.15, duplication: 0.1, reordering: 0.1 };

function read(path: string): Request {
  return { code: GET, options: pathOptions(URI_PATH, path), payload: NO_BYTES };
}

function observe(path: string): Request {
  const options = [uintOption(OBSERVE, 0), ...pathOptions(URI_PATH, path)];
  return { code: GET, options, payload: NO_BYTES };
}

function execute(path: string, argument: number): Request {
  const payload = new TextEncoder().encode(`0='${argument}'`);
  return { code: POST, options: pathOptions(URI_PATH, path), payload };
}

function registrarOf(fleet: Fleet): Registrar {
  return fleet.server as Registrar;
}

function outcomesOf(fleet: Fleet): Outcome[] {
  const outcomes: Outcome[] = [];
  const registrar = registrarOf(fleet);
  for (let next = registrar.pollOutcome(); next; next = registrar.pollOutcome()) {
    outcomes.push(next);
  }
  return outcomes;
}

function registeredCount(fleet: Fleet, size: number): number {
  let count = 0;
  for (let index = 0; index < size; index++) {
    if (registrarOf(fleet).isRegistered(fleet.time.now, fleet.nameOf(index))) count++;
  }
  return count;
}

/** A digest of every datagram of a run: when, from where, to where, what became of it, and its bytes. */
function transcriptOf(options: FleetOptions): string {
  const digest = createHash("sha256");
  const fleet = new Fleet(options);
  fleet.network.witness = (now, fate, from, to, datagram) => {
    digest.update(`${now} ${fate} ${from} ${to} `);
    digest.update(datagram);
  };
  fleet.run({ for: minutes(30) }).leave();
  return digest.digest("hex");
}

/** A server that never says a word. */
const SILENT: Server = {
  handleDatagram: () => undefined,
  handleTimeout: () => undefined,
  deadline: () => NEVER,
  pollTransmit: () => undefined,
};

/** A server that refuses everything with 4.03. */
class Refusing implements Server {
  private readonly peers = new Map<string, CoapEndpoint>();
  private readonly outbox: { peer: string; datagram: Uint8Array }[] = [];

  handleDatagram(now: number, peer: string, datagram: Uint8Array): void {
    let endpoint = this.peers.get(peer);
    if (endpoint === undefined) {
      endpoint = new CoapEndpoint(coapSettings(new SeededRandom(9)));
      this.peers.set(peer, endpoint);
    }
    endpoint.handleDatagram(now, datagram);
    for (let event = endpoint.pollEvent(); event; event = endpoint.pollEvent()) {
      if (event.kind !== REQUEST_RECEIVED) continue;
      endpoint.respond(now, event.request, { code: FORBIDDEN, options: [], payload: NO_BYTES });
    }
    for (let next = endpoint.pollTransmit(); next; next = endpoint.pollTransmit()) {
      this.outbox.push({ peer, datagram: next });
    }
  }

  handleTimeout(): void {}

  deadline(): number {
    return NEVER;
  }

  pollTransmit() {
    return this.outbox.shift();
  }
}

describe("a fleet in virtual time", () => {
  test("a seed replays a run bit for bit, faults included; another seed does not", () => {
    const options = { size: 40, profile: SENSOR, seed: 7, network: ROUGH };
    const transcript = transcriptOf(options);
    expect(transcriptOf(options)).toBe(transcript);
    expect(transcriptOf({ ...options, seed: 8 })).not.toBe(transcript);
  });

  test("on a good network a day passes with every Update in time and nothing lost", () => {
    const size = 200;
    const fleet = new Fleet({ size, profile: METER, seed: 1, network: { latency: 50 } });
    fleet.run({ for: hours(24) });
    expect(registeredCount(fleet, size)).toBe(size);
    const report = fleet.leave().report();
    expect(registrarOf(fleet).expired).toBe(0);
    expect(report).toMatchObject({ count: size, registered: size, deregistered: size, lost: 0 });
    expect(report.errors).toEqual({});
    expect(report.latencyMs.p50).toBeCloseTo(100, -1);
    expect(report.latencyMs.max).toBe(100);
    expect(registrarOf(fleet).entries.size).toBe(0);
  });

  test("on a bad network every endpoint ends registered once it heals", () => {
    const size = 150;
    const fleet = new Fleet({ size, profile: SENSOR, seed: 3, network: ROUGH });
    fleet.run({ for: hours(12) });
    fleet.setNetwork({ latency: 80 });
    fleet.run({ for: hours(1) });
    expect(registeredCount(fleet, size)).toBe(size);
    const { counts } = fleet.tally;
    expect(counts.registered).toBe(size);
    expect(counts.updates).toBeGreaterThan(size * 200);
    // Both directions lose 15 %, so 28 % of tries fail: (0.2775)^5 of about 43,000 exchanges, 70 or so.
    expect(counts.unanswered).toBeGreaterThan(20);
    expect(counts.unanswered).toBeLessThan(160);
  });

  test("a blackout of ten minutes: all come back, no Update is lost twice", () => {
    const size = 100;
    const fleet = new Fleet({ size, profile: SENSOR, seed: 5, network: { latency: 20 } });
    fleet.run({ for: minutes(20) });
    fleet.setNetwork({ loss: 1 });
    fleet.run({ for: minutes(10) });
    expect(registeredCount(fleet, size)).toBe(0);
    fleet.setNetwork({ latency: 20 });
    fleet.run({ for: hours(3) });
    expect(registeredCount(fleet, size)).toBe(size);
    expect(fleet.leave().report().deregistered).toBe(size);
  });

  test("a server that forgot its registrations gets them back: 4.04, then Register", () => {
    const size = 50;
    const fleet = new Fleet({ size, profile: SENSOR });
    fleet.run({ for: minutes(5) });
    registrarOf(fleet).forgetAll();
    fleet.run({ for: minutes(3) });
    expect(registeredCount(fleet, size)).toBe(size);
    expect(fleet.report().errors).toEqual({ "4.04": size });
    expect(fleet.tally.counts.registrations).toBe(2 * size);
    expect(fleet.tally.counts.registered).toBe(size);
  });

  test("no Execute runs twice, however often its datagrams are repeated", () => {
    const size = 60;
    const fleet = new Fleet({ size, profile: SENSOR, seed: 11 });
    /** How often each Execute ran, by endpoint name and argument. */
    const runs = new Map<string, number>();
    for (let index = 0; index < size; index++) {
      const device = fleet.deviceAt(index).agent.object(3);
      if (device === undefined) throw new Error("a device without object 3");
      device.onExecute = (_object, _instanceId, _resourceId, text) => {
        const key = `${fleet.nameOf(index)} ${text}`;
        runs.set(key, (runs.get(key) ?? 0) + 1);
        return undefined;
      };
    }
    fleet.run({ for: minutes(1) });
    fleet.setNetwork({ ...ROUGH, loss: 0.3, duplication: 0.4 });
    const keys = new Map<string, string>();
    for (let round = 0; round < 20; round++) {
      for (let index = 0; index < size; index++) {
        const name = fleet.nameOf(index);
        const id = registrarOf(fleet).request(fleet.time.now, name, execute("/3/0/4", round));
        keys.set(`${name} ${id}`, `${name} 0='${round}'`);
      }
      fleet.run({ for: minutes(2) });
    }
    const outcomes = outcomesOf(fleet);
    expect(outcomes.length).toBe(20 * size);
    expect(Math.max(...runs.values())).toBe(1);
    let good = 0;
    for (const { endpointName, id, response } of outcomes) {
      if (response === undefined) continue;
      expect(response.code).toBe(CHANGED);
      expect(runs.get(keys.get(`${endpointName} ${id}`) as string)).toBe(1);
      good++;
    }
    expect(good).toBeGreaterThan(15 * size);
  });

  test("devices are read and observed; every notification arrives and is counted", () => {
    const size = 30;
    const fleet = new Fleet({ size, profile: SENSOR, network: { latency: 30 } });
    fleet.run({ for: minutes(1) });
    for (let index = 0; index < size; index++) {
      const name = fleet.nameOf(index);
      expect(registrarOf(fleet).request(fleet.time.now, name, observe("/3303/0/5700"))).not.toBe(0);
      expect(registrarOf(fleet).request(fleet.time.now, name, read("/3/0/0"))).not.toBe(0);
    }
    fleet.run({ for: hours(1) });
    fleet.run({ for: SECOND });
    const outcomes = outcomesOf(fleet);
    const texts = new Set<string>();
    let notifications = 0;
    for (const { response, observing } of outcomes) {
      expect(response?.code).toBe(CONTENT);
      if (observing) notifications++;
      else texts.add(new TextDecoder().decode(response?.payload));
    }
    expect([...texts]).toEqual(["Dormouse"]);
    expect(fleet.tally.counts.requestsAnswered).toBe(2 * size);
    // The first of each observation is a response.
    expect(fleet.tally.counts.notifications).toBeGreaterThan(size * 100);
    expect(Math.abs(fleet.tally.counts.notifications - (notifications - size))).toBeLessThan(size);
  });

  test("a server may delete what changes by itself; the rest goes on changing", () => {
    const fleet = new Fleet({ size: 1, profile: SENSOR });
    const name = fleet.nameOf(0);
    fleet.run({ for: minutes(1) });
    const ask = (request: Request) => {
      expect(registrarOf(fleet).request(fleet.time.now, name, request)).not.toBe(0);
      fleet.run({ for: SECOND });
      return outcomesOf(fleet).map(({ response }) => response?.code);
    };
    expect(ask(observe("/3304/0/5700"))).toEqual([CONTENT]);
    const options = pathOptions(URI_PATH, "/3303/0");
    expect(ask({ code: DELETE, options, payload: NO_BYTES })).toEqual([DELETED]);
    fleet.run({ for: minutes(10) });
    const notified = outcomesOf(fleet);
    expect(notified.length).toBeGreaterThan(30);
    expect(ask(read("/3303/0/5700"))).toContain(NOT_FOUND);
  });

  test("LwM2M Transport 1.2.2 §6.5: a fleet in queue mode tells what a device's battery feels, per day", () => {
    proves("device", "energy-account");
    const fleet = new Fleet({ size: 20, profile: SLEEPER, rate: 0 });
    fleet.run({ for: hours(24) });
    const { updates, energy } = fleet.report();
    const perDevice = updates / 20;
    // Each Update is a wake-up, and 93 seconds of radio.
    expect(energy?.wakeUpsPerDay).toBeGreaterThanOrEqual(Math.floor(perDevice));
    expect(energy?.wakeUpsPerDay).toBeLessThanOrEqual(perDevice + 2);
    expect(energy?.radioOnSecondsPerDay).toBeGreaterThan(perDevice * 93 - 1);
    expect(energy?.radioOnSecondsPerDay).toBeLessThan((perDevice + 2) * 94);
    expect(new Fleet({ size: 1, profile: SENSOR }).run({ for: 1000 }).report().energy).toBe(
      undefined,
    );
  });

  test("a sleeping device is deaf, and answers when it has woken", () => {
    const fleet = new Fleet({ size: 1, profile: SLEEPER, network: { latency: 10 } });
    const name = fleet.nameOf(0);
    fleet.run({ for: 92 * SECOND });
    expect(fleet.deviceAt(0).link.isAwake()).toBe(true);
    fleet.run({ for: 10 * SECOND });
    expect(fleet.deviceAt(0).link.isAwake()).toBe(false);
    registrarOf(fleet).request(fleet.time.now, name, read("/3/0/9"));
    fleet.run({ for: 100 * SECOND });
    expect(outcomesOf(fleet)).toMatchObject([{ failure: "timed-out" }]);
    expect(fleet.tally.counts.missedAsleep).toBe(5);
    // 600 s of lifetime less 247 s.
    fleet.run({ for: 155 * SECOND });
    expect(fleet.deviceAt(0).link.isAwake()).toBe(true);
    registrarOf(fleet).request(fleet.time.now, name, read("/3/0/9"));
    fleet.run({ for: SECOND });
    expect(outcomesOf(fleet)).toMatchObject([{ response: { code: CONTENT } }]);
  });
});

describe("coming and going", () => {
  test("devices register at the rate, one in each slot", () => {
    const fleet = new Fleet({ size: 500, profile: SENSOR, rate: 100 });
    for (let second = 1; second <= 5; second++) {
      fleet.run({ for: SECOND });
      expect(fleet.tally.counts.registered).toBe(100 * second);
    }
  });

  test("no more of them register at a time than the window is wide", () => {
    const names = new Set<string>();
    const fleet = new Fleet({ size: 300, profile: SENSOR, rate: 0, window: 20, server: SILENT });
    fleet.network.witness = (_now, _fate, from) => names.add(from);
    fleet.run({ for: 60 * SECOND });
    expect(names.size).toBe(20);
    // Given up at 62 to 93 s, each makes room for another.
    fleet.run({ for: 34 * SECOND });
    expect(names.size).toBe(40);
  });

  test("a server that answers nothing: each device is lost once, and leaving ends", () => {
    const fleet = new Fleet({ size: 10, profile: SENSOR, server: SILENT });
    fleet.run({ for: minutes(2) });
    expect(fleet.tally.counts.unanswered).toBe(10);
    const report = fleet.leave().report();
    expect(report).toMatchObject({ registered: 0, deregistered: 0, errors: {} });
    // Some had begun their second try, 60 s after the first.
    expect(report.lost).toBeLessThanOrEqual(20);
  });

  test("a server that refuses everything: all are lost, with the code to show why", () => {
    const fleet = new Fleet({ size: 10, profile: SENSOR, server: new Refusing() });
    const report = fleet
      .run({ for: 30 * SECOND })
      .leave()
      .report();
    expect(report).toMatchObject({ registered: 0, lost: 10, errors: { "4.03": 10 } });
    expect(fleet.tally.counts).toMatchObject({ unanswered: 0, neverRegistered: 10 });
  });

  test("leaving while some still register: who has got in de-registers, nobody is lost", () => {
    const fleet = new Fleet({ size: 1000, profile: SENSOR, rate: 100, network: { latency: 300 } });
    const report = fleet
      .run({ for: 5 * SECOND })
      .leave()
      .report();
    expect(report.registered).toBeGreaterThan(400);
    expect(report.registered).toBeLessThan(520);
    expect(report).toMatchObject({ deregistered: report.registered, lost: 0 });
  });

  test("a server that dies while they leave: every endpoint that held a registration is lost", () => {
    const fleet = new Fleet({ size: 30, profile: SENSOR });
    fleet.run({ for: minutes(1) });
    fleet.setNetwork({ loss: 1 });
    expect(fleet.leave().report()).toMatchObject({ registered: 30, deregistered: 0, lost: 30 });
  });

  test("under pressure the given number of Updates is under way at any time", () => {
    const fleet = new Fleet({
      size: 100,
      profile: METER,
      pressure: 10,
      network: { latency: 50 },
    });
    fleet.run({ for: 10 * SECOND });
    const before = fleet.tally.counts.updates;
    fleet.run({ for: 100 * SECOND });
    // Ten at a time, each a round trip of 100 ms.
    expect(fleet.tally.counts.updates - before).toBe(10 * 1000);
    expect(fleet.leave().report().lost).toBe(0);
  });

  test("a fleet of 5,000 keeps registered over two days", () => {
    const size = 5000;
    const fleet = new Fleet({ size, profile: METER, network: { latency: 40, jitter: 20 } });
    fleet.run({ for: hours(48) });
    expect(registeredCount(fleet, size)).toBe(size);
    expect(fleet.leave().report()).toMatchObject({ registered: size, deregistered: size, lost: 0 });
  }, 60_000);
});

describe.each(PROFILES)("profile $name", (profile) => {
  /** What a server reads at the paths that change, in the fleet's present: device by device. */
  function readings(fleet: Fleet, size: number): string[] {
    const asked = new Map<string, number>();
    for (let index = 0; index < size; index++) {
      const name = fleet.nameOf(index);
      profile.changes.forEach(({ path }) => {
        const id = registrarOf(fleet).request(fleet.time.now, name, read(path));
        asked.set(`${name} ${id}`, asked.size);
      });
    }
    fleet.run({ for: 5 * SECOND });
    const texts: string[] = new Array(asked.size);
    for (const { endpointName, id, response } of outcomesOf(fleet)) {
      expect(response?.code).toBe(CONTENT);
      const place = asked.get(`${endpointName} ${id}`) as number;
      texts[place] = new TextDecoder().decode(response?.payload);
    }
    return texts;
  }

  test("lives a day: registers, changes its values, de-registers", () => {
    const fleet = new Fleet({ size: 1, profile, network: { latency: 20 } });
    fleet.run({ for: 10 * SECOND });
    const morning = readings(fleet, 1);
    // Awake again, should it have slept: an Update is a lifetime less 247 s or half of it apart.
    fleet.run({ for: 24 * HOUR });
    for (let tries = 0; !fleet.deviceAt(0).link.isAwake() && tries < 1000; tries++) {
      fleet.run({ for: 10 * SECOND });
    }
    const evening = readings(fleet, 1);
    profile.changes.forEach(({ path }, i) => {
      expect(Number(evening[i]), path).not.toBeNaN();
      if (profile.changes[i].behaviour.kind !== "step") expect(evening[i]).not.toBe(morning[i]);
    });
    expect(fleet.leave().report()).toMatchObject({ registered: 1, deregistered: 1, lost: 0 });
  });

  test("members differ, and each shows the same in every run, asked before or not", () => {
    const run = () => new Fleet({ size: 3, profile, seed: 21, network: { latency: 20 } });
    const once = run().run({ for: 60 * SECOND });
    const often = run();
    for (let i = 0; i < 10; i++) {
      often.run({ for: 1 * SECOND });
      readings(often, 3);
    }
    const first = readings(once, 3);
    expect(readings(often, 3)).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(profile.changes.length);
  });
});
