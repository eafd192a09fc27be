import { beforeEach, describe, expect, test } from "vitest";
import type { AgentConfiguration } from "../../../firmware/agent/agent.ts";
import { Agent } from "../../../firmware/agent/agent.ts";
import {
  forget,
  type KeptBoard,
  REGISTRATIONS_RECORD,
  type Restored,
  restore,
  runKept,
} from "../../../firmware/kept-loop.ts";
import type { Loop } from "../../../firmware/loop.ts";
import { LwM2mObject } from "../../../firmware/objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../../firmware/objects/sensor.ts";
import type { Store } from "../../../firmware/ports.ts";
import type { IncomingRequest, Response } from "../../../protocol/coap/coap-endpoint.ts";
import {
  CoapEndpoint,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../protocol/coap/codes.ts";
import {
  LOCATION_PATH,
  OBSERVE,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { pathOf, pathOptions, queryOptions } from "../../../protocol/coap/uri.ts";
import { SENSOR_VALUE } from "../../../protocol/model/objects/ipso-resources.ts";
import { LOCATION } from "../../../protocol/model/objects/location.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";
import { coapSettings, countingRandom } from "../../support/coap-pair.ts";
import { HOUR, MINUTE, SECOND } from "../../support/durations.ts";
import { proves } from "../../support/proves.ts";

const NOTHING = new Uint8Array(0);
const METHODS = ["", "GET", "POST", "PUT", "DELETE"];

class MemoryStore implements Store {
  readonly records = new Map<string, Uint8Array>();
  writes = 0;

  read(name: string): Uint8Array | undefined {
    return this.records.get(name);
  }

  write(name: string, bytes: Uint8Array): boolean {
    this.writes++;
    this.records.set(name, new Uint8Array(bytes));
    return true;
  }

  remove(name: string): void {
    this.records.delete(name);
  }
}

/** A device that is switched off and on, its store, and the one server that it knows. */
class Bench {
  now = 0;
  /** What the monotonic clock began at in this boot. */
  bootedAt = 0;
  /** The time of day is lost when the power is. */
  losesTime = false;
  canSleepDeeply = false;
  /** Until when the board is off by its own wish. */
  offUntil = Infinity;
  readonly store = new MemoryStore();
  readonly server = new CoapEndpoint(coapSettings({ random: countingRandom(0x100) }));
  /** `POST /rd?ep=dev&lt=3600 with a list`. */
  readonly asked: string[] = [];
  readonly told: string[] = [];
  restored: Restored | undefined;
  temperature = sensorObject(TEMPERATURE);
  configuration: Partial<AgentConfiguration> = {};
  private loop: Loop | undefined;
  private alarmAt = Infinity;
  private ring: () => void = () => {};
  private receive: (datagram: Uint8Array) => void = () => {};
  private seed = 1;
  private readonly inFlight: Uint8Array[] = [];

  boot(): void {
    this.bootedAt = this.now;
    this.temperature = sensorObject(TEMPERATURE);
    addSensor(this.temperature, 0, 20, "Cel");
    const agent = new Agent({
      endpointName: "dev",
      lifetime: 3600,
      objects: [this.temperature],
      settings: coapSettings({ random: countingRandom(0x1000 * this.seed++) }),
      ...this.configuration,
    });
    agent.addServer({ shortServerId: 1, uri: "coap://server.test" });
    const board = this.board();
    this.restored = restore(agent, board);
    this.loop = runKept(agent, board, () => {});
    this.deliver();
  }

  /** Without warning. */
  cutPower(): void {
    this.loop?.close();
    this.alarmAt = Infinity;
    this.receive = () => {};
  }

  wait(period: number): void {
    const until = this.now + period;
    this.deliver();
    for (;;) {
      const at = Math.min(this.alarmAt, this.offUntil);
      if (at > until) break;
      this.now = Math.max(this.now, at);
      if (this.offUntil <= this.now) {
        this.offUntil = Infinity;
        this.boot();
      } else this.ring();
      this.deliver();
    }
    this.now = until;
  }

  observe(path: string): void {
    const options = [uintOption(OBSERVE, 0), ...pathOptions(URI_PATH, path)];
    this.server.request(this.now, { code: codes.GET, options, payload: NOTHING });
    this.deliver();
  }

  attributes(path: string, ...queries: string[]): void {
    const options = [...pathOptions(URI_PATH, path), ...queryOptions(queries)];
    this.server.request(this.now, { code: codes.PUT, options, payload: NOTHING });
    this.deliver();
  }

  board(): KeptBoard {
    const clock = { now: () => this.now - this.bootedAt };
    return {
      clock,
      calendar: {
        seconds: () => (this.losesTime ? clock.now() / SECOND : 1_800_000_000 + this.now / SECOND),
        setSeconds: () => false,
      },
      alarm: {
        arm: (at, ring) => {
          this.alarmAt = at + this.bootedAt;
          this.ring = ring;
        },
      },
      random: countingRandom(this.seed),
      power: {
        setRadio: () => {},
        reboot: () => {},
        factoryReset: () => {},
        ...(this.canSleepDeeply && { deepSleep: (period: number) => this.sleep(period) }),
      },
      store: this.store,
      datagrams: {
        open: (_host, _port, receive) => {
          this.receive = receive;
          return { send: (datagram) => void this.inFlight.push(datagram), close: () => {} };
        },
      },
    };
  }

  private sleep(period: number): void {
    this.cutPower();
    this.offUntil = this.now + period;
  }

  private deliver(): void {
    for (let turns = 0; turns < 100; turns++) {
      for (const datagram of this.inFlight.splice(0)) {
        this.server.handleDatagram(this.now, datagram);
      }
      for (let event = this.server.pollEvent(); event; event = this.server.pollEvent()) {
        if (event.kind === REQUEST_RECEIVED) {
          this.server.respond(this.now, event.request, this.answer(event.request));
        } else if (event.kind === RESPONSE_RECEIVED) {
          this.told.push(new TextDecoder().decode(event.response.payload));
        }
      }
      const out: Uint8Array[] = [];
      for (let sent = this.server.pollTransmit(); sent; sent = this.server.pollTransmit()) {
        out.push(sent);
      }
      for (const datagram of out) this.receive(datagram);
      if (out.length === 0 && this.inFlight.length === 0) return;
      if (this.alarmAt <= this.now) this.ring();
    }
  }

  private answer({ code, options, payload }: IncomingRequest): Response {
    const query = textsOf(options, URI_QUERY).join("&");
    const path = pathOf(options, URI_PATH);
    const list = payload.length > 0 ? " with a list" : "";
    this.asked.push(`${METHODS[code]} ${path}${query === "" ? "" : `?${query}`}${list}`);
    if (path === "/rd") {
      return {
        code: codes.CREATED,
        options: pathOptions(LOCATION_PATH, "/rd/17"),
        payload: NOTHING,
      };
    }
    return { code: codes.CHANGED, options: [], payload: NOTHING };
  }
}

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

describe("LwM2M Core 1.2.2 §6.2.1: a device that is switched off and on", () => {
  test("goes on with its registration by an Update, from where it is now", () => {
    proves("device", "kept-over-reboot");
    bench.boot();
    bench.wait(10 * MINUTE);
    bench.cutPower();
    bench.wait(5 * MINUTE);
    bench.boot();
    expect(bench.restored).toEqual({ hasAccounts: true, registrations: 1 });
    expect(bench.asked).toEqual([
      "POST /rd?ep=dev&lt=3600&lwm2m=1.1&b=U with a list",
      "POST /rd/17",
    ]);
    bench.wait(HOUR);
    expect(bench.asked.slice(2).every((line) => line === "POST /rd/17")).toBe(true);
  });

  test("keeps its observers and their attributes (§6.4.1), and tells what has changed meanwhile", () => {
    proves("device", "kept-over-reboot");
    bench.boot();
    bench.attributes("/3303/0/5700", "pmin=10", "pmax=600");
    bench.observe("/3303/0/5700");
    const first = bench.told.length;
    bench.wait(30 * SECOND);
    bench.cutPower();
    bench.wait(60 * SECOND);
    bench.boot();
    bench.temperature.set(0, SENSOR_VALUE, 25);
    bench.wait(SECOND);
    expect(bench.told.slice(first)).toEqual(["25"]);
    bench.temperature.set(0, SENSOR_VALUE, 26);
    bench.wait(5 * SECOND);
    expect(bench.told.slice(first)).toEqual(["25"]);
    bench.wait(5 * SECOND);
    expect(bench.told.slice(first)).toEqual(["25", "26"]);
  });

  test("registers anew when the lifetime is over", () => {
    bench.boot();
    bench.wait(MINUTE);
    bench.cutPower();
    bench.wait(HOUR);
    bench.boot();
    expect(bench.restored?.registrations).toBe(0);
    expect(bench.asked.at(-1)).toMatch(/^POST \/rd\?ep=dev/);
  });

  test("registers anew when it does not know how long it was off", () => {
    bench.losesTime = true;
    bench.boot();
    bench.wait(10 * MINUTE);
    bench.cutPower();
    bench.wait(SECOND);
    bench.boot();
    expect(bench.restored?.registrations).toBe(0);
    expect(bench.asked.at(-1)).toMatch(/^POST \/rd\?ep=dev/);
  });

  test("says its list when that is another one, after a firmware update for example", () => {
    bench.boot();
    bench.wait(MINUTE);
    bench.cutPower();
    const location = new LwM2mObject(LOCATION);
    location.create(0, { 0: 1, 1: 2, 5: 3 });
    bench.configuration = { objects: [location] };
    bench.boot();
    expect(bench.asked.at(-1)).toBe("POST /rd/17 with a list");
  });

  test("registers anew when what was observed is gone", () => {
    bench.boot();
    bench.observe("/3303/0/5700");
    bench.wait(SECOND);
    bench.cutPower();
    bench.configuration = { objects: [] };
    bench.boot();
    bench.wait(SECOND);
    expect(bench.asked.at(-1)).toMatch(/^POST \/rd\?ep=dev/);
  });

  test("an account that a server has changed is as it was left", () => {
    bench.boot();
    const options = [...pathOptions(URI_PATH, "/1/0/1")];
    const payload = new TextEncoder().encode("900");
    bench.server.request(bench.now, { code: codes.PUT, options, payload });
    bench.wait(SECOND);
    expect(bench.asked.at(-1)).toBe("POST /rd/17?lt=900");
    bench.cutPower();
    bench.store.remove(REGISTRATIONS_RECORD);
    bench.boot();
    expect(bench.asked.at(-1)).toMatch(/lt=900/);
  });

  test("after a factory reset begins anew", () => {
    bench.boot();
    bench.wait(SECOND);
    bench.cutPower();
    forget(bench.board());
    bench.boot();
    expect(bench.restored).toEqual({ hasAccounts: false, registrations: 0 });
  });

  test("a record that is damaged in any byte, or cut, makes it register anew or go on, and never throw", () => {
    bench.boot();
    bench.observe("/3303/0/5700");
    bench.wait(SECOND);
    bench.cutPower();
    const whole = bench.store.read(REGISTRATIONS_RECORD) as Uint8Array;
    expect(whole.length).toBeGreaterThan(40);
    for (let at = 0; at < whole.length; at++) {
      const spoilt = new Uint8Array(whole);
      spoilt[at] ^= 0x55;
      for (const bytes of [spoilt, whole.subarray(0, at)]) {
        const { store } = bench;
        bench = new Bench();
        for (const [name, record] of store.records) bench.store.write(name, record);
        bench.store.write(REGISTRATIONS_RECORD, bytes);
        bench.now = MINUTE;
        bench.boot();
        expect(bench.asked).toHaveLength(1);
        bench.cutPower();
      }
    }
  });
});

describe("LwM2M Transport 1.2.2 §6.5: a board that can be off between its contacts", () => {
  test("sleeps deeply for as long as nothing is due, and wakes for an Update", () => {
    proves("device", "queue-wake", "kept-over-reboot");
    bench.canSleepDeeply = true;
    bench.configuration = { queueMode: true };
    bench.boot();
    bench.wait(94 * SECOND);
    expect(bench.offUntil).toBeLessThan(3600 * SECOND);
    expect(bench.offUntil).toBeGreaterThan(3000 * SECOND);
    bench.wait(10 * HOUR);
    expect(bench.asked[0]).toMatch(/^POST \/rd\?ep=dev/);
    expect(new Set(bench.asked.slice(1))).toEqual(new Set(["POST /rd/17"]));
    expect(bench.asked.length).toBeGreaterThan(10);
    expect(bench.asked.length).toBeLessThan(14);
  });

  test("waits as others do when something is due soon", () => {
    bench.canSleepDeeply = true;
    bench.configuration = { queueMode: true, awakeFor: 2 * SECOND };
    bench.boot();
    bench.attributes("/3303/0/5700", "pmax=8");
    bench.observe("/3303/0/5700");
    bench.wait(5 * SECOND);
    expect(bench.offUntil).toBe(Infinity);
  });

  test("flash is written when something worth it happens, not for each reading", () => {
    bench.boot();
    bench.observe("/3303/0/5700");
    const before = bench.store.writes;
    for (let i = 0; i < 50; i++) {
      bench.temperature.set(0, SENSOR_VALUE, i);
      bench.wait(SECOND);
    }
    expect(bench.store.writes).toBe(before);
  });
});
