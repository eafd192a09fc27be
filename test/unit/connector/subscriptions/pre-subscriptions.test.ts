import { describe, expect, test } from "vitest";
import {
  isRefusedRules,
  matchingPaths,
  type PreSubscription,
  parsePreSubscriptions,
} from "../../../../connector/subscriptions/pre-subscriptions.ts";
import { FakeDevices } from "../rest/fake-devices.ts";

const LISTED = "</dev/temp>;obs,</dev/power>;obs,</dev/name>,</sen/0>;obs,</3/0>;obs";
const devices = new FakeDevices();
const light = devices.register("node-001", LISTED, { endpointType: "Light" });
const untyped = devices.register("other", LISTED);
const lwm2m = devices.register("lamp", "</1/0>,</3/0>,</3303/0>,</3303/1>", { version: "1.1" });

function paths(rules: readonly PreSubscription[], endpoint = light): string[] {
  return [...matchingPaths(rules, endpoint)];
}

describe("which paths rules subscribe to", () => {
  const cases: [name: string, rule: PreSubscription, expected: string[]][] = [
    [
      "every observable resource without paths",
      { "endpoint-name": "node-001" },
      ["/dev/temp", "/dev/power", "/sen/0", "/3/0"],
    ],
    ["an exact path", { "resource-path": ["/dev/temp"] }, ["/dev/temp"]],
    ["a prefix", { "resource-path": ["/dev/*"] }, ["/dev/temp", "/dev/power"]],
    ["any of several", { "resource-path": ["/sen/*", "/dev/temp"] }, ["/dev/temp", "/sen/0"]],
    ["not what is not observable", { "resource-path": ["/dev/name"] }, []],
    ["not a folder of resources", { "resource-path": ["/dev"] }, []],
    ["nothing for an empty list of paths", { "resource-path": [] }, []],
    ["a prefix of the name", { "endpoint-name": "node*", "resource-path": ["/3/0"] }, ["/3/0"]],
    ["not another name", { "endpoint-name": "node" }, []],
    ["the exact type", { "endpoint-type": "Light", "resource-path": ["/3/0"] }, ["/3/0"]],
    ["a type with an asterisk only literally", { "endpoint-type": "Li*" }, []],
    ["only if all fields match", { "endpoint-name": "node*", "endpoint-type": "Sensor" }, []],
  ];
  for (const [name, rule, expected] of cases) {
    test(name, () => expect(paths([rule])).toEqual(expected));
  }

  test("each path once, however many rules match", () => {
    expect(paths([{ "resource-path": ["/dev/*"] }, { "resource-path": ["*"] }])).toEqual([
      "/dev/temp",
      "/dev/power",
      "/sen/0",
      "/3/0",
    ]);
  });

  test("an endpoint without a type matches no type but the empty one", () => {
    expect(paths([{ "endpoint-type": "Light" }], untyped)).toEqual([]);
    expect(paths([{ "endpoint-type": "", "resource-path": ["/3/0"] }], untyped)).toEqual(["/3/0"]);
  });

  test("an LwM2M device: all that it lists, and exact paths below", () => {
    expect(paths([{}], lwm2m)).toEqual(["/1/0", "/3/0", "/3303/0", "/3303/1"]);
    const both = devices.register("both", "</3>;ver=1.1,</3/0>,</5>", { version: "1.1" });
    expect(paths([{}], both)).toEqual(["/3/0", "/5"]);
    expect(paths([{ "resource-path": ["/3*"] }], both)).toEqual(["/3", "/3/0"]);
    expect(paths([{ "resource-path": ["/3303/*"] }], lwm2m)).toEqual(["/3303/0", "/3303/1"]);
    expect(paths([{ "resource-path": ["/3303/0/5700", "/9/0/1"] }], lwm2m)).toEqual([
      "/3303/0/5700",
    ]);
    expect(paths([{ "resource-path": ["/3/0/9"] }], light)).toEqual([]);
  });
});

describe("what is not accepted", () => {
  const bad: [name: string, body: unknown][] = [
    ["no array", { "endpoint-name": "x" }],
    ["1025 rules", Array(1025).fill({})],
    ["a rule that is no object", ["x"]],
    ["a rule that is an array", [[]]],
    ["an unknown field", [{ "endpoint-names": "x" }]],
    ["a name that is no string", [{ "endpoint-name": 7 }]],
    ["a name of 65 characters", [{ "endpoint-name": "x".repeat(65) }]],
    ["a name with an asterisk inside", [{ "endpoint-name": "a*b" }]],
    ["a type that is no string", [{ "endpoint-type": null }]],
    ["paths that are no array", [{ "resource-path": "/a" }]],
    ["a path that is no string", [{ "resource-path": [7] }]],
    ["a path of 129 characters", [{ "resource-path": ["/".repeat(129)] }]],
    ["257 paths", [{ "resource-path": Array(257).fill("/a") }]],
    ["a path with an asterisk inside", [{ "resource-path": ["/*/0"] }]],
  ];
  for (const [name, body] of bad) {
    test(name, () => expect(isRefusedRules(parsePreSubscriptions(body))).toBe(true));
  }

  test("the reason names the rule", () => {
    expect(parsePreSubscriptions([{}, { "endpoint-name": 7 }])).toEqual({
      refusal: "Rule 2: endpoint-name must be a string.",
    });
  });

  test("the largest allowed are accepted", () => {
    const rule = {
      "endpoint-name": "x".repeat(64),
      "resource-path": Array(256).fill("/".repeat(128)),
    };
    expect(isRefusedRules(parsePreSubscriptions(Array(1024).fill(rule)))).toBe(false);
  });
});
