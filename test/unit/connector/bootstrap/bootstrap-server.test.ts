import { describe, expect, test } from "vitest";
import { definitionOf } from "../../../../connector/bootstrap/configuration.ts";
import { CODECS } from "../../../../connector/bootstrap/plan.ts";
import { decodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import {
  type IncomingRequest,
  RESPONSE_RECEIVED,
  type Response,
} from "../../../../protocol/coap/coap-endpoint.ts";
import { CONTENT, DELETE, formatCode, GET, POST, PUT } from "../../../../protocol/coap/codes.ts";
import {
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_JSON,
  TLV,
} from "../../../../protocol/coap/content-formats.ts";
import { ACCEPT, CONTENT_FORMAT, uintOf, uintOption } from "../../../../protocol/coap/options.ts";
import { formatText } from "../../../../protocol/content/text.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import { formatPath, parsePath } from "../../../../protocol/model/path.ts";
import { proves } from "../../../support/proves.ts";
import { type Device, Rig } from "../connector/rig.ts";
import { ACCOUNT, ask, BootstrapRig, bare, obey, TREE, URI } from "./bootstrap-rig.ts";

const EP = "urn:dev:1";

/** A rig where one device has an account, and that device, which writes down what it was written. */
function givenAccount(
  document: Parameters<BootstrapRig["accounts"]["putConfiguration"]>[1] = { servers: [ACCOUNT] },
  options: ConstructorParameters<typeof BootstrapRig>[0] = {},
) {
  const rig = new BootstrapRig(options);
  rig.accounts.putConfiguration(EP, document);
  const device = rig.bootstrapping(EP);
  const written: Record<string, string> = {};
  const formats = new Set<number>();
  device.respond = (request, path) => {
    if (request.code === PUT) {
      formats.add(uintOf(request.options, CONTENT_FORMAT, -1));
      Object.assign(written, valuesIn(request, path));
    }
    return obey(request, path);
  };
  return { rig, device, written, formats };
}

function valuesIn({ options, payload }: IncomingRequest, path: string): Record<string, string> {
  const codec = CODECS.get(uintOf(options, CONTENT_FORMAT, -1)) ?? expect.fail("no such format");
  const entries = codec.decode(payload, parsePath(path) ?? [], definitionOf);
  if (isMalformed(entries)) return expect.fail(entries.fault);
  return Object.fromEntries(
    entries.map(({ path: at, type, value }) => [
      formatPath(at),
      formatText(type, value ?? "") ?? "",
    ]),
  );
}

/** Methods and paths of what a device was asked. */
function asked(device: Device): string[] {
  return device.executed.map((line) => line.split(" ").slice(0, 2).join(" "));
}

describe("Bootstrap-Request", () => {
  test("LwM2M Core 1.2.2 §6.1.3.3: is answered 2.04, then come Delete, Write and Finish, one at a time", () => {
    proves(
      "bootstrap-server",
      "bootstrap-request",
      "bootstrap-finish",
      "bootstrap-write",
      "bootstrap-delete",
    );
    const { rig, device, written } = givenAccount();
    ask(device);
    rig.drive(1000);
    expect(device.answers).toEqual(["2.04"]);
    expect(asked(device)).toEqual(["DELETE /0", "DELETE /1", "PUT /0/1", "PUT /1/0", "POST /bs"]);
    expect(written).toEqual({
      "/0/1/0": URI,
      "/0/1/1": "0",
      "/0/1/2": "3",
      "/0/1/3": "",
      "/0/1/4": "",
      "/0/1/5": "",
      "/0/1/10": "123",
      "/1/0/0": "123",
      "/1/0/1": "300",
      "/1/0/6": "1",
      "/1/0/7": "U",
    });
    expect(rig.bootstrapEvents()).toMatchObject([
      { kind: "bootstrap-started", endpointName: EP, via: "request", source: "configuration" },
      { kind: "bootstrap-finished", endpointName: EP, steps: 5 },
    ]);
  });

  test.each([
    [SENML_JSON],
    [SENML_CBOR],
    [TLV],
    [LWM2M_CBOR],
  ])("LwM2M Core 1.2.2 §6.1.7.1: a device that asks for format %i is written to in it", (format) => {
    const { rig, device, written, formats } = givenAccount();
    ask(device, `pct=${format}`);
    rig.drive(1000);
    expect([...formats]).toEqual([format]);
    expect(written).toMatchObject({ "/0/1/0": URI, "/1/0/1": "300" });
    expect(rig.outcomes()).toEqual(["finished"]);
  });

  test("LwM2M Core 1.0.2 §5.2: a device that asks for no format is written to in TLV", () => {
    const { rig, device, formats } = givenAccount();
    ask(device);
    rig.drive(1000);
    expect([...formats]).toEqual([TLV]);
  });

  test("a device that asked for no format and has no TLV is written to in what it has", () => {
    const { rig, device } = givenAccount();
    const formats: number[] = [];
    device.respond = (request, path) => {
      if (request.code !== PUT) return obey(request, path);
      const format = uintOf(request.options, CONTENT_FORMAT, -1);
      formats.push(format);
      return format === SENML_JSON ? obey(request, path) : bare(0x8f);
    };
    ask(device);
    rig.drive(1000);
    expect(formats).toEqual([TLV, SENML_CBOR, SENML_JSON, SENML_JSON]);
    expect(rig.outcomes()).toEqual(["finished"]);
  });

  test("the configuration's format comes before the device's", () => {
    const { rig, device, formats } = givenAccount({ servers: [ACCOUNT], format: "senml-json" });
    ask(device, "pct=112");
    rig.drive(1000);
    expect([...formats]).toEqual([SENML_JSON]);
  });

  test.each([
    ["no configuration", "4.00 unknown endpoint", ["ep=stranger"]],
    ["no name", "4.00 ep is missing", []],
    ["a name that is none", "4.00 ep is too long or has bad characters", ["ep=a/b"]],
    ["a name twice", "4.00 parameter repeated", [`ep=${EP}`, `ep=${EP}`]],
    ["a format that is no number", "4.00 content format not a number", [`ep=${EP}`, "pct=tlv"]],
    ["a format that is none", "4.15 pct is none of 110, 112, 11542, 11544", [`ep=${EP}`, "pct=50"]],
  ])("LwM2M Transport 1.2.2 §6.4.2: %s is answered %s, and nothing follows", (_, answer, query) => {
    const { rig, device } = givenAccount();
    device.request(POST, "/bs", query, "");
    rig.drive(1000);
    expect(device.answers).toEqual([answer]);
    expect(device.executed).toEqual([]);
    expect(rig.bootstrapEvents()).toEqual([]);
  });

  test("a device that was refused its format may ask again without it", () => {
    const { rig, device } = givenAccount();
    ask(device, "pct=60");
    rig.drive(500);
    ask(device);
    rig.drive(1000);
    expect(device.answers).toEqual([expect.stringContaining("4.15"), "2.04"]);
    expect(rig.outcomes()).toEqual(["finished"]);
  });

  test("other methods are 4.05, and where there is no Bootstrap-Server the paths are 4.04", () => {
    const { rig, device } = givenAccount();
    device.request(GET, "/bs", [`ep=${EP}`], "");
    device.request(POST, "/bspack", [`ep=${EP}`], "");
    rig.drive(100);
    expect(device.answers).toEqual(["4.05", "4.05"]);
    const plain = new Rig();
    const lost = plain.device(EP);
    ask(lost);
    lost.request(GET, "/bspack", [`ep=${EP}`], "");
    plain.drive(100);
    expect(lost.answers).toEqual(["4.04", "4.04"]);
  });

  test("at the port for bootstrap alone there is nothing else", () => {
    const rig = new BootstrapRig();
    rig.accounts.putConfiguration(EP, { servers: [ACCOUNT] });
    const device = rig.bootstrapping(EP, "bootstrap:10.0.0.1:5683");
    device.register(["lt=300", "lwm2m=1.1"], "</3/0>");
    device.request(GET, "/.well-known/core", [], "");
    ask(device);
    rig.drive(1000);
    expect(device.answers).toEqual(["4.04", "4.04", "2.04"]);
    expect(rig.bootstrapEvents().at(-1)).toMatchObject({
      kind: "bootstrap-finished",
      address: "10.0.0.1:5683",
    });
  });

  test("who is unknown gets no answer at all where the operator wants that, and leaves nothing behind", () => {
    const { rig } = givenAccount(undefined, { bootstrap: { isSilent: true } });
    const stranger = rig.bootstrapping("stranger");
    ask(stranger);
    rig.drive(300_000);
    expect(stranger.answers).toEqual(["timed-out"]);
    expect(rig.connector.counters.datagramsOut).toBe(0);
    expect(rig.connector.peerCount).toBe(0);
  });
});

describe("the device's answers", () => {
  test("LwM2M Core 1.2.2 §6.1.7.2: a Finish that is answered 4.06 is a failure, and what the device says of it, which may repeat keys, is not kept", () => {
    const { rig, device } = givenAccount();
    device.respond = (request, path) =>
      path === "/bs"
        ? { code: 0x86, options: [], payload: new TextEncoder().encode("bad key sesame") }
        : obey(request, path);
    ask(device);
    rig.drive(1000);
    expect(rig.outcomes()).toEqual(["failed: Finish was answered 4.06"]);
  });

  test.each([
    ["Delete /0", "DELETE /0", 0x80],
    ["Write /0/1", "PUT /0/1", 0x80],
    ["Write /1/0", "PUT /1/0", 0xa0],
  ])("LwM2M Core 1.2.2 §6.1.7: an error of %s ends it, and nothing follows", (name, line, code) => {
    const { rig, device } = givenAccount();
    device.respond = (request, path) => {
      const method = ["", "GET", "POST", "PUT", "DELETE"][request.code];
      return `${method} ${path}` === line ? bare(code) : obey(request, path);
    };
    ask(device);
    rig.drive(1000);
    const shown = `${code >> 5}.0${code & 31}`;
    expect(rig.outcomes()).toEqual([`failed: ${name} was answered ${shown}`]);
    expect(asked(device).at(-1)).toBe(line);
  });

  test("a Delete of what is not there may be answered 4.04", () => {
    const { rig, device } = givenAccount();
    device.respond = (request, path) =>
      request.code === DELETE ? bare(0x84) : obey(request, path);
    ask(device);
    rig.drive(1000);
    expect(rig.outcomes()).toEqual(["finished"]);
  });

  test("RFC 7252 §4.2: a device that falls silent is asked five times, and that is the end", () => {
    const { rig, device } = givenAccount();
    device.respond = (request, path) => (path === "/1/0" ? "silent" : obey(request, path));
    device.coap.handleDatagram = ((handle) => (now: number, datagram: Uint8Array) => {
      // The radio goes off with the third request.
      if (device.executed.length < 3) handle.call(device.coap, now, datagram);
    })(device.coap.handleDatagram);
    ask(device);
    rig.drive(300_000);
    expect(rig.outcomes()).toEqual(["failed: Write /1/0 was not answered"]);
    expect(rig.connector.isBootstrapping(EP)).toBe(false);
  });

  test("LwM2M Core 1.2.2 §6.1.3.3: after EXCHANGE_LIFETIME a device has given up, and so does the server", () => {
    proves("bootstrap-server", "bootstrap-timeout");
    const { rig, device } = givenAccount();
    // An empty acknowledgement, and never an answer.
    device.respond = (request, path) => (path === "/1/0" ? "silent" : obey(request, path));
    ask(device);
    rig.drive(240_000);
    expect(rig.outcomes()).toEqual([]);
    rig.drive(248_000);
    expect(rig.outcomes()).toEqual(["failed: It took longer than EXCHANGE_LIFETIME"]);
  });

  test("RFC 7252 §5.2.2: an answer to Finish that comes separately is taken", () => {
    const { rig, device } = givenAccount();
    const late: IncomingRequest[] = [];
    device.respond = (request, path) => {
      if (path !== "/bs") return obey(request, path);
      late.push(request);
      return "silent";
    };
    ask(device);
    rig.drive(5000);
    expect(rig.outcomes()).toEqual([]);
    device.coap.respond(rig.now, late[0], bare(0x44));
    device.flush();
    rig.drive(6000);
    expect(rig.outcomes()).toEqual(["finished"]);
  });

  test("a Finish that a device has not answered when it begins anew does not come into its next bootstrap", () => {
    const { rig, device } = givenAccount();
    let isStalled = true;
    device.respond = (request, path) =>
      isStalled && path === "/bs" ? "silent" : obey(request, path);
    device.coap.handleDatagram = ((handle) => (now: number, datagram: Uint8Array) => {
      // The radio goes off with the Finish, so that it is not even acknowledged.
      if (!isStalled || device.executed.length < 4) handle.call(device.coap, now, datagram);
    })(device.coap.handleDatagram);
    ask(device);
    rig.drive(1000);
    isStalled = false;
    const before = device.executed.length;
    ask(device);
    rig.drive(60_000);
    expect(asked(device).slice(before)).toEqual([
      "DELETE /0",
      "DELETE /1",
      "PUT /0/1",
      "PUT /1/0",
      "POST /bs",
    ]);
    expect(rig.outcomes()).toEqual(["failed: The device has begun anew", "finished"]);
  });

  test("a device that begins anew in the middle is bootstrapped from the beginning", () => {
    const { rig, device } = givenAccount();
    let stalled = true;
    device.respond = (request, path) =>
      stalled && path === "/1/0" ? "silent" : obey(request, path);
    ask(device);
    rig.drive(5000);
    stalled = false;
    const before = device.executed.length;
    ask(device);
    rig.drive(10_000);
    expect(asked(device).slice(before)).toEqual([
      "DELETE /0",
      "DELETE /1",
      "PUT /0/1",
      "PUT /1/0",
      "POST /bs",
    ]);
    expect(rig.outcomes()).toEqual(["failed: The device has begun anew", "finished"]);
  });

  test("RFC 7252 §4.5: a Bootstrap-Request that is repeated because its answer was lost begins once", () => {
    proves("bootstrap-server", "deduplication");
    const { rig, device } = givenAccount();
    let lost = 0;
    rig.fate = () => (lost++ === 1 ? [] : [10]);
    ask(device);
    rig.drive(10_000);
    expect(rig.outcomes()).toEqual(["finished"]);
    expect(rig.bootstrapEvents().filter(({ kind }) => kind === "bootstrap-started")).toHaveLength(
      1,
    );
  });
});

describe("Discover and Read", () => {
  const OLD = { servers: [ACCOUNT], placement: "discover" as const };

  test("LwM2M Core 1.2.2 §6.1.7.3: instances are put beside the bootstrap account, which has no Short Server ID", () => {
    proves("bootstrap-server", "bootstrap-discover");
    const { rig, device, written } = givenAccount(OLD);
    const tree = "</>;lwm2m=1.1,</0/0>;ssid=5,</0/1>,</1/0>;ssid=5,</21/0>";
    device.respond = (request, path) => {
      if (request.code === PUT) Object.assign(written, valuesIn(request, path));
      const answer = obey(request, path);
      return path === "/" ? { ...answer, payload: new TextEncoder().encode(tree) } : answer;
    };
    ask(device);
    rig.drive(1000);
    expect(device.executed[0]).toBe("GET / accept=40");
    expect(written).toMatchObject({ "/0/0/0": URI, "/0/0/10": "123", "/1/0/0": "123" });
    expect(rig.outcomes()).toEqual(["finished"]);
  });

  test("LwM2M Core 1.2.2 §6.1.7.3: an account that stays and is given again is written over", () => {
    const server = { ...ACCOUNT, shortServerId: 5 };
    const { rig, device, written } = givenAccount({ ...OLD, servers: [server], delete: [] });
    ask(device);
    rig.drive(1000);
    expect(TREE).toContain("</0/1>;ssid=5");
    expect(asked(device)).toEqual(["GET /", "PUT /0/1", "PUT /1/0", "POST /bs"]);
    expect(written["/0/1/10"]).toBe("5");
  });

  test("a device that does not discover is not written to where its bootstrap account may be", () => {
    const { rig, device } = givenAccount(OLD);
    device.respond = (request, path) => (path === "/" ? bare(0x85) : obey(request, path));
    ask(device);
    rig.drive(1000);
    expect(rig.outcomes()).toEqual(["failed: Discover / was answered 4.05"]);
    expect(device.executed).toHaveLength(1);
  });

  test("LwM2M Core 1.2.2 §6.1.7.4: what is read is told with the outcome, and so is what cannot be read", () => {
    proves("bootstrap-server", "bootstrap-read");
    const { rig, device } = givenAccount({ servers: [ACCOUNT], read: ["/1", "/2"] });
    device.respond = (request, path) => (path === "/2" ? bare(0x84) : obey(request, path));
    ask(device);
    rig.drive(1000);
    expect(asked(device).slice(0, 3)).toEqual(["GET /1", "GET /2", "DELETE /0"]);
    expect(rig.bootstrapEvents().at(-1)).toMatchObject({
      kind: "bootstrap-finished",
      found: { "/1/0/0": "5", "/2": "4.04" },
    });
  });
});

describe("Bootstrap-Pack", () => {
  const fetchPack = (device: Device, query: string[], accept?: number) =>
    device.request(
      GET,
      "/bspack",
      [`ep=${device.endpointName}`, ...query],
      "",
      accept === undefined ? [] : [uintOption(ACCEPT, accept)],
    );

  /** Fetches a pack; the device's endpoint answers a challenge by itself. */
  function packOf(rig: BootstrapRig, device: Device, query: string[] = [], accept?: number) {
    const answers: Response[] = [];
    const poll = device.coap.pollEvent.bind(device.coap);
    device.coap.pollEvent = () => {
      const event = poll();
      if (event?.kind === RESPONSE_RECEIVED) answers.push(event.response);
      return event;
    };
    fetchPack(device, query, accept);
    rig.drive(rig.now + 5000);
    return answers.at(-1) ?? expect.fail("no answer");
  }

  test.each([
    [SENML_JSON],
    [SENML_CBOR],
    [LWM2M_CBOR],
  ])("LwM2M Core 1.2.2 §6.1.7.7: a pack in format %i has all that a bootstrap would write", (format) => {
    proves("bootstrap-server", "bootstrap-pack");
    const { rig, device } = givenAccount();
    const answer = packOf(rig, device, [], format);
    expect(answer.code).toBe(0x45);
    expect(uintOf(answer.options, CONTENT_FORMAT, -1)).toBe(format);
    const entries = CODECS.get(format)?.decode(answer.payload, [], definitionOf);
    if (entries === undefined || isMalformed(entries)) expect.fail("unreadable");
    const values = Object.fromEntries(
      entries.map((entry) => [formatPath(entry.path), entry.value]),
    );
    expect(values).toEqual({
      "/0/1/0": URI,
      "/0/1/1": false,
      "/0/1/2": 3,
      "/0/1/3": new Uint8Array(0),
      "/0/1/4": new Uint8Array(0),
      "/0/1/5": new Uint8Array(0),
      "/0/1/10": 123,
      "/1/0/0": 123,
      "/1/0/1": 300,
      "/1/0/6": true,
      "/1/0/7": "U",
    });
    expect(rig.outcomes()).toEqual(["finished"]);
  });

  test("LwM2M Core 1.2.2 §6.1.7.7: nothing is put where the device says that its bootstrap account is", () => {
    const { rig, device } = givenAccount();
    const answer = packOf(rig, device, ["acc=</0/1>,</21/0>"], SENML_JSON);
    const text = decodeUtf8(answer.payload);
    expect(text).toContain('"0/0/0"');
    expect(text).not.toContain('"0/1/');
  });

  test("RFC 7959 §2.4: a long pack comes in blocks", () => {
    const servers = [...Array(10).keys()].map((i) => ({ ...ACCOUNT, shortServerId: i + 1 }));
    const { rig, device } = givenAccount({ servers });
    const answer = packOf(rig, device, [], SENML_JSON);
    expect(answer.payload.length).toBeGreaterThan(1500);
    expect(decodeUtf8(answer.payload)).toContain(URI);
    // One pack, however many blocks.
    expect(rig.outcomes()).toEqual(["finished"]);
  });

  test("RFC 9175 §2.3: a device proves its address by the way, and then gets a pack much longer than its request", () => {
    const { rig, device } = givenAccount({ servers: [ACCOUNT, { ...ACCOUNT, shortServerId: 2 }] });
    const codes: string[] = [];
    const { launch } = rig;
    rig.launch = (from, to, datagram) => {
      codes.push(formatCode(datagram[1]));
      launch.call(rig, from, to, datagram);
    };
    expect(packOf(rig, device, [], SENML_JSON).code).toBe(CONTENT);
    expect(codes).toEqual(["0.01", "4.01", "0.01", "2.05"]);
    expect(rig.outcomes()).toEqual(["finished"]);
  });

  test.each([
    ["4.04 unknown endpoint", undefined, ["ep=stranger"]],
    ["4.06", TLV, [`ep=${EP}`]],
    ["4.00 ep is missing", undefined, []],
    ["4.00 account not instances", undefined, [`ep=${EP}`, "acc=</0>"]],
  ])("LwM2M Transport 1.2.2 §6.4.2: %s", (answer, accept, query) => {
    const { rig, device } = givenAccount();
    const more = accept === undefined ? [] : [uintOption(ACCEPT, accept)];
    device.request(GET, "/bspack", query, "", more);
    rig.drive(1000);
    expect(device.answers).toEqual([answer]);
  });

  test("LwM2M Core 1.2.2 §6.1.7.7: where there is no pack for a device it is 4.05, and the device asks otherwise", () => {
    const { rig, device } = givenAccount({ servers: [ACCOUNT], pack: false });
    fetchPack(device, []);
    rig.drive(100);
    ask(device);
    rig.drive(1000);
    expect(device.answers).toEqual(["4.05", "2.04"]);
    expect(rig.outcomes()).toEqual(["finished"]);
  });
});

describe("bootstrap that the server begins", () => {
  test("LwM2M Core 1.0.2 §5.2: a registered device is sent its configuration without having asked", () => {
    proves("bootstrap-server", "bootstrap-server-initiated");
    const rig = new BootstrapRig();
    rig.accounts.putConfiguration(EP, { servers: [ACCOUNT] });
    const device = rig.registered(EP);
    device.respond = obey;
    expect(rig.connector.pushBootstrap(rig.now, EP)).toBe(true);
    rig.flush();
    rig.drive(rig.now + 1000);
    expect(asked(device)).toEqual(["DELETE /0", "DELETE /1", "PUT /0/1", "PUT /1/0", "POST /bs"]);
    expect(rig.bootstrapEvents().at(-1)).toMatchObject({ kind: "bootstrap-finished", via: "push" });
  });

  test("there is nothing to push to who is not registered or has no configuration", () => {
    const rig = new BootstrapRig();
    rig.accounts.putConfiguration(EP, { servers: [ACCOUNT] });
    rig.registered("other");
    expect(rig.connector.pushBootstrap(rig.now, EP)).toBe(false);
    expect(rig.connector.pushBootstrap(rig.now, "other")).toBe(false);
  });
});
