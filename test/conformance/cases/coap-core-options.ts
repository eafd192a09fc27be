/** TD_COAP_CORE_13, 14 and 18-23: options that occur several times, negotiation of formats, and requests under a condition. */

import { decodeUtf8, encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  CHANGED,
  CONTENT,
  CREATED,
  GET,
  NOT_ACCEPTABLE,
  NOT_FOUND,
  POST,
  PRECONDITION_FAILED,
  PUT,
  VALID,
} from "../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import type { Message } from "../../../protocol/coap/message.ts";
import {
  ETAG,
  findOption,
  LOCATION_PATH,
  LOCATION_QUERY,
  type Option,
  textOption,
  textsOf,
  URI_PATH,
  URI_QUERY,
} from "../../../protocol/coap/options.ts";
import { type Bench, was } from "../bench.ts";
import { etagOf } from "../block-wise.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_1, C_12, configuredValues } from "../configurations.ts";
import { encodeValues, formatBytes } from "../content.ts";
import { targetOf } from "../ladder.ts";
import { ALL, BINDING, givenUpdate, outcomeOf, triggeredUpdate } from "./coap-exchanges.ts";
import { expectAttributes } from "./expectations.ts";

/** What every server may write: the plugtest's /validate. */
const LIFETIME = "/1/0/1";
/** The account of C.1 has none: the plugtest's /create1. */
const DEFAULT_PMIN = "/1/0/2";
const XML = 41;
/** RFC 7252 §5.10, of which nothing else here knows. */
const IF_MATCH = 1;
const IF_NONE_MATCH = 5;

const SEVERAL_SEGMENTS = clientCase({
  id: "TD_COAP_CORE_13",
  title: "A path goes in one Uri-Path option per segment",
  versions: ALL,
  clauses: ["RFC 7252 §5.4.5", "RFC 7252 §5.10.1", "RFC 7252 §6.4"],
  configuration: C_1,
  begins: "registered",
  correction: "a Read of /3/0/16, and the Update to a location of three segments",
  criteria: {
    understood: "a Read of three segments is answered by 2.05",
    sent: "the Update has the three segments of its location, none with a slash",
  },
  async procedure(bench) {
    bench.expectCode("understood", await bench.read(BINDING, TEXT), CONTENT);
    const update = await givenUpdate(bench);
    const segments = textsOf(update.message.options, URI_PATH);
    const isSplit = `/${segments.join("/")}` === bench.server.location && segments.length === 3;
    bench.expect("sent", isSplit, `the Update goes to ${JSON.stringify(segments)}`);
  },
});

const SEVERAL_QUERIES = clientCase({
  id: "TD_COAP_CORE_14",
  title: "A query goes in one Uri-Query option per parameter",
  versions: ALL,
  clauses: ["RFC 7252 §5.4.5", "RFC 7252 §5.10.1", "RFC 7252 §6.4"],
  configuration: C_1,
  begins: "off",
  correction: "a Write-Attributes of pmin and pmax, and the parameters of the client's Register",
  criteria: {
    sent: "the Register's parameters come one by one, none with an ampersand",
    understood: "both attributes are set by one Write-Attributes",
  },
  async procedure(bench) {
    bench.step("the client is switched on");
    await bench.client.start();
    const register = await bench.next("register", bench.pace.patience);
    bench.given(register !== undefined, "no Register came");
    const queries = textsOf(register?.message.options ?? [], URI_QUERY);
    const joined = queries.find((query) => query.includes("&") || query.startsWith("?"));
    bench.expect("sent", joined === undefined, `one of the Uri-Query options is ${joined}`);
    const names = queries.map((query) => query.split("=")[0]);
    const isWhole = names.includes("lt") && names.includes("ep");
    bench.expect("sent", isWhole, `the Uri-Query options are ${names.join(", ")}`);
    await bench.wait(bench.client.tolerance);
    const write = await bench.writeAttributes(BINDING, ["pmin=7", "pmax=77"]);
    bench.expectCode("understood", write, CHANGED);
    const links = bench.expectLinks("understood", await bench.discover(BINDING));
    expectAttributes(bench, "understood", links, BINDING, { pmin: 7, pmax: 77 });
  },
});

const LOCATION = clientCase({
  id: "TD_COAP_CORE_18",
  title: "A location goes in one Location-Path option per segment",
  versions: ALL,
  clauses: ["RFC 7252 §5.10.7", "RFC 7252 §5.8.2", "LwM2M Core 1.1.1 §6.3.6"],
  configuration: C_12,
  begins: "registered",
  needs: { formats: [TLV] },
  correction: "a Create that leaves the instance to the client; two segments, as LwM2M has it",
  criteria: {
    location: "2.01 has the Location-Path options 16 and the number of the instance",
    there: "the new instance can be read where it says",
  },
  async procedure(bench) {
    const payload = encodeValues(TLV, "/16/0", { "/16/0/0/0": "new" });
    const create = await bench.ask({ method: POST, path: "/16", format: TLV, payload });
    bench.expectCode("location", create, CREATED);
    const segments = textsOf(create.options, LOCATION_PATH);
    const isInstance = segments.length === 2 && segments[0] === "16" && /^\d+$/.test(segments[1]);
    bench.expect("location", isInstance, `Location-Path is ${JSON.stringify(segments)}`);
    const path = `/16/${segments[1]}`;
    bench.expectValues("there", await bench.read(path), { [`${path}/0/0`]: "new" });
  },
});

const LOCATION_WITH_QUERY = clientCase({
  id: "TD_COAP_CORE_19",
  title: "A location may have a query",
  versions: ALL,
  clauses: ["RFC 7252 §5.10.7"],
  configuration: C_1,
  begins: "off",
  needs: { features: ["location query"] },
  correction:
    "no operation of LwM2M lets a client answer so: it is the server that answers Register with a Location-Query",
  criteria: {
    path: "the Update goes to the location's path",
    query: "with first=1 and second=2 in Uri-Query options of their own",
  },
  async procedure(bench) {
    const query = ["first=1", "second=2"].map((text) => textOption(LOCATION_QUERY, text));
    bench.server.answer = ({ kind }) => {
      if (kind !== "register") return undefined;
      const { code, options = [] } = bench.server.admit();
      return { code, options: [...options, ...query] };
    };
    await bench.register();
    const update = (await triggeredUpdate(bench)) ?? bench.take("request");
    if (update === undefined) return bench.given(false, "no Update came");
    const why = `it goes to ${targetOf(update.message)}`;
    bench.expect("path", update.kind === "update", why);
    const queries = textsOf(update.message.options, URI_QUERY);
    const isKept = queries.includes("first=1") && queries.includes("second=2");
    bench.expect("query", isKept, `its Uri-Query options are ${JSON.stringify(queries)}`);
  },
});

const ACCEPTED_FORMATS = clientCase({
  id: "TD_COAP_CORE_20",
  title: "The answer is in the format that is accepted",
  versions: ALL,
  clauses: ["RFC 7252 §5.10.4", "RFC 7252 §5.10.3"],
  configuration: C_1,
  begins: "registered",
  needs: { formats: [TEXT, TLV] },
  correction: "TLV instead of XML, which no client has and which is what cannot be had",
  criteria: {
    text: "Accept 0 is answered in text",
    other: "Accept 11542 in TLV",
    neither: "Accept 41 by 4.06",
  },
  async procedure(bench) {
    const wanted = configuredValues(bench.configuration, BINDING);
    bench.expectValues("text", await bench.read(BINDING, TEXT), wanted, TEXT);
    bench.expectValues("other", await bench.read(BINDING, TLV), wanted, TLV);
    bench.expectCode("neither", await bench.read(BINDING, XML), NOT_ACCEPTABLE);
  },
});

const VALIDATION = clientCase({
  id: "TD_COAP_CORE_21",
  title: "A representation that is known by its ETag is not sent again",
  versions: ALL,
  clauses: ["RFC 7252 §5.10.6", "RFC 7252 §5.6.2", "RFC 7252 §5.9.1.3"],
  configuration: C_1,
  begins: "registered",
  needs: { features: ["etag"] },
  correction: "a Read of the lifetime, /1/0/1; LwM2M itself has no answer 2.03",
  criteria: {
    tagged: "2.05 has an ETag",
    valid: "with that ETag in the request the answer is 2.03, with it and without payload",
    changed: "after a Write it is 2.05 with another ETag and the new value",
  },
  async procedure(bench) {
    const { tag } = await taggedRead(bench, "tagged");
    const valid = await bench.exchange(readIf(bench, tag));
    bench.expect("valid", valid?.code === VALID, `${outcomeOf(valid)} came, not 2.03`);
    bench.expect("valid", valid?.payload.length === 0, "2.03 has a payload");
    const echoed = etagOf(valid?.options ?? []);
    bench.expect("valid", echoed === formatBytes(tag), `2.03 has the ETag ${echoed}`);
    await givenLifetime(bench, "43200");
    const fresh = await bench.exchange(readIf(bench, tag));
    bench.expect("changed", fresh?.code === CONTENT, `${outcomeOf(fresh)} came, not 2.05`);
    const other = etagOf(fresh?.options ?? []);
    bench.expect("changed", other !== formatBytes(tag), `the ETag is still ${other}`);
    const text = decodeUtf8(fresh?.payload ?? encodeUtf8(""));
    bench.expect("changed", text === "43200", `the value is ${JSON.stringify(text)}`);
  },
});

const IF_MATCHES = clientCase({
  id: "TD_COAP_CORE_22",
  title: "If-Match lets a Write pass only where nobody else has written",
  versions: ALL,
  clauses: ["RFC 7252 §5.10.8.1", "RFC 7252 §5.10.8", "RFC 7252 §5.10.6"],
  configuration: C_1,
  begins: "registered",
  needs: { features: ["etag", "if-match"] },
  correction: "a Write of the lifetime, /1/0/1",
  criteria: {
    current: "a Write with the current ETag in If-Match is answered by 2.04, and carried out",
    stale: "one with an ETag from before another Write is answered by 4.12",
    unchanged: "and changes nothing",
  },
  async procedure(bench) {
    const first = await taggedRead(bench);
    const current = await bench.exchange(
      writeIf(bench, { number: IF_MATCH, value: first.tag }, "1000"),
    );
    bench.expect("current", current?.code === CHANGED, `${outcomeOf(current)} came, not 2.04`);
    const second = await taggedRead(bench);
    const isWritten = second.text === "1000";
    bench.expect("current", isWritten, `the lifetime is ${second.text}, not 1000`);
    await givenLifetime(bench, "2000");
    const stale = await bench.exchange(
      writeIf(bench, { number: IF_MATCH, value: second.tag }, "3000"),
    );
    const why = `${outcomeOf(stale)} came, not 4.12`;
    bench.expect("stale", stale?.code === PRECONDITION_FAILED, why);
    const { text } = await taggedRead(bench);
    bench.expect("unchanged", text === "2000", `the lifetime is ${text}, not 2000`);
  },
});

const IF_NONE_MATCHES = clientCase({
  id: "TD_COAP_CORE_23",
  title: "If-None-Match lets a Write pass only where nothing is yet",
  versions: ALL,
  clauses: ["RFC 7252 §5.10.8.2", "RFC 7252 §5.10.8"],
  configuration: C_1,
  begins: "registered",
  needs: { features: ["if-none-match"] },
  correction: "a Write of /1/0/2, which C.1 has not; LwM2M answers it by 2.04, not 2.01",
  criteria: {
    made: "the first Write is answered by 2.04 or 2.01, and makes the resource",
    refused: "the second by 4.12",
    unchanged: "and changes nothing",
  },
  async procedure(bench) {
    const before = await bench.read(DEFAULT_PMIN, TEXT);
    bench.given(before.code === NOT_FOUND, `${was(before)}, not by 4.04`);
    const write = (value: string) =>
      bench.compose({
        method: PUT,
        path: DEFAULT_PMIN,
        format: TEXT,
        payload: encodeUtf8(value),
        options: [{ number: IF_NONE_MATCH, value: encodeUtf8("") }],
      });
    const first = await bench.exchange(write("11"));
    const isMade = first?.code === CHANGED || first?.code === CREATED;
    bench.expect("made", isMade, `${outcomeOf(first)} came, not 2.04`);
    const made = { [DEFAULT_PMIN]: 11 };
    bench.expectValues("made", await bench.read(DEFAULT_PMIN, TEXT), made);
    const second = await bench.exchange(write("22"));
    const why = `${outcomeOf(second)} came, not 4.12`;
    bench.expect("refused", second?.code === PRECONDITION_FAILED, why);
    bench.expectValues("unchanged", await bench.read(DEFAULT_PMIN, TEXT), made);
  },
});

/** Reads the lifetime with its ETag. Without one the criterion does not hold, or what it builds on. */
async function taggedRead<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion?: Criterion,
): Promise<{ readonly tag: Uint8Array; readonly text: string }> {
  const answer = await bench.read(LIFETIME, TEXT);
  const tag = findOption(answer.options, ETAG)?.value;
  const why = `${answer.outcome} came for ${LIFETIME}, without an ETag`;
  const isTagged = answer.code === CONTENT && tag !== undefined && tag.length > 0;
  if (criterion === undefined) bench.given(isTagged, why);
  else bench.expect(criterion, isTagged, why);
  return { tag: tag ?? encodeUtf8(""), text: decodeUtf8(answer.payload) };
}

function readIf(bench: Bench, tag: Uint8Array): Message {
  const options: Option[] = [{ number: ETAG, value: tag }];
  return bench.compose({ method: GET, path: LIFETIME, accept: TEXT, options });
}

function writeIf(bench: Bench, condition: Option, value: string): Message {
  const payload = encodeUtf8(value);
  const options = [condition];
  return bench.compose({ method: PUT, path: LIFETIME, format: TEXT, payload, options });
}

/** Another server, or this one, has written. */
async function givenLifetime(bench: Bench, value: string): Promise<void> {
  const write = await bench.put(LIFETIME, TEXT, value);
  bench.given(write.code === CHANGED, `the lifetime could not be written: ${write.outcome}`);
}

export const CORE_OPTION_CASES: readonly ConformanceCase[] = [
  SEVERAL_SEGMENTS,
  SEVERAL_QUERIES,
  LOCATION,
  LOCATION_WITH_QUERY,
  ACCEPTED_FORMATS,
  VALIDATION,
  IF_MATCHES,
  IF_NONE_MATCHES,
];
