import { describe, expect, test } from "vitest";
import {
  type BootstrapConfiguration,
  configurationFor,
} from "../../../../connector/bootstrap/configuration.ts";
import {
  CONFIGURATION,
  type ConfigurationDocument,
} from "../../../../connector/bootstrap/document.ts";
import { decodeUtf8, encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { formatPath } from "../../../../protocol/model/path.ts";

const EP = "urn:dev:1";
const SERVER = { uri: "coap://connector.test", shortServerId: 1 };
const FULL = {
  0: {
    1: { 0: "coap://connector.test", 1: false, 2: 3, 10: 1 },
  },
  1: { 0: { 0: 1, 1: 300, 6: true, 7: "U" } },
};

function read(document: ConfigurationDocument): BootstrapConfiguration {
  return configurationFor(document, {
    endpointName: EP,
    generate: (place, length, version) => new Uint8Array(length).fill(place.length + version),
    unseal: () => expect.fail("nothing is sealed"),
  });
}

/** Path -> value. */
function valuesOf(document: ConfigurationDocument): Record<string, unknown> {
  const { entries } = read(document);
  return Object.fromEntries(entries.map(({ path, value }) => [formatPath(path), value]));
}

/** FULL with something else in some places; undefined takes one away. */
function changed(changes: Readonly<Record<string, unknown>>): ConfigurationDocument {
  const objects = structuredClone(FULL) as Record<string, Record<string, Record<string, unknown>>>;
  for (const [path, value] of Object.entries(changes)) {
    const [, object, instance, resource] = path.split("/");
    objects[object] ??= {};
    objects[object][instance] ??= {};
    if (value === undefined) delete objects[object][instance][resource];
    else objects[object][instance][resource] = value;
  }
  return { objects };
}

/** Keys that NoSec has no use for: there, and empty. */
const unused = (instanceId: number) =>
  Object.fromEntries([3, 4, 5].map((key) => [`/0/${instanceId}/${key}`, new Uint8Array(0)]));

describe("what a document means", () => {
  test("LwM2M Core 1.2.2 §6.1.2: an account is an instance of Security and one of Server, paired by Short Server ID", () => {
    expect(valuesOf({ servers: [SERVER, { ...SERVER, shortServerId: 2, lifetime: 60 }] })).toEqual({
      "/0/1/0": "coap://connector.test",
      "/0/1/1": false,
      "/0/1/2": 3,
      ...unused(1),
      "/0/1/10": 1,
      "/0/2/0": "coap://connector.test",
      "/0/2/1": false,
      "/0/2/2": 3,
      ...unused(2),
      "/0/2/10": 2,
      "/1/0/0": 1,
      "/1/0/1": 86400,
      "/1/0/6": true,
      "/1/0/7": "U",
      "/1/1/0": 2,
      "/1/1/1": 60,
      "/1/1/6": true,
      "/1/1/7": "U",
    });
  });

  test("the full form says the same", () => {
    expect(valuesOf({ objects: FULL })).toEqual(
      valuesOf({ servers: [{ ...SERVER, lifetime: 300 }] }),
    );
  });

  test("what a device has for itself is filled in: its name, and bytes that are generated", () => {
    const server = {
      uri: "coaps://{endpoint}.connector.test",
      shortServerId: 1,
      securityMode: "psk",
      identity: "id-{endpoint}",
      secretKey: { generate: 16, version: 2 },
    } as const;
    const values = valuesOf({ servers: [server] });
    expect(values["/0/1/0"]).toBe(`coaps://${EP}.connector.test`);
    expect(decodeUtf8(values["/0/1/3"] as Uint8Array)).toBe(`id-${EP}`);
    expect(values["/0/1/5"]).toEqual(new Uint8Array(16).fill("/0/1/5".length + 2));
  });

  test.each([
    ["hex", { hex: "00ff" }, [0, 255]],
    ["base64", { base64: "AP8=" }, [0, 255]],
    ["text", { text: "{endpoint}!" }, [...encodeUtf8(`${EP}!`)]],
    ["pem", { pem: "-----BEGIN PUBLIC KEY-----\nAP8=\n-----END PUBLIC KEY-----\n" }, [0, 255]],
  ])("bytes are written as %s", (_, json, bytes) => {
    const values = valuesOf(changed({ "/0/1/7": json }));
    expect([...(values["/0/1/7"] as Uint8Array)]).toEqual(bytes);
  });

  test("LwM2M Core 1.1.1 Appendix C: values are of the type that their definition has", () => {
    const values = valuesOf(
      changed({
        "/0/1/16": { 0: 49320, 1: "49322" },
        "/1/0/10": "11:0",
        "/1/0/12": 1_700_000_000,
        "/2/0/0": 3,
        "/2/0/1": 0,
        "/2/0/2": { 1: 15, 0: 1 },
        "/2/0/3": 1,
      }),
    );
    expect(values).toMatchObject({
      "/0/1/16/0": 49320,
      "/0/1/16/1": 49322,
      "/1/0/10": { objectId: 11, objectInstanceId: 0 },
      "/1/0/12": 1_700_000_000,
      "/2/0/2/0": 1,
      "/2/0/2/1": 15,
    });
  });

  test("LwM2M Core 1.2.2 §6.1.7.6: the core objects that are written are deleted first, unless something else is said", () => {
    expect(read({ servers: [SERVER] }).deletes).toEqual([[0], [1]]);
    expect(read(changed({ "/2/0/0": 3, "/2/0/1": 0, "/2/0/3": 1 })).deletes).toEqual([
      [0],
      [1],
      [2],
    ]);
    expect(read({ servers: [SERVER], delete: [] }).deletes).toEqual([]);
    expect(read({ servers: [SERVER], delete: ["/", "/1/3"] }).deletes).toEqual([[], [1, 3]]);
  });

  test("LwM2M Core 1.2.2 §6.1.3.3: a part of what a device has may be written alone", () => {
    const partial = read({ objects: { 1: { 0: { 1: 60 } } }, partial: true });
    expect(partial).toMatchObject({ deletes: [], isPartial: true, isPackable: false });
  });
});

describe("what is refused, with its path and what was expected", () => {
  test.each([
    ["/0/1/0: expected a string.", { "/0/1/0": 5 }],
    ["/0/1/0: expected a URI as coap://host:5683", { "/0/1/0": "connector.test" }],
    ["/0/1/0: expected a URI as coap://host:5683", { "/0/1/0": `coap://${"a".repeat(260)}` }],
    ["/0/1/0: a name in braces is not known; expected {endpoint}.", { "/0/1/0": "coap://{name}" }],
    ["/0/1/0: security mode nosec goes with coap, not coaps.", { "/0/1/0": "coaps://c.test" }],
    [
      "/0/1/0: security mode psk goes with coaps, not coap.",
      { "/0/1/2": 0, "/0/1/3": { text: "i" }, "/0/1/5": { hex: "00" } },
    ],
    ["/0/1/0: expected a value, it is mandatory.", { "/0/1/0": undefined }],
    ["/0/1/1: expected true or false.", { "/0/1/1": "false" }],
    ["/0/1/2: expected a security mode, 0 to 4.", { "/0/1/2": 9 }],
    ["/0/1/3: expected a value, as security mode psk needs it.", { "/0/1/2": 0 }],
    ["/0/1/5: security mode nosec has no keys", { "/0/1/5": { hex: "00" } }],
    ["/0/1/5: expected bytes", { "/0/1/5": "secret" }],
    ["/0/1/5: expected bytes", { "/0/1/5": { hex: "0g" } }],
    ["/0/1/5: expected bytes", { "/0/1/5": { pem: "AP8=" } }],
    ['/0/1/5: expected {"generate": 1 to 64', { "/0/1/5": { generate: 65 } }],
    ['/0/1/5: expected {"generate": 1 to 64', { "/0/1/5": { generate: 16, hex: "00" } }],
    ["/0/1/5: there is no secret here to keep", { "/0/1/5": { secret: true } }],
    ["/0/1/10: expected a Short Server ID from 1 to 65534.", { "/0/1/10": undefined }],
    ["/0/1/10: expected a Short Server ID from 1 to 65534.", { "/0/1/10": 0 }],
    ["/0/1/10: expected a Short Server ID from 1 to 65534.", { "/0/1/10": 65535 }],
    ["/0/1/16: expected an object of ids and values", { "/0/1/16": 49320 }],
    ["/0/1/17: expected a link to an instance of /21 given here.", { "/0/1/17": "21:0" }],
    ['/0/1/17: expected a string of two ids, as "21:0".', { "/0/1/17": 21 }],
    ["/0/1/99: the object has no such resource.", { "/0/1/99": 1 }],
    ['/0/1: "x" is no id of a resource.', { "/0/1/x": 1 }],
    ['/0: "01" is no id of an object instance.', { "/0/01/0": 1 }],
    ['objects: "65535" is no id of an object.', { "/65535/0/0": 1 }],
    ["/99: there is no definition of this object.", { "/99/0/0": 1 }],
    ["/1/0/0: no instance of /0 has the Short Server ID 2; expected one.", { "/1/0/0": 2 }],
    ["/1/0/1: expected a whole number", { "/1/0/1": 1.5 }],
    ["/1/0/7: expected a value, it is mandatory.", { "/1/0/7": undefined }],
    ["/1/0/8: this is executed", { "/1/0/8": "" }],
    ["/3/1: the object has one instance; expected 0.", { "/3/1/0": "x" }],
    ["/2/0/1: expected a value, it is mandatory.", { "/2/0/0": 3 }],
  ])("%s", (message, changes) => {
    expect(() => read(changed(changes))).toThrow(message);
  });

  test.each([
    [
      "/0/1/10: no instance of /1 has the Short Server ID 1; expected one.",
      { objects: { 0: FULL[0] } },
    ],
    ["/0: the device would be left without a server", { delete: ["/"] }],
    ["/0: the device would be left without a server", { delete: ["/1"] }],
    [
      "/0/2/10: /0/1 has the Short Server ID 1 too; expected another.",
      { servers: [SERVER, SERVER] },
    ],
    ["/0/1: servers and objects both give this.", { servers: [SERVER], objects: FULL }],
    ["delete /1/0/1: expected an object", { servers: [SERVER], delete: ["/1/0/1"] }],
    ["delete 1: expected an object", { servers: [SERVER], delete: ["1"] }],
    [
      "/0/3: /0/2 is the bootstrap account already; expected one.",
      {
        objects: {
          0: {
            ...FULL[0],
            2: { 0: "coap://b.test", 1: true, 2: 3 },
            3: { 0: "coap://b.test", 1: true, 2: 3 },
          },
          1: FULL[1],
        },
      },
    ],
  ])("%s", (message, document) => {
    expect(() => read(document as ConfigurationDocument)).toThrow(message);
  });

  test("LwM2M Core 1.2.2 §6.1.3.3: the bootstrap account itself may be given anew, beside servers", () => {
    const bootstrap = { 0: "coap://b.test", 1: true, 2: 3 };
    const objects = { 0: { ...FULL[0], 0: bootstrap }, 1: FULL[1] };
    expect(valuesOf({ objects })).toMatchObject({ "/0/0/1": true });
  });

  test.each([
    ["servers.0.uri", { servers: [{ shortServerId: 1 }] }],
    ["servers.0.shortServerId", { servers: [{ ...SERVER, shortServerId: 65535 }] }],
    ["servers.0", { servers: [{ ...SERVER, lifetim: 1 }] }],
    ["servers.0.securityMode", { servers: [{ ...SERVER, securityMode: "none" }] }],
    ["servers.0.binding", { servers: [{ ...SERVER, binding: "u" }] }],
    ["format", { format: "text" }],
    ["read.0", { read: ["/0"] }],
  ])("LwM2M Core 1.2.2 §6.1.7.4: %s", (path, document) => {
    const result = CONFIGURATION.safeParse(document);
    expect(result.error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
  });
});
