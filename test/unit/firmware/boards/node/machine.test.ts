import { expect, test } from "vitest";
import { Agent } from "../../../../../firmware/agent/agent.ts";
import { Machine } from "../../../../../firmware/boards/node/machine.ts";
import { NodeBoard } from "../../../../../firmware/boards/node/main.ts";
import {
  battery,
  cpuTemperature,
  identity,
  ipAddresses,
  memoryFree,
  memoryTotal,
  uptimeSeconds,
} from "../../../../../firmware/boards/node/readings.ts";
import type { Value } from "../../../../../protocol/model/data-types.ts";
import {
  DEVICE_MANUFACTURER,
  DEVICE_MEMORY_FREE,
  DEVICE_MEMORY_TOTAL,
  DEVICE_TIMEZONE,
  DEVICE_UTC_OFFSET,
} from "../../../../../protocol/model/objects/device.ts";
import { SENSOR_VALUE } from "../../../../../protocol/model/objects/ipso-resources.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";

test("this machine can tell who it is, how full its memory is and how long it has run", () => {
  for (const text of Object.values(identity())) expect(text).toMatch(/\S/);
  expect(memoryFree()).toBeGreaterThan(0);
  expect(memoryTotal()).toBeGreaterThan(memoryFree());
  expect(uptimeSeconds()).toBeGreaterThan(0);
  expect(ipAddresses()[0]).toMatch(/[.:]/);
});

test("what there is no sensor for is undefined, what there is one for is plausible", () => {
  const degrees = cpuTemperature();
  if (degrees !== undefined) expect(degrees).toBeGreaterThan(-60);
  const power = battery();
  if (power !== undefined) expect(power.level).toBeGreaterThanOrEqual(0);
});

test("every reading fits its resource, at first and when it is taken again", () => {
  const machine = new Machine(new NodeBoard());
  const pair = new AgentPair({ objects: machine.objects, resources: machine.resources }).started();
  machine.refresh();
  for (const path of ["/3/0", "/4/0", "/3320/0", "/dev/uptime"]) {
    expect(pair.server.read(path).code).toBe("2.05");
  }
  const device = pair.agent.object(3);
  expect(device?.get(0, DEVICE_MANUFACTURER)).toBe(identity().manufacturer);
  expect(device?.get(0, DEVICE_MEMORY_TOTAL)).toBe(memoryTotal());
  expect(device?.get(0, DEVICE_MEMORY_FREE)).toBeLessThan(memoryTotal());
  expect(device?.get(0, DEVICE_UTC_OFFSET)).toMatch(/^[+-]\d\d:\d\d$/);
  const load = pair.agent.object(3320)?.get(0, SENSOR_VALUE) as Value;
  expect(load).toBeGreaterThanOrEqual(0);
  expect(load).toBeLessThanOrEqual(100);
});

test("a factory reset takes back what servers have written", () => {
  const board = new NodeBoard();
  const machine = new Machine(board);
  const device = machine.objects[0];
  const timezone = device.get(0, DEVICE_TIMEZONE);
  device.set(0, DEVICE_TIMEZONE, "Antarctica/Troll");
  board.calendar.setSeconds(0);
  expect(board.calendar.seconds()).toBeLessThan(60);
  machine.forget();
  expect(device.get(0, DEVICE_TIMEZONE)).toBe(timezone);
  expect(board.calendar.seconds()).toBeGreaterThan(1_700_000_000);
});

test("the same objects serve the agent that comes after a reboot", () => {
  const machine = new Machine(new NodeBoard());
  const first = new AgentPair({ objects: machine.objects }).agent;
  const second = new Agent({ ...first.configuration, endpointName: "again" });
  expect(machine.objects[0].listener).toBe(second);
});
