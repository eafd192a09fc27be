import { expect, test } from "vitest";
import { citationRefusals } from "../../../scripts/citations.ts";

/** Written apart, so that this file itself cites nothing wrong. */
const S = String.fromCharCode(0xa7);
const APPENDIX = ["Appen", "dix"].join("");

function refusals(text: string): string[] {
  return citationRefusals([{ path: "x.ts", text }]).map((r) => `${r.line}: ${r.message}`);
}

test.each([
  `RFC 7252 ${S}4.2`,
  `RFC 7641 ${S}3.4, ${S}4.5 and ${S}4.5.1`,
  `(RFC 7252 ${S}5.10.6.2).`,
  `LwM2M Core 1.1.1 ${S}6.2.1`,
  "LwM2M Core 1.1.1 Appendix C",
  `LwM2M Core 1.1.1 ${S}E.5`,
  "RFC 8949 Appendix D",
  `RFC 7959 says\n so.\n And ${S}2.9.3.`,
  `LwM2M Core\n   * 1.1.1 ${S}6.2.1 and RFC\n// 7252 ${S}4.2`,
  "no citation at all",
  "RFC 2119 as a whole",
])("allowed: %s", (text) => {
  expect(refusals(text)).toEqual([]);
});

test.each([
  `RFC 7252 ${S}4.9`,
  `RFC 7641 ${S}3.4, ${S}7.1`,
  `RFC 7252 ${S}4.8.2, RFC 7641 ${S}4.8.2`,
  `RFC 7252 ${APPENDIX} Q`,
  `LwM2M Core 1.1.1 ${S}6.2.9`,
])("refused: %s", (text) => {
  expect(refusals(text)).toHaveLength(1);
});

test("a refusal names the line, the document and the clause", () => {
  expect(refusals(`\n\nRFC 7252 ${S}99`)).toEqual([
    `3: RFC 7252 has no ${S}99, as far as scripts/standards.json knows`,
  ]);
});

test("a clause before any document, and a document without a list, are refused", () => {
  expect(refusals(`as ${S}4.2 says`)[0]).toContain("of which document?");
  expect(refusals(`RFC 9999 ${S}2`)[0]).toContain("is not in scripts/standards.json");
});
