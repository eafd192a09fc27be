/** Which content formats an agent has, by the version that it registers with. */
import { describe, expect, test } from "vitest";
import { ALL_CODECS, codecsOf } from "../../../../../firmware/agent/all-codecs.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import {
  LWM2M_CBOR,
  LWM2M_JSON,
  SENML_CBOR,
  SENML_JSON,
  TLV,
} from "../../../../../protocol/coap/content-formats.ts";
import { TEMPERATURE } from "../../../../../protocol/model/objects/temperature.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { proves } from "../../../../support/proves.ts";

const SENSOR_VALUE = 5700;
const APPLICATION_TYPE = 5750;

function given(version: "1.0" | "1.1" | "1.2") {
  const sensor = new LwM2mObject(TEMPERATURE);
  sensor.create(0, { [SENSOR_VALUE]: 21.5, [APPLICATION_TYPE]: "room" });
  const pair = new AgentPair({ version, objects: [sensor], codecs: ALL_CODECS }).started();
  return { sensor, pair, server: pair.server };
}

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));

describe("LwM2M Core 1.2.2 §7.5.4: LwM2M CBOR", () => {
  test("is read and written from 1.2 on", () => {
    proves("device", "lwm2m-cbor");
    const { server, sensor } = given("1.2");
    const answer = server.read("/3303/0/5700", { accept: LWM2M_CBOR });
    expect(answer).toMatchObject({ code: "2.05", format: LWM2M_CBOR });
    expect(Buffer.from(answer.payload).toString("hex")).toBe("a183190ce700191644fa41ac0000");
    const write = bytes("a1 83 190ce7 00 191676 64 68616c6c");
    expect(server.write("/3303/0/5750", write, LWM2M_CBOR).code).toBe("2.04");
    expect(sensor.get(0, APPLICATION_TYPE)).toBe("hall");
  });

  test.each(["1.0", "1.1"] as const)("is unknown in %s", (version) => {
    const { server } = given(version);
    expect(server.read("/3303/0/5700", { accept: LWM2M_CBOR }).code).toBe("4.06");
    expect(server.write("/3303/0/5750", bytes("a0"), LWM2M_CBOR).code).toBe("4.15");
  });
});

describe("LwM2M Core 1.1.1 §7.4: LwM2M JSON", () => {
  const write = '{"bn":"/3303/0/","e":[{"n":"5750","sv":"hall"}]}';

  test("is read and written in 1.0", () => {
    proves("device", "lwm2m-json");
    const { server, sensor } = given("1.0");
    expect(server.read("/3303/0/5700", { accept: LWM2M_JSON })).toMatchObject({
      code: "2.05",
      format: LWM2M_JSON,
      text: '{"bn":"/3303/0/5700","e":[{"v":21.5}]}',
    });
    expect(server.write("/3303/0/5750", write, LWM2M_JSON).code).toBe("2.04");
    expect(sensor.get(0, APPLICATION_TYPE)).toBe("hall");
  });

  test.each(["1.1", "1.2"] as const)("is accepted in %s, but never written", (version) => {
    proves("device", "lwm2m-json");
    const { server, sensor } = given(version);
    expect(server.write("/3303/0/5750", write, LWM2M_JSON).code).toBe("2.04");
    expect(sensor.get(0, APPLICATION_TYPE)).toBe("hall");
    expect(server.read("/3303/0/5700", { accept: LWM2M_JSON }).code).toBe("4.06");
    expect(server.read("/3303/0")).toMatchObject({ code: "2.05", format: TLV });
  });
});

describe("LwM2M Core 1.2.2 §6.3.3: a Write of no bytes", () => {
  test.each([
    SENML_JSON,
    SENML_CBOR,
    LWM2M_CBOR,
    LWM2M_JSON,
  ])("is nothing that format %i can say: 4.00, and what is there stays", (format) => {
    const { server, sensor } = given("1.2");
    for (const path of ["/3303/0", "/3303/0/5750"]) {
      expect(server.write(path, bytes(""), format).code).toBe("4.00");
    }
    expect(sensor.get(0, APPLICATION_TYPE)).toBe("room");
  });

  test("is an instance without values in TLV", () => {
    const { server, sensor } = given("1.2");
    expect(server.write("/3303/0", bytes(""), TLV).code).toBe("2.04");
    expect(sensor.get(0, APPLICATION_TYPE)).toBeUndefined();
  });
});

test.each([
  ["1.1", "42 0 11542 60 110 112"],
  ["1.2", "42 0 11542 60 110 112 11544"],
] as const)("LwM2M Core 1.2.2 §6.2.1: Register of %s lists the formats to ask for", (version, ct) => {
  proves("device", "register-root-link");
  expect(given(version).server.registrations[0]).toContain(`</>;rt="oma.lwm2m";ct="${ct}"`);
});

test("RFC 8428 §4.4: a label that nobody knows is passed over, but for one that ends in _", () => {
  proves("device", "senml-labels");
  const { server, sensor } = given("1.1");
  const write = (label: string, text: string) =>
    server.write(
      "/3303/0/5750",
      JSON.stringify([{ n: "/3303/0/5750", vs: text, [label]: 1 }]),
      SENML_JSON,
    ).code;
  expect(write("colour", "hall")).toBe("2.04");
  expect(write("colour_", "attic")).toBe("4.00");
  expect(sensor.get(0, APPLICATION_TYPE)).toBe("hall");
});

test("agents that are alike share one list; a plain CoAP device keeps all", () => {
  expect(codecsOf(ALL_CODECS, "1.1")).toBe(codecsOf(ALL_CODECS, "1.1"));
  expect(codecsOf(ALL_CODECS, "1.2")).not.toBe(codecsOf(ALL_CODECS, "1.1"));
  expect(codecsOf(ALL_CODECS, undefined)).toBe(ALL_CODECS);
});
