import { expect, test } from "vitest";
import { SECOND } from "../../../../protocol/time/duration.ts";
import { profileJson, readProfile } from "../../../conformance/adapters/claims.ts";

test("a profile that says nothing is the least that a client has", () => {
  expect(readProfile({})).toMatchObject({
    versions: ["1.0", "1.1"],
    contentFormats: [0, 11542],
    features: [],
    objects: [1, 3],
    pace: { prompt: 5 * SECOND, patience: 60 * SECOND },
  });
});

test("a slow device is given its time in seconds, each part for itself", () => {
  expect(readProfile({ pace: { patience: 300 } }).pace).toEqual({
    prompt: 5 * SECOND,
    patience: 300 * SECOND,
  });
});

test("addresses of firmware are texts, images are files", () => {
  const { firmware } = readProfile({
    firmware: { uri: "coap://files.test/a", image: import.meta.filename },
  });
  expect(firmware?.uri).toBe("coap://files.test/a");
  expect(firmware?.image).toBeInstanceOf(Uint8Array);
});

test("paths of what no path of LwM2M is bound to have names", () => {
  expect(readProfile({ paths: { separate: "/3303/0/5700" } }).paths).toEqual({
    separate: "/3303/0/5700",
  });
});

test.each([
  [[], "must be a JSON object"],
  [{ colour: "red" }, 'has no member "colour"'],
  [{ features: ["flying"] }, '"features" must be an array of: queue mode'],
  [{ objects: [-1] }, "numbers from 0 to 65535"],
  [{ values: { "/3": 1 } }, "it must be that of a resource"],
  [{ firmware: { picture: "a.png" } }, '"firmware" is made of texts by name: image'],
  [{ firmware: { image: "/nowhere/at/all" } }, "ENOENT"],
  [{ paths: ["/3/0"] }, '"paths" must be an object of paths'],
  [{ paths: { slow: "/3/0" } }, '"paths" is made of paths, as /3/0/1, by name: separate'],
  [{ paths: { separate: "3/0" } }, '"paths" is made of paths, as /3/0/1, by name: separate'],
  [{ pace: { prompt: "soon" } }, '"prompt" of "pace" must be a number of seconds'],
  [{ pace: { speed: 1 } }, "it has prompt and patience"],
])("a profile of %j is refused by what is wrong with it", (given, why) => {
  expect(() => readProfile(given)).toThrow(why);
});

test("a profile that is written down is read as it was", () => {
  const profile = readProfile({ name: "a", pace: { prompt: 3 }, values: { "/3/0/0": "Acme" } });
  const { firmware: _, ...rest } = readProfile(JSON.parse(JSON.stringify(profileJson(profile))));
  expect(profile).toMatchObject(rest);
  expect(rest.pace).toEqual({ prompt: 3 * SECOND, patience: 60 * SECOND });
});
