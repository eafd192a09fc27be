/** All of a request or nothing, also when a hook of the application throws late; and what may be removed (LwM2M Core 1.2.2 §6.3). */
import { describe, expect, test } from "vitest";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import { LwM2mObject, twinOf } from "../../../../../firmware/objects/lwm2m-object.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import {
  LWM2M_CBOR,
  SENML_ETCH_JSON,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../../../protocol/coap/content-formats.ts";
import { LOCATION_PATH } from "../../../../../protocol/coap/options.ts";
import { pathOf } from "../../../../../protocol/coap/uri.ts";
import {
  INTEGER,
  MANDATORY,
  MULTIPLE,
  READ,
  STRING,
  WRITE,
} from "../../../../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../../../../protocol/model/object-definition.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { proves } from "../../../../support/proves.ts";

const NAME = 0;
const COUNT = 1;
const TAGS = 2;
const NOTE = 3;

const BOX: ObjectDefinition = {
  id: 1000,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: [
    NAME, STRING | READ | WRITE | MANDATORY,
    COUNT, INTEGER | READ | WRITE,
    TAGS, INTEGER | READ | WRITE | MULTIPLE | MANDATORY,
    NOTE, STRING | READ | WRITE,
  ],
};

function given(configure: (box: LwM2mObject) => void = () => {}) {
  const box = new LwM2mObject(BOX);
  box.create(0, { [NAME]: "box", [COUNT]: 7, [TAGS]: [1, 2], [NOTE]: "note" });
  const twin = twinOf(box);
  configure(box);
  const other = new LwM2mObject({ ...BOX, id: 1001 });
  other.create(0, { [NAME]: "other", [TAGS]: [5] });
  const objects = [box, other];
  const pair = new AgentPair({ version: "1.2", objects, codecs: ALL_CODECS, lifetime: 0 });
  return { pair: pair.started(), server: pair.server, box, other, twin };
}

const ALL = '[{"bn":"/1000/0/","n":"0","vs":"new"},{"n":"1","v":9},{"n":"2/0","v":3}]';
const stateOf = (box: LwM2mObject) =>
  box.instances.ids.map((id) => [
    id,
    box.get(id, NAME),
    box.get(id, COUNT),
    [0, 1, 2].map((tag) => box.get(id, TAGS, tag)),
    box.get(id, NOTE),
  ]);

/** Throws at the nth resource that is written. */
function failingAt(nth: number) {
  let count = 0;
  return (box: LwM2mObject) => {
    box.onWrite = () => {
      if (++count === nth) throw new Error("flash is full");
    };
  };
}

describe("LwM2M Core 1.2.2 §6.3.3: a Write whose hook throws", () => {
  test.each([
    [1, "PUT"],
    [2, "PUT"],
    [3, "PUT"],
    [1, "POST"],
    [3, "POST"],
  ])("at resource %i of a %s is 5.00, and all is as it was", (nth, method) => {
    proves("device", "write-atomic");
    const { server, box, twin } = given(failingAt(nth));
    const before = stateOf(box);
    const question = { format: SENML_JSON, payload: ALL };
    const method_ = method === "PUT" ? codes.PUT : codes.POST;
    expect(server.ask(method_, "/1000/0", question).code).toBe("5.00");
    expect(stateOf(box)).toEqual(before);
    expect(stateOf(twin)).toEqual(before);
    expect(server.ask(method_, "/1000/0", question).code).toBe("2.04");
    expect(box.get(0, NAME)).toBe("new");
    expect(stateOf(twin)).toEqual(before);
  });

  test("is told to nobody; one that succeeds to all", () => {
    const { server, pair } = given(failingAt(2));
    server.observe("/1000/0/0");
    server.observe("/1000/0/1");
    expect(server.ask(codes.POST, "/1000/0", { format: SENML_JSON, payload: ALL }).code).toBe(
      "5.00",
    );
    pair.wait(1000);
    expect(server.notes()).toEqual([]);
    expect(server.ask(codes.POST, "/1000/0", { format: SENML_JSON, payload: ALL }).code).toBe(
      "2.04",
    );
    pair.wait(1000);
    expect(server.notes()).toEqual(["1000 new", "1000 9"]);
  });

  test("what a hook changes in another object stays, and is told", () => {
    const { server, pair, other } = given((box) => {
      box.onWrite = () => {
        other.set(0, NAME, "touched");
        throw new Error("after all");
      };
    });
    server.observe("/1001/0/0");
    expect(server.write("/1000/0/0", "new", TEXT).code).toBe("5.00");
    pair.wait(1000);
    expect(server.notes()).toEqual(["0 touched"]);
  });

  test("does not change the account that it half wrote", () => {
    const { pair, server } = given();
    const before = server.registrations.length;
    pair.agent.servers.onWrite = (_servers, _instanceId, resourceId) => {
      if (resourceId === 3) throw new Error("no");
    };
    const payload = '[{"bn":"/1/0/","n":"1","v":600},{"n":"3","v":60}]';
    expect(server.ask(codes.POST, "/1/0", { format: SENML_JSON, payload }).code).toBe("5.00");
    pair.wait(1000);
    expect(server.registrations).toHaveLength(before);
    expect(pair.agent.servers.get(0, 1)).toBe(0);
  });
});

describe("LwM2M Core 1.2.2 §6.3.9: a Write-Composite", () => {
  test("over two objects whose second hook throws leaves both as they were", () => {
    proves("device", "write-composite");
    const { server, box, other } = given();
    other.onWrite = () => {
      throw new Error("flash is full");
    };
    const payload = '[{"n":"/1000/0/0","vs":"new"},{"n":"/1001/0/0","vs":"new"}]';
    expect(server.ask(codes.IPATCH, "/", { format: SENML_JSON, payload }).code).toBe("5.00");
    expect([box.get(0, NAME), other.get(0, NAME)]).toEqual(["box", "other"]);
  });

  test("that removes the last instance of a mandatory resource is 4.05; one that puts another there is not", () => {
    proves("device", "write-composite");
    const { server, box } = given();
    const change = (...records: object[]) =>
      server.ask(codes.IPATCH, "/", { format: SENML_ETCH_JSON, payload: JSON.stringify(records) })
        .code;
    const first = { n: "/1000/0/2/0", v: null };
    const second = { n: "/1000/0/2/1", v: null };
    expect(change({ n: "/1000/0/0", vs: "new" }, first, second)).toBe("4.05");
    expect(stateOf(box)[0].slice(1, 4)).toEqual(["box", 7, [1, 2, undefined]]);
    expect(change(first, second, { n: "/1000/0/2/2", v: 8 })).toBe("2.04");
    expect(stateOf(box)[0][3]).toEqual([undefined, undefined, 8]);
    expect(change({ n: "/1000/0/2/7", v: null })).toBe("2.04");
  });

  test.each([
    [
      SENML_JSON,
      "the same place twice",
      [
        { n: "/1000/0/0", vs: "a" },
        { n: "/1000/0/0", vs: "b" },
      ],
    ],
    [
      SENML_ETCH_JSON,
      "a place and what is below it",
      [
        { n: "/1000/0/2", v: 1 },
        { n: "/1000/0/2/0", v: 1 },
      ],
    ],
  ])("in %i that names %s is 4.00", (format, _name, records) => {
    const { server, box } = given();
    const before = stateOf(box);
    const question = { format, payload: JSON.stringify(records) };
    expect(server.ask(codes.IPATCH, "/", question).code).toBe("4.00");
    expect(stateOf(box)).toEqual(before);
  });
});

describe("LwM2M Core 1.2.2 §6.3.6: Create", () => {
  const create = (server: AgentPair["server"], n = "/1000/5/") =>
    server.ask(codes.POST, "/1000", {
      format: SENML_JSON,
      payload: JSON.stringify([
        { bn: n, n: "0", vs: "new" },
        { n: "2/0", v: 1 },
      ]),
    });

  test("whose hook throws leaves no instance, and no new list", () => {
    proves("device", "create");
    const { pair, server, box } = given(failingAt(1));
    const before = server.registrations.length;
    expect(create(server).code).toBe("5.00");
    expect(box.instances.ids).toEqual([0]);
    pair.wait(1000);
    expect(server.registrations).toHaveLength(before);
    expect(create(server).code).toBe("2.01");
  });

  test("may be refused by the application, which sees what is to be", () => {
    const seen: unknown[] = [];
    const { server, box } = given((it) => {
      it.onCreate = (object, instanceId) => {
        seen.push([instanceId, object.get(instanceId, NAME)]);
        return codes.METHOD_NOT_ALLOWED;
      };
    });
    expect(create(server).code).toBe("4.05");
    expect(seen).toEqual([[5, "new"]]);
    expect(box.instances.ids).toEqual([0]);
  });

  test("LwM2M Transport 1.2.2 §6.7: of one instance too many is 5.00, for no 4.xx says so", () => {
    const { server, box } = given((it) => {
      it.mostInstances = 2;
    });
    expect(create(server).code).toBe("2.01");
    expect(create(server, "/1000/6/").code).toBe("5.00");
    expect(box.instances.ids).toEqual([0, 5]);
  });

  test("of more than 256 instances is 5.00 where the object does not say", () => {
    const { server } = given((it) => {
      for (let id = 1; id < 255; id++) it.create(id, { [NAME]: "", [TAGS]: [1] });
    });
    expect(create(server, "/1000/300/").code).toBe("2.01");
    expect(create(server, "/1000/301/").code).toBe("5.00");
  });

  test("LwM2M Core 1.2.2 §6.3.6: instance 65535 in LwM2M CBOR leaves the id to the device, which says it", () => {
    proves("device", "create");
    const { server, box } = given();
    // {[1000, 65535]: {0: "new", 2: {0: 1}}}
    const payload = new Uint8Array(
      Buffer.from("a1 82 1903e8 19ffff a2 00 63 6e6577 02 a1 00 01".replaceAll(" ", ""), "hex"),
    );
    const answer = server.ask(codes.POST, "/1000", { format: LWM2M_CBOR, payload });
    expect(answer.code).toBe("2.01");
    expect(pathOf(answer.options, LOCATION_PATH)).toBe("/1000/1");
    expect(box.get(1, NAME)).toBe("new");
    expect(server.ask(codes.PUT, "/1000/0", { format: LWM2M_CBOR, payload }).code).toBe("4.00");
  });
});

describe("LwM2M Core 1.2.2 §6.3.7: Delete", () => {
  test("may be refused by the application", () => {
    const { server, box } = given((it) => {
      it.onDelete = () => codes.METHOD_NOT_ALLOWED;
    });
    expect(server.ask(codes.DELETE, "/1000/0").code).toBe("4.05");
    expect(box.instances.ids).toEqual([0]);
    box.onDelete = undefined;
    expect(server.ask(codes.DELETE, "/1000/0").code).toBe("2.02");
  });

  test("leaves a mandatory resource its last instance, and a mandatory object its last", () => {
    proves("device", "delete-resource-instance", "delete");
    const { server, other, pair } = given();
    expect(server.ask(codes.DELETE, "/1000/0/2/0").code).toBe("2.02");
    expect(server.ask(codes.DELETE, "/1000/0/2/1").code).toBe("4.05");
    expect(
      server.ask(codes.PUT, "/1000/0/2", { format: TLV, payload: Uint8Array.of(0x80, 2) }).code,
    ).toBe("4.00");
    const needed = new LwM2mObject({ ...BOX, id: 1002, mandatory: true });
    needed.create(0, { [NAME]: "", [TAGS]: [1] });
    needed.create(1, { [NAME]: "", [TAGS]: [1] });
    pair.agent.addObject(needed);
    expect(["/1002/0", "/1002/1"].map((path) => server.ask(codes.DELETE, path).code)).toEqual([
      "2.02",
      "4.05",
    ]);
    expect(other.instances.ids).toEqual([0]);
  });

  test("whose hook throws deletes nothing", () => {
    const { server, box } = given((it) => {
      it.onWrite = () => {
        throw new Error("flash is full");
      };
    });
    expect(server.ask(codes.DELETE, "/1000/0/2/0").code).toBe("5.00");
    expect(box.get(0, TAGS, 0)).toBe(1);
  });
});
