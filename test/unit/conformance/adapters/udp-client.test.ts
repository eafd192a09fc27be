import { afterEach, expect, test } from "vitest";
import {
  type UdpClientAdapter,
  udpClientAdapter,
} from "../../../conformance/adapters/udp-client.ts";
import { C_1 } from "../../../conformance/configurations.ts";

/** A device that stays on from case to case, and takes no orders. */
const CONTROL = {
  name: "a device",
  claims: { versions: ["1.1"], contentFormats: [0], features: [], objects: [1, 3] },
  canSetValues: false,
  staysOn: true,
  prepare: async () => {},
  start: async () => {},
  set: async () => {},
  stop: async () => {},
} as const;

const SETUP = { configuration: C_1, version: "1.1", endpointName: "device" } as const;

let adapter: UdpClientAdapter;
afterEach(() => adapter.close());

test("RFC 7252 §4.4: Message IDs of a case are not those of the hundred cases before", async () => {
  adapter = udpClientAdapter(CONTROL, { host: "127.0.0.1", port: 0 });
  const begins: number[] = [];
  for (let i = 0; i < 101; i++) begins.push((await adapter.prepare(SETUP)).messageIds ?? 0);
  const apart = begins.slice(1).map((begin) => (begin - begins[0]) & 0xffff);
  expect(Math.min(...apart, ...apart.map((distance) => 0x10000 - distance))).toBe(0x200);
  expect(new Set(begins).size).toBe(begins.length);
});
