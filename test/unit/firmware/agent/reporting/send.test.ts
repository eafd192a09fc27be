/** Send: values without being asked (LwM2M Core 1.2.2 §6.4.6). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AgentConfiguration } from "../../../../../firmware/agent/agent.ts";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import { SendQueue } from "../../../../../firmware/agent/reporting/send-queue.ts";
import { grantAccess } from "../../../../../firmware/objects/access-control.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../../../../firmware/objects/sensor.ts";
import type { IncomingRequest, Response } from "../../../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import {
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_JSON,
} from "../../../../../protocol/coap/content-formats.ts";
import {
  CONTENT_FORMAT,
  MAX_AGE,
  URI_PATH,
  uintOf,
  uintOption,
} from "../../../../../protocol/coap/options.ts";
import { pathOf } from "../../../../../protocol/coap/uri.ts";
import type { ContentCodec } from "../../../../../protocol/content/content-codec.ts";
import { LWM2M_CBOR_CODEC } from "../../../../../protocol/content/lwm2m-cbor.ts";
import { SENML_CBOR_CODEC } from "../../../../../protocol/content/senml-cbor.ts";
import { SENML_JSON_CODEC } from "../../../../../protocol/content/senml-json.ts";
import { isMalformed } from "../../../../../protocol/malformed.ts";
import { FLOAT } from "../../../../../protocol/model/data-types.ts";
import { ACCESS_CONTROL } from "../../../../../protocol/model/objects/access-control.ts";
import { DEVICE } from "../../../../../protocol/model/objects/device.ts";
import { SENSOR_VALUE } from "../../../../../protocol/model/objects/ipso-resources.ts";
import { SERVER_MUTE_SEND } from "../../../../../protocol/model/objects/server.ts";
import { TEMPERATURE } from "../../../../../protocol/model/objects/temperature.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { MINUTE, SECOND } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";

const EPOCH = 1_767_225_600;
const VALUE = "/3303/0/5700";

const CODECS: { readonly [format: number]: ContentCodec } = {
  [SENML_JSON]: SENML_JSON_CODEC,
  [SENML_CBOR]: SENML_CBOR_CODEC,
  [LWM2M_CBOR]: LWM2M_CBOR_CODEC,
};

interface Given extends Partial<AgentConfiguration> {
  readonly isMuted?: boolean;
  readonly servers?: number;
  /** How the server answers the nth Send. */
  readonly answer?: (nth: number, request: IncomingRequest) => Response | "silence" | undefined;
}

function given({ isMuted = false, servers = 1, answer, ...configuration }: Given = {}) {
  const sensor = sensorObject(TEMPERATURE);
  addSensor(sensor, 0, 20, "Cel");
  const device = new LwM2mObject(DEVICE);
  device.create(0, { 0: "Dormouse", 4: true, 11: [0], 16: "U" });
  /** `format path=value@time ...` of each Send that came. */
  const sends: string[] = [];
  const pair: AgentPair = new AgentPair(
    {
      version: "1.2",
      lifetime: 0,
      codecs: ALL_CODECS,
      objects: [device, sensor],
      calendar: { seconds: () => EPOCH + Math.floor(pair.now / SECOND) },
      ...configuration,
    },
    {
      servers,
      answer: (request) => {
        if (pathOf(request.options, URI_PATH) !== "/dp") return undefined;
        sends.push(inWords(request));
        return answer?.(sends.length, request);
      },
    },
  );
  // LwM2M 1.0 has no such resource.
  const canMute = pair.agent.version() !== "1.0";
  pair.servers.forEach((_, i) => {
    if (canMute) pair.agent.servers.set(i, SERVER_MUTE_SEND, isMuted);
  });
  pair.started();
  pair.eventLines();
  const send: typeof pair.agent.send = (now, what, options) => {
    const id = pair.agent.send(now, what, options);
    pair.wait(0);
    return id;
  };
  const outcomes = () =>
    pair.events
      .splice(0)
      .filter((event) => event.kind.startsWith("sen"))
      .map((event) => `${event.kind} ${"code" in event ? codes.formatCode(event.code) : ""}`);
  return { pair, server: pair.server, sensor, device, sends, send, outcomes };
}

function inWords(request: IncomingRequest): string {
  const format = uintOf(request.options, CONTENT_FORMAT, -1);
  const entries = CODECS[format].decode(request.payload, [], (id) =>
    id === 3 ? DEVICE : TEMPERATURE,
  );
  if (isMalformed(entries)) return entries.fault;
  const words = entries.map(({ path, value, time }) => {
    return `/${path.join("/")}=${value}${time === undefined ? "" : `@${time >= EPOCH ? time - EPOCH : time}`}`;
  });
  return [format, ...words].join(" ");
}

const plain = (code: number, options: Response["options"] = []): Response => {
  return { code, options, payload: new Uint8Array(0) };
};

describe("a Send", () => {
  test("LwM2M Core 1.2.2 §6.4.6: is a POST on /dp in SenML CBOR, of present values without times", () => {
    proves("device", "send");
    const { pair, server, send, sends, outcomes } = given();
    expect(send(0, [VALUE, "/3/0/11", "/3/0/0"])).toBe(1);
    expect(sends).toEqual(["112 /3303/0/5700=20 /3/0/11/0=0 /3/0/0=Dormouse"]);
    expect(server.ladder.slice(-2)).toEqual(["0 -> CON POST /dp", "0 <- ACK 2.04"]);
    expect(outcomes()).toEqual(["sent 2.04"]);
    expect(pair.agent.deadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    [SENML_JSON, "110 /3303/0/5700=20 /3303/0/5701=Cel"],
    [LWM2M_CBOR, "11544 /3303/0/5700=20 /3303/0/5701=Cel"],
  ])("in format %i where the application asks for it", (format, expected) => {
    const { send, sends } = given();
    send(0, [VALUE, "/3303/0/5701"], { format });
    expect(sends).toEqual([expected]);
  });

  test("in SenML JSON where the agent has nothing shorter, and fails where it has nothing that fits", () => {
    const json = given({ codecs: [SENML_JSON_CODEC] });
    json.send(0, [VALUE]);
    expect(json.sends).toEqual(["110 /3303/0/5700=20"]);
    const none = given({ codecs: undefined });
    none.send(0, [VALUE]);
    expect(none.outcomes()).toEqual(["send-failed 4.06"]);
  });

  test("LwM2M Core 1.2.2 §6.4.6: nothing that is hidden, absent or unreadable is in it", () => {
    const { send, sends } = given();
    expect(send(0, ["/0", "/3/0/4", "/3/0/99", "/999/0/1"])).toBe(0);
    send(0, ["/3303/0", "/0/0", "/3303/0/5605"]);
    expect(sends[0]).toContain("/3303/0/5700=20");
    expect(sends[0]).not.toMatch(/ \/0\/|5605/);
  });

  test("values of the application's own, with times of their own", () => {
    const { send, sends } = given();
    const own = { path: [3303, 0, 5700], type: FLOAT, value: 19.5, time: EPOCH + 7 };
    send(0, [own, { ...own, path: [3303, 9, 5700] }]);
    expect(sends).toEqual(["112 /3303/0/5700=19.5@7"]);
  });

  test.each(["/", "3303", "/3303//", "/a"])("a path %s is a mistake of the application", (path) => {
    expect(() => given().send(0, [path])).toThrow(/path/);
  });

  test("LwM2M Transport 1.2.2 §6.8.1: may be Non-confirmable", () => {
    const { server, send, outcomes } = given();
    send(0, [VALUE], { confirmable: false });
    expect(server.ladder.filter((line) => line.includes("/dp"))).toEqual(["0 -> NON POST /dp"]);
    expect(outcomes()).toEqual(["sent 0.00"]);
  });

  test("goes to every server, or to one", () => {
    const { pair, send } = given({ servers: 2 });
    send(0, [VALUE]);
    send(0, [VALUE], { shortServerId: 2 });
    const counts = pair.servers.map(
      ({ ladder }) => ladder.filter((line) => line.includes("/dp")).length,
    );
    expect(counts).toEqual([1, 2]);
  });

  test("LwM2M Core 1.2.2 §6.4.6: waits until the server has been told of a new instance", () => {
    const { pair, server, sensor, send, sends } = given();
    pair.drive(5);
    addSensor(sensor, 1, 30, "Cel");
    send(5, ["/3303/1/5700"]);
    expect(sends).toEqual(["112 /3303/1/5700=30"]);
    const order = server.registrations.map((line) => line.split(" ")[1]);
    expect(order.slice(-2)).toEqual(["/rd/0", "/dp"]);
  });

  test("LwM2M 1.0 has none", () => {
    const { send, sends, outcomes } = given({ version: "1.0" });
    send(0, [VALUE]);
    expect([sends, outcomes()]).toEqual([[], ["send-failed 5.01"]]);
  });
});

test("LwM2M Core 1.2.2 §6.4.6: a server is told only of what it may read", () => {
  const rights = new LwM2mObject(ACCESS_CONTROL);
  const sensor = sensorObject(TEMPERATURE);
  addSensor(sensor, 0, 20, "Cel");
  grantAccess(rights, 3303, 0, 1);
  const { pair, send } = given({ servers: 2, objects: [rights, sensor] });
  const told: number[] = [];
  pair.servers.forEach(({ ladder }, i) => {
    send(0, [VALUE], { shortServerId: i + 1 });
    told.push(ladder.filter((line) => line.includes("/dp")).length);
  });
  expect(told).toEqual([1, 0]);
});

describe("Mute Send", () => {
  test("LwM2M Core 1.2.2 §E.2: true or absent mutes, false lets it through", () => {
    proves("device", "mute-send");
    const { pair, send, sends, outcomes } = given({ isMuted: true });
    send(0, [VALUE]);
    pair.agent.servers.unset(0, SERVER_MUTE_SEND);
    send(0, [VALUE]);
    expect(sends).toEqual([]);
    expect(outcomes()).toEqual(["send-muted 0.00", "send-muted 0.00"]);
    pair.server.write("/1/0/23", "0", 0);
    send(0, [VALUE]);
    expect(outcomes()).toEqual(["sent 2.04"]);
  });

  test("is asked when the Send would go out, not when it was put in the queue", () => {
    const { pair, server, send, outcomes } = given();
    server.isConnected = false;
    send(0, [VALUE]);
    send(0, [VALUE]);
    server.isConnected = true;
    pair.agent.servers.set(0, SERVER_MUTE_SEND, true);
    pair.drive(10 * SECOND);
    expect(outcomes()).toEqual(["sent 2.04", "send-muted 0.00"]);
  });
});

describe("history", () => {
  test("LwM2M Core 1.2.2 §7.5.6: what was recorded goes in one Send, each value with its time", () => {
    proves("device", "send-history");
    const { pair, sensor, sends } = given();
    for (let i = 1; i <= 3; i++) {
      pair.drive(i * 10 * SECOND);
      sensor.set(0, SENSOR_VALUE, 20 + i);
      pair.agent.record(pair.now, [VALUE]);
    }
    pair.drive(35 * SECOND);
    pair.agent.sendRecorded(pair.now);
    pair.wait(0);
    expect(sends).toEqual(["112 /3303/0/5700=21@10 /3303/0/5700=22@20 /3303/0/5700=23@30"]);
    expect(pair.agent.sendRecorded(pair.now)).toBe(0);
  });

  test("RFC 8428 §4.5.3: without a clock the times are relative", () => {
    const { pair, sends } = given({ calendar: undefined });
    pair.agent.record(pair.now, [VALUE]);
    pair.drive(30 * SECOND);
    pair.agent.sendRecorded(pair.now);
    pair.wait(0);
    expect(sends).toEqual(["112 /3303/0/5700=20@-30"]);
  });

  test("LwM2M CBOR, which has no times, tells the newest of each place", () => {
    const { pair, sensor, sends } = given();
    pair.agent.record(0, [VALUE, "/3/0/0"]);
    sensor.set(0, SENSOR_VALUE, 25);
    pair.agent.record(1, [VALUE]);
    pair.agent.sendRecorded(1, { format: LWM2M_CBOR });
    pair.wait(0);
    expect(sends).toEqual(["11544 /3/0/0=Dormouse /3303/0/5700=25"]);
  });

  test("is bounded: the oldest give way, and are counted", () => {
    const { pair } = given();
    for (let i = 0; i < 300; i++) pair.agent.record(i, [VALUE]);
    expect(pair.agent.history?.all()).toHaveLength(256);
    expect(pair.agent.history?.all()[0].at).toBe(44);
    expect(pair.agent.history?.dropped).toBe(44);
  });

  test("agents that record nothing have none", () => {
    expect(given().pair.agent.history).toBeUndefined();
  });
});

describe("what becomes of it", () => {
  test.each([
    [codes.BAD_REQUEST, "send-failed 4.00"],
    [codes.NOT_FOUND, "send-failed 4.04"],
  ])("a refusal is final: %i", (code, outcome) => {
    const { pair, send, sends, outcomes } = given({ answer: () => plain(code) });
    send(0, [VALUE]);
    pair.drive(10 * MINUTE);
    expect([sends.length, outcomes()]).toEqual([1, [outcome]]);
  });

  test("a fault of the server is waited out, longer each time, five times", () => {
    const at: number[] = [];
    const { pair, send, outcomes } = given({
      answer: () => {
        at.push(pair.now / SECOND);
        return plain(codes.INTERNAL_SERVER_ERROR);
      },
    });
    send(0, [VALUE]);
    pair.drive(60 * MINUTE);
    expect(at).toEqual([0, 60, 180, 420, 900]);
    expect(outcomes()).toEqual(["send-failed 5.00"]);
  });

  test("4.29 and 5.03 are heeded for their Max-Age", () => {
    for (const code of [0x9d, codes.SERVICE_UNAVAILABLE]) {
      const { pair, send, sends, outcomes } = given({
        answer: (nth) => (nth === 1 ? plain(code, [uintOption(MAX_AGE, 300)]) : undefined),
      });
      send(0, [VALUE]);
      pair.drive(299 * SECOND);
      expect(sends).toHaveLength(1);
      pair.drive(300 * SECOND);
      expect(sends[1]).toBe("112 /3303/0/5700=20@0");
      expect(outcomes()).toEqual(["sent 2.04"]);
    }
  });

  test("without a response an Update asks for the server, and then it is sent again with its time", () => {
    const { pair, server, send, sends, outcomes } = given();
    server.isConnected = false;
    pair.drive(SECOND);
    send(SECOND, [VALUE]);
    pair.drive(100 * SECOND);
    server.isConnected = true;
    pair.drive(10 * MINUTE);
    expect(outcomes()).toEqual(["sent 2.04"]);
    expect(sends).toEqual(["112 /3303/0/5700=20@1"]);
    expect(server.registrations.at(-2)).toBe("POST /rd/0");
  });

  test("RFC 7959 §2.9.3: 4.13 halves it, until it fits", () => {
    const { pair, send, sends, outcomes } = given({
      answer: (_, request) => {
        return request.payload.length > 60 ? plain(codes.REQUEST_ENTITY_TOO_LARGE) : undefined;
      },
    });
    const own = (value: number) => ({
      path: [3303, 0, 5700],
      type: FLOAT,
      value,
      time: EPOCH + value,
    });
    const values = [1, 2, 3, 4, 5, 6, 7, 8];
    send(0, values.map(own));
    pair.drive(MINUTE);
    const kept = sends.filter((each) => each.split(" ").length <= 5).join(" ");
    expect(kept.match(/=\d+/g)?.map((each) => Number(each.slice(1)))).toEqual(
      expect.arrayContaining(values),
    );
    expect(outcomes()).toEqual(["sent 2.04"]);
  });

  test("RFC 7959 §2.5: one longer than a block goes in blocks, one longer than any body in several", () => {
    const { pair, server, send, sends, outcomes } = given();
    const own = (value: number) => ({
      path: [3303, 0, 5700],
      type: FLOAT,
      value,
      time: EPOCH + value,
    });
    send(
      0,
      Array.from({ length: 300 }, (_, i) => own(i)),
    );
    pair.drive(MINUTE);
    expect(sends).toHaveLength(1);
    expect(server.ladder.filter((line) => line.includes("-> CON POST /dp")).length).toBeGreaterThan(
      3,
    );
    expect(outcomes()).toEqual(["sent 2.04"]);
  });

  test("what was taken away meanwhile is not told of", () => {
    const { pair, server, sensor, send, sends, outcomes } = given({
      queueMode: true,
      awakeFor: 10 * SECOND,
    });
    pair.drive(MINUTE);
    expect(server.link.isAwake()).toBe(false);
    send(MINUTE, [VALUE], { wakes: false });
    sensor.remove(0);
    pair.drive(2 * MINUTE);
    expect(sends).toEqual([]);
    expect(outcomes()).toEqual(["send-failed 4.04"]);
  });
});

describe("queue mode", () => {
  test("LwM2M Transport 1.1.1 §6.5: a Send wakes the device; the Update goes first", () => {
    const { pair, server, send, sends } = given({ queueMode: true, awakeFor: 10 * SECOND });
    pair.drive(MINUTE);
    send(MINUTE, [VALUE]);
    expect(sends).toHaveLength(1);
    expect(server.registrations.slice(-2).map((line) => line.split(" ")[1])).toEqual([
      "/rd/0",
      "/dp",
    ]);
    pair.drive(2 * MINUTE);
    expect(server.link.isAwake()).toBe(false);
  });

  test("or waits for the next time that it is awake", () => {
    const { pair, sends, send } = given({ queueMode: true, awakeFor: 10 * SECOND, lifetime: 600 });
    pair.drive(MINUTE);
    send(MINUTE, [VALUE], { wakes: false });
    expect(sends).toEqual([]);
    pair.drive(7 * MINUTE);
    expect(sends).toEqual(["112 /3303/0/5700=20@60"]);
  });
});

test("a queue holds its bounds whatever happens, and each Send has one outcome", () => {
  const sample = (length: number) => ({
    entry: { path: [3303, 0, 5701], type: 1, value: "x".repeat(length) },
    at: 0,
  });
  const step = fc.oneof(
    fc.record({ add: fc.array(fc.nat(9000), { minLength: 1, maxLength: 6 }) }),
    fc.record({ code: fc.constantFrom(0, 0x44, 0x80, 0x8d, 0x9d, 0xa0, 0xa3) }),
    fc.constant({ mute: true }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const queue = new SendQueue();
      const open = new Set<number>();
      let id = 0;
      let now = 0;
      const close = (outcome: { id: number } | undefined) => {
        if (outcome !== undefined) expect(open.delete(outcome.id)).toBe(true);
      };
      for (const each of steps) {
        now = Math.max(now, Math.min(queue.deadline(), now + 1e9));
        if ("add" in each) {
          if (queue.add(++id, each.add.map(sample), {})) open.add(id);
        } else if (queue.next(now) === undefined) expect(open.size).toBe(0);
        else if ("code" in each) close(queue.handleOutcome(now, each.code, 0));
        else close(queue.finish("send-muted", 0));
      }
      for (let i = 0; queue.deadline() !== Number.POSITIVE_INFINITY && i < 1000; i++) {
        close(queue.finish("sent", 0x44));
      }
      expect([...open]).toEqual([]);
      expect(queue.add(1, [sample(60000)], {})).toBe(true);
      expect(queue.add(2, [sample(60000)], {})).toBe(false);
    }),
    { numRuns: 100 },
  );
});
