/** What an agent does without features, and that each of them alone brings back what it is for. */
import { describe, expect, test } from "vitest";
import type { AgentFeatures } from "../../../../firmware/agent/features.ts";
import { instanceOperations } from "../../../../firmware/agent/management/instance-operations.ts";
import {
  addResource,
  NAMED_RESOURCES,
  removeResource,
} from "../../../../firmware/agent/management/named-resources.ts";
import { NOTIFICATION_ATTRIBUTES } from "../../../../firmware/agent/reporting/notification-attributes.ts";
import { LwM2mObject } from "../../../../firmware/objects/lwm2m-object.ts";
import { BasicEndpoint } from "../../../../protocol/coap/basic-endpoint.ts";
import { BlockWiseEndpoint } from "../../../../protocol/coap/block-wise-endpoint.ts";
import * as codes from "../../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT, TLV } from "../../../../protocol/coap/content-formats.ts";
import { TEXT_CODEC } from "../../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../../protocol/content/tlv.ts";
import { TEMPERATURE } from "../../../../protocol/model/objects/temperature.ts";
import { NamedResource } from "../../../../protocol/resources/named-resource.ts";
import { AgentPair } from "../../../support/agent-pair.ts";
import { coapSettings } from "../../../support/coap-pair.ts";

const CORE: AgentFeatures = {
  codecs: [TEXT_CODEC, TLV_CODEC],
  endpoint: (settings) => new BasicEndpoint(settings),
};
const SENSOR_VALUE = 5700;
const UNITS = 5701;

function given(features: Partial<AgentFeatures> = {}) {
  const sensor = new LwM2mObject(TEMPERATURE);
  sensor.create(0, { [SENSOR_VALUE]: 21.5, [UNITS]: "Cel" });
  const settings = coapSettings({ blockSize: 64 });
  const pair = new AgentPair(
    { objects: [sensor], lifetime: 600, settings },
    { features: { ...CORE, ...features } },
  ).started();
  return { sensor, pair, server: pair.server };
}

describe("the core alone", () => {
  test("registers, is read, written, executed, observed and discovered", () => {
    const { pair, server, sensor } = given();
    expect(server.registrations).toEqual([
      'POST /rd?ep=dev&lt=600&lwm2m=1.1&b=U (</>;rt="oma.lwm2m";ct="0 11542",</1>;ver=1.1,</1/0>,</3303>;ver=1.1,</3303/0>)',
    ]);
    expect(server.read("/3303/0/5700")).toMatchObject({ code: "2.05", text: "21.5" });
    expect(server.write("/1/0/2", "5", TEXT).code).toBe("2.04");
    expect(server.execute("/1/0/8").code).toBe("2.04");
    expect(server.read("/3303/0", { accept: LINK_FORMAT }).text).toBe(
      "</3303/0>,</3303/0/5700>,</3303/0/5701>",
    );
    expect(server.observe("/3303/0/5700").code).toBe("2.05");
    sensor.set(0, SENSOR_VALUE, 22);
    pair.wait(5000);
    expect(server.notifications.map(({ text }) => text)).toEqual(["22"]);
  });

  test("reports every change no sooner than the account's pmin", () => {
    const { pair, server, sensor } = given();
    server.write("/1/0/2", "10", TEXT);
    server.observe("/3303/0/5700");
    sensor.set(0, SENSOR_VALUE, 22);
    pair.wait(9000);
    expect(server.notifications).toEqual([]);
    pair.wait(1000);
    expect(server.notifications.map(({ text }) => text)).toEqual(["22"]);
  });

  test.each([
    ["Create", codes.POST, "/3303", { format: TLV, payload: "" }],
    ["Delete", codes.DELETE, "/3303/0", {}],
    ["Write-Attributes", codes.PUT, "/3303/0/5700", { query: ["pmin=1"] }],
  ])("refuses %s with 4.05", (_, method, path, question) => {
    expect(given().server.ask(method, path, question).code).toBe("4.05");
  });

  test("knows no other paths", () => {
    expect(given().server.read("/led/1/state").code).toBe("4.04");
    expect(given().server.read("/.well-known/core").code).toBe("4.04");
  });

  test("refuses blocks with 4.02 (RFC 7252 §5.4.1), and sends what is long in one message", () => {
    const { server } = given();
    const long = "x".repeat(1500);
    expect(server.write("/3303/0/5750", long, TEXT).code).toBe("4.02");
    expect(server.read("/1/0", { accept: TLV })).toMatchObject({ code: "2.05", format: TLV });
    expect(server.registrations[0].length).toBeGreaterThan(64);
  });
});

describe("a feature", () => {
  test("blocks: a long value is written and read in parts", () => {
    const { server } = given({ endpoint: (settings) => new BlockWiseEndpoint(settings) });
    const long = "x".repeat(1500);
    expect(server.write("/3303/0/5750", long, TEXT).code).toBe("2.04");
    expect(server.read("/3303/0/5750").text).toBe(long);
  });

  test("instance operations: an instance is deleted, and the server told of the new list", () => {
    const { pair, server } = given({ operations: [instanceOperations] });
    expect(server.ask(codes.DELETE, "/3303/0").code).toBe("2.02");
    pair.wait(1000);
    expect(server.registrations[1]).not.toContain("/3303/0");
  });

  test("operations are asked in turn: the first that answers counts", () => {
    const asked: string[] = [];
    const { server } = given({
      operations: [
        () => {
          asked.push("first");
          return undefined;
        },
        () => {
          asked.push("second");
          return { code: codes.FORBIDDEN, options: [], payload: new Uint8Array(0) };
        },
        instanceOperations,
      ],
    });
    expect(server.ask(codes.DELETE, "/3303/0").code).toBe("4.03");
    expect(asked).toEqual(["first", "second"]);
  });

  test("attributes: gt holds back what it is not crossed by, and Discover shows it", () => {
    const { pair, server, sensor } = given({ attributes: NOTIFICATION_ATTRIBUTES });
    expect(server.attributes("/3303/0/5700", "gt=25").code).toBe("2.04");
    expect(server.read("/3303/0/5700", { accept: LINK_FORMAT }).text).toBe("</3303/0/5700>;gt=25");
    server.observe("/3303/0/5700");
    sensor.set(0, SENSOR_VALUE, 24);
    sensor.set(0, SENSOR_VALUE, 26);
    pair.wait(1000);
    expect(server.notifications.map(({ text }) => text)).toEqual(["26"]);
  });

  test("named resources: listed, read, observed, and gone when they are taken away", () => {
    const { pair, server } = given({ otherPaths: NAMED_RESOURCES });
    const led = new NamedResource("/led/1/state", { observable: true, value: "0" });
    const fan = new NamedResource("/fan", { observable: true, value: "off" });
    addResource(pair.agent, led);
    addResource(pair.agent, fan);
    pair.wait(1000);
    expect(server.registrations.at(-1)).toContain("</led/1/state>;obs,</fan>;obs");
    expect(server.observe("/led/1/state").text).toBe("0");
    expect(server.observe("/fan").text).toBe("off");
    led.set("1");
    fan.set("on");
    pair.wait(1000);
    removeResource(pair.agent, "/fan");
    pair.wait(1000);
    expect(server.notes().map((note) => note.split(" ")[1])).toEqual(["1", "on", "4.04"]);
    led.set("2");
    pair.wait(1000);
    expect(server.notifications.at(-1)).toMatchObject({ text: "2" });
  });
});
