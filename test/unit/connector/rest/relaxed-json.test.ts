import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isJsonRefusal, parseJson } from "../../../../connector/rest/json.ts";
import { parseRelaxedJson } from "../../../../connector/rest/relaxed-json.ts";

function parsed(text: string): unknown {
  const read = parseRelaxedJson(text);
  if (isJsonRefusal(read)) throw new Error(read.refusal);
  return read.value;
}

test("JSON of any kind is what it is to the strict parser", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      expect(parseRelaxedJson(text)).toEqual(parseJson(text));
    }),
  );
});

test("LF, CR and TAB may stand in strings, and mean themselves", () => {
  expect(parsed('{"a": "1\n2\r\n3\t4",\r\n\t"b": ["\n"]}')).toEqual({
    a: "1\n2\r\n3\t4",
    b: ["\n"],
  });
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("\n", "\r", "\t", "x", " ", "{", ":") }),
      (text) => {
        expect(parsed(`{"a":"${text}"}`)).toEqual({ a: text });
      },
    ),
  );
});

test("escapes stay what they are, those of quotes too", () => {
  expect(parsed('{"a":"\\"\\\\\n\\n\\\\","b":"\\u000a"}')).toEqual({ a: '"\\\n\n\\', b: "\n" });
});

describe("refused as by the strict parser", () => {
  for (const text of [
    '{"a":"\0"}',
    '{"a":"\x0b"}',
    '{"a":"x',
    '{"a":"x\\',
    '{"a":"x\\"',
    "{'a':1}",
    "",
    "{",
    '{"a":1,}',
    '{"__proto__":1}',
    `${'{"a":'.repeat(40)}1${"}".repeat(40)}`,
  ]) {
    test(JSON.stringify(text).slice(0, 40), () => {
      expect(parseRelaxedJson(text)).toHaveProperty("refusal");
    });
  }
});

describe("a member that is there twice", () => {
  test("is refused, however it is written", () => {
    for (const text of [
      '{"domain":"a","domain":"b"}',
      '{"domain":"a","domain" \n:"a"}',
      '{"domain":"a","d\\u006fmain":"b"}',
      '{"a\n":1,"a\\n":2}',
    ]) {
      expect(parseRelaxedJson(text)).toEqual({ refusal: "The JSON has a member twice." });
    }
  });

  test("is no matter of values, nor of objects within", () => {
    expect(parsed('{"a":"a","b":"a"}')).toEqual({ a: "a", b: "a" });
    expect(parsed('{"a":{"b":1},"b":{"a":2}}')).toEqual({ a: { b: 1 }, b: { a: 2 } });
    expect(parsed('["a","a"]')).toEqual(["a", "a"]);
  });
});

test("the time for a text grows with its length, whatever is in it", () => {
  for (const unit of ['"', "\\", '{"a":', '"a" ', "\n", '"a":', '"\n']) {
    const text = unit.repeat(16_384 / unit.length);
    expect(parseRelaxedJson(text)).toHaveProperty("refusal");
  }
});
