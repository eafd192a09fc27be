/** Every data type through every format, as a server writes and reads them. */
import { expect, test } from "vitest";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import { LWM2M_JSON } from "../../../../../protocol/coap/content-formats.ts";
import { isMalformed } from "../../../../../protocol/malformed.ts";
import {
  BOOLEAN,
  CORELNK,
  type Entry,
  FLOAT,
  INTEGER,
  OBJLNK,
  OPAQUE,
  READ,
  STRING,
  TIME,
  TYPE_MASK,
  UNSIGNED,
  type Value,
  WRITE,
} from "../../../../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../../../../protocol/model/object-definition.ts";
import { formatPath } from "../../../../../protocol/model/path.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { proves } from "../../../../support/proves.ts";

const ACCESS = READ | WRITE;

const WIDGET: ObjectDefinition = {
  id: 1000,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: [
    0, STRING | ACCESS,
    1, INTEGER | ACCESS,
    2, UNSIGNED | ACCESS,
    3, FLOAT | ACCESS,
    4, BOOLEAN | ACCESS,
    5, OPAQUE | ACCESS,
    6, TIME | ACCESS,
    7, OBJLNK | ACCESS,
    8, CORELNK | ACCESS,
  ],
};

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

const VALUES: readonly (readonly [type: string, id: number, value: Value])[] = [
  ["text", 0, "Grüße, 日本"],
  ["an integer", 1, -40],
  ["the least integer", 1, bytes("8000000000000000")],
  ["2^53 + 1, which a float has not", 1, bytes("0020000000000001")],
  ["an unsigned integer", 2, 4294967295],
  ["the largest unsigned integer", 2, bytes("ffffffffffffffff")],
  ["a float that needs 8 bytes", 3, 0.1],
  ["a boolean", 4, true],
  ["bytes", 5, bytes("00ff7f80")],
  ["a time", 6, 4102444800],
  ["an object link", 7, { objectId: 1000, objectInstanceId: 0 }],
  ["a link", 8, "</1000/0>"],
];

const READABLE = ALL_CODECS.filter(({ format }) => format !== LWM2M_JSON);

test.each(
  VALUES,
)("LwM2M Core 1.2.2 §C: %s at /1000/0/%i is written in each format, and read in each the same", (_type, id, value) => {
  proves("device", "data-types", "text", "opaque", "tlv", "cbor", "senml-json", "senml-cbor");
  proves("device", "lwm2m-cbor");
  const path = [1000, 0, id];
  const type = WIDGET.resources[2 * id + 1] & TYPE_MASK;
  const entry: Entry = { path, type, value };
  const used: number[] = [];
  for (const { format, encode } of READABLE) {
    const payload = encode(path, [entry]);
    if (payload === undefined) continue;
    used.push(format);
    const widget = new LwM2mObject(WIDGET);
    widget.create(0, {});
    const pair = new AgentPair({ version: "1.2", objects: [widget], codecs: ALL_CODECS });
    const { server } = pair.started();
    expect([format, server.write(formatPath(path), payload, format).code]).toEqual([
      format,
      "2.04",
    ]);
    expect([format, widget.get(0, id)]).toEqual([format, value]);
    for (const codec of READABLE) {
      const answer = server.read(formatPath(path), { accept: codec.format });
      if (codec.encode(path, [entry]) === undefined) expect(answer.code).toBe("4.06");
      else {
        const read = codec.decode(answer.payload, path, () => WIDGET);
        if (isMalformed(read)) expect.fail(`${codec.format}: ${read.fault}`);
        expect([codec.format, read]).toEqual([codec.format, [entry]]);
      }
    }
  }
  // But bytes, which alone of all are also application/octet-stream.
  expect(used).toHaveLength(type === OPAQUE ? READABLE.length : READABLE.length - 1);
});
