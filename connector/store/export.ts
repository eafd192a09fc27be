/**
 * The rows of a store as lines of JSON, for another machine, another version or a look inside.
 *
 *   {"dormouse":"store","version":1,"schema":2,"rows":1234,"exportedAt":"..."}
 *   {"table":"access-keys","key":"...","value":{...}}        one for each row
 *   {"end":true,"crc32":"89abcdef"}                          of all bytes before this line
 *
 * Bytes are `{"$bytes":"base64"}`, numbers that JSON has not are `{"$number":"NaN"}`, and an object one of whose names begins with `$`
 * is `{"$object":{...}}`.
 */
import { crc32 } from "node:zlib";
import type { Snapshot } from "./snapshot.ts";

const VERSION = 1;

/** What an export holds. */
export interface Exported {
  readonly schema: number;
  readonly rows: readonly (readonly [table: string, key: string, value: unknown])[];
}

/** The lines of an export, each with its line feed. */
export function* exportLines(snapshot: Snapshot, exportedAt: Date): Generator<string> {
  let rows = 0;
  for (const table of snapshot.tables.all()) rows += table.size;
  let checksum = 0;
  const line = (content: object) => {
    const text = `${JSON.stringify(content)}\n`;
    checksum = crc32(text, checksum);
    return text;
  };
  const { schema } = snapshot;
  const header = { dormouse: "store", version: VERSION, schema, rows };
  yield line({ ...header, exportedAt: exportedAt.toISOString() });
  for (const table of snapshot.tables.all()) {
    for (const [key, value] of table.entries()) {
      yield line({ table: table.name, key, value: toJson(value) });
    }
  }
  yield `${JSON.stringify({ end: true, crc32: hex(checksum) })}\n`;
}

/**
 * Reads an export, all of it before anything is made of it.
 *
 * @param newestSchema the schema that this version knows
 * @throws Error with code `store/bad-export`; its message names the line and what was expected
 */
export function parseExport(text: string, newestSchema: number): Exported {
  const lines = text.split("\n");
  if (lines.pop() !== "")
    throw bad(lines.length + 1, "is cut off: the file must end with a line feed");
  const header = parsed(lines, 0) as Record<string, unknown>;
  const { dormouse, version, schema, rows: promised } = header;
  if (dormouse !== "store" || version !== VERSION || typeof schema !== "number") {
    throw bad(1, `is not the header of an export of version ${VERSION}`);
  }
  if (schema > newestSchema) {
    throw bad(1, `says schema ${schema}, and this version of Dormouse knows up to ${newestSchema}`);
  }
  const body = text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1);
  const last = lines.length - 1;
  const { end, crc32: expected } = parsed(lines, last) as Record<string, unknown>;
  if (end !== true) throw bad(lines.length, "is not the end of an export: the file is cut off");
  if (expected !== hex(crc32(body)))
    throw bad(lines.length, "has another checksum: the file was changed");
  const rows: [string, string, unknown][] = [];
  for (let i = 1; i < last; i++) rows.push(rowOf(lines, i));
  if (rows.length !== promised) {
    throw bad(1, `promises ${promised} rows, and there are ${rows.length}`);
  }
  return { schema, rows };
}

function rowOf(lines: readonly string[], at: number): [string, string, unknown] {
  const { table, key, value } = parsed(lines, at) as Record<string, unknown>;
  if (typeof table !== "string" || typeof key !== "string" || value === undefined) {
    throw bad(at + 1, "is no row: it must have a table, a key and a value");
  }
  try {
    return [table, key, fromJson(value)];
  } catch {
    throw bad(at + 1, "has a value that cannot be read");
  }
}

function parsed(lines: readonly string[], at: number): unknown {
  try {
    return Object(JSON.parse(lines[at]));
  } catch {
    throw bad(at + 1, "is not JSON");
  }
}

function bad(line: number, reason: string): Error {
  const message = `Line ${line} of the export ${reason}. Nothing was imported.`;
  return Object.assign(new Error(message), { code: "store/bad-export" });
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}

function toJson(value: unknown): unknown {
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { $number: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map((one) => (one === undefined ? null : toJson(one)));
  const members = Object.entries(value).map(([name, member]) => [name, toJson(member)] as const);
  const object = Object.fromEntries(members);
  return members.some(([name]) => name.startsWith("$")) ? { $object: object } : object;
}

function fromJson(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(fromJson);
  const { $bytes, $number, $object } = value as Record<string, unknown>;
  if (typeof $bytes === "string") return new Uint8Array(Buffer.from($bytes, "base64"));
  if (typeof $number === "string") return Number($number);
  const members = Object.entries(Object($object ?? value));
  return Object.fromEntries(members.map(([name, member]) => [name, fromJson(member)]));
}
