import { describe, expect, test } from "vitest";
import { ALL_FEATURES } from "../../../../../firmware/agent/all-features.ts";
import { backOff, updateAfter } from "../../../../../firmware/agent/registration/registration.ts";
import { parseServerUri } from "../../../../../firmware/agent/server-address.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../../../../firmware/objects/sensor.ts";
import type { IncomingRequest, Response } from "../../../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import {
  LOCATION_PATH,
  MAX_AGE,
  textsOf,
  URI_PATH,
  uintOption,
} from "../../../../../protocol/coap/options.ts";
import { COSE } from "../../../../../protocol/model/objects/cose.ts";
import { DEVICE_1_0 } from "../../../../../protocol/model/objects/device-1-0.ts";
import { OSCORE } from "../../../../../protocol/model/objects/oscore.ts";
import { SERVER_LIFETIME } from "../../../../../protocol/model/objects/server.ts";
import { TEMPERATURE } from "../../../../../protocol/model/objects/temperature.ts";
import { NamedResource } from "../../../../../protocol/resources/named-resource.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { DAY, HOUR, MINUTE, NEVER, SECOND } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";

const refuse = (code: number, options: Response["options"] = []): Response => ({
  code,
  options,
  payload: new Uint8Array(0),
});

function temperatures(): LwM2mObject {
  const object = sensorObject(TEMPERATURE);
  addSensor(object, 0, 21.5, "Cel");
  return object;
}

describe("Register", () => {
  test("LwM2M Core 1.1.1 §6.2.1: says name, lifetime, version and binding, and lists what there is", () => {
    proves("device", "register", "register-root-link", "register-object-version");
    proves("device", "confirmable-requests");
    const pair = new AgentPair({ lifetime: 300, objects: [temperatures()] }).started();
    expect(pair.server.registrations).toEqual([
      "POST /rd?ep=dev&lt=300&lwm2m=1.1&b=U " +
        '(</>;rt="oma.lwm2m";ct="0 11542",</1>;ver=1.1,</1/0>,</3303>;ver=1.1,</3303/0>)',
    ]);
    expect(pair.server.ladder).toEqual([
      "0 -> CON POST /rd?ep=dev&lt=300&lwm2m=1.1&b=U",
      "0 <- ACK 2.01 /rd/0",
    ]);
    expect(pair.server.link.isRegistered()).toBe(true);
    expect(pair.eventLines()).toEqual(["registered"]);
  });

  test("LwM2M Core 1.2.2 §6.2.1.2: in 1.0 queue mode is a letter of the binding, and there is no root link", () => {
    proves("device", "register-bindings");
    const pair = new AgentPair({ version: "1.0", queueMode: true }).started();
    expect(pair.server.registrations).toEqual(["POST /rd?ep=dev&lt=86400&lwm2m=1.0&b=UQ (</1/0>)"]);
  });

  test("LwM2M Core 1.2.2 §6.2.1.2: since 1.1 queue mode is a parameter of its own; an endpoint type is mbed's et", () => {
    proves("device", "register-bindings");
    const pair = new AgentPair({ queueMode: true, endpointType: "Light" }).started();
    expect(pair.server.registrations[0]).toContain(
      "POST /rd?ep=dev&lt=86400&lwm2m=1.1&b=U&Q&et=Light",
    );
  });

  test("RFC 9176 §5: a plain CoAP device says neither version nor binding and lists named resources only", () => {
    proves("device", "plain-device");
    const led = new NamedResource("/led/1/state", { type: "5850" });
    const pair = new AgentPair({ plain: true, resources: [led] }).started();
    expect(pair.server.registrations).toEqual([
      'POST /rd?ep=dev&lt=86400 (</led/1/state>;rt="5850")',
    ]);
  });

  test("a lost Register is repeated, and the server's answer to the repetition counts", () => {
    const pair = new AgentPair();
    pair.server.isConnected = false;
    pair.agent.start(0);
    pair.drive(1000);
    pair.server.isConnected = true;
    pair.drive(2000);
    expect(pair.server.ladder.map((line) => line.split("?")[0])).toEqual([
      "0 -> CON POST /rd",
      "2000 -> CON POST /rd",
      "2000 <- ACK 2.01 /rd/0",
    ]);
  });

  test("on a board failures back off 60 s, 120 s, 240 s, ... up to a day, without end", () => {
    const answer = () => refuse(codes.FORBIDDEN);
    const pair = new AgentPair({}, { features: ALL_FEATURES, answer }).started();
    pair.wait(60 * MINUTE);
    const at = pair.server.ladder
      .filter((line) => line.includes("->"))
      .map((line) => Number.parseInt(line, 10));
    expect(at).toEqual([0, 60, 180, 420, 900, 1860].map((seconds) => seconds * SECOND));
    expect(pair.eventLines()).toEqual(Array(6).fill("registration-failed"));
    expect([1, 2, 11, 12, 100].map(backOff)).toEqual(
      [60, 120, 61440, 86400, 86400].map((s) => s * SECOND),
    );
  });

  test("RFC 7252 §5.9.3.4: 5.03 with Max-Age is not asked again before that", () => {
    proves("device", "register-full");
    const busy = refuse(codes.SERVICE_UNAVAILABLE, [uintOption(MAX_AGE, 600)]);
    const answer = (_: unknown, nth: number) => (nth === 0 ? busy : undefined);
    const pair = new AgentPair({}, { answer }).started();
    pair.wait(599_999);
    expect(pair.server.registrations).toHaveLength(1);
    pair.wait(1);
    expect(pair.server.link.isRegistered()).toBe(true);
  });

  test("5.03 with a Max-Age of years is asked again after a day", () => {
    const never = refuse(codes.SERVICE_UNAVAILABLE, [uintOption(MAX_AGE, 4294967295)]);
    const answer = (_: unknown, nth: number) => (nth === 0 ? never : undefined);
    const pair = new AgentPair({}, { answer }).started();
    pair.wait(DAY);
    expect(pair.server.link.isRegistered()).toBe(true);
  });

  test("LwM2M Core 1.2.2 §6.2.1: Update and De-register go to the location as it was given", () => {
    proves("device", "location");
    const location = ["rd", "5a3f", "a/b", "größe %20"].map((segment) => ({
      number: LOCATION_PATH,
      value: new TextEncoder().encode(segment),
    }));
    const seen: unknown[] = [];
    const answer = ({ options }: IncomingRequest, nth: number) => {
      seen.push(textsOf(options, URI_PATH));
      return nth === 0 ? refuse(codes.CREATED, location) : undefined;
    };
    const pair = new AgentPair({ lifetime: 60 }, { answer }).started();
    pair.wait(30 * SECOND);
    pair.agent.stop(pair.now);
    pair.wait(0);
    const given = ["rd", "5a3f", "a/b", "größe %20"];
    expect(seen).toEqual([["rd"], given, given]);
  });

  test("2.01 without a location is a failure: nothing could be updated", () => {
    const answer = (_: unknown, nth: number) => (nth === 0 ? refuse(codes.CREATED) : undefined);
    const pair = new AgentPair({}, { answer }).started();
    expect(pair.eventLines()).toEqual(["registration-failed"]);
    pair.wait(MINUTE);
    expect(pair.eventLines()).toEqual(["registered"]);
  });

  test("LwM2M Core 1.1.1 §6.2.1: a request that overtakes the answer to Register waits for it", () => {
    proves("device", "requests-wait-for-registration");
    let heldBack: (() => void) | undefined;
    const pair: AgentPair = new AgentPair(
      {},
      {
        answer: (request, nth) => {
          if (nth > 0) return undefined;
          heldBack = () =>
            pair.server.endpoint.respond(pair.now, request, {
              code: codes.CREATED,
              options: [{ number: 8, value: new TextEncoder().encode("rd") }],
              payload: new Uint8Array(0),
            });
          return "silence";
        },
      },
    );
    pair.agent.start(0);
    pair.drive(0);
    const id = pair.server.send(codes.GET, "/1/0/0");
    pair.drive(100);
    expect(pair.server.answers[id]).toBeUndefined();
    heldBack?.();
    pair.drive(200);
    expect(pair.server.answers[id]).toMatchObject({ code: "2.05", text: "1" });
  });

  test("LwM2M Core 1.2.2 §6.2.1: before any registration a request is answered with 5.03", () => {
    proves("device", "requests-wait-for-registration");
    const pair = new AgentPair();
    expect(pair.server.read("/1/0/0").code).toBe("5.03");
  });
});

describe("Update", () => {
  test("LwM2M Core 1.1.1 §6.2.2: goes out 247 s before the lifetime is over, or at half of it", () => {
    proves("device", "update-in-time");
    expect([60, 300, 494, 495, 86400].map(updateAfter)).toEqual(
      [30, 150, 247, 248, 86153].map((seconds) => seconds * SECOND),
    );
    expect(updateAfter(0)).toBe(NEVER);
  });

  test("LwM2M Core 1.1.1 §6.2.2: without changes it carries nothing, for days", () => {
    proves("device", "update");
    const pair = new AgentPair({ lifetime: 3600 }).started();
    pair.wait(2 * DAY);
    const updates = pair.server.registrations.slice(1);
    expect(updates).toHaveLength(Math.floor((2 * DAY) / ((3600 - 247) * SECOND)));
    expect(new Set(updates)).toEqual(new Set(["POST /rd/0"]));
    expect(pair.server.ladder[2]).toBe(`${(3600 - 247) * SECOND} -> CON POST /rd/0`);
  });

  test("LwM2M Core 1.2.2 §E.2: lifetime 0 is for ever: no Update", () => {
    const pair = new AgentPair({ version: "1.2", lifetime: 0 }).started();
    pair.wait(400 * DAY);
    expect(pair.server.registrations).toHaveLength(1);
  });

  test("LwM2M Core 1.1.1 §6.2.2: a written lifetime is told at once, and holds from then on", () => {
    proves("device", "lifetime-written");
    const pair = new AgentPair({ lifetime: 3600 }).started();
    pair.wait(SECOND);
    expect(pair.server.write("/1/0/1", "60").code).toBe("2.04");
    expect(pair.server.ladder.slice(-4)).toEqual(
      [
        "1000 <- CON PUT /1/0/1",
        "1000 -> ACK 2.04",
        "1000 -> CON POST /rd/0?lt=60",
        "1000 <- ACK 2.04",
      ].map((line) => expect.stringContaining(line)),
    );
    pair.wait(30 * SECOND);
    expect(pair.server.registrations.slice(-1)).toEqual(["POST /rd/0"]);
    expect(pair.server.link.registration.deadline()).toBe(61 * SECOND);
  });

  test("the application changes the lifetime through object 1 too", () => {
    const pair = new AgentPair().started();
    pair.agent.servers.set(0, SERVER_LIFETIME, 120);
    pair.wait(0);
    expect(pair.server.registrations.slice(1)).toEqual(["POST /rd/0?lt=120"]);
  });

  test("LwM2M Core 1.1.1 §6.2.2: a new instance brings the new list, several changes one Update", () => {
    proves("device", "update");
    const object = temperatures();
    const pair = new AgentPair({ version: "1.0", objects: [object] }).started();
    addSensor(object, 1, 1, "Cel");
    addSensor(object, 2, 2, "Cel");
    object.remove(0);
    pair.wait(0);
    expect(pair.server.registrations.slice(1)).toEqual([
      "POST /rd/0 (</1/0>,</3303>;ver=1.1,</3303/1>,</3303/2>)",
    ]);
  });

  test("LwM2M Core 1.2.2 §6.2.1: objects 1 and 3 are listed, 0, 21 and 23 never", () => {
    proves("device", "register-list");
    const objects = [DEVICE_1_0, OSCORE, COSE].map((definition) => new LwM2mObject(definition));
    for (const object of objects) object.create(0, {});
    const pair = new AgentPair({ version: "1.0", objects }).started();
    expect(pair.server.registrations).toEqual([
      "POST /rd?ep=dev&lt=86400&lwm2m=1.0&b=U (</1/0>,</3/0>)",
    ]);
  });

  test("LwM2M Core 1.2.2 §6.2.1: an object without instances is listed by itself; one that is taken away is not", () => {
    proves("device", "register-list");
    const pair = new AgentPair({ version: "1.0", objects: [temperatures()] }).started();
    pair.agent.object(3303)?.remove(0);
    pair.wait(0);
    pair.agent.removeObject(3303);
    pair.wait(0);
    expect(pair.server.registrations.slice(1)).toEqual([
      "POST /rd/0 (</1/0>,</3303>;ver=1.1)",
      "POST /rd/0 (</1/0>)",
    ]);
  });

  test("LwM2M Core 1.1.1 §6.2.2: the trigger /1/x/8 is answered, then obeyed", () => {
    proves("device", "update-trigger");
    const pair = new AgentPair().started();
    expect(pair.server.execute("/1/0/8").code).toBe("2.04");
    expect(pair.server.ladder.slice(-3)).toEqual([
      "0 -> ACK 2.04",
      "0 -> CON POST /rd/0",
      "0 <- ACK 2.04",
    ]);
  });

  test("LwM2M 1.0: writing the binding switches queue mode on, and the server is told", () => {
    const pair = new AgentPair({ version: "1.0" }).started();
    expect(pair.server.write("/1/0/7", "T").code).toBe("4.00");
    expect(pair.server.write("/1/0/7", "UQ").code).toBe("2.04");
    expect(pair.server.registrations.slice(1)).toEqual(["POST /rd/0?b=UQ"]);
    pair.wait(94 * SECOND);
    expect(pair.server.link.isAwake()).toBe(false);
  });

  test("LwM2M 1.1: a binding written in the words of 1.0 is told in those of 1.1", () => {
    const pair = new AgentPair().started();
    pair.server.write("/1/0/7", "UQ");
    expect(pair.server.registrations.slice(1)).toEqual(["POST /rd/0?b=U&Q"]);
  });

  test("LwM2M Core 1.1.1 §6.2.2: 4.04 brings a full Register at once", () => {
    proves("device", "update-not-found");
    const answer = (_: unknown, nth: number) => (nth === 1 ? refuse(codes.NOT_FOUND) : undefined);
    const pair = new AgentPair({ lifetime: 60 }, { answer }).started();
    pair.wait(30 * SECOND);
    expect(pair.server.ladder.slice(2).map((line) => line.split("?")[0])).toEqual([
      "30000 -> CON POST /rd/0",
      "30000 <- ACK 4.04",
      "30000 -> CON POST /rd",
      "30000 <- ACK 2.01 /rd/1",
    ]);
    expect(pair.eventLines()).toEqual(["registered", "update-failed", "registered"]);
    pair.wait(30 * SECOND);
    expect(pair.server.registrations.slice(-1)).toEqual(["POST /rd/1"]);
  });

  test("an Update refused with 5.xx is tried again after a minute, with what it had to say", () => {
    const answer = (_: unknown, nth: number) =>
      nth === 1 ? refuse(codes.INTERNAL_SERVER_ERROR) : undefined;
    const pair = new AgentPair({}, { answer }).started();
    pair.server.write("/1/0/1", "600");
    pair.wait(59_999);
    expect(pair.server.registrations.slice(1)).toEqual(["POST /rd/0?lt=600"]);
    pair.wait(1);
    expect(pair.server.registrations.slice(1)).toEqual(["POST /rd/0?lt=600", "POST /rd/0?lt=600"]);
    expect(pair.eventLines().slice(-2)).toEqual(["update-failed", "updated"]);
  });

  test("while the server is away Updates are repeated; once the lifetime is over it registers anew", () => {
    const pair = new AgentPair({ lifetime: 300 }).started();
    pair.server.isConnected = false;
    pair.wait(15 * MINUTE);
    expect(pair.server.link.isRegistered()).toBe(false);
    pair.server.isConnected = true;
    pair.wait(15 * MINUTE);
    expect(pair.server.registrations.slice(1)[0]).toContain("POST /rd?ep=dev");
    expect(pair.server.link.isRegistered()).toBe(true);
  });

  test("a list longer than a block goes block-wise", () => {
    const object = temperatures();
    for (let i = 1; i < 200; i++) addSensor(object, i, i, "Cel");
    const pair = new AgentPair({ objects: [object] }).started();
    expect(pair.server.ladder.length).toBeGreaterThan(4);
    expect(pair.server.registrations).toEqual([expect.stringContaining("</3303/199>)")]);
  });
});

describe("De-register", () => {
  test("LwM2M Core 1.1.1 §6.2.3: stop de-registers, and only then is the agent stopped", () => {
    proves("device", "de-register");
    const pair = new AgentPair({}, { latency: 10 }).started();
    pair.agent.stop(pair.now);
    expect(pair.agent.isStopped()).toBe(false);
    pair.wait(20);
    expect(pair.server.ladder.slice(-2)).toEqual(["20 -> CON DELETE /rd/0", "30 <- ACK 2.02"]);
    expect(pair.agent.isStopped()).toBe(true);
    expect(pair.eventLines()).toEqual(["registered", "deregistered"]);
    expect(pair.agent.deadline()).toBe(NEVER);
  });

  test("stopped while registering it lets the answer come, then de-registers", () => {
    const pair = new AgentPair({}, { latency: 10 });
    pair.agent.start(0);
    pair.agent.stop(0);
    pair.drive(100);
    expect(pair.server.registrations.map((line) => line.split("?")[0])).toEqual([
      "POST /rd",
      "DELETE /rd/0",
    ]);
    expect(pair.agent.isStopped()).toBe(true);
  });

  test("stopped between attempts it is stopped at once; stopped without an answer after 93 s at most", () => {
    const waiting = new AgentPair({}, { answer: () => refuse(codes.FORBIDDEN) }).started();
    waiting.agent.stop(0);
    expect(waiting.agent.isStopped()).toBe(true);
    const alone = new AgentPair().started();
    alone.server.isConnected = false;
    alone.agent.stop(0);
    alone.drive(93 * SECOND);
    expect(alone.agent.isStopped()).toBe(true);
  });

  test("it can be started again", () => {
    const pair = new AgentPair().started();
    pair.agent.stop(0);
    pair.wait(0);
    pair.started();
    expect(pair.server.link.isRegistered()).toBe(true);
  });

  test("LwM2M Core 1.1.1 §E.2: Disable is answered, then de-registers and stays away for /1/x/5", () => {
    proves("device", "disable");
    const pair = new AgentPair().started();
    pair.server.write("/1/0/5", "3600");
    expect(pair.server.execute("/1/0/4").code).toBe("2.04");
    expect(pair.server.ladder.slice(-3)).toEqual([
      "0 -> ACK 2.04",
      "0 -> CON DELETE /rd/0",
      "0 <- ACK 2.02",
    ]);
    expect(pair.agent.isStopped()).toBe(false);
    pair.wait(HOUR - 1);
    expect(pair.server.registrations).toHaveLength(2);
    pair.wait(1);
    expect(pair.server.registrations[2]).toContain("POST /rd?ep=dev");
  });

  test("LwM2M Core 1.1.1 §E.2: without /1/x/5 it stays away for a day", () => {
    const pair = new AgentPair().started();
    pair.server.execute("/1/0/4");
    pair.wait(DAY - 1);
    expect(pair.server.link.isRegistered()).toBe(false);
    pair.wait(1);
    expect(pair.server.link.isRegistered()).toBe(true);
  });
});

describe("several servers", () => {
  test("LwM2M Core 1.2.2 §6.2.1: each has its registration, its lifetime and its instance of object 1", () => {
    proves("device", "several-servers");
    const pair = new AgentPair({}, { servers: 2 }).started();
    expect(pair.servers.map((server) => server.link.isRegistered())).toEqual([true, true]);
    expect(pair.servers[1].read("/1/1/0").text).toBe("2");
    pair.servers[1].write("/1/1/1", "60");
    expect(pair.servers[1].registrations.slice(1)).toEqual(["POST /rd/0?lt=60"]);
    expect(pair.servers[0].registrations).toHaveLength(1);
  });

  test("Disable sends one away and leaves the other", () => {
    const pair = new AgentPair({}, { servers: 2 }).started();
    pair.servers[0].execute("/1/0/4");
    expect(pair.servers.map((server) => server.link.isRegistered())).toEqual([false, true]);
  });
});

describe("server addresses", () => {
  test.each([
    ["coap://127.0.0.1:5684", "127.0.0.1", 5684],
    ["coap://example.org", "example.org", 5683],
    ["coap://[::1]:1234", "::1", 1234],
    ["coap://[fe80::2]", "fe80::2", 5683],
    ["coap://host:99/path", "host", 99],
  ])("RFC 7252 §6.1: %s", (uri, host, port) => {
    expect(parseServerUri(uri)).toEqual({ uri, host, port, transport: "U" });
  });

  test.each([
    "",
    "host",
    "http://host",
    "coaps://host",
    "coap://",
    "coap://:5683",
    "coap://h:0",
    "coap://h:65536",
    "coap://h:x",
  ])("%s is refused, with a code", (uri) => {
    expect(() => parseServerUri(uri)).toThrow(
      expect.objectContaining({ code: "agent/server-uri" }),
    );
  });
});
