/** Access rights as a matrix: rights x entries x operations; rights that are withdrawn; a server that is the only one. */
import {
  CHANGED,
  CONTENT,
  CREATED,
  DELETED,
  GET,
  isSuccess,
  POST,
  PUT,
  UNAUTHORIZED,
} from "../../../protocol/coap/codes.ts";
import { TLV } from "../../../protocol/coap/content-formats.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import {
  CREATE,
  DELETE,
  EVERYTHING,
  EXECUTE,
  OTHER,
  OWNED,
  OWNER,
  READ,
  WRITE,
} from "../access.ts";
import { type Answer, type Bench, was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_1 } from "../configurations.ts";
import { decodeValues, encodeValues } from "../content.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const CLAUSES = ["LwM2M Core 1.2.2 §8.2", "LwM2M Core 1.2.2 §8.2.1", "LwM2M Core 1.2.2 §8.2.2"];

/** By Short Server ID, 0 for all that have no entry of their own. */
type Entries = Readonly<Record<number, number>>;

interface Row {
  readonly criterion: "own" | "default" | "precedence" | "none" | "owner";
  readonly entries: Entries;
  readonly asker: number;
  /** What that comes to. */
  readonly rights: number;
}

const SINGLE = [0, READ, WRITE, EXECUTE, DELETE, CREATE, EVERYTHING];
const ALL_BUT_ONE = [READ, WRITE, EXECUTE, DELETE].map((right) => EVERYTHING & ~right);

const other = (criterion: Row["criterion"], entries: Entries, rights: number): Row => ({
  criterion,
  entries,
  asker: OTHER,
  rights,
});

const ROWS: readonly Row[] = [
  ...[...SINGLE, ...ALL_BUT_ONE].map((rights) =>
    other("own", { 1: EVERYTHING, 2: rights }, rights),
  ),
  ...SINGLE.map((rights) => other("default", { 0: rights, 1: EVERYTHING }, rights)),
  other("precedence", { 0: EVERYTHING, 2: 0 }, 0),
  other("precedence", { 0: 0, 2: EVERYTHING }, EVERYTHING),
  other("precedence", { 0: WRITE | EXECUTE | DELETE, 2: READ }, READ),
  other("none", { 1: EVERYTHING }, 0),
  other("none", { 1: EVERYTHING, 7: EVERYTHING }, 0),
  { criterion: "owner", entries: { 2: 0 }, asker: OWNER, rights: EVERYTHING },
  { criterion: "owner", entries: { 0: 0, 2: EVERYTHING }, asker: OWNER, rights: EVERYTHING },
  { criterion: "owner", entries: { 1: READ, 2: 0 }, asker: OWNER, rights: READ },
  { criterion: "owner", entries: { 0: EVERYTHING, 1: WRITE }, asker: OWNER, rights: WRITE },
];

const VALUES = { "/16/0/0/0": "written" };

/** Each operation with the right that it needs. Delete comes last: nothing is left then. */
const OPERATIONS: readonly (readonly [
  name: string,
  right: number,
  ask: (bench: Bench, server: number) => Promise<Answer>,
])[] = [
  ["Discover", 0, (bench, server) => bench.discover("/16/0", [], server)],
  ["Read", READ, (bench, server) => bench.read("/16/0", undefined, server)],
  ["Read of a resource", READ, (bench, server) => bench.read("/16/0/0", undefined, server)],
  ["Observe", READ, observeAndCancel],
  ["Write-Attributes", READ, (bench, server) => bench.writeAttributes("/16/0", ["pmin=1"], server)],
  ["Write", WRITE, (bench, server) => written(bench, PUT, "/16/0", server)],
  ["Write of a resource", WRITE, (bench, server) => written(bench, PUT, "/16/0/0", server)],
  ["partial Write", WRITE, (bench, server) => written(bench, POST, "/16/0", server)],
  ["Execute", EXECUTE, (bench, server) => bench.execute("/16/0/1", "", server)],
  ["Delete", DELETE, (bench, server) => bench.delete("/16/0", server)],
];

async function observeAndCancel(bench: Bench, server: number): Promise<Answer> {
  const { answer, tokenBytes } = await bench.observe("/16/0", [], server);
  if (isSuccess(answer.code)) {
    await bench.ask({ method: GET, path: "/16/0", observe: 1, token: tokenBytes }, server);
  }
  return answer;
}

function written(bench: Bench, method: number, path: string, server: number): Promise<Answer> {
  return bench.ask({ method, path, format: TLV, payload: encodeValues(TLV, path, VALUES) }, server);
}

const RIGHTS = clientCase({
  id: "dormouse-access-matrix",
  title: "Rights by entry and by operation",
  versions: ALL,
  clauses: CLAUSES,
  configuration: OWNED,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    own: "a server may do what its own entry says, and is answered by 4.01 to everything else",
    default: "without one, what entry 0 says",
    precedence: "its own entry counts, not entry 0, whichever gives more",
    none: "without either it may do nothing",
    owner: "the owner may do everything, unless it has an entry of its own",
    discover: "Discover needs no right",
  },
  async procedure(bench) {
    for (const { criterion, entries, asker, rights } of ROWS) {
      bench.step(`the rights are ${JSON.stringify(entries)}; server ${asker + 1} asks`);
      await givenRights(bench, entries);
      let isDeleted = false;
      for (const [name, right, ask] of OPERATIONS) {
        const { code, outcome } = await ask(bench, asker);
        const isAllowed = right === 0 || (rights & right) !== 0;
        const why = `with ${JSON.stringify(entries)} ${name} by server ${asker + 1} was answered by ${outcome}`;
        const judged = right === 0 ? "discover" : criterion;
        bench.expect(judged, isRight(name, code, isAllowed), why);
        isDeleted = code === DELETED;
      }
      if (isDeleted) await givenAnew(bench);
    }
  },
});

/** An Execute that the object does not have is no matter of rights. */
function isRight(name: string, code: number, isAllowed: boolean): boolean {
  if (!isAllowed) return code === UNAUTHORIZED;
  return name === "Execute" ? code !== UNAUTHORIZED : isSuccess(code);
}

/** The owner writes the entries about /16/0. */
async function givenRights(bench: Bench, entries: Entries): Promise<void> {
  const path = `${await controlOf(bench)}/2`;
  const values = Object.entries(entries).map(([id, rights]) => [`${path}/${id}`, rights]);
  const payload = encodeValues(TLV, path, Object.fromEntries(values));
  const write = await bench.put(path, TLV, payload, OWNER);
  bench.given(write.code === CHANGED, `${was(write)}, not by 2.04`);
}

/** The instance of object 2 that is about /16/0. */
async function controlOf(bench: Bench): Promise<string> {
  const { format, payload, code } = await bench.read("/2", TLV, OWNER);
  const values = code === CONTENT ? decodeValues(format, payload, "/2") : "";
  bench.given(typeof values !== "string", "object 2 cannot be read");
  const all = typeof values === "string" ? new Map() : values;
  const found = [...all.keys()].find((at) => {
    const [, , id, resource] = at.split("/");
    return resource === "0" && all.get(at) === 16 && all.get(`/2/${id}/1`) === 0;
  });
  bench.given(found !== undefined, "no instance of object 2 is about /16/0");
  return `${found}`.split("/").slice(0, 3).join("/");
}

async function givenAnew(bench: Bench): Promise<void> {
  const payload = encodeValues(TLV, "/16", { "/16/0/0/0": "anew" });
  const create = await bench.post("/16", TLV, payload, OWNER);
  bench.given(create.code === CREATED, `${was(create)}, not by 2.01`);
}

const WITHDRAWN = clientCase({
  id: "dormouse-access-withdrawn",
  title: "A right that is withdrawn ends what was observed with it",
  versions: ALL,
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §8.2.4", "RFC 7641 §4.2"],
  configuration: OWNED,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    told: "as long as there is the right, a change is told",
    silent: "once it is withdrawn, nothing with a value comes, whatever changes",
    refused: "a Read is answered by 4.01",
    again: "when it is given back, Read and Observe are answered by 2.05",
  },
  async procedure(bench) {
    await givenRights(bench, { 1: EVERYTHING, 2: READ });
    const { answer, token } = await bench.observe("/16/0/0", [], OTHER);
    bench.given(answer.code === CONTENT, `${was(answer)}, not by 2.05`);
    const change = async (text: string) => {
      const payload = encodeValues(TLV, "/16/0/0", { "/16/0/0/0": text });
      const write = await bench.post("/16/0/0", TLV, payload, OWNER);
      bench.given(write.code === CHANGED, `${was(write)}, not by 2.04`);
      await bench.wait(15 * SECOND);
      const came = bench.takeAll("notification", token);
      return came.filter(({ message }) => message.code === CONTENT).length;
    };
    const told = await change("first");
    bench.expect("told", told > 0, "no notification came");
    bench.step("the owner withdraws the right");
    await givenRights(bench, { 1: EVERYTHING, 2: WRITE });
    const after = await change("second");
    bench.expect("silent", after === 0, `${after} notifications with a value came`);
    const read = await bench.read("/16/0", undefined, OTHER);
    bench.expectCode("refused", read, UNAUTHORIZED);
    bench.step("the owner gives it back");
    await givenRights(bench, { 1: EVERYTHING, 2: READ });
    bench.expectCode("again", await bench.read("/16/0", undefined, OTHER), CONTENT);
    bench.expectCode("again", (await bench.observe("/16/0/0", [], OTHER)).answer, CONTENT);
  },
});

const ALONE = clientCase({
  id: "dormouse-access-alone",
  title: "A server that is the only one may do everything",
  versions: ALL,
  clauses: ["LwM2M Core 1.2.2 §8", "LwM2M Core 1.2.2 §8.2.1"],
  configuration: {
    ...C_1,
    name: "C.1 with an instance that its server has no rights on",
    objects: {
      ...C_1.objects,
      2: { 0: { 0: 16, 1: 0, 2: [0, 0], 3: 7 } },
      16: { 0: { 0: ["a"] } },
    },
  },
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: { allowed: "every operation on the instance is answered as if there were no rights" },
  async procedure(bench) {
    for (const [name, , ask] of OPERATIONS) {
      const { code, outcome } = await ask(bench, OWNER);
      const why = `${name} was answered by ${outcome}`;
      bench.expect("allowed", isRight(name, code, true), why);
    }
  },
});

export const OWN_ACCESS_MATRIX_CASES: readonly ConformanceCase[] = [RIGHTS, WITHDRAWN, ALONE];
