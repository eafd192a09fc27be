/** SenML-ETCH, which LwM2M 1.2 has for operations on several paths: lists of paths, and changes that may remove (RFC 8790). */
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  FETCH,
  IPATCH,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  NOT_FOUND,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../protocol/coap/codes.ts";
import {
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
  TEXT,
  TLV,
} from "../../../protocol/coap/content-formats.ts";
import { CONTENT_FORMAT, OBSERVE, uintOf } from "../../../protocol/coap/options.ts";
import {
  SENML_ETCH_CBOR_CODEC,
  SENML_ETCH_CBOR_PATHS,
} from "../../../protocol/content/senml-cbor-etch.ts";
import {
  SENML_ETCH_JSON_CODEC,
  SENML_ETCH_JSON_PATHS,
} from "../../../protocol/content/senml-json-etch.ts";
import { STRING, type Value } from "../../../protocol/model/data-types.ts";
import { type Answer, type Bench, was } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { expectAbsent, PACK_FORMATS } from "../composite.ts";
import { C_12, configuredValues, pathOfText } from "../configurations.ts";
import { bytesOf, decodeValues, formatBytes, formatName } from "../content.ts";
import { NO_SEQUENCE } from "./expectations.ts";

const CLAUSES = ["LwM2M Core 1.2.2 §7.5.6", "RFC 8790 §3"];
const ETCH: readonly number[] = [SENML_ETCH_JSON, SENML_ETCH_CBOR];
/** What a client of LwM2M 1.2 must have one of, when it has composite operations. */
const NEEDS = { features: ["composite"], oneOfFormats: ETCH } as const;
const IDENTITIES = "/16/0/0";

const claimed = ({ formats }: Bench) => formats.filter((format) => ETCH.includes(format));
const isJson = (format: number) => format === SENML_ETCH_JSON;
const utf8 = (text: string) => new TextEncoder().encode(text);

/** One place after the other; null removes what is there. */
type Records = readonly (readonly [path: string, value: string | null])[];

function patch(bench: Bench, format: number, records: Records): Promise<Answer> {
  const entries = records.map(([path, value]) => ({
    path: pathOfText(path),
    type: STRING,
    value: value ?? undefined,
  }));
  const codec = isJson(format) ? SENML_ETCH_JSON_CODEC : SENML_ETCH_CBOR_CODEC;
  const payload = codec.encode([], entries);
  return bench.ask({ method: IPATCH, path: "/", format, payload });
}

function fetchIn(
  bench: Bench,
  format: number,
  paths: readonly string[],
  accept?: number,
): Promise<Answer> {
  const codec = isJson(format) ? SENML_ETCH_JSON_PATHS : SENML_ETCH_CBOR_PATHS;
  const payload = codec.encode(paths.map(pathOfText));
  return bench.ask({ method: FETCH, path: "/", format, accept, payload });
}

/** What comes next to the identities #0 to #3 of the configuration, and what is there then. */
const CHANGES: readonly (readonly [
  criterion: "sets" | "removes" | "sequence",
  records: Records,
  left: Readonly<Record<number, string>>,
])[] = [
  ["sets", [[`${IDENTITIES}/0`, "a"]], { 0: "a", 1: "1", 2: "2" }],
  ["sets", [[`${IDENTITIES}/7`, "new"]], { 0: "0", 1: "1", 2: "2", 7: "new" }],
  ["removes", [[`${IDENTITIES}/1`, null]], { 0: "0", 2: "2" }],
  [
    "removes",
    [
      [`${IDENTITIES}/0`, null],
      [`${IDENTITIES}/2`, null],
      [`${IDENTITIES}/7`, "new"],
    ],
    { 1: "1", 7: "new" },
  ],
  [
    "sequence",
    [
      [`${IDENTITIES}/7`, "first"],
      [`${IDENTITIES}/7`, "last"],
    ],
    { 0: "0", 1: "1", 2: "2", 7: "last" },
  ],
  [
    "sequence",
    [
      [`${IDENTITIES}/1`, null],
      [`${IDENTITIES}/1`, "again"],
    ],
    { 0: "0", 1: "again", 2: "2" },
  ],
  [
    "sequence",
    [
      [`${IDENTITIES}/7`, "new"],
      [`${IDENTITIES}/7`, null],
    ],
    { 0: "0", 1: "1", 2: "2" },
  ],
];

/** What null cannot remove: one that has to be there, one that cannot be written, all of several at once, an instance, nothing. */
const KEPT = ["/1/0/1", "/3/0/11/0", IDENTITIES, "/16/0", "/16"];

const UNKNOWN: Readonly<Record<number, Uint8Array>> = {
  [SENML_ETCH_JSON]: utf8(`[{"n":"${IDENTITIES}/0","vs":"b","foo":[1],"bar_":{"a":null}}]`),
  [SENML_ETCH_CBOR]: bytesOf(
    "81 A4 00 69 2F 31 36 2F 30 2F 30 2F 30 03 61 62 63 66 6F 6F 81 01 64 62 61 72 5F A1 61 61 F6",
  ),
};

const WRITE = clientCase({
  id: "dormouse-etch-write",
  title: "A Write-Composite in SenML-ETCH sets, adds and removes",
  versions: ["1.2"],
  clauses: [...CLAUSES, "RFC 8790 §3.2", "RFC 8790 §5", "LwM2M Core 1.2.2 §6.3.9"],
  configuration: C_12,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    sets: "a text for a resource instance is written, also where there was none; others are kept",
    removes: "null removes a resource instance, alone and beside what is written",
    sequence: "records about the same place count one after the other",
    absent: "what is not there may be removed, by 2.04, or is answered by 4.04",
    kept: "what cannot be removed so is answered by 4.00, 4.04 or 4.05, and is there as before",
    passed: "fields that nobody knows are no error, not even those that end in _",
  },
  async procedure(bench) {
    const usual: Readonly<Record<number, string>> = { 0: "0", 1: "1", 2: "2" };
    for (const format of claimed(bench)) {
      bench.step(`in ${formatName(format)}`);
      for (const [criterion, records, left] of CHANGES) {
        await givenIdentities(bench, usual);
        bench.expectCode(criterion, await patch(bench, format, records), CHANGED);
        await expectIdentities(bench, criterion, left);
      }
      await givenIdentities(bench, usual);
      const absent = await patch(bench, format, [[`${IDENTITIES}/99`, null]]);
      const isDone = absent.code === CHANGED || absent.code === NOT_FOUND;
      bench.expect("absent", isDone, `${was(absent)}, not by 2.04 or 4.04`);
      await expectIdentities(bench, "absent", usual);
      const before = configuredValues(bench.configuration, "/1/0/1");
      for (const path of KEPT) {
        const answer = await patch(bench, format, [[path, null]]);
        const isRefused = [BAD_REQUEST, NOT_FOUND, METHOD_NOT_ALLOWED].includes(answer.code);
        bench.expect("kept", isRefused, `${was(answer)} with null for ${path}`);
        await expectIdentities(bench, "kept", usual);
        bench.expectValues("kept", await bench.read("/1/0/1"), before);
      }
      const payload = UNKNOWN[format];
      const passed = await bench.ask({ method: IPATCH, path: "/", format, payload });
      bench.expectCode("passed", passed, CHANGED);
      await expectIdentities(bench, "passed", { ...usual, 0: "b" });
    }
  },
});

const valuesOf = (identities: Readonly<Record<number, string>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(identities).map(([id, text]) => [`${IDENTITIES}/${id}`, text]));

/** Writes all of them, whatever there was. */
async function givenIdentities(
  bench: Bench,
  identities: Readonly<Record<number, string>>,
): Promise<void> {
  const wanted = valuesOf(identities);
  const read = await bench.read(IDENTITIES);
  const held = decodeValues(read.format, read.payload, IDENTITIES);
  const gone = typeof held === "string" ? [] : [...held.keys()].filter((path) => !(path in wanted));
  const [format] = claimed(bench);
  const records: Records = [
    ...Object.entries(wanted).map(([path, text]) => [path, `${text}`] as const),
    ...gone.map((path) => [path, null] as const),
  ];
  const answer = await patch(bench, format, records);
  bench.given(answer.code === CHANGED, `${was(answer)}, not by 2.04`);
}

async function expectIdentities<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  identities: Readonly<Record<number, string>>,
): Promise<void> {
  const wanted = valuesOf(identities);
  const values = bench.expectValues(criterion, await bench.read(IDENTITIES), wanted);
  const more = [...values.keys()].find((path) => !(path in wanted));
  bench.expect(criterion, more === undefined, `${more} is there as well`);
}

const PATHS = ["/1/0/2", "/16/0"];
const BASES: Readonly<Record<number, Uint8Array>> = {
  [SENML_ETCH_JSON]: utf8('[{"bn":"/1/0/","n":"2"},{"bn":"/16/","n":"0"},{"bn":"/3/0/16"}]'),
  [SENML_ETCH_CBOR]: bytesOf(
    "83 A2 21 65 2F 31 2F 30 2F 00 61 32 A2 21 64 2F 31 36 2F 00 61 30 A1 21 67 2F 33 2F 30 2F 31 36",
  ),
};
/** No name, a value, a field that no list of paths has. */
const REFUSED: Readonly<Record<number, readonly (string | Uint8Array)[]>> = {
  [SENML_ETCH_JSON]: [
    "[{}]",
    '[{"t":1}]',
    '[{"n":"/1/0/2","v":1}]',
    '[{"n":"/1/0/2"},{"n":"/1/0/3","vs":"x"}]',
    '[{"n":"/1/0/2","foo":1}]',
  ],
  [SENML_ETCH_CBOR]: [
    bytesOf("81 A0"),
    bytesOf("81 A1 06 01"),
    bytesOf("81 A2 00 66 2F 31 2F 30 2F 32 02 01"),
    bytesOf("81 A2 00 66 2F 31 2F 30 2F 32 63 66 6F 6F 01"),
  ],
};

const READ = clientCase({
  id: "dormouse-etch-read",
  title: "A Read-Composite of a list of paths in SenML-ETCH",
  versions: ["1.2"],
  clauses: [...CLAUSES, "RFC 8790 §3.1", "LwM2M Core 1.2.2 §6.3.8"],
  configuration: C_12,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    read: "is answered in each format for packs that is asked for, or one of them without Accept",
    bases: "the paths may be spelled with base names, and be base names alone",
    once: "what is asked for twice is told once",
    absent: "what is not there is left out; nothing at all is an empty pack, or 4.04",
    refused: "records without a name or with other fields are answered by 4.00",
    unacceptable: "an Accept of a format that is none of packs is answered by 4.06",
    unstated: "a list in another format, or in none that is said, is answered by 4.15 or 4.00",
  },
  async procedure(bench) {
    const wanted = Object.assign(
      {},
      ...PATHS.map((path) => configuredValues(bench.configuration, path)),
    ) as Record<string, Value>;
    const accepts = bench.formats.filter((format) => PACK_FORMATS.includes(format));
    for (const format of claimed(bench)) {
      bench.step(`in ${formatName(format)}`);
      for (const accept of [undefined, ...accepts]) {
        bench.expectValues("read", await fetchIn(bench, format, PATHS, accept), wanted, accept);
      }
      const ask = (payload: Uint8Array | string) => {
        const bytes = typeof payload === "string" ? utf8(payload) : payload;
        return bench.ask({ method: FETCH, path: "/", format, payload: bytes });
      };
      const mode = configuredValues(bench.configuration, "/3/0/16");
      bench.expectValues("bases", await ask(BASES[format]), { ...wanted, ...mode });
      const once = await fetchIn(bench, format, ["/1/0/2"]);
      const twice = await fetchIn(bench, format, ["/1/0/2", "/1/0/2"]);
      const isSame = formatBytes(once.payload) === formatBytes(twice.payload);
      bench.expect("once", isSame, "/1/0/2 asked for twice is answered otherwise than once");
      await expectAbsentLeftOut(bench, format);
      for (const payload of REFUSED[format]) {
        const answer = await ask(payload);
        const shown = typeof payload === "string" ? payload : payload.join(" ");
        bench.expect("refused", answer.code === BAD_REQUEST, `${was(answer)}: ${shown}`);
      }
      for (const accept of [TEXT, TLV, format]) {
        const answer = await fetchIn(bench, format, PATHS, accept);
        const why = `${was(answer)} when ${formatName(accept)} was asked for`;
        bench.expect("unacceptable", answer.code === NOT_ACCEPTABLE, why);
      }
    }
    const list = utf8('[{"n":"/1/0/2"}]');
    for (const format of [undefined, TEXT, TLV]) {
      const answer = await bench.ask({ method: FETCH, path: "/", format, payload: list });
      const isRefused = [UNSUPPORTED_CONTENT_FORMAT, BAD_REQUEST].includes(answer.code);
      bench.expect("unstated", isRefused, `${was(answer)} in ${formatName(format)}`);
    }
  },
});

async function expectAbsentLeftOut(bench: Bench<"absent">, format: number): Promise<void> {
  const wanted = configuredValues(bench.configuration, "/1/0/2");
  const absent = ["/16/9", "/3/0/9999", "/32000"];
  const some = await fetchIn(bench, format, ["/1/0/2", ...absent]);
  expectAbsent(bench, "absent", some, bench.expectValues("absent", some, wanted), absent);
  const none = await fetchIn(bench, format, absent);
  if (none.code === NOT_FOUND) return;
  const found = bench.expectValues("absent", none, {});
  bench.expect("absent", found.size === 0, `${was(none)} with ${[...found.keys()].join(", ")}`);
}

const REPORT = clientCase({
  id: "dormouse-etch-observe",
  title: "An Observe-Composite of a list of paths in SenML-ETCH",
  versions: ["1.2"],
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §6.4.4", "LwM2M Core 1.2.2 §6.4.5"],
  configuration: C_12,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    observed: "is answered by the values in each format for packs that is asked for",
    notified: "a change is told in the same format, with all values",
    cancelled: "the same list with Observe 1 ends it: a later change is not told",
  },
  async procedure(bench) {
    let round = 0;
    const accepts = bench.formats.filter((format) => PACK_FORMATS.includes(format));
    for (const format of claimed(bench)) {
      for (const accept of [undefined, ...accepts]) {
        const shown = accept === undefined ? "in what it likes" : `in ${formatName(accept)}`;
        bench.step(`in ${formatName(format)}, answered ${shown}`);
        await expectReported(bench, format, accept, `round ${++round}`);
      }
    }
  },
});

async function expectReported(
  bench: Bench<"observed" | "notified" | "cancelled">,
  format: number,
  accept: number | undefined,
  text: string,
): Promise<void> {
  const changing = `${IDENTITIES}/0`;
  const steady = configuredValues(bench.configuration, "/1/0/1");
  const codec = isJson(format) ? SENML_ETCH_JSON_PATHS : SENML_ETCH_CBOR_PATHS;
  const payload = codec.encode(["/1/0/1", changing].map(pathOfText));
  const question = { method: FETCH, path: "/", format, accept, payload };
  const { answer, token, tokenBytes } = await bench.observeBy(question);
  const hasOption = uintOf(answer.options, OBSERVE, NO_SEQUENCE) !== NO_SEQUENCE;
  bench.expect("observed", hasOption, `${was(answer)} without the Observe option`);
  bench.expectValues("observed", answer, steady, accept);
  const write = await bench.put(changing, TEXT, text);
  bench.given(write.code === CHANGED, `${was(write)}, not by 2.04`);
  const notification = await bench.next("notification", bench.now() + bench.pace.prompt, token);
  if (notification === undefined) {
    return bench.expect("notified", false, `no notification of "${text}" came`);
  }
  const { code, options, payload: told } = notification.message;
  const came = uintOf(options, CONTENT_FORMAT, -1);
  const notified = { ...answer, asked: "the observation", code, format: came, payload: told };
  bench.expectValues("notified", notified, { ...steady, [changing]: text }, answer.format);
  const end = await bench.ask({ ...question, observe: 1, token: tokenBytes });
  bench.expectCode("cancelled", end, CONTENT);
  await bench.put(changing, TEXT, `${text}, later`);
  await bench.wait(bench.pace.prompt);
  const late = bench.take("notification", token);
  bench.expect("cancelled", late === undefined, "a notification came");
}

export const OWN_ETCH_CASES: readonly ConformanceCase[] = [WRITE, READ, REPORT];
