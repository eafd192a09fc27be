import fc from "fast-check";
import { expect, test } from "vitest";
import {
  parseRegistrationQuery,
  type RegistrationParameters,
  registrationQuery,
} from "../../../../protocol/lwm2m/registration.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";

const NOTHING: RegistrationParameters = {
  endpointName: undefined,
  lifetime: undefined,
  version: undefined,
  binding: undefined,
  queueMode: false,
  smsNumber: undefined,
  profileId: undefined,
  endpointType: undefined,
  domain: undefined,
};

test("LwM2M Transport 1.1.1 §6.4.3: the parameters are read in any order, unknown ones are ignored", () => {
  const queries = ["b=UT", "pid=oma:x", "new=1", "lt=86400", "Q", "ep=urn:a=b", "lwm2m=1.1"];
  expect(parseRegistrationQuery([...queries, "sms=+49", "et=Light", "d=x", "bare"])).toEqual({
    endpointName: "urn:a=b",
    lifetime: 86400,
    version: "1.1",
    binding: "UT",
    queueMode: true,
    smsNumber: "+49",
    profileId: "oma:x",
    endpointType: "Light",
    domain: "x",
  });
  expect(parseRegistrationQuery([])).toEqual(NOTHING);
});

test("LwM2M 1.0 says queue mode inside the binding", () => {
  const parameters = { ...NOTHING, version: "1.0", binding: "U", queueMode: true };
  expect(parseRegistrationQuery(["lwm2m=1.0", "b=UQ"])).toEqual(parameters);
  expect(registrationQuery(parameters)).toEqual(["lwm2m=1.0", "b=UQ"]);
});

test.each([
  ["lwm2m/parameter-repeated", ["lt=1", "lt=1"]],
  ["lwm2m/parameter-repeated", ["Q", "Q"]],
  ["lwm2m/parameter-repeated", ["ep=", "ep=a"]],
  ["lwm2m/lifetime-not-seconds", ["lt="]],
  ["lwm2m/lifetime-not-seconds", ["lt=1.5"]],
  ["lwm2m/lifetime-not-seconds", ["lt=-1"]],
  ["lwm2m/lifetime-not-seconds", ["lt=4294967296"]],
])("%s: %j", (fault, queries) => {
  const result = parseRegistrationQuery(queries);
  expect(isMalformed(result) && result.fault).toBe(fault);
});

test("what is written is read back, for every set of parameters", () => {
  const text = fc.option(fc.string({ minLength: 1 }), { nil: undefined });
  const parameters = fc.record({
    endpointName: text,
    lifetime: fc.option(fc.nat(), { nil: undefined }),
    version: fc.constantFrom(undefined, "1.1", "1.2"),
    binding: fc.constantFrom(undefined, "U", "UT"),
    queueMode: fc.boolean(),
    smsNumber: text,
    profileId: text,
    endpointType: text,
    domain: text,
  });
  fc.assert(
    fc.property(parameters, (one) => {
      expect(parseRegistrationQuery(registrationQuery(one))).toEqual(one);
    }),
  );
});
