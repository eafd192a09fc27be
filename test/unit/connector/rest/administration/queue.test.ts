import { beforeEach, expect, test } from "vitest";
import { RestBench } from "../bench.ts";
import { FakeDevices } from "../fake-devices.ts";

let devices: FakeDevices;
let bench: RestBench;

beforeEach(async () => {
  devices = new FakeDevices();
  bench = new RestBench(devices);
  const registration = devices.register("node", "</3/0>", { version: "1.1" });
  bench.access.devices.handleRegistration(registration, 0);
  await bench.openChannel();
});

test("what waits for a device is listed, without what it carries", async () => {
  const body = "secret";
  const id = await bench.accepted("PUT", "/v2/endpoints/node/3/0/15?priority=high", { body });
  const [status, text] = await bench.ask("GET", "/admin/devices/node/queue");
  expect([status, JSON.parse(text).items]).toEqual([
    200,
    [
      {
        id,
        method: "PUT",
        path: "/3/0/15",
        paths: null,
        query: [],
        priority: "high",
        bytes: 6,
        state: "waiting",
        expiresIn: 1,
      },
    ],
  ]);
  expect(text).not.toContain(body);
});

test("what waits can be taken back, once, and that is written down", async () => {
  const id = await bench.accepted("GET", "/v2/endpoints/node/3/0/0");
  const path = `/admin/devices/node/queue/${encodeURIComponent(id)}`;
  expect(await bench.ask("DELETE", path)).toEqual([204, ""]);
  expect(devices.calls).toEqual([`cancel node ${id}`]);
  const [status, problem] = await bench.ask("DELETE", path);
  expect([status, JSON.parse(problem).detail]).toEqual([
    404,
    "There is no such request, or it has its outcome.",
  ]);
  const [, audit] = await bench.ask("GET", "/admin/audit?action=request.cancelled");
  expect(JSON.parse(audit).items).toMatchObject([{ object: `node ${id}` }]);
});
