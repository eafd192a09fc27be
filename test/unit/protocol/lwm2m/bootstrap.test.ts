import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type BootstrapParameters,
  bootstrapQuery,
  parseBootstrapQuery,
} from "../../../../protocol/lwm2m/bootstrap.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";

const NOTHING: BootstrapParameters = {
  endpointName: undefined,
  contentFormat: undefined,
  account: undefined,
};

test.each([
  [["ep=a=b", "pct=112"], { ...NOTHING, endpointName: "a=b", contentFormat: 112 }],
  // The two values of `acc` in LwM2M Core 1.2.2 §6.1.7.7.
  [["acc=</0/0>"], { ...NOTHING, account: [[0, 0]] }],
  [
    ["ep=a", "acc=</0/2>,</21/0>"],
    {
      ...NOTHING,
      endpointName: "a",
      account: [
        [0, 2],
        [21, 0],
      ],
    },
  ],
  [[], NOTHING],
])("LwM2M Transport 1.2.2 §6.4.2: %j", (queries, parameters) => {
  expect(parseBootstrapQuery(queries)).toEqual(parameters);
  expect(bootstrapQuery(parameters)).toEqual(queries);
});

test("unknown parameters are ignored", () => {
  expect(parseBootstrapQuery(["x=1", "Q", "pct", "ep"])).toEqual(NOTHING);
});

test.each([
  ["lwm2m/parameter-repeated", ["ep=a", "ep=a"]],
  ["lwm2m/content-format-not-a-number", ["pct="]],
  ["lwm2m/content-format-not-a-number", ["pct=65536"]],
  ["lwm2m/content-format-not-a-number", ["pct=-1"]],
  ["lwm2m/account-not-instances", ["acc=</0>"]],
  ["lwm2m/account-not-instances", ["acc=</0/0>;ssid=1"]],
  ["lwm2m/account-not-instances", ["acc=</a/b>"]],
  ["coap/link-without-uri", ["acc=0/0"]],
  ["lwm2m/account-too-long", [`acc=${"</0/0>,".repeat(16)}</0/0>`]],
])("%s: %j", (fault, queries) => {
  expect(parseBootstrapQuery(queries)).toMatchObject({ fault });
});

test("no queries make it throw, and what is read is written", () => {
  const query = fc.oneof(
    fc.string(),
    fc.string().map((text) => `acc=${text}`),
    fc.nat(70000).map((format) => `pct=${format}`),
  );
  fc.assert(
    fc.property(fc.array(query, { maxLength: 4 }), (queries) => {
      const parameters = parseBootstrapQuery(queries);
      if (isMalformed(parameters)) return;
      expect(parseBootstrapQuery(bootstrapQuery(parameters))).toEqual(parameters);
    }),
  );
});
