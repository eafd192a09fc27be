/** ETS 1.2 group 200-299: the JSON of LwM2M 1.0, and attributes at several levels. */
import { CHANGED } from "../../../protocol/coap/codes.ts";
import { LWM2M_JSON } from "../../../protocol/coap/content-formats.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_1, C_3, configuredValues } from "../configurations.ts";
import { encodeValues } from "../content.ts";
import { expectAttributes, expectRead } from "./expectations.ts";

const QUERY_JSON = clientCase({
  id: "LightweightM2M-1.1-int-204",
  title: "Querying basic information in JSON format",
  versions: ["1.0", "1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.3.1", "LwM2M Core 1.2.2 §7.5.6.1"],
  configuration: C_1,
  begins: "registered",
  needs: { formats: [LWM2M_JSON] },
  criteria: { read: "/3/0 is read as LwM2M JSON (11543) with 0, 1, 2, 3, 11 and 16" },
  async procedure(bench) {
    await expectRead(bench, "read", "/3/0", LWM2M_JSON);
  },
});

const SET_JSON = clientCase({
  id: "LightweightM2M-1.1-int-220",
  title: "Setting basic information in JSON format",
  versions: ["1.0", "1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.3.3", "LwM2M Core 1.2.2 §7.5.6.1"],
  configuration: C_3,
  begins: "registered",
  needs: { resources: ["/1/0/2", "/1/0/3", "/1/0/5"], formats: [LWM2M_JSON] },
  correction: "numbers without leading zeros, where 0101 is printed, which is no JSON",
  criteria: {
    write: "a partial Write of /1/0 is answered by 2.04",
    changed: "the written values are read back, the others are as before",
    restore: "a Write of /1/0 with the first values is answered by 2.04",
    restored: "the first values are read back",
  },
  async procedure(bench) {
    const before = configuredValues(bench.configuration, "/1/0");
    bench.step("the server writes 101, 1010, 2000, true and U at once");
    const payload = `{"bn":"/1/0/","e":[{"n":"2","v":101},{"n":"3","v":1010},{"n":"5","v":2000},{"n":"6","bv":true},{"n":"7","sv":"U"}]}`;
    bench.expectCode("write", await bench.post("/1/0", LWM2M_JSON, payload), CHANGED);
    const written = { "/1/0/2": 101, "/1/0/3": 1010, "/1/0/5": 2000, "/1/0/6": true };
    const changed = { ...before, ...written };
    bench.expectValues("changed", await bench.read("/1/0", LWM2M_JSON), changed, LWM2M_JSON);
    bench.step("the server replaces the instance by what it was");
    // Without the Short Server ID, which is read-only.
    const { "/1/0/0": _, ...writable } = before;
    const saved = encodeValues(LWM2M_JSON, "/1/0", writable);
    bench.expectCode("restore", await bench.put("/1/0", LWM2M_JSON, saved), CHANGED);
    bench.expectValues("restored", await bench.read("/1/0", LWM2M_JSON), before, LWM2M_JSON);
  },
});

const ATTRIBUTES_AT_LEVELS = clientCase({
  id: "LightweightM2M-1.1-int-261",
  title: "Write-Attributes on several levels",
  versions: ["1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.3.4", "LwM2M Core 1.1.1 §5.1.2", "LwM2M Core 1.1.1 §6.3.2"],
  configuration: C_1,
  begins: "registered",
  needs: { features: ["evaluation periods"] },
  correction: "attributes of a link are separated by semicolons, where & is printed",
  criteria: {
    object: "Write-Attributes of /3 is answered by 2.04",
    instance: "so is that of /3/0",
    "resource-instance": "so is that of /3/0/11/0, of evaluation periods",
    inherited: "Discover of /3/0/11 says pmin of the object and pmax of the instance",
    own: "and for /3/0/11/0 its own epmin and epmax",
  },
  async procedure(bench) {
    const write = (path: string, query: readonly string[]) => bench.writeAttributes(path, query);
    bench.expectCode("object", await write("/3", ["pmin=10", "pmax=200"]), CHANGED);
    bench.expectCode("instance", await write("/3/0", ["pmax=320"]), CHANGED);
    const periods = await write("/3/0/11/0", ["epmin=1", "epmax=50"]);
    bench.expectCode("resource-instance", periods, CHANGED);
    const links = bench.expectLinks("inherited", await bench.discover("/3/0/11"));
    expectAttributes(bench, "inherited", links, "/3/0/11", { dim: 1, pmin: 10, pmax: 320 });
    expectAttributes(bench, "own", links, "/3/0/11/0", { epmin: 1, epmax: 50 });
  },
});

export const JSON_CASES: readonly ConformanceCase[] = [QUERY_JSON, SET_JSON, ATTRIBUTES_AT_LEVELS];
