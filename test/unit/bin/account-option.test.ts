import { describe, expect, test } from "vitest";
import { accountOption } from "../../../bin/account-option.ts";

describe("--server of dormouse device", () => {
  test("an address alone is an account with the usual settings", () => {
    expect(accountOption("coap://127.0.0.1:5683")).toEqual({ uri: "coap://127.0.0.1:5683" });
  });

  test("settings stand behind commas, by the names of the help", () => {
    const text =
      "coap://[::1],id=7,priority=0,delay=30,block,no-bootstrap,retries=3,retry-timer=10,sequences=2,sequence-delay=100";
    expect(accountOption(text)).toEqual({
      uri: "coap://[::1]",
      shortServerId: 7,
      priorityOrder: 0,
      initialDelay: 30,
      failureBlock: true,
      bootstrapOnFailure: false,
      retryCount: 3,
      retryTimer: 10,
      sequenceRetryCount: 2,
      sequenceDelay: 100,
    });
  });

  test.each([
    ["http://a", /coap:\/\/HOST/],
    ["coap://a,speed=9", /no setting "speed"; there are id, lifetime/],
    ["coap://a,toString", /no setting "toString"/],
    ["coap://a,priority", /priority must be a whole number from 0/],
    ["coap://a,priority=-1", /priority must be a whole number/],
    ["coap://a,id=0", /id must be a whole number from 1 to 65534/],
    ["coap://a,block=1", /block has no value/],
  ])("%s is refused, with what may be there", (text, why) => {
    expect(() => accountOption(text)).toThrow(why);
  });
});
