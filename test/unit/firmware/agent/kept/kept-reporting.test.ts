/** Observations, attributes and stored notifications as a record that outlives a reboot (LwM2M Core 1.2.2 §6.4.1). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AgentConfiguration } from "../../../../../firmware/agent/agent.ts";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import {
  decodeItem,
  encodeItem,
  type Item,
} from "../../../../../firmware/agent/kept/kept-items.ts";
import {
  decodeReporting,
  encodeReporting,
  restoreReporting,
} from "../../../../../firmware/agent/kept/kept-reporting.ts";
import type { ReportingLink } from "../../../../../firmware/agent/reporting/reporting-link.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../../../../firmware/objects/sensor.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import { SENML_ETCH_JSON, SENML_JSON, TEXT } from "../../../../../protocol/coap/content-formats.ts";
import { SENML_ETCH_JSON_PATHS } from "../../../../../protocol/content/senml-json-etch.ts";
import { isMalformed } from "../../../../../protocol/malformed.ts";
import { DEVICE } from "../../../../../protocol/model/objects/device.ts";
import { SENSOR_VALUE } from "../../../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../../../protocol/model/objects/temperature.ts";
import { NamedResource } from "../../../../../protocol/resources/named-resource.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { MINUTE, SECOND } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";

const VALUE = "/3303/0/5700";
const BOOT = 5 * SECOND;

function given(value = 20, configuration: Partial<AgentConfiguration> = {}) {
  const sensor = sensorObject(TEMPERATURE);
  addSensor(sensor, 0, value, "Cel");
  const device = new LwM2mObject(DEVICE);
  device.create(0, { 0: "Dormouse", 4: true, 7: [3800, 5000], 9: 80, 11: [0], 16: "U" });
  const pair = new AgentPair({
    version: "1.2",
    lifetime: 0,
    codecs: ALL_CODECS,
    objects: [device, sensor],
    resources: [new NamedResource("/led", { observable: true, value: "off" })],
    ...configuration,
  }).started();
  const { server } = pair;
  const link = server.link as ReportingLink;
  return { pair, server, link, sensor, device };
}

type Device = ReturnType<typeof given>;

/** The record of a device, taken now. */
function recordOf({ pair, link }: Device): Uint8Array {
  const record = encodeReporting(link, pair.now);
  if (record === undefined) throw new Error("there is nothing to keep");
  return record;
}

/** The same device after a reboot, registered as it was; what it sends goes nowhere, and is in its ladder. */
function reborn(record: Uint8Array, value = 20, prepare: (device: Device) => void = () => {}) {
  const device = given(value);
  device.pair.drive(BOOT);
  prepare(device);
  const kept = decodeReporting(record);
  if (isMalformed(kept)) throw new Error(kept.fault);
  device.server.isConnected = false;
  device.server.ladder.splice(0);
  const isWhole = restoreReporting(device.link, device.pair.now, kept, 2 * SECOND);
  device.pair.wait(0);
  return { ...device, isWhole };
}

const notes = ({ server }: Device) =>
  server.ladder.filter((line) => line.includes("2.05")).map((line) => line.replace(/ ?-> ?/, " "));

describe("after a reboot", () => {
  test("LwM2M Core 1.2.2 §6.4.1: a value that changed while the device was off is reported, RFC 7641 §4.4: with a later number", () => {
    proves("device", "kept-over-reboot");
    const before = given();
    before.server.observe(VALUE);
    const after = reborn(recordOf(before), 21);
    expect(after.isWhole).toBe(true);
    expect(notes(after)).toEqual([`${BOOT} NON 2.05 observe 65538 "21"`]);
    expect(after.link.observers?.observations[0].token).toEqual(
      before.link.observers?.observations[0].token,
    );
  });

  test("what is as it was told is not", () => {
    const before = given();
    before.server.observe(VALUE);
    before.server.observe("/3/0/7", { accept: SENML_JSON });
    const after = reborn(recordOf(before));
    after.pair.wait(MINUTE);
    expect(notes(after)).toEqual([]);
    after.sensor.set(0, SENSOR_VALUE, 22);
    after.pair.wait(0);
    expect(notes(after)).toHaveLength(1);
  });

  test("RFC 7641 §4.4: numbers go over the end of 24 bits", () => {
    const before = given();
    before.server.observe(VALUE);
    const kept = decodeReporting(recordOf(before));
    if (isMalformed(kept)) throw new Error(kept.fault);
    const { link, pair, sensor, server } = given();
    restoreReporting(link, pair.now, { ...kept, sequence: 0xffffff }, 0);
    server.isConnected = false;
    sensor.set(0, SENSOR_VALUE, 21);
    pair.wait(0);
    expect(server.ladder.at(-1)).toBe('0 -> NON 2.05 observe 65536 "21"');
  });

  test("attributes hold on, and steps count from what was told", () => {
    const before = given();
    before.server.attributes(VALUE, "st=5", "pmin=60", "hqmax=3", "con=1");
    before.server.observe(VALUE);
    const { link } = reborn(recordOf(before), 24);
    expect(link.observers?.observations[0].holding()).toMatchObject({ st: 5, pmin: 60, con: 1 });
    expect(notes(reborn(recordOf(before), 24))).toEqual([]);
    const moved = reborn(recordOf(before), 25);
    moved.pair.drive(2 * MINUTE);
    // Told at 0 s, off for 2 s, up at 5 s: pmin is over 58 s later.
    expect(notes(moved)[0]).toBe(`${BOOT + 58 * SECOND} CON 2.05 observe 65538 "25"`);
  });

  test("parameters of an Observe hold on", () => {
    const before = given();
    before.server.attributes(VALUE, "pmax=10");
    before.server.observe(VALUE, { query: ["pmax=30"] });
    const after = reborn(recordOf(before));
    after.pair.drive(BOOT + 28 * SECOND);
    expect(notes(after)).toEqual([`${BOOT + 28 * SECOND} NON 2.05 observe 65538 "20"`]);
  });

  test("several places, an instance and named resources are observed on", () => {
    const before = given();
    const payload = SENML_ETCH_JSON_PATHS.encode([
      [3, 0, 9],
      [3303, 0, 5700],
    ]);
    before.server.attributes("/3/0/9", "lt=50");
    before.server.ask(codes.FETCH, "/", { observe: 0, format: SENML_ETCH_JSON, payload });
    before.server.observe("/led");
    before.server.observe("/3303/0", { accept: SENML_JSON });
    const record = recordOf(before);
    const quiet = reborn(record);
    // Of the instance and the named resource nothing is kept to compare with: they are told once.
    expect(notes(quiet)).toHaveLength(2);
    quiet.device.set(0, 9, 60);
    quiet.pair.wait(0);
    expect(notes(quiet)).toHaveLength(2);
    quiet.device.set(0, 9, 40);
    quiet.pair.agent.resource("/led")?.set("on");
    quiet.pair.wait(0);
    expect(notes(quiet)).toHaveLength(4);
  });

  test("stored notifications are told, with their ages", () => {
    const before = given();
    before.server.observe(VALUE, { accept: SENML_JSON });
    before.server.isConnected = false;
    before.link.handleAccount(8);
    before.pair.agent.handleTimeout(0);
    before.pair.drive(100 * SECOND);
    before.sensor.set(0, SENSOR_VALUE, 21);
    before.pair.drive(110 * SECOND);
    before.sensor.set(0, SENSOR_VALUE, 22);
    before.pair.wait(0);
    const after = reborn(recordOf(before), 22);
    expect(notes(after)).toEqual([`${BOOT} CON 2.05 observe 65538`]);
    expect(after.link.observers?.untold().map(({ at }) => (at - BOOT) / SECOND)).toEqual([-12, -2]);
  });

  test("LwM2M Core 1.2.2 §6.4.1: what cannot be observed any more is forgotten, and the device has to Register", () => {
    const before = given();
    before.server.observe(VALUE);
    before.server.observe("/3/0/9");
    const after = reborn(recordOf(before), 20, ({ sensor }) => sensor.remove(0));
    expect(after.isWhole).toBe(false);
    expect(after.link.observers?.observations.map(({ path }) => path)).toEqual([[3, 0, 9]]);
  });

  test("a server that observes nothing leaves nothing to keep", () => {
    const { link } = given();
    expect(encodeReporting(link, 0)).toBeUndefined();
    expect(link.observers).toBeUndefined();
  });
});

describe("the record", () => {
  function full(): Uint8Array {
    const device = given();
    device.server.attributes(VALUE, "pmin=1", "gt=30.5", "lt=-4.25");
    device.server.observe(VALUE, { query: ["con=1"] });
    device.server.observe("/3/0/7", { accept: SENML_JSON });
    device.server.observe("/led");
    const payload = SENML_ETCH_JSON_PATHS.encode([[3, 0, 9], []]);
    device.server.ask(codes.FETCH, "/", { observe: 0, format: SENML_ETCH_JSON, payload });
    return recordOf(device);
  }

  test("read and written again is the same but for its numbers and ages", () => {
    const record = full();
    const kept = decodeReporting(record);
    if (isMalformed(kept)) throw new Error(kept.fault);
    const { link, pair } = given();
    expect(restoreReporting(link, pair.now, kept, 0)).toBe(true);
    const again = decodeReporting(encodeReporting(link, pair.now) as Uint8Array);
    if (isMalformed(again)) throw new Error(again.fault);
    expect(again.attributes).toEqual(kept.attributes);
    // But for whether they are due: of the named resource nothing is kept to compare with.
    const withoutDue = (item: Item) => (item as readonly Item[]).filter((_, i) => i !== 6);
    expect(again.observations.map(withoutDue)).toEqual(kept.observations.map(withoutDue));
    expect(again.sequence).toBe(kept.sequence + 65536);
  });

  test("of another version is refused", () => {
    const record = full();
    record[1] = 2;
    expect(decodeReporting(record)).toMatchObject({ fault: "kept/version" });
  });

  test("no bytes make its reader throw, and what it takes can be taken up", () => {
    const record = full();
    const mangled = fc
      .array(fc.tuple(fc.nat(record.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
      .map((changes) => {
        const bytes = record.slice();
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    const cut = fc.nat(record.length).map((length) => record.slice(0, length));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), mangled, cut), (bytes) => {
        const kept = decodeReporting(bytes);
        if (isMalformed(kept)) return;
        const { link, pair } = given();
        restoreReporting(link, pair.now, kept, 0);
        pair.server.isConnected = false;
        pair.drive(10 * SECOND);
      }),
      { numRuns: 150 },
    );
  });

  test("nested lists come back as they were", () => {
    const scalar = fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true }).map((each) => each + 0),
      fc.string(),
      fc.boolean(),
      fc.constant(undefined),
      fc.uint8Array({ maxLength: 20 }),
    );
    const item = fc.oneof(
      scalar,
      fc.array(fc.oneof(scalar, fc.array(scalar))),
    ) as fc.Arbitrary<Item>;
    fc.assert(
      fc.property(item, (each) => {
        const { item, fault } = decodeItem(encodeItem(each));
        expect(fault).toBe(false);
        expect(item).toEqual(each);
      }),
    );
    const deep = Array.from({ length: 12 }).reduce<Item>((inner) => [inner], TEXT);
    expect(decodeItem(encodeItem(deep)).fault).toBe(true);
  });
});
