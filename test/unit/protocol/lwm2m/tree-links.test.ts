import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatTreeLinks,
  parseTreeLinks,
  type TreeLinks,
} from "../../../../protocol/lwm2m/tree-links.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import { formatPath } from "../../../../protocol/model/path.ts";

const parse = (text: string) => parseTreeLinks(text) as TreeLinks;

/** What is said of each place, without what is not. */
const said = (text: string) =>
  Object.fromEntries(
    parse(text).links.map(({ path, ...rest }) => [
      formatPath(path),
      JSON.parse(JSON.stringify(rest)),
    ]),
  );

describe("LwM2M Core 1.2.2 §6.3.2: Discover", () => {
  const DEVICE =
    "</3>;pmin=10, </3/0>;pmax=60, </3/0/1>, </3/0/2>, </3/0/3>, </3/0/4>, </3/0/6>;dim=2, " +
    "</3/0/7>;dim=2;gt=50;lt=42.2, </3/0/8>;dim=2, </3/0/11>, </3/0/16>";

  test("an object, two levels deep", () => {
    expect(said(DEVICE)).toMatchObject({
      "/3": { attributes: { pmin: 10 } },
      "/3/0": { attributes: { pmax: 60 } },
      "/3/0/6": { dimension: 2 },
      "/3/0/7": { dimension: 2, attributes: { gt: 50, lt: 42.2 } },
      "/3/0/16": { attributes: {} },
    });
    expect(formatTreeLinks(parse(DEVICE))).toBe(DEVICE.replaceAll(" ", ""));
  });

  test("a resource with what it inherits, and its instances", () => {
    const text = "</3/0/7>;dim=2;pmin=10;pmax=60;gt=50;lt=42.2, </3/0/7/0>, </3/0/7/1>;lt=45";
    expect(said(text)).toEqual({
      "/3/0/7": { dimension: 2, attributes: { pmin: 10, pmax: 60, gt: 50, lt: 42.2 } },
      "/3/0/7/0": { attributes: {} },
      "/3/0/7/1": { attributes: { lt: 45 } },
    });
    expect(formatTreeLinks(parse(text))).toBe(text.replaceAll(" ", ""));
  });

  test("attributes of every version, and values that are none", () => {
    const text = "</3/0/7>;st=0.5;epmin=1;epmax=2;edge=1;con=0;hqmax=5;gt=high;dim=70000;pmin";
    expect(said(text)).toEqual({
      "/3/0/7": { attributes: { st: 0.5, epmin: 1, epmax: 2, edge: 1, con: 0, hqmax: 5 } },
    });
  });
});

describe("LwM2M Core 1.2.2 §6.1.7.3: Bootstrap-Discover", () => {
  test("accounts with their servers", () => {
    const text =
      '</>;lwm2m=1.1,</0/0>;ssid=101;uri="coaps://server_1.example.com",' +
      '</0/2>;ssid=102;uri="coap://server_1.example.com",</21/0>;ssid=101,</21/2>;ssid=102,</0/1>,</21/1>';
    expect(parse(text).enabler).toBe("1.1");
    expect(said(text)).toMatchObject({
      "/0/0": { shortServerId: 101, serverUri: "coaps://server_1.example.com" },
      "/21/2": { shortServerId: 102 },
      "/0/1": { attributes: {} },
    });
    expect(formatTreeLinks(parse(text))).toBe(text);
  });

  test("slashes at the end and blanks, as the examples have them", () => {
    const text =
      '</>;lwm2m=1.1,</0/0>;ssid=101;uri="coaps://server_1.example.com", </0/1/>, </1/0/>;ssid=101, </5>';
    expect(Object.keys(said(text))).toEqual(["/0/0", "/0/1", "/1/0", "/5"]);
  });

  test("the version without its link, as LwM2M 1.0 had it, quoted or not", () => {
    const text = "lwm2m=1.0,</0/0>;ssid=101,</0/1/>,</0/2>;ssid=102";
    expect(parse(text).enabler).toBe("1.0");
    expect(Object.keys(said(text))).toEqual(["/0/0", "/0/1", "/0/2"]);
    expect(parse('lwm2m="1.0",</0/0>').enabler).toBe("1.0");
  });
});

describe("LwM2M Core 1.2.2 §6.2.1: Register", () => {
  test("formats on the root link, one or several", () => {
    expect(parse("</>;ct=110, </1/0>").contentFormats).toEqual([110]);
    const several = '</>;ct="110 112 60",</1/0>,</5>';
    expect(parse(several).contentFormats).toEqual([110, 112, 60]);
    expect(formatTreeLinks(parse(several))).toBe(several);
    expect(parse('</>;ct="x 70000 -1 60"').contentFormats).toEqual([60]);
  });

  test("LwM2M Core 1.2.2 §7.2.3: versions on objects, or on their only instance", () => {
    const text = "</1>;ver=1.0,</1/0>,</1/1>,</44/0>;ver=2.2";
    expect(said(text)).toMatchObject({ "/1": { version: "1.0" }, "/44/0": { version: "2.2" } });
    expect(formatTreeLinks(parse(text))).toBe(text);
    expect(said('</44/0>;ver="2.2"')).toMatchObject({ "/44/0": { version: "2.2" } });
  });

  test("LwM2M Transport 1.2.2 §6.4.1: an alternate path", () => {
    const text = '</lwm2m>;rt="oma.lwm2m",</lwm2m/1/0>,</lwm2m/5>,</3/0>';
    const tree = parse(text);
    expect(tree.rootPath).toBe("/lwm2m");
    expect(tree.links.map(({ path }) => path)).toEqual([[1, 0], [5]]);
    expect(tree.others).toEqual([{ uri: "/3/0", attributes: [] }]);
    expect(formatTreeLinks(tree)).toBe(text);
  });

  test("named resources stand beside the tree", () => {
    const text = '</>;rt="oma.lwm2m",</3/0>,</led/1>;rt="5850";obs';
    const tree = parse(text);
    expect(tree.isTyped).toBe(true);
    expect(tree.others.map(({ uri }) => uri)).toEqual(["/led/1"]);
    expect(formatTreeLinks(tree)).toBe(text);
  });

  test("a figure of the specification lacks a comma and is refused", () => {
    expect(parseTreeLinks("</1/1>,</1/2>,</2/0></2/1>,</3/0>")).toMatchObject({
      fault: "coap/link-separator",
    });
  });

  test("no text makes it throw, and what is read is written", () => {
    const id = fc.integer({ min: 0, max: 65535 });
    const link = fc
      .tuple(fc.array(id, { maxLength: 5 }), fc.constantFrom("", ";ver=1.1", ";pmin=3", ";ct=5"))
      .map(([path, attribute]) => `<${formatPath(path)}>${attribute}`);
    const list = fc.array(link, { maxLength: 4 }).map((links) => links.join());
    fc.assert(
      fc.property(fc.oneof(fc.string(), list), (text) => {
        const tree = parseTreeLinks(text);
        if (isMalformed(tree)) return;
        expect(parseTreeLinks(formatTreeLinks(tree))).toEqual(tree);
      }),
    );
  });
});
