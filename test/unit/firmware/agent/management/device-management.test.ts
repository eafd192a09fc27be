import { describe, expect, test } from "vitest";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import { isArgumentList } from "../../../../../firmware/agent/management/device-management.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import {
  CBOR,
  LINK_FORMAT,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../../../protocol/coap/content-formats.ts";
import { LOCATION_PATH, MAX_AGE, uintOf } from "../../../../../protocol/coap/options.ts";
import { pathOf } from "../../../../../protocol/coap/uri.ts";
import {
  BOOLEAN,
  EXECUTE,
  FLOAT,
  INTEGER,
  MANDATORY,
  MULTIPLE,
  NONE,
  OBJLNK,
  OPAQUE,
  READ,
  STRING,
  WRITE,
} from "../../../../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../../../../protocol/model/object-definition.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { proves } from "../../../../support/proves.ts";

/** One of everything. */
const NAME = 0;
const COUNT = 1;
const SERIAL = 2;
const SECRET = 3;
const TAGS = 4;
const LEVELS = 5;
const BLOB = 6;
const RUN = 7;
const STATE = 8;
const SCALE = 9;
const LINK = 10;
const OPTIONAL_RUN = 11;

const WIDGET: ObjectDefinition = {
  id: 1000,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: [
    NAME, STRING | READ | WRITE | MANDATORY,
    COUNT, INTEGER | READ | WRITE,
    SERIAL, STRING | READ | MANDATORY,
    SECRET, STRING | WRITE,
    TAGS, STRING | READ | WRITE | MULTIPLE,
    LEVELS, INTEGER | READ | MULTIPLE,
    BLOB, OPAQUE | READ | WRITE,
    RUN, NONE | EXECUTE | MANDATORY,
    STATE, BOOLEAN | READ | WRITE,
    SCALE, FLOAT | READ | WRITE,
    LINK, OBJLNK | READ | WRITE,
    OPTIONAL_RUN, NONE | EXECUTE,
  ],
};

const SINGLE: ObjectDefinition = { ...WIDGET, id: 1001, multiple: false };

function given(
  configure: (widget: LwM2mObject) => void = () => {},
  version: "1.0" | "1.1" | "1.2" = "1.1",
): {
  widget: LwM2mObject;
  pair: AgentPair;
} {
  const widget = new LwM2mObject(WIDGET);
  widget.create(0, {
    [NAME]: "first",
    [COUNT]: 7,
    [SERIAL]: "S0",
    [SECRET]: "hidden",
    [TAGS]: ["a", "b"],
    [LEVELS]: [1, 2, 3],
    [BLOB]: Uint8Array.of(1, 2, 3),
    [STATE]: true,
  });
  configure(widget);
  const single = new LwM2mObject(SINGLE);
  const objects = [widget, single];
  return { widget, pair: new AgentPair({ version, objects, codecs: ALL_CODECS }).started() };
}

const METHODS: Record<string, number> = {
  PUT: codes.PUT,
  POST: codes.POST,
  FETCH: codes.FETCH,
};
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

describe("Read", () => {
  test("LwM2M Core 1.1.1 §6.3.1: a resource without Accept comes as text, fresh for nobody's cache", () => {
    proves("device", "read-any-format", "text");
    const answer = given().pair.server.read("/1000/0/1");
    expect(answer).toMatchObject({ code: "2.05", format: TEXT, text: "7" });
    expect(uintOf(answer.options, MAX_AGE, 60)).toBe(0);
  });

  test("LwM2M Core 1.1.1 §6.3.1: an instance comes as TLV, without what cannot be read", () => {
    proves("device", "read", "read-any-format", "read-unreadable", "tlv");
    const { pair, widget } = given();
    for (const id of [TAGS, LEVELS, BLOB, STATE, COUNT]) widget.unset(0, id);
    const answer = pair.server.read("/1000/0");
    expect(answer).toMatchObject({ code: "2.05", format: TLV });
    expect(hex(answer.payload)).toBe(hex(bytes("c5 00 6669727374 c2 02 5330")));
  });

  test("LwM2M Core 1.1.1 §6.3.1: an object comes with all its instances; without any it is empty", () => {
    const { pair, widget } = given();
    widget.create(2, { [NAME]: "x", [SERIAL]: "y" });
    const answer = pair.server.read("/1000", { accept: SENML_JSON });
    const records = JSON.parse(answer.text) as { n: string }[];
    expect(records.map((record) => record.n).filter((name) => /\/0$|\/2$/.test(name))).toContain(
      "2/0",
    );
    expect(pair.server.read("/1001")).toMatchObject({ code: "2.05", text: "" });
  });

  test("a multiple resource comes as TLV; one of its instances as text", () => {
    const { pair } = given();
    expect(hex(pair.server.read("/1000/0/4").payload)).toBe(hex(bytes("86 04 41 00 61 41 01 62")));
    expect(pair.server.read("/1000/0/4/1")).toMatchObject({
      code: "2.05",
      format: TEXT,
      text: "b",
    });
  });

  test("LwM2M Core 1.2.2 §7.5.2: an opaque resource comes as bytes", () => {
    proves("device", "opaque");
    expect(given().pair.server.read("/1000/0/6")).toMatchObject({
      code: "2.05",
      format: OCTET_STREAM,
      payload: Uint8Array.of(1, 2, 3),
    });
  });

  test.each([
    TEXT,
    TLV,
    CBOR,
    SENML_JSON,
    SENML_CBOR,
  ])("LwM2M Core 1.2.2 §7.5: Accept %i is given what it asks for", (accept) => {
    proves("device", "text", "tlv", "cbor", "senml-json", "senml-cbor");
    expect(given().pair.server.read("/1000/0/1", { accept })).toMatchObject({
      code: "2.05",
      format: accept,
    });
  });

  test.each([
    ["/1000/0/1", 11543, "a format there is not"],
    ["/1000/0", TEXT, "an instance as text"],
    ["/1000/0/4", CBOR, "a multiple resource as one CBOR value"],
    ["/1000/0/1", OCTET_STREAM, "an integer as bytes"],
  ])("LwM2M Core 1.1.1 §6.3.1: %s with Accept %i is 4.06: %s", (path, accept) => {
    expect(given().pair.server.read(path, { accept }).code).toBe("4.06");
  });

  test.each([
    ["/1000/0/3", "4.05", "write-only"],
    ["/1000/0/7", "4.05", "executable"],
    ["/1000/0/9", "4.04", "optional and absent"],
    ["/1000/0/11", "4.04", "an executable that is absent"],
    ["/1000/0/99", "4.04", "unknown to the object"],
    ["/1000/1", "4.04", "no such instance"],
    ["/999", "4.04", "no such object"],
    ["/1000/0/4/9", "4.04", "no such resource instance"],
    ["/1000/0/1/0", "4.05", "a resource instance of a single resource"],
    ["/1000/65535", "4.05", "the reserved id"],
    ["/0/0/0", "4.01", "Security"],
    ["/0", "4.01", "Security"],
    ["/21/0", "4.01", "OSCORE"],
    ["/", "4.05", "the root"],
    ["/1000/0/1/0/0", "4.04", "too deep"],
  ])("%s is %s: %s", (path, code) => {
    expect(given().pair.server.read(path).code).toBe(code);
  });

  test("a value supplied by onRead wins over the stored one", () => {
    const { pair } = given((widget) => {
      widget.onRead = (_widget, instanceId, resourceId) =>
        resourceId === COUNT ? instanceId + 100 : undefined;
    });
    expect(pair.server.read("/1000/0/1").text).toBe("100");
    expect(pair.server.read("/1000/0/0").text).toBe("first");
  });

  test("a hook that throws is 5.00, and the agent says what it threw", () => {
    const { pair } = given((widget) => {
      widget.onRead = () => {
        throw new Error("sensor gone");
      };
    });
    expect(pair.server.read("/1000/0/1").code).toBe("5.00");
    expect(pair.events.slice(-1)[0]).toMatchObject({ error: new Error("sensor gone") });
    expect(pair.server.read("/1/0/0").code).toBe("2.05");
  });
});

describe("Discover", () => {
  const discover = (
    path: string,
    query: string[] = [],
    version: "1.0" | "1.1" | "1.2" = query.length > 0 ? "1.2" : "1.1",
  ) => {
    const { pair } = given(undefined, version);
    pair.server.attributes("/1000/0", "pmin=10");
    pair.server.attributes("/1000/0/1", "gt=5", "pmax=60");
    return pair.server.read(path, { accept: LINK_FORMAT, query }).text;
  };

  test("LwM2M Core 1.1.1 §6.3.2: an object, down to its resources, with what this server has set", () => {
    expect(discover("/1000")).toBe(
      "</1000>,</1000/0>;pmin=10,</1000/0/0>,</1000/0/1>;pmax=60;gt=5,</1000/0/2>,</1000/0/3>," +
        "</1000/0/4>;dim=2,</1000/0/5>;dim=3,</1000/0/6>,</1000/0/7>,</1000/0/8>",
    );
  });

  test("LwM2M Core 1.1.1 §6.3.2: an instance down to resources, a resource down to its instances", () => {
    expect(discover("/1000/0")).toMatch(/^<\/1000\/0>;pmin=10,<\/1000\/0\/0>,.*<\/1000\/0\/8>$/);
    expect(discover("/1000/0/4")).toBe("</1000/0/4>;dim=2;pmin=10,</1000/0/4/0>,</1000/0/4/1>");
  });

  test("LwM2M Core 1.1.1 §6.3.2: asked for a resource, it says what that inherits too", () => {
    expect(discover("/1000/0/1")).toBe("</1000/0/1>;pmin=10;pmax=60;gt=5");
    expect(discover("/1000/0/3")).toBe("</1000/0/3>;pmin=10");
  });

  test("LwM2M Core 1.2.2 §6.3.2: asked for an instance, it says what that inherits, once, above its resources", () => {
    const { pair } = given();
    pair.server.attributes("/1000", "pmin=7", "pmax=70");
    pair.server.attributes("/1000/0", "pmin=10");
    const links = (path: string) => pair.server.read(path, { accept: LINK_FORMAT }).text.split(",");
    expect(links("/1000/0").slice(0, 2)).toEqual(["</1000/0>;pmin=10;pmax=70", "</1000/0/0>"]);
    expect(links("/1000").slice(0, 2)).toEqual(["</1000>;pmin=7;pmax=70", "</1000/0>;pmin=10"]);
  });

  test("LwM2M Core 1.2 §6.3.2: depth says how far; an unknown depth is ignored", () => {
    proves("device", "discover-depth");
    expect(discover("/1000", ["depth=0"])).toBe("</1000>");
    expect(discover("/1000", ["depth=1"])).toBe("</1000>,</1000/0>;pmin=10");
    expect(discover("/1000", ["depth=3"])).toContain("</1000/0/4/1>");
    expect(discover("/1000/0", ["depth=0"])).toBe("</1000/0>;pmin=10");
    expect(discover("/1000/0/4", ["depth=0"])).toBe("</1000/0/4>;dim=2;pmin=10");
    expect(discover("/1000", ["depth=12"])).toBe(discover("/1000"));
    expect(discover("/1000", ["depth=4", "width=0"])).toBe(discover("/1000"));
  });

  test.each([
    "1.0",
    "1.1",
  ] as const)("LwM2M Core 1.2.2 §6.3.2: %s knows no depth, and ignores it", (version) => {
    expect(discover("/1000", ["depth=0"], version)).toBe(discover("/1000", [], version));
  });

  test("an object of another version says so", () => {
    const { pair } = given();
    expect(pair.server.read("/1", { accept: LINK_FORMAT }).text).toMatch(
      /^<\/1>;ver=1\.1,<\/1\/0>,/,
    );
  });

  test.each([
    ["/999", "4.04"],
    ["/1000/5", "4.04"],
    ["/1000/0/9", "4.04"],
    ["/0", "4.01"],
    ["/1000/0/4/0", "4.06"],
  ])("%s is %s", (path, code) => {
    expect(given().pair.server.read(path, { accept: LINK_FORMAT }).code).toBe(code);
  });
});

describe("Write", () => {
  test("LwM2M Core 1.1.1 §6.3.3: replaces a resource; the application hears of it", () => {
    const written: unknown[] = [];
    const { pair, widget } = given((object) => {
      object.onWrite = (it, instanceId, resourceId) => {
        written.push([instanceId, resourceId, it.get(instanceId, resourceId)]);
      };
    });
    expect(pair.server.write("/1000/0/1", "42", TEXT).code).toBe("2.04");
    expect(widget.get(0, COUNT)).toBe(42);
    expect(written).toEqual([[0, COUNT, 42]]);
  });

  test("a single value without Content-Format is taken as text", () => {
    const { pair, widget } = given();
    expect(pair.server.write("/1000/0/0", "new").code).toBe("2.04");
    expect(widget.get(0, NAME)).toBe("new");
  });

  test("LwM2M Core 1.1.1 §6.3.3: a resource that the instance could have but has not is made", () => {
    const { pair, widget } = given();
    expect(pair.server.write("/1000/0/9", "1.5", TEXT).code).toBe("2.04");
    expect(widget.get(0, SCALE)).toBe(1.5);
  });

  test("LwM2M Core 1.1.1 §6.3.3: replacing an instance removes optional writable resources it does not name", () => {
    const { pair, widget } = given();
    expect(pair.server.write("/1000/0", bytes("c1 00 7a c1 01 05"), TLV).code).toBe("2.04");
    expect(widget.get(0, NAME)).toBe("z");
    expect(widget.get(0, COUNT)).toBe(5);
    expect([STATE, BLOB, SECRET].map((id) => widget.get(0, id))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(widget.get(0, TAGS, 0)).toBeUndefined();
    expect(widget.get(0, SERIAL)).toBe("S0");
    expect(widget.get(0, LEVELS, 2)).toBe(3);
  });

  test("LwM2M Core 1.1.1 §6.3.3: a mandatory resource it does not name stays", () => {
    const { pair, widget } = given();
    expect(pair.server.write("/1000/0", bytes("c1 01 05"), TLV).code).toBe("2.04");
    expect(widget.get(0, NAME)).toBe("first");
  });

  test("LwM2M Core 1.1.1 §6.3.3: a partial Write leaves what it does not name", () => {
    const { pair, widget } = given();
    const question = { payload: bytes("c1 01 05"), format: TLV };
    expect(pair.server.ask(codes.POST, "/1000/0", question).code).toBe("2.04");
    expect(widget.get(0, COUNT)).toBe(5);
    expect(widget.get(0, STATE)).toBe(true);
  });

  test("LwM2M Core 1.1.1 §6.3.3: replacing a multiple resource replaces the array, a partial Write merges", () => {
    const { pair, widget } = given();
    const tags = () => [0, 1, 2, 3].map((id) => widget.get(0, TAGS, id));
    const merge = { payload: bytes("83 04 41 02 63"), format: TLV };
    expect(pair.server.ask(codes.POST, "/1000/0/4", merge).code).toBe("2.04");
    expect(tags()).toEqual(["a", "b", "c", undefined]);
    expect(pair.server.write("/1000/0/4", bytes("83 04 41 03 64"), TLV).code).toBe("2.04");
    expect(tags()).toEqual([undefined, undefined, undefined, "d"]);
    expect(pair.server.write("/1000/0/4", bytes("80 04"), TLV).code).toBe("2.04");
    expect(hex(pair.server.read("/1000/0/4").payload)).toBe("8004");
  });

  test("LwM2M Core 1.1.1 §6.3.3: one resource instance is replaced; one that is not there is 4.04", () => {
    const { pair, widget } = given();
    expect(pair.server.write("/1000/0/4/1", "B", TEXT).code).toBe("2.04");
    expect(widget.get(0, TAGS, 1)).toBe("B");
    expect(pair.server.write("/1000/0/4/7", "B", TEXT).code).toBe("4.04");
  });

  test.each([
    ["TLV", TLV, bytes("c1 01 09 c8 0a 04 00 01 00 00")],
    ["SenML JSON", SENML_JSON, '[{"bn":"/1000/0/","n":"1","v":9},{"n":"10","vlo":"1:0"}]'],
  ])("LwM2M Core 1.2.2 §7.5: takes %s", (_name, format, payload) => {
    proves("device", "tlv", "senml-json");
    const { pair, widget } = given();
    expect(pair.server.ask(codes.POST, "/1000/0", { payload, format }).code).toBe("2.04");
    expect(widget.get(0, COUNT)).toBe(9);
  });

  test.each([
    ["1:0", "2.04", "an instance"],
    ["1001:65535", "2.04", "an object, with instances or without"],
    ["65535:65535", "2.04", "nothing"],
    ["1:7", "4.00", "no such instance"],
    ["999:65535", "4.00", "no such object"],
    ["65535:0", "4.00", "an instance of nothing"],
  ])("LwM2M Core 1.2.2 §6.3.3: a link to %s is %s: %s", (link, code) => {
    expect(given().pair.server.write("/1000/0/10", link, TEXT).code).toBe(code);
  });

  test("LwM2M Core 1.1.1 §6.3.3: unknown resources are ignored", () => {
    const { pair, widget } = given();
    const payload = bytes("c1 01 09 c1 63 00");
    expect(pair.server.ask(codes.POST, "/1000/0", { payload, format: TLV }).code).toBe("2.04");
    expect(widget.get(0, COUNT)).toBe(9);
  });

  test("LwM2M Core 1.1.1 §6.3.3: all or nothing, whatever is wrong", () => {
    const { pair, widget } = given((object) => {
      object.onCheck = (_object, _instanceId, resourceId, value) =>
        resourceId !== NAME || value !== "bad";
    });
    const write = (payload: string) => pair.server.write("/1000/0", bytes(payload), TLV).code;
    expect(write("c1 01 09 c1 02 78")).toBe("4.05");
    expect(write("c1 01 09 c3 00 626164")).toBe("4.00");
    expect(write("c1 01 09 c3 08 000000")).toBe("4.00");
    expect(write("c1 01 09 c9")).toBe("4.00");
    expect(widget.get(0, COUNT)).toBe(7);
    expect(widget.get(0, STATE)).toBe(true);
  });

  test.each([
    ["PUT", "/1000/0/2", "x", TEXT, "4.05", "read-only"],
    ["PUT", "/1000/0/7", "x", TEXT, "4.05", "executable"],
    ["PUT", "/1000/0/1", "x", TEXT, "4.00", "not of its type"],
    ["PUT", "/1000/0/1", "1", 50, "4.15", "an unknown format"],
    ["PUT", "/1000/0", "x", undefined, "4.15", "an instance without a format"],
    ["PUT", "/1000/0", "x", TEXT, "4.00", "an instance as text"],
    ["PUT", "/1000/0/4", "x", TEXT, "4.00", "a multiple resource as text"],
    ["PUT", "/1000", "x", TLV, "4.05", "an object"],
    ["PUT", "/1000/9/1", "1", TEXT, "4.04", "no such instance"],
    ["PUT", "/1000/0/99", "1", TEXT, "4.04", "no such resource"],
    ["PUT", "/999/0/1", "1", TEXT, "4.04", "no such object"],
    ["PUT", "/1000/0/1/0", "1", TEXT, "4.05", "an instance of a single resource"],
    ["PUT", "/0/0/0", "coap://evil", TEXT, "4.01", "Security"],
    ["POST", "/1000/0/1", "1", TLV, "4.05", "a partial Write of a single resource"],
    ["POST", "/1000/0", "", undefined, "4.05", "Execute of an instance"],
    ["FETCH", "/1000/0", "x", SENML_CBOR, "4.05", "a method there is not"],
  ])("%s %s %j in %s is %s: %s", (method, path, payload, format, code, _why) => {
    expect(given().pair.server.ask(METHODS[method], path, { payload, format }).code).toBe(code);
  });
});

describe("Execute", () => {
  test("LwM2M Core 1.1.1 §6.3.4: runs with its arguments", () => {
    proves("device", "execute");
    const runs: unknown[] = [];
    const { pair } = given((widget) => {
      widget.onExecute = (_widget, instanceId, resourceId, text) => {
        runs.push([instanceId, resourceId, text]);
        return undefined;
      };
    });
    expect(pair.server.execute("/1000/0/7").code).toBe("2.04");
    expect(pair.server.execute("/1000/0/7", "0='a',3").code).toBe("2.04");
    expect(runs).toEqual([
      [0, RUN, ""],
      [0, RUN, "0='a',3"],
    ]);
  });

  test("the application can refuse; without a hook there is nothing to run", () => {
    const { pair, widget } = given();
    expect(pair.server.execute("/1000/0/7").code).toBe("5.01");
    widget.onExecute = () => codes.METHOD_NOT_ALLOWED;
    expect(pair.server.execute("/1000/0/7").code).toBe("4.05");
  });

  test.each([
    ["/1000/0/0", undefined, "4.05", "not executable"],
    ["/1000/0/11", undefined, "4.04", "optional and absent"],
    ["/1000/0/99", undefined, "4.04", "unknown"],
    ["/1000/1/7", undefined, "4.04", "no such instance"],
    ["/1000/0/7", "x", "4.00", "no arguments by the grammar"],
    ["/0/0/1", undefined, "4.01", "Security"],
  ])("%s with %j is %s: %s", (path, payload, code, _why) => {
    const { pair } = given((widget) => {
      widget.onExecute = () => undefined;
    });
    expect(pair.server.execute(path, payload).code).toBe(code);
  });

  test.each([
    "",
    "5",
    "0,1,2",
    "2='10.3'",
    "7,0='https://www.oma.org'",
    "0='',1='!#[]~'",
  ])("LwM2M Core 1.1.1 §6.3.4: %j is a list of arguments", (text) =>
    expect(isArgumentList(text)).toBe(true));

  test.each([
    "a",
    "10",
    "0,",
    ",0",
    "0='a",
    "0=a",
    "0=",
    "0='a b'",
    "0='\"'",
    "0='\\'",
    "0='é'",
    "0,0",
    "0='a'1",
    " 0",
  ])("LwM2M Core 1.1.1 §6.3.4: %j is none", (text) => expect(isArgumentList(text)).toBe(false));
});

describe("Create", () => {
  const create = (pair: AgentPair, path: string, payload: Uint8Array | string, format = TLV) =>
    pair.server.ask(codes.POST, path, { payload, format });

  test("LwM2M Core 1.1.1 §6.3.6: the device picks an id and says which", () => {
    const { pair, widget } = given();
    const answer = create(pair, "/1000", bytes("c3 00 6e6577"));
    expect(answer.code).toBe("2.01");
    expect(pathOf(answer.options, LOCATION_PATH)).toBe("/1000/1");
    expect(widget.get(1, NAME)).toBe("new");
    expect(widget.get(1, SERIAL)).toBe("");
    expect(pair.server.registrations.slice(1)).toEqual([expect.stringContaining("</1000/1>")]);
  });

  test("LwM2M Core 1.1.1 §6.3.6: the server picks an id, and need not be told", () => {
    const { pair, widget } = given();
    const answer = create(pair, "/1000", bytes("05 05 c3 00 6e6577"));
    expect(answer.code).toBe("2.01");
    expect(pathOf(answer.options, LOCATION_PATH)).toBe("/");
    expect(widget.get(5, NAME)).toBe("new");
  });

  test("SenML names the new instance", () => {
    const { pair, widget } = given();
    const payload = '[{"bn":"/1000/","n":"3/0","vs":"senml"},{"n":"3/4/7","vs":"tag"}]';
    expect(create(pair, "/1000", payload, SENML_JSON).code).toBe("2.01");
    expect(widget.get(3, NAME)).toBe("senml");
    expect(widget.get(3, TAGS, 7)).toBe("tag");
  });

  test("LwM2M Core 1.1.1 §6.3.6: read-only values are ignored", () => {
    const { pair, widget } = given();
    expect(create(pair, "/1000", bytes("c1 00 61 c1 02 62")).code).toBe("2.01");
    expect(widget.get(1, SERIAL)).toBe("");
  });

  test("a single-instance object gets instance 0, once", () => {
    const { pair } = given();
    const single = pair.agent.object(1001) as LwM2mObject;
    expect(create(pair, "/1001", bytes("c1 00 61")).code).toBe("4.05");
    single.isFixed = false;
    expect(create(pair, "/1001", bytes("04 03 c1 00 61")).code).toBe("4.00");
    expect(create(pair, "/1001", bytes("c1 00 61")).code).toBe("2.01");
    expect(single.get(0, NAME)).toBe("a");
    expect(create(pair, "/1001", bytes("c1 00 61")).code).toBe("4.05");
  });

  test.each([
    ["/1000", "03 00 c1 00 61", TLV, "4.00", "an instance there is"],
    ["/1000", "c1 01 05", TLV, "4.00", "without a mandatory resource"],
    ["/1000", "c1 00 61 c2 08 0000", TLV, "4.00", "a wrong type"],
    ["/1000", "03 02 c1 00 61 03 03 c1 00 61", TLV, "4.00", "two instances"],
    ["/1000", "c1", TLV, "4.00", "nonsense"],
    ["/1000", "c1 00 61", 999, "4.15", "an unknown format"],
    ["/999", "c1 00 61", TLV, "4.04", "no such object"],
    ["/1", "c1 00 61", TLV, "4.05", "Server, which is bootstrap's"],
    ["/0", "c1 00 61", TLV, "4.01", "Security"],
  ])("%s %s in %i is %s: %s", (path, payload, format, code) => {
    const { pair, widget } = given();
    expect(create(pair, path, bytes(payload), format).code).toBe(code);
    expect(widget.instances.ids).toEqual([0]);
  });

  test("an empty Create is refused when something is mandatory", () => {
    expect(given().pair.server.ask(codes.POST, "/1000").code).toBe("4.00");
  });
});

describe("Delete", () => {
  test("LwM2M Core 1.1.1 §6.3.7: removes an instance; the server gets the new list", () => {
    const { pair, widget } = given();
    expect(pair.server.ask(codes.DELETE, "/1000/0").code).toBe("2.02");
    expect(widget.instances.ids).toEqual([]);
    expect(pair.server.registrations.slice(1)).toEqual([expect.stringContaining("</1000>")]);
  });

  test("an instance of a multiple resource is removed too", () => {
    const { pair, widget } = given();
    expect(pair.server.ask(codes.DELETE, "/1000/0/4/0").code).toBe("2.02");
    expect([widget.get(0, TAGS, 0), widget.get(0, TAGS, 1)]).toEqual([undefined, "b"]);
  });

  test.each([
    ["/1000/3", "4.04", "no such instance"],
    ["/1000", "4.05", "an object"],
    ["/1000/0/1", "4.05", "a resource"],
    ["/1000/0/5/0", "4.05", "an instance of a read-only resource"],
    ["/1000/0/4/9", "4.04", "no such resource instance"],
    ["/1/0", "4.05", "Server"],
    ["/0/0", "4.01", "Security"],
  ])("%s is %s: %s", (path, code) => {
    expect(given().pair.server.ask(codes.DELETE, path).code).toBe(code);
  });

  test("LwM2M Core 1.1.1 §6.3.7: /3/0 stays", () => {
    const device = new LwM2mObject({ ...SINGLE, id: 3 });
    device.create(0, { [NAME]: "", [SERIAL]: "" });
    const pair = new AgentPair({ objects: [device] }).started();
    expect(pair.server.ask(codes.DELETE, "/3/0").code).toBe("4.05");
  });
});

describe("Write-Attributes", () => {
  const set = (path: string, ...query: string[]) =>
    given().pair.server.attributes(path, ...query).code;

  test("LwM2M Core 1.1.1 §6.3.5: at every level, of what is there", () => {
    for (const path of ["/1000", "/1000/0", "/1000/0/1", "/1000/0/4/0"]) {
      expect(set(path, "pmin=1", "pmax=2")).toBe("2.04");
    }
    expect(set("/1000/0/1", "gt=5", "lt=-3.5", "st=1")).toBe("2.04");
    expect(set("/1000/0/5", "gt=5")).toBe("2.04");
    expect(set("/1000/0/9", "pmin=1")).toBe("4.04");
    expect(set("/1000/4", "pmin=1")).toBe("4.04");
    expect(set("/0/0", "pmin=1")).toBe("4.01");
  });

  test.each([
    ["/1000/0/1", ["lt=5", "gt=5"], "lt not below gt"],
    ["/1000/0/1", ["lt=1", "gt=5", "st=2"], "lt + 2 st not below gt"],
    ["/1000/0/1", ["pmin=x"], "not a number"],
    ["/1000/0/1", ["pmin=-1"], "negative"],
    ["/1000/0/1", ["st=-1"], "negative"],
    ["/1000/0/1", ["volume=11"], "unknown"],
    ["/1000/0/0", ["gt=5"], "a threshold for text"],
    ["/1000/0", ["gt=5"], "a threshold for an instance"],
  ])("LwM2M Core 1.1.1 §6.3.5: %s %j is 4.00: %s", (path, query) => {
    expect(set(path, ...query)).toBe("4.00");
  });

  test("LwM2M Core 1.1.1 §6.3.5: a bare name unsets; an inconsistent set changes nothing", () => {
    const { pair } = given();
    const shown = () => pair.server.read("/1000/0/1", { accept: LINK_FORMAT }).text;
    pair.server.attributes("/1000/0/1", "pmin=5", "gt=10", "lt=2");
    expect(shown()).toBe("</1000/0/1>;pmin=5;gt=10;lt=2");
    pair.server.attributes("/1000/0/1", "pmin");
    expect(shown()).toBe("</1000/0/1>;gt=10;lt=2");
    expect(pair.server.attributes("/1000/0/1", "pmin=9", "gt=1").code).toBe("4.00");
    expect(shown()).toBe("</1000/0/1>;gt=10;lt=2");
  });

  test("LwM2M Core 1.1.1 §5.1.2: each server has its own", () => {
    proves("device", "attributes-per-server");
    const widget = new LwM2mObject(WIDGET);
    widget.create(0, { [NAME]: "", [SERIAL]: "" });
    const pair = new AgentPair({ objects: [widget] }, { servers: 2 }).started();
    pair.servers[0].attributes("/1000/0", "pmin=5");
    expect(pair.servers[1].read("/1000/0/0", { accept: LINK_FORMAT }).text).toBe("</1000/0/0>");
    expect(pair.servers[1].read("/1000/0", { accept: LINK_FORMAT }).text).not.toContain("pmin");
  });

  test("a server cannot set attributes on paths without end", () => {
    const widget = new LwM2mObject(WIDGET);
    for (let i = 0; i < 65; i++) widget.create(i, { [NAME]: "", [SERIAL]: "" });
    const pair = new AgentPair({ objects: [widget] }).started();
    const codesOf = Array.from(
      { length: 65 },
      (_, i) => pair.server.attributes(`/1000/${i}`, "pmin=1").code,
    );
    expect(codesOf.slice(0, 64)).toEqual(Array(64).fill("2.04"));
    expect(codesOf[64]).toBe("5.00");
  });
});

test("every request is told to the application, with what it was called and answered", () => {
  const { pair } = given();
  pair.eventLines();
  pair.server.read("/1000/0/1");
  pair.server.write("/1000/0/1", "x");
  pair.server.execute("/1000/0/99");
  pair.server.attributes("/1000/0", "pmin=1");
  pair.server.ask(codes.FETCH, "/1000");
  expect(pair.eventLines()).toEqual([
    "Read /1000/0/1 -> 2.05",
    "Write /1000/0/1 -> 4.00",
    "Execute /1000/0/99 -> 4.04",
    "Write-Attributes /1000/0 -> 2.04",
    "Request /1000 -> 4.05",
  ]);
});
