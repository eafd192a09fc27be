/** The same said in other words: payloads that a format allows, and that few encoders write. */
import { BAD_REQUEST, CHANGED, CREATED, IPATCH, POST } from "../../../protocol/coap/codes.ts";
import {
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../protocol/coap/content-formats.ts";
import { LOCATION_PATH } from "../../../protocol/coap/options.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import { type Answer, type Bench, was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_3, C_12 } from "../configurations.ts";
import { bytesOf, formatName } from "../content.ts";
import { SPELLED, SPELLING_ROWS, type Spelling, type SpellingRow } from "./spelling-table.ts";

const ACCOUNT = "/1/0";
const NUMBER = "/1/0/2";
const USUAL = 7;

const WORDS: Readonly<Record<Spelling, string>> = {
  heads: "lengths and ids may be in more bytes than they need, and bits that do not count be set",
  wide: "so may numbers",
  nested: "a path may be in one key or in several, and the instance around what it has",
  bases: "names may be whole, or begin with any base, which may change on the way",
  loose: "fields may be in any order, and lists without a count or with spaces between",
  passed: "units, the version and what nobody knows are passed over",
  must: "but a name that nobody knows and that ends in _ is answered by 4.00",
};

function wordsOf<Some extends Spelling>(...spellings: readonly Some[]): Record<Some, string> {
  return Object.fromEntries(spellings.map((one) => [one, WORDS[one]])) as Record<Some, string>;
}

/** Of each row in these formats: it is written, or refused, and the value is as it says, or as before. */
async function expectSpelled<Criterion extends string>(
  bench: Bench<Criterion>,
  rows: readonly SpellingRow[],
  write: (row: SpellingRow) => Promise<Answer>,
  criterionOf: (row: SpellingRow) => Criterion,
): Promise<void> {
  for (const row of rows.filter(({ format }) => bench.formats.includes(format))) {
    const back = await bench.put(NUMBER, TEXT, `${USUAL}`);
    bench.given(back.code === CHANGED, `${was(back)}, not by 2.04`);
    const answer = await write(row);
    const isRefused = row.criterion === "must";
    const said = `${was(answer)} to ${row.shown} in ${formatName(row.format)}`;
    bench.expect(criterionOf(row), answer.code === (isRefused ? BAD_REQUEST : CHANGED), said);
    const read = await bench.read(NUMBER, TEXT);
    const value = Number(new TextDecoder().decode(read.payload));
    const wanted = isRefused ? USUAL : SPELLED;
    const why = `${said}, and ${NUMBER} is ${value} then, not ${wanted}`;
    bench.expect(criterionOf(row), value === wanted, why);
  }
}

interface Spellings<Some extends Spelling> {
  readonly id: string;
  readonly title: string;
  readonly versions: readonly Version[];
  readonly clauses: readonly string[];
  readonly formats: readonly number[];
  readonly criteria: readonly Some[];
}

/** A Write of the account in these formats. */
function writeCase<Some extends Spelling>(stated: Spellings<Some>): ConformanceCase {
  return clientCase<Some>({
    id: stated.id,
    title: stated.title,
    versions: stated.versions,
    clauses: ["LwM2M Core 1.2.2 §6.3.3", ...stated.clauses],
    configuration: C_3,
    begins: "registered",
    needs: { oneOfFormats: stated.formats },
    criteria: wordsOf(...stated.criteria),
    procedure(bench) {
      return expectSpelled(
        bench,
        SPELLING_ROWS.filter(({ format }) => stated.formats.includes(format)),
        ({ format, payload }) => bench.post(ACCOUNT, format, payload),
        ({ criterion }) => criterion as Some,
      );
    },
  });
}

const SENML = [SENML_JSON, SENML_CBOR];

const COMPOSITE = clientCase({
  id: "dormouse-spelling-composite",
  title: "A Write-Composite may be spelled as a Write may",
  versions: ["1.1", "1.2"],
  clauses: ["LwM2M Core 1.2.2 §6.3.9", "LwM2M Core 1.2.2 §7.5.4", "RFC 8428 §4.4"],
  configuration: C_3,
  begins: "registered",
  needs: { features: ["composite"], oneOfFormats: SENML },
  criteria: {
    spelled: "all that is written to the account is written by iPATCH of the root as well",
    must: WORDS.must,
  },
  procedure(bench) {
    return expectSpelled(
      bench,
      SPELLING_ROWS.filter(({ format }) => format !== TLV),
      ({ format, payload }) => bench.ask({ method: IPATCH, path: "/", format, payload }),
      ({ criterion }) => (criterion === "must" ? "must" : "spelled"),
    );
  },
});

/** 65535, which no instance has, and the resource 0/0 of it. */
const NAMELESS = bytesOf("A1 82 10 19 FF FF A1 00 A1 00 61 61");

const CREATE = clientCase({
  id: "dormouse-spelling-create",
  title: "A Create in LwM2M CBOR may leave the id to the client",
  versions: ["1.2"],
  clauses: ["LwM2M Core 1.2.2 §6.3.6", "LwM2M Core 1.2.2 §7.5.4"],
  configuration: C_12,
  begins: "registered",
  needs: { formats: [LWM2M_CBOR] },
  criteria: {
    created: "instance 65535 stands for none: it is answered by 2.01 and where the new one is",
    free: "which has an id that was free, and its values",
    elsewhere: "no path but of a Create may have 65535: a Write is answered by a client error",
  },
  async procedure(bench) {
    for (let round = 0; round < 2; round++) {
      const answer = await bench.ask({
        method: POST,
        path: "/16",
        format: LWM2M_CBOR,
        payload: NAMELESS,
      });
      bench.expectCode("created", answer, CREATED);
      const location = pathOf(answer.options, LOCATION_PATH);
      const id = Number(/^\/16\/(\d+)$/.exec(location)?.[1] ?? Number.NaN);
      const isNamed = id >= 0 && id < 65535;
      bench.expect("created", isNamed, `${was(answer)} with the Location-Path ${location}`);
      bench.expect("free", id !== 0, `${was(answer)} with the place of the instance there was`);
      bench.expectValues("free", await bench.read(location), { [`${location}/0/0`]: "a" });
    }
    const write = await bench.post("/16/0", LWM2M_CBOR, NAMELESS);
    bench.expect("elsewhere", write.code >> 5 === 4, was(write));
  },
});

export const OWN_SPELLING_CASES: readonly ConformanceCase[] = [
  writeCase({
    id: "dormouse-spelling-tlv",
    title: "A Write in TLV may be longer than it needs to be",
    versions: ["1.0", "1.1", "1.2"],
    clauses: ["LwM2M Core 1.2.2 §7.5.5", "LwM2M Core 1.2.2 §C"],
    formats: [TLV],
    criteria: ["heads", "wide", "nested", "loose"],
  }),
  writeCase({
    id: "dormouse-spelling-senml",
    title: "A Write in SenML may have any base, order and unknown fields",
    versions: ["1.1", "1.2"],
    clauses: ["LwM2M Core 1.2.2 §7.5.6", "RFC 8428 §4.1", "RFC 8428 §4.4", "RFC 8428 §6"],
    formats: SENML,
    criteria: ["bases", "loose", "passed", "must"],
  }),
  writeCase({
    id: "dormouse-spelling-nested",
    title: "A Write in LwM2M CBOR may split paths anywhere",
    versions: ["1.2"],
    clauses: ["LwM2M Core 1.2.2 §7.5.4", "RFC 8949 §3"],
    formats: [LWM2M_CBOR],
    criteria: ["nested", "loose", "wide"],
  }),
  COMPOSITE,
  CREATE,
];
