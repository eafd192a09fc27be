import { describe, expect, test } from "vitest";
import { isPemRefusal, readPem, writePem } from "../../../../connector/certificates/pem.ts";

const BYTES = new Uint8Array(Array.from({ length: 91 }, (_, i) => i));
const PLAIN = writePem("PUBLIC KEY", BYTES);

function refusalOf(text: string): string {
  const read = readPem(text);
  if (!isPemRefusal(read)) throw new Error("was read");
  return read.refusal;
}

describe("what is written is read again", () => {
  test("in lines of 64 characters, without a newline at the end", () => {
    const lines = PLAIN.split("\n");
    expect(lines[0]).toBe("-----BEGIN PUBLIC KEY-----");
    expect(lines.slice(1, -1).map((line) => line.length)).toEqual([64, 60]);
    expect(lines.at(-1)).toBe("-----END PUBLIC KEY-----");
    expect(readPem(PLAIN)).toEqual({ label: "PUBLICKEY", der: BYTES });
  });

  test("for any number of bytes", () => {
    for (let length = 1; length < 200; length++) {
      const bytes = new Uint8Array(length).fill(length);
      expect(readPem(writePem("X", bytes))).toEqual({ label: "X", der: bytes });
    }
  });
});

describe("PEM as people send it", () => {
  const body = PLAIN.split("\n").slice(1, -1);
  const forms: Record<string, string> = {
    "the label in one word at the start": PLAIN.replace("BEGIN PUBLIC KEY", "BEGIN PUBLICKEY"),
    "the label in small letters": PLAIN.replace("BEGIN PUBLIC KEY", "BEGIN public key"),
    "lines that are indented": PLAIN.replaceAll("\n", "\n        "),
    "lines that end in blanks": PLAIN.replaceAll("\n", " \t\n"),
    CRLF: PLAIN.replaceAll("\n", "\r\n"),
    "CR alone": PLAIN.replaceAll("\n", "\r"),
    "newlines written as backslash n": PLAIN.replaceAll("\n", "\\n"),
    "newlines written as backslash r backslash n": PLAIN.replaceAll("\n", "\\r\\n"),
    "one line": PLAIN.replaceAll("\n", ""),
    "blanks in place of newlines": PLAIN.replaceAll("\n", " "),
    "no padding": PLAIN.replace(/=+/, ""),
    "text before and behind": `Bag Attributes\n  friendlyName: x\n${PLAIN}\nbye`,
    "a newline at the end": `${PLAIN}\n`,
    "lines of another length": `-----BEGIN PUBLIC KEY-----\n${body.join("").replace(/(.{10})/g, "$1\n")}\n-----END PUBLIC KEY-----`,
  };
  for (const [name, text] of Object.entries(forms)) {
    test(name, () => {
      expect(readPem(text)).toEqual({ label: "PUBLICKEY", der: BYTES });
    });
  }
});

describe("what is no PEM is refused with the reason", () => {
  test("no BEGIN line, no END line", () => {
    expect(refusalOf("")).toContain("BEGIN");
    expect(refusalOf("AAAA")).toContain("BEGIN");
    expect(refusalOf("-----BEGIN PUBLIC KEY-----\nAAAA")).toContain("END");
    expect(refusalOf("-----BEGIN PUBLIC KEY\nAAAA")).toContain("END");
    expect(refusalOf("-----END PUBLIC KEY----------BEGIN PUBLIC KEY-----")).toContain("END");
  });

  test("a body that is not base64 is not read as what is left of it", () => {
    for (const body of [
      "",
      "AAA*",
      "AA=A",
      "A",
      "AAAAA",
      "AAAA===",
      "Proc-Type: 4",
      "AA-_",
      "AAÄA",
    ]) {
      const text = `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----`;
      expect([body, refusalOf(text)]).toEqual([body, "its body is not base64"]);
    }
  });
});
