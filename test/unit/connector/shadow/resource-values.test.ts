import { describe, expect, test } from "vitest";
import {
  contentOf,
  jsonOfPayload,
  textOf,
  valuesIn,
} from "../../../../connector/shadow/resource-values.ts";
import {
  JSON_FORMAT,
  OCTET_STREAM,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../../protocol/coap/content-formats.ts";

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

describe("text", () => {
  test.each([
    // Temperature: defined as a float, a string and an execute.
    ["/3303/0/5700", "21.5", 21.5],
    ["/3303/0/5701", "17", "17"],
    ["/3303/0/5700", "warm", "warm"],
    // Device: an integer, a time.
    ["/3/0/9", "100", 100],
    ["/3/0/13", "1367491215", 1367491215],
    // Firmware update's package: opaque, as base64 stands in text.
    ["/5/0/0", "AQI=", "AQI="],
    // Light control: a boolean is a digit.
    ["/3311/0/5850", "1", true],
    ["/3311/0/5850", "0", false],
  ])("of %s is read as its definition says: %s", (path, text, value) => {
    expect(valuesIn(path, bytes(text), TEXT)).toEqual([[path, value]]);
    expect(valuesIn(path, bytes(text), undefined)).toEqual([[path, value]]);
  });

  test.each([
    ["20", 20],
    ["-0.5", -0.5],
    ["007", "007"],
    ["1e3", "1e3"],
    ["0.1000", "0.1000"],
    ["12345678901234567890", "12345678901234567890"],
    ["NaN", "NaN"],
    ["-Infinity", "-Infinity"],
    ["", ""],
    ["on", "on"],
  ])("of a resource that nothing defines is a number when it is written back the same: %s", (text, value) => {
    expect(valuesIn("/dev/temp", bytes(text), TEXT)).toEqual([["/dev/temp", value]]);
    expect(valuesIn("/26241/0/1", bytes(text), TEXT)).toEqual([["/26241/0/1", value]]);
  });

  test("that is no UTF-8 is nothing", () => {
    expect(valuesIn("/dev/temp", hex("ff fe"), TEXT)).toEqual([]);
  });
});

describe("other formats", () => {
  test("TLV of an instance is the values of its resources, typed; what nothing defines is left out", () => {
    // Manufacturer "Open", battery level 100, resource 90 (of nobody).
    const tlv = hex("c4 00 4f70656e  c1 09 64  c1 5a 01");
    expect(valuesIn("/3/0", tlv, TLV)).toEqual([
      ["/3/0/0", "Open"],
      ["/3/0/9", 100],
    ]);
  });

  test("SenML JSON is its records", () => {
    const pack = '[{"bn":"/3303/0/","n":"5700","v":21.5},{"n":"5701","vs":"Cel"}]';
    expect(valuesIn("/3303/0", bytes(pack), SENML_JSON)).toEqual([
      ["/3303/0/5700", 21.5],
      ["/3303/0/5701", "Cel"],
    ]);
  });

  test("JSON is what it says, bytes are base64", () => {
    expect(valuesIn("/dev/json", bytes('{"a":[1]}'), JSON_FORMAT)).toEqual([
      ["/dev/json", { a: [1] }],
    ]);
    expect(valuesIn("/dev/raw", hex("01 02"), OCTET_STREAM)).toEqual([["/dev/raw", "AQI="]]);
  });

  test.each([
    ["/3/0", "ff ff ff", TLV],
    ["/dev/temp", "c4 00", TLV],
    ["/dev/json", "7b", JSON_FORMAT],
    ["/3/0", "5b", SENML_JSON],
    ["/3/0", "00", 11543],
    ["/3/0", "00", 60000],
  ])("what cannot be read is nothing: %s %s", (path, payload, format) => {
    expect(valuesIn(path, hex(payload), format)).toEqual([]);
  });
});

describe("an answer", () => {
  test("is null when empty, the value of its resource, or its values by path, or base64", () => {
    expect(jsonOfPayload("/dev/temp", bytes(""), undefined)).toBeNull();
    expect(jsonOfPayload("/dev/temp", bytes("20"), TEXT)).toBe(20);
    expect(jsonOfPayload("/3/0", hex("c1 09 64"), TLV)).toEqual({ "/3/0/9": 100 });
    expect(jsonOfPayload("/dev/x", hex("01"), 60000)).toBe("AQ==");
  });
});

describe("what is written", () => {
  test("is text; a boolean is a digit to LwM2M and a word to others", () => {
    expect(textOf("/3311/0/5850", true)).toBe("1");
    expect(textOf("/3311/0/5850", false)).toBe("0");
    expect(textOf("/led/1/state", true)).toBe("true");
    expect(textOf("/dev/temp", 20.5)).toBe("20.5");
    expect(contentOf("/dev/temp", "x", undefined)).toEqual({
      payload: bytes("x"),
      contentFormat: TEXT,
    });
  });

  test("is JSON where the device lists JSON, and nothing where an array or an object does not fit", () => {
    expect(contentOf("/dev/json", { a: [1] }, JSON_FORMAT)).toEqual({
      payload: bytes('{"a":[1]}'),
      contentFormat: JSON_FORMAT,
    });
    expect(contentOf("/dev/temp", [1], undefined)).toBeUndefined();
    expect(contentOf("/dev/temp", { a: 1 }, TEXT)).toBeUndefined();
  });
});
