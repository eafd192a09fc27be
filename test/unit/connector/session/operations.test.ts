/** What each registration allows to be asked, in which format, and what it may be answered. */
import { expect, test } from "vitest";
import type { DownlinkRequest } from "../../../../connector/contract.ts";
import { writeCompositeContent } from "../../../../connector/session/write-composite.ts";
import { decodeUtf8, encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import type { Response } from "../../../../protocol/coap/coap-endpoint.ts";
import {
  CHANGED,
  CONTENT,
  CREATED,
  DELETE,
  FETCH,
  GET,
  IPATCH,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  POST,
  PUT,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../../protocol/coap/codes.ts";
import {
  CBOR,
  LINK_FORMAT,
  LWM2M_CBOR,
  LWM2M_JSON,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_ETCH_JSON,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../../protocol/coap/content-formats.ts";
import { NO_BYTES } from "../../../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  OBSERVE,
  uintOf,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { SENML_ETCH_CBOR_PATHS } from "../../../../protocol/content/senml-cbor-etch.ts";
import { SENML_ETCH_JSON_PATHS } from "../../../../protocol/content/senml-json-etch.ts";
import { INTEGER } from "../../../../protocol/model/data-types.ts";
import { proves } from "../../../support/proves.ts";
import { type Device, Rig } from "../connector/rig.ts";

const LINKS = "</1/0>,</3/0>,</3303/0>";

function bare(code: number): Response {
  return { code, options: [], payload: NO_BYTES };
}

/** A rig with one device of a version, whose list begins with what it says of formats. */
function given(version: string, root = ""): { rig: Rig; device: Device } {
  const rig = new Rig();
  const device = rig.device("a");
  device.register(["lt=300", `lwm2m=${version}`, "b=U"], root + LINKS);
  rig.drive(100);
  expect(device.answers).toEqual(["2.01"]);
  return { rig, device };
}

type Asked = Partial<DownlinkRequest> & { readonly path: string };

/** What a device of a version is sent, or why it is sent nothing. */
function asked(version: string, request: Asked, root = ""): string {
  const { rig, device } = given(version, root);
  const submission = rig.submit("a", request);
  rig.drive(rig.now + 1000);
  if ("id" in submission) return device.executed.join();
  expect(device.executed).toEqual([]);
  return "reason" in submission ? `${submission.status} ${submission.reason}` : submission.refusal;
}

const VALUE = encodeUtf8("1");

test.each([
  [
    "1.0",
    { path: "/3/0/11/0" },
    "405 The path of a resource instance needs LwM2M 1.1, and the device registered with 1.0",
  ],
  [
    "1.0",
    { method: DELETE, path: "/3/0/11/0" },
    "405 The path of a resource instance needs LwM2M 1.1, and the device registered with 1.0",
  ],
  ["1.1", { path: "/3/0/11/0" }, "GET /3/0/11/0 accept=0"],
  [
    "1.0",
    { method: FETCH, path: "/", paths: ["/3/0"] },
    "405 Read-Composite needs LwM2M 1.1, and the device registered with 1.0",
  ],
  [
    "1.0",
    { method: IPATCH, path: "/", payload: VALUE, contentFormat: SENML_JSON },
    "405 Write-Composite needs LwM2M 1.1, and the device registered with 1.0",
  ],
  [
    "1.1",
    { method: PUT, path: "/3303", payload: VALUE },
    "405 There is no Write (Replace) of an object",
  ],
  ["1.1", { method: PUT, path: "/3303", query: ["pmin=1"] }, "PUT /3303?pmin=1"],
  ["1.1", { method: DELETE, path: "/3/0/9" }, "405 There is no Delete of a resource"],
  ["1.1", { method: DELETE, path: "/3303" }, "405 There is no Delete of an object"],
  ["1.1", { method: POST, path: "/3/0/11/0" }, "405 There is no Execute of a resource instance"],
  [
    "1.1",
    { path: "/3/0/11/0", accept: LINK_FORMAT },
    "405 There is no Discover of a resource instance",
  ],
  ["1.1", { path: "/3/65535" }, "400 65535 is the id of nothing"],
  ["1.1", { method: FETCH, path: "/3/0" }, "405 LwM2M has no operation for this method"],
  [
    "1.1",
    { method: FETCH, path: "/3/0", paths: ["/3/0/1"] },
    "405 LwM2M has no operation for this method",
  ],
  [
    "1.1",
    { method: FETCH, path: "/x", paths: ["/3/0/1"] },
    "400 A composite is asked of the path /",
  ],
  ["1.1", { method: FETCH, path: "/" }, "400 Read-Composite needs a payload and its format"],
  [
    "1.1",
    { method: IPATCH, path: "/", payload: VALUE },
    "400 Write-Composite needs a payload and its format",
  ],
  ["1.1", { method: FETCH, path: "/", paths: [] }, "400 Read-Composite names 1 to 64 paths"],
  [
    "1.1",
    { method: FETCH, path: "/", paths: ["/led"] },
    "400 /led is no place that Read-Composite could name",
  ],
  [
    "1.1",
    { method: FETCH, path: "/", paths: ["/3/65535"] },
    "400 /3/65535 is no place that Read-Composite could name",
  ],
] as [
  string,
  Asked,
  string,
][])("LwM2M Transport 1.2.2 §6.4.4: a device of LwM2M %s is asked %o: %s", (version, request, outcome) => {
  proves("connector", "formats-by-registration");
  expect(asked(version, request)).toBe(outcome);
});

test.each([
  [
    "1.0",
    { path: "/3/0", accept: SENML_JSON },
    "415 A device of LwM2M 1.0 that does not list it has no SenML JSON",
  ],
  [
    "1.0",
    { path: "/3/0/9", accept: CBOR },
    "415 A device of LwM2M 1.0 that does not list it has no CBOR",
  ],
  ["1.0", { path: "/3/0", accept: LWM2M_JSON }, "GET /3/0 accept=11543"],
  ["1.0", { path: "/3/0", accept: 1543 }, "GET /3/0 accept=1543"],
  [
    "1.1",
    { path: "/3/0", accept: LWM2M_JSON },
    "415 A device of LwM2M 1.1 that does not list it has no LwM2M JSON",
  ],
  [
    "1.1",
    { path: "/3/0", accept: LWM2M_CBOR },
    "415 A device of LwM2M 1.1 that does not list it has no LwM2M CBOR",
  ],
  ["1.2", { path: "/3/0", accept: LWM2M_CBOR }, "GET /3/0 accept=11544"],
  ["1.2.1", { path: "/3/0", accept: LWM2M_CBOR }, "GET /3/0 accept=11544"],
  ["1.7", { path: "/3/0", accept: LWM2M_CBOR }, "GET /3/0 accept=11544"],
  ["1.1", { path: "/3/0", accept: TEXT }, "415 Read of an object instance has no text"],
  [
    "1.1",
    { method: PUT, path: "/3/0", payload: VALUE, contentFormat: OCTET_STREAM },
    "415 Write (Replace) of an object instance has no opaque",
  ],
  [
    "1.1",
    { method: PUT, path: "/3/0/9", payload: VALUE, contentFormat: 50 },
    "415 Write (Replace) of a resource has no format 50",
  ],
  [
    "1.1",
    { method: POST, path: "/3303", payload: VALUE, contentFormat: SENML_ETCH_JSON },
    "415 Create of an object has no SenML-ETCH JSON",
  ],
  [
    "1.1",
    { method: IPATCH, path: "/", payload: VALUE, contentFormat: LWM2M_CBOR },
    "415 A device of LwM2M 1.1 that does not list it has no LwM2M CBOR",
  ],
  [
    "1.1",
    { method: IPATCH, path: "/", payload: VALUE, contentFormat: TLV },
    "415 Write-Composite of the root has no TLV",
  ],
] as [
  string,
  Asked,
  string,
][])("LwM2M Core 1.2.2 §7.5: a device of LwM2M %s is asked %o: %s", (version, request, outcome) => {
  expect(asked(version, request)).toBe(outcome);
});

test("LwM2M Core 1.2.2 §6.2.1: what a device lists with its root link it has, whatever its version", () => {
  proves("connector", "formats-by-registration", "register-root-link");
  const root = '</>;rt="oma.lwm2m";ct="110 11544",';
  expect(asked("1.0", { path: "/3/0", accept: SENML_JSON }, root)).toBe("GET /3/0 accept=110");
  expect(asked("1.1", { path: "/3/0", accept: LWM2M_CBOR }, root)).toBe("GET /3/0 accept=11544");
});

test.each([
  ["", "/3/0", 11542],
  ["", "/3/0/9", 0],
  ["</>;ct=110,", "/3/0", 110],
  ['</>;ct="11542 110 112",', "/3/0", 11542],
  ['</>;ct="110 112",', "/3", 112],
  ['</>;ct="110 11544",', "/3/0", 11544],
  ['</>;rt="oma.lwm2m";ct="60 40",', "/3/0", 11542],
  ['</>;ct="110 112",', "/3/0/9", 0],
])("LwM2M Core 1.2.2 §7.5: where no format is named and the list begins %j, %s is asked for in %i", (root, path, accept) => {
  proves("connector", "formats-by-registration");
  expect(asked("1.1", { path }, root)).toBe(`GET ${path} accept=${accept}`);
});

test.each([
  [
    "1.0",
    { path: "/3/0", query: ["epmin=1"] },
    "405 The attribute epmin needs LwM2M 1.1, and the device registered with 1.0",
  ],
  ["1.1", { path: "/3/0", query: ["epmin=1"] }, "PUT /3/0?epmin=1"],
  [
    "1.1",
    { path: "/3/0/9", query: ["con=1"] },
    "405 The attribute con needs LwM2M 1.2, and the device registered with 1.1",
  ],
  ["1.2", { path: "/3/0/9", query: ["con=1", "edge"] }, "PUT /3/0/9?con=1&edge"],
  [
    "1.2",
    { path: "/3/0/9", query: ["color=1"] },
    '400 Write-Attributes has no parameter "color"'.replaceAll('"', ""),
  ],
  ["1.2", { path: "/3/0/9", query: ["pmin=soon"] }, '400 "pmin=soon" gives pmin no value'],
  [
    "1.2",
    { path: "/3/0/9", query: ["gt=1", "lt=2"] },
    "400 The attributes contradict each other: lt + 2 st < gt, epmin < epmax",
  ],
] as [
  string,
  Asked,
  string,
][])("LwM2M Core 1.2.2 §7.3.2: Write-Attributes of a device of LwM2M %s, %o: %s", (version, request, outcome) => {
  proves("connector", "write-attributes");
  expect(asked(version, { method: PUT, ...request }).replace('"color"', "color")).toBe(outcome);
});

test.each([
  ["1.2", ["depth=3"], "GET /3?depth=3 accept=40"],
  ["1.2", ["depth=0"], "GET /3?depth=0 accept=40"],
  ["1.2", ["depth=4"], "400 Discover has one parameter, depth from 0 to 3"],
  ["1.2", ["pmin=1"], "400 Discover has one parameter, depth from 0 to 3"],
  [
    "1.1",
    ["depth=1"],
    "405 The depth of a Discover needs LwM2M 1.2, and the device registered with 1.1",
  ],
  ["1.0", [], "GET /3 accept=40"],
])("LwM2M Core 1.2.2 §6.3.2: Discover by LwM2M %s with %j: %s", (version, query, outcome) => {
  proves("connector", "discover", "discover-depth");
  expect(asked(version, { path: "/3", accept: LINK_FORMAT, query })).toBe(outcome);
});

test("LwM2M Core 1.2.2 §6.4.1: attributes of an observation of its own, from LwM2M 1.2 on", () => {
  proves("connector", "observe-parameters");
  const { rig, device } = given("1.2");
  device.values.set("/3/0/9", "80");
  const first = rig.observe("a", "/3/0/9", { query: ["pmin=10", "gt=90"] });
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual(["GET /3/0/9?pmin=10&gt=90 observe=0 accept=0"]);
  expect(rig.outcome(first)).toBe("200 80");
  expect(rig.observe("a", "/3/0/9", { query: ["pmin"] })).toMatchObject({ status: 400 });

  const older = given("1.1");
  older.device.values.set("/3/0/9", "80");
  expect(older.rig.observe("a", "/3/0/9", { query: ["pmin=10"] })).toEqual({
    refusal: "not-allowed",
    status: 405,
    reason:
      "An observation with attributes of its own needs LwM2M 1.2, and the device registered with 1.1",
  });
  older.rig.drive(older.rig.now + 1000);
  expect(older.device.executed).toEqual([]);
});

test("RFC 7641 §3.6: an observation with other attributes takes the place of the one before", () => {
  const { rig, device } = given("1.2");
  device.values.set("/3/0/9", "80");
  rig.observe("a", "/3/0/9");
  rig.drive(rig.now + 1000);
  const again = rig.observe("a", "/3/0/9", { query: ["pmin=10"] });
  expect(rig.outcome(again)).toBeUndefined();
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual([
    "GET /3/0/9 observe=0 accept=0",
    "GET /3/0/9 observe=1 accept=0",
    "GET /3/0/9?pmin=10 observe=0 accept=0",
  ]);
  expect(rig.outcome(again)).toBe("200 80");
  // Whoever asks for nothing particular takes it as it is.
  expect(rig.outcome(rig.observe("a", "/3/0/9"))).toBe("200 80");
  rig.restart();
  rig.cancelObservation("a", "/3/0/9");
  rig.drive(rig.now + 1000);
  expect(device.executed.at(-1)).toBe("GET /3/0/9?pmin=10 observe=1 accept=0");
});

/** The paths and formats of the composites that a device was asked for. */
function composites(device: Device): string[] {
  const seen: string[] = [];
  const { respond } = device;
  device.respond = (request, path) => {
    if (request.code === FETCH) {
      const format = uintOf(request.options, CONTENT_FORMAT, -1);
      const isCbor = format === SENML_CBOR || format === 322;
      const codec = isCbor ? SENML_ETCH_CBOR_PATHS : SENML_ETCH_JSON_PATHS;
      const paths = codec.decode(request.payload);
      const accept = uintOf(request.options, ACCEPT, -1);
      const observe = uintOf(request.options, OBSERVE, -1);
      seen.push(`${path} ${format} ${JSON.stringify(paths)} accept=${accept} observe=${observe}`);
    }
    return respond(request, path);
  };
  return seen;
}

test.each([
  ["1.1", "", "/ 112 [[3,0,9],[3303]] accept=112 observe=-1"],
  ["1.1", "</>;ct=110,", "/ 110 [[3,0,9],[3303]] accept=110 observe=-1"],
  ["1.2", "</>;ct=322,", "/ 322 [[3,0,9],[3303]] accept=112 observe=-1"],
  ["1.2", '</>;ct="320 11544",', "/ 320 [[3,0,9],[3303]] accept=11544 observe=-1"],
])("LwM2M Core 1.2.2 §6.3.8: Read-Composite of a device of LwM2M %s that lists %j", (version, root, expected) => {
  proves("connector", "read-composite");
  const { rig, device } = given(version, root);
  const seen = composites(device);
  device.values.set("/", "[]");
  const paths = ["/3/0/9", "/3303"];
  const submission = rig.submit("a", { method: FETCH, path: "/", paths });
  rig.drive(rig.now + 1000);
  expect(seen).toEqual([expected]);
  expect(rig.outcome(submission)).toBe("200 []");
});

test.each([
  ["", "/ 112 [[]] accept=112 observe=-1"],
  ['</lwm2m>;rt="oma.lwm2m",', "/lwm2m 112 [[]] accept=112 observe=-1"],
])("LwM2M Core 1.1.1 §6.3.8: Read-Composite of the root of a device that lists %j", (root, expected) => {
  const { rig, device } = given("1.1", root);
  const seen = composites(device);
  device.values.set(expected.split(" ")[0], "[]");
  const submission = rig.submit("a", { method: FETCH, path: "/", paths: ["/"] });
  rig.drive(rig.now + 1000);
  expect(seen.map((one) => one.split(" ").slice(0, 2))).toEqual([expected.split(" ").slice(0, 2)]);
  expect(rig.outcome(submission)).toBe("200 []");
});

test.each([
  ["Create", "/16"],
  ["Write (Partial Update)", "/3303/0"],
])("LwM2M Core 1.0.2 §6.4: %s in JSON is asked of a device of LwM2M 1.0", (_, path) => {
  const { rig, device } = given("1.0");
  const payload = encodeUtf8('{"e":[]}');
  rig.submit("a", { method: POST, path, payload, contentFormat: LWM2M_JSON });
  rig.drive(rig.now + 1000);
  expect(device.executed.at(-1)).toContain(`POST ${path}`);
});

test("LwM2M Core 1.2.2 §7.5.6: a device that refuses one format of paths is asked in the next, and the last refusal is told", () => {
  const { rig, device } = given("1.2");
  device.respond = () => bare(UNSUPPORTED_CONTENT_FORMAT);
  const seen = composites(device);
  const submission = rig.submit("a", { method: FETCH, path: "/", paths: ["/3"] });
  rig.drive(rig.now + 1000);
  expect(seen.map((line) => line.split(" ")[1])).toEqual(["112", "322", "110", "320"]);
  expect(rig.outcome(submission)).toBe("415 The device answered 4.15");
});

test("LwM2M Transport 1.2.2 §6.4.1: an alternate path stands before the root and in names", () => {
  proves("connector", "alternate-path");
  const rig = new Rig();
  const device = rig.device("a");
  const list = '</lwm2m>;rt="oma.lwm2m";ct="110 112",</lwm2m/3/0>';
  device.register(["lt=300", "lwm2m=1.1", "b=U"], list);
  rig.drive(100);
  rig.submit("a", { method: FETCH, path: "/", paths: ["/3/0/9"] });
  const content = writeCompositeContent(rig.connector.registration("a")!, [
    { path: [3, 0, 9], type: INTEGER, value: 7 },
  ]);
  rig.submit("a", { method: IPATCH, path: "/", ...content });
  let names = "";
  device.respond = (request, path) => {
    if (request.code === FETCH)
      names += JSON.stringify(SENML_ETCH_CBOR_PATHS.decode(request.payload, "/lwm2m"));
    names += ` ${path}`;
    return bare(request.code === FETCH ? CONTENT : CHANGED);
  };
  rig.drive(rig.now + 1000);
  expect(names).toBe("[[3,0,9]] /lwm2m /lwm2m");
  expect(content?.contentFormat).toBe(SENML_CBOR);
  expect(decodeUtf8(content?.payload ?? NO_BYTES)).toMatch(/\/lwm2m\/.*3\/0\/9/s);
});

test("LwM2M Core 1.2.2 §6.4.4: Observe-Composite, its notifications, and a cancellation with the same list", () => {
  proves("connector", "observe-composite", "observations-follow");
  const { rig, device } = given("1.2", "</>;ct=110,");
  const seen = composites(device);
  device.values.set("/", "[1]");
  const paths = ["/3/0/9", "/3303/0"];
  const first = rig.observeComposite("a", paths, { query: ["pmin=5", "con=1"] });
  rig.drive(rig.now + 1000);
  expect(rig.outcome(first)).toBe("200 [1]");
  expect(device.executed[0]).toMatch(/^FETCH \/\?pmin=5&con=1 observe=0/);
  device.set("/", "[2]");
  rig.drive(rig.now + 1000);
  rig.restart();
  device.set("/", "[3]");
  rig.drive(rig.now + 1000);
  device.reboot();
  device.register(["lt=300", "lwm2m=1.2"], `</>;ct=110,${LINKS}`);
  rig.drive(rig.now + 1000);
  const told = rig.events.flatMap((event) =>
    event.kind === "composite-notification" ? [[event.paths, decodeUtf8(event.payload)]] : [],
  );
  expect(told).toEqual([
    [paths, "[2]"],
    [paths, "[3]"],
    [paths, "[3]"],
  ]);
  expect(rig.notifications()).toEqual([]);
  expect(rig.cancelComposite("a", [...paths].reverse())).toBe(false);
  expect(rig.cancelComposite("a", paths)).toBe(true);
  rig.drive(rig.now + 1000);
  expect(seen.map((line) => line.slice(-9))).toEqual(["observe=0", "observe=0", "observe=1"]);
  expect(new Set(seen.map((line) => line.slice(0, -9))).size).toBe(1);
});

test("an observation of several places that the device ends is told with its paths", () => {
  const { rig, device } = given("1.1");
  device.values.set("/", "[1]");
  rig.observeComposite("a", ["/3/0", "/3303"]);
  rig.drive(rig.now + 1000);
  device.notifyError("/", METHOD_NOT_ALLOWED);
  rig.drive(rig.now + 1000);
  expect(rig.events.at(-1)).toEqual({
    kind: "composite-observation-end",
    endpointName: "a",
    paths: ["/3/0", "/3303"],
    status: 405,
    error: "The device answered 4.05",
  });
});

test.each([
  [["edge=1"], "Observe-Composite has no parameter"],
  [["gt=1"], "Observe-Composite has no parameter"],
])("LwM2M Core 1.2.2 §6.4.4: an Observe-Composite takes no %j", (query, reason) => {
  const { rig } = given("1.2");
  expect(rig.observeComposite("a", ["/3/0"], { query })).toMatchObject({
    status: 400,
    reason: expect.stringContaining(reason),
  });
});

test("LwM2M Core 1.2.2 §6.3.9: a Write-Composite is written in what the device has, removals in SenML-ETCH", () => {
  proves("connector", "write-composite", "senml-etch");
  const value = { path: [3303, 0, 5750], type: INTEGER, value: 1 };
  const removal = { path: [3303, 0, 5701, 2], type: INTEGER, value: undefined };
  const of = (version: string, root = "") =>
    given(version, root).rig.connector.registration("a") ?? expect.fail();
  expect(writeCompositeContent(of("1.1"), [value])?.contentFormat).toBe(SENML_CBOR);
  expect(writeCompositeContent(of("1.2", "</>;ct=11544,"), [value])?.contentFormat).toBe(
    LWM2M_CBOR,
  );
  expect(writeCompositeContent(of("1.1"), [value, removal])).toBeUndefined();
  expect(writeCompositeContent(of("1.2", "</>;ct=320,"), [removal])).toEqual({
    contentFormat: SENML_ETCH_JSON,
    payload: encodeUtf8('[{"bn":"/","n":"3303/0/5701/2","v":null}]'),
  });
  const { rig, device } = given("1.1");
  device.respond = () => bare(CHANGED);
  const content = writeCompositeContent(of("1.1"), [value]);
  const written = rig.submit("a", { method: IPATCH, path: "/", ...content });
  rig.drive(rig.now + 1000);
  expect(device.executed[0]).toMatch(/^iPATCH \/ format=112/);
  expect(rig.outcome(written)).toBe("200 ");
});

test.each([
  [
    { path: "/3303", method: POST, payload: VALUE },
    CHANGED,
    "502 The device answered 2.04, and Create succeeds with 2.01",
  ],
  [
    { path: "/3303/0", method: DELETE },
    CHANGED,
    "502 The device answered 2.04, and Delete succeeds with 2.02",
  ],
  [
    { path: "/", method: FETCH, paths: ["/3"] },
    CHANGED,
    "502 The device answered 2.04, and Read-Composite succeeds with 2.05",
  ],
  [
    { path: "/3303/0", method: POST, payload: VALUE },
    CONTENT,
    "502 The device answered 2.05, and Write (Partial Update) succeeds with 2.04",
  ],
  [{ path: "/led", method: PUT, payload: VALUE }, CONTENT, "200 "],
] as [
  Asked,
  number,
  string,
][])("LwM2M Transport 1.2.2 §6.7: %o answered with %i: %s", (request, code, outcome) => {
  proves("connector", "only-legal-codes");
  const { rig, device } = given("1.1");
  device.respond = () => bare(code);
  const submission = rig.submit("a", request);
  rig.drive(rig.now + 1000);
  expect(rig.outcome(submission)).toBe(outcome);
  const expected = outcome.startsWith("502") ? "illegal-answer" : "answered";
  expect(rig.responses()[0].outcome).toBe(expected);
});

test("LwM2M Core 1.1.1 §6.4.1: an observation answered with another success is none", () => {
  const { rig, device } = given("1.1");
  device.respond = () => ({ code: CREATED, options: [uintOption(OBSERVE, 2)], payload: NO_BYTES });
  const first = rig.observe("a", "/3/0");
  rig.drive(rig.now + 1000);
  expect(rig.outcome(first)).toBe("502 The device answered 2.01, and Observe succeeds with 2.05");
});

test("a request that a new registration no longer allows ends when its turn comes, unsent", () => {
  const rig = new Rig();
  const device = rig.registered("a", ["Q"]);
  rig.drive(rig.now + 100_000);
  const composite = rig.submit("a", { method: FETCH, path: "/", paths: ["/3/0"] });
  const read = rig.submit("a", { path: "/3/0/0" });
  device.values.set("/3/0/0", "x");
  device.register(["lt=300", "lwm2m=1.0", "b=UQ"], "</3/0>");
  rig.drive(rig.now + 1000);
  expect(rig.outcome(composite)).toMatch(/^405 Read-Composite needs LwM2M 1\.1/);
  expect(rig.responses()[0].outcome).toBe("not-allowed");
  expect([rig.outcome(read), device.executed]).toEqual(["200 x", ["GET /3/0/0 accept=0"]]);
});

test("a request that is cancelled while it waits is not sent, and one under way is not waited for", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.respond = () => "silent";
  const [first, second] = ["/3/0/0", "/3/0/1"].map((path) => rig.submit("a", { path }));
  rig.drive(rig.now + 100);
  const queued = rig.connector.queued("a");
  expect(queued.map(({ path, state }) => `${path} ${state}`)).toEqual([
    "/3/0/0 sent",
    "/3/0/1 waiting",
  ]);
  for (const { id } of queued) expect(rig.cancel("a", id)).toBe(true);
  expect(rig.cancel("a", queued[0].id)).toBe(false);
  rig.drive(rig.now + 200_000);
  expect([first, second].map((each) => rig.outcome(each))).toEqual([
    "410 The request was cancelled",
    "410 The request was cancelled",
  ]);
  expect([rig.connector.queued("a"), rig.connector.queued("nobody")]).toEqual([[], []]);
  expect(device.executed.filter((line) => line.includes("/3/0/1"))).toEqual([]);
});

test("LwM2M Core 1.1.1 §6.3.6: what a Create has made is listed, also when no Update follows", () => {
  proves("connector", "create");
  const { rig, device } = given("1.1");
  device.respond = () => ({
    code: CREATED,
    options: [
      { number: 8, value: encodeUtf8("3303") },
      { number: 8, value: encodeUtf8("7") },
    ],
    payload: NO_BYTES,
  });
  rig.submit("a", { method: POST, path: "/3303", payload: VALUE });
  rig.drive(rig.now + 1000);
  const uris = rig.connector.registration("a")?.links.map(({ uri }) => uri);
  expect(uris).toEqual(["/1/0", "/3/0", "/3303/0", "/3303/7"]);
});

test("RFC 7252 §5.10.4: a format that the application has named is not replaced", () => {
  const { rig, device } = given("1.1");
  device.respond = () => bare(NOT_ACCEPTABLE);
  const named = rig.observe("a", "/3/0", { accept: SENML_JSON });
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual(["GET /3/0 observe=0 accept=110"]);
  expect(rig.outcome(named)).toBe("415 The device answered 4.06");
});

test("a plain CoAP device has no composites and its paths no operations", () => {
  const rig = new Rig();
  const device = rig.device("mbed");
  device.register([], "</3/0>");
  rig.drive(100);
  expect(rig.submit("mbed", { method: FETCH, path: "/", paths: ["/3/0"] })).toMatchObject({
    status: 405,
    reason: "The device registered without LwM2M, which has composites",
  });
  rig.submit("mbed", { method: DELETE, path: "/3/0/1" });
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual(["DELETE /3/0/1"]);
  expect(rig.submit("mbed", { method: GET, path: "/3/0", accept: 9999 })).toHaveProperty("id");
});

test.each([
  ["1.0", TEXT, "/3/0/9"],
  ["1.0", OCTET_STREAM, "/3/0/9"],
  ["1.0", TLV, "/3/0"],
  ["1.0", LWM2M_JSON, "/3/0"],
  ["1.1", CBOR, "/3/0/9"],
  ["1.1", SENML_JSON, "/3/0"],
  ["1.1", SENML_CBOR, "/3/0"],
  ["1.2", LWM2M_CBOR, "/3/0"],
])("LwM2M Core 1.2.2 §7.5: a device of LwM2M %s is read and written in the format %i", (version, format, path) => {
  proves("connector", "text", "opaque", "tlv", "lwm2m-json", "cbor", "senml-json", "senml-cbor");
  proves("connector", "lwm2m-cbor", "write-replace");
  const { rig, device } = given(version);
  const bytes = new Uint8Array([0, 0xff, 0x80, 7]);
  const written: number[][] = [];
  device.respond = (request) => {
    if (request.code === PUT) written.push([...request.payload]);
    const answer = { options: [uintOption(CONTENT_FORMAT, format)], payload: bytes };
    return request.code === PUT ? bare(CHANGED) : { code: CONTENT, ...answer };
  };
  const write = { method: PUT, path, payload: bytes, contentFormat: format };
  const submissions = [rig.submit("a", { path, accept: format }), rig.submit("a", write)];
  rig.drive(rig.now + 1000);
  expect(submissions.every((each) => "id" in each)).toBe(true);
  expect(rig.responses()[0]).toMatchObject({ status: 200, contentFormat: format, payload: bytes });
  expect([rig.responses()[1].status, written]).toEqual([200, [[...bytes]]]);
});
