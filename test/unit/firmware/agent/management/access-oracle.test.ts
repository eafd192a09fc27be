/**
 * Access control against an oracle: random tables of rights, random servers, random operations; what the device answers against what
 * LwM2M Core 1.2.2 §8.2 says, written down here from its text (Table 8.2-1, §8.2.1-§8.2.4) and sharing nothing with the device.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import {
  LINK_FORMAT,
  SENML_ETCH_JSON,
  SENML_JSON,
  TEXT,
} from "../../../../../protocol/coap/content-formats.ts";
import {
  EXECUTE,
  MANDATORY,
  NONE,
  READ,
  STRING,
  WRITE,
} from "../../../../../protocol/model/data-types.ts";
import { ACCESS_CONTROL } from "../../../../../protocol/model/objects/access-control.ts";
import type { ScriptedServer } from "../../../../support/agent-pair.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { proves } from "../../../../support/proves.ts";

const THING = {
  id: 1000,
  version: "1.0",
  multiple: true,
  mandatory: false,
  resources: [0, STRING | READ | WRITE | MANDATORY, 1, NONE | EXECUTE | MANDATORY],
};
const INSTANCES = [0, 1, 2];

/** What one instance of object 2 says. */
interface Row {
  readonly instance: number;
  readonly owner: number;
  readonly entries: ReadonlyMap<number, number>;
}

/** A device as the oracle sees it: who owns what, and which things there are. */
class Oracle {
  readonly rows: Row[];
  readonly things: Set<number> = new Set(INSTANCES);
  readonly isEnabled: boolean;

  constructor(rows: readonly Row[], servers: number) {
    this.rows = [...rows];
    this.isEnabled = servers > 1;
  }

  /** §8.2.1, step by step. */
  private rights(server: number, instance: number): Set<string> {
    const all = new Set("RWEDC");
    if (!this.isEnabled) return all;
    const row = this.rows.find((each) => each.instance === instance);
    if (row === undefined) return new Set();
    const isOwner = row.owner === server;
    if (isOwner && !row.entries.has(server)) return all;
    const bits = row.entries.get(server) ?? row.entries.get(0) ?? 0;
    return new Set([..."RWEDC"].filter((_, bit) => (bits >> bit) % 2 === 1));
  }

  may(server: number, right: string, instance: number): boolean {
    return this.rights(server, instance).has(right);
  }

  readable(server: number): number[] {
    return [...this.things].filter((id) => this.may(server, "R", id)).sort((a, b) => a - b);
  }

  create(server: number, instance: number): void {
    this.things.add(instance);
    const at = this.rows.findIndex((row) => row.instance === instance);
    if (at >= 0 && this.isEnabled) this.rows.splice(at, 1);
    if (this.isEnabled) this.rows.push({ instance, owner: server, entries: new Map() });
  }

  remove(instance: number): void {
    this.things.delete(instance);
    const at = this.rows.findIndex((row) => row.instance === instance);
    if (at >= 0) this.rows.splice(at, 1);
  }
}

interface Act {
  readonly kind: string;
  readonly server: number;
  readonly instance: number;
}

const row = fc.record({
  owner: fc.constantFrom(1, 2, 3, 65535),
  entries: fc
    .array(fc.tuple(fc.constantFrom(0, 1, 2, 3), fc.integer({ min: 0, max: 31 })), { maxLength: 4 })
    .map((pairs) => new Map(pairs)),
  isThere: fc.boolean(),
});
const table = fc
  .array(row, { minLength: 4, maxLength: 4 })
  .map((rows) =>
    rows.flatMap(({ isThere, ...said }, i) =>
      isThere ? [{ ...said, instance: i === 3 ? 65535 : i }] : [],
    ),
  );
const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom(
    ...["read", "object", "write", "execute", "discover", "attributes", "observe"],
    ...["composite", "change", "create", "delete"],
  ),
  server: fc.integer({ min: 0, max: 2 }),
  instance: fc.integer({ min: 0, max: 3 }),
});

const named = (text: string): number[] => (text.match(/\d(?= here)/g) ?? []).map(Number);

/** Does it on the device and says what the oracle expects: `[answer, expectation]`. */
function perform(server: ScriptedServer, id: number, oracle: Oracle, { kind, instance }: Act) {
  const path = `/1000/${instance}`;
  const isThere = oracle.things.has(instance);
  const guarded = (right: string, good: string) =>
    isThere ? (oracle.may(id, right, instance) ? good : "4.01") : "4.04";
  switch (kind) {
    case "read":
      return [server.read(`${path}/0`).code, guarded("R", "2.05")];
    case "observe":
      return [server.observe(`${path}/0`).code, guarded("R", "2.05")];
    case "attributes":
      return [server.attributes(path, "pmin=0").code, guarded("R", "2.04")];
    case "write":
      return [server.write(`${path}/0`, `${instance} here`, TEXT).code, guarded("W", "2.04")];
    case "execute":
      return [server.execute(`${path}/1`).code, guarded("E", "2.04")];
    case "discover":
      return [server.read(path, { accept: LINK_FORMAT }).code, isThere ? "2.05" : "4.04"];
    case "object": {
      const answer = server.read("/1000", { accept: SENML_JSON });
      const readable = oracle.readable(id);
      const isClosed = oracle.things.size > 0 && readable.length === 0;
      return [[answer.code, named(answer.text)], isClosed ? ["4.01", []] : ["2.05", readable]];
    }
    case "composite": {
      const payload = JSON.stringify(INSTANCES.map((each) => ({ n: `/1000/${each}/0` })));
      const question = { format: SENML_ETCH_JSON, accept: SENML_JSON, payload };
      const answer = server.ask(codes.FETCH, "/", question);
      const there = INSTANCES.filter((each) => oracle.things.has(each));
      const readable = there.filter((each) => oracle.may(id, "R", each));
      const isClosed = there.length > 0 && readable.length === 0;
      return [[answer.code, named(answer.text)], isClosed ? ["4.01", []] : ["2.05", readable]];
    }
    case "change": {
      const records = INSTANCES.map((each) => ({ n: `/1000/${each}/0`, vs: `${each} here` }));
      const question = { format: SENML_JSON, payload: JSON.stringify(records) };
      const { code } = server.ask(codes.IPATCH, "/", question);
      const first = INSTANCES.find(
        (each) => !oracle.things.has(each) || !oracle.may(id, "W", each),
      );
      if (first === undefined) return [code, "2.04"];
      return [code, oracle.things.has(first) ? "4.01" : "4.04"];
    }
    case "create": {
      const payload = JSON.stringify([{ n: `${path}/0`, vs: `${instance} here` }]);
      const { code } = server.ask(codes.POST, "/1000", { format: SENML_JSON, payload });
      if (!oracle.may(id, "C", 65535)) return [code, "4.01"];
      if (isThere) return [code, "4.00"];
      oracle.create(id, instance);
      return [code, "2.01"];
    }
    default: {
      const { code } = server.ask(codes.DELETE, path);
      const wanted = guarded("D", "2.02");
      if (wanted === "2.02") oracle.remove(instance);
      return [code, wanted];
    }
  }
}

test("LwM2M Core 1.2.2 §8.2: whoever asks for whatever, under any table of rights, is answered as the standard says", () => {
  proves("device", "access-control", "access-control-ownership");
  fc.assert(
    fc.property(
      table,
      fc.integer({ min: 1, max: 3 }),
      fc.array(act, { minLength: 5, maxLength: 25 }),
      (rows, servers, acts) => {
        const thing = new LwM2mObject(THING);
        thing.onExecute = () => undefined;
        for (const id of INSTANCES) thing.create(id, { 0: `${id} here` });
        const control = new LwM2mObject(ACCESS_CONTROL);
        rows.forEach(({ instance, owner, entries }, i) => {
          control.create(i, { 0: 1000, 1: instance, 3: owner });
          for (const [server, bits] of entries) control.setOne(i, 2, server, bits);
        });
        const objects = [thing, control];
        const pair = new AgentPair({ objects, codecs: ALL_CODECS, lifetime: 0 }, { servers });
        pair.started();
        const oracle = new Oracle(rows, servers);
        for (const each of acts) {
          const at = each.server % servers;
          const [answer, wanted] = perform(pair.servers[at], at + 1, oracle, each);
          expect([each, answer]).toEqual([each, wanted]);
          // Nobody is told of what it may not read.
          pair.wait(100);
        }
      },
    ),
    { numRuns: 400 },
  );
});

test("LwM2M Core 1.2.2 §8.2.4: whatever rights are given and taken, no notification tells what may not be read when it goes out", () => {
  proves("device", "access-control");
  const change = fc.record({
    rights: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    instance: fc.integer({ min: 0, max: 2 }),
    wait: fc.constantFrom(0, 500, 3000),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 3, maxLength: 20 }), (changes) => {
      const thing = new LwM2mObject(THING);
      const control = new LwM2mObject(ACCESS_CONTROL);
      for (const id of INSTANCES) {
        thing.create(id, { 0: `${id} here` });
        control.create(id, { 0: 1000, 1: id, 3: 1 });
        control.setOne(id, 2, 2, 1);
      }
      const objects = [thing, control];
      const options = { servers: 2 };
      const pair = new AgentPair({ objects, codecs: ALL_CODECS, lifetime: 0 }, options).started();
      const reader = pair.servers[1];
      reader.attributes("/1000", "pmin=1", "pmax=2");
      reader.observe("/1000", { accept: SENML_JSON });
      for (const id of INSTANCES) reader.observe(`/1000/${id}`, { accept: SENML_JSON });
      const payload = '[{"n":"/1000/0/0"},{"n":"/1000/1"},{"n":"/1000/2/0"}]';
      reader.ask(codes.FETCH, "/", {
        format: SENML_ETCH_JSON,
        accept: SENML_JSON,
        payload,
        observe: 0,
      });
      for (const { rights, instance, wait } of changes) {
        if (rights !== undefined) control.setOne(instance, 2, 2, rights);
        thing.set(instance, 0, `${instance} here ${pair.now}`);
        const before = reader.notifications.length;
        pair.wait(wait);
        for (const note of reader.notifications.slice(before)) {
          for (const id of named(note.text)) {
            expect([note.at, id, (control.get(id, 2, 2) as number) & 1]).toEqual([note.at, id, 1]);
          }
        }
      }
    }),
    { numRuns: 200 },
  );
});
