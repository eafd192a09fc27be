import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  attributeOf,
  decodeLinks,
  encodeLinks,
  type Link,
  MAX_LINKS,
} from "../../../../protocol/coap/link-format.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";

/** Links as [uri, attribute, attribute ...], each attribute "name" or "name=value". */
function read(text: string) {
  const links = decodeLinks(text);
  if (isMalformed(links)) return links;
  return links.map(({ uri, attributes }) => [
    uri,
    ...attributes.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`)),
  ]);
}

describe("link format: reading", () => {
  test.each([
    ["nothing", "", []],
    ["objects", "</1/0>,</3/0>", [["/1/0"], ["/3/0"]]],
    ["a quoted list", '</>;rt="oma.lwm2m";ct="60 110"', [["/", "rt=oma.lwm2m", "ct=60 110"]]],
    ["a version, bare", "</1>;ver=1.1", [["/1", "ver=1.1"]]],
    ["a version, quoted", '</1>;ver="1.1"', [["/1", "ver=1.1"]]],
    ["no value", "</dev/temp>;obs;ct=0", [["/dev/temp", "obs", "ct=0"]]],
    ["an empty value", '</a>;rt="";if=', [["/a", "rt=", "if="]]],
    [
      "commas and semicolons in quotes",
      '</a>;title="x, y; <z>",</b>',
      [["/a", "title=x, y; <z>"], ["/b"]],
    ],
    ["escapes", '</a>;title="say \\"hi\\" \\\\ \\n"', [["/a", 'title=say "hi" \\ n']]],
    ["commas in the target", "</a,b;c>,</d>", [["/a,b;c"], ["/d"]]],
    ["blanks around separators", ' </a> ; rt="x" ,\r\n\t</b> ', [["/a", "rt=x"], ["/b"]]],
    ["an absolute target", '<coap://h:1/p?q=1>;anchor="/a"', [["coap://h:1/p?q=1", "anchor=/a"]]],
    ["an empty target", "<>;rt=x", [["", "rt=x"]]],
    ["an attribute twice", "</a>;rt=x;rt=y", [["/a", "rt=x", "rt=y"]]],
    ["an extended name", "</a>;title*=UTF-8'en'%e2", [["/a", "title*=UTF-8'en'%e2"]]],
    ["characters beyond ASCII", '</a>;title="Grüße"', [["/a", "title=Grüße"]]],
    ["equals in a value", "</a>;x=a=b", [["/a", "x=a=b"]]],
  ])("RFC 6690 §2: %s", (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test("RFC 6690 §5: the example of a sensor", () => {
    const text =
      '</sensors>;ct=40;title="Sensor Index",</sensors/temp>;rt="temperature-c";if="sensor",' +
      '<http://www.example.com/sensors/t123>;anchor="/sensors/temp";rel="describedby",' +
      '</t>;anchor="/sensors/temp";rel="alternate"';
    expect(read(text)).toEqual([
      ["/sensors", "ct=40", "title=Sensor Index"],
      ["/sensors/temp", "rt=temperature-c", "if=sensor"],
      ["http://www.example.com/sensors/t123", "anchor=/sensors/temp", "rel=describedby"],
      ["/t", "anchor=/sensors/temp", "rel=alternate"],
    ]);
  });

  test.each([
    ["a link without brackets", "/a", "coap/link-without-uri", 0],
    ["a bracket that stays open", "</a", "coap/link-uri-open", 0],
    ["a comma with nothing behind", "</a>,", "coap/link-missing", 5],
    ["a comma with nothing before", ",</a>", "coap/link-without-uri", 0],
    ["two links without comma", "</a></b>", "coap/link-separator", 4],
    ["a semicolon with nothing behind", "</a>;", "coap/link-attribute", 5],
    ["a value without name", "</a>;=1", "coap/link-attribute", 5],
    ["a quote that stays open", '</a>;rt="x', "coap/link-attribute", 8],
    ["a quote whose end is escaped", '</a>;rt="x\\"', "coap/link-attribute", 8],
    ["text behind a quote", '</a>;rt="x"y', "coap/link-separator", 11],
    ["a quote within a bare value", '</a>;rt=x"y"', "coap/link-separator", 9],
  ])("%s is refused", (_, text, fault, at) => {
    expect(decodeLinks(text)).toMatchObject({ fault, at });
  });

  test("the number of links and their text are bounded", () => {
    const links = (count: number) => Array.from({ length: count }, (_, i) => `</${i}>`).join();
    expect(decodeLinks(links(MAX_LINKS))).toHaveLength(MAX_LINKS);
    expect(decodeLinks(links(MAX_LINKS + 1))).toMatchObject({
      fault: "coap/link-format-too-many",
    });
    expect(decodeLinks(`</${"a".repeat(65_534)}>`)).toMatchObject({
      fault: "coap/link-format-too-long",
    });
    expect(decodeLinks(`</a>${";x".repeat(33)}`)).toMatchObject({ fault: "coap/link-attribute" });
  });
});

describe("link format: writing", () => {
  test("values are quoted unless they are numbers; rt and if always", () => {
    const text =
      '</>;rt="oma.lwm2m";ct="60 110 112",</3>;ver=1.1;pmin=10;gt=-1.5,</led/1/state>;rt="5850";obs';
    expect(encodeLinks(decodeLinks(text) as Link[])).toBe(text);
    expect(encodeLinks([{ uri: "/a", attributes: [{ name: "x", value: "" }] }])).toBe('</a>;x=""');
    expect(encodeLinks([])).toBe("");
  });

  test("a target cannot break out of its brackets, nor a value out of its quotes", () => {
    const links = [
      { uri: "/a>,</b", attributes: [{ name: "title", value: 'x",</c>;y="\\' }] },
      { uri: "/d", attributes: [] },
    ];
    expect(read(encodeLinks(links))).toEqual([["/a%3E,</b", 'title=x",</c>;y="\\'], ["/d"]]);
  });

  test("links read back as they were written", () => {
    const name = fc.string({ unit: fc.constantFrom(..."abcrtif*-_1"), minLength: 1, maxLength: 8 });
    const value = fc.option(fc.string({ unit: "binary" }), { nil: undefined });
    const uri = fc.string({ unit: "binary" }).map((text) => text.replaceAll(">", ""));
    const link = fc.record({
      uri,
      attributes: fc.array(fc.record({ name, value }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(link, { maxLength: 8 }), (links) => {
        expect(decodeLinks(encodeLinks(links))).toEqual(links);
      }),
      { numRuns: 1000 },
    );
  });

  test("no text makes the reader throw, and what it reads it can write", () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'<>;,="\\/ ab1\n'), maxLength: 60 }),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(text, (links) => {
        const read1 = decodeLinks(links);
        if (isMalformed(read1)) return;
        expect(decodeLinks(encodeLinks(read1))).toEqual(read1);
      }),
      { numRuns: 20_000 },
    );
  });
});

test("attributeOf tells absent from valueless from valued", () => {
  const [link] = decodeLinks('</a>;obs;rt="x";rt="y"') as Link[];
  expect(attributeOf(link, "rt")).toBe("x");
  expect(attributeOf(link, "obs")).toBe("");
  expect(attributeOf(link, "if")).toBeUndefined();
});
