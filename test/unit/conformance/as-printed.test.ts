/**
 * Cases as printed: a client that keeps to the standard fails each in the criterion that the print gets wrong, or passes where the
 * standard allows it; one that does what is printed passes.
 */
import { describe, expect, test } from "vitest";
import { decodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { CHANGED, CONTENT, DELETED, FETCH, GET, POST, PUT } from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, SENML_JSON, TLV } from "../../../protocol/coap/content-formats.ts";
import { type Message, NO_BYTES } from "../../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  OBSERVE,
  textOption,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { AS_PRINTED_CASES, byTheLetter } from "../../conformance/cases/as-printed.ts";
import { CLIENT_CASES, runCase } from "../../conformance/index.ts";
import { capableAdapter } from "./capable-client.ts";
import {
  acknowledged,
  formatIn,
  isNotification,
  isRegister,
  OMA,
  pathIn,
  without,
  withPayload,
} from "./mutants/mutant.ts";
import { type Tamper, tamperedAdapter } from "./tampered-client.ts";

interface Row {
  /** Of the ETS. */
  readonly number: number;
  /** The criterion that a client fails that keeps to the standard; none where it passes. */
  readonly contradicted?: string;
  /** What a client does that keeps to the print. */
  readonly obedient?: () => Tamper;
}

const is = (message: Message, method: number, path: string) =>
  message.code === method && pathIn(message) === path;
const inMethod = (message: Message, code: number): Message => ({ ...message, code });
const withObserve = (message: Message, value: number): Message => {
  const bare = without(message, OBSERVE);
  return { ...bare, options: [...bare.options, uintOption(OBSERVE, value)] };
};
const hearing = (change: (message: Message) => Message) => () => ({ toClient: change });
const saying = (change: (message: Message) => Message | undefined) => () => ({
  fromClient: change,
});
/** Answers a POST that is no Execute as if it were taken. */
const takingPost = (path: string) => () => ({
  toClient: (message: Message, answer: (message: Message) => void) => {
    if (!is(message, POST, path)) return message;
    answer(acknowledged(message, CHANGED));
    return undefined;
  },
});
const withByte = (message: Message, at: number, byte: number): Message => {
  const payload = message.payload.slice();
  payload[at] = byte;
  return { ...message, payload };
};
/** In TLV the resource `id`, one byte long, as `C1 id value`. */
const withTlv = (message: Message, id: number, change: (value: number) => number): Message => {
  if (formatIn(message) !== TLV) return message;
  const { payload } = message;
  const at = payload.findIndex((byte, i) => byte === 0xc1 && payload[i + 1] === id);
  return at < 0 ? message : withByte(message, at + 2, change(payload[at + 2]));
};
const withPid = saying((message) => {
  if (!isRegister(message)) return message;
  const bare = without(message, URI_QUERY, ({ value }) => decodeUtf8(value).startsWith("pid="));
  return { ...bare, options: [...bare.options, textOption(URI_QUERY, "pid=6:27354b9a")] };
});
const deletedAsChanged = saying((message) =>
  message.code === DELETED ? inMethod(message, CHANGED) : message,
);

const ROWS: readonly Row[] = [
  {
    number: 0,
    contradicted: "write",
    obedient: hearing((message) =>
      is(message, PUT, "/1") && formatIn(message) === SENML_JSON
        ? withPayload(message, (text) => text.replace('"bs":', '"vs":'))
        : message,
    ),
  },
  {
    number: 12,
    contradicted: "register",
    obedient: hearing((message) =>
      message.code === CHANGED && message.payload.length > 0 ? inMethod(message, CONTENT) : message,
    ),
  },
  { number: 105, contradicted: "lifetime", obedient: takingPost("/1/0/1") },
  { number: 109, contradicted: "lifetime", obedient: takingPost("/1/0/1") },
  { number: 110, contradicted: "profile-id", obedient: withPid },
  { number: 111, contradicted: "profile-id", obedient: withPid },
  {
    number: 220,
    contradicted: "write",
    obedient: hearing((message) =>
      is(message, POST, "/1/0")
        ? withPayload(
            message,
            () =>
              '{"bn":"/1/0/","e":[{"n":"2","v":101},{"n":"3","v":1010},{"n":"5","v":2000},{"n":"6","bv":true}]}',
          )
        : message,
    ),
  },
  {
    number: 228,
    contradicted: "write",
    obedient: hearing((message) =>
      is(message, POST, "/16/0/0/1") ? inMethod(message, PUT) : message,
    ),
  },
  { number: 229 },
  { number: 236 },
  {
    number: 261,
    contradicted: "print",
    obedient: saying((message) =>
      formatIn(message) === LINK_FORMAT && message.code === CONTENT
        ? withPayload(message, (text) => `${text},</print>;epmin=1&epmax=50`)
        : message,
    ),
  },
  {
    number: 303,
    contradicted: "silence",
    obedient: () => {
      let isSilent = false;
      return {
        toClient: (message) => {
          isSilent ||= is(message, GET, "/3/0") && uintOf(message.options, OBSERVE, -1) === 1;
          return message;
        },
        fromClient: (message) => (isSilent && isNotification(message) ? undefined : message),
      };
    },
  },
  {
    number: 304,
    contradicted: "print",
    obedient: saying((message) => (isNotification(message) ? withObserve(message, 1) : message)),
  },
  {
    number: 307,
    contradicted: "mute",
    obedient: hearing((message) =>
      is(message, POST, "/1/0/23") ? inMethod(message, PUT) : message,
    ),
  },
  { number: 309, contradicted: "change", obedient: deletedAsChanged },
  {
    number: 310,
    contradicted: "observe",
    obedient: hearing((message) => (message.code === FETCH ? withObserve(message, 0) : message)),
  },
  { number: 756 },
  {
    number: 774,
    contradicted: "result",
    obedient: saying((message) => withTlv(message, 5, (result) => (result === 3 ? 2 : result))),
  },
  {
    number: 777,
    contradicted: "result",
    obedient: saying((message) => {
      let isWrongType = false;
      const seen = withTlv(message, 5, (result) => {
        isWrongType = result === 6;
        return result;
      });
      return isWrongType ? withTlv(seen, 3, () => 1) : seen;
    }),
  },
  {
    number: 1202,
    contradicted: "write",
    obedient: hearing((message) =>
      is(message, PUT, "/10/0/14") ? withByte(message, 1, 14) : message,
    ),
  },
  {
    number: 1630,
    contradicted: "create",
    obedient: hearing((message) =>
      is(message, POST, "/16") ? withByte(message, 3, 0x88) : message,
    ),
  },
  { number: 1635, contradicted: "delete", obedient: deletedAsChanged },
  {
    number: 1900,
    contradicted: "print",
    obedient: saying((message) =>
      isRegister(message) ? withPayload(message, (list) => `${list},</19>;ver=1.1`) : message,
    ),
  },
  {
    number: 2000,
    contradicted: "start",
    obedient: hearing((message) =>
      is(message, PUT, "/20/0/4011")
        ? { ...without(message, CONTENT_FORMAT), code: POST, payload: NO_BYTES }
        : message,
    ),
  },
];

const numberOf = (id: string) => Number(/int-(\d+)-/.exec(id)?.[1]);
const caseOf = (number: number) => {
  const found = AS_PRINTED_CASES.find(({ id }) => numberOf(id) === number);
  if (found === undefined) throw new Error(`there is no case ${number}`);
  return found;
};

test("every case as printed is in the table below", () => {
  const numbers = AS_PRINTED_CASES.map(({ id }) => numberOf(id));
  expect(ROWS.map(({ number }) => number)).toEqual(numbers);
});

describe("ETS 1.2 as printed", () => {
  test.each(ROWS)("int-$number: what the standard asks for", async ({ number, contradicted }) => {
    const { verdict, criterion } = await runCase(caseOf(number), capableAdapter(), "1.2");
    const wanted = contradicted === undefined ? "pass" : "fail";
    expect({ verdict, criterion }).toEqual({ verdict: wanted, criterion: contradicted });
  });

  const OBEDIENT = ROWS.filter(({ obedient }) => obedient !== undefined);
  test.each(OBEDIENT)("int-$number: who does as printed passes", async ({ number, obedient }) => {
    const adapter = tamperedAdapter(capableAdapter(), obedient ?? (() => ({})));
    const { verdict, why } = await runCase(caseOf(number), adapter, "1.2");
    expect({ verdict, why }).toMatchObject({ verdict: "pass" });
  });
});

test("by the letter a printed case takes the place of the corrected one, and no other does", () => {
  const ids = byTheLetter(CLIENT_CASES).map(({ id }) => id);
  expect(ids).toHaveLength(CLIENT_CASES.length);
  expect(ids).toContain(`${OMA}228-as-printed`);
  expect(ids).not.toContain(`${OMA}228`);
  expect(ids).toContain(`${OMA}227`);
});
