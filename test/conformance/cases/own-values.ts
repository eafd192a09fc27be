/** Values of every data type at the ends of what they can be, in every format; and times, past and to come. */
import { BAD_REQUEST, CHANGED, PUT } from "../../../protocol/coap/codes.ts";
import { CBOR, LWM2M_CBOR, OCTET_STREAM, TEXT } from "../../../protocol/coap/content-formats.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { type Answer, type Bench, was } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { type BaseConfiguration, C_3, C_6 } from "../configurations.ts";
import {
  bytesOf,
  encodeValues,
  formatName,
  formatValue,
  ONE_VALUE_FORMATS,
  TREE_FORMATS,
} from "../content.ts";

const CLAUSES = ["LwM2M Core 1.2.2 §C", "LwM2M Core 1.2.2 §7.5"];
/** The test object, with nothing in it that the case does not write. */
const TYPES: BaseConfiguration = {
  ...C_3,
  name: "C.3 with the test object of LwM2M 1.1",
  objects: { ...C_3.objects, 3442: { 0: {} } },
};

type Kind =
  | "string"
  | "integer"
  | "unsigned"
  | "float"
  | "boolean"
  | "opaque"
  | "time"
  | "objlnk"
  | "corelnk";

const link = (objectId: number, objectInstanceId: number): Value => ({
  objectId,
  objectInstanceId,
});

/** By the resource of each type what is written there. */
const VALUES: readonly (readonly [kind: Kind, path: string, values: readonly Value[]])[] = [
  ["string", "/3442/0/110", ["", "a", 'a"b\\c/\n\t', "äöü€", "\u{1F400}", " x ", "null", "0"]],
  [
    "integer",
    "/3442/0/120",
    [
      ...[0, 1, -1, 23, 24, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769],
      ...[65535, 65536, 2147483647, 2147483648, -2147483648, -2147483649, 4294967295, 4294967296],
      ...[9007199254740991, -9007199254740991],
      bytesOf("7F FF FF FF FF FF FF FF"),
      bytesOf("80 00 00 00 00 00 00 00"),
    ],
  ],
  [
    "unsigned",
    "/3442/0/125",
    [
      ...[0, 127, 128, 255, 256, 65535, 65536, 2147483648, 4294967295, 4294967296],
      bytesOf("FF FF FF FF FF FF FF FF"),
    ],
  ],
  ["float", "/3442/0/130", [0, 1, -1, 0.5, -0.25, 0.1, 3.25, 1e-7, 1.5e20, -2.5e-20]],
  ["boolean", "/3442/0/140", [true, false]],
  ["opaque", "/3442/0/150", [bytesOf(""), bytesOf("00"), bytesOf("FF FE 80 22 5C")]],
  ["time", "/3442/0/160", [0, 1, 1367491215, 2147483647, 2147483648, 4294967296, 253402300799]],
  ["objlnk", "/3442/0/170", [link(3, 0), link(65535, 65535), link(3, 65535)]],
  ["corelnk", "/3442/0/180", ["</3/0>", '</1>;ver="1.1",</3/0>;pmin=5']],
];

/** What small devices may have no room for. */
const LONG: readonly (readonly [path: string, value: Value])[] = [
  ["/3442/0/110", "0123456789abcdef".repeat(16)],
  ["/3442/0/150", Uint8Array.from({ length: 256 }, (_, i) => i)],
];

const NUMBERS = "/3442/0/1120";
const INSTANCES: Readonly<Record<string, Value>> = {
  [`${NUMBERS}/0`]: 0,
  [`${NUMBERS}/1`]: -129,
  [`${NUMBERS}/255`]: 255,
  [`${NUMBERS}/256`]: 65536,
  [`${NUMBERS}/65534`]: 4294967296,
};

/** 2013-05-02T10:40:15Z: as a number with tag 1, as a text with tag 0; and where LwM2M CBOR says of what. */
const TAGGED = 1367491215;
const TAGS: readonly (readonly [format: number, payload: Uint8Array])[] = [
  [CBOR, bytesOf("C1 1A 51 82 42 8F")],
  [CBOR, bytesOf("C0 74 32 30 31 33 2D 30 35 2D 30 32 54 31 30 3A 34 30 3A 31 35 5A")],
  [LWM2M_CBOR, bytesOf("A1 83 19 0D 72 00 18 A0 C1 1A 51 82 42 8F")],
  [
    LWM2M_CBOR,
    bytesOf(
      "A1 83 19 0D 72 00 18 A0 C0 74 32 30 31 33 2D 30 35 2D 30 32 54 31 30 3A 34 30 3A 31 35 5A",
    ),
  ],
];

/** Formats that the client claims and that one value of this type can be in. */
const formatsFor = ({ formats }: Bench, isOpaque: boolean) =>
  formats.filter((format) =>
    format === OCTET_STREAM
      ? isOpaque
      : TREE_FORMATS.includes(format) || ONE_VALUE_FORMATS.includes(format),
  );

const KEPT = clientCase({
  id: "dormouse-values-kept",
  title: "Values of every type are read as they were written, in every format",
  versions: ["1.1", "1.2"],
  clauses: CLAUSES,
  configuration: TYPES,
  begins: "registered",
  needs: { oneOfFormats: TREE_FORMATS },
  criteria: {
    string: "texts, empty, of other scripts and of what other formats have to escape",
    integer: "integers at both sides of 8, 16, 32 and 64 bits",
    unsigned: "so are unsigned integers",
    float: "floats, as exactly as four bytes hold them",
    boolean: "booleans",
    opaque: "bytes, also none",
    time: "times, from 1970 to 9999",
    objlnk: "links to an object, to an instance and to nothing",
    corelnk: "links with attributes",
    instances: "several resource instances, whatever their ids",
    long: "256 bytes are read as they were written, or refused",
    tagged: "a time with a tag of CBOR is taken for what it is, or refused",
  },
  async procedure(bench) {
    for (const [kind, path, values] of VALUES) {
      for (const format of formatsFor(bench, kind === "opaque")) {
        for (const value of values) {
          await expectKept(bench, kind, format, path, value);
        }
      }
    }
    for (const format of bench.formats.filter((one) => TREE_FORMATS.includes(one))) {
      const payload = encodeValues(format, NUMBERS, INSTANCES);
      const write = await bench.ask({ method: PUT, path: NUMBERS, format, payload });
      bench.expectCode("instances", write, CHANGED);
      const values = bench.expectValues("instances", await bench.read(NUMBERS, format), INSTANCES);
      const isAll = values.size === Object.keys(INSTANCES).length;
      bench.expect("instances", isAll, `there are ${values.size} instances`);
    }
    for (const [path, value] of LONG) {
      for (const format of formatsFor(bench, value instanceof Uint8Array)) {
        await expectKeptOrRefused(bench, "long", format, path, value);
      }
    }
    const tags = TAGS.filter(([format]) => bench.formats.includes(format));
    for (const [format, payload] of tags) {
      const path = "/3442/0/160";
      const back = await bench.put(path, TEXT, "5");
      bench.given(back.code === CHANGED, `${was(back)}, not by 2.04`);
      const write = await bench.ask({ method: PUT, path, format, payload });
      await expectTime(bench, "tagged", write, path, write.code === CHANGED ? TAGGED : 5);
    }
    if (tags.length === 0) bench.expect("tagged", true, "");
  },
});

async function expectKept<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  format: number,
  path: string,
  value: Value,
): Promise<void> {
  const payload = encodeValues(format, path, { [path]: value });
  const write = await bench.ask({ method: PUT, path, format, payload });
  const why = `${was(write)} with ${formatValue(value)} in ${formatName(format)}, not by 2.04`;
  bench.expect(criterion, write.code === CHANGED, why);
  bench.expectValues(criterion, await bench.read(path, format), { [path]: value }, format);
}

async function expectKeptOrRefused<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  format: number,
  path: string,
  value: Value,
): Promise<void> {
  const payload = encodeValues(format, path, { [path]: value });
  const write = await bench.ask({ method: PUT, path, format, payload });
  if (write.code === CHANGED) {
    bench.expectValues(criterion, await bench.read(path, format), { [path]: value });
  } else bench.expect(criterion, write.code >> 5 >= 4, was(write));
}

/** What is there is this time, or up to some seconds later where it is a clock. */
async function expectTime<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  write: Answer,
  path: string,
  time: number,
  later = 0,
): Promise<void> {
  bench.expect(criterion, write.code === CHANGED || write.code === BAD_REQUEST, was(write));
  const read = await bench.read(path, TEXT);
  const is = Number(new TextDecoder().decode(read.payload));
  const why = `${was(write)}, and ${path} is ${is} then, not ${time}`;
  bench.expect(criterion, is >= time && is <= time + later, why);
}

const CLOCK_PATH = "/3/0/13";
const SET = [946684800, 1700000000, 2000000000];
/** Before any device was made, and beyond 31 and 32 bits. */
const STRANGE = [0, 1, 2147483648, 4294967295, 4294967296, 253402300799];
/** Ten seconds later it needs a bit more. */
const LAST_BUT_FIVE = 2147483642;

const CLOCK = clientCase({
  id: "dormouse-values-clock",
  title: "The clock takes times in every format, and goes on from them",
  versions: ["1.0", "1.1", "1.2"],
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §E.4"],
  configuration: C_6,
  begins: "registered",
  needs: { resources: [CLOCK_PATH], oneOfFormats: TREE_FORMATS },
  criteria: {
    set: "a time of this century is taken in each format, and read as it is",
    strange: "one long ago or far ahead is taken or answered by 4.00, and never becomes another",
    runs: "ten seconds later it is ten seconds later, also over the end of 31 bits",
  },
  async procedure(bench) {
    const later = Math.ceil(bench.client.tolerance / SECOND) + 1;
    const set = (format: number, time: number) =>
      bench.put(CLOCK_PATH, format, encodeValues(format, CLOCK_PATH, { [CLOCK_PATH]: time }));
    for (const format of formatsFor(bench, false)) {
      for (const time of SET) {
        const write = await set(format, time);
        bench.expectCode("set", write, CHANGED);
        await expectTime(bench, "set", write, CLOCK_PATH, time, later);
      }
      for (const time of STRANGE) {
        const usual = SET[0];
        const back = await set(TEXT, usual);
        bench.given(back.code === CHANGED, `${was(back)}, not by 2.04`);
        const write = await set(format, time);
        const wanted = write.code === CHANGED ? time : usual;
        await expectTime(bench, "strange", write, CLOCK_PATH, wanted, later);
      }
    }
    for (const time of [...SET, LAST_BUT_FIVE]) {
      const write = await set(TEXT, time);
      if (write.code === BAD_REQUEST && time === LAST_BUT_FIVE) continue;
      await bench.wait(10 * SECOND);
      await expectTime(bench, "runs", write, CLOCK_PATH, time + 10, later);
    }
  },
});

export const OWN_VALUE_CASES: readonly ConformanceCase[] = [KEPT, CLOCK];
