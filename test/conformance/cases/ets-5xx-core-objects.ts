/** ETS 1.2 group 500-999, the objects of the enabler. */
import { CHANGED, CONTENT, METHOD_NOT_ALLOWED } from "../../../protocol/coap/codes.ts";
import { TLV } from "../../../protocol/coap/content-formats.ts";
import { attributeOf } from "../../../protocol/coap/link-format.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import type { Bench } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import {
  type BaseConfiguration,
  C_1,
  C_5,
  C_6,
  C_7,
  C_14,
  configuredValues,
} from "../configurations.ts";
import { bytesOf, encodeValues } from "../content.ts";
import {
  expectAttributes,
  expectObserved,
  expectRead,
  expectSequence,
  expectWindows,
  needsResource,
} from "./expectations.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];

const DEVICE_WRITE = clientCase({
  id: "LightweightM2M-1.1-int-651",
  title: "Device Object: Write and restore",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.3", "LwM2M Core 1.1.1 §E.4"],
  configuration: C_6,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    write: "a partial Write of time, offset and timezone is answered by 2.04",
    changed: "offset and timezone are read back, the time goes on from the one written",
    restore: "a Write with the first values is answered by 2.04",
    restored: "the first values are read back",
  },
  async procedure(bench) {
    const before = configuredValues(bench.configuration, "/3/0");
    const { "/3/0/13": time, "/3/0/14": offset, "/3/0/15": timezone } = before;
    const writable = Object.entries({ "/3/0/13": time, "/3/0/14": offset, "/3/0/15": timezone });
    const written = 0x5182428f;
    bench.step("the server writes the time of 2013-05-02, +02:00 and Europe/Paris");
    const payload = bytesOf(
      "C4 0D 51 82 42 8F C6 0E 2B 30 32 3A 30 30 C8 0F 0C 45 75 72 6F 70 65 2F 50 61 72 69 73",
    );
    bench.expectCode("write", await bench.post("/3/0", TLV, payload), CHANGED);
    const changed = { "/3/0/14": "+02:00", "/3/0/15": "Europe/Paris" };
    const values = bench.expectValues("changed", await bench.read("/3/0", TLV), changed, TLV);
    const clock = Number(values.get("/3/0/13"));
    const runs = clock >= written && clock <= written + 5;
    bench.expect("changed", runs, `the time is ${clock}, not soon after ${written}`);
    bench.step("the server writes the first values again");
    const had = Object.fromEntries(writable.filter(([, value]) => value !== undefined));
    const saved = encodeValues(TLV, "/3/0", had);
    bench.expectCode("restore", await bench.post("/3/0", TLV, saved), CHANGED);
    const { "/3/0/13": _, ...steady } = before;
    bench.expectValues("restored", await bench.read("/3/0", TLV), steady, TLV);
  },
});

const FIRMWARE_VERSION = clientCase({
  id: "LightweightM2M-1.1-int-652",
  title: "Device Object: Query firmware version",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.1", "LwM2M Core 1.1.1 §E.4"],
  configuration: C_6,
  begins: "registered",
  criteria: { read: "/3/0/3 is read" },
  async procedure(bench) {
    needsResource(bench, "/3/0/3");
    await expectRead(bench, "read", "/3/0/3");
  },
});

const DEVICE_CREATE = clientCase({
  id: "LightweightM2M-1.1-int-680",
  title: "Device Object: Create",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.6", "LwM2M Core 1.1.1 §E.4"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    refused: "Create on /3 is answered by 4.05",
    unchanged: "the one instance is as before",
  },
  async procedure(bench) {
    const create = await bench.post("/3", TLV, bytesOf("08 01 00"));
    bench.expectCode("refused", create, METHOD_NOT_ALLOWED);
    await expectRead(bench, "unchanged", "/3");
  },
});

const DEVICE_DELETE = clientCase({
  id: "LightweightM2M-1.1-int-685",
  title: "Device Object: Delete",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.7", "LwM2M Core 1.1.1 §E.4"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    refused: "Delete of /3/0 is answered by 4.05",
    unchanged: "the instance is as before",
  },
  async procedure(bench) {
    bench.expectCode("refused", await bench.delete("/3/0"), METHOD_NOT_ALLOWED);
    await expectRead(bench, "unchanged", "/3/0");
  },
});

const CONNECTIVITY_READ = readCase(
  701,
  "Connectivity Monitoring Object: Read",
  "/4/0",
  C_5,
  "§E.5",
);
const CONNECTIVITY_OBSERVE = observeCase(
  710,
  "Connectivity Monitoring Object: Observe",
  "/4/0",
  C_5,
  "§E.5",
);
const LOCATION_READ = readCase(801, "Location Object: Read", "/6/0", C_7, "§E.7");
const LOCATION_OBSERVE = observeCase(810, "Location Object: Observe", "/6/0", C_7, "§E.7");

const TWO_SERVERS = clientCase({
  id: "LightweightM2M-1.1-int-950",
  title: "Registration with two servers",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.1", "LwM2M Core 1.1.1 §8.1"],
  configuration: C_14,
  begins: "off",
  correction: "without bootstrap server and access control objects",
  criteria: {
    register: "the client registers with both servers",
    manageable: "both can read /3/0",
  },
  async procedure(bench) {
    bench.step("the client is switched on");
    await bench.client.start();
    await bench.wait(60 * SECOND);
    const registered = bench.takeAll("register").map(({ server }) => server);
    for (const server of bench.servers.keys()) {
      const count = registered.filter((one) => one === server).length;
      bench.expect("register", count === 1, `server ${server + 1} got ${count} Registers`);
      bench.expectCode("manageable", await bench.read("/3/0", undefined, server), CONTENT);
    }
  },
});

const TWO_SERVERS_ATTRIBUTES = clientCase({
  id: "LightweightM2M-1.1-int-951",
  title: "Attributes of two servers",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.2", "LwM2M Core 1.1.1 §6.3.4"],
  configuration: C_14,
  begins: "registered",
  correction: "without bootstrap server and access control objects",
  criteria: {
    write: "Write-Attributes of both servers are answered by 2.04",
    own: "each server's Discover shows its own attributes",
  },
  async procedure(bench) {
    const wanted = [
      { pmin: 2, pmax: 10 },
      { pmin: 15, pmax: 50 },
    ];
    for (const [server, { pmin, pmax }] of wanted.entries()) {
      const query = [`pmin=${pmin}`, `pmax=${pmax}`];
      bench.expectCode("write", await bench.writeAttributes("/3/0", query, server), CHANGED);
    }
    for (const [server, attributes] of wanted.entries()) {
      const links = bench.expectLinks("own", await bench.discover("/3/0", [], server));
      expectAttributes(bench, "own", links, "/3/0", attributes);
      const link = links.get("/3/0");
      const count = link?.attributes.filter(({ name }) => name === "pmin").length;
      bench.expect(
        "own",
        count === 1,
        `pmin is there ${count} times: ${attributeOf(link!, "pmin")}`,
      );
    }
  },
});

function readCase(
  number: number,
  title: string,
  path: string,
  configuration: BaseConfiguration,
  section: string,
): ConformanceCase {
  return clientCase({
    id: `LightweightM2M-1.1-int-${number}`,
    title,
    versions: ALL,
    clauses: ["LwM2M Core 1.1.1 §6.3.1", `LwM2M Core 1.1.1 ${section}`],
    configuration,
    begins: "registered",
    needs: { formats: [TLV] },
    criteria: { read: `${path} is read as TLV with what is configured` },
    async procedure(bench) {
      await expectRead(bench, "read", path, TLV);
    },
  });
}

function observeCase(
  number: number,
  title: string,
  path: string,
  configuration: BaseConfiguration,
  section: string,
): ConformanceCase {
  return clientCase({
    id: `LightweightM2M-1.1-int-${number}`,
    title,
    versions: ALL,
    clauses: ["LwM2M Core 1.1.1 §6.4.2", `LwM2M Core 1.1.1 ${section}`],
    configuration,
    begins: "registered",
    criteria: {
      observe: `Observe of ${path} is answered by 2.05 with the Observe option`,
      windows: "notifications keep to pmin=2 and pmax=10",
      sequence: "with growing numbers",
    },
    async procedure(bench: Bench<"observe" | "windows" | "sequence">) {
      await bench.givenAttributes(path, "pmin=2", "pmax=10");
      const observed = await expectObserved(bench, "observe", path);
      await bench.wait(60 * SECOND);
      const notifications = bench.takeAll("notification", observed.token);
      expectWindows(bench, "windows", observed, notifications, [2, 10]);
      expectSequence(bench, "sequence", observed, notifications);
    },
  });
}

export const CORE_OBJECT_CASES: readonly ConformanceCase[] = [
  DEVICE_WRITE,
  FIRMWARE_VERSION,
  DEVICE_CREATE,
  DEVICE_DELETE,
  CONNECTIVITY_READ,
  CONNECTIVITY_OBSERVE,
  LOCATION_READ,
  LOCATION_OBSERVE,
  TWO_SERVERS,
  TWO_SERVERS_ATTRIBUTES,
];
