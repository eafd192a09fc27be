/**
 * Payloads that are none, by format: what is wrong with each, and its bytes in hexadecimal or its text. All are addressed to the account,
 * /1/0, whose resource 2 is an integer and 6 a boolean, or to one of these two.
 */
import {
  CBOR,
  LWM2M_CBOR,
  LWM2M_JSON,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../protocol/coap/content-formats.ts";
import { bytesOf } from "../content.ts";

/** What is wrong. */
export type Malformation = "cut" | "structure" | "type" | "range" | "text" | "depth";

export interface MalformedRow {
  readonly criterion: Malformation;
  readonly format: number;
  readonly path: string;
  readonly payload: Uint8Array;
  /** For sentences. */
  readonly shown: string;
}

const ACCOUNT = "/1/0";
const NUMBER = "/1/0/2";
const BOOLEAN = "/1/0/6";
const SHOWN = 60;

function hex(
  format: number,
  criterion: Malformation,
  path: string,
  ...payloads: readonly string[]
): MalformedRow[] {
  return payloads.map((shown) => ({
    criterion,
    format,
    path,
    payload: bytesOf(shown),
    shown: shown.slice(0, SHOWN),
  }));
}

function text(
  format: number,
  criterion: Malformation,
  path: string,
  ...payloads: readonly string[]
): MalformedRow[] {
  return payloads.map((shown) => ({
    criterion,
    format,
    path,
    payload: new TextEncoder().encode(shown),
    shown: JSON.stringify(shown.slice(0, SHOWN)),
  }));
}

const nested = (opening: string, times: number, inner = "") => opening.repeat(times) + inner;
/** Records of SenML JSON with this in them, for /1/0/2. */
const record = (fields: string) => `[{"bn":"/1/0/","n":"2",${fields}}]`;

export const MALFORMED_ROWS: readonly MalformedRow[] = [
  ...hex(
    TLV,
    "cut",
    ACCOUNT,
    "C1",
    "C1 02",
    "C2 02 01",
    "E1 00",
    "E1 00 02",
    "C8 02",
    "D0 02 00",
    "D8 02 00 00",
  ),
  ...hex(
    TLV,
    "cut",
    ACCOUNT,
    "D8 02 FF FF FF 01",
    "D0 02 FF FF 01",
    "C1 03 05 C1",
    "08 00 09 C1 02 05",
  ),
  // Another instance, an instance where there is one already, a value of a resource without one, several of a single one.
  ...hex(TLV, "structure", ACCOUNT, "03 07 C1 02 05", "41 02 05", "83 02 41 00 05", "00 07"),
  ...hex(
    TLV,
    "type",
    ACCOUNT,
    "C3 02 00 00 05",
    "C0 02",
    "C5 02 00 00 00 00 05",
    "C8 02 09 00 00 00 00 00 00 00 00 05",
  ),
  ...hex(TLV, "type", ACCOUNT, "C1 06 02", "C1 06 FF", "C2 06 00 01", "C0 06"),
  ...hex(TLV, "depth", ACCOUNT, nested("07 00 ", 100, "C1 02 05"), nested("47 02 ", 100)),

  ...text(
    SENML_JSON,
    "cut",
    ACCOUNT,
    "",
    "[",
    "[{",
    '[{"bn":"/1/0/","n":"2","v":5}',
    record('"v":'),
    '[{"bn":"/1/0/","n":"2","v":5',
  ),
  ...text(
    SENML_JSON,
    "structure",
    ACCOUNT,
    "{}",
    "null",
    "5",
    '"x"',
    "[5]",
    "[[]]",
    "[null]",
    '{"bn":"/1/0/","n":"2","v":5}',
  ),
  ...text(
    SENML_JSON,
    "structure",
    ACCOUNT,
    record('"v":5,"vs":"5"'),
    record('"x_":1,"v":5'),
    '[{"n":"/3/0/14","vs":"x"}]',
  ),
  ...text(
    SENML_JSON,
    "structure",
    ACCOUNT,
    '[{"n":"/1/1/2","v":5}]',
    '[{"n":"/1/0/two","v":5}]',
    '[{"n":"/1/0/2/0/0","v":5}]',
  ),
  ...text(
    SENML_JSON,
    "structure",
    ACCOUNT,
    '[{"bn":5,"n":"2","v":5}]',
    `${record('"v":5')}x`,
    '[{"bn":"/1/0/","n":"2"}]',
  ),
  ...text(
    SENML_JSON,
    "type",
    ACCOUNT,
    record('"vs":"5"'),
    record('"vb":true'),
    record('"v":5.5'),
    record('"v":"5"'),
    record('"v":null'),
  ),
  ...text(
    SENML_JSON,
    "type",
    ACCOUNT,
    '[{"n":"/1/0/6","v":1}]',
    '[{"n":"/1/0/6","vs":"true"}]',
    '[{"n":"/1/0/6","vb":"true"}]',
    '[{"n":"/1/0/6","vb":1}]',
  ),
  ...text(
    SENML_JSON,
    "range",
    ACCOUNT,
    record('"v":1e999'),
    record(`"v":${"9".repeat(400)}`),
    record('"v":18446744073709551616'),
    record('"v":1e400'),
  ),
  ...text(
    SENML_JSON,
    "depth",
    ACCOUNT,
    nested("[", 900),
    nested('[{"v":', 150),
    `[{"n":"/1/0/2","v":5,"x":${nested("[", 500)}`,
  ),
  ...hex(SENML_JSON, "text", ACCOUNT, "5B 7B 22 6E 22 3A 22 FF FE 22 2C 22 76 22 3A 35 7D 5D"),
  ...text(
    SENML_JSON,
    "text",
    ACCOUNT,
    '[{"n":"\\ud800","v":5}]',
    '[{"n":"/1/0/2\\u0000","v":5}]',
    '[{"n":"/1/0/2\\x","v":5}]',
  ),

  ...hex(
    SENML_CBOR,
    "cut",
    ACCOUNT,
    "",
    "81",
    "81 A3",
    "81 A2 00 66 2F 31 2F 30 2F 32",
    "81 A2 00 66 2F 31 2F 30 2F 32 02",
    "9F",
    "9A FF FF FF FF",
  ),
  ...hex(SENML_CBOR, "cut", ACCOUNT, "81 A2 00 7A FF FF FF FF 2F 02 05", "81 BA FF FF FF FF 00"),
  ...hex(
    SENML_CBOR,
    "structure",
    ACCOUNT,
    "A0",
    "05",
    "81 05",
    "81 80",
    "81 F6",
    "81 A2 00 66 2F 31 2F 31 2F 32 02 05",
    "81 A1 00 66 2F 31 2F 30 2F 32",
  ),
  ...hex(
    SENML_CBOR,
    "structure",
    ACCOUNT,
    "81 A3 00 66 2F 31 2F 30 2F 32 02 05 03 61 35",
    "81 A2 00 66 2F 31 2F 30 2F 32 02 05 00",
    "81 A2 00 05 02 05",
  ),
  ...hex(
    SENML_CBOR,
    "type",
    ACCOUNT,
    "81 A2 00 66 2F 31 2F 30 2F 32 03 61 35",
    "81 A2 00 66 2F 31 2F 30 2F 32 04 F5",
    "81 A2 00 66 2F 31 2F 30 2F 32 02 F9 3E 00",
    "81 A2 00 66 2F 31 2F 30 2F 36 02 01",
    "81 A2 00 66 2F 31 2F 30 2F 36 04 61 31",
  ),
  ...hex(
    SENML_CBOR,
    "range",
    ACCOUNT,
    "81 A2 00 66 2F 31 2F 30 2F 32 02 F9 7E 00",
    "81 A2 00 66 2F 31 2F 30 2F 32 02 F9 7C 00",
    "81 A2 00 66 2F 31 2F 30 2F 32 02 1B FF FF FF FF FF FF FF FF",
  ),
  ...hex(
    SENML_CBOR,
    "depth",
    ACCOUNT,
    nested("81 ", 900),
    nested("9F ", 900),
    nested("81 A1 02 ", 300),
  ),
  ...hex(SENML_CBOR, "text", ACCOUNT, "81 A2 00 66 2F 31 2F 30 FF 32 02 05"),

  ...hex(
    LWM2M_CBOR,
    "cut",
    ACCOUNT,
    "",
    "A1",
    "A1 82 01 00",
    "A1 82 01 00 A1 02",
    "BF",
    "BF 01 BF",
    "BA FF FF FF FF",
    "A1 9F 01 00",
    "A1 82 01 00 A1 02 19 01",
  ),
  ...hex(
    LWM2M_CBOR,
    "structure",
    ACCOUNT,
    "80",
    "05",
    "A1 61 31 05",
    "A1 20 05",
    "A1 82 01 00 05",
    "A1 82 03 00 A1 0E 61 78",
    "A1 82 01 01 A1 02 05",
    "A1 82 01 00 A1 02 05 00",
  ),
  ...hex(
    LWM2M_CBOR,
    "structure",
    ACCOUNT,
    "A1 80 05",
    "A1 82 01 00 A1 1A 00 01 00 00 05",
    "A1 85 01 00 02 00 00 05",
    "A1 82 01 00 A1 02 A1 00 05",
    "A1 82 01 00 A1 02 F6",
  ),
  ...hex(
    LWM2M_CBOR,
    "type",
    ACCOUNT,
    "A1 82 01 00 A1 02 61 35",
    "A1 82 01 00 A1 02 F5",
    "A1 82 01 00 A1 02 F9 3E 00",
    "A1 82 01 00 A1 06 01",
    "A1 82 01 00 A1 06 61 31",
  ),
  ...hex(
    LWM2M_CBOR,
    "range",
    ACCOUNT,
    "A1 82 01 00 A1 02 F9 7E 00",
    "A1 82 01 00 A1 02 1B FF FF FF FF FF FF FF FF",
    "A1 82 01 00 A1 02 F9 FC 00",
  ),
  ...hex(
    LWM2M_CBOR,
    "depth",
    ACCOUNT,
    nested("A1 01 ", 450),
    nested("BF 01 ", 450),
    nested("A1 82 01 00 ", 230),
  ),
  ...hex(LWM2M_CBOR, "text", ACCOUNT, "A1 82 01 00 A1 07 62 C3 28"),

  ...hex(CBOR, "cut", NUMBER, "", "18", "19 01", "1A 00 00 01", "1B 00 00 00 00 00 00 01"),
  ...hex(CBOR, "structure", NUMBER, "80", "A0", "05 06", "81 05", "F6", "F7", "FF", "9F 05 FF"),
  ...hex(CBOR, "type", NUMBER, "61 35", "41 05", "F5", "F9 3E 00"),
  ...hex(CBOR, "type", BOOLEAN, "01", "61 31", "F6"),
  ...hex(
    CBOR,
    "range",
    NUMBER,
    "F9 7E 00",
    "F9 7C 00",
    "FB 7F F8 00 00 00 00 00 00",
    "1B FF FF FF FF FF FF FF FF",
  ),
  ...hex(CBOR, "depth", NUMBER, nested("81 ", 900), nested("C1 ", 900), nested("9F ", 900)),

  ...text(
    TEXT,
    "type",
    NUMBER,
    "",
    "abc",
    "5x",
    "x5",
    "1.5",
    "0x10",
    "5 ",
    " 5",
    "1e3",
    "--5",
    "+",
    "5,5",
    "five",
  ),
  ...text(TEXT, "type", BOOLEAN, "", "2", "-1", "true", "yes", "00", "0.0"),
  ...text(TEXT, "range", NUMBER, "18446744073709551616", "9".repeat(400), "NaN", "Infinity"),
  ...text(TEXT, "text", NUMBER, "\u0665", "5\u0000", "\ufeff5"),
  ...hex(TEXT, "text", NUMBER, "FF FE", "35 FF"),

  ...text(LWM2M_JSON, "cut", ACCOUNT, "", "{", '{"e":[', '{"bn":"/1/0/","e":[{"n":"2","v":5}]'),
  ...text(
    LWM2M_JSON,
    "structure",
    ACCOUNT,
    "[]",
    "null",
    "{}",
    '{"e":5}',
    '{"e":[5]}',
    '{"bn":"/1/1/","e":[{"n":"2","v":5}]}',
    '{"bn":"/1/0/","e":[{"n":"2"}]}',
  ),
  ...text(
    LWM2M_JSON,
    "type",
    ACCOUNT,
    '{"bn":"/1/0/","e":[{"n":"2","sv":"five"}]}',
    '{"bn":"/1/0/","e":[{"n":"2","bv":true}]}',
    '{"bn":"/1/0/","e":[{"n":"2","v":5.5}]}',
  ),
  ...text(LWM2M_JSON, "range", ACCOUNT, '{"bn":"/1/0/","e":[{"n":"2","v":1e999}]}'),
  ...text(LWM2M_JSON, "depth", ACCOUNT, nested("[", 900), nested('{"e":', 180)),
];

/** Payloads that say one thing twice, as formats leave open: 4.00, or one of the two values. */
export const DOUBLED_ROWS: readonly MalformedRow[] = [
  ...hex(TLV, "structure", ACCOUNT, "C1 02 05 C1 02 06"),
  ...text(SENML_JSON, "structure", ACCOUNT, '[{"bn":"/1/0/","n":"2","v":5},{"n":"2","v":6}]'),
  ...text(SENML_JSON, "structure", ACCOUNT, '[{"n":"/1/0/2","n":"/1/0/2","v":5,"v":6}]'),
  ...hex(
    SENML_CBOR,
    "structure",
    ACCOUNT,
    "82 A2 00 66 2F 31 2F 30 2F 32 02 05 A2 00 66 2F 31 2F 30 2F 32 02 06",
  ),
  ...hex(
    LWM2M_CBOR,
    "structure",
    ACCOUNT,
    "A1 82 01 00 A2 02 05 02 06",
    "A2 83 01 00 02 05 82 01 00 A1 02 06",
  ),
  ...text(LWM2M_JSON, "structure", ACCOUNT, '{"bn":"/1/0/","e":[{"n":"2","v":5},{"n":"2","v":6}]}'),
];
