/** Who may do what (LwM2M Core 1.2.2 §8, Appendix E.3), with two and three servers. */
import { describe, expect, test } from "vitest";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import type { ReportingLink } from "../../../../../firmware/agent/reporting/reporting-link.ts";
import {
  accessControlObject,
  CREATE_RIGHT,
  DELETE_RIGHT,
  EXECUTE_RIGHT,
  grantAccess,
  READ_RIGHT,
  WRITE_RIGHT,
} from "../../../../../firmware/objects/access-control.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import {
  LINK_FORMAT,
  SENML_ETCH_JSON,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../../../protocol/coap/content-formats.ts";
import {
  EXECUTE,
  INTEGER,
  MANDATORY,
  MULTIPLE,
  NONE,
  READ,
  STRING,
  WRITE,
} from "../../../../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../../../../protocol/model/object-definition.ts";
import { ACCESS_CONTROL_1_1 } from "../../../../../protocol/model/objects/access-control-1-1.ts";
import type { ScriptedServer } from "../../../../support/agent-pair.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { proves } from "../../../../support/proves.ts";

const ANYBODY = 0;
const FIRST = 1;
const SECOND = 2;
const BOOTSTRAP_ALONE = 65535;
const WHOLE_OBJECT = 65535;

const NAME = 0;
const RUN = 1;
const TAGS = 2;

const THING: ObjectDefinition = {
  id: 1000,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: [
    NAME, STRING | READ | WRITE | MANDATORY,
    RUN, NONE | EXECUTE | MANDATORY,
    TAGS, INTEGER | READ | WRITE | MULTIPLE,
  ],
};

/** Things 0, 1 and 2, with nobody's rights on any of them. */
function given(
  configure: (control: LwM2mObject) => void,
  options: { servers?: number; version?: "1.0" | "1.1" | "1.2" } = {},
) {
  const { servers = 2, version = "1.2" } = options;
  const thing = new LwM2mObject(THING);
  thing.onExecute = () => undefined;
  for (const id of [0, 1, 2]) thing.create(id, { [NAME]: `thing ${id}`, [TAGS]: [id] });
  const control = accessControlObject(ACCESS_CONTROL_1_1);
  configure(control);
  const objects = [control, thing];
  const pair = new AgentPair({ version, objects, codecs: ALL_CODECS, lifetime: 0 }, { servers });
  pair.started();
  return { pair, thing, control, first: pair.servers[0], second: pair.servers[1] };
}

/** What a server is answered to each operation on thing 0. */
function answersOn0(server: ScriptedServer): Record<string, string> {
  return {
    read: server.read("/1000/0/0").code,
    instance: server.read("/1000/0").code,
    one: server.read("/1000/0/2/0").code,
    attributes: server.attributes("/1000/0", "pmin=1").code,
    discover: server.read("/1000/0", { accept: LINK_FORMAT }).code,
    write: server.write("/1000/0/0", "x", TEXT).code,
    partial: server.ask(codes.POST, "/1000/0", { payload: "\xc1\x00x", format: TEXT }).code,
    execute: server.execute("/1000/0/1").code,
    observe: server.observe("/1000/0/0").code,
    delete: server.ask(codes.DELETE, "/1000/0").code,
  };
}

const REFUSED = {
  read: "4.01",
  instance: "4.01",
  one: "4.01",
  attributes: "4.01",
  discover: "2.05",
  write: "4.01",
  partial: "4.01",
  execute: "4.01",
  observe: "4.01",
  delete: "4.01",
};
const READABLE = {
  read: "2.05",
  instance: "2.05",
  one: "2.05",
  attributes: "2.04",
  observe: "2.05",
};

describe("LwM2M Core 1.2.2 §8.2: what a right allows", () => {
  test.each([
    ["nothing", 0, {}],
    ["R", READ_RIGHT, READABLE],
    ["W", WRITE_RIGHT, { write: "2.04", partial: "4.00" }],
    ["E", EXECUTE_RIGHT, { execute: "2.04" }],
    ["D", DELETE_RIGHT, { delete: "2.02" }],
    ["C, which is the object's", CREATE_RIGHT, {}],
  ])("%s, and nothing else", (_name, rights, allowed) => {
    proves("device", "access-control");
    const { second } = given((control) => grantAccess(control, 1000, 0, FIRST, { 2: rights }));
    expect(answersOn0(second)).toEqual({ ...REFUSED, ...allowed });
  });

  test("what is not there is told before what is not allowed, and that before what the instance lacks", () => {
    const { second } = given((control) => grantAccess(control, 1000, 0, FIRST));
    expect(second.read("/1000/7").code).toBe("4.04");
    expect(second.read("/999").code).toBe("4.04");
    expect(second.read("/1000/65535").code).toBe("4.05");
    expect(second.read("/1000/0/99").code).toBe("4.01");
    expect(second.write("/1000/0/99", "x", TEXT).code).toBe("4.01");
  });
});

describe("LwM2M Core 1.2.2 §8.2.1: whose rights count", () => {
  const readBy = (entries: Record<number, number>, owner: number) =>
    given((control) => grantAccess(control, 1000, 0, owner, entries)).second.read("/1000/0/0").code;

  test.each([
    ["the owner without an entry has all", {}, SECOND, "2.05"],
    ["the owner without an entry has all, whatever the default", { [ANYBODY]: 0 }, SECOND, "2.05"],
    ["the owner's own entry counts", { [SECOND]: WRITE_RIGHT }, SECOND, "4.01"],
    ["an entry of one's own counts", { [SECOND]: READ_RIGHT }, FIRST, "2.05"],
    ["… before the default", { [SECOND]: 0, [ANYBODY]: READ_RIGHT }, FIRST, "4.01"],
    ["the default is for who has no entry", { [ANYBODY]: READ_RIGHT }, FIRST, "2.05"],
    ["another's entry does not help", { [FIRST]: READ_RIGHT }, FIRST, "4.01"],
    ["without any entry there are none", {}, FIRST, "4.01"],
    ["bootstrap owns it: entries count", { [SECOND]: READ_RIGHT }, BOOTSTRAP_ALONE, "2.05"],
  ])("%s", (_name, entries, owner, code) => {
    proves("device", "access-control");
    expect(readBy(entries, owner)).toBe(code);
  });

  test("an object instance about which nothing is said is closed to all", () => {
    const { first, second } = given(() => {});
    expect([first, second].map((server) => server.read("/1000/0/0").code)).toEqual([
      "4.01",
      "4.01",
    ]);
  });

  test("LwM2M Core 1.2.2 §8: with one server account nothing is checked", () => {
    const { first } = given((control) => grantAccess(control, 1000, 0, 77), { servers: 1 });
    expect(answersOn0(first)).toMatchObject({ ...READABLE, write: "2.04", delete: "2.02" });
  });

  test("each of three servers has its own", () => {
    const { pair } = given(
      (control) =>
        grantAccess(control, 1000, 0, FIRST, { 2: READ_RIGHT, [ANYBODY]: EXECUTE_RIGHT }),
      { servers: 3 },
    );
    const readable = pair.servers.map((server) => server.read("/1000/0/0").code);
    const executable = pair.servers.map((server) => server.execute("/1000/0/1").code);
    expect(readable).toEqual(["2.05", "2.05", "4.01"]);
    expect(executable).toEqual(["2.04", "4.01", "2.04"]);
  });
});

describe("LwM2M Core 1.2.2 §8.2.3: an object as a whole", () => {
  const mixed = (control: LwM2mObject) => {
    grantAccess(control, 1000, 0, FIRST, { 2: READ_RIGHT });
    grantAccess(control, 1000, 1, FIRST, { 2: WRITE_RIGHT });
    grantAccess(control, 1000, 2, FIRST);
  };

  test("a Read tells of the instances that may be read", () => {
    proves("device", "access-control");
    const { first, second } = given(mixed);
    const names = (server: ScriptedServer) =>
      server.read("/1000", { accept: SENML_JSON }).text.match(/thing \d/g);
    expect(names(first)).toEqual(["thing 0", "thing 1", "thing 2"]);
    expect(names(second)).toEqual(["thing 0"]);
  });

  test("when none may be read it is 4.01; an object without instances is empty for all", () => {
    const { second, thing } = given((control) => grantAccess(control, 1000, 0, FIRST));
    expect(second.read("/1000").code).toBe("4.01");
    for (const id of [0, 1, 2]) thing.remove(id);
    expect(second.read("/1000")).toMatchObject({ code: "2.05", payload: new Uint8Array(0) });
  });

  test("Discover and Write-Attributes need no right", () => {
    const { second } = given(() => {});
    expect(second.read("/1000", { accept: LINK_FORMAT }).text).toContain("</1000/2/0>");
    expect(second.attributes("/1000", "pmin=1").code).toBe("2.04");
  });

  test("an observation of it leaves out what may not be read, also in notifications", () => {
    const { pair, thing, second } = given(mixed);
    expect(second.observe("/1000", { accept: SENML_JSON }).text).not.toContain("thing 1");
    thing.set(1, NAME, "secret");
    thing.set(0, NAME, "public");
    pair.wait(1000);
    const told = second.notifications.map((note) => note.text).join();
    expect(told).toContain("public");
    expect(told).not.toContain("secret");
  });
});

describe("LwM2M Core 1.2.2 §8.2.2: several places at once", () => {
  const mixed = (control: LwM2mObject) => {
    grantAccess(control, 1000, 0, FIRST, { 2: READ_RIGHT | WRITE_RIGHT });
    grantAccess(control, 1000, 1, FIRST, { 2: READ_RIGHT });
    grantAccess(control, 1000, 2, FIRST);
  };
  const asked = (...names: string[]) => ({
    format: SENML_ETCH_JSON,
    accept: SENML_JSON,
    payload: JSON.stringify(names.map((n) => ({ n }))),
  });

  test("Read-Composite leaves out what may not be read, and is 4.01 when that is all there is", () => {
    proves("device", "access-control");
    const { second } = given(mixed);
    const some = second.ask(codes.FETCH, "/", asked("/1000/0/0", "/1000/2/0"));
    expect(some.text.match(/thing \d/g)).toEqual(["thing 0"]);
    const all = second.ask(codes.FETCH, "/", asked("/"));
    expect(all.text.match(/thing \d/g)).toEqual(["thing 0", "thing 1"]);
    expect(second.ask(codes.FETCH, "/", asked("/1000/2/0", "/1000/2/2")).code).toBe("4.01");
    expect(second.ask(codes.FETCH, "/", asked("/1000/9/0")).code).toBe("2.05");
  });

  test("Write-Composite needs W everywhere, or writes nothing", () => {
    proves("device", "access-control");
    const { second, thing } = given(mixed);
    const write = (...records: object[]) =>
      second.ask(codes.IPATCH, "/", { format: SENML_JSON, payload: JSON.stringify(records) }).code;
    expect(write({ n: "/1000/0/0", vs: "a" }, { n: "/1000/1/0", vs: "b" })).toBe("4.01");
    expect(thing.get(0, NAME)).toBe("thing 0");
    expect(write({ n: "/1000/0/0", vs: "a" })).toBe("2.04");
  });

  test("Observe-Composite tells nothing that may no longer be read", () => {
    const { pair, second, control, thing } = given(mixed);
    const question = { ...asked("/1000/0/0", "/1000/1/0"), observe: 0 };
    expect(second.ask(codes.FETCH, "/", question).text.match(/thing \d/g)).toHaveLength(2);
    control.setOne(1, 2, 2, 0);
    thing.set(1, NAME, "secret");
    thing.set(0, NAME, "public");
    pair.wait(1000);
    const told = second.notifications.map((note) => note.text).join();
    expect(told).toContain("public");
    expect(told).not.toMatch(/secret|thing 1/);
  });
});

describe("LwM2M Core 1.2.2 §8.1.2: instances that servers make", () => {
  const mayCreate = (control: LwM2mObject) =>
    grantAccess(control, 1000, WHOLE_OBJECT, BOOTSTRAP_ALONE, { 2: CREATE_RIGHT });
  const create = (server: ScriptedServer, id: number) =>
    server.ask(codes.POST, "/1000", {
      format: SENML_JSON,
      payload: JSON.stringify([{ n: `/1000/${id}/0`, vs: "new" }]),
    }).code;
  /** Object, instance and owner of each instance of object 2. */
  const said = (control: LwM2mObject) =>
    control.instances.ids.map((id) => [0, 1, 3].map((resourceId) => control.get(id, resourceId)));

  test("Create needs C for the object, and the server that made it owns it", () => {
    proves("device", "access-control", "access-control-ownership");
    const { first, second, control, pair } = given(mayCreate);
    expect([create(first, 5), create(second, 5)]).toEqual(["4.01", "2.01"]);
    expect(said(control)).toEqual([
      [1000, WHOLE_OBJECT, BOOTSTRAP_ALONE],
      [1000, 5, SECOND],
    ]);
    expect(second.read("/1000/5/0").text).toBe("new");
    expect(first.read("/1000/5/0").code).toBe("4.01");
    pair.wait(1000);
    expect(second.registrations.join()).toContain("</2/1>");
  });

  test("without an instance about the object nobody may create", () => {
    const { second } = given((control) => grantAccess(control, 1000, 0, SECOND));
    expect(create(second, 5)).toBe("4.01");
  });

  test("Delete takes the rights away with it, and another instance with this id is its maker's alone", () => {
    proves("device", "access-control-ownership");
    const { first, second, control } = given((it) => {
      mayCreate(it);
      grantAccess(it, 1000, 1, FIRST, { 1: 31, 2: DELETE_RIGHT });
    });
    expect(second.ask(codes.DELETE, "/1000/1").code).toBe("2.02");
    expect(said(control)).toEqual([[1000, WHOLE_OBJECT, BOOTSTRAP_ALONE]]);
    expect(create(second, 1)).toBe("2.01");
    expect(first.read("/1000/1/0").code).toBe("4.01");
  });

  test("rights that are left of an instance that the application took away are not its successor's", () => {
    const { first, second, thing } = given((control) => {
      mayCreate(control);
      grantAccess(control, 1000, 1, FIRST);
    });
    thing.remove(1);
    expect(create(second, 1)).toBe("2.01");
    expect([first, second].map((server) => server.read("/1000/1/0").code)).toEqual([
      "4.01",
      "2.05",
    ]);
  });

  test("with one server account nobody has to own anything", () => {
    const { first, control } = given(() => {}, { servers: 1 });
    expect(create(first, 5)).toBe("2.01");
    expect(said(control)).toEqual([]);
  });

  test("a Create that fails leaves no rights behind", () => {
    const { second, control, thing, pair } = given(mayCreate);
    thing.onCreate = () => {
      throw new Error("no memory");
    };
    const before = second.registrations.length;
    expect(create(second, 5)).toBe("5.00");
    expect(said(control)).toHaveLength(1);
    expect(thing.instances.ids).toEqual([0, 1, 2]);
    pair.wait(1000);
    expect(second.registrations).toHaveLength(before);
  });
});

describe("LwM2M Core 1.2.2 §E.3: object 2 itself", () => {
  const owned = (control: LwM2mObject) => {
    grantAccess(control, 1000, 0, FIRST, { 2: READ_RIGHT });
    grantAccess(control, 1000, WHOLE_OBJECT, BOOTSTRAP_ALONE, { 1: CREATE_RIGHT });
  };

  test("all may read it, its owner alone may write it", () => {
    proves("device", "access-control");
    const { first, second } = given(owned);
    expect(second.read("/2/0/2/2").text).toBe("1");
    expect(second.write("/2/0/2/2", "31", TEXT).code).toBe("4.01");
    expect(second.ask(codes.DELETE, "/2/0/2/2").code).toBe("4.01");
    expect(first.write("/2/0/2/2", "3", TEXT).code).toBe("2.04");
    expect(second.write("/1000/0/0", "x", TEXT).code).toBe("2.04");
  });

  test("what bootstrap owns no server writes, though it be the only one", () => {
    const write = {
      format: TLV,
      payload: new Uint8Array(Buffer.from("8303 4102 1f".replaceAll(" ", ""), "hex")),
    };
    expect(given(owned).first.ask(codes.POST, "/2/1/2", write).code).toBe("4.01");
    const alone = given(owned, { servers: 1 }).first;
    expect(alone.ask(codes.POST, "/2/1/2", write).code).toBe("4.01");
    expect(alone.write("/2/0/2/2", "3", TEXT).code).toBe("2.04");
  });

  test("the owner gives entries, takes them, and gives the ownership away to a server that there is", () => {
    const { first, second, control } = given(owned);
    const add = { format: SENML_JSON, payload: '[{"n":"/2/0/2/0","v":4}]' };
    expect(first.ask(codes.POST, "/2/0/2", add).code).toBe("2.04");
    expect(control.get(0, 2, 0)).toBe(EXECUTE_RIGHT);
    const take = { format: SENML_ETCH_JSON, payload: '[{"n":"/2/0/2/2","v":null}]' };
    expect(first.ask(codes.IPATCH, "/", take).code).toBe("2.04");
    expect([second.read("/1000/0/0").code, second.execute("/1000/0/1").code]).toEqual([
      "4.01",
      "2.04",
    ]);
    expect(first.ask(codes.DELETE, "/2/0/2/0").code).toBe("2.02");
    expect(second.execute("/1000/0/1").code).toBe("4.01");
    expect(first.write("/2/0/3", "9", TEXT).code).toBe("4.00");
    expect(first.write("/2/0/3", "65535", TEXT).code).toBe("4.00");
    expect(first.write("/2/0/3", "2", TEXT).code).toBe("2.04");
    expect(first.write("/2/0/3", "1", TEXT).code).toBe("4.01");
    expect(second.read("/1000/0/0").code).toBe("2.05");
  });

  test.each([
    ["/2/0/2/2", "32", "4.00", "a sixth bit"],
    ["/2/0/2/2", "-1", "4.00", "no bits"],
    ["/2/0/0", "3", "4.05", "what it is about"],
  ])("%s %s is %s: %s", (path, value, code) => {
    expect(given(owned).first.write(path, value, TEXT).code).toBe(code);
  });

  test("servers neither create nor delete instances of it", () => {
    const { first } = given(owned);
    const payload = '[{"n":"/2/9/0","v":1000},{"n":"/2/9/1","v":1},{"n":"/2/9/3","v":1}]';
    expect(first.ask(codes.POST, "/2", { format: SENML_JSON, payload }).code).toBe("4.01");
    expect(first.ask(codes.DELETE, "/2/0").code).toBe("4.01");
  });
});

describe("LwM2M Core 1.2.2 §8.2.4: a right that is taken away", () => {
  const readable = (control: LwM2mObject) =>
    grantAccess(control, 1000, 0, FIRST, { 2: READ_RIGHT });

  test("ends observations of the instance at once, with 4.01 and nothing else", () => {
    proves("device", "access-control");
    const { pair, first, second, thing } = given(readable);
    second.observe("/1000/0/0");
    second.observe("/1000/0");
    first.observe("/1000/0/0");
    second.attributes("/1000/0", "pmin=60");
    expect(first.write("/2/0/2/2", "2", TEXT).code).toBe("2.04");
    thing.set(0, NAME, "secret");
    pair.wait(1000);
    expect(second.notes()).toEqual(["0 4.01", "0 4.01"]);
    pair.wait(1_000_000);
    expect(second.notes()).toHaveLength(2);
    expect(first.notes()).toEqual(["0 secret"]);
  });

  test("tells who observes the object what is left of it", () => {
    const { pair, first, second } = given((control) => {
      readable(control);
      grantAccess(control, 1000, 1, FIRST, { 2: READ_RIGHT });
    });
    second.observe("/1000", { accept: SENML_JSON });
    first.write("/2/0/2/2", "0", TEXT);
    pair.wait(1000);
    expect(second.notifications.map((note) => note.text.match(/thing \d/g))).toEqual([["thing 1"]]);
  });

  test.each([
    ["an instance", "/1000/0", "4.01"],
    ["an object", "/1000", "thing 1"],
  ])("what was stored of %s while the server was away is not told when it is back", (_what, path, last) => {
    const { pair, first, second, thing } = given((control) => {
      readable(control);
      grantAccess(control, 1000, 1, FIRST, { 2: READ_RIGHT });
    });
    second.observe(path, { accept: SENML_JSON });
    second.isConnected = false;
    second.link.handleAccount(8);
    pair.agent.handleTimeout(pair.now);
    pair.wait(100_000);
    thing.set(0, NAME, "secret");
    pair.wait(1000);
    expect((second.link as ReportingLink).observers?.stored?.all()).toHaveLength(1);
    expect(first.write("/2/0/2/2", "0", TEXT).code).toBe("2.04");
    second.isConnected = true;
    pair.wait(600_000);
    const told = second.notifications.map((note) => note.code + note.text).join();
    expect(told).not.toMatch(/secret|thing 0/);
    expect(told).toContain(last);
  });

  test("a second account brings rights into force: from then on nothing is told that they do not allow", () => {
    const { pair, first, thing } = given((control) => grantAccess(control, 1000, 0, SECOND), {
      servers: 1,
    });
    first.observe("/1000/0/0");
    pair.agent.addServer({ shortServerId: 2, uri: "coap://another.test" });
    thing.set(0, NAME, "secret");
    pair.wait(1000);
    expect(first.notes()).toEqual(["0 4.01"]);
  });
});
