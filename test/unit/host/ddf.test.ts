import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadDdf, MAX_DDF_BYTES, parseDdf } from "../../../host/ddf.ts";
import {
  EXECUTE,
  FLOAT,
  INTEGER,
  MANDATORY,
  MULTIPLE,
  NONE,
  READ,
  UNSIGNED,
  WRITE,
} from "../../../protocol/model/data-types.ts";

const KETTLE = `<?xml version="1.0" encoding="UTF-8"?>
<!-- A kettle, for these tests only. -->
<LWM2M>
  <Object ObjectType="MODefinition">
    <Name>Kettle &amp; Co</Name>
    <Description1><![CDATA[Boils <water>.]]></Description1>
    <ObjectID>33000</ObjectID>
    <ObjectURN>urn:oma:lwm2m:x:33000:1.2</ObjectURN>
    <ObjectVersion>1.2</ObjectVersion>
    <MultipleInstances>Multiple</MultipleInstances>
    <Mandatory>Optional</Mandatory>
    <Resources>
      <Item ID="5">
        <Name>Boil</Name>
        <Operations>E</Operations>
        <MultipleInstances>Single</MultipleInstances>
        <Mandatory>Optional</Mandatory>
        <Type></Type>
        <Units></Units>
      </Item>
      <Item ID="1">
        <Name>Water Temperature</Name>
        <Operations>R</Operations>
        <MultipleInstances>Single</MultipleInstances>
        <Mandatory>Mandatory</Mandatory>
        <Type>Float</Type>
        <Units>Cel</Units>
      </Item>
      <Item ID="2">
        <Name>Presets</Name>
        <Operations>RW</Operations>
        <MultipleInstances>Multiple</MultipleInstances>
        <Mandatory>Optional</Mandatory>
        <Type>Unsigned Integer</Type>
      </Item>
      <Item ID="3">
        <Name>Secret</Name>
        <Operations></Operations>
        <MultipleInstances>Single</MultipleInstances>
        <Mandatory>Optional</Mandatory>
        <Type>Integer</Type>
      </Item>
    </Resources>
  </Object>
</LWM2M>`;

const withResources = (resources: string) =>
  KETTLE.replace(
    KETTLE.slice(KETTLE.indexOf("<Resources>"), KETTLE.indexOf("</Object>")),
    resources,
  );

const parse = (xml: string) => parseDdf(xml, "kettle.xml");

describe("object definitions in XML", () => {
  test("a file gives a definition and names", () => {
    const [{ definition, names }] = parse(KETTLE);
    expect(definition).toEqual({
      id: 33000,
      version: "1.2",
      multiple: true,
      mandatory: false,
      resources: Uint16Array.from([
        1,
        FLOAT | READ | MANDATORY,
        2,
        UNSIGNED | READ | WRITE | MULTIPLE,
        3,
        INTEGER,
        5,
        NONE | EXECUTE,
      ]),
    });
    expect(names.name).toBe("Kettle & Co");
    expect(names.resources.get(1)).toEqual({ name: "Water Temperature", units: "Cel" });
    expect(names.resources.get(2)).toEqual({ name: "Presets", units: "" });
  });

  test("an object without a version has 1.0", () => {
    const [{ definition }] = parse(KETTLE.replace(/<ObjectVersion>.*<\/ObjectVersion>/, ""));
    expect(definition.version).toBe("1.0");
  });

  test("several objects may stand in one file", () => {
    const object = KETTLE.slice(KETTLE.indexOf("<Object "), KETTLE.indexOf("</LWM2M>"));
    const second = object.replace("33000<", "33001<");
    const objects = parse(`<LWM2M>${object}${second}</LWM2M>`);
    expect(objects.map(({ definition }) => definition.id)).toEqual([33000, 33001]);
  });

  test("a file is loaded from disk", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ddf-"));
    const path = join(folder, "kettle.xml");
    await writeFile(path, KETTLE);
    expect(await loadDdf(path)).toEqual(parse(KETTLE));
    const large = join(folder, "large.xml");
    await writeFile(large, " ".repeat(MAX_DDF_BYTES + 1));
    await expect(loadDdf(large)).rejects.toThrow(/longer than/);
    await expect(loadDdf(join(folder, "teapot.xml"))).rejects.toMatchObject({ code: "ENOENT" });
    await rm(folder, { recursive: true });
  });

  const bomb =
    '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><LWM2M><Object>&b;</Object></LWM2M>';
  const external = '<!DOCTYPE l SYSTEM "file:///etc/passwd"><LWM2M/>';

  test.each([
    ["an entity bomb", bomb, /entities/],
    ["an external entity", external, /entities/],
    ["an endless file", `${KETTLE}${" ".repeat(MAX_DDF_BYTES)}`, /longer than 1048576 bytes/],
    ["a deep file", `<LWM2M>${"<a>".repeat(50)}${"</a>".repeat(50)}</LWM2M>`, /nested/i],
    ["broken XML", "<LWM2M><Object></LWM2M>", /not XML.*line 1/],
    ["no XML", "kettle", /not XML|<LWM2M>/],
    ["nothing", "", /not XML|<LWM2M>/],
    ["another root", "<html></html>", /expected one <LWM2M>/],
    ["no object", "<LWM2M><Name>x</Name></LWM2M>", /expected <Object>/],
    ["an object id in words", KETTLE.replace(">33000<", ">kettle<"), /<ObjectID>.*"kettle"/],
    ["the reserved object id", KETTLE.replace(">33000<", ">65535<"), /0 to 65534.*"65535"/],
    ["a resource id in words", KETTLE.replace('ID="5"', 'ID="five"'), /object 33000: ID of <Item>/],
    ["no resource id", KETTLE.replace(' ID="5"', ""), /ID of <Item>/],
    ["a resource twice", KETTLE.replace('ID="5"', 'ID="1"'), /resource 1: defined twice/],
    [
      "an unknown type",
      KETTLE.replace(">Float<", ">Double<"),
      /resource 1: expected <Type> String/,
    ],
    ["an inherited name as type", KETTLE.replace(">Float<", ">toString<"), /expected <Type>/],
    ["an unknown operation", KETTLE.replace(">RW<", ">RX<"), /resource 2: expected <Operations>/],
    [
      "an unknown occurrence",
      KETTLE.replace(">Multiple<", ">Many<"),
      /expected <MultipleInstances>/,
    ],
    ["an unknown duty", KETTLE.replace(">Optional<", ">Maybe<"), /expected <Mandatory>.*"Maybe"/],
    ["an odd version", KETTLE.replace(">1.2<", ">two<"), /<ObjectVersion> like 1.0, found "two"/],
    ["no resources", withResources(""), /<Resources>/],
    ["empty resources", withResources("<Resources></Resources>"), /<Item>|<Resources>/],
  ])("%s is refused in one line that names the file", (_, xml, reason) => {
    let fault: unknown;
    try {
      parse(xml);
    } catch (error) {
      fault = error;
    }
    expect(fault).toMatchObject({
      code: "DDF",
      message: expect.stringMatching(/^kettle\.xml: .+/),
    });
    expect((fault as Error).message).toMatch(reason);
    expect((fault as Error).message).not.toContain("\n");
  });
});
