/**
 * Nested lists of numbers, texts, flags and bytes as CBOR (RFC 8949): what records that outlive a reboot are made of. Decoding is total
 * and bounded; what the lists mean is for their reader to check.
 */
import { writer } from "../../../protocol/bytes/writer.ts";
import {
  ARRAY,
  CborReader,
  NULL,
  writeHead,
  writeValue,
} from "../../../protocol/content/cbor-items.ts";
import { BOOLEAN, FLOAT, INTEGER, OPAQUE, STRING } from "../../../protocol/model/data-types.ts";

export type Item = number | string | boolean | Uint8Array | undefined | readonly Item[];

const MAX_DEPTH = 8;
const MAX_ITEMS = 8192;

/** @returns bytes of the caller's own */
export function encodeItem(item: Item): Uint8Array {
  writer.clear();
  write(item);
  return writer.finish();
}

function write(item: Item): void {
  if (item === undefined) writer.byte(NULL);
  else if (item instanceof Uint8Array) writeValue(OPAQUE, item);
  else if (Array.isArray(item)) {
    for (let i = item.length - 1; i >= 0; i--) write(item[i] as Item);
    writeHead(ARRAY, item.length);
  } else writeValue(typeOf(item as number | string | boolean), item as number | string | boolean);
}

function typeOf(item: number | string | boolean): number {
  if (typeof item === "string") return STRING;
  if (typeof item === "boolean") return BOOLEAN;
  return Math.floor(item) === item && Math.abs(item) < 9007199254740992 ? INTEGER : FLOAT;
}

/** The one item that the bytes hold; a list with `fault` true when they hold anything else. */
export function decodeItem(bytes: Uint8Array): { item: Item; fault: boolean } {
  const reading = { reader: new CborReader(bytes), left: MAX_ITEMS, fault: false };
  const item = read(reading, 0);
  const fault = reading.fault || reading.reader.at !== bytes.length;
  return { item: fault ? undefined : item, fault: fault };
}

function read(
  reading: { readonly reader: CborReader; left: number; fault: boolean },
  depth: number,
): Item {
  const { reader } = reading;
  reading.left--;
  reading.fault = reading.fault || depth > MAX_DEPTH || reading.left < 0;
  if (reading.fault || reader.takesNull()) return undefined;
  const at = reader.at;
  if (reader.head() && reader.major === ARRAY) {
    const count = reader.argument;
    const items: Item[] = [];
    reading.fault = count < 0 || count > reading.left;
    for (let i = 0; i < count && !reading.fault; i++) items.push(read(reading, depth + 1));
    return items;
  }
  reader.at = at;
  if (!reader.scalar()) reading.fault = true;
  // The bytes of a scalar may be a view of the record.
  const value = reader.value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (typeof value === "object") reading.fault = true;
  return reading.fault ? undefined : (value as number | string | boolean);
}
