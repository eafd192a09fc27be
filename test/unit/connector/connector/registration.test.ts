import { expect, test } from "vitest";
import type { ConnectorSettings } from "../../../../connector/settings.ts";
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { DELETE, GET, POST, PUT } from "../../../../protocol/coap/codes.ts";
import { ACCEPT, CONTENT_FORMAT, uintOption } from "../../../../protocol/coap/options.ts";
import { proves } from "../../../support/proves.ts";
import { type Device, Rig } from "./rig.ts";

const QUERY = ["lt=300", "lwm2m=1.1", "b=U"];
const LINKS = '</>;rt="oma.lwm2m";ct=110,</1/0>,</3/0>,</3303>;ver=1.1';

function withRegistry(changes: Partial<ConnectorSettings["registry"]>) {
  return (settings: ConnectorSettings): ConnectorSettings => ({
    ...settings,
    registry: { ...settings.registry, ...changes },
  });
}

/** Sends one request from a fresh device and returns the answer. */
function answerTo(rig: Rig, send: (device: Device) => void): string {
  const device = rig.device("probe");
  send(device);
  rig.drive(rig.now + 100);
  return device.answers.join();
}

test("LwM2M Core 1.1.1 §6.2.1: Register is answered 2.01 with a location, and the device is known", () => {
  proves("connector", "register", "register-list");
  const rig = new Rig();
  const device = rig.device("urn:dev:1");
  device.register(["et=Light", "lt=300", "lwm2m=1.1", "b=UT", "Q", "unknown=1"], LINKS);
  rig.drive(100);
  expect(device.answers).toEqual(["2.01"]);
  expect(device.location).toMatch(/^\/rd\/[\w-]{22}$/);
  const { endpointName, endpointType, lifetime, version, binding, queueMode, peer, links } =
    rig.connector.registration("urn:dev:1") ?? expect.fail();
  expect({ endpointName, endpointType, lifetime, version, binding, queueMode, peer }).toEqual({
    endpointName: "urn:dev:1",
    endpointType: "Light",
    lifetime: 300,
    version: "1.1",
    binding: "UT",
    queueMode: true,
    peer: device.address,
  });
  expect(links.map((link) => link.uri)).toEqual(["/1/0", "/3/0", "/3303"]);
  expect(rig.events.map((event) => event.kind)).toEqual(["registration"]);
});

test("a location can be neither guessed from another nor from its beginning", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  const other = rig.registered("b");
  expect(other.location).not.toBe(device.location);
  for (let i = 4; i < device.location.length; i++) {
    const character = device.location[i] === "A" ? "B" : "A";
    other.request(
      DELETE,
      device.location.slice(0, i) + character + device.location.slice(i + 1),
      [],
      "",
    );
    rig.drive(rig.now + 100);
  }
  expect(new Set(other.answers.slice(1))).toEqual(new Set(["4.04"]));
  expect(rig.connector.size).toBe(2);
});

test("RFC 9176 §5: a device without lwm2m= is a plain CoAP device, with mbed's parameters and a day to live", () => {
  proves("connector", "plain-device");
  const rig = new Rig();
  const device = rig.device("node-001");
  device.register(["et=Light", "d=domain"], '</led/1/state>;rt="5850";obs,</dev/temp>;ct="0"');
  rig.drive(100);
  expect(rig.connector.registration("node-001")).toMatchObject({
    version: undefined,
    endpointType: "Light",
    domain: "domain",
    lifetime: 86400,
    queueMode: false,
  });
});

test("queue mode is said as UQ by 1.0 and as Q by later versions, and an Update with b takes it back", () => {
  const rig = new Rig();
  const old = rig.device("old");
  old.register(["lt=300", "lwm2m=1.0", "b=UQ"], "</3/0>");
  rig.drive(100);
  expect(rig.connector.registration("old")).toMatchObject({ queueMode: true, binding: "U" });
  old.update(["lt=400"]);
  rig.drive(200);
  expect(rig.connector.registration("old")).toMatchObject({ queueMode: true, lifetime: 400 });
  old.update(["b=U"]);
  rig.drive(300);
  expect(rig.connector.registration("old")).toMatchObject({ queueMode: false });
});

test.each([
  ["4.00 ep is missing", (device: Device) => device.request(POST, "/rd", QUERY, LINKS)],
  ["4.00 ep is missing", (device) => device.request(POST, "/rd", ["ep=", ...QUERY], LINKS)],
  ["4.00 lifetime not seconds", (device) => device.register(["lt=-1"], LINKS)],
  ["4.00 parameter repeated", (device) => device.register(["lt=1", "lt=2"], LINKS)],
  ["4.00 lwm2m is no version", (device) => device.register(["lwm2m=one"], LINKS)],
  ["4.12 LwM2M 1.x only", (device) => device.register(["lwm2m=2.0"], LINKS)],
  ["4.00 link without uri", (device) => device.register(QUERY, "nonsense")],
  ["4.00 a parameter is too long", (device) => device.register([`et=${"x".repeat(65)}`], LINKS)],
  ["4.05", (device) => device.request(GET, "/rd", [], "")],
  ["4.05", (device) => device.request(DELETE, "/rd", [], "")],
  ["4.04", (device) => device.request(POST, "/rd/AAAAAAAAAAAAAAAAAAAAAA", [], "")],
  ["4.04", (device) => device.request(DELETE, "/rd/1", [], "")],
  ["4.04", (device) => device.request(POST, "/rd/a/b", [], "")],
  ["4.04", (device) => device.request(GET, "/", [], "")],
  ["4.04", (device) => device.request(POST, "/rx", ["ep=probe"], "")],
  ["4.04", (device) => device.request(POST, "/xd", ["ep=probe"], "")],
  ["4.04", (device) => device.request(POST, "/rdd", ["ep=probe"], "")],
  ["4.04", (device) => device.request(POST, "/bs", ["ep=probe"], "")],
] as [string, (device: Device) => void][])("a bad request is answered %s", (answer, send) => {
  const rig = new Rig();
  expect(answerTo(rig, send)).toBe(answer);
  expect(rig.connector.size).toBe(0);
});

test.each([
  "a/b",
  "a b",
  "a?b",
  "a#b",
  "a%20",
  "..",
  ".",
  "x".repeat(129),
  "ä",
  "a\u0000b",
])("an endpoint name that does not stand in a URL path is refused: %j", (name) => {
  const rig = new Rig();
  const device = rig.device(name);
  device.register(QUERY, LINKS);
  rig.drive(100);
  expect(device.answers).toEqual(["4.00 ep is too long or has bad characters"]);
});

test("RFC 7252 §5.10.3: a payload in another format than link-format is answered 4.15", () => {
  const rig = new Rig();
  const device = rig.device("probe");
  const query = ["ep=probe", ...QUERY];
  const other = [uintOption(CONTENT_FORMAT, 50)];
  device.request(POST, "/rd", query, "", other);
  rig.drive(100);
  expect(device.answers).toEqual(["2.01"]);
  const options = [...other];
  device.coap.request(rig.now, {
    code: POST,
    options: [
      { number: 11, value: encodeUtf8("rd") },
      { number: 15, value: encodeUtf8("ep=probe") },
      ...options,
    ],
    payload: encodeUtf8(LINKS),
  });
  device.flush();
  rig.drive(200);
  expect(device.answers).toEqual(["2.01", "4.15 not link-format"]);
});

test("RFC 6690 §4: /.well-known/core names the registration interface", () => {
  const rig = new Rig();
  const get = (path: string, more: ReturnType<typeof uintOption>[] = []) =>
    answerTo(rig, (device) => device.request(GET, path, [], "", more));
  expect(get("/.well-known/core")).toBe('2.05 </rd>;rt="core.rd"');
  expect(get("/.well-known/core", [uintOption(ACCEPT, 40)])).toBe('2.05 </rd>;rt="core.rd"');
  expect(get("/.well-known/core", [uintOption(ACCEPT, 50)])).toBe("4.06");
});

test("a trailing slash and PUT in place of POST do no harm", () => {
  const rig = new Rig();
  const device = rig.device("probe");
  const slash = { number: 11, value: encodeUtf8("") };
  device.request(POST, "/rd", ["ep=probe", ...QUERY], LINKS, [slash]);
  rig.drive(100);
  device.request(PUT, device.location, ["lt=60"], "");
  rig.drive(200);
  expect(device.answers).toEqual(["2.01", "2.04"]);
  expect(rig.connector.registration("probe")?.lifetime).toBe(60);
});

test("LwM2M Core 1.1.1 §6.2.2: Update changes what it names and nothing else", () => {
  proves("connector", "update");
  const rig = new Rig();
  const device = rig.registered("a", ["et=Light"], LINKS);
  device.update(["lt=60"]);
  rig.drive(rig.now + 100);
  expect(rig.connector.registration("a")).toMatchObject({ lifetime: 60, endpointType: "Light" });
  expect(rig.connector.registration("a")?.links.length).toBe(3);
  device.update([], "</3/0>,</5>");
  rig.drive(rig.now + 100);
  expect(rig.connector.registration("a")?.lifetime).toBe(60);
  expect(rig.connector.registration("a")?.links.map((link) => link.uri)).toEqual(["/3/0", "/5"]);
  expect(device.answers).toEqual(["2.01", "2.04", "2.04"]);
  expect(rig.events.map((event) => event.kind)).toEqual(["registration", "update", "update"]);
});

test("an Update that only says that the device is there writes nothing", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  const { flush } = rig;
  rig.flush = () => {
    expect(rig.store.hasUncommitted()).toBe(false);
    flush.call(rig);
  };
  device.update();
  rig.drive(rig.now + 100);
  device.update(["lt=300"], "</3/0>");
  rig.drive(rig.now + 100);
  expect(device.answers).toEqual(["2.01", "2.04", "2.04"]);
});

test("LwM2M Core 1.1.1 §6.2.1: a registration ends when its lifetime and the grace are over, to the millisecond", () => {
  proves("connector", "lifetime-over");
  const rig = new Rig();
  rig.registered("a");
  const registeredAt = 10;
  rig.drive(registeredAt + 300_000 + 45_000 - 1);
  expect(rig.connector.size).toBe(1);
  rig.drive(registeredAt + 300_000 + 45_000);
  expect(rig.connector.size).toBe(0);
  expect(rig.events.at(-1)).toEqual({ kind: "expiry", endpointName: "a" });
});

test("an Update postpones the end, and brings it forward when the lifetime gets shorter", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  rig.drive(200_000);
  device.update();
  rig.drive(500_000);
  expect(rig.connector.size).toBe(1);
  device.update(["lt=10"]);
  rig.drive(500_010 + 54_999);
  expect(rig.connector.size).toBe(1);
  rig.drive(500_010 + 55_000);
  expect(rig.connector.size).toBe(0);
});

test("who registers again with a shorter lifetime is gone sooner", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.register(["lt=10", "lwm2m=1.1"], LINKS);
  rig.drive(rig.now + 60_000);
  expect(rig.connector.size).toBe(0);
});

test("what happens is counted", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.update();
  device.request(POST, "/rd", [], LINKS);
  rig.drive(rig.now + 100);
  device.deregister();
  // Refused: it names two lifetimes.
  rig.registered("b", ["lt=1"]);
  rig.registered("c");
  rig.drive(rig.now + 400_000);
  expect(rig.connector.counters).toEqual({
    datagramsIn: 6,
    datagramsOut: 6,
    connections: 0,
    malformed: 0,
    crowdedOut: 0,
    registrations: 2,
    updates: 1,
    deregistrations: 1,
    expiries: 1,
    refusals: 2,
    notifications: 0,
    sends: 0,
    bootstraps: 0,
    bootstrapFailures: 0,
    responses: 0,
  });
});

test("LwM2M Core 1.2 §6.2.1: lifetime 0 never ends", () => {
  const rig = new Rig();
  rig.device("a").register(["lt=0", "lwm2m=1.2"], LINKS);
  rig.drive(1e12);
  expect(rig.connector.size).toBe(1);
});

test("LwM2M Core 1.1.1 §6.2.3: De-register ends it, and the location is unknown from then on", () => {
  proves("connector", "de-register", "update-not-found");
  const rig = new Rig();
  const device = rig.registered("a");
  device.deregister();
  rig.drive(rig.now + 100);
  device.update();
  rig.drive(rig.now + 100);
  expect(device.answers).toEqual(["2.01", "2.02", "4.04"]);
  expect(rig.events.map((event) => event.kind)).toEqual(["registration", "deregistration"]);
});

test("who registers a name again gets a new location, and the old one is unknown", () => {
  const rig = new Rig();
  const device = rig.registered("a", ["et=Old"], LINKS);
  const former = device.location;
  device.register(["lt=60", "lwm2m=1.1"], "</3/0>");
  rig.drive(rig.now + 100);
  expect(device.location).not.toBe(former);
  device.request(POST, former, [], "");
  rig.drive(rig.now + 100);
  expect(device.answers).toEqual(["2.01", "2.01", "4.04"]);
  expect(rig.connector.size).toBe(1);
  expect(rig.connector.registration("a")).toMatchObject({ endpointType: undefined, lifetime: 60 });
});

test("an Update from another address is followed and told", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.moveTo("10.9.9.9:1234");
  device.update();
  rig.drive(rig.now + 100);
  expect(device.answers).toEqual(["2.01", "2.04"]);
  expect(rig.connector.registration("a")?.peer).toBe("10.9.9.9:1234");
  expect(rig.events).toContainEqual({
    kind: "address-change",
    endpointName: "a",
    from: "10.0.0.1:5683",
    to: "10.9.9.9:1234",
  });
});

test("LwM2M Core 1.1.1 §6.2.1: an alternate path is taken off the links", () => {
  proves("connector", "alternate-path");
  const rig = new Rig();
  rig.device("a").register(QUERY, '</lwm2m>;rt="oma.lwm2m",</lwm2m/3/0>,</other>');
  rig.drive(100);
  const { links, rootPath } = rig.connector.registration("a") ?? expect.fail();
  expect([rootPath, ...links.map((link) => link.uri)]).toEqual(["/lwm2m", "/3/0", "/other"]);
});

test("a full connector answers 5.03 and keeps whom it has", () => {
  const rig = new Rig({ change: withRegistry({ maxRegistrations: 2 }) });
  const first = rig.registered("a");
  rig.registered("b");
  const third = rig.registered("c");
  expect(third.answers).toEqual(["5.03"]);
  first.register(QUERY, LINKS);
  rig.drive(rig.now + 100);
  expect(first.answers).toEqual(["2.01", "2.01"]);
  first.deregister();
  rig.drive(rig.now + 100);
  expect(rig.registered("d").answers).toEqual(["2.01"]);
});

test("the lists of links are bounded together", () => {
  const rig = new Rig({ change: withRegistry({ maxLinkText: 100 }) });
  const long = `</${"x".repeat(60)}>`;
  const first = rig.registered("a", [], long);
  expect(rig.registered("b", [], long).answers).toEqual(["5.03"]);
  first.update([], "</3/0>");
  rig.drive(rig.now + 100);
  expect(rig.registered("c", [], long).answers).toEqual(["2.01"]);
  first.update([], long);
  rig.drive(rig.now + 100);
  expect(first.answers).toEqual(["2.01", "2.04", "5.03"]);
});

test("RFC 7959 §2.9.3: a list in blocks is joined; one that is too long is answered 4.13", () => {
  proves("connector", "block-wise");
  const rig = new Rig();
  const many = Array.from({ length: 900 }, (_, i) => `</3303/${i}>`).join();
  const device = rig.registered("a", [], many);
  rig.drive(rig.now + 10_000);
  expect(device.answers).toEqual(["2.01"]);
  expect(rig.connector.registration("a")?.links.length).toBe(900);
  const tooLong = rig.registered("b", [], `</${"x".repeat(66_000)}>`);
  rig.drive(rig.now + 10_000);
  expect(tooLong.answers).toEqual(["4.13"]);
});

test("RFC 7252 §4.5: a Register whose answer is lost is executed once, and its repetition gets the same location", () => {
  proves("connector", "deduplication");
  let sent = 0;
  const rig = new Rig({ fate: () => (++sent === 2 ? [] : [10]) });
  const device = rig.device("a");
  device.register(QUERY, LINKS);
  rig.drive(10_000);
  expect(device.answers).toEqual(["2.01"]);
  expect(rig.events.map((event) => event.kind)).toEqual(["registration"]);
  device.update();
  rig.drive(20_000);
  expect(device.answers).toEqual(["2.01", "2.04"]);
});

test("registrations survive a restart and count as refreshed by it", () => {
  const rig = new Rig();
  const device = rig.registered("a", ["et=Light", "Q"], '</lwm2m>;rt="oma.lwm2m",</lwm2m/3/0>');
  rig.drive(250_000);
  const before = rig.connector.registration("a") ?? expect.fail();
  const { location, peer, links, rootPath } = before;
  rig.restart();
  expect(rig.connector.registration("a")).toMatchObject({
    endpointType: "Light",
    queueMode: true,
    location,
    peer,
    links,
    rootPath,
  });
  rig.drive(500_000);
  device.update();
  rig.drive(500_100);
  expect(device.answers).toEqual(["2.01", "2.04"]);
  rig.drive(1_000_000);
  expect(rig.connector.size).toBe(0);
  rig.restart();
  expect(rig.connector.size).toBe(0);
});

test("strangers leave nothing behind: neither malformed datagrams nor requests that change nothing", () => {
  const rig = new Rig();
  const bytes = rig.settings.coap.random;
  for (let i = 0; i < 2000; i++) {
    const datagram = new Uint8Array(bytes.uint32() % 40);
    for (let k = 0; k < datagram.length; k++) datagram[k] = bytes.uint32();
    // Half of them begin like CoAP.
    if (i % 2 === 0 && datagram.length > 0) datagram[0] = 0x40 | (datagram[0] & 0x1f);
    rig.connector.handleDatagram(rig.now, `10.1.${i >> 8}.${i & 255}:1`, datagram);
    rig.flush();
  }
  expect(rig.connector.size).toBe(0);
  expect(rig.connector.peerCount).toBe(0);
  expect(rig.connector.counters.malformed).toBeGreaterThan(500);
});

test("a peer is remembered for EXCHANGE_LIFETIME and then forgotten", () => {
  const rig = new Rig();
  rig.registered("a");
  expect(rig.connector.peerCount).toBe(1);
  rig.drive(10 + 246_999);
  expect(rig.connector.peerCount).toBe(1);
  rig.drive(10 + 247_000);
  expect(rig.connector.peerCount).toBe(0);
  expect(rig.connector.size).toBe(1);
});

test("when there are too many peers, one that is idle gives way", () => {
  const rig = new Rig({ change: (settings) => ({ ...settings, maxPeers: 10 }) });
  for (let i = 0; i < 30; i++) rig.registered(`device-${i}`);
  expect(rig.connector.size).toBe(30);
  expect(rig.connector.peerCount).toBe(10);
  expect(rig.connector.counters.crowdedOut).toBe(0);
});
