import { beforeEach, expect, test } from "vitest";
import { valueAt } from "../../../../../connector/bootstrap/configuration.ts";
import { decodeUtf8 } from "../../../../../protocol/bytes/utf8.ts";
import { RestBench } from "../bench.ts";

let bench: RestBench;
beforeEach(() => {
  bench = new RestBench();
});

const numbers = (text: string) => [...text].map((letter) => letter.charCodeAt(0));

/** What Zephyr's suite sends: `create_bs_device` of its pytest/leshan.py, by its members. */
const ZEPHYR = {
  servers: {
    0: { binding: "U", defaultMinPeriod: 1, lifetime: 86400, notifIfDisabled: false, shortId: 1 },
  },
  security: {
    1: {
      bootstrapServer: false,
      clientOldOffTime: 1,
      publicKeyOrId: numbers("client_1"),
      secretKey: numbers("canary-key"),
      securityMode: "PSK",
      serverId: 1,
      serverSmsNumber: "",
      smsBindingKeyParam: [],
      smsBindingKeySecret: [],
      smsSecurityMode: "NO_SEC",
      uri: "coaps://192.0.2.2:5684",
    },
  },
  oscore: {},
  toDelete: ["/0", "/1"],
};

const send = (method: string, name: string, body?: object) =>
  bench.ask(method, `/api/bootstrap/${name}`, body && { body: JSON.stringify(body) });

test("a configuration is written as Leshan's programs write it, and is what a device gets", async () => {
  expect(await send("POST", "client_1", ZEPHYR)).toEqual([200, ""]);
  const configuration = bench.bootstrap.accounts.find("client_1")!.configuration;
  expect(configuration.deletes).toEqual([[0], [1]]);
  const at = (...path: number[]) => valueAt(configuration.entries, path);
  expect([at(0, 1, 0), at(0, 1, 2), at(0, 1, 10), at(1, 0, 0), at(1, 0, 6)]).toEqual([
    "coaps://192.0.2.2:5684",
    0,
    1,
    1,
    false,
  ]);
  expect(decodeUtf8(at(0, 1, 5) as Uint8Array)).toBe("canary-key");
});

test("it is shown as it was written, its secret key as an empty array", async () => {
  await send("POST", "client_1", ZEPHYR);
  const [status, text] = await bench.ask("GET", "/api/bootstrap");
  expect(status).toBe(200);
  expect(JSON.parse(text).client_1).toMatchObject({
    toDelete: ["/0", "/1"],
    autoIdForSecurityObject: false,
    servers: ZEPHYR.servers,
    security: {
      1: {
        uri: "coaps://192.0.2.2:5684",
        securityMode: "PSK",
        publicKeyOrId: numbers("client_1"),
        secretKey: [],
      },
    },
  });
  expect(text).not.toContain(`${numbers("canary-key")}`);
});

test("what is written comes in place of what the file has for the same device, and all are in one object", async () => {
  bench.bootstrap.accounts.setFile({
    configurations: {
      client_1: { servers: [{ uri: "coap://file.test", shortServerId: 9 }] },
      client_2: { servers: [{ uri: "coap://file.test", shortServerId: 9 }] },
    },
  });
  await send("POST", "client_1", ZEPHYR);
  await send("POST", "client_3", ZEPHYR);
  const [, text] = await bench.ask("GET", "/api/bootstrap");
  const shown = JSON.parse(text);
  expect(Object.keys(shown).sort()).toEqual(["client_1", "client_2", "client_3"]);
  expect(shown.client_1.security[1].serverId).toBe(1);
  expect(shown.client_2.security[1].serverId).toBe(9);
  expect(text.match(/client_1/g)).toHaveLength(1);
  expect(JSON.parse((await new RestBench().ask("GET", "/api/bootstrap"))[1])).toEqual({});
});

test("it is removed with 204, and with 404 where there is none", async () => {
  await send("POST", "client_1", ZEPHYR);
  expect(await send("DELETE", "client_1")).toEqual([204, ""]);
  expect(await send("DELETE", "client_1")).toEqual([404, "no config for client_1"]);
});

test("signed bytes, a list of bindings, a format and automatic ids are taken as there", async () => {
  const body = {
    ...ZEPHYR,
    autoIdForSecurityObject: true,
    contentFormat: "SENML_CBOR",
    servers: { 0: { ...ZEPHYR.servers[0], binding: ["U", "Q"], disableTimeout: null } },
    security: { 1: { ...ZEPHYR.security[1], secretKey: [-1, 0] } },
  };
  expect((await send("PUT", "client_1", body))[0]).toBe(200);
  const { entries, discovers, format } = bench.bootstrap.accounts.find("client_1")!.configuration;
  expect({ discovers, format }).toEqual({ discovers: true, format: 112 });
  expect(valueAt(entries, [1, 0, 7])).toBe("UQ");
  expect(valueAt(entries, [0, 1, 5])).toEqual(new Uint8Array([255, 0]));
});

test.each([
  ["security.1.securityMode must be one of", { security: { 1: { securityMode: "NONE" } } }],
  ["security.1.secretKey must be an array of bytes", { security: { 1: { secretKey: "k" } } }],
  ['there is no "server" in the body', { server: {} }],
  ["servers must be a JSON object", { servers: [] }],
  ["toDelete must be an array of paths", { toDelete: "/0" }],
  ["contentFormat must be one of", { contentFormat: "XML" }],
  ["contentFormat must be one of", { contentFormat: { code: { toString: 1 } } }],
  ["servers.0.binding must be a text", { servers: { 0: { binding: [{ toString: 1 }] } } }],
  [
    "security.1.oscoreSecurityMode must be the id",
    { security: { 1: { oscoreSecurityMode: { toString: 1 } } } },
  ],
  ["no instance of /0 has the Short Server ID 1", { ...ZEPHYR, security: {} }],
])("%s: 400, and nothing is written", async (reason, body) => {
  const [status, text] = await send("POST", "client_1", body);
  expect(status).toBe(400);
  expect(text).toContain(reason);
  expect(bench.bootstrap.accounts.find("client_1")).toBeUndefined();
});
