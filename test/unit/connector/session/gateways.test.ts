/** Devices behind a gateway: how their prefixes become known, and what is asked of them through the gateway's registration. */
import { expect, test } from "vitest";
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import type { IncomingRequest, Response } from "../../../../protocol/coap/coap-endpoint.ts";
import {
  CONTENT,
  DELETE,
  FETCH,
  METHOD_NOT_ALLOWED,
  PUT,
} from "../../../../protocol/coap/codes.ts";
import {
  LINK_FORMAT,
  SENML_CBOR,
  SENML_JSON,
  TLV,
} from "../../../../protocol/coap/content-formats.ts";
import { NO_BYTES } from "../../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, OBSERVE, uintOf, uintOption } from "../../../../protocol/coap/options.ts";
import { SENML_ETCH_CBOR_PATHS } from "../../../../protocol/content/senml-cbor-etch.ts";
import { TLV_CODEC } from "../../../../protocol/content/tlv.ts";
import { CORELNK, type Entry, STRING } from "../../../../protocol/model/data-types.ts";
import { proves } from "../../../support/proves.ts";
import { type Device, Rig } from "../connector/rig.ts";

const GATEWAY = "</1/0>,</3/0>,</25>;ver=2.0,</25/0>,</led>,</d09/3/0>";

/** Instance, prefix, device id, and from version 2.0 on its objects. */
type Row = readonly [instanceId: number, prefix: string, deviceId: string, objects?: string];

const FIRST: Row = [0, "d01", "urn:dev:1", "</3/0>,</3303/0>"];
const SECOND: Row = [1, "d02", "urn:dev:2", "</3/0>"];

function tlv(rows: readonly Row[]): Uint8Array {
  const entries: Entry[] = [];
  for (const [instanceId, prefix, deviceId, objects] of rows) {
    entries.push({ path: [25, instanceId, 0], type: STRING, value: deviceId });
    entries.push({ path: [25, instanceId, 1], type: STRING, value: prefix });
    if (objects === undefined) continue;
    entries.push({ path: [25, instanceId, 3], type: CORELNK, value: objects });
  }
  return TLV_CODEC.encode([25], entries) ?? NO_BYTES;
}

/** A gateway that says of object 25 what it is told to say. */
class GatewayDevice {
  readonly rig: Rig;
  readonly device: Device;
  rows: readonly Row[];
  private token: Uint8Array | undefined;
  private sequence = 2;

  constructor(rows: readonly Row[], links = GATEWAY, query: readonly string[] = []) {
    this.rig = new Rig();
    this.rows = rows;
    this.device = this.rig.device("gateway");
    this.device.respond = (request, path) => this.respond(request, path);
    this.device.register(["lt=300", "lwm2m=1.2", "b=U", ...query], links);
    this.rig.drive(this.rig.now + 100);
  }

  respond(request: IncomingRequest, path: string): Response | undefined {
    if (path !== "/25") return undefined;
    const options = [uintOption(CONTENT_FORMAT, TLV)];
    if (uintOf(request.options, OBSERVE, -1) === 0) {
      this.token = request.token;
      options.unshift(uintOption(OBSERVE, this.sequence++));
    } else this.token = undefined;
    return { code: CONTENT, options, payload: tlv(this.rows) };
  }

  /** Other devices are behind it, and it tells who observes object 25. */
  change(rows: readonly Row[]): void {
    this.rows = rows;
    if (this.token === undefined) return;
    const options = [uintOption(OBSERVE, this.sequence++), uintOption(CONTENT_FORMAT, TLV)];
    const response = { code: CONTENT, options, payload: tlv(rows) };
    this.device.coap.notify(this.rig.now, this.token, response, true);
    this.device.flush();
    this.rig.drive(this.rig.now + 100);
  }

  get isObserved(): boolean {
    return this.token !== undefined;
  }

  prefixes(): string[] {
    return this.rig.connector
      .gatewayDevices("gateway")
      .map(({ prefix, learnedBy }) => `${prefix} ${learnedBy}`);
  }
}

test("LwM2M Core 1.2.2 §E.12: a gateway that registers is asked who is behind it, and observed", () => {
  proves("connector", "gateway");
  const gateway = new GatewayDevice([FIRST]);
  expect(gateway.device.executed).toEqual(["GET /25 observe=0 accept=11542"]);
  expect(gateway.rig.connector.gatewayDevices("gateway")).toEqual([
    {
      prefix: "d01",
      deviceId: "urn:dev:1",
      instanceId: 0,
      objects: "</3/0>,</3303/0>",
      learnedBy: "read",
    },
  ]);
  gateway.change([FIRST, SECOND]);
  expect(gateway.prefixes()).toEqual(["d01 notification", "d02 notification"]);
  const told = gateway.rig.events.filter(({ kind }) => kind === "gateway-devices");
  expect(told.length).toBe(2);
  // What the connector observes for itself is no application's news.
  expect([gateway.rig.notifications(), gateway.rig.responses()]).toEqual([[], []]);
});

test("LwM2M Core 1.2.2 §E.12: version 1.0 of object 25 has prefixes too, and says nothing of objects", () => {
  proves("connector", "gateway");
  const gateway = new GatewayDevice([[3, "d01", "urn:dev:1"]], "</1/0>,</3/0>,</25/3>");
  expect(gateway.rig.connector.gatewayDevices("gateway")).toEqual([
    { prefix: "d01", deviceId: "urn:dev:1", instanceId: 3, objects: undefined, learnedBy: "read" },
  ]);
});

test("a device that is no gateway is asked nothing", () => {
  const rig = new Rig();
  const device = rig.registered("a", [], "</3/0>,</250/0>");
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual([]);
  expect(rig.submit("a", { path: "/d01/3/0" })).toHaveProperty("id");
});

test("LwM2M Core 1.2.2 §E.12: paths behind a known prefix are LwM2M's: operations, formats, observations", () => {
  proves("connector", "gateway");
  const { rig, device } = new GatewayDevice([FIRST, SECOND]);
  device.executed.length = 0;
  device.values.set("/d01/3303/0/5700", "20");
  const value = encodeUtf8("1");
  const first = rig.observe("gateway", "/d01/3303/0/5700");
  rig.submit("gateway", { path: "/d02/3/0" });
  rig.submit("gateway", { path: "/d01/3", accept: LINK_FORMAT });
  rig.submit("gateway", { method: PUT, path: "/d01/3303/0/5750", payload: value });
  rig.submit("gateway", { method: PUT, path: "/d01/3303/0", query: ["pmin=5"] });
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual([
    "GET /d01/3303/0/5700 observe=0 accept=0",
    "GET /d02/3/0 accept=11542",
    "GET /d01/3 accept=40",
    'PUT /d01/3303/0/5750 format=0 "1"',
    "PUT /d01/3303/0?pmin=5",
  ]);
  expect(rig.outcome(first)).toBe("200 20");
  device.set("/d01/3303/0/5700", "21");
  rig.drive(rig.now + 1000);
  expect(rig.notifications().map(({ path }) => path)).toEqual(["/d01/3303/0/5700"]);
});

test.each([
  [{ path: "/d07/3/0" }, 404, 'The gateway knows no device "d07"'],
  [{ method: DELETE, path: "/d01/3303" }, 405, "There is no Delete of an object"],
  [{ path: "/d01/3/0", accept: 0 }, 415, "Read of an object instance has no text"],
  [
    { method: FETCH, path: "/", paths: ["/d01/3/0", "/d02/3/0"] },
    400,
    "Read-Composite is of one device, and the paths are of several",
  ],
  [{ method: FETCH, path: "/", paths: ["/d07/3/0"] }, 404, 'The gateway knows no device "d07"'],
])("LwM2M Core 1.2.2 §E.12: what is not allowed behind a gateway is refused: %o", (request, status, reason) => {
  proves("connector", "gateway");
  const { rig } = new GatewayDevice([FIRST, SECOND]);
  expect(rig.submit("gateway", request)).toEqual({ refusal: "not-allowed", status, reason });
});

test("a gateway's own named resources stay its own, also those that look like a prefix", () => {
  const { rig, device } = new GatewayDevice([FIRST]);
  device.executed.length = 0;
  rig.submit("gateway", { path: "/led" });
  rig.submit("gateway", { path: "/led/state" });
  rig.submit("gateway", { path: "/d09/3/0" });
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual(["GET /led", "GET /led/state", "GET /d09/3/0"]);
});

test("a composite behind a gateway names its places with the prefix", () => {
  const gateway = new GatewayDevice([FIRST]);
  const { rig, device } = gateway;
  let named: unknown;
  device.respond = (request, path) => {
    if (request.code !== FETCH) return gateway.respond(request, path);
    named = [path, SENML_ETCH_CBOR_PATHS.decode(request.payload, "/d01")];
    return { code: CONTENT, options: [uintOption(CONTENT_FORMAT, SENML_CBOR)], payload: NO_BYTES };
  };
  const paths = ["/d01/3/0", "/d01/3303"];
  const submission = rig.submit("gateway", { method: FETCH, path: "/", paths });
  rig.drive(rig.now + 1000);
  expect(named).toEqual(["/", [[3, 0], [3303]]]);
  expect(rig.outcome(submission)).toBe("200 ");
});

test("prefixes survive a restart, and what is told afterwards is heard", () => {
  const gateway = new GatewayDevice([FIRST]);
  const { rig, device } = gateway;
  rig.restart();
  expect(gateway.prefixes()).toEqual(["d01 read"]);
  gateway.change([SECOND]);
  expect(gateway.prefixes()).toEqual(["d02 notification"]);
  device.register(["lt=300", "lwm2m=1.2"], GATEWAY);
  rig.drive(rig.now + 1000);
  expect(device.executed.at(-1)).toBe("GET /25 observe=0 accept=11542");
});

test("a device that leaves its gateway is refused from then on, and waiting requests to it end unsent", () => {
  const gateway = new GatewayDevice([FIRST, SECOND], GATEWAY, ["Q"]);
  const { rig, device } = gateway;
  rig.drive(rig.now + 200_000);
  const read = rig.submit("gateway", { path: "/d02/3/0" });
  gateway.device.executed.length = 0;
  gateway.change([FIRST]);
  rig.drive(rig.now + 1000);
  // The notification woke the gateway, and told that the device has gone.
  expect(rig.outcome(read)).toBe('404 The gateway knows no device "d02"');
  expect(device.executed).toEqual([]);
});

test("prefixes are forgotten with the registration, and when object 25 is listed no more", () => {
  const gateway = new GatewayDevice([FIRST]);
  const { rig, device } = gateway;
  device.update([], "</1/0>,</3/0>");
  rig.drive(rig.now + 1000);
  expect([gateway.prefixes(), gateway.isObserved]).toEqual([[], false]);
  device.update([], GATEWAY);
  rig.drive(rig.now + 1000);
  expect(gateway.prefixes()).toEqual(["d01 read"]);
  device.deregister();
  rig.drive(rig.now + 1000);
  expect(gateway.prefixes()).toEqual([]);
  rig.restart();
  expect(gateway.prefixes()).toEqual([]);
});

test("an application that observes object 25 as well has its own share of it", () => {
  const gateway = new GatewayDevice([FIRST]);
  const { rig, device } = gateway;
  const first = rig.observe("gateway", "/25");
  rig.drive(rig.now + 1000);
  expect(rig.outcome(first)).toMatch(/^200 /);
  expect(device.executed).toEqual(["GET /25 observe=0 accept=11542"]);
  gateway.change([SECOND]);
  expect(rig.notifications().length).toBe(1);
  expect(rig.cancelObservation("gateway", "/25")).toBe(true);
  expect(rig.cancelObservation("gateway", "/25")).toBe(false);
  rig.drive(rig.now + 1000);
  gateway.change([FIRST]);
  expect([rig.notifications().length, gateway.prefixes()]).toEqual([1, ["d01 notification"]]);
});

test("a gateway that does not observe object 25 is read, and one that refuses is asked again at its next Update", () => {
  const rig = new Rig();
  const device = rig.device("gateway");
  let answers: Response[] = [{ code: METHOD_NOT_ALLOWED, options: [], payload: NO_BYTES }];
  device.respond = () => answers[0];
  device.register(["lt=300", "lwm2m=1.2", "b=U"], GATEWAY);
  rig.drive(rig.now + 1000);
  expect(rig.connector.gatewayDevices("gateway")).toEqual([]);
  answers = [{ code: CONTENT, options: [uintOption(CONTENT_FORMAT, TLV)], payload: tlv([FIRST]) }];
  device.update();
  rig.drive(rig.now + 1000);
  expect(rig.connector.gatewayDevices("gateway")[0]).toMatchObject({ prefix: "d01" });
  expect(rig.events.some(({ kind }) => kind === "observation-end")).toBe(false);
});

test.each([
  ["one that is an object id", [[0, "3", "x"]], []],
  ["one with a slash", [[0, "a/b", "x"]], []],
  ["none", [[0, "", "x"]], []],
  [
    "one that another has",
    [
      [0, "d01", "x"],
      [1, "d01", "y"],
    ],
    ["d01 read"],
  ],
  ["one that is too long", [[0, "x".repeat(65), "x"]], []],
] as [
  string,
  Row[],
  string[],
][])("a prefix that can be no prefix is passed over: %s", (_, rows, expected) => {
  expect(new GatewayDevice(rows).prefixes()).toEqual(expected);
});

test("what cannot be read as object 25 changes nothing", () => {
  const gateway = new GatewayDevice([FIRST]);
  const { rig, device } = gateway;
  device.respond = () => ({
    code: CONTENT,
    options: [uintOption(OBSERVE, 9), uintOption(CONTENT_FORMAT, SENML_JSON)],
    payload: encodeUtf8("nonsense"),
  });
  device.register(["lt=300", "lwm2m=1.2"], GATEWAY);
  rig.drive(rig.now + 1000);
  expect(gateway.prefixes()).toEqual(["d01 read"]);
});

test("LwM2M Core 1.2.2 §E.12: a gateway sends values of its devices, with their prefix, which it never registers", () => {
  proves("connector", "gateway", "send");
  const { rig, device } = new GatewayDevice([FIRST]);
  const records = [
    { n: "/d01/3303/0/5700", v: 20 },
    { n: "/3/0/9", v: 80 },
  ];
  device.send(encodeUtf8(JSON.stringify(records)), SENML_JSON);
  rig.drive(rig.now + 1000);
  expect(device.answers.at(-1)).toBe("2.04");
  const event = rig.events.find(({ kind }) => kind === "send");
  expect(event).toMatchObject({
    entries: [
      { path: [3303, 0, 5700], prefix: "d01", value: 20 },
      { path: [3, 0, 9], prefix: undefined, value: 80 },
    ],
  });
  device.send(encodeUtf8('[{"n":"/d07/3303/0/5700","v":1}]'), SENML_JSON);
  rig.drive(rig.now + 1000);
  expect(device.answers.at(-1)).toBe("4.00 content/senml-name");
});
