import { describe, expect, test } from "vitest";
import { definitionsOf } from "../../../../../connector/registry/definitions.ts";
import { entriesIn, formatNamed, payloadOf } from "../../../../../connector/rest/leshan/formats.ts";
import { createdInstance, entriesOfNode } from "../../../../../connector/rest/leshan/node-body.ts";
import { nodeJson } from "../../../../../connector/rest/leshan/node-json.ts";
import { decodeUtf8 } from "../../../../../protocol/bytes/utf8.ts";
import { decodeLinks, type Link } from "../../../../../protocol/coap/link-format.ts";
import {
  BOOLEAN,
  type Entry,
  FLOAT,
  INTEGER,
  OPAQUE,
  STRING,
  TIME,
  UNSIGNED,
} from "../../../../../protocol/model/data-types.ts";
import { type Path, RESERVED_ID } from "../../../../../protocol/model/path.ts";

const definitionOf = definitionsOf({ version: "1.1", links: [] });
const entry = (path: Path, type: number, value: Entry["value"]): Entry => ({ path, type, value });
const LARGE = new Uint8Array([0x7f, 255, 255, 255, 255, 255, 255, 255]);

describe("a node", () => {
  test.each<[string, number, Entry["value"], unknown]>([
    ["INTEGER", INTEGER, -5, "-5"],
    ["INTEGER", INTEGER, LARGE, "9223372036854775807"],
    ["UNSIGNED_INTEGER", UNSIGNED, 7, "7"],
    ["FLOAT", FLOAT, 21.5, "21.5"],
    ["FLOAT", FLOAT, 22, "22.0"],
    ["BOOLEAN", BOOLEAN, false, false],
    ["OPAQUE", OPAQUE, new Uint8Array([0, 0xab]), "00ab"],
    ["TIME", TIME, 1_700_000_000, 1_700_000_000_000],
    ["STRING", STRING, "a", "a"],
  ])("of one value of type %s has it in Leshan's form", (name, type, value, json) => {
    const path = [30000, 0, 1];
    expect(nodeJson(path, [entry(path, type, value)], definitionOf)).toEqual({
      kind: "singleResource",
      id: 1,
      type: name,
      value: json,
    });
  });

  test("of an object has its instances, empty ones included, and of those the resources", () => {
    const entries = [
      entry([3, 0, 0], STRING, "maker"),
      entry([3, 0, 6, 1], INTEGER, 5),
      entry([3, 0, 6, 4], INTEGER, 1),
      entry([3, 1], 0, undefined),
    ];
    expect(nodeJson([3], entries, definitionOf)).toEqual({
      kind: "obj",
      id: 3,
      instances: [
        {
          kind: "instance",
          id: 0,
          resources: [
            { kind: "singleResource", id: 0, type: "STRING", value: "maker" },
            { kind: "multiResource", id: 6, type: "INTEGER", values: { 1: "5", 4: "1" } },
          ],
        },
        { kind: "instance", id: 1, resources: [] },
      ],
    });
  });

  test("of a multiple resource without instances is there, and one of nothing is not", () => {
    expect(nodeJson([3, 0, 6], [], definitionOf)).toMatchObject({ values: {} });
    expect(nodeJson([3, 0, 0], [], definitionOf)).toBeUndefined();
    expect(nodeJson([3, 0, 6, 0], [], definitionOf)).toBeUndefined();
  });
});

describe("what is written", () => {
  const single = (id: unknown, value: unknown, type?: string) => ({
    id,
    kind: "singleResource",
    value,
    type,
  });

  test.each<[string, Path, unknown, string | undefined, unknown]>([
    ["an integer as a string", [1, 0, 1], "86400", "integer", 86400],
    ["an integer as a number", [1, 0, 1], 86400, "INTEGER", 86400],
    ["an integer beyond 53 bits", [30000, 0, 1], "9223372036854775807", "integer", LARGE],
    ["a string for an integer", [1, 0, 1], "60", "string", 60],
    ["an integer for a float", [3303, 0, 5601], 20, "integer", 20],
    ["an integer for a time, seconds", [3, 0, 13], 1_700_000_000, "integer", 1_700_000_000],
    ["a time in milliseconds", [3, 0, 13], 1_700_000_000_999, "time", 1_700_000_000],
    ["hex", [30000, 0, 1], "00AB", "opaque", new Uint8Array([0, 0xab])],
    ["a boolean", [1, 0, 6], true, "boolean", true],
    ["the type of the definition, where none is said", [1, 0, 7], "U", undefined, "U"],
  ])("is %s", (_, path, value, type, expected) => {
    const [written] = entriesOfNode(path, single(path[2], value, type), definitionOf);
    expect(written.value).toEqual(expected);
  });

  test("is an instance with its resources in tree order, ids as strings included", () => {
    const node = {
      kind: "instance",
      id: 0,
      resources: [
        { id: "7", kind: "singleResource", value: "U", type: "string" },
        { id: 3, kind: "multiResource", values: { 2: "b", 0: "a" }, type: "string" },
      ],
    };
    const entries = entriesOfNode([30000, 0], node, definitionOf);
    expect(entries.map(({ path, value }) => [path.join("/"), value])).toEqual([
      ["30000/0/3/0", "a"],
      ["30000/0/3/2", "b"],
      ["30000/0/7", "U"],
    ]);
  });

  test.each<[string, Path, unknown, string]>([
    ["no object", [3, 0, 1], [], "a node must be a JSON object"],
    ["no value", [3, 0, 1], { id: 1, type: "string" }, "/3/0/1 has no value"],
    ["no type", [30000, 0, 1], { id: 1, value: "a" }, "/30000/0/1 has no type"],
    ["an unknown type", [3, 0, 1], single(1, "a", "text"), "must be one of string, integer"],
    ["another id", [3, 0, 1], single(2, "a", "string"), "the node has id 2"],
    ["no id", [3, 0, 1], single("x", "a", "string"), '"id" must be a whole number'],
    ["a word for an integer", [1, 0, 1], single(1, "soon", "integer"), "an integer of 64 bits"],
    ["a word for an integer's string", [1, 0, 1], single(1, "soon", "string"), "an integer"],
    ["half an integer", [1, 0, 1], single(1, 1.5, "integer"), "an integer of 64 bits"],
    ["odd hex", [30000, 0, 1], single(1, "abc", "opaque"), "a string of hex digits"],
    ["a number for a string", [3, 0, 1], single(1, 5, "string"), "must be a string"],
    ["text for a boolean", [1, 0, 6], single(6, "true", "boolean"), "true or false"],
    ["no resources", [3, 0], { id: 0 }, '{"id", "resources": [...]}'],
    [
      "a resource instance without an id",
      [3, 0, 6],
      { id: 6, type: "integer", values: { x: "1" } },
      '"x" is not the id',
    ],
  ])("is refused for %s, and the reason says where and what", (_, path, node, reason) => {
    expect(() => entriesOfNode(path, node, definitionOf)).toThrow(
      expect.objectContaining({
        code: "access/bad-value",
        message: expect.stringContaining(reason),
      }),
    );
  });

  test("is created under the id that it has, or under one of the device's choice", () => {
    expect(createdInstance({ id: 4, resources: [] })).toBe(4);
    expect(createdInstance({ resources: [] })).toBe(RESERVED_ID);
    expect(() => createdInstance({ id: 4 })).toThrow("an object instance");
  });
});

describe("a format", () => {
  test("is named as Leshan names it; no name is none, and another is refused", () => {
    expect([formatNamed("senml_cbor"), formatNamed("TLV"), formatNamed("JSON")]).toEqual([
      112, 11542, 11543,
    ]);
    expect([formatNamed(undefined), formatNamed("None")]).toEqual([undefined, undefined]);
    expect(() => formatNamed("YAML")).toThrow("format must be one of TLV, JSON");
  });

  test("is text for one value and TLV for several, unless it is named", () => {
    const one = payloadOf([3, 0, 1], [entry([3, 0, 1], STRING, "a")], undefined, "");
    expect([one.contentFormat, decodeUtf8(one.payload)]).toEqual([0, "a"]);
    const several = [entry([3, 0, 6, 0], INTEGER, 1), entry([3, 0, 6, 1], INTEGER, 2)];
    expect(payloadOf([3, 0, 6], several, undefined, "").contentFormat).toBe(11542);
    expect(() => payloadOf([3, 0, 6], several, 0, "")).toThrow("cannot hold this content");
  });

  test("that names paths cannot leave the id of an instance out", () => {
    const created = [entry([3303, RESERVED_ID, 5700], FLOAT, 1)];
    expect(() => payloadOf([3303, RESERVED_ID], created, 110, "")).toThrow("cannot hold");
  });

  test("is read below an alternate path, whether names begin with it or not", () => {
    for (const name of ["/lwm2m/3/0/1", "/3/0/1"]) {
      const payload = new Uint8Array(Buffer.from(JSON.stringify([{ n: name, vs: "a" }])));
      expect(entriesIn([3, 0, 1], payload, 110, definitionOf, "/lwm2m")).toMatchObject([
        { path: [3, 0, 1], value: "a" },
      ]);
    }
  });

  test("that cannot be read holds nothing", () => {
    expect(entriesIn([3, 0], new Uint8Array([255]), 11542, definitionOf, "")).toBeUndefined();
    expect(entriesIn([3, 0], new Uint8Array([255]), 9999, definitionOf, "")).toBeUndefined();
  });
});

test("LwM2M Core 1.2.2 §7.2.3: an object is read in the version that the device has registered", () => {
  const links = decodeLinks("</1>;ver=1.2,</3/0>") as Link[];
  const versions = (version: string) =>
    [1, 3].map((id) => definitionsOf({ version, links })(id)?.version);
  expect(versions("1.0")).toEqual(["1.2", "1.0"]);
  expect(versions("1.2")).toEqual(["1.2", "1.2"]);
});
