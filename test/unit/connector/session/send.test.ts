import { expect, test } from "vitest";
import type { SendEvent } from "../../../../connector/contract.ts";
import { decodeUtf8, encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { GET } from "../../../../protocol/coap/codes.ts";
import {
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_JSON,
  TLV,
} from "../../../../protocol/coap/content-formats.ts";
import { CON, encodeMessage, NO_BYTES } from "../../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, URI_PATH, uintOption } from "../../../../protocol/coap/options.ts";
import { pathOptions } from "../../../../protocol/coap/uri.ts";
import { LWM2M_CBOR_CODEC } from "../../../../protocol/content/lwm2m-cbor.ts";
import { SENML_CBOR_CODEC } from "../../../../protocol/content/senml-cbor.ts";
import { SENML_JSON_CODEC } from "../../../../protocol/content/senml-json.ts";
import {
  BOOLEAN,
  type Entry,
  FLOAT,
  INTEGER,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
} from "../../../../protocol/model/data-types.ts";
import { proves } from "../../../support/proves.ts";
import { CONNECTOR, type Device, Rig } from "../connector/rig.ts";

const LINKS = "</1/0>,</3/0>,</3303/0>,</3304>";
const TEMPERATURE = { path: [3303, 0, 5700], type: FLOAT, value: 21.5 };

function registered(version = "1.1", links = LINKS): { rig: Rig; device: Device } {
  const rig = new Rig();
  const device = rig.device("a");
  device.register(["lt=300", `lwm2m=${version}`, "b=U"], links);
  rig.drive(100);
  return { rig, device };
}

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

function json(records: unknown): Uint8Array {
  return encodeUtf8(JSON.stringify(records));
}

function sends(rig: Rig): SendEvent[] {
  return rig.events.filter((event) => event.kind === "send");
}

/** What applications are told of, as `/3303/0/5700 = 21.5 @ 1700000000`. */
function told(rig: Rig): string[] {
  return sends(rig).flatMap(({ entries }) =>
    entries.map(({ path, value, time, prefix }) => {
      const at = time === undefined ? "" : ` @ ${time}`;
      return `${prefix ?? ""}/${path.join("/")} = ${String(value)}${at}`;
    }),
  );
}

/** What a Send is answered with. */
function answer(rig: Rig, device: Device): string | undefined {
  rig.drive(rig.now + 1000);
  return device.answers.at(-1);
}

test("LwM2M Core 1.2.2 §6.4.6: Send in SenML JSON, SenML CBOR and LwM2M CBOR", () => {
  proves("connector", "send");
  const { rig, device } = registered("1.2");
  const pack = json([{ bn: "/3303/0/", n: "5700", v: 21.5 }]);
  device.send(pack, SENML_JSON);
  expect(answer(rig, device)).toBe("2.04");
  device.send(SENML_CBOR_CODEC.encode([], [TEMPERATURE]) ?? NO_BYTES, SENML_CBOR);
  expect(answer(rig, device)).toBe("2.04");
  device.send(LWM2M_CBOR_CODEC.encode([], [TEMPERATURE]) ?? NO_BYTES, LWM2M_CBOR);
  expect(answer(rig, device)).toBe("2.04");
  expect(told(rig)).toEqual(Array(3).fill("/3303/0/5700 = 21.5"));
  expect(sends(rig)[0]).toMatchObject({ endpointName: "a", payload: pack, contentFormat: 110 });
  expect(rig.connector.counters.sends).toBe(3);
});

test.each([
  SENML_JSON_CODEC,
  SENML_CBOR_CODEC,
  LWM2M_CBOR_CODEC,
])("LwM2M Core 1.2.2 §C: values of every type come as they are, 64 bits to the last digit: $format", ({
  format,
  encode,
}) => {
  proves("connector", "data-types", "send");
  const { rig, device } = registered("1.2", "</3/0>,</5/0>,</3303/0>,</3200/0>");
  const values: Entry[] = [
    { path: [3, 0, 0], type: STRING, value: "Grüße, 日本" },
    { path: [3, 0, 9], type: INTEGER, value: -1 },
    { path: [3, 0, 10], type: INTEGER, value: bytes("8000000000000001") },
    { path: [3, 0, 13], type: TIME, value: 4102444800 },
    { path: [3, 0, 22, 3], type: OBJLNK, value: { objectId: 3303, objectInstanceId: 0 } },
    { path: [5, 0, 0], type: OPAQUE, value: bytes("00ff7f80") },
    { path: [3200, 0, 5500], type: BOOLEAN, value: true },
    { path: [3303, 0, 5700], type: FLOAT, value: 0.1 },
  ];
  device.send(encode([], values) ?? NO_BYTES, format);
  expect(answer(rig, device)).toBe("2.04");
  expect(sends(rig).flatMap(({ entries }) => entries)).toMatchObject(values);
});

test("RFC 8428 §4.5.3: times come as they were sent, of several values of one resource too", () => {
  proves("connector", "send-history");
  const { rig, device } = registered();
  const records = [
    { bn: "/3303/0/5700", bt: 1700000000, v: 20 },
    { t: 60, v: 21 },
    { t: -1700000030, v: 22 },
  ];
  device.send(json(records), SENML_JSON);
  expect(answer(rig, device)).toBe("2.04");
  expect(told(rig)).toEqual([
    "/3303/0/5700 = 20 @ 1700000000",
    "/3303/0/5700 = 21 @ 1700000060",
    "/3303/0/5700 = 22 @ -30",
  ]);
});

test("RFC 8428 §4.4: labels that nobody knows are passed over, but for those that end in _", () => {
  proves("connector", "senml-labels");
  const { rig, device } = registered();
  const record = { n: "/3303/0/5700", v: 20 };
  device.send(json([{ ...record, colour: "red" }]), SENML_JSON);
  expect(answer(rig, device)).toBe("2.04");
  device.send(json([{ ...record, colour_: "red" }]), SENML_JSON);
  expect(answer(rig, device)).toMatch(/^4\.00 /);
  expect(told(rig)).toEqual(["/3303/0/5700 = 20"]);
});

const GOOD = json([{ n: "/3303/0/5700", v: 1 }]);

test.each([
  ["4.15", GOOD, TLV],
  ["4.15", GOOD, 60],
  ["4.00 content/json-syntax", encodeUtf8("[{"), SENML_JSON],
  ["4.00 no values", json([]), SENML_JSON],
  ["4.00 content/senml-name", json([{ n: "/3303/0", v: 1 }]), SENML_JSON],
  ["4.00 content/senml-name", json([{ n: "temperature", v: 1 }]), SENML_JSON],
  ["4.00 content/value-not-of-type", json([{ n: "/3303/0/5700", vs: "warm" }]), SENML_JSON],
  ["4.00 content/id-reserved", json([{ n: "/3303/65535/5700", v: 1 }]), SENML_JSON],
  ["4.00 no values", NO_BYTES, LWM2M_CBOR],
  ["4.04 /3305/0 is not registered", json([{ n: "/3305/0/5700", v: 1 }]), SENML_JSON],
  ["4.04 /3303/1 is not registered", json([{ n: "/3303/1/5700", v: 1 }]), SENML_JSON],
] as [
  string,
  Uint8Array,
  number,
][])("LwM2M Transport 1.2.2 §6.7: a Send is answered %s", (expected, payload, format) => {
  proves("connector", "send", "only-legal-codes");
  const { rig, device } = registered();
  device.send(payload, format);
  const answered = answer(rig, device) ?? "";
  expect(expected.startsWith("4.00 content/json") ? answered.slice(0, 12) : answered).toBe(
    expected.startsWith("4.00 content/json") ? "4.00 content" : expected,
  );
  expect(sends(rig)).toEqual([]);
});

test("an object that is listed without instances stands for all of them", () => {
  const { rig, device } = registered();
  device.send(json([{ n: "/3304/7/5700", v: 1 }]), SENML_JSON);
  expect(answer(rig, device)).toBe("2.04");
});

test("LwM2M Core 1.2.2 §6.4.6: a resource that nobody knows is no error", () => {
  const { rig, device } = registered();
  device.send(json([{ n: "/3303/0/9999", vs: "new" }]), SENML_JSON);
  expect(answer(rig, device)).toBe("2.04");
  expect(told(rig)).toEqual(["/3303/0/9999 = new"]);
});

test("a Send of somebody who is not registered, in no format, or by another method is refused", () => {
  const { rig, device } = registered();
  const stranger = rig.device("stranger");
  stranger.send(GOOD, SENML_JSON);
  expect(answer(rig, stranger)).toBe("4.04");
  device.request(2, "/dp", [], "");
  expect(answer(rig, device)).toBe("4.00 no Content-Format");
  device.request(GET, "/dp", [], "");
  expect(answer(rig, device)).toBe("4.05");
  const plain = rig.device("plain");
  plain.register([], "</led>");
  rig.drive(rig.now + 100);
  plain.send(GOOD, SENML_JSON);
  expect(answer(rig, plain)).toBe("4.04");
  expect(sends(rig)).toEqual([]);
});

test("quirk 20: a Send from a 1.0 registration is taken, unless the settings say that 1.0 has none", () => {
  const { rig, device } = registered("1.0");
  device.send(GOOD, SENML_JSON);
  expect(answer(rig, device)).toBe("2.04");
  const strict = new Rig({
    change: (settings) => ({
      ...settings,
      session: { ...settings.session, takesSendOf: "1.1" },
    }),
  });
  const old = strict.device("old");
  old.register(["lt=300", "lwm2m=1.0", "b=U"], LINKS);
  const current = strict.registered("current", [], LINKS);
  strict.drive(strict.now + 100);
  old.send(GOOD, SENML_JSON);
  current.send(GOOD, SENML_JSON);
  strict.drive(strict.now + 1000);
  expect([old.answers.at(-1), current.answers.at(-1)]).toEqual(["4.04", "2.04"]);
});

test("quirk 20: a Send with a token of no length is taken, and answered under it", () => {
  const { rig, device } = registered();
  const datagram = encodeMessage({
    type: CON,
    code: 2,
    messageId: 0x1234,
    token: NO_BYTES,
    options: [...pathOptions(URI_PATH, "/dp"), uintOption(CONTENT_FORMAT, SENML_JSON)],
    payload: GOOD,
  });
  const answers: string[] = [];
  device.handleDatagram = (sent) => answers.push(Buffer.from(sent).toString("hex"));
  rig.launch(device.address, CONNECTOR, datagram);
  rig.drive(rig.now + 1000);
  expect(answers).toEqual(["60441234"]);
  expect(told(rig)).toEqual(["/3303/0/5700 = 1"]);
});

test("LwM2M Transport 1.2.2 §6.8.1: a Non-confirmable Send is taken, once however often it comes", () => {
  const { rig, device } = registered();
  rig.fate = () => [10, 20];
  device.send(GOOD, SENML_JSON, false);
  rig.drive(rig.now + 1000);
  expect(told(rig)).toEqual(["/3303/0/5700 = 1"]);
});

test("a Send wakes a device in queue mode", () => {
  const rig = new Rig();
  const device = rig.registered("a", ["Q"], LINKS);
  device.values.set("/3/0/0", "x");
  rig.drive(rig.now + 200_000);
  const read = rig.submit("a", { path: "/3/0/0" });
  device.send(GOOD, SENML_JSON);
  rig.drive(rig.now + 1000);
  expect(rig.outcome(read)).toBe("200 x");
});

test("LwM2M Core 1.2.2 §6.4.6: applications are told of a Send before it is acknowledged, and what they write of it is committed by then", () => {
  proves("connector", "send");
  const { rig, device } = registered();
  const order: string[] = [];
  const { connector } = rig;
  const poll = connector.pollEvent.bind(connector);
  connector.pollEvent = () => {
    const event = poll();
    if (event?.kind === "send") {
      order.push("told");
      rig.store.table("application").put("a", "written");
    }
    return event;
  };
  const transmit = connector.pollTransmit.bind(connector);
  connector.pollTransmit = () => {
    const sent = transmit();
    if (sent !== undefined) order.push(`sent, ${rig.store.hasUncommitted() ? "un" : ""}committed`);
    return sent;
  };
  device.send(GOOD, SENML_JSON);
  expect(answer(rig, device)).toBe("2.04");
  expect(order).toEqual(["told", "sent, committed"]);
});

test("a device is known by its address after the connector has forgotten the conversation, and after a restart", () => {
  const { rig, device } = registered();
  device.update(["lt=100000"]);
  rig.drive(rig.now + 1_000_000);
  expect(rig.connector.peerCount).toBe(0);
  device.send(GOOD, SENML_JSON);
  expect(answer(rig, device)).toBe("2.04");
  rig.restart();
  device.send(GOOD, SENML_JSON);
  expect(answer(rig, device)).toBe("2.04");
  device.deregister();
  rig.drive(rig.now + 1000);
  device.send(GOOD, SENML_JSON);
  expect(answer(rig, device)).toBe("4.04");
});

test("LwM2M Transport 1.2.2 §6.4.1: names have the alternate path, or leave it out", () => {
  proves("connector", "alternate-path");
  const list = '</lwm2m>;rt="oma.lwm2m",</lwm2m/3303/0>';
  const { rig, device } = registered("1.1", list);
  device.send(json([{ n: "/lwm2m/3303/0/5700", v: 1 }]), SENML_JSON);
  expect(answer(rig, device)).toBe("2.04");
  device.send(json([{ n: "/3303/0/5700", v: 2 }]), SENML_JSON);
  expect(answer(rig, device)).toBe("2.04");
  device.send(LWM2M_CBOR_CODEC.encode([], [TEMPERATURE]) ?? NO_BYTES, LWM2M_CBOR);
  expect(answer(rig, device)).toBe("2.04");
  expect(told(rig)).toEqual(["/3303/0/5700 = 1", "/3303/0/5700 = 2", "/3303/0/5700 = 21.5"]);
});

test("LwM2M Core 1.2.2 §7.2.3: values have the types of the version that the device has said", () => {
  proves("connector", "register-object-version");
  const { rig, device } = registered("1.1", "</1/0>,</3/0>;ver=1.1");
  device.send(json([{ n: "/3/0/9", v: 80 }]), SENML_JSON);
  expect(answer(rig, device)).toBe("2.04");
  expect(sends(rig)[0].entries[0]).toMatchObject({ path: [3, 0, 9], type: INTEGER, value: 80 });
  expect(decodeUtf8(sends(rig)[0].payload)).toContain("/3/0/9");
});
