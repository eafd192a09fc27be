/** Access control between two servers, which the ETS only registers: rights, ownership, who may change them. */
import { CHANGED, CONTENT, CREATED, DELETED, UNAUTHORIZED } from "../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { LOCATION_PATH } from "../../../protocol/coap/options.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { SHARED } from "../configurations.ts";
import { encodeValues } from "../content.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const SECOND = 1;

const RIGHTS = clientCase({
  id: "dormouse-access-rights",
  title: "A server may do what its rights say",
  versions: ALL,
  clauses: ["LwM2M Core 1.2.2 §8.2", "LwM2M Core 1.2.2 §8.2.1"],
  configuration: SHARED,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    owner: "the first server, which has all rights, reads and writes",
    granted: "the second does what it was granted",
    refused: "what it was not granted is answered by 4.01",
    discover: "Discover needs no right",
  },
  async procedure(bench) {
    const payload = encodeValues(TLV, "/16/0/0", { "/16/0/0/0": "changed" });
    bench.expectCode("owner", await bench.read("/16/0"), CONTENT);
    bench.expectCode("owner", await bench.post("/16/0/0", TLV, payload), CHANGED);
    bench.step("the second server does what it may, then what it may not");
    bench.expectCode("granted", await bench.read("/3/0/0", undefined, SECOND), CONTENT);
    bench.expectCode("granted", await bench.post("/16/0/0", TLV, payload, SECOND), CHANGED);
    bench.expectCode("refused", await bench.read("/16/0", undefined, SECOND), UNAUTHORIZED);
    bench.expectCode("refused", await bench.execute("/3/0/4", "", SECOND), UNAUTHORIZED);
    bench.expectCode("refused", await bench.delete("/16/0", SECOND), UNAUTHORIZED);
    const attributes = await bench.writeAttributes("/16/0", ["pmin=1"], SECOND);
    bench.expectCode("refused", attributes, UNAUTHORIZED);
    bench.expectCode("discover", await bench.discover("/16/0", [], SECOND), CONTENT);
  },
});

const OWNERSHIP = clientCase({
  id: "dormouse-access-ownership",
  title: "Who creates an instance owns it",
  versions: ALL,
  clauses: ["LwM2M Core 1.2.2 §8.1.2", "LwM2M Core 1.2.2 §8.2.3"],
  configuration: SHARED,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    create: "a server creates with the right to, and is answered by 4.01 without",
    owns: "its creator reads the instance, the other server is answered by 4.01",
    delete: "its creator deletes it",
  },
  async procedure(bench) {
    const payload = encodeValues(TLV, "/16/7", { "/16/7/0/0": "theirs" });
    bench.expectCode("create", await bench.post("/16", TLV, payload), UNAUTHORIZED);
    const created = await bench.post("/16", TLV, payload, SECOND);
    bench.expectCode("create", created, CREATED);
    const path = pathOf(created.options, LOCATION_PATH);
    bench.given(path.startsWith("/16/"), `the new instance has the location ${path}`);
    bench.expectCode("owns", await bench.read(path, undefined, SECOND), CONTENT);
    bench.expectCode("owns", await bench.read(path), UNAUTHORIZED);
    bench.expectCode("delete", await bench.delete(path, SECOND), DELETED);
  },
});

const MANAGEMENT = clientCase({
  id: "dormouse-access-management",
  title: "The owner alone changes rights, and they hold at once",
  versions: ALL,
  clauses: ["LwM2M Core 1.2.2 §8.1.2", "LwM2M Core 1.2.2 §E.3"],
  configuration: SHARED,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    readable: "the second server reads object 2",
    refused: "it cannot change the rights of what it does not own",
    changed: "the owner gives it a right, which it has then",
    bootstrap: "what bootstrap owns no server changes",
  },
  async procedure(bench) {
    bench.expectCode("readable", await bench.read("/2/1", undefined, SECOND), CONTENT);
    const more = encodeValues(TLV, "/2/1/2", { "/2/1/2/2": 3 });
    bench.expectCode("refused", await bench.post("/2/1/2", TLV, more, SECOND), UNAUTHORIZED);
    bench.expectCode("refused", await bench.put("/2/1/3", TEXT, "2", SECOND), UNAUTHORIZED);
    bench.step("the owner lets the second server read");
    bench.expectCode("changed", await bench.post("/2/1/2", TLV, more), CHANGED);
    bench.expectCode("changed", await bench.read("/16/0", undefined, SECOND), CONTENT);
    const all = encodeValues(TLV, "/2/2/2", { "/2/2/2/1": 31 });
    bench.expectCode("bootstrap", await bench.post("/2/2/2", TLV, all), UNAUTHORIZED);
  },
});

export const OWN_ACCESS_CONTROL_CASES: readonly ConformanceCase[] = [RIGHTS, OWNERSHIP, MANAGEMENT];
