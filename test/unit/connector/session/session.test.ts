import { expect, test } from "vitest";
import type { Submission } from "../../../../connector/contract.ts";
import type { ConnectorSettings } from "../../../../connector/settings.ts";
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import type { Response } from "../../../../protocol/coap/coap-endpoint.ts";
import {
  CREATED,
  DELETE,
  GET,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  POST,
  PUT,
} from "../../../../protocol/coap/codes.ts";
import { LINK_FORMAT, SENML_JSON } from "../../../../protocol/coap/content-formats.ts";
import { NO_BYTES } from "../../../../protocol/coap/message.ts";
import {
  ACCEPT,
  findOption,
  LOCATION_PATH,
  MAX_AGE,
  textOption,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { proves } from "../../../support/proves.ts";
import { Rig } from "../connector/rig.ts";

function bare(code: number, text = ""): Response {
  return { code, options: [], payload: encodeUtf8(text) };
}

function withSession(changes: Partial<ConnectorSettings["session"]>) {
  return (settings: ConnectorSettings): ConnectorSettings => ({
    ...settings,
    session: { ...settings.session, ...changes },
  });
}

test.each([
  ["GET /3/0/0 accept=0", { path: "/3/0/0" }],
  ["GET /3/0/11/1 accept=0", { path: "/3/0/11/1" }],
  ["GET /3/0 accept=11542", { path: "/3/0" }],
  ["GET /3 accept=11542", { path: "/3" }],
  ["GET /3/0 accept=110", { path: "/3/0", accept: SENML_JSON }],
  ['PUT /3/0/14 format=0 "+02"', { method: PUT, path: "/3/0/14", payload: encodeUtf8("+02") }],
  ["PUT /3/0/14 format=0", { method: PUT, path: "/3/0/14" }],
  [
    "PUT /3/0/9?pmin=10&pmax=60&gt",
    { method: PUT, path: "/3/0/9", query: ["pmin=10", "pmax=60", "gt"] },
  ],
  ["GET /3/0 accept=40", { path: "/3/0", accept: LINK_FORMAT }],
  ['PUT /3/0 format=11542 "x"', { method: PUT, path: "/3/0", payload: encodeUtf8("x") }],
  [
    'PUT /3/0 format=110 "[]"',
    { method: PUT, path: "/3/0", payload: encodeUtf8("[]"), contentFormat: SENML_JSON },
  ],
  ["POST /3/0/4", { method: POST, path: "/3/0/4" }],
  ['POST /3/0/4 format=0 "5"', { method: POST, path: "/3/0/4", payload: encodeUtf8("5") }],
  ['POST /3303 format=11542 "x"', { method: POST, path: "/3303", payload: encodeUtf8("x") }],
  ['POST /3303/0 format=11542 "x"', { method: POST, path: "/3303/0", payload: encodeUtf8("x") }],
  ["DELETE /3303/0", { method: DELETE, path: "/3303/0" }],
  ["DELETE /3/0/11/1", { method: DELETE, path: "/3/0/11/1" }],
  ["GET /led/1/state", { path: "/led/1/state" }],
  [
    'PUT /led/1/state format=0 "1"',
    { method: PUT, path: "/led/1/state", payload: encodeUtf8("1") },
  ],
  ['PUT /blob format=42 "1"', { method: PUT, path: "/blob", payload: encodeUtf8("1") }],
])("LwM2M Transport 1.1.1 §6.4.4: an LwM2M device is asked %s", (line, request) => {
  proves(
    "connector",
    "read",
    "discover",
    "write-replace",
    "write-partial",
    "write-attributes",
    "execute",
    "create",
    "delete",
    "delete-resource-instance",
  );
  const rig = new Rig();
  const device = rig.registered("a", [], '</3/0>,</led/1/state>,</blob>;ct="42 60"');
  rig.submit("a", request);
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual([line]);
});

test("a plain CoAP device is asked for no format, also on numeric paths", () => {
  const rig = new Rig();
  const device = rig.device("mbed");
  device.register([], "</3200/0/5501>");
  rig.drive(100);
  device.values.set("/3200/0/5501", "7");
  const submission = rig.submit("mbed", { path: "/3200/0/5501" });
  rig.drive(1000);
  expect(device.executed).toEqual(["GET /3200/0/5501"]);
  expect(rig.outcome(submission)).toBe("200 7");
});

test("a device with an alternate path is asked below it, but for its named resources", () => {
  const rig = new Rig();
  const device = rig.registered("a", [], '</lwm2m>;rt="oma.lwm2m",</lwm2m/3/0>,</led>');
  rig.submit("a", { path: "/3/0/0" });
  rig.submit("a", { path: "/led" });
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual(["GET /lwm2m/3/0/0 accept=0", "GET /led"]);
});

test("RFC 7252 §5.10.4: a device without the usual format is asked for any, once", () => {
  proves("connector", "read-any-format");
  const rig = new Rig();
  const device = rig.registered("a");
  device.values.set("/3/0", "in some format");
  device.respond = ({ options }) =>
    findOption(options, ACCEPT) === undefined ? undefined : bare(NOT_ACCEPTABLE);
  const usual = rig.submit("a", { path: "/3/0" });
  const named = rig.submit("a", { path: "/3/0", accept: SENML_JSON });
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual(["GET /3/0 accept=11542", "GET /3/0", "GET /3/0 accept=110"]);
  expect(rig.outcome(usual)).toBe("200 in some format");
  expect(rig.outcome(named)).toBe("415 The device answered 4.06");
});

test.each([
  [GET, 0x45, "200 "],
  [PUT, 0x44, "200 "],
  [PUT, 0x41, "502 The device answered 2.01, and Write (Replace) succeeds with 2.04"],
  [GET, 0x44, "502 The device answered 2.04, and Read succeeds with 2.05"],
  [POST, 0x45, "502 The device answered 2.05, and Execute succeeds with 2.04"],
  [DELETE, 0x42, "200 "],
  [GET, 0x80, "400 The device answered 4.00"],
  [GET, 0x81, "401 The device answered 4.01"],
  [GET, 0x84, "404 The device answered 4.04"],
  [GET, 0x85, "405 The device answered 4.05"],
  [PUT, 0x8d, "413 The device answered 4.13"],
  [PUT, 0x8f, "415 The device answered 4.15"],
  [GET, 0xa0, "502 The device answered 5.00"],
  [GET, 0xa1, "501 The device answered 5.01"],
  [GET, 0xa3, "503 The device answered 5.03"],
])("a %s answered %s ends with the status %s", (method, code, outcome) => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.respond = () => bare(code);
  const path = method === DELETE ? "/3303/0" : "/3/0/0";
  const submission = rig.submit("a", { method, path, accept: 0 });
  rig.drive(rig.now + 1000);
  expect(rig.outcome(submission)).toBe(outcome);
});

test("what a device says of its error is passed on in one printable line", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.respond = () => bare(0x80, `not\n\u001b[31mred ${"x".repeat(500)}`);
  const submission = rig.submit("a", { path: "/3/0/0" });
  rig.drive(rig.now + 1000);
  expect(rig.outcome(submission)).toMatch(
    /^400 The device answered 4\.00: not {2}\[31mred x{80,100}$/,
  );
});

test("RFC 7252 §5.10.5: Max-Age comes with the value, a minute when the device names none", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.values.set("/3/0/0", "x");
  rig.submit("a", { path: "/3/0/0" });
  rig.drive(rig.now + 1000);
  device.respond = () => ({ ...bare(0x45), options: [uintOption(MAX_AGE, 7)] });
  rig.submit("a", { path: "/3/0/0" });
  rig.drive(rig.now + 1000);
  expect(rig.responses().map(({ maxAge }) => maxAge)).toEqual([60, 7]);
});

test("RFC 7252 §4.7: requests go out one at a time, in order", () => {
  proves("connector", "nstart", "queue-held");
  const rig = new Rig();
  const device = rig.registered("a");
  const submissions: Submission[] = [];
  for (let i = 0; i < 5; i++) {
    submissions.push(
      rig.submit("a", { method: PUT, path: `/x/${i}`, payload: encodeUtf8(`${i}`) }),
    );
  }
  rig.drive(rig.now + 10);
  expect(device.executed.length).toBe(1);
  rig.drive(rig.now + 1000);
  expect(device.executed.map((line) => line.split(" ")[1])).toEqual([
    "/x/0",
    "/x/1",
    "/x/2",
    "/x/3",
    "/x/4",
  ]);
  expect(submissions.map((submission) => rig.outcome(submission))).toEqual(Array(5).fill("201 "));
  expect(new Set(rig.responses().map(({ id }) => id)).size).toBe(5);
});

test("a device has room for 20 waiting requests, then they are refused until one has gone", () => {
  const rig = new Rig();
  const device = rig.registered("a", ["Q"]);
  device.isAsleep = true;
  rig.drive(200_000);
  for (let i = 0; i < 20; i++) expect(rig.submit("a", { path: "/3/0/0" })).toHaveProperty("id");
  expect(rig.submit("a", { path: "/3/0/0" })).toEqual({ refusal: "queue-full" });
  device.isAsleep = false;
  device.update();
  rig.drive(rig.now + 1000);
  expect(rig.responses().length).toBe(20);
  expect(rig.submit("a", { path: "/3/0/0" })).toHaveProperty("id");
});

test("what the requests for all devices carry is bounded together, and freed by every outcome", () => {
  const rig = new Rig({ change: withSession({ maxQueuedBytes: 100 }) });
  const sleeper = rig.registered("sleeper", ["Q"]);
  rig.registered("gone", ["Q"]);
  rig.drive(200_000);
  const write = { method: PUT, path: "/x", payload: new Uint8Array(40), expiresIn: 60_000 };
  expect(rig.submit("sleeper", write)).toHaveProperty("id");
  expect(rig.submit("gone", write)).toHaveProperty("id");
  expect(rig.submit("sleeper", write)).toEqual({ refusal: "queue-full" });
  rig.restart();
  expect(rig.submit("sleeper", write)).toEqual({ refusal: "queue-full" });
  sleeper.update();
  rig.drive(rig.now + 1000);
  expect(rig.submit("sleeper", write)).toHaveProperty("id");
  rig.drive(rig.now + 100_000);
  expect(rig.responses().map(({ status }) => status)).toEqual([201, 200, 504]);
  expect(rig.submit("gone", { ...write, payload: new Uint8Array(100) })).toHaveProperty("id");
});

test("an unknown device is gone", () => {
  const rig = new Rig();
  expect(rig.submit("nobody", { path: "/3/0/0" })).toEqual({ refusal: "gone" });
  expect(rig.observe("nobody", "/3/0/0")).toEqual({ refusal: "gone" });
  expect(rig.cancelObservation("nobody", "/3/0/0")).toBe(false);
});

test.each([
  "",
  "3/0",
  `/${"x".repeat(256)}`,
  `/${"ä".repeat(128)}`,
])("a path that no request can carry is the caller's fault: %j", (path) => {
  const rig = new Rig();
  rig.registered("a");
  expect(() => rig.submit("a", { path })).toThrow(
    expect.objectContaining({ code: "session/bad-path" }),
  );
  expect(() => rig.observe("a", path)).toThrow(
    expect.objectContaining({ code: "session/bad-path" }),
  );
});

test("a query that no request can carry is the caller's fault", () => {
  const rig = new Rig();
  rig.registered("a");
  const query = [`pmin=${"1".repeat(251)}`];
  expect(() => rig.submit("a", { method: PUT, path: "/3/0", query })).toThrow(
    expect.objectContaining({ code: "session/bad-query" }),
  );
});

test("a request that waits keeps its query over a restart", () => {
  const rig = new Rig();
  const device = rig.registered("a", ["Q"]);
  rig.drive(rig.now + 100_000);
  rig.submit("a", { method: PUT, path: "/3/0", query: ["pmin=10"] });
  rig.drive(rig.now + 1000);
  rig.restart();
  device.update();
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual(["PUT /3/0?pmin=10"]);
});

test("LwM2M Core 1.1.1 §6.3.6: the answer to a Create says where the instance is", () => {
  proves("connector", "create");
  const rig = new Rig();
  const device = rig.registered("a");
  device.respond = () => ({
    code: CREATED,
    options: [textOption(LOCATION_PATH, "3303"), textOption(LOCATION_PATH, "7")],
    payload: NO_BYTES,
  });
  rig.submit("a", { method: POST, path: "/3303", payload: encodeUtf8("x") });
  rig.drive(rig.now + 1000);
  expect(rig.responses().map(({ status, location }) => [status, location])).toEqual([
    [201, "/3303/7"],
  ]);
});

test("a device in queue mode is awake for 93 s, any other as long as it is registered", () => {
  const rig = new Rig();
  rig.registered("sleepy", ["Q"]);
  rig.registered("wakeful");
  const areAwake = () =>
    ["sleepy", "wakeful", "stranger"].map((name) => rig.connector.isAwake(rig.now, name));
  expect(areAwake()).toEqual([true, true, false]);
  rig.drive(rig.now + 93_000);
  expect(areAwake()).toEqual([false, true, false]);
});

test("RFC 7252 §4.2: a device that does not answer is asked five times within 93 s, then it is 504", () => {
  proves("connector", "confirmable-requests", "transmission-parameters");
  const rig = new Rig();
  const device = rig.registered("a");
  device.isAsleep = true;
  const submission = rig.submit("a", { path: "/3/0/0" });
  rig.drive(rig.now + 61_000);
  expect(rig.outcome(submission)).toBeUndefined();
  rig.drive(rig.now + 33_000);
  expect(rig.outcome(submission)).toBe("504 The device did not answer");
});

test("a device that rejects a request with RST makes it 502", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  rig.submit("a", { path: "/3/0/0" });
  device.handleDatagram = (datagram) =>
    rig.launch(device.address, "connector", new Uint8Array([0x70, 0, datagram[2], datagram[3]]));
  rig.drive(rig.now + 1000);
  expect(rig.responses().map(({ status }) => status)).toEqual([502]);
});

test("LwM2M Core 1.1.1 §6.5: a sleeping device is sent nothing, and everything in order when it wakes", () => {
  proves("connector", "queue-held");
  const rig = new Rig();
  const device = rig.registered("a", ["Q"]);
  rig.drive(10 + 93_000);
  const sentBefore = rig.connector.counters.datagramsOut;
  const first = rig.submit("a", { method: PUT, path: "/x", payload: encodeUtf8("1") });
  const second = rig.submit("a", { path: "/x" });
  rig.drive(250_000);
  expect(rig.connector.counters.datagramsOut).toBe(sentBefore);
  device.update();
  rig.drive(251_000);
  expect(device.answers).toEqual(["2.01", "2.04"]);
  expect([rig.outcome(first), rig.outcome(second)]).toEqual(["201 ", "200 1"]);
});

test("a device in queue mode is awake until 93 s after its last message", () => {
  const rig = new Rig();
  const device = rig.registered("a", ["Q"]);
  rig.drive(10 + 92_999);
  rig.submit("a", { path: "/3/0/0" });
  rig.drive(93_100);
  expect(device.executed.length).toBe(1);
  // Its answer was a message, too.
  rig.drive(93_029 + 92_999);
  rig.submit("a", { path: "/3/0/0" });
  rig.drive(rig.now + 100);
  expect(device.executed.length).toBe(2);
});

test("any message wakes a device in queue mode, or only Register and Update when the settings say so", () => {
  for (const [wakesBy, executed] of [
    ["any-message", 1],
    ["update", 0],
  ] as const) {
    const rig = new Rig({ change: withSession({ wakesBy }) });
    const device = rig.registered("a", ["Q"]);
    rig.drive(200_000);
    rig.submit("a", { path: "/3/0/0" });
    device.request(POST, "/dp", [], "");
    rig.drive(201_000);
    expect(device.executed.length).toBe(executed);
  }
});

test("a request that a device has not come for in time is 504, to the millisecond", () => {
  const rig = new Rig();
  rig.registered("a", ["Q"]);
  rig.drive(200_000);
  const short = rig.submit("a", { path: "/1", expiresIn: 5000 });
  const long = rig.submit("a", { path: "/2", expiresIn: 7000 });
  rig.drive(204_999);
  expect(rig.outcome(short)).toBeUndefined();
  rig.drive(205_000);
  expect(rig.outcome(short)).toBe("504 The device was not reached in time");
  expect(rig.outcome(long)).toBeUndefined();
  rig.drive(207_000);
  expect(rig.outcome(long)).toBe("504 The device was not reached in time");
});

test("a device that falls asleep before it answers is asked again when it wakes, but never twice to execute", () => {
  const rig = new Rig();
  const device = rig.registered("a", ["Q"]);
  device.values.set("/3/0/0", "x");
  device.isAsleep = true;
  const read = rig.submit("a", { path: "/3/0/0" });
  rig.drive(120_000);
  expect(rig.outcome(read)).toBeUndefined();
  device.isAsleep = false;
  device.update();
  rig.drive(121_000);
  expect(rig.outcome(read)).toBe("200 x");
  device.isAsleep = true;
  const execute = rig.submit("a", { method: POST, path: "/3/0/4" });
  rig.drive(240_000);
  expect(rig.outcome(execute)).toBe("504 The device did not answer");
});

test("a request without outcome is sent once, past the queue, and not to a device in queue mode", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  rig.registered("sleepy", ["Q"]);
  const once = { method: PUT, path: "/x", payload: encodeUtf8("1"), confirmable: false };
  expect(rig.submit("a", once)).toHaveProperty("id");
  expect(rig.submit("sleepy", once)).toEqual({ refusal: "queue-mode" });
  rig.drive(rig.now + 300_000);
  expect(device.executed).toEqual(['PUT /x format=0 "1"']);
  expect(rig.responses()).toEqual([]);
});

test("requests without outcome that a device does not answer do not stop those with one", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.values.set("/y", "2");
  device.isAsleep = true;
  const once = { method: PUT, path: "/x", confirmable: false };
  const answers: string[] = [];
  for (let i = 0; i < 40; i++) {
    const submission = rig.submit("a", once);
    answers.push("refusal" in submission ? submission.refusal : "taken");
  }
  expect(answers).toContain("queue-full");
  rig.drive(rig.now + 1000);
  device.isAsleep = false;
  const read = rig.submit("a", { path: "/y" });
  rig.drive(rig.now + 1000);
  expect(rig.outcome(read)).toBe("200 2");
  device.update();
  rig.drive(rig.now + 250_000);
  expect(rig.submit("a", once)).toHaveProperty("id");
});

test.each([
  ["deregistration", 0],
  ["expiry", 1],
])("when the registration ends by %s, every request ends with 410", (kind, index) => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.respond = () => "silent";
  const submissions = [1, 2, 3].map((n) => rig.submit("a", { path: `/${n}` }));
  const observed = rig.observe("a", "/4");
  rig.drive(rig.now + 1000);
  if (index === 0) device.deregister();
  else device.update(["lt=1"]);
  rig.drive(rig.now + 50_000);
  for (const submission of [...submissions, observed]) {
    expect(rig.outcome(submission)).toBe("410 The registration has ended");
  }
  expect(rig.events.some((event) => event.kind === kind)).toBe(true);
  rig.restart();
  expect(rig.submit("a", { path: "/1" })).toEqual({ refusal: "gone" });
});

test("a resource that the device has deleted is listed no more, one that a PUT has made is", () => {
  const rig = new Rig();
  const device = rig.registered("a", [], '</led>;rt="x",</log>');
  device.values.set("/led", "1");
  rig.submit("a", { method: DELETE, path: "/led" });
  rig.submit("a", { method: PUT, path: "/new", payload: encodeUtf8("1") });
  rig.submit("a", { method: DELETE, path: "/log" });
  rig.drive(rig.now + 1000);
  const uris = () => rig.connector.registration("a")?.links.map((link) => link.uri);
  expect(uris()).toEqual(["/log", "/new"]);
  rig.restart();
  expect(uris()).toEqual(["/log", "/new"]);
});

test("a device that changes its address is asked there, and what was under way is asked again", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.values.set("/3/0/0", "x");
  device.moveTo("10.9.9.9:1");
  const read = rig.submit("a", { path: "/3/0/0" });
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual([]);
  device.update();
  rig.drive(rig.now + 1000);
  expect(rig.outcome(read)).toBe("200 x");
});

test("what was accepted survives a restart: waiting requests are sent, what a device may have executed is 503", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.values.set("/x", "before");
  device.isAsleep = true;
  const execute = rig.submit("a", { method: POST, path: "/3/0/4" });
  const write = rig.submit("a", { method: PUT, path: "/x", payload: encodeUtf8("after") });
  const read = rig.submit("a", { path: "/x" });
  rig.drive(rig.now + 1000);
  rig.restart();
  device.isAsleep = false;
  rig.drive(rig.now + 1000);
  expect(rig.outcome(execute)).toBe("503 The connector restarted while the request was under way");
  expect([rig.outcome(write), rig.outcome(read)]).toEqual(["200 ", "200 after"]);
  const later = rig.submit("a", { path: "/x" });
  rig.drive(rig.now + 1000);
  expect(rig.outcome(later)).toBe("200 after");
  rig.restart();
  rig.drive(rig.now + 1000);
  expect(rig.responses().length).toBe(4);
});

test("a request that was under way at a restart is sent again when that does no harm", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.values.set("/x", "1");
  device.isAsleep = true;
  const read = rig.submit("a", { path: "/x" });
  rig.drive(rig.now + 1000);
  rig.restart();
  device.isAsleep = false;
  rig.drive(rig.now + 1000);
  expect(rig.outcome(read)).toBe("200 1");
});

test("LwM2M Core 1.1.1 §6.5: requests for a sleeping device wait across a restart until it wakes", () => {
  proves("connector", "queue-persisted");
  const rig = new Rig();
  const device = rig.registered("a", ["Q"]);
  device.values.set("/x", "1");
  rig.drive(200_000);
  const read = rig.submit("a", { path: "/x" });
  rig.restart();
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual([]);
  device.update();
  rig.drive(rig.now + 1000);
  expect(rig.outcome(read)).toBe("200 1");
});

test("RFC 7959 §2: bodies larger than a block go both ways", () => {
  proves("connector", "block-wise");
  const rig = new Rig();
  const device = rig.registered("a");
  const body = "0123456789".repeat(500);
  rig.submit("a", { method: PUT, path: "/x", payload: encodeUtf8(body) });
  const read = rig.submit("a", { path: "/x" });
  rig.drive(rig.now + 10_000);
  expect(device.values.get("/x")).toBe(body);
  expect(rig.outcome(read)).toBe(`200 ${body}`);
});

test("a payload that nothing was asked for is empty, not shared garbage", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.respond = () => bare(0x84, "no such thing");
  rig.submit("a", { path: "/9" });
  rig.drive(rig.now + 1000);
  expect(rig.responses()[0].payload).toEqual(NO_BYTES);
});

test("an application ends a registration: what waits is 410, and the device learns it at its next Update", () => {
  const rig = new Rig();
  const device = rig.registered("a", ["Q"]);
  rig.now += 100_000;
  const waiting = rig.submit("a", { path: "/3/0/0" });
  rig.events.length = 0;
  expect(rig.deregister("a")).toEqual({ id: expect.stringMatching(/^\d+#[0-9a-f-]{36}$/) });
  expect(rig.events.map(({ kind }) => kind)).toEqual(["deregistration", "response"]);
  expect(rig.outcome(waiting)).toBe("410 The registration has ended");
  expect([rig.connector.registration("a"), rig.connector.size]).toEqual([undefined, 0]);
  expect(rig.deregister("a")).toEqual({ refusal: "gone" });
  rig.restart();
  expect(rig.connector.registration("a")).toBeUndefined();
  device.update();
  rig.drive(rig.now + 100);
  expect(device.answers.at(-1)).toBe("4.04");
  device.register(["lt=300", "lwm2m=1.1", "b=U"], "</3/0>");
  rig.drive(rig.now + 100);
  expect(rig.connector.registration("a")).toBeDefined();
});

test("a sign of a device whose registration has ended wakes no other device", () => {
  const rig = new Rig();
  const gone = rig.registered("gone");
  rig.deregister("gone");
  const sleeper = rig.registered("sleeper", ["Q"]);
  rig.now += 100_000;
  const read = rig.submit("sleeper", { path: "/3/0/0" });
  gone.request(GET, "/.well-known/core", [], "");
  rig.drive(rig.now + 1000);
  expect([rig.outcome(read), sleeper.executed]).toEqual([undefined, []]);
});

test("a change of the list that was told before the device says it is told once", () => {
  const rig = new Rig();
  const device = rig.registered("a", [], '</led>;rt="x",</log>');
  for (const path of ["/led", "/log"]) device.values.set(path, "1");
  rig.events.length = 0;
  const told = () => rig.events.filter(({ kind }) => kind === "update").length;
  rig.submit("a", { method: DELETE, path: "/log" });
  rig.drive(rig.now + 1000);
  expect(told()).toBe(1);
  // Written in another way, it says the same.
  device.update([], "</led>;rt=x");
  rig.drive(rig.now + 100);
  expect(told()).toBe(1);
  device.update([], "</led>;rt=x");
  rig.drive(rig.now + 100);
  expect(told()).toBe(2);

  rig.submit("a", { method: DELETE, path: "/led" });
  rig.drive(rig.now + 1000);
  device.update([], "</other>");
  rig.drive(rig.now + 100);
  expect(told()).toBe(4);
});

test("a resource stays listed while its DELETE is under way, and when the device refuses it", () => {
  const rig = new Rig({ fate: () => [1000] });
  const device = rig.registered("a", [], "</led>,</log>");
  device.values.set("/log", "1");
  rig.drive(5000);
  const uris = () => rig.connector.registration("a")?.links.map((link) => link.uri);
  rig.submit("a", { method: DELETE, path: "/log" });
  rig.drive(rig.now + 500);
  expect(uris()).toEqual(["/led", "/log"]);
  device.respond = (_, path) => (path === "/led" ? bare(METHOD_NOT_ALLOWED) : undefined);
  rig.submit("a", { method: DELETE, path: "/led" });
  rig.drive(rig.now + 10_000);
  expect(uris()).toEqual(["/led"]);
});
