/** An agent whose server is reached over TCP (LwM2M Transport 1.2.2 §6.8.2, RFC 8323). */
import { describe, expect, test } from "vitest";
import type {
  AgentConfiguration,
  AgentEvent,
  AgentServerAccount,
} from "../../../../../firmware/agent/agent.ts";
import { Agent } from "../../../../../firmware/agent/agent.ts";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import type { BasicAgent } from "../../../../../firmware/agent/basic-agent.ts";
import type { AgentFeatures } from "../../../../../firmware/agent/features.ts";
import { parseAddress, parseStreamUri } from "../../../../../firmware/agent/stream-address.ts";
import { StreamAgent } from "../../../../../firmware/agent/stream-agent.ts";
import type { Loop } from "../../../../../firmware/loop.ts";
import { run } from "../../../../../firmware/loop.ts";
import { deviceObject } from "../../../../../firmware/objects/device.ts";
import { addSensor, sensorObject } from "../../../../../firmware/objects/sensor.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import { StreamEndpoint } from "../../../../../protocol/coap/stream-endpoint.ts";
import { encodeStreamMessage } from "../../../../../protocol/coap/stream-framing.ts";
import { release } from "../../../../../protocol/coap/stream-signals.ts";
import { TEXT_CODEC } from "../../../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../../../protocol/content/tlv.ts";
import { SENSOR_VALUE } from "../../../../../protocol/model/objects/ipso-resources.ts";
import {
  SERVER_BINDING,
  SERVER_MUTE_SEND,
  SERVER_PREFERRED_TRANSPORT,
} from "../../../../../protocol/model/objects/server.ts";
import { TEMPERATURE } from "../../../../../protocol/model/objects/temperature.ts";
import { coapSettings, countingRandom } from "../../../../support/coap-pair.ts";
import { HOUR, MINUTE, SECOND } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";
import { StreamNetwork } from "../../../../support/stream-network.ts";
import { ScriptedStreamServer } from "../../../../support/stream-server.ts";

const URI = "coap+tcp://server.test";

class World {
  readonly server = new ScriptedStreamServer();
  readonly network = new StreamNetwork(this.server);
  readonly sensor = sensorObject(TEMPERATURE);
  readonly events: string[] = [];
  readonly agent: BasicAgent;
  loop!: Loop;

  constructor(make: (world: World) => BasicAgent) {
    addSensor(this.sensor, 0, 20, "Cel");
    this.agent = make(this);
  }

  start(): this {
    this.loop = run(this.agent, this.network.board(), (event) => this.events.push(words(event)));
    return this;
  }

  told(): string[] {
    return this.events.splice(0);
  }
}

function words(event: AgentEvent): string {
  if (event.kind === "request") return `${event.operation} ${event.path}`;
  if (event.kind === "disconnected") return `disconnected: ${event.reason}`;
  return event.kind;
}

function given(
  configuration: Partial<AgentConfiguration> = {},
  account: Partial<AgentServerAccount> = {},
): World {
  return new World(({ sensor }) => {
    const agent = new Agent({
      endpointName: "dev",
      // No spread: what is random is least.
      settings: coapSettings({ random: { uint32: () => 0 }, longestMessage: 8704 }),
      lifetime: 300,
      objects: [sensor],
      ...configuration,
    });
    agent.addServer({ shortServerId: 1, uri: URI, ...account });
    return agent;
  });
}

const REGISTER = "POST /rd?ep=dev&lt=300&lwm2m=1.1&b=T";
/** Without what stands behind it in brackets. */
const brief = (lines: readonly string[]) => lines.map((line) => line.replace(/ \(.*/, ""));

describe("LwM2M Transport 1.2.2 §6.8.2: an agent over TCP", () => {
  test("registers over a connection, after CSMs both ways, with binding T", () => {
    proves("device", "tcp-binding", "register-bindings");
    proves("device", "tcp-csm");
    const { server, network, events } = given().start();
    network.drive(SECOND);
    expect(brief(server.lines())).toEqual(["10 connected", `30 ${REGISTER}`]);
    expect(events).toEqual(["registered"]);
  });

  test("is read, written and observed over it", () => {
    proves("device", "tcp-binding");
    const { server, network, sensor, loop } = given().start();
    network.drive(SECOND);
    server.lines();
    server.observe("/3303/0/5700");
    network.wait(SECOND);
    sensor.set(0, SENSOR_VALUE, 21);
    network.wait(SECOND);
    server.ask(codes.GET, "/3303/0/5700");
    network.wait(SECOND);
    expect(server.lines()).toEqual(["1020 <- 2.05 20", "2010 <- 2.05 21", "3020 <- 2.05 21"]);
    loop.close();
  });

  test("updates over it, and de-registers before it ends it", () => {
    const { server, network, loop } = given().start();
    network.drive(200 * SECOND);
    let isStopped = false;
    loop.stop(() => {
      isStopped = true;
    });
    network.wait(SECOND);
    expect(isStopped).toBe(true);
    expect(server.lines().slice(2)).toEqual([
      "150010 POST /rd/0",
      "200010 DELETE /rd/0",
      "200030 closed by the device",
    ]);
  });

  test("LwM2M Core 1.2.2 §E.2, resource 4: a server that disables it is de-registered from, and its connection closed", () => {
    const { server, network } = given({}, { disableTimeout: 60 }).start();
    network.drive(SECOND);
    server.lines();
    server.ask(codes.POST, "/1/0/4");
    network.drive(62 * SECOND);
    expect(brief(server.lines())).toEqual([
      "1020 <- 2.04",
      "1020 DELETE /rd/0",
      "1040 closed by the device",
      "61040 connected",
      `61060 ${REGISTER}`,
    ]);
  });

  test("a list longer than 1152 bytes goes in one message where the server takes it", () => {
    const sensors = Array.from({ length: 200 }, (_, i) => i);
    const { server, network, sensor } = given();
    for (const id of sensors.slice(1)) addSensor(sensor, id, 20, "Cel");
    const world = given({ objects: [sensor] }).start();
    world.network.drive(SECOND);
    const [, register] = world.server.lines();
    expect(register.length).toBeGreaterThan(2_000);
    expect(register).toContain("</3303/199>");
    expect([server.lines(), network.opened]).toEqual([[], []]);
  });
});

describe("LwM2M Core 1.2.2 §6.4.1, RFC 8323 §7.4: when the connection ends", () => {
  test("a registered device connects again and registers anew, since its observations are over", () => {
    proves("device", "tcp-observations-end");
    proves("device", "tcp-reconnect");
    const { server, network, sensor } = given().start();
    network.drive(SECOND);
    server.observe("/3303/0/5700");
    network.drive(10 * SECOND);
    server.lines();
    network.breakAll();
    sensor.set(0, SENSOR_VALUE, 30);
    network.wait(SECOND);
    expect(brief(server.lines())).toEqual([
      "10000 <- disconnected",
      "10000 closed by the device",
      "10010 connected",
      `10030 ${REGISTER}`,
    ]);
  });

  test("of connections that do not last each is followed by a longer wait, within which a moment is random", () => {
    proves("device", "tcp-reconnect");
    const random = { uint32: () => 0x80000000 };
    const { server, network } = given({ settings: coapSettings({ random }) }).start();
    network.drive(SECOND);
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      const before = network.now;
      network.breakAll();
      while (network.opened.length < i + 2) network.wait(10);
      waits.push(Math.round((network.now - before) / 100) / 10);
      network.wait(SECOND);
    }
    expect(waits).toEqual([2.5, 5, 10, 20, 40, 80, 149, 149]);
    network.wait(11 * MINUTE);
    network.breakAll();
    const before = network.now;
    while (network.opened.length < 10) network.wait(10);
    expect(network.now - before).toBeLessThan(3 * SECOND);
    server.lines();
  });

  test("`spreadOver` is the least time that a device takes its moment of", () => {
    const random = { uint32: () => 0x80000000 };
    const settings = coapSettings({ random });
    const { network } = given({ settings, spreadOver: MINUTE }).start();
    network.drive(MINUTE);
    network.breakAll();
    network.wait(29 * SECOND);
    expect(network.opened).toHaveLength(1);
    network.wait(2 * SECOND);
    expect(network.opened).toHaveLength(2);
  });

  test("a server that is not there fails the registration, with the pauses of the account", () => {
    const world = given({}, { retryTimer: 60 });
    world.network.listens = false;
    world.start();
    world.network.drive(3 * MINUTE - SECOND);
    expect(world.told()).toEqual(["registration-failed", "registration-failed"]);
    world.network.listens = true;
    world.network.wait(2 * SECOND);
    expect(world.told()).toEqual(["registered"]);
  });

  test("a server that restarts is registered with as soon as it is there again", () => {
    const world = given().start();
    const { network, server } = world;
    network.drive(SECOND);
    network.listens = false;
    network.breakAll();
    network.wait(10 * SECOND);
    network.listens = true;
    network.wait(MINUTE);
    expect(world.told()).toEqual([
      "registered",
      "disconnected: closed by the peer",
      "registration-failed",
      "registered",
    ]);
    expect(server.lines().at(-1)).toContain(REGISTER);
  });

  test("RFC 8323 §5.5: a Release is followed, and its Hold-Off kept", () => {
    proves("device", "tcp-signals");
    const { server, network } = given().start();
    network.drive(SECOND);
    const bytes = encodeStreamMessage(release([], 120));
    server.pollTransmit = once({ peer: network.opened[0], datagram: bytes }, server);
    network.wait(119 * SECOND);
    expect(network.opened).toHaveLength(1);
    network.wait(2 * SECOND);
    expect(network.opened).toHaveLength(2);
  });

  test("RFC 8323 §3.4: a connection that has died without a word is found by the next Update, and made anew", () => {
    const world = given().start();
    const { network } = world;
    network.drive(SECOND);
    network.isBlackHole = true;
    network.drive(150 * SECOND + 93 * SECOND + SECOND);
    network.isBlackHole = false;
    network.wait(SECOND);
    expect(world.told()).toEqual([
      "registered",
      "update-failed",
      "disconnected: nothing is answered",
    ]);
    expect(network.opened).toHaveLength(2);
  });

  test("a connection that ends while an Update is under way is followed by a Register", () => {
    const world = given().start();
    const { network, server } = world;
    network.drive(SECOND);
    server.script = (_request, nth) => (nth === 1 ? "silence" : undefined);
    network.drive(151 * SECOND);
    network.breakAll();
    network.wait(SECOND);
    expect(server.lines().at(-1)).toContain(REGISTER);
    expect(world.told()).toEqual([
      "registered",
      "update-failed",
      "disconnected: closed by the peer",
      "registered",
    ]);
  });

  test("a device that stops after its connection has ended has nobody to tell", () => {
    const { network, loop } = given({
      settings: coapSettings({ random: countingRandom(7) }),
    }).start();
    network.drive(SECOND);
    network.listens = false;
    network.breakAll();
    let isStopped = false;
    loop.stop(() => {
      isStopped = true;
    });
    network.wait(SECOND);
    expect(isStopped).toBe(true);
  });
});

describe("LwM2M Transport 1.2.2 §6.5: queue mode over TCP", () => {
  const queued = { queueMode: true, awakeFor: 10 * SECOND, lifetime: 3600 };

  test("the connection is kept while the device sleeps, and used when it wakes", () => {
    proves("device", "tcp-queue");
    const world = given(queued).start();
    const { network, server, sensor } = world;
    network.drive(SECOND);
    server.observe("/3303/0/5700");
    network.drive(MINUTE);
    expect(world.told()).toEqual(["registered", "Observe /3303/0/5700", "asleep"]);
    server.lines();
    sensor.set(0, SENSOR_VALUE, 30);
    network.wait(SECOND);
    expect(server.lines()).toEqual(["60010 POST /rd/0", "60030 <- 2.05 30"]);
    expect(network.opened).toHaveLength(1);
  });

  test("a connection that ends while it sleeps wakes nobody; it registers anew when it wakes", () => {
    proves("device", "tcp-queue");
    const world = given(queued).start();
    const { network, server } = world;
    network.drive(MINUTE);
    world.told();
    server.lines();
    network.breakAll();
    network.drive(50 * MINUTE);
    expect(world.told()).toEqual(["disconnected: closed by the peer"]);
    network.drive(HOUR);
    expect(world.told()).toEqual(["awake", "registered", "asleep"]);
    expect(server.lines().at(-1)).toMatch(/^\d+ POST \/rd\?ep=dev&lt=3600&lwm2m=1.1&b=T&Q /);
  });

  test("what is to be said at once wakes it, over a new connection", () => {
    const world = given({ ...queued, codecs: ALL_CODECS });
    const agent = world.agent as Agent;
    agent.servers.set(0, SERVER_MUTE_SEND, false);
    const { network, server } = world.start();
    network.drive(MINUTE);
    network.breakAll();
    server.lines();
    agent.send(network.now, ["/3303/0/5700"]);
    agent.wake();
    network.wait(SECOND);
    const [, register, send] = server.lines();
    expect(register).toContain("POST /rd?ep=dev");
    expect(send).toContain("POST /dp");
  });
});

describe("what an account over TCP says", () => {
  test.each([
    ["coap+tcp://127.0.0.1:5684", "127.0.0.1", 5684],
    ["coap+tcp://example.org", "example.org", 5683],
    ["coap+tcp://[::1]:1234/path", "::1", 1234],
  ])("RFC 8323 §8.1: %s", (uri, host, port) => {
    expect(parseAddress(uri)).toEqual({ uri, host, port, transport: "T" });
    expect(parseStreamUri(uri)).toBe(parseAddress(uri));
  });

  test("RFC 8323 §8.1: others are refused, with a code that says so", () => {
    for (const uri of [
      "coap+tcp://",
      "coap+tcp:host",
      "coap+tcp://h:0",
      "coaps+tcp://h",
      "coap://h",
    ]) {
      expect(() => parseStreamUri(uri)).toThrow(
        expect.objectContaining({ code: "agent/server-uri" }),
      );
    }
    expect(parseAddress("coap://h").transport).toBe("U");
  });

  test("LwM2M Core 1.2.2 §E.2, resource 22: the preferred transport can be none but that of the account", () => {
    const { server, network, agent } = given({ version: "1.2" }).start();
    network.drive(SECOND);
    server.lines();
    server.ask(codes.PUT, "/1/0/22", [], new TextEncoder().encode("U"));
    server.ask(codes.PUT, "/1/0/22", [], new TextEncoder().encode("T"));
    network.wait(SECOND);
    expect(server.lines()).toEqual(["1020 <- 4.00", "1020 <- 2.04"]);
    expect(agent.servers.get(0, SERVER_PREFERRED_TRANSPORT)).toBe("T");
    expect(agent.servers.get(0, SERVER_BINDING)).toBe("T");
  });

  test("LwM2M Core 1.2.2 §6.1.3: a bootstrap server, and what it says, may be over TCP", () => {
    const world = new World(({ sensor }) => {
      const agent = new Agent({
        endpointName: "dev",
        settings: coapSettings({ random: countingRandom(3) }),
        objects: [sensor],
      });
      agent.addBootstrapServer({ uri: URI });
      return agent;
    });
    const { network, server } = world.start();
    network.drive(SECOND);
    expect(server.lines()).toEqual(["10 connected", "30 POST /bs?ep=dev&pct=11542"]);
  });
});

describe("the small agent over TCP", () => {
  const features: AgentFeatures = {
    codecs: [TEXT_CODEC, TLV_CODEC],
    endpoint: (settings) => new StreamEndpoint(settings),
  };

  function small(configuration: Partial<AgentConfiguration> = {}): World {
    return new World(({ sensor }) => {
      const calendar = { seconds: () => 0, setSeconds: () => false };
      const power = { setRadio: () => {}, reboot: () => {}, factoryReset: () => {} };
      const device = deviceObject(calendar, power, {});
      const agent = new StreamAgent(
        {
          endpointName: "dev",
          settings: coapSettings({ random: { uint32: () => 0 } }),
          lifetime: 300,
          objects: [device, sensor],
          ...configuration,
        },
        features,
      );
      agent.addServer({ shortServerId: 1, uri: URI });
      return agent;
    });
  }

  test("registers, is observed, and after a break registers anew", () => {
    const world = small().start();
    const { network, server, sensor } = world;
    network.drive(SECOND);
    server.observe("/3303/0/5700");
    network.wait(SECOND);
    sensor.set(0, SENSOR_VALUE, 21);
    network.wait(SECOND);
    server.ask(codes.GET, "/3/0/16");
    network.wait(SECOND);
    expect(brief(server.lines()).slice(1)).toEqual([
      "30 POST /rd?ep=dev&lt=300&lwm2m=1.1&b=T",
      "1020 <- 2.05 20",
      "2010 <- 2.05 21",
      "3020 <- 2.05 T",
    ]);
    network.breakAll();
    sensor.set(0, SENSOR_VALUE, 22);
    network.wait(SECOND);
    expect(brief(server.lines())).toEqual([
      "4000 <- disconnected",
      "4000 closed by the device",
      "4010 connected",
      "4030 POST /rd?ep=dev&lt=300&lwm2m=1.1&b=T",
    ]);
    expect(world.told()).toEqual([
      "registered",
      "Observe /3303/0/5700",
      "Read /3/0/16",
      "registered",
    ]);
  });

  test("in queue mode registers anew when it wakes, not before", () => {
    const world = small({ queueMode: true, awakeFor: 10 * SECOND }).start();
    const { network, server } = world;
    network.drive(MINUTE);
    network.breakAll();
    server.lines();
    network.drive(149 * SECOND);
    expect(server.lines()).toEqual([]);
    network.drive(151 * SECOND);
    expect(server.lines()).toHaveLength(2);
    expect(world.told()).toEqual(["registered", "asleep", "awake", "registered"]);
  });

  test("takes no binding but T, and no address over UDP", () => {
    const { network, server, agent } = small().start();
    network.drive(SECOND);
    server.lines();
    server.ask(codes.PUT, "/1/0/7", [], new TextEncoder().encode("U"));
    server.ask(codes.PUT, "/1/0/7", [], new TextEncoder().encode("T"));
    network.wait(SECOND);
    expect(server.lines()).toEqual(["1020 <- 4.00", "1020 <- 2.04"]);
    expect(() => agent.addServer({ shortServerId: 2, uri: "coap://h" })).toThrow(
      "agent/server-uri",
    );
  });
});

/** Says one thing more than the server would. */
function once(sent: { peer: string; datagram: Uint8Array }, server: ScriptedStreamServer) {
  const usual = server.pollTransmit.bind(server);
  let isSaid = false;
  return () => {
    if (isSaid) return usual();
    isSaid = true;
    return sent;
  };
}
