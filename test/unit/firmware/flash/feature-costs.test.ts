import { expect, test } from "vitest";
import { featureCosts, featureOf } from "../../../../firmware/flash/feature-costs.ts";
import { isPortable, repositorySources } from "../../../../scripts/support/sources.ts";

test.each(
  repositorySources()
    .map(({ path }) => path)
    .filter(isPortable),
)("%s is part of a feature", (path) => {
  expect(featureOf(path)).not.toBe("the rest of the library");
});

test.each([
  ["protocol/coap/block-wise-endpoint.ts", "block-wise transfer"],
  ["protocol/coap/basic-endpoint.ts", "CoAP"],
  ["protocol/content/tlv.ts", "TLV"],
  ["firmware/agent/reporting/notification-attributes.ts", "attributes"],
  ["firmware/agent/reporting/observers.ts", "observing"],
  ["firmware/agent/bootstrap/bootstrap-link.ts", "bootstrap"],
  ["firmware/agent/management/instance-operations.js", "Create and Delete"],
])("%s: %s", (path, feature) => {
  expect(featureOf(path)).toBe(feature);
});

test("the modules of a feature are added up, and those of the program are its own", () => {
  const module = (path: string, bytes: number, isLibrary = true) => ({
    path,
    bytes,
    functions: 1,
    estimatedVariables: 10,
    isLibrary,
  });
  const costs = featureCosts([
    module("protocol/coap/block.ts", 100),
    module("protocol/coap/block-wise-endpoint.ts", 200),
    module("protocol/content/tlv.ts", 0),
    module("protocol/mine.ts", 400, false),
  ]);
  expect(costs).toEqual([
    { feature: "your program", bytes: 400, functions: 1, variables: 10 },
    { feature: "block-wise transfer", bytes: 300, functions: 2, variables: 20 },
  ]);
});
