import { expect, test } from "vitest";
import {
  asDeviceHas,
  C_4,
  CLIENT_CASES,
  type ClientAdapter,
  type ConformanceCase,
  configuredValues,
  inProcessAdapter,
  runCase,
} from "../../conformance/index.ts";
import { learnProfile } from "../../conformance/learning.ts";
import { tamperedAdapter } from "./tampered-client.ts";

const agent = inProcessAdapter();
/** Claims nothing of itself. */
const unknown: ClientAdapter = {
  ...agent,
  claims: { versions: ["1.0"], contentFormats: [0, 11542], features: [], objects: [1, 3] },
};

test("a profile is learned from the first Register and the values of objects 1 and 3", async () => {
  const profile = await learnProfile(unknown, "1.1");
  expect(profile.versions).toEqual(["1.0", "1.1"]);
  expect(profile.objects).toEqual([1, 3]);
  expect(profile.values).toMatchObject({
    "/1/0/0": 1,
    "/1/0/6": false,
    "/3/0/0": "Open Mobile Alliance",
    "/3/0/11": [0],
    "/3/0/7": null,
  });
});

test("a lifetime is configured, never learned", async () => {
  const { values } = await learnProfile(unknown, "1.1");
  expect(values).not.toHaveProperty("/1/0/1");
});

test("what the tester wrote down stays", async () => {
  const told = { ...unknown, claims: { ...unknown.claims, values: { "/3/0/7": 3300 } } };
  expect((await learnProfile(told, "1.1")).values?.["/3/0/7"]).toBe(3300);
});

test("a configuration is what the device has of it", async () => {
  const { values } = await learnProfile(unknown, "1.1");
  const has = configuredValues(asDeviceHas(C_4, values ?? {}), "/3/0");
  expect(has).not.toHaveProperty("/3/0/7/0");
  expect(has).toHaveProperty("/3/0/0", "Open Mobile Alliance");
});

test("a client that does not register teaches nothing", async () => {
  const mute = tamperedAdapter(unknown, () => ({ fromClient: () => undefined }));
  await expect(learnProfile(mute, "1.1")).rejects.toThrow("The client did not register");
});

test.each([
  ["LightweightM2M-1.1-int-307", "/1/0/23"],
  ["LightweightM2M-1.1-int-652", "/3/0/3"],
])("%s is not about a device without %s", async (id, path) => {
  const values = { [path]: null };
  const lacking = { ...agent, claims: { ...agent.claims, values } };
  const stated = CLIENT_CASES.find((one) => one.id === id) as ConformanceCase;
  const { verdict, why } = await runCase(stated, lacking, "1.1");
  expect([verdict, why]).toEqual(["not applicable", `the device has no ${path}`]);
});

test("what a device lacks is not written back to it", async () => {
  const values = { "/3/0/13": null, "/3/0/15": null };
  const lacking = { ...agent, claims: { ...agent.claims, values } };
  const id = "LightweightM2M-1.1-int-651";
  const stated = CLIENT_CASES.find((one) => one.id === id) as ConformanceCase;
  const { verdict, packets } = await runCase(stated, lacking, "1.1");
  expect(verdict).toBe("pass");
  const last = packets.filter(({ isFromClient }) => !isFromClient).at(-2);
  // /3/0/14 alone.
  const text = new TextDecoder().decode(last?.datagram);
  expect(text.slice(text.indexOf("\x0e"))).toBe("\x0e+01:00");
});
