import { describe, expect, test } from "vitest";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import { CONTENT } from "../../../../../protocol/coap/codes.ts";
import { SENML_CBOR } from "../../../../../protocol/coap/content-formats.ts";
import { CONTENT_FORMAT, uintOption } from "../../../../../protocol/coap/options.ts";
import { ACCESS_CONTROL } from "../../../../../protocol/model/objects/access-control.ts";
import { ACCESS_CONTROL_1_1 } from "../../../../../protocol/model/objects/access-control-1-1.ts";
import { TEST_OBJECT_1_1 } from "../../../../../protocol/model/objects/test-object-1-1.ts";
import { encodeValues } from "../../../../conformance/content.ts";
import { accountOf, BOOTSTRAP_URI, BootstrapPair } from "../../../../support/bootstrap-pair.ts";
import { proves } from "../../../../support/proves.ts";

const BOOTSTRAP = 65535;
const [R, W, E, D, C] = [1, 2, 4, 8, 16];

/** Who owns an instance of the test object, and what each server may do with it. */
interface Control {
  readonly owner: number;
  readonly rights: Readonly<Record<number, number>>;
}

/** Three servers, and a test object of which /2/i controls instance i. */
function given(...controls: Control[]) {
  const control = new LwM2mObject(ACCESS_CONTROL);
  const subject = new LwM2mObject(TEST_OBJECT_1_1);
  controls.forEach(({ owner, rights }, i) => {
    subject.create(i, {});
    control.create(i, { 0: TEST_OBJECT_1_1.id, 1: i, 2: [], 3: owner });
    for (const [id, right] of Object.entries(rights)) control.setOne(i, 2, Number(id), right);
  });
  const objects = [control, subject];
  const pair = new BootstrapPair({ objects }, { servers: 3 }).started();
  pair.agent.needBootstrap(pair.now);
  pair.wait(1);
  return { pair, control, subject };
}

/** Owner and rights of /2/i. */
function controlOf(control: LwM2mObject, i = 0): Control | undefined {
  const owner = control.get(i, 3);
  if (typeof owner !== "number") return undefined;
  const rights: Record<number, number> = {};
  for (let id = 0; id < 8; id++) {
    const right = control.get(i, 2, id);
    if (typeof right === "number") rights[id] = right;
  }
  return { owner, rights };
}

describe("LwM2M Transport 1.2.2 §5.2.5: an instance of /0 that goes", () => {
  test("takes along the instance of /1 with the same Short Server ID", () => {
    proves("device", "bootstrap-cascade");
    const { pair } = given();
    pair.delete("/0/1");
    expect(pair.discover("/1").text).toBe("</>;lwm2m=1.1,</1/0>;ssid=1,</1/2>;ssid=3");
    expect(pair.agent.servers.instances.ids).toEqual([0, 1, 2]);
    expect(pair.finish().code).toBe("2.04");
    expect(pair.agent.servers.instances.ids).toEqual([0, 2]);
  });

  test("takes along what it links to", () => {
    proves("device", "bootstrap-cascade");
    const { pair } = given();
    pair.bootstrapServer.write("/21/4", Uint8Array.of(0xc1, 0, 1, 0xc1, 1, 2, 0xc1, 2, 3), 11542);
    const link = { objectId: 21, objectInstanceId: 4 };
    pair.put("/0/1/17", { "/0/1/17": link });
    expect(pair.discover("/21").text).toBe("</>;lwm2m=1.1,</21/4>;ssid=2");
    pair.delete("/0/1");
    expect(pair.discover("/21").text).toBe("</>;lwm2m=1.1,</21>");
  });

  test.each<[string, Control, Control | undefined]>([
    [
      "an entry goes, the owner stays",
      { owner: 1, rights: { 2: R | W, 3: R } },
      { owner: 1, rights: { 3: R } },
    ],
    [
      "what others own and it may not touch stays as it is",
      { owner: 1, rights: { 3: R } },
      { owner: 1, rights: { 3: R } },
    ],
    [
      "ownership goes to whom has the most of Write and Delete",
      { owner: 2, rights: { 1: R | W, 3: W | D } },
      { owner: 3, rights: { 1: R | W, 3: W | D } },
    ],
    [
      "Read, Execute and Create count for nothing against Delete",
      { owner: 2, rights: { 1: R | E | C, 3: D } },
      { owner: 3, rights: { 1: R | E | C, 3: D } },
    ],
    [
      "of equals the one with the lowest id inherits",
      { owner: 2, rights: { 3: W, 1: D } },
      { owner: 1, rights: { 1: D, 3: W } },
    ],
    [
      "who has no entry has that of all",
      { owner: 2, rights: { 0: W | D, 1: R } },
      { owner: 3, rights: { 0: W | D, 1: R } },
    ],
    ["nobody else may touch it: it goes", { owner: 2, rights: { 2: R | W | D } }, undefined],
    ["an entry of no rights is none", { owner: 2, rights: { 1: 0 } }, undefined],
    [
      "bootstrap owns it, and nobody else may touch it: it goes",
      { owner: BOOTSTRAP, rights: { 2: R } },
      undefined,
    ],
    [
      "bootstrap owns it, and another may touch it",
      { owner: BOOTSTRAP, rights: { 2: R, 3: R } },
      { owner: BOOTSTRAP, rights: { 3: R } },
    ],
  ])("%s", (_what, before, after) => {
    proves("device", "bootstrap-cascade");
    const { pair, control, subject } = given(before);
    pair.delete("/0/1");
    expect(controlOf(control)).toEqual(before);
    pair.finish();
    expect(controlOf(control)).toEqual(after);
    expect(subject.instances.ids).toEqual(after === undefined ? [] : [0]);
  });

  test("what the device is built of stays, though nobody may touch it", () => {
    const { pair, control, subject } = given({ owner: 2, rights: {} });
    subject.isFixed = true;
    pair.delete("/0/1");
    pair.finish();
    expect(control.instances.ids).toEqual([]);
    expect(subject.instances.ids).toEqual([0]);
  });

  test("the right to create, which is for no instance, goes alone", () => {
    const { pair, control, subject } = given({ owner: 1, rights: { 3: R } });
    control.create(9, { 0: TEST_OBJECT_1_1.id, 1: 65535, 2: [], 3: BOOTSTRAP });
    control.setOne(9, 2, 2, C);
    pair.delete("/0/1");
    pair.finish();
    expect(control.instances.ids).toEqual([0]);
    expect(subject.instances.ids).toEqual([0]);
  });

  test("takes along its observations and attributes, and no others'", () => {
    proves("device", "bootstrap-cascade");
    const { pair, subject } = given({ owner: 1, rights: { 2: R, 3: R } });
    const path = `/${TEST_OBJECT_1_1.id}/0/120`;
    subject.set(0, 120, 5);
    const [first, second] = pair.servers;
    first.observe(path);
    second.observe(path);
    second.attributes(path, "pmin=0");
    pair.delete("/0/1");
    pair.finish();
    subject.set(0, 120, 6);
    pair.wait(1000);
    expect(first.notes().map((note) => note.split(" ")[1])).toEqual(["6"]);
    expect(second.notes()).toEqual([]);
  });

  test("of LwM2M 1.0 goes alone", () => {
    const pair = new BootstrapPair({ version: "1.0" }, { servers: 2 }).started();
    pair.delete("/0/1");
    expect(pair.discover("/1").text).toBe('lwm2m="1.0",</1/0>;ssid=1,</1/1>;ssid=2');
    expect(pair.finish().code).toBe("4.06");
  });
});

test("LwM2M Core 1.2.2 §6.1.7.7: a server that a pack leaves out is forgotten as one that was deleted", () => {
  proves("device", "bootstrap-pack", "bootstrap-cascade");
  const control = new LwM2mObject(ACCESS_CONTROL_1_1);
  control.create(0, { 0: 3, 1: 0, 2: [], 3: 2 });
  control.setOne(0, 2, 1, R);
  const { security, server } = accountOf("coap://server-0.test");
  const payload = encodeValues(SENML_CBOR, "/", { ...security, ...server });
  const pack = { code: CONTENT, options: [uintOption(CONTENT_FORMAT, SENML_CBOR)], payload };
  const pair = new BootstrapPair(
    { version: "1.2", codecs: ALL_CODECS, objects: [control] },
    { servers: 2, answers: { [BOOTSTRAP_URI]: () => pack } },
    { pack: true },
  ).started();
  pair.agent.needBootstrap(pair.now);
  pair.wait(1);
  expect(pair.agent.servers.instances.ids).toEqual([0]);
  expect(controlOf(control)).toEqual({ owner: 1, rights: { 1: R } });
});
