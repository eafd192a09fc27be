import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import { addSensor, sensorObject } from "../../../../../firmware/objects/sensor.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import {
  LINK_FORMAT,
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../../../protocol/coap/content-formats.ts";
import { OPERATION_TABLE } from "../../../../../protocol/lwm2m/operation-table.ts";
import { TEMPERATURE } from "../../../../../protocol/model/objects/temperature.ts";
import { decodeValues } from "../../../../conformance/content.ts";
import { accountOf, BootstrapPair } from "../../../../support/bootstrap-pair.ts";
import { proves } from "../../../../support/proves.ts";

const SERVER_URI = "coap://server.test";
const { security, server } = accountOf(SERVER_URI);

/** While the bootstrap server configures it. */
function configured(version: "1.0" | "1.1" | "1.2" = "1.1"): BootstrapPair {
  return new BootstrapPair({ version, codecs: ALL_CODECS }).started();
}

describe("LwM2M Core 1.2.2 §6.1.7.5: Bootstrap-Write", () => {
  test.each([
    ["TLV", TLV, "1.0"],
    ["SenML JSON", SENML_JSON, "1.1"],
    ["SenML CBOR", SENML_CBOR, "1.1"],
    ["LwM2M CBOR", LWM2M_CBOR, "1.2"],
  ] as const)("takes objects and instances in %s", (_name, format, version) => {
    proves("device", "bootstrap-write");
    for (const level of ["", "/0"]) {
      const pair = configured(version);
      if (version === "1.0") pair.put("/0/9", accountOf(SERVER_URI, 9, { securityId: 9 }).security);
      expect(pair.put(`/0${level}`, security, format)).toBe("2.04");
      expect(pair.put(`/1${level}`, server, format)).toBe("2.04");
      if (version === "1.0") expect(pair.delete("/0/9")).toBe("2.02");
      expect(pair.finish().code).toBe("2.04");
      expect(pair.agent.servers.get(0, 1)).toBe(600);
      expect(pair.agent.isRegistered()).toBe(true);
    }
  });

  test("takes a resource alone, and makes its instance", () => {
    proves("device", "bootstrap-write");
    const pair = configured();
    for (const [path, value] of Object.entries({ ...security, ...server })) {
      expect(pair.put(path, { [path]: value })).toBe("2.04");
    }
    expect(pair.put("/1/0/2", { "/1/0/2": 12 }, TEXT)).toBe("2.04");
    expect(pair.finish().code).toBe("2.04");
    expect(pair.agent.servers.get(0, 2)).toBe(12);
    expect(pair.agent.isRegistered()).toBe(true);
  });

  test("writes what nobody else may: read-only resources, and what is there already", () => {
    proves("device", "bootstrap-write");
    const pair = configured();
    pair.put("/0", security);
    pair.put("/1", server);
    pair.put("/1", { ...server, "/1/0/1": 1200 });
    pair.put("/1/0/0", { "/1/0/0": 1 });
    pair.finish();
    expect(pair.agent.servers.get(0, 1)).toBe(1200);
  });

  test("replaces an instance whole: what is not said is gone", () => {
    const pair = configured();
    pair.put("/0", security);
    pair.put("/1", { ...server, "/1/0/2": 7 });
    pair.put("/1/0", server);
    pair.finish();
    expect(pair.agent.servers.get(0, 2)).toBe(undefined);
  });

  test("§8.1.2.2: access control may come before the servers that it names, and be bootstrap's own", () => {
    proves("device", "bootstrap-write");
    const pair = configured();
    const mine = { "/2/0/0": 3, "/2/0/1": 0, "/2/0/2/1": 31, "/2/0/3": 65535 };
    const theirs = { "/2/1/0": 1, "/2/1/1": 0, "/2/1/2/0": 1, "/2/1/3": 1 };
    expect(pair.put("/2", { ...mine, ...theirs })).toBe("2.04");
    expect(pair.put("/2/0/2", { "/2/0/2/1": 32 })).toBe("4.00");
    pair.putAccount(SERVER_URI);
    pair.finish();
    const control = pair.agent.object(2);
    expect([control?.get(0, 3), control?.get(0, 2, 1)]).toEqual([65535, 31]);
    expect([control?.get(1, 3), control?.get(1, 2, 0)]).toEqual([1, 1]);
  });

  test("leaves the other instances of an object that is written", () => {
    const pair = configured();
    pair.putAccount(SERVER_URI);
    const other = { securityId: 7, serverId: 7 };
    pair.putAccount("coap://other.test", 2, other);
    pair.finish();
    expect(pair.agent.serverLinks().map(({ uri }) => uri)).toEqual([
      SERVER_URI,
      "coap://other.test",
    ]);
    expect(pair.agent.security.instances.ids).toEqual([0, 1, 7]);
  });

  test("ignores resources that the device does not know", () => {
    const pair = configured("1.2");
    expect(pair.put("/0", security, TLV)).toBe("2.04");
    const unknown = Uint8Array.of(0xc8, 200, 1, 9, ...[0xc1, 0, 1]);
    const question = { payload: unknown, format: TLV };
    expect(pair.bootstrapServer.ask(codes.PUT, "/1/0", question).code).toBe("2.04");
    expect(pair.put("/1/0/200", { "/1/0/1": 9 }, TEXT)).toBe("2.04");
  });

  test("keeps what the device says of itself when its object is written", () => {
    const pair = configured();
    expect(pair.put("/3/0/15", { "/3/0/15": "Europe/Berlin" }, TEXT)).toBe("2.04");
    expect(pair.put("/3/0", { "/3/0/14": "+02:00" })).toBe("2.04");
    pair.putAccount(SERVER_URI);
    pair.finish();
    const device = pair.agent.object(3);
    expect([0, 14, 15, 16].map((id) => device?.get(0, id))).toEqual([
      "Acme",
      "+02:00",
      undefined,
      "U",
    ]);
  });

  test.each([
    ["a value of the wrong kind", "/1/0", Uint8Array.of(0xc2, 1, 0, 0, 0), TLV],
    ["a payload cut short", "/1/0", Uint8Array.of(0xc1), TLV],
    ["a binding that is none", "/1/0/7", "Z", TEXT],
    ["a negative lifetime", "/1/0/1", "-1", TEXT],
    ["a resource instance", "/1/0/7/0", "U", TEXT],
    ["what can only be executed", "/1/0/8", "", TEXT],
    ["an object that the device cannot have", "/33000/0/1", "1", TEXT],
    ["the root", "/", Uint8Array.of(0), TLV],
    ["no path of LwM2M", "/bs", Uint8Array.of(0), TLV],
    ["an instance beside the only one", "/3/1", Uint8Array.of(0xc0, 14), TLV],
    ["an id that is reserved", "/1/65535", Uint8Array.of(0xc1, 0, 1), TLV],
  ])("4.00 for %s, and nothing is changed", (_what, path, payload, format) => {
    proves("device", "bootstrap-write");
    const pair = configured();
    const before = pair.discover().text;
    expect(pair.bootstrapServer.write(path, payload, format).code).toBe("4.00");
    expect(pair.discover().text).toBe(before);
  });

  test("4.15 for a format that it lacks, or that is not said", () => {
    proves("device", "bootstrap-write");
    const pair = configured();
    expect(pair.bootstrapServer.write("/1/0", Uint8Array.of(1), 11544).code).toBe("4.15");
    expect(pair.bootstrapServer.write("/1/0", Uint8Array.of(1)).code).toBe("4.15");
  });

  test("Write-Attributes is no operation of bootstrap", () => {
    const pair = configured();
    expect(pair.bootstrapServer.attributes("/3/0", "pmin=5").code).toBe("4.00");
  });

  test("one that never comes to an end is refused: what it writes is bounded", () => {
    const pair = configured();
    let code = "";
    let writes = 0;
    while (code !== "5.00" && writes < 1000) {
      code = pair.put("/1/0/1", { "/1/0/1": 1 + writes++ }, TEXT);
    }
    expect(writes).toBe(257);
  });

  test("§E.9, §E.10: object 21 comes with 1.1, objects 23 and 24 with 1.2", () => {
    const takes = (version: "1.0" | "1.1" | "1.2", path: string) =>
      configured(version).bootstrapServer.write(path, "x", TEXT).code;
    const oscore = Uint8Array.of(0xc1, 0, 1, 0xc1, 1, 2, 0xc1, 2, 3);
    const write = (version: "1.0" | "1.1" | "1.2", path: string, payload: Uint8Array) =>
      configured(version).bootstrapServer.write(path, payload, TLV).code;
    expect(write("1.0", "/21/0", oscore)).toBe("4.00");
    expect(write("1.1", "/21/0", oscore)).toBe("2.04");
    expect([takes("1.1", "/23/0/0"), takes("1.2", "/23/0/0")]).toEqual(["4.00", "2.04"]);
    expect([takes("1.1", "/24/0/6"), takes("1.2", "/24/0/6")]).toEqual(["4.00", "2.04"]);
  });
});

describe("LwM2M Core 1.2.2 §6.1.7.6: Bootstrap-Delete", () => {
  test("of all spares the bootstrap account and /3/0", () => {
    proves("device", "bootstrap-delete");
    const pair = configured();
    pair.putAccount(SERVER_URI);
    expect(pair.delete("/")).toBe("2.02");
    expect(pair.discover().text).toBe("</>;lwm2m=1.1,</0/1>,</1>,</3>;ver=1.2,</3/0>");
  });

  test("of an object and of an instance", () => {
    proves("device", "bootstrap-delete");
    const pair = configured();
    pair.putAccount(SERVER_URI);
    expect(pair.delete("/1/0")).toBe("2.02");
    expect(pair.discover("/1").text).toBe("</>;lwm2m=1.1,</1>");
    expect(pair.delete("/0")).toBe("2.02");
    expect(pair.discover("/0").text).toBe("</>;lwm2m=1.1,</0/1>");
  });

  test("of what is not there, or not known, is done already", () => {
    const pair = configured();
    expect(["/1/7", "/21", "/33000", "/33000/1"].map((path) => pair.delete(path))).toEqual([
      "2.02",
      "2.02",
      "2.02",
      "2.02",
    ]);
  });

  test.each(["/0/1", "/3/0", "/1/0/2", "/bs", "/3303/0"])("4.00 for %s, which stays", (path) => {
    proves("device", "bootstrap-delete");
    const sensor = sensorObject(TEMPERATURE);
    addSensor(sensor, 0, 20, "Cel");
    sensor.isFixed = true;
    const pair = new BootstrapPair({
      objects: [...(configured().agent.configuration.objects ?? []), sensor],
    });
    pair.started();
    const before = pair.discover().text;
    expect(pair.delete(path)).toBe("4.00");
    expect(pair.discover().text).toBe(before);
  });

  test("of all leaves what the device is built of, and takes what servers have made", () => {
    const sensor = sensorObject(TEMPERATURE);
    addSensor(sensor, 0, 20, "Cel");
    sensor.isFixed = true;
    const pair = new BootstrapPair({ objects: [sensor] }).started();
    pair.delete("/");
    expect(pair.discover().text).toContain("</3303/0>");
  });

  test("takes effect with Finish only", () => {
    const pair = new BootstrapPair({}, { servers: 1 }).started();
    pair.agent.needBootstrap(pair.now);
    pair.wait(1);
    pair.delete("/");
    expect(pair.agent.servers.instances.ids).toEqual([0]);
    expect(pair.finish().code).toBe("4.06");
    pair.wait(300_000);
    expect(pair.agent.servers.instances.ids).toEqual([0]);
    expect(pair.server.read("/1/0/0").text).toBe("1");
  });
});

describe("LwM2M Core 1.2.2 §6.1.7.3: Bootstrap-Discover", () => {
  test("lists accounts with ssid and uri, the bootstrap server's own with neither", () => {
    proves("device", "bootstrap-discover");
    const pair = configured();
    pair.putAccount(SERVER_URI, 101);
    expect(pair.discover()).toMatchObject({
      code: "2.05",
      format: LINK_FORMAT,
      text: `</>;lwm2m=1.1,</0/0>;ssid=101;uri="${SERVER_URI}",</0/1>,</1/0>;ssid=101,</3>;ver=1.2,</3/0>`,
    });
  });

  test("§E.9: what is linked from an account has its ssid", () => {
    proves("device", "bootstrap-discover");
    const pair = configured();
    pair.put("/0", { ...security, "/0/0/17": { objectId: 21, objectInstanceId: 5 } });
    const oscore = Uint8Array.of(0xc1, 0, 1, 0xc1, 1, 2, 0xc1, 2, 3);
    pair.bootstrapServer.write("/21/5", oscore, TLV);
    pair.bootstrapServer.write("/21/6", oscore, TLV);
    expect(pair.discover("/21").text).toBe("</>;lwm2m=1.1,</21/5>;ssid=1,</21/6>");
  });

  test("1.0 says its version without a link, and no uri", () => {
    proves("device", "bootstrap-discover");
    const pair = configured("1.0");
    pair.put("/0", security);
    expect(pair.discover("/0").text).toBe('lwm2m="1.0",</0/0>;ssid=1,</0/1>');
  });

  test("of an unknown object is 4.04, of an instance 4.00", () => {
    proves("device", "bootstrap-discover");
    const pair = configured();
    expect(pair.discover("/33000").code).toBe("4.04");
    expect(pair.discover("/0/1").code).toBe("4.00");
  });
});

describe("LwM2M Core 1.2.2 §6.1.7.4: Bootstrap-Read", () => {
  const control = { "/2/0/0": 3, "/2/0/1": 0, "/2/0/2/0": 31, "/2/0/3": 65535 };

  test("of /1 and /2 and their instances, as they would be", () => {
    proves("device", "bootstrap-read");
    const pair = configured();
    pair.putAccount(SERVER_URI);
    pair.put("/2", control);
    for (const [path, values] of [
      ["/1", server],
      ["/1/0", server],
      ["/2", control],
      ["/2/0", control],
    ] as const) {
      const answer = pair.bootstrapServer.read(path, { accept: TLV });
      expect(answer.code).toBe("2.05");
      expect(
        Object.fromEntries(decodeValues(TLV, answer.payload, path) as Map<string, never>),
      ).toEqual(values);
    }
  });

  test.each(["/0", "/0/1", "/3", "/3/0", "/1/0/1", "/21"])("of %s is refused", (path) => {
    proves("device", "bootstrap-read");
    const pair = configured();
    pair.putAccount(SERVER_URI);
    expect(pair.bootstrapServer.read(path, { accept: TLV }).code).toBe("4.05");
  });

  test("4.04 for what is not there, 4.06 for a format that it lacks", () => {
    proves("device", "bootstrap-read");
    const pair = configured();
    expect(pair.bootstrapServer.read("/2", { accept: TLV }).code).toBe("4.04");
    expect(pair.bootstrapServer.read("/1/3", { accept: TLV }).code).toBe("4.04");
    pair.put("/1", server);
    expect(pair.bootstrapServer.read("/1", { accept: 11544 }).code).toBe("4.06");
  });

  test("1.0 has none", () => {
    const pair = configured("1.0");
    pair.put("/1", server);
    expect(pair.bootstrapServer.read("/1", { accept: TLV }).code).toBe("4.05");
  });
});

describe("LwM2M Core 1.2.2 §6.1.7.2: what Finish refuses, and why", () => {
  test.each<[string, (pair: BootstrapPair) => void]>([
    ["there is no server account", () => {}],
    ["/1 has no instance of server 1", (pair) => pair.put("/0", security)],
    ["/0 has no instance of server 1", (pair) => pair.put("/1", server)],
    ["/1/0/0 is missing", (pair) => pair.put("/1/0/5", { "/1/0/5": 1 }, TEXT)],
    [
      "/0/0/10 is missing",
      (pair) => pair.put("/0", { "/0/0/0": SERVER_URI, "/0/0/1": false, "/0/0/2": 3 }),
    ],
    ["/0/0/10 is not 1 to 65534", (pair) => pair.put("/0", { ...security, "/0/0/10": 0 })],
    [
      "/1/0/1 is missing",
      (pair) => {
        pair.put("/0", security);
        pair.put("/1", { "/1/0/0": 1, "/1/0/7": "U" });
      },
    ],
    [
      "two instances of /0 are of server 1",
      (pair) => {
        pair.putAccount(SERVER_URI);
        pair.put("/0/4", accountOf(SERVER_URI, 1, { securityId: 4 }).security);
      },
    ],
    [
      "two instances of /1 are of server 1",
      (pair) => {
        pair.putAccount(SERVER_URI);
        pair.put("/1/4", accountOf(SERVER_URI, 1, { serverId: 4 }).server);
      },
    ],
    [
      "no server can be reached: neither coap nor coap+tcp, or with security",
      (pair) => pair.putAccount("coaps://server.test"),
    ],
    [
      "no server can be reached: neither coap nor coap+tcp, or with security",
      (pair) => {
        pair.put("/0", { ...security, "/0/0/2": 0 });
        pair.put("/1", server);
      },
    ],
    [
      "/0/0 links to /21/0, which is not there",
      (pair) => {
        pair.put("/0", { ...security, "/0/0/17": { objectId: 21, objectInstanceId: 0 } });
        pair.put("/1", server);
      },
    ],
    [
      "two instances of /0 are of a bootstrap server",
      (pair) => {
        pair.putAccount(SERVER_URI);
        for (const id of [4, 5]) {
          const at = `/0/${id}`;
          pair.put(at, { [`${at}/0`]: SERVER_URI, [`${at}/1`]: true, [`${at}/2`]: 3 });
        }
      },
    ],
  ])("4.06: %s", (why, act) => {
    proves("device", "bootstrap-finish");
    const pair = configured();
    act(pair);
    expect(pair.finish()).toMatchObject({ code: "4.06", text: why });
    expect(pair.agent.security.instances.ids).toEqual([1]);
  });

  test("4.00 with a payload", () => {
    const pair = configured();
    pair.putAccount(SERVER_URI);
    const answer = pair.bootstrapServer.ask(codes.POST, "/bs", { payload: "x", format: TEXT });
    expect(answer.code).toBe("4.00");
  });

  test("a hook of the application that throws leaves everything as it was: 4.06", () => {
    const pair = configured();
    const device = pair.agent.object(3);
    if (device === undefined) throw new Error("no device");
    device.onWrite = () => {
      throw new Error("no clock");
    };
    pair.putAccount(SERVER_URI);
    pair.put("/3/0/15", { "/3/0/15": "UTC" }, TEXT);
    expect(pair.finish()).toMatchObject({
      code: "4.06",
      text: "the device could not take it over",
    });
    expect(pair.agent.security.instances.ids).toEqual([1]);
    expect(pair.agent.servers.instances.ids).toEqual([]);
    expect(device.get(0, 15)).toBe(undefined);
    const request = pair.events.findLast((event) => event.kind === "request");
    expect(request).toMatchObject({ error: new Error("no clock") });
  });
});

describe("LwM2M Core 1.2.2 §6.1: who may do what", () => {
  test.each([
    [codes.POST, "/1/0/8"],
    [codes.POST, "/3/0/4"],
    [codes.POST, "/3"],
    [codes.FETCH, "/"],
    [codes.IPATCH, "/"],
  ])("a bootstrap server manages nothing: method %s on %s is 4.05", (method, path) => {
    const pair = configured();
    expect(pair.bootstrapServer.ask(method, path).code).toBe("4.05");
  });

  test.each([
    [codes.DELETE, "/", "4.05"],
    [codes.DELETE, "/1", "4.05"],
    [codes.POST, "/bs", "4.04"],
    [codes.PUT, "/1", "4.05"],
    [codes.PUT, "/0/0", "4.01"],
    [codes.GET, "/0", "4.01"],
    [codes.GET, "/21/0", "4.01"],
    [codes.GET, "/23", "4.01"],
    [codes.DELETE, "/0/0", "4.01"],
  ])("a server bootstraps nothing: method %s on %s is %s", (method, path, code) => {
    const pair = new BootstrapPair({}, { servers: 1 }).started();
    const question = method === codes.PUT ? { payload: "x", format: TEXT } : {};
    expect(pair.server.ask(method, path, question).code).toBe(code);
    expect(pair.agent.isRegistered()).toBe(true);
  });
});

test("LwM2M Transport 1.2.2 §6.7: whatever a bootstrap server sends is answered with a code of the table, and nothing throws", () => {
  const rows = OPERATION_TABLE.filter((row) => row.interface === "bootstrap");
  const legal = new Map(
    rows.map((row) => [row.name, new Set([...row.success, ...row.errors].map(codes.formatCode))]),
  );
  const path = fc.oneof(
    fc.constantFrom(
      "/",
      "/bs",
      "/0",
      "/1",
      "/0/0",
      "/0/1",
      "/1/0",
      "/2/0",
      "/3/0",
      "/1/0/7",
      "/21/0",
    ),
    fc
      .array(fc.integer({ min: 0, max: 65535 }), { maxLength: 5 })
      .map((ids) => `/${ids.join("/")}`),
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          method: fc.constantFrom(codes.GET, codes.POST, codes.PUT, codes.DELETE),
          path,
          payload: fc.uint8Array({ maxLength: 40 }),
          format: fc.option(fc.constantFrom(0, 40, 42, 60, 110, 112, 11542, 11543, 11544)),
          accept: fc.option(fc.constantFrom(0, 40, 110, 112, 11542)),
        }),
        { minLength: 1, maxLength: 12 },
      ),
      (requests) => {
        const pair = configured("1.1");
        for (const { method, path, payload, format, accept } of requests) {
          const question = { payload, format: format ?? undefined, accept: accept ?? undefined };
          const { code } = pair.bootstrapServer.ask(method, path, question);
          const event = pair.events.findLast((each) => each.kind === "request");
          if (event?.kind !== "request") throw new Error("no request was reported");
          const allowed = legal.get(event.operation);
          const isLegal = allowed === undefined ? code === "4.05" : allowed.has(code);
          if (!isLegal && !code.startsWith("5.")) throw new Error(`${event.operation}: ${code}`);
          if (code.startsWith("2.") && event.operation === "Bootstrap-Finish") return;
        }
      },
    ),
    { numRuns: 300 },
  );
});
