/** The connector's core and real agents, joined by connections in virtual time that break (RFC 8323). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Connector } from "../../../../connector/connector.ts";
import type {
  ConnectorEvent,
  DownlinkRequest,
  Submission,
} from "../../../../connector/contract.ts";
import { streamAddress } from "../../../../connector/peer-address.ts";
import { type ConnectorSettings, defaultSettings } from "../../../../connector/settings.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";
import { Agent, type AgentConfiguration } from "../../../../firmware/agent/agent.ts";
import { run } from "../../../../firmware/loop.ts";
import { addSensor, sensorObject } from "../../../../firmware/objects/sensor.ts";
import { decodeUtf8, encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { GET, POST, PUT } from "../../../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../../../protocol/coap/message.ts";
import { URI_PATH } from "../../../../protocol/coap/options.ts";
import { encodeStreamMessage } from "../../../../protocol/coap/stream-framing.ts";
import { BASE_CAPABILITIES, csm } from "../../../../protocol/coap/stream-signals.ts";
import { pathOptions } from "../../../../protocol/coap/uri.ts";
import { SENSOR_VALUE } from "../../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../../protocol/model/objects/temperature.ts";
import { coapSettings } from "../../../support/coap-pair.ts";
import { MINUTE, SECOND } from "../../../support/durations.ts";
import { proves } from "../../../support/proves.ts";
import { StreamNetwork, type StreamServer } from "../../../support/stream-network.ts";
import { seededRandom } from "./rig.ts";

const VALUE = "/3303/0/5700";

class ConnectorServer implements StreamServer {
  connector: Connector;
  store = new MemoryStore();
  readonly settings: ConnectorSettings;
  readonly events: ConnectorEvent[] = [];

  constructor(change: (settings: ConnectorSettings) => ConnectorSettings = (settings) => settings) {
    this.settings = change(defaultSettings(seededRandom(1)));
    this.connector = new Connector(this.settings, this.store);
  }

  handleOpened(now: number, address: string): void {
    this.connector.handleOpened(now, address);
  }
  handleBytes(now: number, address: string, bytes: Uint8Array): void {
    this.connector.handleBytes(now, address, bytes);
  }
  handleClosed(now: number, address: string): void {
    this.connector.handleClosed(now, address);
  }
  handleTimeout(now: number): void {
    this.connector.handleTimeout(now);
  }
  deadline(): number {
    return this.connector.deadline();
  }
  pollTransmit() {
    return this.connector.pollTransmit();
  }
  settle(): void {
    for (let event = this.connector.pollEvent(); event; event = this.connector.pollEvent()) {
      this.events.push(event);
    }
    this.store.commitNow();
  }

  restart(now: number): void {
    this.store = this.store.afterKill();
    this.connector = new Connector(this.settings, this.store);
    this.connector.restore(now);
  }
}

class World {
  readonly server: ConnectorServer;
  readonly network: StreamNetwork;
  readonly sensor = sensorObject(TEMPERATURE);
  readonly agent: Agent;

  constructor(
    configuration: Partial<AgentConfiguration> = {},
    change?: (settings: ConnectorSettings) => ConnectorSettings,
  ) {
    this.server = new ConnectorServer(change);
    this.network = new StreamNetwork(this.server);
    addSensor(this.sensor, 0, 20, "Cel");
    this.agent = new Agent({
      endpointName: "dev",
      settings: coapSettings({ random: seededRandom(7), longestMessage: 8704 }),
      lifetime: 300,
      objects: [this.sensor],
      ...configuration,
    });
    this.agent.addServer({ shortServerId: 1, uri: "coap+tcp://connector.test" });
    run(this.agent, this.network.board(), () => {});
    this.network.drive(SECOND);
  }

  get now(): number {
    return this.network.now;
  }

  submit(request: Partial<DownlinkRequest> & { path: string }): Submission {
    return this.server.connector.submit(this.now, "dev", {
      method: GET,
      payload: NO_BYTES,
      confirmable: true,
      expiresIn: 10 * MINUTE,
      ...request,
    });
  }

  observe(path: string): Submission {
    return this.server.connector.observe(this.now, "dev", path);
  }

  outcome(submission: Submission): string | undefined {
    if ("refusal" in submission) return submission.refusal;
    const found = this.server.events.filter(
      (event) => event.kind === "response" && event.id === submission.id,
    );
    if (found.length > 1) throw new Error("two outcomes for one request");
    const [event] = found;
    if (event?.kind !== "response") return undefined;
    return `${event.status} ${event.error ?? decodeUtf8(event.payload)}`;
  }

  notes(): string[] {
    return this.server.events.flatMap((event) =>
      event.kind === "notification" ? [decodeUtf8(event.payload)] : [],
    );
  }

  kinds(): string[] {
    return this.server.events.splice(0).map(({ kind }) => kind);
  }
}

describe("LwM2M Transport 1.2.2 §6.8.2: devices over TCP", () => {
  test("one registers with binding T, is read, written and observed, and de-registers", () => {
    proves("connector", "tcp-binding", "register-bindings");
    const world = new World();
    const { network, sensor, server } = world;
    expect(server.connector.registration("dev")).toMatchObject({ binding: "T", lifetime: 300 });
    const read = world.submit({ path: VALUE });
    const write = world.submit({ method: PUT, path: "/1/0/1", payload: encodeUtf8("600") });
    const observed = world.observe(VALUE);
    network.wait(SECOND);
    sensor.set(0, SENSOR_VALUE, 21);
    network.wait(SECOND);
    expect([read, write, observed].map((each) => world.outcome(each))).toEqual([
      "200 20",
      "200 ",
      "200 20",
    ]);
    expect(world.notes()).toEqual(["21"]);
    expect(server.connector.registration("dev")?.lifetime).toBe(600);
    world.agent.stop(world.now);
    world.agent.wake();
    network.wait(SECOND);
    expect(server.connector.size).toBe(0);
    expect(server.connector.peerCount).toBe(0);
    expect(server.connector.counters).toMatchObject({ connections: 1, malformed: 0 });
  });

  test("RFC 8323 §5.3.1: what is longer than both take at once arrives whole", () => {
    const world = new World();
    const { network, sensor } = world;
    for (let id = 1; id < 900; id++) addSensor(sensor, id, id, "Cel");
    network.wait(SECOND);
    const read = world.submit({ path: "/3303" });
    network.wait(10 * SECOND);
    const found = world.server.events.find((event) => event.kind === "response");
    expect(world.outcome(read)).toMatch(/^200 /);
    expect(found?.kind === "response" && found.payload.length).toBeGreaterThan(16_384);
  });

  test("several requests of the queue go one after the other, over one connection", () => {
    const world = new World();
    const reads = Array.from({ length: 15 }, () => world.submit({ path: VALUE }));
    world.network.wait(SECOND);
    expect(reads.map((each) => world.outcome(each))).toEqual(reads.map(() => "200 20"));
    expect(world.network.opened).toHaveLength(1);
  });
});

describe("when a connection ends", () => {
  test("the registration stays, what is asked waits, and goes out over the next connection", () => {
    const world = new World();
    const { network, server } = world;
    network.listens = false;
    network.breakAll();
    const read = world.submit({ path: VALUE });
    network.wait(SECOND);
    expect(server.connector.size).toBe(1);
    expect(server.connector.isAwake(world.now, "dev")).toBe(false);
    expect(world.outcome(read)).toBeUndefined();
    network.listens = true;
    network.wait(2 * MINUTE);
    expect(world.outcome(read)).toBe("200 20");
    expect(server.connector.isAwake(world.now, "dev")).toBe(true);
  });

  test("RFC 8323 §7.4: what is observed is observed anew, without the application's doing", () => {
    proves("connector", "tcp-observations-end", "observations-follow");
    const world = new World();
    const { network, sensor } = world;
    world.observe(VALUE);
    network.wait(SECOND);
    network.breakAll();
    sensor.set(0, SENSOR_VALUE, 25);
    network.wait(MINUTE);
    sensor.set(0, SENSOR_VALUE, 26);
    network.wait(SECOND);
    expect(world.notes()).toEqual(["25", "26"]);
    expect(network.opened).toHaveLength(2);
  });

  test("a request under way is asked again if twice is like once, else it is unanswered", () => {
    const world = new World();
    const { network } = world;
    const read = world.submit({ path: VALUE });
    network.wait(5);
    network.breakAll();
    network.wait(MINUTE);
    expect(world.outcome(read)).toBe("200 20");
    const execute = world.submit({ method: POST, path: "/1/0/8" });
    network.wait(5);
    network.breakAll();
    network.wait(MINUTE);
    expect(world.outcome(execute)).toBe("504 The device did not answer");
  });

  test("a request that wants no outcome is refused while there is no connection", () => {
    const world = new World();
    world.network.listens = false;
    world.network.breakAll();
    const sent = world.submit({ path: VALUE, confirmable: false });
    expect(sent).toEqual({ refusal: "queue-mode" });
  });

  test("the registration ends with its lifetime when the device does not come back", () => {
    const world = new World();
    const { network, server } = world;
    network.listens = false;
    network.breakAll();
    const read = world.submit({ path: VALUE });
    network.wait(6 * MINUTE);
    expect(server.connector.size).toBe(0);
    expect(world.outcome(read)).toMatch(/^410 /);
    expect(world.kinds()).toContain("expiry");
  });

  test("a device that connects again has not moved: nobody is told of its port", () => {
    const world = new World();
    world.network.breakAll();
    world.network.wait(MINUTE);
    expect(world.kinds()).toEqual(["registration", "registration"]);
  });

  test("an Update over another connection is enough to be reached and observed over it", () => {
    const world = new World();
    const { network, server } = world;
    world.observe(VALUE);
    network.wait(SECOND);
    const { location } = server.connector.registration("dev") ?? { location: "" };
    network.listens = false;
    network.breakAll();
    // Another client, which does not know that it has to register.
    const address = streamAddress("192.0.2.7", 1000, "x");
    const update = {
      code: POST,
      token: Uint8Array.of(1),
      options: pathOptions(URI_PATH, location),
      payload: NO_BYTES,
    };
    server.connector.handleOpened(world.now, address);
    for (const message of [csm(BASE_CAPABILITIES), update]) {
      server.connector.handleBytes(world.now, address, encodeStreamMessage(message));
    }
    const codes: number[] = [];
    for (let sent = server.connector.pollTransmit(); sent; sent = server.connector.pollTransmit()) {
      if (sent.peer === address) codes.push(sent.datagram.find((byte) => byte > 0x40) ?? 0);
    }
    expect(codes).toHaveLength(3);
    expect(server.connector.registration("dev")?.peer).toBe(address);
  });

  test("after a restart of the connector a device is registered still, and asked once it is back", () => {
    const world = new World();
    const { network, server } = world;
    world.observe(VALUE);
    network.wait(SECOND);
    network.listens = false;
    network.breakAll();
    server.restart(world.now);
    const read = world.submit({ path: VALUE });
    network.listens = true;
    network.wait(2 * MINUTE);
    expect(world.outcome(read)).toBe("200 20");
    world.sensor.set(0, SENSOR_VALUE, 30);
    network.wait(SECOND);
    expect(world.notes().at(-1)).toBe("30");
  });
});

describe("LwM2M Transport 1.2.2 §6.5: queue mode over TCP", () => {
  const queued = { queueMode: true, awakeFor: 93 * SECOND };

  test("a device that sleeps is sent nothing over its connection before it speaks", () => {
    proves("connector", "tcp-queue");
    const world = new World(queued);
    const { network } = world;
    network.drive(2 * MINUTE);
    const read = world.submit({ path: VALUE });
    network.drive(149 * SECOND);
    expect(world.outcome(read)).toBeUndefined();
    network.drive(151 * SECOND);
    expect(world.outcome(read)).toBe("200 20");
    expect(network.opened).toHaveLength(1);
  });

  test("a connection that has died while it slept is made anew when it wakes", () => {
    const world = new World(queued);
    const { network } = world;
    network.drive(2 * MINUTE);
    network.breakAll();
    const read = world.submit({ path: VALUE });
    network.drive(155 * SECOND);
    expect(world.outcome(read)).toBe("200 20");
    expect(network.opened).toHaveLength(2);
  });
});

describe("RFC 8323 §11: bounds", () => {
  const opened = (server: ConnectorServer, i: number, now = 0) =>
    server.connector.handleOpened(now, streamAddress("192.0.2.9", 1000 + i, "x"));

  test("beyond `maxPeers` a connection is refused while those that there are have something to say", () => {
    proves("connector", "tcp-bounds");
    const server = new ConnectorServer((settings) => ({ ...settings, maxPeers: 2 }));
    expect([opened(server, 0), opened(server, 1)]).toEqual([true, true]);
    // Strangers that say nothing give way.
    expect(opened(server, 2)).toBe(true);
    expect(server.connector.peerCount).toBe(2);
  });

  test("a connection that says nothing, or is no device's, is closed after a minute", () => {
    const server = new ConnectorServer();
    opened(server, 0);
    server.handleBytes(
      0,
      streamAddress("192.0.2.9", 1000, "x"),
      encodeStreamMessage(csm(BASE_CAPABILITIES)),
    );
    server.connector.pollTransmit();
    server.handleTimeout(59 * SECOND);
    expect(server.connector.pollTransmit()).toBeUndefined();
    server.handleTimeout(60 * SECOND);
    expect(server.connector.pollTransmit()?.datagram).toHaveLength(0);
    expect(server.connector.peerCount).toBe(0);
    expect(server.connector.deadline()).toBe(Infinity);
  });

  test("a registered device's connection stays, however long it is silent", () => {
    const world = new World({ lifetime: 86_400 });
    world.network.drive(12 * 60 * MINUTE);
    expect(world.network.opened).toHaveLength(1);
    expect(world.server.connector.peerCount).toBe(1);
  });

  test("bytes of nowhere are nobody's", () => {
    const server = new ConnectorServer();
    server.handleBytes(0, streamAddress("192.0.2.9", 1, "x"), Uint8Array.of(0, 0xe1));
    server.handleClosed(0, streamAddress("192.0.2.9", 1, "x"));
    expect(server.connector.peerCount).toBe(0);
  });

  test("no bytes make the core throw, and of each connection nothing stays", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }), (pieces) => {
        const server = new ConnectorServer();
        opened(server, 0);
        const address = streamAddress("192.0.2.9", 1000, "x");
        server.handleBytes(0, address, encodeStreamMessage(csm(BASE_CAPABILITIES)));
        for (const bytes of pieces) server.handleBytes(0, address, bytes);
        server.handleClosed(0, address);
        expect(server.connector.peerCount).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});

test("whatever breaks and when, every request ends once and the last value is told", () => {
  const step = fc.oneof(
    fc.constant("read"),
    fc.constant("break"),
    fc.constant("down"),
    fc.constant("up"),
    fc.constant("set"),
    fc.constant("wait"),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const world = new World();
      const { network, sensor } = world;
      world.observe(VALUE);
      network.wait(SECOND);
      const reads: Submission[] = [];
      let value = 20;
      for (const each of steps) {
        if (each === "read") reads.push(world.submit({ path: VALUE }));
        else if (each === "break") network.breakAll();
        else if (each === "down" || each === "up") network.listens = each === "up";
        else if (each === "set") sensor.set(0, SENSOR_VALUE, ++value);
        else network.wait(3 * SECOND);
      }
      network.listens = true;
      network.wait(4 * MINUTE);
      sensor.set(0, SENSOR_VALUE, ++value);
      network.wait(SECOND);
      expect(world.notes().at(-1)).toBe(String(value));
      for (const read of reads) expect(world.outcome(read)).toMatch(/^200 /);
    }),
    { numRuns: 60 },
  );
});
