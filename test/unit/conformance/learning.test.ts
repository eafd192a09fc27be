import { expect, test } from "vitest";
import {
  asDeviceHas,
  C_4,
  type ClientAdapter,
  configuredValues,
  inProcessAdapter,
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
