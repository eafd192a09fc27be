/** Rights where there are several places: who may create, what is seen of an object, what composite operations read and write. */
import { CHANGED, CONTENT, CREATED, DELETED, UNAUTHORIZED } from "../../../protocol/coap/codes.ts";
import { SENML_CBOR, TLV } from "../../../protocol/coap/content-formats.ts";
import { CREATE, EVERYTHING, OTHER, OWNED, OWNER, READ, WRITE } from "../access.ts";
import { was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { COMPOSITE_NEEDS, expectAbsent, fetchOf, patchOf } from "../composite.ts";
import { type BaseConfiguration, C_15, C_16 } from "../configurations.ts";
import { encodeValues } from "../content.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const CLAUSES = ["LwM2M Core 1.2.2 §8.2", "LwM2M Core 1.2.2 §8.2.1", "LwM2M Core 1.2.2 §8.2.2"];

/** Who may create: by an entry, by entry 0, not by an entry that says otherwise, not without any. */
const MAKERS: BaseConfiguration = {
  ...OWNED,
  name: "C.14 with rights to create",
  objects: {
    ...OWNED.objects,
    2: {
      0: { 0: 16, 1: 65535, 2: [CREATE, 0, CREATE], 3: 65535 },
      1: { 0: 19, 1: 65535, 2: [CREATE], 3: 65535 },
    },
    19: C_15.objects[19],
    20: C_16.objects[20],
  },
};

const MAKING = clientCase({
  id: "dormouse-access-create",
  title: "The right to create is one on the object",
  versions: ALL,
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §8.1.2.1", "LwM2M Core 1.2.2 §8.2.3"],
  configuration: MAKERS,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    granted: "a server creates by its own entry, and by entry 0",
    refused:
      "it does not by entry 0 when its own says otherwise, nor where there is no entry at all: 4.01",
    theirs:
      "who created an instance reads, writes and deletes it; the other server is answered by 4.01",
  },
  async procedure(bench) {
    const create = (at: string, server: number) => {
      const path = `/${at.split("/")[1]}`;
      const value = path === "/19" ? Uint8Array.of(1) : "a";
      const payload = encodeValues(TLV, path, { [`${at}/0/0`]: value });
      return bench.post(path, TLV, payload, server);
    };
    bench.expectCode("granted", await create("/16/5", OTHER), CREATED);
    bench.expectCode("granted", await create("/19/5", OTHER), CREATED);
    bench.expectCode("granted", await create("/19/6", OWNER), CREATED);
    bench.expectCode("refused", await create("/16/6", OWNER), UNAUTHORIZED);
    const log = await bench.post("/20", TLV, encodeValues(TLV, "/20", { "/20/5/4010": 0 }), OTHER);
    bench.expectCode("refused", log, UNAUTHORIZED);
    bench.expectCode("theirs", await bench.read("/16/5", undefined, OTHER), CONTENT);
    bench.expectCode("theirs", await bench.read("/19/6", undefined, OWNER), CONTENT);
    for (const [path, server] of [
      ["/16/5", OWNER],
      ["/19/6", OTHER],
    ] as const) {
      bench.expectCode("theirs", await bench.read(path, undefined, server), UNAUTHORIZED);
      bench.expectCode("theirs", await bench.delete(path, server), UNAUTHORIZED);
      bench.expectCode("theirs", await bench.delete(path, 1 - server), DELETED);
    }
  },
});

/** Two instances of the first server's, of which the second server may read one. */
const PARTLY: BaseConfiguration = {
  ...OWNED,
  name: "C.14 with two instances of its first server's",
  objects: {
    ...OWNED.objects,
    2: {
      0: { 0: 3, 1: 0, 2: [0, EVERYTHING, 0], 3: 1 },
      1: { 0: 16, 1: 0, 2: [0, EVERYTHING, READ | WRITE], 3: 1 },
      2: { 0: 16, 1: 1, 2: [0, EVERYTHING, 0], 3: 1 },
    },
    16: { 0: { 0: ["open"] }, 1: { 0: ["closed"] } },
  },
};

const OBJECT_LEVEL = clientCase({
  id: "dormouse-access-object",
  title: "Of an object a server sees the instances that it may read",
  versions: ALL,
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §8.2.3", "LwM2M Core 1.2.2 §8.2.4"],
  configuration: PARTLY,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    read: "a Read of the object gives the open instance and not the closed one",
    notified: "so does an Observe of it, and a notification when the open one changes",
    attributes: "Write-Attributes on the object are taken",
  },
  async procedure(bench) {
    const values = { "/16/0/0/0": "open" };
    const read = await bench.read("/16", TLV, OTHER);
    const seen = bench.expectValues("read", read, values);
    expectAbsent(bench, "read", read, seen, ["/16/1"]);
    bench.expectCode("attributes", await bench.writeAttributes("/16", ["pmin=0"], OTHER), CHANGED);
    const { answer, token } = await bench.observe("/16", [], OTHER);
    const observed = bench.expectValues("notified", answer, values);
    expectAbsent(bench, "notified", answer, observed, ["/16/1"]);
    const changed = { "/16/0/0/0": "written" };
    const write = await bench.post("/16/0", TLV, encodeValues(TLV, "/16/0", changed), OWNER);
    bench.given(write.code === CHANGED, `${was(write)}, not by 2.04`);
    const notification = await bench.next("notification", bench.now() + bench.pace.prompt, token);
    bench.expect("notified", notification !== undefined, "no notification came");
    const { payload = answer.payload } = notification?.message ?? {};
    const told = bench.expectValues("notified", { ...answer, payload }, changed);
    expectAbsent(bench, "notified", answer, told, ["/16/1"]);
  },
});

const COMPOSITE = clientCase({
  id: "dormouse-access-composite",
  title: "Of several places a server reads those that it may, and writes all or none",
  versions: ["1.1", "1.2"],
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §6.3.8", "LwM2M Core 1.2.2 §6.3.9"],
  configuration: PARTLY,
  begins: "registered",
  needs: { ...COMPOSITE_NEEDS, formats: [SENML_CBOR, TLV] },
  criteria: {
    read: "a Read-Composite gives what may be read, and leaves out the rest",
    observe: "so does an Observe-Composite",
    closed: "of closed places alone nothing is read: an error, or nothing",
    write: "a Write-Composite of open and closed places is answered by 4.01",
    unchanged: "and writes none of them",
  },
  async procedure(bench) {
    const paths = ["/3/0/0", "/16/0/0", "/16/1/0"];
    const closed = ["/3", "/16/1"];
    const open = { "/16/0/0/0": "open" };
    const read = await bench.ask(fetchOf(paths), OTHER);
    expectAbsent(bench, "read", read, bench.expectValues("read", read, open), closed);
    const { answer } = await bench.observeBy(fetchOf(paths), OTHER);
    expectAbsent(bench, "observe", answer, bench.expectValues("observe", answer, open), closed);
    const none = await bench.ask(fetchOf(["/3/0/0", "/16/1/0"]), OTHER);
    const values = none.code === CONTENT ? bench.expectValues("closed", none, {}) : new Map();
    bench.expect("closed", values.size === 0, `${was(none)} with ${values.size} values`);
    const attempts: readonly Readonly<Record<string, string>>[] = [
      { "/16/0/0/0": "x", "/16/1/0/0": "y" },
      { "/3/0/14": "+05:00", "/16/0/0/0": "x" },
    ];
    for (const written of attempts) {
      const write = await bench.ask(patchOf(written), OTHER);
      bench.expectCode("write", write, UNAUTHORIZED);
      const before = { "/16/0/0/0": "open", "/16/1/0/0": "closed" };
      bench.expectValues("unchanged", await bench.read("/16", TLV, OWNER), before);
    }
  },
});

export const OWN_ACCESS_PLACES_CASES: readonly ConformanceCase[] = [
  MAKING,
  OBJECT_LEVEL,
  COMPOSITE,
];
