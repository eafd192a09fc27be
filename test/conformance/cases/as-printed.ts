/**
 * Cases as ETS 1.2 prints them, where the print contradicts the standard: for whoever has to run them by the letter. `--as-printed` runs
 * them in place of the corrected ones. A client that keeps to the standard fails most of these; each says which clause it is that the
 * print contradicts.
 */
import { decodeUtf8, encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  CHANGED,
  CONTENT,
  EMPTY,
  FETCH,
  GET,
  isResponse,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import {
  LINK_FORMAT,
  LWM2M_JSON,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../protocol/coap/content-formats.ts";
import { ACK, decodeMessage, type Message } from "../../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  OBSERVE,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../../../protocol/coap/uri.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import type { Bench } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { bytesOf, decodeValues, encodeValues } from "../content.ts";
import type { Misprint } from "../misprint.ts";
import { BOOTSTRAP_CASES } from "./ets-0xx-bootstrap.ts";
import { PROFILE_CASES } from "./ets-1xx-profile.ts";
import { REGISTRATION_CASES } from "./ets-1xx-registration.ts";
import { readCase } from "./ets-2xx-composite.ts";
import { DEVICE_MANAGEMENT_CASES } from "./ets-2xx-device-management.ts";
import { JSON_CASES } from "./ets-2xx-json.ts";
import { COMPOSITE_REPORTING_CASES } from "./ets-3xx-composite.ts";
import { givenTwoObserved, REPORTING_CASES } from "./ets-3xx-reporting.ts";
import { SEND_CASES } from "./ets-3xx-send.ts";
import { ADDITIONAL_OBJECT_CASES } from "./ets-12xx-additional.ts";
import { PORTFOLIO_CASES } from "./ets-16xx-portfolio.ts";
import { FIRMWARE_CASES, failureCase } from "./ets-75x-firmware-update.ts";
import { etsNumber } from "./groups.ts";

/** At the end of the id of a case as printed. */
export const AS_PRINTED = "-as-printed";

/** A case that is printed in another way than it is run. */
interface Printed extends Misprint {
  /** Its number. */
  readonly of: number;
  /** What is printed, and what the standard says to it. */
  readonly print: string;
  /** What comes before the procedure. */
  readonly before?: (bench: Bench) => Promise<void>;
  /** What is judged beside the criteria of the case, when all of them hold: by name, in words. */
  readonly more?: Readonly<Record<string, string>>;
  readonly also?: (bench: Bench) => void;
}

const PRINTED: readonly Printed[] = [
  {
    of: 0,
    print: 'the binding is written in SenML JSON as "bs", a base sum, not as "vs" (RFC 8428 §4.1)',
    sends: (message) => {
      if (!isTo(message, PUT, "/1")) return undefined;
      const values = decodeValues(formatIn(message), message.payload, "/1");
      if (typeof values === "string") return undefined;
      const json = encodeValues(SENML_JSON, "/1", Object.fromEntries(values));
      const payload = encodeUtf8(decodeUtf8(json).replace('"vs":', '"bs":'));
      return { ...withFormat(message, SENML_JSON), payload };
    },
  },
  {
    of: 12,
    print: "a Bootstrap-Pack is answered by 2.04; 2.05 answers a GET (RFC 7252 §5.9.1.5)",
    sends: (message) =>
      message.code === CONTENT && message.type === ACK ? { ...message, code: CHANGED } : undefined,
  },
  {
    of: 105,
    print: "the lifetime is written by a POST of /1/0/1, which is an Execute",
    before: (bench) => postLifetime(bench, 60),
    more: { lifetime: "the POST of the lifetime is answered by 2.04" },
  },
  {
    of: 109,
    print: "a lifetime of 240 s is written by a POST of /1/0/1, which is an Execute",
    before: (bench) => postLifetime(bench, 240),
    more: { lifetime: "the POST of the lifetime is answered by 2.04" },
  },
  {
    of: 110,
    print: "the Profile ID is 6:27354b9a; nothing defines how it follows from the list of objects",
    more: { "profile-id": "pid is 6:27354b9a" },
    also: (bench) => expectPid(bench),
  },
  {
    of: 111,
    print: "the Profile ID is 6:27354b9a; nothing defines how it follows from the list of objects",
    more: { "profile-id": "pid is 6:27354b9a" },
    also: (bench) => expectPid(bench),
  },
  {
    of: 220,
    print: "the number 101 is written 0101, which is no JSON (RFC 8259), in an array like SenML",
    sends: (message) => {
      if (!isTo(message, POST, "/1/0") || formatIn(message) !== LWM2M_JSON) return undefined;
      const payload = encodeUtf8(
        '[{"bn":"/","n":"1/0/2","v":0101},{"n":"1/0/3","v":1010},{"n":"1/0/5","v":2000},{"n":"1/0/6","bv":true},{"n":"1/0/7","sv":"U"}]',
      );
      return { ...message, payload };
    },
  },
  {
    of: 228,
    print: "the resource instance is written by a POST; a Write there is a PUT",
    sends: (message) => (isTo(message, PUT, "/16/0/0/1") ? { ...message, code: POST } : undefined),
  },
  {
    of: 261,
    print: "attributes of a link are separated by &, where link format has ; (RFC 6690 §2)",
    more: { print: "Discover says </3/0/11/0>;epmin=1&epmax=50" },
    also: (bench) => {
      const [last = ""] = linksFrom(bench).slice(-1);
      expectPrinted(bench, last.includes("epmin=1&epmax=50"), `Discover says ${last}`);
    },
  },
  {
    of: 304,
    print: "notifications carry Observe 1, where the number grows (RFC 7641 §3.4)",
    more: { print: "each notification has Observe 1" },
    also: (bench) => {
      const numbers = notificationsFrom(bench).map(({ options }) => uintOf(options, OBSERVE, -1));
      const odd = numbers.find((number) => number !== 1);
      expectPrinted(bench, odd === undefined, `a notification has Observe ${odd}`);
    },
  },
  {
    of: 307,
    print: "Mute Send is written by a POST of /1/0/23, which is an Execute",
    sends: (message) => (isTo(message, PUT, "/1/0/23") ? { ...message, code: POST } : undefined),
  },
  {
    of: 309,
    print: "a Delete is answered by 2.04; its answer is 2.02",
    codes: { change: CHANGED },
  },
  {
    of: 310,
    print: "a FETCH with Observe 1 registers, which is what cancels (RFC 7641 §2)",
    sends: (message) => {
      if (message.code !== FETCH || uintOf(message.options, OBSERVE, -1) !== 0) return undefined;
      const others = message.options.filter(({ number }) => number !== OBSERVE);
      return { ...message, options: [...others, uintOption(OBSERVE, 1)] };
    },
  },
  {
    of: 756,
    print: "the empty value is written to the Package (0), not to the Package URI (1)",
    sends: (message) =>
      isTo(message, PUT, "/5/0/1") && message.payload.length === 0
        ? withPath(message, "/5/0/0")
        : undefined,
  },
  {
    of: 1202,
    print: "the TLV is C10 0D 02, taken for C1 0D 02, the read-only resource 13, not 14",
    sends: (message) =>
      isTo(message, PUT, "/10/0/14") ? { ...message, payload: bytesOf("C1 0D 02") } : undefined,
  },
  {
    of: 1630,
    print: "the identity has the type byte 80, which leaves no room for its length",
    sends: (message) => {
      if (!isTo(message, POST, "/16") || formatIn(message) !== TLV) return undefined;
      const payload = message.payload.slice();
      payload[3] = 0x80;
      return { ...message, payload };
    },
  },
  {
    of: 1635,
    print: "a Delete is answered by 2.04; its answer is 2.02",
    codes: { delete: CHANGED },
  },
  {
    of: 1900,
    print: "object 19 has version 1.1; the registry has 1.0",
    more: { print: 'Register lists </19>;ver="1.1" or ver=1.1' },
    also: (bench) => {
      const list = decodeUtf8(registerFrom(bench)?.payload ?? new Uint8Array(0));
      const isListed = /<\/19>;ver="?1\.1"?/.test(list);
      expectPrinted(bench, isListed, `Register lists ${list}`);
    },
  },
  {
    of: 2000,
    print: "the log is started by a Write of 0,100 to /20/0/4011, which is executable",
    sends: (message) =>
      isTo(message, POST, "/20/0/4011")
        ? { ...withFormat(message, TEXT), code: PUT, payload: encodeUtf8("0,100") }
        : undefined,
  },
];

const CORRECTED: readonly ConformanceCase[] = [
  ...BOOTSTRAP_CASES,
  ...REGISTRATION_CASES,
  ...PROFILE_CASES,
  ...DEVICE_MANAGEMENT_CASES,
  ...JSON_CASES,
  ...REPORTING_CASES,
  ...COMPOSITE_REPORTING_CASES,
  ...SEND_CASES,
  ...FIRMWARE_CASES,
  ...ADDITIONAL_OBJECT_CASES,
  ...PORTFOLIO_CASES,
];

function asPrinted({ of, print, before, more = {}, also, ...misprint }: Printed): ConformanceCase {
  const corrected = CORRECTED.find(({ id }) => etsNumber(id) === of);
  if (corrected === undefined) throw new Error(`there is no case ${of}`);
  return {
    ...corrected,
    ...namesOf(corrected, print),
    criteria: { ...more, ...corrected.criteria },
    async procedure(bench) {
      bench.misprint = misprint;
      await before?.(bench);
      await corrected.procedure(bench);
      also?.(bench);
    },
  };
}

function namesOf({ id, title }: ConformanceCase, print: string) {
  return {
    id: `${id}${AS_PRINTED}`,
    title: `${title}, as printed`,
    correction: `none, it is as printed: ${print}`,
  };
}

/** Int-303 as printed: one request at the instance is to cancel what was observed at two of its resources. */
const CANCEL_AT_INSTANCE = clientCase({
  ...REPORTING_CASES[2],
  ...namesOf(
    REPORTING_CASES[2],
    "a GET of /3/0 with Observe 1 cancels the observations of /3/0/7 and /3/0/8; a request cancels its own (RFC 7641 §3.6)",
  ),
  criteria: {
    answer: "the GET of /3/0 with Observe=1 is answered by 2.05",
    silence: "no more notifications of /3/0/7 and /3/0/8 come",
  },
  async procedure(bench) {
    await givenTwoObserved(bench);
    const answer = await bench.ask({ method: GET, path: "/3/0", observe: 1 });
    bench.expectCode("answer", answer, CONTENT);
    bench.takeAll("notification");
    await bench.wait(60 * SECOND);
    const late = bench.take("notification");
    bench.expect("silence", late === undefined, "a notification came");
  },
});

/** A list of paths of which one lies below another, as 229 and 236 print it. */
function nested(number: 229 | 236, title: string, absent: readonly string[]): ConformanceCase {
  const paths =
    number === 229 ? ["/3", "/1/0", "/1/0/1", "/3/0/11/0"] : ["/1/0", "/1/0/1", "/3/0/11/0"];
  const stated = readCase({ number, title, paths: [...paths, ...absent], absent, isExact: true });
  const print = "paths lie below others of the list; nothing defines what is to come for them";
  return { ...stated, ...namesOf(stated, print) };
}

const OUT_OF_MEMORY = failureCase({
  number: 774,
  title: "out of memory",
  item: "tooLargeForMemory",
  result: 2,
});
const UNSUPPORTED = failureCase({
  number: 777,
  title: "unsupported package type",
  item: "wrongType",
  state: 1,
  result: 6,
});

/** Every case whose print differs from what is run, and that can be run as printed. */
export const AS_PRINTED_CASES: readonly ConformanceCase[] = [
  ...PRINTED.map(asPrinted),
  nested(229, "Read-Composite Operation", []),
  nested(236, "Read-Composite Operation - Partial Presence", ["/3339/0/5522", "/3353/0/6030"]),
  CANCEL_AT_INSTANCE,
  {
    ...OUT_OF_MEMORY,
    ...namesOf(OUT_OF_MEMORY, "result 2; out of memory is 3 (LwM2M Core 1.1.1 §E.6)"),
  },
  {
    ...UNSUPPORTED,
    ...namesOf(UNSUPPORTED, "state 1 in the end; after an error it is 0 (LwM2M Core 1.1.1 §E.6)"),
  },
].sort((left, right) => (etsNumber(left.id) ?? 0) - (etsNumber(right.id) ?? 0));

/** The cases with those that are printed otherwise in the place of the corrected ones. */
export function byTheLetter(cases: readonly ConformanceCase[]): ConformanceCase[] {
  return cases.map(
    (one) => AS_PRINTED_CASES.find(({ id }) => id === `${one.id}${AS_PRINTED}`) ?? one,
  );
}

async function postLifetime(bench: Bench, seconds: number): Promise<void> {
  bench.expectCode("lifetime", await bench.post("/1/0/1", TEXT, `${seconds}`), CHANGED);
}

function expectPid(bench: Bench): void {
  const register = registerFrom(bench);
  const queries = register === undefined ? [] : textsOf(register.options, URI_QUERY);
  const found = queries.find((query) => query.startsWith("pid="));
  bench.expect("profile-id", found === "pid=6:27354b9a", `Register says ${found}`);
}

function expectPrinted(bench: Bench, holds: boolean, otherwise: string): void {
  bench.expect("print", holds, otherwise);
}

function isTo(message: Message, method: number, path: string): boolean {
  return message.code === method && pathOf(message.options, URI_PATH) === path;
}

function formatIn(message: Message): number {
  return uintOf(message.options, CONTENT_FORMAT, -1);
}

function withFormat(message: Message, format: number): Message {
  const others = message.options.filter(({ number }) => number !== CONTENT_FORMAT);
  return { ...message, options: [...others, uintOption(CONTENT_FORMAT, format)] };
}

function withPath(message: Message, path: string): Message {
  const others = message.options.filter(({ number }) => number !== URI_PATH);
  return { ...message, options: [...pathOptions(URI_PATH, path), ...others] };
}

/** What the client has sent, as messages. */
function messagesFrom(bench: Bench): Message[] {
  return bench.ladder.packets().flatMap(({ isFromClient, datagram }) => {
    const message = decodeMessage(datagram);
    return isFromClient && !isMalformed(message) && message.code !== EMPTY ? [message] : [];
  });
}

function registerFrom(bench: Bench): Message | undefined {
  return messagesFrom(bench).find((message) => isTo(message, POST, "/rd"));
}

function notificationsFrom(bench: Bench): Message[] {
  return messagesFrom(bench).filter(
    ({ type, code, options }) =>
      type !== ACK && isResponse(code) && uintOf(options, OBSERVE, -1) >= 0,
  );
}

function linksFrom(bench: Bench): string[] {
  return messagesFrom(bench)
    .filter((message) => message.code === CONTENT && formatIn(message) === LINK_FORMAT)
    .map(({ payload }) => decodeUtf8(payload));
}
