import { describe, expect, test } from "vitest";
import { LwM2mObject } from "../../../../firmware/objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../../../firmware/objects/sensor.ts";
import { FETCH, IPATCH } from "../../../../protocol/coap/codes.ts";
import {
  LINK_FORMAT,
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../../protocol/coap/content-formats.ts";
import { LOCATION_PATH } from "../../../../protocol/coap/options.ts";
import { pathOf } from "../../../../protocol/coap/uri.ts";
import { LWM2M_CBOR_CODEC } from "../../../../protocol/content/lwm2m-cbor.ts";
import { SENML_CBOR_CODEC } from "../../../../protocol/content/senml-cbor.ts";
import { ACTUATION } from "../../../../protocol/model/objects/actuation.ts";
import { GATEWAY } from "../../../../protocol/model/objects/gateway.ts";
import { SENSOR_VALUE } from "../../../../protocol/model/objects/ipso-resources.ts";
import { SERVER_UPDATE_TRIGGER } from "../../../../protocol/model/objects/server.ts";
import { TEMPERATURE } from "../../../../protocol/model/objects/temperature.ts";
import { HOUR, MINUTE, SECOND } from "../../../support/durations.ts";
import { GatewayPair } from "../../../support/gateway-pair.ts";
import { proves } from "../../../support/proves.ts";

const ON_OFF = 5850;

/** A thermometer of 21.5 degrees and a relay that servers may add to. */
function things(): LwM2mObject[] {
  const temperature = sensorObject(TEMPERATURE);
  addSensor(temperature, 0, 21.5, "Cel");
  const relay = new LwM2mObject(ACTUATION);
  relay.create(0, { [ON_OFF]: false });
  return [temperature, relay];
}

describe("LwM2M Gateway 1.1.1: a gateway and the devices behind it", () => {
  test("a device that registers becomes an instance of object 25, and never part of the list", () => {
    proves("device", "gateway");
    const pair = new GatewayPair();
    pair.device({ objects: things() });
    expect(pair.gatewayLines()).toEqual(["registered cellar"]);
    const [register, update] = pair.server.registrations;
    expect(register).toContain("</25>;ver=2.0");
    expect(update).toContain("</25/0>");
    expect(update).not.toContain("3303");
    const { text } = pair.server.read("/25/0", { accept: SENML_JSON });
    expect(JSON.parse(text)).toEqual([
      { bn: "/25/0/", n: "0", vs: "cellar" },
      { n: "1", vs: "cellar" },
      { n: "3", vs: "</3303>;ver=1.1,</3303/0>,</3306>;ver=1.1,</3306/0>" },
    ]);
  });

  test("servers reach it under its prefix: Read, Write, Execute, Create, Delete, Discover, Write-Attributes", () => {
    proves("device", "gateway");
    const pair = new GatewayPair();
    const { agent } = pair.device({ objects: things() });
    const { server } = pair;
    expect(server.read("/cellar/3303/0/5700", { accept: TEXT }).text).toBe("21.5");
    expect(server.write("/cellar/3306/0/5850", "1", TEXT).code).toBe("2.04");
    expect(agent.object(ACTUATION.id)?.get(0, ON_OFF)).toBe(true);
    expect(server.execute("/cellar/3303/0/5605").code).toBe("2.04");
    const created = server.ask(2, "/cellar/3306", {
      format: TLV,
      payload: Uint8Array.of(0xe1, 0x16, 0xda, 0),
    });
    expect(created.code).toBe("2.01");
    expect(pathOf(created.options, LOCATION_PATH)).toBe("/cellar/3306/1");
    expect(server.ask(4, "/cellar/3306/1").code).toBe("2.02");
    expect(server.attributes("/cellar/3303/0/5700", "pmin=10").code).toBe("2.04");
    expect(server.read("/cellar/3303/0/5700", { accept: LINK_FORMAT }).text).toBe(
      "</3303/0/5700>;pmin=10",
    );
  });

  test("an unknown prefix is 4.04, and so is a device that is gone", () => {
    const pair = new GatewayPair();
    const device = pair.device({ objects: things() });
    expect(pair.server.read("/attic/3303/0/5700").code).toBe("4.04");
    device.agent.stop(pair.now);
    pair.wait(0);
    expect(pair.server.read("/cellar/3303/0/5700").code).toBe("4.04");
    expect(pair.gateway.agent.object(GATEWAY.id)?.instances.ids).toEqual([]);
    expect(pair.server.registrations.at(-1)).not.toContain("</25/0>");
  });

  test.each([
    [SENML_JSON, undefined],
    [SENML_CBOR, SENML_CBOR_CODEC],
    [LWM2M_CBOR, LWM2M_CBOR_CODEC],
  ])("names in payloads carry the prefix (§9), format %i", (accept, codec) => {
    const pair = new GatewayPair({}, { version: "1.2" });
    pair.device({ objects: things(), version: "1.2" });
    const { code, text, payload, format } = pair.server.read("/cellar/3303/0", { accept });
    expect([code, format]).toEqual(["2.05", accept]);
    if (codec === undefined) expect(JSON.parse(text)[0].bn).toBe("/cellar/3303/0/");
    else {
      const entries = codec.decode(payload, [3303, 0], () => TEMPERATURE, "/cellar");
      expect(entries).toContainEqual(
        expect.objectContaining({ path: [3303, 0, SENSOR_VALUE], value: 21.5 }),
      );
    }
  });

  test("a Write in SenML names the prefix, and what names another is refused", () => {
    const pair = new GatewayPair();
    const { agent } = pair.device({ objects: things() });
    const write = (bn: string) =>
      pair.server.ask(3, "/cellar/3306/0/5850", {
        format: SENML_JSON,
        payload: JSON.stringify([{ bn, vb: true }]),
      }).code;
    expect(write("/attic/3306/0/5850")).toBe("4.15");
    expect(write("/cellar/3306/0/5850")).toBe("2.04");
    expect(agent.object(ACTUATION.id)?.get(0, ON_OFF)).toBe(true);
  });

  test("composites of one device are the device's, those of the gateway its own", () => {
    const pair = new GatewayPair();
    const { agent } = pair.device({ objects: things() });
    const fetch = (...names: string[]) =>
      pair.server.ask(FETCH, "/", {
        format: SENML_JSON,
        accept: SENML_JSON,
        payload: JSON.stringify(names.map((n) => ({ n }))),
      });
    expect(JSON.parse(fetch("/cellar/3303/0/5700", "/cellar/3306/0/5850").text)).toEqual([
      { bn: "/cellar/", n: "3303/0/5700", v: 21.5 },
      { n: "3306/0/5850", vb: false },
    ]);
    expect(JSON.parse(fetch("/25/0/1").text)).toEqual([{ bn: "/", n: "25/0/1", vs: "cellar" }]);
    const patch = JSON.stringify([{ n: "/cellar/3306/0/5850", vb: true }]);
    const wrote = pair.server.ask(IPATCH, "/", { format: SENML_JSON, payload: patch });
    expect(wrote.code).toBe("2.04");
    expect(agent.object(ACTUATION.id)?.get(0, ON_OFF)).toBe(true);
  });

  test("RFC 7641 §4.1: two servers that observe the same share one observation of the device", () => {
    const pair = new GatewayPair({}, {}, { servers: 2 });
    const { agent } = pair.device({ objects: things() });
    const [first, second] = pair.servers;
    const asked = { accept: TEXT };
    expect(first.observe("/cellar/3303/0/5700", asked).text).toBe("21.5");
    pair.wait(SECOND);
    expect(second.observe("/cellar/3303/0/5700", asked).text).toBe("21.5");
    expect(agent.links[0].observers?.observations).toHaveLength(1);
    agent.object(TEMPERATURE.id)?.set(0, SENSOR_VALUE, 22);
    pair.wait(SECOND);
    agent.object(TEMPERATURE.id)?.set(0, SENSOR_VALUE, 23);
    pair.wait(SECOND);
    expect(first.notifications.map(({ text }) => text)).toEqual(["22", "23"]);
    expect(second.notifications.map(({ text }) => text)).toEqual(["22", "23"]);
    const sequences = first.notifications.map(({ sequence }) => sequence);
    expect(sequences[1]).toBeGreaterThan(sequences[0]);
  });

  test("RFC 7641 §3.6: the last observer that cancels ends the observation of the device", () => {
    const pair = new GatewayPair({}, {}, { servers: 2 });
    const { agent } = pair.device({ objects: things() });
    const [first, second] = pair.servers;
    first.observe("/cellar/3303/0/5700");
    second.observe("/cellar/3303/0/5700");
    first.endpoint.cancelObservation(pair.now, 1);
    pair.wait(0);
    agent.object(TEMPERATURE.id)?.set(0, SENSOR_VALUE, 22);
    pair.wait(SECOND);
    expect([first.notifications.length, second.notifications.length]).toEqual([0, 1]);
    second.endpoint.cancelObservation(pair.now, 1);
    pair.wait(0);
    agent.object(TEMPERATURE.id)?.set(0, SENSOR_VALUE, 23);
    pair.wait(SECOND);
    expect(second.notifications).toHaveLength(1);
    expect(agent.links[0].observers?.observations).toEqual([]);
  });

  test("RFC 7641 §3.1: a device that registers anew is observed again, and servers notice nothing", () => {
    const pair = new GatewayPair();
    const device = pair.device({ objects: things() });
    pair.server.observe("/cellar/3303/0/5700", { accept: TEXT });
    const objects = things();
    device.reboot(pair.now, { objects });
    pair.wait(SECOND);
    objects[0].set(0, SENSOR_VALUE, 5);
    pair.wait(SECOND);
    const told = pair.server.notifications.map(({ code, text }) => `${code} ${text}`);
    expect(told).toEqual(["2.05 21.5", "2.05 5"]);
  });

  test("more observations than the device takes requests at once all go on when it registers anew", () => {
    const pair = new GatewayPair();
    const device = pair.device({ objects: things() });
    const paths = ["5700", "5701", "5601", "5602"].map((id) => `/cellar/3303/0/${id}`);
    const all = [...paths, "/cellar/3306/0/5850", "/cellar/3303/0", "/cellar/3303", "/cellar/3306"];
    for (const path of all) expect(pair.server.observe(path).code).toBe("2.05");
    device.reboot(pair.now, { objects: things() });
    pair.wait(SECOND);
    expect(device.agent.links[0].observers?.observations).toHaveLength(all.length);
    expect(pair.server.notifications.map(({ code }) => code)).toEqual(all.map(() => "2.05"));
  });

  test("requests of several servers wait for the device to answer others", () => {
    const pair = new GatewayPair({}, {}, { servers: 3 });
    pair.device({ objects: things() });
    const asked = pair.servers.flatMap((server) =>
      [0, 1, 2, 3].map(() => ({ server, id: server.send(1, "/cellar/3303/0/5700") })),
    );
    pair.wait(SECOND);
    expect(asked.map(({ server, id }) => server.answers[id]?.code)).toEqual(
      asked.map(() => "2.05"),
    );
  });

  test("a server that observes the same again under other tokens is one observer", () => {
    const pair = new GatewayPair();
    const { agent, line } = pair.device({ objects: things() });
    for (let i = 0; i < 50; i++) pair.server.observe("/cellar/3303/0/5700");
    expect(line.observations[0].observers).toHaveLength(1);
    agent.object(TEMPERATURE.id)?.set(0, SENSOR_VALUE, 22);
    pair.wait(SECOND);
    expect(pair.server.notifications).toHaveLength(1);
  });

  test("its observers hear 4.04 when it is gone (RFC 7641 §4.2)", () => {
    const pair = new GatewayPair();
    const { agent } = pair.device({ objects: things() });
    pair.server.observe("/cellar/3303/0/5700");
    agent.stop(pair.now);
    pair.wait(SECOND);
    expect(pair.server.notifications.map(({ code }) => code)).toEqual(["4.04"]);
  });

  test("a device whose lifetime is over is gone", () => {
    const pair = new GatewayPair();
    const device = pair.device({ objects: things(), lifetime: 300 });
    device.isPluggedIn = false;
    pair.wait(344 * SECOND);
    expect(pair.gatewayLines()).not.toContain("gone cellar");
    pair.wait(SECOND);
    expect(pair.gatewayLines()).toContain("gone cellar");
    expect(pair.server.read("/cellar/3303/0/5700").code).toBe("4.04");
  });

  test("RFC 7252 §5.9.3.5: a device that does not answer is 5.04", () => {
    const pair = new GatewayPair();
    const device = pair.device({ objects: things() });
    device.isPluggedIn = false;
    expect(pair.server.read("/cellar/3303/0/5700").code).toBe("5.04");
    device.isPluggedIn = true;
    expect(pair.server.read("/cellar/3303/0/5700").code).toBe("2.05");
  });

  test("LwM2M Transport 1.2.2 §6.5: a request for a device that sleeps waits for it, and not for ever", () => {
    const awakeFor = 10 * SECOND;
    const pair = new GatewayPair({ awakeFor });
    const device = pair.device({ objects: things(), queueMode: true, awakeFor });
    pair.wait(2 * MINUTE);
    const id = pair.server.send(1, "/cellar/3303/0/5700", { accept: TEXT });
    pair.wait(50 * SECOND);
    expect(pair.server.answers[id]).toBeUndefined();
    device.agent.links[0].handleAccount(SERVER_UPDATE_TRIGGER);
    pair.wait(SECOND);
    expect(pair.server.answers[id]?.text).toBe("21.5");
    pair.wait(2 * MINUTE);
    const late = pair.server.send(1, "/cellar/3303/0/5700");
    const observe = pair.server.send(1, "/cellar/3303/0/5700", { observe: 0 });
    pair.wait(59 * SECOND);
    expect([pair.server.answers[late], pair.server.answers[observe]]).toEqual([
      undefined,
      undefined,
    ]);
    pair.wait(2 * SECOND);
    expect(pair.server.answers[late]?.code).toBe("5.04");
    expect(pair.server.answers[observe]?.code).toBe("5.04");
    expect(device.missedAsleep).toBe(0);
  });

  test("RFC 7252 §5.9.3.4: more requests than may wait for a device are 5.03", () => {
    const awakeFor = 10 * SECOND;
    const pair = new GatewayPair({ awakeFor }, {}, { servers: 5 });
    pair.device({ objects: things(), queueMode: true, awakeFor });
    pair.wait(MINUTE);
    const asked = pair.servers.flatMap((server) =>
      [0, 1, 2, 3].map(() => ({ server, id: server.send(1, "/cellar/3303/0/5700") })),
    );
    pair.wait(30 * SECOND);
    const codes = asked.map(({ server, id }) => server.answers[id]?.code);
    expect(codes.filter((code) => code === "5.03")).toHaveLength(4);
    expect(codes.filter((code) => code === undefined)).toHaveLength(16);
  });

  test("the same device on another line takes its place", () => {
    const pair = new GatewayPair();
    const first = pair.device({ objects: things() });
    pair.device({ objects: things() });
    expect(first.line.registration).toBeUndefined();
    expect(pair.gatewayLines()).toEqual(["registered cellar", "gone cellar", "registered cellar"]);
    expect(pair.gateway.agent.object(GATEWAY.id)?.instances.ids).toEqual([0]);
  });

  test.each([
    "3303",
    "rd",
    "dp",
    "..",
    "a/b",
    "",
    "a b",
  ])("a name that could be taken for another path is refused: %j", (endpointName) => {
    const pair = new GatewayPair();
    const { events } = pair.device({ endpointName, objects: things() });
    expect(events[0]?.kind).toBe("registration-failed");
    expect(pair.gatewayLines()).toEqual([]);
  });

  test("prefixes may be given", () => {
    const pair = new GatewayPair({ prefixOf: (name) => `d-${name}` });
    pair.device({ endpointName: "17", objects: things() });
    expect(pair.server.read("/d-17/3303/0/5700", { accept: TEXT }).text).toBe("21.5");
  });

  test("objects that come and go on the device are told by its instance", () => {
    const pair = new GatewayPair();
    const { agent } = pair.device({ objects: things() });
    agent.removeObject(ACTUATION.id);
    pair.wait(0);
    expect(pair.server.read("/25/0/3", { accept: TEXT }).text).toBe("</3303>;ver=1.1,</3303/0>");
  });

  test("nobody may create or delete instances of object 25, and a gateway does not sleep", () => {
    const pair = new GatewayPair();
    pair.device({ objects: things() });
    expect(pair.server.ask(4, "/25/0").code).toBe("4.05");
    expect(() => new GatewayPair({}, { queueMode: true })).toThrow("gateway/queue-mode");
  });

  test("so many devices and no more", () => {
    const pair = new GatewayPair({ maxDevices: 1 });
    pair.device({ objects: things() });
    expect(() => pair.gateway.addDevice()).toThrow("gateway/too-many-devices");
  });

  test("RFC 7641 §4.5: at least one notification a day is Confirmable", () => {
    const pair = new GatewayPair();
    const { agent } = pair.device({ objects: things() });
    pair.server.observe("/cellar/3303/0/5700");
    for (let hour = 1; hour <= 25; hour++) {
      pair.wait(HOUR);
      agent.object(TEMPERATURE.id)?.set(0, SENSOR_VALUE, hour);
    }
    pair.wait(SECOND);
    const kinds = pair.server.ladder.filter((line) => / -> (CON|NON) 2\.05 /.test(line));
    expect(kinds.filter((line) => line.includes("CON"))).toHaveLength(1);
    expect(kinds.length).toBeGreaterThanOrEqual(25);
  });
});
