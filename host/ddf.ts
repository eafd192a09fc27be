/**
 * Loads object definitions from OMA DDF files, the XML in which the LwM2M registry publishes
 * objects (LwM2M Core 1.1.1 Appendix D).
 *
 * A file comes from outside: it may not declare entities or be large or deep, and whatever is wrong
 * with it becomes one line that names the file and what was expected there.
 */
import { readFile, stat } from "node:fs/promises";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import {
  BOOLEAN,
  CORELNK,
  EXECUTE,
  FLOAT,
  INTEGER,
  MANDATORY,
  MULTIPLE,
  NONE,
  OBJLNK,
  OPAQUE,
  READ,
  STRING,
  TIME,
  UNSIGNED,
  WRITE,
} from "../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../protocol/model/object-definition.ts";
import type { ObjectNames, ResourceNames } from "./object-names.ts";

/** An object as its file describes it: for machines and for humans. */
export interface DescribedObject {
  readonly definition: ObjectDefinition;
  readonly names: ObjectNames;
}

/** The largest file of the registry has 34,000. */
export const MAX_DDF_BYTES = 1024 * 1024;
const MAX_NESTED_TAGS = 12;

const TYPES: ReadonlyMap<string, number> = new Map([
  ["", NONE],
  ["String", STRING],
  ["Integer", INTEGER],
  ["Unsigned Integer", UNSIGNED],
  ["Float", FLOAT],
  ["Boolean", BOOLEAN],
  ["Opaque", OPAQUE],
  ["Time", TIME],
  ["Objlnk", OBJLNK],
  ["Corelnk", CORELNK],
]);

const OPERATIONS: ReadonlyMap<string, number> = new Map([
  ["", 0],
  ["R", READ],
  ["W", WRITE],
  ["RW", READ | WRITE],
  ["E", EXECUTE],
  ["RE", READ | EXECUTE],
  ["WE", WRITE | EXECUTE],
  ["RWE", READ | WRITE | EXECUTE],
]);

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  maxNestedTags: MAX_NESTED_TAGS,
  isArray: (name) => name === "Object" || name === "Item",
});

/** Reads a DDF file. Rejects with what `parseDdf` throws, or with the file system's error. */
export async function loadDdf(path: string): Promise<DescribedObject[]> {
  if ((await stat(path)).size > MAX_DDF_BYTES) throw tooLong(path);
  return parseDdf(await readFile(path, "utf8"), path);
}

/**
 * Reads the objects of a DDF text.
 *
 * @param file how faults name the text
 * @throws Error with `code` "DDF", its message one line: file, place, and what was expected there
 */
export function parseDdf(xml: string, file: string): DescribedObject[] {
  if (xml.length > MAX_DDF_BYTES) throw tooLong(file);
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) {
    throw fault(file, "declares a document type or entities, which object definitions do not need");
  }
  const wellFormed = XMLValidator.validate(xml);
  if (wellFormed !== true) {
    throw fault(file, `not XML: ${wellFormed.err.msg} (line ${wellFormed.err.line})`);
  }
  const root = element(parse(xml, file), "LWM2M", file, "the file");
  const objects = root["Object"];
  if (!Array.isArray(objects)) throw fault(file, "expected <Object> in <LWM2M>");
  return objects.map((object) => describe(object, file));
}

type Element = Readonly<Record<string, unknown>>;

function parse(xml: string, file: string): Element {
  try {
    return parser.parse(xml);
  } catch (error) {
    throw fault(file, error instanceof Error ? error.message : String(error));
  }
}

function describe(object: Element, file: string): DescribedObject {
  const id = idOf(text(object, "ObjectID"), file, "<ObjectID>");
  const place = `object ${id}`;
  const version = text(object, "ObjectVersion") || "1.0";
  if (!/^\d+\.\d+$/.test(version)) {
    throw fault(file, `${place}: expected <ObjectVersion> like 1.0, found "${version}"`);
  }
  const items = element(object, "Resources", file, place)["Item"];
  if (!Array.isArray(items)) throw fault(file, `${place}: expected <Item> in <Resources>`);
  const flags = new Map<number, number>();
  const resources = new Map<number, ResourceNames>();
  for (const item of items) {
    const resourceId = idOf(text(item, "@ID"), file, `${place}: ID of <Item>`);
    const itemPlace = `${place}, resource ${resourceId}`;
    if (flags.has(resourceId)) throw fault(file, `${itemPlace}: defined twice`);
    flags.set(resourceId, flagsOf(item, file, itemPlace));
    resources.set(resourceId, { name: text(item, "Name"), units: text(item, "Units") });
  }
  const ids = [...flags.keys()].sort((a, b) => a - b);
  return {
    definition: {
      id,
      version,
      multiple: oneOf(object, "MultipleInstances", "Multiple", "Single", file, place),
      mandatory: oneOf(object, "Mandatory", "Mandatory", "Optional", file, place),
      resources: Uint16Array.from(ids.flatMap((each) => [each, flags.get(each) ?? 0])),
    },
    names: { name: text(object, "Name"), resources },
  };
}

function flagsOf(item: Element, file: string, place: string): number {
  const operations = OPERATIONS.get(text(item, "Operations").toUpperCase());
  if (operations === undefined) {
    throw fault(file, `${place}: expected <Operations> R, W, RW, E or none`);
  }
  const type = TYPES.get(text(item, "Type"));
  if (type === undefined) {
    throw fault(file, `${place}: expected <Type> ${[...TYPES.keys()].filter(Boolean).join(", ")}`);
  }
  return (
    type |
    operations |
    (oneOf(item, "MultipleInstances", "Multiple", "Single", file, place) ? MULTIPLE : 0) |
    (oneOf(item, "Mandatory", "Mandatory", "Optional", file, place) ? MANDATORY : 0)
  );
}

/** True for the first word, false for the second, a fault for anything else. */
function oneOf(
  parent: Element,
  name: string,
  yes: string,
  no: string,
  file: string,
  place: string,
): boolean {
  const word = text(parent, name);
  if (word !== yes && word !== no) {
    throw fault(file, `${place}: expected <${name}> ${yes} or ${no}, found "${word}"`);
  }
  return word === yes;
}

function element(parent: Element, name: string, file: string, place: string): Element {
  const child = parent[name];
  if (typeof child !== "object" || child === null || Array.isArray(child)) {
    throw fault(file, `expected one <${name}> in ${place}`);
  }
  return child as Element;
}

/**
 * The text of a child or attribute; "" when it is absent. Attributes of the child itself are passed
 * over.
 */
function text(parent: Element, name: string): string {
  const child = parent[name];
  if (typeof child === "string") return child.trim();
  const inner = typeof child === "object" && child !== null ? (child as Element)["#text"] : "";
  return typeof inner === "string" ? inner.trim() : "";
}

/** Ids below 65535, which is reserved (LwM2M Core 1.1.1 §7.3). */
function idOf(digits: string, file: string, place: string): number {
  if (!/^\d{1,5}$/.test(digits) || Number(digits) >= 65535) {
    throw fault(file, `${place}: expected a number from 0 to 65534, found "${digits}"`);
  }
  return Number(digits);
}

function tooLong(file: string): Error {
  return fault(file, `longer than ${MAX_DDF_BYTES} bytes`);
}

function fault(file: string, reason: string): Error {
  return Object.assign(new Error(`${file}: ${reason}`), { code: "DDF" });
}
