/** ETS 1.2 group 1600-1699, Portfolio: the object that is created and deleted. */
import { CREATED, DELETED } from "../../../protocol/coap/codes.ts";
import { TLV } from "../../../protocol/coap/content-formats.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_12, configuredValues } from "../configurations.ts";
import { bytesOf } from "../content.ts";
import { expectAttributes, expectListed } from "./expectations.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];

const CREATE_PORTFOLIO = clientCase({
  id: "LightweightM2M-1.1-int-1630",
  title: "Create Portfolio Object Instance",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.6", "LwM2M Core 1.1.1 §6.3.2"],
  configuration: C_12,
  begins: "registered",
  needs: { formats: [TLV] },
  correction:
    "type byte 88 for the identity, where 80 is printed, which leaves no room for its length",
  criteria: {
    before: "Discover of /16/0 says dim=4",
    create: "Create of instance 1 with two identities is answered by 2.01",
    listed: "Discover lists it with dim=2",
    values: "both instances hold their identities",
  },
  async procedure(bench) {
    const before = bench.expectLinks("before", await bench.discover("/16/0"));
    expectAttributes(bench, "before", before, "/16/0/0", { dim: 4 });
    bench.step("the server creates /16/1");
    const identity = new TextEncoder().encode("Host Device ID #1");
    const model = new TextEncoder().encode("Host Device Model #1");
    const payload = Uint8Array.from([
      ...bytesOf("08 01 2E 88 00 2B 48 00 11"),
      ...identity,
      ...bytesOf("48 01 14"),
      ...model,
    ]);
    bench.expectCode("create", await bench.post("/16", TLV, payload), CREATED);
    const after = bench.expectLinks("listed", await bench.discover("/16"));
    expectAttributes(bench, "listed", after, "/16/1/0", { dim: 2 });
    expectAttributes(bench, "listed", after, "/16/0/0", { dim: 4 });
    bench.expectValues("values", await bench.read("/16", TLV), {
      ...configuredValues(bench.configuration, "/16"),
      "/16/1/0/0": "Host Device ID #1",
      "/16/1/0/1": "Host Device Model #1",
    });
  },
});

const DELETE_PORTFOLIO = clientCase({
  id: "LightweightM2M-1.1-int-1635",
  title: "Delete all Portfolio Object Instances",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.7", "LwM2M Core 1.1.1 §6.3.2"],
  configuration: {
    ...C_12,
    name: "C.12 with a second portfolio",
    objects: { ...C_12.objects, 16: { ...C_12.objects[16], 1: { 0: ["Host Device ID #1"] } } },
  },
  begins: "registered",
  correction: "answered by 2.02, where 2.04 is printed",
  criteria: {
    delete: "Delete of each instance is answered by 2.02",
    gone: "Discover then lists the object alone",
  },
  async procedure(bench) {
    const before = bench.expectLinks("gone", await bench.discover("/16"));
    expectListed(bench, "gone", before, ["/16", "/16/0", "/16/1"]);
    bench.expectCode("delete", await bench.delete("/16/0"), DELETED);
    bench.expectCode("delete", await bench.delete("/16/1"), DELETED);
    const after = bench.expectLinks("gone", await bench.discover("/16"));
    const left = [...after.keys()].join(", ");
    bench.expect("gone", left === "/16", `Discover lists ${left}`);
  },
});

export const PORTFOLIO_CASES: readonly ConformanceCase[] = [CREATE_PORTFOLIO, DELETE_PORTFOLIO];
