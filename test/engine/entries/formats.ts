/**
 * The formats and messages of LwM2M 1.2 and of 1.0 alone, on payloads that specifications print and on bytes that are none. Where a
 * fault is does matter; its words are not on a board.
 */
import type { Option } from "../../../protocol/coap/options.ts";
import {
  BlockSet,
  decodeMissingBlocks,
  encodeMissingBlocks,
} from "../../../protocol/coap/q-block.ts";
import { encodeStreamMessage, StreamDecoder } from "../../../protocol/coap/stream-framing.ts";
import type { ContentCodec, PathsCodec } from "../../../protocol/content/content-codec.ts";
import { LWM2M_CBOR_CODEC } from "../../../protocol/content/lwm2m-cbor.ts";
import { LWM2M_JSON_CODEC } from "../../../protocol/content/lwm2m-json.ts";
import {
  SENML_ETCH_CBOR_CODEC,
  SENML_ETCH_CBOR_PATHS,
} from "../../../protocol/content/senml-cbor-etch.ts";
import {
  SENML_ETCH_JSON_CODEC,
  SENML_ETCH_JSON_PATHS,
} from "../../../protocol/content/senml-json-etch.ts";
import { bootstrapQuery, parseBootstrapQuery } from "../../../protocol/lwm2m/bootstrap.ts";
import { formatProfileIds, parseProfileIds } from "../../../protocol/lwm2m/profile-id.ts";
import { formatTreeLinks, parseTreeLinks } from "../../../protocol/lwm2m/tree-links.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import {
  ATTRIBUTE_NAMES_1_2,
  attributeQueries,
  inheritAttributes,
  NO_ATTRIBUTES,
  NUMERIC_VALUE,
  writeAttributes,
} from "../../../protocol/model/attributes.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { DEVICE } from "../../../protocol/model/objects/device.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { formatPath } from "../../../protocol/model/path.ts";

declare function print(line: string): void;

const definitionOf = (objectId: number) => (objectId === DEVICE.id ? DEVICE : undefined);

function hex(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += (bytes[i] < 16 ? "0" : "") + bytes[i].toString(16);
  return text;
}

function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.substring(2 * i, 2 * i + 2), 16);
  return bytes;
}

function fromText(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function show(value: Value | undefined): string {
  if (value === undefined) return "nothing";
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value === "object") return `${value.objectId}:${value.objectInstanceId}`;
  return String(value);
}

/** Decodes, then encodes what that gave. */
function bothWays(codec: ContentCodec, base: Path, payload: Uint8Array, prefix?: string): void {
  const entries = codec.decode(payload, base, definitionOf, prefix);
  if (isMalformed(entries)) {
    print(`${codec.format} refused at ${entries.at}`);
    return;
  }
  for (const { path, type, value, time } of entries) {
    print(
      `${codec.format} ${formatPath(path)} ${type} ${show(value)} ${time === undefined ? "" : time}`,
    );
  }
  const again = codec.encode(base, entries, prefix);
  print(`${codec.format} ${again === undefined ? "cannot" : hex(again)}`);
}

function pathsBothWays(codec: PathsCodec, payload: Uint8Array, prefix?: string): void {
  const paths = codec.decode(payload, prefix);
  if (isMalformed(paths)) print(`${codec.format} refused at ${paths.at}`);
  else print(`${codec.format} ${hex(codec.encode(paths, prefix))}`);
}

print("# LwM2M CBOR");
const TREES = [
  "a1820300ad00744f70656e204d6f62696c6520416c6c69616e636501764c69676874776569676874204d324d20436c69656e7402693334353030303132330363312e3006a20001010507a200190ed80119138808a200187d011903840918640a0f0ba100000d1a5182428f0e662b30323a3030106155",
  "a103a100a2091864a06155",
  "bf03bf00bf091864ffffff",
  "a18303000dc074323031332d30352d30325431303a34303a31355a",
  "a183030004f6",
  "a183030006a0",
  "a2830300090583030009",
  "a3830300090583030008a0830300090 6".split(" ").join(""),
  "",
  "a1",
  "ff",
];
for (const tree of TREES) bothWays(LWM2M_CBOR_CODEC, [3], fromHex(tree));
bothWays(
  LWM2M_CBOR_CODEC,
  [3, 0],
  fromHex("a1836364303103 00a2006141091864".split(" ").join("")),
  "/d01",
);

print("# JSON of LwM2M 1.0");
const TEXTS = [
  '{"bn":"/3/0/","e":[{"n":"0","sv":"Open"},{"n":"6/0","v":1},{"n":"13","v":1367491215}]}',
  '{"bn":"/3/0/9","e":[{"v":22,"t":-30},{"v":24,"t":-5}],"bt":25462634}',
  '{"e":[{"n":"9","v":5}]}',
  '{"e":[{"n":"9","v":5},{"n":"9","v":6}]}',
  "{}",
  '{"e":[',
];
for (const text of TEXTS) bothWays(LWM2M_JSON_CODEC, [3, 0], fromText(text));

print("# SenML for composites");
bothWays(
  SENML_ETCH_JSON_CODEC,
  [],
  fromText('[{"bn":"/3/0/","n":"6/1","v":null},{"n":"9","v":1}]'),
);
bothWays(
  SENML_ETCH_CBOR_CODEC,
  [],
  fromHex("82a221662f332f302f36006231 6102f6".split(" ").join("")),
);
bothWays(SENML_ETCH_CBOR_CODEC, [], fromHex("81a200682f332f302f362f3102f6"));
pathsBothWays(SENML_ETCH_JSON_PATHS, fromText('[{"bn":"/4/0/","n":"0"},{"n":"1"},{"bn":"/6/"}]'));
pathsBothWays(SENML_ETCH_JSON_PATHS, fromText('[{"n":"/lwm2m"},{"n":"/lwm2m/3"}]'), "/lwm2m");
pathsBothWays(SENML_ETCH_JSON_PATHS, fromText('[{"n":"/3","v":1}]'));
pathsBothWays(SENML_ETCH_CBOR_PATHS, fromHex("82a100642f332f30a100612f"));

print("# attributes, links, queries");
const set = writeAttributes(
  NO_ATTRIBUTES,
  ["pmin=1", "lt=-2.5", "gt=9", "st=0.5", "epmax=7", "con=1", "hqmax=3"],
  ATTRIBUTE_NAMES_1_2,
  NUMERIC_VALUE,
);
if (!isMalformed(set)) {
  print(attributeQueries(set).join(" "));
  print(attributeQueries(inheritAttributes(set, { pmin: 5 })).join(" "));
}
const LISTS = [
  '</>;lwm2m=1.2,</0/0>;ssid=101;uri="coaps://a.example",</0/1/>',
  "</3/0/7>;dim=2;pmin=10;gt=50;lt=42.2, </3/0/7/1>;lt=45",
  '</lwm2m>;rt="oma.lwm2m";ct="60 110",</lwm2m/3>;ver=1.2,</led>;obs',
  "</3/0",
];
for (const list of LISTS) {
  const tree = parseTreeLinks(list);
  print(isMalformed(tree) ? "refused" : formatTreeLinks(tree));
}
const asked = parseBootstrapQuery(["ep=a", "pct=112", "acc=</0/2>,</21/0>"]);
print(isMalformed(asked) ? "refused" : bootstrapQuery(asked).join("&"));
for (const text of ['"v:Base,6:1234abcd"', "6:1"]) {
  const ids = parseProfileIds(text);
  print(isMalformed(ids) ? "refused" : formatProfileIds(ids));
}

print("# streams and blocks");
const decoder = new StreamDecoder(1152, 8);
const options: Option[] = [{ number: 11, value: fromText("rd") }];
const message = { code: 2, token: fromHex("7f"), options: options, payload: new Uint8Array(300) };
decoder.push(encodeStreamMessage(message));
decoder.push(fromHex("01437f0f"));
for (let next = decoder.poll(); next !== undefined; next = decoder.poll()) {
  if (isMalformed(next)) {
    print("refused");
    break;
  }
  print(`${next.code} ${hex(next.token)} ${next.options.length} ${next.payload.length}`);
}
const missing = encodeMissingBlocks([1, 24, 300, 70000], 20);
const numbers = decodeMissingBlocks(missing, 100000);
print(`${hex(missing)} ${isMalformed(numbers) ? "refused" : numbers.join(" ")}`);
const blocks = new BlockSet(100);
for (const number of [9, 0, 3, 9]) blocks.add(number);
print(`${blocks.size} ${blocks.end} ${blocks.missing(blocks.end, 4).join(" ")}`);
