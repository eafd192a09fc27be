/** What real peers do otherwise than the specification says, and the connector takes. Numbers are those of the list of quirks. */
import { describe, expect, test } from "vitest";
import { objectVersionOf } from "../../../../connector/registry/definitions.ts";
import { decodeUtf8, encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import type { Response } from "../../../../protocol/coap/coap-endpoint.ts";
import {
  CREATED,
  FETCH,
  NOT_ACCEPTABLE,
  POST,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../../protocol/coap/codes.ts";
import { SENML_JSON } from "../../../../protocol/coap/content-formats.ts";
import { ACK, encodeEmpty, NO_BYTES, NON } from "../../../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  findOption,
  textOption,
  URI_PATH,
  URI_QUERY,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { pathOptions } from "../../../../protocol/coap/uri.ts";
import { proves } from "../../../support/proves.ts";
import { CONNECTOR, type Device, Rig, type RigOptions } from "./rig.ts";

const PATH = "/3303/0/5700";

function bare(code: number): Response {
  return { code, options: [], payload: NO_BYTES };
}

/** A device that registers with exactly these queries and this list. */
function registered(queries: string[], links: string): Rig {
  const rig = new Rig();
  const device = rig.device("a");
  device.request(POST, "/rd", queries, links);
  rig.drive(100);
  expect(device.answers).toEqual(["2.01"]);
  return rig;
}

test("quirk 1: parameters in any order", () => {
  const rig = registered(["Q", "b=U", "lwm2m=1.1", "ep=a", "lt=77"], "</3/0>");
  expect(rig.connector.registration("a")).toMatchObject({ lifetime: 77, queueMode: true });
});

test.each([
  ["Q", "b=U"],
  ["b=UQ"],
  ["b=QU"],
])("quirk 2: queue mode of a 1.1 device said as %s", (...said) => {
  const rig = registered(["ep=a", "lt=300", "lwm2m=1.1", ...said], "</3/0>");
  expect(rig.connector.registration("a")).toMatchObject({ queueMode: true, binding: "U" });
});

test.each([
  [[], "U"],
  [["b="], ""],
  [["b=UT"], "UT"],
  [["b=UN"], "UN"],
])("quirk 3: a binding said as %j", (said, binding) => {
  const rig = registered(["ep=a", "lt=300", "lwm2m=1.1", ...said], "</3/0>");
  expect(rig.connector.registration("a")?.binding).toBe(binding);
});

test("quirk 4: names that are no URNs", () => {
  const rig = registered(["ep=IMEI=351756051523999@sensors", "lt=300", "lwm2m=1.0"], "</3/0>");
  expect(rig.connector.registration("IMEI=351756051523999@sensors")).toBeDefined();
});

test("quirk 5: values are taken as they stand, percent signs and all other characters among them", () => {
  const rig = registered(["ep=a", "lt=300", "lwm2m=1.1", "et=a b/c&d=e%20f"], "</3/0>");
  expect(rig.connector.registration("a")?.endpointType).toBe("a b/c&d=e%20f");
});

test.each([
  ["</3/0>", [], "1.1"],
  ["</>;ct=110,</3/0>;ver=1.0", [110], "1.0"],
  ['</>;rt="oma.lwm2m";ct="60 110",</3>;ver="1.0",</3/0>', [60, 110], "1.0"],
  ['</>;rt=oma.lwm2m;ct="",</3/0>;ver="1.0"', [], "1.0"],
])("quirk 6: root link, ct and ver in every spelling: %s", (links, formats, version) => {
  const rig = registered(["ep=a", "lt=300", "lwm2m=1.1"], links);
  const registration = rig.connector.registration("a") ?? expect.fail();
  expect(registration.contentFormats).toEqual(formats);
  expect(objectVersionOf(registration, 3)).toBe(version);
});

test("RFC 7959 §2.5: quirk 7: a list of more than 1024 bytes comes in blocks", () => {
  proves("connector", "block-wise");
  const links = Array.from({ length: 200 }, (_, i) => `</3303/${i}>`).join();
  const rig = new Rig();
  const device = rig.registered("a", [], links);
  rig.drive(rig.now + 5000);
  expect(device.answers).toEqual(["2.01"]);
  expect(rig.connector.registration("a")?.links.length).toBe(200);
  device.update([], `${links},</5/0>`);
  rig.drive(rig.now + 5000);
  expect(rig.connector.registration("a")?.links.length).toBe(201);
});

test("quirk 8: an Update with a list and no Content-Format", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  const options = [...pathOptions(URI_PATH, device.location), textOption(URI_QUERY, "lt=60")];
  device.coap.request(rig.now, { code: POST, options, payload: encodeUtf8("</3/0>,</5/0>") });
  device.flush();
  rig.drive(rig.now + 100);
  expect(device.answers.at(-1)).toBe("2.04");
  expect(rig.connector.registration("a")).toMatchObject({ lifetime: 60 });
  expect(rig.connector.registration("a")?.links.length).toBe(2);
});

describe("LwM2M Core 1.2.2 §6.2.2: quirk 9, another address with no Update", () => {
  function observed(options: RigOptions = {}): { rig: Rig; device: Device } {
    const rig = new Rig(options);
    const device = rig.registered("a");
    for (const path of [PATH, "/3303/1/5700"]) {
      device.values.set(path, "20");
      rig.observe("a", path);
    }
    rig.drive(rig.now + 1000);
    return { rig, device };
  }

  const values = (rig: Rig) => rig.notifications().map(({ payload }) => decodeUtf8(payload));

  test("a notification from there is taken, and everything else follows it", () => {
    proves("connector", "address-change");
    const { rig, device } = observed();
    device.moveTo("10.9.9.9:1");
    device.set(PATH, "21");
    rig.drive(rig.now + 1000);
    device.set("/3303/1/5700", "22");
    rig.drive(rig.now + 1000);
    expect(values(rig)).toEqual(["21", "22"]);
    const read = rig.submit("a", { path: PATH });
    rig.drive(rig.now + 1000);
    expect(rig.outcome(read)).toBe("200 21");
    const moves = rig.events.filter(({ kind }) => kind === "address-change");
    expect(moves).toEqual([
      { kind: "address-change", endpointName: "a", from: "10.0.0.1:5683", to: "10.9.9.9:1" },
    ]);
    // It is no Update: that the device is there is told to nobody, and it lives no longer for it.
    expect(rig.events.some(({ kind }) => kind === "update")).toBe(false);
    rig.restart();
    expect(rig.connector.registration("a")?.peer).toBe("10.9.9.9:1");
  });

  test("after a restart of the connector as well", () => {
    const { rig, device } = observed();
    rig.restart();
    device.moveTo("10.9.9.9:1");
    device.set(PATH, "21");
    rig.drive(rig.now + 1000);
    expect([values(rig), rig.connector.registration("a")?.peer]).toEqual([["21"], "10.9.9.9:1"]);
  });

  test("to an address that another device had before", () => {
    const { rig, device } = observed();
    const other = rig.registered("other");
    const address = other.address;
    other.moveTo("10.8.8.8:1");
    device.moveTo(address);
    device.set(PATH, "21");
    rig.drive(rig.now + 1000);
    expect([values(rig), rig.connector.registration("a")?.peer]).toEqual([["21"], address]);
  });

  test("requests that were under way to the old address are asked at the new one", () => {
    const { rig, device } = observed();
    device.isAsleep = true;
    const read = rig.submit("a", { path: PATH });
    rig.drive(rig.now + 1000);
    device.isAsleep = false;
    device.moveTo("10.9.9.9:1");
    device.set(PATH, "21");
    rig.drive(rig.now + 1000);
    expect(rig.outcome(read)).toBe("200 21");
  });

  test("a notification that was captured before moves nothing, however late it comes", () => {
    const { rig, device } = observed();
    let captured = NO_BYTES;
    const { launch } = rig;
    rig.launch = (from, to, datagram) => {
      if (to === CONNECTOR && datagram[1] === 0x45) captured = datagram;
      launch.call(rig, from, to, datagram);
    };
    device.set(PATH, "21");
    rig.drive(rig.now + 1000);
    const replayed = captured;
    device.set(PATH, "22");
    rig.drive(rig.now + 200_000);
    launch.call(rig, "10.6.6.6:6", CONNECTOR, replayed);
    rig.drive(rig.now + 1000);
    expect(rig.connector.registration("a")?.peer).toBe("10.0.0.1:5683");
    expect(values(rig)).toEqual(["21", "22"]);
  });

  test("a token that nobody has is answered with RST and moves nothing", () => {
    const { rig } = observed();
    const stranger = rig.device("stranger", "10.6.6.6:6");
    const answers: number[] = [];
    stranger.handleDatagram = (datagram) => answers.push(datagram[0]);
    const datagram = [0x48, 0x45, 1, 2, ...[1, 2, 3, 4, 5, 6, 7, 8], 0x61, 0x7f, 0xff, 0x31];
    rig.launch(stranger.address, CONNECTOR, new Uint8Array(datagram));
    rig.drive(rig.now + 1000);
    expect(answers).toEqual([0x70]);
    expect(rig.connector.registration("a")?.peer).toBe("10.0.0.1:5683");
  });

  test("settings that follow only Register and Update leave the device where it was", () => {
    const { rig, device } = observed({
      change: (settings) => ({
        ...settings,
        session: { ...settings.session, followsBy: "update" },
      }),
    });
    device.moveTo("10.9.9.9:1");
    device.set(PATH, "21");
    rig.drive(rig.now + 1000);
    expect([values(rig), rig.connector.registration("a")?.peer]).toEqual([[], "10.0.0.1:5683"]);
  });
});

test("quirk 12: a composite that is acknowledged and never answered ends as unanswered, and the next is sent", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.values.set("/3/0/0", "x");
  const handle = device.handleDatagram.bind(device);
  device.handleDatagram = (datagram) => {
    if (datagram[1] !== FETCH) return handle(datagram);
    const messageId = (datagram[2] << 8) | datagram[3];
    rig.launch(device.address, CONNECTOR, encodeEmpty(ACK, messageId));
  };
  const composite = rig.submit("a", { method: FETCH, path: "/", paths: ["/3"] });
  const read = rig.submit("a", { path: "/3/0/0" });
  rig.drive(rig.now + 300_000);
  expect(rig.outcome(composite)).toBe("504 The device did not answer");
  expect(rig.responses()[0].outcome).toBe("unanswered");
  expect(rig.outcome(read)).toBe("200 x");
});

test("quirk 14: whatever format a device answers in is told with the value", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.respond = () => ({
    code: 0x45,
    options: [uintOption(CONTENT_FORMAT, SENML_JSON)],
    payload: encodeUtf8("[]"),
  });
  rig.submit("a", { path: "/3/0" });
  rig.drive(rig.now + 1000);
  expect(rig.responses()[0]).toMatchObject({ status: 200, contentFormat: SENML_JSON });
});

test.each([
  NOT_ACCEPTABLE,
  UNSUPPORTED_CONTENT_FORMAT,
])("LwM2M Core 1.2.2 §7.5: quirk 15: a format that a device refuses with %i is left to it", (code) => {
  proves("connector", "read-any-format");
  const rig = new Rig();
  const device = rig.registered("a");
  device.values.set("/3/0", "own");
  device.respond = ({ options }) =>
    findOption(options, ACCEPT) === undefined ? undefined : bare(code);
  const read = rig.submit("a", { path: "/3/0" });
  rig.drive(rig.now + 1000);
  expect(rig.outcome(read)).toBe("200 own");
});

test("quirk 16: a Create that is answered without a location", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.respond = () => bare(CREATED);
  const created = rig.submit("a", { method: POST, path: "/3303", payload: encodeUtf8("x") });
  rig.drive(rig.now + 1000);
  expect(rig.outcome(created)).toBe("201 ");
  expect(rig.responses()[0].location).toBeUndefined();
});

test("quirk 19: notifications that are only Non-confirmable", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.values.set(PATH, "20");
  rig.observe("a", PATH);
  rig.drive(rig.now + 1000);
  const types: number[] = [];
  const { launch } = rig;
  rig.launch = (from, to, datagram) => {
    if (to === CONNECTOR) types.push((datagram[0] >> 4) & 3);
    launch.call(rig, from, to, datagram);
  };
  const notify = device.coap.notify.bind(device.coap);
  device.coap.notify = (now, token, response) => notify(now, token, response, false);
  for (const value of ["21", "22"]) {
    device.set(PATH, value);
    rig.drive(rig.now + 1000);
  }
  expect(types).toEqual([NON, NON]);
  expect(rig.notifications().length).toBe(2);
});

test("RFC 7252 §5.10.5: quirk 27: a full connector says when to come again", () => {
  proves("connector", "register-full");
  const rig = new Rig({
    change: (settings) => ({
      ...settings,
      registry: { ...settings.registry, maxRegistrations: 0 },
    }),
  });
  let maxAge = NO_BYTES;
  const device = rig.device("a");
  const handle = device.handleDatagram.bind(device);
  device.handleDatagram = (datagram) => {
    maxAge = datagram.subarray(-1);
    handle(datagram);
  };
  device.register(["lt=300", "lwm2m=1.1"], "</3/0>");
  rig.drive(100);
  expect([device.answers, [...maxAge]]).toEqual([["5.03"], [60]]);
});
