/**
 * Payloads that say 33 for /1/0/2 in ways that a format allows and encoders seldom choose; and some that a reader has to refuse. All are
 * addressed to the account, and whole paths stand in those that can be for several objects.
 */
import { LWM2M_CBOR, SENML_CBOR, SENML_JSON, TLV } from "../../../protocol/coap/content-formats.ts";
import { bytesOf } from "../content.ts";

/** What is unusual. */
export type Spelling = "heads" | "wide" | "nested" | "bases" | "loose" | "passed" | "must";

export interface SpellingRow {
  readonly criterion: Spelling;
  readonly format: number;
  readonly payload: Uint8Array;
  /** For sentences. */
  readonly shown: string;
}

/** The value of all rows. */
export const SPELLED = 33;

function hex(format: number, criterion: Spelling, ...payloads: readonly string[]): SpellingRow[] {
  return payloads.map((shown) => ({ criterion, format, payload: bytesOf(shown), shown }));
}

function json(criterion: Spelling, ...payloads: readonly string[]): SpellingRow[] {
  return payloads.map((shown) => ({
    criterion,
    format: SENML_JSON,
    payload: new TextEncoder().encode(shown),
    shown,
  }));
}

export const SPELLING_ROWS: readonly SpellingRow[] = [
  // A length of 1 in 8, 16 and 24 bits, where the low three bits of the type do not count; an id of 2 in 16 bits.
  ...hex(TLV, "heads", "C8 02 01 21", "CF 02 01 21", "D0 02 00 01 21", "D8 02 00 00 01 21"),
  ...hex(TLV, "heads", "E1 00 02 21", "E8 00 02 01 21"),
  ...hex(TLV, "wide", "C2 02 00 21", "C4 02 00 00 00 21", "C8 02 08 00 00 00 00 00 00 00 21"),
  // The instance, which the path has already, around its resources; resources in another order.
  ...hex(TLV, "nested", "03 00 C1 02 21", "08 00 03 C1 02 21"),
  ...hex(TLV, "loose", "C1 03 0A C1 02 21"),

  ...json(
    "bases",
    '[{"n":"/1/0/2","v":33}]',
    '[{"bn":"/1/0/2","v":33}]',
    '[{"bn":"/","n":"1/0/2","v":33}]',
    '[{"bn":"/1/0/3","v":10},{"bn":"/1/0/","n":"2","v":33}]',
    '[{"bn":"/1/0/","n":"3","v":10},{"n":"2","v":33}]',
  ),
  ...json(
    "loose",
    ' [ {\n\t"bn" : "/1/0/" , "n" : "2" , "v" : 33 }\r\n] ',
    '[{"v":33,"n":"2","bn":"/1/0/"}]',
    String.raw`[{"bn":"\/1\u002f0/","n":"\u0032","\u0076":33}]`,
  ),
  ...json(
    "passed",
    '[{"bver":10,"bn":"/1/0/","n":"2","v":33}]',
    '[{"bn":"/1/0/","bu":"s","n":"2","u":"s","v":33}]',
    '[{"bn":"/1/0/","n":"2","v":33,"foo":{"bar":[1,null,"]"]}}]',
  ),
  ...json("must", '[{"bn":"/1/0/","n":"2","v":33,"foo_":1}]'),

  ...hex(
    SENML_CBOR,
    "bases",
    "81 A2 00 66 2F 31 2F 30 2F 32 02 18 21",
    "81 A2 21 66 2F 31 2F 30 2F 32 02 18 21",
    "81 A3 21 61 2F 00 65 31 2F 30 2F 32 02 18 21",
    "82 A2 21 66 2F 31 2F 30 2F 33 02 0A A3 21 65 2F 31 2F 30 2F 00 61 32 02 18 21",
    "82 A3 21 65 2F 31 2F 30 2F 00 61 33 02 0A A2 00 61 32 02 18 21",
  ),
  // Another order of fields; an array and maps without a count; lengths and the number in more bytes than they need.
  ...hex(
    SENML_CBOR,
    "loose",
    "81 A3 02 18 21 00 61 32 21 65 2F 31 2F 30 2F",
    "9F BF 21 65 2F 31 2F 30 2F 00 61 32 02 18 21 FF FF",
    "98 01 B8 03 21 78 05 2F 31 2F 30 2F 00 61 32 02 19 00 21",
    "81 A3 21 65 2F 31 2F 30 2F 00 61 32 02 1B 00 00 00 00 00 00 00 21",
  ),
  // A base version; units; a text that nobody knows for a label.
  ...hex(
    SENML_CBOR,
    "passed",
    "81 A4 20 0A 21 65 2F 31 2F 30 2F 00 61 32 02 18 21",
    "81 A5 21 65 2F 31 2F 30 2F 23 61 73 00 61 32 01 61 73 02 18 21",
    "81 A4 21 65 2F 31 2F 30 2F 00 61 32 02 18 21 63 66 6F 6F A1 63 62 61 72 82 01 F6",
  ),
  ...hex(SENML_CBOR, "must", "81 A4 21 65 2F 31 2F 30 2F 00 61 32 02 18 21 64 66 6F 6F 5F 01"),

  ...hex(
    LWM2M_CBOR,
    "nested",
    "A1 83 01 00 02 18 21",
    "A1 82 01 00 A1 02 18 21",
    "A1 01 A1 00 A1 02 18 21",
    "A1 01 A1 82 00 02 18 21",
    "A1 81 01 A1 81 00 A1 81 02 18 21",
    // Beside another value, at another depth and before it.
    "A2 83 01 00 03 0A 82 01 00 A1 02 18 21",
    "A1 01 A1 00 A2 03 0A 02 18 21",
  ),
  ...hex(
    LWM2M_CBOR,
    "loose",
    "BF 83 01 00 02 18 21 FF",
    "BF 9F 01 00 FF BF 02 18 21 FF FF",
    "BF 01 BF 9F 00 FF BF 9F 02 FF 18 21 FF FF FF",
  ),
  ...hex(
    LWM2M_CBOR,
    "wide",
    "A1 83 01 00 02 19 00 21",
    "A1 83 01 00 02 1B 00 00 00 00 00 00 00 21",
    "B8 01 98 03 18 01 19 00 00 1A 00 00 00 02 18 21",
  ),
];
